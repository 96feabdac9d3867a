/* SPDX-License-Identifier: MIT */
/* The file, or row of files, that a tool logs into while frames come. */
#include "tools/can_log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void set_date(struct can_log_file *file)
{
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(file->dated, sizeof(file->dated), "candump-%Y-%m-%d_%H%M%S.log",
		 &local);
}

/* Open the file, or the next one. Return: the descriptor or a negative errno. */
static int open_next(void *context)
{
	struct can_log_file *file = context;
	bool is_row = can_rotation_is_on(&file->rotation);
	const char *name = file->name ? file->name : file->dated;
	/* One that was not moved away goes on, as nothing that is logged may go. */
	int mode = file->is_again && !is_row ? O_APPEND : O_TRUNC;

	/* The files of a row have the date of the first one. */
	if (!file->is_again || !is_row)
		set_date(file);
	file->is_again = true;
	if (is_row)
		can_rotation_name(file->path, name, ++file->number);
	else
		snprintf(file->path, sizeof(file->path), "%s", name);
	if (file->fd >= 0 && close(file->fd) < 0) {
		file->fd = -1;
		return -errno;
	}
	file->fd = open(file->path, O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0666);
	return file->fd < 0 ? -errno : file->fd;
}

int can_log_file_open(struct can_log_file *file, size_t bound)
{
	int r;

	file->fd = -1;
	r = open_next(file);
	return r < 0 ? r : can_output_new(&file->output, r, bound);
}

static void go_on(struct can_log_file *file)
{
	can_output_begin_file(file->output, open_next, file);
	file->bytes = 0;
}

void can_log_file_rotate(struct can_log_file *file, int64_t time_ns)
{
	if (can_rotation_is_due(&file->rotation, file->bytes, time_ns))
		go_on(file);
}

void can_log_file_reopen(struct can_log_file *file)
{
	/* The frame that comes next is the first one of the next file. */
	file->rotation.is_begun = false;
	go_on(file);
	can_output_flush(file->output);
}

int can_log_file_close(struct can_log_file *file)
{
	int r = can_output_free(file->output);

	file->output = NULL;
	if (file->fd >= 0 && close(file->fd) < 0 && r == 0)
		r = -errno;
	file->fd = -1;
	return r;
}
