/* SPDX-License-Identifier: MIT */
/* What the programs of the netlink benchmarks share: time, sums, the command line. */
#ifndef BENCH_NETLINK_WORK_H
#define BENCH_NETLINK_WORK_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A piece of work: its name, how many words it wants, what it does. */
struct work {
	const char *name;
	int words;
	int (*run)(char **args);
};

static inline void check(int64_t result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror((int)-result));
	exit(1);
}

static inline uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 0);
}

/* A route's part of the checksum, the same in all programs. */
static inline uint64_t route_sum(const void *dst, uint8_t dst_len, uint32_t oif,
				 uint32_t table)
{
	uint32_t addr;

	memcpy(&addr, dst, sizeof(addr));
	return ((uint64_t)addr << 8 ^ dst_len) * 31 + (uint64_t)oif * 7 + table;
}

/* Where a stretch of time began: by the wall, and of the process' CPU. */
struct span {
	struct timespec wall;
	struct timespec cpu;
};

static inline void span_start(struct span *span)
{
	clock_gettime(CLOCK_MONOTONIC, &span->wall);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &span->cpu);
}

static inline uint64_t since_ns(clockid_t clock, const struct timespec *start)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)((now.tv_sec - start->tv_sec) * 1000000000 + now.tv_nsec -
			  start->tv_nsec);
}

static inline uint64_t span_wall_ns(const struct span *span)
{
	return since_ns(CLOCK_MONOTONIC, &span->wall);
}

__attribute__((format(printf, 2, 3))) static inline void
span_print(const struct span *span, const char *format, ...)
{
	unsigned long long cpu = since_ns(CLOCK_PROCESS_CPUTIME_ID, &span->cpu);
	unsigned long long wall = span_wall_ns(span);
	va_list args;

	printf("{\"wall_ns\":%llu,\"cpu_ns\":%llu,", wall, cpu);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("}\n");
}

static inline int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Sorts @times. */
static inline uint64_t quantile(uint64_t *times, size_t count, double where)
{
	qsort(times, count, sizeof(*times), compare_ns);
	return times[(size_t)((double)(count - 1) * where)];
}

static inline int work_main(const struct work *works, int argc, char **argv)
{
	for (; works->name; works++)
		if (argc > 1 && strcmp(works->name, argv[1]) == 0 &&
		    argc == 2 + works->words)
			return works->run(argv + 2);
	fprintf(stderr, "%s: no such work, or other words wanted\n", argv[0]);
	return 2;
}

#endif
