/* SPDX-License-Identifier: MIT */
/*
 * ISO-TP's ways to address, to wait and to share a loop, on a real kernel. Each test
 * has a network of its own; where the kernel has no CAN it is skipped and says so, and
 * scenario isotp_modes.sh runs it in a virtual machine.
 *
 *	tester 7E0 ----> vcan0 ----> unit 7E8        a peer by hand
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <liburing.h>
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock.h>

#include "tests/support/can.h"
#include "tests/support/loops.h"

static void need_isotp(void)
{
	struct lsk_socket *sock = NULL;

	make_buses();
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_ISOTP) < 0)
		cr_skip_test("no ISO-TP in this kernel");
	lsk_socket_free(sock);
}

TestSuite(isotp_modes, .init = need_isotp, .timeout = 100);

static struct lsk_isotp *open_as(const struct lsk_isotp_config *config)
{
	struct lsk_isotp *isotp = NULL;
	struct lsk_error error = {0};
	int r = lsk_isotp_open(&isotp, config, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_isotp_socket(isotp), 60000 * MSEC);
	return isotp;
}

static struct lsk_isotp *open_isotp(uint32_t tx_id, uint32_t rx_id, unsigned int flags)
{
	return open_as(
		&(struct lsk_isotp_config){.interface = "vcan0",
					   .tx_id = tx_id,
					   .rx_id = rx_id,
					   .flags = flags,
					   .frame_time_ns = LSK_ISOTP_TXTIME_ZERO});
}

static void send_raw(struct lsk_can *can, const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
}

/* A way to address, of one side; the other side is its mirror. */
struct way {
	const char *what;
	struct lsk_isotp_config config;
};

static void expect_message(struct lsk_isotp *from, struct lsk_isotp *to, size_t len,
			   const char *what)
{
	uint8_t sent[300], seen[300];
	int r;

	for (size_t i = 0; i < len; i++)
		sent[i] = (uint8_t)(i * 5 + len);
	r = lsk_isotp_send(from, sent, len);
	cr_assert_eq(r, 0, "%s, %zu: %d", what, len, r);
	cr_assert_eq(lsk_isotp_receive(to, seen, sizeof(seen)), (ssize_t)len, "%s",
		     what);
	cr_assert_eq(memcmp(sent, seen, len), 0, "%s", what);
}

Test(isotp_modes, every_way_to_address_carries_messages_both_ways)
{
	static const struct way ways[] = {
		{"normal", {.tx_id = 0x7E0, .rx_id = 0x7E8}},
		{"normal fixed, 29 bits",
		 {.tx_id = 0x18DA10F1 | CAN_EFF_FLAG,
		  .rx_id = 0x18DAF110 | CAN_EFF_FLAG}},
		{"mixed",
		 {.tx_id = 0x7E0,
		  .rx_id = 0x7E8,
		  .flags = LSK_ISOTP_EXTENDED,
		  .tx_address = 0x55}},
		{"mixed, 29 bits",
		 {.tx_id = 0x18CE10F1 | CAN_EFF_FLAG,
		  .rx_id = 0x18CEF110 | CAN_EFF_FLAG,
		  .flags = LSK_ISOTP_EXTENDED,
		  .tx_address = 0x55}},
		{"extended",
		 {.tx_id = 0x6F1,
		  .rx_id = 0x612,
		  .flags = LSK_ISOTP_EXTENDED | LSK_ISOTP_RX_EXTENDED,
		  .tx_address = 0x12,
		  .rx_address = 0xF1}},
		{"extended, FD, padded",
		 {.tx_id = 0x6F1,
		  .rx_id = 0x612,
		  .flags = LSK_ISOTP_EXTENDED | LSK_ISOTP_RX_EXTENDED |
			   LSK_ISOTP_TX_PADDING,
		  .tx_address = 0x12,
		  .rx_address = 0xF1,
		  .is_fd = true}},
	};
	static const size_t lengths[] = {1, 6, 7, 8, 100, 300};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct lsk_isotp_config config = ways[i].config;
		struct lsk_isotp *tester, *unit;

		config.interface = "vcan0";
		config.frame_time_ns = LSK_ISOTP_TXTIME_ZERO;
		tester = open_as(&config);
		config.tx_id = ways[i].config.rx_id;
		config.rx_id = ways[i].config.tx_id;
		if (config.flags & LSK_ISOTP_RX_EXTENDED) {
			config.tx_address = ways[i].config.rx_address;
			config.rx_address = ways[i].config.tx_address;
		}
		unit = open_as(&config);
		for (size_t j = 0; j < ARRAY_SIZE(lengths); j++) {
			expect_message(tester, unit, lengths[j], ways[i].what);
			expect_message(unit, tester, lengths[j], ways[i].what);
		}
		lsk_isotp_free(tester);
		lsk_isotp_free(unit);
	}
}

/* Of two messages of a peer, one while ours is sent: the first that is received. */
static uint8_t first_received(unsigned int flags)
{
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, flags);
	struct lsk_can *peer = open_on("vcan0");
	uint8_t message[100] = {0}, seen[8];

	lsk_socket_set_timeout(lsk_isotp_socket(unit), 0);
	cr_assert_eq(lsk_isotp_send(unit, message, sizeof(message)), 0);
	send_raw(peer, "7E0#0211BB");
	send_raw(peer, "7E0#320000"); /* no room: the message ends here */
	lsk_socket_set_timeout(lsk_isotp_socket(unit), 60000 * MSEC);
	cr_assert_eq(lsk_isotp_finish(unit), -EMSGSIZE);
	send_raw(peer, "7E0#0211CC");
	cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)), 2);
	lsk_can_free(peer);
	lsk_isotp_free(unit);
	return seen[1];
}

