/* SPDX-License-Identifier: MIT */
/* linsock qipcrtr: the name service and the ports of the Qualcomm IPC router. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/qipcrtr.h>

#include "tools/command.h"
#include "tools/progress.h"
#include "tools/rounds.h"

#define LOOKUP_MAX 1024

struct qipcrtr {
	struct lsk_qipcrtr_service service;
	uint32_t port;
	struct rounds rounds; /* a count of 0 messages or events is no limit */
	bool is_json;
	bool is_echo;
	bool is_publishing;
};

static int parse_number(const char *what, const char *text, long max,
			uint32_t *ret_number)
{
	long number = 0;

	if (command_parse_number(text, 0, max, &number) < 0)
		return command_usage("%s: \"%s\" is no number up to %ld", what, text,
				     max);
	*ret_number = (uint32_t)number;
	return COMMAND_OK;
}

/* "SERVICE[:VERSION[:INSTANCE]]". */
static int parse_service(const char *text, struct lsk_qipcrtr_service *ret_service)
{
	static const long limits[] = {UINT32_MAX, UINT8_MAX, UINT32_MAX >> 8};
	uint32_t numbers[3] = {0, 0, 0};
	char copy[64], *rest = copy;
	int status = COMMAND_OK;

	if (strlen(text) >= sizeof(copy))
		return command_usage("\"%s\" is no service", text);
	memcpy(copy, text, strlen(text) + 1);
	for (int i = 0; i < 3 && rest && status == COMMAND_OK; i++)
		status = parse_number("service", strsep(&rest, ":"), limits[i],
				      &numbers[i]);
	if (status == COMMAND_OK && rest)
		return command_usage("\"%s\": SERVICE:VERSION:INSTANCE is all there is",
				     text);
	*ret_service = (struct lsk_qipcrtr_service){numbers[0], (uint8_t)numbers[1],
						    numbers[2]};
	return status;
}

static int take_option(void *context, int option, const char *value)
{
	struct qipcrtr *command = context;

	switch (option) {
	case 'j':
		command->is_json = true;
		return COMMAND_OK;
	case 'e':
		command->is_echo = true;
		return COMMAND_OK;
	case 'p':
		return parse_number("--port", value, UINT16_MAX, &command->port);
	case 's':
		command->is_publishing = true;
		return parse_service(value, &command->service);
	case 'c':
	case 't':
	case 'i':
		return rounds_take_option(&command->rounds, option, value);
	default:
		return command_bad_option();
	}
}

static int parse_options(struct qipcrtr *command, int argc, char **argv,
			 const char *shorts)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"echo", no_argument, NULL, 'e'},
		{"port", required_argument, NULL, 'p'},
		{"service", required_argument, NULL, 's'},
		{"count", required_argument, NULL, 'c'},
		{"timeout", required_argument, NULL, 't'},
		{"interval", required_argument, NULL, 'i'},
		{0},
	};

	return command_parse_options(argc, argv, shorts, longs, take_option, command);
}

/* What "lookup" and "watch" are about: nothing is everything. */
static int parse_wanted(struct qipcrtr *command, int argc, char **argv)
{
	if (argc - optind > 1)
		return command_usage("one service at most is wanted");
	return optind < argc ? parse_service(argv[optind], &command->service)
			     : COMMAND_OK;
}

static int open_failed(int r)
{
	if (r == -EAFNOSUPPORT)
		return command_failure(r, "no QIPCRTR (module qrtr) in this kernel, or "
					  "not in this network namespace");
	return command_failure(r, "qipcrtr");
}

