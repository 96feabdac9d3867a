/* SPDX-License-Identifier: MIT */
/*
 * J1939 by the kernel's sockets: parameter groups between control units, messages of up
 * to 112 MiB by its transport protocols, and the claiming of addresses.
 */
#ifndef LINSOCK_J1939_H
#define LINSOCK_J1939_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_J1939_NO_ADDRESS - any address; as destination: all */
#define LSK_J1939_NO_ADDRESS   0xFF
/** LSK_J1939_IDLE_ADDRESS - the source of a unit that has none */
#define LSK_J1939_IDLE_ADDRESS 0xFE
/** LSK_J1939_NO_PGN - any parameter group */
#define LSK_J1939_NO_PGN       0x40000u
/** LSK_J1939_PGN_MAX - the largest parameter group number */
#define LSK_J1939_PGN_MAX      0x3FFFFu
/** LSK_J1939_PGN_CLAIMED - the group of claimed addresses */
#define LSK_J1939_PGN_CLAIMED  0x0EE00u
/** LSK_J1939_PGN_REQUEST - the group of requests for other groups */
#define LSK_J1939_PGN_REQUEST  0x0EA00u

/**
 * struct lsk_j1939_place - a unit and a parameter group
 * @name: NAME of the unit, 64 bits; 0: by address alone
 * @pgn: parameter group number, or LSK_J1939_NO_PGN
 * @address: address of the unit, or LSK_J1939_NO_ADDRESS
 */
struct lsk_j1939_place {
	uint64_t name;
	uint32_t pgn;
	uint8_t address;
};

/**
 * lsk_j1939_pgn_check() - whether a parameter group can be
 * @pgn: the number
 *
 * A group that is addressed to one unit (its third byte below F0) has 00 as its last.
 *
 * Return: 0 or LSK_ERR_RANGE.
 */
int lsk_j1939_pgn_check(uint32_t pgn);

/** lsk_j1939_pgn_is_addressed() - whether groups of this number go to one unit */
bool lsk_j1939_pgn_is_addressed(uint32_t pgn);

/**
 * struct lsk_j1939_name - the fields of a NAME
 * @identity: number of the unit, by its manufacturer; 21 bits
 * @manufacturer: 11 bits
 * @ecu_instance: 3 bits
 * @function_instance: 5 bits
 * @function: 8 bits
 * @vehicle_system: 7 bits
 * @vehicle_system_instance: 4 bits
 * @industry_group: 3 bits
 * @may_move: it can claim any address
 */
struct lsk_j1939_name {
	uint32_t identity;
	uint16_t manufacturer;
	uint8_t ecu_instance;
	uint8_t function_instance;
	uint8_t function;
	uint8_t vehicle_system;
	uint8_t vehicle_system_instance;
	uint8_t industry_group;
	bool may_move;
};

/**
 * lsk_j1939_name_pack() - a NAME from its fields
 * @name: the fields
 * @ret_name: set on success
 *
 * Return: 0, LSK_ERR_RANGE for a field of too many bits, -EINVAL for NULL.
 */
int lsk_j1939_name_pack(const struct lsk_j1939_name *name, uint64_t *ret_name);

/**
 * lsk_j1939_name_unpack() - the fields of a NAME
 * @name: the NAME
 * @ret_name: filled
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_j1939_name_unpack(uint64_t name, struct lsk_j1939_name *ret_name);

/**
 * struct lsk_j1939_filter - which messages a socket receives
 * @name: of the sender, where @name_mask has bits
 * @name_mask: bits of @name that count
 * @pgn: of the message, where @pgn_mask has bits
 * @pgn_mask: bits of @pgn that count
 * @address: of the sender, where @address_mask has bits
 * @address_mask: bits of @address that count
 */
struct lsk_j1939_filter {
	uint64_t name;
	uint64_t name_mask;
	uint32_t pgn;
	uint32_t pgn_mask;
	uint8_t address;
	uint8_t address_mask;
};

/**
 * struct lsk_j1939_config - how a socket is made
 * @interface: name; borrowed. It must be up
 * @local: our name or address, and the group that is received
 * @filters: messages to receive; NULL for all; copied
 * @filter_count: how many, up to 512
 * @priority: of what is sent, 2 … 7, and 0 or 1 with CAP_NET_ADMIN; used with
 *	@has_priority
 * @has_priority: else the kernel's 6
 * @broadcast: send to and receive from all (SO_BROADCAST): the kernel does neither
 *	without it
 * @promiscuous: receive what is sent to others
 */
