/* SPDX-License-Identifier: MIT */
/* AF_QIPCRTR: "node:port"; see linux/qrtr.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/qrtr.h>

#include <linsock/qipcrtr.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/text.h"

static const struct field_name node_names[] = {
	{"broadcast", QRTR_NODE_BCAST},
	{NULL, 0},
};

static const struct field_name port_names[] = {
	{"control", QRTR_PORT_CTRL},
	{NULL, 0},
};

static const struct field_kind node_kind = {"a node", UINT32_MAX, node_names};
static const struct field_kind port_kind = {"a port", UINT32_MAX, port_names};

int lsk_addr_qipcrtr(struct lsk_addr *ret_addr, uint32_t node, uint32_t port)
{
	struct sockaddr_qrtr qrtr = {
		.sq_family = AF_QIPCRTR,
		.sq_node = node,
		.sq_port = port,
	};

	return lsk_addr_set(ret_addr, &qrtr, sizeof(qrtr));
}

static int qipcrtr_parse(const char *text, struct lsk_addr *ret_addr,
			 struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t node = 0, port = 0;
	int r;

	r = fields_number(&fields, ":", &node_kind, &node);
	if (r == 0)
		r = fields_expect(&fields, ':', "a port");
	if (r == 0)
		r = fields_number(&fields, "", &port_kind, &port);
	if (r < 0)
		return r;
	return lsk_addr_qipcrtr(ret_addr, node, port);
}

static int qipcrtr_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_qrtr qrtr;

	if (addr->len != sizeof(qrtr))
		return -EINVAL;
	memcpy(&qrtr, &addr->storage, sizeof(qrtr));
	text_put_named(&writer, node_names, qrtr.sq_node);
	text_put(&writer, ':');
	text_put_named(&writer, port_names, qrtr.sq_port);
	return text_end(&writer);
}

static const struct family_type qipcrtr_types[] = {
	{"dgram", SOCK_DGRAM, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_qipcrtr = {
	.domain = AF_QIPCRTR,
	.name = "qipcrtr",
	.summary = "the Qualcomm IPC router between processors of a SoC",
	.parse = qipcrtr_parse,
	.format = qipcrtr_format,
	.types = qipcrtr_types,
	.probe = &qipcrtr_probe,
	.send = FAMILY_SEND_WRITE,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
