/* SPDX-License-Identifier: MIT */
/*
 * The co-process: one line of words in, one line of JSON out.
 *
 *	list                         what this program offers (also: --list)
 *	plan WORKLOAD key=value ...  set up a cell: adapter, transport, size, conns, ...
 *	check                        one round with every byte looked at
 *	batch ROUNDS                 timed rounds: CPU time of this thread, the process
 *	count ROUNDS                 the same rounds, counting system calls instead
 *	figures                      what is measured once (memory, fairness)
 *	end                          tear the cell down
 *	quit
 *
 * The orchestrator interleaves the batches of all programs, so that whatever happens
 * to the machine happens to all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cell.h"

#define WORDS_MAX      16
#define LINE_MAX_BYTES 512

const struct workload *const workloads[] = {
	&workload_echo,
	&workload_sink,
	&workload_proxy,
	&workload_stream_source,
	&workload_datagrams,
	&workload_datagrams_send,
	&workload_accept,
	&workload_serve,
	&workload_connect,
	&workload_cross,
	&workload_cross_open,
	&workload_idle,
	&workload_timers,
	&workload_expiry,
	&workload_fanout,
	&workload_starve,
	&workload_source,
	&workload_sync_recv,
	&workload_sync_send,
	&workload_sync_recv_batch,
	&workload_sync_send_batch,
	&workload_sync_pingpong,
	&workload_sync_pingpong_cross,
	NULL,
};

static const char *const service_names[] = {
	"echo",  "sink",    "proxy",  "datagrams", "datagrams-send", "accept",
	"serve", "connect", "fanout", "source",    "timers",         "sync",
};
_Static_assert(sizeof(service_names) / sizeof(service_names[0]) == BENCH_SERVICE__COUNT,
	       "every service has a name");

static const char *const transport_names[] = {"unix", "tcp", "udp", "veth"};

int compare_ns(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a;
	const uint64_t right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

void cell_server_enter(struct cell *cell)
{
	if (cell->is_counting)
		cell->calls -= calls_read(cell->calls_fd);
	else if (cell->is_phase_timed)
		cell->server_ns -= clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void cell_server_leave(struct cell *cell)
{
	/* The second read sees itself: it is one call too many. */
	if (cell->is_counting)
		cell->calls += calls_read(cell->calls_fd) - 1;
	else if (cell->is_phase_timed)
		cell->server_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int cell_pump(struct cell *cell)
{
	int r;

	cell_server_enter(cell);
	r = cell->adapter->pump(cell->server, cell->goal);
	cell_server_leave(cell);
	return r;
}

static void reply_error(const char *what, int error)
{
	printf("{\"ok\":false,\"reason\":\"%s: %s\"}\n", what, strerror(-error));
	fflush(stdout);
}

static void reply_ok(void)
{
	puts("{\"ok\":true}");
	fflush(stdout);
}

static void list(void)
{
	printf("{\"ok\":true,\"adapters\":[");
	for (size_t i = 0; bench_adapters[i]; i++) {
		const struct bench_adapter *adapter = bench_adapters[i];
		const char *separator = "";

		printf("%s{\"name\":\"%s\",\"summary\":\"%s\",\"version\":\"%s\","
		       "\"services\":[",
		       i ? "," : "", adapter->name, adapter->summary,
		       adapter->version());
		for (unsigned s = 0; s < BENCH_SERVICE__COUNT; s++) {
			if (!(adapter->services & BENCH_BIT(s)))
				continue;
			printf("%s\"%s\"", separator, service_names[s]);
			separator = ",";
		}
		printf("]}");
	}
	printf("]}\n");
	fflush(stdout);
}

static int name_index(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return (int)i;
	}
	return -EINVAL;
}

static int adapter_choose(struct cell *cell, const char *name)
{
	for (size_t i = 0; bench_adapters[i]; i++) {
		if (strcmp(bench_adapters[i]->name, name) == 0) {
			cell->adapter = bench_adapters[i];
			return 0;
		}
	}
	return -EINVAL;
}

