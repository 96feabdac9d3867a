/* SPDX-License-Identifier: MIT */
/* AF_BLUETOOTH: five protocols with an address form each, told apart by their length;
 * that of ISO has the bytes of RFCOMM's.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/bluetooth.h>

#include "families/fields.h"
#include "families/hardware.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

/* The kernel's structures (include/net/bluetooth/{l2cap,rfcomm,sco,hci_sock}.h), which
 * no header of the UAPI has. Numbers of L2CAP are little endian, HCI's are the host's.
 */
struct sockaddr_l2 {
	sa_family_t l2_family;
	uint16_t l2_psm;
	struct lsk_bdaddr l2_bdaddr;
	uint16_t l2_cid;
	uint8_t l2_bdaddr_type;
};

struct sockaddr_rc {
	sa_family_t rc_family;
	struct lsk_bdaddr rc_bdaddr;
	uint8_t rc_channel;
};

struct sockaddr_sco {
	sa_family_t sco_family;
	struct lsk_bdaddr sco_bdaddr;
};

struct sockaddr_iso {
	sa_family_t iso_family;
	struct lsk_bdaddr iso_bdaddr;
	uint8_t iso_bdaddr_type;
};

struct sockaddr_hci {
	sa_family_t hci_family;
	uint16_t hci_dev;
	uint16_t hci_channel;
};

static_assert(sizeof(struct sockaddr_l2) == 14, "as the kernel has it");
static_assert(sizeof(struct sockaddr_rc) == 10, "as the kernel has it");
static_assert(sizeof(struct sockaddr_sco) == 8, "as the kernel has it");
static_assert(sizeof(struct sockaddr_iso) == 10, "as the kernel has it");
static_assert(sizeof(struct sockaddr_hci) == 6, "as the kernel has it");

#define CHANNEL_MAX 30 /* RFCOMM_MAX_CHANNEL */

static const struct field_name type_names[] = {
	{"bredr", LSK_BDADDR_BREDR},
	{"le-public", LSK_BDADDR_LE_PUBLIC},
	{"le-random", LSK_BDADDR_LE_RANDOM},
	{NULL, 0},
};

static const struct field_name device_names[] = {
	{"none", LSK_HCI_DEV_NONE},
	{NULL, 0},
};

static const struct field_name channel_names[] = {
	{"raw", LSK_HCI_CHANNEL_RAW},         {"user", LSK_HCI_CHANNEL_USER},
	{"monitor", LSK_HCI_CHANNEL_MONITOR}, {"control", LSK_HCI_CHANNEL_CONTROL},
	{"logging", LSK_HCI_CHANNEL_LOGGING}, {NULL, 0},
};

static const struct field_kind psm_kind = {"a PSM", UINT16_MAX, NULL};
static const struct field_kind cid_kind = {"a CID", UINT16_MAX, NULL};
static const struct field_kind type_kind = {"an address type", LSK_BDADDR_LE_RANDOM,
					    type_names};
static const struct field_kind rfcomm_kind = {"a channel", CHANNEL_MAX, NULL};
static const struct field_kind device_kind = {"a device", UINT16_MAX, device_names};
static const struct field_kind channel_kind = {"a channel", UINT16_MAX, channel_names};

static const struct lsk_bdaddr bdaddr_any;
static const struct lsk_bdaddr bdaddr_local = {{0xff, 0xff, 0xff, 0, 0, 0}};

/* Read @len bytes of text; an int is no more than a fault's number here. */
static int bdaddr_read(struct lsk_bdaddr *ret_bdaddr, const char *text, size_t len)
{
	uint8_t bytes[sizeof(ret_bdaddr->bytes)];
	struct lsk_bdaddr bdaddr;
	int r;

	if (len == 3 && memcmp(text, "any", 3) == 0) {
		*ret_bdaddr = bdaddr_any;
		return 0;
	}
	if (len == 5 && memcmp(text, "local", 5) == 0) {
		*ret_bdaddr = bdaddr_local;
		return 0;
	}
	r = hardware_read(bytes, sizeof(bytes), text, len);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bdaddr.bytes[i] = bytes[sizeof(bytes) - 1 - i];
	*ret_bdaddr = bdaddr;
	return 0;
}

int lsk_bdaddr_parse(struct lsk_bdaddr *ret_bdaddr, const char *text)
{
	if (!ret_bdaddr || !text)
		return -EINVAL;
	return bdaddr_read(ret_bdaddr, text, strlen(text));
}

int lsk_addr_l2cap(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		   uint16_t psm, uint16_t cid, uint8_t type)
{
	struct sockaddr_l2 l2;

	if (!bdaddr)
		return -EINVAL;
	if (type > LSK_BDADDR_LE_RANDOM)
		return LSK_ERR_RANGE;
	memset(&l2, 0,
	       sizeof(l2)); /* the padding too: addresses are compared by bytes */
	l2.l2_family = AF_BLUETOOTH;
	l2.l2_psm = htole16(psm);
	l2.l2_bdaddr = *bdaddr;
	l2.l2_cid = htole16(cid);
	l2.l2_bdaddr_type = type;
	return lsk_addr_set(ret_addr, &l2, sizeof(l2));
}