struct lsk_j1939_config {
	const char *interface;
	struct lsk_j1939_place local;
	const struct lsk_j1939_filter *filters;
	size_t filter_count;
	uint8_t priority;
	bool has_priority;
	bool broadcast;
	bool promiscuous;
};

struct lsk_j1939;

/**
 * lsk_j1939_open() - make a socket
 * @ret_j1939: set on success; free with lsk_j1939_free()
 * @config: copied
 * @ret_error: which step failed; may be NULL
 *
 * The error queue is on from the start, so that what becomes of a message is told by
 * its send, and to no receive.
 *
 * Return: 0; -ENODEV; -ENETDOWN; -EPROTONOSUPPORT where the kernel has no J1939;
 * -EINVAL; -EACCES, -EDOM (priority); or the negated errno of the step that failed.
 */
int lsk_j1939_open(struct lsk_j1939 **ret_j1939, const struct lsk_j1939_config *config,
		   struct lsk_error *ret_error);

/**
 * lsk_j1939_free() - close
 * @j1939: NULL is allowed. For a message that was started with a timeout of 0 the
 *	kernel waits: 1.3 s for a unit that is gone, else until it is through;
 *	lsk_j1939_abort() ends that. What lsk_j1939_send() gave up is waited for by
 *	nobody
 *
 * Return: NULL.
 */
struct lsk_j1939 *lsk_j1939_free(struct lsk_j1939 *j1939);

/**
 * lsk_j1939_socket() - the socket, for its timeout and descriptor
 * @j1939: keeps owning it
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_j1939_socket(const struct lsk_j1939 *j1939);

/**
 * lsk_j1939_restore() - put a socket back on its interface after that was gone
 * @j1939: the socket, which keeps its options, its filters and its descriptor's number
 *
 * Call it when the interface is gone, too: up to Linux 6.12 whoever deletes it waits
 * until no J1939 socket is on it, and this lets go. An address that was claimed must be
 * claimed anew, then and after the interface was down: lsk_j1939_claim_run() does both.
 *
 * Return: 1 where it was put back; 0 where nothing had to be done; -ENODEV while there
 * is no such interface; -ENETDOWN while it is down; or what bind(2) says.
 */
int lsk_j1939_restore(struct lsk_j1939 *j1939);

/**
 * lsk_j1939_connect() - speak with one unit
 * @j1939: the socket
 * @peer: the unit, and the group that is sent; copied
 *
 * Of messages to one unit only those of @peer are received from then on, also after
 * lsk_j1939_restore().
 *
 * Return: 0; -EACCES to all without &lsk_j1939_config.broadcast; LSK_ERR_RANGE for a
 * group that cannot be; or the negated errno of connect(2).
 */
int lsk_j1939_connect(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer);

/**
 * lsk_j1939_set_priority() - the priority of what is sent from now on
 * @j1939: the socket
 * @priority: 2 … 7, and 0 or 1 with CAP_NET_ADMIN
 *
 * Return: 0; -EDOM above 7; -EPERM or -EACCES; or as setsockopt(2).
 */
int lsk_j1939_set_priority(struct lsk_j1939 *j1939, unsigned int priority);

/**
 * lsk_j1939_send() - send a message, and wait until it is through
 * @j1939: the socket
 * @to: the destination; its address LSK_J1939_NO_ADDRESS and name 0 for all; NULL for
 *	the unit of lsk_j1939_connect()
 * @buf: the bytes
 * @len: up to 8 go in one frame, up to 1785 by TP, up to 117440505 by ETP, which goes
 *	to one unit only
 *
 * A long message is given to the kernel piece by piece, as it wants it. With a timeout
 * of 0 only what fits at once is given: use it for short ones. A message whose time is
 * over is broken off, which the peer is told where @to has its address.
 *
 * Return: 0 when the peer has acknowledged all of it, or the frames are on the wire;
 * -EHOSTUNREACH where it does not answer; -ENETUNREACH where the bus is too slow for
 * the kernel, which tries 100 times to queue 255 frames; -EALREADY, -EMSGSIZE, -EPROTO
 * and others where it broke off; -ECONNABORTED after lsk_j1939_abort(); -EADDRNOTAVAIL
 * for a name that has no address; -EACCES to all without &lsk_j1939_config.broadcast;
 * -EDESTADDRREQ for more than 1785 bytes to all, or where @to is NULL and no unit is
 * connected; -ENETDOWN while the interface is down, -ENODEV when it is gone; -ETIME;
 * LSK_ERR_RANGE for a group that cannot be.
 */
int lsk_j1939_send(struct lsk_j1939 *j1939, const struct lsk_j1939_place *to,
		   const void *buf, size_t len);

