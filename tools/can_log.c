/* SPDX-License-Identifier: MIT */
/*
 * linsock can log: from one format of logs into another; and log2asc and asc2log, which
 * are two cases of that with arguments of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_rotate.h"
#include "tools/progress.h"

/* Bytes that the heading of every format fits into. */
#define HEADING_MAX 256

enum { OPTION_ROTATE_SIZE = 256, OPTION_ROTATE_TIME };

struct conversion {
	enum lsk_can_log_format from;
	enum lsk_can_log_format to;
	const char *input;
	const char *output; /* NULL: stdout */
	struct lsk_can_log_options options;
	struct can_rotation rotation;
	bool is_selective; /* only frames of options.interfaces */

	int in_fd;
	uint64_t in_size; /* 0: not known */
	uint64_t in_read;
	struct progress progress;
	int out_fd;
	char out_name[PATH_MAX]; /* for messages, and of the file of a row of files */
	off_t out_start; /* where the log begins in its file; -1: it cannot be told */
	struct lsk_can_log_writer *writer;
	uint64_t frames;
	uint64_t left_out; /* the format cannot hold them */
	uint64_t faults;
};

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct conversion *conversion = context;
	ssize_t count;

	do {
		count = read(conversion->in_fd, buf, size);
	} while (count < 0 && errno == EINTR);
	if (count > 0)
		conversion->in_read += (uint64_t)count;
	/* Here, where whole blocks come, so that frames are not slowed down. */
	progress_show_count(&conversion->progress, "frames", conversion->frames,
			    conversion->in_size ? (int)(100 * conversion->in_read /
							conversion->in_size)
						: -1);
	return count < 0 ? -errno : count;
}

static int take(void *context, const void *buf, size_t size)
{
	const struct conversion *conversion = context;
	const char *bytes = buf;

	while (size > 0) {
		ssize_t count = write(conversion->out_fd, bytes, size);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes += count;
			size -= (size_t)count;
		}
	}
	return 0;
}

static int parse_format(const char *text, enum lsk_can_log_format *ret_format)
{
	*ret_format = lsk_can_log_format_by_name(text);
	if (*ret_format != LSK_CAN_LOG_AUTO)
		return COMMAND_OK;
	return command_usage("\"%s\" is no format: candump, asc, trc, csv, pcapng, "
			     "blf",
			     text);
}

static int parse_option(struct conversion *conversion, int option, const char *value)
{
	switch (option) {
	case 'f':
		return parse_format(value, &conversion->from);
	case 't':
		return parse_format(value, &conversion->to);
	case 'o':
		conversion->output = strcmp(value, "-") == 0 ? NULL : value;
		return COMMAND_OK;
	case 'x':
		conversion->options.with_direction = true;
		return COMMAND_OK;
	case 'N':
		conversion->options.with_nanoseconds = true;
		return COMMAND_OK;
	case OPTION_ROTATE_SIZE:
		return can_rotation_parse_size(&conversion->rotation, value);
	case OPTION_ROTATE_TIME:
		return can_rotation_parse_time(&conversion->rotation, value);
	default:
		return command_bad_option();
	}
}

static int parse_options(struct conversion *conversion, int argc, char **argv)
{
	static const struct option longs[] = {
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
		{"output", required_argument, NULL, 'o'},
		{"direction", no_argument, NULL, 'x'},
		{"nanoseconds", no_argument, NULL, 'N'},
		{"rotate-size", required_argument, NULL, OPTION_ROTATE_SIZE},
		{"rotate-time", required_argument, NULL, OPTION_ROTATE_TIME},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "f:t:o:xN", longs, NULL)) != -1)
		status = parse_option(conversion, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind > 1)
		return command_usage("one log at most is read");
	if (optind < argc)
		conversion->input = argv[optind];
	if (can_rotation_is_on(&conversion->rotation) && !conversion->output)
		return command_usage("rotation needs a name: -o FILE");
	if (conversion->to == LSK_CAN_LOG_AUTO && conversion->output)
		conversion->to = lsk_can_log_format_by_name(conversion->output);
	if (conversion->to == LSK_CAN_LOG_AUTO)
		conversion->to = LSK_CAN_LOG_CANDUMP;
	return COMMAND_OK;
}

