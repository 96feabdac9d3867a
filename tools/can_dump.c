/* SPDX-License-Identifier: MIT */
/*
 * linsock can dump: candump's arguments and candump's bytes. What differs: the frames
 * are received while the output waits, the drop counter is always on, and what was lost
 * is told at the end.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_capture.h"
#include "tools/can_line.h"
#include "tools/can_log_file.h"
#include "tools/can_output.h"
#include "tools/can_stop.h"
#include "tools/command.h"
#include "tools/progress.h"

/* Frames were lost: by the kernel's queue, or past the bound of ours. */
#define DUMP_LOST CAN_STATUS_LOST

#define BUFFER_DEFAULT (64u << 20)

enum { OPTION_BUFFER = 256, OPTION_ROTATE_SIZE, OPTION_ROTATE_TIME };

enum { SILENT_OFF, SILENT_ANIMATION, SILENT_ON, SILENT_UNSET };

struct dump {
	/* what was asked for */
	struct can_line_style style;
	int silent;
	bool has_log;        /* -l, -f */
	bool has_log_stdout; /* -L */
	bool shows_drops;    /* -d */
	bool survives_down;  /* -D */
	unsigned long count; /* -n; 0: no end */
	int timeout_ms;      /* -T */
	size_t buffer;
	struct lsk_can_config config;

	/* what goes on */
	struct can_capture capture;
	struct can_view_clock clock;
	struct can_view_clock log_clock;
	struct can_output *console;
	struct can_log_file log;
	unsigned int names_seen[CAN_SOURCES_MAX * 2]; /* indices, in order of sight */
	size_t names_count;
	unsigned int animation;
	uint64_t refused;         /* lines for which there was no room */
	struct progress progress; /* of a log, while the console has nothing */
};

static int parse_positive(const char *text, const char *what, long *ret_value)
{
	if (command_parse_number(text, 1, INT32_MAX, ret_value) == 0)
		return COMMAND_OK;
	return command_usage("%s: \"%s\" is no number from 1 on", what, text);
}

static int parse_time_mode(struct dump *dump, char mode)
{
	if (!mode || !strchr("adzA", mode)) {
		fprintf(stderr, "%s: unknown timestamp mode '%c' - ignored\n",
			program_invocation_short_name, mode);
		mode = 0;
	}
	dump->clock.mode = mode;
	dump->log_clock.mode = mode == 'z' ? 'z' : 'a';
	return COMMAND_OK;
}

static int parse_valued(struct dump *dump, int option, const char *value)
{
	long number;
	int status;

	switch (option) {
	case 't':
		return parse_time_mode(dump, value[0]);
	case 'f':
		dump->log.name = value;
		dump->has_log = true;
		return COMMAND_OK;
	case 's':
		if (strlen(value) != 1 || value[0] < '0' || value[0] > '2')
			return command_usage("-s takes 0, 1 or 2, not \"%s\"", value);
		dump->silent = value[0] - '0';
		return COMMAND_OK;
	case OPTION_ROTATE_SIZE:
		return can_rotation_parse_size(&dump->log.rotation, value);
	case OPTION_ROTATE_TIME:
		return can_rotation_parse_time(&dump->log.rotation, value);
	default:
		break;
	}
	status = parse_positive(value, option == OPTION_BUFFER ? "--buffer" : "number",
				&number);
	if (status != COMMAND_OK)
		return status;
	if (option == 'n')
		dump->count = (unsigned long)number;
	else if (option == 'T')
		dump->timeout_ms = (int)number;
	else if (option == 'r')
		dump->config.receive_buffer = (size_t)number;
	else
		dump->buffer = (size_t)number;
	return COMMAND_OK;
}

