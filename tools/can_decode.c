/* SPDX-License-Identifier: MIT */
/* linsock can decode: frames of a bus or a log as the signals that DBC files tell. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_capture.h"
#include "tools/can_output.h"
#include "tools/can_signal.h"
#include "tools/can_stop.h"
#include "tools/progress.h"

#define BUFFER_DEFAULT (64u << 20)
#define FILES_MAX      32
#define FILE_SIZE_MAX  (256l << 20)

struct decode_file {
	char interface[IF_NAMESIZE]; /* "" for all that have no file of their own */
	struct lsk_dbc *dbc;
};

struct decode {
	struct decode_file files[FILES_MAX];
	size_t files_count;
	const char *log; /* -I */
	bool is_json;
	bool shows_all; /* frames that no file tells of, too */
	unsigned long count;
	int timeout_ms;

	int in_fd;
	uint64_t in_size; /* 0: not known */
	uint64_t in_read;
	struct progress progress;
	struct can_capture capture;
	struct can_output *output;
	struct lsk_dbc_value *values;
	unsigned long seen;
	unsigned long refused;
	unsigned long faults;
};

enum { OPTION_ALL = 256, OPTION_JSON };

struct fault_context {
	struct decode *decode;
	const char *name;
};

static void tell_fault(void *context, unsigned long line, const struct lsk_error *error)
{
	const struct fault_context *fault = context;

	fault->decode->faults++;
	fprintf(stderr, "%s: %s:%lu:%u: %s\n", program_invocation_short_name,
		fault->name, line, error->offset + 1, error->text);
}

