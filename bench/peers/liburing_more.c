/* SPDX-License-Identifier: MIT */
/*
 * Hand-written liburing, the services without streams: connections that are made,
 * datagrams in pieces, timers.
 */
#include "liburing.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Connect: the ring connects, the ring closes. */

int connect_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	struct io_uring_sqe *sqe;
	const unsigned index = tag_index(cqe->user_data);

	if (cqe->res < 0)
		return cqe->res;
	if (tag_kind(cqe->user_data) == COMPLETION_CLOSE) {
		server->tally->done++;
		return 0;
	}
	sqe = sqe_next(server);
	io_uring_prep_close(sqe, server->connections[index].fd);
	sqe->user_data = tag(COMPLETION_CLOSE, index, 0);
	return 0;
}

int connect_run(void *context, const struct sockaddr *address, socklen_t len,
		unsigned count)
{
	struct server *server = context;

	for (unsigned i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = sqe_next(server);
		const int fd =
			socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0)
			return -errno;
		server->connections[i].fd = fd;
		io_uring_prep_connect(sqe, fd, address, len);
		sqe->user_data = tag(COMPLETION_CONNECT, i, 0);
	}
	/* The address is the driver's: the kernel copies it now. */
	io_uring_submit(&server->ring);
	return 0;
}

/* Datagrams, sent: an operation for each piece. */

int datagrams_sent(struct server *server, const struct io_uring_cqe *cqe)
{
	if (cqe->res < 0)
		return cqe->res;
	server->tally->done += (uint64_t)cqe->res / server->plan->message_size;
	return 0;
}

int datagrams_broadcast(struct server *server, const void *data, size_t len)
{
	const size_t piece = server->plan->piece_size;

	for (unsigned i = 0; i < server->count; i++) {
		for (size_t at = 0; at < len; at += piece) {
			struct io_uring_sqe *sqe = sqe_next(server);

			io_uring_prep_send(
				sqe, server->connections[i].fd, (const char *)data + at,
				len - at < piece ? len - at : piece, MSG_NOSIGNAL);
			sqe->user_data = tag(COMPLETION_SEND, i, 0);
		}
	}
	return 0;
}

/* Datagrams that the kernel has put together: it says how long each was. */

static uint64_t segments_of(struct io_uring_recvmsg_out *out, struct msghdr *message,
			    size_t len)
{
	struct cmsghdr *control = io_uring_recvmsg_cmsg_firsthdr(out, message);

	for (; control;
	     control = io_uring_recvmsg_cmsg_nexthdr(out, message, control)) {
		if (control->cmsg_level == IPPROTO_UDP &&
		    control->cmsg_type == UDP_GRO) {
			int size;

			memcpy(&size, CMSG_DATA(control), sizeof(size));
			return (len + (size_t)size - 1) / (size_t)size;
		}
	}
	return 1;
}

int segments_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned bid = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	const unsigned index = tag_index(cqe->user_data);
	struct io_uring_recvmsg_out *out;
	size_t len;

	if (cqe->res == -ENOBUFS) {
		server->tally->starved++;
		pool_publish(server);
		return datagram_arm(server, index);
	}
	if (cqe->res < 0)
		return cqe->res;
	out = io_uring_recvmsg_validate(pool_buffer(server, bid), cqe->res,
					&server->recvmsg);
	if (!out)
		return -EBADMSG;
	len = io_uring_recvmsg_payload_length(out, cqe->res, &server->recvmsg);
	bench_tally_data(server->tally, io_uring_recvmsg_payload(out, &server->recvmsg),
			 len, segments_of(out, &server->recvmsg, len));
	pool_return(server, bid);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		return datagram_arm(server, index);
	return 0;
}

/* Timers: what the ring itself offers, an operation each. */

