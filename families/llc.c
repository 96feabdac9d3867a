/* SPDX-License-Identifier: MIT */
/* AF_LLC: "mac/sap", "mac/sap/kind"; see linux/llc.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_arp.h>
#include <linux/llc.h>

#include <linsock/llc.h>

#include "families/fields.h"
#include "families/hardware.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

static const struct field_name kind_names[] = {
	{"data", LSK_LLC_DATA},
	{"test", LSK_LLC_TEST},
	{"xid", LSK_LLC_XID},
	{"ui", LSK_LLC_UI},
	{NULL, 0},
};

static const struct field_kind sap_kind = {"a service access point", UINT8_MAX, NULL};
static const struct field_kind kind_kind = {"a kind of frame", LSK_LLC_UI, kind_names};

int lsk_addr_llc(struct lsk_addr *ret_addr, const uint8_t *mac, uint8_t sap,
		 enum lsk_llc_kind kind)
{
	struct sockaddr_llc llc = {
		.sllc_family = AF_LLC,
		.sllc_arphrd = ARPHRD_ETHER,
		.sllc_test = kind == LSK_LLC_TEST,
		.sllc_xid = kind == LSK_LLC_XID,
		.sllc_ua = kind == LSK_LLC_UI,
		.sllc_sap = sap,
	};

	if ((unsigned int)kind > LSK_LLC_UI)
		return -EINVAL;
	if (mac)
		memcpy(llc.sllc_mac, mac, sizeof(llc.sllc_mac));
	return lsk_addr_set(ret_addr, &llc, sizeof(llc));
}

static int llc_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t sap = 0, kind = LSK_LLC_DATA;
	uint8_t mac[IFHWADDRLEN] = {0};
	const char *field;
	size_t len = fields_take(&fields, "/", &field);
	int r = 0;

	if (len != 3 || memcmp(field, "any", 3) != 0)
		r = hardware_read(mac, sizeof(mac), field, len);
	if (r < 0)
		return error_set(ret_error, r, 0,
				 "expected a device address like 00:11:22:33:44:55");
	r = fields_expect(&fields, '/', "a service access point");
	if (r == 0)
		r = fields_number(&fields, "/", &sap_kind, &sap);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "", &kind_kind, &kind);
	if (r == 0)
		r = fields_expect_end(&fields);
	return r < 0 ? r
		     : lsk_addr_llc(ret_addr, mac, (uint8_t)sap,
				    (enum lsk_llc_kind)kind);
}

static int llc_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	enum lsk_llc_kind kind = LSK_LLC_DATA;
	struct sockaddr_llc llc;
	struct lsk_addr same;

	if (addr->len != sizeof(llc))
		return -EINVAL;
	memcpy(&llc, &addr->storage, sizeof(llc));
	if (llc.sllc_test)
		kind = LSK_LLC_TEST;
	else if (llc.sllc_xid)
		kind = LSK_LLC_XID;
	else if (llc.sllc_ua)
		kind = LSK_LLC_UI;
	/* Another kind of device, two kinds of frame: no text says it. */
	if (lsk_addr_llc(&same, llc.sllc_mac, llc.sllc_sap, kind) < 0 ||
	    memcmp(&same.storage, &llc, sizeof(llc)) != 0)
		return -EINVAL;
	hardware_put(&writer, llc.sllc_mac, sizeof(llc.sllc_mac));
	text_put_format(&writer, "/0x%02x", llc.sllc_sap);
	if (kind != LSK_LLC_DATA)
		text_put_format(&writer, "/%s", field_name_of(kind_names, kind));
	return text_end(&writer);
}

static const struct family_type llc_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"dgram", SOCK_DGRAM, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_llc = {
	.domain = AF_LLC,
	.name = "llc",
	.summary = "IEEE 802.2 between hosts of one network",
	.parse = llc_parse,
	.format = llc_format,
	/* net/llc/af_llc.c takes SHUT_RDWR alone. */
	.has_half_close = family_no_half_close,
	.types = llc_types,
	.probe = &llc_probe,
	.send = FAMILY_SEND_RING,
	.connects_early = true,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_ACCEPT_MULTISHOT,
};
