/* SPDX-License-Identifier: MIT */
/*
 * An operation as the system call it is, told not to wait, and the loop around it that
 * waits for readiness with whatever the back end waits.
 *
 * The descriptor may be in blocking mode, so every call that has a flag for it is told
 * not to wait. connect(2) has none: the mode is changed around it. accept4(2) has none
 * either, and its mode is left alone: where another thread or process takes the
 * connection between poll(2) and accept4(2) and the descriptor is in blocking mode, the
 * call waits in the kernel for the next connection, deaf to the deadline and to
 * engine_wake(). A socket with a timeout is in non-blocking mode and does not have
 * that.
 */
#include <fcntl.h>
#include <poll.h>

#include <linsock/socket.h>

#include "uring/backend_table.h"
#include "uring/util.h"

/* A full UNIX peer lets poll(2) say "ready" and the call say EAGAIN, and there is no
 * event to wait for: such a call is tried again after a nap, each twice as long. */
static const int64_t nap_min_ns = LSK_NSEC_PER_SEC / 4000;
static const int64_t nap_max_ns = LSK_NSEC_PER_SEC / 50;

static int connect_nonblocking(const struct engine_request *request)
{
	int mode;
	int r;

	mode = syscall_result(fcntl(request->fd, F_GETFL));
	if (mode < 0)
		return mode;
	if (!(mode & O_NONBLOCK))
		fcntl(request->fd, F_SETFL, mode | O_NONBLOCK);
	r = syscall_result(connect(request->fd, request->addr, *request->addr_len));
	if (!(mode & O_NONBLOCK))
		fcntl(request->fd, F_SETFL, mode);
	return r == 0 && request->flags & ENGINE_CONNECT_EARLY ? -EINPROGRESS : r;
}

static int64_t attempt_write(const struct engine_request *request)
{
	ssize_t r;

	r = syscall_count(send(request->fd, request->buf, request->len, MSG_DONTWAIT));
	if (r == -ENOTSOCK)
		r = syscall_count(write(request->fd, request->buf, request->len));
	return r;
}

int64_t engine_attempt(const struct engine_request *request)
{
	const int flags = request->flags | MSG_DONTWAIT;

	switch (request->opcode) {
	case ENGINE_ACCEPT:
		return syscall_result(accept4(request->fd, request->addr,
					      request->addr_len,
					      request->flags | SOCK_CLOEXEC));
	case ENGINE_CONNECT:
		return connect_nonblocking(request);
	case ENGINE_RECV:
		return syscall_count(
			recv(request->fd, request->buf, request->len, flags));
	case ENGINE_SEND:
		return syscall_count(send(request->fd, request->buf, request->len,
					  flags | MSG_NOSIGNAL));
	case ENGINE_RECVMSG:
		return syscall_count(recvmsg(request->fd, request->message, flags));
	case ENGINE_SENDMSG:
		return syscall_count(
			sendmsg(request->fd, request->message, flags | MSG_NOSIGNAL));
	case ENGINE_WRITE:
		return attempt_write(request);
	case ENGINE_POLL:
	case ENGINE_OPCODE__COUNT:
		break;
	}
	return -EINVAL;
}

short engine_events(const struct engine_request *request)
{
	switch (request->opcode) {
	case ENGINE_ACCEPT:
	case ENGINE_RECV:
	case ENGINE_RECVMSG:
		/* The queue of errors is readable by POLLERR, which needs no asking. */
		return request->flags & MSG_OOB ? POLLPRI : POLLIN;
	case ENGINE_CONNECT:
	case ENGINE_SEND:
	case ENGINE_SENDMSG:
	case ENGINE_WRITE:
		return POLLOUT;
	case ENGINE_POLL:
		return (short)request->flags;
	case ENGINE_OPCODE__COUNT:
		break;
	}
	return 0;
}

int64_t engine_run_ready(struct engine *engine, const struct engine_request *request,
			 const struct engine_wait *wait)
{
	const short events = engine_events(request);
	int64_t nap_ns = nap_min_ns;
	int64_t r;

	for (;;) {
		r = engine->backend->wait_events(engine, request->fd, events,
						 ENGINE_FOREVER_NS, wait);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = engine_attempt(request);
		if (r != -EAGAIN && r != -EINTR)
			return r;
		r = engine->backend->wait_events(engine, -1, 0, nap_ns, wait);
		if (r < 0)
			return r;
		nap_ns = nap_ns * 2 < nap_max_ns ? nap_ns * 2 : nap_max_ns;
	}
}

/* Who was connected and lost its peer since reads an end. */
static bool was_connected(int fd)
{
	char byte;

	return syscall_count(recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT)) !=
	       -ENOTCONN;
}

int engine_connect_result(int fd, int flags)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	socklen_t len = sizeof(int);
	int error = 0;
	int r;

	r = syscall_result(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
	/* TCP keeps in mind that an attempt was under way, and would say ECONNABORTED
	 * to the next. Others refuse this. */
	if (r == 0 && error)
		(void)connect(fd, &nobody, sizeof(nobody));
	/* As the connect(2) that waits says it. */
	if (r == 0 && !error && flags & ENGINE_CONNECT_EARLY && !was_connected(fd))
		return -ECONNABORTED;
	return r < 0 ? r : -error;
}

/* EAGAIN is a UNIX listener's full backlog, for which there is no event. */
int64_t engine_run_connect(struct engine *engine, const struct engine_request *request,
			   const struct engine_wait *wait)
{
	int64_t nap_ns = nap_min_ns;
	int64_t r;

	while ((r = engine_attempt(request)) == -EAGAIN) {
		r = engine->backend->wait_events(engine, -1, 0, nap_ns, wait);
		if (r < 0)
			return r;
		nap_ns = nap_ns * 2 < nap_max_ns ? nap_ns * 2 : nap_max_ns;
	}
	/* Interrupted, the attempt goes on in the kernel as one "in progress" does. */
	if (r != -EINPROGRESS && r != -EINTR)
		return r;
	do {
		r = engine->backend->wait_events(engine, request->fd, POLLOUT,
						 ENGINE_FOREVER_NS, wait);
	} while (r == 0);
	return r < 0 ? r : engine_connect_result(request->fd, request->flags);
}
