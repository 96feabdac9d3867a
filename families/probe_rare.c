/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of families that few kernels have, with rows and without.
 */
#include <limits.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include <linux/rxrpc.h>

#include <linsock/control.h>

#include "families/probe.h"
#include "src/family.h"
#include "uring/util.h"

/* Levels are numbers where their headers are younger than those of some systems. */
#define LEVEL_IEEE802154 0
#define LEVEL_LLC        268
#define LEVEL_RXRPC      272
#define LEVEL_KCM        281
#define LEVEL_MCTP       285
#define LEVEL_SMC        286
/* Numbers of a service and of a call that nobody else has. */
#define RXRPC_SERVICE    4711
#define RXRPC_CALL       4711UL

static const struct family_option_group llc_groups[] = {
	{.group = "LLC_OPTION",
	 .level = LEVEL_LLC,
	 .sockets = {{SOCK_STREAM, 0}},
	 .get_size = sizeof(int)},
	{.group = NULL},
};

static const struct family_option_group kcm_groups[] = {
	{.group = "KCM", .level = LEVEL_KCM, .sockets = {{SOCK_DGRAM, 0}}},
	{.group = NULL},
};
static const struct family_option_group smc_groups[] = {
	{.group = "SMC_OPTION", .level = LEVEL_SMC, .sockets = {{SOCK_STREAM, 0}}},
	{.group = NULL},
};
static const struct family_ioctl kcm_ioctls[] = {
	{.name = "ioctl.siockcmattach",
	 .summary = "take a TCP socket in",
	 .number = 0x89e0,
	 .socket = {SOCK_DGRAM, 0}},
	{.name = "ioctl.siockcmunattach",
	 .summary = "let a TCP socket go",
	 .number = 0x89e1,
	 .socket = {SOCK_DGRAM, 0}},
	{.name = NULL},
};
static const struct family_ioctl smc_ioctls[] = {
	{.name = "ioctl.siocinq",
	 .summary = "bytes that can be read",
	 .number = 0x541b,
	 .socket = {SOCK_STREAM, 0}},
	{.name = "ioctl.siocoutq",
	 .summary = "bytes not yet acknowledged",
	 .number = 0x5411,
	 .socket = {SOCK_STREAM, 0}},
	{.name = "ioctl.siocoutqnsd",
	 .summary = "bytes not yet sent",
	 .number = 0x894b,
	 .socket = {SOCK_STREAM, 0}},
	{.name = "ioctl.siocatmark",
	 .summary = "whether urgent data is next",
	 .number = 0x8905,
	 .socket = {SOCK_STREAM, 0}},
	{.name = NULL},
};
static const struct family_option_group ieee802154_groups[] = {
	{.group = "WPAN_OPTION",
	 .level = LEVEL_IEEE802154,
	 .sockets = {{SOCK_DGRAM, 0}}},
	{.group = NULL},
};
static const struct family_option_group mctp_groups[] = {
	{.group = "MCTP_OPTION", .level = LEVEL_MCTP, .sockets = {{SOCK_DGRAM, 0}}},
	{.group = NULL},
};
/* Numbers that it does not know RxRPC takes whatever the value: these it refuses. */
static const int no_security_level = INT_MAX;
static const struct family_option_value rxrpc_values[] = {
	{.name = "RXRPC_MIN_SECURITY_LEVEL",
	 .value = &no_security_level,
	 .size = sizeof(no_security_level)},
	{.name = "RXRPC_MANAGE_RESPONSE"},
	{.name = NULL},
};
static const struct family_option_group rxrpc_groups[] = {
	{.group = "RXRPC_OPTION",
	 .level = LEVEL_RXRPC,
	 .sockets = {{SOCK_DGRAM, AF_INET}},
	 .values = rxrpc_values},
	{.group = NULL},
};

/* Sockets of RxRPC do not tell their own address: one of UDP finds a port. */
static int free_port(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : syscall_result(bind(fd, (struct sockaddr *)addr, len));

	return r < 0 ? r
		     : syscall_result(getsockname(fd, (struct sockaddr *)addr, &len));
}

/* A server takes a call by a number that was prepared for it. */
static int rxrpc_prepare_call(int fd)
{
	const unsigned long call = RXRPC_CALL;
	_Alignas(struct cmsghdr) char
		bytes[LSK_CONTROL_SPACE(sizeof(call)) + LSK_CONTROL_SPACE(0)];
	struct lsk_control control = {.data = bytes, .size = sizeof(bytes)};
	struct msghdr header = {.msg_control = bytes};
	int r = lsk_control_add(&control, LEVEL_RXRPC, RXRPC_USER_CALL_ID, &call,
				sizeof(call));

	if (r == 0)
		r = lsk_control_add(&control, LEVEL_RXRPC, RXRPC_CHARGE_ACCEPT, NULL,
				    0);
	header.msg_controllen = control.len;
	return r < 0 ? r : syscall_result((int)sendmsg(fd, &header, 0));
}

