/* SPDX-License-Identifier: MIT */
/*
 * AF_CAN: addresses and endpoints of its four protocols.
 *
 *	can://vcan0                      CAN_RAW, BCM: the interface; "any" is all
 *	can://vcan0/rx=7E8,tx=7E0        ISO-TP: identifiers, in hexadecimal
 *	can://vcan0/addr=0x20,pgn=0x12300,name=0x1122334455667788    J1939
 *
 * An interface without a name is its number: "can://#7". The kernel answers with 8, 16
 * or 24 bytes of struct sockaddr_can as the protocol has fields: the length tells
 * which.
 */
#include <assert.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/error.h>
#include <linux/can/j1939.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can.h>

#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

#define LEN_PLAIN offsetof(struct sockaddr_can, can_addr)
#define LEN_ISOTP (LEN_PLAIN + sizeof(((struct sockaddr_can *)NULL)->can_addr.tp))
#define LEN_J1939 sizeof(struct sockaddr_can)

#define EFF_DIGITS   8
#define PGN_TEXT_MAX J1939_NO_PGN

static_assert(LEN_PLAIN == 8 && LEN_ISOTP == 16 && LEN_J1939 == 24,
	      "the lengths that kernels answer with");

/* One "key=value" of the text, where @offset counts from the text's start. */
struct pair {
	const char *key;
	size_t key_len;
	const char *value;
	size_t value_len;
	size_t offset;
};

static bool key_is(const struct pair *pair, const char *key)
{
	return pair->key_len == strlen(key) &&
	       memcmp(pair->key, key, pair->key_len) == 0;
}

/* An identifier: 8 digits make it an extended one, as in a frame's text. */
static int read_can_id(const struct pair *pair, canid_t *ret_id,
		       struct lsk_error *ret_error)
{
	uint32_t id = 0;

	for (size_t i = 0; i < pair->value_len; i++) {
		int digit = text_hex_digit(pair->value[i]);

		if (digit < 0 || pair->value_len > EFF_DIGITS)
			return error_set(ret_error, LSK_ERR_SYNTAX, pair->offset,
					 "expected up to 8 hexadecimal digits");
		id = id << 4 | (uint32_t)digit;
	}
	if (pair->value_len == 0)
		return error_set(ret_error, LSK_ERR_SYNTAX, pair->offset,
				 "expected a hexadecimal identifier");
	if (id > (pair->value_len == EFF_DIGITS ? CAN_EFF_MASK : CAN_SFF_MASK))
		return error_set(ret_error, LSK_ERR_RANGE, pair->offset,
				 "the identifier exceeds its bits; write 8 digits for "
				 "an extended one");
	*ret_id = id | (pair->value_len == EFF_DIGITS ? CAN_EFF_FLAG : 0);
	return 0;
}

static int read_number(const struct pair *pair, uint64_t max, uint64_t *ret_value,
		       struct lsk_error *ret_error)
{
	int r = text_to_uint(pair->value, pair->value_len, max, ret_value);

	if (r < 0)
		return error_set(ret_error, r, pair->offset,
				 "expected a number up to 0x%llx",
				 (unsigned long long)max);
	return 0;
}

static int read_isotp_pair(const struct pair *pair, struct sockaddr_can *sa,
			   struct lsk_error *ret_error)
{
	canid_t *id =
		key_is(pair, "rx") ? &sa->can_addr.tp.rx_id : &sa->can_addr.tp.tx_id;

	return read_can_id(pair, id, ret_error);
}

static int read_j1939_pair(const struct pair *pair, struct sockaddr_can *sa,
			   struct lsk_error *ret_error)
{
	uint64_t value = 0;
	uint64_t max = key_is(pair, "addr")  ? J1939_NO_ADDR
		       : key_is(pair, "pgn") ? PGN_TEXT_MAX
					     : UINT64_MAX;
	int r = read_number(pair, max, &value, ret_error);

	if (r < 0)
		return r;
	if (key_is(pair, "addr"))
		sa->can_addr.j1939.addr = (uint8_t)value;
	else if (key_is(pair, "pgn"))
		sa->can_addr.j1939.pgn = (uint32_t)value;
	else
		sa->can_addr.j1939.name = value;
	return 0;
}

/* Put one pair into the address, whose length says what it is by now. */
static int apply_pair(struct lsk_addr *addr, const struct pair *pair,
		      struct lsk_error *ret_error)
{
	struct sockaddr_can *sa = (struct sockaddr_can *)&addr->storage;
	bool is_isotp = key_is(pair, "rx") || key_is(pair, "tx");

