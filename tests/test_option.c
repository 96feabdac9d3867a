/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/can/isotp.h>
#include <linux/can/raw.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <linux/tipc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linsock/constant.h>
#include <linsock/option.h>

#include "src/option.h"
#include "tests/support/sockets.h"

/* One kind of socket that the host may have. */
static const struct {
	int domain;
	int type;
	int protocol;
} kinds[] = {
	{AF_UNIX, SOCK_STREAM, 0},
	{AF_UNIX, SOCK_DGRAM, 0},
	{AF_UNIX, SOCK_SEQPACKET, 0},
	{AF_INET, SOCK_STREAM, 0},
	{AF_INET, SOCK_STREAM, 262},
	{AF_INET, SOCK_SEQPACKET, 132},
	{AF_INET, SOCK_DGRAM, 0},
	{AF_INET, SOCK_DGRAM, 136},
	{AF_INET, SOCK_RAW, 1},
	{AF_INET6, SOCK_STREAM, 0},
	{AF_INET6, SOCK_DGRAM, 0},
	{AF_INET6, SOCK_RAW, 58},
	{AF_NETLINK, SOCK_RAW, 0},
	{AF_PACKET, SOCK_RAW, 0},
	{AF_PACKET, SOCK_DGRAM, 0},
	{AF_ALG, SOCK_SEQPACKET, 0},
	{AF_VSOCK, SOCK_STREAM, 0},
	{AF_VSOCK, SOCK_DGRAM, 0},
	{AF_CAN, SOCK_RAW, 1},
	{AF_CAN, SOCK_DGRAM, 6},
	{AF_CAN, SOCK_DGRAM, 7},
	{AF_TIPC, SOCK_RDM, 0},
	{AF_TIPC, SOCK_STREAM, 0},
	{AF_RDS, SOCK_SEQPACKET, 0},
	{AF_BLUETOOTH, SOCK_RAW, 1},
	{AF_BLUETOOTH, SOCK_SEQPACKET, 0},
	{AF_KCM, SOCK_DGRAM, 0},
	{AF_LLC, SOCK_DGRAM, 0},
	{44, SOCK_RAW, 0},
};

static struct lsk_socket *socket_make(int domain, int type, int protocol)
{
	struct lsk_socket *sock;

	cr_assert(lsk_socket_new(&sock, domain, type, protocol) == 0);
	return sock;
}

static struct lsk_option option_named(const char *name)
{
	struct lsk_option option = {0};

	cr_assert(lsk_option_find(name, &option) == 0, "%s", name);
	return option;
}

static const char *text_of(const struct lsk_option *option, const void *value,
			   size_t len)
{
	static char text[LSK_OPTION_TEXT_MAX];
	int r = lsk_option_format(option, value, len, text, sizeof(text));

	cr_assert(r >= 0, "%s: %d", option->name, r);
	cr_assert(r == (int)strlen(text));
	return text;
}

static bool group_exists(const char *group, size_t len)
{
	struct lsk_constant constant;

	for (size_t i = 0; lsk_constant_at(i, &constant) == 0; i++)
		if (strlen(constant.group) == len &&
		    memcmp(constant.group, group, len) == 0)
			return true;
	return false;
}

/* Each ":GROUP" of "name:kind:GROUP". */
static void check_field_groups(const char *fields)
{
	for (const char *word = fields; *word; word += strspn(word, " ")) {
		const char *colon = strchr(word, ':');
		const char *group = colon + 1 + strcspn(colon + 1, ": /");

		if (*group == ':')
			cr_assert(group_exists(group + 1, strcspn(group + 1, " ")),
				  "%s", group);
		word += strcspn(word, " ");
	}
}

Test(option_table, every_row_is_whole)
{
	struct lsk_option option;
	int64_t value;
	size_t count = 0;

	for (; lsk_option_at(count, &option) == 0; count++) {
		cr_assert(lsk_constant_value(option.name, &value) == 0, "%s",
			  option.name);
		cr_assert(option.number == value);
		cr_assert(lsk_constant_value(option.level_name, &value) == 0, "%s",
			  option.level_name);
		cr_assert(option.level == value);
		cr_assert(option.summary && option.summary[0] != '\0');
		cr_assert(option.access <= 3);
		if (option.type == LSK_OPTION_STRUCT)
			cr_assert(option_layout_size(option.fields) > 0, "%s",
				  option.name);
		if (option.fields)
			check_field_groups(option.fields);
		if (option.group && option.group[0] != '\0')
			cr_assert(group_exists(option.group, strlen(option.group)),
				  "%s", option.group);
	}
	cr_assert(count > 350, "%zu", count);
	cr_assert(lsk_option_at(count, &option) == -ENOENT);
	cr_assert(lsk_option_at(0, NULL) == -EINVAL);
}