int timers_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	/* Those of timers_disarm() count nothing: it waits for them itself. */
	if (server->plan->firing) {
		server->tally->done += cqe->res == -ETIME;
		server->cancelled += cqe->res == -ECANCELED;
		return 0;
	}
	if (tag_kind(cqe->user_data) == COMPLETION_CANCEL && cqe->res < 0)
		return cqe->res;
	server->tally->done++;
	return 0;
}

static void timer_arm(struct server *server, unsigned index, uint32_t delay)
{
	struct io_uring_sqe *sqe = sqe_next(server);

	server->delays[index].tv_sec = delay / 1000;
	server->delays[index].tv_nsec = (long long)(delay % 1000) * 1000000;
	io_uring_prep_timeout(sqe, &server->delays[index], 0, 0);
	sqe->user_data = tag(COMPLETION_TIMER, index, 0);
}

int timers_arm(void *context)
{
	struct server *server = context;
	const struct bench_plan *plan = server->plan;

	if (!server->delays)
		server->delays = calloc(plan->connections, sizeof(*server->delays));
	if (!server->delays)
		return -ENOMEM;
	for (unsigned i = 0; i < plan->connections; i++)
		timer_arm(server, i, bench_timer_ms(plan, i));
	io_uring_submit(&server->ring);
	return 0;
}

static int cancelled_reap(struct server *server, unsigned wanted)
{
	while (server->cancelled < wanted) {
		struct io_uring_cqe *cqe;
		unsigned head;
		unsigned count = 0;
		int r = io_uring_submit_and_wait(&server->ring, 1);

		if (r < 0)
			return r;
		io_uring_for_each_cqe(&server->ring, head, cqe)
		{
			count++;
			timers_complete(server, cqe);
		}
		io_uring_cq_advance(&server->ring, count);
	}
	return 0;
}

/* A removal that is done tells it by the timer alone. */
int timers_disarm(void *context)
{
	struct server *server = context;
	const struct bench_plan *plan = server->plan;
	unsigned wanted = 0;

	server->cancelled = 0;
	for (unsigned i = 0; i < plan->connections; i++) {
		struct io_uring_sqe *sqe;

		if (bench_timer_fires(plan, i))
			continue;
		sqe = sqe_next(server);
		io_uring_prep_timeout_remove(sqe, tag(COMPLETION_TIMER, i, 0), 0);
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
		sqe->user_data = tag(COMPLETION_CANCEL, i, 0);
		wanted++;
		if (wanted % 512 == 0) {
			int r = cancelled_reap(server, wanted);

			if (r < 0)
				return r;
		}
	}
	return cancelled_reap(server, wanted);
}

static int timers_reap(struct server *server, uint64_t goal)
{
	while (server->tally->done < goal) {
		struct io_uring_cqe *cqe;
		unsigned head;
		unsigned count = 0;
		int r = io_uring_submit_and_wait(&server->ring, 1);

		if (r < 0)
			return r;
		io_uring_for_each_cqe(&server->ring, head, cqe)
		{
			count++;
			r = timers_complete(server, cqe);
			if (r < 0)
				return r;
		}
		io_uring_cq_advance(&server->ring, count);
	}
	return 0;
}

int timers_run(void *context, unsigned count)
{
	struct server *server = context;

	if (!server->delays)
		server->delays = calloc(count, sizeof(*server->delays));
	if (!server->delays)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		timer_arm(server, i, bench_timer_delay_ms(i));
	io_uring_submit(&server->ring);
	for (unsigned i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = sqe_next(server);

		io_uring_prep_timeout_remove(sqe, tag(COMPLETION_TIMER, i, 0), 0);
		sqe->user_data = tag(COMPLETION_CANCEL, i, 0);
		/* Both complete: the timer as cancelled, the removal as done. */
		if (i % 512 == 511) {
			int r = timers_reap(server, server->tally->done + 1024);

			if (r < 0)
				return r;
		}
	}
	return timers_reap(server, server->tally->done + 2UL * (count % 512));
}
