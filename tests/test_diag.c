/* SPDX-License-Identifier: MIT */
/* sock_diag: sockets that the test makes are found, with what it knows of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <linsock/diag.h>

#include "tests/support/netns.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* The scenarios name what their kernel must have, in LINSOCK_TEST_DIAG. */
static bool diag_is_required(const char *name)
{
	const char *names = getenv("LINSOCK_TEST_DIAG");

	return names && strstr(names, name);
}

static struct lsk_nl *diag(void)
{
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_SOCK_DIAG, NULL), 0);
	return nl;
}

static uint32_t inode_of(int fd)
{
	struct stat info;

	cr_assert_eq(fstat(fd, &info), 0);
	return (uint32_t)info.st_ino;
}

/* Find the socket of @fd in what @request lists; counts all. Skips without module. */
static struct lsk_diag_socket find(const struct lsk_diag_request *request, int fd,
				   int *ret_count)
{
	struct lsk_nl *nl = diag();
	uint32_t inode = fd < 0 ? 0 : inode_of(fd);
	struct lsk_diag_socket sock, found = {.family = 0};
	struct lsk_nl_dump *dump;
	int count = 0;
	int r;

	cr_assert_eq(lsk_diag_dump(nl, request, &dump), 0);
	while ((r = lsk_diag_next(dump, &sock)) > 0) {
		count++;
		if (sock.inode == inode && inode)
			found = sock;
	}
	if ((r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL) &&
	    !diag_is_required(request->family == AF_XDP ? "xdp" : "others"))
		cr_skip_test("no diag module for family %u protocol %u: %d",
			     request->family, request->protocol, r);
	cr_assert_eq(r, 0, "%d", r);
	lsk_nl_dump_end(dump, NULL);
	lsk_nl_close(nl);
	if (ret_count)
		*ret_count = count;
	/* Views died with the dump. */
	found.info.data = NULL;
	return found;
}

struct tcp {
	int listener;
	int client;
	int server;
	struct sockaddr_in addr;
};

static struct tcp tcp_make(void)
{
	struct tcp tcp = {
		.addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}};
	socklen_t len = sizeof(tcp.addr);

	tcp.listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(tcp.listener, (void *)&tcp.addr, len), 0);
	cr_assert_eq(listen(tcp.listener, 7), 0);
	cr_assert_eq(getsockname(tcp.listener, (void *)&tcp.addr, &len), 0);
	tcp.client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(tcp.client, (void *)&tcp.addr, len), 0);
	tcp.server = accept(tcp.listener, NULL, NULL);
	cr_assert_geq(tcp.server, 0);
	return tcp;
}

Test(diag_inet, finds_listener_and_connection_with_queues_and_info)
{
	struct lsk_diag_request request = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.show = LSK_DIAG_SHOW_INFO | LSK_DIAG_SHOW_CONGESTION |
			LSK_DIAG_SHOW_MEMORY,
	};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	struct tcp tcp;

	netns_enter();
	tcp = tcp_make();
	cr_assert_eq(send(tcp.client, "hello", 5, 0), 5);
	sock = find(&request, tcp.listener, NULL);
	cr_assert_eq(sock.state, TCP_LISTEN);
	cr_assert_eq(sock.send_queue, 7);
	lsk_addr_set(&expected, &tcp.addr, sizeof(tcp.addr));
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	sock = find(&request, tcp.server, NULL);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	cr_assert_eq(sock.receive_queue, 5);
	cr_assert_eq(sock.uid, 0);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	cr_assert_gt(sock.memory[1], 0);
	cr_assert_gt(strlen(sock.congestion), 2);
	cr_assert(sock.has & 1 << LSK_DIAG_INFO);
	cr_assert_geq(sock.info.len, sizeof(struct tcp_info) / 2);
}

Test(diag_inet, filters_by_state_in_the_kernel)
{
	struct lsk_diag_request request = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.states = 1 << TCP_LISTEN,
	};
	struct tcp tcp;
	int count;

	netns_enter();
	tcp = tcp_make();
	find(&request, tcp.listener, &count);
	cr_assert_eq(count, 1);
	request.states = 1 << TCP_ESTABLISHED;
	find(&request, -1, &count);
	cr_assert_eq(count, 2);
}

