/* SPDX-License-Identifier: MIT */
/* linsock ping: echoes to a host, what comes back, and how long it took. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/progress.h"

#define DATA_DEFAULT 56
#define HEADER_SIZE  8
#define SEQUENCES    65536

/* Set by the handler, which has no other way in. */
static volatile sig_atomic_t is_stopped;

struct ping {
	struct lsk_ping *ping;
	struct lsk_addr to;
	int family;
	const char *interface;
	long count; /* 0: until it is stopped */
	long size;
	long hops;
	int64_t interval_ns;
	int64_t wait_ns;
	int64_t deadline_ns; /* 0: none */
	bool is_json;
	bool is_quiet;

	uint8_t *data;
	uint8_t *buf;
	int64_t *sent_ns; /* by sequence; 0: answered, or never sent */
	long sent;
	long received;
	long duplicates;
	long errors;
	double sum_ms, squares_ms, min_ms, max_ms;
};

static void stop(int number)
{
	(void)number;
	is_stopped = 1;
}

static int interrupted(void *context)
{
	(void)context;
	return is_stopped;
}

/* The address without its scheme and port, as people write it. */
static void host_text(const struct lsk_addr *addr, char text[LSK_ADDR_TEXT_MAX])
{
	char whole[LSK_ADDR_TEXT_MAX];
	char *place, *end;

	text[0] = '\0';
	if (addr->len == 0 || lsk_addr_format(addr, whole, sizeof(whole)) < 0)
		return;
	place = strstr(whole, "://") + 3;
	end = strrchr(place, ':');
	if (*place == '[') {
		place++;
		end = strchr(place, ']');
	}
	if (end)
		*end = '\0';
	snprintf(text, LSK_ADDR_TEXT_MAX, "%s", place);
}

static int find_host(struct ping *run, const char *host)
{
	struct lsk_addrinfo_hints hints = {.family = run->family, .type = SOCK_RAW};
	struct lsk_addrinfo *list;
	struct lsk_error error;
	int r;

	r = lsk_getaddrinfo(host, NULL, &hints, LSK_BLOCK, &list, &error);
	if (r < 0)
		return r;
	run->to = list->addr;
	run->family = list->family;
	lsk_addrinfo_free(list);
	return 0;
}

static int open_socket(struct ping *run)
{
	struct lsk_socket *sock;
	int r = lsk_ping_new(&run->ping, run->family);
	bool is_inet = run->family == AF_INET;

	if (r < 0)
		return r;
	sock = lsk_ping_socket(run->ping);
	if (run->interface)
		r = lsk_socket_set_device(sock, run->interface);
	if (r == 0 && run->hops > 0)
		r = lsk_socket_setsockopt_int(sock, is_inet ? IPPROTO_IP : IPPROTO_IPV6,
					      is_inet ? IP_TTL : IPV6_UNICAST_HOPS,
					      (int)run->hops);
	return r;
}

/* --- what is said ------------------------------------------------------------ */

static void print_json(json_t *row)
{
	json_dumpf(row, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(row);
}

static void show_reply(struct ping *run, const struct lsk_ping_answer *answer,
		       double ms, bool is_duplicate)
{
	char from[LSK_ADDR_TEXT_MAX];

	if (run->is_quiet)
		return;
	host_text(&answer->from, from);
	if (run->is_json) {
		print_json(json_pack(
			"{s:s, s:s, s:i, s:i, s:i, s:f, s:b}", "event", "reply", "from",
			from, "sequence", answer->sequence, "bytes",
			(int)(answer->len + HEADER_SIZE), "hop_limit",
			answer->hop_limit, "time_ms", ms, "duplicate", is_duplicate));
		return;
	}
	printf("%zu bytes from %s: icmp_seq=%u", answer->len + HEADER_SIZE, from,
	       answer->sequence);
	if (answer->hop_limit >= 0)
		printf(" ttl=%d", answer->hop_limit);
	printf(" time=%.*f ms%s\n",
	       ms < 1     ? 3
	       : ms < 100 ? 2
			  : 1,
	       ms, is_duplicate ? " (DUP!)" : "");
	fflush(stdout);
}

static void show_error(struct ping *run, const struct lsk_ping_answer *answer)
{
	const char *text = lsk_icmp_text(run->family, answer->type, answer->code);
	char from[LSK_ADDR_TEXT_MAX];

	host_text(&answer->from, from);
	if (!text || !*from)
		text = lsk_strerror(answer->error);
	if (run->is_json) {
		print_json(json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "event", "error",
				     "from", from, "sequence", answer->sequence, "type",
				     (int)answer->type, "code", (int)answer->code,
				     "text", text));
		return;
	}
	if (run->is_quiet)
		return;
	printf("From %s icmp_seq=%u %s", *from ? from : "this host", answer->sequence,
	       text);
	if (answer->info > 0)
		printf(" (mtu %u)", answer->info);
	putchar('\n');
	fflush(stdout);
}

