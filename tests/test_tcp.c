/* SPDX-License-Identifier: MIT */
/*
 * TCP on the loopback of a namespace of the test's own: data in the first packet,
 * signatures, TLS by the kernel, and pages without a copy. What a kernel lacks is
 * skipped by name; scenario inet_tcp.sh has kernels that have it.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linsock/error.h>
#include <linsock/file.h>
#include <linsock/message.h>
#include <linsock/tcp.h>
#include <linsock/tls.h>

#include "tests/support/netns.h"

#define SECOND LSK_NSEC_PER_SEC

static struct lsk_addr place(const char *host, unsigned int port)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet(&addr, host, port), 0);
	return addr;
}

static struct lsk_socket *stream(void)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	return sock;
}

static struct lsk_socket *listener(struct lsk_addr *ret_addr)
{
	struct lsk_socket *sock = stream();

	*ret_addr = place("127.0.0.1", 0);
	cr_assert_eq(lsk_socket_bind(sock, ret_addr), 0);
	cr_assert_eq(lsk_socket_listen(sock, 8), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, ret_addr), 0);
	return sock;
}

static struct lsk_socket *accepted(struct lsk_socket *server)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_accept(server, &sock, NULL), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	return sock;
}

static void write_setting(const char *path, const char *value)
{
	FILE *file = fopen(path, "we");

	if (!file)
		cr_skip_test("%s cannot be written here", path);
	cr_assert_geq(fputs(value, file), 0);
	if (fclose(file) != 0)
		cr_skip_test("%s cannot be set here", path);
}

/* --- data in the first packet ------------------------------------------------ */

static void connect_once(struct lsk_socket *server, const struct lsk_addr *to,
			 int was_expected)
{
	struct lsk_socket *client = stream(), *peer;
	char buf[8];

	cr_assert_eq(lsk_tcp_connect_sending(client, to, "first", 5), 5);
	peer = accepted(server);
	cr_assert_eq(lsk_socket_recv(peer, buf, 5, MSG_WAITALL), 5);
	cr_assert_eq(memcmp(buf, "first", 5), 0);
	cr_assert_eq(lsk_socket_send(peer, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(client, buf, 1, 0), 1);
	cr_assert_eq(lsk_tcp_was_fastopen(client), was_expected);
	cr_assert_eq(lsk_tcp_was_fastopen(peer), was_expected);
	lsk_socket_free(client);
	lsk_socket_free(peer);
}

Test(tcp_fastopen, second_connection_sends_in_its_first_packet, .timeout = 60)
{
	struct lsk_socket *server;
	struct lsk_addr to;

	netns_enter();
	write_setting("/proc/sys/net/ipv4/tcp_fastopen", "3");
	server = listener(&to);
	cr_assert_eq(lsk_tcp_set_fastopen(server, 8), 0);
	/* The first one asks for the cookie. */
	connect_once(server, &to, 0);
	connect_once(server, &to, 1);
	cr_assert_eq(lsk_tcp_set_fastopen(server, -1), -EINVAL);
	lsk_socket_free(server);
}

Test(tcp_fastopen, is_refused_where_it_is_not_allowed, .timeout = 60)
{
	struct lsk_socket *server, *client;
	struct lsk_addr to;

	netns_enter();
	write_setting("/proc/sys/net/ipv4/tcp_fastopen", "0");
	server = listener(&to);
	client = stream();
	cr_assert_eq(lsk_tcp_connect_sending(client, &to, "x", 1), -EOPNOTSUPP);
	cr_assert_eq(lsk_tcp_connect_sending(client, NULL, "x", 1), -EINVAL);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

/* --- signatures -------------------------------------------------------------- */

static void need(int r, const char *what)
{
	if (r == -ENOPROTOOPT)
		cr_skip_test("this kernel was built without %s", what);
	cr_assert_eq(r, 0, "%s: %d", what, r);
}

static void talk(struct lsk_socket *server, struct lsk_socket *client,
		 const struct lsk_addr *to)
{
	struct lsk_socket *peer;
	char byte;

	cr_assert_eq(lsk_socket_connect(client, to), 0);
	peer = accepted(server);
	cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(peer, &byte, 1, 0), 1);
	lsk_socket_free(peer);
}

Test(tcp_md5, only_a_peer_with_the_key_connects, .timeout = 60)
{
	struct lsk_socket *server, *client;
	struct lsk_addr to, network, own;

	netns_enter();
	server = listener(&to);
	network = place("127.0.0.0", 0);
	own = place("127.0.0.1", 0);
	need(lsk_tcp_set_md5_key(server, &network, 8, "secret", 6), "TCP_MD5SIG");
	client = stream();
	cr_assert_eq(lsk_tcp_set_md5_key(client, &own, -1, "secret", 6), 0);
	talk(server, client, &to);
	lsk_socket_free(client);
	/* Dropped in silence, so that the deadline ends it: of a wrong key and of none.
	 */
	for (int i = 0; i < 2; i++) {
		client = stream();
		cr_assert_eq(lsk_socket_set_timeout(client, SECOND / 4), 0);
		if (i == 0)
			cr_assert_eq(lsk_tcp_set_md5_key(client, &own, -1, "guess", 5),
				     0);
		cr_assert_eq(lsk_socket_connect(client, &to), -ETIME);
		lsk_socket_free(client);
	}
	cr_assert_eq(lsk_tcp_set_md5_key(server, &network, 8, NULL, 0), 0);
	cr_assert_eq(lsk_tcp_set_md5_key(server, &network, 8, NULL, 0), -ENOENT);
	client = stream();
	talk(server, client, &to);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(tcp_md5, nonsense_is_refused)
{
	struct lsk_socket *sock = stream();
	struct lsk_addr peer = place("127.0.0.1", 0), local;
	char key[LSK_TCP_KEY_MAX + 1] = "";

	cr_assert_eq(lsk_addr_unix(&local, "/x", 2), 0);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, &local, -1, key, 1), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, &peer, 33, key, 1), LSK_ERR_RANGE);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, &peer, -1, key, sizeof(key)),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, &peer, -1, key, 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, NULL, -1, key, 1), -EINVAL);
	cr_assert_eq(lsk_tcp_set_md5_key(sock, &peer, -1, NULL, 1), -EINVAL);
	lsk_socket_free(sock);
}