Test(diag_inet, filters_by_bytecode_in_the_kernel)
{
	struct lsk_diag_filter filter = {.len = 0};
	struct lsk_diag_request request = {
		.family = AF_INET, .protocol = IPPROTO_TCP, .filter = &filter};
	struct lsk_addr host, other;
	struct tcp tcp;
	int count;

	netns_enter();
	tcp = tcp_make();
	lsk_diag_filter_port(&filter, true, LSK_DIAG_EQUAL, ntohs(tcp.addr.sin_port));
	cr_assert_eq(find(&request, tcp.client, &count).state, TCP_ESTABLISHED);
	cr_assert_eq(count, 1);
	/* And more conditions that hold. */
	lsk_addr_inet(&host, "127.0.0.0", 0);
	lsk_diag_filter_host(&filter, false, &host, 8);
	lsk_diag_filter_port(&filter, true, LSK_DIAG_AT_LEAST, 1);
	lsk_diag_filter_port(&filter, true, LSK_DIAG_AT_MOST, 65535);
	find(&request, -1, &count);
	cr_assert_eq(count, 1);
	/* And one that does not. */
	lsk_addr_inet(&other, "10.0.0.0", 0);
	lsk_diag_filter_host(&filter, true, &other, 8);
	find(&request, -1, &count);
	cr_assert_eq(count, 0);
}

/* How many sockets the kernel itself lets through. */
static int passes(const struct lsk_diag_filter *filter)
{
	struct lsk_diag_request request = {
		.family = AF_INET, .protocol = IPPROTO_TCP, .filter = filter};
	int count;

	find(&request, -1, &count);
	return count;
}

/* A listener and both ends of a connection, told apart by local port and peer's. */
Test(diag_filter, of_or_and_not_is_what_the_kernel_decides)
{
	struct lsk_diag_filter local = {.len = 0}, peer = {.len = 0}, filter, other;
	struct tcp tcp;

	netns_enter();
	tcp = tcp_make();
	lsk_diag_filter_port(&local, false, LSK_DIAG_EQUAL, ntohs(tcp.addr.sin_port));
	lsk_diag_filter_port(&peer, true, LSK_DIAG_EQUAL, ntohs(tcp.addr.sin_port));
	cr_assert_eq(passes(&local), 2);
	cr_assert_eq(passes(&peer), 1);

	filter = local;
	lsk_diag_filter_or(&filter, &peer);
	cr_assert_eq(passes(&filter), 3, "local or peer");
	lsk_diag_filter_not(&filter);
	cr_assert_eq(passes(&filter), 0, "not (local or peer)");
	lsk_diag_filter_not(&filter);
	cr_assert_eq(passes(&filter), 3, "not not (local or peer)");

	filter = local;
	lsk_diag_filter_not(&filter);
	cr_assert_eq(passes(&filter), 1, "not local");
	lsk_diag_filter_and(&filter, &peer);
	cr_assert_eq(passes(&filter), 1, "not local and peer");
	other = peer;
	lsk_diag_filter_not(&other);
	lsk_diag_filter_and(&other, &local);
	cr_assert_eq(passes(&other), 2, "not peer and local");
	lsk_diag_filter_or(&other, &filter);
	cr_assert_eq(passes(&other), 3, "not peer and local or not local and peer");
	lsk_diag_filter_and(&other, &peer);
	cr_assert_eq(passes(&other), 1, "(…) and peer");
	lsk_diag_filter_port(&other, false, LSK_DIAG_EQUAL, ntohs(tcp.addr.sin_port));
	cr_assert_eq(passes(&other), 0, "(…) and peer and local");
}