static int rxrpc_open(int ret_fds[2])
{
	struct sockaddr_rxrpc addr = {
		.srx_family = AF_RXRPC,
		.srx_service = RXRPC_SERVICE,
		.transport_type = SOCK_DGRAM,
		.transport_len = sizeof(addr.transport.sin),
		.transport.sin = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
	};
	int type = SOCK_DGRAM | SOCK_CLOEXEC;
	_cleanup_(closep) int client = syscall_result(socket(AF_RXRPC, type, AF_INET));
	_cleanup_(closep) int server = syscall_result(socket(AF_RXRPC, type, AF_INET));
	int r = client < 0 ? client : server;

	if (r >= 0)
		r = free_port(&addr.transport.sin);
	if (r >= 0)
		r = syscall_result(
			bind(server, (struct sockaddr *)&addr, sizeof(addr)));
	if (r >= 0)
		r = syscall_result(listen(server, 1));
	if (r >= 0)
		r = rxrpc_prepare_call(server);
	if (r >= 0)
		r = syscall_result(
			connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	if (r < 0)
		return r;
	ret_fds[0] = take_fd(&client);
	ret_fds[1] = take_fd(&server);
	return 0;
}

static const unsigned long rxrpc_call = RXRPC_CALL;
static const struct family_message rxrpc_messages[] = {
	{.name = "cmsg.user_call_id",
	 .summary = "the program's own number of a call",
	 .open = rxrpc_open,
	 .socket = {SOCK_DGRAM, AF_INET},
	 .sent_level = LEVEL_RXRPC,
	 .sent_type = RXRPC_USER_CALL_ID,
	 .sent_bytes = &rxrpc_call,
	 .sent_size = sizeof(rxrpc_call),
	 .expected_level = LEVEL_RXRPC,
	 .expected_type = RXRPC_USER_CALL_ID},
	{.name = NULL},
};

/* Without LLC_OPT_PKTINFO as a message: nothing can be sent to oneself, since bind(2)
 * takes no device but Ethernet of the first namespace, and one that is made there for
 * the trial could not be unmade while a killed process still holds the socket. */
const struct family_probe llc_probe = {.option_groups = llc_groups};
const struct family_probe kcm_probe = {.option_groups = kcm_groups,
				       .ioctls = kcm_ioctls};
const struct family_probe smc_probe = {.option_groups = smc_groups,
				       .ioctls = smc_ioctls};
const struct family_probe ieee802154_probe = {.option_groups = ieee802154_groups};
const struct family_probe mctp_probe = {.option_groups = mctp_groups};
const struct family_probe rxrpc_probe = {.option_groups = rxrpc_groups,
					 .messages = rxrpc_messages};

/* One line a family: its types are all that is tried of it. */
/* clang-format off */
#define TYPES(family) static const struct family_type family##_types[]
TYPES(key) = {{"raw", SOCK_RAW, 2}, {.name = NULL}};
TYPES(pppox) = {{"oe", SOCK_STREAM, 0}, {"l2tp", SOCK_STREAM, 1}, {"pptp", SOCK_STREAM, 2}, {.name = NULL}};
TYPES(x25) = {{"seqpacket", SOCK_SEQPACKET, 0}, {.name = NULL}};
TYPES(ax25) = {{"seqpacket", SOCK_SEQPACKET, 0}, {"dgram", SOCK_DGRAM, 0}, {"raw", SOCK_RAW, 0}, {.name = NULL}};
TYPES(appletalk) = {{"dgram", SOCK_DGRAM, 0}, {"raw", SOCK_RAW, 0}, {.name = NULL}};
TYPES(atmpvc) = {{"dgram", SOCK_DGRAM, 0}, {.name = NULL}};
TYPES(atmsvc) = {{"dgram", SOCK_DGRAM, 0}, {.name = NULL}};
TYPES(isdn) = {{"dgram", SOCK_DGRAM, 0}, {"raw", SOCK_RAW, 0}, {.name = NULL}};
TYPES(phonet) = {{"dgram", SOCK_DGRAM, 1}, {"pipe", SOCK_SEQPACKET, 2}, {.name = NULL}};
TYPES(caif) = {{"seqpacket", SOCK_SEQPACKET, 0}, {"stream", SOCK_STREAM, 0}, {.name = NULL}};
TYPES(nfc) = {{"raw", SOCK_SEQPACKET, 0}, {"llcp.stream", SOCK_STREAM, 1}, {"llcp.dgram", SOCK_DGRAM, 1}, {"llcp.raw", SOCK_RAW, 1}, {.name = NULL}};

/* clang-format on */
/* NOLINTBEGIN(bugprone-macro-parentheses): a name and what is made of it */
#define FAMILY(number, family)                    \
	static const struct lsk_family family = { \
		.domain = number,                 \
		.name = #family,                  \
		.types = family##_types,          \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format off */
FAMILY(AF_KEY, key);
FAMILY(AF_PPPOX, pppox);
FAMILY(AF_X25, x25);
FAMILY(AF_AX25, ax25);
FAMILY(AF_APPLETALK, appletalk);
FAMILY(AF_ATMPVC, atmpvc);
FAMILY(AF_ATMSVC, atmsvc);
FAMILY(AF_ISDN, isdn);
FAMILY(AF_PHONET, phonet);
FAMILY(AF_CAIF, caif);
FAMILY(AF_NFC, nfc);
/* clang-format on */

const struct lsk_family *const probe_families[] = {
	&key,    &pppox, &x25,    &ax25, &appletalk, &atmpvc,
	&atmsvc, &isdn,  &phonet, &caif, &nfc,       NULL,
};
