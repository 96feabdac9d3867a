/* SPDX-License-Identifier: MIT */
/*
 * A file over TLS, which the kernel encrypts as it sends it:
 *
 *	tls_file KEY tcp://10.0.0.1:4433 FILE       sends it to the first who comes
 *	tls_file KEY tcp://10.0.0.1:4433            writes what comes to standard output
 *
 * A handshake (of OpenSSL, GnuTLS, rustls) would agree on keys for each direction; here
 * both know KEY, 32 hexadecimal digits. Never use one for two connections.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <linsock/file.h>
#include <linsock/tls.h>

#include "common.h"

#define LIMIT_NS   (60 * LSK_NSEC_PER_SEC)
#define KEY_LEN    16
#define VERSION_13 0x0304

static struct lsk_tls_keys keys_of(const char *digits)
{
	struct lsk_tls_keys keys = {
		.version = VERSION_13,
		.cipher = LSK_TLS_AES_128_GCM,
	};
	char *end;

	must("key", strlen(digits) == 2UL * KEY_LEN ? 0 : -EINVAL);
	for (int i = 0; i < KEY_LEN; i++, digits += 2) {
		const char byte[] = {digits[0], digits[1], '\0'};

		keys.key[i] = (uint8_t)strtoul(byte, &end, 16);
		must("key", end == byte + 2 ? 0 : -EINVAL);
	}
	return keys;
}

static void send_file(const struct lsk_endpoint *place, const struct lsk_tls_keys *keys,
		      const char *path)
{
	struct lsk_file_range whole = {.count = LSK_FILE_REST};
	struct lsk_socket *listener, *sock;

	whole.fd = open(path, O_RDONLY | O_CLOEXEC);
	must(path, whole.fd < 0 ? -errno : 0);
	must("listen", lsk_endpoint_listen(place, &listener, NULL));
	print_place(listener);
	must("accept", lsk_socket_accept(listener, &sock, NULL));
	must("TLS", lsk_tls_attach(sock));
	must("keys", lsk_tls_set_keys(sock, LSK_TLS_SEND, keys));
	must("send", lsk_socket_sendfile(sock, &whole, NULL));
	/* "close_notify", without which a file that was cut off looks whole. */
	must("end", lsk_tls_send_record(sock, LSK_TLS_RECORD_ALERT, "\1\0", 2));
	close(whole.fd);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

static void receive_file(const struct lsk_endpoint *place,
			 const struct lsk_tls_keys *keys)
{
	static uint8_t buf[LSK_TLS_RECORD_MAX];
	unsigned int type = 0;
	struct lsk_socket *sock;
	int64_t count;

	must("connect", lsk_endpoint_connect(place, LIMIT_NS, &sock, NULL));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("TLS", lsk_tls_attach(sock));
	must("keys", lsk_tls_set_keys(sock, LSK_TLS_RECEIVE, keys));
	for (;;) {
		count = must("receive",
			     lsk_tls_recv_record(sock, buf, sizeof(buf), &type));
		if (type != LSK_TLS_RECORD_DATA)
			break;
		must("receive", count == 0 ? -ECONNRESET : 0);
		fwrite(buf, 1, (size_t)count, stdout);
	}
	lsk_socket_free(sock);
}

int main(int argc, char **argv)
{
	struct lsk_endpoint *place = NULL;
	struct lsk_tls_keys keys;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: tls_file KEY PLACE [FILE]\n");
		return 2;
	}
	keys = keys_of(argv[1]);
	must("place", lsk_endpoint_new(&place, argv[2], NULL));
	if (argc == 4)
		send_file(place, &keys, argv[3]);
	else
		receive_file(place, &keys);
	lsk_endpoint_free(place);
	return 0;
}
