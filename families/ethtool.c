/* SPDX-License-Identifier: MIT */
/* ethtool's family of generic netlink: tables, bitsets, names of bits. */
#include <linsock/ethtool.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <stddef.h>
#include <string.h>

#include "uring/util.h"

#define REQUEST_SIZE 256

#define RINGS(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_ethtool_rings, member, LSK_RINGS_##number)
#define MODES(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_ethtool_modes, member, LSK_MODES_##number)

#define TABLE(type, fields_)                                       \
	{                                                          \
		.fields = (fields_), .count = ARRAY_SIZE(fields_), \
		.size = sizeof(struct type),                       \
		.header_offset = offsetof(struct type, info),      \
		.header_len = sizeof(struct genlmsghdr),           \
		.has_offset = offsetof(struct type, has),          \
	}

static const struct lsk_nl_field rings_device_fields[] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = RINGS("dev-index", LSK_NL_UINT, index, INDEX),
	[ETHTOOL_A_HEADER_DEV_NAME] = RINGS("dev-name", LSK_NL_STRING, name, NAME),
};
static const struct lsk_nl_table rings_device_table = {
	.fields = rings_device_fields,
	.count = ARRAY_SIZE(rings_device_fields),
};

static const struct lsk_nl_field rings_fields[] = {
	[ETHTOOL_A_RINGS_HEADER] = LSK_NL_INSIDE("header", &rings_device_table),
	[ETHTOOL_A_RINGS_RX_MAX] = RINGS("rx-max", LSK_NL_UINT, rx_max, RX_MAX),
	[ETHTOOL_A_RINGS_RX_MINI_MAX] =
		RINGS("rx-mini-max", LSK_NL_UINT, rx_mini_max, RX_MINI_MAX),
	[ETHTOOL_A_RINGS_RX_JUMBO_MAX] =
		RINGS("rx-jumbo-max", LSK_NL_UINT, rx_jumbo_max, RX_JUMBO_MAX),
	[ETHTOOL_A_RINGS_TX_MAX] = RINGS("tx-max", LSK_NL_UINT, tx_max, TX_MAX),
	[ETHTOOL_A_RINGS_RX] = RINGS("rx", LSK_NL_UINT, rx, RX),
	[ETHTOOL_A_RINGS_RX_MINI] = RINGS("rx-mini", LSK_NL_UINT, rx_mini, RX_MINI),
	[ETHTOOL_A_RINGS_RX_JUMBO] = RINGS("rx-jumbo", LSK_NL_UINT, rx_jumbo, RX_JUMBO),
	[ETHTOOL_A_RINGS_TX] = RINGS("tx", LSK_NL_UINT, tx, TX),
	[ETHTOOL_A_RINGS_RX_BUF_LEN] =
		RINGS("rx-buf-len", LSK_NL_UINT, rx_buf_len, RX_BUF_LEN),
	[ETHTOOL_A_RINGS_TCP_DATA_SPLIT] =
		RINGS("tcp-data-split", LSK_NL_UINT, tcp_data_split, TCP_DATA_SPLIT),
	[ETHTOOL_A_RINGS_CQE_SIZE] = RINGS("cqe-size", LSK_NL_UINT, cqe_size, CQE_SIZE),
	[ETHTOOL_A_RINGS_TX_PUSH] = RINGS("tx-push", LSK_NL_UINT, tx_push, TX_PUSH),
	[ETHTOOL_A_RINGS_RX_PUSH] = RINGS("rx-push", LSK_NL_UINT, rx_push, RX_PUSH),
};
static const struct lsk_nl_table rings_table = TABLE(lsk_ethtool_rings, rings_fields);

static const struct lsk_nl_field modes_device_fields[] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = MODES("dev-index", LSK_NL_UINT, index, INDEX),
	[ETHTOOL_A_HEADER_DEV_NAME] = MODES("dev-name", LSK_NL_STRING, name, NAME),
};
static const struct lsk_nl_table modes_device_table = {
	.fields = modes_device_fields,
	.count = ARRAY_SIZE(modes_device_fields),
};

