/* SPDX-License-Identifier: MIT */
/*
 * The loop's engine against random scripts. The bytes are both what a program does
 * (start, cancel, pause, close, …) and what the kernel makes of it (see
 * tests/support/script.h). Whatever they say, it must hold that
 *
 * - each operation that was started has exactly one terminal event, and no other after;
 * - what is received is what was sent, in order, and stays as it is while it is leased;
 * - the peer gets what the results of the sends say, in the order of their starts;
 * - a socket that is handed over to another loop arrives once, with nothing under way;
 * - what goes through a file or a pipe is neither more nor less than what it was told;
 * - in the end every buffer is back and nothing waits that could go on.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/loop_feature.h>

#include "src/socket.h"
#include "tests/fuzz/loop_world.h"

static void start_recv(struct connection *connection)
{
	struct track *track;
	struct lsk_then then;

	if (connection->has_reader)
		return;
	track = track_new(connection, OP_RECV);
	then = then_of(track);
	/* A datagram is to come whole. */
	track->len = connection->is_stream ? 1 + next_byte() : 256;
	track->bytes = malloc(track->len);
	track_started(track, lsk_loop_recv(connection->loop, connection->sock,
					   track->bytes, track->len, 0, &then));
	connection->has_reader = track->is_live;
}

static void start_stream(struct connection *connection)
{
	struct track *track;
	struct lsk_then then;

	if (connection->has_reader)
		return;
	track = track_new(connection, OP_RECV_STREAM);
	then = then_of(track);
	track_started(track, lsk_loop_recv_stream(connection->loop, connection->sock,
						  pool_of(connection), &then));
	connection->has_reader = track->is_live;
}

/* Receive into a file: what it has in the end is what came. */
static void start_splice(struct connection *connection)
{
	const unsigned int byte = next_byte();
	struct track *track;
	struct lsk_then then;

	if (connection->has_reader || !connection->is_stream)
		return;
	track = track_new(connection, OP_SPLICE);
	then = then_of(track);
	track->transfer.range.offset = byte & 1 ? LSK_FILE_POSITION : 0;
	track->transfer.range.count = byte & 2 ? LSK_FILE_REST : byte * 4;
	if ((byte & 9) == 9)
		pipe_for_receive(track);
	else
		track->transfer.range.fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (track->transfer.range.fd <= 0)
		fail("no file");
	track_started(track, lsk_loop_splice(connection->loop, connection->sock,
					     &track->transfer, &then));
	connection->has_reader = track->is_live;
}

static void start_file(struct connection *connection, struct track *track,
		       const struct lsk_then *then, unsigned int byte)
{
	const bool is_pipe = (byte & 3) == 3;
	int fd;

	track->kind = OP_SENDFILE;
	track->len = (size_t)byte << (byte & 4 ? 9 : 0);
	track->copy = malloc(track->len);
	for (size_t i = 0; i < track->len; i++)
		track->copy[i] = (uint8_t)(i * 17 + world.tracks_count * 3);
	if (is_pipe) {
		if (!pipe_for_send(track))
			fail("no pipe");
	} else {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (fd < 0 ||
		    pwrite(fd, track->copy, track->len, 0) != (ssize_t)track->len)
			fail("no file");
		track->transfer.range.fd = fd;
	}
	track->transfer.range.offset = byte & 1 ? LSK_FILE_POSITION : 0;
	track->transfer.range.count = byte & 2 ? LSK_FILE_REST : (int64_t)track->len;
	track_started(track, lsk_loop_sendfile(connection->loop, connection->sock,
					       &track->transfer, then));
}

