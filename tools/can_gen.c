/* SPDX-License-Identifier: MIT */
/*
 * linsock can gen: cangen's arguments. Without gaps, frames go out many per system
 * call; with gaps, each burst has an absolute deadline. A full queue is waited for
 * unless -i says to go on.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"
#include "tools/can_view.h"

#define BATCH_MAX   64
#define GAP_DEFAULT (200 * INT64_C(1000000))

enum mode { MODE_RANDOM, MODE_EVEN, MODE_ODD, MODE_INCREMENT, MODE_FIXED };

struct gen {
	const char *interface;
	int64_t gap_ns;
	unsigned long burst;
	bool is_extended;
	bool is_fd;
	uint8_t fd_flags;
	bool is_remote;
	bool has_raw_dlc;
	bool is_mixed;
	enum mode id_mode;
	enum mode len_mode;
	enum mode data_mode;
	unsigned long count;
	unsigned int verbose;
	struct lsk_can_config config;
	int64_t timeout_ns;

	uint32_t id;
	uint32_t len; /* fixed or incremented: a length, or a code above 8 */
	uint64_t counter;
	uint8_t data[LSK_CANFD_DATA_MAX];
	uint8_t random_mask[LSK_CANFD_DATA_MAX]; /* bits that -D xx leaves to chance */
	uint64_t seed;
};

