/* SPDX-License-Identifier: MIT */
/* Pipes of the loop's fuzzer: what transfers are from or to, at times full or empty. */
#include "tests/fuzz/loop_world.h"

#include <fcntl.h>
#include <unistd.h>

/* The smallest that there is, so that it is full at times. */
enum { PIPE_SIZE = 4096 };

static bool pipe_new(int ret_ends[2])
{
	if (pipe2(ret_ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	fcntl(ret_ends[0], F_SETPIPE_SZ, PIPE_SIZE);
	return true;
}

/* Of which the transfer has the end to read from. */
bool pipe_for_send(struct track *track)
{
	int ends[2];

	if (!pipe_new(ends))
		return false;
	track->transfer.range.fd = ends[0];
	track->pipe = ends[1];
	return true;
}

bool pipe_for_receive(struct track *track)
{
	int ends[2];

	if (!pipe_new(ends))
		return false;
	track->transfer.range.fd = ends[1];
	track->pipe = ends[0];
	return true;
}

static void pipe_write(struct track *track)
{
	ssize_t r = write(track->pipe, track->copy + track->piped,
			  track->len - track->piped);

	track->piped += r > 0 ? (size_t)r : 0;
	if (track->piped < track->len)
		return;
	close(track->pipe); /* which is the end for who reads */
	track->pipe = -1;
}

static void pipe_read(struct track *track)
{
	uint8_t bytes[PIPE_SIZE];
	ssize_t r;

	while ((r = read(track->pipe, bytes, sizeof(bytes))) > 0) {
		check_received(track->connection, bytes, (size_t)r);
		track->piped += (size_t)r;
	}
}

void pipe_turn(struct track *track)
{
	if (track->pipe < 0)
		return;
	if (track->kind == OP_SENDFILE)
		pipe_write(track);
	else
		pipe_read(track);
}

void pipe_end(struct track *track)
{
	close(track->transfer.range.fd);
	if (track->pipe >= 0)
		close(track->pipe);
	track->pipe = -1;
}
