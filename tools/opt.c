/* SPDX-License-Identifier: MIT */
/*
 * linsock opt: socket options by name. Lists what there is, and makes the socket of an
 * endpoint to read its options or to see what the kernel makes of a value.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

/* How long a connect may take where nothing else is said. */
#define TIMEOUT_NS (5 * LSK_NSEC_PER_SEC)

enum opt_place {
	OPT_CONNECT,
	OPT_LISTEN,
	OPT_NEW, /* neither bound nor connected */
};

struct opt_request {
	enum opt_place place;
	int64_t timeout_ns;
	json_t *json; /* array of options, or NULL for text */
	struct lsk_socket *sock;
	const char *text; /* of the endpoint */
};

static const char *access_text(const struct lsk_option *option)
{
	static const char *const texts[] = {"--", "r-", "-w", "rw"};

	return texts[option->access & 3];
}

static const char *type_text(const struct lsk_option *option)
{
	static const char *const texts[] = {
		[LSK_OPTION_BOOL] = "switch",      [LSK_OPTION_INT] = "number",
		[LSK_OPTION_INT_BE] = "number",    [LSK_OPTION_U64] = "number",
		[LSK_OPTION_ENUM] = "constant",    [LSK_OPTION_FLAGS] = "flags",
		[LSK_OPTION_FD] = "descriptor",    [LSK_OPTION_TIMEVAL] = "time",
		[LSK_OPTION_LINGER] = "time",      [LSK_OPTION_STRING] = "text",
		[LSK_OPTION_IN_ADDR] = "address",  [LSK_OPTION_SOCKADDR] = "address",
		[LSK_OPTION_PORT_RANGE] = "ports", [LSK_OPTION_LIST] = "numbers",
		[LSK_OPTION_PAIRS] = "pairs",      [LSK_OPTION_STRUCT] = "fields",
		[LSK_OPTION_BYTES] = "bytes",      [LSK_OPTION_NONE] = "nothing",
		[LSK_OPTION_RAW] = "raw",
	};

	return texts[option->type];
}

/* A JSON object that names the option; the caller owns it. */
static json_t *option_json(const struct lsk_option *option)
{
	json_t *object;

	object = json_pack("{s:s, s:s, s:s?}", "name", option->name, "level",
			   option->level_name, "unit", option->unit);
	if (!option->unit)
		json_object_del(object, "unit");
	return object;
}