/* xorshift64*: three instructions where random(3) takes a lock. */
static uint32_t next_random(struct gen *gen)
{
	gen->seed ^= gen->seed >> 12;
	gen->seed ^= gen->seed << 25;
	gen->seed ^= gen->seed >> 27;
	return (uint32_t)(gen->seed * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

static void choose_id(struct gen *gen, struct lsk_can_frame *frame)
{
	uint32_t mask = gen->is_extended ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX;

	if (gen->id_mode == MODE_RANDOM)
		gen->id = next_random(gen);
	else if (gen->id_mode == MODE_EVEN)
		gen->id = next_random(gen) & ~1u;
	else if (gen->id_mode == MODE_ODD)
		gen->id = next_random(gen) | 1;
	frame->id = gen->id & mask;
	frame->is_extended = gen->is_extended;
	if (gen->id_mode == MODE_INCREMENT)
		gen->id++;
}

static void choose_len(struct gen *gen, struct lsk_can_frame *frame)
{
	uint32_t code = gen->len;

	if (gen->len_mode == MODE_RANDOM)
		code = next_random(gen) & 0xF;
	if (gen->is_fd) {
		frame->len = (uint16_t)(gen->len_mode == MODE_FIXED
						? lsk_can_dlc_to_len(
							  lsk_can_len_to_dlc(code))
						: lsk_can_dlc_to_len(code));
	} else {
		frame->len = (uint16_t)(code > 8 ? 8 : code);
		frame->raw_dlc =
			gen->has_raw_dlc && code > 8 && code < 16 ? (uint8_t)code : 0;
	}
	if (gen->len_mode == MODE_INCREMENT)
		gen->len =
			(gen->len + 1) %
			(gen->has_raw_dlc || (gen->is_fd && !gen->is_mixed) ? 16 : 9);
	if (gen->data_mode == MODE_INCREMENT && frame->len == 0)
		frame->len = 1;
}

static void choose_data(struct gen *gen, struct lsk_can_frame *frame)
{
	uint32_t words[2];

	if (gen->data_mode == MODE_INCREMENT) {
		memset(frame->data, 0, LSK_CANFD_DATA_MAX);
		for (size_t i = 0; i < 8; i++)
			frame->data[i] = (uint8_t)(gen->counter >> 8 * i);
		gen->counter++;
		return;
	}
	if (gen->data_mode == MODE_RANDOM) {
		words[0] = next_random(gen);
		words[1] = next_random(gen);
		/* Longer data repeats the first eight bytes, as cangen's does. */
		for (size_t i = 0; i < frame->len; i += sizeof(words))
			memcpy(frame->data + i, words, sizeof(words));
		return;
	}
	for (size_t i = 0; i < frame->len; i++)
		frame->data[i] =
			gen->data[i] |
			(gen->random_mask[i]
				 ? (uint8_t)(next_random(gen) & gen->random_mask[i])
				 : 0);
}

/* After each frame: what the next one shall be. */
static void mix(struct gen *gen)
{
	uint32_t chance = next_random(gen);

	gen->is_extended = chance & 1;
	gen->is_fd = chance & 2;
	if (gen->is_fd)
		gen->fd_flags = (uint8_t)((chance & 4 ? LSK_CANFD_BRS : 0) |
					  (chance & 8 ? LSK_CANFD_ESI : 0));
	gen->is_remote = (chance & 24) == 24;
}

/* Whether frames differ by their identifiers at most. */
static bool is_constant(const struct gen *gen)
{
	static const uint8_t none[LSK_CANFD_DATA_MAX];

	return gen->len_mode == MODE_FIXED && gen->data_mode == MODE_FIXED &&
	       !gen->is_mixed && memcmp(gen->random_mask, none, sizeof(none)) == 0;
}

static void make_frame(struct gen *gen, struct lsk_can_frame *frame)
{
	memset(frame, 0, offsetof(struct lsk_can_frame, data));
	frame->kind = gen->is_fd ? LSK_CAN_FD : LSK_CAN_CLASSIC;
	frame->flags = gen->is_fd ? gen->fd_flags : 0;
	frame->is_remote = gen->is_remote && !gen->is_fd;
	choose_id(gen, frame);
	choose_len(gen, frame);
	choose_data(gen, frame);
	if (gen->is_mixed)
		mix(gen);
}

static void show(const struct gen *gen, const struct lsk_can_frame *frame)
{
	char line[CAN_VIEW_MAX];

	if (!gen->verbose)
		return;
	if (gen->verbose == 1)
		lsk_can_frame_format(frame, LSK_CAN_FORMAT_DOTS, line, sizeof(line));
	else
		*can_view_put(line, frame, gen->verbose > 2 ? CAN_VIEW_ASCII : 0) =
			'\0';
	printf("  %s  %s\n", gen->interface, line);
}

static int parse_mode(const char *text, enum mode *ret_mode)
{
	static const char letters[] = "reoi";
	static const enum mode modes[] = {MODE_RANDOM, MODE_EVEN, MODE_ODD,
					  MODE_INCREMENT};
	const char *letter = strchr(letters, text[0]);

	*ret_mode =
		letter && text[0] && !text[1] ? modes[letter - letters] : MODE_FIXED;
	return *ret_mode == MODE_FIXED;
}

static int parse_id(struct gen *gen, const char *text)
{
	char *end;
	unsigned long id;

	if (!parse_mode(text, &gen->id_mode))
		return COMMAND_OK;
	id = strtoul(text, &end, 16);
	if (end == text || *end || id > LSK_CAN_EXTENDED_ID_MAX)
		return command_usage("-I takes r, e, o, i or an identifier, not \"%s\"",
				     text);
	gen->id = (uint32_t)id;
	return COMMAND_OK;
}

static int parse_len(struct gen *gen, const char *text)
{
	long len;

	if (!parse_mode(text, &gen->len_mode) && gen->len_mode != MODE_EVEN &&
	    gen->len_mode != MODE_ODD)
		return COMMAND_OK;
	gen->len_mode = MODE_FIXED;
	if (command_parse_number(text, 0, LSK_CANFD_DATA_MAX, &len) < 0)
		return command_usage("-L takes r, i or a length, not \"%s\"", text);
	gen->len = (uint32_t)len;
	return COMMAND_OK;
}

/* Pairs of digits, of which "x" is left to chance. */
static int parse_data(struct gen *gen, const char *text)
{
	size_t len = strlen(text);

	if (!parse_mode(text, &gen->data_mode) && gen->data_mode != MODE_EVEN &&
	    gen->data_mode != MODE_ODD)
		return COMMAND_OK;
	gen->data_mode = MODE_FIXED;
	if (len == 0 || len % 2 != 0 || len > 2 * sizeof(gen->data))
		return command_usage("wrong fix data definition: \"%s\"", text);
	for (size_t i = 0; i < len; i++) {
		static const char digits[] = "0123456789abcdef";
		unsigned int shift = i % 2 ? 0 : 4;
		const char *digit = strchr(digits, text[i] | 0x20);

		if (text[i] == 'x')
			gen->random_mask[i / 2] |= (uint8_t)(0xFu << shift);
		else if (digit && text[i] != 0x20)
			gen->data[i / 2] |=
				(uint8_t)((unsigned int)(digit - digits) << shift);
		else
			return command_usage("wrong fix data definition: \"%s\"", text);
	}
	return COMMAND_OK;
}

static int parse_gap(struct gen *gen, const char *text)
{
	char *end;
	double gap = strtod(text, &end);

	if (end == text || *end || !(gap >= 0 && gap < 1e9))
		return command_usage("-g takes milliseconds, not \"%s\"", text);
	gen->gap_ns = (int64_t)(gap * 1e6);
	return COMMAND_OK;
}

static int parse_valued(struct gen *gen, int option, const char *value)
{
	long number = 0;

	switch (option) {
	case 'g':
		return parse_gap(gen, value);
	case 'I':
		return parse_id(gen, value);
	case 'L':
		return parse_len(gen, value);
	case 'D':
		return parse_data(gen, value);
	default:
		break;
	}
	if (command_parse_number(value, 1, INT32_MAX, &number) < 0)
		return command_usage("-%c takes a number from 1 on, not \"%s\"", option,
				     value);
	if (option == 'n')
		gen->count = (unsigned long)number;
	else if (option == 'c')
		gen->burst = (unsigned long)number;
	else
		gen->timeout_ns = number * INT64_C(1000000);
	return COMMAND_OK;
}

static int parse_flag(struct gen *gen, int option)
{
	switch (option) {
	case 'a': /* absolute deadlines: here they always are */
		break;
	case 'e':
		gen->is_extended = true;
		break;
	case 'f':
		gen->is_fd = true;
		break;
	case 'b':
		gen->is_fd = true;
		gen->fd_flags |= LSK_CANFD_BRS;
		break;
	case 'E':
		gen->is_fd = true;
		gen->fd_flags |= LSK_CANFD_ESI;
		break;
	case 'R':
		gen->is_remote = true;
		break;
	case '8':
		gen->has_raw_dlc = true;
		break;
	case 'm':
		gen->is_mixed = gen->is_fd = true;
		break;
	case 'i':
		gen->config.on_full = LSK_CAN_ON_FULL_DROP;
		gen->config.send_buffer = 1 << 20;
		break;
	case 'x':
		gen->config.without_loopback = true;
		break;
	case 'v':
		gen->verbose++;
		break;
	default:
		return command_bad_option();
	}
	return COMMAND_OK;
}

static int parse_options(struct gen *gen, int argc, char **argv)
{
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "g:aefbER8mI:L:D:p:n:ixc:v")) != -1)
		status = optarg ? parse_valued(gen, option, optarg)
				: parse_flag(gen, option);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("one CAN interface is wanted");
	if (gen->id_mode == MODE_FIXED && gen->id > LSK_CAN_ID_MAX && !gen->is_extended)
		return command_usage("The given CAN-ID is greater than 0x7FF and the "
				     "'-e' option is not set.");
	gen->interface = argv[optind];
	return COMMAND_OK;
}

