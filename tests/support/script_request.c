/* SPDX-License-Identifier: MIT */
/* What the scripted kernel does with a request. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/support/script_kernel.h"

enum {
	SHOTS_MAX = 4, /* of a multishot in one pass */
	IOV_MAX_SENT = 128,
};

static void finish(struct script_request *request, int result, unsigned int flags)
{
	request->is_done = true;
	if (result >= 0 && request->sqe.flags & IOSQE_CQE_SKIP_SUCCESS)
		return;
	script_post(request->sqe.user_data, result, flags);
}

static bool is_ready(const struct script_request *request, short events)
{
	struct pollfd watched = {.fd = request->sqe.fd, .events = events};

	return poll(&watched, 1, 0) == 1;
}

static bool is_stream(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type == SOCK_STREAM;
}

static size_t amount(const struct script_request *request, size_t len)
{
	if (len < 2 || !is_stream(request->sqe.fd))
		return len;
	switch (script_choose(SCRIPT_AMOUNT, SCRIPT_AMOUNT__COUNT, &request->sqe)) {
	case SCRIPT_ONE_BYTE:
		return 1;
	case SCRIPT_HALF:
		return len / 2;
	default:
		return len;
	}
}

/* Whether the script has made up a result of its own. */
static bool is_made_up(struct script_request *request)
{
	switch (script_choose(SCRIPT_RESULT, SCRIPT_RESULT__COUNT, &request->sqe)) {
	case SCRIPT_NO_BUFFERS:
		if (!(request->sqe.flags & IOSQE_BUFFER_SELECT))
			return false;
		finish(request, -ENOBUFS, 0);
		return true;
	case SCRIPT_WOULD_BLOCK:
		if (!(request->sqe.flags & IOSQE_BUFFER_SELECT))
			return false;
		finish(request, -EAGAIN, 0);
		return true;
	case SCRIPT_SIGNAL:
		if (request->sqe.opcode != IORING_OP_RECV &&
		    request->sqe.opcode != IORING_OP_RECVMSG)
			return false;
		finish(request, -EINTR, 0);
		return true;
	case SCRIPT_EARLY:
		if (request->sqe.opcode != IORING_OP_POLL_ADD)
			return false;
		finish(request, POLLOUT, 0);
		return true;
	default:
		return false;
	}
}

/* Buffers of a pool. */

static struct io_uring_buf *group_first(struct script_group *group)
{
	const uint16_t tail = group->ring->tail;
	const uint16_t mask = (uint16_t)(group->entries - 1);

	if (group->head == tail)
		return NULL;
	if ((uint16_t)(tail - group->head) > group->entries)
		script_fail("more buffers than the ring has room for");
	for (uint16_t i = group->head; i != tail; i++)
		for (uint16_t j = (uint16_t)(i + 1); j != tail; j++)
			if (group->ring->bufs[i & mask].bid ==
			    group->ring->bufs[j & mask].bid)
				script_fail("a buffer was given twice");
	return &group->ring->bufs[group->head & mask];
}

static ssize_t receive_bytes(const struct script_request *request, char *memory,
			     size_t room)
{
	ssize_t r = recv(request->sqe.fd, memory, amount(request, room), MSG_DONTWAIT);

	return r < 0 ? -errno : r;
}

/* Into as many buffers as there are and bytes to receive. Return: how many bytes. */
static ssize_t receive_bundle(struct script_request *request,
			      struct script_group *group, unsigned int *ret_flags)
{
	const uint16_t mask = (uint16_t)(group->entries - 1);
	const uint16_t count = (uint16_t)(group->ring->tail - group->head);
	struct iovec parts[IOV_MAX_SENT];
	struct msghdr message = {.msg_iov = parts};
	const uint16_t first = group->ring->bufs[group->head & mask].bid;
	size_t room = 0;
	size_t wanted;
	ssize_t r;

	for (; message.msg_iovlen < count && message.msg_iovlen < IOV_MAX_SENT;
	     message.msg_iovlen++) {
		const struct io_uring_buf *buf =
			&group->ring->bufs[(group->head + message.msg_iovlen) & mask];

		parts[message.msg_iovlen] =
			(struct iovec){(void *)(uintptr_t)buf->addr, buf->len};
		room += buf->len;
	}
	wanted = amount(request, room);
	while (room - parts[message.msg_iovlen - 1].iov_len >= wanted)
		room -= parts[--message.msg_iovlen].iov_len;
	parts[message.msg_iovlen - 1].iov_len -= room - wanted;
	r = recvmsg(request->sqe.fd, &message, MSG_DONTWAIT);
	if (r <= 0)
		return r < 0 ? -errno : 0;
	/* The last one is used up by a byte. */
	for (ssize_t left = r; left > 0; group->head++)
		left -= group->ring->bufs[group->head & mask].len;
	*ret_flags = IORING_CQE_F_BUFFER | (unsigned int)first
						   << IORING_CQE_BUFFER_SHIFT;
	return r;
}

