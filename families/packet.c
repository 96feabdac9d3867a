/* SPDX-License-Identifier: MIT */
/* AF_PACKET: "interface/protocol/type/hardware type/address"; see packet(7). */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <linsock/packet.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

/* Bytes of a sockaddr_ll before the hardware address, which may be longer than 8 bytes
 * where the kernel tells one (InfiniBand has 20). */
#define HEADER_SIZE offsetof(struct sockaddr_ll, sll_addr)

static const struct field_name protocol_names[] = {
	{"all", ETH_P_ALL},
	{NULL, 0},
};

static const struct field_name type_names[] = {
	{"host", PACKET_HOST},
	{"broadcast", PACKET_BROADCAST},
	{"multicast", PACKET_MULTICAST},
	{"otherhost", PACKET_OTHERHOST},
	{"outgoing", PACKET_OUTGOING},
	{"loopback", PACKET_LOOPBACK},
	{NULL, 0},
};

static const struct field_kind protocol_kind = {"a protocol", UINT16_MAX,
						protocol_names};
static const struct field_kind type_kind = {"a packet type", UINT8_MAX, type_names};
static const struct field_kind hatype_kind = {"a hardware type", UINT16_MAX, NULL};

int lsk_addr_packet(struct lsk_addr *ret_addr, const char *interface, uint16_t protocol,
		    const void *hardware, size_t hardware_len)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_halen = (unsigned char)hardware_len,
	};

	if (hardware_len > sizeof(ll.sll_addr))
		return LSK_ERR_LENGTH;
	if (interface && strlen(interface) >= IF_NAMESIZE)
		return LSK_ERR_LENGTH;
	if (interface && *interface) {
		ll.sll_ifindex = (int)if_nametoindex(interface);
		if (ll.sll_ifindex == 0)
			return -ENODEV;
	}
	if (hardware)
		memcpy(ll.sll_addr, hardware, hardware_len);
	return lsk_addr_set(ret_addr, &ll, sizeof(ll));
}

/* Bytes of an address whose hardware address has @hardware_len. */
static socklen_t packet_size(size_t hardware_len)
{
	if (hardware_len <= sizeof(((struct sockaddr_ll *)0)->sll_addr))
		return sizeof(struct sockaddr_ll);
	return (socklen_t)(HEADER_SIZE + hardware_len);
}

/* "00:11:22:33:44:55" into @bytes. */
static int take_hardware(struct fields *fields, unsigned char *bytes, size_t size,
			 size_t *ret_len)
{
	size_t len = 0;

	do {
		const char *field;
		size_t start = fields->offset;
		size_t digits = fields_take(fields, ":", &field);
		int high = digits == 2 ? text_hex_digit(field[0]) : -1;
		int low = digits == 2 ? text_hex_digit(field[1]) : -1;

		if (high < 0 || low < 0)
			return error_set(fields->error, LSK_ERR_SYNTAX, start,
					 "expected two hexadecimal digits");
		if (len == size)
			return error_set(fields->error, LSK_ERR_LENGTH, start,
					 "a hardware address has at most %zu bytes",
					 size);
		bytes[len++] = (unsigned char)(high * 16 + low);
	} while (fields_skip(fields, ':'));
	*ret_len = len;
	return 0;
}

static int packet_parse(const char *text, struct lsk_addr *ret_addr,
			struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	struct lsk_addr addr = {0};
	struct sockaddr_ll *ll = (struct sockaddr_ll *)&addr.storage;
	uint32_t protocol = 0, type = 0, hatype = 0;
	size_t hardware_len = 0;
	int r;

	r = fields_interface(&fields, "/", &ll->sll_ifindex);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "/", &protocol_kind, &protocol);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "/", &type_kind, &type);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "/", &hatype_kind, &hatype);
	if (r == 0 && fields_skip(&fields, '/'))
		r = take_hardware(&fields, (unsigned char *)&addr.storage + HEADER_SIZE,
				  sizeof(addr.storage) - HEADER_SIZE, &hardware_len);
	if (r < 0)
		return r;
	ll->sll_family = AF_PACKET;
	ll->sll_protocol = htons((uint16_t)protocol);
	ll->sll_pkttype = (unsigned char)type;
	ll->sll_hatype = (unsigned short)hatype;
	ll->sll_halen = (unsigned char)hardware_len;
	addr.len = packet_size(hardware_len);
	*ret_addr = addr;
	return 0;
}