static int output_failure(const struct conversion *conversion, int error)
{
	return command_failure(error, "%s", conversion->out_name);
}

/* Open the output, or the next file of a row. */
static int begin_output(struct conversion *conversion)
{
	int flags, r;

	snprintf(conversion->out_name, sizeof(conversion->out_name), "stdout");
	conversion->out_fd = STDOUT_FILENO;
	if (conversion->output) {
		if (can_rotation_is_on(&conversion->rotation))
			can_rotation_name(conversion->out_name, conversion->output,
					  conversion->rotation.number);
		else
			snprintf(conversion->out_name, sizeof(conversion->out_name),
				 "%s", conversion->output);
		conversion->out_fd =
			open(conversion->out_name,
			     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	}
	if (conversion->out_fd < 0)
		return output_failure(conversion, -errno);
	/* Of a file that is only appended to, the start cannot be written again. */
	flags = fcntl(conversion->out_fd, F_GETFL);
	conversion->out_start = flags < 0 || flags & O_APPEND
					? -1
					: lseek(conversion->out_fd, 0, SEEK_CUR);
	r = lsk_can_log_writer_new(&conversion->writer, conversion->to,
				   &conversion->options, take, conversion);
	return r < 0 ? output_failure(conversion, r) : COMMAND_OK;
}

/* What the log's beginning should be is known at its end. */
static int write_heading(const struct conversion *conversion)
{
	char heading[HEADING_MAX];
	int len = lsk_can_log_heading(conversion->writer, heading, sizeof(heading));

	if (len <= 0 || conversion->out_start < 0)
		return len;
	if (pwrite(conversion->out_fd, heading, (size_t)len, conversion->out_start) !=
	    len)
		return errno ? -errno : -EIO;
	return 0;
}

static int end_output(struct conversion *conversion)
{
	int r = 0;

	if (conversion->writer) {
		r = lsk_can_log_flush(conversion->writer);
		if (r == 0)
			r = write_heading(conversion);
		conversion->writer = lsk_can_log_writer_free(conversion->writer);
	}
	if (conversion->out_fd > STDERR_FILENO && close(conversion->out_fd) < 0 &&
	    r == 0)
		r = -errno;
	conversion->out_fd = -1;
	return r < 0 ? output_failure(conversion, r) : COMMAND_OK;
}

static bool is_wanted(const struct conversion *conversion,
		      const struct lsk_can_log_entry *entry)
{
	for (size_t i = 0; i < conversion->options.interface_count; i++)
		if (strcmp(conversion->options.interfaces[i], entry->interface) == 0)
			return true;
	return !conversion->is_selective;
}

static int write_entry(struct conversion *conversion,
		       const struct lsk_can_log_entry *entry)
{
	int status, r;

	/* Times count from the log's first frame, be it wanted or not. */
	if (conversion->is_selective && conversion->options.start_ns == 0)
		conversion->options.start_ns = entry->time_ns;
	if (!is_wanted(conversion, entry))
		return COMMAND_OK;
	if (!conversion->writer) {
		status = begin_output(conversion);
		if (status != COMMAND_OK)
			return status;
	}
	if (can_rotation_is_due(&conversion->rotation,
				lsk_can_log_size(conversion->writer), entry->time_ns)) {
		status = end_output(conversion);
		if (status == COMMAND_OK)
			status = begin_output(conversion);
		if (status != COMMAND_OK)
			return status;
	}
	r = lsk_can_log_write(conversion->writer, entry);
	if (r == -EOPNOTSUPP) {
		conversion->left_out++;
		return COMMAND_OK;
	}
	conversion->frames += r == 0;
	return r < 0 ? output_failure(conversion, r) : COMMAND_OK;
}

static int convert(struct conversion *conversion, struct lsk_can_log_reader *reader)
{
	struct lsk_can_log_entry entry;
	struct lsk_error error = {0};
	int status;
	int r;

	while ((r = lsk_can_log_read(reader, &entry, &error)) != 0) {
		if (r == 1) {
			status = write_entry(conversion, &entry);
			if (status != COMMAND_OK)
				return status;
			continue;
		}
		conversion->faults++;
		can_tell_log_fault(conversion->input, reader, &error);
		if (r > LSK_ERR_SCHEME) /* an errno: nothing comes after it */
			break;
	}
	return conversion->faults > 0 ? COMMAND_FAILURE : COMMAND_OK;
}

static int run_conversion(struct conversion *conversion)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_error error = {0};
	int status, end_status;
	int r;

	r = lsk_can_log_reader_new(&reader, conversion->from, bring, conversion,
				   &error);
	if (r < 0)
		return command_failure(r, "%s: %s", conversion->input, error.text);
	status = convert(conversion, reader);
	/* A log without a frame has an output, too. */
	if (status != COMMAND_USAGE && !conversion->writer && conversion->out_fd < 0)
		begin_output(conversion);
	end_status = end_output(conversion);
	if (end_status != COMMAND_OK)
		status = end_status;
	lsk_can_log_reader_free(reader);
	if (conversion->left_out > 0) {
		fprintf(stderr, "%s: left out %" PRIu64 " frames that %s cannot hold\n",
			program_invocation_short_name, conversion->left_out,
			lsk_can_log_format_name(conversion->to));
		if (status == COMMAND_OK)
			status = CAN_STATUS_LOST;
	}
	return status;
}

