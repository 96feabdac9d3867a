/* SPDX-License-Identifier: MIT */
/* linsock ss: sockets, with the columns, states and filters of ss(8); numeric always.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/if_ether.h>
#include <linux/sock_diag.h>

#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/netlink.h"
#include "tools/ss.h"

#define IPPROTO_MPTCP_NUMBER 262
#define STATE(number)        (1U << (number))
#define STATES_ALL           0xfffU

/* ss's own: what is neither listening nor half there. */
#define STATES_CONNECTED                                                              \
	(STATES_ALL & ~(STATE(TCP_LISTEN) | STATE(TCP_CLOSE) | STATE(TCP_TIME_WAIT) | \
			STATE(TCP_SYN_RECV)))

static const char *const state_names[] = {
	[TCP_ESTABLISHED] = "ESTAB",    [TCP_SYN_SENT] = "SYN-SENT",
	[TCP_SYN_RECV] = "SYN-RECV",    [TCP_FIN_WAIT1] = "FIN-WAIT-1",
	[TCP_FIN_WAIT2] = "FIN-WAIT-2", [TCP_TIME_WAIT] = "TIME-WAIT",
	[TCP_CLOSE] = "UNCONN",         [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_LAST_ACK] = "LAST-ACK",    [TCP_LISTEN] = "LISTEN",
	[TCP_CLOSING] = "CLOSING",
};

/* What "state WORD" means. */
static const struct {
	const char *name;
	uint32_t states;
} state_words[] = {
	{"all", STATES_ALL},
	{"bucket", STATE(TCP_SYN_RECV) | STATE(TCP_TIME_WAIT)},
	{"big", STATES_ALL & ~(STATE(TCP_SYN_RECV) | STATE(TCP_TIME_WAIT))},
	{"connected", STATES_ALL & ~(STATE(TCP_CLOSE) | STATE(TCP_LISTEN))},
	{"synchronized",
	 STATES_ALL & ~(STATE(TCP_CLOSE) | STATE(TCP_LISTEN) | STATE(TCP_SYN_SENT))},
	{"established", STATE(TCP_ESTABLISHED)},
	{"syn-sent", STATE(TCP_SYN_SENT)},
	{"syn-recv", STATE(TCP_SYN_RECV)},
	{"fin-wait-1", STATE(TCP_FIN_WAIT1)},
	{"fin-wait-2", STATE(TCP_FIN_WAIT2)},
	{"time-wait", STATE(TCP_TIME_WAIT)},
	{"closed", STATE(TCP_CLOSE)},
	{"unconnected", STATE(TCP_CLOSE)},
	{"close-wait", STATE(TCP_CLOSE_WAIT)},
	{"last-ack", STATE(TCP_LAST_ACK)},
	{"listening", STATE(TCP_LISTEN)},
	{"closing", STATE(TCP_CLOSING)},
};

const char *ss_state_name(unsigned int state)
{
	if (state < sizeof(state_names) / sizeof(state_names[0]) && state_names[state])
		return state_names[state];
	return "UNKNOWN";
}

static int read_state(const char *word, uint32_t *ret_states)
{
	for (size_t i = 0; i < sizeof(state_words) / sizeof(state_words[0]); i++)
		if (strcmp(state_words[i].name, word) == 0) {
			*ret_states = state_words[i].states;
			return 0;
		}
	return -EINVAL;
}

/* "state NAME" and "exclude NAME" come first, then an expression. */
static int read_filter(struct ss_call *call, char **args)
{
	uint32_t wanted = 0, unwanted = 0, states;

	while (*args && args[1] &&
	       (strcmp(*args, "state") == 0 || strcmp(*args, "exclude") == 0 ||
		strcmp(*args, "excl") == 0)) {
		if (read_state(args[1], &states) < 0)
			return command_usage("%s: no such state", args[1]);
		if (args[0][0] == 's')
			wanted |= states;
		else
			unwanted |= states;
		args += 2;
	}
	if (wanted)
		call->states = wanted;
	if (unwanted)
		call->states = (call->states ? call->states : STATES_ALL) & ~unwanted;
	return ss_filter_new(&call->expression, args, &call->filter);
}

