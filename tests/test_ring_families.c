/* SPDX-License-Identifier: MIT */
/*
 * What sockets of every other family can do on a ring, against the family's row:
 * test_ring_caps.c has ALG, QIPCRTR, PACKET and VSOCK, which have traps of their own,
 * test_rare.c those that few kernels have; MCTP's is read, for no kernel here has it.
 * Where this kernel has no such family the test is skipped; in the scenario ring_caps
 * none may be.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/netlink.h>
#include <linux/tipc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock.h>

#include "tests/support/bluetooth_pair.h"
#include "tests/support/netns.h"
#include "tests/support/ring_cells.h"

#define LIMIT_MS 60000

/* A kind of sockets, and how two of them find each other. */
struct kind {
	int domain, type, protocol;
	struct lsk_addr listener, client; /* empty: bound by nobody */
	bool is_connected;                /* by connect(2), with an accept(2) */
	bool has_no_connect;              /* what one sends, all others get */
	bool refuses_zero_copy;           /* though others of its family do not */
	const void *data;
	size_t len;
};

struct ends {
	int sender, receiver, listener;
};

static struct lsk_addr address_of(const char *text)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, text, NULL), 0, "%s", text);
	return addr;
}

static int open_at(const struct kind *kind, const struct lsk_addr *addr)
{
	int fd = socket(kind->domain, kind->type | SOCK_CLOEXEC, kind->protocol);

	if (fd < 0 && !getenv("LINSOCK_TEST_RING"))
		cr_skip_test("this kernel refuses such a socket: scenario ring_caps");
	cr_assert_geq(fd, 0, "errno %d", errno);
	if (addr->len)
		cr_assert_eq(
			bind(fd, (const struct sockaddr *)&addr->storage, addr->len), 0,
			"errno %d", errno);
	return fd;
}

/* A client for the listener, without waiting: some peers answer only by accept(2). */
static int begin_connect(const struct kind *kind, int to)
{
	int fd = open_at(kind, &kind->client);
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	cr_assert_eq(getsockname(to, (struct sockaddr *)&name, &len), 0);
	cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	if (connect(fd, (struct sockaddr *)&name, len) < 0)
		cr_assert_eq(errno, EINPROGRESS, "connect: errno %d", errno);
	return fd;
}

static void await(int fd, short events)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};

	cr_assert_eq(poll(&poll_fd, 1, LIMIT_MS), 1);
	cr_assert(poll_fd.revents & events, "%#x", (unsigned int)poll_fd.revents);
}

/* Two that are connected, by a multishot accept where the row has one. */
static struct ends connect_ends(struct io_uring *ring, const struct kind *kind)
{
	const struct lsk_family *row = family_by_domain(kind->domain);
	struct ends ends = {.listener = open_at(kind, &kind->listener)};
	unsigned int flags = 0;

	cr_assert_eq(listen(ends.listener, 8), 0);
	io_uring_prep_multishot_accept(io_uring_get_sqe(ring), ends.listener, NULL,
				       NULL, SOCK_CLOEXEC);
	io_uring_submit(ring);
	ends.sender = begin_connect(kind, ends.listener);
	ends.receiver = answer(ring, &flags);
	cr_assert_geq(ends.receiver, 0, "%d", ends.receiver);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ACCEPT_MULTISHOT),
		     !!(flags & IORING_CQE_F_MORE));
	ring_end_multishot(ring, ends.listener);
	await(ends.sender, POLLOUT);
	return ends;
}

static struct ends bind_ends(const struct kind *kind)
{
	struct ends ends = {.listener = -1};

	ends.receiver = open_at(kind, &kind->listener);
	ends.sender = kind->has_no_connect ? open_at(kind, &kind->client)
					   : begin_connect(kind, ends.receiver);
	return ends;
}

static void close_ends(const struct ends *ends)
{
	close(ends->sender);
	close(ends->receiver);
	if (ends->listener >= 0)
		close(ends->listener);
}