/* Convert what the options tell. */
static int start_conversion(struct conversion *conversion)
{
	struct stat info;
	int status;

	if (strcmp(conversion->input, "-") != 0)
		conversion->in_fd = open(conversion->input, O_RDONLY | O_CLOEXEC);
	if (conversion->in_fd < 0)
		return command_failure(-errno, "%s", conversion->input);
	if (fstat(conversion->in_fd, &info) == 0 && S_ISREG(info.st_mode))
		conversion->in_size = (uint64_t)info.st_size;
	progress_begin_count(&conversion->progress, !conversion->output);
	status = run_conversion(conversion);
	progress_end(&conversion->progress);
	if (conversion->in_fd > STDERR_FILENO)
		close(conversion->in_fd);
	return status;
}

static int can_log_main(int argc, char **argv)
{
	struct conversion conversion = {
		.input = "-",
		.in_fd = STDIN_FILENO,
		.out_fd = -1,
		.rotation = {.number = 1},
	};
	int status = parse_options(&conversion, argc, argv);

	return status == COMMAND_OK ? start_conversion(&conversion) : status;
}

static int log2asc_main(int argc, char **argv)
{
	struct conversion conversion = {
		.input = "-",
		.from = LSK_CAN_LOG_CANDUMP,
		.to = LSK_CAN_LOG_ASC,
		.options = {.asc_flags = LSK_CAN_LOG_ASC_BARE},
		.is_selective = true,
		.in_fd = STDIN_FILENO,
		.out_fd = -1,
	};
	int option;

	while ((option = getopt(argc, argv, "I:O:4nfr")) != -1) {
		if (option == 'I')
			conversion.input = optarg;
		else if (option == 'O')
			conversion.output = optarg;
		else if (option == '4')
			conversion.options.asc_flags |= LSK_CAN_LOG_ASC_FOUR_DECIMALS;
		else if (option == 'n')
			conversion.options.asc_flags |= LSK_CAN_LOG_ASC_CRLF;
		else if (option == 'f')
			conversion.options.asc_flags |= LSK_CAN_LOG_ASC_ALL_FD;
		else if (option == 'r')
			conversion.options.asc_flags |= LSK_CAN_LOG_ASC_NO_REMOTE_LEN;
		else
			return command_bad_option();
	}
	if (optind == argc) {
		fprintf(stderr, "no CAN interfaces defined!\n");
		return COMMAND_FAILURE;
	}
	conversion.options.interfaces = (const char *const *)argv + optind;
	conversion.options.interface_count = (size_t)(argc - optind);
	return start_conversion(&conversion);
}

