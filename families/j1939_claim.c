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
#include <poll.h>
#include <string.h>

#include <linsock/can_life.h>

#include "families/j1939.h"
#include "src/interrupt.h"
#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

/* While the mirror of links is in doubt, it wants to be asked this often. */
#define DOUBT_NS (100 * INT64_C(1000000))

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

/* What a socket says when its interface is down or gone. */
static bool is_of_interface(int r)
{
	return r == -ENETDOWN || r == -ENODEV || r == -ENXIO || r == -EBADFD;
}

/* What waits while the interface is not there to claim on. */
static void claim_pause(struct lsk_j1939_claim *claim)
{
	claim->state = LSK_J1939_CLAIM_WAITING;
	claim->address = LSK_J1939_IDLE_ADDRESS;
	claim->deadline_ns = 0;
}

/* Put the machine's wish on the wire: the socket's source is what it claims. */
static int act(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939, int action)
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
	if (r == 0)
		r = lsk_j1939_send(j1939, &everybody, &name, sizeof(name));
	if (r < 0 && is_of_interface(r)) {
		/* Down again, and nothing was claimed: the next up begins anew. */
		claim_pause(claim);
		return 0;
	}
	/* Sent is echoed: from now on the kernel counts, and may be late. */
	if (r == 0 && claim->state == LSK_J1939_CLAIM_WAITING)
		claim->deadline_ns = engine_now_ns() + WAIT_NS;
	return r;
}

/* When the next thing happens by itself. */
static int64_t next_deadline(const struct lsk_j1939_claim *claim, int64_t deadline_ns)
{
	if (claim->deadline_ns == 0 ||
	    (deadline_ns >= 0 && deadline_ns < claim->deadline_ns))
		return deadline_ns;
	return claim->deadline_ns;
}

/* News of the interface. Return: an action. */
static int take_life(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
		     const struct lsk_can_life_event *event)
{
	switch (event->kind) {
	case LSK_CAN_LIFE_UP:
		/* Until the address is claimed, the socket has none. */
		j1939->config.local.address = LSK_J1939_IDLE_ADDRESS;
		if (lsk_j1939_restore(j1939) < 0)
			return LSK_J1939_CLAIM_NOTHING;
		return lsk_j1939_claim_start(claim, engine_now_ns());
	case LSK_CAN_LIFE_GONE:
		lsk_j1939_restore(j1939);
		claim_pause(claim);
		return LSK_J1939_CLAIM_NOTHING;
	case LSK_CAN_LIFE_DOWN:
		claim_pause(claim);
		return LSK_J1939_CLAIM_NOTHING;
	case LSK_CAN_LIFE_CAME:
	case LSK_CAN_LIFE_RENAMED:
	case LSK_CAN_LIFE__COUNT:
		break;
	}
	return LSK_J1939_CLAIM_NOTHING;
}

/* Wait for a message or news. Return: 0, -ETIME, -EINTR where the hook says so. */
static int wait_either(struct lsk_j1939 *j1939, struct lsk_can_life *life,
		       int64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = socket_fd(j1939->sock), .events = POLLIN},
		{.fd = socket_fd(lsk_can_life_socket(life)), .events = POLLIN},
	};
	int64_t rest_ns = deadline_ns < 0 ? DOUBT_NS : deadline_ns - engine_now_ns();
	struct timespec rest;
	int r;

	if (rest_ns <= 0)
		return -ETIME;
	/* The mirror of links wants to be asked now and then. */
	if (rest_ns > DOUBT_NS)
		rest_ns = DOUBT_NS;
	rest = (struct timespec){.tv_sec = rest_ns / LSK_NSEC_PER_SEC,
				 .tv_nsec = rest_ns % LSK_NSEC_PER_SEC};
	r = syscall_result(ppoll(fds, ARRAY_SIZE(fds), &rest, NULL));
	if (r == -EINTR)
		return interrupt_ask(NULL);
	/* Words that nobody waits for would wake this for ever. */
	if (r > 0 && fds[0].revents & POLLERR)
		j1939_take_words(j1939);
	return r < 0 ? r : 0;
}

/* Hear, or let time pass. Return: an action, or a negative error. */
static int claim_step(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
		      struct lsk_can_life *life, int64_t deadline_ns)
{
	for (;;) {
		struct lsk_can_life_event event;
		struct lsk_j1939_message message;
		uint8_t data[8];
		ssize_t len;
		int r = lsk_can_life_next(life, 0, &event);

		if (r == 0)
			return take_life(claim, j1939, &event);
		if (r != -EAGAIN)
			return r;
		len = j1939_receive_ready(j1939, data, sizeof(data), &message);
		if (len >= 0)
			return take_message(claim, &message, data, len);
		if (claim->deadline_ns != 0 && engine_now_ns() >= claim->deadline_ns)
			return lsk_j1939_claim_expired(claim, engine_now_ns());
		/* Of the interface the other socket tells. */
		if (len != -EAGAIN && len != -EMSGSIZE && !is_of_interface((int)len))
			return (int)len;
		if (len == -EMSGSIZE)
			continue;
		r = wait_either(j1939, life, next_deadline(claim, deadline_ns));
		if (r < 0 && (r != -ETIME || claim->deadline_ns == 0 ||
			      engine_now_ns() < claim->deadline_ns))
			return r;
	}
}

static int run_until(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
		     struct lsk_can_life *life,
		     const struct lsk_j1939_claim_options *options)
{
	int64_t deadline_ns =
		options->timeout_ns < 0 ? -1 : engine_now_ns() + options->timeout_ns;

	for (;;) {
		uint8_t state = claim->state, address = claim->address;
		int action = claim_step(claim, j1939, life, deadline_ns);
		int r = action < 0 ? action : act(claim, j1939, action);

		if (r == -ETIME && claim->state == LSK_J1939_CLAIM_HELD)
			return 0;
		if (r < 0)
			return r;
		if (options->changed &&
		    (claim->state != state || claim->address != address))
			options->changed(options->context, claim);
		if (action == LSK_J1939_CLAIM_READY && options->until_held)
			return 0;
		if (action == LSK_J1939_CLAIM_SEND_LOST && options->until_held)
			return -EADDRNOTAVAIL;
	}
}

int lsk_j1939_claim_run(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
			const struct lsk_j1939_claim_options *options)
{
	struct lsk_can_life *life = NULL;
	int r;

	if (!claim || !j1939 || !options || options->timeout_ns < LSK_BLOCK)
		return -EINVAL;
	r = lsk_can_life_new(&life, j1939->name);
	if (r < 0)
		return r;
	claim_pause(claim);
	r = run_until(claim, j1939, life, options);
	lsk_can_life_free(life);
	return r;
}