/* Read what was sent, so that the next is alone. */
static void take(const struct kind *kind, int fd)
{
	char buf[512];

	for (size_t got = 0; got < kind->len;) {
		ssize_t r;

		await(fd, POLLIN);
		r = recv(fd, buf, sizeof(buf), 0);
		cr_assert_gt(r, 0, "errno %d", errno);
		got += (size_t)r;
	}
}

static void check_sends(struct io_uring *ring, const struct kind *kind,
			const struct ends *ends)
{
	const struct lsk_family *row = family_by_domain(kind->domain);
	bool may = (row->ring & FAMILY_RING_ZERO_COPY) && !kind->refuses_zero_copy;
	unsigned int flags = 0;
	int sent, written, zero_copy;

	sent = ring_send(ring, ends->sender, kind->data, kind->len);
	if (sent >= 0)
		take(kind, ends->receiver);
	written = ring_write(ring, ends->sender, kind->data, kind->len);
	if (written >= 0)
		take(kind, ends->receiver);
	cr_assert_eq(row->send, send_kind(sent, written), "send %d, write %d", sent,
		     written);
	zero_copy =
		ring_send_zero_copy(ring, ends->sender, kind->data, kind->len, &flags);
	if (zero_copy >= 0)
		take(kind, ends->receiver);
	if (flags & IORING_CQE_F_MORE)
		answer(ring, NULL); /* the notification */
	cr_assert_eq(may, zero_copy >= 0, "zero copy: %d", zero_copy);
}

static void check_cells(const struct kind *kind)
{
	const struct lsk_family *row = family_by_domain(kind->domain);
	struct io_uring ring = ring_for_test();
	struct ends ends =
		kind->is_connected ? connect_ends(&ring, kind) : bind_ends(kind);
	int r;

	check_sends(&ring, kind, &ends);
	/* What no ring sends a system call does. */
	cr_assert_eq(send(ends.sender, kind->data, kind->len, 0), (ssize_t)kind->len,
		     "errno %d", errno);
	r = ring_recv_multishot(&ring, ends.receiver);
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), r >= 0, "%d", r);
	if (!kind->is_connected && kind->domain != AF_BLUETOOTH)
		cr_assert_eq(listen(ends.sender, 1), -1);
	io_uring_queue_exit(&ring);
	close_ends(&ends);
}

static struct kind text_kind(int domain, int type, const char *text, bool is_connected)
{
	return (struct kind){.domain = domain,
			     .type = type,
			     .listener = address_of(text),
			     .is_connected = is_connected,
			     .data = "abc",
			     .len = 3};
}

Test(ring_families, of_inet_are_what_its_rows_say, .init = netns_enter)
{
	struct kind kind = text_kind(AF_INET, SOCK_STREAM, "inet://127.0.0.1:0", true);

	check_cells(&kind);
	kind = text_kind(AF_INET, SOCK_DGRAM, "inet://127.0.0.1:0", false);
	check_cells(&kind);
	kind = text_kind(AF_INET6, SOCK_STREAM, "inet6://[::1]:0", true);
	check_cells(&kind);
	kind = text_kind(AF_INET6, SOCK_DGRAM, "inet6://[::1]:0", false);
	check_cells(&kind);
}

Test(ring_families, of_mptcp_are_those_of_inet_without_zero_copy, .init = netns_enter)
{
	struct kind kind = text_kind(AF_INET, SOCK_STREAM, "inet://127.0.0.1:0", true);

	kind.protocol = IPPROTO_MPTCP;
	kind.refuses_zero_copy = true;
	check_cells(&kind);
}

Test(ring_families, of_unix_are_what_its_row_says, .init = netns_enter)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct kind kind = text_kind(AF_UNIX, types[i], "unix://@ring",
					     types[i] != SOCK_DGRAM);

		check_cells(&kind);
	}
}

