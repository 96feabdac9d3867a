/* SPDX-License-Identifier: MIT */
/*
 * linsock can bcm: jobs of the broadcast manager for whoever connects, as bcmserver:
 *
 *	< vcan1 A 1 0 123 8 11 22 33 44 55 66 77 88 >   add: every second
 *	< vcan1 U 0 0 123 3 11 22 33 >                  update the data
 *	< vcan1 D 0 0 123 0 >                           delete
 *	< vcan1 S 0 0 123 0 >                           send once
 *	< vcan1 R 0 0 123 1 FF >                        receive: changes of these bits
 *	< vcan1 F 0 0 123 0 >                           every frame
 *	< vcan1 X 0 0 123 0 >                           no more
 *
 * It answers "< vcan1 123 4 11 22 33 44 >", ended by a NUL.
 */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_bracket.h"
#include "tools/can_server.h"

#define ENDPOINT       "tcp://0.0.0.0:28600"
#define COMMAND_MAX    100
#define INTERFACES_MAX 16

/* A client's sockets, one per interface that it named. */
struct session {
	struct {
		char name[IF_NAMESIZE];
		struct lsk_bcm *bcm;
	} buses[INTERFACES_MAX];
	size_t count;
};

static int session_open(void *context, struct can_client *client)
{
	(void)context;
	client->can = calloc(1, sizeof(struct session));
	client->can_fd = epoll_create1(EPOLL_CLOEXEC);
	if (client->can && client->can_fd >= 0)
		return 0;
	command_failure(-errno, "a client was sent away");
	free(client->can);
	client->can = NULL;
	return -1;
}

static void session_close(struct can_client *client)
{
	struct session *session = client->can;

	for (size_t i = 0; i < session->count; i++)
		lsk_bcm_free(session->buses[i].bcm);
	close(client->can_fd);
	free(session);
}

static struct lsk_bcm *session_bcm(struct can_client *client, const char *interface)
{
	struct session *session = client->can;
	struct epoll_event event = {.events = EPOLLIN};
	struct lsk_error error = {0};
	struct lsk_bcm *bcm = NULL;

	for (size_t i = 0; i < session->count; i++)
		if (strcmp(session->buses[i].name, interface) == 0)
			return session->buses[i].bcm;
	if (session->count == INTERFACES_MAX ||
	    lsk_bcm_open(&bcm, interface, &error) < 0) {
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name,
			interface, error.text);
		return NULL;
	}
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 0);
	epoll_ctl(client->can_fd, EPOLL_CTL_ADD, lsk_socket_fd(lsk_bcm_socket(bcm)),
		  &event);
	snprintf(session->buses[session->count].name, IF_NAMESIZE, "%s", interface);
	session->buses[session->count++].bcm = bcm;
	return bcm;
}

static int perform(struct lsk_bcm *bcm, const struct can_bracket_job *order)
{
	const struct lsk_bcm_cycle cycle = {.frames = &order->frame,
					    .frame_count = 1,
					    .then_ns = order->interval_ns};
	const struct lsk_bcm_watch changes = {.masks = &order->frame,
					      .mask_count = 1,
					      .throttle_ns = order->interval_ns};
	const struct lsk_bcm_watch all = {.can_id = order->can_id,
					  .throttle_ns = order->interval_ns};

	switch (order->what) {
	case 'S':
		return lsk_bcm_send_once(bcm, &order->frame);
	case 'A':
		return lsk_bcm_send_cycle(bcm, &cycle);
	case 'U':
		return lsk_bcm_update(bcm, &order->frame, 1, false);
	case 'D':
		return lsk_bcm_stop_cycle(bcm, &order->frame);
	case 'R':
		return lsk_bcm_watch(bcm, &changes);
	case 'F':
		return lsk_bcm_watch(bcm, &all);
	case 'X':
		return lsk_bcm_unwatch(bcm, order->can_id, false);
	default:
		return -EOPNOTSUPP;
	}
}

/* What cannot be done is told, and the client stays. */
static int take_order(void *context, struct can_client *client, const char *text)
{
	struct can_bracket_job order;
	struct lsk_bcm *bcm;
	int r;

	(void)context;
	if (!can_bracket_job(text, &order)) {
		fprintf(stderr, "%s: \"%s\" is no command\n",
			program_invocation_short_name, text);
		return 0;
	}
	bcm = session_bcm(client, order.interface);
	r = bcm ? perform(bcm, &order) : 0;
	if (r < 0)
		command_failure(r, "%s", text);
	return 0;
}

static int tell_events(void *context, struct can_client *client)
{
	struct session *session = client->can;
	struct lsk_bcm_event event;

	(void)context;
	for (size_t i = 0; i < session->count; i++) {
		while (lsk_bcm_next(session->buses[i].bcm, &event) == 0) {
			char answer[COMMAND_MAX];
			int len;

			if (event.kind != LSK_BCM_CHANGED ||
			    event.frame.len > LSK_CAN_DATA_MAX)
				continue;
			len = snprintf(answer, sizeof(answer), "< %s %03X %d ",
				       session->buses[i].name, event.can_id,
				       event.frame.len);
			for (unsigned int j = 0; j < event.frame.len; j++)
				len += snprintf(answer + len,
						sizeof(answer) - (size_t)len, "%02X ",
						event.frame.data[j]);
			len += snprintf(answer + len, sizeof(answer) - (size_t)len,
					">");
			/* With the NUL, which ends it. */
			if (can_client_say(client, answer, (size_t)len + 1) < 0)
				return -EPIPE;
		}
	}
	return 0;
}

static int can_bcm_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"listen", required_argument, NULL, 'l'},
		{0},
	};
	const struct can_server server = {
		.text_max = COMMAND_MAX,
		.open = session_open,
		.close = session_close,
		.text = take_order,
		.ready = tell_events,
	};
	const char *endpoint = ENDPOINT;
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option != 'l')
			return command_bad_option();
		endpoint = optarg;
	}
	if (optind != argc)
		return command_usage("no arguments are wanted");
	return can_server_run(&server, endpoint);
}

static const char can_bcm_help[] =
	"Serves jobs of the broadcast manager to who connects; they end with the "
	"connection.\n"
	"\n"
	"  < vcan1 A 1 0 123 8 11 22 33 44 55 66 77 88 >  send it every second\n"
	"  < vcan1 U 0 0 123 3 11 22 33 >   update the data\n"
	"  < vcan1 D 0 0 123 0 >            delete the job\n"
	"  < vcan1 S 0 0 123 0 >            send once\n"
	"  < vcan1 R 1 500000 123 1 FF >    tell changes of these bits, at most every "
	"1.5 s\n"
	"  < vcan1 F 0 0 123 0 >            tell every frame\n"
	"  < vcan1 X 0 0 123 0 >            tell no more\n"
	"\n"
	"  --listen ENDPOINT  instead of tcp://0.0.0.0:28600; without a password: mind "
	"who\n"
	"                     may connect\n";

const struct command can_bcm_command = {
	.name = "bcm",
	.arguments = "[--listen ENDPOINT]",
	.summary = "serve jobs of the broadcast manager",
	.alias = "bcmserver",
	.help = can_bcm_help,
	.main = can_bcm_main,
};
