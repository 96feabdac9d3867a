/* SPDX-License-Identifier: MIT */
/* linsock can isotp server: messages as "<112233>" over TCP, as isotpserver has them.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/can_bracket.h"
#include "tools/can_server.h"
#include "tools/isotp_options.h"

#define MESSAGE_MAX 66000
#define TEXT_MAX    (2 * MESSAGE_MAX + 3)

struct isotp_server {
	struct isotp_options options;
	char endpoint[64];
	bool is_verbose;
	uint8_t *message;
	char *text;
};

static int server_open(void *context, struct can_client *client)
{
	const struct isotp_server *server = context;
	struct lsk_isotp *isotp = NULL;

	if (isotp_options_open(&server->options, &isotp) != COMMAND_OK)
		return -1;
	client->can = isotp;
	client->can_fd = lsk_socket_fd(lsk_isotp_socket(isotp));
	return 0;
}

static void server_close(struct can_client *client)
{
	lsk_isotp_free(client->can);
}

static int server_text(void *context, struct can_client *client, const char *text)
{
	struct isotp_server *server = context;
	struct lsk_isotp *isotp = client->can;
	size_t len = can_bracket_bytes(text, server->message, MESSAGE_MAX);
	int r;

	if (len == 0)
		return 0;
	if (server->is_verbose)
		printf("TCP>CAN %s\n", text);
	lsk_socket_set_timeout(lsk_isotp_socket(isotp), 5 * LSK_NSEC_PER_SEC);
	r = lsk_isotp_send(isotp, server->message, len);
	if (r < 0)
		command_failure(r, "a message of %zu bytes", len);
	return 0;
}

static int server_ready(void *context, struct can_client *client)
{
	struct isotp_server *server = context;
	struct lsk_isotp *isotp = client->can;
	char *at = server->text;
	ssize_t len;

	lsk_socket_set_timeout(lsk_isotp_socket(isotp), 0);
	len = lsk_isotp_receive(isotp, server->message, MESSAGE_MAX);
	if (len < 0) {
		if (len != -EAGAIN)
			command_failure((int)len, "a message broke off");
		return 0;
	}
	*at++ = '<';
	for (ssize_t i = 0; i < len; i++)
		at += sprintf(at, "%02X", server->message[i]);
	memcpy(at, ">\n", 3);
	if (server->is_verbose)
		printf("CAN>TCP %s", server->text);
	return can_client_say(client, server->text, (size_t)(at - server->text) + 2);
}

static int parse_options(struct isotp_server *server, int argc, char **argv)
{
	int status = COMMAND_OK;
	long port = 0;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "l:s:d:x:p:P:b:m:w:t:L:v")) != -1) {
		if (option == 'v') {
			server->is_verbose = true;
		} else if (option == 'l') {
			if (command_parse_number(optarg, 1, UINT16_MAX, &port) < 0)
				status = command_usage("-l: \"%s\" is no port", optarg);
		} else {
			status = isotp_options_take(&server->options, option, optarg);
			if (status < 0)
				status = isotp_options_take_flow(&server->options,
								 option, optarg);
		}
	}
	if (status == COMMAND_OK && port == 0)
		status = command_usage("-l, the port, is needed");
	if (status == COMMAND_OK)
		status = isotp_options_check(&server->options, argc - optind,
					     argv + optind);
	snprintf(server->endpoint, sizeof(server->endpoint), "tcp://0.0.0.0:%ld", port);
	return status;
}

static int isotp_server_main(int argc, char **argv)
{
	struct isotp_server server = {0};
	const struct can_server callbacks = {
		.text_max = TEXT_MAX,
		.context = &server,
		.open = server_open,
		.close = server_close,
		.text = server_text,
		.ready = server_ready,
	};
	int status;

	isotp_options_init(&server.options);
	status = parse_options(&server, argc, argv);
	if (status != COMMAND_OK)
		return status;
	setvbuf(stdout, NULL, _IOLBF, 0);
	server.message = malloc(MESSAGE_MAX);
	server.text = malloc(TEXT_MAX + 1);
	status = server.message && server.text
			 ? can_server_run(&callbacks, server.endpoint)
			 : command_failure(-ENOMEM, "messages");
	free(server.message);
	free(server.text);
	return status;
}

static const char isotp_server_help[] =
	"Each client has a socket of its own; a message is <112233> in both "
	"directions.\n"
	"\n"
	"  -l PORT       to listen on\n"
	"  -s ID -d ID   identifiers sent and received; 8 digits for extended ones\n"
	"  -x TX[:RX]    extended addressing\n"
	"  -p [TX]:[RX]  padding bytes; -P l|c|a checks length, content, all\n"
	"  -b BS -m STMIN  block size and gap that the peer shall keep, hexadecimal\n"
	"  -t NS         time of a frame (N_As)\n"
	"  -L MTU:LEN:FLAGS  72:64:1 for FD frames with BRS\n"
	"  -v            print what goes by\n";

const struct command isotp_server_command = {
	.name = "server",
	.arguments = "-l PORT [options] -s ID -d ID IFACE",
	.summary = "serve ISO-TP messages over TCP",
	.alias = "isotpserver",
	.help = isotp_server_help,
	.main = isotp_server_main,
};
