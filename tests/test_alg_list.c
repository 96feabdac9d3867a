/* SPDX-License-Identifier: MIT */
/* Reading /proc/crypto, and the same over netlink. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/cryptouser.h>

#include <linsock/alg_netlink.h>

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

static struct crypto_user_alg header_of(const char *name)
{
	struct crypto_user_alg alg = {.cru_flags = 0x400 | 0x80};

	snprintf(alg.cru_name, sizeof(alg.cru_name), "%s", name);
	snprintf(alg.cru_driver_name, sizeof(alg.cru_driver_name), "its-driver");
	snprintf(alg.cru_module_name, sizeof(alg.cru_module_name), "kernel");
	return alg;
}

Test(alg_parse, reads_names_flags_and_sizes)
{
	const struct crypto_user_alg alg = header_of("gcm(aes)");
	const struct crypto_report_aead aead = {
		.type = "aead", .blocksize = 1, .maxauthsize = 16, .ivsize = 12};
	struct lsk_alg_entry entry;
	LSK_NL_MSG(msg, 1024);

	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &alg, sizeof(alg));
	lsk_nl_put_u32(&msg, CRYPTOCFGA_PRIORITY_VAL, (uint32_t)-7);
	lsk_nl_put(&msg, CRYPTOCFGA_REPORT_AEAD, &aead, sizeof(aead));
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), 0);
	cr_assert_str_eq(entry.name, "gcm(aes)");
	cr_assert_str_eq(entry.driver, "its-driver");
	cr_assert_str_eq(entry.module, "kernel");
	cr_assert_str_eq(entry.kind, "aead");
	cr_assert_str_eq(entry.type, "aead");
	cr_assert_eq(entry.priority, -7);
	cr_assert(entry.is_tested && entry.is_async && !entry.is_internal);
	cr_assert_eq(entry.tag_size_max, 16);
	cr_assert_eq(entry.iv_size, 12);
	cr_assert_eq(entry.block_size, 1);
}

Test(alg_parse, of_what_is_no_algorithm_says_so)
{
	const struct crypto_user_alg alg = header_of(""), named = header_of("x");
	struct crypto_user_alg endless = header_of("x");
	struct crypto_report_hash hash = {.type = ""};
	struct lsk_alg_entry entry = {.name = "untouched"};
	LSK_NL_MSG(msg, 1024);

	lsk_nl_msg_start(&msg, CRYPTO_MSG_DELALG, 0, &named, sizeof(named));
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), -ENOMSG);
	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &named, sizeof(named) - 4);
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), -EBADMSG, "cut");
	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &alg, sizeof(alg));
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), -EBADMSG, "without a name");
	memset(endless.cru_driver_name, 'x', sizeof(endless.cru_driver_name));
	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &endless, sizeof(endless));
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), -EBADMSG, "an endless name");
	memset(hash.type, 'x', sizeof(hash.type));
	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &named, sizeof(named));
	lsk_nl_put(&msg, CRYPTOCFGA_REPORT_HASH, &hash, sizeof(hash));
	cr_assert_eq(lsk_alg_parse(msg.header, &entry), -EBADMSG, "an endless kind");
	cr_assert_str_eq(entry.name, "untouched");
}

/* A handle, or a skip where the kernel has no crypto_user. Scenarios refuse skips. */
static struct lsk_nl *crypto_handle(void)
{
	struct lsk_nl *nl = NULL;
	int r = lsk_nl_open(&nl, NETLINK_CRYPTO, NULL);

	if (r == -EPROTONOSUPPORT && !getenv("LINSOCK_TEST_ALG"))
		cr_skip_test("no NETLINK_CRYPTO in this kernel (crypto_user)");
	cr_assert_eq(r, 0);
	return nl;
}