static const struct lsk_nl_field modes_fields[] = {
	[ETHTOOL_A_LINKMODES_HEADER] = LSK_NL_INSIDE("header", &modes_device_table),
	[ETHTOOL_A_LINKMODES_AUTONEG] = MODES("autoneg", LSK_NL_UINT, autoneg, AUTONEG),
	[ETHTOOL_A_LINKMODES_SPEED] = MODES("speed", LSK_NL_UINT, speed, SPEED),
	[ETHTOOL_A_LINKMODES_DUPLEX] = MODES("duplex", LSK_NL_UINT, duplex, DUPLEX),
	[ETHTOOL_A_LINKMODES_LANES] = MODES("lanes", LSK_NL_UINT, lanes, LANES),
};
static const struct lsk_nl_table modes_table = TABLE(lsk_ethtool_modes, modes_fields);

/* Compact bitsets, which only the bare structs below have room for. */
struct bitset {
	uint64_t has;
	bool is_list;
	uint32_t size;
	struct lsk_nl_bytes value;
	struct lsk_nl_bytes mask;
};

enum { BITSET_LIST, BITSET_SIZE, BITSET_VALUE, BITSET_MASK };

#define BITSET(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct bitset, member, BITSET_##number)

static const struct lsk_nl_field bitset_fields[] = {
	[ETHTOOL_A_BITSET_NOMASK] = BITSET("nomask", LSK_NL_FLAG, is_list, LIST),
	[ETHTOOL_A_BITSET_SIZE] = BITSET("size", LSK_NL_UINT, size, SIZE),
	[ETHTOOL_A_BITSET_VALUE] = BITSET("value", LSK_NL_VIEW, value, VALUE),
	[ETHTOOL_A_BITSET_MASK] = BITSET("mask", LSK_NL_VIEW, mask, MASK),
};
static const struct lsk_nl_table bitset_table = {
	.fields = bitset_fields,
	.count = ARRAY_SIZE(bitset_fields),
	.has_offset = offsetof(struct bitset, has),
};

static void copy_words(uint32_t words[LSK_ETHTOOL_WORDS], struct lsk_nl_bytes from)
{
	size_t len = LSK_ETHTOOL_WORDS * sizeof(uint32_t);

	if (from.len > 0)
		memcpy(words, from.data, from.len < len ? from.len : len);
}

static int bits_parse(const struct lsk_nl_attr *attr, struct lsk_ethtool_bits *ret_bits)
{
	struct bitset bitset = {.has = 0};
	int r = lsk_nl_parse_attributes((struct lsk_nl_bytes){attr->data, attr->len},
					&bitset_table, &bitset);

	if (r < 0)
		return r;
	memset(ret_bits, 0, sizeof(*ret_bits));
	ret_bits->size = bitset.size;
	copy_words(ret_bits->value, bitset.value);
	if (bitset.is_list)
		memset(ret_bits->mask, 0xff, sizeof(ret_bits->mask));
	else
		copy_words(ret_bits->mask, bitset.mask);
	return 0;
}

/* Which attribute is which bitset. */
struct bits_place {
	uint16_t type;
	struct lsk_ethtool_bits *bits;
};

/* Return: 0 or -EBADMSG. */
static int read_bits(const struct nlmsghdr *msg, const struct bits_place *places,
		     size_t count)
{
	struct lsk_nl_bytes rest = lsk_nl_attributes(msg, sizeof(struct genlmsghdr));
	struct lsk_nl_attr attr;
	int r;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(struct genlmsghdr))
		return -EBADMSG;
	while ((r = lsk_nl_attr_next(&rest, &attr)) > 0) {
		for (size_t i = 0; i < count && r >= 0; i++)
			if (places[i].type == attr.type)
				r = bits_parse(&attr, places[i].bits);
		if (r < 0)
			break;
	}
	return r;
}

int lsk_ethtool_rings_parse(const struct nlmsghdr *msg,
			    struct lsk_ethtool_rings *ret_rings)
{
	return lsk_nl_parse(msg, &rings_table, ret_rings);
}