static int parse_flag(struct dump *dump, int option)
{
	switch (option) {
	case 'H':
		dump->config.hardware_time = true;
		break;
	case 'N':
		dump->clock.is_nano = dump->log_clock.is_nano = true;
		break;
	case 'c':
		dump->style.color += can_shows_color();
		break;
	case 'i':
		dump->style.view |= CAN_VIEW_BINARY;
		break;
	case 'a':
		dump->style.view |= CAN_VIEW_ASCII;
		break;
	case 'S':
		dump->style.view |= CAN_VIEW_SWAP;
		break;
	case 'e':
		dump->style.view |= CAN_VIEW_ERROR;
		break;
	case '8':
		dump->style.view |= CAN_VIEW_DLC;
		break;
	case 'l':
		dump->has_log = true;
		break;
	case 'L':
		dump->has_log_stdout = true;
		break;
	case 'D':
		dump->survives_down = true;
		break;
	case 'd':
		dump->shows_drops = true;
		break;
	case 'x':
		dump->style.shows_info = true;
		break;
	default:
		return command_bad_option();
	}
	return COMMAND_OK;
}

static int parse_options(struct dump *dump, int argc, char **argv)
{
	static const struct option longs[] = {
		{"buffer", required_argument, NULL, OPTION_BUFFER},
		{"rotate-size", required_argument, NULL, OPTION_ROTATE_SIZE},
		{"rotate-time", required_argument, NULL, OPTION_ROTATE_TIME},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "t:HNciaSs:lf:Ln:r:Dde8xT:", longs,
				     NULL)) != -1)
		status = optarg ? parse_valued(dump, option, optarg)
				: parse_flag(dump, option);
	if (status != COMMAND_OK)
		return status;
	if (optind == argc)
		return command_usage("no CAN interface is given");
	if (dump->has_log_stdout && dump->style.view)
		return command_usage("Log file format selected: Please disable "
				     "ASCII/BINARY/SWAP/RAWDLC options!");
	if (dump->log.name && strcmp(dump->log.name, "-") == 0) {
		dump->has_log = false;
		dump->has_log_stdout = true;
	}
	if (can_rotation_is_on(&dump->log.rotation) && !dump->has_log)
		return command_usage("rotation needs a log: -l, or -f FILE");
	return COMMAND_OK;
}

/* The place of an interface in the order of sight, which picks its colour. */
static size_t name_place(struct dump *dump, unsigned int interface, const char *name)
{
	size_t i;

	for (i = 0; i < dump->names_count; i++)
		if (dump->names_seen[i] == interface)
			return i;
	if ((int)strlen(name) > dump->style.name_width)
		dump->style.name_width = (int)strlen(name);
	if (i == sizeof(dump->names_seen) / sizeof(dump->names_seen[0]))
		return i; /* too many to remember: they share a colour */
	dump->names_seen[dump->names_count++] = interface;
	return i;
}

/* Room for a line, or NULL: then the line is counted as lost. */
static char *reserve(struct dump *dump, struct can_output *output)
{
	char *out = can_output_reserve(output, CAN_LINE_MAX);

	if (!out)
		dump->refused++;
	return out;
}

static void tell_drops(struct dump *dump, struct can_source *source,
		       const struct lsk_can_record *record, const char *name)
{
	unsigned long long drops = record->dropped - source->drops_told;
	struct can_output *outputs[] = {
		dump->silent != SILENT_ON ? dump->console : NULL,
		dump->has_log ? dump->log.output : NULL,
	};

	source->drops_told = record->dropped;
	for (size_t i = 0; i < 2; i++) {
		char *out = outputs[i] ? reserve(dump, outputs[i]) : NULL;

		if (!out)
			continue;
		out += sprintf(out,
			       "DROPCOUNT: dropped %llu CAN frame%s on '%s' socket "
			       "(total drops %llu)\n",
			       drops, drops > 1 ? "s" : "", name,
			       (unsigned long long)record->dropped);
		can_output_commit(outputs[i], out);
	}
}

static void show_on_console(struct dump *dump, const struct lsk_can_record *record,
			    const char *name, size_t place)
{
	char *out;

	if (dump->silent == SILENT_ON)
		return;
	out = reserve(dump, dump->console);
	if (!out)
		return;
	if (dump->silent == SILENT_ANIMATION) {
		*out++ = "|/-\\"[dump->animation++ % 4];
		*out++ = '\b';
	} else if (dump->has_log_stdout) {
		out = can_line_log(&dump->style, &dump->log_clock, out, record, name);
	} else {
		out = can_line_console(&dump->style, &dump->clock, out, record, name,
				       place);
	}
	can_output_commit(dump->console, out);
}