Test(tcp_ao, only_a_peer_with_the_key_connects, .timeout = 60)
{
	struct lsk_tcp_ao_key key = {
		.prefix = -1,
		.algorithm = "hmac(sha1)",
		.send_id = 7,
		.receive_id = 7,
		.key = "secret",
		.key_len = 6,
	};
	struct lsk_tcp_ao_info info = {.current_id = -2};
	struct lsk_socket *server, *client;
	struct lsk_addr to;

	netns_enter();
	server = listener(&to);
	key.peer = place("127.0.0.1", 0);
	need(lsk_tcp_ao_add(server, &key), "TCP_AO");
	cr_assert_eq(lsk_tcp_ao_add(server, &key), -EEXIST);
	client = stream();
	cr_assert_eq(lsk_tcp_ao_info(client, &info), -ENOENT);
	cr_assert_eq(lsk_tcp_ao_add(client, &key), 0);
	talk(server, client, &to);
	cr_assert_eq(lsk_tcp_ao_info(client, &info), 0);
	cr_assert_eq(info.current_id, 7);
	cr_assert_gt(info.good, 0);
	lsk_socket_free(client);
	client = stream();
	key.key = "guess!";
	cr_assert_eq(lsk_tcp_ao_add(client, &key), 0);
	cr_assert_eq(lsk_socket_set_timeout(client, SECOND / 4), 0);
	cr_assert_eq(lsk_socket_connect(client, &to), -ETIME);
	lsk_socket_free(client);
	cr_assert_eq(lsk_tcp_ao_delete(server, &key), 0);
	cr_assert_eq(lsk_tcp_ao_delete(server, &key), -ENOENT);
	lsk_socket_free(server);
}

Test(tcp_ao, nonsense_is_refused)
{
	struct lsk_socket *sock = stream();
	struct lsk_tcp_ao_key key = {
		.peer = place("127.0.0.1", 0),
		.prefix = 40,
		.algorithm = "hmac(sha1)",
		.key = "secret",
		.key_len = 6,
	};

	cr_assert_eq(lsk_tcp_ao_add(sock, &key), LSK_ERR_RANGE);
	cr_assert_eq(lsk_tcp_ao_delete(sock, &key), LSK_ERR_RANGE);
	key.prefix = -1;
	key.key_len = 0;
	cr_assert_eq(lsk_tcp_ao_add(sock, &key), LSK_ERR_RANGE);
	key.key_len = 81;
	cr_assert_eq(lsk_tcp_ao_add(sock, &key), LSK_ERR_RANGE);
	key.key = NULL;
	cr_assert_eq(lsk_tcp_ao_add(sock, &key), -EINVAL);
	cr_assert_eq(lsk_tcp_ao_add(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_tcp_ao_info(sock, NULL), -EINVAL);
	lsk_socket_free(sock);
}

/* --- pages without a copy ---------------------------------------------------- */

struct pair {
	struct lsk_socket *client, *server;
};

static struct pair connect_pair(void)
{
	struct lsk_addr to;
	struct lsk_socket *server = listener(&to);
	struct pair pair = {.client = stream()};

	cr_assert_eq(lsk_socket_connect(pair.client, &to), 0);
	pair.server = accepted(server);
	lsk_socket_free(server);
	return pair;
}

static void free_pair(struct pair *pair)
{
	lsk_socket_free(pair->client);
	lsk_socket_free(pair->server);
}

#define MAP_SIZE  (1 << 20)
#define FILE_SIZE (1024 * 1024 + 123)

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 7 + offset / 4096);
}

