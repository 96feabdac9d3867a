/* SPDX-License-Identifier: MIT */
/* linsock packet send and replay: frames out of a device, through a transmit ring. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/packet.h"
#include "tools/progress.h"

#define FRAME_MAX 65535u
#define FRAMES    64u
#define WAIT_NS   (LSK_NSEC_PER_SEC / 4)
#define RATE_MAX  1e9
#define SPEED_MAX 1e6

struct sending {
	const char *interface;
	const char *file;
	struct lsk_packet_sender *sender;
	bool bypasses_qdisc;
	uint64_t count; /* frames to send, or times to replay */
	double rate;    /* frames a second; 0: no limit, or as recorded */
	double speed;   /* of a replay */
	bool is_fast;
	uint64_t sent;
	uint64_t bytes;
	int64_t start_ns;
};

static int open_sender(struct sending *sending, unsigned int frame_max)
{
	const struct lsk_packet_sender_options options = {
		.frame_max = frame_max,
		.count = frame_max > 4096 ? FRAMES : 0,
		.skips_refused = true,
	};
	const struct lsk_packet_config config = {
		.bypasses_qdisc = sending->bypasses_qdisc,
	};
	struct lsk_error error = {0};

	if (!sending->interface)
		return command_usage("which device? name it with -i");
	if (lsk_packet_sender_new(&sending->sender, sending->interface, &options,
				  &config, &error) < 0)
		return command_failure_at(sending->interface, &error);
	sending->start_ns = monotonic_ns();
	return COMMAND_OK;
}

static int flush(struct sending *sending)
{
	int r;

	do {
		r = lsk_packet_sender_flush(sending->sender, WAIT_NS);
	} while (r == -ETIME && !packet_is_ending());
	return r < 0 ? r : 0;
}

/* Wait until @due_ns; what is in the ring leaves before. Return: 0 or an error. */
static int wait_until(struct sending *sending, int64_t due_ns)
{
	struct timespec due = {.tv_sec = due_ns / LSK_NSEC_PER_SEC,
			       .tv_nsec = due_ns % LSK_NSEC_PER_SEC};
	int r;

	if (monotonic_ns() >= due_ns)
		return 0;
	r = flush(sending);
	while (r == 0 && !packet_is_ending() &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
	return r;
}

static int send_frame(struct sending *sending, const void *data, uint32_t len)
{
	void *room = lsk_packet_sender_reserve(sending->sender);
	int r = 0;

	if (!room) {
		r = flush(sending);
		room = lsk_packet_sender_reserve(sending->sender);
	}
	if (r < 0 || !room)
		return r < 0 ? r : -EINTR;
	memcpy(room, data, len);
	r = lsk_packet_sender_commit(sending->sender, len);
	if (r == 0) {
		sending->sent++;
		sending->bytes += len;
	}
	return r;
}

/* Flush, tell what became of the frames, close. Return: an exit status. */
static int finish(struct sending *sending, int result)
{
	struct lsk_packet_sender_stats stats = {0};
	double seconds;
	int r = result;

	if (!sending->sender)
		return COMMAND_FAILURE;
	if (r == 0)
		r = flush(sending);
	seconds = (double)(monotonic_ns() - sending->start_ns) / 1e9;
	lsk_packet_sender_stats(sending->sender, &stats);
	lsk_packet_sender_free(sending->sender);
	if (r < 0 && r != -EINTR && r != -ETIME)
		return command_failure(r, "%s", sending->interface);
	fprintf(stderr, "%llu packets sent in %.3f s, %.0f a second\n",
		(unsigned long long)stats.sent, seconds,
		seconds > 0 ? (double)stats.sent / seconds : 0);
	if (stats.committed > stats.sent)
		fprintf(stderr, "%llu packets refused by the device\n",
			(unsigned long long)(stats.committed - stats.sent));
	return stats.committed > stats.sent ? PACKET_STATUS_LOST : COMMAND_OK;
}

/* "02 00 …", with blanks, colons and comments after "#". Return: bytes, or -EINVAL. */
static int parse_hex(const char *text, uint8_t *frame)
{
	unsigned int len = 0;

	for (; *text && *text != '#'; text++) {
		char pair[3] = {text[0], text[1], '\0'};

		if (isspace((unsigned char)*text) || *text == ':')
			continue;
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) || len == FRAME_MAX)
			return -EINVAL;
		frame[len++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return (int)len;
}

static int send_times(struct sending *sending, const uint8_t *frame, uint32_t len)
{
	int r = 0;

	for (uint64_t i = 0; i < sending->count && r == 0 && !packet_is_ending(); i++) {
		if (sending->rate > 0)
			r = wait_until(sending,
				       sending->start_ns +
					       (int64_t)((double)sending->sent * 1e9 /
							 sending->rate));
		if (r == 0)
			r = send_frame(sending, frame, len);
	}
	return r;
}

/* A frame in each line of stdin. */
static int send_lines(struct sending *sending, uint8_t *frame)
{
	_Bool is_bad = false;
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r == 0 && !packet_is_ending() && getline(&line, &size, stdin) > 0) {
		int len = parse_hex(line, frame);

		is_bad = len < 0;
		if (is_bad)
			break;
		if (len > 0)
			r = send_times(sending, frame, (uint32_t)len);
	}
	if (is_bad)
		fprintf(stderr, "%s: this is no frame in hexadecimal: %s",
			program_invocation_short_name, line);
	free(line);
	return is_bad ? -EBADMSG : r;
}

