/* SPDX-License-Identifier: MIT */
/* linsock can log: from one format of logs into another, and log2asc, asc2log. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/can.h"

struct conversion {
	enum lsk_can_log_format from;
	enum lsk_can_log_format to;
	const char *input;
	const char *output;
	struct lsk_can_log_options options;
	int in_fd;
	int out_fd;
	uint64_t frames;
	uint64_t left_out; /* the format cannot hold them */
	uint64_t faults;
};

static ssize_t bring(void *context, void *buf, size_t size)
{
	const struct conversion *conversion = context;
	ssize_t count;

	do {
		count = read(conversion->in_fd, buf, size);
	} while (count < 0 && errno == EINTR);
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
	return command_usage("\"%s\" is no format: candump, asc, trc, csv, pcapng",
			     text);
}

static int parse_options(struct conversion *conversion, int argc, char **argv)
{
	static const struct option longs[] = {
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
		{"output", required_argument, NULL, 'o'},
		{"direction", no_argument, NULL, 'x'},
		{"nanoseconds", no_argument, NULL, 'N'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "f:t:o:xN", longs, NULL)) != -1) {
		if (option == 'f')
			status = parse_format(optarg, &conversion->from);
		else if (option == 't')
			status = parse_format(optarg, &conversion->to);
		else if (option == 'o')
			conversion->output = optarg;
		else if (option == 'x')
			conversion->options.with_direction = true;
		else if (option == 'N')
			conversion->options.with_nanoseconds = true;
		else
			status = command_bad_option();
	}
	if (status != COMMAND_OK)
		return status;
	if (argc - optind > 1)
		return command_usage("one log at most is read");
	if (optind < argc)
		conversion->input = argv[optind];
	if (conversion->to == LSK_CAN_LOG_AUTO && conversion->output)
		conversion->to = lsk_can_log_format_by_name(conversion->output);
	if (conversion->to == LSK_CAN_LOG_AUTO)
		conversion->to = LSK_CAN_LOG_CANDUMP;
	return COMMAND_OK;
}

static int open_files(struct conversion *conversion)
{
	conversion->in_fd = STDIN_FILENO;
	conversion->out_fd = STDOUT_FILENO;
	if (strcmp(conversion->input, "-") != 0)
		conversion->in_fd = open(conversion->input, O_RDONLY | O_CLOEXEC);
	if (conversion->in_fd < 0)
		return command_failure(-errno, "%s", conversion->input);
	if (conversion->output && strcmp(conversion->output, "-") != 0)
		conversion->out_fd =
			open(conversion->output,
			     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (conversion->out_fd < 0)
		return command_failure(-errno, "%s", conversion->output);
	return COMMAND_OK;
}

static int write_entry(struct conversion *conversion, struct lsk_can_log_writer *writer,
		       const struct lsk_can_log_entry *entry)
{
	int r = lsk_can_log_write(writer, entry);

	if (r == -EOPNOTSUPP) {
		conversion->left_out++;
		return 0;
	}
	conversion->frames += r == 0;
	return r;
}

static int convert(struct conversion *conversion, struct lsk_can_log_reader *reader,
		   struct lsk_can_log_writer *writer)
{
	struct lsk_can_log_entry entry;
	struct lsk_error error = {0};
	int r;

	while ((r = lsk_can_log_read(reader, &entry, &error)) != 0) {
		if (r == 1) {
			r = write_entry(conversion, writer, &entry);
			if (r < 0)
				return command_failure(r, "%s",
						       conversion->output
							       ? conversion->output
							       : "stdout");
			continue;
		}
		conversion->faults++;
		fprintf(stderr, "%s: %s:%lu:%u: %s\n", program_invocation_short_name,
			conversion->input, lsk_can_log_line(reader), error.offset + 1,
			error.text);
		if (r > LSK_ERR_SCHEME) /* an errno: nothing comes after it */
			break;
	}
	r = lsk_can_log_flush(writer);
	if (r < 0)
		return command_failure(r, "output");
	return conversion->faults > 0 ? COMMAND_FAILURE : COMMAND_OK;
}

static int run_conversion(struct conversion *conversion)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_writer *writer = NULL;
	struct lsk_error error = {0};
	int status;
	int r;

	r = lsk_can_log_reader_new(&reader, conversion->from, bring, conversion,
				   &error);
	if (r < 0)
		return command_failure(r, "%s: %s", conversion->input, error.text);
	r = lsk_can_log_writer_new(&writer, conversion->to, &conversion->options, take,
				   conversion);
	if (r < 0)
		status = command_failure(r, "writer");
	else
		status = convert(conversion, reader, writer);
	lsk_can_log_reader_free(reader);
	lsk_can_log_writer_free(writer);
	if (conversion->left_out > 0) {
		fprintf(stderr, "%s: left out %" PRIu64 " frames that %s cannot hold\n",
			program_invocation_short_name, conversion->left_out,
			lsk_can_log_format_name(conversion->to));
		if (status == COMMAND_OK)
			status = CAN_STATUS_LOST;
	}
	return status;
}

static int can_log_main(int argc, char **argv)
{
	struct conversion conversion = {.input = "-", .in_fd = -1, .out_fd = -1};
	int status = parse_options(&conversion, argc, argv);

	if (status == COMMAND_OK)
		status = open_files(&conversion);
	if (status == COMMAND_OK)
		status = run_conversion(&conversion);
	if (conversion.in_fd > STDERR_FILENO)
		close(conversion.in_fd);
	if (conversion.out_fd > STDERR_FILENO && close(conversion.out_fd) < 0)
		status = command_failure(-errno, "%s", conversion.output);
	return status;
}

static const char can_log_help[] =
	"Reads LOG, or stdin, in the format that its start tells, and writes it in\n"
	"another one: the format of the output's name, or candump's log.\n"
	"\n"
	"  -f, --from=FORMAT   candump, asc, trc, csv, pcapng\n"
	"  -t, --to=FORMAT\n"
	"  -o, --output=FILE   instead of stdout\n"
	"  -x, --direction     candump's log: add T or R\n"
	"  -N, --nanoseconds   candump's log: nine decimals\n"
	"\n"
	"A line that is no frame is told with its place; the rest is converted.\n"
	"\n"
	"Exit status: 0; 1 failure, or lines that are no frames; 2 bad arguments;\n"
	"3 frames that the format cannot hold were left out.\n";

const struct command can_log_command = {
	.name = "log",
	.arguments = "[-xN] [-f FORMAT] [-t FORMAT] [-o FILE] [LOG]",
	.summary = "convert logs: candump, ASC, TRC, CSV, pcapng",
	.help = can_log_help,
	.main = can_log_main,
};
