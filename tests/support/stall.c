/* SPDX-License-Identifier: MIT */
/*
 * A preload that stands a thread still at random, for up to a good part of a second,
 * around the calls whose order a test may wrongly rely on: the clock, sockets, reads
 * and writes, signals, the start of a thread. What a busy machine does to a test once
 * in thousands of runs, this does in each. `scripts/test stall` runs the unit suite
 * under it.
 *
 * STALL_MEAN: one call in so many stalls. STALL_MAX_MS: the longest stall.
 * STALL_BUDGET_MS: a process stalls so long in all, so that a test ends.
 */
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MEAN_DEFAULT      40
#define MAX_MS_DEFAULT    400
#define BUDGET_MS_DEFAULT 3000
#define MIN_NS            500000.0 /* shorter than that any machine may stall */
#define MS_NS             1000000

static struct {
	atomic_llong spent_ns;
	atomic_int process; /* whose budget it is: a forked child has one of its own */
} budget;

static _Thread_local struct {
	uint64_t random;
	bool is_inside;
} self;

static long long setting(const char *name, long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoll(text, NULL, 10) : otherwise;
}

/* Marsaglia's xorshift, seeded anew in each thread and child: runs are to differ. */
static uint64_t random_next(void)
{
	uint64_t x = self.random;

	if (x == 0) {
		struct timespec now;

		/* Not clock_gettime(): that is ours. */
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
		x = (uint64_t)now.tv_nsec ^ (uint64_t)syscall(SYS_gettid) << 32 ^
		    UINT64_C(0x9e3779b97f4a7c15);
	}
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	self.random = x;
	return x;
}

/* As many stalls of 1 to 2 ms as of 100 to 200: races have all lengths. */
static long long stall_length(long long max_ns)
{
	double share = (double)(random_next() % 1000) / 1000;

	return (long long)(MIN_NS * pow((double)max_ns / MIN_NS, share));
}

static void stall(void)
{
	const int error = errno;
	int process;

	if (self.is_inside)
		return;
	self.is_inside = true;
	process = (int)syscall(SYS_getpid);
	if (atomic_exchange(&budget.process, process) != process) {
		atomic_store(&budget.spent_ns, 0);
		self.random = 0;
	}
	if (random_next() % (uint64_t)setting("STALL_MEAN", MEAN_DEFAULT) == 0 &&
	    budget.spent_ns < setting("STALL_BUDGET_MS", BUDGET_MS_DEFAULT) * MS_NS) {
		long long ns =
			stall_length(setting("STALL_MAX_MS", MAX_MS_DEFAULT) * MS_NS);
		struct timespec wait = {.tv_nsec = ns % (1000LL * MS_NS),
					.tv_sec = ns / (1000LL * MS_NS)};

		atomic_fetch_add(&budget.spent_ns, ns);
		syscall(SYS_nanosleep, &wait, NULL);
	}
	errno = error;
	self.is_inside = false;
}

/*
 * All of them take at most six words and return one. The headers declare them as they
 * are, so ours have other names in C and theirs for the linker.
 */
typedef intptr_t call_fn(intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e,
			 intptr_t f);

#define STALLED(name)                                                           \
	intptr_t stalled_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d, \
				intptr_t e, intptr_t f) __asm__(#name);         \
	intptr_t stalled_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d, \
				intptr_t e, intptr_t f)                         \
	{                                                                       \
		static call_fn *_Atomic next;                                   \
		intptr_t r;                                                     \
                                                                                \
		if (!next)                                                      \
			next = (call_fn *)dlsym(RTLD_NEXT, #name);              \
		stall();                                                        \
		r = next(a, b, c, d, e, f);                                     \
		stall();                                                        \
		return r;                                                       \
	}

STALLED(accept4)
STALLED(clock_gettime)
STALLED(close)
STALLED(connect)
STALLED(epoll_ctl)
STALLED(epoll_wait)
STALLED(kill)
STALLED(listen)
STALLED(poll)
STALLED(pthread_kill)
STALLED(read)
STALLED(recv)
STALLED(recvfrom)
STALLED(recvmsg)
STALLED(send)
STALLED(sendmsg)
STALLED(sendto)
STALLED(setsockopt)
STALLED(shutdown)
STALLED(socket)
STALLED(socketpair)
STALLED(waitpid)
STALLED(write)

struct start {
	void *(*run)(void *);
	void *argument;
};

static void *start_late(void *pointer)
{
	struct start start = *(struct start *)pointer;

	free(pointer);
	stall();
	return start.run(start.argument);
}

typedef int create_fn(pthread_t *thread, const pthread_attr_t *attributes,
		      void *(*run)(void *), void *argument);

int stalled_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			   void *(*run)(void *),
			   void *argument) __asm__("pthread_create");
int stalled_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			   void *(*run)(void *), void *argument)
{
	create_fn *create = (create_fn *)dlsym(RTLD_NEXT, "pthread_create");
	struct start *start = malloc(sizeof(*start));
	int r;

	if (!start)
		return EAGAIN;
	*start = (struct start){run, argument};
	r = create(thread, attributes, start_late, start);
	if (r)
		free(start);
	stall();
	return r;
}