static size_t check_bytes(const void *bytes, size_t len, size_t offset)
{
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(((const uint8_t *)bytes)[i], byte_at(offset + i), "at %zu",
			     offset + i);
	return offset + len;
}

/* A file of memory has whole pages, which sendfile puts into the queue as they are. */
static int file_of_pages(void)
{
	uint8_t *bytes = malloc(FILE_SIZE);
	int fd = memfd_create("pages", MFD_CLOEXEC);

	cr_assert(bytes && fd >= 0);
	for (size_t i = 0; i < FILE_SIZE; i++)
		bytes[i] = byte_at(i);
	cr_assert_eq(write(fd, bytes, FILE_SIZE), FILE_SIZE);
	free(bytes);
	return fd;
}

struct sender {
	struct lsk_socket *sock;
	int fd;
};

static void *send_file(void *context)
{
	struct sender *sender = context;
	struct lsk_file_range range = {.fd = sender->fd, .count = FILE_SIZE};
	uint64_t sent = 0;

	if (lsk_socket_sendfile(sender->sock, &range, &sent) < 0)
		sent = 0;
	lsk_socket_shutdown(sender->sock, SHUT_WR);
	return (void *)(uintptr_t)sent;
}

/* Pages stay whole where a segment's data is some of them: 15 here, behind headers of
 * 20 and 32 bytes. */
static void set_mtu_of_pages(void)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_MTU),
		.info = {.ifi_index = 1},
		.mtu = 15 * 4096 + 52,
	};
	struct lsk_nl *nl = netns_handle();

	cr_assert_eq(lsk_rtnl_change(nl, RTM_NEWLINK, 0, &link, NULL), 0);
	lsk_nl_close(nl);
}

/* The kernel maps single pages of its own alone. It puts what is sent into those where
 * it is told to take no larger pieces, which scenario inet_tcp.sh does. */
static bool has_single_pages(void)
{
	FILE *file = fopen("/proc/sys/net/core/high_order_alloc_disable", "re");
	int value = 0;

	if (file) {
		cr_assert_eq(fscanf(file, "%d", &value), 1);
		fclose(file);
	}
	return value == 1;
}

static void *send_bytes(void *context)
{
	struct sender *sender = context;
	uint8_t *bytes = malloc(FILE_SIZE);
	size_t sent = 0;

	if (bytes && pread(sender->fd, bytes, FILE_SIZE, 0) == FILE_SIZE)
		(void)lsk_socket_sendall(sender->sock, bytes, FILE_SIZE, 0, &sent);
	lsk_socket_shutdown(sender->sock, SHUT_WR);
	free(bytes);
	return (void *)(uintptr_t)sent;
}

Test(tcp_map, everything_comes_in_order_in_pages_and_rests, .timeout = 60)
{
	struct sender sender = {.fd = file_of_pages()};
	size_t offset = 0, pages = 0;
	struct lsk_tcp_mapped mapped;
	struct lsk_tcp_map *map;
	pthread_t thread;
	struct pair pair;
	void *sent;
	bool is_mapped = has_single_pages();
	ssize_t r;

	set_mtu_of_pages();
	pair = connect_pair();
	sender.sock = pair.client;
	cr_assert_eq(lsk_tcp_map_new(&map, pair.server, MAP_SIZE), 0);
	/* Less than 32 KiB would be copied: begin when more is there. */
	cr_assert_eq(lsk_socket_setsockopt_int(pair.server, SOL_SOCKET, SO_RCVLOWAT,
					       96 * 1024),
		     0);
	cr_assert_eq(pthread_create(&thread, NULL, send_bytes, &sender), 0);
	cr_assert_gt(lsk_socket_wait(pair.server, POLLIN, 60 * SECOND), 0);
	cr_assert_eq(lsk_socket_setsockopt_int(pair.server, SOL_SOCKET, SO_RCVLOWAT, 1),
		     0);
	while ((r = lsk_tcp_map_receive(map, &mapped)) > 0) {
		cr_assert_eq((size_t)r, mapped.pages_len + mapped.rest_len);
		cr_assert_eq(mapped.pages_len % 4096, 0);
		offset = check_bytes(mapped.pages, mapped.pages_len, offset);
		offset = check_bytes(mapped.rest, mapped.rest_len, offset);
		pages += mapped.pages_len / 4096;
	}
	cr_assert_eq(r, 0, "%zd", r);
	cr_assert_eq(offset, FILE_SIZE);
	if (is_mapped)
		cr_assert_gt(pages, 0);
	pthread_join(thread, &sent);
	cr_assert_eq((uintptr_t)sent, FILE_SIZE);
	lsk_tcp_map_free(map);
	close(sender.fd);
	free_pair(&pair);
}