/**
 * struct lsk_j1939_message - what is known of a received message
 * @from: its sender, and the group
 * @to_address: whom it was sent to; LSK_J1939_NO_ADDRESS for all
 * @to_name: whom it was sent to, where that unit has a name; else 0
 * @priority: 0 … 7
 * @time_ns: nanoseconds since 1970
 */
struct lsk_j1939_message {
	struct lsk_j1939_place from;
	uint8_t to_address;
	uint64_t to_name;
	uint8_t priority;
	int64_t time_ns;
};

/**
 * lsk_j1939_receive() - receive a message
 * @j1939: the socket
 * @buf: gets the bytes
 * @size: room in @buf
 * @ret_message: who, what and when; may be NULL
 *
 * Return: bytes received; -EMSGSIZE where @buf was too small (the message is gone);
 * -ENETDOWN once when the interface goes down; -EAGAIN (timeout 0), -ETIME.
 */
ssize_t lsk_j1939_receive(struct lsk_j1939 *j1939, void *buf, size_t size,
			  struct lsk_j1939_message *ret_message);

/**
 * struct lsk_j1939_progress - how far a long message is
 * @is_receiving: one that comes in; else the one that is sent
 * @from: receiving, since Linux 5.16: who sends it, and its group
 * @to_address: the same: whom it goes to
 * @done: bytes that the receiver has acknowledged, or has got
 * @total: bytes in all
 *
 * The kernel says of a message that comes in what it is when it begins, and then only
 * how far: of several at a time, all but @done are those of the one that began last.
 */
struct lsk_j1939_progress {
	bool is_receiving;
	struct lsk_j1939_place from;
	uint8_t to_address;
	uint64_t done;
	uint64_t total;
};

/**
 * typedef lsk_j1939_progress_fn - told how far a long message is
 * @context: as given to lsk_j1939_set_progress()
 * @progress: borrowed for the call
 *
 * Called inside of lsk_j1939_send() and lsk_j1939_receive(), which it must not call; it
 * may call lsk_j1939_abort().
 */
typedef void (*lsk_j1939_progress_fn)(void *context,
				      const struct lsk_j1939_progress *progress);

/**
 * lsk_j1939_set_progress() - be told how far long messages are
 * @j1939: the socket
 * @progress: called for each step; NULL for none
 * @context: handed to it
 *
 * Return: 0 or the negated errno of setsockopt(2).
 */
int lsk_j1939_set_progress(struct lsk_j1939 *j1939, lsk_j1939_progress_fn progress,
			   void *context);

/**
 * lsk_j1939_abort() - break off a message of several frames, in or out
 * @j1939: the socket, on an address
 * @peer: the other unit, by its address, and the message's group; as it was given to
 *	lsk_j1939_send(), or as &lsk_j1939_progress.from tells it
 * @len: the message's bytes, which say how it is sent
 *
 * The peer is told by the frame that the standard has for it, which a raw socket
 * sends. A message that goes out ends with it: lsk_j1939_send() says -ECONNABORTED.
 * Of one that comes in nothing is received; if the peer is deaf too, the kernel
 * forgets it after 1.25 s. It may be called by a progress function, and by another
 * thread during a send.
 *
 * Return: 0; -EDESTADDRREQ for a peer without an address; -EADDRNOTAVAIL where the
 * socket has none; -EINVAL for a message of one frame; LSK_ERR_RANGE; or as
 * lsk_can_open() and lsk_can_send().
 */
int lsk_j1939_abort(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer,
		    size_t len);

/**
 * enum lsk_j1939_claim_state - where a unit stands with its address
 * @LSK_J1939_CLAIM_WAITING: claimed, and nobody objected yet
 * @LSK_J1939_CLAIM_HELD: it is ours
 * @LSK_J1939_CLAIM_LOST: no address of the range is to be had
 * @LSK_J1939_CLAIM__COUNT: number of states
 */
enum lsk_j1939_claim_state {
	LSK_J1939_CLAIM_WAITING,
	LSK_J1939_CLAIM_HELD,
	LSK_J1939_CLAIM_LOST,
	LSK_J1939_CLAIM__COUNT
};

/**
 * struct lsk_j1939_claim - a unit that keeps an address; a value, the caller's
 * @name: our NAME; the smaller one wins
 * @preferred: the address to try first
 * @first: of the range to move in
 * @last: of the range to move in
 * @address: claimed now; LSK_J1939_IDLE_ADDRESS with LSK_J1939_CLAIM_LOST
 * @state: enum lsk_j1939_claim_state
 * @owners: NAMEs that were heard, by address; 0 for none
 * @deadline_ns: CLOCK_MONOTONIC: when waiting is over; 0 for never
 */