static int json_finish(json_t *array)
{
	int r;

	r = json_dumpf(array, stdout, JSON_INDENT(2));
	json_decref(array);
	if (r < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
		return command_failure(-EIO, "standard output");
	return COMMAND_OK;
}

static bool option_is_asked(const struct lsk_option *option, char *const *patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, option->name, FNM_CASEFOLD) == 0 ||
		    fnmatch(*patterns, option->level_name, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static void list_option(json_t *array, const struct lsk_option *option)
{
	json_t *object;

	if (!array) {
		printf("  %-34s %s %-10s %s%s%s%s\n", option->name, access_text(option),
		       type_text(option), option->summary, option->unit ? " (" : "",
		       option->unit ? option->unit : "", option->unit ? ")" : "");
		return;
	}
	object = option_json(option);
	json_object_set_new(object, "level_number", json_integer(option->level));
	json_object_set_new(object, "number", json_integer(option->number));
	json_object_set_new(object, "access", json_string(access_text(option)));
	json_object_set_new(object, "type", json_string(type_text(option)));
	json_object_set_new(object, "summary", json_string(option->summary));
	if (option->group && option->group[0] != '\0')
		json_object_set_new(object, "constants", json_string(option->group));
	if (option->fields)
		json_object_set_new(object, "fields", json_string(option->fields));
	json_array_append_new(array, object);
}

static int opt_list_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	const char *level = "";
	struct lsk_option option;
	json_t *array = NULL;
	int letter, count = 0;

	while ((letter = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		if (letter != 'j')
			return command_bad_option();
		if (!array)
			array = json_array();
	}
	for (size_t i = 0; lsk_option_at(i, &option) == 0; i++) {
		if (!option_is_asked(&option, argv + optind))
			continue;
		if (!array && strcmp(level, option.level_name) != 0)
			printf("%s%s\n", count > 0 ? "\n" : "", option.level_name);
		level = option.level_name;
		list_option(array, &option);
		count++;
	}
	if (count == 0) {
		json_decref(array);
		return command_failure(LSK_ERR_OPTION, "%s", argv[optind]);
	}
	if (array)
		return json_finish(array);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}

/* Make the socket; tells what fails by itself. Return: enum command_status. */
static int request_open(struct opt_request *request)
{
	struct lsk_error error = {.code = 0};
	struct lsk_endpoint *endpoint;
	int r;

	r = lsk_endpoint_new(&endpoint, request->text, &error);
	if (r < 0)
		return command_failure_at(request->text, &error);
	switch (request->place) {
	case OPT_CONNECT:
		r = lsk_endpoint_connect(endpoint, request->timeout_ns, &request->sock,
					 &error);
		break;
	case OPT_LISTEN:
		r = lsk_endpoint_listen(endpoint, &request->sock, &error);
		break;
	case OPT_NEW:
		r = lsk_socket_new(&request->sock, lsk_endpoint_domain(endpoint),
				   lsk_endpoint_type(endpoint),
				   lsk_endpoint_protocol(endpoint));
		if (r < 0)
			command_failure(r, "%s", request->text);
		break;
	}
	lsk_endpoint_free(endpoint);
	if (r < 0 && request->place != OPT_NEW)
		return command_failure_at(request->text, &error);
	return r < 0 ? COMMAND_FAILURE : COMMAND_OK;
}

static void show_value(struct opt_request *request, const struct lsk_option *option,
		       const char *value)
{
	json_t *object;

	if (!request->json) {
		printf("%s = %s%s%s\n", option->name, value, option->unit ? " " : "",
		       option->unit ? option->unit : "");
		return;
	}
	object = option_json(option);
	/* A name from outside may be no UTF-8; it is then left out. */
	json_object_set_new(object, "value", json_string(value));
	json_array_append_new(request->json, object);
}

/* Every option that the socket's family has and the kernel answers. */
static int get_all(struct opt_request *request)
{
	char value[LSK_OPTION_TEXT_MAX];
	struct lsk_option option;

	for (size_t i = 0; lsk_option_at(i, &option) == 0; i++)
		if (lsk_option_fits(&option, request->sock) &&
		    lsk_option_get(request->sock, option.name, value, sizeof(value)) >=
			    0)
			show_value(request, &option, value);
	return COMMAND_OK;
}

static int get_one(struct opt_request *request, const char *name)
{
	char value[LSK_OPTION_TEXT_MAX];
	struct lsk_option option;
	int r;

	r = lsk_option_get(request->sock, name, value, sizeof(value));
	if (r < 0)
		return command_failure(r, "%s", name);
	lsk_option_find_for(request->sock, name, &option);
	show_value(request, &option, value);
	return COMMAND_OK;
}

/* Set "NAME=VALUE", and show what the kernel has made of it, where it tells. */
static int set_one(struct opt_request *request, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	struct lsk_error error = {.code = 0};
	char value[LSK_OPTION_TEXT_MAX];
	struct lsk_option option;
	char *name;
	int r;

	name = strndup(assignment,
		       equals ? (size_t)(equals - assignment) : strlen(assignment));
	if (!name)
		return command_failure(-ENOMEM, "%s", assignment);
	/* A switch alone is on, as in an endpoint. */
	r = lsk_option_find_for(request->sock, name, &option);
	if (r == 0 && !equals && option.type != LSK_OPTION_NONE)
		equals = option.type == LSK_OPTION_BOOL ? "=on" : "=";
	r = lsk_option_set(request->sock, name, equals ? equals + 1 : "", &error);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, error.text);
		r = COMMAND_FAILURE;
	} else if (lsk_option_get(request->sock, name, value, sizeof(value)) >= 0) {
		show_value(request, &option, value);
	}
	free(name);
	return r;
}