/* Of every expression that is made by chance it is known what it lets through. */
Test(diag_filter, of_random_expressions_is_what_the_kernel_decides, .timeout = 60)
{
	enum { LISTENER = 1, SERVER = 2, CLIENT = 4, ALL = 7 };
	struct {
		struct lsk_diag_filter filter;
		unsigned int passes;
	} stack[4];
	struct lsk_diag_filter atoms[3] = {{.len = 0}};
	static const unsigned int atom_passes[] = {LISTENER | SERVER, CLIENT, SERVER};
	uint32_t random = 4711;
	struct tcp tcp;
	uint16_t port;

	netns_enter();
	tcp = tcp_make();
	port = ntohs(tcp.addr.sin_port);
	lsk_diag_filter_port(&atoms[0], false, LSK_DIAG_EQUAL, port);
	lsk_diag_filter_port(&atoms[1], true, LSK_DIAG_EQUAL, port);
	/* The listener's peer has port 0. */
	lsk_diag_filter_port(&atoms[2], false, LSK_DIAG_EQUAL, port);
	lsk_diag_filter_port(&atoms[2], true, LSK_DIAG_AT_LEAST, 1);
	for (int round = 0; round < 300; round++) {
		int top = 0;

		for (int step = 0; step < 12; step++) {
			random = random * 1664525 + 1013904223;
			if (top < 2 || (random >> 28 < 6 && top < 4)) {
				stack[top].filter = atoms[(random >> 16) % 3];
				stack[top++].passes = atom_passes[(random >> 16) % 3];
			} else if (random >> 28 < 8) {
				lsk_diag_filter_not(&stack[top - 1].filter);
				stack[top - 1].passes ^= ALL;
			} else if (random >> 28 < 12) {
				top--;
				lsk_diag_filter_or(&stack[top - 1].filter,
						   &stack[top].filter);
				stack[top - 1].passes |= stack[top].passes;
			} else {
				top--;
				lsk_diag_filter_and(&stack[top - 1].filter,
						    &stack[top].filter);
				stack[top - 1].passes &= stack[top].passes;
			}
		}
		cr_assert_eq(passes(&stack[0].filter),
			     __builtin_popcount(stack[0].passes), "round %d", round);
	}
}

Test(diag_filter, of_nothing_lets_everything_through)
{
	struct lsk_diag_filter nothing = {.len = 0}, filter = {.len = 0};

	netns_enter();
	(void)tcp_make();
	lsk_diag_filter_port(&filter, false, LSK_DIAG_EQUAL, 1);
	cr_assert_eq(passes(&filter), 0);
	lsk_diag_filter_or(&filter, &nothing);
	cr_assert_eq(passes(&filter), 3);
	lsk_diag_filter_not(&filter);
	cr_assert_eq(passes(&filter), 0);
}

Test(diag_filter, decides_by_mark_interface_and_who_chose_the_port)
{
	struct lsk_diag_filter marked = {.len = 0}, bound = {.len = 0};
	struct lsk_diag_filter chosen = {.len = 0};
	const int mark = 0x1234;
	struct tcp tcp;

	netns_enter();
	tcp = tcp_make();
	cr_assert_eq(setsockopt(tcp.client, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)),
		     0);
	cr_assert_eq(setsockopt(tcp.client, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	lsk_diag_filter_mark(&marked, 0xff34, 0xff);
	cr_assert_eq(passes(&marked), 1);
	lsk_diag_filter_mark(&marked, 0x35, 0xff);
	cr_assert_eq(passes(&marked), 0);
	lsk_diag_filter_interface(&bound, 1);
	cr_assert_eq(passes(&bound), 1);
	/* The client's was chosen by connect(2), the others' by bind(2) to port 0. */
	lsk_diag_filter_autobound(&chosen);
	cr_assert_geq(passes(&chosen), 1);
	lsk_diag_filter_and(&chosen, &bound);
	cr_assert_eq(passes(&chosen), 1);
}

Test(diag_filter, of_what_does_not_fit_or_is_no_inet_address_is_a_fault)
{
	struct lsk_diag_filter filter = {.len = 0}, whole = {.len = 0};
	struct lsk_diag_request request = {
		.family = AF_INET, .protocol = IPPROTO_TCP, .filter = &filter};
	struct lsk_nl *nl = diag();
	struct lsk_nl_dump *dump;
	struct lsk_addr addr;

	for (int i = 0; i <= LSK_DIAG_FILTER_MAX / 8; i++)
		lsk_diag_filter_port(&filter, true, LSK_DIAG_EQUAL, 1);
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -ENOBUFS);
	/* Whatever it is joined with. */
	lsk_diag_filter_or(&whole, &filter);
	request.filter = &whole;
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -ENOBUFS);
	request.filter = &filter;
	memset(&filter, 0, sizeof(filter));
	lsk_addr_unix(&addr, "/x", 2);
	lsk_diag_filter_host(&filter, true, &addr, 8);
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -EINVAL);
	lsk_nl_close(nl);
}