static int packet_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	const unsigned char *hardware;
	struct sockaddr_ll ll = {0};
	/* How many of the fields have something to say. */
	int fields = 0;

	if (addr->len < sizeof(ll))
		return -EINVAL;
	memcpy(&ll, &addr->storage, HEADER_SIZE);
	if (addr->len != packet_size(ll.sll_halen))
		return -EINVAL;
	hardware = (const unsigned char *)&addr->storage + HEADER_SIZE;
	if (ll.sll_protocol)
		fields = 1;
	if (ll.sll_pkttype)
		fields = 2;
	if (ll.sll_hatype)
		fields = 3;
	if (ll.sll_halen)
		fields = 4;

	text_put_interface(&writer, ll.sll_ifindex);
	if (fields >= 1) {
		unsigned int protocol = ntohs(ll.sll_protocol);

		text_put_format(&writer, protocol == ETH_P_ALL ? "/all" : "/0x%04x",
				protocol);
	}
	if (fields >= 2) {
		text_put(&writer, '/');
		text_put_named(&writer, type_names, ll.sll_pkttype);
	}
	if (fields >= 3)
		text_put_format(&writer, "/%u", ll.sll_hatype);
	for (size_t i = 0; i < ll.sll_halen; i++)
		text_put_format(&writer, "%c%02x", i == 0 ? '/' : ':', hardware[i]);
	return text_end(&writer);
}

static const struct family_type packet_types[] = {
	{"raw", SOCK_RAW, 0},
	{"dgram", SOCK_DGRAM, 0},
	{NULL, 0, 0},
};

/* There is no connect(2): a client binds. */
static const struct family_scheme packet_schemes[] = {
	{.name = "packet", .type = SOCK_RAW, .attach = FAMILY_ATTACH_BIND},
	{.name = NULL},
};

/* "?proto=0x0800": an option of the socket here, since bind(2) keeps it where the
 * address names none. */
static int set_protocol(int fd, const char *value, struct lsk_error *ret_error)
{
	struct fields fields = {.text = value ? value : "", .error = ret_error};
	struct sockaddr_ll ll = {.sll_family = AF_PACKET};
	uint32_t protocol;
	int r = fields_number(&fields, "", &protocol_kind, &protocol);

	if (r < 0) {
		ret_error->code = LSK_ERR_VALUE;
		return LSK_ERR_VALUE;
	}
	ll.sll_protocol = htons((uint16_t)protocol);
	if (bind(fd, (const struct sockaddr *)&ll, sizeof(ll)) < 0)
		return error_set_code(ret_error, neg_errno(), 0, "bind");
	return 0;
}

static const struct family_option packet_options[] = {
	{.name = "proto", .value = FAMILY_VALUE_CUSTOM, .set = set_protocol},
	{.name = "qdisc-bypass",
	 .value = FAMILY_VALUE_FLAG,
	 .level = SOL_PACKET,
	 .number = PACKET_QDISC_BYPASS},
	{.name = "ignore-outgoing",
	 .value = FAMILY_VALUE_FLAG,
	 .level = SOL_PACKET,
	 .number = PACKET_IGNORE_OUTGOING},
	{.name = NULL},
};

const struct lsk_family lsk_family_packet = {
	.domain = AF_PACKET,
	.name = "packet",
	.summary = "frames of a network device",
	.parse = packet_parse,
	.format = packet_format,
	.schemes = packet_schemes,
	.options = packet_options,
	.types = packet_types,
	.probe = &packet_probe,
	.refuses_cloexec = true,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
