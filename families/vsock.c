/* SPDX-License-Identifier: MIT */
/* AF_VSOCK: "cid:port" and "cid:port/to-host"; see vsock(7). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/vm_sockets.h>

#include <linsock/vsock.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

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

/* A scheme of its own name: a stream unless "?type=" says otherwise. */
static const struct family_scheme vsock_schemes[] = {
	{.name = "vsock", .type = SOCK_STREAM},
	{.name = NULL},
};

static int set_size(int fd, int option, uint64_t size)
{
	return syscall_result(setsockopt(fd, AF_VSOCK, option, &size, sizeof(size)));
}

/* "?buffer=BYTES": the limit first, or the kernel would cut the size and say nothing.
 */
static int set_buffer(int fd, const char *value, struct lsk_error *ret_error)
{
	uint64_t size = 0, max = 0;
	socklen_t len = sizeof(max);
	int r;

	if (!value || text_to_uint(value, strlen(value), UINT64_MAX, &size) < 0)
		return error_set(ret_error, LSK_ERR_VALUE, 0, "expected bytes");
	r = syscall_result(
		getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_MAX_SIZE, &max, &len));
	if (r == 0 && size > max)
		r = set_size(fd, SO_VM_SOCKETS_BUFFER_MAX_SIZE, size);
	if (r == 0)
		r = set_size(fd, SO_VM_SOCKETS_BUFFER_SIZE, size);
	return r < 0 ? error_set_code(ret_error, r, 0, "buffer") : 0;
}

/* "?connect-timeout=SECONDS", with a fraction. */
static int set_connect_timeout(int fd, const char *value, struct lsk_error *ret_error)
{
	struct timeval time;
	char *end = NULL;
	double seconds = value ? strtod(value, &end) : 0;
	int r;

	if (!value || end == value || *end || !(seconds >= 1e-6) || seconds > 1e6)
		return error_set(ret_error, LSK_ERR_VALUE, 0, "expected seconds");
	time.tv_sec = (time_t)seconds;
	time.tv_usec = (suseconds_t)((seconds - (double)time.tv_sec) * 1e6);
	r = syscall_result(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT,
				      &time, sizeof(time)));
	return r < 0 ? error_set_code(ret_error, r, 0, "connect-timeout") : 0;
}

static const struct family_option vsock_options[] = {
	{.name = "buffer", .value = FAMILY_VALUE_CUSTOM, .set = set_buffer},
	{.name = "connect-timeout",
	 .value = FAMILY_VALUE_CUSTOM,
	 .set = set_connect_timeout},
	{.name = NULL},
};

const struct lsk_family lsk_family_vsock = {
	.domain = AF_VSOCK,
	.name = "vsock",
	.summary = "between a virtual machine and its host",
	.parse = vsock_parse,
	.format = vsock_format,
	.schemes = vsock_schemes,
	.options = vsock_options,
	.types = vsock_types,
	.probe = &vsock_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_ZERO_COPY | FAMILY_RING_RECV_MULTISHOT |
		FAMILY_RING_ACCEPT_MULTISHOT,
};
