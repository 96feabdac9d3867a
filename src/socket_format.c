/* SPDX-License-Identifier: MIT */
/* A socket in one line, for messages and logs. */
#include <errno.h>

#include "src/socket.h"
#include "src/text.h"
#include "uring/util.h"

static const struct {
	int type;
	const char *name;
} type_names[] = {
	{SOCK_STREAM, "stream"}, {SOCK_DGRAM, "dgram"},         {SOCK_RAW, "raw"},
	{SOCK_RDM, "rdm"},       {SOCK_SEQPACKET, "seqpacket"},
};

static void put_type(struct text_writer *writer, int type)
{
	for (size_t i = 0; i < ARRAY_SIZE(type_names); i++)
		if (type_names[i].type == type) {
			text_put_format(writer, " type=%s", type_names[i].name);
			return;
		}
	text_put_format(writer, " type=%d", type);
}

/* " label=address", or nothing where there is none. */
static void put_addr(struct text_writer *writer, const char *label,
		     const struct lsk_addr *addr)
{
	char text[LSK_ADDR_TEXT_MAX];

	if (lsk_addr_format(addr, text, sizeof(text)) >= 0)
		text_put_format(writer, " %s=%s", label, text);
}

int lsk_socket_format(const struct lsk_socket *sock, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct lsk_addr addr;
	int fd = socket_fd(sock);

	if (!sock || (!buf && size > 0))
		return -EINVAL;
	if (fd >= 0)
		text_put_format(&writer, "socket fd=%d", fd);
	else
		text_put_string(&writer, "closed socket");
	if (sock->family)
		text_put_format(&writer, " family=%s", sock->family->name);
	else
		text_put_format(&writer, " family=%d", sock->domain);
	put_type(&writer, sock->type);
	text_put_format(&writer, " protocol=%d", sock->protocol);
	if (lsk_socket_getsockname(sock, &addr) == 0)
		put_addr(&writer, "local", &addr);
	if (lsk_socket_getpeername(sock, &addr) == 0)
		put_addr(&writer, "peer", &addr);
	return text_end(&writer);
}