struct lsk_j1939_claim {
	uint64_t name;
	uint8_t preferred;
	uint8_t first;
	uint8_t last;
	uint8_t address;
	uint8_t state;
	uint64_t owners[254];
	int64_t deadline_ns;
};

/**
 * enum lsk_j1939_claim_action - what a step of claiming asks for
 * @LSK_J1939_CLAIM_NOTHING: wait
 * @LSK_J1939_CLAIM_SEND: send "address claimed" from &lsk_j1939_claim.address
 * @LSK_J1939_CLAIM_SEND_LOST: send "cannot claim" from LSK_J1939_IDLE_ADDRESS
 * @LSK_J1939_CLAIM_READY: the address is ours from now on
 */
enum lsk_j1939_claim_action {
	LSK_J1939_CLAIM_NOTHING,
	LSK_J1939_CLAIM_SEND,
	LSK_J1939_CLAIM_SEND_LOST,
	LSK_J1939_CLAIM_READY,
};

/**
 * lsk_j1939_claim_init() - start a state machine of claiming; it does no I/O itself
 * @claim: set
 * @name: our NAME
 * @preferred: the address to try first
 * @first: of the range to move in
 * @last: of the range to move in, at most 0xFD
 *
 * Return: 0; LSK_ERR_RANGE for a range that cannot be; -EINVAL.
 */
int lsk_j1939_claim_init(struct lsk_j1939_claim *claim, uint64_t name,
			 uint8_t preferred, uint8_t first, uint8_t last);

/**
 * lsk_j1939_claim_start() - claim, also anew after the interface was down
 * @claim: the machine
 * @now_ns: CLOCK_MONOTONIC
 *
 * Return: enum lsk_j1939_claim_action; -EINVAL.
 */
int lsk_j1939_claim_start(struct lsk_j1939_claim *claim, int64_t now_ns);

/**
 * lsk_j1939_claim_heard() - somebody claimed an address
 * @claim: the machine
 * @name: of the other unit; our own is ignored
 * @address: that it claims; LSK_J1939_IDLE_ADDRESS where it could claim none
 * @now_ns: CLOCK_MONOTONIC
 *
 * Return: enum lsk_j1939_claim_action; -EINVAL.
 */
int lsk_j1939_claim_heard(struct lsk_j1939_claim *claim, uint64_t name, uint8_t address,
			  int64_t now_ns);

/**
 * lsk_j1939_claim_requested() - somebody asked who has which address
 * @claim: the machine
 *
 * Return: enum lsk_j1939_claim_action; -EINVAL.
 */
int lsk_j1939_claim_requested(const struct lsk_j1939_claim *claim);

/**
 * lsk_j1939_claim_expired() - the time is &lsk_j1939_claim.deadline_ns or later
 * @claim: the machine
 * @now_ns: CLOCK_MONOTONIC
 *
 * Return: enum lsk_j1939_claim_action; -EINVAL.
 */
int lsk_j1939_claim_expired(struct lsk_j1939_claim *claim, int64_t now_ns);

/**
 * typedef lsk_j1939_claim_fn - told that a machine is in another state
 * @context: as given to lsk_j1939_claim_run()
 * @claim: the machine
 */
typedef void (*lsk_j1939_claim_fn)(void *context, const struct lsk_j1939_claim *claim);

/**
 * struct lsk_j1939_claim_options - how lsk_j1939_claim_run() runs
 * @timeout_ns: how long; LSK_BLOCK to hold the address for ever
 * @until_held: end as soon as the address is ours
 * @changed: called when the state or the address changed; may be NULL
 * @context: handed to @changed
 */
struct lsk_j1939_claim_options {
	int64_t timeout_ns;
	bool until_held;
	lsk_j1939_claim_fn changed;
	void *context;
};

/**
 * lsk_j1939_claim_run() - claim an address on an interface, and hold it
 * @claim: a machine from lsk_j1939_claim_init()
 * @j1939: a socket whose local place has the NAME, LSK_J1939_NO_PGN and broadcast on
 * @options: borrowed
 *
 * Sends and hears for the machine. The kernel forgets claims when the interface goes
 * down, and sockets when it goes: this claims again when it is up, also on one that was
 * made anew; until then the address is LSK_J1939_IDLE_ADDRESS.
 *
 * Return: 0 when it is held; -EADDRNOTAVAIL when none is to be had; -ETIME; -EINTR from
 * the interrupt hook; or as lsk_j1939_send().
 */
int lsk_j1939_claim_run(struct lsk_j1939_claim *claim, struct lsk_j1939 *j1939,
			const struct lsk_j1939_claim_options *options);

LSK_END_DECLS

#endif
