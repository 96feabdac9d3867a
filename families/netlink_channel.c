/* SPDX-License-Identifier: MIT */
/* A netlink socket as the engine uses it: opening, sending, receiving datagrams. */
#include "families/netlink_channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"
#include <linsock/netns.h>

/* Room for NETLINK_PKTINFO, the namespace id and credentials. */
#define CONTROL_SIZE 128

bool netlink_is_synchronous(int protocol)
{
	switch (protocol) {
	case NETLINK_ROUTE:
	case NETLINK_SOCK_DIAG:
	case NETLINK_XFRM:
	case NETLINK_NETFILTER:
	case NETLINK_GENERIC:
	case NETLINK_CRYPTO:
		return true;
	default:
		return false;
	}
}

int64_t netlink_deadline(int64_t timeout_ns)
{
	int64_t now_ns;

	if (timeout_ns < 0)
		return LSK_BLOCK;
	now_ns = engine_now_ns();
	return timeout_ns > INT64_MAX - now_ns ? LSK_BLOCK : now_ns + timeout_ns;
}

struct open_context {
	struct lsk_socket *sock;
	int protocol;
};

static int open_socket(void *context)
{
	struct open_context *open = context;

	return lsk_socket_new(&open->sock, AF_NETLINK, SOCK_RAW, open->protocol);
}

/* Kernels without one of these still do the work, with fewer words about faults. */
static void set_options(struct lsk_socket *sock, const struct lsk_nl_options *options)
{
	(void)lsk_socket_setsockopt_int(sock, SOL_NETLINK, NETLINK_EXT_ACK, 1);
	(void)lsk_socket_setsockopt_int(sock, SOL_NETLINK, NETLINK_CAP_ACK, 1);
	(void)lsk_socket_setsockopt_int(sock, SOL_NETLINK, NETLINK_PKTINFO, 1);
	if (!options->is_lax)
		(void)lsk_socket_setsockopt_int(sock, SOL_NETLINK,
						NETLINK_GET_STRICT_CHK, 1);
}

static int bind_socket(struct netlink_channel *channel)
{
	struct lsk_addr addr;
	struct sockaddr_nl own;
	int r;

	/* Port id 0: the kernel picks. A process may have many sockets, so its own id
	 * is no good name. */
	r = lsk_addr_netlink(&addr, 0, 0);
	if (r < 0)
		return r;
	r = lsk_socket_bind(channel->sock, &addr);
	if (r < 0)
		return r;
	r = lsk_socket_getsockname(channel->sock, &addr);
	if (r < 0)
		return r;
	memcpy(&own, &addr.storage, sizeof(own));
	channel->port_id = own.nl_pid;
	return 0;
}

int netlink_channel_open(struct netlink_channel *channel, int protocol,
			 const struct lsk_nl_options *options)
{
	struct open_context open = {.protocol = protocol};
	int r;

	*channel = (struct netlink_channel){
		.protocol = protocol,
		.is_exact = true,
		.size = options->buffer_size ? options->buffer_size
					     : NETLINK_BUFFER_SIZE,
		.nsid = LSK_NL_NSID_NONE,
	};
	/* A socket's namespace is that of the thread which makes it. */
	r = options->netns_fd > 0
		    ? lsk_netns_call(options->netns_fd, open_socket, &open)
		    : open_socket(&open);
	if (r < 0)
		return r;
	channel->sock = open.sock;
	channel->buf = malloc(channel->size);
	r = channel->buf ? 0 : -ENOMEM;
	if (r == 0) {
		set_options(channel->sock, options);
		r = bind_socket(channel);
	}
	if (r < 0)
		netlink_channel_close(channel);
	return r;
}

void netlink_channel_close(struct netlink_channel *channel)
{
	channel->sock = lsk_socket_free(channel->sock);
	free(channel->buf);
	channel->buf = NULL;
	channel->rest = (struct lsk_nl_bytes){NULL, 0};
}

void netlink_channel_trace(const struct netlink_channel *channel, bool is_sent,
			   const struct nlmsghdr *msg)
{
	if (channel->trace)
		channel->trace(channel->trace_context, is_sent, channel->protocol, msg);
}

