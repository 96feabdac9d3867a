/* SPDX-License-Identifier: MIT */
/* Options by name: finding them, and getting and setting them on a socket. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <linsock/constant.h>

#include "src/error.h"
#include "src/option.h"
#include "src/socket.h"
#include "uring/util.h"

/* The number of a constant of the table; a name that it lacks fails the tests. */
static int constant_number(const char *name)
{
	int64_t value = -1;

	lsk_constant_value(name, &value);
	return (int)value;
}

static void option_fill(const struct option_level *level, const struct option_row *row,
			struct lsk_option *ret_option)
{
	const bool has_group =
		row->type == LSK_OPTION_ENUM || row->type == LSK_OPTION_FLAGS;
	const bool has_fields = row->type == LSK_OPTION_STRUCT;

	*ret_option = (struct lsk_option){
		.name = row->name,
		.level_name = level->name,
		.level = constant_number(level->name),
		.number = constant_number(row->name),
		.type = row->type,
		.access = row->access,
		.unit = has_group || has_fields ? NULL : row->detail,
		.group = has_group ? row->detail : NULL,
		.fields = has_fields ? row->detail : NULL,
		.summary = row->summary,
	};
}

int lsk_option_at(size_t index, struct lsk_option *ret_option)
{
	if (!ret_option)
		return -EINVAL;
	for (const struct option_level *level = option_levels; level->name; level++)
		for (const struct option_row *row = level->rows; row->name; row++)
			if (index-- == 0) {
				option_fill(level, row, ret_option);
				return 0;
			}
	return -ENOENT;
}

/* Equal but for case and "_". */
static bool is_name(const char *name, const char *text)
{
	for (;;) {
		while (*name == '_')
			name++;
		while (*text == '_')
			text++;
		if (tolower((unsigned char)*name) != tolower((unsigned char)*text))
			return false;
		if (*name == '\0')
			return true;
		name++;
		text++;
	}
}

static bool row_matches(const struct option_level *level, const struct option_row *row,
			const char *text, bool with_short)
{
	size_t prefix_len = strlen(level->prefix);

	if (is_name(row->name, text))
		return true;
	return with_short && strncmp(row->name, level->prefix, prefix_len) == 0 &&
	       is_name(row->name + prefix_len, text);
}

static bool is_listed(const char *const names[2], int number)
{
	return constant_number(names[0]) == number ||
	       constant_number(names[1]) == number;
}

static bool level_fits(const struct option_level *level, int domain, int protocol)
{
	if (level->domains[0] && !is_listed(level->domains, domain))
		return false;
	return !level->protocols[0] || protocol == OPTION_ANY_PROTOCOL ||
	       is_listed(level->protocols, protocol);
}

/* Whether the socket answers for the level: by any option of it that can be read. */
static bool level_answers(const struct option_level *level,
			  const struct lsk_socket *sock)
{
	for (const struct option_row *row = level->rows; row->name; row++) {
		unsigned char value[OPTION_VALUE_MAX];
		socklen_t len = sizeof(value);

		if (row->access & LSK_OPTION_GET &&
		    lsk_socket_getsockopt(sock, constant_number(level->name),
					  constant_number(row->name), value, &len) == 0)
			return true;
	}
	return false;
}

/*
 * The kernel's choice where the object was made with 0. A family whose sockets do not
 * tell their protocol (an adopted one of CAN) is asked by its options.
 */
static int socket_protocol(const struct lsk_socket *sock)
{
	int protocol = lsk_socket_protocol(sock);
	int domain = lsk_socket_domain(sock);

	if (protocol == 0)
		lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_PROTOCOL, &protocol);
	for (const struct option_level *level = option_levels;
	     level->name && protocol == 0; level++)
		if (level->domains[0] && level->protocols[0] &&
		    is_listed(level->domains, domain) && level_answers(level, sock))
			protocol = constant_number(level->protocols[0]);
	return protocol;
}

int lsk_option_find(const char *name, struct lsk_option *ret_option)
{
	if (!name || !ret_option)
		return -EINVAL;
	for (int with_short = 0; with_short < 2; with_short++)
		for (const struct option_level *level = option_levels; level->name;
		     level++)
			for (const struct option_row *row = level->rows; row->name;
			     row++)
				if (row_matches(level, row, name, with_short)) {
					option_fill(level, row, ret_option);
					return 0;
				}
	return -ENOENT;
}

