/* SPDX-License-Identifier: MIT */
/* See loop_world.h. */
#include "tests/fuzz/loop_world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/socket.h"

enum {
	SETTLE_PASSES_MAX = 400,
};

struct world world;

void fail(const char *text)
{
	fprintf(stderr, "fuzz_loop: %s\n", text);
	if (world.pool)
		fprintf(stderr, "back end %d, buffers %u of %u, %u leases, size %u\n",
			(int)lsk_loop_backend(world.loop), world.pool->available,
			world.pool->count, world.leases_count, world.pool->buffer_size);
	for (unsigned int i = 0; i < world.tracks_count && world.loop; i++) {
		const struct track *track = &world.tracks[i];
		const struct loop_op *op = &track->loop->ops[track->name.slot];

		if (!track->is_live)
			continue;
		fprintf(stderr, "track %u: kind %d state %#x len %u, ", i, track->kind,
			op->state, op->len);
		if (track->connection)
			fprintf(stderr, "connection %u state %#x received %zu of %zu",
				track->connection->number,
				op->channel ? op->channel->state : 0U,
				track->connection->received,
				track->connection->peer_sent);
		fprintf(stderr, "\n");
	}
	abort();
}

unsigned int next_byte(void)
{
	if (world.size == 0)
		return 0;
	world.size--;
	return *world.data++;
}

static unsigned int decide(void *context, enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe)
{
	unsigned int byte;

	(void)context;
	(void)point;
	(void)sqe;
	if (world.is_good_natured || world.size == 0)
		return 0;
	byte = next_byte();
	return byte < 144 ? 0 : byte % count;
}

uint8_t pattern(const struct connection *connection, size_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) + connection->number * 31);
}

size_t datagram_len(size_t at)
{
	return at * 5 % 16 + 1;
}

static uint32_t sum_of(const void *data, size_t len)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + ((const uint8_t *)data)[i];
	return sum;
}

