/* SPDX-License-Identifier: MIT */
/* Attributes as JSON in the form of ip, row by row, and text made of that. */
#include "tools/netlink_rows.h"

#include <grp.h>
#include <inttypes.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* What was read of the second word of a pair, or 0. */
static uint32_t word_at(const struct lsk_nl_attr *attr, size_t index)
{
	uint32_t word = 0;

	if (attr->len >= (index + 1) * sizeof(word))
		memcpy(&word, (const char *)attr->data + index * sizeof(word),
		       sizeof(word));
	return word;
}

static json_t *json_ether_type(const struct lsk_nl_attr *attr)
{
	const uint8_t *bytes = attr->data;
	unsigned int type =
		attr->len < 2 ? 0 : (unsigned int)(bytes[0] << 8 | bytes[1]);

	if (type == ETH_P_8021Q || type == ETH_P_8021AD)
		return json_string(type == ETH_P_8021Q ? "802.1Q" : "802.1ad");
	return json_sprintf("[%u]", type);
}

static json_t *json_bytes(const void *data, size_t len)
{
	struct lsk_nl_blob blob = {.len = 0};

	blob.len = (uint8_t)(len < sizeof(blob.bytes) ? len : sizeof(blob.bytes));
	memcpy(blob.bytes, data, blob.len);
	return netlink_json_hardware(&blob);
}

/* Two bytes of priority, then an address, of which ip leaves leading zeros out. */
static json_t *json_bridge_id(const struct lsk_nl_attr *attr)
{
	const uint8_t *bytes = attr->data;

	if (attr->len != sizeof(struct ifla_bridge_id))
		return NULL;
	return json_sprintf("%02x%02x.%x:%x:%x:%x:%x:%x", bytes[0], bytes[1], bytes[2],
			    bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

static json_t *json_flags(uint32_t flags, const struct netlink_word *words)
{
	json_t *array = json_array();

	for (; words->name; words++)
		if (flags & (uint32_t)words->number) {
			json_array_append_new(array, json_string(words->name));
			flags &= ~(uint32_t)words->number;
		}
	if (flags)
		json_array_append_new(array, json_sprintf("%x", flags));
	return array;
}

static json_t *json_groups(uint64_t mask, const struct netlink_word *words)
{
	char text[160] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < 16; i++) {
		const char *name = netlink_word(words, i);

		if (!(mask >> i & 1))
			continue;
		if (name)
			len += (size_t)sprintf(text + len, "%s%s", len ? "," : "",
					       name);
		else
			len += (size_t)sprintf(text + len, "%s0x%x", len ? "," : "",
					       1U << i);
	}
	return json_string(len ? text : "0x0");
}

static json_t *json_qos(const struct lsk_nl_attr *attr)
{
	struct lsk_nl_bytes rest = {attr->data, attr->len};
	json_t *array = json_array();
	struct lsk_nl_attr item;

	while (lsk_nl_attr_next(&rest, &item) > 0)
		json_array_append_new(array,
				      json_pack("{s:I,s:I}", "from",
						(json_int_t)word_at(&item, 0), "to",
						(json_int_t)word_at(&item, 1)));
	return array;
}

static json_t *json_user(uint64_t number, bool is_group)
{
	const struct passwd *user = is_group ? NULL : getpwuid((uid_t)number);
	const struct group *group = is_group ? getgrgid((gid_t)number) : NULL;

	if (user)
		return json_string(user->pw_name);
	return group ? json_string(group->gr_name) : json_integer((json_int_t)number);
}

/* NULL: nothing to tell. */
static json_t *json_value(struct netlink_call *call, const struct netlink_row *row,
			  const struct lsk_nl_attr *attr)
{
	uint64_t number = lsk_nl_attr_uint(attr);

	switch (row->form) {
	case ROW_NUMBER:
		return json_integer((json_int_t)number);
	case ROW_ON_OFF:
	case ROW_SWITCH:
		return json_boolean(number);
	case ROW_SECONDS:
		return json_real((double)number / 100);
	case ROW_HEX:
		return json_sprintf("%#" PRIx64, number);
	case ROW_WORD:
		return netlink_json_word(row->words, (int64_t)number);
	case ROW_BIT:
		return json_integer(word_at(attr, 0) >> row->bit & 1);
	case ROW_FLAG:
		return number & row->bit ? json_true() : NULL;
	case ROW_FLAGS:
		return json_flags(word_at(attr, 0), row->words);
	case ROW_ETHER_TYPE:
		return json_ether_type(attr);
	case ROW_BRIDGE_ID:
		return json_bridge_id(attr);
	case ROW_HARDWARE:
		return json_bytes(attr->data, attr->len);
	case ROW_GROUPS:
		return json_groups(number, row->words);
	case ROW_INTERFACE:
		return json_string(netlink_name(call, (uint32_t)number));
	case ROW_USER:
	case ROW_GROUP:
		return json_user(number, row->form == ROW_GROUP);
	case ROW_QOS:
		return json_qos(attr);
	}
	return NULL;
}

/* The last one of a type counts. */
bool netlink_find_attr(struct lsk_nl_bytes rest, uint16_t type,
		       struct lsk_nl_attr *ret_attr)
{
	struct lsk_nl_attr attr;
	bool is_found = false;

	while (lsk_nl_attr_next(&rest, &attr) > 0)
		if (attr.type == type) {
			*ret_attr = attr;
			is_found = true;
		}
	return is_found;
}

json_t *netlink_json_rows(struct netlink_call *call, const struct netlink_row *row,
			  struct lsk_nl_bytes data)
{
	json_t *object = json_object();
	struct lsk_nl_attr attr;

	for (; row->key; row++) {
		json_t *value = netlink_find_attr(data, row->type, &attr)
					? json_value(call, row, &attr)
					: NULL;

		if (value)
			json_object_set_new(object, row->key, value);
	}
	return object;
}

static void print_qos(const json_t *array)
{
	const json_t *item;
	size_t i;

	printf("{ ");
	json_array_foreach(array, i, item)
		printf("%" JSON_INTEGER_FORMAT ":%" JSON_INTEGER_FORMAT " ",
		       json_integer_value(json_object_get(item, "from")),
		       json_integer_value(json_object_get(item, "to")));
	printf("} ");
}

void netlink_print_rows(const json_t *object, const struct netlink_row *row)
{
	for (; row && row->key; row++) {
		const json_t *value = json_object_get(object, row->key);
		const char *label = row->label ? row->label : row->key;

		if (!value || (row->form == ROW_SWITCH && !json_is_true(value)))
			continue;
		if (row->form == ROW_ON_OFF) {
			printf("%s %s ", label, json_is_true(value) ? "on" : "off");
		} else if (row->form == ROW_SECONDS) {
			printf("%s %7.2f ", label, json_real_value(value));
		} else if (row->form == ROW_FLAGS) {
			putchar('<');
			netlink_print_list(value, ",");
			printf("> ");
		} else if (row->form == ROW_QOS) {
			printf("\n      %s ", label);
			print_qos(value);
		} else {
			netlink_print_key(object, row->key, label);
		}
	}
}