static void write_log_line(struct dump *dump, const struct lsk_can_record *record,
			   const char *name)
{
	char *start, *end;

	can_log_file_rotate(&dump->log, record->time_ns);
	start = reserve(dump, dump->log.output);
	if (!start)
		return;
	end = can_line_log(&dump->style, &dump->log_clock, start, record, name);
	dump->log.bytes += (uint64_t)(end - start);
	can_output_commit(dump->log.output, end);
}

static void show_record(struct dump *dump, struct can_source *source,
			const struct lsk_can_record *record)
{
	const char *name = lsk_can_interface_name(source->can, record->interface);
	size_t place = name_place(dump, record->interface, name);

	if (dump->shows_drops && record->dropped != source->drops_told)
		tell_drops(dump, source, record, name);
	/* Once an extended identifier was seen, the others stand below it. */
	if (record->frame.is_extended)
		dump->style.view |= CAN_VIEW_INDENT;
	if (dump->has_log)
		write_log_line(dump, record, name);
	show_on_console(dump, record, name, place);
}

/* An error of the socket. Return: whether to go on. */
static bool survives(const struct dump *dump, const struct can_source *source,
		     int error)
{
	if (error == -ENETDOWN && dump->survives_down) {
		fprintf(stderr, "%.*s: interface down\n", (int)source->name_len,
			source->name);
		return true;
	}
	fprintf(stderr, "read: %s\n", strerror(-error));
	return false;
}

static int output_failure(const struct dump *dump)
{
	int r = can_output_error(dump->console);

	if (r == 0 && dump->log.output)
		r = can_output_error(dump->log.output);
	return r;
}

/* Who asks for the controller's time is not given another one: it is 0 then. */
static void forget_system_time(struct lsk_can_record *records, int count)
{
	for (int i = 0; i < count; i++)
		if (!(records[i].flags & LSK_CAN_HARDWARE_TIME))
			records[i].time_ns = 0;
}

static int capture_loop(struct dump *dump)
{
	struct can_source *source = NULL;
	unsigned long seen = 0;

	while (output_failure(dump) == 0) {
		int r = can_capture_next(&dump->capture, dump->timeout_ms, &source);

		if (r == 0)
			return COMMAND_OK;
		if (r == -EINTR)
			return can_stop_status();
		if (r == -ERESTART) {
			can_log_file_reopen(&dump->log);
			continue;
		}
		if (r < 0 && !survives(dump, source, r))
			return COMMAND_FAILURE;
		if (dump->config.hardware_time)
			forget_system_time(dump->capture.records, r);
		for (int i = 0; i < r; i++) {
			show_record(dump, source, &dump->capture.records[i]);
			if (++seen == dump->count)
				return COMMAND_OK;
		}
		progress_show_count(&dump->progress, "frames", seen,
				    dump->count ? (int)(100 * seen / dump->count) : -1);
		if (can_capture_is_idle(&dump->capture)) {
			can_output_flush(dump->console);
			if (dump->log.output)
				can_output_flush(dump->log.output);
		}
	}
	return COMMAND_OK; /* finish() tells of the failure */
}

static int open_log(struct dump *dump)
{
	int r;

	if (dump->silent != SILENT_ON)
		fprintf(stderr, "Warning: Console output active while logging!\n");
	r = can_log_file_open(&dump->log, dump->buffer);
	fprintf(stderr, "Enabling Logfile '%s'\n", dump->log.path);
	return r < 0 ? command_failure(r, "%s", dump->log.path) : COMMAND_OK;
}