Test(option_table, no_two_rows_are_the_same_option)
{
	struct lsk_option a, b;

	for (size_t i = 0; lsk_option_at(i, &a) == 0; i++)
		for (size_t j = i + 1; lsk_option_at(j, &b) == 0; j++)
			cr_assert(strcmp(a.level_name, b.level_name) != 0 ||
					  a.number != b.number,
				  "%s and %s", a.name, b.name);
}

/* An option that a newer header brings is missed here. */
Test(option_table, has_every_constant_that_is_an_option)
{
	static const char *const groups[] = {
		"SO",
		"IP",
		"MCAST",
		"IPV6",
		"TCP",
		"UDP",
		"UDPLITE",
		"PACKET",
		"CAN_RAW_OPTION",
		"CAN_ISOTP_OPTION",
		"SO_J1939",
		"ALG",
		"NETLINK_OPTION",
		"SO_VM_SOCKETS",
		"TIPC_OPTION",
		"RDS_OPTION",
		"BT_OPTION",
		"L2CAP_OPTION",
		"MPTCP",
		"TLS_OPTION",
		"XDP_OPTION",
		"SMC_OPTION",
		"LLC_OPTION",
		"WPAN_OPTION",
		"SCTP",
		"SO_DEVMEM",
		"DCCP_OPTION",
		"IUCV_OPTION",
		"ATM_OPTION",
	};
	struct lsk_constant constant;
	struct lsk_option option;

	for (size_t i = 0; lsk_constant_at(i, &constant) == 0; i++) {
		bool is_option = false;

		for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
			is_option |= strcmp(constant.group, groups[g]) == 0;
		if (is_option && !constant.is_alias)
			cr_assert(lsk_option_find(constant.name, &option) == 0, "%s",
				  constant.name);
	}
}

Test(option_table, structures_are_as_long_as_the_headers_have_them)
{
	static const struct {
		const char *name;
		size_t size;
	} rows[] = {
		{"SO_PEERCRED", sizeof(struct ucred)},
		{"SO_TXTIME", sizeof(struct sock_txtime)},
		{"IPV6_PKTINFO", sizeof(struct in6_pktinfo)},
		{"IPV6_FLOWLABEL_MGR", sizeof(struct in6_flowlabel_req)},
		{"TCP_REPAIR_WINDOW", sizeof(struct tcp_repair_window)},
		{"PACKET_ADD_MEMBERSHIP", sizeof(struct packet_mreq)},
		{"PACKET_STATISTICS", sizeof(struct tpacket_stats_v3)},
		{"PACKET_ROLLOVER_STATS", sizeof(struct tpacket_rollover_stats)},
		{"CAN_ISOTP_OPTS", sizeof(struct can_isotp_options)},
		{"CAN_ISOTP_RECV_FC", sizeof(struct can_isotp_fc_options)},
		{"CAN_ISOTP_LL_OPTS", sizeof(struct can_isotp_ll_options)},
		{"CAN_RAW_XL_VCID_OPTS", 4},
		{"XDP_STATISTICS", sizeof(struct xdp_statistics)},
		{"TIPC_GROUP_JOIN", sizeof(struct tipc_group_req)},
		{"L2CAP_OPTIONS", 12},
		{"HCI_FILTER", 16},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lsk_option option = option_named(rows[i].name);

		cr_assert(option_layout_size(option.fields) == (int)rows[i].size, "%s",
			  rows[i].name);
	}
	/* Older headers have fewer fields. */
	cr_assert(option_layout_size(option_named("TCP_INFO").fields) >=
		  (int)offsetof(struct tcp_info, tcpi_total_rto_time) + 4);
}

Test(option_find, takes_full_and_short_names)
{
	cr_assert(option_named("TCP_NODELAY").number == TCP_NODELAY);
	cr_assert(option_named("nodelay").level == IPPROTO_TCP);
	cr_assert(option_named("tcp_nodelay").number == TCP_NODELAY);
	cr_assert(option_named("rcvbuf").number == SO_RCVBUF);
	cr_assert(option_named("bind_to_device").number == SO_BINDTODEVICE);
	cr_assert(option_named("CAN_RAW_FILTER").level == SOL_CAN_RAW);
	cr_assert_str_eq(option_named("can_isotp_opts").name, "CAN_ISOTP_OPTS");
}

