/* SPDX-License-Identifier: MIT */
/*
 * What a socket of a family can do on a ring: each cell of the family's row against
 * what this kernel does. A kernel that changes a cell is noticed here, in the scenario
 * ring_caps.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linsock.h>

#include "tests/support/alg.h"
#include "tests/support/netns.h"
#include "tests/support/ring_cells.h"

Test(ring_caps, of_alg_are_what_its_row_says)
{
	const struct lsk_family *row = family_by_domain(AF_ALG);
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	struct io_uring ring = ring_for_test();
	int listener = lsk_socket_fd(lsk_alg_socket(alg));
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char digest[32];
	int sent, written, many = 0;
	unsigned int flags = 0;

	cr_assert_geq(fd, 0);
	sent = ring_send(&ring, fd, "abc", 3);
	io_uring_prep_recv(io_uring_get_sqe(&ring), fd, digest, 32, 0);
	cr_assert_eq(answer(&ring, NULL), 32, "a receive after its send ends at once");
	written = ring_write(&ring, fd, "abc", 3);
	cr_assert_eq(row->send, send_kind(sent, written), "send %d, write %d", sent,
		     written);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ZERO_COPY),
		     ring_send_zero_copy(&ring, fd, "abc", 3, NULL) >= 0);
	/* A multishot receive would give the digest of nothing for ever. */
	cr_assert_not(row->ring & FAMILY_RING_RECV_MULTISHOT);
	/* And a multishot accept never ends, with nobody who connects. */
	io_uring_prep_accept(io_uring_get_sqe(&ring), listener, NULL, NULL,
			     SOCK_CLOEXEC);
	close(answer(&ring, NULL));
	cr_assert(row->accepts_at_once);
	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), listener, NULL, NULL,
				       SOCK_CLOEXEC);
	do {
		int accepted = answer(&ring, &flags);

		if (accepted >= 0)
			close(accepted);
		if (++many == 40) {
			io_uring_prep_cancel_fd(io_uring_get_sqe(&ring), listener, 0);
			io_uring_submit(&ring);
		}
	} while (many < 40);
	cr_assert_not(row->ring & FAMILY_RING_ACCEPT_MULTISHOT);
	io_uring_queue_exit(&ring);
	close(fd);
	lsk_alg_free(alg);
}

Test(ring_caps, of_qipcrtr_are_what_its_row_says)
{
	const struct lsk_family *row = family_by_domain(AF_QIPCRTR);
	struct io_uring ring = ring_for_test();
	struct lsk_socket *a = NULL, *b = NULL;
	struct lsk_addr to;
	int sent, written, unconnected, zero_copy;
	int r = lsk_qipcrtr_open(&a, 0);

	if (r == -EAFNOSUPPORT && !getenv("LINSOCK_TEST_QRTR"))
		cr_skip_test("no AF_QIPCRTR here");
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_qipcrtr_open(&b, 0), 0);
	unconnected = ring_write(&ring, lsk_socket_fd(a), "abc", 3);
	cr_assert_eq(unconnected, -ENOTCONN);
	lsk_socket_getsockname(b, &to);
	cr_assert_eq(lsk_socket_connect(a, &to), 0);
	sent = ring_send(&ring, lsk_socket_fd(a), "abc", 3);
	cr_assert_eq(sent, -EINVAL, "MSG_NOSIGNAL is refused: %d", sent);
	written = ring_write(&ring, lsk_socket_fd(a), "abc", 3);
	cr_assert_eq(row->send, send_kind(sent, written), "send %d, write %d", sent,
		     written);
	zero_copy = ring_send_zero_copy(&ring, lsk_socket_fd(a), "abc", 3, NULL);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ZERO_COPY), zero_copy >= 0);
	r = ring_recv_multishot(&ring, lsk_socket_fd(b));
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), r >= 0, "%d", r);
	cr_assert_eq(r, 3);
	cr_assert_eq(lsk_socket_listen(a, 1), -EOPNOTSUPP,
		     "there is nothing to accept");
	cr_assert_not(row->ring & FAMILY_RING_ACCEPT_MULTISHOT);
	io_uring_queue_exit(&ring);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

/* Cooked, so that three bytes are a packet; over loopback, in a namespace. */
static struct lsk_socket *packet_for_test(void)
{
	const struct lsk_packet_config config = {
		.interface = "lo",
		.protocol = 0x88B5,
		.is_cooked = true,
		.ignores_outgoing = true,
	};
	struct lsk_socket *sock = NULL;
	int r = lsk_packet_open(&sock, &config, NULL);

	cr_assert_eq(r, 0, "packet: %d", r);
	return sock;
}

