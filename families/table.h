/* SPDX-License-Identifier: MIT */
/* The one list of families, in the order in which they are asked and shown. */
#ifndef LSK_FAMILIES_TABLE_H
#define LSK_FAMILIES_TABLE_H

#include "src/family.h"

/* Adding a family adds a line here, one to the build and one for its test. */
/* One a line, so that two additions do not meet. */
/* clang-format off */
#define FAMILY_ROWS(row) \
	row(lsk_family_inet) \
	row(lsk_family_inet6) \
	row(lsk_family_unix) \
	row(lsk_family_netlink) \
	row(lsk_family_can) \
	row(lsk_family_vsock) \
	row(lsk_family_packet) \
	row(lsk_family_alg) \
	row(lsk_family_qipcrtr) \
	row(lsk_family_tipc) \
	row(lsk_family_rds) \
	row(lsk_family_bluetooth) \
	row(lsk_family_xdp) \
	row(lsk_family_smc) \
	row(lsk_family_kcm) \
	row(lsk_family_rxrpc) \
	row(lsk_family_ieee802154) \
	row(lsk_family_llc) \
	row(lsk_family_mctp)
/* clang-format on */

#define FAMILY_DECLARE(name) extern const struct lsk_family name;
FAMILY_ROWS(FAMILY_DECLARE)
#undef FAMILY_DECLARE

/* has_half_close() of a row whose connections end for both directions at once. */
static inline bool family_no_half_close(int protocol)
{
	(void)protocol;
	return false;
}

#endif