/* Options and endpoint, which get and set have in common. */
static int request_parse(struct opt_request *request, int argc, char **argv)
{
	static const struct option options[] = {
		{"listen", no_argument, NULL, 'l'},
		{"new", no_argument, NULL, 'n'},
		{"timeout", required_argument, NULL, 't'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "+lnt:j", options, NULL)) != -1) {
		switch (letter) {
		case 'l':
			request->place = OPT_LISTEN;
			break;
		case 'n':
			request->place = OPT_NEW;
			break;
		case 't':
			if (command_parse_seconds(optarg, &request->timeout_ns) < 0 ||
			    request->timeout_ns == 0)
				return command_usage("--timeout: \"%s\" is no time in "
						     "seconds",
						     optarg);
			break;
		case 'j':
			if (!request->json)
				request->json = json_array();
			break;
		default:
			return command_bad_option();
		}
	}
	if (optind >= argc)
		return command_usage("an ENDPOINT is wanted");
	request->text = argv[optind];
	return COMMAND_OK;
}

static int opt_run(int argc, char **argv, bool is_set)
{
	struct opt_request request = {.timeout_ns = TIMEOUT_NS};
	int r, status;

	r = request_parse(&request, argc, argv);
	if (r == COMMAND_OK && is_set && optind + 1 >= argc)
		r = command_usage("NAME=VALUE is wanted");
	if (r == COMMAND_OK)
		r = request_open(&request);
	if (r == COMMAND_OK && optind + 1 >= argc)
		r = get_all(&request);
	if (request.sock)
		for (int i = optind + 1; i < argc; i++) {
			status = is_set ? set_one(&request, argv[i])
					: get_one(&request, argv[i]);
			r = status != COMMAND_OK ? status : r;
		}
	if (request.sock && request.json) {
		status = json_finish(request.json);
		r = status != COMMAND_OK ? status : r;
	} else {
		json_decref(request.json);
	}
	lsk_socket_free(request.sock);
	if (fflush(stdout) == EOF)
		r = COMMAND_FAILURE;
	return r;
}

static int opt_get_main(int argc, char **argv)
{
	return opt_run(argc, argv, false);
}

static int opt_set_main(int argc, char **argv)
{
	return opt_run(argc, argv, true);
}

#define PLACE_HELP                                                                \
	"  -l, --listen        a socket that is bound to ENDPOINT, and listens\n" \
	"  -n, --new           a new socket, neither bound nor connected\n"       \
	"  -t, --timeout=S     give up connecting after S seconds (5)\n"          \
	"  -j, --json          write JSON\n"

static const struct command opt_list_command = {
	.name = "list",
	.arguments = "[-j] [PATTERN...]",
	.summary = "every option: name, access (r, w), kind, meaning",
	.help = "  -j, --json          write JSON\n"
		"\n"
		"PATTERN is matched with the name of the option and of its level.\n"
		"\n"
		"  linsock opt list 'TCP_KEEP*'\n"
		"  linsock opt list SOL_CAN_RAW\n",
	.main = opt_list_main,
};

static const struct command opt_get_command = {
	.name = "get",
	.arguments = "[-lnj] [-t S] ENDPOINT [NAME...]",
	.summary = "connect to an endpoint and read options of the socket",
	.help = PLACE_HELP
	"\n"
	"Without a NAME every option is read that the kernel answers. A NAME may be\n"
	"short: TCP_NODELAY, nodelay. Exit status 1: one of them could not be read.\n"
	"\n"
	"  linsock opt get tcp://127.0.0.1:80 TCP_INFO\n"
	"  linsock opt get -n udp://127.0.0.1:0 rcvbuf ttl\n",
	.main = opt_get_main,
};

static const struct command opt_set_command = {
	.name = "set",
	.arguments = "[-lnj] [-t S] ENDPOINT NAME[=VALUE]...",
	.summary = "set options of a socket, and tell what the kernel made of them",
	.help = PLACE_HELP
	"\n"
	"A switch without a VALUE is set on. The socket is closed at the end: this\n"
	"tells what a kernel takes, and changes nothing that lasts.\n"
	"\n"
	"  linsock opt set -n tcp://127.0.0.1:0 nodelay SO_RCVBUF=100000\n"
	"  linsock opt set -n can://vcan0 CAN_RAW_FILTER=123:7ff,456:7ff\n",
	.main = opt_set_main,
};

static const struct command *const opt_commands[] = {
	&opt_list_command,
	&opt_get_command,
	&opt_set_command,
	NULL,
};

const struct command opt_command = {
	.name = "opt",
	.summary = "socket options by name: list, get, set",
	.children = opt_commands,
};
