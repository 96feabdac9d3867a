/* SPDX-License-Identifier: MIT */
/* AF_TIPC: "service/type:instance", "range/type:lower:upper", "socket/node:ref". */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tipc.h>

#include <linsock/tipc.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

/* The first name of a kind is the one that is printed. */
static const struct field_name kind_names[] = {
	{"service", TIPC_SERVICE_ADDR},
	{"range", TIPC_SERVICE_RANGE},
	{"socket", TIPC_SOCKET_ADDR},
	{"name", TIPC_SERVICE_ADDR},
	{"nameseq", TIPC_SERVICE_RANGE},
	{"id", TIPC_SOCKET_ADDR},
	{NULL, 0},
};

static const struct field_name scope_names[] = {
	{"cluster", TIPC_CLUSTER_SCOPE},
	{"node", TIPC_NODE_SCOPE},
	{"zone", TIPC_ZONE_SCOPE},
	{NULL, 0},
};

static const struct field_kind address_kind = {
	"service, range or socket",
	0,
	kind_names,
};
static const struct field_kind scope_kind = {"a scope", INT8_MAX, scope_names};
static const struct field_kind type_kind = {"a service type", UINT32_MAX, NULL};
static const struct field_kind instance_kind = {"an instance", UINT32_MAX, NULL};
static const struct field_kind node_kind = {"a node", UINT32_MAX, NULL};
static const struct field_kind reference_kind = {"a reference", UINT32_MAX, NULL};

int lsk_addr_tipc_service(struct lsk_addr *ret_addr, uint32_t type, uint32_t instance,
			  int8_t scope)
{
	struct sockaddr_tipc tipc = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_ADDR,
		.scope = scope,
		.addr.name.name = {.type = type, .instance = instance},
	};

	return lsk_addr_set(ret_addr, &tipc, sizeof(tipc));
}

int lsk_addr_tipc_range(struct lsk_addr *ret_addr, uint32_t type, uint32_t lower,
			uint32_t upper, int8_t scope)
{
	struct sockaddr_tipc tipc = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_RANGE,
		.scope = scope,
		.addr.nameseq = {.type = type, .lower = lower, .upper = upper},
	};

	if (upper < lower)
		return LSK_ERR_RANGE;
	return lsk_addr_set(ret_addr, &tipc, sizeof(tipc));
}

int lsk_addr_tipc_socket(struct lsk_addr *ret_addr, uint32_t node, uint32_t reference)
{
	struct sockaddr_tipc tipc = {
		.family = AF_TIPC,
		.addrtype = TIPC_SOCKET_ADDR,
		.addr.id = {.ref = reference, .node = node},
	};

	return lsk_addr_set(ret_addr, &tipc, sizeof(tipc));
}

