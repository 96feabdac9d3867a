/* SPDX-License-Identifier: MIT */
/* linsock packet capture: from a device into a file, never waiting for the disk. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/packet.h"
#include "tools/progress.h"

#define BUFFER_SIZE ((size_t)256 << 10)
#define MEMORY      ((uint64_t)64 << 20)
#define BUFFERS_MIN 4u
#define BUFFERS_MAX 4096u

/* How long a reader at the other end of a pipe waits for what is buffered. */
#define PUSH_NS (LSK_NSEC_PER_SEC / 8)

struct capture {
	struct packet_source source;
	const char *path;
	enum lsk_capture_format format;
	uint64_t packets_max; /* 0: no limit */
	uint64_t bytes_max;
	int64_t time_ns;
	uint64_t memory; /* that buffers may take */
	bool is_unbuffered;
	struct lsk_capture_writer *writer;
	uint64_t packets;
	int64_t start_ns;
};

static int open_output(struct capture *capture)
{
	int fd = STDOUT_FILENO;

	if (strcmp(capture->path, "-") == 0) {
		if (!isatty(fd))
			return fd;
		command_usage(
			"the capture would go to a terminal; name a file with -w");
		return -ENOTTY;
	}
	fd = open(capture->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return command_failure(-errno, "%s", capture->path), -EIO;
	return fd;
}

static int open_writer(struct capture *capture, int fd)
{
	struct lsk_capture_options options = {
		.format = capture->format,
		.linktype = capture->source.linktype,
		.snap_len = capture->source.snap_len,
		.interface =
			capture->source.interface ? capture->source.interface : "any",
		.buffer_size = BUFFER_SIZE,
		.buffers = (unsigned int)(capture->memory / BUFFER_SIZE),
	};
	int r;

	if (options.buffers < BUFFERS_MIN)
		options.buffers = BUFFERS_MIN;
	if (options.buffers > BUFFERS_MAX)
		options.buffers = BUFFERS_MAX;
	r = lsk_capture_writer_new(&capture->writer, fd, &options);
	return r < 0 ? command_failure(r, "%s", capture->path) : COMMAND_OK;
}

/* Whether a limit is reached. */
static bool is_full(const struct capture *capture)
{
	struct lsk_capture_stats stats;

	if (capture->packets_max && capture->packets >= capture->packets_max)
		return true;
	if (capture->time_ns && monotonic_ns() - capture->start_ns >= capture->time_ns)
		return true;
	return capture->bytes_max &&
	       lsk_capture_writer_stats(capture->writer, &stats) == 0 &&
	       stats.bytes >= capture->bytes_max;
}

/* Return: 0 at a regular end, or a negative error of the source or the output. */
static int capture_all(struct capture *capture)
{
	struct lsk_packet packets[PACKET_BATCH];
	int64_t pushed_ns = 0;
	bool is_pushed = true;

	while (!is_full(capture)) {
		int r;

		if (packet_is_ending())
			packet_source_stop(&capture->source);
		r = packet_source_next(&capture->source, packets, PACKET_BATCH);
		if (r < 0)
			return r == -ENODATA ? 0 : r;
		if (r > 0 && capture->packets_max &&
		    (uint64_t)r > capture->packets_max - capture->packets)
			r = (int)(capture->packets_max - capture->packets);
		if (r > 0) {
			int error = lsk_capture_write(capture->writer, 0, packets,
						      (unsigned int)r);

			if (error < 0)
				return error;
			capture->packets += (uint64_t)r;
			is_pushed = false;
		}
		/* Not after each pause: full buffers cost less, and one is soon full.
		 */
		if (!is_pushed && (capture->is_unbuffered ||
				   (r == 0 && monotonic_ns() - pushed_ns >= PUSH_NS))) {
			lsk_capture_writer_push(capture->writer);
			pushed_ns = monotonic_ns();
			is_pushed = true;
		}
	}
	return 0;
}

static int finish(struct capture *capture, int result)
{
	struct lsk_packet_stats stats = packet_source_stats(&capture->source);
	struct lsk_capture_stats written = {0};
	int r = result;

	if (r == 0) {
		r = lsk_capture_write_stats(capture->writer, 0, &stats);
		if (r == 0 || r == -EOPNOTSUPP)
			r = lsk_capture_writer_flush(capture->writer);
	}
	lsk_capture_writer_stats(capture->writer, &written);
	lsk_capture_writer_free(capture->writer);
	/* Whoever read our output has seen enough: no failure of ours. */
	if (r < 0 && r != -EPIPE)
		return command_failure(r, "%s", capture->path);
	return packet_report(&capture->source, written.packets - written.lost,
			     written.lost);
}

static int run(struct capture *capture, char **words, int count)
{
	int fd, status;

	status = packet_source_open(&capture->source, words, count);
	if (status == COMMAND_OK) {
		fd = open_output(capture);
		status = fd < 0 ? COMMAND_FAILURE : open_writer(capture, fd);
		if (status == COMMAND_OK) {
			fprintf(stderr, "capturing on %s\n",
				capture->source.interface ? capture->source.interface : "any");
			capture->start_ns = monotonic_ns();
			status = finish(capture, capture_all(capture));
		}
		if (fd > STDOUT_FILENO && close(fd) < 0)
			status = command_failure(-errno, "%s", capture->path);
	}
	packet_source_close(&capture->source);
	return status;
}

enum {
	OPTION_PCAP = 256,
	OPTION_MICRO,
	OPTION_MEMORY,
	OPTION_SECONDS,
	OPTION_BYTES,
};

static const struct option options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"write", required_argument, NULL, 'w'},
	{"count", required_argument, NULL, 'c'},
	{"snapshot-length", required_argument, NULL, 's'},
	{"buffer-size", required_argument, NULL, 'B'},
	{"no-promiscuous-mode", no_argument, NULL, 'p'},
	{"immediate-mode", no_argument, NULL, 'I'},
	{"packet-buffered", no_argument, NULL, 'U'},
	{"in", no_argument, NULL, 'Q'},
	{"pcap", no_argument, NULL, OPTION_PCAP},
	{"micro", no_argument, NULL, OPTION_MICRO},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"bytes", required_argument, NULL, OPTION_BYTES},
	{NULL, 0, NULL, 0},
};