static int plan_word(struct cell *cell, char *word)
{
	char *value = strchr(word, '=');
	int r = 0;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (strcmp(word, "adapter") == 0) {
		r = adapter_choose(cell, value);
	} else if (strcmp(word, "transport") == 0) {
		r = name_index(transport_names, 4, value);
		if (r >= 0)
			cell->transport = (enum transport)r;
	} else if (strcmp(word, "size") == 0) {
		cell->plan.message_size = strtoul(value, NULL, 10);
	} else if (strcmp(word, "buffer") == 0) {
		cell->plan.buffer_size = strtoul(value, NULL, 10);
	} else if (strcmp(word, "conns") == 0) {
		cell->plan.connections = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(word, "pool") == 0) {
		cell->plan.buffers_max = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(word, "segmented") == 0) {
		cell->plan.is_segmented = strtoul(value, NULL, 10) != 0;
	} else if (strcmp(word, "rate") == 0) {
		cell->plan.rate = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(word, "firing") == 0) {
		cell->plan.firing = (unsigned)strtoul(value, NULL, 10);
	} else if (strcmp(word, "zero_copy_min") == 0) {
		cell->plan.zero_copy_min = strtoul(value, NULL, 10);
	} else {
		r = -EINVAL;
	}
	return r < 0 ? r : 0;
}

static void cell_end(struct cell *cell)
{
	if (!cell->workload)
		return;
	/* The client hangs up first: servers see an end of file, as they do in life. */
	for (unsigned i = 0; cell->client && i < cell->plan.connections; i++) {
		if (cell->client[i] >= 0)
			close(cell->client[i]);
	}
	if (cell->workload->stop)
		cell->workload->stop(cell);
	if (cell->server)
		cell->adapter->close(cell->server);
	free(cell->client);
	free(cell->message);
	free(cell->scratch);
	memset(cell, 0, sizeof(*cell));
}

static int cell_start(struct cell *cell, const struct workload *workload)
{
	struct bench_start start = {.plan = &cell->plan, .tally = &cell->tally};
	int r;

	cell->workload = workload;
	cell->plan.service = workload->service;
	cell->is_phase_timed = workload->is_phase_timed;
	if (!cell->adapter || !(cell->adapter->services & BENCH_BIT(workload->service)))
		return -EOPNOTSUPP;
	start.variant = cell->adapter->variant;
	cell->client = calloc(cell->plan.connections + 1, sizeof(*cell->client));
	if (!cell->client)
		return -ENOMEM;
	for (unsigned i = 0; i < cell->plan.connections; i++)
		cell->client[i] = -1;
	r = cell->adapter->open(&start, &cell->server);
	return r < 0 ? r : workload->start(cell);
}

static void command_plan(struct cell *cell, char **words, int count)
{
	const struct workload *workload = NULL;
	int r = -EINVAL;

	cell_end(cell);
	for (size_t i = 0; count > 1 && workloads[i]; i++) {
		if (strcmp(workloads[i]->name, words[1]) == 0)
			workload = workloads[i];
	}
	cell->plan = (struct bench_plan){
		.message_size = 64,
		.buffer_size = 65536,
		.connections = 1,
	};
	if (workload)
		r = 0;
	for (int i = 2; i < count && r == 0; i++)
		r = plan_word(cell, words[i]);
	if (r == 0)
		r = cell_start(cell, workload);
	if (r < 0) {
		reply_error("plan", r);
		cell_end(cell);
		return;
	}
	reply_ok();
}

static void command_check(struct cell *cell)
{
	int r;

	cell->tally.verify = true;
	r = cell->workload->check(cell);
	cell->tally.verify = false;
	if (r < 0)
		reply_error("check", r);
	else
		reply_ok();
}

