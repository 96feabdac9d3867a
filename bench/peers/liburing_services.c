/* SPDX-License-Identifier: MIT */
/*
 * Hand-written liburing, what it does with each completion.
 */
#include "liburing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Echo. */

static void recv_arm(struct server *server, unsigned index, bool is_multishot)
{
	struct io_uring_sqe *sqe = sqe_next(server);
	const int fd = server->connections[index].fd;

	if (is_multishot)
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	else
		io_uring_prep_recv(sqe, fd, NULL, server->buffer_size, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT | server->file_flags;
	sqe->buf_group = POOL_GROUP;
	sqe->user_data = tag(COMPLETION_RECV, index, 0);
}

int echo_arm(struct server *server, unsigned index)
{
	recv_arm(server, index, true);
	return 0;
}

static void echo_send(struct server *server, unsigned index, unsigned bid)
{
	struct connection *connection = &server->connections[index];
	struct io_uring_sqe *sqe = sqe_next(server);

	/* The kernel goes on by itself after a short send. */
	io_uring_prep_send(
		sqe, connection->fd, pool_buffer(server, bid) + connection->sent,
		server->lengths[bid] - connection->sent, MSG_NOSIGNAL | MSG_WAITALL);
	sqe->flags |= server->file_flags;
	sqe->user_data = tag(COMPLETION_SEND, index, bid);
	connection->is_sending = true;
}

/* One send is in flight for each connection: two could overtake one another. */
static void echo_queue(struct server *server, unsigned index, unsigned bid)
{
	struct connection *connection = &server->connections[index];

	if (!connection->is_sending) {
		echo_send(server, index, bid);
		return;
	}
	server->next[bid] = BID_NONE;
	if (connection->queue_head == BID_NONE)
		connection->queue_head = (uint16_t)bid;
	else
		server->next[connection->queue_tail] = (uint16_t)bid;
	connection->queue_tail = (uint16_t)bid;
}

static void echo_starve(struct server *server, unsigned index)
{
	server->connections[index].is_starved = true;
	server->starved_count++;
}

/*
 * Connections that found no buffer are given a receive for one buffer each, in turn, as
 * buffers return: a multishot receive would take all of them for the first.
 */
void echo_feed_starved(struct server *server)
{
	const unsigned free_now = server->buffers_free + server->buffers_back;
	unsigned budget =
		free_now > server->fed_count ? free_now - server->fed_count : 0;

	if (!server->starved_count || !budget)
		return;
	pool_publish(server);
	while (server->starved_count && budget) {
		const unsigned index = server->starved_first;
		struct connection *connection = &server->connections[index];

		server->starved_first = (index + 1) % server->count;
		if (!connection->is_starved)
			continue;
		connection->is_starved = false;
		server->starved_count--;
		server->fed_count++;
		budget--;
		recv_arm(server, index, false);
	}
}

static int echo_sent(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned index = tag_index(cqe->user_data);
	const unsigned bid = tag_bid(cqe->user_data);
	struct connection *connection = &server->connections[index];

	if (cqe->res < 0)
		return cqe->res;
	server->tally->done += (uint64_t)cqe->res;
	connection->sent += (uint32_t)cqe->res;
	if (connection->sent < server->lengths[bid]) {
		echo_send(server, index, bid);
		return 0;
	}
	connection->sent = 0;
	connection->is_sending = false;
	pool_return(server, bid);
	if (connection->queue_head != BID_NONE) {
		const unsigned next = connection->queue_head;

		connection->queue_head = server->next[next];
		echo_send(server, index, next);
	}
	echo_feed_starved(server);
	return 0;
}

static void echo_received(struct server *server, unsigned index, unsigned bid)
{
	struct connection *connection = &server->connections[index];
	ssize_t n;

	if (server->variant != VARIANT_INLINE || connection->is_sending) {
		echo_queue(server, connection->out, bid);
		return;
	}
	n = send(connection->fd, pool_buffer(server, bid), server->lengths[bid],
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		server->tally->done += (uint64_t)n;
	if (n == (ssize_t)server->lengths[bid]) {
		pool_return(server, bid);
		return;
	}
	connection->sent = n > 0 ? (uint32_t)n : 0;
	echo_send(server, index, bid);
}

int echo_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned index = tag_index(cqe->user_data);

	if (tag_kind(cqe->user_data) == COMPLETION_SEND)
		return echo_sent(server, cqe);
	if (cqe->res == -ENOBUFS) {
		server->tally->starved++;
		echo_starve(server, index);
		echo_feed_starved(server);
		return 0;
	}
	if (cqe->res <= 0)
		return cqe->res == -ECONNRESET ? 0 : cqe->res;
	server->buffers_free--;
	server->lengths[cqe->flags >> IORING_CQE_BUFFER_SHIFT] = (uint32_t)cqe->res;
	echo_received(server, index, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
	if (cqe->flags & IORING_CQE_F_MORE)
		return 0;
	/* Where others wait for buffers, the end of the queue is the fair place. */
	if (server->starved_count)
		echo_starve(server, index);
	else
		echo_arm(server, index);
	return 0;
}

/* Sink. */

int sink_arm(struct server *server, unsigned index)
{
	echo_arm(server, index);
	if (server->variant == VARIANT_BUNDLE) {
		struct io_uring_sqe *sqe =
			&server->ring.sq.sqes[(server->ring.sq.sqe_tail - 1) &
					      *server->ring.sq.kring_mask];

		sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	}
	return 0;
}

static void sink_take(struct server *server, unsigned bid, size_t offset, size_t len)
{
	bench_tally_data(server->tally, pool_buffer(server, bid) + offset, len, len);
}

/*
 * Buffers of a bundle follow one another in the order of the ring. All have the same
 * size and go back in the order they came, so that order is that of their numbers.
 */
static void sink_bundle(struct server *server, unsigned bid, size_t len)
{
	while (len > 0) {
		const size_t part =
			len < server->buffer_size ? len : server->buffer_size;

		sink_take(server, bid, 0, part);
		pool_return(server, bid);
		bid = (bid + 1) & (server->buffers - 1);
		len -= part;
	}
}

static void sink_inc(struct server *server, const struct io_uring_cqe *cqe,
		     unsigned bid)
{
	sink_take(server, bid, server->used[bid], (size_t)cqe->res);
	server->used[bid] += (uint32_t)cqe->res;
	if (!(cqe->flags & IORING_CQE_F_BUF_MORE)) {
		server->used[bid] = 0;
		pool_return(server, bid);
	}
}

int sink_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned bid = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	const unsigned index = tag_index(cqe->user_data);

	if (cqe->res == -ENOBUFS) {
		server->tally->starved++;
		pool_publish(server);
		return sink_arm(server, index);
	}
	if (cqe->res <= 0)
		return cqe->res;
	if (server->variant == VARIANT_INC)
		sink_inc(server, cqe, bid);
	else
		sink_bundle(server, bid, (size_t)cqe->res);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		return sink_arm(server, index);
	return 0;
}

/* Datagrams. */

int datagram_arm(struct server *server, unsigned index)
{
	struct io_uring_sqe *sqe;

	if (server->variant == VARIANT_NO_NAME)
		return echo_arm(server, index);
	sqe = sqe_next(server);
	if (server->plan->is_segmented)
		server->recvmsg.msg_controllen = CMSG_SPACE(sizeof(int));
	server->recvmsg.msg_namelen = sizeof(struct sockaddr_storage);
	io_uring_prep_recvmsg_multishot(sqe, server->connections[index].fd,
					&server->recvmsg, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = POOL_GROUP;
	sqe->user_data = tag(COMPLETION_RECV, index, 0);
	return 0;
}

int datagram_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned bid = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	const unsigned index = tag_index(cqe->user_data);
	uint8_t *data = pool_buffer(server, bid);
	size_t len = (size_t)cqe->res;

	if (cqe->res == -ENOBUFS) {
		server->tally->starved++;
		pool_publish(server);
		return datagram_arm(server, index);
	}
	if (cqe->res < 0)
		return cqe->res;
	if (server->variant != VARIANT_NO_NAME) {
		struct io_uring_recvmsg_out *out =
			io_uring_recvmsg_validate(data, cqe->res, &server->recvmsg);

		if (!out)
			return -EBADMSG;
		data = io_uring_recvmsg_payload(out, &server->recvmsg);
		len = io_uring_recvmsg_payload_length(out, cqe->res, &server->recvmsg);
	}
	bench_tally_data(server->tally, data, len, 1);
	pool_return(server, bid);
	if (!(cqe->flags & IORING_CQE_F_MORE))
		return datagram_arm(server, index);
	return 0;
}

/* Accept. */

int accept_arm(struct server *server, unsigned index)
{
	struct io_uring_sqe *sqe = sqe_next(server);

	if (server->variant == VARIANT_DIRECT)
		io_uring_prep_multishot_accept_direct(
			sqe, server->connections[index].fd, NULL, NULL, 0);
	else
		io_uring_prep_multishot_accept(sqe, server->connections[index].fd, NULL,
					       NULL, SOCK_CLOEXEC);
	sqe->user_data = tag(COMPLETION_ACCEPT, index, 0);
	return 0;
}

/* Accepted here, and served. */
int serve_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	const unsigned index = server->count;

	if (tag_kind(cqe->user_data) != COMPLETION_ACCEPT)
		return echo_complete(server, cqe);
	if (cqe->res < 0)
		return cqe->res;
	server->connections[server->count++] = (struct connection){
		.fd = cqe->res,
		.out = index,
		.queue_head = BID_NONE,
		.queue_tail = BID_NONE,
	};
	if (!(cqe->flags & IORING_CQE_F_MORE))
		accept_arm(server, tag_index(cqe->user_data));
	return echo_arm(server, index);
}

