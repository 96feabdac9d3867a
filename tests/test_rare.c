/* SPDX-License-Identifier: MIT */
/*
 * Families that few kernels have: SMC, KCM, RxRPC, IEEE 802.15.4, LLC and MCTP carry
 * something. Where the kernel has none, the test is skipped and says so; scenario
 * rare_socket.sh runs them in virtual machines.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/llc.h>
#include <linux/mctp.h>
#include <linux/rxrpc.h>

#include <linsock/endpoint.h>
#include <linsock/ieee802154.h>
#include <linsock/kcm.h>
#include <linsock/llc.h>
#include <linsock/mctp.h>
#include <linsock/message.h>
#include <linsock/rxrpc.h>

#include "tests/support/loops.h"
#include "tests/support/netns.h"
#include "tests/support/ring_cells.h"

#define SECOND    LSK_NSEC_PER_SEC
#define SERVICE   52
#define SOL_RXRPC 272

static struct lsk_socket *open_or_skip(int domain, int type, int protocol)
{
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, domain, type, protocol);

	if (r == -EAFNOSUPPORT)
		cr_skip_test("not in this kernel: scenario rare_socket.sh");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	return sock;
}

static struct lsk_addr place(const char *text)
{
	struct lsk_error error = {0};
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, text, &error), 0, "%s: %s", text,
		     error.text);
	return addr;
}

static void assert_place(const struct lsk_addr *addr, const char *text)
{
	char buf[LSK_ADDR_TEXT_MAX];

	cr_assert_gt(lsk_addr_format(addr, buf, sizeof(buf)), 0);
	cr_assert_str_eq(buf, text);
}

/* What one end says comes to the other as it was. */
static void say(struct lsk_socket *from, struct lsk_socket *to, const char *words)
{
	ssize_t len = (ssize_t)strlen(words);
	char buf[64];

	cr_assert_eq(lsk_socket_send(from, words, (size_t)len, 0), len);
	cr_assert_eq(lsk_socket_recv(to, buf, sizeof(buf), 0), len);
	cr_assert_arr_eq(buf, words, (size_t)len);
}

/* --- on a ring --------------------------------------------------------------- */

static void take(struct lsk_socket *sock, size_t len)
{
	char buf[64];

	cr_assert_eq(lsk_socket_recv(sock, buf, sizeof(buf), 0), (ssize_t)len);
}

/* What a ring can do with a pair is what the family's row says. */
static void check_cells(struct lsk_socket *from, struct lsk_socket *to,
			const void *data, size_t len)
{
	const struct lsk_family *row = family_by_domain(lsk_socket_domain(from));
	int fd = lsk_socket_fd(from), sent, written, zero_copy, many;
	struct io_uring ring = ring_for_test();
	unsigned int flags = 0;

	sent = ring_send(&ring, fd, data, len);
	if (sent >= 0)
		take(to, len);
	written = ring_write(&ring, fd, data, len);
	if (written >= 0)
		take(to, len);
	cr_assert_eq(row->send, send_kind(sent, written), "%s: send %d, write %d",
		     row->name, sent, written);
	zero_copy = ring_send_zero_copy(&ring, fd, data, len, &flags);
	if (zero_copy >= 0)
		take(to, len);
	if (flags & IORING_CQE_F_MORE)
		answer(&ring, NULL); /* the notification */
	cr_assert_eq(lsk_socket_send(from, data, len, 0), (ssize_t)len);
	many = ring_recv_multishot(&ring, lsk_socket_fd(to));
	/* Without a card that shares memory SMC is TCP, which knows it from 6.12 on. */
	if (row->domain != AF_SMC)
		cr_assert_eq(!!(row->ring & FAMILY_RING_ZERO_COPY), zero_copy >= 0,
			     "%s: zero copy %d", row->name, zero_copy);
	cr_assert_eq(!!(row->ring & FAMILY_RING_RECV_MULTISHOT), many >= 0,
		     "%s: multishot %d", row->name, many);
	io_uring_queue_exit(&ring);
}

