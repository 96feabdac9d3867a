/* SPDX-License-Identifier: MIT */
/*
 * linsock can play: canplayer's arguments, any format of log. Each frame has an
 * absolute deadline, so that neither sleeping nor sending adds up; frames that are due
 * together go out with one system call, in their order; a full queue is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_stop.h"
#include "tools/can_time.h"
#include "tools/can_view.h"
#include "tools/progress.h"

#define ASSIGNMENTS_MAX 20 /* as canplayer */
#define BATCH_MAX       64
#define JITTER_BUCKETS  4096 /* microseconds; the last one holds all above */
#define TO_STDOUT       UINT32_MAX

struct assignment {
	char log_name[LSK_CAN_LOG_NAME_MAX];
	char name[IF_NAMESIZE];
	unsigned int interface; /* TO_STDOUT prints */
};

struct play {
	const char *input;
	bool is_endless;
	long loops;
	bool has_times;
	bool is_interactive;
	unsigned long count;
	int64_t skip_gap_ns;
	double speed;
	unsigned int verbose;
	bool is_silent; /* no report */
	struct lsk_can_config config;

	struct assignment assignments[ASSIGNMENTS_MAX];
	size_t assignments_count;
	bool is_assigned; /* by the user: other interfaces are left out */

	int fd;
	uint64_t input_size; /* 0: not known */
	uint64_t input_read; /* of this round */
	struct progress progress;
	struct lsk_can *can;
	struct lsk_can_frame *batch;
	size_t batch_len;
	unsigned int batch_interface;
	int64_t offset_ns; /* log time + offset = monotonic time */
	int64_t last_log_ns;
	bool is_started;
	unsigned long sent;
	unsigned long faults;
	unsigned long jitter[JITTER_BUCKETS];
	unsigned long jitter_count;
	int64_t jitter_max_ns;
};

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct play *play = context;
	ssize_t count;

	do {
		count = read(play->fd, buf, size);
	} while (count < 0 && errno == EINTR && !can_stop_signal());
	if (count > 0)
		play->input_read += (uint64_t)count;
	return count < 0 ? -errno : count;
}

/* Return: the assignment, or NULL where the table is full or the interface unknown. */
static struct assignment *assign(struct play *play, const char *name,
				 const char *log_name)
{
	struct assignment *assignment = &play->assignments[play->assignments_count];

	if (play->assignments_count == ASSIGNMENTS_MAX) {
		fprintf(stderr, "Assignment table exceeded!\n");
		return NULL;
	}
	if (strlen(name) >= sizeof(assignment->name)) {
		fprintf(stderr, "write-if interface name '%s' too long!", name);
		return NULL;
	}
	snprintf(assignment->name, sizeof(assignment->name), "%s", name);
	snprintf(assignment->log_name, sizeof(assignment->log_name), "%s", log_name);
	assignment->interface =
		strcmp(name, "stdout") == 0 ? TO_STDOUT : if_nametoindex(name);
	if (assignment->interface == 0) {
		fprintf(stderr, "write-if interface name '%s' is wrong!\n", name);
		return NULL;
	}
	play->assignments_count++;
	return assignment;
}

/* Where frames of @log_name go. Return: it; NULL with 0 to leave them out. */
static const struct assignment *find_assignment(struct play *play, const char *log_name,
						int *ret_status)
{
	const struct assignment *assignment;

	*ret_status = COMMAND_OK;
	for (size_t i = 0; i < play->assignments_count; i++)
		if (strcmp(play->assignments[i].log_name, log_name) == 0)
			return &play->assignments[i];
	if (play->is_assigned)
		return NULL;
	assignment = assign(play, log_name, log_name);
	if (!assignment)
		*ret_status = COMMAND_FAILURE;
	return assignment;
}

static void show_progress(struct play *play)
{
	int percent = -1;

	if (play->count)
		percent = (int)(100 * play->sent / play->count);
	else if (play->input_size > 0 && play->loops == 0 && !play->is_endless)
		percent = (int)(100 * play->input_read / play->input_size);
	progress_show_count(&play->progress, "frames", play->sent, percent);
}

static int send_batch(struct play *play)
{
	size_t len = play->batch_len;
	int r;

	play->batch_len = 0;
	if (len == 0)
		return COMMAND_OK;
	r = lsk_can_send_to(play->can, play->batch_interface, play->batch, len, NULL);
	if (r == -EINTR)
		return can_stop_status();
	if (r < 0)
		return command_failure(r, "send");
	play->sent += len;
	show_progress(play);
	return COMMAND_OK;
}

static void count_jitter(struct play *play, int64_t late_ns)
{
	size_t bucket = late_ns > 0 ? (size_t)late_ns / 1000 : 0;

	play->jitter[bucket < JITTER_BUCKETS ? bucket : JITTER_BUCKETS - 1]++;
	play->jitter_count++;
	if (late_ns > play->jitter_max_ns)
		play->jitter_max_ns = late_ns;
}