static void start_send(struct connection *connection)
{
	struct track *track = track_new(connection, OP_SEND);
	const struct lsk_then then = then_of(track);
	const unsigned int byte = next_byte();

	if (byte > 247) {
		start_file(connection, track, &then, byte);
		return;
	}
	track->len = 1 + byte;
	if (byte > 240 && connection->is_stream)
		track->len = (size_t)byte << 8;
	/* Memory that is, or was, registered: another request of the ring. */
	if (byte & 1 && track->len <= ROOM_MAX)
		track->room = room_take();
	track->bytes = track->room ? track->room : malloc(track->len);
	track->copy = malloc(track->len);
	for (size_t i = 0; i < track->len; i++)
		track->bytes[i] = (uint8_t)(i * 13 + world.tracks_count * 5);
	memcpy(track->copy, track->bytes, track->len);
	track_started(track, lsk_loop_send(connection->loop, connection->sock,
					   track->bytes, track->len, 0, &then));
}

static void start_other(struct connection *connection)
{
	struct track *track = track_new(connection, OP_TIMER);
	struct lsk_then then = then_of(track);
	const unsigned int byte = next_byte();

	if (byte % 3 == 0) {
		then.timeout_ns = 0;
		track_started(track,
			      lsk_loop_timer(connection->loop, byte * 1000000, &then));
	} else if (byte % 3 == 1) {
		track->kind = OP_DRAIN;
		track_started(track, lsk_loop_drain(connection->loop, connection->sock,
						    byte, &then));
	} else {
		track->kind = OP_POLL;
		track_started(track, lsk_loop_poll(connection->loop, connection->sock,
						   byte & 64 ? 1 : 4, &then));
	}
}

static void start_close(struct connection *connection)
{
	struct track *track;
	struct lsk_then then;

	if (next_byte() <= 200)
		return;
	track = track_new(connection, OP_CLOSE);
	then = then_of(track);
	track_started(track, lsk_loop_close(connection->loop, connection->sock, &then));
	connection->is_closing |= track->is_live;
}

static void pause_or_resume(bool is_pause)
{
	struct track *track = track_any();
	int r;

	if (!track || track->kind != OP_RECV_STREAM)
		return;
	if (is_pause)
		r = lsk_loop_pause(track->loop, track->name);
	else
		r = lsk_loop_resume(track->loop, track->name);
	if (r == 0)
		track->is_paused = is_pause;
	/* lsk_loop_next() may hold its terminal event still. */
	if (r == 0 && !track->is_live)
		fail("a stream that has ended can be paused");
}