int lsk_addr_rfcomm(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		    uint8_t channel)
{
	struct sockaddr_rc rc;

	if (!bdaddr)
		return -EINVAL;
	if (channel > CHANNEL_MAX)
		return LSK_ERR_RANGE;
	memset(&rc, 0, sizeof(rc));
	rc.rc_family = AF_BLUETOOTH;
	rc.rc_bdaddr = *bdaddr;
	rc.rc_channel = channel;
	return lsk_addr_set(ret_addr, &rc, sizeof(rc));
}

int lsk_addr_sco(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr)
{
	struct sockaddr_sco sco = {.sco_family = AF_BLUETOOTH};

	if (!bdaddr)
		return -EINVAL;
	sco.sco_bdaddr = *bdaddr;
	return lsk_addr_set(ret_addr, &sco, sizeof(sco));
}

int lsk_addr_iso(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		 uint8_t type)
{
	struct sockaddr_iso iso;

	if (!bdaddr)
		return -EINVAL;
	if (type > LSK_BDADDR_LE_RANDOM)
		return LSK_ERR_RANGE;
	memset(&iso, 0, sizeof(iso)); /* the padding too: addresses are compared */
	iso.iso_family = AF_BLUETOOTH;
	iso.iso_bdaddr = *bdaddr;
	iso.iso_bdaddr_type = type;
	return lsk_addr_set(ret_addr, &iso, sizeof(iso));
}

int lsk_addr_hci(struct lsk_addr *ret_addr, uint16_t device, uint16_t channel)
{
	struct sockaddr_hci hci = {
		.hci_family = AF_BLUETOOTH,
		.hci_dev = device,
		.hci_channel = channel,
	};

	return lsk_addr_set(ret_addr, &hci, sizeof(hci));
}

static int take_bdaddr(struct fields *fields, struct lsk_bdaddr *ret_bdaddr)
{
	size_t start = fields->offset;
	const char *field;
	size_t len = fields_take(fields, "/", &field);
	int r = bdaddr_read(ret_bdaddr, field, len);

	if (r < 0)
		return error_set(fields->error, r, start,
				 "expected a device address like 00:11:22:33:44:55");
	return 0;
}

static int l2cap_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	uint32_t psm = 0, cid = 0, type = LSK_BDADDR_BREDR;
	struct lsk_bdaddr bdaddr;
	int r = take_bdaddr(fields, &bdaddr);

	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "/", &psm_kind, &psm);
	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "/", &cid_kind, &cid);
	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "", &type_kind, &type);
	if (r == 0)
		r = fields_expect_end(fields);
	if (r < 0)
		return r;
	return lsk_addr_l2cap(ret_addr, &bdaddr, (uint16_t)psm, (uint16_t)cid,
			      (uint8_t)type);
}

static int rfcomm_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	struct lsk_bdaddr bdaddr;
	uint32_t channel = 0;
	int r = take_bdaddr(fields, &bdaddr);

	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "", &rfcomm_kind, &channel);
	if (r == 0)
		r = fields_expect_end(fields);
	return r < 0 ? r : lsk_addr_rfcomm(ret_addr, &bdaddr, (uint8_t)channel);
}

static int sco_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	struct lsk_bdaddr bdaddr;
	int r = take_bdaddr(fields, &bdaddr);

	if (r == 0)
		r = fields_expect_end(fields);
	return r < 0 ? r : lsk_addr_sco(ret_addr, &bdaddr);
}

static int iso_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	uint32_t type = LSK_BDADDR_LE_PUBLIC;
	struct lsk_bdaddr bdaddr;
	int r = take_bdaddr(fields, &bdaddr);

	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "", &type_kind, &type);
	if (r == 0)
		r = fields_expect_end(fields);
	return r < 0 ? r : lsk_addr_iso(ret_addr, &bdaddr, (uint8_t)type);
}

static int hci_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	uint32_t device, channel = LSK_HCI_CHANNEL_RAW;
	int r = fields_number(fields, "/", &device_kind, &device);

	if (r == 0 && fields_skip(fields, '/'))
		r = fields_number(fields, "", &channel_kind, &channel);
	if (r == 0)
		r = fields_expect_end(fields);
	return r < 0 ? r : lsk_addr_hci(ret_addr, (uint16_t)device, (uint16_t)channel);
}

static const struct {
	const char *name;
	int protocol;
	int (*parse)(struct fields *fields, struct lsk_addr *ret_addr);
} protocols[] = {
	{"l2cap", LSK_BTPROTO_L2CAP, l2cap_parse},
	{"rfcomm", LSK_BTPROTO_RFCOMM, rfcomm_parse},
	{"sco", LSK_BTPROTO_SCO, sco_parse},
	{"iso", LSK_BTPROTO_ISO, iso_parse},
	{"hci", LSK_BTPROTO_HCI, hci_parse},
};