/* Wait until the frame is due; what is due already joins the batch. */
static int wait_until_due(struct play *play, int64_t log_ns)
{
	int64_t now = can_now_ns(), due_ns;
	int status;

	if (play->speed != 1.0)
		log_ns = (int64_t)((double)log_ns / play->speed);
	/* A clock that jumps back, or a gap that nobody wants to wait for. */
	if (!play->is_started || log_ns < play->last_log_ns ||
	    (play->skip_gap_ns && log_ns - play->last_log_ns > play->skip_gap_ns))
		play->offset_ns = now - log_ns;
	play->is_started = true;
	play->last_log_ns = log_ns;
	due_ns = log_ns + play->offset_ns;
	if (due_ns > now) {
		status = send_batch(play);
		if (status != COMMAND_OK)
			return status;
		can_sleep_until(due_ns);
		if (can_stop_signal())
			return can_stop_status();
		now = can_now_ns();
	}
	count_jitter(play, now - due_ns);
	return COMMAND_OK;
}

static void show(const struct play *play, const struct assignment *assignment,
		 const struct lsk_can_log_entry *entry)
{
	char line[CAN_VIEW_MAX];

	if (!play->verbose)
		return;
	*can_view_put(line, &entry->frame, CAN_VIEW_INDENT) = '\0';
	printf("%s (%s) %s\n", assignment->name, entry->interface, line);
}

/* The frame as a line of candump's log. */
static void print_entry(const struct lsk_can_log_entry *entry)
{
	char text[LSK_CAN_TEXT_MAX];

	if (lsk_can_frame_format(&entry->frame, LSK_CAN_FORMAT_PLAIN, text,
				 sizeof(text)) < 0)
		return;
	printf("(%010lld.%06d) %s %s\n", (long long)(entry->time_ns / LSK_NSEC_PER_SEC),
	       (int)(entry->time_ns % LSK_NSEC_PER_SEC) / 1000, entry->interface, text);
	fflush(stdout);
}

static int play_entry(struct play *play, const struct lsk_can_log_entry *entry)
{
	const struct assignment *assignment;
	int status;

	if (play->is_interactive && getchar() == EOF && can_stop_signal())
		return can_stop_status();
	assignment = find_assignment(play, entry->interface, &status);
	if (!assignment)
		return status;
	if (play->has_times)
		status = wait_until_due(play, entry->time_ns);
	if (assignment->interface == TO_STDOUT) {
		print_entry(entry);
		play->sent++;
		return status;
	}
	if (status == COMMAND_OK && play->batch_len > 0 &&
	    (play->batch_len == BATCH_MAX ||
	     play->batch_interface != assignment->interface))
		status = send_batch(play);
	if (status != COMMAND_OK)
		return status;
	play->batch_interface = assignment->interface;
	play->batch[play->batch_len++] = entry->frame;
	show(play, assignment, entry);
	return play->is_interactive ? send_batch(play) : COMMAND_OK;
}

static int play_once(struct play *play)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_entry entry;
	struct lsk_error error = {0};
	int status = COMMAND_OK;
	int r;

	r = lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, bring, play, &error);
	if (r < 0)
		return command_failure(r, "%s: %s", play->input, error.text);
	play->is_started = false;
	play->input_read = 0;
	while (status == COMMAND_OK &&
	       (r = lsk_can_log_read(reader, &entry, &error)) != 0) {
		if (can_stop_signal()) {
			status = can_stop_status();
			break;
		}
		if (r < 0) {
			play->faults++;
			can_tell_log_fault(play->input, reader, &error);
			if (r > LSK_ERR_SCHEME)
				break;
			continue;
		}
		status = play_entry(play, &entry);
		if (play->count && play->sent + play->batch_len >= play->count)
			break;
	}
	lsk_can_log_reader_free(reader);
	return status == COMMAND_OK ? send_batch(play) : status;
}

static int parse_count(const char *text, long max, long *ret_value)
{
	if (command_parse_number(text, 1, max, ret_value) == 0)
		return COMMAND_OK;
	return command_usage("\"%s\" is no number from 1 to %ld", text, max);
}

static int parse_speed(const char *text, double *ret_speed)
{
	char *end;

	*ret_speed = strtod(text, &end);
	if (end == text || *end || !(*ret_speed >= 1e-6 && *ret_speed <= 1e6))
		return command_usage("--speed takes a factor, not \"%s\"", text);
	return COMMAND_OK;
}

static int parse_option(struct play *play, int option, const char *value)
{
	long number = 0;
	int status = COMMAND_OK;

	switch (option) {
	case 'I':
		play->input = value;
		break;
	case 'l':
		play->is_endless = value[0] == 'i';
		if (!play->is_endless)
			status = parse_count(value, INT32_MAX, &play->loops);
		break;
	case 't':
		play->has_times = false;
		break;
	case 'i':
		play->is_interactive = true;
		play->has_times = false;
		break;
	case 'n':
		status = parse_count(value, INT32_MAX, &number);
		play->count = (unsigned long)number;
		break;
	case 'g': /* the granularity of canplayer's clock: ours has none */
		break;
	case 's':
		status = parse_count(value, INT32_MAX, &number);
		play->skip_gap_ns = number * LSK_NSEC_PER_SEC;
		break;
	case 'x':
		play->config.without_loopback = true;
		break;
	case 'v':
		play->verbose++;
		break;
	case 'S':
		status = parse_speed(value, &play->speed);
		break;
	default:
		status = command_bad_option();
		break;
	}
	return status;
}