static void show_summary(const struct ping *run, const char *host, int64_t took_ns)
{
	double mean = run->received > 0 ? run->sum_ms / (double)run->received : 0;
	double square = run->received > 0 ? run->squares_ms / (double)run->received : 0;
	double deviation = square > mean * mean ? sqrt(square - mean * mean) : 0;
	long lost = run->sent - run->received;

	if (run->is_json) {
		print_json(json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}",
				     "event", "summary", "sent", (json_int_t)run->sent,
				     "received", (json_int_t)run->received,
				     "duplicates", (json_int_t)run->duplicates,
				     "errors", (json_int_t)run->errors, "min_ms",
				     run->min_ms, "avg_ms", mean, "max_ms", run->max_ms,
				     "mdev_ms", deviation));
		return;
	}
	printf("\n--- %s ping statistics ---\n", host);
	printf("%ld packets transmitted, %ld received", run->sent, run->received);
	if (run->duplicates > 0)
		printf(", +%ld duplicates", run->duplicates);
	if (run->errors > 0)
		printf(", +%ld errors", run->errors);
	printf(", %.4g%% packet loss, time %lldms\n",
	       run->sent > 0 ? 100.0 * (double)lost / (double)run->sent : 0.0,
	       (long long)(took_ns / 1000000));
	if (run->received > 0)
		printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", run->min_ms,
		       mean, run->max_ms, deviation);
}

/* --- the exchange ------------------------------------------------------------ */

static void count_reply(struct ping *run, const struct lsk_ping_answer *answer)
{
	int64_t sent_ns = run->sent_ns[answer->sequence];
	bool is_duplicate = sent_ns <= 0;
	double ms;

	/* Answered ones are kept as negative numbers, for the time of a second answer.
	 */
	if (sent_ns == 0)
		return;
	ms = (double)(monotonic_ns() - llabs(sent_ns)) / 1e6;
	if (is_duplicate) {
		run->duplicates++;
	} else {
		run->sent_ns[answer->sequence] = -sent_ns;
		if (run->received == 0 || ms < run->min_ms)
			run->min_ms = ms;
		if (ms > run->max_ms)
			run->max_ms = ms;
		run->received++;
		run->sum_ms += ms;
		run->squares_ms += ms * ms;
	}
	show_reply(run, answer, ms, is_duplicate);
}

