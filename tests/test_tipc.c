/* SPDX-License-Identifier: MIT */
/*
 * TIPC on one node: services, groups, what a message is, the topology service, and the
 * tables over generic netlink. Where the kernel has no TIPC, every test that needs it
 * is skipped and says so; scenario tipc_socket.sh runs them in virtual machines.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/tipc.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <linsock/option.h>
#include <linsock/tipc.h>
#include <linsock/tipc_config.h>

#define SECOND LSK_NSEC_PER_SEC
#define TYPE   18888u

static struct lsk_socket *open_tipc(int type)
{
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_TIPC, type, 0);

	if (r == -EAFNOSUPPORT)
		cr_skip_test("no TIPC in this kernel: scenario tipc_socket.sh");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	return sock;
}

static struct lsk_addr service_in(uint32_t type, uint32_t instance, int8_t scope)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_tipc_service(&addr, type, instance, scope), 0);
	return addr;
}

static struct lsk_addr service(uint32_t type, uint32_t instance)
{
	return service_in(type, instance, TIPC_NODE_SCOPE);
}

/* A message with room for everything that TIPC tells. */
struct received {
	struct lsk_message message;
	struct lsk_tipc_info info;
	struct iovec part;
	char buf[256];
	_Alignas(struct cmsghdr) char control[LSK_TIPC_CONTROL_SIZE];
};

static ssize_t receive(struct lsk_socket *sock, struct received *received)
{
	ssize_t len;

	memset(received, 0, sizeof(*received));
	received->part = (struct iovec){received->buf, sizeof(received->buf)};
	received->message.buffers = &received->part;
	received->message.buffers_count = 1;
	received->message.control.data = received->control;
	received->message.control.size = sizeof(received->control);
	len = lsk_socket_recvmsg(sock, &received->message, 0);
	if (len >= 0)
		cr_assert_eq(lsk_tipc_message_info(&received->message, &received->info),
			     0);
	return len;
}

static void send_text(struct lsk_socket *sock, const char *text,
		      const struct lsk_addr *to)
{
	ssize_t sent = lsk_socket_sendto(sock, text, strlen(text), 0, to);

	cr_assert_eq(sent, (ssize_t)strlen(text), "%zd", sent);
}