static const struct ss_table tables[] = {
	{"tcp", AF_INET, IPPROTO_TCP, SS_TCP},
	{"tcp", AF_INET6, IPPROTO_TCP, SS_TCP},
	{"mptcp", AF_INET, IPPROTO_MPTCP_NUMBER, SS_MPTCP},
	{"mptcp", AF_INET6, IPPROTO_MPTCP_NUMBER, SS_MPTCP},
	{"udp", AF_INET, IPPROTO_UDP, SS_UDP},
	{"udp", AF_INET6, IPPROTO_UDP, SS_UDP},
	{"raw", AF_INET, IPPROTO_RAW, SS_RAW},
	{"raw", AF_INET6, IPPROTO_RAW, SS_RAW},
	{"unix", AF_UNIX, 0, SS_UNIX},
	{"packet", AF_PACKET, 0, SS_PACKET},
	{"nl", AF_NETLINK, 0, SS_NETLINK},
	{"vsock", AF_VSOCK, 0, SS_VSOCK},
	{"xdp", AF_XDP, 0, SS_XDP},
};

static int list_table(struct ss_call *call, const struct ss_table *table)
{
	bool is_inet = table->family == AF_INET || table->family == AF_INET6;
	struct lsk_diag_request request = {
		.family = table->family,
		.protocol = table->protocol,
		.states = call->states,
		.show = call->show,
		.filter = is_inet && call->filter.len ? &call->filter : NULL,
	};
	struct lsk_diag_socket sock;
	struct lsk_nl_dump *dump;
	int r;

	if (call->is_extended && table->family == AF_UNIX)
		request.show |= LSK_DIAG_SHOW_INFO;
	r = lsk_diag_dump(call->nl, &request, &dump);

	if (r < 0)
		return r;
	while ((r = lsk_diag_next(dump, &sock)) > 0) {
		/* They have no states; ss calls it this one. */
		if (sock.family == AF_PACKET || sock.family == AF_XDP)
			sock.state = TCP_CLOSE;
		if (!(call->states & STATE(sock.state)))
			continue;
		r = ss_show(call, table, &sock);
		if (r < 0)
			break;
	}
	(void)lsk_nl_dump_end(dump, NULL);
	/* A family whose diag module is not there has no sockets to show. */
	return r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL ? 0 : r;
}

/* What is shown of each kind unless states are named. */
static void default_states(struct ss_call *call)
{
	if (call->states)
		return;
	if (call->families & (SS_TCP | SS_MPTCP | SS_UNIX | SS_VSOCK))
		call->states |= STATES_CONNECTED;
	if (call->families & (SS_UDP | SS_RAW))
		call->states |= STATE(TCP_ESTABLISHED);
	if (call->families & (SS_PACKET | SS_NETLINK | SS_XDP))
		call->states |= STATE(TCP_CLOSE);
	/* Without a family: as if those of connections had been named. */
	if (call->families == SS_ALL)
		call->states = STATES_CONNECTED;
}

static int list_all(struct ss_call *call)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		int r;

		if (!(call->families & tables[i].bit) ||
		    (call->inet &&
		     (tables[i].family == AF_INET || tables[i].family == AF_INET6) &&
		     tables[i].family != call->inet))
			continue;
		r = list_table(call, &tables[i]);
		if (r < 0)
			return command_failure(r, "%s", tables[i].name);
	}
	return ss_finish(call);
}

/* Join the groups of the kinds that were asked for. Return: how many, or negative. */
static int follow_join(struct ss_call *call)
{
	static const struct {
		unsigned int bit;
		int family;
		uint32_t group;
	} groups[] = {
		{SS_TCP, AF_INET, SKNLGRP_INET_TCP_DESTROY},
		{SS_TCP, AF_INET6, SKNLGRP_INET6_TCP_DESTROY},
		{SS_UDP, AF_INET, SKNLGRP_INET_UDP_DESTROY},
		{SS_UDP, AF_INET6, SKNLGRP_INET6_UDP_DESTROY},
	};
	int count = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int r;

		if (!(call->families & groups[i].bit) ||
		    (call->inet && call->inet != groups[i].family))
			continue;
		r = lsk_nl_join(call->nl, groups[i].group);
		if (r < 0)
			return r;
		count++;
	}
	return count;
}

static int follow_show(struct ss_call *call, const struct lsk_nl_event *event)
{
	struct lsk_diag_socket sock;

	if (lsk_diag_parse(event->msg, &sock) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		bool is_udp = event->group == SKNLGRP_INET_UDP_DESTROY ||
			      event->group == SKNLGRP_INET6_UDP_DESTROY;
		int r;

		if (tables[i].family != sock.family ||
		    tables[i].bit != (is_udp ? SS_UDP : SS_TCP))
			continue;
		r = ss_show(call, &tables[i], &sock);
		if (r < 0)
			return r;
		ss_flush(call);
		fflush(stdout);
	}
	return 0;
}