void check_received(struct connection *connection, const uint8_t *data, size_t len)
{
	if (!connection->is_stream) {
		for (size_t i = 1; i < len; i++)
			if (data[i] != data[0])
				fail("a datagram is not whole");
		if (data[0] != pattern(connection, connection->received))
			fail("datagrams out of order");
		if (len != datagram_len(connection->received))
			fail("a datagram was cut");
		connection->received++;
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (data[i] != pattern(connection, connection->received + i))
			fail("bytes received out of order");
	connection->received += len;
}

struct track *track_new(struct connection *connection, enum op_kind kind)
{
	struct track *track = &world.tracks[world.tracks_count++];

	*track = (struct track){
		.connection = connection,
		.loop = connection->loop,
		.kind = kind,
		.pipe = -1,
	};
	return track;
}

struct lsk_pool *pool_of(const struct connection *connection)
{
	return connection->loop == world.loop ? world.pool : world.other_pool;
}

static void done(struct lsk_loop *loop, const struct lsk_event *event);

/* Some operations tell a callback, others the array of lsk_loop_next(). */
struct lsk_then then_of(struct track *track)
{
	const unsigned int byte = next_byte();

	track->has_callback = byte & 1;
	return (struct lsk_then){
		.done = byte & 1 ? done : NULL,
		.context = track,
		.timeout_ns = byte > 200 ? (int64_t)(byte - 200) * 1000000 : 0,
		.ret_op = &track->name,
	};
}

uint8_t *room_take(void)
{
	for (unsigned int i = 0; i < ROOMS; i++) {
		if (world.is_taken[i])
			continue;
		world.is_taken[i] = true;
		return world.rooms[i];
	}
	return NULL;
}

static void bytes_free(struct track *track)
{
	if (track->room)
		world.is_taken[(track->room - world.rooms[0]) / ROOM_MAX] = false;
	else
		free(track->bytes);
	track->bytes = NULL;
	track->room = NULL;
}

static bool has_file(const struct track *track)
{
	return track->kind == OP_SENDFILE || track->kind == OP_SPLICE;
}

void track_started(struct track *track, int r)
{
	if (r < 0 && track->name.generation)
		fail("a start that failed gave a name");
	track->is_live = r == 0;
	if (r < 0) {
		track->result = r;
		bytes_free(track);
		if (has_file(track))
			pipe_end(track);
	}
}

static bool is_sending(const struct track *track)
{
	return track->kind == OP_SEND || track->kind == OP_SENDFILE;
}

void lease_return(unsigned int index)
{
	struct lease *lease = &world.leases[index];

	if (sum_of(lease->event.data, (size_t)lease->event.result) != lease->sum)
		fail("leased bytes were changed");
	lsk_lease_free(lease->event.pool, lease->event.lease);
	*lease = world.leases[--world.leases_count];
}

static void send_back(struct connection *connection, const struct lsk_event *event)
{
	struct track *track = track_new(connection, OP_SEND);
	const struct lsk_then then = then_of(track);
	int r;

	track->len = (size_t)event->result;
	track->copy = malloc(track->len + 1);
	memcpy(track->copy, event->data, track->len);
	r = lsk_loop_send_lease(connection->loop, connection->sock, event, &then);
	track_started(track, r);
	if (r < 0)
		lsk_lease_free(event->pool, event->lease);
}

static void take_lease(struct track *track, const struct lsk_event *event)
{
	const unsigned int byte = next_byte();

	if (event->result < 0)
		fail("a lease with an error");
	check_received(track->connection, event->data, (size_t)event->result);
	if (byte % 4 == 1 && world.leases_count < LEASES_MAX) {
		world.leases[world.leases_count].event = *event;
		world.leases[world.leases_count++].sum =
			sum_of(event->data, (size_t)event->result);
	} else if (byte % 4 == 2 && world.tracks_count < TRACKS_MAX &&
		   !track->connection->is_closing &&
		   track->loop == track->connection->loop &&
		   !track->connection->is_handed) {
		send_back(track->connection, event);
	} else {
		lsk_lease_free(event->pool, event->lease);
	}
}

/* How far it came counts, whatever it ended with. */
static void transfer_done(struct track *track)
{
	const size_t moved = track->transfer.moved;
	uint8_t *bytes;

	if (track->kind == OP_SENDFILE) {
		track->result = (int)moved;
	} else if (track->pipe >= 0) {
		pipe_turn(track);
		if (track->piped != moved)
			fail("the pipe has more or less than what came");
	} else {
		bytes = malloc(moved + 1);
		if (pread(track->transfer.range.fd, bytes, moved + 1, 0) !=
		    (ssize_t)moved)
			fail("the file is longer or shorter than what came");
		check_received(track->connection, bytes, moved);
		free(bytes);
	}
	pipe_end(track);
}

static void done(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct track *track = event->context;

	if (!track->is_live)
		fail("an event of an operation that has ended");
	if (event->op.slot != track->name.slot ||
	    event->op.generation != track->name.generation)
		fail("an event with another's name");
	if (event->flags & LSK_EVENT_MORE) {
		if (track->kind != OP_RECV_STREAM)
			fail("more of what is no stream");
		if (track->is_paused && track->has_callback &&
		    !(loop->ops[track->name.slot].state & (OP_CANCELLED | OP_EXPIRED)))
			fail("an event of a stream that is paused");
	}
	if (event->flags & LSK_EVENT_LEASE)
		take_lease(track, event);
	if (event->flags & LSK_EVENT_MORE)
		return;
	track->is_live = false;
	track->result = event->result;
	if (track->kind == OP_RECV && event->result > 0)
		check_received(track->connection, event->data, (size_t)event->result);
	if (track->kind == OP_RECV || track->kind == OP_RECV_STREAM ||
	    track->kind == OP_SPLICE)
		track->connection->has_reader = false;
	if (event->result == -EFAULT)
		fail("the kernel was told of memory that is not there");
	bytes_free(track);
	if (has_file(track))
		transfer_done(track);
}

struct track *track_any(void)
{
	if (world.tracks_count == 0)
		return NULL;
	return &world.tracks[next_byte() % world.tracks_count];
}

void peer_read(struct connection *connection, size_t len)
{
	uint8_t *to = connection->got + connection->got_len;
	ssize_t r;

	if (connection->peer < 0)
		return;
	/* What nobody has room for is not looked at. */
	if (connection->got_len + len + 2 > GOT_MAX) {
		connection->is_overfull = true;
		connection->got_len = 0;
		to = connection->got;
	}
	if (connection->is_stream) {
		r = recv(connection->peer, to, len, MSG_DONTWAIT);
		connection->got_len += r > 0 ? (size_t)r : 0;
		return;
	}
	/* That the other end is closed is told before what it had sent. */
	do {
		r = recv(connection->peer, to + 2, 512, MSG_DONTWAIT);
	} while (r < 0 && errno == ECONNRESET);
	if (r > 0) {
		to[0] = (uint8_t)(r >> 8);
		to[1] = (uint8_t)r;
		connection->got_len += (size_t)r + 2;
	}
}

void peer_close(struct connection *connection)
{
	if (connection->peer >= 0)
		close(connection->peer);
	connection->peer = -1;
}

static void run_loop(struct lsk_loop *loop)
{
	struct lsk_event events[EVENTS_MAX];
	int count = lsk_loop_next(loop, events, EVENTS_MAX, 0);

	if (count < 0)
		fail("the loop cannot run");
	for (int i = 0; i < count; i++)
		done(loop, &events[i]);
}

void run_pass(void)
{
	run_loop(world.loop);
	run_loop(world.other);
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	if (event->flags & LSK_EVENT_MORE)
		*(int *)event->context = event->result;
}

/* A connection in the ring's table, where there is one. */
static void accept_one(struct connection *connection)
{
	const struct sockaddr any = {.sa_family = AF_UNIX};
	struct lsk_socket *listener;
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	int fd = -1;
	const struct lsk_then then = {.done = accepted, .context = &fd};

	connection->peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0) < 0 ||
	    bind(socket_fd(listener), &any, sizeof(any.sa_family)) < 0 ||
	    listen(socket_fd(listener), 1) < 0 ||
	    getsockname(socket_fd(listener), (struct sockaddr *)&name, &len) < 0 ||
	    connect(connection->peer, (struct sockaddr *)&name, len) < 0 ||
	    lsk_loop_accept_direct(world.loop, listener, &then) < 0)
		fail("no listener");
	for (int i = 0; fd < 0 && i < SETTLE_PASSES_MAX; i++)
		run_loop(world.loop);
	if (lsk_loop_adopt(world.loop, listener, fd, &connection->sock) < 0)
		fail("nothing was accepted");
	connection->is_direct = lsk_loop_is_direct(fd);
	lsk_loop_close(world.loop, listener, NULL);
	lsk_socket_free(listener);
	for (int i = 0; world.loop->stats.operations > 0 && i < SETTLE_PASSES_MAX; i++)
		run_loop(world.loop);
}