Test(tipc_service, is_reached_by_its_name_and_told_with_the_message, .timeout = 60)
{
	struct lsk_socket *server = open_tipc(SOCK_RDM), *client = open_tipc(SOCK_RDM);
	struct lsk_addr name = service(TYPE, 17), own;
	struct received received;

	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	send_text(client, "hello", &name);
	cr_assert_eq(receive(server, &received), 5);
	cr_assert_eq(received.info.kind, LSK_TIPC_DATA);
	cr_assert_eq(lsk_socket_getsockname(client, &own), 0);
	cr_assert(lsk_addr_equal(&received.info.from, &own));
	cr_assert_eq(lsk_addr_family(&received.info.to), AF_TIPC);
	cr_assert_eq(received.info.member.len, 0);
	/* The answer goes to the socket, by its own address. */
	send_text(server, "you too", &received.info.from);
	cr_assert_eq(receive(client, &received), 7);
	cr_assert_eq(received.info.to.len, 0, "a socket was addressed, not a service");
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(tipc_service, that_was_withdrawn_is_unreachable, .timeout = 60)
{
	struct lsk_socket *server = open_tipc(SOCK_RDM), *client = open_tipc(SOCK_RDM);
	struct lsk_addr one = service(TYPE, 1), two = service(TYPE, 2), sock;

	cr_assert_eq(lsk_socket_bind(server, &one), 0);
	cr_assert_eq(lsk_socket_bind(server, &two), 0);
	cr_assert_eq(lsk_tipc_withdraw(server, &one), 0);
	cr_assert_eq(lsk_socket_sendto(client, "x", 1, 0, &one), -EHOSTUNREACH);
	send_text(client, "x", &two);
	cr_assert_eq(lsk_tipc_withdraw(server, NULL), 0);
	cr_assert_eq(lsk_socket_sendto(client, "x", 1, 0, &two), -EHOSTUNREACH);
	cr_assert_eq(lsk_socket_getsockname(server, &sock), 0);
	cr_assert_eq(lsk_tipc_withdraw(server, &sock), -EINVAL);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(tipc_service, with_a_reserved_type_is_refused)
{
	struct lsk_socket *sock = open_tipc(SOCK_RDM);
	struct lsk_addr name = service(5, 1);

	cr_assert_eq(lsk_socket_bind(sock, &name), -EACCES);
	lsk_socket_free(sock);
}

Test(tipc_message, that_nobody_reads_comes_back_with_its_bytes, .timeout = 60)
{
	struct lsk_socket *server = open_tipc(SOCK_RDM), *client = open_tipc(SOCK_RDM);
	struct lsk_addr name = service(TYPE, 3);
	struct received received;

	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	/* SOCK_RDM keeps the sender informed; what waits in a closed socket returns. */
	cr_assert_eq(
		lsk_socket_setsockopt_int(client, SOL_TIPC, TIPC_DEST_DROPPABLE, 0), 0);
	send_text(client, "unread", &name);
	lsk_socket_free(server);
	cr_assert_eq(receive(client, &received), 0);
	cr_assert_eq(received.info.kind, LSK_TIPC_RETURNED);
	cr_assert_eq(received.info.error, TIPC_ERR_NO_PORT, "%d", received.info.error);
	cr_assert_eq(received.info.returned_len, 6);
	cr_assert_eq(memcmp(received.info.returned, "unread", 6), 0);
	lsk_socket_free(client);
}

Test(tipc_group, tells_members_who_comes_speaks_and_goes, .timeout = 60)
{
	struct lsk_socket *first = open_tipc(SOCK_RDM), *second = open_tipc(SOCK_RDM);
	struct lsk_addr group = service(4711, 1), other = service(4711, 2);
	struct lsk_addr told = service_in(4711, 2, TIPC_CLUSTER_SCOPE);
	struct received received;

	cr_assert_eq(lsk_tipc_join(first, &group, LSK_TIPC_GROUP_EVENTS), 0);
	cr_assert_eq(lsk_tipc_join(first, &group, 0), -EACCES, "a member already");
	cr_assert_eq(lsk_tipc_join(second, &other, 0), 0);
	cr_assert_eq(receive(first, &received), 0);
	cr_assert_eq(received.info.kind, LSK_TIPC_MEMBER_UP);
	cr_assert(lsk_addr_equal(&received.info.member, &told));
	/* No address: to all. */
	cr_assert_eq(lsk_socket_send(second, "all", 3, 0), 3);
	cr_assert_eq(receive(first, &received), 3);
	cr_assert_eq(received.info.kind, LSK_TIPC_DATA);
	cr_assert(lsk_addr_equal(&received.info.member, &told));
	send_text(second, "any", &group);
	cr_assert_eq(receive(first, &received), 3);
	cr_assert_eq(memcmp(received.buf, "any", 3), 0);
	cr_assert_eq(lsk_tipc_leave(second), 0);
	cr_assert_eq(receive(first, &received), 0);
	cr_assert_eq(received.info.kind, LSK_TIPC_MEMBER_DOWN);
	lsk_socket_free(first);
	lsk_socket_free(second);
}

Test(tipc_topology, tells_what_is_published_withdrawn_and_over, .timeout = 60)
{
	struct lsk_tipc_subscription subscription = {
		.type = TYPE,
		.upper = UINT32_MAX,
		.timeout_ns = LSK_BLOCK,
		.each_port = true,
		.context = UINT64_C(0x1122334455667788),
	};
	struct lsk_socket *server = open_tipc(SOCK_RDM), *topology;
	struct lsk_addr name = service(TYPE, 99);
	struct lsk_tipc_event event;

	cr_assert_eq(lsk_tipc_topology(&topology), 0);
	lsk_socket_set_timeout(topology, 60 * SECOND);
	cr_assert_eq(lsk_tipc_subscribe(topology, &subscription), 0);
	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	cr_assert_eq(lsk_tipc_event_next(topology, &event), 0);
	cr_assert_eq(event.change, LSK_TIPC_PUBLISHED);
	cr_assert_eq(event.lower, 99);
	cr_assert_eq(event.upper, 99);
	cr_assert_eq(event.subscription.context, UINT64_C(0x1122334455667788));
	cr_assert_eq(event.subscription.timeout_ns, LSK_BLOCK);
	cr_assert(event.subscription.each_port);
	cr_assert_eq(lsk_tipc_withdraw(server, NULL), 0);
	cr_assert_eq(lsk_tipc_event_next(topology, &event), 0);
	cr_assert_eq(event.change, LSK_TIPC_WITHDRAWN);
	cr_assert_eq(lsk_tipc_unsubscribe(topology, &subscription), 0);
	subscription.timeout_ns = 1; /* becomes a millisecond */
	cr_assert_eq(lsk_tipc_subscribe(topology, &subscription), 0);
	cr_assert_eq(lsk_tipc_event_next(topology, &event), 0);
	cr_assert_eq(event.change, LSK_TIPC_EXPIRED);
	subscription.lower = 7;
	subscription.upper = 6;
	cr_assert_eq(lsk_tipc_subscribe(topology, &subscription), LSK_ERR_RANGE);
	lsk_socket_free(topology);
	lsk_socket_free(server);
}

Test(tipc_event, of_wrong_length_or_kind_is_refused)
{
	uint8_t bytes[LSK_TIPC_EVENT_SIZE] = {0};
	struct lsk_tipc_event event;
	uint32_t kind = 4;

	cr_assert_eq(lsk_tipc_event_parse(bytes, sizeof(bytes) - 1, &event), -EBADMSG);
	cr_assert_eq(lsk_tipc_event_parse(bytes, sizeof(bytes), &event), -EBADMSG);
	memcpy(bytes, &kind, sizeof(kind));
	cr_assert_eq(lsk_tipc_event_parse(bytes, sizeof(bytes), &event), -EBADMSG);
	kind = LSK_TIPC_EXPIRED;
	memcpy(bytes, &kind, sizeof(kind));
	cr_assert_eq(lsk_tipc_event_parse(bytes, sizeof(bytes), &event), 0);
}

Test(tipc_message, of_another_family_or_torn_is_refused)
{
	_Alignas(struct cmsghdr) char room[64];
	struct lsk_message message = {.control = {.data = room, .size = sizeof(room)}};
	struct lsk_tipc_info info;
	uint32_t word = 1;

	cr_assert_eq(lsk_addr_inet(&message.addr, "127.0.0.1", 1), 0);
	cr_assert_eq(lsk_tipc_message_info(&message, &info), -EBADMSG);
	message.addr.len = 0;
	cr_assert_eq(lsk_tipc_message_info(&message, &info), 0);
	cr_assert_eq(lsk_control_add(&message.control, SOL_TIPC, TIPC_ERRINFO, &word,
				     sizeof(word)),
		     0);
	cr_assert_eq(lsk_tipc_message_info(&message, &info), -EBADMSG);
	message.control.len = 0;
	cr_assert_eq(lsk_control_add(&message.control, SOL_TIPC, TIPC_DESTNAME, &word,
				     sizeof(word)),
		     0);
	cr_assert_eq(lsk_tipc_message_info(&message, &info), -EBADMSG);
}

/* A connect completes only when the peer accepts. */
Test(tipc_connect, ends_by_its_deadline_where_nobody_accepts, .timeout = 60)
{
	struct lsk_socket *server = open_tipc(SOCK_SEQPACKET);
	struct lsk_socket *client = open_tipc(SOCK_SEQPACKET);
	struct lsk_addr name = service(TYPE, 5);

	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	cr_assert_eq(lsk_socket_listen(server, 5), 0);
	cr_assert_eq(lsk_socket_set_timeout(client, SECOND / 20), 0);
	cr_assert_eq(lsk_socket_connect(client, &name), -ETIME);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

static void *accept_one(void *context)
{
	struct lsk_socket *peer = NULL;

	if (lsk_socket_accept(context, &peer, NULL) == 0)
		(void)lsk_socket_send(peer, "in", 2, 0);
	return peer;
}

/* A peer that says goodbye is the end of the stream; one that just closes resets it. */
static void check_connection(int type, uint32_t instance, bool says_goodbye)
{
	struct lsk_socket *server = open_tipc(type), *client = open_tipc(type);
	struct lsk_addr name = service(TYPE, instance);
	pthread_t thread;
	char buf[8];
	ssize_t end;
	void *peer;

	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	cr_assert_eq(lsk_socket_listen(server, 5), 0);
	cr_assert_eq(pthread_create(&thread, NULL, accept_one, server), 0);
	cr_assert_eq(lsk_socket_connect(client, &name), 0);
	cr_assert_eq(lsk_socket_recv(client, buf, sizeof(buf), 0), 2);
	pthread_join(thread, &peer);
	cr_assert_not_null(peer);
	if (says_goodbye)
		cr_assert_eq(lsk_socket_shutdown(peer, SHUT_RDWR), 0);
	lsk_socket_free(peer);
	end = lsk_socket_recv(client, buf, sizeof(buf), 0);
	cr_assert_eq(end, says_goodbye ? 0 : -ECONNRESET, "%zd", end);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(tipc_connect, carries_streams_and_packets, .timeout = 60)
{
	check_connection(SOCK_STREAM, 6, true);
	check_connection(SOCK_SEQPACKET, 7, true);
}

Test(tipc_connect, is_reset_by_a_peer_that_closes_without_shutdown, .timeout = 60)
{
	check_connection(SOCK_STREAM, 8, false);
	check_connection(SOCK_SEQPACKET, 9, false);
}

Test(tipc_options, are_set_in_their_units)
{
	struct lsk_socket *sock = open_tipc(SOCK_SEQPACKET);
	int value;

	cr_assert_eq(lsk_tipc_set_importance(sock, LSK_TIPC_HIGH), 0);
	cr_assert_eq(lsk_socket_getsockopt_int(sock, SOL_TIPC, TIPC_IMPORTANCE, &value),
		     0);
	cr_assert_eq(value, LSK_TIPC_HIGH);
	cr_assert_eq(lsk_tipc_set_connect_timeout(sock, 1000001), 0);
	cr_assert_eq(
		lsk_socket_getsockopt_int(sock, SOL_TIPC, TIPC_CONN_TIMEOUT, &value),
		0);
	cr_assert_eq(value, 2, "1.000001 ms are rounded up, not %d", value);
	cr_assert_eq(lsk_tipc_set_connect_timeout(sock, 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_tipc_set_connect_timeout(sock, LSK_BLOCK), LSK_ERR_RANGE);
	lsk_socket_free(sock);
}

/* --- over generic netlink ---------------------------------------------------- */

static struct lsk_nl *open_config(void)
{
	struct lsk_nl *nl;

	lsk_socket_free(open_tipc(SOCK_RDM)); /* skips where there is none */
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_GENERIC, NULL), 0);
	return nl;
}

Test(tipc_config, lists_what_is_published_and_by_which_socket, .timeout = 60)
{
	struct lsk_socket *server = open_tipc(SOCK_RDM);
	struct lsk_nl *nl = open_config();
	struct lsk_tipc_publication row;
	struct lsk_tipc_socket sock_row;
	struct lsk_addr name, own;
	struct lsk_nl_dump *dump;
	uint32_t reference = 0;
	int found = 0, r;

	cr_assert_eq(lsk_addr_tipc_range(&name, TYPE, 30, 39, TIPC_NODE_SCOPE), 0);
	cr_assert_eq(lsk_socket_bind(server, &name), 0);
	cr_assert_eq(lsk_tipc_dump(nl, LSK_TIPC_PUBLICATIONS, &dump), 0);
	while ((r = lsk_tipc_next(dump, LSK_TIPC_PUBLICATIONS, &row)) > 0) {
		if (row.type != TYPE)
			continue;
		found++;
		cr_assert_eq(row.lower, 30);
		cr_assert_eq(row.upper, 39);
		cr_assert_eq(row.scope, TIPC_NODE_SCOPE);
		reference = row.reference;
	}
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(found, 1);
	cr_assert_eq(lsk_socket_getsockname(server, &own), 0);
	found = 0;
	cr_assert_eq(lsk_tipc_dump(nl, LSK_TIPC_SOCKETS, &dump), 0);
	while ((r = lsk_tipc_next(dump, LSK_TIPC_SOCKETS, &sock_row)) > 0)
		if (sock_row.reference == reference) {
			found++;
			cr_assert(sock_row.is_published);
		}
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(found, 1);
	lsk_nl_close(nl);
	lsk_socket_free(server);
}

Test(tipc_config, tells_faults_in_the_kernels_words, .timeout = 60)
{
	struct lsk_tipc_bearer bearer = {.name = "eth:no-such"};
	struct lsk_nl *nl = open_config();
	struct lsk_tipc_link link = {.name = "no:such-link:here"};
	struct lsk_nl_dump *dump;
	struct lsk_tipc_net net;

	cr_assert_eq(lsk_tipc_net_get(nl, &net), 0);
	cr_assert(LSK_HAS(&net, LSK_TIPC_NET_ID));
	cr_assert_lt(lsk_tipc_bearer_enable(nl, &bearer, NULL), 0);
	cr_assert_lt(lsk_tipc_bearer_disable(nl, "eth:no-such", NULL), 0);
	link.has = LSK_SET(LSK_TIPC_TOLERANCE);
	link.properties.tolerance_ms = 1000;
	cr_assert_lt(lsk_tipc_link_set(nl, &link, NULL), 0);
	cr_assert_eq(lsk_tipc_dump(nl, LSK_TIPC_TABLE__COUNT, &dump), -EINVAL);
	lsk_nl_close(nl);
}
