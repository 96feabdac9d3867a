/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX: paths, abstract names and autobind. An abstract name has no terminator and
 * may hold any byte, so its length is part of the address. See unix(7).
 *
 *	unix:///run/x     a path          unix://@name   abstract: '\0' "name"
 *	unix://           no name yet; bind(2) picks an abstract one
 *
 * Bytes outside letters, digits and "-._~/:+,=" are percent-encoded.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

#define PATH_OFFSET   offsetof(struct sockaddr_un, sun_path)
#define UNIX_NAME_MAX sizeof(((struct sockaddr_un *)NULL)->sun_path)

static_assert(UNIX_NAME_MAX == 108, "the documented lengths of names hold");

int lsk_addr_unix(struct lsk_addr *ret_addr, const char *name, size_t len)
{
	struct lsk_addr addr = {.len = (socklen_t)(PATH_OFFSET + len)};
	struct sockaddr_un *sun = (struct sockaddr_un *)&addr.storage;
	bool is_path;

	if (!ret_addr || (!name && len > 0))
		return -EINVAL;
	is_path = len > 0 && name[0] != '\0';
	if (len > UNIX_NAME_MAX - is_path)
		return LSK_ERR_LENGTH;
	if (is_path && memchr(name, '\0', len))
		return LSK_ERR_SYNTAX;
	sun->sun_family = AF_UNIX;
	if (len > 0)
		memcpy(sun->sun_path, name, len);
	/* A path is passed with its terminator, as every kernel has wanted it. */
	addr.len += is_path;
	*ret_addr = addr;
	return 0;
}

static int unix_parse(const char *text, struct lsk_addr *ret_addr,
		      struct lsk_error *ret_error)
{
	bool is_abstract = text[0] == '@';
	char name[UNIX_NAME_MAX + 1] = "";
	size_t offset = 0;
	int len;
	int r;

	len = text_percent_decode(text + is_abstract, strlen(text) - is_abstract,
				  name + is_abstract, sizeof(name) - is_abstract,
				  &offset);
	if (len == LSK_ERR_SYNTAX)
		return error_set(ret_error, len, offset + is_abstract,
				 "expected two hexadecimal digits after %%");
	if (len >= 0 && !is_abstract && len > 0 && name[0] == '\0')
		return error_set(ret_error, LSK_ERR_SYNTAX, 0,
				 "a path has no NUL; write @ for an abstract name");
	r = len < 0 ? len : lsk_addr_unix(ret_addr, name, (size_t)len + is_abstract);
	if (r == LSK_ERR_LENGTH)
		return error_set(ret_error, r, is_abstract,
				 "a UNIX %s has at most %d bytes",
				 is_abstract ? "name" : "path", (int)UNIX_NAME_MAX - 1);
	if (r < 0)
		return error_set(ret_error, r, 0, "a path has no NUL inside");
	return 0;
}

static int unix_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)&addr->storage;
	struct text_writer writer = {.buf = buf, .size = size};
	size_t len = addr->len - PATH_OFFSET;

	if (len > UNIX_NAME_MAX)
		return -EINVAL;
	if (len > 0 && sun->sun_path[0] == '\0') {
		text_put(&writer, '@');
		text_put_percent(&writer, sun->sun_path + 1, len - 1);
	} else {
		/* A peer's path may fill its field and have no terminator. */
		text_put_percent(&writer, sun->sun_path, strnlen(sun->sun_path, len));
	}
	return text_end(&writer);
}

static bool unix_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	const struct sockaddr_un *left = (const struct sockaddr_un *)&a->storage;
	const struct sockaddr_un *right = (const struct sockaddr_un *)&b->storage;
	size_t left_len = a->len - PATH_OFFSET;
	size_t right_len = b->len - PATH_OFFSET;

	/* The terminator of a path is not part of it. */
	if (left_len > 0 && left->sun_path[0] != '\0')
		left_len = strnlen(left->sun_path, left_len);
	if (right_len > 0 && right->sun_path[0] != '\0')
		right_len = strnlen(right->sun_path, right_len);
	return left_len == right_len &&
	       memcmp(left->sun_path, right->sun_path, left_len) == 0;
}

static const struct family_type unix_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"dgram", SOCK_DGRAM, 0},
	{"seqpacket", SOCK_SEQPACKET, 0},
	{0},
};

static const struct family_option unix_options[] = {
	{"passcred", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_PASSCRED, NULL},
	{"passsec", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_PASSSEC, NULL},
	{0},
};

const struct lsk_family lsk_family_unix = {
	.domain = AF_UNIX,
	.name = "unix",
	.summary = "local sockets: paths and abstract names",
	.parse = unix_parse,
	.format = unix_format,
	.equal = unix_equal,
	.options = unix_options,
	.types = unix_types,
	.probe = &unix_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_ACCEPT_MULTISHOT,
};
