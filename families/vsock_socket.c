/* SPDX-License-Identifier: MIT */
/* What VSOCK sockets have of their own: buffers, times, queues. */
#include <linsock/vsock.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* After time.h, which it needs and does not include. */
#include <linux/errqueue.h>

#include "uring/util.h"

/* Linux 6.7 */
#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef VSOCK_RECVERR
#define VSOCK_RECVERR 1
#endif

int lsk_vsock_local_cid(uint32_t *ret_cid)
{
	_cleanup_(closep) int fd = -1;
	uint32_t cid = VMADDR_CID_ANY;
	int r;

	if (!ret_cid)
		return -EINVAL;
	fd = syscall_result(open("/dev/vsock", O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	r = syscall_result(ioctl(fd, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid));
	if (r < 0)
		return r;
	/* The kernel's word for "no transport". */
	if (cid == VMADDR_CID_ANY)
		return -ENODEV;
	*ret_cid = cid;
	return 0;
}

static int get_size(const struct lsk_socket *sock, int option, uint64_t *ret_size)
{
	socklen_t len = sizeof(*ret_size);

	return lsk_socket_getsockopt(sock, AF_VSOCK, option, ret_size, &len);
}

static int set_size(struct lsk_socket *sock, int option, uint64_t size)
{
	return lsk_socket_setsockopt(sock, AF_VSOCK, option, &size, sizeof(size));
}

int lsk_vsock_buffer(const struct lsk_socket *sock, struct lsk_vsock_buffer *ret_buffer)
{
	struct lsk_vsock_buffer buffer = {0};
	int r;

	if (!ret_buffer)
		return -EINVAL;
	r = get_size(sock, SO_VM_SOCKETS_BUFFER_SIZE, &buffer.size);
	if (r == 0)
		r = get_size(sock, SO_VM_SOCKETS_BUFFER_MIN_SIZE, &buffer.min);
	if (r == 0)
		r = get_size(sock, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &buffer.max);
	if (r == 0)
		*ret_buffer = buffer;
	return r;
}

int lsk_vsock_set_buffer(struct lsk_socket *sock, uint64_t size)
{
	struct lsk_vsock_buffer buffer = {0};
	int r = lsk_vsock_buffer(sock, &buffer);

	if (r == 0 && size > buffer.max)
		r = set_size(sock, SO_VM_SOCKETS_BUFFER_MAX_SIZE, size);
	if (r == 0 && size < buffer.min)
		r = set_size(sock, SO_VM_SOCKETS_BUFFER_MIN_SIZE, size);
	if (r == 0)
		r = set_size(sock, SO_VM_SOCKETS_BUFFER_SIZE, size);
	if (r == 0)
		r = lsk_vsock_buffer(sock, &buffer);
	if (r < 0)
		return r;
	return buffer.size == size ? 0 : -ERANGE;
}

int lsk_vsock_connect_timeout(const struct lsk_socket *sock, int64_t *ret_timeout_ns)
{
	struct timeval time = {0};
	socklen_t len = sizeof(time);
	int r;

	if (!ret_timeout_ns)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &time,
				  &len);
	if (r == 0)
		*ret_timeout_ns =
			time.tv_sec * LSK_NSEC_PER_SEC + time.tv_usec * INT64_C(1000);
	return r;
}

int lsk_vsock_set_connect_timeout(struct lsk_socket *sock, int64_t timeout_ns)
{
	struct timeval time = {
		.tv_sec = timeout_ns / LSK_NSEC_PER_SEC,
		.tv_usec = timeout_ns % LSK_NSEC_PER_SEC / 1000,
	};

	if (timeout_ns < 1000)
		return -EINVAL;
	return lsk_socket_setsockopt(sock, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT,
				     &time, sizeof(time));
}

static int queue_length(const struct lsk_socket *sock, unsigned long request)
{
	int fd = lsk_socket_fd(sock), count = 0, r;

	if (fd < 0)
		return fd;
	r = syscall_result(ioctl(fd, request, &count));
	if (r == -ENOTTY || r == -EOPNOTSUPP)
		return -EOPNOTSUPP;
	return r < 0 ? r : count;
}

int lsk_vsock_unsent(const struct lsk_socket *sock)
{
	return queue_length(sock, SIOCOUTQ);
}

int lsk_vsock_unread(const struct lsk_socket *sock)
{
	return queue_length(sock, SIOCINQ);
}

int lsk_vsock_get_zero_copy(const struct lsk_control_item *item, uint32_t *ret_first,
			    uint32_t *ret_last, bool *ret_copied)
{
	struct sock_extended_err error;

	if (!item || !ret_first || !ret_last)
		return -EINVAL;
	if (item->level != SOL_VSOCK || item->type != VSOCK_RECVERR)
		return -ENOMSG;
	if (item->len < sizeof(error))
		return -EBADMSG;
	memcpy(&error, item->data, sizeof(error));
	if (error.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		return -ENOMSG;
	*ret_first = error.ee_info;
	*ret_last = error.ee_data;
	if (ret_copied)
		*ret_copied = error.ee_code & SO_EE_CODE_ZEROCOPY_COPIED;
	return 0;
}
