/* SPDX-License-Identifier: MIT */
/*
 * A cell of the table as the driver runs it: the adapter, the client's ends of the
 * connections, and what was measured. Internal to the driver.
 */
#ifndef BENCH_CELL_H
#define BENCH_CELL_H

#include <errno.h>
#include <time.h>

#include "lockstep.h"

/* Client side of the connections. */
enum transport {
	TRANSPORT_UNIX,
	TRANSPORT_TCP,
	TRANSPORT_UDP,
	TRANSPORT_VETH, /* TCP between the two network namespaces lsk-bench-a and -b */
};

struct cell {
	const struct workload *workload;
	const struct bench_adapter *adapter;
	struct bench_plan plan;
	struct bench_tally tally;
	void *server;

	enum transport transport;
	int *client; /* plan.connections descriptors */
	int listener_copy;
	uint8_t *message; /* what is sent: plan.message_size or the burst */
	uint8_t *scratch; /* what is received */
	size_t burst;     /* bytes of one round of a stream without echo */
	void *private;    /* the workload's own */

	uint64_t goal; /* the tally that ends the current round */

	bool is_phase_timed; /* server_ns is told for this workload */
	bool is_counting; /* system calls of the server's turns, never while timing */
	uint64_t server_ns;
	uint64_t calls;
	int calls_fd; /* perf event, or -errno */
};

/* One kind of measurement. Functions return 0 or a negative errno. */
struct workload {
	const char *name;
	const char *unit; /* what items are: "message", "KiB" … */
	enum bench_service service;
	bool is_phase_timed;
	int (*start)(struct cell *cell);
	int (*round)(struct cell *cell);
	/* One round with every byte looked at; -EBADMSG where one is wrong. */
	int (*check)(struct cell *cell);
	double (*items)(const struct cell *cell); /* in one round */
	/* NULL, or prints the members of a JSON object of figures taken once. */
	int (*figures)(struct cell *cell);
	void (*stop)(struct cell *cell);
};

extern const struct workload *const workloads[];

extern const struct workload workload_echo;
extern const struct workload workload_sink;
extern const struct workload workload_datagrams;
extern const struct workload workload_datagrams_send;
extern const struct workload workload_proxy;
extern const struct workload workload_stream_source;
extern const struct workload workload_accept;
extern const struct workload workload_serve;
extern const struct workload workload_connect;
extern const struct workload workload_cross;
extern const struct workload workload_cross_open;
extern const struct workload workload_idle;
extern const struct workload workload_timers;
extern const struct workload workload_expiry;
extern const struct workload workload_fanout;
extern const struct workload workload_starve;
extern const struct workload workload_source;
extern const struct workload workload_sync_recv;
extern const struct workload workload_sync_send;
extern const struct workload workload_sync_recv_batch;
extern const struct workload workload_sync_send_batch;
extern const struct workload workload_sync_pingpong;
extern const struct workload workload_sync_pingpong_cross;

/* For qsort(): times, the shortest first. */
int compare_ns(const void *a, const void *b);

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* The server's turn: until its tally reaches cell->goal. */
int cell_pump(struct cell *cell);
/* The same accounting around a step that is not pump(). */
void cell_server_enter(struct cell *cell);
void cell_server_leave(struct cell *cell);

/* calls.c: counts the system calls of this thread. */
int calls_open(void);
uint64_t calls_read(int fd);

/* work_cross.c: move this thread to another CPU than it is on. */
int cpu_pin_elsewhere(void);

/* wire.c */
int wire_segments(int fd, int option, size_t value);
int wire_mutual(int server, int client);
int wire_pair(enum transport transport, int ret_ends[2]);
int wire_buffer(int fd, size_t bytes);
int wire_listen(enum transport transport, int *ret_fd);
int wire_connect(enum transport transport, int listener, int *ret_fd);
int wire_connect_all(struct cell *cell);
int wire_send_all(int fd, const void *data, size_t len);
int wire_recv_all(int fd, void *buf, size_t len);
void wire_fill(uint8_t *data, size_t len, unsigned seed);
uint64_t wire_sum(const uint8_t *data, size_t len);

#endif