/* All of a file. Return: 0, or a negative errno. */
static int read_file(const char *name, char **ret_text, size_t *ret_size)
{
	FILE *file = fopen(name, "re");
	char *text = NULL;
	long size = 0;
	int r = 0;

	if (!file)
		return -errno;
	if (fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
		r = -errno;
	else if (size > FILE_SIZE_MAX)
		r = -EFBIG;
	rewind(file);
	if (r == 0) {
		text = malloc((size_t)size + 1);
		r = text ? 0 : -ENOMEM;
	}
	if (r == 0)
		*ret_size = fread(text, 1, (size_t)size, file);
	if (r == 0 && ferror(file))
		r = -EIO;
	fclose(file);
	if (r < 0)
		free(text);
	else
		*ret_text = text;
	return r;
}

/* "bus.dbc", or "can0=bus.dbc". */
static int add_file(struct decode *decode, const char *argument)
{
	struct decode_file *file = &decode->files[decode->files_count];
	const char *equals = strchr(argument, '=');
	const char *name = argument;
	struct fault_context fault = {.decode = decode};
	char *text = NULL;
	size_t size = 0;
	int r;

	if (decode->files_count == FILES_MAX)
		return command_usage("more than %d files", FILES_MAX);
	if (equals && equals - argument < IF_NAMESIZE &&
	    !memchr(argument, '/', (size_t)(equals - argument))) {
		memcpy(file->interface, argument, (size_t)(equals - argument));
		name = equals + 1;
	}
	fault.name = name;
	r = read_file(name, &text, &size);
	if (r == 0)
		r = lsk_dbc_parse(&file->dbc, text, size, tell_fault, &fault);
	free(text);
	if (r < 0)
		return command_failure(r, "%s", name);
	decode->files_count++;
	return COMMAND_OK;
}

static int parse_option(struct decode *decode, int option, const char *value)
{
	long number = 0;

	switch (option) {
	case 'd':
		return add_file(decode, value);
	case 'I':
		decode->log = value;
		return COMMAND_OK;
	case OPTION_ALL:
		decode->shows_all = true;
		return COMMAND_OK;
	case OPTION_JSON:
		decode->is_json = true;
		return COMMAND_OK;
	case 'n':
	case 'T':
		if (command_parse_number(value, 1, INT32_MAX, &number) < 0)
			return command_usage("-%c takes a number from 1 on, not \"%s\"",
					     option, value);
		if (option == 'n')
			decode->count = (unsigned long)number;
		else
			decode->timeout_ms = (int)number;
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct decode *decode, int argc, char **argv)
{
	static const struct option longs[] = {
		{"dbc", required_argument, NULL, 'd'},
		{"log", required_argument, NULL, 'I'},
		{"all", no_argument, NULL, OPTION_ALL},
		{"json", no_argument, NULL, OPTION_JSON},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "d:I:n:T:", longs, NULL)) != -1)
		status = parse_option(decode, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (decode->files_count == 0)
		return command_usage("a DBC file is wanted: -d FILE");
	if (decode->log && optind < argc)
		return command_usage("a log or interfaces, not both");
	return COMMAND_OK;
}

static const struct lsk_dbc *file_of(const struct decode *decode, const char *interface)
{
	const struct lsk_dbc *dbc = NULL;

	for (size_t i = 0; i < decode->files_count; i++) {
		const struct decode_file *file = &decode->files[i];

		if (strcmp(file->interface, interface) == 0)
			return file->dbc;
		if (!file->interface[0])
			dbc = file->dbc;
	}
	return dbc;
}

/* Write the line of a frame, if a file tells of it. */
static void show(struct decode *decode, int64_t time_ns, const char *interface,
		 const struct lsk_can_frame *frame)
{
	const struct lsk_dbc *dbc = file_of(decode, interface);
	struct can_signal_line line = {
		.time_ns = time_ns,
		.interface = interface,
		.frame = frame,
		.values = decode->values,
	};
	char *out;

	if (dbc)
		line.count = lsk_dbc_decode(dbc, frame, decode->values, CAN_SIGNALS_MAX,
					    &line.message);
	if (!line.message && !decode->shows_all)
		return;
	if (line.count > CAN_SIGNALS_MAX)
		line.count = CAN_SIGNALS_MAX;
	out = can_output_reserve(decode->output, CAN_SIGNAL_LINE_MAX);
	if (!out) {
		decode->refused++;
		return;
	}
	out = decode->is_json ? can_signal_put_json(out, &line)
			      : can_signal_put_text(out, &line);
	can_output_commit(decode->output, out);
}

static int decode_live(struct decode *decode, char **texts, size_t count)
{
	struct can_source *source = NULL;
	int status;

	can_capture_signals(&decode->capture);
	status = can_capture_open(&decode->capture, texts, count,
				  &(struct lsk_can_config){0});
	while (status == COMMAND_OK && can_output_error(decode->output) == 0) {
		int r = can_capture_next(&decode->capture, decode->timeout_ms, &source);

		if (r == 0)
			return COMMAND_OK;
		if (r == -EINTR)
			return can_stop_status();
		if (r < 0)
			return command_failure(r, "%.*s", (int)source->name_len,
					       source->name);
		for (int i = 0; i < r; i++) {
			const struct lsk_can_record *record =
				&decode->capture.records[i];

			show(decode, record->time_ns,
			     lsk_can_interface_name(source->can, record->interface),
			     &record->frame);
			if (++decode->seen == decode->count)
				return COMMAND_OK;
		}
		if (can_capture_is_idle(&decode->capture))
			can_output_flush(decode->output);
	}
	return status;
}

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct decode *decode = context;
	ssize_t count;

	/* What was read so far is to be seen before more is waited for. */
	can_output_flush(decode->output);
	do {
		count = read(decode->in_fd, buf, size);
	} while (count < 0 && errno == EINTR);
	if (count > 0)
		decode->in_read += (uint64_t)count;
	progress_show_count(
		&decode->progress, "frames", decode->seen,
		decode->in_size ? (int)(100 * decode->in_read / decode->in_size) : -1);
	return count < 0 ? -errno : count;
}