/* ":"-separated numbers, as many as there are kinds. */
static int take_numbers(struct fields *fields, const struct field_kind *const kinds[],
			size_t count, uint32_t *ret_values)
{
	for (size_t i = 0; i < count; i++) {
		int r = i == 0 ? 0 : fields_expect(fields, ':', kinds[i]->what);

		if (r == 0)
			r = fields_number(fields, ":/", kinds[i], &ret_values[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_scope(struct fields *fields, int8_t *ret_scope)
{
	uint32_t scope = TIPC_CLUSTER_SCOPE;
	int r = 0;

	if (fields_skip(fields, '/'))
		r = fields_number(fields, "", &scope_kind, &scope);
	if (r == 0)
		r = fields_expect_end(fields);
	*ret_scope = (int8_t)scope;
	return r;
}

static int service_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	const struct field_kind *const kinds[] = {&type_kind, &instance_kind};
	uint32_t value[2];
	int8_t scope;
	int r = take_numbers(fields, kinds, 2, value);

	if (r == 0)
		r = take_scope(fields, &scope);
	return r < 0 ? r : lsk_addr_tipc_service(ret_addr, value[0], value[1], scope);
}

static int range_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	const struct field_kind *const kinds[] = {&type_kind, &instance_kind,
						  &instance_kind};
	size_t start = fields->offset;
	uint32_t value[3];
	int8_t scope;
	int r = take_numbers(fields, kinds, 3, value);

	if (r == 0)
		r = take_scope(fields, &scope);
	if (r < 0)
		return r;
	r = lsk_addr_tipc_range(ret_addr, value[0], value[1], value[2], scope);
	if (r == LSK_ERR_RANGE)
		return error_set(fields->error, r, start,
				 "the last instance is below the first");
	return r;
}

static int socket_parse(struct fields *fields, struct lsk_addr *ret_addr)
{
	const struct field_kind *const kinds[] = {&node_kind, &reference_kind};
	uint32_t value[2];
	int r = take_numbers(fields, kinds, 2, value);

	if (r == 0)
		r = fields_expect_end(fields);
	return r < 0 ? r : lsk_addr_tipc_socket(ret_addr, value[0], value[1]);
}

static int tipc_parse(const char *text, struct lsk_addr *ret_addr,
		      struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t kind;
	int r;

	r = fields_number(&fields, "/", &address_kind, &kind);
	if (r == 0)
		r = fields_expect(&fields, '/', "numbers");
	if (r < 0)
		return r;
	if (kind == TIPC_SERVICE_ADDR)
		return service_parse(&fields, ret_addr);
	if (kind == TIPC_SERVICE_RANGE)
		return range_parse(&fields, ret_addr);
	if (kind == TIPC_SOCKET_ADDR)
		return socket_parse(&fields, ret_addr);
	return error_set(ret_error, LSK_ERR_SYNTAX, 0,
			 "expected service, range or socket");
}

static int tipc_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_tipc tipc;

	if (addr->len != sizeof(tipc))
		return -EINVAL;
	memcpy(&tipc, &addr->storage, sizeof(tipc));
	if (!field_name_of(kind_names, tipc.addrtype))
		return -EINVAL;
	if (tipc.addrtype == TIPC_SERVICE_RANGE &&
	    tipc.addr.nameseq.upper < tipc.addr.nameseq.lower)
		return -EINVAL;
	text_put_named(&writer, kind_names, tipc.addrtype);
	if (tipc.addrtype == TIPC_SOCKET_ADDR) {
		text_put_format(&writer, "/%u:%u", tipc.addr.id.node, tipc.addr.id.ref);
		return text_end(&writer);
	}
	if (tipc.addrtype == TIPC_SERVICE_RANGE)
		text_put_format(&writer, "/%u:%u:%u", tipc.addr.nameseq.type,
				tipc.addr.nameseq.lower, tipc.addr.nameseq.upper);
	else
		text_put_format(&writer, "/%u:%u", tipc.addr.name.name.type,
				tipc.addr.name.name.instance);
	if (tipc.scope != TIPC_CLUSTER_SCOPE) {
		text_put(&writer, '/');
		text_put_named(&writer, scope_names, (uint8_t)tipc.scope);
	}
	return text_end(&writer);
}

/* The kernel fills a domain into service addresses that nobody asked for. */
static bool tipc_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	struct lsk_addr left = *a, right = *b;
	struct sockaddr_tipc *of_left = (struct sockaddr_tipc *)&left.storage;
	struct sockaddr_tipc *of_right = (struct sockaddr_tipc *)&right.storage;

	if (a->len != b->len)
		return false;
	if (a->len == sizeof(*of_left) && of_left->addrtype == TIPC_SERVICE_ADDR &&
	    of_right->addrtype == TIPC_SERVICE_ADDR)
		of_left->addr.name.domain = of_right->addr.name.domain = 0;
	return memcmp(&left.storage, &right.storage, a->len) == 0;
}

static const struct family_type tipc_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"seqpacket", SOCK_SEQPACKET, 0},
	{"dgram", SOCK_DGRAM, 0},
	{"rdm", SOCK_RDM, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_tipc = {
	.domain = AF_TIPC,
	.name = "tipc",
	.summary = "sockets by service on a cluster",
	.parse = tipc_parse,
	.format = tipc_format,
	.equal = tipc_equal,
	/* net/tipc/socket.c takes SHUT_RDWR alone. */
	.has_half_close = family_no_half_close,
	.types = tipc_types,
	.probe = &tipc_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_ACCEPT_MULTISHOT,
};