int lsk_ethtool_modes_parse(const struct nlmsghdr *msg,
			    struct lsk_ethtool_modes *ret_modes)
{
	const struct bits_place places[] = {
		{ETHTOOL_A_LINKMODES_OURS, &ret_modes->ours},
		{ETHTOOL_A_LINKMODES_PEER, &ret_modes->peer},
	};
	int r = lsk_nl_parse(msg, &modes_table, ret_modes);

	if (r == 0)
		r = read_bits(msg, places, ARRAY_SIZE(places));
	if (ret_modes->ours.size > 0)
		ret_modes->has |= UINT64_C(1) << LSK_MODES_OURS;
	if (ret_modes->peer.size > 0)
		ret_modes->has |= UINT64_C(1) << LSK_MODES_PEER;
	return r;
}

int lsk_ethtool_features_parse(const struct nlmsghdr *msg,
			       struct lsk_ethtool_features *ret_features)
{
	const struct bits_place places[] = {
		{ETHTOOL_A_FEATURES_HW, &ret_features->hardware},
		{ETHTOOL_A_FEATURES_WANTED, &ret_features->wanted},
		{ETHTOOL_A_FEATURES_ACTIVE, &ret_features->active},
		{ETHTOOL_A_FEATURES_NOCHANGE, &ret_features->fixed},
	};

	memset(ret_features, 0, sizeof(*ret_features));
	return read_bits(msg, places, ARRAY_SIZE(places));
}

int lsk_ethtool_timestamps_parse(const struct nlmsghdr *msg,
				 struct lsk_ethtool_timestamps *ret_timestamps)
{
	const struct bits_place places[] = {
		{ETHTOOL_A_TSINFO_TIMESTAMPING, &ret_timestamps->timestamping},
		{ETHTOOL_A_TSINFO_TX_TYPES, &ret_timestamps->tx_types},
		{ETHTOOL_A_TSINFO_RX_FILTERS, &ret_timestamps->rx_filters},
	};
	struct lsk_nl_bytes rest = lsk_nl_attributes(msg, sizeof(struct genlmsghdr));
	struct lsk_nl_attr attr;

	memset(ret_timestamps, 0, sizeof(*ret_timestamps));
	while (lsk_nl_attr_next(&rest, &attr) > 0) {
		if (attr.type != ETHTOOL_A_TSINFO_PHC_INDEX)
			continue;
		ret_timestamps->has_clock = true;
		ret_timestamps->clock = (uint32_t)lsk_nl_attr_uint(&attr);
	}
	return read_bits(msg, places, ARRAY_SIZE(places));
}

static int ask(struct lsk_nl *nl, const struct lsk_genl_family *family, uint8_t command,
	       const char *device, const struct nlmsghdr **ret_reply,
	       struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, REQUEST_SIZE);

	lsk_genl_msg_start(&msg, family, command, 0);
	/* The header is attribute 1 of every message of this family. */
	LSK_NL_NEST(&msg, ETHTOOL_A_RINGS_HEADER)
	{
		lsk_nl_put_string(&msg, ETHTOOL_A_HEADER_DEV_NAME, device);
		lsk_nl_put_u32(&msg, ETHTOOL_A_HEADER_FLAGS,
			       ETHTOOL_FLAG_COMPACT_BITSETS);
	}
	return lsk_nl_query(nl, &msg, ret_reply, ret_error);
}

int lsk_ethtool_rings_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			  const char *device, struct lsk_ethtool_rings *ret_rings,
			  struct lsk_nl_error *ret_error)
{
	const struct nlmsghdr *reply;
	int r = ask(nl, family, ETHTOOL_MSG_RINGS_GET, device, &reply, ret_error);

	return r < 0 ? r : lsk_ethtool_rings_parse(reply, ret_rings);
}