static void connection_init(struct connection *connection, unsigned int number,
			    bool is_accepted)
{
	const int type = number == CONNECTIONS - 1 ? SOCK_DGRAM : SOCK_STREAM;
	int pair[2];

	connection->number = number;
	connection->loop = world.loop;
	connection->is_stream = type == SOCK_STREAM;
	connection->got = malloc(GOT_MAX);
	if (is_accepted) {
		accept_one(connection);
		return;
	}
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0 ||
	    lsk_socket_adopt(&connection->sock, pair[0], -1, -1, -1) < 0)
		fail("no sockets");
	connection->peer = pair[1];
}

void world_begin(const uint8_t *data, size_t size)
{
	const struct lsk_loop_options by_epoll = {.force_epoll = 1};
	struct lsk_loop_options options = {.direct_max = 4};
	struct lsk_pool_options pool = {0};
	unsigned int how;
	unsigned int size_byte;

	memset(&world, 0, sizeof(world));
	world.data = data;
	world.size = size;
	how = next_byte();
	options.entries = how & 1 ? 4 : 64;
	options.completions = how & 2 ? 8 : 0;
	options.pass_max = how & 4 ? 2 : 0;
	options.zero_copy_min = how & 8 ? 64 : 0;
	options.force_epoll = !!(how & 16);
	pool.flags = how & 32 ? LSK_POOL_WHOLE : 0;
	size_byte = next_byte();
	pool.buffer_size = 16 + (size_byte & 0xf0);
	pool.count = 1 + next_byte() % 8;
	pool.count_max = how & 64 ? 16 : 0;
	pool.lease_max = how & 128 ? 3 : 0;
	script_begin(decide, NULL);
	world.is_good_natured = true;
	if (loop_new(&world.loop, &options,
		     how & 16 ? &loop_backend_epoll : &loop_backend_uring) < 0 ||
	    lsk_pool_new(world.loop, &world.pool, &pool) < 0 ||
	    loop_new(&world.other, &by_epoll, &loop_backend_epoll) < 0 ||
	    lsk_pool_new(world.other, &world.other_pool, &pool) < 0)
		fail("no loop");
	for (unsigned int i = 0; i < CONNECTIONS; i++)
		connection_init(&world.connections[i], i, i == 1 && size_byte & 1);
	world.is_good_natured = false;
}

static bool is_settled(void)
{
	for (unsigned int i = 0; i < world.tracks_count; i++) {
		const struct track *track = &world.tracks[i];
		const struct connection *connection = track->connection;

		if (!track->is_live)
			continue;
		if (is_sending(track) || track->kind == OP_CLOSE)
			return false;
		/* A datagram socket that sends to one that is gone loses what it had
		 * not received. */
		if (track->kind == OP_RECV_STREAM && !connection->is_closing &&
		    (connection->is_stream || connection->peer >= 0) &&
		    connection->received < connection->peer_sent)
			return false;
		if (track->kind == OP_SPLICE && !connection->is_closing &&
		    connection->received + track->transfer.moved - track->piped <
			    connection->peer_sent)
			return false;
	}
	return true;
}