Test(tcp_map, timeouts_hold_and_nonsense_is_refused, .timeout = 60)
{
	struct lsk_tcp_mapped mapped;
	struct lsk_tcp_map *map;
	struct lsk_socket *sock;
	struct pair pair;

	netns_enter();
	pair = connect_pair();
	cr_assert_eq(lsk_tcp_map_new(&map, pair.server, 4095), -EINVAL);
	cr_assert_eq(lsk_tcp_map_new(&map, pair.server, 0), -EINVAL);
	cr_assert_eq(lsk_tcp_map_new(NULL, pair.server, 4096), -EINVAL);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_tcp_map_new(&map, sock, 4096), -EOPNOTSUPP);
	cr_assert_eq(lsk_tcp_map_new(&map, pair.server, MAP_SIZE), 0);
	cr_assert_eq(lsk_tcp_map_receive(map, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_set_timeout(pair.server, SECOND / 20), 0);
	cr_assert_eq(lsk_tcp_map_receive(map, &mapped), -ETIME);
	cr_assert_eq(lsk_socket_set_timeout(pair.server, 0), 0);
	cr_assert_eq(lsk_tcp_map_receive(map, &mapped), -EAGAIN);
	cr_assert_null(lsk_tcp_map_free(map));
	cr_assert_null(lsk_tcp_map_free(NULL));
	lsk_socket_free(sock);
	free_pair(&pair);
}

/* --- TLS --------------------------------------------------------------------- */

static struct pair tls_pair(void)
{
	struct pair pair;
	int r;

	netns_enter();
	pair = connect_pair();
	r = lsk_tls_attach(pair.client);
	if (r == -ENOENT)
		cr_skip_test("no TLS in this kernel: scenario inet_tcp.sh");
	cr_assert_eq(r, 0, "%d", r);
	return pair;
}

static struct lsk_tls_keys keys_of(uint16_t version, enum lsk_tls_cipher cipher)
{
	struct lsk_tls_keys keys = {.version = version, .cipher = cipher};

	memset(keys.key, 0x11, sizeof(keys.key));
	memset(keys.iv, 0x22, sizeof(keys.iv));
	memset(keys.salt, 0x33, sizeof(keys.salt));
	return keys;
}

static void set_both(struct pair *pair, const struct lsk_tls_keys *keys)
{
	cr_assert_eq(lsk_tls_set_keys(pair->client, LSK_TLS_SEND, keys), 0);
	cr_assert_eq(lsk_tls_set_keys(pair->server, LSK_TLS_RECEIVE, keys), 0);
}

/* Records of each cipher, of both versions; a file; and an alert at the end. */
static void exchange(uint16_t version, enum lsk_tls_cipher cipher)
{
	struct lsk_tls_keys keys = keys_of(version, cipher);
	struct sender sender = {.fd = file_of_pages()};
	static uint8_t buf[LSK_TLS_RECORD_MAX];
	struct pair pair = tls_pair();
	unsigned int type = 0;
	size_t offset = 0;
	pthread_t thread;

	cr_assert_eq(lsk_tls_attach(pair.server), 0);
	set_both(&pair, &keys);
	cr_assert_eq(lsk_socket_send(pair.client, "hello", 5, 0), 5);
	cr_assert_eq(lsk_tls_recv_record(pair.server, buf, sizeof(buf), &type), 5);
	cr_assert_eq(type, LSK_TLS_RECORD_DATA);
	cr_assert_eq(memcmp(buf, "hello", 5), 0);
	cr_assert_eq(lsk_tls_send_record(pair.client, LSK_TLS_RECORD_ALERT, "\1\0", 2),
		     2);
	/* The plain call has no place for the type, and says so. */
	cr_assert_eq(lsk_socket_recv(pair.server, buf, sizeof(buf), 0), -EIO);
	cr_assert_eq(lsk_tls_recv_record(pair.server, buf, sizeof(buf), &type), 2);
	cr_assert_eq(type, LSK_TLS_RECORD_ALERT);
	sender.sock = pair.client;
	cr_assert_eq(pthread_create(&thread, NULL, send_file, &sender), 0);
	while (offset < FILE_SIZE) {
		ssize_t r = lsk_socket_recv(pair.server, buf, sizeof(buf), 0);

		cr_assert_gt(r, 0, "%zd", r);
		offset = check_bytes(buf, (size_t)r, offset);
	}
	pthread_join(thread, NULL);
	close(sender.fd);
	free_pair(&pair);
}

