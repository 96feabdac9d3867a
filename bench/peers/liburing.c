/* SPDX-License-Identifier: MIT */
/*
 * Hand-written liburing: the upper bound. Multishot operations, a ring of provided
 * buffers, DEFER_TASKRUN, sends queued and one submit for each pass.
 */
#include "liburing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A ring of buffers is used round and round, so that every buffer more is cache less:
 * with 1024 of them echo of 4 KiB costs 10 % more than with what is in flight. The
 * kernel fills some 20 in one pass, so that 256 serve 512 connections. The same holds
 * for the other pools: sizes were tried in steps of two.
 */
#define ECHO_BUFFERS_MIN 16U
#define ECHO_BUFFERS_MAX 512U
#define ECHO_BYTES_MAX   (1U << 20)
#define SINK_BYTES       (512U << 10)
#define INC_BUFFERS      8U
#define INC_SIZE         (64U << 10)
#define DATAGRAM_BUFFERS 128U
#define DATAGRAM_SIZE    2048U
#define SEGMENTS_BUFFERS 4U

static const char *liburing_version(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%d.%d", IO_URING_VERSION_MAJOR,
		 IO_URING_VERSION_MINOR);
	return text;
}

struct io_uring_sqe *sqe_next(struct server *server)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&server->ring);

	while (!sqe) {
		io_uring_submit(&server->ring);
		sqe = io_uring_get_sqe(&server->ring);
	}
	return sqe;
}

int pool_start(struct server *server, unsigned buffers, size_t size, unsigned flags)
{
	const size_t ring_bytes = buffers * sizeof(struct io_uring_buf);
	struct io_uring_buf_reg registration = {
		.ring_entries = buffers,
		.bgid = POOL_GROUP,
		.flags = (__u16)flags,
	};
	uint8_t *memory;
	int r;

	server->pool_bytes = (ring_bytes + 4095) / 4096 * 4096 + buffers * size;
	memory = mmap(NULL, server->pool_bytes, PROT_READ | PROT_WRITE,
		      MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	server->pool = (struct io_uring_buf_ring *)memory;
	server->pool_memory = memory + (ring_bytes + 4095) / 4096 * 4096;
	server->buffers = buffers;
	server->buffer_size = size;
	server->used = calloc(buffers, sizeof(*server->used));
	server->next = calloc(buffers, sizeof(*server->next));
	server->lengths = calloc(buffers, sizeof(*server->lengths));
	if (!server->used || !server->next || !server->lengths)
		return -ENOMEM;
	registration.ring_addr = (uint64_t)(uintptr_t)memory;
	r = io_uring_register_buf_ring(&server->ring, &registration, 0);
	if (r < 0)
		return r;
	io_uring_buf_ring_init(server->pool);
	for (unsigned bid = 0; bid < buffers; bid++)
		pool_return(server, bid);
	pool_publish(server);
	return 0;
}

void pool_return(struct server *server, unsigned bid)
{
	io_uring_buf_ring_add(server->pool, pool_buffer(server, bid),
			      (unsigned)server->buffer_size, (unsigned short)bid,
			      io_uring_buf_ring_mask(server->buffers),
			      (int)server->buffers_back++);
}

void pool_publish(struct server *server)
{
	if (!server->buffers_back)
		return;
	io_uring_buf_ring_advance(server->pool, (int)server->buffers_back);
	server->buffers_free += server->buffers_back;
	server->buffers_back = 0;
}

static void liburing_close(void *context)
{
	struct server *server = context;

	io_uring_queue_exit(&server->ring);
	/* The ring's table goes with the ring; only the listener is not in it. */
	for (unsigned i = 0; i < server->count && (i == 0 || !server->file_flags); i++)
		close(server->connections[i].fd);
	if (server->pool)
		munmap(server->pool, server->pool_bytes);
	free(server->used);
	free(server->next);
	free(server->lengths);
	free(server->connections);
	free(server->delays);
	free(server);
}

static unsigned power_of_two(size_t at_least)
{
	unsigned power = 1;

	while (power < at_least)
		power <<= 1;
	return power;
}

static unsigned echo_buffers(const struct bench_plan *plan)
{
	unsigned count = ECHO_BUFFERS_MIN;

	if (plan->buffers_max)
		return plan->buffers_max;
	while (count < plan->connections && count < ECHO_BUFFERS_MAX &&
	       count * plan->message_size < ECHO_BYTES_MAX)
		count *= 2;
	return count;
}

static int service_start(struct server *server)
{
	const struct bench_plan *plan = server->plan;
	int r;

	switch (plan->service) {
	case BENCH_ECHO:
		server->complete = echo_complete;
		return pool_start(server, echo_buffers(plan), plan->message_size, 0);
	case BENCH_SINK:
		server->complete = sink_complete;
		if (server->variant == VARIANT_INC)
			return pool_start(server, INC_BUFFERS, INC_SIZE,
					  IOU_PBUF_RING_INC);
		return pool_start(server, power_of_two(SINK_BYTES / plan->buffer_size),
				  plan->buffer_size, 0);
	case BENCH_SERVE:
		server->complete = serve_complete;
		r = pool_start(server, echo_buffers(plan), plan->message_size, 0);
		if (r < 0 || server->variant != VARIANT_DIRECT)
			return r;
		server->file_flags = IOSQE_FIXED_FILE;
		return io_uring_register_files_sparse(&server->ring, plan->connections);
	case BENCH_PROXY:
		server->complete = echo_complete;
		return pool_start(server, power_of_two(SINK_BYTES / plan->buffer_size),
				  plan->buffer_size, 0);
	case BENCH_DATAGRAMS:
		if (plan->is_segmented && server->variant == VARIANT_NO_NAME)
			return -EOPNOTSUPP;
		server->complete = datagram_complete;
		if (plan->is_segmented) {
			server->complete = segments_complete;
			return pool_start(server, SEGMENTS_BUFFERS,
					  BENCH_SEGMENTS_MAX + 1024, 0);
		}
		return pool_start(server, DATAGRAM_BUFFERS, DATAGRAM_SIZE, 0);
	case BENCH_DATAGRAMS_SEND:
		server->complete = datagrams_sent;
		return 0;
	case BENCH_ACCEPT:
		server->complete = accept_complete;
		return 0;
	case BENCH_CONNECT:
		server->complete = connect_complete;
		return 0;
	case BENCH_FANOUT:
	case BENCH_SOURCE:
		server->complete = fanout_complete;
		return 0;
	case BENCH_TIMERS:
		server->complete = timers_complete;
		return 0;
	case BENCH_SYNC:
	case BENCH_SERVICE__COUNT:
		break;
	}
	return -EINVAL;
}

static int liburing_open(const struct bench_start *start, void **ret_server)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
		.cq_entries = CQ_ENTRIES,
	};
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->plan = start->plan;
	server->tally = start->tally;
	server->variant = (enum variant)start->variant;
	server->connections =
		calloc(start->plan->connections + 1, sizeof(*server->connections));
	r = io_uring_queue_init_params(SQ_ENTRIES, &server->ring, &params);
	if (r < 0) {
		free(server->connections);
		free(server);
		return r;
	}
	io_uring_register_ring_fd(&server->ring);
	r = service_start(server);
	if (r < 0) {
		liburing_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

static int liburing_add(void *context, int fd)
{
	struct server *server = context;
	const unsigned index = server->count++;

	server->connections[index] = (struct connection){
		.fd = fd,
		.out = index,
		.queue_head = BID_NONE,
		.queue_tail = BID_NONE,
	};
	switch (server->plan->service) {
	case BENCH_ECHO:
		return echo_arm(server, index);
	case BENCH_SINK:
		return sink_arm(server, index);
	case BENCH_PROXY:
		if (index % 2 == 0)
			return 0;
		server->connections[index - 1].out = index;
		return echo_arm(server, index - 1);
	case BENCH_DATAGRAMS:
		return datagram_arm(server, index);
	case BENCH_ACCEPT:
	case BENCH_SERVE:
		return accept_arm(server, index);
	case BENCH_DATAGRAMS_SEND:
	case BENCH_FANOUT:
	case BENCH_SOURCE:
		return 0;
	case BENCH_CONNECT:
	case BENCH_TIMERS:
	case BENCH_SYNC:
	case BENCH_SERVICE__COUNT:
		break;
	}
	return -EINVAL;
}

static int liburing_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	while (server->tally->done < goal) {
		struct io_uring_cqe *cqe;
		unsigned head;
		unsigned count = 0;
		int r;

		/* Those fed before have their buffer by now, or hold none. */
		server->fed_count = 0;
		echo_feed_starved(server);
		r = io_uring_submit_and_wait(&server->ring, server->starved_count == 0);
		if (r < 0 && r != -EINTR)
			return r;
		r = 0;
		io_uring_for_each_cqe(&server->ring, head, cqe)
		{
			count++;
			r = server->complete(server, cqe);
			if (r < 0)
				break;
		}
		io_uring_cq_advance(&server->ring, count);
		server->tally->events += count;
		if (r < 0)
			return r;
		if (server->pool)
			pool_publish(server);
	}
	return 0;
}