/* Sockets as they end, until a signal. */
static int follow(struct ss_call *call)
{
	struct pollfd ready[] = {{.fd = netlink_stop_fd(), .events = POLLIN},
				 {.events = POLLIN}};
	struct lsk_nl_event event;
	int r = follow_join(call);

	if (r == 0)
		return command_usage("-E tells of TCP and UDP");
	if (r < 0)
		return command_failure(r, "events");
	ready[1].fd = lsk_socket_fd(lsk_nl_event_socket(call->nl));
	fprintf(stderr, "monitoring\n");
	do {
		do {
			r = lsk_nl_event_next(call->nl, 0, &event);
			if (r == 0)
				r = follow_show(call, &event);
		} while (r == 0);
		if (r == -ENOBUFS || r == -EMSGSIZE) {
			fprintf(stderr, "%s: events were lost\n",
				program_invocation_short_name);
			r = -EAGAIN;
		}
	} while (r == -EAGAIN &&
		 (poll(ready, sizeof(ready) / sizeof(ready[0]), -1) >= 0 ||
		  errno == EINTR) &&
		 ready[0].revents == 0);
	close(ready[0].fd);
	free(call->text);
	return r == -EAGAIN ? COMMAND_OK : command_failure(r, "events");
}

static int family_option(struct ss_call *call, const char *name)
{
	static const struct {
		const char *name;
		unsigned int bits;
		int inet;
	} names[] = {
		{"inet", SS_TCP | SS_UDP | SS_RAW, AF_INET},
		{"inet6", SS_TCP | SS_UDP | SS_RAW, AF_INET6},
		{"unix", SS_UNIX, 0},
		{"netlink", SS_NETLINK, 0},
		{"link", SS_PACKET, 0},
		{"vsock", SS_VSOCK, 0},
		{"xdp", SS_XDP, 0},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0) {
			call->families |= names[i].bits;
			call->inet = names[i].inet;
			return COMMAND_OK;
		}
	return command_usage("%s: no such family", name);
}

/* What an option does no more than switch on; NULL: it does more. */
static bool *ss_switch(struct ss_call *call, int option)
{
	switch (option) {
	case 'o':
		return &call->has_timer;
	case 'p':
		return &call->has_processes;
	case 'O':
		return &call->is_one_line;
	case 'H':
		return &call->has_no_header;
	case 'E':
		return &call->is_follow;
	case 'K':
		return &call->is_kill;
	case 'r':
		return &call->has_names;
	case 's':
		return &call->is_summary;
	default:
		return NULL;
	}
}

static int ss_option(struct ss_call *call, int option)
{
	static const struct {
		int option;
		unsigned int bit;
	} kinds[] = {
		{'t', SS_TCP},   {'u', SS_UDP},    {'w', SS_RAW},   {'x', SS_UNIX},
		{'M', SS_MPTCP}, {'0', SS_PACKET}, {'V', SS_VSOCK}, {'X', SS_XDP},
	};
	bool *is_on;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].option == option) {
			call->families |= kinds[i].bit;
			return COMMAND_OK;
		}
	is_on = ss_switch(call, option);
	if (is_on) {
		*is_on = true;
		return COMMAND_OK;
	}
	switch (option) {
	case 'a':
		call->states = STATES_ALL;
		break;
	case 'l':
		call->states = STATE(TCP_LISTEN) | STATE(TCP_CLOSE);
		break;
	case '4':
		call->inet = AF_INET;
		break;
	case '6':
		call->inet = AF_INET6;
		break;
	case 'm':
		call->show |= LSK_DIAG_SHOW_MEMORY;
		break;
	case 'i':
		call->show |= LSK_DIAG_SHOW_INFO | LSK_DIAG_SHOW_CONGESTION;
		break;
	case 'e':
		call->is_extended = true;
		call->has_timer = true; /* as ss has it */
		call->show |= LSK_DIAG_SHOW_GROUPS | LSK_DIAG_SHOW_RINGS;
		break;
	case 'Z':
		call->has_context = call->has_processes = true;
		break;
	case 'j':
		call->json = json_array();
		break;
	case 'n':
		break; /* always */
	case 'f':
		return family_option(call, optarg);
	default:
		return command_bad_option();
	}
	return COMMAND_OK;
}

