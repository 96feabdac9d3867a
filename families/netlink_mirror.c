/* SPDX-License-Identifier: MIT */
/* A hash table of messages that grows with its content. */
#include "families/netlink_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 64

/* FNV-1a over the base, so that objects which may replace each other meet. */
static uint32_t key_hash(const uint8_t *bytes, size_t len)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return hash ^ hash >> 15;
}

static struct mirror_entry **bucket(const struct mirror *mirror, uint32_t hash)
{
	return &mirror->buckets[hash & (mirror->bucket_count - 1)];
}

static bool has_base(const struct mirror_entry *entry, const struct lsk_nl_key *key,
		     uint32_t hash)
{
	return entry->hash == hash && entry->base_len == key->base_len &&
	       memcmp(entry->key, key->bytes, key->base_len) == 0;
}

struct mirror_entry *mirror_find(const struct mirror *mirror,
				 const struct lsk_nl_key *key)
{
	uint32_t hash = key_hash(key->bytes, key->base_len);
	struct mirror_entry *entry;

	if (!mirror->buckets)
		return NULL;
	for (entry = *bucket(mirror, hash); entry; entry = entry->chain)
		if (has_base(entry, key, hash) && entry->key_len == key->len &&
		    memcmp(entry->key, key->bytes, key->len) == 0)
			return entry;
	return NULL;
}

size_t mirror_find_base(const struct mirror *mirror, const struct lsk_nl_key *key,
			struct mirror_entry **ret_entry)
{
	uint32_t hash = key_hash(key->bytes, key->base_len);
	size_t count = 0;

	if (!mirror->buckets)
		return 0;
	for (struct mirror_entry *entry = *bucket(mirror, hash); entry;
	     entry = entry->chain)
		if (has_base(entry, key, hash)) {
			*ret_entry = entry;
			count++;
		}
	return count;
}

static int mirror_grow(struct mirror *mirror)
{
	size_t count = mirror->buckets ? mirror->bucket_count * 2 : BUCKETS_FIRST;
	struct mirror_entry **buckets = calloc(count, sizeof(struct mirror_entry *));

	if (!buckets)
		return -ENOMEM;
	free(mirror->buckets);
	mirror->buckets = buckets;
	mirror->bucket_count = count;
	for (struct mirror_entry *entry = mirror->first; entry; entry = entry->next) {
		struct mirror_entry **at = bucket(mirror, entry->hash);

		entry->chain = *at;
		*at = entry;
	}
	return 0;
}

struct nlmsghdr *mirror_copy(const struct nlmsghdr *msg)
{
	struct nlmsghdr *copy = malloc(msg->nlmsg_len);

	if (copy)
		memcpy(copy, msg, msg->nlmsg_len);
	return copy;
}

int mirror_add(struct mirror *mirror, const struct lsk_nl_key *key,
	       const struct nlmsghdr *msg, struct mirror_entry **ret_entry)
{
	struct mirror_entry *entry;
	struct mirror_entry **at;

	if (mirror->count >= mirror->bucket_count && mirror_grow(mirror) < 0)
		return -ENOMEM;
	entry = calloc(1, sizeof(*entry) + key->len);
	if (!entry)
		return -ENOMEM;
	entry->msg = mirror_copy(msg);
	if (!entry->msg) {
		free(entry);
		return -ENOMEM;
	}
	entry->hash = key_hash(key->bytes, key->base_len);
	entry->key_len = key->len;
	entry->base_len = key->base_len;
	memcpy(entry->key, key->bytes, key->len);
	at = bucket(mirror, entry->hash);
	entry->chain = *at;
	*at = entry;
	entry->previous = mirror->last;
	if (mirror->last)
		mirror->last->next = entry;
	else
		mirror->first = entry;
	mirror->last = entry;
	mirror->count++;
	*ret_entry = entry;
	return 0;
}

void mirror_take(struct mirror *mirror, struct mirror_entry *entry)
{
	struct mirror_entry **at = bucket(mirror, entry->hash);

	while (*at != entry)
		at = &(*at)->chain;
	*at = entry->chain;
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		mirror->first = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		mirror->last = entry->previous;
	mirror->count--;
}

void mirror_entry_free(struct mirror_entry *entry)
{
	if (!entry)
		return;
	free(entry->msg);
	free(entry);
}

void mirror_done(struct mirror *mirror)
{
	struct mirror_entry *next;

	for (struct mirror_entry *entry = mirror->first; entry; entry = next) {
		next = entry->next;
		mirror_entry_free(entry);
	}
	free(mirror->buckets);
	*mirror = (struct mirror){.count = 0};
}