Test(option_find, of_a_stranger_is_enoent)
{
	struct lsk_option option;

	cr_assert(lsk_option_find("SO_NOTHING", &option) == -ENOENT);
	cr_assert(lsk_option_find("", &option) == -ENOENT);
	cr_assert(lsk_option_find("SO_", &option) == -ENOENT);
	cr_assert(lsk_option_find(NULL, &option) == -EINVAL);
	cr_assert(lsk_option_find("nodelay", NULL) == -EINVAL);
}

Test(option_find_for, takes_a_short_name_of_the_sockets_own_level)
{
	struct lsk_socket *four = socket_make(AF_INET, SOCK_STREAM, 0);
	struct lsk_socket *six = socket_make(AF_INET6, SOCK_DGRAM, 0);
	struct lsk_option option;

	cr_assert(lsk_option_find_for(four, "mtu", &option) == 0);
	cr_assert_str_eq(option.name, "IP_MTU");
	cr_assert(lsk_option_find_for(six, "mtu", &option) == 0);
	cr_assert_str_eq(option.name, "IPV6_MTU");
	cr_assert(lsk_option_find_for(six, "cork", &option) == 0);
	cr_assert_str_eq(option.name, "UDP_CORK");
	cr_assert(lsk_option_find_for(four, "cork", &option) == 0);
	cr_assert_str_eq(option.name, "TCP_CORK");
	cr_assert(lsk_option_find_for(six, "nodelay", &option) == -ENOENT);
	cr_assert(lsk_option_find_for(six, "IP_TTL", &option) == 0);
	cr_assert(lsk_option_find_for(NULL, "mtu", &option) == -EINVAL);
	cr_assert(lsk_option_fits(&option, four));
	cr_assert(!lsk_option_fits(&option, six));
	lsk_socket_free(four);
	lsk_socket_free(six);
}

/* The kernel does not tell the protocol of a CAN socket: its options do. */
Test(option_find_for, asks_an_adopted_socket_what_it_is)
{
	static const struct {
		int type;
		int protocol;
		const char *name;
		const char *full;
	} adopted[] = {
		{SOCK_RAW, CAN_RAW, "filter", "CAN_RAW_FILTER"},
		{SOCK_DGRAM, CAN_ISOTP, "recv_fc", "CAN_ISOTP_RECV_FC"},
		{SOCK_DGRAM, CAN_J1939, "filter", "SO_J1939_FILTER"},
	};
	struct lsk_socket *made, *sock;
	struct lsk_option option;

	for (size_t i = 0; i < sizeof(adopted) / sizeof(adopted[0]); i++) {
		if (lsk_socket_new(&made, AF_CAN, adopted[i].type,
				   adopted[i].protocol) < 0)
			cr_skip_test("this kernel has no %s", adopted[i].full);
		cr_assert_eq(lsk_socket_from_fd(&sock, lsk_socket_fd(made), -1, -1, -1),
			     0);
		cr_assert_eq(lsk_option_find_for(sock, adopted[i].name, &option), 0);
		cr_assert_str_eq(option.name, adopted[i].full);
		cr_assert(lsk_option_fits(&option, sock));
		lsk_socket_free(made);
		lsk_socket_free(sock);
	}
}

/* What format gives, parse takes, and gives the same bytes where length is fixed. */
static void round_trip(const struct lsk_option *option, const void *value, size_t len)
{
	unsigned char again[OPTION_VALUE_MAX];
	char text[LSK_OPTION_TEXT_MAX];
	struct lsk_error error = {0};
	int r;

	strcpy(text, text_of(option, value, len));
	r = lsk_option_parse(option, text, again, sizeof(again), &error);
	cr_assert(r >= 0, "%s: \"%s\": %s", option->name, text, error.text);
	/* A string loses what is behind its NUL; an older structure is shorter. */
	if (option->type != LSK_OPTION_STRING && (size_t)r == len)
		cr_assert(memcmp(again, value, len) == 0, "%s: \"%s\"", option->name,
			  text);
	cr_assert_str_eq(text_of(option, again, (size_t)r < len ? (size_t)r : len),
			 text);
}