/* A listener that many may come to: begun, and ended before any came. */
static void check_accept(struct lsk_socket *listener, struct lsk_socket *client,
			 const struct lsk_addr *to, struct lsk_socket **ret_server)
{
	const struct lsk_family *row = family_by_domain(lsk_socket_domain(listener));
	struct io_uring ring = ring_for_test();
	unsigned int flags = 0;
	int fd, r;

	io_uring_prep_multishot_accept(io_uring_get_sqe(&ring), lsk_socket_fd(listener),
				       NULL, NULL, SOCK_CLOEXEC);
	io_uring_submit(&ring);
	r = lsk_socket_connect(client, to);
	cr_assert_eq(r, 0, "%d", r);
	fd = answer(&ring, &flags);
	cr_assert_geq(fd, 0, "%d", fd);
	cr_assert_eq(!!(row->ring & FAMILY_RING_ACCEPT_MULTISHOT),
		     !!(flags & IORING_CQE_F_MORE), "%s: accept", row->name);
	cr_assert_eq(lsk_socket_adopt(ret_server, fd, -1, -1, -1), 0);
	cr_assert_eq(lsk_socket_set_timeout(*ret_server, 60 * SECOND), 0);
	io_uring_queue_exit(&ring);
}

/* --- SMC --------------------------------------------------------------------- */

static void smc_echoes(const char *text)
{
	struct lsk_socket *listener, *client, *server;
	struct lsk_endpoint *endpoint;
	struct lsk_error error = {0};
	struct lsk_addr bound;
	int r;

	netns_enter();
	lsk_socket_free(open_or_skip(AF_SMC, SOCK_STREAM, 0));
	cr_assert_eq(lsk_endpoint_new(&endpoint, text, &error), 0, "%s", error.text);
	r = lsk_endpoint_listen(endpoint, &listener, &error);
	cr_assert_eq(r, 0, "%s", error.text);
	lsk_endpoint_free(endpoint);
	cr_assert_eq(lsk_socket_getsockname(listener, &bound), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_SMC, SOCK_STREAM,
				    lsk_socket_protocol(listener)),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(client, 60 * SECOND), 0);
	cr_assert_eq(lsk_socket_set_timeout(listener, 60 * SECOND), 0);
	/* The kernel answers for the listener. */
	r = lsk_socket_connect(client, &bound);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_socket_set_timeout(server, 60 * SECOND), 0);
	say(client, server, "there");
	say(server, client, "and back");
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_socket_free(listener);
}

Test(smc, carries_a_stream_of_ipv4, .timeout = 120)
{
	smc_echoes("smc://127.0.0.1:0");
}

Test(smc, carries_a_stream_of_ipv6, .timeout = 120)
{
	smc_echoes("smc://[::1]:0");
}

Test(smc, does_on_a_ring_what_its_row_says, .timeout = 120)
{
	struct lsk_addr any = place("smc://127.0.0.1:0"), bound;
	struct lsk_socket *listener, *client, *server;

	netns_enter();
	listener = open_or_skip(AF_SMC, SOCK_STREAM, 0);
	client = open_or_skip(AF_SMC, SOCK_STREAM, 0);
	cr_assert_eq(lsk_socket_bind(listener, &any), 0);
	cr_assert_eq(lsk_socket_listen(listener, 4), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &bound), 0);
	check_accept(listener, client, &bound, &server);
	check_cells(client, server, "bytes", 5);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_socket_free(listener);
}

/* --- KCM --------------------------------------------------------------------- */

struct multiplexors {
	struct lsk_socket *tcp[2];
	struct lsk_socket *kcm[2];
};

/* Messages begin with 16 bits of length, which do not count themselves. */
static struct multiplexors make_multiplexors(void)
{
	struct multiplexors pair;
	int program, r;

	for (int i = 0; i < 2; i++)
		pair.kcm[i] = open_or_skip(AF_KCM, SOCK_DGRAM, 0);
	cr_assert_eq(lsk_socket_pair(pair.tcp, AF_INET, SOCK_STREAM, 0), 0);
	program = lsk_kcm_program(0, 2, 2);
	if (program == -EPERM)
		cr_skip_test("bpf(2) is not allowed here");
	cr_assert_geq(program, 0, "%d", program);
	for (int i = 0; i < 2; i++) {
		r = lsk_kcm_attach(pair.kcm[i], pair.tcp[i], program);
		cr_assert_eq(r, 0, "%d", r);
	}
	cr_assert_lt(lsk_kcm_attach(pair.kcm[0], pair.tcp[0], program), 0, "twice");
	close(program);
	return pair;
}

static void free_multiplexors(struct multiplexors *pair)
{
	for (int i = 0; i < 2; i++) {
		lsk_socket_free(pair->kcm[i]);
		lsk_socket_free(pair->tcp[i]);
	}
}