Test(diag_inet, destroys_that_very_socket)
{
	struct lsk_diag_request request = {.family = AF_INET, .protocol = IPPROTO_TCP};
	struct lsk_diag_socket sock;
	struct lsk_nl *nl;
	struct tcp tcp;
	char byte;
	int r;

	netns_enter();
	tcp = tcp_make();
	nl = diag();
	sock = find(&request, tcp.server, NULL);
	r = lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL);
	if (r == -EOPNOTSUPP)
		cr_skip_test("a kernel without CONFIG_INET_DIAG_DESTROY");
	cr_assert_eq(r, 0);
	cr_assert_eq(syscall_count(recv(tcp.server, &byte, 1, MSG_DONTWAIT)),
		     -ECONNABORTED);
	cr_assert_lt(lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL), 0);
	lsk_nl_close(nl);
}

Test(diag_inet6, finds_a_udp_socket)
{
	struct lsk_diag_request request = {.family = AF_INET6, .protocol = IPPROTO_UDP};
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				    .sin6_port = htons(4711)};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	int fd;

	netns_enter();
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	cr_assert_eq(bind(fd, (void *)&addr, sizeof(addr)), 0);
	lsk_addr_set(&expected, &addr, sizeof(addr));
	sock = find(&request, fd, NULL);
	cr_assert(lsk_addr_equal(&sock.local, &expected));
}

Test(diag_mptcp, finds_listener_and_connection_by_the_long_number)
{
	struct lsk_diag_request request = {.family = AF_INET,
					   .protocol = IPPROTO_MPTCP,
					   .show = LSK_DIAG_SHOW_INFO |
						   LSK_DIAG_SHOW_MEMORY};
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(addr);
	struct lsk_diag_socket sock;
	int listener, client, server;
	int count;

	netns_enter();
	listener = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (listener < 0 && !diag_is_required("mptcp"))
		cr_skip_test("no MPTCP here: %d", errno);
	cr_assert_geq(listener, 0);
	cr_assert_eq(bind(listener, (void *)&addr, len), 0);
	cr_assert_eq(listen(listener, 7), 0);
	cr_assert_eq(getsockname(listener, (void *)&addr, &len), 0);
	client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	cr_assert_eq(connect(client, (void *)&addr, len), 0);
	server = accept(listener, NULL, NULL);
	cr_assert_geq(server, 0);
	sock = find(&request, server, &count);
	cr_assert_geq(count, 2);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	cr_assert(sock.has & 1 << LSK_DIAG_INFO);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	cr_assert_eq(find(&request, client, NULL).state, TCP_ESTABLISHED);
	close(server);
	close(client);
	close(listener);
}

static int vsock_bound(uint32_t cid, unsigned int port)
{
	const struct sockaddr_vm addr = {
		.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	cr_assert_eq(bind(fd, (const void *)&addr, sizeof(addr)), 0);
	cr_assert_eq(listen(fd, 5), 0);
	return fd;
}

Test(diag_vsock, finds_listener_and_both_ends_of_a_connection)
{
	struct lsk_diag_request request = {.family = AF_VSOCK};
	const struct sockaddr_vm to = {
		.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = 4711};
	struct sockaddr_vm own = {.svm_family = AF_UNSPEC};
	socklen_t len = sizeof(own);
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	int listener, client, server;

	netns_enter();
	listener = vsock_bound(VMADDR_CID_ANY, 4711);
	if (listener < 0 && !diag_is_required("vsock"))
		cr_skip_test("no AF_VSOCK here: %d", errno);
	sock = find(&request, listener, NULL);
	cr_assert_eq(sock.state, TCP_LISTEN);
	cr_assert_eq(sock.type, SOCK_STREAM);
	lsk_addr_set(&expected,
		     &(struct sockaddr_vm){.svm_family = AF_VSOCK,
					   .svm_cid = VMADDR_CID_ANY,
					   .svm_port = 4711},
		     sizeof(struct sockaddr_vm));
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	client = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(client, (const void *)&to, sizeof(to)) < 0 &&
	    !diag_is_required("vsock"))
		cr_skip_test("no loopback of AF_VSOCK here: %d", errno);
	server = accept(listener, NULL, NULL);
	cr_assert_geq(server, 0);
	sock = find(&request, client, NULL);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	lsk_addr_set(&expected, &to, sizeof(to));
	cr_assert(lsk_addr_equal(&sock.peer, &expected));
	cr_assert_eq(getsockname(client, (void *)&own, &len), 0);
	cr_assert_eq(((struct sockaddr_vm *)&sock.local.storage)->svm_port,
		     own.svm_port);
	cr_assert_eq(shutdown(client, SHUT_WR), 0);
	cr_assert_eq(find(&request, client, NULL).shutdown, 2, "sending is over");
	request.states = 1 << TCP_LISTEN;
	cr_assert_eq(find(&request, client, NULL).family, 0, "filtered by state");
	close(client);
	close(server);
	close(listener);
}