static int round_trip_kind(struct lsk_socket *sock)
{
	unsigned char value[OPTION_VALUE_MAX];
	struct lsk_option option;
	int count = 0;

	for (size_t i = 0; lsk_option_at(i, &option) == 0; i++) {
		socklen_t len = (socklen_t)option_value_size(&option);

		if (!(option.access & LSK_OPTION_GET) ||
		    option.type == LSK_OPTION_RAW || !lsk_option_fits(&option, sock))
			continue;
		memset(value, 0, sizeof(value));
		if (lsk_socket_getsockopt(sock, option.level, option.number, value,
					  &len) < 0)
			continue;
		round_trip(&option, value, len);
		count++;
	}
	return count;
}

/*
 * A scenario in a virtual machine says by this how many kinds must be there, so that it
 * cannot pass for want of a module.
 */
static int kinds_wanted(void)
{
	const char *wanted = getenv("LINSOCK_TEST_KINDS");

	return wanted ? atoi(wanted) : 1;
}

Test(option, of_every_family_of_the_host_reads_and_parses_back)
{
	struct lsk_socket *sock;
	int present = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int r = lsk_socket_new(&sock, kinds[i].domain, kinds[i].type,
				       kinds[i].protocol);
		int count;

		if (r < 0) {
			fprintf(stderr, "%s type %d protocol %d: not here (%s)\n",
				lsk_constant_name("AF", kinds[i].domain), kinds[i].type,
				kinds[i].protocol, lsk_strerror(r));
			continue;
		}
		count = round_trip_kind(sock);
		/* SOL_SOCKET's alone are more than these. */
		cr_assert(count > 30, "domain %d: %d", kinds[i].domain, count);
		lsk_socket_free(sock);
		present++;
	}
	cr_assert(present >= kinds_wanted(), "%d", present);
}

Test(option, of_a_connection_reads_and_parses_back)
{
	struct lsk_socket *pair[2];

	tcp_pair_make(pair);
	cr_assert(round_trip_kind(pair[0]) > 90);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

/* Where conntrack knows a connection, netfilter answers and tells no length. */
Test(option, original_destination_is_read_without_a_length)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(0xc0000201),
	};
	const struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(80),
		.sin6_addr.s6_addr = {0x20, 1, 0xd, 0xb8, [15] = 1},
	};
	struct lsk_option option = option_named("SO_ORIGINAL_DST");

	cr_assert_str_eq(text_of(&option, &to, option_value_size(&option)),
			 "inet://192.0.2.1:80");
	option = option_named("IP6T_SO_ORIGINAL_DST");
	cr_assert_str_eq(text_of(&option, &to6, option_value_size(&option)),
			 "inet6://[2001:db8::1]:80");
}

/* Set by text, read back as text. */
static void set_and_get(struct lsk_socket *sock, const char *name, const char *value)
{
	char text[LSK_OPTION_TEXT_MAX];
	struct lsk_error error = {0};
	int r;

	r = lsk_option_set(sock, name, value, &error);
	cr_assert(r == 0, "%s=%s: %d %s", name, value, r, error.text);
	r = lsk_option_get(sock, name, text, sizeof(text));
	cr_assert(r == (int)strlen(text), "%s: %d", name, r);
	cr_assert_str_eq(text, value);
}

Test(option_set, is_seen_by_option_get)
{
	struct lsk_socket *tcp = socket_make(AF_INET, SOCK_STREAM, 0);
	struct lsk_socket *udp6 = socket_make(AF_INET6, SOCK_DGRAM, 0);
	struct lsk_socket *local = socket_make(AF_UNIX, SOCK_DGRAM, 0);

	set_and_get(tcp, "nodelay", "on");
	set_and_get(tcp, "TCP_KEEPIDLE", "77");
	set_and_get(tcp, "TCP_CONGESTION", "reno");
	set_and_get(tcp, "linger", "5");
	set_and_get(tcp, "linger", "off");
	set_and_get(tcp, "SO_RCVTIMEO", "1.5");
	set_and_get(tcp, "SO_SNDTIMEO", "2");
	set_and_get(tcp, "IP_TOS", "0x10");
	set_and_get(tcp, "IP_MTU_DISCOVER", "IP_PMTUDISC_DO");
	set_and_get(tcp, "max_pacing_rate", "123456789");
	set_and_get(tcp, "IP_LOCAL_PORT_RANGE", "40000-40100");
	set_and_get(tcp, "SO_TIMESTAMPING",
		    "SOF_TIMESTAMPING_RX_SOFTWARE|SOF_TIMESTAMPING_SOFTWARE");
	set_and_get(udp6, "IPV6_V6ONLY", "on");
	set_and_get(udp6, "addr_preferences",
		    "IPV6_PREFER_SRC_PUBLIC|IPV6_PREFER_SRC_HOME");
	set_and_get(udp6, "IPV6_UNICAST_IF", "1");
	set_and_get(udp6, "segment", "1000");
	set_and_get(local, "passcred", "on");
	set_and_get(local, "peek_off", "7");
	lsk_socket_free(tcp);
	lsk_socket_free(udp6);
	lsk_socket_free(local);
}