	if (!is_isotp && !key_is(pair, "addr") && !key_is(pair, "pgn") &&
	    !key_is(pair, "name"))
		return error_set(ret_error, LSK_ERR_SYNTAX,
				 (size_t)(pair->offset - pair->key_len - 1),
				 "expected rx=, tx= (ISO-TP), addr=, pgn= or name= "
				 "(J1939)");
	if (addr->len != LEN_PLAIN && (addr->len == LEN_ISOTP) != is_isotp)
		return error_set(ret_error, LSK_ERR_SYNTAX,
				 (size_t)(pair->offset - pair->key_len - 1),
				 "an address is of ISO-TP or of J1939, not of both");
	if (is_isotp) {
		addr->len = LEN_ISOTP;
		return read_isotp_pair(pair, sa, ret_error);
	}
	if (addr->len == LEN_PLAIN) {
		sa->can_addr.j1939.addr = J1939_NO_ADDR;
		sa->can_addr.j1939.pgn = J1939_NO_PGN;
	}
	addr->len = LEN_J1939;
	return read_j1939_pair(pair, sa, ret_error);
}

static int read_interface(const char *text, size_t len, int *ret_index,
			  struct lsk_error *ret_error)
{
	char name[IF_NAMESIZE];
	uint64_t number = 0;
	int used;

	if (len > 1 && text[0] == '#') {
		if (text_to_uint(text + 1, len - 1, INT32_MAX, &number) < 0)
			return error_set(ret_error, LSK_ERR_SYNTAX, 1,
					 "expected the number of an interface");
		*ret_index = (int)number;
		return 0;
	}
	used = text_percent_decode(text, len, name, sizeof(name) - 1, &(size_t){0});
	if (len == 0 || used < 0)
		return error_set(ret_error, len == 0 ? LSK_ERR_SYNTAX : LSK_ERR_LENGTH,
				 0, "expected the name of an interface, up to %d bytes",
				 IF_NAMESIZE - 1);
	name[used] = '\0';
	if (strcmp(name, LSK_CAN_ANY) == 0) {
		*ret_index = 0;
		return 0;
	}
	*ret_index = (int)if_nametoindex(name);
	if (*ret_index == 0)
		return error_set(ret_error, -ENODEV, 0, "no interface is called \"%s\"",
				 name);
	return 0;
}

static int can_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	struct lsk_addr addr = {.len = LEN_PLAIN};
	struct sockaddr_can *sa = (struct sockaddr_can *)&addr.storage;
	size_t offset = strcspn(text, "/");
	int r = read_interface(text, offset, &sa->can_ifindex, ret_error);

	if (r < 0)
		return r;
	sa->can_family = AF_CAN;
	while (text[offset]) {
		struct pair pair = {.key = text + offset + 1};

		pair.key_len = strcspn(pair.key, "=,");
		if (pair.key[pair.key_len] != '=')
			return error_set(ret_error, LSK_ERR_SYNTAX, offset + 1,
					 "expected \"key=value\"");
		pair.value = pair.key + pair.key_len + 1;
		pair.value_len = strcspn(pair.value, ",");
		pair.offset = (size_t)(pair.value - text);
		r = apply_pair(&addr, &pair, ret_error);
		if (r < 0)
			return r;
		offset = pair.offset + pair.value_len;
	}
	*ret_addr = addr;
	return 0;
}

static void put_can_id(struct text_writer *writer, const char *key, canid_t id)
{
	if (id & CAN_EFF_FLAG)
		text_put_format(writer, "%s=%08X", key, id & CAN_EFF_MASK);
	else
		text_put_format(writer, "%s=%03X", key, id & CAN_SFF_MASK);
}

static int can_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_can sa = {0};
	char name[IF_NAMESIZE];

	if (addr->len < LEN_PLAIN)
		return -EINVAL;
	memcpy(&sa, &addr->storage, addr->len < sizeof(sa) ? addr->len : sizeof(sa));
	if (sa.can_ifindex == 0)
		text_put_string(&writer, LSK_CAN_ANY);
	else if (if_indextoname((unsigned int)sa.can_ifindex, name) && name[0] != '#' &&
		 strcmp(name, LSK_CAN_ANY) != 0)
		text_put_percent(&writer, name, strlen(name));
	else
		text_put_format(&writer, "#%d", sa.can_ifindex);
	if (addr->len >= LEN_J1939) {
		text_put_format(&writer, "/addr=0x%x,pgn=0x%x", sa.can_addr.j1939.addr,
				sa.can_addr.j1939.pgn);
		if (sa.can_addr.j1939.name)
			text_put_format(&writer, ",name=0x%llx",
					(unsigned long long)sa.can_addr.j1939.name);
	} else if (addr->len >= LEN_ISOTP) {
		put_can_id(&writer, "/rx", sa.can_addr.tp.rx_id);
		put_can_id(&writer, ",tx", sa.can_addr.tp.tx_id);
	}
	return text_end(&writer);
}