Test(tls, records_and_a_file_go_by_aes_128_gcm, .timeout = 60)
{
	exchange(0x0303, LSK_TLS_AES_128_GCM);
	exchange(0x0304, LSK_TLS_AES_128_GCM);
}

Test(tls, records_and_a_file_go_by_aes_256_gcm, .timeout = 60)
{
	exchange(0x0304, LSK_TLS_AES_256_GCM);
}

Test(tls, records_and_a_file_go_by_chacha20, .timeout = 60)
{
	exchange(0x0304, LSK_TLS_CHACHA20_POLY1305);
}

Test(tls, records_and_a_file_go_by_aes_128_ccm, .timeout = 60)
{
	exchange(0x0304, LSK_TLS_AES_128_CCM);
}

/* A peer without keys sees what is on the wire: heading, nonce, ciphertext, tag. */
Test(tls, wire_has_no_plain_text, .timeout = 60)
{
	struct lsk_tls_keys keys = keys_of(0x0303, LSK_TLS_AES_128_GCM);
	struct pair pair = tls_pair();
	uint8_t buf[64] = {0};

	cr_assert_eq(lsk_tls_set_keys(pair.client, LSK_TLS_SEND, &keys), 0);
	cr_assert_eq(lsk_socket_send(pair.client, "hello", 5, 0), 5);
	cr_assert_eq(lsk_socket_recv(pair.server, buf, 5 + 8 + 5 + 16, MSG_WAITALL),
		     5 + 8 + 5 + 16);
	cr_assert_eq(memcmp(buf, "\x17\3\3\0\x1d", 5), 0);
	cr_assert_null(memmem(buf, sizeof(buf), "hello", 5));
	free_pair(&pair);
}

Test(tls, damaged_records_are_told, .timeout = 60)
{
	struct lsk_tls_keys keys = keys_of(0x0303, LSK_TLS_AES_128_GCM);
	struct pair pair = tls_pair();
	unsigned int type;
	uint8_t buf[64];

	cr_assert_eq(lsk_tls_attach(pair.server), 0);
	cr_assert_eq(lsk_tls_set_keys(pair.client, LSK_TLS_SEND, &keys), 0);
	keys.key[0] ^= 1;
	cr_assert_eq(lsk_tls_set_keys(pair.server, LSK_TLS_RECEIVE, &keys), 0);
	cr_assert_eq(lsk_socket_send(pair.client, "hello", 5, 0), 5);
	cr_assert_eq(lsk_tls_recv_record(pair.server, buf, sizeof(buf), &type),
		     -EBADMSG);
	free_pair(&pair);
}

Test(tls, nonsense_is_refused, .timeout = 60)
{
	struct lsk_tls_keys keys = keys_of(0x0302, LSK_TLS_AES_128_GCM);
	struct lsk_socket *sock = stream();
	unsigned int type;

	cr_assert_eq(lsk_tls_set_keys(sock, LSK_TLS_SEND, &keys), -EINVAL);
	keys.version = 0x0304;
	cr_assert_eq(lsk_tls_set_keys(sock, (enum lsk_tls_direction)3, &keys), -EINVAL);
	cr_assert_eq(lsk_tls_set_keys(sock, LSK_TLS_SEND, NULL), -EINVAL);
	cr_assert_eq(lsk_tls_set_keys(sock, LSK_TLS_SEND, &keys), -ENOPROTOOPT);
	keys.cipher = LSK_TLS_CIPHER__COUNT;
	cr_assert_eq(lsk_tls_set_keys(sock, LSK_TLS_SEND, &keys), -EINVAL);
	cr_assert_eq(lsk_tls_send_record(sock, 256, "x", 1), LSK_ERR_RANGE);
	cr_assert_eq(lsk_tls_send_record(sock, 21, "x", LSK_TLS_RECORD_MAX + 1),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_tls_send_record(sock, 21, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_tls_recv_record(sock, NULL, 1, &type), -EINVAL);
	lsk_socket_free(sock);
}
