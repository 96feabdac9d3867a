/* SPDX-License-Identifier: MIT */
/*
 * Netlink on a ring: what the kernel does there (facts 24 to 31 of docs/netlink.md), by
 * way of liburing, and what the library's loop makes of it, on its own back end.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <liburing.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/loop.h>

#include "tests/support/netns.h"
#include "uring/backend_table.h"
#include "uring/util.h"

enum {
	BUFFERS = 8,
	GROUP = 3,
	/* A dump's datagram, and room for the header, a name and control messages. */
	MESSAGE_SIZE = 33024,
	TINY_BUFFER = 4096, /* of receive buffer: a few events */
};

struct ring {
	struct io_uring ring;
	struct io_uring_buf_ring *buffers;
	char *memory;
	unsigned int size; /* of a buffer */
};

static struct ring ring_new(unsigned int size)
{
	struct ring ring = {.size = size};
	const char *step = "";
	int r = uring_self_test(&step);

	if (r < 0)
		cr_skip_test("no io_uring here: %s says %d", step, r);
	cr_assert_eq(io_uring_queue_init(256, &ring.ring, 0), 0);
	ring.memory = calloc(BUFFERS, size);
	ring.buffers = io_uring_setup_buf_ring(&ring.ring, BUFFERS, GROUP, 0, &r);
	cr_assert_not_null(ring.buffers, "%d", r);
	return ring;
}

static void ring_done(struct ring *ring)
{
	io_uring_free_buf_ring(&ring->ring, ring->buffers, BUFFERS, GROUP);
	io_uring_queue_exit(&ring->ring);
	free(ring->memory);
}

static void ring_fill(struct ring *ring, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		io_uring_buf_ring_add(ring->buffers, ring->memory + i * ring->size,
				      ring->size, (unsigned short)i, BUFFERS - 1,
				      (int)i);
	io_uring_buf_ring_advance(ring->buffers, (int)count);
}

struct answer {
	int result;
	unsigned int flags;
};

/* The next completion; submits what was prepared. */
static struct answer ring_answer(struct ring *ring)
{
	struct __kernel_timespec time = {.tv_sec = 20};
	struct io_uring_cqe *cqe = NULL;
	struct answer answer;
	int r = io_uring_submit_and_wait_timeout(&ring->ring, &cqe, 1, &time, NULL);

	cr_assert(r >= 0 && cqe, "no completion: %d", r);
	answer = (struct answer){cqe->res, cqe->flags};
	io_uring_cqe_seen(&ring->ring, cqe);
	return answer;
}

static struct io_uring_sqe *prepare_recv(struct ring *ring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);

	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	return sqe;
}

/* Begin to receive each datagram that comes, by recvmsg in @shape. */
static void receive_messages(struct ring *ring, int fd, struct msghdr *shape, int flags)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->ring);

	io_uring_prep_recvmsg_multishot(sqe, fd, shape, (unsigned int)flags);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	cr_assert_geq(io_uring_submit(&ring->ring), 1);
}