static int asc2log_main(int argc, char **argv)
{
	struct conversion conversion = {
		.input = "-",
		.from = LSK_CAN_LOG_ASC,
		.to = LSK_CAN_LOG_CANDUMP,
		.options = {.with_direction = true},
		.in_fd = STDIN_FILENO,
		.out_fd = -1,
	};
	int option;

	while ((option = getopt(argc, argv, "I:O:v")) != -1) {
		if (option == 'I')
			conversion.input = optarg;
		else if (option == 'O')
			conversion.output = optarg;
		else if (option != 'v') /* faults are always told */
			return command_bad_option();
	}
	if (optind < argc)
		return command_usage("-I names the log");
	return start_conversion(&conversion);
}

static const char can_log_help[] =
	"Reads LOG, or stdin, in the format that its start tells, and writes it in\n"
	"another one: the format of the output's name, or candump's log.\n"
	"\n"
	"  -f, --from=FORMAT   candump, asc, trc, csv, pcapng, blf\n"
	"  -t, --to=FORMAT\n"
	"  -o, --output=FILE   instead of stdout\n"
	"  -x, --direction     candump's log: add T or R\n"
	"  -N, --nanoseconds   candump's log: nine decimals\n"
	"      --rotate-size=SIZE     go on in a new file after SIZE bytes (k, M, G)\n"
	"      --rotate-time=SECONDS  and where the file's first frame is so old;\n"
	"                      bus.log becomes bus-0001.log, bus-0002.log, ...\n"
	"\n"
	"A line that is no frame is told with its place; the rest is converted.\n"
	"\n"
	"Exit status: 0; 1 failure, or lines that are no frames; 2 bad arguments;\n"
	"3 frames that the format cannot hold were left out.\n";

const struct command can_log_command = {
	.name = "log",
	.arguments = "[options] [LOG]",
	.summary = "convert logs: candump, ASC, TRC, CSV, pcapng, BLF",
	.help = can_log_help,
	.main = can_log_main,
};

static const char log2asc_help[] =
	"Writes frames of candump's log that came from these interfaces, which are\n"
	"channels 1, 2, ... in this order, as Vector's ASCII log.\n"
	"\n"
	"  -I FILE     the log (stdin)\n"
	"  -O FILE     instead of stdout\n"
	"  -4          times with four decimals\n"
	"  -n          lines end with CR LF\n"
	"  -f          classic frames in the form of FD ones\n"
	"  -r          remote requests without their length\n";

const struct command can_log2asc_command = {
	.name = "log2asc",
	.arguments = "[-4nfr] [-I FILE] [-O FILE] IFACE...",
	.summary = "candump's log as Vector's ASC",
	.alias = "log2asc",
	.help = log2asc_help,
	.main = log2asc_main,
};

static const char asc2log_help[] =
	"Writes Vector's ASCII log as candump's, with R or T behind each frame.\n"
	"\n"
	"  -I FILE     the log (stdin)\n"
	"  -O FILE     instead of stdout\n"
	"  -v          is always so: what is no frame is told\n";

const struct command can_asc2log_command = {
	.name = "asc2log",
	.arguments = "[-v] [-I FILE] [-O FILE]",
	.summary = "Vector's ASC as candump's log",
	.alias = "asc2log",
	.help = asc2log_help,
	.main = asc2log_main,
};
