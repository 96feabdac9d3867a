/* SPDX-License-Identifier: MIT */
/* NETLINK_CRYPTO: one struct of names and flags, and one of sizes for each kind. */
#include <linsock/alg_netlink.h>

#include <assert.h>
#include <errno.h>
#include <linux/cryptouser.h>
#include <string.h>

#include "families/alg.h"
#include "families/netlink_table.h"
#include "uring/util.h"

/* crypto/algapi.h: the kernel shows its own flags, in /proc/crypto as words. */
#define FLAG_ASYNC    0x80
#define FLAG_TESTED   0x400
#define FLAG_INTERNAL 0x2000

/* linux/cryptouser.h of Linux 6.13: signatures got a kind of their own. */
#define REPORT_SIG 22

static_assert(CRYPTO_MAX_NAME <= sizeof(((struct lsk_alg_entry *)NULL)->name) &&
		      CRYPTO_MAX_NAME <= sizeof(((struct lsk_alg_entry *)NULL)->module),
	      "every name of the kernel fits");

enum reply_bit {
	REPLY_PRIORITY,
	REPLY_LARVAL,
	REPLY_HASH,
	REPLY_CIPHER,
	REPLY_AEAD,
	REPLY_RNG,
	REPLY_SINGLE,
	REPLY_OTHER,
};

/* What the kernel tells. Of the last kinds nothing but their names is told. */
struct reply {
	uint64_t has;
	struct crypto_user_alg alg;
	int32_t priority;
	struct crypto_report_larval larval;
	struct crypto_report_hash hash;
	struct crypto_report_blkcipher cipher;
	struct crypto_report_aead aead;
	struct crypto_report_rng rng;
	struct crypto_report_cipher single;
	struct crypto_report_comp other;
};

#define REPLY(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct reply, member, REPLY_##number)

static const struct lsk_nl_field reply_fields[] = {
	[CRYPTOCFGA_PRIORITY_VAL] = REPLY("priority", LSK_NL_SINT, priority, PRIORITY),
	[CRYPTOCFGA_REPORT_LARVAL] = REPLY("larval", LSK_NL_BYTES, larval, LARVAL),
	[CRYPTOCFGA_REPORT_HASH] = REPLY("hash", LSK_NL_BYTES, hash, HASH),
	[CRYPTOCFGA_REPORT_BLKCIPHER] = REPLY("skcipher", LSK_NL_BYTES, cipher, CIPHER),
	[CRYPTOCFGA_REPORT_AEAD] = REPLY("aead", LSK_NL_BYTES, aead, AEAD),
	[CRYPTOCFGA_REPORT_COMPRESS] = REPLY("compress", LSK_NL_BYTES, other, OTHER),
	[CRYPTOCFGA_REPORT_RNG] = REPLY("rng", LSK_NL_BYTES, rng, RNG),
	[CRYPTOCFGA_REPORT_CIPHER] = REPLY("cipher", LSK_NL_BYTES, single, SINGLE),
	[CRYPTOCFGA_REPORT_AKCIPHER] = REPLY("akcipher", LSK_NL_BYTES, other, OTHER),
	[CRYPTOCFGA_REPORT_KPP] = REPLY("kpp", LSK_NL_BYTES, other, OTHER),
	[REPORT_SIG] = REPLY("sig", LSK_NL_BYTES, other, OTHER),
	[CRYPTOCFGA_REPORT_ACOMP] = REPLY("acomp", LSK_NL_BYTES, other, OTHER),
};

static const struct lsk_nl_table reply_table = {
	.fields = reply_fields,
	.count = ARRAY_SIZE(reply_fields),
	.size = sizeof(struct reply),
	.header_offset = offsetof(struct reply, alg),
	.header_len = sizeof(struct crypto_user_alg),
	.has_offset = offsetof(struct reply, has),
};

