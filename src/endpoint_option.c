/* SPDX-License-Identifier: MIT */
/* The options of an endpoint: the family's by its table, and those of every socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/endpoint.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

/* More is a mistake, not an endpoint. */
#define OPTIONS_MAX 64

/* What SOL_SOCKET has for every family; a family's own option of the name wins. */
static const struct family_option socket_options[] = {
	{"keepalive", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_KEEPALIVE, NULL},
	{"reuseaddr", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_REUSEADDR, NULL},
	{"reuseport", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_REUSEPORT, NULL},
	{"broadcast", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_BROADCAST, NULL},
	{"dontroute", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_DONTROUTE, NULL},
	{"timestamp", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_TIMESTAMP, NULL},
	{"timestampns", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_TIMESTAMPNS, NULL},
	{"rxqovfl", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_RXQ_OVFL, NULL},
	{"zerocopy", FAMILY_VALUE_FLAG, SOL_SOCKET, SO_ZEROCOPY, NULL},
	{"rcvbuf", FAMILY_VALUE_INT, SOL_SOCKET, SO_RCVBUF, NULL},
	{"sndbuf", FAMILY_VALUE_INT, SOL_SOCKET, SO_SNDBUF, NULL},
	{"rcvbufforce", FAMILY_VALUE_INT, SOL_SOCKET, SO_RCVBUFFORCE, NULL},
	{"sndbufforce", FAMILY_VALUE_INT, SOL_SOCKET, SO_SNDBUFFORCE, NULL},
	{"rcvlowat", FAMILY_VALUE_INT, SOL_SOCKET, SO_RCVLOWAT, NULL},
	{"mark", FAMILY_VALUE_INT, SOL_SOCKET, SO_MARK, NULL},
	{"priority", FAMILY_VALUE_INT, SOL_SOCKET, SO_PRIORITY, NULL},
	{"busypoll", FAMILY_VALUE_INT, SOL_SOCKET, SO_BUSY_POLL, NULL},
	{"bindtodevice", FAMILY_VALUE_STRING, SOL_SOCKET, SO_BINDTODEVICE, NULL},
	{0},
};

static const struct family_option *find_in(const struct family_option *table,
					   const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static const struct family_option *find(const struct lsk_family *family,
					const char *name)
{
	const struct family_option *row = find_in(family->options, name);

	return row ? row : find_in(socket_options, name);
}

/* A copy of the @len bytes at @text with percent-encoding undone, or NULL. */
static int decode(char **ret_text, const char *text, size_t len, size_t offset,
		  struct lsk_error *ret_error)
{
	size_t stop = 0;
	char *copy;
	int r;

	copy = malloc(len + 1);
	if (!copy)
		return error_set_code(ret_error, -ENOMEM, offset, NULL);
	r = text_percent_decode(text, len, copy, len, &stop);
	if (r >= 0 && memchr(copy, '\0', (size_t)r))
		r = LSK_ERR_SYNTAX;
	if (r < 0) {
		free(copy);
		return error_set(ret_error, r, offset + stop,
				 "expected two hexadecimal digits, not 00, after %%");
	}
	copy[r] = '\0';
	*ret_text = copy;
	return 0;
}

static int parse_one(struct lsk_endpoint *endpoint, size_t offset, size_t len,
		     struct lsk_error *ret_error)
{
	const char *text = endpoint->text + offset;
	size_t name_len = strcspn(text, "=&");
	struct endpoint_option *option = &endpoint->options[endpoint->options_count];
	int r;

	option->name_offset = offset;
	option->value_offset = offset + len;
	r = decode(&option->name, text, name_len < len ? name_len : len, offset,
		   ret_error);
	if (r < 0)
		return r;
	/* From here on endpoint_options_free() knows it. */
	endpoint->options_count++;
	if (name_len >= len)
		return 0;
	option->value_offset = offset + name_len + 1;
	return decode(&option->value, text + name_len + 1, len - name_len - 1,
		      option->value_offset, ret_error);
}

int endpoint_options_parse(struct lsk_endpoint *endpoint, size_t offset,
			   struct lsk_error *ret_error)
{
	int r;

	endpoint->options = calloc(OPTIONS_MAX, sizeof(*endpoint->options));
	if (!endpoint->options)
		return error_set_code(ret_error, -ENOMEM, offset, NULL);
	for (;;) {
		size_t len = strcspn(endpoint->text + offset, "&");

		if (endpoint->options_count == OPTIONS_MAX)
			return error_set(ret_error, LSK_ERR_LENGTH, offset,
					 "more than %d options", OPTIONS_MAX);
		r = parse_one(endpoint, offset, len, ret_error);
		if (r < 0)
			return r;
		offset += len;
		if (endpoint->text[offset] == '\0')
			return 0;
		offset++;
	}
}

void endpoint_options_free(struct lsk_endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->options_count; i++) {
		free(endpoint->options[i].name);
		free(endpoint->options[i].value);
	}
	free(endpoint->options);
}