static int parse_positive(const char *text, double max, double *ret_number)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number > 0) || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int bad_number(const char *text)
{
	return command_usage("\"%s\" is no such number", text);
}

static const struct option send_options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"count", required_argument, NULL, 'c'},
	{"rate", required_argument, NULL, 'r'},
	{"qdisc-bypass", no_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

static int run_send(struct sending *sending, const char *text)
{
	static uint8_t frame[FRAME_MAX];
	int len = strcmp(text, "-") == 0 ? 0 : parse_hex(text, frame);
	int status, r;

	if (len < 0 || (len == 0 && strcmp(text, "-") != 0))
		return command_usage("\"%s\" is no frame in hexadecimal", text);
	status = open_sender(sending, len > 1522 || len == 0 ? FRAME_MAX : 0);
	if (status != COMMAND_OK)
		return status;
	r = len == 0 ? send_lines(sending, frame)
		     : send_times(sending, frame, (uint32_t)len);
	return finish(sending, r);
}

static int main_send(int argc, char **argv)
{
	struct sending sending = {.count = 1};
	int option;

	while ((option = getopt_long(argc, argv, "i:c:r:b", send_options, NULL)) !=
	       -1) {
		switch (option) {
		case 'i':
			sending.interface = optarg;
			break;
		case 'c':
			if (packet_parse_size(optarg, &sending.count) < 0)
				return bad_number(optarg);
			break;
		case 'r':
			if (parse_positive(optarg, RATE_MAX, &sending.rate) < 0)
				return bad_number(optarg);
			break;
		case 'b':
			sending.bypasses_qdisc = true;
			break;
		default:
			return command_bad_option();
		}
	}
	if (argc - optind != 1)
		return command_usage("one frame in hexadecimal, or \"-\"");
	packet_catch_signals();
	return run_send(&sending, argv[optind]);
}

const struct command packet_send_command = {
	.name = "send",
	.arguments = "-i DEVICE [OPTIONS] FRAME",
	.summary = "send a frame that is given in hexadecimal",
	.help = "  -i, --interface=DEVICE   where to\n"
		"  -c, --count=N            each frame N times (K, M, G)\n"
		"  -r, --rate=N             frames a second (default: no limit)\n"
		"  -b, --qdisc-bypass       past the device's queue discipline\n"
		"\n"
		"FRAME begins with the link layer: \"0200000000020200000000010806…\";\n"
		"blanks and colons are stepped over. \"-\" reads a frame from each "
		"line\n"
		"of stdin, where \"#\" begins a comment.\n"
		"\n"
		"Exit status: 3 where the device refused a frame.\n",
	.main = main_send,
};

/* When the next packet of a file is due. */
static int wait_for_packet(struct sending *sending, const struct lsk_packet *packet,
			   int64_t first_ns, int64_t begun_ns)
{
	int64_t due_ns;

	if (sending->is_fast)
		return 0;
	if (sending->rate > 0)
		due_ns = sending->start_ns +
			 (int64_t)((double)sending->sent * 1e9 / sending->rate);
	else
		due_ns = begun_ns + (int64_t)((double)(packet->time_ns - first_ns) /
					      sending->speed);
	return wait_until(sending, due_ns);
}

/* Once through the file. Return: 0 or a negative error; what of the file is told. */
static int replay_once(struct sending *sending, char **words, int count,
		       uint64_t *ret_cut)
{
	struct packet_source source = {.file = sending->file};
	int64_t first_ns = -1, begun_ns = monotonic_ns();
	struct lsk_packet packet;
	int r;

	if (packet_source_open(&source, words, count) != COMMAND_OK) {
		packet_source_close(&source);
		return -ECANCELED;
	}
	while ((r = packet_source_next(&source, &packet, 1)) > 0) {
		if (first_ns < 0)
			first_ns = packet.time_ns;
		if (packet_source_linktype(&source, &packet) != LSK_LINKTYPE_ETHERNET ||
		    packet.captured > FRAME_MAX) {
			r = -EPROTOTYPE;
			break;
		}
		*ret_cut += packet.captured < packet.length;
		r = wait_for_packet(sending, &packet, first_ns, begun_ns);
		if (r == 0 && !packet_is_ending())
			r = send_frame(sending, packet.data, packet.captured);
		if (r < 0)
			break;
	}
	packet_source_close(&source);
	return r == -ENODATA ? 0 : r;
}

static int run_replay(struct sending *sending, char **words, int count)
{
	uint64_t cut = 0;
	int status = open_sender(sending, FRAME_MAX), r = 0;

	if (status != COMMAND_OK)
		return status;
	for (uint64_t i = 0; i < sending->count && r == 0 && !packet_is_ending(); i++)
		r = replay_once(sending, words, count, &cut);
	if (r == -EPROTOTYPE) {
		fprintf(stderr, "%s: %s: it has packets that are no Ethernet frames\n",
			program_invocation_short_name, sending->file);
		r = -ECANCELED;
	}
	if (cut > 0)
		fprintf(stderr, "%llu packets were cut when they were captured\n",
			(unsigned long long)cut);
	/* What was told already is told once. */
	if (r == -ECANCELED || r == -EBADMSG) {
		lsk_packet_sender_free(sending->sender);
		return COMMAND_FAILURE;
	}
	return finish(sending, r);
}

static const struct option replay_options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"read", required_argument, NULL, 'r'},
	{"loop", required_argument, NULL, 'l'},
	{"speed", required_argument, NULL, 's'},
	{"rate", required_argument, NULL, 'p'},
	{"fast", no_argument, NULL, 't'},
	{"qdisc-bypass", no_argument, NULL, 'b'},
	{NULL, 0, NULL, 0},
};

