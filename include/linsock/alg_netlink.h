/* SPDX-License-Identifier: MIT */
/*
 * The kernel's algorithms, asked for over NETLINK_CRYPTO (module crypto_user): what
 * /proc/crypto lists, without text, and of one algorithm by its name.
 *
 *	r = lsk_nl_open(&nl, NETLINK_CRYPTO, NULL);
 *	r = lsk_alg_query(nl, "cbc(aes)", &entry, NULL);
 *	printf("keys of %u to %u bytes\n", entry.key_min, entry.key_max);
 *
 * lsk_nl_open() says -EPROTONOSUPPORT where the kernel has no crypto_user. Nothing of
 * it needs a privilege.
 */
#ifndef LINSOCK_ALG_NETLINK_H
#define LINSOCK_ALG_NETLINK_H

#include <linsock/alg.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/**
 * lsk_alg_dump() - list what the kernel has loaded
 * @nl: a handle of NETLINK_CRYPTO
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Names end after 63 bytes here; lsk_alg_list() has all of longer ones.
 *
 * Return: as lsk_nl_dump_start().
 */
int lsk_alg_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump);

/**
 * lsk_alg_next() - the dump's next algorithm
 * @dump: made by lsk_alg_dump()
 * @ret_entry: set when 1 is returned
 *
 * Return: 1; 0 at the end; -EBADMSG for a message that cannot be read, behind which the
 * next call goes on; or as lsk_nl_dump_next().
 */
int lsk_alg_next(struct lsk_nl_dump *dump, struct lsk_alg_entry *ret_entry);

/**
 * lsk_alg_query() - ask for one algorithm
 * @nl: a handle of NETLINK_CRYPTO
 * @name: "cbc(aes)", or the name of a driver: "cbc-aes-aesni"
 * @ret_entry: set on success
 * @ret_error: as for lsk_nl_request(); may be NULL
 *
 * Of a name that many drivers have, it is the kernel's first, which need not be the one
 * of the highest priority: that is the one that lsk_alg_dump() finds. Nothing is
 * loaded.
 *
 * Return: 0; -ENOENT where nothing of this name is loaded; -ENAMETOOLONG for more than
 * 63 bytes; -EINVAL for an empty name; -EBADMSG; or as lsk_nl_query().
 */
int lsk_alg_query(struct lsk_nl *nl, const char *name, struct lsk_alg_entry *ret_entry,
		  struct lsk_nl_error *ret_error);

/**
 * lsk_alg_parse() - read a CRYPTO_MSG_GETALG or CRYPTO_MSG_NEWALG message
 * @msg: a whole message, aligned to 4 bytes
 * @ret_entry: set on success
 *
 * Return: 0; -ENOMSG for another type; -EBADMSG for one that is cut, without a name, or
 * with a name that does not end.
 */
int lsk_alg_parse(const struct nlmsghdr *msg, struct lsk_alg_entry *ret_entry);

LSK_END_DECLS

#endif