int accept_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	if (cqe->res < 0)
		return cqe->res;
	close(cqe->res);
	server->tally->done++;
	if (!(cqe->flags & IORING_CQE_F_MORE))
		return accept_arm(server, tag_index(cqe->user_data));
	return 0;
}

/* Fan-out and source. */

int fanout_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;

	if (server->plan->service == BENCH_DATAGRAMS_SEND)
		return datagrams_broadcast(server, data, len);
	for (unsigned i = 0; i < server->count; i++) {
		struct io_uring_sqe *sqe = sqe_next(server);

		if (server->variant == VARIANT_ZERO_COPY)
			io_uring_prep_send_zc(sqe, server->connections[i].fd, data, len,
					      MSG_NOSIGNAL | MSG_WAITALL,
					      IORING_SEND_ZC_REPORT_USAGE);
		else
			io_uring_prep_send(sqe, server->connections[i].fd, data, len,
					   MSG_NOSIGNAL | MSG_WAITALL);
		sqe->user_data = tag(COMPLETION_SEND, i, 0);
	}
	return 0;
}

int fanout_complete(struct server *server, const struct io_uring_cqe *cqe)
{
	if (cqe->flags & IORING_CQE_F_NOTIF) {
		if ((unsigned)cqe->res & IORING_NOTIF_USAGE_ZC_COPIED)
			server->tally->copied++;
		return 0;
	}
	if (cqe->res < 0)
		return cqe->res;
	server->tally->done++;
	return 0;
}