/* Take what comes until @until_ns, or until nothing more is expected. */
static int listen_until(struct ping *run, int64_t until_ns, bool is_last)
{
	struct lsk_socket *sock = lsk_ping_socket(run->ping);

	while (!is_stopped) {
		int64_t left = until_ns - monotonic_ns();
		struct lsk_ping_answer answer;
		int r;

		if (left <= 0 || (is_last && run->received + run->errors >= run->sent))
			return 0;
		lsk_socket_set_timeout(sock, left);
		r = lsk_ping_receive(run->ping, run->buf, LSK_PING_BUFFER_SIZE,
				     &answer);
		if (r == -ETIME || r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (answer.kind == LSK_PING_REPLY) {
			count_reply(run, &answer);
		} else {
			run->errors++;
			show_error(run, &answer);
		}
	}
	return 0;
}

static void send_one(struct ping *run)
{
	uint16_t sequence = (uint16_t)(run->sent + 1);
	struct lsk_ping_answer answer = {.sequence = sequence};

	lsk_socket_set_timeout(lsk_ping_socket(run->ping), LSK_NSEC_PER_SEC);
	run->sent_ns[sequence] = monotonic_ns();
	answer.error = lsk_ping_send(run->ping, &run->to, sequence, run->data,
				     (size_t)run->size);
	run->sent++;
	if (answer.error == 0)
		return;
	run->sent_ns[sequence] = 0;
	run->errors++;
	show_error(run, &answer);
}

static int exchange(struct ping *run)
{
	int64_t begin = monotonic_ns(), next = begin;
	int r = 0;

	while (r == 0 && !is_stopped) {
		bool is_last = run->count > 0 && run->sent + 1 >= run->count;
		int64_t until;

		send_one(run);
		next += run->interval_ns;
		until = is_last ? monotonic_ns() + run->wait_ns : next;
		if (run->deadline_ns > 0 && until >= begin + run->deadline_ns) {
			until = begin + run->deadline_ns;
			is_last = true;
		}
		r = listen_until(run, until, is_last);
		if (is_last)
			break;
	}
	return r;
}

static int read_number(const char *text, long min, long max, long *ret, int *ret_status)
{
	if (command_parse_number(text, min, max, ret) == 0)
		return 0;
	*ret_status =
		command_usage("\"%s\" is no number from %ld to %ld", text, min, max);
	return -EINVAL;
}

static int read_seconds(const char *text, int64_t *ret, int *ret_status)
{
	if (command_parse_seconds(text, ret) == 0)
		return 0;
	*ret_status = command_usage("\"%s\" is no number of seconds", text);
	return -EINVAL;
}

static int read_options(struct ping *run, int argc, char **argv, int *ret_status)
{
	static const struct option options[] = {
		{"count", required_argument, NULL, 'c'},
		{"interval", required_argument, NULL, 'i'},
		{"wait", required_argument, NULL, 'W'},
		{"deadline", required_argument, NULL, 'w'},
		{"size", required_argument, NULL, 's'},
		{"ttl", required_argument, NULL, 't'},
		{"interface", required_argument, NULL, 'I'},
		{"quiet", no_argument, NULL, 'q'},
		{"json", no_argument, NULL, 'j'},
		{"ipv4", no_argument, NULL, '4'},
		{"ipv6", no_argument, NULL, '6'},
		{NULL, 0, NULL, 0},
	};
	int option, r = 0;

	while (r == 0 && (option = getopt_long(argc, argv, "c:i:W:w:s:t:I:qj46",
					       options, NULL)) != -1) {
		switch (option) {
		case 'c':
			r = read_number(optarg, 1, INT32_MAX, &run->count, ret_status);
			break;
		case 'i':
			r = read_seconds(optarg, &run->interval_ns, ret_status);
			break;
		case 'W':
			r = read_seconds(optarg, &run->wait_ns, ret_status);
			break;
		case 'w':
			r = read_seconds(optarg, &run->deadline_ns, ret_status);
			break;
		case 's':
			r = read_number(optarg, 0, LSK_PING_DATA_MAX, &run->size,
					ret_status);
			break;
		case 't':
			r = read_number(optarg, 1, 255, &run->hops, ret_status);
			break;
		case 'I':
			run->interface = optarg;
			break;
		case 'q':
			run->is_quiet = true;
			break;
		case 'j':
			run->is_json = true;
			break;
		case '4':
			run->family = AF_INET;
			break;
		case '6':
			run->family = AF_INET6;
			break;
		default:
			*ret_status = command_bad_option();
			r = -EINVAL;
		}
	}
	return r;
}

static int run_all(struct ping *run, const char *host)
{
	const struct sigaction action = {.sa_handler = stop};
	char address[LSK_ADDR_TEXT_MAX];
	int64_t begin;
	int r;

	r = find_host(run, host);
	if (r < 0)
		return command_failure(r, "%s", host);
	r = open_socket(run);
	if (r < 0)
		return command_failure(r, "%s", host);
	run->data = malloc((size_t)run->size + 1);
	run->buf = malloc(LSK_PING_BUFFER_SIZE);
	run->sent_ns = calloc(SEQUENCES, sizeof(*run->sent_ns));
	if (!run->data || !run->buf || !run->sent_ns)
		return command_failure(-ENOMEM, "%s", host);
	for (long i = 0; i < run->size; i++)
		run->data[i] = (uint8_t)i;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	lsk_set_interrupt_hook(interrupted, NULL);
	host_text(&run->to, address);
	if (!run->is_json) {
		printf("PING %s (%s) %ld bytes of data.\n", host, address, run->size);
		fflush(stdout);
	}
	begin = monotonic_ns();
	r = exchange(run);
	show_summary(run, host, monotonic_ns() - begin);
	if (r < 0)
		return command_failure(r, "%s", host);
	return run->received > 0 ? COMMAND_OK : COMMAND_FAILURE;
}

static int ping_main(int argc, char **argv)
{
	struct ping run = {
		.size = DATA_DEFAULT,
		.interval_ns = LSK_NSEC_PER_SEC,
		.wait_ns = 10 * LSK_NSEC_PER_SEC,
	};
	int status = COMMAND_USAGE;

	if (read_options(&run, argc, argv, &status) < 0)
		return status;
	if (optind + 1 != argc)
		return command_usage("expected one host");
	status = run_all(&run, argv[optind]);
	lsk_ping_free(run.ping);
	free(run.data);
	free(run.buf);
	free(run.sent_ns);
	if (fflush(stdout) != 0)
		return command_failure(-errno, "stdout");
	return status;
}

const struct command ping_command = {
	.name = "ping",
	.arguments = "[options] HOST",
	.summary = "ICMP echoes to a host, and how long they take",
	.help = "  -c, --count=N         end after N echoes\n"
		"  -i, --interval=S      seconds between them (1)\n"
		"  -W, --wait=S          seconds to wait for the last answers (10)\n"
		"  -w, --deadline=S      end after so many seconds\n"
		"  -s, --size=BYTES      of data in each (56)\n"
		"  -t, --ttl=N           hops that they may go\n"
		"  -I, --interface=NAME  send and receive there only\n"
		"  -4, --ipv4 / -6, --ipv6\n"
		"  -q, --quiet           the summary alone\n"
		"  -j, --json            one object a line\n"
		"\n"
		"A datagram socket is used where net.ipv4.ping_group_range allows it, "
		"else a\n"
		"raw one, which wants CAP_NET_RAW. Success if any answer came.\n",
	.main = ping_main,
};
