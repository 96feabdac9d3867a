/* SPDX-License-Identifier: MIT */
/*
 * Timers that nobody waits for: minutes and hours of ISO-TP, J1939, BCM, TCP and of the
 * library's own deadlines, in a virtual machine whose clock runs ahead while it waits
 * (scenario timers_warped.sh). Elsewhere every test is skipped and says so.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linsock/bcm.h>
#include <linsock/can.h>
#include <linsock/isotp.h>
#include <linsock/j1939.h>
#include <linsock/socket.h>

#define MSEC   INT64_C(1000000)
#define SECOND (1000 * MSEC)
#define HOUR   (3600 * SECOND)

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/* Between the two, told in seconds where not. */
static void expect_between(int64_t begin_ns, int64_t least_ns, int64_t most_ns)
{
	int64_t took_ns = now_ns() - begin_ns;

	cr_assert(took_ns >= least_ns && took_ns <= most_ns,
		  "took %.3f s, expected %.3f to %.3f", (double)took_ns / 1e9,
		  (double)least_ns / 1e9, (double)most_ns / 1e9);
}

static void setup(void)
{
	if (!getenv("LINSOCK_TIME_WARP"))
		cr_skip_test(
			"the clock does not run ahead here: scenario timers_warped.sh");
}

TestSuite(timers, .init = setup);

static void setup_can(void)
{
	setup();
	cr_assert_neq(if_nametoindex("vcan0"), 0, "the scenario makes vcan0");
}

TestSuite(timers_can, .init = setup_can);

/* N_Bs of the kernel is one second. */
Test(timers_can, isotp_send_without_flow_control_ends_after_a_second, .timeout = 600)
{
	struct lsk_isotp_config config = {
		.interface = "vcan0", .tx_id = 0x7E0, .rx_id = 0x7E8};
	struct lsk_isotp *isotp;
	char message[100] = "";
	int64_t begin_ns;
	int r;

	cr_assert_eq(lsk_isotp_open(&isotp, &config, NULL), 0);
	begin_ns = now_ns();
	r = lsk_isotp_send(isotp, message, sizeof(message));
	cr_assert(r == -ECOMM || r == -ETIMEDOUT, "%d", r);
	expect_between(begin_ns, 990 * MSEC, 1300 * MSEC);
	lsk_isotp_free(isotp);
}

/* T3 is 1250 ms: a unit that never answers a request to send. */
Test(timers_can, j1939_send_to_nobody_ends_by_its_timer, .timeout = 600)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.pgn = LSK_J1939_NO_PGN, .address = 0x20}};
	struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939 *j1939;
	char message[100] = "";
	int64_t begin_ns;
	int r;

	cr_assert_eq(lsk_j1939_open(&j1939, &config, NULL), 0);
	begin_ns = now_ns();
	r = lsk_j1939_send(j1939, &to, message, sizeof(message));
	cr_assert(r == -EHOSTUNREACH || r == -ETIMEDOUT, "%d", r);
	expect_between(begin_ns, 1200 * MSEC, 4000 * MSEC);
	lsk_j1939_free(j1939);
}

/* Its word is "timeout", at once: without it the close would wait for T3. */
Test(timers_can, j1939_close_after_a_deadline_waits_for_nothing, .timeout = 600)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.pgn = LSK_J1939_NO_PGN, .address = 0x21}};
	struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939 *j1939;
	char message[100] = "";
	int64_t begin_ns;

	cr_assert_eq(lsk_j1939_open(&j1939, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_j1939_socket(j1939), 50 * MSEC);
	begin_ns = now_ns();
	cr_assert_eq(lsk_j1939_send(j1939, &to, message, sizeof(message)), -ETIME);
	lsk_j1939_free(j1939);
	expect_between(begin_ns, 50 * MSEC, 1000 * MSEC);
}

