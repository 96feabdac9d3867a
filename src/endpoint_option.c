/* SPDX-License-Identifier: MIT */
/* The options of an endpoint: what the family calls so, and every option by name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/endpoint.h"
#include "src/error.h"
#include "src/option.h"
#include "src/text.h"
#include "uring/util.h"

/* More is a mistake, not an endpoint. */
#define OPTIONS_MAX 64

/* Where an option's value goes: the family's own row, or one of every option. */
struct found_option {
	const struct family_option *row; /* NULL: not the family's */
	struct lsk_option option;
};

/* What the family calls so, else what the table of options does. */
static bool find(const struct endpoint_choice *choice, const char *name,
		 struct found_option *ret_found)
{
	/* Which one 0 becomes only the kernel knows. */
	int protocol = choice->protocol ? choice->protocol : OPTION_ANY_PROTOCOL;

	for (ret_found->row = choice->family->options;
	     ret_found->row && ret_found->row->name; ret_found->row++)
		if (strcmp(ret_found->row->name, name) == 0)
			return true;
	ret_found->row = NULL;
	return option_find_named(choice->family->domain, protocol, name,
				 &ret_found->option) == 0 &&
	       ret_found->option.access & LSK_OPTION_SET;
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

static bool is_switch(const unsigned char *value)
{
	int number;

	memcpy(&number, value, sizeof(number));
	return number == 0 || number == 1;
}

/* A value as the table of options reads it; a name alone switches on. */
static int read_value(const struct lsk_option *row,
		      const struct endpoint_option *option, unsigned char *buf,
		      struct lsk_error *ret_error)
{
	const char *text = option->value;
	int r;

	if (!text && (row->type == LSK_OPTION_BOOL || row->type == LSK_OPTION_NONE))
		text = row->type == LSK_OPTION_BOOL ? "on" : "";
	if (!text)
		return error_set(ret_error, LSK_ERR_VALUE, option->value_offset,
				 "option %s: expected \"=\" and a value", option->name);
	r = lsk_option_parse(row, text, buf, OPTION_VALUE_MAX, ret_error);
	/* The kernel takes any number for "on", and nobody means it so. */
	if (r >= 0 && row->type == LSK_OPTION_BOOL && !is_switch(buf))
		r = error_set(ret_error, LSK_ERR_VALUE, 0, "option %s: expected %s",
			      option->name, "nothing, on or off");
	if (r < 0)
		ret_error->offset += (unsigned int)option->value_offset;
	return r;
}

static int check_value(const struct found_option *found,
		       const struct endpoint_option *option,
		       struct lsk_error *ret_error)
{
	unsigned char value[OPTION_VALUE_MAX];
	int ignored;

	if (!found->row) {
		ignored = read_value(&found->option, option, value, ret_error);
		return ignored < 0 ? ignored : 0;
	}
	switch (found->row->value) {
	case FAMILY_VALUE_FLAG:
	case FAMILY_VALUE_INT:
		return read_int(found->row, option, &ignored, ret_error);
	case FAMILY_VALUE_STRING:
		if (!option->value)
			return error_set(ret_error, LSK_ERR_VALUE, option->value_offset,
					 "option %s: expected \"=\" and a value",
					 option->name);
		return 0;
	case FAMILY_VALUE_CUSTOM:
	case FAMILY_VALUE_LATE:
		return 0;
	}
	return 0;
}

int endpoint_options_check(const struct lsk_endpoint *endpoint,
			   struct lsk_error *ret_error)
{
	for (size_t i = 0; i < endpoint->options_count; i++) {
		const struct endpoint_option *option = &endpoint->options[i];
		struct found_option found;
		bool is_found = false;
		int r;

		if (strcmp(option->name, ENDPOINT_OPTION_TYPE) == 0)
			continue;
		/* Which of several families it will be is not known yet. */
		for (size_t j = 0; j < endpoint->choices_count && !is_found; j++)
			is_found = find(&endpoint->choices[j], option->name, &found);
		if (!is_found)
			return error_set(ret_error, LSK_ERR_OPTION, option->name_offset,
					 "no option is called \"%s\" here",
					 option->name);
		r = check_value(&found, option, ret_error);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_row(const struct family_option *row,
		     const struct endpoint_option *option, int fd,
		     struct lsk_error *ret_error)
{
	const void *data = option->value;
	socklen_t len = option->value ? (socklen_t)strlen(option->value) : 0;
	int value;
	int r;

	if (row->value != FAMILY_VALUE_STRING) {
		r = read_int(row, option, &value, ret_error);
		if (r < 0)
			return r;
		data = &value;
		len = sizeof(value);
	}
	return syscall_result(setsockopt(fd, row->level, row->number, data, len));
}

static int apply_one(const struct found_option *found,
		     const struct endpoint_option *option, int fd,
		     struct lsk_error *ret_error)
{
	unsigned char value[OPTION_VALUE_MAX];
	int r;

	if (found->row && (found->row->value == FAMILY_VALUE_CUSTOM ||
			   found->row->value == FAMILY_VALUE_LATE)) {
		r = found->row->set(fd, option->value, ret_error);
		if (r < 0)
			ret_error->offset += (unsigned int)option->value_offset;
		return r;
	}
	if (found->row) {
		r = apply_row(found->row, option, fd, ret_error);
	} else {
		r = read_value(&found->option, option, value, ret_error);
		if (r >= 0)
			r = syscall_result(setsockopt(fd, found->option.level,
						      found->option.number, value,
						      (socklen_t)r));
	}
	/* Some options answer with their value: no failure. */
	if (r >= 0)
		return 0;
	return error_set(ret_error, r, option->name_offset, "option %s: %s",
			 option->name, lsk_strerror(r));
}

int endpoint_options_apply(const struct lsk_endpoint *endpoint,
			   const struct endpoint_choice *choice, int fd, bool is_late,
			   struct lsk_error *ret_error)
{
	for (size_t i = 0; i < endpoint->options_count; i++) {
		const struct endpoint_option *option = &endpoint->options[i];
		struct found_option found;
		int r;

		if (strcmp(option->name, ENDPOINT_OPTION_TYPE) == 0)
			continue;
		if (!find(choice, option->name, &found))
			return error_set(ret_error, LSK_ERR_OPTION, option->name_offset,
					 "%s has no option called \"%s\"",
					 choice->family->name, option->name);
		if ((found.row && found.row->value == FAMILY_VALUE_LATE) != is_late)
			continue;
		r = apply_one(&found, option, fd, ret_error);
		if (r < 0)
			return r;
	}
	return 0;
}
