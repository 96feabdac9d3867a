/* SPDX-License-Identifier: MIT */
/*
 * linsock vsock bench: how fast bytes go from here to a server of the same command. The
 * server counts, and answers with its count and its CPU time at the end.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tools/listener.h"
#include "tools/progress.h"
#include "tools/vsock.h"

#define SIZE_DEFAULT  65536
#define PIECE_MAX     (64L << 20)
#define BYTES_DEFAULT (256LL << 20)
#define REPORT_SIZE   64
#define CREDIT_MAX    (8 << 20)
#define CONNECT_TIME  (5 * LSK_NSEC_PER_SEC)

struct bench {
	const char *endpoint;
	long size;
	uint64_t bytes;
	bool is_json;
	bool is_server;
	bool is_once;
	long ready_fd;
};

/* CPU time of this process, in nanoseconds. */
static uint64_t cpu_ns(void)
{
	struct rusage usage;
	uint64_t seconds, micros;

	getrusage(RUSAGE_SELF, &usage);
	seconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
	micros = (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
	return seconds * 1000000000 + micros * 1000;
}

/*
 * Credit for four pieces, so that a sender seldom waits within one. Both ends want it:
 * kernels give credit by the sender's own size too. What is not to be had is no error:
 * the bytes go all the same.
 */
static void want_credit(struct lsk_socket *sock, size_t size)
{
	struct lsk_vsock_buffer buffer;

	if (lsk_socket_domain(sock) != AF_VSOCK ||
	    lsk_vsock_buffer(sock, &buffer) < 0 || size > CREDIT_MAX / 4)
		return;
	if (buffer.size < 4 * size)
		lsk_vsock_set_buffer(sock, 4 * size);
}

/*
 * Wake for a good piece rather than for each packet: half of the buffer, so that the
 * sender always has credit. Sockets of other kinds wake as they do. Return: bytes of a
 * receive, for there are never more than the buffer holds.
 */
static size_t want_pieces(struct lsk_socket *sock, size_t size)
{
	struct lsk_vsock_buffer buffer;
	size_t low;

	if (lsk_socket_domain(sock) != AF_VSOCK ||
	    lsk_socket_type(sock) != SOCK_STREAM || lsk_vsock_buffer(sock, &buffer) < 0)
		return size;
	low = size < buffer.size / 2 ? size : (size_t)buffer.size / 2;
	lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVLOWAT, (int)low);
	return size < buffer.size ? size : (size_t)buffer.size;
}

/* Count one client's bytes, and answer. Return: an exit status. */
static int serve_one(struct lsk_socket *sock, char *buf, size_t size)
{
	const uint64_t begun_ns = cpu_ns();
	char report[REPORT_SIZE] = "";
	uint64_t bytes = 0;
	ssize_t r;

	while ((r = lsk_socket_recv(sock, buf, size, 0)) > 0)
		bytes += (uint64_t)r;
	if (r < 0)
		return command_failure((int)r, "receive");
	snprintf(report, sizeof(report), "%" PRIu64 " %" PRIu64 "\n", bytes,
		 cpu_ns() - begun_ns);
	r = lsk_socket_sendall(sock, report, sizeof(report), 0, NULL);
	if (r == 0)
		lsk_socket_shutdown(sock, SHUT_WR);
	if (r < 0)
		return command_failure((int)r, "report");
	/* Close only when the report has been read, which the peer's end says; by then
	 * the connection may be gone altogether. */
	lsk_socket_recv(sock, buf, size, 0);
	return COMMAND_OK;
}

static int serve(const struct bench *bench, char *buf)
{
	struct listener listener;
	int status = listener_open(&listener, bench->endpoint, (int)bench->ready_fd);

	/* Those who are accepted inherit it. */
	if (status == COMMAND_OK)
		want_credit(listener.sock, (size_t)bench->size);
	while (status == COMMAND_OK) {
		struct lsk_socket *sock = NULL;
		int r = lsk_socket_accept(listener.sock, &sock, NULL);

		if (r < 0) {
			status = command_failure(r, "accept");
			break;
		}
		r = serve_one(sock, buf, want_pieces(sock, (size_t)bench->size));
		lsk_socket_free(sock);
		if (bench->is_once) {
			status = r;
			break;
		}
	}
	listener_close(&listener);
	return status;
}

static int read_report(struct lsk_socket *sock, uint64_t *ret_bytes,
		       uint64_t *ret_cpu_ns)
{
	char report[REPORT_SIZE], *end;
	ssize_t r = lsk_socket_recv(sock, report, sizeof(report), MSG_WAITALL);

	if (r < 0)
		return (int)r;
	if (r != sizeof(report) || report[sizeof(report) - 1] != '\0')
		return -EPROTO;
	*ret_bytes = strtoull(report, &end, 10);
	if (*end != ' ')
		return -EPROTO;
	*ret_cpu_ns = strtoull(end + 1, &end, 10);
	if (*end != '\n')
		return -EPROTO;
	return 0;
}

