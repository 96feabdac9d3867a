/* SPDX-License-Identifier: MIT */
/* TLS records by the kernel. See Documentation/networking/tls.rst. */
#include <linsock/tls.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/control.h>
#include <linsock/error.h>
#include <linsock/message.h>

#include "uring/util.h"

/* linux/tls.h is older than some of these. */
enum {
	OPTION_ULP = 31,
	LEVEL_TLS = 282,
	SET_RECORD_TYPE = 1,
	GET_RECORD_TYPE = 2,
	VERSION_MIN = 0x0303,
	VERSION_MAX = 0x0304,
};

/* The kernel's number of a cipher, and how long its parts are. */
static const struct {
	uint16_t number;
	uint8_t iv_len;
	uint8_t key_len;
	uint8_t salt_len;
} ciphers[LSK_TLS_CIPHER__COUNT] = {
	[LSK_TLS_AES_128_GCM] = {51, 8, 16, 4},
	[LSK_TLS_AES_256_GCM] = {52, 8, 32, 4},
	[LSK_TLS_AES_128_CCM] = {53, 8, 16, 4},
	[LSK_TLS_CHACHA20_POLY1305] = {54, 12, 32, 0},
};

int lsk_tls_attach(struct lsk_socket *sock)
{
	return lsk_socket_setsockopt(sock, IPPROTO_TCP, OPTION_ULP, "tls", 3);
}

/* Append @len bytes. Return: the place behind them. */
static uint8_t *put(uint8_t *place, const void *bytes, size_t len)
{
	memcpy(place, bytes, len);
	return place + len;
}

int lsk_tls_set_keys(struct lsk_socket *sock, enum lsk_tls_direction direction,
		     const struct lsk_tls_keys *keys)
{
	/* struct tls12_crypto_info_*: header, iv, key, salt, sequence, without gaps. */
	uint8_t request[4 + 12 + 32 + 4 + 8], *end = request;
	int r;

	if (!keys || (unsigned int)keys->cipher >= LSK_TLS_CIPHER__COUNT ||
	    keys->version < VERSION_MIN || keys->version > VERSION_MAX ||
	    (direction != LSK_TLS_SEND && direction != LSK_TLS_RECEIVE))
		return -EINVAL;
	end = put(end, &keys->version, sizeof(keys->version));
	end = put(end, &ciphers[keys->cipher].number, sizeof(uint16_t));
	end = put(end, keys->iv, ciphers[keys->cipher].iv_len);
	end = put(end, keys->key, ciphers[keys->cipher].key_len);
	end = put(end, keys->salt, ciphers[keys->cipher].salt_len);
	end = put(end, keys->sequence, sizeof(keys->sequence));
	r = lsk_socket_setsockopt(sock, LEVEL_TLS, (int)direction, request,
				  (socklen_t)(end - request));
	explicit_bzero(request, sizeof(request));
	return r;
}

ssize_t lsk_tls_send_record(struct lsk_socket *sock, unsigned int type, const void *buf,
			    size_t len)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(1)];
	struct iovec part = {(void *)(uintptr_t)buf, len};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	uint8_t byte = (uint8_t)type;

	if (type > UINT8_MAX || len > LSK_TLS_RECORD_MAX)
		return LSK_ERR_RANGE;
	if (!buf && len > 0)
		return -EINVAL;
	(void)lsk_control_add(&message.control, LEVEL_TLS, SET_RECORD_TYPE, &byte, 1);
	return lsk_socket_sendmsg(sock, &message, 0);
}

ssize_t lsk_tls_recv_record(struct lsk_socket *sock, void *buf, size_t len,
			    unsigned int *ret_type)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(1)];
	struct iovec part = {buf, len};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_control_item item;
	unsigned int type = LSK_TLS_RECORD_DATA;
	size_t offset = 0;
	ssize_t r;

	if (!buf || !ret_type)
		return -EINVAL;
	r = lsk_socket_recvmsg(sock, &message, 0);
	if (r < 0)
		return r;
	while (lsk_control_next(&message.control, &offset, &item) > 0)
		if (item.level == LEVEL_TLS && item.type == GET_RECORD_TYPE &&
		    item.len > 0)
			type = *(const uint8_t *)item.data;
	*ret_type = type;
	return r;
}
