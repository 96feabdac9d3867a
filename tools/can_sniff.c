/* SPDX-License-Identifier: MIT */
/*
 * linsock can sniff: one line per identifier, in which what changes is marked, with
 * cansniffer's screen, options and keys.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_capture.h"
#include "tools/can_scan.h"
#include "tools/can_time.h"

#define SLOTS_MAX    2048
#define TICK_NS      INT64_C(10000000) /* the unit of the options' times */
#define SETTINGS     "sniffset."
#define SETTINGS_LEN 256
#define KEYS_MAX     64
#define MARK         CAN_BOLD CAN_RED

struct slot {
	uint32_t id; /* in the kernel's notation */
	bool is_enabled;
	bool is_shown;
	bool is_changed;
	int64_t hold_ns;    /* until then changes stay marked; 0: not */
	int64_t timeout_ns; /* then it leaves the screen; 0: never */
	int64_t last_ns;
	int64_t current_ns;
	uint8_t len;
	uint8_t last_len;
	uint8_t data[LSK_CANFD_DATA_MAX];
	uint8_t last[LSK_CANFD_DATA_MAX];
	uint8_t marker[LSK_CANFD_DATA_MAX];
	uint8_t notch[LSK_CANFD_DATA_MAX];
};

struct sniff {
	char *interface;
	struct slot *slots;
	size_t count;
	long timeout; /* ticks, as are the next two */
	long hold;
	long loop;
	bool is_quiet;
	bool has_extended;
	bool is_binary;
	bool has_gap;
	bool may_narrow; /* 8 was asked for: b follows it */
	bool is_narrow;
	bool has_color;
	bool hides_ascii;
	bool is_fd;
	bool clears;
	bool notches; /* at the next screen */
	bool quits;
	unsigned int screens;
};

static int settings_name(char *name, const char *suffix)
{
	return snprintf(name, SETTINGS_LEN, "%s%s", SETTINGS, suffix) < SETTINGS_LEN
		       ? 0
		       : -ENAMETOOLONG;
}

/* "<00000123>1.0000000000000000": identifier, whether it is shown, notched bits. */
static int write_settings(const struct sniff *sniff, const char *suffix)
{
	char name[SETTINGS_LEN];
	FILE *file = settings_name(name, suffix) == 0 ? fopen(name, "we") : NULL;

	if (!file)
		return -errno;
	for (size_t i = 0; i < sniff->count; i++) {
		const struct slot *slot = &sniff->slots[i];

		fprintf(file, "<%08X>%c.", slot->id, slot->is_enabled ? '1' : '0');
		for (int j = 0; j < LSK_CAN_DATA_MAX; j++)
			fprintf(file, "%02X", slot->notch[j]);
		fputc('\n', file);
	}
	return fclose(file) == 0 ? 0 : -errno;
}

static int read_settings(struct sniff *sniff, const char *suffix)
{
	char name[SETTINGS_LEN];
	char line[64];
	FILE *file = settings_name(name, suffix) == 0 ? fopen(name, "re") : NULL;

	if (!file)
		return -errno;
	sniff->count = 0;
	while (sniff->count < SLOTS_MAX && fgets(line, sizeof(line), file)) {
		struct slot slot = {0};
		const char *at = line + 1;
		int64_t id = 0, flag = 0;

		if (line[0] != '<' ||
		    !can_scan_field(&at, 16, 0, UINT32_MAX, '>', &id) ||
		    !can_scan_field(&at, 10, 0, 1, '.', &flag) ||
		    !can_scan_bytes(&at, slot.notch, LSK_CAN_DATA_MAX))
			continue;
		slot.id = (uint32_t)id;
		slot.is_enabled = flag;
		sniff->slots[sniff->count++] = slot;
	}
	fclose(file);
	return 0;
}

/* The slot of an identifier, kept in order; NULL where all are taken. */
static struct slot *find_slot(struct sniff *sniff, uint32_t id)
{
	size_t i = 0;

	while (i < sniff->count && sniff->slots[i].id < id)
		i++;
	if (i < sniff->count && sniff->slots[i].id == id)
		return &sniff->slots[i];
	if (sniff->count == SLOTS_MAX)
		return NULL;
	memmove(&sniff->slots[i + 1], &sniff->slots[i],
		(sniff->count - i) * sizeof(*sniff->slots));
	sniff->slots[i] = (struct slot){.id = id, .is_enabled = !sniff->is_quiet};
	sniff->count++;
	return &sniff->slots[i];
}