static int rounds_run(struct cell *cell, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++) {
		int r = cell->workload->round(cell);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Rounds before the clock starts: another program had the caches. */
static unsigned long rounds_warm(unsigned long rounds)
{
	return rounds / 8 + 1;
}

static void command_batch(struct cell *cell, unsigned long rounds)
{
	int r = rounds_run(cell, rounds_warm(rounds));
	uint64_t thread, process, wall;

	cell->server_ns = 0;
	wall = clock_ns(CLOCK_MONOTONIC);
	process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	thread = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (r == 0)
		r = rounds_run(cell, rounds);
	thread = clock_ns(CLOCK_THREAD_CPUTIME_ID) - thread;
	process = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process;
	wall = clock_ns(CLOCK_MONOTONIC) - wall;
	if (r < 0) {
		reply_error("batch", r);
		return;
	}
	printf("{\"ok\":true,\"items\":%.0f,\"thread_ns\":%llu,\"process_ns\":%llu,"
	       "\"server_ns\":%llu,\"wall_ns\":%llu,\"starved\":%llu,\"copied\":%llu}"
	       "\n",
	       cell->workload->items(cell) * (double)rounds, (unsigned long long)thread,
	       (unsigned long long)process, (unsigned long long)cell->server_ns,
	       (unsigned long long)wall, (unsigned long long)cell->tally.starved,
	       (unsigned long long)cell->tally.copied);
	fflush(stdout);
}

static void command_count(struct cell *cell, unsigned long rounds)
{
	int r;

	cell->calls_fd = calls_open();
	if (cell->calls_fd < 0) {
		reply_error("system calls cannot be counted", cell->calls_fd);
		return;
	}
	cell->calls = 0;
	cell->is_counting = true;
	r = rounds_run(cell, rounds);
	cell->is_counting = false;
	close(cell->calls_fd);
	if (r < 0) {
		reply_error("count", r);
		return;
	}
	printf("{\"ok\":true,\"items\":%.0f,\"calls\":%llu}\n",
	       cell->workload->items(cell) * (double)rounds,
	       (unsigned long long)cell->calls);
	fflush(stdout);
}

static void command_figures(struct cell *cell)
{
	int r;

	if (!cell->workload->figures) {
		reply_error("figures", -EOPNOTSUPP);
		return;
	}
	printf("{");
	r = cell->workload->figures(cell);
	if (r < 0)
		printf("\"ok\":false,\"reason\":\"figures: %s\"}\n", strerror(-r));
	else
		printf("\"ok\":true}\n");
	fflush(stdout);
}

/* Returns false when it is time to leave. */
static bool command_run(struct cell *cell, char **words, int count)
{
	const unsigned long rounds = count > 1 ? strtoul(words[1], NULL, 10) : 1;

	if (strcmp(words[0], "quit") == 0)
		return false;
	if (strcmp(words[0], "list") == 0) {
		list();
	} else if (strcmp(words[0], "plan") == 0) {
		command_plan(cell, words, count);
	} else if (strcmp(words[0], "end") == 0) {
		cell_end(cell);
		reply_ok();
	} else if (!cell->workload) {
		reply_error(words[0], -EINVAL);
	} else if (strcmp(words[0], "check") == 0) {
		command_check(cell);
	} else if (strcmp(words[0], "batch") == 0) {
		command_batch(cell, rounds);
	} else if (strcmp(words[0], "count") == 0) {
		command_count(cell, rounds);
	} else if (strcmp(words[0], "figures") == 0) {
		command_figures(cell);
	} else {
		reply_error(words[0], -EINVAL);
	}
	return true;
}

/* 50,000 connections are 100,000 descriptors here: both ends are ours. */
static void descriptors_raise(void)
{
	struct rlimit limit = {.rlim_cur = 1 << 17, .rlim_max = 1 << 17};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct cell cell;
	char line[LINE_MAX_BYTES];
	bool is_running = true;

	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		list();
		return 0;
	}
	if (argc > 1) {
		fprintf(stderr, "usage: %s [--list], then commands on stdin\n",
			argv[0]);
		return 2;
	}
	descriptors_raise();
	while (is_running && fgets(line, sizeof(line), stdin)) {
		char *words[WORDS_MAX];
		char *rest = NULL;
		int count = 0;

		for (char *word = strtok_r(line, " \n", &rest);
		     word && count < WORDS_MAX; word = strtok_r(NULL, " \n", &rest))
			words[count++] = word;
		if (count > 0)
			is_running = command_run(&cell, words, count);
	}
	cell_end(&cell);
	return 0;
}