Test(diag_xdp, finds_a_bound_socket_with_its_interface)
{
	struct lsk_diag_request request = {.family = AF_XDP,
					   .show = LSK_DIAG_SHOW_INFO};
	enum { SIZE = 16 * 4096 };
	const struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = 1};
	struct xdp_umem_reg memory = {.len = SIZE, .chunk_size = 4096};
	struct lsk_diag_socket sock;
	const int entries = 64;
	int fd;

	netns_enter();
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 && !diag_is_required("xdp"))
		cr_skip_test("no AF_XDP here: %d", errno);
	cr_assert_geq(fd, 0);
	memory.addr = (uintptr_t)mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	cr_assert_eq(setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory)), 0,
		     "%d", errno);
	for (int option = XDP_RX_RING; option <= XDP_UMEM_COMPLETION_RING; option++)
		if (option != XDP_UMEM_REG)
			cr_assert_eq(setsockopt(fd, SOL_XDP, option, &entries,
						sizeof(entries)),
				     0, "%d: %d", option, errno);
	cr_assert_eq(bind(fd, (const void *)&addr, sizeof(addr)), 0, "%d", errno);
	sock = find(&request, fd, NULL);
	cr_assert_eq(sock.family, AF_XDP);
	cr_assert_eq(sock.type, SOCK_RAW);
	cr_assert(sock.has & 1 << LSK_DIAG_INFO);
	cr_assert_eq(sock.interface, 1);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	close(fd);
}

Test(diag_unix, finds_name_peer_and_queues)
{
	struct lsk_diag_request request = {.family = AF_UNIX};
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0lsk-diag"};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	int pair[2];
	int fd;

	netns_enter();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (void *)&addr, 2 + 9), 0);
	cr_assert_eq(listen(fd, 3), 0);
	sock = find(&request, fd, NULL);
	lsk_addr_unix(&expected, addr.sun_path, 9);
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	cr_assert_eq(sock.type, SOCK_STREAM);
	cr_assert_eq(sock.state, TCP_LISTEN);
	cr_assert_eq(sock.send_queue, 3);
	sock = find(&request, pair[0], NULL);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	cr_assert_eq(sock.peer_inode, inode_of(pair[1]));
}

Test(diag_unix, finds_paths_bound_with_and_without_their_terminator)
{
	const struct lsk_diag_request request = {.family = AF_UNIX};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;

	netns_enter();
	for (socklen_t with = 0; with < 2; with++) {
		socklen_t len =
			(socklen_t)snprintf(addr.sun_path, sizeof(addr.sun_path),
					    "/tmp/lsk-diag.%d", getpid());
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

		cr_assert_eq(bind(fd, (void *)&addr, 2 + len + with), 0);
		unlink(addr.sun_path);
		sock = find(&request, fd, NULL);
		cr_assert(LSK_HAS(&sock, LSK_DIAG_NAME));
		lsk_addr_unix(&expected, addr.sun_path, len);
		cr_assert(lsk_addr_equal(&sock.local, &expected));
		close(fd);
	}
}