Test(ring_families, of_netlink_are_what_its_row_says, .init = netns_enter)
{
	const struct sockaddr_nl nobody = {.nl_family = AF_NETLINK};
	struct kind kind = {.domain = AF_NETLINK,
			    .type = SOCK_RAW,
			    .protocol = NETLINK_USERSOCK,
			    .data = "abc",
			    .len = 3};

	cr_assert_eq(lsk_addr_set(&kind.listener, &nobody, sizeof(nobody)), 0);
	check_cells(&kind);
}

/* Its ENOBUFS says that messages were lost, and not that a pool is empty. */
Test(ring_families, of_netlink_say_enobufs_of_themselves, .init = netns_enter)
{
	const struct sockaddr_nl nobody = {.nl_family = AF_NETLINK};
	struct kind kind = {
		.domain = AF_NETLINK, .type = SOCK_RAW, .protocol = NETLINK_USERSOCK};
	struct io_uring ring = ring_for_test();
	static char message[4096], buf[4096];
	struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = 1};
	int group = 1, r;
	struct ends ends;

	cr_assert_eq(lsk_addr_set(&kind.listener, &nobody, sizeof(nobody)), 0);
	ends = bind_ends(&kind);
	cr_assert_eq(setsockopt(ends.receiver, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				&group, sizeof(group)),
		     0);
	/* A group's messages that find no room are lost, and the sender hears nothing
	 * of it; what it is told is that the kernel itself does not listen. */
	for (int i = 0; i < 1000; i++)
		sendto(ends.sender, message, sizeof(message), 0, (struct sockaddr *)&to,
		       sizeof(to));
	do {
		io_uring_prep_recv(io_uring_get_sqe(&ring), ends.receiver, buf,
				   sizeof(buf), 0);
		r = answer(&ring, NULL);
	} while (r > 0);
	cr_assert_eq(r, -ENOBUFS);
	cr_assert(family_by_domain(AF_NETLINK)->ring & FAMILY_RING_SAYS_ENOBUFS);
	io_uring_queue_exit(&ring);
	close_ends(&ends);
}

Test(ring_families, of_can_are_what_its_row_says)
{
	static const struct can_frame frame = {.can_id = 0x123, .len = 1};
	struct kind kind = {.domain = AF_CAN,
			    .type = SOCK_RAW,
			    .protocol = CAN_RAW,
			    .has_no_connect = true,
			    .data = &frame,
			    .len = sizeof(frame)};
	const struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.name = "vcan9",
		.kind = "vcan",
	};
	struct lsk_nl *nl = netns_handle();
	int r = lsk_rtnl_link_create(nl, &link, NULL, NULL, NULL);

	if (r == -EOPNOTSUPP && !getenv("LINSOCK_TEST_RING"))
		cr_skip_test("no vcan in this kernel: scenario ring_caps");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(
		lsk_rtnl_link_set_up(nl, lsk_rtnl_link_index(nl, "vcan9"), true, NULL),
		0);
	lsk_nl_close(nl);
	kind.listener = kind.client = address_of("can://vcan9");
	check_cells(&kind);
}

Test(ring_families, of_tipc_are_what_its_row_says, .init = netns_enter)
{
	static const int types[] = {SOCK_RDM, SOCK_DGRAM, SOCK_STREAM, SOCK_SEQPACKET};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct kind kind = {.domain = AF_TIPC,
				    .type = types[i],
				    .is_connected = i >= 2,
				    .data = "abc",
				    .len = 3};

		cr_assert_eq(lsk_addr_tipc_service(&kind.listener, 18999, 1,
						   TIPC_NODE_SCOPE),
			     0);
		check_cells(&kind);
	}
}

Test(ring_families, of_rds_are_what_its_row_says)
{
	struct kind kind =
		text_kind(AF_RDS, SOCK_SEQPACKET, "inet://127.0.0.1:4000", false);

	kind.client = address_of("inet://127.0.0.1:4001");
	check_cells(&kind);
}