Test(option_set, is_seen_by_option_get_in_every_family_of_the_host)
{
	static const struct {
		int domain;
		int type;
		int protocol;
		const char *name;
		const char *value;
	} rows[] = {
		{AF_CAN, SOCK_RAW, 1, "filter", "123:7ff,80000456:9fffffff"},
		{AF_CAN, SOCK_RAW, 1, "CAN_RAW_ERR_FILTER", "CAN_ERR_BUSOFF"},
		{AF_CAN, SOCK_RAW, 1, "fd_frames", "on"},
		{AF_CAN, SOCK_RAW, 1, "loopback", "off"},
		{AF_CAN, SOCK_DGRAM, 6, "recv_fc", "bs=8 stmin=0x5 wftmax=3"},
		{AF_CAN, SOCK_DGRAM, 6, "opts",
		 "flags=CAN_ISOTP_TX_PADDING frame_txtime=1000ns ext_address=0x0 "
		 "txpad=0xcc rxpad=0x0 rx_ext_address=0x0"},
		{AF_CAN, SOCK_DGRAM, 7, "promisc", "on"},
		{AF_CAN, SOCK_DGRAM, 7, "send_prio", "5"},
		{AF_TIPC, SOCK_RDM, 0, "importance", "TIPC_HIGH_IMPORTANCE"},
		{AF_TIPC, SOCK_STREAM, 0, "conn_timeout", "5000"},
		{AF_RDS, SOCK_SEQPACKET, 0, "recverr", "on"},
		{AF_VSOCK, SOCK_STREAM, 0, "buffer_max_size", "8589934592"},
		{AF_VSOCK, SOCK_STREAM, 0, "connect_timeout", "3.5"},
		{AF_VSOCK, SOCK_STREAM, 0, "linger", "5"},
		{AF_VSOCK, SOCK_STREAM, 0, "rcvtimeo", "2"},
		{AF_INET, SOCK_SEQPACKET, 132, "SCTP_NODELAY", "on"},
		{AF_INET, SOCK_SEQPACKET, 132, "initmsg",
		 "ostreams=3 max_instreams=4 max_attempts=5 max_init_timeo=6000ms"},
		{AF_NETLINK, SOCK_RAW, 0, "ext_ack", "on"},
		{AF_PACKET, SOCK_RAW, 0, "version", "TPACKET_V2"},
		{AF_PACKET, SOCK_RAW, 0, "auxdata", "on"},
		{AF_LLC, SOCK_DGRAM, 0, "retry", "7"},
		{AF_BLUETOOTH, SOCK_SEQPACKET, 0, "BT_SECURITY",
		 "level=BT_SECURITY_MEDIUM key_size=0"},
		{AF_INET, SOCK_RAW, 1, "ICMP_FILTER", "0x1234"},
		{AF_INET6, SOCK_RAW, 58, "ICMPV6_FILTER", "1,2,3,4,5,6,7,8"},
	};
	struct lsk_socket *sock;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = lsk_socket_new(&sock, rows[i].domain, rows[i].type,
				       rows[i].protocol);

		if (r < 0) {
			fprintf(stderr, "%s not tried: no such socket here (%s)\n",
				rows[i].name, lsk_strerror(r));
			continue;
		}
		set_and_get(sock, rows[i].name, rows[i].value);
		lsk_socket_free(sock);
	}
}

Test(option_set, joins_a_multicast_group)
{
	struct lsk_socket *sock = socket_make(AF_INET, SOCK_DGRAM, 0);
	const char *group = "group=239.1.2.3 ifindex=1";

	cr_assert(lsk_option_set(sock, "add_membership", group, NULL) == 0);
	cr_assert(lsk_option_set(sock, "add_membership", group, NULL) == -EADDRINUSE);
	cr_assert(lsk_option_set(sock, "drop_membership", group, NULL) == 0);
	lsk_socket_free(sock);
}