/* A socket that listens to links, with room for few events. */
static int listener(int room)
{
	const struct sockaddr_nl addr = {.nl_family = AF_NETLINK,
					 .nl_groups = RTMGRP_IPV4_ROUTE};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int one = 1;

	cr_assert_geq(fd, 0);
	if (room)
		cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)),
			     0);
	setsockopt(fd, SOL_NETLINK, NETLINK_PKTINFO, &one, sizeof(one));
	cr_assert_eq(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Ask for all routes on a socket of its own. */
static int dump_routes(void)
{
	const struct {
		struct nlmsghdr header;
		struct rtmsg body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETROUTE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.rtm_family = AF_INET},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	cr_assert_geq(fd, 0);
	cr_assert_eq(send(fd, &request, sizeof(request), 0), sizeof(request));
	return fd;
}

/* The kernel's side: two things, one completion. */
Test(ring, fact_24_an_overrun_and_an_empty_pool_look_the_same)
{
	struct lsk_nl *nl = netns_handle();
	struct ring ring = ring_new(4096);
	struct answer empty, overrun;
	int fd = listener(TINY_BUFFER);

	netns_routes(nl, 0, 1, RT_TABLE_MAIN);
	prepare_recv(&ring, fd);
	empty = ring_answer(&ring);
	cr_assert_eq(empty.result, -ENOBUFS, "%d", empty.result);
	netns_routes(nl, 1, 500, RT_TABLE_MAIN);
	ring_fill(&ring, 1);
	prepare_recv(&ring, fd);
	overrun = ring_answer(&ring);
	cr_assert_eq(overrun.result, -ENOBUFS, "%d", overrun.result);
	cr_assert_eq(overrun.flags & IORING_CQE_F_MORE,
		     empty.flags & IORING_CQE_F_MORE);
	close(fd);
	ring_done(&ring);
	lsk_nl_close(nl);
}

/* Where a poll comes before each receive, one change takes one receive. */
Test(ring, fact_26_recvmsg_multishot_tells_sender_group_and_whole_length)
{
	struct lsk_nl *nl = netns_handle();
	struct ring ring = ring_new(MESSAGE_SIZE);
	/* The control messages come right behind the room for the name: twelve bytes
	 * would leave them unaligned. */
	struct msghdr shape = {.msg_namelen = 16, .msg_controllen = 64};
	struct io_uring_recvmsg_out *out;
	struct nl_pktinfo info;
	struct sockaddr_nl from;
	struct cmsghdr *control;
	struct answer answer;
	int fd = listener(0);

	ring_fill(&ring, 1);
	receive_messages(&ring, fd, &shape, MSG_TRUNC);
	netns_routes(nl, 0, 1, RT_TABLE_MAIN);
	answer = ring_answer(&ring);
	cr_assert_gt(answer.result, 0, "%d", answer.result);
	out = io_uring_recvmsg_validate(ring.memory, answer.result, &shape);
	cr_assert_not_null(out);
	memcpy(&from, io_uring_recvmsg_name(out), sizeof(from));
	cr_assert_eq(from.nl_pid, 0);
	control = io_uring_recvmsg_cmsg_firsthdr(out, &shape);
	cr_assert_not_null(control);
	cr_assert_eq(control->cmsg_type, NETLINK_PKTINFO);
	memcpy(&info, CMSG_DATA(control), sizeof(info));
	cr_assert_eq(info.group, RTNLGRP_IPV4_ROUTE);
	cr_assert_eq(io_uring_recvmsg_payload_length(out, answer.result, &shape),
		     out->payloadlen);
	close(fd);
	ring_done(&ring);
	lsk_nl_close(nl);
}

Test(ring, fact_26_a_cut_datagram_tells_its_true_length)
{
	struct lsk_nl *nl = netns_handle();
	/* Room for the header, the name and 32 bytes of the datagram. */
	struct ring ring = ring_new(sizeof(struct io_uring_recvmsg_out) +
				    sizeof(struct sockaddr_nl) + 32);
	struct msghdr shape = {.msg_namelen = sizeof(struct sockaddr_nl)};
	struct io_uring_recvmsg_out *out;
	struct answer answer;
	int fd = listener(0);

	ring_fill(&ring, 1);
	receive_messages(&ring, fd, &shape, MSG_TRUNC);
	netns_routes(nl, 0, 1, RT_TABLE_MAIN);
	answer = ring_answer(&ring);
	cr_assert_gt(answer.result, 0, "%d", answer.result);
	out = (void *)ring.memory;
	cr_assert(out->flags & MSG_TRUNC);
	cr_assert_gt(out->payloadlen, 32);
	close(fd);
	ring_done(&ring);
	lsk_nl_close(nl);
}

Test(ring, fact_27_a_bundle_spreads_one_datagram_and_never_takes_two)
{
	struct lsk_nl *nl = netns_handle();
	struct ring ring = ring_new(32);
	struct io_uring_sqe *sqe;
	struct nlmsghdr header;
	struct msghdr shape = {0};
	struct answer answer;
	int fd = listener(0);

	if (!(ring.ring.features & IORING_FEAT_RECVSEND_BUNDLE))
		cr_skip_test("no bundles before Linux 6.10");
	ring_fill(&ring, BUFFERS);
	sqe = io_uring_get_sqe(&ring.ring);
	io_uring_prep_recvmsg_multishot(sqe, fd, &shape, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	answer = ring_answer(&ring);
	cr_assert_eq(answer.result, -EINVAL, "%d", answer.result);
	/* Two datagrams wait, each longer than a buffer and shorter than four. */
	netns_routes(nl, 0, 2, RT_TABLE_MAIN);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int first;

		sqe = prepare_recv(&ring, fd);
		sqe->ioprio = IORING_RECVSEND_BUNDLE;
		sqe->len = BUFFERS * 32;
		answer = ring_answer(&ring);
		cr_assert_gt(answer.result, 32, "%d", answer.result);
		cr_assert(answer.flags & IORING_CQE_F_BUFFER);
		first = answer.flags >> IORING_CQE_BUFFER_SHIFT;
		memcpy(&header, ring.memory + (size_t)first * ring.size,
		       sizeof(header));
		cr_assert_eq(header.nlmsg_len, answer.result, "one message, whole");
	}
	close(fd);
	ring_done(&ring);
	lsk_nl_close(nl);
}

/* Each receive makes the next datagram, so that nothing but the pool ends it. */
Test(ring, fact_28_a_dump_fills_the_whole_pool_in_one_enter)
{
	struct __kernel_timespec time = {.tv_sec = 20};
	struct lsk_nl *nl = netns_handle();
	struct ring ring = ring_new(4096);
	struct io_uring_cqe *cqe;
	struct answer answer;
	int fd;

	netns_routes(nl, 0, 3000, RT_TABLE_MAIN);
	fd = dump_routes();
	ring_fill(&ring, BUFFERS);
	prepare_recv(&ring, fd);
	cr_assert_geq(io_uring_submit_and_wait_timeout(&ring.ring, &cqe, BUFFERS + 1,
						       &time, NULL),
		      0);
	cr_assert_eq(io_uring_cq_ready(&ring.ring), BUFFERS + 1);
	for (int i = 0; i < BUFFERS; i++) {
		answer = ring_answer(&ring);
		cr_assert_gt(answer.result, 0, "%d", answer.result);
	}
	answer = ring_answer(&ring);
	cr_assert_eq(answer.result, -ENOBUFS, "%d", answer.result);
	close(fd);
	ring_done(&ring);
	lsk_nl_close(nl);
}

static int command(struct ring *ring, int operation, int fd, int level, int option,
		   int *value)
{
	io_uring_prep_cmd_sock(io_uring_get_sqe(&ring->ring), operation, fd, level,
			       option, value, sizeof(*value));
	return ring_answer(ring).result;
}

Test(ring, fact_31_options_are_set_on_every_level_and_read_on_one)
{
	struct ring ring = ring_new(64);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int value = 1;
	socklen_t len = sizeof(value);
	int r = command(&ring, SOCKET_URING_OP_SETSOCKOPT, fd, SOL_SOCKET, SO_PASSCRED,
			&value);

	if (r == -EOPNOTSUPP || r == -EINVAL)
		cr_skip_test("no options on a ring before Linux 6.7: %d", r);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(command(&ring, SOCKET_URING_OP_SETSOCKOPT, fd, SOL_NETLINK,
			     NETLINK_EXT_ACK, &value),
		     0);
	value = 0;
	cr_assert_eq(getsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &value, &len), 0);
	cr_assert_eq(value, 1);
	cr_assert_eq(command(&ring, SOCKET_URING_OP_GETSOCKOPT, fd, SOL_NETLINK,
			     NETLINK_EXT_ACK, &value),
		     -EOPNOTSUPP);
	cr_assert_geq(command(&ring, SOCKET_URING_OP_GETSOCKOPT, fd, SOL_SOCKET,
			      SO_PASSCRED, &value),
		      0);
	close(fd);
	ring_done(&ring);
}