static void peer_send(struct connection *connection)
{
	uint8_t bytes[512];
	size_t len = 1 + next_byte() * 2U;
	ssize_t r;

	/* Who sends to a datagram socket that is gone loses what it had sent. */
	if (connection->peer < 0 || connection->is_closing)
		return;
	if (!connection->is_stream)
		len = datagram_len(connection->peer_sent);
	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern(connection, connection->peer_sent +
						       (connection->is_stream ? i : 0));
	r = send(connection->peer, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (r > 0)
		connection->peer_sent += connection->is_stream ? (size_t)r : 1;
}

/* A completion that comes for an operation that has long ended. */
static void complete_stale(struct connection *connection)
{
	struct track *track = track_any();

	(void)connection;
	if (track && !track->is_live && track->name.generation &&
	    track->loop == world.loop &&
	    lsk_loop_backend(world.loop) == LSK_BACKEND_URING)
		script_complete((uint64_t)track->name.generation << 32 |
					track->name.slot,
				1, 0);
}

static void cancel(struct connection *connection)
{
	struct track *track = track_any();

	(void)connection;
	if (track && lsk_loop_cancel(track->loop, track->name) == 0)
		track->is_paused = false;
}

static void cancel_socket(struct connection *connection)
{
	if (next_byte() > 200)
		lsk_loop_cancel_socket(connection->loop, connection->sock);
}

static void pause_stream(struct connection *connection)
{
	(void)connection;
	pause_or_resume(true);
}

static void resume_stream(struct connection *connection)
{
	(void)connection;
	pause_or_resume(false);
}

static void peer_takes(struct connection *connection)
{
	peer_read(connection, 1 + next_byte() * 16U);
}

static void peer_leaves(struct connection *connection)
{
	if (next_byte() > 220)
		peer_close(connection);
}

static void return_one(struct connection *connection)
{
	(void)connection;
	if (world.leases_count > 0)
		lease_return(next_byte() % world.leases_count);
}

static void arrive(struct lsk_loop *loop, struct lsk_socket *sock, void *context)
{
	struct connection *connection = context;

	if (loop != connection->loop || sock != connection->sock ||
	    !connection->is_handed)
		fail("a socket was handed over that nobody gave away");
	connection->is_handed = false;
}

/* Of a socket; an event that waits to be taken is none, nor is a notification. */
static bool is_under_way(const struct track *track)
{
	const struct loop_op *op = op_find(track->loop, track->name);

	return track->is_live && op && op->channel && !(op->state & OP_SENT);
}

/* To another loop, or to itself: between the two it is nobody's. */
static void hand_over(struct connection *connection)
{
	struct lsk_loop *to = next_byte() & 1 ? world.other : world.loop;
	int r;

	if (connection->is_handed)
		return;
	r = lsk_loop_hand_over(connection->loop, connection->sock, to, arrive,
			       connection);
	if (r == 0) {
		connection->is_handed = true;
		connection->loop = to;
	} else if (r != -EBUSY && !connection->is_closing && !connection->is_direct)
		fail("a socket with nothing under way cannot be handed over");
	for (unsigned int i = 0; i < world.tracks_count; i++)
		if (r == 0 && world.tracks[i].connection == connection &&
		    is_under_way(&world.tracks[i]))
			fail("a socket was handed over with something under way");
}

/* Registered and not, in turn; what is on its way from it goes on. */
static void register_room(struct connection *connection)
{
	int r;

	(void)connection;
	if (world.is_registered)
		r = lsk_loop_remove_buffer(world.loop, world.rooms);
	else
		r = lsk_loop_add_buffer(world.loop, world.rooms, sizeof(world.rooms));
	if (r == 0)
		world.is_registered = !world.is_registered;
	else if (lsk_loop_features(world.loop) & LSK_LOOP_BUFFERS)
		fail("memory cannot be registered");
}

static void pipe_moves(struct connection *connection)
{
	struct track *track = track_any();

	(void)connection;
	if (track)
		pipe_turn(track);
}

static void sleep_a_while(struct connection *connection)
{
	(void)connection;
	script_sleep((int64_t)next_byte() * 1000000);
}

static void run(struct connection *connection)
{
	(void)connection;
	run_pass();
}

/* The script's kernel can what that of UNIX sockets cannot. */
static void allow_zero_copy(struct connection *connection)
{
	if (connection->sock->channel && connection->is_stream)
		connection->sock->channel->caps |= CHANNEL_ZERO_COPY;
}

enum { DEEDS_OF_SOCKET = 10 };

/* As often as it is listed. */
static void (*const deeds[32])(struct connection *connection) = {
	start_stream,
	start_stream,
	start_splice,
	start_recv,
	start_send,
	start_send,
	start_send,
	start_other,
	start_close,
	hand_over,
	/* From here on also with a socket that is on its way. */
	cancel,
	cancel,
	pause_stream,
	resume_stream,
	resume_stream,
	peer_send,
	peer_send,
	peer_send,
	peer_takes,
	peer_leaves,
	return_one,
	return_one,
	sleep_a_while,
	complete_stale,
	cancel_socket,
	allow_zero_copy,
	register_room,
	pipe_moves,
	run,
	run,
	run,
	run,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	world_begin(data, size);
	while (world.size > 0 && world.tracks_count < TRACKS_MAX - 4) {
		const unsigned int byte = next_byte();
		struct connection *connection =
			&world.connections[byte / 32 % CONNECTIONS];

		if (byte % 32 >= DEEDS_OF_SOCKET || !connection->is_handed)
			deeds[byte % 32](connection);
	}
	if (size % 3 != 0)
		world_settle();
	world.is_good_natured = size % 3 != 1;
	world_end(size % 3 != 2);
	return 0;
}