Test(option_set, tells_what_is_wrong)
{
	struct lsk_socket *sock = socket_make(AF_INET, SOCK_STREAM, 0);
	struct lsk_error error;

	cr_assert(lsk_option_set(sock, "nothing", "1", &error) == LSK_ERR_OPTION);
	cr_assert_str_eq(error.text, "nothing: unknown option");
	cr_assert(lsk_option_set(sock, "nodelay", "maybe", &error) == LSK_ERR_VALUE);
	cr_assert_str_eq(error.text, "TCP_NODELAY: expected on or off");
	cr_assert(lsk_option_set(sock, "type", "1", &error) == -EOPNOTSUPP);
	cr_assert_str_eq(error.text, "SO_TYPE cannot be set");
	cr_assert(lsk_option_set(sock, "ttl", "999", &error) == -EINVAL);
	cr_assert(strncmp(error.text, "IP_TTL: ", 8) == 0);
	cr_assert(lsk_option_set(sock, "attach_filter", "1", NULL) == -EOPNOTSUPP);
	cr_assert(lsk_option_set(sock, "ttl", NULL, NULL) == -EINVAL);
	cr_assert(lsk_option_set(NULL, "ttl", "1", NULL) == -EINVAL);
	lsk_socket_close(sock);
	cr_assert(lsk_option_set(sock, "ttl", "1", NULL) == -EBADF);
	lsk_socket_free(sock);
}

Test(option_get, tells_what_is_wrong)
{
	struct lsk_socket *sock = socket_make(AF_INET, SOCK_STREAM, 0);
	char text[64];

	cr_assert(lsk_option_get(sock, "nothing", text, sizeof(text)) ==
		  LSK_ERR_OPTION);
	cr_assert(lsk_option_get(sock, "IP_ADD_MEMBERSHIP", text, sizeof(text)) ==
		  -EOPNOTSUPP);
	cr_assert(lsk_option_get(sock, "IP_PKTOPTIONS", text, sizeof(text)) ==
		  -EOPNOTSUPP);
	cr_assert(lsk_option_get(sock, "IP_MTU", text, sizeof(text)) == -ENOTCONN);
	cr_assert(lsk_option_get(sock, "TCP_INFO", text, sizeof(text)) == -ENOSPC);
	cr_assert(lsk_option_get(sock, "ttl", NULL, 0) == -EINVAL);
	cr_assert(lsk_option_get(NULL, "ttl", text, sizeof(text)) == -EINVAL);
	lsk_socket_free(sock);
}

Test(option_get, reads_well)
{
	struct lsk_socket *pair[2];
	struct lsk_addr addr;
	char text[LSK_OPTION_TEXT_MAX], peer[LSK_ADDR_TEXT_MAX];

	tcp_pair_make(pair);
	cr_assert(lsk_option_get(pair[0], "TCP_INFO", text, sizeof(text)) > 0);
	cr_assert(strncmp(text, "state=TCP_ESTABLISHED ca_state=TCP_CA_Open ", 43) == 0,
		  "%s", text);
	cr_assert(strstr(text, " rto="));
	cr_assert(lsk_option_get(pair[0], "domain", text, sizeof(text)) > 0);
	cr_assert_str_eq(text, "AF_INET");
	cr_assert(lsk_option_get(pair[0], "peername", text, sizeof(text)) > 0);
	cr_assert(lsk_socket_getpeername(pair[0], &addr) == 0);
	cr_assert(lsk_addr_format(&addr, peer, sizeof(peer)) > 0);
	cr_assert_str_eq(text, peer);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

/* How many descriptors of processes are open. */
static int pidfds(void)
{
	char path[32], target[64];
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		count += strstr(target, "pidfd") != NULL;
	}
	return count;
}

Test(option_get, of_a_descriptor_leaves_none_open)
{
	struct lsk_socket *pair[2];
	char text[64];
	int before, r;

	pair_make(pair);
	before = pidfds();
	r = lsk_option_get(pair[0], "peerpidfd", text, sizeof(text));
	if (r == -ENOPROTOOPT)
		cr_skip_test("SO_PEERPIDFD is of Linux 6.5");
	cr_assert(r > 0, "%d", r);
	cr_assert(pidfds() == before);
	pair_free(pair);
}