static void take_frame(struct sniff *sniff, const struct lsk_can_record *record,
		       int64_t time_ns)
{
	const struct lsk_can_frame *frame = &record->frame;
	struct slot *slot;
	bool is_same;

	if (frame->kind > LSK_CAN_FD || frame->len > LSK_CANFD_DATA_MAX)
		return;
	if (frame->is_extended && !sniff->has_extended)
		sniff->has_extended = sniff->clears = true;
	sniff->is_fd |= frame->kind == LSK_CAN_FD;
	slot = find_slot(sniff, frame->id | (frame->is_extended ? CAN_EFF_FLAG : 0));
	if (!slot)
		return;
	is_same = slot->last_ns != 0 && slot->len == frame->len &&
		  memcmp(slot->data, frame->data, frame->len) == 0;
	if (is_same)
		return;
	/* Zero at first: the second one is drawn for its gap, whatever is in it. */
	slot->last_ns = slot->current_ns;
	slot->current_ns = record->time_ns;
	slot->len = (uint8_t)frame->len;
	memset(slot->data, 0, sizeof(slot->data));
	if (!frame->is_remote)
		memcpy(slot->data, frame->data, frame->len);
	for (size_t i = 0; i < sizeof(slot->data); i++)
		slot->marker[i] |= slot->data[i] ^ slot->last[i];
	slot->timeout_ns = sniff->timeout ? time_ns + sniff->timeout * TICK_NS : 0;
	sniff->clears |= !slot->is_shown;
	slot->is_shown = slot->is_changed = true;
}

static void print_bits(const struct sniff *sniff, const struct slot *slot)
{
	for (unsigned int i = 0; i < slot->len; i++) {
		for (int bit = 7; bit >= 0; bit--) {
			bool is_marked = sniff->has_color &&
					 slot->marker[i] & ~slot->notch[i] & 1 << bit;

			printf("%s%d%s", is_marked ? MARK : "",
			       slot->data[i] >> bit & 1, is_marked ? CAN_PLAIN : "");
		}
		if (sniff->has_gap)
			putchar(' ');
	}
	/* Over what stood here of a longer frame. */
	for (int i = slot->last_len - slot->len; i > 0; i--)
		fputs(sniff->has_gap ? "         " : "        ", stdout);
}

static void print_bytes(const struct sniff *sniff, const struct slot *slot)
{
	int max = sniff->is_fd ? LSK_CANFD_DATA_MAX : LSK_CAN_DATA_MAX;

	for (unsigned int i = 0; i < slot->len; i++) {
		bool is_marked = sniff->has_color && slot->marker[i] & ~slot->notch[i];

		printf("%s%02X%s ", is_marked ? MARK : "", slot->data[i],
		       is_marked ? CAN_PLAIN : "");
	}
	if (sniff->hides_ascii) {
		for (int i = slot->last_len - slot->len; i > 0; i--)
			fputs("   ", stdout);
		return;
	}
	printf("%*s", (max - slot->len) * 3, "");
	for (unsigned int i = 0; i < slot->len; i++) {
		bool is_text = slot->data[i] > 0x1F && slot->data[i] < 0x7F;
		bool is_marked = is_text && sniff->has_color &&
				 slot->marker[i] & ~slot->notch[i];

		printf("%s%c%s", is_marked ? MARK : "", is_text ? slot->data[i] : '.',
		       is_marked ? CAN_PLAIN : "");
	}
	for (int i = slot->last_len - slot->len; i > 0; i--)
		putchar(' ');
}

/* Columns are narrow only where identifiers are wide. */
static const char *bar_of(const struct sniff *sniff)
{
	return sniff->is_narrow && sniff->has_extended ? "|" : " | ";
}

static void print_slot(const struct sniff *sniff, struct slot *slot)
{
	const char *bar = bar_of(sniff);
	int64_t gap_ms = (slot->current_ns - slot->last_ns) / 1000000;

	if (gap_ms < 0)
		gap_ms = 0;
	if (gap_ms > 99999)
		gap_ms = 99999;
	printf("%02d%03d%s", (int)(gap_ms / 1000), (int)(gap_ms % 1000), bar);
	if (slot->id & CAN_EFF_FLAG)
		printf("%08X%s", slot->id & CAN_EFF_MASK, bar);
	else
		printf("%s%03X%s", sniff->has_extended ? "---- " : "",
		       slot->id & CAN_SFF_MASK, bar);
	if (sniff->is_binary)
		print_bits(sniff, slot);
	else
		print_bytes(sniff, slot);
	putchar('\n');
	memset(slot->marker, 0, sizeof(slot->marker));
}