Test(ring_families, of_bluetooth_are_what_its_row_says)
{
	enum { PSM = 0x1003, CHANNEL = 9 };
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr near = bluetooth_pair_address(pair, 0);
	const struct lsk_bdaddr far = bluetooth_pair_address(pair, 1);
	struct kind kind = {.domain = AF_BLUETOOTH,
			    .type = SOCK_SEQPACKET,
			    .protocol = LSK_BTPROTO_L2CAP,
			    .is_connected = true,
			    .data = "abc",
			    .len = 3};

	cr_assert_eq(lsk_addr_l2cap(&kind.listener, &far, PSM, 0, 0), 0);
	cr_assert_eq(lsk_addr_l2cap(&kind.client, &near, 0, 0, 0), 0);
	check_cells(&kind);
	kind.type = SOCK_STREAM;
	kind.protocol = LSK_BTPROTO_RFCOMM;
	cr_assert_eq(lsk_addr_rfcomm(&kind.listener, &far, CHANNEL), 0);
	cr_assert_eq(lsk_addr_rfcomm(&kind.client, &near, 0), 0);
	check_cells(&kind);
	bluetooth_pair_free(pair);
}

/* Frames are in memory that the kernel shares: a send only says that there are some. */
Test(ring_families, of_xdp_are_what_its_row_says, .init = netns_enter)
{
	const struct lsk_xdp_options options = {.interface = if_nametoindex("lo"),
						.flags = LSK_XDP_COPY};
	const struct lsk_family *row = family_by_domain(AF_XDP);
	struct lsk_xdp *xdp = NULL;
	struct io_uring ring = ring_for_test();
	int r = lsk_xdp_new(&xdp, &options), fd, zero_copy, sent, written;

	if ((r == -EAFNOSUPPORT || r == -EPERM) && !getenv("LINSOCK_TEST_RING"))
		cr_skip_test("no AF_XDP here: %d", r);
	cr_assert_eq(r, 0, "%d", r);
	fd = lsk_socket_fd(lsk_xdp_socket(xdp));
	zero_copy = ring_send_zero_copy(&ring, fd, "abc", 3, NULL);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ZERO_COPY), zero_copy >= 0, "%d",
		     zero_copy);
	/* A send takes no bytes, by whichever way. */
	sent = ring_send(&ring, fd, "abc", 3);
	written = ring_write(&ring, fd, "abc", 3);
	cr_assert_eq(sent, 0, "%d", sent);
	cr_assert_eq(written, 0, "%d", written);
	cr_assert_eq(row->send, FAMILY_SEND_SYSCALL);
	r = ring_recv_multishot(&ring, fd);
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), r >= 0, "%d", r);
	cr_assert_eq(listen(fd, 1), -1);
	cr_assert_not(row->ring & FAMILY_RING_ACCEPT_MULTISHOT);
	io_uring_queue_exit(&ring);
	lsk_xdp_free(xdp);
}

/* A row that is added wants a test of its cells. */
Test(ring_families, each_row_of_the_table_is_tested)
{
	static const int tested[] = {AF_INET,    AF_INET6,      AF_UNIX,   AF_NETLINK,
				     AF_CAN,     AF_VSOCK,      AF_PACKET, AF_ALG,
				     AF_QIPCRTR, AF_TIPC,       AF_RDS,    AF_BLUETOOTH,
				     AF_XDP,     AF_SMC,        AF_KCM,    AF_RXRPC,
				     AF_LLC,     AF_IEEE802154, AF_MCTP};
	size_t count = 0;

	for (; lsk_families[count]; count++) {
		bool is_tested = false;

		for (size_t i = 0; i < ARRAY_SIZE(tested); i++)
			is_tested |= tested[i] == lsk_families[count]->domain;
		cr_assert(is_tested, "%s", lsk_families[count]->name);
	}
	cr_assert_eq(count, ARRAY_SIZE(tested));
}