static int parse_options(struct play *play, int argc, char **argv)
{
	static const struct option longs[] = {
		{"speed", required_argument, NULL, 'S'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "I:l:tin:g:s:xv", longs, NULL)) != -1)
		status = parse_option(play, option, optarg);
	for (; status == COMMAND_OK && optind < argc; optind++) {
		char *equals = strchr(argv[optind], '=');

		if (!equals)
			return command_usage("'=' missing in assignment!");
		*equals = '\0';
		play->is_assigned = true;
		if (!assign(play, argv[optind], equals + 1))
			status = COMMAND_FAILURE;
	}
	return status;
}

/* In microseconds; past the buckets only the greatest is known. */
static unsigned long percentile(const struct play *play, unsigned int percent)
{
	unsigned long wanted = (play->jitter_count * percent + 99) / 100, seen = 0;

	for (unsigned long i = 0; i < JITTER_BUCKETS - 1; i++) {
		seen += play->jitter[i];
		if (seen >= wanted)
			return i;
	}
	return (unsigned long)play->jitter_max_ns / 1000;
}

static void report(const struct play *play)
{
	if (!play->has_times || play->jitter_count == 0 ||
	    (!play->verbose && !isatty(STDERR_FILENO)))
		return;
	fprintf(stderr, "%s: %lu frames; late by p50 %lu us, p99 %lu us, max %lld us\n",
		program_invocation_short_name, play->sent, percentile(play, 50),
		percentile(play, 99), (long long)play->jitter_max_ns / 1000);
}

/* Whether frames are printed only, for which no CAN is needed. */
static bool is_printing(const struct play *play)
{
	for (size_t i = 0; i < play->assignments_count; i++)
		if (play->assignments[i].interface != TO_STDOUT)
			return false;
	return play->is_assigned;
}

static int run_play(struct play *play)
{
	struct lsk_error error = {0};
	int status = COMMAND_OK;

	if (!is_printing(play) && lsk_can_open(&play->can, &play->config, &error) < 0)
		return command_failure_at("any", &error);
	can_stop_catch();
	progress_begin_count(&play->progress, play->verbose > 0);
	while (status == COMMAND_OK && (play->is_endless || play->loops-- > 0)) {
		status = play_once(play);
		if (play->count && play->sent >= play->count)
			break;
		if (play->fd == STDIN_FILENO)
			break; /* it cannot be read again */
		if (lseek(play->fd, 0, SEEK_SET) < 0)
			break;
	}
	progress_end(&play->progress);
	report(play);
	return status == COMMAND_OK && play->faults > 0 ? COMMAND_FAILURE : status;
}

static int can_play_main(int argc, char **argv)
{
	struct play *play = calloc(1, sizeof(*play));
	struct stat info;
	int status;

	if (!play)
		return command_failure(-ENOMEM, "player");
	play->loops = 1;
	play->has_times = true;
	play->speed = 1.0;
	play->input = "-";
	play->config.receive_nothing = true;
	play->config.without_time = true;
	play->batch = calloc(BATCH_MAX, sizeof(*play->batch));
	status = play->batch ? parse_options(play, argc, argv)
			     : command_failure(-ENOMEM, "frames");
	if (status == COMMAND_OK && strcmp(play->input, "-") != 0) {
		play->fd = open(play->input, O_RDONLY | O_CLOEXEC);
		if (play->fd < 0)
			status = command_failure(-errno, "%s", play->input);
		else if (fstat(play->fd, &info) == 0 && S_ISREG(info.st_mode))
			play->input_size = (uint64_t)info.st_size;
	}
	if (status == COMMAND_OK)
		status = run_play(play);
	if (play->fd > STDERR_FILENO)
		close(play->fd);
	lsk_can_free(play->can);
	free(play->batch);
	free(play);
	return status;
}

static const char can_play_help[] =
	"Sends the frames of a log of any format with the gaps that they had.\n"
	"An assignment WRITE-IF=LOG-IF sends frames of LOG-IF on WRITE-IF (\"stdout\"\n"
	"prints them); without one they go where they came from.\n"
	"\n"
	"  -I FILE     the log (stdin)\n"
	"  -l NUM|i    play it so often, or for ever\n"
	"  -t          without gaps\n"
	"  -i          wait for ENTER before each frame\n"
	"  -n COUNT    end after COUNT frames\n"
	"  -s SECONDS  skip gaps that are longer\n"
	"  -x          no local socket hears the frames\n"
	"  -v          print frames, and at the end how late they were\n"
	"  -g MS       taken for canplayer's sake; deadlines are exact here\n"
	"  --speed FACTOR  2 plays twice as fast\n";

const struct command can_play_command = {
	.name = "play",
	.arguments = "[options] [WRITE-IF=LOG-IF]...",
	.summary = "send the frames of a log, with their timing",
	.alias = "canplayer",
	.help = can_play_help,
	.main = can_play_main,
};
