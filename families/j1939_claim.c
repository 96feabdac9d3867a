/* SPDX-License-Identifier: MIT */
/*
 * Claiming of addresses (J1939-81), as a state machine without I/O: what was heard goes
 * in, what to send comes out.
 *
 *	start --> WAITING --300 ms--> HELD
 *	             |                  |  a smaller NAME claims it
 *	             +<-- next free ----+
 *	             |
 *	             +--> LOST, when no address of the range is free
 */
#include <linsock/j1939.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "families/j1939.h"
#include "uring/engine.h"

/* The standard's 250 ms, and a margin: the kernel counts them from the echo of the
 * claim, and sends nothing of a name before. */
#define WAIT_NS (300 * INT64_C(1000000))

/* An address whose owner is unknown or yields to our smaller NAME. */
static bool is_free(const struct lsk_j1939_claim *claim, uint8_t address)
{
	return claim->owners[address] == 0 || claim->owners[address] > claim->name;
}

/* Claim the first free address, the preferred one before all others. */
static int claim_next(struct lsk_j1939_claim *claim, int64_t now_ns)
{
	int next = -1;

	if (is_free(claim, claim->preferred))
		next = claim->preferred;
	for (int i = claim->first; i <= claim->last && next < 0; i++)
		if (is_free(claim, (uint8_t)i))
			next = i;
	if (next < 0) {
		claim->state = LSK_J1939_CLAIM_LOST;
		claim->address = LSK_J1939_IDLE_ADDRESS;
		claim->deadline_ns = 0;
		return LSK_J1939_CLAIM_SEND_LOST;
	}
	claim->state = LSK_J1939_CLAIM_WAITING;
	claim->address = (uint8_t)next;
	claim->deadline_ns = now_ns + WAIT_NS;
	return LSK_J1939_CLAIM_SEND;
}

int lsk_j1939_claim_init(struct lsk_j1939_claim *claim, uint64_t name,
			 uint8_t preferred, uint8_t first, uint8_t last)
{
	if (!claim || name == 0)
		return -EINVAL;
	if (first > last || last >= LSK_J1939_IDLE_ADDRESS ||
	    preferred >= LSK_J1939_IDLE_ADDRESS)
		return LSK_ERR_RANGE;
	*claim = (struct lsk_j1939_claim){
		.name = name,
		.preferred = preferred,
		.first = first,
		.last = last,
		.address = LSK_J1939_IDLE_ADDRESS,
		.state = LSK_J1939_CLAIM_LOST,
	};
	return 0;
}

int lsk_j1939_claim_start(struct lsk_j1939_claim *claim, int64_t now_ns)
{
	if (!claim)
		return -EINVAL;
	/* What was known of others may have changed while we were not there. */
	memset(claim->owners, 0, sizeof(claim->owners));
	return claim_next(claim, now_ns);
}

int lsk_j1939_claim_heard(struct lsk_j1939_claim *claim, uint64_t name, uint8_t address,
			  int64_t now_ns)
{
	if (!claim)
		return -EINVAL;
	if (name == claim->name)
		return LSK_J1939_CLAIM_NOTHING;
	/* A unit has one address: the one before is free again. */
	for (size_t i = 0; i < sizeof(claim->owners) / sizeof(claim->owners[0]); i++)
		if (claim->owners[i] == name)
			claim->owners[i] = 0;
	if (address >= LSK_J1939_IDLE_ADDRESS)
		return LSK_J1939_CLAIM_NOTHING;
	if (address == claim->address && claim->state != LSK_J1939_CLAIM_LOST &&
	    claim->name < name) {
		/* We win; the other one has to hear so. */
		return LSK_J1939_CLAIM_SEND;
	}
	claim->owners[address] = name;
	if (address != claim->address)
		return LSK_J1939_CLAIM_NOTHING;
	return claim_next(claim, now_ns);
}

int lsk_j1939_claim_requested(const struct lsk_j1939_claim *claim)
{
	if (!claim)
		return -EINVAL;
	return claim->state == LSK_J1939_CLAIM_LOST ? LSK_J1939_CLAIM_SEND_LOST
						    : LSK_J1939_CLAIM_SEND;
}

