/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of families that few kernels have, with rows and without.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "src/family.h"

/* Levels are numbers where their headers are younger than those of some systems. */
#define LEVEL_IEEE802154 0
#define LEVEL_LLC        268
#define LEVEL_RXRPC      272
#define LEVEL_KCM        281
#define LEVEL_MCTP       285
#define LEVEL_SMC        286

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
static const struct family_option_group rxrpc_groups[] = {
	{.group = "RXRPC_OPTION",
	 .level = LEVEL_RXRPC,
	 .sockets = {{SOCK_DGRAM, AF_INET}}},
	{.group = NULL},
};

const struct family_probe llc_probe = {.option_groups = llc_groups};
const struct family_probe kcm_probe = {.option_groups = kcm_groups,
				       .ioctls = kcm_ioctls};
const struct family_probe smc_probe = {.option_groups = smc_groups,
				       .ioctls = smc_ioctls};
const struct family_probe ieee802154_probe = {.option_groups = ieee802154_groups};
const struct family_probe mctp_probe = {.option_groups = mctp_groups};
const struct family_probe rxrpc_probe = {.option_groups = rxrpc_groups};

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