int lsk_ethtool_modes_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			  const char *device, struct lsk_ethtool_modes *ret_modes,
			  struct lsk_nl_error *ret_error)
{
	const struct nlmsghdr *reply;
	int r = ask(nl, family, ETHTOOL_MSG_LINKMODES_GET, device, &reply, ret_error);

	return r < 0 ? r : lsk_ethtool_modes_parse(reply, ret_modes);
}

int lsk_ethtool_features_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			     const char *device,
			     struct lsk_ethtool_features *ret_features,
			     struct lsk_nl_error *ret_error)
{
	const struct nlmsghdr *reply;
	int r = ask(nl, family, ETHTOOL_MSG_FEATURES_GET, device, &reply, ret_error);

	return r < 0 ? r : lsk_ethtool_features_parse(reply, ret_features);
}

int lsk_ethtool_timestamps_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			       const char *device,
			       struct lsk_ethtool_timestamps *ret_timestamps,
			       struct lsk_nl_error *ret_error)
{
	const struct nlmsghdr *reply;
	int r = ask(nl, family, ETHTOOL_MSG_TSINFO_GET, device, &reply, ret_error);

	return r < 0 ? r : lsk_ethtool_timestamps_parse(reply, ret_timestamps);
}

/* The value of the first attribute of that type; of none an empty view. */
static struct lsk_nl_bytes inside(struct lsk_nl_bytes attributes, uint16_t type)
{
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&attributes, &attr) > 0)
		if (attr.type == type)
			return (struct lsk_nl_bytes){attr.data, attr.len};
	return (struct lsk_nl_bytes){NULL, 0};
}

struct string {
	uint64_t has;
	uint32_t index;
	char value[64];
};

static const struct lsk_nl_field string_fields[] = {
	[ETHTOOL_A_STRING_INDEX] =
		LSK_NL_FIELD("index", LSK_NL_UINT, struct string, index, 0),
	[ETHTOOL_A_STRING_VALUE] =
		LSK_NL_FIELD("value", LSK_NL_STRING, struct string, value, 1),
};
static const struct lsk_nl_table string_table = {
	.fields = string_fields,
	.count = ARRAY_SIZE(string_fields),
	.has_offset = offsetof(struct string, has),
};

int lsk_ethtool_strings(struct lsk_nl *nl, const struct lsk_genl_family *family,
			uint32_t set, lsk_ethtool_string_fn each, void *context)
{
	const struct nlmsghdr *reply;
	struct lsk_nl_bytes rest;
	struct lsk_nl_attr attr;
	LSK_NL_MSG(msg, REQUEST_SIZE);
	int count = 0;
	int r;

	lsk_genl_msg_start(&msg, family, ETHTOOL_MSG_STRSET_GET, 0);
	/* A header is wanted, although of no device. */
	LSK_NL_NEST(&msg, ETHTOOL_A_STRSET_HEADER)
	lsk_nl_put_u32(&msg, ETHTOOL_A_HEADER_FLAGS, 0);
	LSK_NL_NEST(&msg, ETHTOOL_A_STRSET_STRINGSETS)
	LSK_NL_NEST(&msg, ETHTOOL_A_STRINGSETS_STRINGSET)
	lsk_nl_put_u32(&msg, ETHTOOL_A_STRINGSET_ID, set);
	r = lsk_nl_query(nl, &msg, &reply, NULL);
	if (r < 0)
		return r;
	rest = lsk_nl_attributes(reply, sizeof(struct genlmsghdr));
	rest = inside(rest, ETHTOOL_A_STRSET_STRINGSETS);
	rest = inside(rest, ETHTOOL_A_STRINGSETS_STRINGSET);
	rest = inside(rest, ETHTOOL_A_STRINGSET_STRINGS);
	while ((r = lsk_nl_attr_next(&rest, &attr)) > 0) {
		struct string string = {.has = 0};

		r = lsk_nl_parse_attributes((struct lsk_nl_bytes){attr.data, attr.len},
					    &string_table, &string);
		if (r < 0)
			break;
		each(context, string.index, string.value);
		count++;
	}
	return r < 0 ? r : count;
}
