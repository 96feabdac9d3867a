/* SPDX-License-Identifier: MIT */
/* AF_IEEE802154: "pan/short", "pan/extended". */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/ieee802154.h>

#include "families/fields.h"
#include "families/hardware.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

/* The kernel's structures (include/net/af_ieee802154.h), which no header of the UAPI
 * has. */
enum address_type {
	ADDRESS_NONE = 0,
	ADDRESS_SHORT = 2,
	ADDRESS_EXTENDED = 3,
};

struct sockaddr_ieee802154 {
	sa_family_t family;
	struct {
		int type; /* enum address_type */
		uint16_t pan;
		union {
			uint8_t extended[8];
			uint16_t short_address;
		};
	} addr;
};

static_assert(sizeof(struct sockaddr_ieee802154) == 20, "as the kernel has it");

static const struct field_kind pan_kind = {"a PAN", UINT16_MAX, NULL};
static const struct field_kind short_kind = {"a short address", UINT16_MAX, NULL};

int lsk_addr_ieee802154_short(struct lsk_addr *ret_addr, uint16_t pan, uint16_t address)
{
	struct sockaddr_ieee802154 place;

	memset(&place, 0, sizeof(place)); /* the padding too: bytes are compared */
	place.family = AF_IEEE802154;
	place.addr.type = ADDRESS_SHORT;
	place.addr.pan = pan;
	place.addr.short_address = address;
	return lsk_addr_set(ret_addr, &place, sizeof(place));
}

int lsk_addr_ieee802154_extended(struct lsk_addr *ret_addr, uint16_t pan,
				 const uint8_t *address)
{
	struct sockaddr_ieee802154 place;

	if (!address)
		return -EINVAL;
	memset(&place, 0, sizeof(place));
	place.family = AF_IEEE802154;
	place.addr.type = ADDRESS_EXTENDED;
	place.addr.pan = pan;
	memcpy(place.addr.extended, address, sizeof(place.addr.extended));
	return lsk_addr_set(ret_addr, &place, sizeof(place));
}

static int none(struct lsk_addr *ret_addr)
{
	struct sockaddr_ieee802154 place;

	memset(&place, 0, sizeof(place));
	place.family = AF_IEEE802154;
	return lsk_addr_set(ret_addr, &place, sizeof(place));
}

static int ieee802154_parse(const char *text, struct lsk_addr *ret_addr,
			    struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t pan = 0, address = 0;
	uint8_t extended[8];
	const char *rest;
	int r;

	if (strcmp(text, "none") == 0)
		return none(ret_addr);
	r = fields_number(&fields, "/", &pan_kind, &pan);
	if (r == 0)
		r = fields_expect(&fields, '/', "an address");
	if (r < 0)
		return r;
	rest = text + fields.offset;
	if (!strchr(rest, ':')) {
		r = fields_number(&fields, "", &short_kind, &address);
		return r < 0 ? r
			     : lsk_addr_ieee802154_short(ret_addr, (uint16_t)pan,
							 (uint16_t)address);
	}
	r = hardware_read(extended, sizeof(extended), rest, strlen(rest));
	if (r < 0)
		return error_set(ret_error, r, fields.offset,
				 "expected an address like 00:11:22:33:44:55:66:77");
	return lsk_addr_ieee802154_extended(ret_addr, (uint16_t)pan, extended);
}

static int ieee802154_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_ieee802154 place;

	if (addr->len != sizeof(place))
		return -EINVAL;
	memcpy(&place, &addr->storage, sizeof(place));
	switch (place.addr.type) {
	case ADDRESS_NONE:
		text_put_string(&writer, "none");
		break;
	case ADDRESS_SHORT:
		text_put_format(&writer, "0x%04x/0x%04x", place.addr.pan,
				place.addr.short_address);
		break;
	case ADDRESS_EXTENDED:
		text_put_format(&writer, "0x%04x/", place.addr.pan);
		hardware_put(&writer, place.addr.extended, sizeof(place.addr.extended));
		break;
	default:
		return -EINVAL;
	}
	return text_end(&writer);
}

/* What the type of an address does not use is whatever it was. */
static bool ieee802154_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	struct sockaddr_ieee802154 first, second;

	if (a->len != sizeof(first) || b->len != sizeof(second))
		return a->len == b->len &&
		       memcmp(&a->storage, &b->storage, a->len) == 0;
	memcpy(&first, &a->storage, sizeof(first));
	memcpy(&second, &b->storage, sizeof(second));
	if (first.addr.type != second.addr.type)
		return false;
	if (first.addr.type == ADDRESS_NONE)
		return true;
	if (first.addr.pan != second.addr.pan)
		return false;
	if (first.addr.type == ADDRESS_SHORT)
		return first.addr.short_address == second.addr.short_address;
	return memcmp(first.addr.extended, second.addr.extended,
		      sizeof(first.addr.extended)) == 0;
}

static const struct family_type ieee802154_types[] = {
	{"dgram", SOCK_DGRAM, 0},
	{"raw", SOCK_RAW, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_ieee802154 = {
	.domain = AF_IEEE802154,
	.name = "ieee802154",
	.summary = "radios of low power: IEEE 802.15.4",
	.parse = ieee802154_parse,
	.format = ieee802154_format,
	.equal = ieee802154_equal,
	.types = ieee802154_types,
	.probe = &ieee802154_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
