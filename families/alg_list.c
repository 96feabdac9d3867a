/* SPDX-License-Identifier: MIT */
/* /proc/crypto: paragraphs of "key : value" lines. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/alg.h"
#include "uring/util.h"

#define LIST_PATH "/proc/crypto"

enum field_type {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_PRIORITY,
	FIELD_YES,
};

struct list_field {
	const char *key;
	enum field_type type;
	size_t offset;
	size_t size;     /* of a text */
	const char *yes; /* the value that means true */
};

#define TEXT(key, member)                                                    \
	{                                                                    \
		key, FIELD_TEXT, offsetof(struct lsk_alg_entry, member),     \
			sizeof(((struct lsk_alg_entry *)NULL)->member), NULL \
	}
#define NUMBER(key, member)                                                        \
	{                                                                          \
		key, FIELD_NUMBER, offsetof(struct lsk_alg_entry, member), 0, NULL \
	}
#define YES(key, member, value)                                                  \
	{                                                                        \
		key, FIELD_YES, offsetof(struct lsk_alg_entry, member), 0, value \
	}

static const struct list_field fields[] = {
	TEXT("name", name),
	TEXT("driver", driver),
	TEXT("module", module),
	TEXT("type", kind),
	{"priority", FIELD_PRIORITY, offsetof(struct lsk_alg_entry, priority), 0, NULL},
	YES("selftest", is_tested, "passed"),
	YES("internal", is_internal, "yes"),
	YES("async", is_async, "yes"),
	NUMBER("blocksize", block_size),
	NUMBER("digestsize", digest_size),
	NUMBER("ivsize", iv_size),
	NUMBER("maxauthsize", tag_size_max),
	NUMBER("min keysize", key_min),
	NUMBER("max keysize", key_max),
	NUMBER("seedsize", seed_size),
};

/* What each kind is called by AF_ALG. */
static const char *const kinds[][2] = {
	{"shash", "hash"},         {"ahash", "hash"}, {"skcipher", "skcipher"},
	{"lskcipher", "skcipher"}, {"aead", "aead"},  {"rng", "rng"},
};

void alg_entry_set_type(struct lsk_alg_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(entry->kind, kinds[i][0]) == 0)
			memcpy(entry->type, kinds[i][1], strlen(kinds[i][1]) + 1);
}

struct span {
	const char *at;
	size_t len;
};

static struct span trim(const char *begin, const char *end)
{
	while (begin < end && (*begin == ' ' || *begin == '\t'))
		begin++;
	while (begin < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct span){begin, (size_t)(end - begin)};
}

static bool is(struct span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

static int read_number(struct span span, bool is_signed, int64_t *ret_number)
{
	bool is_negative = is_signed && span.len > 1 && span.at[0] == '-';
	int64_t number = 0;

	if (span.len == 0)
		return -EBADMSG;
	for (size_t i = is_negative ? 1 : 0; i < span.len; i++) {
		if (span.at[i] < '0' || span.at[i] > '9')
			return -EBADMSG;
		number = number * 10 + (span.at[i] - '0');
		if (number > (is_signed ? (int64_t)INT32_MAX : (int64_t)UINT32_MAX))
			return -EBADMSG;
	}
	*ret_number = is_negative ? -number : number;
	return 0;
}

static int read_field(const struct list_field *field, struct span value,
		      struct lsk_alg_entry *entry)
{
	char *place = (char *)entry + field->offset;
	int64_t number = 0;
	int r = 0;

	switch (field->type) {
	case FIELD_TEXT:
		if (value.len >= field->size || memchr(value.at, '\0', value.len))
			return -EBADMSG;
		memcpy(place, value.at, value.len);
		place[value.len] = '\0';
		break;
	case FIELD_NUMBER:
		r = read_number(value, false, &number);
		*(unsigned int *)(void *)place = (unsigned int)number;
		break;
	case FIELD_PRIORITY:
		r = read_number(value, true, &number);
		*(int *)(void *)place = (int)number;
		break;
	case FIELD_YES:
		*(bool *)place = is(value, field->yes);
		break;
	}
	return r;
}

static int read_line(const char *begin, const char *end, struct lsk_alg_entry *entry)
{
	const char *colon = memchr(begin, ':', (size_t)(end - begin));
	struct span key;

	if (!colon)
		return 0;
	key = trim(begin, colon);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (is(key, fields[i].key))
			return read_field(&fields[i], trim(colon + 1, end), entry);
	return 0;
}

int lsk_alg_entry_parse(const char **text, const char *end,
			struct lsk_alg_entry *ret_entry)
{
	struct lsk_alg_entry entry = {0};
	const char *at;
	bool has_lines = false;
	int r = 0;

	if (!text || !*text || !end || !ret_entry)
		return -EINVAL;
	for (at = *text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;
		const int fault = read_line(at, line_end, &entry);
		const bool is_empty = trim(at, line_end).len == 0;

		at = newline ? newline + 1 : end;
		if (is_empty && has_lines)
			break;
		has_lines |= !is_empty;
		r = r < 0 ? r : fault;
	}
	*text = at;
	if (!has_lines)
		return 0;
	if (r < 0 || entry.name[0] == '\0')
		return -EBADMSG;
	alg_entry_set_type(&entry);
	*ret_entry = entry;
	return 1;
}

static int list_parse(const char *text, size_t len, struct lsk_alg_entry **ret_entries,
		      size_t *ret_count)
{
	const char *end = text + len;
	struct lsk_alg_entry *entries = NULL;
	size_t count = 0, room = 0;
	struct lsk_alg_entry entry;
	int r;

	while ((r = lsk_alg_entry_parse(&text, end, &entry)) != 0) {
		if (r < 0)
			continue;
		if (count == room) {
			size_t more = room ? room * 2 : 64;
			struct lsk_alg_entry *grown =
				reallocarray(entries, more, sizeof(*entries));

			if (!grown) {
				free(entries);
				return -ENOMEM;
			}
			entries = grown;
			room = more;
		}
		entries[count++] = entry;
	}
	*ret_entries = entries;
	*ret_count = count;
	return 0;
}

/* All of a file that does not tell its size. */
static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, room = 0;
	ssize_t r;

	do {
		if (len == room) {
			size_t more = room ? room * 2 : 65536;
			char *grown = realloc(text, more);

			if (!grown) {
				free(text);
				return -ENOMEM;
			}
			text = grown;
			room = more;
		}
		r = syscall_count(read(fd, text + len, room - len));
		if (r > 0)
			len += (size_t)r;
	} while (r > 0 || r == -EINTR);
	if (r < 0) {
		free(text);
		return (int)r;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int lsk_alg_list(struct lsk_alg_entry **ret_entries, size_t *ret_count)
{
	_cleanup_(closep) int fd = -1;
	_cleanup_(freep) char *text = NULL;
	size_t len = 0;
	int r;

	if (!ret_entries || !ret_count)
		return -EINVAL;
	fd = syscall_result(open(LIST_PATH, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	r = read_all(fd, &text, &len);
	return r < 0 ? r : list_parse(text, len, ret_entries, ret_count);
}
