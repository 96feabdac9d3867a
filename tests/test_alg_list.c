/* SPDX-License-Identifier: MIT */
/* Reading /proc/crypto. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/alg.h>

static int parse(const char **text, struct lsk_alg_entry *ret_entry)
{
	return lsk_alg_entry_parse(text, *text + strlen(*text), ret_entry);
}

Test(alg_entry, is_read_paragraph_by_paragraph)
{
	const char *text = "name         : gcm(aes)\n"
			   "driver       : generic-gcm-aesni\n"
			   "module       : aesni_intel\n"
			   "priority     : 400\n"
			   "refcnt       : 1\n"
			   "selftest     : passed\n"
			   "internal     : no\n"
			   "type         : aead\n"
			   "async        : yes\n"
			   "blocksize    : 1\n"
			   "ivsize       : 12\n"
			   "maxauthsize  : 16\n"
			   "geniv        : <none>\n"
			   "\n"
			   "name         : sha256\n"
			   "driver       : sha256-lib\n"
			   "priority     : -1\n"
			   "selftest     : unknown\n"
			   "internal     : yes\n"
			   "type         : shash\n"
			   "digestsize   : 32";
	struct lsk_alg_entry entry;

	cr_assert_eq(parse(&text, &entry), 1);
	cr_assert_str_eq(entry.name, "gcm(aes)");
	cr_assert_str_eq(entry.driver, "generic-gcm-aesni");
	cr_assert_str_eq(entry.module, "aesni_intel");
	cr_assert_str_eq(entry.kind, "aead");
	cr_assert_str_eq(entry.type, "aead");
	cr_assert_eq(entry.priority, 400);
	cr_assert(entry.is_tested && entry.is_async && !entry.is_internal);
	cr_assert_eq(entry.iv_size, 12);
	cr_assert_eq(entry.tag_size_max, 16);
	cr_assert_eq(parse(&text, &entry), 1);
	cr_assert_str_eq(entry.name, "sha256");
	cr_assert_str_eq(entry.type, "hash");
	cr_assert_str_eq(entry.module, "");
	cr_assert_eq(entry.priority, -1);
	cr_assert_eq(entry.digest_size, 32);
	cr_assert(!entry.is_tested && entry.is_internal);
	cr_assert_eq(parse(&text, &entry), 0);
}

Test(alg_entry, keys_are_ranges)
{
	const char *text = "\n\n\nname : xts(aes)\ntype:skcipher\nmin keysize  : 32\n"
			   "max keysize\t: 64\n\n\n\n";
	struct lsk_alg_entry entry;

	cr_assert_eq(parse(&text, &entry), 1);
	cr_assert_eq(entry.key_min, 32);
	cr_assert_eq(entry.key_max, 64);
	cr_assert_str_eq(entry.type, "skcipher");
	cr_assert_eq(parse(&text, &entry), 0);
}

Test(alg_entry, a_bad_paragraph_is_passed_over)
{
	const char *text = "driver : nameless\n\n"
			   "name : a\npriority : high\n\n"
			   "name : b\nblocksize : 4294967296\n\n"
			   "name : c\nblocksize : \n\n"
			   "name : d\nblocksize : -1\n\n"
			   "name : good\ntype : comp\n";
	struct lsk_alg_entry entry = {.name = "untouched"};

	for (int i = 0; i < 5; i++) {
		cr_assert_eq(parse(&text, &entry), -EBADMSG, "paragraph %d", i);
		cr_assert_str_eq(entry.name, "untouched");
	}
	cr_assert_eq(parse(&text, &entry), 1);
	cr_assert_str_eq(entry.name, "good");
	cr_assert_str_eq(entry.type, "", "no type of AF_ALG");
}

Test(alg_entry, names_end_where_their_field_does)
{
	char text[600];
	const char *at = text;
	struct lsk_alg_entry entry;

	snprintf(text, sizeof(text), "name : %0127d\n\nname : %0128d\n", 0, 0);
	cr_assert_eq(parse(&at, &entry), 1);
	cr_assert_eq(strlen(entry.name), 127);
	cr_assert_eq(parse(&at, &entry), -EBADMSG);
}

Test(alg_list, is_what_this_kernel_says)
{
	struct lsk_alg_entry *entries = NULL;
	size_t count = 0;
	int r = lsk_alg_list(&entries, &count);

	if (r == -ENOENT)
		cr_skip_test("no /proc/crypto here");
	cr_assert_eq(r, 0);
	for (size_t i = 0; i < count; i++)
		cr_assert_neq(entries[i].name[0], '\0');
	free(entries);
	cr_assert_eq(lsk_alg_list(NULL, &count), -EINVAL);
}
