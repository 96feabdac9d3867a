/* SPDX-License-Identifier: MIT */
/* Constants by name and by number. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/constant.h>
#include <linsock/error.h>

#include "src/constant.h"
#include "uring/util.h"

/* Alpha, MIPS, PA-RISC, PowerPC and SPARC number their socket options differently. */
static_assert(SOL_SOCKET == 1 && SO_RCVLOWAT == 18 && SO_TYPE == 3,
	      "the committed table is that of asm-generic/socket.h: for this "
	      "architecture write it anew with scripts/generate-constants");

#define NAME_MAX_LEN 64

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct constant *)row)->name);
}

static const struct constant *constant_find(const char *name)
{
	return bsearch(name, constants, constant_count, sizeof(constants[0]),
		       compare_name);
}

static int group_find(const char *group)
{
	for (unsigned int i = 0; group && i < constant_group_count; i++)
		if (strcmp(constant_groups[i], group) == 0)
			return (int)i;
	return -ENOENT;
}

static const struct constant *constant_of(int group, int64_t value)
{
	for (unsigned int i = 0; i < constant_count; i++)
		if (constants[i].value == value && constants[i].group == group &&
		    !constants[i].is_alias)
			return &constants[i];
	return NULL;
}

int lsk_constant_value(const char *name, int64_t *ret_value)
{
	const struct constant *constant;

	if (!name || !ret_value)
		return -EINVAL;
	constant = constant_find(name);
	if (!constant)
		return -ENOENT;
	*ret_value = constant->value;
	return 0;
}

const char *lsk_constant_name(const char *group, int64_t value)
{
	const struct constant *constant = constant_of(group_find(group), value);

	return constant ? constant->name : NULL;
}

int lsk_constant_at(size_t index, struct lsk_constant *ret_constant)
{
	const struct constant *constant;

	if (!ret_constant)
		return -EINVAL;
	if (index >= constant_count)
		return -ENOENT;
	constant = &constants[index];
	*ret_constant = (struct lsk_constant){
		.name = constant->name,
		.group = constant_groups[constant->group],
		.value = constant->value,
		.is_alias = constant->is_alias,
	};
	return 0;
}

/* Append to @buf at @used; what does not fit is counted all the same. */
static size_t append(char *buf, size_t size, size_t used, const char *text)
{
	size_t room = used < size ? size - used : 0;
	int len;

	len = snprintf(room > 0 ? buf + used : NULL, room, "%s%s", used > 0 ? "|" : "",
		       text);
	return used + (size_t)len;
}

int lsk_constant_format(const char *group, int64_t value, char *buf, size_t size)
{
	const int index = group_find(group);
	const struct constant *constant = constant_of(index, value);
	char number[24];
	uint64_t rest = (uint64_t)value;
	size_t used = 0;

	if (!buf)
		return -EINVAL;
	if (constant)
		used = append(buf, size, used, constant->name);
	for (uint64_t bit = 1; !constant && bit != 0; bit <<= 1) {
		const struct constant *flag = NULL;

		if (rest & bit)
			flag = constant_of(index, (int64_t)bit);
		if (!flag)
			continue;
		used = append(buf, size, used, flag->name);
		rest &= ~bit;
	}
	if (!constant && (rest != 0 || used == 0)) {
		snprintf(number, sizeof(number), "0x%" PRIx64, rest);
		used = append(buf, size, used, number);
	}
	return used < size ? (int)used : -ENOSPC;
}

/* One number or name of @len bytes. */
static int parse_part(const char *text, size_t len, int64_t *ret_value)
{
	char part[NAME_MAX_LEN];
	char *end;

	if (len == 0 || len >= sizeof(part))
		return -ENOENT;
	memcpy(part, text, len);
	part[len] = '\0';
	if (strchr("-0123456789", part[0])) {
		*ret_value = strtoll(part, &end, 0);
		if (*end != '\0')
			return -ENOENT;
		/* What does not fit comes back as one of the two ends. */
		return *ret_value == INT64_MAX || *ret_value == INT64_MIN
			       ? LSK_ERR_RANGE
			       : 0;
	}
	return lsk_constant_value(part, ret_value);
}

int lsk_constant_parse(const char *text, int64_t *ret_value)
{
	int64_t value = 0, part;
	size_t len;
	int r;

	if (!text || !ret_value)
		return -EINVAL;
	for (;;) {
		len = strcspn(text, "|");
		r = parse_part(text, len, &part);
		if (r < 0)
			return r;
		value |= part;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*ret_value = value;
	return 0;
}