static size_t dump_all(struct lsk_nl *nl, struct lsk_alg_entry *entries, size_t max)
{
	struct lsk_nl_dump *dump = NULL;
	size_t count = 0;
	int r;

	cr_assert_eq(lsk_alg_dump(nl, &dump), 0);
	while (count < max && (r = lsk_alg_next(dump, &entries[count])) > 0)
		count++;
	cr_assert_lt(count, max);
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	return count;
}

static bool is_same(const struct lsk_alg_entry *a, const struct lsk_alg_entry *b)
{
	if (strcmp(a->name, b->name) != 0 || strcmp(a->driver, b->driver) != 0 ||
	    strcmp(a->module, b->module) != 0 || strcmp(a->kind, b->kind) != 0 ||
	    strcmp(a->type, b->type) != 0 || a->priority != b->priority ||
	    a->is_internal != b->is_internal || a->is_tested != b->is_tested)
		return false;
	/* Of what AF_ALG does not offer one side tells more than the other. */
	return a->type[0] == '\0' ||
	       (a->block_size == b->block_size && a->digest_size == b->digest_size &&
		a->iv_size == b->iv_size && a->tag_size_max == b->tag_size_max &&
		a->key_min == b->key_min && a->key_max == b->key_max &&
		a->seed_size == b->seed_size && a->is_async == b->is_async);
}

/* Return: whether both lists hold the same, in any order; else *ret_odd has the odd. */
static bool are_same(const struct lsk_alg_entry *a, const struct lsk_alg_entry *b,
		     size_t count, const struct lsk_alg_entry **ret_odd)
{
	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < count && !is_same(&a[i], &b[j]))
			j++;
		if (j == count) {
			*ret_odd = &a[i];
			return false;
		}
	}
	return true;
}

/* Others may load algorithms meanwhile: what holds is told by one of many looks. */
Test(alg_dump, tells_what_proc_crypto_does)
{
	enum { MAX = 4096, LOOKS = 100 };
	struct lsk_alg_entry *dumped = calloc(MAX, sizeof(*dumped));
	const struct lsk_alg_entry *odd = NULL;
	struct lsk_nl *nl = crypto_handle();
	bool is_found = false;

	for (int i = 0; i < LOOKS && !is_found; i++) {
		struct lsk_alg_entry *listed = NULL;
		size_t count = 0;

		cr_assert_eq(lsk_alg_list(&listed, &count), 0);
		is_found = dump_all(nl, dumped, MAX) == count &&
			   are_same(listed, dumped, count, &odd);
		if (!is_found && odd && i == LOOKS - 1)
			cr_assert_fail("%s (%s, %s) differs", odd->name, odd->driver,
				       odd->kind);
		free(listed);
	}
	cr_assert(is_found);
	lsk_nl_close(nl);
	free(dumped);
}

Test(alg_query, finds_by_name_and_by_driver)
{
	enum { MAX = 4096 };
	struct lsk_alg_entry *entries = calloc(MAX, sizeof(*entries));
	struct lsk_nl *nl = crypto_handle();
	struct lsk_nl_error error;
	struct lsk_alg_entry found;
	char name[65];

	if (dump_all(nl, entries, MAX) == 0)
		cr_skip_test("nothing is loaded");
	cr_assert_eq(lsk_alg_query(nl, entries[0].driver, &found, &error), 0, "%s: %s",
		     entries[0].driver, error.message);
	cr_assert_str_eq(found.name, entries[0].name);
	cr_assert_eq(lsk_alg_query(nl, entries[0].name, &found, NULL), 0);
	cr_assert_str_eq(found.name, entries[0].name);
	cr_assert_eq(lsk_alg_query(nl, "no-such-thing", &found, &error), -ENOENT);
	memset(name, 'x', sizeof(name) - 1);
	name[64] = '\0';
	cr_assert_eq(lsk_alg_query(nl, name, &found, NULL), -ENAMETOOLONG);
	cr_assert_eq(lsk_alg_query(nl, "", &found, NULL), -EINVAL);
	lsk_nl_close(nl);
	free(entries);
}