Test(ring_caps, of_packet_are_what_its_row_says)
{
	const struct lsk_family *row = family_by_domain(AF_PACKET);
	struct lsk_socket *a, *b;
	struct io_uring ring;
	int sent, written, zero_copy, r;

	netns_enter();
	ring = ring_for_test();
	a = packet_for_test();
	b = packet_for_test();
	sent = ring_send(&ring, lsk_socket_fd(a), "abc", 3);
	written = ring_write(&ring, lsk_socket_fd(a), "abc", 3);
	cr_assert_eq(row->send, send_kind(sent, written), "send %d, write %d", sent,
		     written);
	zero_copy = ring_send_zero_copy(&ring, lsk_socket_fd(a), "abc", 3, NULL);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ZERO_COPY), zero_copy >= 0, "%d",
		     zero_copy);
	r = ring_recv_multishot(&ring, lsk_socket_fd(b));
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), r >= 0, "%d", r);
	cr_assert_eq(r, 3);
	/* What the row says of flags: no descriptors come, and none may be asked for.
	 */
	cr_assert(row->refuses_cloexec);
	cr_assert_eq(recv(lsk_socket_fd(b), &r, 1, MSG_DONTWAIT | MSG_CMSG_CLOEXEC),
		     -1);
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(lsk_socket_listen(a, 1), -EOPNOTSUPP);
	cr_assert_not(row->ring & FAMILY_RING_ACCEPT_MULTISHOT);
	io_uring_queue_exit(&ring);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

/* A listener and a client over loopback, or skip. Return: the listener. */
static struct lsk_socket *vsock_for_test(struct lsk_socket **ret_client)
{
	struct lsk_socket *listener = NULL;
	struct lsk_addr addr;
	struct sockaddr_vm vm;
	int r = lsk_socket_new(&listener, AF_VSOCK, SOCK_STREAM, 0);

	if (r < 0)
		cr_skip_test("no VSOCK here: %s", lsk_strerror(r));
	cr_assert_eq(lsk_addr_vsock(&addr, VMADDR_CID_ANY, VMADDR_PORT_ANY, 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, 8), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	memcpy(&vm, &addr.storage, sizeof(vm));
	cr_assert_eq(lsk_addr_vsock(&addr, VMADDR_CID_LOCAL, vm.svm_port, 0), 0);
	cr_assert_eq(lsk_socket_new(ret_client, AF_VSOCK, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_vsock_set_connect_timeout(*ret_client, LSK_NSEC_PER_SEC / 4),
		     0);
	r = lsk_socket_connect(*ret_client, &addr);
	if (r < 0)
		cr_skip_test("no loopback of VSOCK here: %s", lsk_strerror(r));
	return listener;
}

Test(ring_caps, of_vsock_are_what_its_row_says)
{
	const struct lsk_family *row = family_by_domain(AF_VSOCK);
	struct io_uring ring = ring_for_test();
	struct lsk_socket *client = NULL, *listener = vsock_for_test(&client);
	int sent, written, zero_copy, accepted, can_zero_copy, one = 1, r;
	unsigned int flags = 0;
	char buf[16];

	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), lsk_socket_fd(listener),
				       NULL, NULL, SOCK_CLOEXEC);
	accepted = answer(&ring, &flags);
	cr_assert_geq(accepted, 0);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ACCEPT_MULTISHOT),
		     !!(flags & IORING_CQE_F_MORE));
	io_uring_prep_cancel_fd(io_uring_get_sqe(&ring), lsk_socket_fd(listener), 0);
	answer(&ring, NULL);
	answer(&ring, NULL);
	sent = ring_send(&ring, lsk_socket_fd(client), "abc", 3);
	written = ring_write(&ring, lsk_socket_fd(client), "abc", 3);
	cr_assert_eq(row->send, send_kind(sent, written), "send %d, write %d", sent,
		     written);
	/* Since 6.7: the row says that it is worth a try, and the kernel answers. */
	can_zero_copy = setsockopt(lsk_socket_fd(client), SOL_SOCKET, SO_ZEROCOPY, &one,
				   sizeof(one)) == 0;
	io_uring_prep_send_zc(io_uring_get_sqe(&ring), lsk_socket_fd(client), "abc", 3,
			      0, 0);
	zero_copy = answer(&ring, &flags);
	/* Over loopback the notification comes when the peer has read the bytes. */
	for (int left = 3 * (zero_copy > 0 ? 3 : 2); left > 0; left -= r) {
		r = (int)recv(accepted, buf, sizeof(buf), 0);
		cr_assert_gt(r, 0);
	}
	if (flags & IORING_CQE_F_MORE)
		answer(&ring, NULL);
	cr_assert(row->ring & FAMILY_RING_ZERO_COPY);
	cr_assert_eq(can_zero_copy, zero_copy >= 0, "%d", zero_copy);
	cr_assert_eq(ring_send(&ring, lsk_socket_fd(client), "abc", 3), 3);
	r = ring_recv_multishot(&ring, accepted);
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), r >= 0, "%d", r);
	io_uring_queue_exit(&ring);
	close(accepted);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}