static int start(struct dump *dump, char **texts, size_t count)
{
	int status, r;

	if (dump->silent == SILENT_UNSET) {
		if (dump->has_log)
			fprintf(stderr, "Disabled standard output while logging.\n");
		dump->silent = dump->has_log ? SILENT_ON : SILENT_OFF;
	}
	if (dump->has_log)
		can_capture_take_hangup(&dump->capture);
	can_capture_signals(&dump->capture);
	status = can_capture_open(&dump->capture, texts, count, &dump->config);
	if (status != COMMAND_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		if ((int)dump->capture.sources[i].name_len > dump->style.name_width)
			dump->style.name_width = (int)dump->capture.sources[i].name_len;
	r = can_output_new(&dump->console, STDOUT_FILENO, dump->buffer);
	if (r < 0)
		return command_failure(r, "output");
	if (!dump->has_log)
		return COMMAND_OK;
	if (dump->silent == SILENT_ON)
		progress_begin(&dump->progress);
	return open_log(dump);
}

/* Write out what waits, and tell what was lost. Return: the exit status. */
static int finish(struct dump *dump, int status)
{
	uint64_t drops = can_capture_drops(&dump->capture);
	uint64_t lost;
	int console = can_output_free(dump->console);
	int log = can_log_file_close(&dump->log);

	progress_end(&dump->progress);
	can_capture_close(&dump->capture);
	/* The reader of a pipe may leave; that is no failure of ours. */
	if (console < 0 && console != -EPIPE)
		status = command_failure(console, "stdout");
	if (log < 0)
		status = command_failure(log, "%s", dump->log.path);
	if (drops == 0 && dump->refused == 0)
		return status;
	lost = drops + dump->refused;
	fprintf(stderr,
		"%s: lost %" PRIu64 " frames: %" PRIu64
		" in the kernel's queue, %" PRIu64
		" for want of buffer in front of a slow output\n",
		program_invocation_short_name, lost, drops, dump->refused);
	return status == COMMAND_FAILURE ? status : DUMP_LOST;
}

static int can_dump_main(int argc, char **argv)
{
	struct dump dump = {
		.silent = SILENT_UNSET,
		.timeout_ms = -1,
		.log = {.fd = -1},
		.buffer = BUFFER_DEFAULT,
		.log_clock = {.mode = 'a'},
	};
	int status = parse_options(&dump, argc, argv);

	if (status != COMMAND_OK)
		return status;
	signal(SIGPIPE, SIG_IGN);
	status = start(&dump, argv + optind, (size_t)(argc - optind));
	if (status == COMMAND_OK)
		status = capture_loop(&dump);
	return finish(&dump, status);
}

static const char can_dump_help[] =
	"Each interface may be followed by filters: IFACE[,FILTER]...; \"any\" is all\n"
	"interfaces.\n"
	"  ID:MASK     frames with (id & MASK) == (ID & MASK), in hexadecimal\n"
	"  ID~MASK     all others; an ID of 8 digits is an extended one\n"
	"  #MASK       error frames of these classes\n"
	"  j           a frame must pass all filters\n"
	"\n"
	"  -t a|d|z|A  times: absolute, delta, from zero, absolute with date\n"
	"  -N          times in nanoseconds\n"
	"  -H          times of the controller's clock, where it has one\n"
	"  -c          colours on a terminal; -cc, -ccc for more of them\n"
	"  -i -a -S    data in binary; with ASCII; with its bytes swapped\n"
	"  -8          the raw DLC in {}\n"
	"  -e          error frames in words\n"
	"  -x          direction and FD flags\n"
	"  -l          log into candump-DATE_TIME.log; -f FILE into FILE\n"
	"  -L          log format on stdout\n"
	"  -s 0|1|2    console: on, animation, silent\n"
	"  -n COUNT    end after COUNT frames\n"
	"  -T MS       end when no frame came for MS milliseconds\n"
	"  -r BYTES    receive buffer\n"
	"  -d          tell dropped frames where they happen\n"
	"  -D          go on when an interface goes down\n"
	"  --rotate-size SIZE     go on in a new file after SIZE bytes (k, M, G)\n"
	"  --rotate-time SECONDS  and where the file's first frame is so old;\n"
	"              bus.log becomes bus-0001.log, bus-0002.log, ...\n"
	"  SIGHUP      opens the log again, for who moved it away\n"
	"  --buffer BYTES  what may wait for a slow disk or pipe (64 MiB)\n"
	"\n"
	"Exit status: 0; 1 failure; 2 bad arguments; 3 frames were lost;\n"
	"128+N ended by signal N.\n";

const struct command can_dump_command = {
	.name = "dump",
	.arguments = "[options] IFACE[,FILTER]...",
	.summary = "show or log what is on the bus",
	.alias = "candump",
	.help = can_dump_help,
	.main = can_dump_main,
};
