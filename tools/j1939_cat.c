/* SPDX-License-Identifier: MIT */
/* linsock can j1939 cat and perf: files and figures over J1939, with j1939cat's words.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_time.h"
#include "tools/j1939_place.h"
#include "tools/progress.h"

#define SIZE_MAX_ETP 117440505
#define SIZE_CHUNK   (1u << 16)
#define COUNT_MAX    100000

struct cat {
	struct j1939_place from;
	struct j1939_place to;
	const char *input; /* NULL: stdin */
	long size;
	long repeat;
	long priority; /* -1: not given */
	long timeout_ms;
	bool receives;
	bool broadcasts;
	bool is_perf;
	struct progress progress;
};

static void show_progress(void *context, const struct lsk_j1939_progress *step)
{
	struct cat *cat = context;

	progress_show_count(&cat->progress, "bytes", step->done,
			    step->total ? (int)(100 * step->done / step->total) : -1);
}

static int parse_option(struct cat *cat, int option, const char *value)
{
	struct {
		int option;
		long *number;
		long min, max;
	} numbers[] = {
		{'s', &cat->size, 1, SIZE_MAX_ETP},
		{'R', &cat->repeat, 1, COUNT_MAX},
		{'n', &cat->repeat, 1, COUNT_MAX},
		{'p', &cat->priority, 0, 7},
		{'P', &cat->timeout_ms, 0, INT32_MAX},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].option == option)
			return command_parse_number(value, numbers[i].min,
						    numbers[i].max,
						    numbers[i].number) < 0
				       ? command_usage("-%c: \"%s\" is no number that "
						       "can be",
						       option, value)
				       : COMMAND_OK;
	switch (option) {
	case 'i':
		cat->input = value;
		return COMMAND_OK;
	case 'r':
		cat->receives = true;
		return COMMAND_OK;
	case 'B':
		cat->broadcasts = true;
		return COMMAND_OK;
	case 'v':
	case 'c':
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct cat *cat, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "i:vs:rp:P:R:Bc", longs, NULL)) != -1)
		status = parse_option(cat, option, optarg);
	if (status == COMMAND_OK && argv[optind])
		status = j1939_place_parse(&cat->from, argv[optind++]);
	if (status == COMMAND_OK && argv[optind])
		status = j1939_place_parse(&cat->to, argv[optind++]);
	if (status == COMMAND_OK && !cat->receives &&
	    cat->to.place.pgn > LSK_J1939_PGN_MAX)
		status = command_usage(
			"where to is needed, with a group: :0x90,0x12300");
	return status;
}

static int open_socket(struct cat *cat, struct lsk_j1939 **ret_j1939)
{
	struct lsk_j1939_config config = {
		.interface = cat->from.interface,
		.local = cat->from.place,
		.broadcast = cat->broadcasts,
		.has_priority = cat->priority >= 0,
		.priority = (uint8_t)(cat->priority >= 0 ? cat->priority : 0),
	};
	int status = j1939_open(ret_j1939, &config);
	int bytes = 2 * SIZE_MAX_ETP;

	if (status != COMMAND_OK)
		return status;
	/* The kernel's word on each step is asked for only where somebody looks. */
	progress_begin_count(&cat->progress, cat->receives);
	if (cat->progress.is_shown && !cat->is_perf)
		lsk_j1939_set_progress(*ret_j1939, show_progress, cat);
	/* A long message has to fit; without the privilege the kernel's limit holds. */
	if (cat->receives)
		lsk_socket_setsockopt_int(lsk_j1939_socket(*ret_j1939), SOL_SOCKET,
					  SO_RCVBUFFORCE, bytes);
	lsk_socket_set_timeout(lsk_j1939_socket(*ret_j1939),
			       cat->receives || cat->timeout_ms == 0
				       ? LSK_BLOCK
				       : cat->timeout_ms * INT64_C(1000000));
	return COMMAND_OK;
}

/* The whole input. Return: an exit status. */
static int read_input(const struct cat *cat, uint8_t **ret_data, size_t *ret_len)
{
	int fd = cat->input ? open(cat->input, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	uint8_t *data = NULL;
	size_t room = 0, len = 0;
	ssize_t count = 1;

	if (fd < 0)
		return command_failure(-errno, "%s", cat->input);
	while (count > 0) {
		if (room - len < SIZE_CHUNK) {
			uint8_t *grown = realloc(data, room = 2 * room + SIZE_CHUNK);

			if (!grown) {
				count = -1;
				errno = ENOMEM;
				break;
			}
			data = grown;
		}
		count = read(fd, data + len, room - len);
		if (count > 0)
			len += (size_t)count;
	}
	if (cat->input)
		close(fd);
	if (count < 0) {
		free(data);
		return command_failure(-errno, "%s", cat->input ? cat->input : "stdin");
	}
	*ret_data = data;
	*ret_len = len;
	return COMMAND_OK;
}

static int send_failure(int r)
{
	if (r == -EHOSTUNREACH)
		return command_failure(r, "nobody has that address, or it does not "
					  "answer");
	if (r == -EACCES)
		return command_failure(r, "to all: -B is needed");
	return command_failure(r, "send");
}

static int send_input(const struct cat *cat, struct lsk_j1939 *j1939)
{
	uint8_t *data = NULL;
	size_t len = 0;
	int status = read_input(cat, &data, &len);

	if (status == COMMAND_OK && len == 0)
		status = command_failure(-ENODATA, "nothing to send");
	for (long i = 0; i < cat->repeat && status == COMMAND_OK; i++)
		for (size_t at = 0; at < len && status == COMMAND_OK;) {
			size_t piece = len - at < (size_t)cat->size ? len - at
								    : (size_t)cat->size;
			int r = lsk_j1939_send(j1939, &cat->to.place, data + at, piece);

			if (r < 0)
				status = send_failure(r);
			at += piece;
		}
	free(data);
	return status;
}

static int write_all(const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t count = write(STDOUT_FILENO, data, len);

		if (count < 0 && errno != EINTR)
			return command_failure(-errno, "stdout");
		if (count > 0) {
			data += count;
			len -= (size_t)count;
		}
	}
	return COMMAND_OK;
}