Test(kcm, keeps_the_bounds_of_messages, .timeout = 60)
{
	struct multiplexors pair = make_multiplexors();
	char buf[32];

	cr_assert_eq(lsk_socket_send(pair.kcm[0], "\0\3one", 5, 0), 5);
	cr_assert_eq(lsk_socket_recv(pair.kcm[1], buf, sizeof(buf), 0), 5);
	cr_assert_arr_eq(buf, "\0\3one", 5);
	cr_assert_eq(lsk_socket_send(pair.kcm[1], "\0\5three", 7, 0), 7);
	cr_assert_eq(lsk_socket_recv(pair.kcm[0], buf, sizeof(buf), 0), 7);
	cr_assert_arr_eq(buf, "\0\5three", 7);
	free_multiplexors(&pair);
}

Test(kcm, clones_share_what_comes, .timeout = 60)
{
	struct multiplexors pair = make_multiplexors();
	struct lsk_socket *clone;
	char buf[32];

	cr_assert_eq(lsk_kcm_clone(pair.kcm[0], &clone), 0);
	cr_assert_eq(lsk_socket_type(clone), SOCK_DGRAM);
	cr_assert_eq(lsk_socket_send(clone, "\0\5clone", 7, 0), 7);
	cr_assert_eq(lsk_socket_recv(pair.kcm[1], buf, sizeof(buf), 0), 7);
	lsk_socket_free(clone);
	cr_assert_eq(lsk_kcm_detach(pair.kcm[0], pair.tcp[0]), 0);
	cr_assert_lt(lsk_kcm_detach(pair.kcm[0], pair.tcp[0]), 0, "twice");
	free_multiplexors(&pair);
}

Test(kcm, does_on_a_ring_what_its_row_says, .timeout = 60)
{
	struct multiplexors pair = make_multiplexors();

	check_cells(pair.kcm[0], pair.kcm[1], "\0\5bytes", 7);
	free_multiplexors(&pair);
}

Test(kcm, nonsense_is_refused)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_kcm_program(0, 3, 0), -EINVAL);
	cr_assert_eq(lsk_kcm_program(65536, 2, 0), -EINVAL);
	cr_assert_eq(lsk_kcm_program(0, 4, UINT32_MAX), -EINVAL);
	cr_assert_eq(lsk_kcm_attach(NULL, NULL, -1), -EINVAL);
	cr_assert_eq(lsk_kcm_detach(NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_kcm_clone(NULL, &sock), -EINVAL);
}

/* --- RxRPC ------------------------------------------------------------------- */

/* Room for the control messages of one message. */
struct words {
	_Alignas(struct cmsghdr) char control[256];
	char bytes[64];
	struct iovec part;
	struct lsk_message message;
};

static void words_init(struct words *words, const char *text)
{
	words->part = (struct iovec){words->bytes, sizeof(words->bytes)};
	if (text) {
		words->part.iov_len = strlen(text);
		memcpy(words->bytes, text, strlen(text));
	}
	words->message = (struct lsk_message){
		.buffers = &words->part,
		.buffers_count = 1,
		.control = {.data = words->control, .size = sizeof(words->control)},
	};
}

static void name_call(struct words *words, unsigned long call)
{
	cr_assert_eq(lsk_control_add(&words->message.control, SOL_RXRPC,
				     RXRPC_USER_CALL_ID, &call, sizeof(call)),
		     0);
}

/* Receive until data come. Return: the call that they belong to. */
static unsigned long hear(struct lsk_socket *sock, struct words *words)
{
	unsigned long call = 0;

	do {
		struct lsk_control_item item;
		size_t offset = 0;
		ssize_t r;

		words_init(words, NULL);
		r = lsk_socket_recvmsg(sock, &words->message, 0);
		cr_assert_geq(r, 0, "%zd", r);
		while (lsk_control_next(&words->message.control, &offset, &item) > 0) {
			cr_assert_neq(item.type, RXRPC_ABORT);
			cr_assert_neq(item.type, RXRPC_LOCAL_ERROR);
			cr_assert_neq(item.type, RXRPC_NET_ERROR);
			if (item.type == RXRPC_USER_CALL_ID)
				memcpy(&call, item.data, sizeof(call));
		}
	} while (words->message.len == 0);
	return call;
}