Test(option_format, has_a_form_for_each_type)
{
	const int one = 1, two = 2, big = htonl(5);
	const uint32_t list[] = {1, 4, 27};
	const uint32_t pairs[] = {0x123, 0x7ff, 0x80000456, 0x9fffffff};
	const struct timeval time = {3, 250000};
	struct lsk_option option = option_named("nodelay");
	char text[4];

	cr_assert_str_eq(text_of(&option, &one, sizeof(one)), "on");
	cr_assert_str_eq(text_of(&option, &two, sizeof(two)), "2");
	cr_assert_str_eq(text_of(&option, "\1", 1), "on");
	cr_assert(lsk_option_format(&option, &one, 2, text, 4) == LSK_ERR_VALUE);
	cr_assert(lsk_option_format(&option, &one, 4, text, 2) == -ENOSPC);
	cr_assert(lsk_option_format(NULL, &one, 4, text, 2) == -EINVAL);
	option = option_named("IP_UNICAST_IF");
	cr_assert_str_eq(text_of(&option, &big, sizeof(big)), "5");
	option = option_named("SO_PEERGROUPS");
	cr_assert_str_eq(text_of(&option, list, sizeof(list)), "1,4,27");
	option = option_named("CAN_RAW_FILTER");
	cr_assert_str_eq(text_of(&option, pairs, sizeof(pairs)),
			 "123:7ff,80000456:9fffffff");
	option = option_named("SO_RCVTIMEO");
	cr_assert_str_eq(text_of(&option, &time, sizeof(time)), "3.25");
	cr_assert(lsk_option_format(&option, &time, 4, text, 4) == LSK_ERR_VALUE);
	option = option_named("IP_OPTIONS");
	cr_assert_str_eq(text_of(&option, "\x94\4", 2), "9404");
	option = option_named("SO_ATTACH_FILTER");
	cr_assert(lsk_option_format(&option, &one, 4, text, 4) == -EOPNOTSUPP);
}

Test(option_format, takes_a_structure_of_an_older_kernel)
{
	struct lsk_option option = option_named("TCP_INFO");
	const unsigned char state[] = {10, 0, 0};

	cr_assert_str_eq(text_of(&option, state, 1), "state=TCP_LISTEN");
	cr_assert_str_eq(text_of(&option, state, 3),
			 "state=TCP_LISTEN ca_state=TCP_CA_Open retransmits=0");
}

static int parse(const char *name, const char *text)
{
	struct lsk_option option = option_named(name);
	unsigned char value[64];

	return lsk_option_parse(&option, text, value, sizeof(value), NULL);
}

Test(option_parse, refuses_what_is_not_of_the_type)
{
	cr_assert(parse("TCP_KEEPIDLE", "7x") == LSK_ERR_VALUE);
	cr_assert(parse("TCP_KEEPIDLE", "") == LSK_ERR_VALUE);
	cr_assert(parse("TCP_KEEPIDLE", "4294967296") == LSK_ERR_VALUE);
	cr_assert(parse("SO_MARK", "0xffffffff") == 4);
	cr_assert(parse("SO_MAX_PACING_RATE", "-1") == LSK_ERR_VALUE);
	cr_assert(parse("SO_MAX_PACING_RATE", "18446744073709551615") == 8);
	cr_assert(parse("SO_RCVTIMEO", "1.1234567") == LSK_ERR_VALUE);
	cr_assert(parse("SO_RCVTIMEO", "1.") == LSK_ERR_VALUE);
	cr_assert(parse("SO_RCVTIMEO", "-1") == LSK_ERR_VALUE);
	cr_assert(parse("SO_RCVTIMEO", ".5") == LSK_ERR_VALUE);
	cr_assert(parse("SO_LINGER", "-1") == LSK_ERR_VALUE);
	cr_assert(parse("IP_MULTICAST_IF", "1.2.3") == LSK_ERR_VALUE);
	cr_assert(parse("RDS_CANCEL_SENT_TO", "inet://1.2.3.4") == LSK_ERR_VALUE);
	cr_assert(parse("RDS_CANCEL_SENT_TO", "inet://1.2.3.4:5") == 16);
	cr_assert(parse("IP_LOCAL_PORT_RANGE", "1-65536") == LSK_ERR_VALUE);
	cr_assert(parse("IP_LOCAL_PORT_RANGE", "1") == LSK_ERR_VALUE);
	cr_assert(parse("CAN_RAW_FILTER", "123") == LSK_ERR_VALUE);
	cr_assert(parse("CAN_RAW_FILTER", "123:") == LSK_ERR_VALUE);
	cr_assert(parse("CAN_RAW_FILTER", "123:7ff,") == LSK_ERR_VALUE);
	cr_assert(parse("CAN_RAW_FILTER", "123:7ff,1:1ffffffff") == LSK_ERR_VALUE);
	cr_assert(parse("CAN_RAW_FILTER", "") == 0);
	cr_assert(parse("IP_OPTIONS", "9") == LSK_ERR_VALUE);
	cr_assert(parse("IP_OPTIONS", "9g") == LSK_ERR_VALUE);
	cr_assert(parse("TIPC_GROUP_LEAVE", "") == 0);
	cr_assert(parse("TIPC_GROUP_LEAVE", "1") == LSK_ERR_VALUE);
	cr_assert(parse("SO_ATTACH_FILTER", "1") == -EOPNOTSUPP);
}