const struct endpoint_option *endpoint_option(const struct lsk_endpoint *endpoint,
					      const char *name)
{
	for (size_t i = 0; i < endpoint->options_count; i++)
		if (strcmp(endpoint->options[i].name, name) == 0)
			return &endpoint->options[i];
	return NULL;
}

/* Read what a flag or an int option is set to. */
static int read_int(const struct family_option *row,
		    const struct endpoint_option *option, int *ret_value,
		    struct lsk_error *ret_error)
{
	int r;

	if (!option->value && row->value == FAMILY_VALUE_FLAG) {
		*ret_value = 1;
		return 0;
	}
	r = text_to_int(option->value ? option->value : "",
			option->value ? strlen(option->value) : 0, ret_value);
	if (r == 0 && row->value == FAMILY_VALUE_FLAG && *ret_value != 0 &&
	    *ret_value != 1)
		r = LSK_ERR_VALUE;
	if (r == 0)
		return 0;
	return error_set(ret_error, LSK_ERR_VALUE, option->value_offset,
			 "option %s: expected %s", option->name,
			 row->value == FAMILY_VALUE_FLAG ? "nothing, 0 or 1"
							 : "a number");
}

static int check_value(const struct family_option *row,
		       const struct endpoint_option *option,
		       struct lsk_error *ret_error)
{
	int ignored;

	switch (row->value) {
	case FAMILY_VALUE_FLAG:
	case FAMILY_VALUE_INT:
		return read_int(row, option, &ignored, ret_error);
	case FAMILY_VALUE_STRING:
		if (!option->value)
			return error_set(ret_error, LSK_ERR_VALUE, option->value_offset,
					 "option %s: expected \"=\" and a value",
					 option->name);
		return 0;
	case FAMILY_VALUE_CUSTOM:
		return 0;
	}
	return 0;
}

int endpoint_options_check(const struct lsk_endpoint *endpoint,
			   struct lsk_error *ret_error)
{
	for (size_t i = 0; i < endpoint->options_count; i++) {
		const struct endpoint_option *option = &endpoint->options[i];
		const struct family_option *row = NULL;
		int r;

		if (strcmp(option->name, ENDPOINT_OPTION_TYPE) == 0)
			continue;
		/* Which of several families it will be is not known yet. */
		for (size_t j = 0; j < endpoint->choices_count && !row; j++)
			row = find(endpoint->choices[j].family, option->name);
		if (!row)
			return error_set(ret_error, LSK_ERR_OPTION, option->name_offset,
					 "no option is called \"%s\" here",
					 option->name);
		r = check_value(row, option, ret_error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_one(const struct family_option *row,
		     const struct endpoint_option *option, int fd,
		     struct lsk_error *ret_error)
{
	const void *data = option->value;
	socklen_t len = option->value ? (socklen_t)strlen(option->value) : 0;
	int value;
	int r;

	if (row->value == FAMILY_VALUE_CUSTOM) {
		r = row->set(fd, option->value, ret_error);
		if (r < 0)
			ret_error->offset += (unsigned int)option->value_offset;
		return r;
	}
	if (row->value != FAMILY_VALUE_STRING) {
		r = read_int(row, option, &value, ret_error);
		if (r < 0)
			return r;
		data = &value;
		len = sizeof(value);
	}
	/* Some options answer with their value: no failure. */
	r = syscall_result(setsockopt(fd, row->level, row->number, data, len));
	if (r >= 0)
		return 0;
	return error_set(ret_error, r, option->name_offset, "option %s: %s",
			 option->name, lsk_strerror(r));
}

int endpoint_options_apply(const struct lsk_endpoint *endpoint,
			   const struct lsk_family *family, int fd,
			   struct lsk_error *ret_error)
{
	for (size_t i = 0; i < endpoint->options_count; i++) {
		const struct endpoint_option *option = &endpoint->options[i];
		const struct family_option *row = find(family, option->name);
		int r;

		if (strcmp(option->name, ENDPOINT_OPTION_TYPE) == 0)
			continue;
		if (!row)
			return error_set(ret_error, LSK_ERR_OPTION, option->name_offset,
					 "%s has no option called \"%s\"", family->name,
					 option->name);
		r = apply_one(row, option, fd, ret_error);
		if (r < 0)
			return r;
	}
	return 0;
}