static int decode_log(struct decode *decode)
{
	struct fault_context fault = {.decode = decode};
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_entry entry;
	struct lsk_error error = {0};
	struct stat info;
	int r;

	fault.name = decode->log ? decode->log : "-";
	if (strcmp(fault.name, "-") != 0)
		decode->in_fd = open(fault.name, O_RDONLY | O_CLOEXEC);
	if (decode->in_fd < 0)
		return command_failure(-errno, "%s", fault.name);
	if (fstat(decode->in_fd, &info) == 0 && S_ISREG(info.st_mode))
		decode->in_size = (uint64_t)info.st_size;
	progress_begin(&decode->progress);
	r = lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, bring, decode, &error);
	if (r < 0)
		return command_failure(r, "%s: %s", fault.name, error.text);
	while (can_output_error(decode->output) == 0 &&
	       (r = lsk_can_log_read(reader, &entry, &error)) != 0) {
		if (r < 0) {
			decode->faults++;
			can_tell_log_fault(fault.name, reader, &error);
			if (r > LSK_ERR_SCHEME) /* an errno: nothing comes after it */
				break;
			continue;
		}
		/* A log waits; a bus does not. */
		can_output_wait(decode->output);
		show(decode, entry.time_ns, entry.interface, &entry.frame);
		if (++decode->seen == decode->count)
			break;
	}
	lsk_can_log_reader_free(reader);
	progress_end(&decode->progress);
	return COMMAND_OK;
}

static int finish(struct decode *decode, int status)
{
	uint64_t drops = can_capture_drops(&decode->capture);
	int r = can_output_free(decode->output);

	can_capture_close(&decode->capture);
	if (r < 0 && r != -EPIPE)
		status = command_failure(r, "stdout");
	if (drops + decode->refused > 0) {
		fprintf(stderr,
			"%s: lost %llu frames: %llu in the kernel's queue, %lu for "
			"want of buffer in front of a slow output\n",
			program_invocation_short_name,
			(unsigned long long)drops + decode->refused,
			(unsigned long long)drops, decode->refused);
		status = status == COMMAND_FAILURE ? status : CAN_STATUS_LOST;
	}
	return status == COMMAND_OK && decode->faults > 0 ? COMMAND_FAILURE : status;
}

static int run(struct decode *decode, int argc, char **argv)
{
	int status = parse_options(decode, argc, argv);
	int r;

	if (status != COMMAND_OK)
		return status;
	decode->values = calloc(CAN_SIGNALS_MAX, sizeof(*decode->values));
	r = decode->values
		    ? can_output_new(&decode->output, STDOUT_FILENO, BUFFER_DEFAULT)
		    : -ENOMEM;
	if (r < 0)
		return command_failure(r, "output");
	status = optind < argc
			 ? decode_live(decode, argv + optind, (size_t)(argc - optind))
			 : decode_log(decode);
	return finish(decode, status);
}

static int can_decode_main(int argc, char **argv)
{
	struct decode *decode = calloc(1, sizeof(*decode));
	int status;

	if (!decode)
		return command_failure(-ENOMEM, "decoder");
	decode->timeout_ms = -1;
	decode->in_fd = STDIN_FILENO;
	signal(SIGPIPE, SIG_IGN);
	status = run(decode, argc, argv);
	if (decode->in_fd > STDERR_FILENO)
		close(decode->in_fd);
	for (size_t i = 0; i < decode->files_count; i++)
		lsk_dbc_free(decode->files[i].dbc);
	free(decode->values);
	free(decode);
	return status;
}

static const char can_decode_help[] =
	"Prints the signals of frames that a DBC file tells of: of interfaces, with\n"
	"filters as \"linsock can dump\" takes them; else of a log of any format.\n"
	"\n"
	"  -d, --dbc=[IFACE=]FILE  for one interface, or for all others\n"
	"  -I, --log=FILE  the log (stdin)\n"
	"  -n COUNT        end after COUNT frames\n"
	"  -T MS           end when no frame came for MS milliseconds\n"
	"      --all       frames that no file tells of, too\n"
	"      --json      a JSON object a line\n"
	"\n"
	"Faults of a file or log are told with their place, and the rest is read.\n"
	"\n"
	"Exit status: 0; 1 failure, or faults; 2 bad arguments; 3 frames were lost;\n"
	"128+N ended by signal N.\n";

const struct command can_decode_command = {
	.name = "decode",
	.arguments = "-d [IFACE=]FILE [options] [IFACE[,FILTER]...]",
	.summary = "frames as the signals that DBC files tell",
	.help = can_decode_help,
	.main = can_decode_main,
};
