/* SPDX-License-Identifier: MIT */
/* Several channels as one source of frames. */
#include "tools/can_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/can_stop.h"
#include "tools/command.h"

static volatile sig_atomic_t is_hung_up;

static void on_hangup(int signal_number)
{
	(void)signal_number;
	is_hung_up = 1;
}

void can_capture_signals(struct can_capture *capture)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {0};
	sigset_t blocked;

	/* Blocked outside of ppoll(2): between a look at the flag and the wait none is
	 * lost, and threads that are started later get none. */
	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		bool is_taken = signals[i] == SIGHUP && capture->takes_hangup;

		action.sa_handler = is_taken ? on_hangup : can_stop_set;
		sigaction(signals[i], &action, NULL);
		sigaddset(&blocked, signals[i]);
	}
	pthread_sigmask(SIG_BLOCK, &blocked, &capture->waiting_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(&capture->waiting_mask, signals[i]);
}

void can_capture_take_hangup(struct can_capture *capture)
{
	capture->takes_hangup = true;
	capture->terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
}

/* Return: -ERESTART, or -EINTR where the terminal is gone that the tool ran on. */
static int take_hangup(const struct can_capture *capture)
{
	struct pollfd terminal = {.fd = capture->terminal};

	is_hung_up = 0;
	if (poll(&terminal, 1, 0) <= 0 || !(terminal.revents & (POLLHUP | POLLERR)))
		return -ERESTART;
	can_stop_set(SIGHUP);
	return -EINTR;
}

static int open_source(struct can_source *source, char *text,
		       const struct lsk_can_config *defaults)
{
	struct lsk_can_config config = *defaults;
	struct lsk_can_filter_list list = {0};
	struct lsk_error error = {0};
	char interface[IF_NAMESIZE] = "";
	size_t len = strcspn(text, ",");
	int r = 0;

	source->name = text;
	source->name_len = len;
	if (len >= sizeof(interface)) {
		fprintf(stderr, "name of CAN device '%s' is too long!\n", text);
		return COMMAND_FAILURE;
	}
	memcpy(interface, text, len);
	config.interface = interface;
	if (text[len] == ',') {
		r = lsk_can_filter_list_parse(&list, text + len + 1, &error);
		if (r < 0) {
			error.offset += (unsigned int)len + 1;
			return command_failure_at(text, &error);
		}
	}
	config.filters = list.filters;
	config.filter_count = list.count;
	config.join_filters = list.join;
	config.error_mask = list.error_mask;
	r = lsk_can_open(&source->can, &config, &error);
	lsk_can_filter_list_done(&list);
	if (r < 0)
		return command_failure_at(interface, &error);
	lsk_socket_set_timeout(lsk_can_socket(source->can), 0);
	return COMMAND_OK;
}

int can_capture_open(struct can_capture *capture, char **texts, size_t count,
		     const struct lsk_can_config *config)
{
	int status = COMMAND_OK;

	if (count > CAN_SOURCES_MAX) {
		fprintf(stderr, "More than %d CAN devices given on commandline!\n",
			CAN_SOURCES_MAX);
		return COMMAND_FAILURE;
	}
	capture->records = calloc(CAN_CAPTURE_BATCH, sizeof(*capture->records));
	if (!capture->records)
		return command_failure(-ENOMEM, "frames");
	for (size_t i = 0; i < count && status == COMMAND_OK; i++) {
		status = open_source(&capture->sources[i], texts[i], config);
		if (status == COMMAND_OK)
			capture->count++;
	}
	return status;
}

void can_capture_close(struct can_capture *capture)
{
	for (size_t i = 0; i < capture->count; i++)
		lsk_can_free(capture->sources[i].can);
	free(capture->records);
	if (capture->takes_hangup && capture->terminal >= 0)
		close(capture->terminal);
	capture->takes_hangup = false;
	capture->count = 0;
	capture->records = NULL;
}

/* Wait until a source has frames. Return: as can_capture_next(), 1 for "go on". */
static int wait_for_frames(struct can_capture *capture, int timeout_ms)
{
	struct timespec timeout = {.tv_sec = timeout_ms / 1000,
				   .tv_nsec = timeout_ms % 1000 * 1000000L};
	struct pollfd fds[CAN_SOURCES_MAX];
	int r;

	for (size_t i = 0; i < capture->count; i++)
		fds[i] = (struct pollfd){
			.fd = lsk_socket_fd(lsk_can_socket(capture->sources[i].can)),
			.events = POLLIN,
		};
	r = ppoll(fds, capture->count, timeout_ms < 0 ? NULL : &timeout,
		  &capture->waiting_mask);
	if (r < 0)
		return errno == EINTR && !can_stop_signal() ? 1 : -errno;
	for (size_t i = 0; i < capture->count; i++)
		capture->sources[i].has_more = fds[i].revents != 0;
	return r > 0;
}

int can_capture_next(struct can_capture *capture, int timeout_ms,
		     struct can_source **ret_source)
{
	for (;;) {
		int r;

		if (can_stop_signal())
			return -EINTR;
		if (is_hung_up)
			return take_hangup(capture);
		for (size_t i = 0; i < capture->count; i++) {
			struct can_source *source =
				&capture->sources[capture->turn++ % capture->count];

			if (!source->has_more)
				continue;
			r = lsk_can_receive(source->can, capture->records,
					    CAN_CAPTURE_BATCH);
			/* Fewer than asked for: the queue is empty now. */
			source->has_more = r == CAN_CAPTURE_BATCH;
			*ret_source = source;
			if (r != -EAGAIN)
				return r;
		}
		r = wait_for_frames(capture, timeout_ms);
		if (r <= 0)
			return r;
	}
}

bool can_capture_is_idle(const struct can_capture *capture)
{
	for (size_t i = 0; i < capture->count; i++)
		if (capture->sources[i].has_more)
			return false;
	return true;
}

uint64_t can_capture_drops(const struct can_capture *capture)
{
	uint64_t drops = 0;

	for (size_t i = 0; i < capture->count; i++) {
		struct lsk_can_stats stats;

		if (lsk_can_stats(capture->sources[i].can, &stats) == 0)
			drops += stats.dropped;
	}
	return drops;
}