static int main_replay(int argc, char **argv)
{
	struct sending sending = {.count = 1, .speed = 1};
	int option;

	while ((option = getopt_long(argc, argv, "+i:r:l:s:p:tb", replay_options,
				     NULL)) != -1) {
		switch (option) {
		case 'i':
			sending.interface = optarg;
			break;
		case 'r':
			sending.file = optarg;
			break;
		case 'l':
			if (packet_parse_size(optarg, &sending.count) < 0)
				return bad_number(optarg);
			break;
		case 's':
			if (parse_positive(optarg, SPEED_MAX, &sending.speed) < 0)
				return bad_number(optarg);
			break;
		case 'p':
			if (parse_positive(optarg, RATE_MAX, &sending.rate) < 0)
				return bad_number(optarg);
			break;
		case 't':
			sending.is_fast = true;
			break;
		case 'b':
			sending.bypasses_qdisc = true;
			break;
		default:
			return command_bad_option();
		}
	}
	if (!sending.file)
		return command_usage("which file? name it with -r");
	if (sending.count > 1 && strcmp(sending.file, "-") == 0)
		return command_usage("stdin can be replayed once");
	packet_catch_signals();
	return run_replay(&sending, argv + optind, argc - optind);
}

const struct command packet_replay_command = {
	.name = "replay",
	.arguments = "-i DEVICE -r FILE [OPTIONS] [FILTER WORDS]",
	.summary = "send the packets of a file, with their distances in time",
	.help = "  -i, --interface=DEVICE   where to\n"
		"  -r, --read=FILE          pcap or pcapng of Ethernet frames; -: "
		"stdin\n"
		"  -s, --speed=X            X times as fast as recorded\n"
		"  -p, --rate=N             N packets a second instead\n"
		"  -t, --fast               as fast as the device takes them\n"
		"  -l, --loop=N             the file N times\n"
		"  -b, --qdisc-bypass       past the device's queue discipline\n"
		"\n"
		"FILTER WORDS are those of tcpdump (pcap-filter(7)) and need libpcap.\n"
		"\n"
		"Exit status: 3 where the device refused a packet.\n",
	.main = main_replay,
};