/* "rfcomm/00:11:22:33:44:55/1" makes a socket of RFCOMM. */
static int bluetooth_place_protocol(const char *text)
{
	size_t len = strcspn(text, "/");

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strlen(protocols[i].name) == len &&
		    memcmp(protocols[i].name, text, len) == 0)
			return protocols[i].protocol;
	return -ENOENT;
}

static int bluetooth_parse(const char *text, struct lsk_addr *ret_addr,
			   struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	const char *field;
	size_t len = fields_take(&fields, "/", &field);

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		int r;

		if (strlen(protocols[i].name) != len ||
		    memcmp(protocols[i].name, field, len) != 0)
			continue;
		r = fields_expect(&fields, '/', "an address");
		return r < 0 ? r : protocols[i].parse(&fields, ret_addr);
	}
	return error_set(ret_error, LSK_ERR_SYNTAX, 0,
			 "expected l2cap, rfcomm, sco, iso or hci");
}

static void put_bdaddr(struct text_writer *writer, const struct lsk_bdaddr *bdaddr)
{
	uint8_t bytes[sizeof(bdaddr->bytes)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = bdaddr->bytes[sizeof(bytes) - 1 - i];
	hardware_put(writer, bytes, sizeof(bytes));
}

static int l2cap_format(struct text_writer *writer, const struct sockaddr_l2 *l2)
{
	if (l2->l2_bdaddr_type > LSK_BDADDR_LE_RANDOM)
		return -EINVAL;
	text_put_string(writer, "l2cap/");
	put_bdaddr(writer, &l2->l2_bdaddr);
	text_put_format(writer, "/%u", le16toh(l2->l2_psm));
	if (l2->l2_cid || l2->l2_bdaddr_type)
		text_put_format(writer, "/%u", le16toh(l2->l2_cid));
	if (l2->l2_bdaddr_type) {
		text_put(writer, '/');
		text_put_named(writer, type_names, l2->l2_bdaddr_type);
	}
	return text_end(writer);
}

static int rfcomm_format(struct text_writer *writer, const struct sockaddr_rc *rc)
{
	if (rc->rc_channel > CHANNEL_MAX)
		return -EINVAL;
	text_put_string(writer, "rfcomm/");
	put_bdaddr(writer, &rc->rc_bdaddr);
	text_put_format(writer, "/%u", rc->rc_channel);
	return text_end(writer);
}

static int sco_format(struct text_writer *writer, const struct sockaddr_sco *sco)
{
	text_put_string(writer, "sco/");
	put_bdaddr(writer, &sco->sco_bdaddr);
	return text_end(writer);
}

static int hci_format(struct text_writer *writer, const struct sockaddr_hci *hci)
{
	text_put_string(writer, "hci/");
	text_put_named(writer, device_names, hci->hci_dev);
	if (hci->hci_channel != LSK_HCI_CHANNEL_RAW) {
		text_put(writer, '/');
		text_put_named(writer, channel_names, hci->hci_channel);
	}
	return text_end(writer);
}

static int bluetooth_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	const void *bytes = &addr->storage;

	switch (addr->len) {
	case sizeof(struct sockaddr_l2):
		return l2cap_format(&writer, bytes);
	case sizeof(struct sockaddr_rc):
		return rfcomm_format(&writer, bytes);
	case sizeof(struct sockaddr_sco):
		return sco_format(&writer, bytes);
	case sizeof(struct sockaddr_hci):
		return hci_format(&writer, bytes);
	default:
		return -EINVAL;
	}
}

static const struct family_type bluetooth_types[] = {
	{"l2cap/seqpacket", SOCK_SEQPACKET, LSK_BTPROTO_L2CAP},
	{"l2cap/stream", SOCK_STREAM, LSK_BTPROTO_L2CAP},
	{"l2cap/dgram", SOCK_DGRAM, LSK_BTPROTO_L2CAP},
	{"l2cap/raw", SOCK_RAW, LSK_BTPROTO_L2CAP},
	{"hci/raw", SOCK_RAW, LSK_BTPROTO_HCI},
	{"sco/seqpacket", SOCK_SEQPACKET, LSK_BTPROTO_SCO},
	{"rfcomm/stream", SOCK_STREAM, LSK_BTPROTO_RFCOMM},
	{"iso/seqpacket", SOCK_SEQPACKET, LSK_BTPROTO_ISO},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_bluetooth = {
	.domain = AF_BLUETOOTH,
	.name = "bluetooth",
	.summary = "L2CAP, RFCOMM, SCO, ISO and HCI",
	.parse = bluetooth_parse,
	.format = bluetooth_format,
	.place_protocol = bluetooth_place_protocol,
	/* A channel ends for both, or nothing is told to the peer. */
	.has_half_close = family_no_half_close,
	.types = bluetooth_types,
	.probe = &bluetooth_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_ACCEPT_MULTISHOT,
};
