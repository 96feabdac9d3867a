/* SPDX-License-Identifier: MIT */
/* linsock ss: sockets, with the columns, states and filters of ss(8); numeric always.
 */
#include <arpa/inet.h>
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

/* "10.0.0.0/8:80", ":22", "[::1]:80". */
static int read_place(struct lsk_diag_filter *filter, bool is_peer, const char *text)
{
	char host[INET6_ADDRSTRLEN + 8];
	const char *colon = strrchr(text, ':');
	struct lsk_addr addr;
	char *start = host;
	long port = 0, len;
	char *slash;
	int r;

	if (!colon || (strchr(text, ':') != colon && text[0] != '['))
		colon = text + strlen(text);
	if (*colon && strcmp(colon + 1, "*") != 0 &&
	    command_parse_number(colon + 1, 0, UINT16_MAX, &port) < 0)
		return -EINVAL;
	if (colon == text || (colon == text + 1 && *text == '*')) {
		lsk_diag_filter_port(filter, is_peer, LSK_DIAG_EQUAL, (uint16_t)port);
		return 0;
	}
	if ((size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (*start == '[' && strchr(start, ']')) {
		*strchr(start, ']') = '\0';
		start++;
	}
	r = strchr(start, ':') ? lsk_addr_inet6(&addr, start, (unsigned int)port, 0, 0)
			       : lsk_addr_inet(&addr, start, (unsigned int)port);
	len = strchr(start, ':') ? 128 : 32;
	if (r < 0 || (slash && command_parse_number(slash, 0, len, &len) < 0))
		return -EINVAL;
	lsk_diag_filter_host(filter, is_peer, &addr, (uint8_t)len);
	return 0;
}

/* "sport = :80", "dport ge :1024". Return: words taken, or negative. */
static int read_port(struct lsk_diag_filter *filter, bool is_peer, char **args)
{
	enum lsk_diag_compare compare = LSK_DIAG_EQUAL;
	const char *value;
	long port;

	if (!args[1] || !args[2])
		return -EINVAL;
	if (strcmp(args[1], "ge") == 0 || strcmp(args[1], ">=") == 0)
		compare = LSK_DIAG_AT_LEAST;
	else if (strcmp(args[1], "le") == 0 || strcmp(args[1], "<=") == 0)
		compare = LSK_DIAG_AT_MOST;
	else if (strcmp(args[1], "eq") != 0 && strcmp(args[1], "=") != 0 &&
		 strcmp(args[1], "==") != 0)
		return -EINVAL;
	value = args[2][0] == ':' ? args[2] + 1 : args[2];
	if (command_parse_number(value, 0, UINT16_MAX, &port) < 0)
		return -EINVAL;
	lsk_diag_filter_port(filter, is_peer, compare, (uint16_t)port);
	return 3;
}

static int read_filter(struct ss_call *call, char **args)
{
	while (*args) {
		bool is_peer = args[0][0] == 'd';
		int taken = -EINVAL;

		if (strcmp(args[0], "and") == 0 || strcmp(args[0], "(") == 0 ||
		    strcmp(args[0], ")") == 0)
			taken = 1;
		else if (strcmp(args[0], "state") == 0 && args[1])
			taken = read_state(args[1], &call->states) < 0 ? -EINVAL : 2;
		else if (strcmp(args[0], "sport") == 0 || strcmp(args[0], "dport") == 0)
			taken = read_port(&call->filter, is_peer, args);
		else if ((strcmp(args[0], "src") == 0 || strcmp(args[0], "dst") == 0) &&
			 args[1])
			taken = read_place(&call->filter, is_peer, args[1]) < 0
					? -EINVAL
					: 2;
		if (taken < 0)
			return command_usage("%s: not understood as a filter", args[0]);
		args += taken;
	}
	return COMMAND_OK;
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
	int r = lsk_diag_dump(call->nl, &request, &dump);

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
	switch (option) {
	case 't':
		call->families |= SS_TCP;
		break;
	case 'M':
		call->families |= SS_MPTCP;
		break;
	case 'u':
		call->families |= SS_UDP;
		break;
	case 'w':
		call->families |= SS_RAW;
		break;
	case 'x':
		call->families |= SS_UNIX;
		break;
	case '0':
		call->families |= SS_PACKET;
		break;
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
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	static struct ss_call call;
	int option, r;

	while ((option = getopt_long(argc, argv, "tuwx0Malnhemi46f:jH", options,
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
	r = lsk_nl_open(&call.nl, NETLINK_SOCK_DIAG, NULL);
	if (r < 0)
		return command_failure(r, "sock_diag");
	r = list_all(&call);
	lsk_nl_close(call.nl);
	return r;
}

const struct command ss_command = {
	.name = "ss",
	.arguments = "[-tuwx0Malneim46Hj] [-f FAMILY] [FILTER...]",
	.summary = "sockets: states, queues, addresses",
	.help = "  -t, -u, -w, -x, -0, -M  TCP, UDP, raw, UNIX, packet, MPTCP\n"
		"  -f FAMILY  inet, inet6, unix, netlink, link, vsock, xdp\n"
		"  -a  all states      -l  listening ones\n"
		"  -4, -6  one version of IP\n"
		"  -e  with uid, inode and cookie\n"
		"  -m  with memory     -i  with TCP's own numbers\n"
		"  -H  without header  -j  as JSON\n"
		"  -n  for ss's sake: ports and addresses are numbers always\n"
		"\n"
		"A FILTER is \"state NAME\", \"sport = :80\", \"dport ge :1024\", "
		"\"src 10.0.0.0/8\",\n"
		"\"dst [::1]:80\"; all must hold.\n",
	.main = ss_main,
};