/* The same fields: what is past the shorter address must be empty in the longer one. */
static bool can_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	struct sockaddr_can left = {0}, right = {0};

	if (a->len < LEN_PLAIN || b->len < LEN_PLAIN)
		return a->len == b->len &&
		       memcmp(&a->storage, &b->storage, a->len) == 0;
	memcpy(&left, &a->storage, a->len < sizeof(left) ? a->len : sizeof(left));
	memcpy(&right, &b->storage, b->len < sizeof(right) ? b->len : sizeof(right));
	return left.can_ifindex == right.can_ifindex &&
	       left.can_addr.j1939.name == right.can_addr.j1939.name &&
	       left.can_addr.j1939.pgn == right.can_addr.j1939.pgn &&
	       left.can_addr.j1939.addr == right.can_addr.j1939.addr;
}

/* "?filter=123:7FF,400~700,#FF,j": candump's text, in one option. */
static int set_filter(int fd, const char *value, struct lsk_error *ret_error)
{
	struct lsk_can_filter_list list;
	int join = 1;
	int r = lsk_can_filter_list_parse(&list, value ? value : "", ret_error);

	if (r < 0)
		return r;
	if (list.join)
		r = syscall_result(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_JOIN_FILTERS,
					      &join, sizeof(join)));
	if (r == 0 && list.error_mask)
		r = syscall_result(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER,
					      &list.error_mask,
					      sizeof(list.error_mask)));
	if (r == 0 && (list.count > 0 || !list.error_mask))
		r = syscall_result(
			setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, list.filters,
				   (socklen_t)(list.count * sizeof(*list.filters))));
	lsk_can_filter_list_done(&list);
	return r < 0 ? error_set_code(ret_error, r, 0, "filter") : 0;
}

static const struct family_scheme can_schemes[] = {
	{"bcm", SOCK_DGRAM, CAN_BCM, FAMILY_ATTACH_CONNECT},
	{"isotp", SOCK_DGRAM, CAN_ISOTP, FAMILY_ATTACH_BIND},
	{"j1939", SOCK_DGRAM, CAN_J1939, FAMILY_ATTACH_BIND},
	{"can", SOCK_RAW, CAN_RAW, FAMILY_ATTACH_BIND},
	{0},
};

static const struct family_option can_options[] = {
	{"filter", FAMILY_VALUE_CUSTOM, 0, 0, set_filter},
	{"fd", FAMILY_VALUE_FLAG, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, NULL},
	{"xl", FAMILY_VALUE_FLAG, SOL_CAN_RAW, 7 /* CAN_RAW_XL_FRAMES */, NULL},
	{"errors", FAMILY_VALUE_INT, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, NULL},
	{"loopback", FAMILY_VALUE_FLAG, SOL_CAN_RAW, CAN_RAW_LOOPBACK, NULL},
	{"own", FAMILY_VALUE_FLAG, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, NULL},
	{"promisc", FAMILY_VALUE_FLAG, SOL_CAN_J1939, SO_J1939_PROMISC, NULL},
	{"prio", FAMILY_VALUE_INT, SOL_CAN_J1939, SO_J1939_SEND_PRIO, NULL},
	{"errqueue", FAMILY_VALUE_FLAG, SOL_CAN_J1939, SO_J1939_ERRQUEUE, NULL},
	{0},
};

static const struct family_type can_types[] = {
	{"raw", SOCK_RAW, CAN_RAW},
	{"bcm", SOCK_DGRAM, CAN_BCM},
	{"isotp", SOCK_DGRAM, CAN_ISOTP},
	{"j1939", SOCK_DGRAM, CAN_J1939},
	{0},
};

const struct lsk_family lsk_family_can = {
	.domain = AF_CAN,
	.name = "can",
	.summary = "controller area network: RAW, BCM, ISO-TP, J1939",
	.parse = can_parse,
	.format = can_format,
	.equal = can_equal,
	.schemes = can_schemes,
	.options = can_options,
	.types = can_types,
	.probe = &can_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