Test(timers_can, bcm_cycle_of_a_minute_lasts_an_hour, .timeout = 6000)
{
	struct lsk_can_frame frame;
	struct lsk_bcm_cycle cycle = {.frames = &frame,
				      .frame_count = 1,
				      .first_count = 60,
				      .first_ns = 60 * SECOND,
				      .tells_end = true};
	struct lsk_bcm_event event;
	struct lsk_bcm *bcm;
	int64_t begin_ns;

	cr_assert_eq(lsk_can_frame_parse(&frame, "123#01", NULL), 0);
	cr_assert_eq(lsk_bcm_open(&bcm, "vcan0", NULL), 0);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 2 * HOUR);
	begin_ns = now_ns();
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_SENT);
	expect_between(begin_ns, 59 * 60 * SECOND - MSEC, HOUR + 2 * SECOND);
	lsk_bcm_free(bcm);
}

Test(timers_can, bcm_tells_of_half_an_hour_of_silence, .timeout = 6000)
{
	struct lsk_bcm_watch watch = {
		.can_id = 0x321, .flags = LSK_BCM_WATCH_ID, .timeout_ns = HOUR / 2};
	struct lsk_bcm_event event;
	struct lsk_bcm *bcm;
	int64_t begin_ns;

	cr_assert_eq(lsk_bcm_open(&bcm, "vcan0", NULL), 0);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 2 * HOUR);
	begin_ns = now_ns();
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_SILENT);
	expect_between(begin_ns, HOUR / 2 - MSEC, HOUR / 2 + SECOND);
	lsk_bcm_free(bcm);
}

Test(timers, deadline_of_a_receive_is_kept_over_an_hour, .timeout = 6000)
{
	struct lsk_socket *pair[2];
	int64_t begin_ns;
	char byte;

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	lsk_socket_set_timeout(pair[0], HOUR);
	begin_ns = now_ns();
	cr_assert_eq(lsk_socket_recv(pair[0], &byte, 1, 0), -ETIME);
	expect_between(begin_ns, HOUR, HOUR + SECOND);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

/* A connection whose other end hears nothing more: a filter drops all that comes. */
static int connect_to_the_deaf(int *ret_deaf)
{
	struct sock_filter drop[] = {{.code = BPF_RET | BPF_K, .k = 0}};
	struct sock_fprog program = {.len = 1, .filter = drop};
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(server, (struct sockaddr *)&addr, len), 0);
	cr_assert_eq(listen(server, 1), 0);
	cr_assert_eq(getsockname(server, (struct sockaddr *)&addr, &len), 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&addr, len), 0);
	*ret_deaf = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_eq(setsockopt(*ret_deaf, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				sizeof(program)),
		     0);
	close(server);
	return client;
}

static void set_option(int fd, int level, int option, int value)
{
	cr_assert_eq(setsockopt(fd, level, option, &value, sizeof(value)), 0);
}

/* The system's own values: 2 hours, then 9 probes, 75 seconds apart; each of these
 * timers may be late by an eighth. */
Test(timers, keepalive_finds_a_dead_peer_after_two_hours, .timeout = 20000)
{
	int64_t wanted_ns = 7200 * SECOND + 9 * 75 * SECOND;
	struct lsk_socket *sock;
	int deaf, fd = connect_to_the_deaf(&deaf);
	int64_t begin_ns;
	char byte;

	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	begin_ns = now_ns();
	cr_assert_eq(lsk_socket_from_fd(&sock, fd, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_recv(sock, &byte, 1, 0), -ETIMEDOUT);
	expect_between(begin_ns, wanted_ns - SECOND, wanted_ns + wanted_ns / 8);
	lsk_socket_free(sock);
	close(fd);
	close(deaf);
}

Test(timers, user_timeout_ends_unacknowledged_data, .timeout = 20000)
{
	struct lsk_socket *sock;
	int deaf, fd = connect_to_the_deaf(&deaf);
	int64_t begin_ns;
	char byte = 0;

	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 600 * 1000);
	begin_ns = now_ns();
	cr_assert_eq(lsk_socket_from_fd(&sock, fd, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_send(sock, &byte, 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(sock, &byte, 1, 0), -ETIMEDOUT);
	/* The timer that notices is that of the next retransmission. */
	expect_between(begin_ns, 595 * SECOND, 800 * SECOND);
	lsk_socket_free(sock);
	close(fd);
	close(deaf);
}