Test(isotp_modes, half_duplex_receives_nothing_while_it_sends)
{
	cr_assert_eq(first_received(0), 0xBB);
	cr_assert_eq(first_received(LSK_ISOTP_HALF_DUPLEX), 0xCC);
}

/* What the library never asks for: the thread stands still until the message failed. */
Test(isotp_modes, fact_5_a_kernel_that_waits_stalls_the_whole_ring)
{
	struct can_isotp_options options = {.flags = CAN_ISOTP_WAIT_TX_DONE};
	struct sockaddr_can addr = {
		.can_family = AF_CAN,
		.can_ifindex = (int)if_nametoindex("vcan0"),
		.can_addr.tp = {.tx_id = 0x700, .rx_id = 0x708},
	};
	int fd = socket(AF_CAN, SOCK_DGRAM | SOCK_CLOEXEC, CAN_ISOTP);
	uint8_t message[100] = {0};
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int64_t begin_ns, took_ns;
	int r = io_uring_queue_init(4, &ring, 0);

	if (r < 0)
		cr_skip_test("no io_uring here: %d", r);
	cr_assert_geq(fd, 0);
	cr_assert_eq(setsockopt(fd, SOL_CAN_ISOTP, CAN_ISOTP_OPTS, &options,
				sizeof(options)),
		     0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, fd, message, sizeof(message), MSG_DONTWAIT);
	begin_ns = engine_now_ns();
	cr_assert_eq(io_uring_submit(&ring), 1);
	took_ns = engine_now_ns() - begin_ns;
	cr_assert_eq(io_uring_peek_cqe(&ring, &cqe), 0);
	cr_assert_eq(cqe->res, -ECOMM, "%d", cqe->res);
	cr_assert_geq(took_ns, 500 * MSEC, "%lld ns", (long long)took_ns);
	io_uring_queue_exit(&ring);
	close(fd);
}

/*
 * The peer's flow control comes from the same thread, when its loop has received the
 * first frame: a send that held up the loop would never get it.
 */
static void share_a_loop(bool force_epoll)
{
	const struct lsk_loop_options loop_options = {.force_epoll = force_epoll};
	const struct lsk_pool_options options = {
		.buffer_size = 128, .count = 8, .flags = LSK_POOL_WHOLE};
	struct lsk_loop *loop = loop_for_test(&loop_options);
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	struct lsk_can *can = open_on("vcan0"), *peer = open_on("vcan0");
	static struct outcome frames, ready;
	const struct lsk_then then_frames = then_tell(&frames);
	const struct lsk_then then_ready = then_tell(&ready);
	uint8_t message[20] = {0};
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(
		lsk_loop_recv_stream(loop, lsk_can_socket(can), pool, &then_frames), 0);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 0);
	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), 0);
	cr_assert_eq(
		lsk_loop_poll(loop, lsk_isotp_socket(tester), POLLOUT, &then_ready), 0);
	run_until(loop, &frames.events, 1);
	send_raw(peer, "7E8#300000");
	/* The first frame, the flow control, two consecutive frames. */
	run_until(loop, &frames.events, 4);
	run_until(loop, &ready.ends, 1);
	cr_assert_eq(lsk_isotp_finish(tester), 0);
	lsk_loop_free(loop);
	lsk_isotp_free(tester);
	lsk_can_free(peer);
	lsk_can_free(can);
}

Test(isotp_modes, a_message_and_its_peer_share_a_loop_on_uring)
{
	share_a_loop(false);
}

Test(isotp_modes, a_message_and_its_peer_share_a_loop_on_epoll)
{
	share_a_loop(true);
}

/* Also of kernels that do not say: without a frame on the bus. */
Test(isotp_modes, the_longest_message_is_found_out)
{
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, 0);
	struct lsk_can *can = open_on("vcan0");
	struct lsk_can_record record;
	size_t told = lsk_isotp_max_message();
	ssize_t found = lsk_isotp_find_max(tester);
	uint8_t *sent, *seen;

	cr_assert_geq(found, 4095, "%zd", found);
	if (told)
		cr_assert_eq(found, (ssize_t)told, "%zd, not %zu", found, told);
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -EAGAIN);
	printf("# %zd bytes, the kernel says %zu\n", found, told);
	sent = calloc(1, (size_t)found + 1);
	seen = calloc(1, (size_t)found + 1);
	memset(sent, 0x5A, (size_t)found);
	cr_assert_eq(lsk_isotp_send(tester, sent, (size_t)found + 1), -EINVAL);
	cr_assert_eq(lsk_isotp_send(tester, sent, (size_t)found), 0);
	cr_assert_eq(lsk_isotp_receive(unit, seen, (size_t)found + 1), found);
	cr_assert_eq(memcmp(sent, seen, (size_t)found), 0);
	cr_assert_eq(lsk_isotp_find_max(NULL), -EINVAL);
	free(sent);
	free(seen);
	lsk_can_free(can);
	lsk_isotp_free(tester);
	lsk_isotp_free(unit);
}
