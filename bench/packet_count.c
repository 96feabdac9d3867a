/* SPDX-License-Identifier: MIT */
/*
 * What a packet costs its receiver on the way to a counter: "packet_count DEVICE
 * PROTOCOL" takes packets until SIGTERM, looks at the length of each, and writes one
 * object of JSON with the CPU time of the process.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <linsock.h>

#define BATCH 64

static volatile sig_atomic_t is_ending;

static void on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
}

int main(int argc, char **argv)
{
	struct lsk_packet_config config = {
		.interface = argc > 1 ? argv[1] : "lo",
		.protocol = (uint16_t)(argc > 2 ? strtoul(argv[2], NULL, 0) : 0),
	};
	struct sigaction action = {.sa_handler = on_signal};
	struct lsk_packet packets[BATCH];
	struct lsk_packet_ring *ring = NULL;
	struct lsk_packet_stats stats;
	struct lsk_error error = {0};
	uint64_t count = 0, bytes = 0;
	int64_t begun_ns;
	int r;

	sigaction(SIGTERM, &action, NULL);
	if (lsk_packet_ring_open(&ring, &config, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	fprintf(stderr, "counting\n");
	begun_ns = cpu_ns();
	for (;;) {
		if (is_ending == 1) {
			is_ending = 2;
			lsk_packet_ring_stop(ring);
		}
		r = lsk_packet_ring_next(ring, packets, BATCH);
		for (int i = 0; i < r; i++)
			bytes += packets[i].length;
		count += (uint64_t)(r > 0 ? r : 0);
		if (r > 0)
			continue;
		if (is_ending && lsk_packet_ring_stats(ring, &stats) == 0 &&
		    count >= stats.received)
			break;
		r = lsk_packet_ring_wait(ring, LSK_NSEC_PER_SEC / 10);
		if (r < 0 && r != -ETIME && r != -EINTR && r != -ENETDOWN)
			break;
	}
	printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"dropped\":%" PRIu64
	       ",\"cpu_ns\":%" PRId64 "}\n",
	       count, bytes, stats.dropped, cpu_ns() - begun_ns);
	lsk_packet_ring_free(ring);
	return EXIT_SUCCESS;
}