/* Whether this kernel's security module gives processes a label. */
static bool has_labels(void)
{
	int fd = open("/proc/self/attr/current", O_RDONLY | O_CLOEXEC);
	char label[8];
	ssize_t n = fd < 0 ? -1 : read(fd, label, sizeof(label));

	if (fd >= 0)
		close(fd);
	return n > 0;
}

static int ss_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"tcp", no_argument, NULL, 't'},
		{"udp", no_argument, NULL, 'u'},
		{"raw", no_argument, NULL, 'w'},
		{"unix", no_argument, NULL, 'x'},
		{"packet", no_argument, NULL, '0'},
		{"mptcp", no_argument, NULL, 'M'},
		{"all", no_argument, NULL, 'a'},
		{"listening", no_argument, NULL, 'l'},
		{"numeric", no_argument, NULL, 'n'},
		{"no-header", no_argument, NULL, 'H'},
		{"extended", no_argument, NULL, 'e'},
		{"memory", no_argument, NULL, 'm'},
		{"info", no_argument, NULL, 'i'},
		{"ipv4", no_argument, NULL, '4'},
		{"ipv6", no_argument, NULL, '6'},
		{"family", required_argument, NULL, 'f'},
		{"options", no_argument, NULL, 'o'},
		{"processes", no_argument, NULL, 'p'},
		{"oneline", no_argument, NULL, 'O'},
		{"vsock", no_argument, NULL, 'V'},
		{"xdp", no_argument, NULL, 'X'},
		{"events", no_argument, NULL, 'E'},
		{"kill", no_argument, NULL, 'K'},
		{"context", no_argument, NULL, 'Z'},
		{"resolve", no_argument, NULL, 'r'},
		{"summary", no_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	static struct ss_call call;
	int option, r;

	while ((option = getopt_long(argc, argv, "tuwx0Malnemi46f:jHopOEKZrs", options,
				     NULL)) != -1) {
		r = ss_option(&call, option);
		if (r != COMMAND_OK)
			return r;
	}
	if (call.is_summary)
		return ss_summary();
	if (call.has_context && !has_labels())
		return command_failure(-EOPNOTSUPP, "security labels of processes");
	if (call.families == 0)
		call.families = SS_ALL;
	r = read_filter(&call, argv + optind);
	if (r != COMMAND_OK)
		return r;
	default_states(&call);
	r = call.has_processes ? ss_holders_read(&call.holders, call.has_context) : 0;
	if (r < 0)
		return command_failure(r, "/proc");
	r = lsk_nl_open(&call.nl, NETLINK_SOCK_DIAG, NULL);
	if (r < 0)
		return command_failure(r, "sock_diag");
	r = call.is_follow ? follow(&call) : list_all(&call);
	lsk_nl_close(call.nl);
	ss_holders_done(&call.holders);
	call.expression = ss_filter_free(call.expression);
	return r;
}

const struct command ss_command = {
	.name = "ss",
	.arguments = "[-tuwx0MalneimopOZrsKE46Hj] [-f FAMILY] [FILTER...]",
	.summary = "sockets: states, queues, addresses",
	.help = "  -t, -u, -w, -x, -0, -M  TCP, UDP, raw, UNIX, packet, MPTCP\n"
		"  -f FAMILY  inet, inet6, unix, netlink, link, vsock, xdp\n"
		"  -a  all states      -l  listening ones\n"
		"  -4, -6  one version of IP\n"
		"  --vsock, --xdp  as -f\n"
		"  -e  with uid, inode, cookie and cgroup\n"
		"  -m  with memory     -i  with TCP's own numbers\n"
		"  -o  with timers     -p  with the processes that hold them\n"
		"  -Z  as -p, with their security labels\n"
		"  -r  names of hosts  -s  how many there are\n"
		"  -K  end those that are shown (TCP, UDP)\n"
		"  -E  show TCP and UDP sockets as they end, until a signal\n"
		"  -O  one line for each socket, with all of that\n"
		"  -H  without header  -j  as JSON\n"
		"  -n  for ss's sake: ports and addresses are numbers always\n"
		"\n"
		"A FILTER is \"state NAME\" or \"exclude NAME\", then an "
		"expression: \"sport = :80\",\n"
		"\"dport ge :1024\", \"src 10.0.0.0/8\", \"dst [::1]:80\", "
		"\"dev = lo\", \"fwmark = 1/0xff\",\n"
		"\"cgroup = PATH\", \"autobound\", joined by and, or, not and "
		"parentheses.\n",
	.main = ss_main,
};
