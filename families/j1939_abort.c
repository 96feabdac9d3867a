/* SPDX-License-Identifier: MIT */
/*
 * Breaking off a message of several frames. The kernel has no call for it, and lets no
 * J1939 socket send the frame that says so; a raw socket may, and the kernel hears that
 * frame like one from the bus: the session ends on both sides.
 */
#include "families/j1939.h"

#include <errno.h>
#include <linux/can.h>

#include <linsock/can.h>

#include "uring/util.h"

/* Parameter groups of connection management, of TP and of ETP. */
#define PGN_TP_CM  0xEC00u
#define PGN_ETP_CM 0xC800u

#define PRIORITY      7u
#define CONTROL_ABORT 0xFF
#define TP_MAX        1785

/* What there is to wait for is room in the device's queue. */
#define SEND_NS (100 * INT64_C(1000000))

static struct lsk_can_frame abort_frame(const struct lsk_j1939 *j1939,
					const struct lsk_j1939_place *peer, size_t len,
					enum j1939_abort_reason reason)
{
	uint32_t pgn = len > TP_MAX ? PGN_ETP_CM : PGN_TP_CM;

	return (struct lsk_can_frame){
		.id = PRIORITY << 26 | pgn << 8 | (uint32_t)peer->address << 8 |
		      j1939->config.local.address,
		.is_extended = true,
		.len = 8,
		.data = {CONTROL_ABORT, (uint8_t)reason, 0xFF, 0xFF, 0xFF,
			 (uint8_t)peer->pgn, (uint8_t)(peer->pgn >> 8),
			 (uint8_t)(peer->pgn >> 16)},
	};
}

int j1939_abort(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer, size_t len,
		enum j1939_abort_reason reason)
{
	char interface[IF_NAMESIZE];
	const struct lsk_can_config config = {
		.interface = interface,
		.receive_nothing = true,
		.classic_only = true,
		.batch = 1,
	};
	struct lsk_can_frame frame;
	struct lsk_can *can = NULL;
	int r;

	if (j1939->config.local.address >= LSK_J1939_IDLE_ADDRESS)
		return -EADDRNOTAVAIL;
	if (peer->address >= LSK_J1939_IDLE_ADDRESS)
		return -EDESTADDRREQ;
	if (!if_indextoname((unsigned int)j1939->interface, interface))
		return -ENODEV;
	r = lsk_can_open(&can, &config, NULL);
	if (r < 0)
		return r;
	lsk_socket_set_timeout(lsk_can_socket(can), SEND_NS);
	frame = abort_frame(j1939, peer, len, reason);
	r = lsk_can_send(can, &frame, 1, NULL);
	lsk_can_free(can);
	return r;
}

int lsk_j1939_abort(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer,
		    size_t len)
{
	int r;

	if (!j1939 || !peer || len <= LSK_CAN_DATA_MAX)
		return -EINVAL;
	r = lsk_j1939_pgn_check(peer->pgn);
	if (r < 0)
		return r;
	atomic_store(&j1939->is_aborted, true);
	return j1939_abort(j1939, peer, len, J1939_REASON_RESOURCES);
}