static void sleep_until(int64_t until_ns)
{
	struct timespec until = {.tv_sec = until_ns / LSK_NSEC_PER_SEC,
				 .tv_nsec = until_ns % LSK_NSEC_PER_SEC};

	/* A signal ends the process: nothing has to be put right. */
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static int generate(struct gen *gen, struct lsk_can *can, struct lsk_can_frame *frames)
{
	bool is_kept = is_constant(gen);
	unsigned long done = 0, made = 0;
	struct timespec now;
	int64_t due_ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	due_ns = now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
	while (!gen->count || done < gen->count) {
		unsigned long len = gen->gap_ns ? gen->burst : BATCH_MAX;
		int r;

		if (len > BATCH_MAX)
			len = BATCH_MAX;
		if (gen->count && len > gen->count - done)
			len = gen->count - done;
		for (unsigned long i = 0; i < len; i++) {
			/* What the last batch left here is right but for one field. */
			if (is_kept && i < made)
				choose_id(gen, &frames[i]);
			else
				make_frame(gen, &frames[i]);
			show(gen, &frames[i]);
		}
		if (len > made)
			made = len;
		r = lsk_can_send(can, frames, len, NULL);
		if (r < 0)
			return command_failure(r, "write");
		done += len;
		if (gen->gap_ns && done % gen->burst == 0 &&
		    (!gen->count || done < gen->count))
			sleep_until(due_ns += gen->gap_ns);
	}
	return COMMAND_OK;
}

static int can_gen_main(int argc, char **argv)
{
	struct gen gen = {
		.gap_ns = GAP_DEFAULT,
		.burst = 1,
		.config = {.receive_nothing = true, .without_time = true},
		.timeout_ns = LSK_BLOCK,
	};
	struct lsk_can_frame *frames;
	struct lsk_can_stats stats;
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	struct timespec now;
	int status = parse_options(&gen, argc, argv);

	if (status != COMMAND_OK)
		return status;
	clock_gettime(CLOCK_REALTIME, &now);
	gen.seed = (uint64_t)now.tv_nsec << 20 | 1;
	gen.config.interface = gen.interface;
	frames = calloc(BATCH_MAX, sizeof(*frames));
	if (!frames)
		return command_failure(-ENOMEM, "frames");
	if (lsk_can_open(&can, &gen.config, &error) < 0) {
		status = command_failure_at(gen.interface, &error);
	} else {
		lsk_socket_set_timeout(lsk_can_socket(can), gen.timeout_ns);
		status = generate(&gen, can, frames);
		if (lsk_can_stats(can, &stats) == 0 && stats.refused > 0)
			printf("\nCounted %llu ENOBUFS return values on write().\n\n",
			       (unsigned long long)stats.refused);
	}
	lsk_can_free(can);
	free(frames);
	return status;
}

static const char can_gen_help[] =
	"  -g MS       gap between bursts (200); 0 for as fast as it goes\n"
	"  -c COUNT    frames in a burst (1)\n"
	"  -n COUNT    end after COUNT frames\n"
	"  -I MODE     identifiers: r random, e even, o odd, i increment, or "
	"hexadecimal\n"
	"  -L MODE     lengths: r, i, or a number\n"
	"  -D MODE     data: r, i, or hexadecimal with x for a random digit\n"
	"  -e -f -b -E -R -8  extended; FD; with BRS; with ESI; remote; raw DLC\n"
	"  -m          mix of -e -f -b -E -R\n"
	"  -p MS       give up when a full queue does not drain in MS milliseconds\n"
	"  -i          go on when the queue is full, and count\n"
	"  -x          no local socket hears the frames\n"
	"  -v          print the frames; -vv, -vvv in longer forms\n";

const struct command can_gen_command = {
	.name = "gen",
	.arguments = "[options] IFACE",
	.summary = "generate frames",
	.alias = "cangen",
	.help = can_gen_help,
	.main = can_gen_main,
};
