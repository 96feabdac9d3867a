/* SPDX-License-Identifier: MIT */
/*
 * The world of the loop's fuzzer: two loops, a few connections and what is known of
 * every operation, with the checks of what must hold. Deeds of the program:
 * fuzz_loop.c; pipes: loop_pipe.c.
 */
#ifndef TESTS_FUZZ_LOOP_WORLD_H
#define TESTS_FUZZ_LOOP_WORLD_H

#include <linsock.h>

#include "tests/support/script.h"
#include "uring/loop.h"

enum {
	CONNECTIONS = 4,
	TRACKS_MAX = 200,
	LEASES_MAX = 64,
	GOT_MAX = 1 << 18,
	EVENTS_MAX = 3,
	ROOMS = 8, /* in memory that is registered at times */
	ROOM_MAX = 256,
};

struct connection;

/* One operation. */
struct track {
	struct connection *connection;
	struct lsk_loop *loop;
	struct lsk_op name;
	enum op_kind kind;
	bool is_live;
	bool is_paused;
	bool has_callback;
	int result;
	uint8_t *bytes; /* of a send or for a receive; ours until the end */
	uint8_t *copy;  /* of a send */
	uint8_t *room;  /* where its bytes are, if not in memory of their own */
	struct lsk_transfer transfer; /* of a file; the descriptor is ours */
	int pipe;                     /* its other end, or -1 */
	size_t piped;                 /* bytes written there, or read */
	size_t len;
};

struct connection {
	struct lsk_socket *sock;
	struct lsk_loop *loop; /* that it is bound to, or is on its way to */
	int peer;
	unsigned int number;
	bool is_stream;
	bool is_closing;
	bool has_reader;
	bool is_handed;   /* and has not arrived */
	bool is_direct;   /* in the ring's table */
	bool is_overfull; /* the peer got more than is kept */
	size_t peer_sent; /* bytes, or datagrams */
	size_t received;
	uint8_t *got; /* by the peer; datagrams with two bytes of length before each */
	size_t got_len;
};

struct lease {
	struct lsk_event event;
	uint32_t sum;
};

struct world {
	const uint8_t *data;
	size_t size;
	struct lsk_loop *loop;
	struct lsk_loop *other; /* on epoll */
	struct lsk_pool *pool;
	struct lsk_pool *other_pool;
	struct connection connections[CONNECTIONS];
	struct track tracks[TRACKS_MAX];
	unsigned int tracks_count;
	struct lease leases[LEASES_MAX];
	unsigned int leases_count;
	bool is_good_natured;
	bool is_registered;
	bool is_taken[ROOMS];
	uint8_t rooms[ROOMS][ROOM_MAX];
};

extern struct world world;

/* The bytes of the script; 0 when they are used up. */
unsigned int next_byte(void);

/* Says what is wrong and what was going on. */
void fail(const char *text);

uint8_t pattern(const struct connection *connection, size_t at);
/* Of the datagram with the number @at; it fits into the smallest buffer. */
size_t datagram_len(size_t at);

/* An operation is about to be started, and what became of that. */
struct track *track_new(struct connection *connection, enum op_kind kind);
struct lsk_then then_of(struct track *track);
void track_started(struct track *track, int r);
struct track *track_any(void);

/* NULL: all are in use. */
uint8_t *room_take(void);

/* In the loop that its connection is in. */
struct lsk_pool *pool_of(const struct connection *connection);

/* loop_pipe.c: what a transfer is from or to; some bytes through its other end. */
bool pipe_for_send(struct track *track);
bool pipe_for_receive(struct track *track);
void pipe_turn(struct track *track);
/* The transfer has ended, or was not started. */
void pipe_end(struct track *track);

void check_received(struct connection *connection, const uint8_t *data, size_t len);
void lease_return(unsigned int index);
void peer_read(struct connection *connection, size_t len);
void peer_close(struct connection *connection);
void run_pass(void);

void world_begin(const uint8_t *data, size_t size);
/* With all leases back, all streams resumed and a peer that reads, all goes on. */
void world_settle(void);
/* @is_gentle: wait for every end before the loop is freed. */
void world_end(bool is_gentle);

#endif
