/* SPDX-License-Identifier: MIT */
/* Options that have a call of their own. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/option.h>

#include "uring/util.h"

/* asm-generic/socket.h of Linux 6.5 */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* More groups than NGROUPS_MAX no process has. */
#define GROUPS_MAX 65536

static int set_int(struct lsk_socket *sock, int level, int option, int value)
{
	return lsk_socket_setsockopt_int(sock, level, option, value);
}

int lsk_socket_error(const struct lsk_socket *sock)
{
	int error = 0;
	int r;

	r = lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_ERROR, &error);
	return r < 0 ? r : -error;
}

int lsk_socket_set_linger(struct lsk_socket *sock, int seconds)
{
	const struct linger linger = {
		.l_onoff = seconds >= 0,
		.l_linger = seconds >= 0 ? seconds : 0,
	};

	return lsk_socket_setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger,
				     sizeof(linger));
}

int lsk_socket_linger(const struct lsk_socket *sock, int *ret_seconds)
{
	struct linger linger = {0};
	socklen_t len = sizeof(linger);
	int r;

	if (!ret_seconds)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, &len);
	if (r == 0)
		*ret_seconds = linger.l_onoff ? linger.l_linger : -1;
	return r;
}

int lsk_socket_set_keepalive(struct lsk_socket *sock, int idle_s, int interval_s,
			     int count)
{
	int r = 0;

	if (idle_s < 0 || interval_s < 0 || count < 0)
		return -EINVAL;
	/* The times first: switching on with the old ones could end a connection. */
	if (idle_s > 0)
		r = set_int(sock, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
	if (r == 0 && idle_s > 0 && interval_s > 0)
		r = set_int(sock, IPPROTO_TCP, TCP_KEEPINTVL, interval_s);
	if (r == 0 && idle_s > 0 && count > 0)
		r = set_int(sock, IPPROTO_TCP, TCP_KEEPCNT, count);
	return r < 0 ? r : set_int(sock, SOL_SOCKET, SO_KEEPALIVE, idle_s > 0);
}

int lsk_socket_peercred(const struct lsk_socket *sock, struct lsk_peercred *ret_cred)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int r;

	if (!ret_cred)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	if (r < 0)
		return r;
	/* Of a socket without a peer the kernel says pid 0, uid -1, gid -1. */
	if (cred.uid == (uid_t)-1)
		return -ENODATA;
	*ret_cred = (struct lsk_peercred){cred.pid, cred.uid, cred.gid};
	return 0;
}

int lsk_socket_peerpidfd(const struct lsk_socket *sock)
{
	int fd = -1;
	int r;

	r = lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_PEERPIDFD, &fd);
	return r < 0 ? r : fd;
}

int lsk_socket_peergroups(const struct lsk_socket *sock, gid_t **ret_groups,
			  size_t *ret_count)
{
	socklen_t len = 32 * sizeof(gid_t);
	gid_t *groups;
	int r;

	if (!ret_groups || !ret_count)
		return -EINVAL;
	for (;;) {
		groups = malloc(len);
		if (!groups)
			return -ENOMEM;
		r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_PEERGROUPS, groups,
					  &len);
		if (r == 0)
			break;
		free(groups);
		if (r != -ERANGE || len >= GROUPS_MAX * sizeof(gid_t))
			return r;
		len *= 2;
	}
	*ret_groups = groups;
	*ret_count = len / sizeof(gid_t);
	return 0;
}

int lsk_socket_peersec(const struct lsk_socket *sock, char *buf, size_t size)
{
	socklen_t len;
	int r;

	if (!buf || size == 0 || size > INT32_MAX)
		return -EINVAL;
	len = (socklen_t)size - 1;
	r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_PEERSEC, buf, &len);
	if (r < 0)
		return r;
	/* Some modules count the NUL, some give none. */
	buf[len] = '\0';
	return (int)strlen(buf);
}

int lsk_socket_tcp_info(const struct lsk_socket *sock, void *info, size_t size)
{
	socklen_t len;
	int r;

	if (!info || size > INT32_MAX)
		return -EINVAL;
	len = (socklen_t)size;
	memset(info, 0, size);
	r = lsk_socket_getsockopt(sock, IPPROTO_TCP, TCP_INFO, info, &len);
	return r < 0 ? r : (int)len;
}

int lsk_socket_set_timestamping(struct lsk_socket *sock, unsigned int flags)
{
	return set_int(sock, SOL_SOCKET, SO_TIMESTAMPING, (int)flags);
}

int lsk_socket_set_device(struct lsk_socket *sock, const char *name)
{
	const char *device = name ? name : "";

	return lsk_socket_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, device,
				     (socklen_t)strlen(device) + 1);
}

int lsk_socket_device(const struct lsk_socket *sock, char buf[16])
{
	socklen_t len = 16;
	int r;

	if (!buf)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, buf, &len);
	if (r < 0)
		return r;
	if (len == 0)
		buf[0] = '\0';
	return (int)strlen(buf);
}

int lsk_socket_set_mark(struct lsk_socket *sock, uint32_t mark)
{
	return set_int(sock, SOL_SOCKET, SO_MARK, (int)mark);
}

int lsk_socket_set_priority(struct lsk_socket *sock, int priority)
{
	return set_int(sock, SOL_SOCKET, SO_PRIORITY, priority);
}

int lsk_socket_cookie(const struct lsk_socket *sock, uint64_t *ret_cookie)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int r;

	if (!ret_cookie)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, SOL_SOCKET, SO_COOKIE, &cookie, &len);
	if (r == 0)
		*ret_cookie = cookie;
	return r;
}