static void print_screen(struct sniff *sniff, int64_t time_ns)
{
	const char *bar = bar_of(sniff);
	bool is_all = sniff->clears;

	if (is_all)
		printf("\33[2J\33[HXX|ms%s%s%sdata ...     < %s # l=%ld h=%ld t=%ld "
		       "slots=%zu >",
		       bar, sniff->has_extended ? "-- ID --" : "ID ", bar,
		       sniff->interface, sniff->loop, sniff->hold, sniff->timeout,
		       sniff->count);
	sniff->clears = false;
	for (size_t i = 0; sniff->notches && i < sniff->count; i++)
		for (size_t j = 0; j < LSK_CANFD_DATA_MAX; j++)
			sniff->slots[i].notch[j] |= sniff->slots[i].marker[j];
	sniff->notches = false;
	printf("\33[H%02u\n", sniff->screens++ % 100);
	for (size_t i = 0; i < sniff->count; i++) {
		struct slot *slot = &sniff->slots[i];

		if (!slot->is_enabled || !slot->is_shown)
			continue;
		if (slot->is_changed || is_all) {
			print_slot(sniff, slot);
			slot->hold_ns = time_ns + sniff->hold * TICK_NS;
			slot->is_changed = false;
		} else if (slot->hold_ns && slot->hold_ns < time_ns) {
			memset(slot->marker, 0, sizeof(slot->marker));
			print_slot(sniff, slot);
			slot->hold_ns = 0;
		} else {
			fputs("\33[B", stdout);
		}
		if (slot->timeout_ns && slot->timeout_ns < time_ns) {
			slot->is_shown = false;
			sniff->clears = true;
		}
		memcpy(slot->last, slot->data, sizeof(slot->last));
		slot->last_len = slot->len;
	}
	fflush(stdout);
}

static void enable(struct sniff *sniff, uint32_t value, uint32_t mask, bool is_on)
{
	for (size_t i = 0; i < sniff->count; i++)
		if ((sniff->slots[i].id & mask) == (value & mask))
			sniff->slots[i].is_enabled = is_on;
}

/* "+123", "+123700", "+12345678", "+1234567800FF0000". */
static void take_filter(struct sniff *sniff, const char *keys)
{
	size_t digits = strlen(keys + 1);
	uint32_t flag = digits >= 8 ? CAN_EFF_FLAG : 0;
	size_t half = digits == 6 ? 3 : digits == 16 ? 8 : digits;
	char value[9] = "", mask[9] = "FFFFFFFF";

	if (digits != 3 && digits != 6 && digits != 8 && digits != 16)
		return;
	memcpy(value, keys + 1, half);
	if (half != digits)
		memcpy(mask, keys + 1 + half, half + 1);
	enable(sniff, (uint32_t)strtoul(value, NULL, 16) | flag,
	       (uint32_t)strtoul(mask, NULL, 16) | CAN_EFF_FLAG, keys[0] == '+');
}

static void take_keys(struct sniff *sniff, const char *keys)
{
	int r = 0;

	sniff->clears = true;
	sniff->quits |= keys[0] == 'q';
	sniff->has_color ^= keys[0] == 'c';
	sniff->hides_ascii ^= keys[0] == '@';
	if (keys[0] == 'b' || keys[0] == '8' || keys[0] == 'B') {
		sniff->is_binary = !sniff->is_binary;
		sniff->has_gap = keys[0] == 'B';
		sniff->may_narrow |= keys[0] == '8';
		sniff->is_narrow =
			sniff->may_narrow && keys[0] != 'B' && sniff->is_binary;
	}
	if (keys[0] == '+' || keys[0] == '-')
		take_filter(sniff, keys);
	if (keys[0] == 'a' || keys[0] == 'n')
		enable(sniff, 0, CAN_EFF_FLAG, keys[0] == 'a');
	if (keys[0] == 'A' || keys[0] == 'N')
		enable(sniff, CAN_EFF_FLAG, CAN_EFF_FLAG, keys[0] == 'A');
	sniff->notches |= keys[0] == '#';
	for (size_t i = 0; keys[0] == '*' && i < sniff->count; i++)
		memset(sniff->slots[i].notch, 0, sizeof(sniff->slots[i].notch));
	if (keys[0] == 'w')
		r = write_settings(sniff, keys + 1);
	if (keys[0] == 'r')
		r = read_settings(sniff, keys + 1);
	if (r < 0)
		command_failure(r, "%s%s", SETTINGS, keys + 1);
}

/* Lines of keys, as the terminal gives them. At the end of input they are over. */
static void read_keys(struct sniff *sniff, bool *is_open)
{
	char keys[KEYS_MAX];
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t count;

	if (!*is_open || poll(&fd, 1, 0) <= 0)
		return;
	count = read(STDIN_FILENO, keys, sizeof(keys) - 1);
	*is_open = count > 0;
	if (count <= 0)
		return;
	keys[count] = '\0';
	for (char *line = strtok(keys, "\n"); line; line = strtok(NULL, "\n"))
		take_keys(sniff, line);
}