Test(diag_netlink, finds_port_id_protocol_and_groups)
{
	struct lsk_diag_request request = {.family = AF_NETLINK,
					   .show = LSK_DIAG_SHOW_GROUPS};
	struct lsk_nl *nl = netns_handle();
	struct lsk_diag_socket sock;
	struct lsk_addr expected;

	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_LINK), 0);
	sock = find(&request, lsk_socket_fd(lsk_nl_event_socket(nl)), NULL);
	lsk_socket_getsockname(lsk_nl_event_socket(nl), &expected);
	((struct sockaddr_nl *)&expected.storage)->nl_groups = 0;
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	cr_assert_eq(sock.protocol, NETLINK_ROUTE);
	cr_assert(sock.has & 1 << LSK_DIAG_GROUPS);
	lsk_nl_close(nl);
}

Test(diag_unix, tells_owner_memory_shutdown_and_who_waits)
{
	struct lsk_diag_request request = {
		.family = AF_UNIX, .show = LSK_DIAG_SHOW_MEMORY | LSK_DIAG_SHOW_INFO};
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0lsk-wait"};
	struct lsk_diag_socket sock;
	int pair[2];
	int listener, client;

	netns_enter();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	cr_assert_eq(send(pair[1], "four", 4, 0), 4);
	cr_assert_eq(shutdown(pair[0], SHUT_WR), 0);
	sock = find(&request, pair[0], NULL);
	cr_assert_eq(sock.type, SOCK_SEQPACKET);
	cr_assert(sock.has & 1 << LSK_DIAG_SHUTDOWN);
	cr_assert_eq(sock.shutdown, 2);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	cr_assert_eq(sock.receive_queue, 4);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (void *)&addr, 2 + 9), 0);
	cr_assert_eq(listen(listener, 3), 0);
	cr_assert_eq(connect(client, (void *)&addr, 2 + 9), 0);
	sock = find(&request, listener, NULL);
	cr_assert(sock.has & 1 << LSK_DIAG_PENDING);
	cr_assert_eq(sock.pending.len, 4, "one connection waits");
	cr_assert_eq(sock.receive_queue, 1);
}

Test(diag_packet, finds_protocol_interface_memory_and_owner)
{
	struct lsk_diag_request request = {.family = AF_PACKET,
					   .show = LSK_DIAG_SHOW_INFO};
	const struct sockaddr_ll addr = {.sll_family = AF_PACKET,
					 .sll_protocol = htons(0x0800),
					 .sll_ifindex = 1};
	struct lsk_diag_socket sock;
	int fd;

	netns_enter();
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (const void *)&addr, sizeof(addr)), 0);
	sock = find(&request, fd, NULL);
	cr_assert_eq(sock.protocol, 0x0800);
	cr_assert_eq(sock.interface, 1);
	cr_assert_eq(sock.type, SOCK_DGRAM);
	cr_assert(sock.has & 1 << LSK_DIAG_INFO);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	cr_assert(sock.has & 1 << LSK_DIAG_QUEUES);
	cr_assert(sock.has & 1 << LSK_DIAG_UID);
	cr_assert_eq(sock.uid, geteuid());
}

Test(diag_destroy, fact_37_groups_tell_of_sockets_that_end)
{
	struct lsk_diag_socket sock = {.family = 0};
	struct lsk_nl_event event;
	struct lsk_addr expected;
	struct lsk_nl *nl;
	struct tcp tcp;

	netns_enter();
	nl = diag();
	cr_assert_eq(lsk_nl_join(nl, SKNLGRP_INET_TCP_DESTROY), 0);
	tcp = tcp_make();
	lsk_addr_set(&expected, &tcp.addr, sizeof(tcp.addr));
	close(tcp.listener);
	close(tcp.server);
	close(tcp.client);
	/* The ends go in any order; one of them is the listener. */
	while (!lsk_addr_equal(&sock.local, &expected)) {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &event), 0);
		cr_assert_eq(event.group, SKNLGRP_INET_TCP_DESTROY);
		cr_assert_eq(lsk_diag_parse(event.msg, &sock), 0);
		cr_assert_eq(sock.family, AF_INET);
	}
	lsk_nl_close(nl);
}

Test(diag_inet, fact_37_of_a_protocol_without_module_is_an_error)
{
	struct lsk_diag_request request = {.family = AF_INET, .protocol = 200};
	struct lsk_diag_socket sock;
	struct lsk_nl_dump *dump;
	struct lsk_nl *nl;
	int r;

	netns_enter();
	nl = diag();
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), 0);
	r = lsk_diag_next(dump, &sock);
	cr_assert(r == -ENOENT || r == -EOPNOTSUPP, "%d", r);
	lsk_nl_dump_end(dump, NULL);
	lsk_nl_close(nl);
}