static void print_event(const struct qipcrtr *command,
			const struct lsk_qipcrtr_event *event, bool is_lookup)
{
	const char *name = lsk_qipcrtr_type_name(event->type);
	json_t *object;

	if (!command->is_json && is_lookup) {
		printf("%10u %7u %8u %10u %10u\n", event->service.service,
		       event->service.version, event->service.instance, event->node,
		       event->port);
		return;
	}
	if (!command->is_json) {
		printf("%s service=%u version=%u instance=%u node=%u port=%u\n",
		       event->is_end ? "listed"
		       : name        ? name
				     : "unknown",
		       event->service.service, event->service.version,
		       event->service.instance, event->node, event->port);
		return;
	}
	object = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "event",
			   event->is_end ? "listed"
			   : name        ? name
					 : "unknown",
			   "service", (json_int_t)event->service.service, "version",
			   (json_int_t)event->service.version, "instance",
			   (json_int_t)event->service.instance, "node",
			   (json_int_t)event->node, "port", (json_int_t)event->port);
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static int lookup_main(int argc, char **argv)
{
	static struct lsk_qipcrtr_event found[LOOKUP_MAX];
	struct qipcrtr command = {.rounds.timeout_ns = 5 * LSK_NSEC_PER_SEC};
	int status = parse_options(&command, argc, argv, "jt:");
	int count;

	if (status == COMMAND_OK)
		status = parse_wanted(&command, argc, argv);
	if (status != COMMAND_OK)
		return status;
	count = lsk_qipcrtr_find(&command.service, found, LOOKUP_MAX,
				 command.rounds.timeout_ns);
	if (count < 0)
		return open_failed(count);
	if (!command.is_json)
		printf("%10s %7s %8s %10s %10s\n", "service", "version", "instance",
		       "node", "port");
	for (int i = 0; i < count && i < LOOKUP_MAX; i++)
		print_event(&command, &found[i], true);
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

/* Set by SIGINT and SIGTERM: the end that people wish for. */
static volatile sig_atomic_t has_been_told_to_end;

static void end(int number)
{
	(void)number;
	has_been_told_to_end = 1;
}

static int stop_waiting(void *context)
{
	(void)context;
	return has_been_told_to_end;
}

static void watch_signals(void)
{
	struct sigaction action = {.sa_handler = end};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	lsk_set_interrupt_hook(stop_waiting, NULL);
}

static int watch(const struct qipcrtr *command, struct lsk_socket *sock)
{
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;
	char buf[64];
	long count = 0;
	ssize_t r = lsk_qipcrtr_watch(sock, &command->service);

	while (r >= 0 &&
	       (command->rounds.count == 0 || count < command->rounds.count)) {
		r = lsk_qipcrtr_receive(sock, buf, sizeof(buf), &from, &event);
		if (r == -ENETRESET) /* the name service began anew */
			r = lsk_qipcrtr_watch(sock, &command->service);
		else if (r == 0 && event.type != 0)
			print_event(command, &event, false);
		else
			continue;
		count++;
		if (fflush(stdout) != 0)
			return command_failure(-errno, "stdout");
	}
	return r < 0 && r != -EINTR ? command_failure((int)r, "watch") : COMMAND_OK;
}

static int watch_main(int argc, char **argv)
{
	struct qipcrtr command = {.rounds.timeout_ns = LSK_BLOCK};
	struct lsk_socket *sock = NULL;
	int status = parse_options(&command, argc, argv, "jc:t:");
	int r;

	if (status == COMMAND_OK)
		status = parse_wanted(&command, argc, argv);
	if (status != COMMAND_OK)
		return status;
	r = lsk_qipcrtr_open(&sock, 0);
	if (r < 0)
		return open_failed(r);
	watch_signals();
	lsk_socket_set_timeout(sock, command.rounds.timeout_ns);
	status = watch(&command, sock);
	lsk_socket_free(sock);
	return status;
}

/* Print messages, as text where they are that; with -e send them back. */
static int listen_here(const struct qipcrtr *command, struct lsk_socket *sock)
{
	static unsigned char buf[LSK_QIPCRTR_MESSAGE_MAX];
	struct lsk_qipcrtr_sender *sender = NULL;
	struct lsk_qipcrtr_event event;
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr from;
	long count = 0;
	ssize_t r = command->is_echo ? lsk_qipcrtr_sender_new(&sender) : 0;

	while (r >= 0 &&
	       (command->rounds.count == 0 || count < command->rounds.count)) {
		r = lsk_qipcrtr_receive(sock, buf, sizeof(buf), &from, &event);
		if (r < 0)
			break;
		if (event.type != 0) {
			print_event(command, &event, false);
		} else {
			count++;
			lsk_addr_format(&from, text, sizeof(text));
			printf("%s %zd bytes:", text, r);
			for (ssize_t i = 0; i < r && i < 64; i++)
				printf(" %02x", buf[i]);
			puts(r > 64 ? " ..." : "");
		}
		/* A node that acknowledges nothing shall not stop the others. */
		if (event.type == 0 && sender) {
			int sent = lsk_qipcrtr_send(sender, &from, buf, (size_t)r,
						    LSK_NSEC_PER_SEC);

			if (sent < 0)
				command_failure(sent, "%s", text);
		}
		if (fflush(stdout) != 0)
			r = -errno;
	}
	lsk_qipcrtr_sender_free(sender);
	return r < 0 && r != -EINTR ? command_failure((int)r, "listen") : COMMAND_OK;
}

static int listen_main(int argc, char **argv)
{
	struct qipcrtr command = {.rounds.timeout_ns = LSK_BLOCK};
	struct lsk_socket *sock = NULL;
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;
	int status = parse_options(&command, argc, argv, "jep:s:c:t:");
	int r;

	if (status != COMMAND_OK)
		return status;
	if (optind != argc)
		return command_usage("too many arguments");
	r = lsk_qipcrtr_open(&sock, command.port);
	if (r < 0)
		return open_failed(r);
	watch_signals();
	lsk_socket_set_timeout(sock, command.rounds.timeout_ns);
	if (command.is_publishing)
		r = lsk_qipcrtr_publish(sock, &command.service);
	if (r == 0)
		r = lsk_socket_getsockname(sock, &addr);
	if (r == 0) {
		lsk_addr_format(&addr, text, sizeof(text));
		fprintf(stderr, "listening on %s\n", text);
		status = listen_here(&command, sock);
	} else {
		status = command_failure(r, "publish");
	}
	lsk_socket_free(sock);
	return status;
}

struct pinged {
	struct lsk_qipcrtr_sender *sender;
	struct lsk_addr to;
};

/* One message there and back. Return: 0 or a negative error; -ETIME for no answer. */
static int ping(void *context, int64_t timeout_ns, int64_t *ret_ns)
{
	struct pinged *pinged = context;
	struct lsk_socket *sock = lsk_qipcrtr_sender_socket(pinged->sender);
	const int64_t begin = monotonic_ns();
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;
	int64_t sent = begin, came;
	ssize_t r = lsk_qipcrtr_send(pinged->sender, &pinged->to, &sent, sizeof(sent),
				     timeout_ns);

	if (r < 0)
		return (int)r;
	do {
		int64_t left = begin + timeout_ns - monotonic_ns();

		if (left <= 0)
			return -ETIME;
		lsk_socket_set_timeout(sock, left);
		r = lsk_qipcrtr_receive(sock, &came, sizeof(came), &from, &event);
		if (r < 0)
			return (int)r;
		/* The port that is asked has closed. */
		if (event.type == LSK_QIPCRTR_DEL_CLIENT)
			return -ECONNRESET;
	} while (r != sizeof(came) || came != sent);
	*ret_ns = monotonic_ns() - begin;
	return 0;
}

static int remote_ping_main(int argc, char **argv)
{
	struct qipcrtr command = {.rounds = rounds_default()};
	struct pinged pinged = {.sender = NULL};
	struct lsk_error error = {0};
	int status = parse_options(&command, argc, argv, "c:t:i:");
	long answers;
	int r;

	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("an address is wanted, such as qipcrtr://1:16384");
	if (lsk_addr_parse(&pinged.to, argv[optind], &error) < 0)
		return command_failure_at(argv[optind], &error);
	r = lsk_addr_qipcrtr_read(&pinged.to, NULL, NULL);
	if (r < 0)
		return command_failure(r, "%s", argv[optind]);
	r = lsk_qipcrtr_sender_new(&pinged.sender);
	if (r < 0)
		return open_failed(r);
	watch_signals();
	answers = rounds_run(&command.rounds, argv[optind], ping, &pinged,
			     &has_been_told_to_end);
	lsk_qipcrtr_sender_free(pinged.sender);
	return answers > 0 ? COMMAND_OK : COMMAND_FAILURE;
}

static const char lookup_help[] = "Prints which services there are now. SERVICE is a "
				  "number, 0 or nothing for all;\n"
				  "VERSION and INSTANCE narrow it down.\n"
				  "\n"
				  "  -j, --json        one object a line\n"
				  "  -t, --timeout S   give up after S seconds; 5\n";

static const struct command lookup_command = {
	.name = "lookup",
	.arguments = "[-j] [SERVICE[:VERSION[:INSTANCE]]]",
	.summary = "which services there are",
	.help = lookup_help,
	.main = lookup_main,
};

static const char watch_help[] =
	"Prints services that are there, then those that come and go.\n"
	"\n"
	"  -j, --json        one object a line\n"
	"  -c, --count N     end after N events\n"
	"  -t, --timeout S   end with a failure when nothing comes for S seconds\n";

static const struct command watch_command = {
	.name = "watch",
	.arguments = "[-j] [-c N] [SERVICE[:VERSION[:INSTANCE]]]",
	.summary = "services as they come and go",
	.help = watch_help,
	.main = watch_main,
};

static const char listen_help[] =
	"Prints what comes to a port, in hexadecimal.\n"
	"\n"
	"  -p, --port N      the port; the kernel chooses one without\n"
	"  -s, --service SERVICE[:VERSION[:INSTANCE]]  offer it there\n"
	"  -e, --echo        send messages back\n"
	"  -c, --count N     end after N messages\n"
	"  -t, --timeout S   end with a failure when nothing comes for S seconds\n";

static const struct command listen_port_command = {
	.name = "listen",
	.arguments = "[-e] [-p PORT] [-s SERVICE] [-c N]",
	.summary = "what comes to a port",
	.help = listen_help,
	.main = listen_main,
};

static const char ping_help[] =
	"Sends messages to a port that sends them back (\"linsock qipcrtr listen "
	"-e\").\n"
	"\n"
	"  -c, --count N     so many; 4\n"
	"  -i, --interval S  seconds between them; 1\n"
	"  -t, --timeout S   how long to wait for each, the sending included; 1\n";

static const struct command remote_ping_command = {
	.name = "ping",
	.arguments = "[-c N] [-i S] [-t S] qipcrtr://NODE:PORT",
	.summary = "how long a message takes there and back",
	.help = ping_help,
	.main = remote_ping_main,
};

static const struct command *const qipcrtr_commands[] = {
	&lookup_command,
	&listen_port_command,
	&remote_ping_command,
	&watch_command,
	NULL,
};

const struct command qipcrtr_command = {
	.name = "qipcrtr",
	.summary = "the Qualcomm IPC router: services and messages",
	.children = qipcrtr_commands,
};