#define ADAPTER(adapter_name, text, mask, which)                                      \
	{                                                                             \
		.name = adapter_name, .summary = text, .services = mask,              \
		.variant = which, .version = liburing_version, .open = liburing_open, \
		.add = liburing_add, .pump = liburing_pump,                           \
		.broadcast = fanout_broadcast, .connect = connect_run,                \
		.timers = timers_run, .arm = timers_arm, .disarm = timers_disarm,     \
		.close = liburing_close,                                              \
	}

static const struct bench_adapter adapters[] = {
	ADAPTER("liburing",
		"hand-written: multishot, buffer ring, DEFER_TASKRUN, sends on the "
		"ring",
		BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
			BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_ACCEPT) |
			BENCH_BIT(BENCH_SERVE) | BENCH_BIT(BENCH_FANOUT) |
			BENCH_BIT(BENCH_SOURCE) | BENCH_BIT(BENCH_TIMERS) |
			BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_DATAGRAMS_SEND) |
			BENCH_BIT(BENCH_CONNECT),
		VARIANT_BEST),
	ADAPTER("liburing-inline", "hand-written, sends by send(2) at once",
		BENCH_BIT(BENCH_ECHO), VARIANT_INLINE),
	ADAPTER("liburing-bundle", "hand-written, receive bundles",
		BENCH_BIT(BENCH_SINK), VARIANT_BUNDLE),
	ADAPTER("liburing-inc", "hand-written, incremental buffers of 64 KiB",
		BENCH_BIT(BENCH_SINK), VARIANT_INC),
	ADAPTER("liburing-noname", "hand-written, datagrams without their sender",
		BENCH_BIT(BENCH_DATAGRAMS), VARIANT_NO_NAME),
	ADAPTER("liburing-zc", "hand-written, SEND_ZC", BENCH_BIT(BENCH_SOURCE),
		VARIANT_ZERO_COPY),
	ADAPTER("liburing-direct", "hand-written, connections in the ring's table",
		BENCH_BIT(BENCH_SERVE), VARIANT_DIRECT),
};

const struct bench_adapter *const bench_adapters[] = {
	&adapters[0], &adapters[1], &adapters[2], &adapters[3],
	&adapters[4], &adapters[5], &adapters[6], NULL,
};