static void rxrpc_answers(int family, const char *server_text)
{
	struct lsk_addr to = place(server_text), from;
	struct lsk_socket *server, *client;
	struct words words;
	uint16_t service;
	int r;

	netns_enter();
	server = open_or_skip(AF_RXRPC, SOCK_DGRAM, family);
	client = open_or_skip(AF_RXRPC, SOCK_DGRAM, family);
	r = lsk_socket_bind(server, &to);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_listen(server, 4), 0);
	/* A call is taken by a number that was prepared for it. */
	words_init(&words, "");
	name_call(&words, 77);
	cr_assert_eq(lsk_control_add(&words.message.control, SOL_RXRPC,
				     RXRPC_CHARGE_ACCEPT, NULL, 0),
		     0);
	r = (int)lsk_socket_sendmsg(server, &words.message, 0);
	cr_assert_eq(r, 0, "%d", r);

	words_init(&words, "question");
	words.message.addr = to;
	name_call(&words, 5);
	cr_assert_eq(lsk_socket_sendmsg(client, &words.message, 0), 8);
	cr_assert_eq(hear(server, &words), 77);
	cr_assert_eq(words.message.len, 8);
	cr_assert_arr_eq(words.bytes, "question", 8);
	cr_assert_eq(lsk_addr_rxrpc_read(&words.message.addr, &from, &service), 0);
	cr_assert_eq(service, SERVICE);
	cr_assert_eq(lsk_addr_family(&from), family);

	words_init(&words, "answer");
	name_call(&words, 77);
	cr_assert_eq(lsk_socket_sendmsg(server, &words.message, 0), 6);
	cr_assert_eq(hear(client, &words), 5);
	cr_assert_arr_eq(words.bytes, "answer", 6);
	cr_assert(lsk_addr_equal(&words.message.addr, &to));
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(rxrpc, a_call_is_answered, .timeout = 60)
{
	rxrpc_answers(AF_INET, "rxrpc://127.0.0.1:7001/52");
}

Test(rxrpc, a_call_is_answered_over_ipv6, .timeout = 60)
{
	rxrpc_answers(AF_INET6, "rxrpc://[::1]:7001/52");
}

/* --- what takes devices of the first namespace ------------------------------- */

static void want_own_machine(void)
{
	if (!getenv("LINSOCK_TEST_RARE"))
		cr_skip_test("wants a machine of its own: scenario rare_socket.sh");
}

static void set_up(const char *name, bool is_up)
{
	struct lsk_nl *nl;
	int index;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	index = lsk_rtnl_link_index(nl, name);
	cr_assert_gt(index, 0, "%s: %d", name, index);
	cr_assert_eq(lsk_rtnl_link_set_up(nl, index, is_up, NULL), 0);
	lsk_nl_close(nl);
}

/* Give a radio its address, as long as it is down. */
static struct lsk_socket *open_radio(const char *name, const char *text, int type)
{
	struct lsk_addr addr = place(text);
	struct lsk_socket *sock = open_or_skip(AF_IEEE802154, type, 0);
	struct ifreq request = {0};
	int r;

	cr_assert_leq(addr.len, sizeof(request.ifr_ifru));
	set_up(name, false);
	strcpy(request.ifr_name, name);
	memcpy(&request.ifr_ifru, &addr.storage, addr.len);
	r = ioctl(lsk_socket_fd(sock), SIOCSIFADDR, &request);
	cr_assert_eq(r, 0, "%s: %d", name, errno);
	set_up(name, true);
	r = lsk_socket_bind(sock, &addr);
	cr_assert_eq(r, 0, "%d", r);
	return sock;
}

