/* SPDX-License-Identifier: MIT */
/* linsock ss: sockets, with the columns, states and filters of ss(8); numeric always.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <linux/if_ether.h>

#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
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
	struct lsk_diag_request request = {
		.family = table->family,
		.protocol = table->protocol,
		.states = call->states,
		.show = call->show,
		.filter = call->filter.count ? &call->filter : NULL,
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
		/* Without an attribute of its own a socket has its table's protocol. */
		if (sock.family == AF_PACKET)
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

static int ss_option(struct ss_call *call, int option)
{
	static const struct {
		int option;
		unsigned int bit;
	} kinds[] = {
		{'t', SS_TCP},   {'u', SS_UDP},    {'w', SS_RAW},   {'x', SS_UNIX},
		{'M', SS_MPTCP}, {'0', SS_PACKET}, {'V', SS_VSOCK}, {'X', SS_XDP},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].option == option) {
			call->families |= kinds[i].bit;
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
		call->show |= LSK_DIAG_SHOW_GROUPS;
		break;
	case 'o':
		call->has_timer = true;
		break;
	case 'p':
		call->has_processes = true;
		break;
	case 'O':
		call->is_one_line = true;
		break;
	case 'H':
		call->has_no_header = true;
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
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	static struct ss_call call;
	int option, r;

	while ((option = getopt_long(argc, argv, "tuwx0Malnemi46f:jHopO", options,
				     NULL)) != -1) {
		r = ss_option(&call, option);
		if (r != COMMAND_OK)
			return r;
	}
	if (call.families == 0)
		call.families = SS_ALL;
	r = read_filter(&call, argv + optind);
	if (r != COMMAND_OK)
		return r;
	default_states(&call);
	r = call.has_processes ? ss_holders_read(&call.holders) : 0;
	if (r < 0)
		return command_failure(r, "/proc");
	r = lsk_nl_open(&call.nl, NETLINK_SOCK_DIAG, NULL);
	if (r < 0)
		return command_failure(r, "sock_diag");
	r = list_all(&call);
	lsk_nl_close(call.nl);
	ss_holders_done(&call.holders);
	call.expression = ss_filter_free(call.expression);
	return r;
}

const struct command ss_command = {
	.name = "ss",
	.arguments = "[-tuwx0MalneimopO46Hj] [-f FAMILY] [FILTER...]",
	.summary = "sockets: states, queues, addresses",
	.help = "  -t, -u, -w, -x, -0, -M  TCP, UDP, raw, UNIX, packet, MPTCP\n"
		"  -f FAMILY  inet, inet6, unix, netlink, link, vsock, xdp\n"
		"  -a  all states      -l  listening ones\n"
		"  -4, -6  one version of IP\n"
		"  --vsock, --xdp  as -f\n"
		"  -e  with uid, inode, cookie and cgroup\n"
		"  -m  with memory     -i  with TCP's own numbers\n"
		"  -o  with timers     -p  with the processes that hold them\n"
		"  -O  one line for each socket, with all of that\n"
		"  -H  without header  -j  as JSON\n"
		"  -n  for ss's sake: ports and addresses are numbers always\n"
		"\n"
		"A FILTER is \"state NAME\" or \"exclude NAME\", then an "
		"expression: \"sport = :80\",\n"
		"\"dport ge :1024\", \"src 10.0.0.0/8\", \"dst [::1]:80\", "
		"\"dev = lo\", \"fwmark = 1/0xff\",\n"
		"\"autobound\", joined by and, or, not and parentheses.\n",
	.main = ss_main,
};
