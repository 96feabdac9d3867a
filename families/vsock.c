/* SPDX-License-Identifier: MIT */
/* AF_VSOCK: "cid:port" and "cid:port/to-host"; see vsock(7). */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include <linsock/vsock.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

static const struct field_name cid_names[] = {
	{"any", VMADDR_CID_ANY},
	{"hypervisor", VMADDR_CID_HYPERVISOR},
	{"local", VMADDR_CID_LOCAL},
	{"host", VMADDR_CID_HOST},
	{NULL, 0},
};

static const struct field_name port_names[] = {
	{"any", VMADDR_PORT_ANY},
	{NULL, 0},
};

static const struct field_name flag_names[] = {
	{"to-host", VMADDR_FLAG_TO_HOST},
	{NULL, 0},
};

static const struct field_kind cid_kind = {"a CID", UINT32_MAX, cid_names};
static const struct field_kind port_kind = {"a port", UINT32_MAX, port_names};
static const struct field_kind flag_kind = {"flags", UINT8_MAX, flag_names};

int lsk_addr_vsock(struct lsk_addr *ret_addr, uint32_t cid, uint32_t port,
		   uint8_t flags)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_port = port,
		.svm_cid = cid,
		.svm_flags = flags,
	};

	return lsk_addr_set(ret_addr, &vm, sizeof(vm));
}

static int vsock_parse(const char *text, struct lsk_addr *ret_addr,
		       struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t cid = 0, port = 0, flags = 0;
	int r;

	r = fields_number(&fields, ":/", &cid_kind, &cid);
	if (r == 0)
		r = fields_expect(&fields, ':', "a port");
	if (r == 0)
		r = fields_number(&fields, "/", &port_kind, &port);
	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "", &flag_kind, &flags);
	if (r < 0)
		return r;
	return lsk_addr_vsock(ret_addr, cid, port, (uint8_t)flags);
}

static int vsock_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_vm vm;

	if (addr->len != sizeof(vm))
		return -EINVAL;
	memcpy(&vm, &addr->storage, sizeof(vm));
	text_put_named(&writer, cid_names, vm.svm_cid);
	text_put(&writer, ':');
	text_put_named(&writer, port_names, vm.svm_port);
	if (vm.svm_flags) {
		text_put(&writer, '/');
		text_put_named(&writer, flag_names, vm.svm_flags);
	}
	return text_end(&writer);
}

static const struct family_type vsock_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"seqpacket", SOCK_SEQPACKET, 0},
	{"dgram", SOCK_DGRAM, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_vsock = {
	.domain = AF_VSOCK,
	.name = "vsock",
	.summary = "between a virtual machine and its host",
	.parse = vsock_parse,
	.format = vsock_format,
	.types = vsock_types,
	.probe = &vsock_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_ZERO_COPY | FAMILY_RING_RECV_MULTISHOT |
		FAMILY_RING_ACCEPT_MULTISHOT,
};