/* @len bytes of the first buffer are used. Return: the completion's flags. */
static unsigned int group_take(struct script_group *group, struct io_uring_buf *buf,
			       size_t len)
{
	const unsigned int flags =
		IORING_CQE_F_BUFFER | (unsigned int)buf->bid << IORING_CQE_BUFFER_SHIFT;

	if (group->is_incremental && len < buf->len) {
		buf->addr += len;
		buf->len -= (uint32_t)len;
		return flags | IORING_CQE_F_BUF_MORE;
	}
	group->head++;
	return flags;
}

static ssize_t receive_message(const struct script_request *request, char *memory,
			       size_t room)
{
	const struct msghdr *shape = (struct msghdr *)(uintptr_t)request->sqe.addr;
	struct io_uring_recvmsg_out *out = (struct io_uring_recvmsg_out *)memory;
	char *name = (char *)(out + 1);
	char *control = name + shape->msg_namelen;
	char *payload = control + shape->msg_controllen;
	struct iovec iov = {payload, room - (size_t)(payload - memory)};
	struct msghdr message = {
		.msg_name = name,
		.msg_namelen = shape->msg_namelen,
		.msg_control = control,
		.msg_controllen = shape->msg_controllen,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t r = recvmsg(request->sqe.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (r < 0)
		return -errno;
	out->namelen = message.msg_namelen;
	out->controllen = (uint32_t)message.msg_controllen;
	out->payloadlen = (uint32_t)r;
	out->flags = (uint32_t)message.msg_flags;
	return r + (payload - memory);
}

/* One reception into a pool. Return: whether the request goes on. */
static bool receive_selected(struct script_request *request)
{
	struct script_group *group = &script.groups[request->sqe.buf_group];
	const bool is_multishot = request->sqe.ioprio & IORING_RECV_MULTISHOT;
	struct io_uring_buf *buf = group_first(group);
	unsigned int flags = 0;
	ssize_t r;

	if (!buf) {
		finish(request, -ENOBUFS, 0);
		return false;
	}
	if (request->sqe.ioprio & IORING_RECVSEND_BUNDLE)
		r = receive_bundle(request, group, &flags);
	else if (request->sqe.opcode == IORING_OP_RECVMSG)
		r = receive_message(request, (char *)(uintptr_t)buf->addr, buf->len);
	else
		r = receive_bytes(request, (char *)(uintptr_t)buf->addr, buf->len);
	if (r == -EAGAIN)
		return false;
	if (r <= 0) {
		finish(request, (int)r, 0);
		return false;
	}
	if (!(request->sqe.ioprio & IORING_RECVSEND_BUNDLE))
		flags = group_take(group, buf, (size_t)r);
	if (is_multishot && script_choose(SCRIPT_MORE, 2, &request->sqe) == 0 &&
	    script_post(request->sqe.user_data, (int)r, flags | IORING_CQE_F_MORE))
		return true;
	finish(request, (int)r, flags);
	return false;
}

static void run_receive(struct script_request *request)
{
	struct io_uring_sqe *sqe = &request->sqe;
	ssize_t r;

	if (!(sqe->flags & IOSQE_BUFFER_SELECT)) {
		if (!is_ready(request, POLLIN) || is_made_up(request))
			return;
		if (sqe->opcode == IORING_OP_RECVMSG)
			r = recvmsg(sqe->fd, (struct msghdr *)(uintptr_t)sqe->addr,
				    (int)sqe->msg_flags | MSG_DONTWAIT);
		else
			r = recv(sqe->fd, (void *)(uintptr_t)sqe->addr,
				 amount(request, sqe->len),
				 (int)sqe->msg_flags | MSG_DONTWAIT);
		if (r >= 0 || errno != EAGAIN)
			finish(request, r < 0 ? -errno : (int)r, 0);
		return;
	}
	if (!(sqe->ioprio & IORING_RECVSEND_POLL_FIRST) &&
	    !group_first(&script.groups[sqe->buf_group])) {
		finish(request, -ENOBUFS, 0);
		return;
	}
	if (!is_ready(request, POLLIN) || is_made_up(request))
		return;
	for (int i = 0; i < SHOTS_MAX && receive_selected(request); i++)
		;
}

static void run_accept(struct script_request *request)
{
	const bool is_multishot = request->sqe.ioprio & IORING_ACCEPT_MULTISHOT;
	int fd;

	for (int i = 0; i < SHOTS_MAX && is_ready(request, POLLIN); i++) {
		fd = accept4(request->sqe.fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			finish(request, -errno, 0);
			return;
		}
		if (request->sqe.file_index == IORING_FILE_INDEX_ALLOC)
			fd = script_add_file(fd);
		if (fd < 0) {
			finish(request, fd, 0);
			return;
		}
		if (!is_multishot || script_choose(SCRIPT_MORE, 2, &request->sqe) ||
		    !script_post(request->sqe.user_data, fd, IORING_CQE_F_MORE)) {
			finish(request, fd, 0);
			return;
		}
	}
}

/* The bytes that a send is about: those that have not left yet. */
static size_t send_parts(const struct script_request *request, struct iovec *parts,
			 size_t *ret_count)
{
	const struct io_uring_sqe *sqe = &request->sqe;
	struct iovec one = {(void *)(uintptr_t)sqe->addr, sqe->len};
	const struct msghdr *message = (struct msghdr *)(uintptr_t)sqe->addr;
	const bool is_message =
		sqe->opcode == IORING_OP_SENDMSG || sqe->opcode == IORING_OP_SENDMSG_ZC;
	const struct iovec *from = is_message ? message->msg_iov : &one;
	size_t skip = request->progress;
	size_t len = 0;

	*ret_count = 0;
	for (size_t i = 0; i < (is_message ? message->msg_iovlen : 1); i++) {
		const size_t skipped = skip < from[i].iov_len ? skip : from[i].iov_len;

		skip -= skipped;
		parts[*ret_count] = (struct iovec){(char *)from[i].iov_base + skipped,
						   from[i].iov_len - skipped};
		len += from[i].iov_len - skipped;
		if (++*ret_count == IOV_MAX_SENT)
			break;
	}
	return len;
}

static uint32_t send_sum(const struct script_request *request)
{
	struct iovec parts[IOV_MAX_SENT];
	uint32_t sum = 1;
	size_t count;

	send_parts(request, parts, &count);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < parts[i].iov_len; j++)
			sum = sum * 31 + ((uint8_t *)parts[i].iov_base)[j];
	return sum;
}

static void finish_send(struct script_request *request, int result)
{
	const bool is_zero_copy = request->sqe.opcode == IORING_OP_SEND_ZC ||
				  request->sqe.opcode == IORING_OP_SENDMSG_ZC;

	if (!is_zero_copy) {
		finish(request, result, 0);
		return;
	}
	request->progress = 0;
	request->sum = send_sum(request);
	request->is_notifying = true;
	script_post(request->sqe.user_data, result, IORING_CQE_F_MORE | SCRIPT_F_MUST);
}

static void run_notify(struct script_request *request)
{
	if (script_choose(SCRIPT_NOTIFY, 2, &request->sqe))
		return;
	if (request->sum != send_sum(request))
		script_fail("bytes were changed before the notification");
	finish(request, 0, IORING_CQE_F_NOTIF);
}

/* Of a request that names a registered buffer: whether its bytes are in there. */
static bool is_in_buffer(const struct io_uring_sqe *sqe)
{
	const struct iovec *buffer = &script.buffers[sqe->buf_index];
	const uint64_t begin = (uintptr_t)buffer->iov_base;

	return !(sqe->ioprio & IORING_RECVSEND_FIXED_BUF) ||
	       (sqe->addr >= begin && sqe->addr + sqe->len <= begin + buffer->iov_len);
}

static void run_send(struct script_request *request)
{
	struct iovec parts[IOV_MAX_SENT];
	struct msghdr message = {.msg_iov = parts};
	size_t left = send_parts(request, parts, &message.msg_iovlen);
	size_t wanted = amount(request, left);
	ssize_t r;

	if (wanted < left) {
		parts[0].iov_len =
			wanted < parts[0].iov_len ? wanted : parts[0].iov_len;
		message.msg_iovlen = 1;
	}
	r = sendmsg(request->sqe.fd, &message,
		    (int)(request->sqe.msg_flags & ~(unsigned int)MSG_WAITALL) |
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (r < 0 && errno == EAGAIN)
		return;
	if (r < 0) {
		finish_send(request,
			    request->progress > 0 ? (int)request->progress : -errno);
		return;
	}
	request->progress += (uint32_t)r;
	if ((size_t)r < left && request->sqe.msg_flags & MSG_WAITALL &&
	    script_choose(SCRIPT_MORE, 2, &request->sqe) == 0)
		return;
	finish_send(request, (int)request->progress);
}

static void run_splice(struct script_request *request)
{
	const struct io_uring_sqe *sqe = &request->sqe;
	loff_t offset = (loff_t)sqe->splice_off_in;
	ssize_t r = splice(sqe->splice_fd_in, &offset, sqe->fd, NULL,
			   amount(request, sqe->len), SPLICE_F_NONBLOCK);

	finish(request, r < 0 ? -errno : (int)r, 0);
}

static void run_poll(struct script_request *request)
{
	struct pollfd watched = {
		.fd = request->sqe.fd,
		.events = (short)request->sqe.poll32_events,
	};

	if (watched.events & POLLOUT && is_made_up(request))
		return;
	if (poll(&watched, 1, 0) == 1)
		finish(request, watched.revents, 0);
}

/* What a cancel says of a request: it is gone, or too far already. */
static void give_up(struct script_request *request)
{
	const bool is_send = request->sqe.opcode == IORING_OP_SEND ||
			     request->sqe.opcode == IORING_OP_SENDMSG;
	const bool is_zero_copy = request->sqe.opcode == IORING_OP_SEND_ZC ||
				  request->sqe.opcode == IORING_OP_SENDMSG_ZC;
	const int result = (is_send || is_zero_copy) && request->progress > 0
				   ? (int)request->progress
				   : -ECANCELED;

	if (is_zero_copy)
		finish_send(request, result);
	else
		finish(request, result, 0);
}

static void take_cancel(const struct io_uring_sqe *sqe)
{
	int result = -ENOENT;

	for (unsigned int i = 0; i < script.requests_count; i++) {
		struct script_request *request = &script.requests[i];

		if (request->is_done || request->is_notifying ||
		    request->sqe.user_data != sqe->addr)
			continue;
		if (script_choose(SCRIPT_CANCEL, 2, &request->sqe)) {
			request->is_doomed = true;
			result = -EALREADY;
		} else {
			give_up(request);
			result = 0;
		}
		break;
	}
	if (result < 0 || !(sqe->flags & IOSQE_CQE_SKIP_SUCCESS))
		script_post(sqe->user_data, result, 0);
}

static void take_close(const struct io_uring_sqe *sqe)
{
	const int r = script_close_file(sqe->file_index - 1);

	if (r < 0 || !(sqe->flags & IOSQE_CQE_SKIP_SUCCESS))
		script_post(sqe->user_data, r, 0);
}

/* Files are looked up when a request is submitted. */
static void take_request(const struct io_uring_sqe *sqe)
{
	struct script_request *request = &script.requests[script.requests_count];
	unsigned int at = (unsigned int)sqe->fd;

	*request = (struct script_request){.sqe = *sqe};
	if (sqe->flags & IOSQE_FIXED_FILE) {
		if (at >= script.files_count || script.files[at] == 0) {
			script_post(sqe->user_data, -EBADF, 0);
			return;
		}
		request->sqe.fd = script.files[at];
	}
	script.requests_count++;
}

void script_take(const struct io_uring_sqe *sqe)
{
	if (sqe->opcode == IORING_OP_ASYNC_CANCEL)
		take_cancel(sqe);
	else if (sqe->opcode == IORING_OP_CLOSE)
		take_close(sqe);
	else if (sqe->opcode == IORING_OP_SEND_ZC && !is_in_buffer(sqe))
		script_post(sqe->user_data, -EFAULT, 0);
	else
		take_request(sqe);
}

void script_run(struct script_request *request)
{
	if (request->is_notifying) {
		run_notify(request);
		return;
	}
	switch (request->sqe.opcode) {
	case IORING_OP_RECV:
	case IORING_OP_RECVMSG:
		run_receive(request);
		break;
	case IORING_OP_ACCEPT:
		run_accept(request);
		break;
	case IORING_OP_SEND:
	case IORING_OP_SENDMSG:
	case IORING_OP_SEND_ZC:
	case IORING_OP_SENDMSG_ZC:
		run_send(request);
		break;
	case IORING_OP_POLL_ADD:
		run_poll(request);
		break;
	case IORING_OP_SPLICE:
		run_splice(request);
		break;
	case IORING_OP_FIXED_FD_INSTALL:
		finish(request, fcntl(request->sqe.fd, F_DUPFD_CLOEXEC, 0), 0);
		break;
	case IORING_OP_NOP:
		finish(request, 0, 0);
		break;
	default:
		script_fail("an opcode that the script does not know");
	}
	if (request->is_doomed && !request->is_done && !request->is_notifying)
		give_up(request);
}