const struct netlink_message *alg_message_find(uint16_t type)
{
	static const struct netlink_message messages[] = {
		{CRYPTO_MSG_NEWALG, "newalg", &reply_table},
		{CRYPTO_MSG_DELALG, "delalg", &reply_table},
		{CRYPTO_MSG_UPDATEALG, "updatealg", &reply_table},
		{CRYPTO_MSG_GETALG, "getalg", &reply_table},
	};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

/* Return: whether the name ends, and is copied. */
static bool take_name(char *ret_name, size_t size, const char from[CRYPTO_MAX_NAME])
{
	const size_t len = strnlen(from, CRYPTO_MAX_NAME);

	if (len == CRYPTO_MAX_NAME || len >= size)
		return false;
	memcpy(ret_name, from, len + 1);
	return true;
}

/* The kind's name, which stands first in each of the kernel's structs. */
static const char *kind_of(const struct reply *reply)
{
	const struct {
		enum reply_bit bit;
		const char *kind;
	} kinds[] = {
		{REPLY_LARVAL, reply->larval.type}, {REPLY_HASH, reply->hash.type},
		{REPLY_CIPHER, reply->cipher.type}, {REPLY_AEAD, reply->aead.type},
		{REPLY_RNG, reply->rng.type},       {REPLY_SINGLE, reply->single.type},
		{REPLY_OTHER, reply->other.type},
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (LSK_HAS(reply, kinds[i].bit))
			return kinds[i].kind;
	return NULL;
}

/* What is not there is zero. */
static void take_sizes(const struct reply *reply, struct lsk_alg_entry *entry)
{
	entry->block_size = reply->hash.blocksize | reply->cipher.blocksize |
			    reply->aead.blocksize | reply->single.blocksize;
	entry->digest_size = reply->hash.digestsize;
	entry->iv_size = reply->cipher.ivsize | reply->aead.ivsize;
	entry->tag_size_max = reply->aead.maxauthsize;
	entry->key_min = reply->cipher.min_keysize | reply->single.min_keysize;
	entry->key_max = reply->cipher.max_keysize | reply->single.max_keysize;
	entry->seed_size = reply->rng.seedsize;
}

int lsk_alg_parse(const struct nlmsghdr *msg, struct lsk_alg_entry *ret_entry)
{
	struct lsk_alg_entry entry = {0};
	struct reply reply;
	const char *kind;
	int r;

	if (!msg || !ret_entry)
		return -EINVAL;
	if (msg->nlmsg_type != CRYPTO_MSG_GETALG &&
	    msg->nlmsg_type != CRYPTO_MSG_NEWALG)
		return -ENOMSG;
	r = lsk_nl_parse(msg, &reply_table, &reply);
	if (r < 0)
		return r;
	kind = kind_of(&reply);
	if (!take_name(entry.name, sizeof(entry.name), reply.alg.cru_name) ||
	    !take_name(entry.driver, sizeof(entry.driver), reply.alg.cru_driver_name) ||
	    !take_name(entry.module, sizeof(entry.module), reply.alg.cru_module_name) ||
	    (kind && !take_name(entry.kind, sizeof(entry.kind), kind)) ||
	    entry.name[0] == '\0')
		return -EBADMSG;
	alg_entry_set_type(&entry);
	entry.priority = reply.priority;
	entry.is_tested = reply.alg.cru_flags & FLAG_TESTED;
	entry.is_internal = reply.alg.cru_flags & FLAG_INTERNAL;
	entry.is_async = reply.alg.cru_flags & FLAG_ASYNC;
	take_sizes(&reply, &entry);
	*ret_entry = entry;
	return 0;
}

int lsk_alg_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump)
{
	const struct crypto_user_alg all = {.cru_name = ""};
	LSK_NL_MSG(msg, 512);

	lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &all, sizeof(all));
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_alg_next(struct lsk_nl_dump *dump, struct lsk_alg_entry *ret_entry)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_alg_parse(msg, ret_entry);
	return r < 0 ? r : 1;
}

int lsk_alg_query(struct lsk_nl *nl, const char *name, struct lsk_alg_entry *ret_entry,
		  struct lsk_nl_error *ret_error)
{
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 512);
	int r = -ENOENT;

	if (!nl || !name || !ret_entry || name[0] == '\0')
		return -EINVAL;
	if (strlen(name) >= CRYPTO_MAX_NAME)
		return -ENAMETOOLONG;
	/* The kernel looks for one or for the other, as the request says. */
	for (int is_driver = 0; is_driver < 2 && r == -ENOENT; is_driver++) {
		struct crypto_user_alg wanted = {.cru_name = ""};

		memcpy(is_driver ? wanted.cru_driver_name : wanted.cru_name, name,
		       strlen(name));
		lsk_nl_msg_start(&msg, CRYPTO_MSG_GETALG, 0, &wanted, sizeof(wanted));
		r = lsk_nl_query(nl, &msg, &reply, ret_error);
	}
	return r < 0 ? r : lsk_alg_parse(reply, ret_entry);
}