static size_t progress(void)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < CONNECTIONS; i++)
		sum += world.connections[i].received + world.connections[i].got_len;
	for (unsigned int i = 0; i < world.tracks_count; i++)
		sum += !world.tracks[i].is_live + world.tracks[i].transfer.moved;
	return sum;
}

/* With all leases back, all streams resumed and a peer that reads, all goes on. */
void world_settle(void)
{
	world.is_good_natured = true;
	while (world.leases_count > 0)
		lease_return(0);
	for (unsigned int i = 0; i < world.tracks_count; i++) {
		world.tracks[i].is_paused = false;
		lsk_loop_resume(world.tracks[i].loop, world.tracks[i].name);
	}
	for (int i = 0; !is_settled(); i++) {
		const size_t before = progress();

		if (i == SETTLE_PASSES_MAX)
			fail("something that could go on does not");
		run_pass();
		script_sleep(1000000);
		while (world.leases_count > 0)
			lease_return(0);
		for (unsigned int j = 0; j < CONNECTIONS; j++)
			peer_read(&world.connections[j], 65536);
		for (unsigned int j = 0; j < world.tracks_count; j++)
			pipe_turn(&world.tracks[j]);
		if (progress() != before)
			i = 0;
	}
}

static void fail_sent(const struct connection *connection, const char *text)
{
	fprintf(stderr, "connection %u, the peer got %zu bytes; sends of it:\n",
		connection->number, connection->got_len);
	for (unsigned int i = 0; i < world.tracks_count; i++) {
		const struct track *track = &world.tracks[i];

		if (track->connection == connection && is_sending(track))
			fprintf(stderr, "track %u: %zu bytes, result %d\n", i,
				track->len, track->result);
	}
	fail(text);
}

static void check_sent(struct connection *connection)
{
	size_t at = 0;

	for (unsigned int i = 0; i < world.tracks_count; i++) {
		const struct track *track = &world.tracks[i];
		size_t len;

		if (track->connection != connection || !is_sending(track) ||
		    track->result <= 0)
			continue;
		len = (size_t)track->result;
		if (len > track->len)
			fail_sent(connection, "more was sent than there was");
		if (!connection->is_stream) {
			if (at + 2 > connection->got_len ||
			    len != (size_t)(connection->got[at] << 8 |
					    connection->got[at + 1]))
				fail_sent(connection, "a datagram is missing");
			at += 2;
		}
		if (at + len > connection->got_len)
			fail_sent(connection, "the peer got less than was sent");
		if (memcmp(connection->got + at, track->copy, len) != 0)
			fail_sent(connection, "the peer got something else");
		at += len;
	}
	if (at != connection->got_len)
		fail_sent(connection, "the peer got more than was sent");
}

static void check_ended(struct lsk_loop *loop)
{
	if (loop->stats.operations != 0)
		fail("an operation does not end");
	for (unsigned int i = 0; i < loop->pools_count; i++)
		if (loop->pools[i]->available != loop->pools[i]->count)
			fail("a buffer was lost");
}

static void end_gently(void)
{
	lsk_loop_cancel_all(world.loop);
	lsk_loop_cancel_all(world.other);
	for (int i = 0; i < SETTLE_PASSES_MAX; i++) {
		run_pass();
		script_sleep(1000000);
	}
	while (world.leases_count > 0)
		lease_return(0);
	run_pass();
	check_ended(world.loop);
	check_ended(world.other);
}

void world_end(bool is_gentle)
{
	size_t before;

	if (is_gentle)
		end_gently();
	for (unsigned int i = 0; i < world.tracks_count; i++)
		if (is_gentle && world.tracks[i].is_live)
			fail("an operation has no end");
	world.loop = lsk_loop_free(world.loop);
	world.other = lsk_loop_free(world.other);
	world.pool = NULL;
	script_end();
	for (unsigned int i = 0; i < CONNECTIONS; i++) {
		struct connection *connection = &world.connections[i];

		do {
			before = connection->got_len;
			peer_read(connection, 65536);
		} while (connection->got_len > before);
		if (is_gentle && connection->peer >= 0 && !connection->is_overfull)
			check_sent(connection);
		peer_close(connection);
		if (connection->is_handed)
			fail("a socket that was handed over did not arrive");
		lsk_socket_free(connection->sock);
		free(connection->got);
	}
	for (unsigned int i = 0; i < world.tracks_count; i++) {
		/* An event that nobody took. */
		if (world.tracks[i].is_live && has_file(&world.tracks[i]))
			pipe_end(&world.tracks[i]);
		bytes_free(&world.tracks[i]);
		free(world.tracks[i].copy);
	}
}