static void trace_messages(struct netlink_channel *channel, bool is_sent,
			   const void *data, size_t len)
{
	const char *next = data;

	if (!channel->trace)
		return;
	while (len >= NLMSG_HDRLEN) {
		const struct nlmsghdr *msg = (const void *)next;
		size_t step = NLMSG_ALIGN((size_t)msg->nlmsg_len);

		if (msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > len)
			return;
		netlink_channel_trace(channel, is_sent, msg);
		if (step >= len)
			return;
		next += step;
		len -= step;
	}
}

int netlink_channel_send(struct netlink_channel *channel, const void *data, size_t len)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket_fd(channel->sock);
	ssize_t n;

	if (fd < 0)
		return fd;
	trace_messages(channel, true, data, len);
	/* With an address the kernel checks this process' rights, not the opener's. It
	 * has done what was asked when the call returns: there is nothing to wait for.
	 */
	do
		n = syscall_count(sendto(fd, data, len, MSG_NOSIGNAL,
					 (const struct sockaddr *)(const void *)&kernel,
					 sizeof(kernel)));
	while (n == -EINTR);
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EIO;
}

static int grow(struct netlink_channel *channel, size_t need)
{
	size_t size = channel->size;
	char *buf;

	if (need > NETLINK_BUFFER_MAX)
		return -EMSGSIZE;
	while (size < need)
		size *= 2;
	buf = realloc(channel->buf, size);
	if (!buf)
		return -ENOMEM;
	channel->buf = buf;
	channel->size = size;
	return 0;
}

static void read_control(struct netlink_channel *channel, struct msghdr *header)
{
	channel->group = 0;
	channel->nsid = LSK_NL_NSID_NONE;
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control;
	     control = CMSG_NXTHDR(header, control)) {
		struct nl_pktinfo info;

		if (control->cmsg_level != SOL_NETLINK)
			continue;
		if (control->cmsg_type == NETLINK_PKTINFO) {
			memcpy(&info, CMSG_DATA(control), sizeof(info));
			channel->group = info.group;
		} else if (control->cmsg_type == NETLINK_LISTEN_ALL_NSID) {
			memcpy(&channel->nsid, CMSG_DATA(control), sizeof(int));
		}
	}
}

/* Return: bytes of a datagram of the kernel; 0 for one of somebody else. */
static ssize_t receive_now(struct netlink_channel *channel)
{
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
	struct sockaddr_nl from = {.nl_family = AF_UNSPEC};
	struct iovec iov;
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = socket_fd(channel->sock);
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	if (channel->is_exact) {
		/* The length alone: a receive destroys what it cuts. */
		n = syscall_count(
			recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT));
		if (n < 0)
			return n;
		if ((size_t)n > channel->size) {
			r = grow(channel, (size_t)n);
			if (r < 0)
				return r;
		}
	}
	iov = (struct iovec){channel->buf, channel->size};
	n = syscall_count(recvmsg(fd, &header, MSG_TRUNC | MSG_DONTWAIT));
	if (n < 0)
		return n;
	if (header.msg_namelen < sizeof(from) || from.nl_pid != 0)
		return 0;
	if ((size_t)n > channel->size) {
		r = grow(channel, (size_t)n);
		return r < 0 ? r : -EMSGSIZE;
	}
	read_control(channel, &header);
	return n;
}

int netlink_channel_receive(struct netlink_channel *channel, int64_t deadline_ns)
{
	ssize_t n;
	int r;

	channel->rest.len = 0;
	for (;;) {
		n = receive_now(channel);
		if (n > 0)
			break;
		if (n == 0 || n == -EINTR)
			continue;
		if (n != -EAGAIN || deadline_ns == 0)
			return (int)n;
		r = socket_poll(channel->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
	channel->rest = (struct lsk_nl_bytes){channel->buf, (size_t)n};
	trace_messages(channel, false, channel->buf, (size_t)n);
	return 0;
}

const struct nlmsghdr *netlink_channel_message(struct netlink_channel *channel)
{
	const struct nlmsghdr *msg = channel->rest.data;
	size_t len = channel->rest.len;
	size_t step;

	if (len < NLMSG_HDRLEN)
		return NULL;
	if (msg->nlmsg_len < NLMSG_HDRLEN || msg->nlmsg_len > len) {
		channel->rest.len = 0;
		return NULL;
	}
	step = NLMSG_ALIGN((size_t)msg->nlmsg_len);
	if (step > len)
		step = len;
	channel->rest.data = (const char *)channel->rest.data + step;
	channel->rest.len -= step;
	return msg;
}
