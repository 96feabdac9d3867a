/* SPDX-License-Identifier: MIT */
/*
 * The lockstep driver: what a program under test provides, and what it is given.
 *
 * Every peer is one program: its adapter (this interface) linked with the driver. The
 * driver makes the connections, plays the client and measures; the adapter serves the
 * other ends with its own loop. Client and server take turns in one thread, so that
 * CPU time, which no busy neighbour can change much, is the whole cost of a message.
 */
#ifndef BENCH_LOCKSTEP_H
#define BENCH_LOCKSTEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/** enum bench_service - what the server does with the descriptors it is given */
enum bench_service {
	BENCH_ECHO,      /* streams: send back what arrives; done counts bytes sent */
	BENCH_SINK,      /* streams: take what arrives; done counts bytes taken */
	BENCH_PROXY,     /* streams added in pairs: what the first brings is sent to the
			  * second, which sends nothing; done counts bytes sent */
	BENCH_DATAGRAMS, /* datagram sockets: take; done counts datagrams */
	BENCH_DATAGRAMS_SEND, /* connected ones: broadcast() of pieces; done as above */
	BENCH_ACCEPT,         /* listeners: accept and close; done counts closed ones */
	BENCH_SERVE,          /* a listener: accept, and as BENCH_ECHO from there on */
	BENCH_CONNECT, /* no descriptor: connect(); done counts those that were made */
	BENCH_FANOUT,  /* streams: broadcast() to all; done counts messages sent */
	BENCH_SOURCE,  /* streams: broadcast() large ones; done counts them */
	BENCH_TIMERS,  /* no descriptor: timers(), or arm(), pump() and disarm() */
	BENCH_SYNC,    /* no loop: the calls of struct bench_sync */
	BENCH_SERVICE__COUNT,
};

#define BENCH_BIT(service) (1U << (service))

/* That wait on a socket, and that one broadcast() of datagrams is of. */
#define BENCH_DATAGRAMS_QUEUED 64U

/* What holds whatever the kernel has put together (UDP_GRO). */
#define BENCH_SEGMENTS_MAX 65536U

/** struct bench_plan - one cell of the table */
struct bench_plan {
	enum bench_service service;
	size_t message_size;  /* bytes of one message */
	size_t buffer_size;   /* the application's buffer for one receive */
	unsigned connections; /* messages in flight */
	unsigned buffers_max; /* 0: as many as the server likes */
	/* Datagrams: the kernel cuts what is sent, or puts together what is received;
	 * the descriptors have been told. */
	bool is_segmented;
	size_t piece_size;    /* BENCH_DATAGRAMS_SEND: bytes of one send */
	unsigned rate;        /* messages a second of a client that does not wait */
	unsigned firing;      /* BENCH_TIMERS: how many of all expire */
	size_t zero_copy_min; /* BENCH_SOURCE: pages are lent from so many bytes */
};

/** struct bench_tally - what the server reports while it runs; the driver owns it */
struct bench_tally {
	uint64_t done;    /* in the unit of the service */
	uint64_t starved; /* times a receive found no buffer (-ENOBUFS) */
	uint64_t copied;  /* zero-copy sends that the kernel copied after all */
	uint64_t events;  /* completions or events of the loop; 0: not told */
	bool verify;      /* outside of the timed part: sum what was received */
	uint64_t sum;
};

/**
 * bench_tally_data() - account for received data
 *
 * In a timed round this is one addition, the same for all.
 */
static inline void bench_tally_data(struct bench_tally *tally, const void *data,
				    size_t len, uint64_t done)
{
	tally->done += done;
	if (__builtin_expect(tally->verify, 0)) {
		const uint8_t *bytes = (const uint8_t *)data;

		for (size_t i = 0; i < len; i++)
			tally->sum += bytes[i];
	}
}

/** struct bench_start - what an adapter's open() is given; borrowed until close() */
struct bench_start {
	const struct bench_plan *plan;
	struct bench_tally *tally;
	int variant; /* of the adapter: one file may offer several */
};

/**
 * struct bench_sync - calls that wait, for programs without a loop
 *
 * Each returns bytes (batches: messages), or a negative errno.
 */
struct bench_sync {
	long (*send)(void *server, const void *data, size_t len);
	long (*recv)(void *server, void *buf, size_t len);
	/* Batches of @count messages of @len bytes, one after the other in @data. */
	long (*send_batch)(void *server, const void *data, size_t len, unsigned count);
	long (*recv_batch)(void *server, void *data, size_t len, unsigned count);
};

/**
 * struct bench_adapter - one program under test
 *
 * Calls return 0 or a negative errno. A NULL operation is not played.
 */
struct bench_adapter {
	const char *name;    /* unique in the table: "libuv" */
	const char *summary; /* one line: how it was written */
	unsigned services;   /* BENCH_BIT() of those it plays */
	int variant;         /* handed to open() */
	const char *(*version)(void);

	int (*open)(const struct bench_start *start, void **ret_server);
	/* Serve @fd, a blocking descriptor; handed over. */
	int (*add)(void *server, int fd);
	/* Run the loop until tally->done >= @goal; all it needs has been sent. */
	int (*pump)(void *server, uint64_t goal);
	/* Start one send of @data to every descriptor; pump() ends them. */
	int (*broadcast)(void *server, const void *data, size_t len);
	/* Begin @count connections, each closed as soon as it is made; pump() ends. */
	int (*connect)(void *server, const struct sockaddr *address, socklen_t len,
		       unsigned count);
	/* Arm @count timers far in the future, then cancel each. */
	int (*timers)(void *server, unsigned count);
	/* Arm plan.connections timers, of which those of bench_timer_fires() expire;
	 * pump() waits for these; disarm() cancels the others. */
	int (*arm)(void *server);
	int (*disarm)(void *server);
	void (*close)(void *server);

	const struct bench_sync *sync;
};

/** bench_adapters - what the program offers; ends with NULL; the adapter defines it */
extern const struct bench_adapter *const bench_adapters[];

/* A few calls that every adapter needs; 0 or a negative errno. */
int bench_nonblocking(int fd);

/**
 * bench_timer_delay_ms() - when the @index-th timer shall expire
 *
 * Spread over 10 to 70 s in no order, as the idle time-outs of a busy server are.
 */
static inline uint32_t bench_timer_delay_ms(unsigned index)
{
	return 10000U + (index * 2654435761U) % 60000U;
}

/** BENCH_TIMER_SOON_MS - when the timers that expire do */
#define BENCH_TIMER_SOON_MS 5U

/** bench_timer_fires() - whether the @index-th timer is one of those that expire */
static inline bool bench_timer_fires(const struct bench_plan *plan, unsigned index)
{
	return plan->firing && index % (plan->connections / plan->firing) == 0;
}

/** bench_timer_ms() - when it shall expire */
static inline uint32_t bench_timer_ms(const struct bench_plan *plan, unsigned index)
{
	return bench_timer_fires(plan, index) ? BENCH_TIMER_SOON_MS
					      : bench_timer_delay_ms(index);
}

#ifdef __cplusplus
}
#endif
#endif
