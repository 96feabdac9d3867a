/* SPDX-License-Identifier: MIT */
/* A connection within this host, for what linsock probe tries on one. */
#include <sys/socket.h>
#include <sys/time.h>

#include "families/probe.h"
#include "uring/util.h"

#define LIMIT_S 1

int probe_connection(int type, int protocol, struct sockaddr *addr, socklen_t len,
		     int ret_fds[2])
{
	const struct timeval limit = {.tv_sec = LIMIT_S};
	_cleanup_(closep) int listener =
		syscall_result(socket(addr->sa_family, type | SOCK_CLOEXEC, protocol));
	_cleanup_(closep) int fd =
		syscall_result(socket(addr->sa_family, type | SOCK_CLOEXEC, protocol));
	int r = fd < 0 ? fd : listener;

	if (r >= 0)
		r = syscall_result(bind(listener, addr, len));
	if (r >= 0)
		r = syscall_result(listen(listener, 1));
	if (r >= 0)
		r = syscall_result(getsockname(listener, addr, &len));
	if (r < 0)
		return r;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	r = syscall_result(connect(fd, addr, len));
	if (r == 0)
		r = syscall_result(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	if (r < 0)
		return r;
	ret_fds[0] = take_fd(&fd);
	ret_fds[1] = r;
	return 0;
}
