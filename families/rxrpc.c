/* SPDX-License-Identifier: MIT */
/* AF_RXRPC: "host:port/service", an address of UDP inside of another; linux/rxrpc.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rxrpc.h>

#include <linsock/rxrpc.h>

#include "families/fields.h"
#include "families/ip_place.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

#define TRANSPORT_OFFSET offsetof(struct sockaddr_rxrpc, transport)

static const struct field_kind service_kind = {"a service", UINT16_MAX, NULL};

int lsk_addr_rxrpc(struct lsk_addr *ret_addr, const struct lsk_addr *transport,
		   uint16_t service)
{
	struct sockaddr_rxrpc rxrpc;
	int family = lsk_addr_family(transport);

	if (!transport)
		return -EINVAL;
	if ((family != AF_INET || transport->len != sizeof(rxrpc.transport.sin)) &&
	    (family != AF_INET6 || transport->len != sizeof(rxrpc.transport.sin6)))
		return LSK_ERR_FAMILY;
	memset(&rxrpc, 0, sizeof(rxrpc));
	rxrpc.srx_family = AF_RXRPC;
	rxrpc.srx_service = service;
	rxrpc.transport_type = SOCK_DGRAM;
	rxrpc.transport_len = (uint16_t)transport->len;
	memcpy(&rxrpc.transport, &transport->storage, transport->len);
	return lsk_addr_set(ret_addr, &rxrpc, sizeof(rxrpc));
}

int lsk_addr_rxrpc_read(const struct lsk_addr *addr, struct lsk_addr *ret_transport,
			uint16_t *ret_service)
{
	struct sockaddr_rxrpc rxrpc;
	struct lsk_addr transport;
	int family = lsk_addr_family(addr);

	if (!addr)
		return -EINVAL;
	/* The kernel may write no more than the transport needs, and to a server it
	 * names callers without a family (rxrpc_extract_addr_from_skb(); measured on
	 * 6.12). */
	if ((family != AF_RXRPC && family != AF_UNSPEC) ||
	    addr->len < TRANSPORT_OFFSET || addr->len > sizeof(rxrpc))
		return LSK_ERR_FAMILY;
	memset(&rxrpc, 0, sizeof(rxrpc));
	memcpy(&rxrpc, &addr->storage, addr->len);
	if (rxrpc.transport_type != SOCK_DGRAM ||
	    rxrpc.transport_len > addr->len - TRANSPORT_OFFSET)
		return LSK_ERR_FAMILY;
	if (lsk_addr_set(&transport, &rxrpc.transport, rxrpc.transport_len) < 0)
		return LSK_ERR_FAMILY;
	family = lsk_addr_family(&transport);
	if ((family != AF_INET || transport.len != sizeof(rxrpc.transport.sin)) &&
	    (family != AF_INET6 || transport.len != sizeof(rxrpc.transport.sin6)))
		return LSK_ERR_FAMILY;
	if (ret_transport)
		*ret_transport = transport;
	if (ret_service)
		*ret_service = rxrpc.srx_service;
	return 0;
}

static int rxrpc_parse(const char *text, struct lsk_addr *ret_addr,
		       struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	struct lsk_addr transport;
	char place[LSK_ADDR_TEXT_MAX];
	const char *field;
	uint32_t service = 0;
	size_t len = fields_take(&fields, "/", &field);
	int r;

	if (len >= sizeof(place))
		return error_set(ret_error, LSK_ERR_LENGTH, 0,
				 "this is too long for an IP address");
	memcpy(place, field, len);
	place[len] = '\0';
	r = ip_place_parse(place, &transport, ret_error);
	if (r == 0)
		r = fields_expect(&fields, '/', "a service");
	if (r == 0)
		r = fields_number(&fields, "", &service_kind, &service);
	return r < 0 ? r : lsk_addr_rxrpc(ret_addr, &transport, (uint16_t)service);
}

static int rxrpc_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct lsk_addr transport;
	char place[LSK_ADDR_TEXT_MAX];
	uint16_t service = 0;
	int r;

	r = lsk_addr_rxrpc_read(addr, &transport, &service);
	if (r == 0)
		r = ip_place_format(&transport, place, sizeof(place));
	if (r < 0)
		return -EINVAL;
	text_put_string(&writer, place);
	text_put_format(&writer, "/%u", service);
	return text_end(&writer);
}

/* A client's own address has the family that its peer's has. */
static int rxrpc_place_protocol(const char *text)
{
	return ip_place_is_inet6(text) ? AF_INET6 : AF_INET;
}

/* What the kernel writes is shorter than what it reads. */
static bool rxrpc_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	struct lsk_addr transport_a, transport_b;
	uint16_t service_a, service_b;

	if (lsk_addr_rxrpc_read(a, &transport_a, &service_a) < 0 ||
	    lsk_addr_rxrpc_read(b, &transport_b, &service_b) < 0)
		return a->len == b->len &&
		       memcmp(&a->storage, &b->storage, a->len) == 0;
	return service_a == service_b && lsk_addr_equal(&transport_a, &transport_b);
}

/* The protocol is the family of the transport. */
static const struct family_type rxrpc_types[] = {
	{"dgram", SOCK_DGRAM, AF_INET},
	{"dgram6", SOCK_DGRAM, AF_INET6},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_rxrpc = {
	.domain = AF_RXRPC,
	.name = "rxrpc",
	.summary = "remote calls over UDP, of AFS",
	.parse = rxrpc_parse,
	.format = rxrpc_format,
	.equal = rxrpc_equal,
	.place_protocol = rxrpc_place_protocol,
	.types = rxrpc_types,
	.probe = &rxrpc_probe,
	.send = FAMILY_SEND_RING,
};