int lsk_j1939_claim_expired(struct lsk_j1939_claim *claim, int64_t now_ns)
{
	if (!claim)
		return -EINVAL;
	if (claim->state != LSK_J1939_CLAIM_WAITING || now_ns < claim->deadline_ns)
		return LSK_J1939_CLAIM_NOTHING;
	claim->state = LSK_J1939_CLAIM_HELD;
	claim->deadline_ns = 0;
	return LSK_J1939_CLAIM_READY;
}

/* One message that was received. Return: an action. */
static int take_message(struct lsk_j1939_claim *claim,
			const struct lsk_j1939_message *message, const uint8_t *data,
			ssize_t len)
{
	uint64_t name;

	if (message->from.pgn == LSK_J1939_PGN_CLAIMED && len == 8) {
		memcpy(&name, data, sizeof(name));
		return lsk_j1939_claim_heard(claim, le64toh(name),
					     message->from.address, engine_now_ns());
	}
	if (message->from.pgn == LSK_J1939_PGN_REQUEST && len == 3 && data[0] == 0x00 &&
	    data[1] == 0xEE && data[2] == 0x00)
		return lsk_j1939_claim_requested(claim);
	return LSK_J1939_CLAIM_NOTHING;
}

/* Put the machine's wish on the wire: the socket's source is what it claims. */
static int act(const struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939, int action)
{
	static const struct lsk_j1939_place everybody = {
		.pgn = LSK_J1939_PGN_CLAIMED,
		.address = LSK_J1939_NO_ADDRESS,
	};
	struct lsk_j1939_place local = {
		.name = claim->name,
		.pgn = LSK_J1939_NO_PGN,
		.address = claim->address,
	};
	uint64_t name = htole64(claim->name);
	int r;

	if (action != LSK_J1939_CLAIM_SEND && action != LSK_J1939_CLAIM_SEND_LOST)
		return 0;
	r = j1939_bind(j1939, &local);
	return r < 0 ? r : lsk_j1939_send(j1939, &everybody, &name, sizeof(name));
}

/* When the next thing happens by itself. */
static int64_t next_deadline(const struct lsk_j1939_claim *claim, int64_t deadline_ns)
{
	if (claim->deadline_ns == 0 ||
	    (deadline_ns >= 0 && deadline_ns < claim->deadline_ns))
		return deadline_ns;
	return claim->deadline_ns;
}

/* Hear, or let time pass. Return: an action, or a negative error. */
static int claim_step(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
		      int64_t deadline_ns)
{
	struct lsk_j1939_message message;
	uint8_t data[8];
	ssize_t len = j1939_receive_until(j1939, data, sizeof(data), &message,
					  next_deadline(claim, deadline_ns));

	if (len >= 0)
		return take_message(claim, &message, data, len);
	if (len == -EMSGSIZE)
		return LSK_J1939_CLAIM_NOTHING;
	/* The kernel forgot all claims; ours starts anew when sending works again. */
	if (len == -ENETDOWN)
		return lsk_j1939_claim_start(claim, engine_now_ns());
	if (len == -ETIME && claim->deadline_ns != 0 &&
	    engine_now_ns() >= claim->deadline_ns)
		return lsk_j1939_claim_expired(claim, engine_now_ns());
	return (int)len;
}

int lsk_j1939_claim_run(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
			int64_t timeout_ns, bool until_held)
{
	int64_t deadline_ns = timeout_ns < 0 ? -1 : engine_now_ns() + timeout_ns;
	int action;
	int r;

	if (!claim || !j1939 || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	action = lsk_j1939_claim_start(claim, engine_now_ns());
	for (;;) {
		r = act(claim, j1939, action);
		/* Down: what is heard next is that it came up, or the deadline. */
		if (r < 0 && r != -ENETDOWN)
			return r;
		if (action == LSK_J1939_CLAIM_READY && until_held)
			return 0;
		if (action == LSK_J1939_CLAIM_SEND_LOST && until_held)
			return -EADDRNOTAVAIL;
		action = claim_step(claim, j1939, deadline_ns);
		if (action < 0)
			return action == -ETIME && claim->state == LSK_J1939_CLAIM_HELD
				       ? 0
				       : action;
	}
}
