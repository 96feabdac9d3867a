/* SPDX-License-Identifier: MIT */
/* Addresses as values; what their bytes mean is their family's row's to know. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linsock/addr.h>

#include "src/error.h"
#include "src/family.h"
#include "src/text.h"

/* The bytes before the address proper, present in every sockaddr. */
#define FAMILY_SIZE sizeof(sa_family_t)

static const char raw_name[] = "raw";

/* "44/0102ff": the family's number, then the bytes that follow it. */
static int raw_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	const char *slash = strchrnul(text, '/');
	const char *hex = *slash ? slash + 1 : slash;
	size_t digits = strlen(hex);
	struct lsk_addr addr = {.len = FAMILY_SIZE};
	unsigned char *bytes = (unsigned char *)&addr.storage;
	uint64_t domain;
	int r;

	r = text_to_uint(text, (size_t)(slash - text), UINT16_MAX, &domain);
	if (r < 0)
		return error_set(ret_error, r, 0, "expected the number of a family");
	if (digits % 2 != 0)
		return error_set(ret_error, LSK_ERR_SYNTAX, (size_t)(hex - text),
				 "expected an even number of hexadecimal digits");
	if (digits / 2 > sizeof(addr.storage) - FAMILY_SIZE)
		return error_set(ret_error, LSK_ERR_LENGTH, (size_t)(hex - text),
				 "an address has at most %zu bytes after its family",
				 sizeof(addr.storage) - FAMILY_SIZE);
	for (size_t i = 0; i < digits; i += 2) {
		int high = text_hex_digit(hex[i]);
		int low = text_hex_digit(hex[i + 1]);

		if (high < 0 || low < 0)
			return error_set(ret_error, LSK_ERR_SYNTAX,
					 (size_t)(hex - text) + i,
					 "expected hexadecimal digits");
		bytes[addr.len++] = (unsigned char)(high * 16 + low);
	}
	addr.storage.ss_family = (sa_family_t)domain;
	*ret_addr = addr;
	return 0;
}

static int raw_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	const unsigned char *bytes = (const unsigned char *)&addr->storage;

	text_put_format(&writer, "%s://%u/", raw_name,
			(unsigned int)addr->storage.ss_family);
	for (size_t i = FAMILY_SIZE; i < addr->len; i++)
		text_put_format(&writer, "%02x", bytes[i]);
	return text_end(&writer);
}

static bool is_possible(const struct lsk_addr *addr)
{
	return addr && addr->len >= FAMILY_SIZE && addr->len <= sizeof(addr->storage);
}

static const struct lsk_family *row_of(const struct lsk_addr *addr)
{
	return family_by_domain(addr->storage.ss_family);
}

/* Look for what an address cannot have, which a family might take for a path. */
static int check_no_query(const char *text, struct lsk_error *ret_error)
{
	size_t len = strcspn(text, "?");

	if (text[len] == '\0')
		return 0;
	return error_set(ret_error, LSK_ERR_SYNTAX, len,
			 "an address takes no options; write %%3F for a question mark");
}

static int parse(struct lsk_addr *ret_addr, const char *text,
		 struct lsk_error *ret_error)
{
	const char *place = text_place(text);
	const struct lsk_family *family;
	size_t name_len;
	int r;

	if (!place)
		return error_set(ret_error, LSK_ERR_SCHEME, 0,
				 "expected \"family://\" at the start");
	r = check_no_query(text, ret_error);
	if (r < 0)
		return r;
	name_len = (size_t)(place - text) - strlen(TEXT_SCHEME_END);
	if (name_len == strlen(raw_name) && memcmp(text, raw_name, name_len) == 0) {
		r = raw_parse(place, ret_addr, ret_error);
	} else {
		family = family_by_name(text, name_len);
		if (!family)
			return error_set(ret_error, LSK_ERR_SCHEME, 0,
					 "no address family is called \"%.*s\"",
					 (int)name_len, text);
		r = family->parse(place, ret_addr, ret_error);
	}
	if (r < 0)
		ret_error->offset += (unsigned int)(place - text);
	return r;
}

int lsk_addr_parse(struct lsk_addr *ret_addr, const char *text,
		   struct lsk_error *ret_error)
{
	struct lsk_error ignored;
	struct lsk_addr addr;
	int r;

	if (!ret_error)
		ret_error = &ignored;
	if (!ret_addr || !text)
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	r = parse(&addr, text, ret_error);
	if (r == 0)
		*ret_addr = addr;
	return r;
}

int lsk_addr_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	const struct lsk_family *family;
	int prefix;
	int r;

	if (!is_possible(addr) || (!buf && size > 0))
		return -EINVAL;
	family = row_of(addr);
	if (!family)
		return raw_format(addr, buf, size);

	prefix = snprintf(buf, size, "%s%s", family->name, TEXT_SCHEME_END);
	if ((size_t)prefix < size) {
		r = family->format(addr, buf + prefix, size - (size_t)prefix);
		/* Bytes that the family itself would never make. */
		if (r == -EINVAL)
			return raw_format(addr, buf, size);
		if (r >= 0)
			return prefix + r;
	}
	if (size > 0)
		buf[0] = '\0';
	return -ENOSPC;
}

int lsk_addr_set(struct lsk_addr *ret_addr, const void *sockaddr, size_t len)
{
	struct lsk_addr addr = {.len = (socklen_t)len};

	if (!ret_addr || !sockaddr || len < FAMILY_SIZE || len > sizeof(addr.storage))
		return -EINVAL;
	memcpy(&addr.storage, sockaddr, len);
	*ret_addr = addr;
	return 0;
}

int lsk_addr_family(const struct lsk_addr *addr)
{
	return is_possible(addr) ? addr->storage.ss_family : AF_UNSPEC;
}

bool lsk_addr_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	const struct lsk_family *family;

	if (!a || !b)
		return a == b;
	if (!is_possible(a) || !is_possible(b))
		return a->len == 0 && b->len == 0;
	if (a->storage.ss_family != b->storage.ss_family)
		return false;
	family = row_of(a);
	if (family && family->equal)
		return family->equal(a, b);
	return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}
