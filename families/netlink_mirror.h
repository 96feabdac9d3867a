/* SPDX-License-Identifier: MIT */
/* Messages by the identity of their objects: the memory of a watch. */
#ifndef LSK_NETLINK_MIRROR_H
#define LSK_NETLINK_MIRROR_H

#include <linsock/netlink_watch.h>

struct mirror_entry {
	struct mirror_entry *chain; /* of the same bucket */
	struct mirror_entry *next;  /* in the order in which they came */
	struct mirror_entry *previous;
	struct nlmsghdr *msg; /* owned */
	uint32_t hash;
	uint32_t generation; /* of the listing in which it was seen last */
	uint16_t key_len;
	uint16_t base_len;
	uint8_t key[];
};

struct mirror {
	struct mirror_entry **buckets; /* NULL while empty */
	size_t bucket_count;           /* a power of two */
	size_t count;
	struct mirror_entry *first;
	struct mirror_entry *last;
};

/* The object of this identity, or NULL. */
struct mirror_entry *mirror_find(const struct mirror *mirror,
				 const struct lsk_nl_key *key);

/* Objects with the same base. @ret_entry: one of them, unless there is none. */
size_t mirror_find_base(const struct mirror *mirror, const struct lsk_nl_key *key,
			struct mirror_entry **ret_entry);

/* Add a copy of @msg, which must be new. Return: 0 or -ENOMEM. */
int mirror_add(struct mirror *mirror, const struct lsk_nl_key *key,
	       const struct nlmsghdr *msg, struct mirror_entry **ret_entry);

/* Take an entry out; the caller owns it, see mirror_entry_free(). */
void mirror_take(struct mirror *mirror, struct mirror_entry *entry);

/* A copy of a message, or NULL. */
struct nlmsghdr *mirror_copy(const struct nlmsghdr *msg);

/* NULL is allowed. */
void mirror_entry_free(struct mirror_entry *entry);

void mirror_done(struct mirror *mirror);

#endif