/* Return: 0, or -EINVAL for an argument that is no such number. */
static int take_number(struct capture *capture, int option, const char *text)
{
	uint64_t size = 0;
	int r = packet_parse_size(text, &size);

	if (option == OPTION_SECONDS)
		return command_parse_seconds(text, &capture->time_ns);
	if (r < 0)
		return r;
	if (option == 'c')
		capture->packets_max = size;
	else if (option == 'B')
		capture->source.buffer_size = (size_t)size;
	else if (option == OPTION_MEMORY)
		capture->memory = size;
	else if (option == OPTION_BYTES)
		capture->bytes_max = size;
	else if (size > UINT32_MAX)
		return -EINVAL;
	else
		capture->source.snap_len = (uint32_t)size;
	return 0;
}

static int main_capture(int argc, char **argv)
{
	struct capture capture = {.path = "-", .memory = MEMORY};
	int option;

	while ((option = getopt_long(argc, argv, "+i:w:c:s:B:pUQ", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'i':
			capture.source.interface = optarg;
			break;
		case 'w':
			capture.path = optarg;
			break;
		case 'p':
			capture.source.is_quiet = true;
			break;
		case 'I':
			capture.source.is_immediate = true;
			break;
		case 'U':
			capture.is_unbuffered = true;
			break;
		case 'Q':
			capture.source.ignores_outgoing = true;
			break;
		case OPTION_PCAP:
			capture.format = LSK_CAPTURE_PCAP;
			break;
		case OPTION_MICRO:
			capture.format = LSK_CAPTURE_PCAP_MICRO;
			break;
		case '?':
			return command_bad_option();
		default:
			if (take_number(&capture, option, optarg) < 0)
				return command_usage("\"%s\" is no such number",
						     optarg);
		}
	}
	packet_catch_signals();
	return run(&capture, argv + optind, argc - optind);
}

const struct command packet_capture_command = {
	.name = "capture",
	.arguments = "[-i DEVICE] [-w FILE] [OPTIONS] [FILTER WORDS]",
	.summary = "write what a device receives and sends to a file",
	.help = "  -i, --interface=DEVICE      (default: any, all of them)\n"
		"  -w, --write=FILE            (default: -, stdout); pcapng unless "
		"told\n"
		"      --pcap                  pcap with nanoseconds\n"
		"      --micro                 pcap with microseconds, for old "
		"programs\n"
		"  -c, --count=N               end after N packets\n"
		"      --seconds=S             end after this time\n"
		"      --bytes=N               end when the file has N bytes (K, M, "
		"G)\n"
		"  -s, --snapshot-length=N     keep N bytes of each packet\n"
		"  -B, --buffer-size=N         bytes of the kernel's ring (8M)\n"
		"      --memory=N              bytes that wait for the disk (64M)\n"
		"  -p, --no-promiscuous-mode   only what is for this machine\n"
		"  -Q, --in                    not what this machine sends\n"
		"      --immediate-mode        bring every packet at once, at a cost\n"
		"  -U, --packet-buffered       write packets as soon as they come\n"
		"\n"
		"FILTER WORDS are those of tcpdump (pcap-filter(7)) and need libpcap. "
		"A\n"
		"slow disk never holds reception up: when --memory is full packets "
		"are\n"
		"lost, counted and told, here and in the file. Ends on SIGINT or "
		"SIGTERM\n"
		"with everything written that had come.\n"
		"\n"
		"Exit status: 3 where packets were dropped or lost.\n",
	.main = main_capture,
};