static void show(const struct bench *bench, double seconds, uint64_t sender_ns,
		 uint64_t receiver_ns)
{
	const double bytes = (double)bench->bytes;

	if (bench->is_json)
		printf("{\"bytes\":%" PRIu64 ",\"size\":%ld,\"seconds\":%.6f,"
		       "\"bytes_per_second\":%.0f,\"sender_cpu_ns_per_byte\":%.4f,"
		       "\"receiver_cpu_ns_per_byte\":%.4f}\n",
		       bench->bytes, bench->size, seconds, bytes / seconds,
		       (double)sender_ns / bytes, (double)receiver_ns / bytes);
	else
		printf("%" PRIu64 " bytes in pieces of %ld: %.3f s, %.1f MB/s, "
		       "CPU %.3f ns/byte to send, %.3f to receive\n",
		       bench->bytes, bench->size, seconds, bytes / seconds / 1e6,
		       (double)sender_ns / bytes, (double)receiver_ns / bytes);
}

static int send_all(const struct bench *bench, struct lsk_socket *sock, const char *buf)
{
	const uint64_t cpu_begun_ns = cpu_ns();
	const int64_t begun_ns = monotonic_ns();
	uint64_t sent = 0, got = 0, receiver_ns = 0, sender_ns;
	int r = 0;

	while (r == 0 && sent < bench->bytes) {
		uint64_t left = bench->bytes - sent;
		size_t len = left < (uint64_t)bench->size ? (size_t)left
							  : (size_t)bench->size;

		r = lsk_socket_sendall(sock, buf, len, 0, NULL);
		sent += len;
	}
	sender_ns = cpu_ns() - cpu_begun_ns;
	if (r == 0)
		r = lsk_socket_shutdown(sock, SHUT_WR);
	if (r == 0)
		r = read_report(sock, &got, &receiver_ns);
	if (r < 0)
		return command_failure(r, "%s", bench->endpoint);
	if (got != bench->bytes) {
		fprintf(stderr, "%s: of %" PRIu64 " bytes %" PRIu64 " arrived\n",
			program_invocation_short_name, bench->bytes, got);
		return COMMAND_FAILURE;
	}
	show(bench, (double)(monotonic_ns() - begun_ns) / 1e9, sender_ns, receiver_ns);
	return COMMAND_OK;
}

static int ask(const struct bench *bench, const char *buf)
{
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	int r = lsk_endpoint_new(&endpoint, bench->endpoint, &error);

	if (r == 0)
		r = lsk_endpoint_connect(endpoint, CONNECT_TIME, &sock, &error);
	lsk_endpoint_free(endpoint);
	if (r < 0)
		return command_failure_at(bench->endpoint, &error);
	want_credit(sock, (size_t)bench->size);
	r = send_all(bench, sock, buf);
	lsk_socket_free(sock);
	return r;
}

static const struct option options[] = {
	{"size", required_argument, NULL, 's'},
	{"bytes", required_argument, NULL, 'b'},
	{"listen", no_argument, NULL, 'l'},
	{"once", no_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'j'},
	{"ready-fd", required_argument, NULL, 'r'},
	{NULL, 0, NULL, 0},
};

static int main_bench(int argc, char **argv)
{
	struct bench bench = {
		.size = SIZE_DEFAULT,
		.bytes = BYTES_DEFAULT,
		.ready_fd = -1,
	};
	int option, status;
	long number = 0;
	char *buf;

	while ((option = getopt_long(argc, argv, "s:b:loj", options, NULL)) != -1) {
		if (option == '?')
			return command_bad_option();
		bench.is_server |= option == 'l';
		bench.is_once |= option == 'o';
		bench.is_json |= option == 'j';
		if (!optarg || strchr("loj", option))
			continue;
		if (command_parse_number(optarg, option == 'r' ? 0 : 1,
					 option == 's' ? PIECE_MAX : INT64_MAX,
					 &number) < 0)
			return command_usage("\"%s\" is no such number", optarg);
		if (option == 's')
			bench.size = number;
		else if (option == 'b')
			bench.bytes = (uint64_t)number;
		else
			bench.ready_fd = number;
	}
	if (argc - optind != 1)
		return command_usage("one endpoint, such as vsock://local:5201");
	bench.endpoint = argv[optind];
	buf = calloc(1, (size_t)bench.size);
	if (!buf)
		return command_failure(-ENOMEM, "%ld bytes", bench.size);
	status = bench.is_server ? serve(&bench, buf) : ask(&bench, buf);
	free(buf);
	return status;
}

const struct command vsock_bench_command = {
	.name = "bench",
	.arguments = "[-l [-o]] [-s SIZE] [-b BYTES] [-j] ENDPOINT",
	.summary = "how fast bytes go to a server of this command",
	.help = "  -l, --listen      be the server\n"
		"  -o, --once        end after one client\n"
		"  -s, --size=N      bytes of each send or receive (65536)\n"
		"  -b, --bytes=N     how many to send (256 MiB)\n"
		"  -j, --json        one object\n"
		"      --ready-fd=N  write a newline to descriptor N once bound\n"
		"\n"
		"Time counts until the server has told that it has everything; CPU "
		"time\n"
		"of both ends is told. Any stream does: vsock://, tcp://, unix://.\n"
		"\n"
		"  linsock vsock bench -l vsock://any:5201\n"
		"  linsock vsock bench vsock://3:5201\n",
	.main = main_bench,
};