/* What a stream on the library's loop was told. */
struct told {
	unsigned int messages;
	unsigned int ends;
	int result;
	uint32_t group;
	struct lsk_pool *pool; /* of the leases: a ring's pool may have a twin */
	uint64_t leases[BUFFERS];
	unsigned int leases_count;
	bool keeps; /* the leases, for a while */
};

static void on_event(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct told *told = event->context;
	struct nl_pktinfo info;
	struct msghdr message;

	(void)loop;
	told->result = event->result;
	told->ends += !(event->flags & LSK_EVENT_MORE);
	if (!(event->flags & LSK_EVENT_LEASE))
		return;
	told->messages++;
	told->pool = event->pool;
	cr_assert_eq(lsk_lease_message(event->pool, event->lease, &message), 0);
	if (CMSG_FIRSTHDR(&message)) {
		memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(info));
		told->group = info.group;
	}
	if (told->keeps)
		told->leases[told->leases_count++] = event->lease;
	else
		lsk_lease_free(event->pool, event->lease);
}

static void until(struct lsk_loop *loop, const unsigned int *number, unsigned int least)
{
	while (*number < least)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
}

Test(stream, fact_24_tells_a_loss_and_never_an_empty_pool, .timeout = 60)
{
	const struct lsk_pool_options options = {
		.buffer_size = 4096,
		.count = 2,
		.count_max = 2,
		.flags = LSK_POOL_MESSAGES,
	};
	struct lsk_nl *nl = netns_handle();
	struct told told = {.keeps = true};
	const struct lsk_then then = {.done = on_event, .context = &told};
	struct lsk_socket *sock;
	struct lsk_pool *pool;
	struct lsk_loop *loop;

	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_socket_adopt(&sock, listener(TINY_BUFFER), AF_NETLINK,
				      SOCK_RAW, NETLINK_ROUTE),
		     0);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, sock, pool, &then), 0);
	/* Three events for two buffers: the stream waits, and nobody is told. */
	netns_routes(nl, 0, 3, RT_TABLE_MAIN);
	until(loop, &told.messages, 2);
	for (int i = 0; i < 10; i++)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_eq(told.messages, 2);
	cr_assert_eq(told.ends, 0);
	cr_assert_eq(told.group, RTNLGRP_IPV4_ROUTE);
	/* Now the kernel drops some, and the stream ends with the word for that. */
	netns_routes(nl, 3, 500, RT_TABLE_MAIN);
	told.keeps = false;
	while (told.leases_count > 0)
		lsk_lease_free(told.pool, told.leases[--told.leases_count]);
	until(loop, &told.ends, 1);
	cr_assert_eq(told.result, -ENOBUFS);
	/* What was queued is there for the next one. */
	cr_assert_lt(told.messages, 503);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, sock, pool, &then), 0);
	until(loop, &told.messages, told.messages + 1);
	cr_assert_eq(told.ends, 1);
	lsk_socket_free(sock);
	lsk_loop_free(loop);
	lsk_nl_close(nl);
}
