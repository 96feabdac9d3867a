/* SPDX-License-Identifier: MIT */
/* TCP: data in the first packet, and signatures of segments. See tcp(7). */
#include <linsock/tcp.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/error.h>
#include <linsock/option.h>

#include "src/socket.h"
#include "uring/util.h"

/* linux/tcp.h cannot be included with netinet/tcp.h, and both are older than some of
 * these. */
enum {
	OPTION_FASTOPEN = 23,
	OPTION_MD5SIG = 14,
	OPTION_MD5SIG_EXT = 32,
	OPTION_AO_ADD = 38,
	OPTION_AO_DELETE = 39,
	OPTION_AO_INFO = 40,
	MD5_FLAG_PREFIX = 1,
	AO_FLAG_INTERFACE = 1,
	MAC_DEFAULT = 12,
};

/* tcpi_options of struct tcp_info, and the bit of data in the SYN. */
#define INFO_OPTIONS_OFFSET 5
#define INFO_SYN_DATA       32

struct md5_request {
	struct sockaddr_storage addr;
	uint8_t flags;
	uint8_t prefix;
	uint16_t key_len;
	int32_t interface;
	uint8_t key[LSK_TCP_KEY_MAX];
};

struct ao_add_request {
	struct sockaddr_storage addr;
	char algorithm[64];
	int32_t interface;
	uint32_t bits;
	uint16_t reserved;
	uint8_t prefix;
	uint8_t send_id;
	uint8_t receive_id;
	uint8_t mac_len;
	uint8_t flags;
	uint8_t key_len;
	uint8_t key[LSK_TCP_KEY_MAX];
} __attribute__((aligned(8)));

struct ao_delete_request {
	struct sockaddr_storage addr;
	int32_t interface;
	uint32_t bits;
	uint16_t reserved;
	uint8_t prefix;
	uint8_t send_id;
	uint8_t receive_id;
	uint8_t current;
	uint8_t next;
	uint8_t flags;
} __attribute__((aligned(8)));

struct ao_info {
	uint32_t bits;
	uint16_t reserved;
	uint8_t current;
	uint8_t next;
	uint64_t good;
	uint64_t bad;
	uint64_t key_not_found;
	uint64_t required;
	uint64_t dropped_icmp;
};

/* Bits of the requests: the first two of the kernel's bit fields. */
#define AO_CURRENT 1u
#define AO_NEXT    2u

static_assert(sizeof(struct md5_request) == 216, "as the kernel has it");
static_assert(sizeof(struct ao_add_request) == 288, "as the kernel has it");
static_assert(sizeof(struct ao_delete_request) == 144, "as the kernel has it");
static_assert(sizeof(struct ao_info) == 48, "as the kernel has it");

/* --- data in the first packet ------------------------------------------------ */

int lsk_tcp_set_fastopen(struct lsk_socket *listener, int queue)
{
	if (queue < 0)
		return -EINVAL;
	return lsk_socket_setsockopt_int(listener, IPPROTO_TCP, OPTION_FASTOPEN, queue);
}

ssize_t lsk_tcp_connect_sending(struct lsk_socket *sock, const struct lsk_addr *to,
				const void *buf, size_t len)
{
	int64_t deadline_ns;
	ssize_t r;

	if (!sock || !to)
		return -EINVAL;
	deadline_ns = socket_deadline(sock);
	r = lsk_socket_sendto(sock, buf, len, MSG_FASTOPEN, to);
	if (r != -EINPROGRESS || socket_timeout(sock) == 0)
		return r;
	/* No cookie yet: the handshake goes first, and took nothing along. */
	r = socket_poll(sock, POLLOUT, deadline_ns);
	if (r >= 0)
		r = lsk_socket_error(sock);
	return r < 0 ? r : lsk_socket_send(sock, buf, len, 0);
}

int lsk_tcp_was_fastopen(const struct lsk_socket *sock)
{
	/* What comes first in every kernel's struct. */
	uint8_t info[8] = {0};
	int r = lsk_socket_tcp_info(sock, info, sizeof(info));

	if (r < 0)
		return r;
	return (info[INFO_OPTIONS_OFFSET] & INFO_SYN_DATA) != 0;
}

/* --- signatures -------------------------------------------------------------- */