static int run(struct sniff *sniff, struct can_capture *capture)
{
	int64_t next_ns = 0;
	bool has_keys = true;
	int r = 0;

	sniff->clears = true;
	fputs("\33[?25l", stdout);
	while (r >= 0) {
		struct can_source *source;
		int64_t time_ns = can_now_ns();

		read_keys(sniff, &has_keys);
		if (sniff->quits)
			break;
		if (time_ns >= next_ns) {
			print_screen(sniff, time_ns);
			next_ns = time_ns + sniff->loop * TICK_NS;
		}
		r = can_capture_next(capture, (int)((next_ns - time_ns) / 1000000) + 1,
				     &source);
		if (r == -ENETDOWN)
			r = 0;
		for (int i = 0; i < r; i++)
			take_frame(sniff, &capture->records[i], can_now_ns());
	}
	/* The terminal is left whole. */
	fputs("\33[?25h", stdout);
	if (fflush(stdout) != 0)
		return command_failure(-EIO, "stdout");
	return r < 0 && r != -EINTR ? command_failure(r, "%s", sniff->interface)
				    : COMMAND_OK;
}

static int parse_time(const char *text, int option, long *ret_ticks)
{
	if (command_parse_number(text, option == 'l' ? 1 : 0, 1000000, ret_ticks) < 0)
		return command_usage("-%c: \"%s\" is no time", option, text);
	return COMMAND_OK;
}

static int parse_options(struct sniff *sniff, int argc, char **argv)
{
	const char *settings = NULL;
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "r:t:h:l:f:qeb8Bc")) != -1) {
		sniff->is_quiet |= option == 'q';
		sniff->has_extended |= option == 'e';
		sniff->has_color |= option == 'c';
		sniff->is_binary |= option == 'b' || option == '8' || option == 'B';
		sniff->may_narrow |= option == '8';
		sniff->is_narrow |= option == '8';
		sniff->has_gap |= option == 'B';
		if (option == 't' || option == 'h' || option == 'l')
			status = parse_time(optarg, option,
					    option == 't'   ? &sniff->timeout
					    : option == 'h' ? &sniff->hold
							    : &sniff->loop);
		else if (option == 'r')
			settings = optarg;
		else if (option == '?')
			status = command_bad_option();
	}
	if (status == COMMAND_OK && argc - optind != 1)
		status = command_usage("an interface is needed, or \"any\"");
	if (status != COMMAND_OK)
		return status;
	sniff->interface = argv[optind];
	if (settings && read_settings(sniff, settings) < 0)
		return command_failure(-errno, "%s%s", SETTINGS, settings);
	return COMMAND_OK;
}

static int can_sniff_main(int argc, char **argv)
{
	struct sniff sniff = {.timeout = 500, .hold = 100, .loop = 20};
	struct can_capture capture = {0};
	const struct lsk_can_config config = {.without_xl = true};
	int status;

	sniff.slots = calloc(SLOTS_MAX, sizeof(*sniff.slots));
	if (!sniff.slots)
		return command_failure(-ENOMEM, "slots");
	status = parse_options(&sniff, argc, argv);
	if (status == COMMAND_OK) {
		can_capture_signals(&capture);
		status = can_capture_open(&capture, &sniff.interface, 1, &config);
	}
	if (status == COMMAND_OK)
		status = run(&sniff, &capture);
	can_capture_close(&capture);
	free(sniff.slots);
	return status;
}

static const char can_sniff_help[] =
	"One line per identifier: the gap before the last change, identifier, data; "
	"what\n"
	"changed is marked with -c.\n"
	"\n"
	"  -q        show nothing until it is asked for\n"
	"  -r NAME   read sniffset.NAME\n"
	"  -e        room for extended identifiers from the start\n"
	"  -b, -8, -B  bits, for 80 columns, with gaps\n"
	"  -c        mark changes\n"
	"  -t TIME   until a line goes, in 10 ms (500; 0: never)\n"
	"  -h TIME   that changes stay marked (100)\n"
	"  -l TIME   between two screens (20)\n"
	"\n"
	"Keys, each with Enter: q quit, b 8 B bits, c colour, @ text, # notch what "
	"changes,\n"
	"* clear that, rNAME wNAME read and write settings, a n A N all and none, of "
	"11 "
	"and\n"
	"of 29 bits, +ID -ID +IDMASK -IDMASK show and hide.\n";

const struct command can_sniff_command = {
	.name = "sniff",
	.arguments = "[options] IFACE",
	.summary = "watch what changes on a bus",
	.alias = "cansniffer",
	.help = can_sniff_help,
	.main = can_sniff_main,
};
