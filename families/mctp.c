/* SPDX-License-Identifier: MIT */
/* AF_MCTP: "network:endpoint/type/tag"; see linux/mctp.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/mctp.h>

#include <linsock/mctp.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/text.h"

#ifndef AF_MCTP
#define AF_MCTP 45
#endif

static const struct field_name network_names[] = {
	{"any", MCTP_NET_ANY},
	{NULL, 0},
};

static const struct field_name endpoint_names[] = {
	{"any", MCTP_ADDR_ANY},
	{NULL, 0},
};

static const struct field_name tag_names[] = {
	{"owner", MCTP_TAG_OWNER},
	{NULL, 0},
};

static const struct field_kind network_kind = {"a network", INT32_MAX, network_names};
static const struct field_kind endpoint_kind = {"an endpoint", UINT8_MAX,
						endpoint_names};
static const struct field_kind type_kind = {"a type of message", UINT8_MAX, NULL};
static const struct field_kind tag_kind = {"a tag", UINT8_MAX, tag_names};

int lsk_addr_mctp(struct lsk_addr *ret_addr, uint32_t network, uint8_t endpoint,
		  uint8_t type, uint8_t tag)
{
	struct sockaddr_mctp mctp;

	memset(&mctp, 0, sizeof(mctp)); /* the kernel wants its padding to be 0 */
	mctp.smctp_family = AF_MCTP;
	mctp.smctp_network = network;
	mctp.smctp_addr.s_addr = endpoint;
	mctp.smctp_type = type;
	mctp.smctp_tag = tag;
	return lsk_addr_set(ret_addr, &mctp, sizeof(mctp));
}

static int mctp_parse(const char *text, struct lsk_addr *ret_addr,
		      struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t network = 0, endpoint = 0, type = 0, tag = 0;
	int r;

	r = fields_number(&fields, ":", &network_kind, &network);
	if (r == 0)
		r = fields_expect(&fields, ':', "an endpoint");
	if (r == 0)
		r = fields_number(&fields, "/", &endpoint_kind, &endpoint);
	if (r == 0)
		r = fields_expect(&fields, '/', "a type of message");
	if (r == 0)
		r = fields_number(&fields, "/", &type_kind, &type);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "", &tag_kind, &tag);
	if (r == 0)
		r = fields_expect_end(&fields);
	return r < 0 ? r
		     : lsk_addr_mctp(ret_addr, network, (uint8_t)endpoint,
				     (uint8_t)type, (uint8_t)tag);
}

static int mctp_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_mctp mctp;
	struct lsk_addr same;

	if (addr->len != sizeof(mctp))
		return -EINVAL;
	memcpy(&mctp, &addr->storage, sizeof(mctp));
	/* A number of network is an int of the kernel's; and padding has no text. */
	if (mctp.smctp_network > INT32_MAX ||
	    lsk_addr_mctp(&same, mctp.smctp_network, mctp.smctp_addr.s_addr,
			  mctp.smctp_type, mctp.smctp_tag) < 0 ||
	    memcmp(&same.storage, &mctp, sizeof(mctp)) != 0)
		return -EINVAL;
	text_put_named(&writer, network_names, mctp.smctp_network);
	text_put(&writer, ':');
	text_put_named(&writer, endpoint_names, mctp.smctp_addr.s_addr);
	text_put_format(&writer, "/%u", mctp.smctp_type);
	if (mctp.smctp_tag) {
		text_put(&writer, '/');
		text_put_named(&writer, tag_names, mctp.smctp_tag);
	}
	return text_end(&writer);
}

static const struct family_type mctp_types[] = {
	{"dgram", SOCK_DGRAM, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_mctp = {
	.domain = AF_MCTP,
	.name = "mctp",
	.summary = "management components of a machine",
	.parse = mctp_parse,
	.format = mctp_format,
	.types = mctp_types,
	.probe = &mctp_probe,
	/* mctp_sendmsg() knows MSG_DONTWAIT, and a ring adds MSG_NOSIGNAL. */
	.send = FAMILY_SEND_SYSCALL,
	.refuses_cloexec = true,
};