/* mac802154_hwsim makes two radios that hear each other. */
Test(ieee802154, frames_go_from_radio_to_radio, .timeout = 60)
{
	struct lsk_addr to = place("ieee802154://0xbeef/0x0002"), from;
	struct lsk_socket *a, *b;
	char buf[32];

	want_own_machine();
	a = open_radio("wpan0", "ieee802154://0xbeef/0x0001", SOCK_DGRAM);
	b = open_radio("wpan1", "ieee802154://0xbeef/0x0002", SOCK_DGRAM);
	cr_assert_eq(lsk_socket_sendto(a, "by radio", 8, 0, &to), 8);
	cr_assert_eq(lsk_socket_recvfrom(b, buf, sizeof(buf), 0, &from), 8);
	cr_assert_arr_eq(buf, "by radio", 8);
	assert_place(&from, "ieee802154://0xbeef/0x0001");
	cr_assert_eq(lsk_socket_sendto(b, "back", 4, 0, &from), 4);
	cr_assert_eq(lsk_socket_recvfrom(a, buf, sizeof(buf), 0, &from), 4);
	assert_place(&from, "ieee802154://0xbeef/0x0002");
	cr_assert_eq(lsk_socket_connect(a, &to), 0);
	check_cells(a, b, "bytes", 5);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

/* The addresses that the scenario gives to both ends of its cable. */
#define MAC_A "02:00:00:00:00:0a"
#define MAC_B "02:00:00:00:00:0b"

static struct lsk_socket *open_llc(int type, const char *text)
{
	struct lsk_addr addr = place(text);
	struct lsk_socket *sock = open_or_skip(AF_LLC, type, 0);
	int r = lsk_socket_bind(sock, &addr);

	cr_assert_eq(r, 0, "%s: %d", text, r);
	return sock;
}

Test(llc, datagrams_go_by_service_access_point, .timeout = 60)
{
	struct lsk_addr to = place("llc://" MAC_B "/0x42"), from;
	struct lsk_socket *a, *b;
	char buf[32];
	ssize_t r;

	want_own_machine();
	a = open_llc(SOCK_DGRAM, "llc://" MAC_A "/0x40");
	b = open_llc(SOCK_DGRAM, "llc://" MAC_B "/0x42");
	r = lsk_socket_sendto(a, "datagram", 8, 0, &to);
	cr_assert_eq(r, 8, "%zd", r);
	r = lsk_socket_recvfrom(b, buf, sizeof(buf), 0, &from);
	cr_assert_eq(r, 8, "%zd", r);
	cr_assert_arr_eq(buf, "datagram", 8);
	assert_place(&from, "llc://" MAC_A "/0x40/ui");
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(llc, connections_carry_a_stream, .timeout = 60)
{
	struct lsk_addr to = place("llc://" MAC_B "/0x46");
	struct lsk_socket *client, *listener, *server;
	int r;

	want_own_machine();
	client = open_llc(SOCK_STREAM, "llc://" MAC_A "/0x44");
	listener = open_llc(SOCK_STREAM, "llc://" MAC_B "/0x46");
	cr_assert_eq(lsk_socket_listen(listener, 4), 0);
	r = lsk_socket_connect(client, &to);
	cr_assert_eq(r, 0, "%d", r);
	r = lsk_socket_accept(listener, &server, NULL);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(server, 60 * SECOND), 0);
	say(client, server, "there");
	say(server, client, "and back");
	check_cells(client, server, "bytes", 5);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_socket_free(listener);
}

/* The kernel's connect(2) says 0 to whoever does not wait, before anybody answered. */
Test(llc, a_connection_that_nobody_answers_fails, .timeout = 60)
{
	struct lsk_addr to = place("llc://" MAC_B "/0x4a");
	struct lsk_socket *client;

	want_own_machine();
	client = open_llc(SOCK_STREAM, "llc://" MAC_A "/0x48");
	cr_assert_eq(lsk_socket_connect(client, &to), -ECONNABORTED);
	lsk_socket_free(client);
	client = open_llc(SOCK_STREAM, "llc://" MAC_A "/0x4c");
	cr_assert_eq(lsk_socket_set_timeout(client, 60 * SECOND), 0);
	cr_assert_eq(lsk_socket_connect(client, &to), -ECONNABORTED);
	lsk_socket_free(client);
	client = open_llc(SOCK_STREAM, "llc://" MAC_A "/0x4e");
	cr_assert_eq(lsk_socket_set_timeout(client, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &to), -EINPROGRESS);
	lsk_socket_free(client);
}

Test_on_each_loop(llc_loop, a_connection_that_nobody_answers_fails)
{
	struct lsk_addr to = place("llc://" MAC_B "/0x4a");
	struct outcome connected = {0};
	const struct lsk_then then = then_tell(&connected);
	struct lsk_socket *client;

	want_own_machine();
	client = open_llc(SOCK_STREAM, "llc://" MAC_A "/0x50");
	cr_assert_eq(lsk_loop_connect(loop, client, &to, &then), 0);
	run_until(loop, &connected.ends, 1);
	cr_assert_eq(connected.result, -ECONNABORTED, "%d", connected.result);
	lsk_socket_free(client);
}

/* Debian's kernels have none: what a kernel with it says is shown there. */
Test(mctp, is_bound_by_type_of_message)
{
	struct lsk_addr any = place("mctp://any:any/1");
	struct lsk_socket *sock = open_or_skip(AF_MCTP, SOCK_DGRAM, 0);

	cr_assert_eq(lsk_socket_bind(sock, &any), 0);
	lsk_socket_free(sock);
}
