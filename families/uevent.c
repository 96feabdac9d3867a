/* SPDX-License-Identifier: MIT */
/* Device events: a socket that believes the kernel alone, and text with NULs. */
#include <linsock/uevent.h>

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/netlink.h>
#include <linsock/netns.h>

#include "families/netlink_channel.h"
#include "src/socket.h"
#include "uring/util.h"

#define GROUP_KERNEL        1
#define BUFFER_SIZE_DEFAULT (8 << 20)

static int make_socket(void *context)
{
	return lsk_socket_new(context, AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
}

static int prepare(struct lsk_socket *sock, int buffer_size)
{
	struct lsk_addr addr;
	int r;

	if (lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVBUFFORCE, buffer_size) <
	    0)
		(void)lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVBUF,
						buffer_size);
	/* Before the bind: no event is without credentials. */
	r = lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_PASSCRED, 1);
	if (r == 0)
		r = lsk_addr_netlink(&addr, 0, GROUP_KERNEL);
	return r < 0 ? r : lsk_socket_bind(sock, &addr);
}

int lsk_uevent_open(struct lsk_socket **ret_socket,
		    const struct lsk_uevent_options *options)
{
	int size = options && options->buffer_size ? options->buffer_size
						   : BUFFER_SIZE_DEFAULT;
	struct lsk_socket *sock = NULL;
	int r;

	r = options && options->netns_fd > 0
		    ? lsk_netns_call(options->netns_fd, make_socket, &sock)
		    : make_socket(&sock);
	if (r < 0)
		return r;
	r = prepare(sock, size);
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

static bool is_of_root(struct msghdr *header)
{
	struct ucred credentials;

	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
	     control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level != SOL_SOCKET ||
		    control->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&credentials, CMSG_DATA(control), sizeof(credentials));
		return credentials.uid == 0;
	}
	return false;
}

/* Return: bytes of an event of the kernel; 0 for anything else. */
static ssize_t receive(int fd, char *buf, size_t size)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct sockaddr_nl from = {.nl_family = AF_UNSPEC};
	struct iovec iov = {buf, size};
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = syscall_count(recvmsg(fd, &header, MSG_DONTWAIT));

	if (n < 0)
		return n;
	if (header.msg_namelen < sizeof(from) || from.nl_pid != 0 ||
	    !is_of_root(&header))
		return 0;
	return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

int lsk_uevent_next(struct lsk_socket *sock, char *buf, size_t size, int64_t timeout_ns,
		    struct lsk_uevent *ret_event)
{
	int64_t deadline_ns = timeout_ns == 0 ? 0 : netlink_deadline(timeout_ns);
	ssize_t n;
	int r;

	for (;;) {
		int fd = socket_fd(sock);

		if (fd < 0)
			return fd;
		n = receive(fd, buf, size);
		if (n > 0 && lsk_uevent_parse(buf, (size_t)n, ret_event) == 0)
			return 0;
		if (n >= 0 || n == -EINTR)
			continue;
		if (n != -EAGAIN || deadline_ns == 0)
			return (int)n;
		r = socket_poll(sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}

int lsk_uevent_parse(const char *data, size_t len, struct lsk_uevent *ret_event)
{
	struct lsk_uevent event = {.subsystem = ""};
	const char *at, *sequence;
	size_t first;

	if (len == 0 || data[len - 1] != '\0')
		return -EBADMSG;
	at = strchr(data, '@');
	first = strlen(data) + 1;
	if (!at)
		return -EBADMSG;
	event.path = at + 1;
	event.properties = (struct lsk_nl_bytes){data + first, len - first};
	event.action = lsk_uevent_get(&event, "ACTION");
	if (!event.action)
		return -EBADMSG;
	if (lsk_uevent_get(&event, "SUBSYSTEM"))
		event.subsystem = lsk_uevent_get(&event, "SUBSYSTEM");
	sequence = lsk_uevent_get(&event, "SEQNUM");
	if (sequence)
		event.sequence = strtoull(sequence, NULL, 10);
	*ret_event = event;
	return 0;
}

const char *lsk_uevent_get(const struct lsk_uevent *event, const char *key)
{
	const char *next = event->properties.data;
	const char *end = next + event->properties.len;
	size_t key_len = strlen(key);

	while (next < end) {
		size_t len = strnlen(next, (size_t)(end - next));

		if (len > key_len && next[key_len] == '=' &&
		    memcmp(next, key, key_len) == 0)
			return next + key_len + 1;
		next += len + 1;
	}
	return NULL;
}