static int receive_output(const struct cat *cat, struct lsk_j1939 *j1939)
{
	uint8_t *data = malloc((size_t)cat->size);
	int status = data ? COMMAND_OK : command_failure(-ENOMEM, "message");

	for (long i = 0;
	     data && status == COMMAND_OK && (cat->repeat == 0 || i < cat->repeat);
	     i++) {
		ssize_t len = lsk_j1939_receive(j1939, data, (size_t)cat->size, NULL);

		status = len < 0 ? command_failure((int)len, "receive")
				 : write_all(data, (size_t)len);
	}
	free(data);
	return status;
}

/* Send @repeat messages of @size bytes, and tell how long each one took. */
static int measure(const struct cat *cat, struct lsk_j1939 *j1939)
{
	int64_t *times = calloc((size_t)cat->repeat, sizeof(*times));
	uint8_t *data = calloc(1, (size_t)cat->size);
	int status = times && data ? COMMAND_OK : command_failure(-ENOMEM, "message");
	int64_t start_ns = can_now_ns();
	long done = 0;

	while (times && data && status == COMMAND_OK && done < cat->repeat) {
		int64_t begin_ns = can_now_ns();
		int r = lsk_j1939_send(j1939, &cat->to.place, data, (size_t)cat->size);

		if (r < 0)
			status = send_failure(r);
		else
			times[done++] = can_now_ns() - begin_ns;
	}
	if (times && done > 0) {
		double seconds = (double)(can_now_ns() - start_ns) / 1e9;

		qsort(times, (size_t)done, sizeof(*times), can_compare_ns);
		printf("%ld messages of %ld bytes in %.6f s: %.0f byte/s, p50 %lld us, "
		       "p99 %lld us, max %lld us\n",
		       done, cat->size, seconds, (double)(done * cat->size) / seconds,
		       (long long)times[done / 2] / 1000,
		       (long long)times[done * 99 / 100] / 1000,
		       (long long)times[done - 1] / 1000);
	}
	free(times);
	free(data);
	return status;
}

static int run(struct cat *cat, int argc, char **argv)
{
	struct lsk_j1939 *j1939 = NULL;
	int status;

	j1939_place_init(&cat->from);
	j1939_place_init(&cat->to);
	status = parse_options(cat, argc, argv);
	if (!cat->receives && cat->repeat == 0)
		cat->repeat = 1; /* and messages are received as long as they come */
	if (status == COMMAND_OK)
		status = open_socket(cat, &j1939);
	if (status == COMMAND_OK)
		status = cat->is_perf    ? measure(cat, j1939)
			 : cat->receives ? receive_output(cat, j1939)
					 : send_input(cat, j1939);
	if (j1939)
		progress_end(&cat->progress);
	lsk_j1939_free(j1939);
	return status;
}

static int j1939_cat_main(int argc, char **argv)
{
	struct cat cat = {.size = SIZE_MAX_ETP, .priority = -1};

	return run(&cat, argc, argv);
}

static int j1939_perf_main(int argc, char **argv)
{
	struct cat cat = {.size = 1785, .repeat = 10, .priority = -1, .is_perf = true};

	return run(&cat, argc, argv);
}

static const char j1939_cat_help[] =
	"Send a file, or stdin, as one message, or receive messages to stdout. A send "
	"ends\n"
	"when the other side has acknowledged all of it.\n"
	"\n"
	"  FROM, TO     [IFACE]:[ADDRESS],[PGN],[NAME], numbers as in C\n"
	"  -i FILE      instead of stdin\n"
	"  -s SIZE      bytes of a message (117440505)\n"
	"  -r           receive; --count NUMBER of messages, else without an end\n"
	"  -R COUNT     send it so often\n"
	"  -p PRIORITY  0 to 7\n"
	"  -P MS        give up after so long\n"
	"  -B           send to and receive from all\n";

const struct command j1939_cat_command = {
	.name = "cat",
	.arguments = "[options] FROM [TO]",
	.summary = "send and receive files over J1939",
	.alias = "j1939cat",
	.help = j1939_cat_help,
	.main = j1939_cat_main,
};

static const char j1939_perf_help[] =
	"Send messages and tell how long they took until the other side had "
	"acknowledged\n"
	"them; \"linsock can j1939 cat -r FROM >/dev/null\" is an other side.\n"
	"\n"
	"  FROM, TO        [IFACE]:[ADDRESS],[PGN],[NAME], numbers as in C\n"
	"  -s SIZE         bytes of a message (1785)\n"
	"  --count NUMBER  of messages (10)\n"
	"  -P MS           give up after so long\n"
	"  -B              to all\n";

const struct command j1939_perf_command = {
	.name = "perf",
	.arguments = "[options] FROM TO",
	.summary = "measure J1939 messages",
	.help = j1939_perf_help,
	.main = j1939_perf_main,
};