Test(diag_inet, fact_37_no_cookie_means_whoever_has_the_addresses)
{
	struct lsk_diag_request request = {.family = AF_INET, .protocol = IPPROTO_TCP};
	struct lsk_diag_socket sock;
	struct lsk_nl *nl;
	struct tcp tcp;
	int r;

	netns_enter();
	tcp = tcp_make();
	nl = diag();
	sock = find(&request, tcp.server, NULL);
	sock.cookie ^= 1;
	r = lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL);
	if (r == -EOPNOTSUPP)
		cr_skip_test("a kernel without CONFIG_INET_DIAG_DESTROY");
	cr_assert_lt(r, 0, "another socket's cookie");
	sock.cookie = UINT64_MAX;
	cr_assert_eq(lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL), 0);
	lsk_nl_close(nl);
}

Test(diag, of_a_family_without_diag_is_refused)
{
	struct lsk_diag_request request = {.family = AF_ALG};
	struct lsk_nl *nl = diag();
	struct lsk_nl_dump *dump;
	struct lsk_diag_socket sock;
	LSK_NL_MSG(msg, 64);

	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -EAFNOSUPPORT);
	lsk_nl_msg_start(&msg, 20, 0, NULL, 0);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EBADMSG);
	lsk_nl_msg_start(&msg, 20, 0, "\x26", 1);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EAFNOSUPPORT);
	lsk_nl_msg_start(&msg, 20, 0, "\x02\0\0\0", 4);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EBADMSG);
	lsk_nl_close(nl);
}

/* The kernel knows whose the other end is, which the socket itself does not tell. */
Test(diag_unix, tells_of_the_other_end)
{
	struct lsk_socket *pair[2], *alone, *other_family;
	struct lsk_diag_socket peer = {.inode = 7};
	struct lsk_nl *nl = diag();
	int r;

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&alone, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&other_family, AF_INET, SOCK_DGRAM, 0), 0);
	r = lsk_diag_unix_peer(nl, pair[0], LSK_DIAG_SHOW_MEMORY, &peer);
	if (r == -ENOENT && !diag_is_required("unix"))
		cr_skip_test("no unix_diag in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(peer.family, AF_UNIX);
	cr_assert_eq(peer.type, SOCK_STREAM);
	cr_assert_eq(peer.inode, inode_of(lsk_socket_fd(pair[1])));
	cr_assert_eq(peer.peer_inode, inode_of(lsk_socket_fd(pair[0])));
	cr_assert(LSK_HAS(&peer, LSK_DIAG_MEMORY));
	/* Bytes that the other end has not read yet wait in its queue. */
	cr_assert_eq(lsk_socket_send(pair[0], "12345", 5, 0), 5);
	cr_assert_eq(lsk_diag_unix_peer(nl, pair[0], 0, &peer), 0);
	cr_assert(LSK_HAS(&peer, LSK_DIAG_QUEUES));
	cr_assert_eq(peer.receive_queue, 5);
	cr_assert_eq(lsk_diag_unix_peer(nl, alone, 0, &peer), -ENOTCONN);
	cr_assert_eq(lsk_diag_unix_peer(nl, other_family, 0, &peer), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_diag_unix(nl, 0, 0, &peer), -EINVAL);
	cr_assert_eq(peer.receive_queue, 5, "what failed has written nothing");
	lsk_socket_free(pair[1]);
	cr_assert_eq(lsk_diag_unix_peer(nl, pair[0], 0, &peer), -ENOTCONN);
	lsk_socket_free(pair[0]);
	lsk_socket_free(alone);
	lsk_socket_free(other_family);
	lsk_nl_close(nl);
}

Test(diag_unix, of_a_socket_that_is_gone_says_so)
{
	struct lsk_diag_socket found;
	struct lsk_socket *sock;
	struct lsk_nl *nl = diag();
	uint32_t inode;

	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_DGRAM, 0), 0);
	inode = inode_of(lsk_socket_fd(sock));
	lsk_socket_free(sock);
	cr_assert_eq(lsk_diag_unix(nl, inode, 0, &found), -ENOENT);
	lsk_nl_close(nl);
}