Test(option_parse, refuses_what_has_no_room)
{
	struct lsk_option option = option_named("CAN_RAW_FILTER");
	unsigned char value[12];

	cr_assert(lsk_option_parse(&option, "1:2,3:4", value, 12, NULL) == -ENOSPC);
	option = option_named("SO_PEERCRED");
	cr_assert(lsk_option_parse(&option, "pid=1", value, 8, NULL) == -ENOSPC);
	option = option_named("IP_OPTIONS");
	cr_assert(lsk_option_parse(&option, "0102", value, 1, NULL) == -ENOSPC);
	option = option_named("TCP_NODELAY");
	cr_assert(lsk_option_parse(&option, "on", value, 3, NULL) == -ENOSPC);
	cr_assert(lsk_option_parse(&option, NULL, value, 3, NULL) == -EINVAL);
}

Test(option_parse, points_at_the_fault)
{
	struct lsk_option option = option_named("SO_PEERCRED");
	unsigned char value[12];
	struct lsk_error error;

	cr_assert(lsk_option_parse(&option, "pid=1 uid=x", value, 12, &error) ==
		  LSK_ERR_VALUE);
	cr_assert(error.offset == 6);
	cr_assert_str_eq(error.text, "SO_PEERCRED: expected fields such as "
				     "pid:i32 uid:u32 gid:u32");
	option = option_named("CAN_RAW_FILTER");
	cr_assert(lsk_option_parse(&option, "1:2,x:4", value, 12, &error) < 0);
	cr_assert(error.offset == 4);
}

Test(option_layout, reads_fields_in_any_order)
{
	const char *layout = "a:u8 b:b4 c:b2 -:b2 d:i32/ms e:n16 f:in4 g:x2 h:s3 -:1";
	const char *text = "a=1 b=10 c=3 d=-5ms e=258 f=1.2.3.4 g=0aff h=hi";
	static const unsigned char tail[] = {1, 2, 1, 2, 3, 4, 10, 255, 'h', 'i', 0, 0};
	unsigned char value[18];
	char again[128];
	struct text_writer writer = {.buf = again, .size = sizeof(again)};
	size_t offset;
	int d;

	cr_assert(option_layout_size(layout) == 18);
	cr_assert(option_layout_parse(layout, text, value, 18, &offset) == 0);
	cr_assert(value[0] == 1);
	memcpy(&d, value + 2, sizeof(d));
	cr_assert(d == -5);
	cr_assert(memcmp(value + 6, tail, sizeof(tail)) == 0);
	cr_assert(option_layout_format(layout, value, 18, &writer) == 0);
	cr_assert(text_end(&writer) > 0);
	cr_assert_str_eq(again, text);
	cr_assert(option_layout_parse(layout, "d=7 a=0x20", value, 18, &offset) == 0);
	memcpy(&d, value + 2, sizeof(d));
	cr_assert(d == 7 && value[0] == 0x20 && value[1] == 0);
}

Test(option_layout, refuses_what_does_not_fit_a_field)
{
	static const char *const texts[] = {
		"a=256",   "b=16",   "a=-1",   "e=65536",   "f=1.2.3",
		"g=0aff0", "g=0afg", "h=long", "nothing=1", "a",
		"=1",      "-=1",    "a=",
	};
	const char *layout = "a:u8 b:b4 c:b4 e:n16 f:in4 g:x2 h:s3";
	unsigned char value[32];
	size_t offset;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(option_layout_parse(layout, texts[i], value, sizeof(value),
					      &offset) == LSK_ERR_VALUE,
			  "%s", texts[i]);
}

Test(option_layout, that_cannot_be_read_is_told)
{
	cr_assert(option_layout_size("a") == -EINVAL);
	cr_assert(option_layout_size("a:q8") == -EINVAL);
	cr_assert(option_layout_size("a:b4") == -EINVAL);
	cr_assert(option_layout_size("a:b4 b:u8") == -EINVAL);
	cr_assert(option_layout_size("a:b4 b:b5") == -EINVAL);
	cr_assert(option_layout_size("a:u8?") == -EINVAL);
	cr_assert(option_layout_size("") == 0);
}