/* The prefix of @peer that counts; negative: no such prefix, or family. */
static int prefix_of(const struct lsk_addr *peer, int prefix)
{
	int family = lsk_addr_family(peer);
	int max = family == AF_INET ? 32 : 128;

	if (family != AF_INET && family != AF_INET6)
		return LSK_ERR_FAMILY;
	if (prefix > max)
		return LSK_ERR_RANGE;
	return prefix < 0 ? max : prefix;
}

int lsk_tcp_set_md5_key(struct lsk_socket *sock, const struct lsk_addr *peer,
			int prefix, const void *key, size_t len)
{
	struct md5_request request = {.flags = 0};
	int bits, r;

	if (!peer || (!key && len > 0))
		return -EINVAL;
	bits = prefix_of(peer, prefix);
	if (bits < 0)
		return bits;
	if (len > sizeof(request.key) || (key && len == 0))
		return LSK_ERR_RANGE;
	memcpy(&request.addr, &peer->storage, peer->len);
	request.key_len = (uint16_t)len;
	if (key)
		memcpy(request.key, key, len);
	/* Kernels before 4.13 know no prefix, and need none for a whole address. */
	if (prefix >= 0) {
		request.flags = MD5_FLAG_PREFIX;
		request.prefix = (uint8_t)bits;
	}
	r = lsk_socket_setsockopt(sock, IPPROTO_TCP,
				  prefix >= 0 ? OPTION_MD5SIG_EXT : OPTION_MD5SIG,
				  &request, sizeof(request));
	explicit_bzero(&request, sizeof(request));
	return r;
}

int lsk_tcp_ao_add(struct lsk_socket *sock, const struct lsk_tcp_ao_key *key)
{
	struct ao_add_request request = {.reserved = 0};
	int bits, r;

	if (!key || !key->algorithm || !key->key)
		return -EINVAL;
	bits = prefix_of(&key->peer, key->prefix);
	if (bits < 0)
		return bits;
	if (key->key_len == 0 || key->key_len > sizeof(request.key) ||
	    strlen(key->algorithm) >= sizeof(request.algorithm))
		return LSK_ERR_RANGE;
	memcpy(&request.addr, &key->peer.storage, key->peer.len);
	memcpy(request.algorithm, key->algorithm, strlen(key->algorithm));
	memcpy(request.key, key->key, key->key_len);
	request.key_len = (uint8_t)key->key_len;
	request.prefix = (uint8_t)bits;
	request.send_id = key->send_id;
	request.receive_id = key->receive_id;
	request.mac_len = key->mac_len ? key->mac_len : MAC_DEFAULT;
	request.interface = (int32_t)key->interface;
	request.flags = key->interface ? AO_FLAG_INTERFACE : 0;
	request.bits =
		(key->is_current ? AO_CURRENT : 0) | (key->is_next ? AO_NEXT : 0);
	r = lsk_socket_setsockopt(sock, IPPROTO_TCP, OPTION_AO_ADD, &request,
				  sizeof(request));
	explicit_bzero(&request, sizeof(request));
	return r;
}

int lsk_tcp_ao_delete(struct lsk_socket *sock, const struct lsk_tcp_ao_key *key)
{
	struct ao_delete_request request = {.reserved = 0};
	int bits;

	if (!key)
		return -EINVAL;
	bits = prefix_of(&key->peer, key->prefix);
	if (bits < 0)
		return bits;
	memcpy(&request.addr, &key->peer.storage, key->peer.len);
	request.prefix = (uint8_t)bits;
	request.send_id = key->send_id;
	request.receive_id = key->receive_id;
	request.interface = (int32_t)key->interface;
	request.flags = key->interface ? AO_FLAG_INTERFACE : 0;
	return lsk_socket_setsockopt(sock, IPPROTO_TCP, OPTION_AO_DELETE, &request,
				     sizeof(request));
}

int lsk_tcp_ao_info(const struct lsk_socket *sock, struct lsk_tcp_ao_info *ret_info)
{
	struct ao_info info = {.bits = 0};
	socklen_t len = sizeof(info);
	int r;

	if (!ret_info)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, IPPROTO_TCP, OPTION_AO_INFO, &info, &len);
	if (r < 0)
		return r;
	*ret_info = (struct lsk_tcp_ao_info){
		.current_id = info.bits & AO_CURRENT ? info.current : -1,
		.next_id = info.bits & AO_NEXT ? info.next : -1,
		.good = info.good,
		.bad = info.bad,
		.key_not_found = info.key_not_found,
		.required = info.required,
	};
	return 0;
}