int option_find_named(int domain, int protocol, const char *name,
		      struct lsk_option *ret_option)
{
	for (const struct option_level *level = option_levels; level->name; level++) {
		if (!level_fits(level, domain, protocol))
			continue;
		for (const struct option_row *row = level->rows; row->name; row++)
			if (row_matches(level, row, name, true)) {
				option_fill(level, row, ret_option);
				return 0;
			}
	}
	/* A full name means what it says: IPv4's on an IPv6 socket, for instance. */
	for (const struct option_level *level = option_levels; level->name; level++)
		for (const struct option_row *row = level->rows; row->name; row++)
			if (row_matches(level, row, name, false)) {
				option_fill(level, row, ret_option);
				return 0;
			}
	return -ENOENT;
}

int lsk_option_find_for(const struct lsk_socket *sock, const char *name,
			struct lsk_option *ret_option)
{
	if (!sock || !name || !ret_option)
		return -EINVAL;
	return option_find_named(lsk_socket_domain(sock), socket_protocol(sock), name,
				 ret_option);
}

bool lsk_option_fits(const struct lsk_option *option, const struct lsk_socket *sock)
{
	if (!option || !sock)
		return false;
	for (const struct option_level *level = option_levels; level->name; level++)
		if (strcmp(level->name, option->level_name) == 0)
			return level_fits(level, lsk_socket_domain(sock),
					  socket_protocol(sock));
	return false;
}

/* The value as the kernel gives it. */
static int option_read(const struct lsk_socket *sock, const struct lsk_option *option,
		       void *buf, socklen_t *len)
{
	struct lsk_addr peer;
	int r;

	r = lsk_socket_getsockopt(sock, option->level, option->number, buf, len);
	/* SO_PEERNAME wants no more room than the address takes. */
	if (r == -EINVAL && option->type == LSK_OPTION_SOCKADDR &&
	    lsk_socket_getpeername(sock, &peer) == 0) {
		*len = peer.len;
		r = lsk_socket_getsockopt(sock, option->level, option->number, buf,
					  len);
	}
	return r;
}

int lsk_option_get(const struct lsk_socket *sock, const char *name, char *buf,
		   size_t size)
{
	unsigned char value[OPTION_VALUE_MAX] = {0};
	struct lsk_option option;
	socklen_t len;
	int fd;
	int r;

	if (!buf)
		return -EINVAL;
	r = lsk_option_find_for(sock, name, &option);
	if (r < 0)
		return r == -ENOENT ? LSK_ERR_OPTION : r;
	if (!(option.access & LSK_OPTION_GET) || option.type == LSK_OPTION_RAW)
		return -EOPNOTSUPP;
	len = (socklen_t)option_value_size(&option);
	r = option_read(sock, &option, value, &len);
	if (r < 0)
		return r;
	r = lsk_option_format(&option, value, len, buf, size);
	if (option.type == LSK_OPTION_FD && len == sizeof(fd)) {
		memcpy(&fd, value, sizeof(fd));
		closep(&fd);
	}
	return r;
}

int lsk_option_set(struct lsk_socket *sock, const char *name, const char *text,
		   struct lsk_error *ret_error)
{
	unsigned char value[OPTION_VALUE_MAX];
	struct lsk_option option;
	int len;
	int r;

	if (!text)
		return -EINVAL;
	r = lsk_option_find_for(sock, name, &option);
	if (r == -ENOENT)
		return error_set(ret_error, LSK_ERR_OPTION, 0, "%s: unknown option",
				 name);
	if (r < 0)
		return r;
	if (!(option.access & LSK_OPTION_SET))
		return error_set(ret_error, -EOPNOTSUPP, 0, "%s cannot be set",
				 option.name);
	len = lsk_option_parse(&option, text, value, sizeof(value), ret_error);
	if (len < 0)
		return len;
	r = lsk_socket_setsockopt(sock, option.level, option.number, value,
				  (socklen_t)len);
	return r < 0 ? error_set_code(ret_error, r, 0, option.name) : 0;
}
