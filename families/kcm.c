/* SPDX-License-Identifier: MIT */
/* AF_KCM: messages over TCP; its sockets have connections and no addresses. */
#include <linsock/kcm.h>

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/kcm.h>
#include <linux/sockios.h>

#include <linsock/addr.h>

#include "families/bpf.h"
#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

/* Length fields further in are no sign of sense. */
#define OFFSET_MAX 65535

int lsk_kcm_program(uint32_t offset, size_t size, uint32_t extra)
{
	uint8_t width = size == 1 ? BPF_B : size == 2 ? BPF_H : BPF_W;
	/* A load that finds less than it wants ends the program with 0: more is
	 * needed. It wants the message in the sixth register. */
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_X,
		 .dst_reg = BPF_REG_6,
		 .src_reg = BPF_REG_1},
		{.code = (uint8_t)(BPF_LD | BPF_ABS | width), .imm = (int32_t)offset},
		{.code = BPF_ALU64 | BPF_ADD, /* of a constant: BPF_K is 0 */
		 .dst_reg = BPF_REG_0,
		 .imm = (int32_t)extra},
		{.code = BPF_JMP | BPF_EXIT},
	};

	if ((size != 1 && size != 2 && size != 4) || offset > OFFSET_MAX ||
	    extra > INT32_MAX)
		return -EINVAL;
	return bpf_load(BPF_PROG_TYPE_SOCKET_FILTER, code, ARRAY_SIZE(code));
}

int lsk_kcm_attach(struct lsk_socket *sock, const struct lsk_socket *connection,
		   int program)
{
	struct kcm_attach attach = {.bpf_fd = program};

	if (!sock || !connection)
		return -EINVAL;
	attach.fd = lsk_socket_fd(connection);
	if (attach.fd < 0)
		return attach.fd;
	return syscall_result(ioctl(lsk_socket_fd(sock), SIOCKCMATTACH, &attach));
}

int lsk_kcm_detach(struct lsk_socket *sock, const struct lsk_socket *connection)
{
	struct kcm_unattach detach;

	if (!sock || !connection)
		return -EINVAL;
	detach.fd = lsk_socket_fd(connection);
	if (detach.fd < 0)
		return detach.fd;
	return syscall_result(ioctl(lsk_socket_fd(sock), SIOCKCMUNATTACH, &detach));
}

int lsk_kcm_clone(const struct lsk_socket *sock, struct lsk_socket **ret_socket)
{
	struct kcm_clone clone = {.fd = -1};
	int r;

	if (!sock || !ret_socket)
		return -EINVAL;
	r = syscall_result(ioctl(lsk_socket_fd(sock), SIOCKCMCLONE, &clone));
	if (r < 0)
		return r;
	/* A duplicate is close-on-exec; the kernel has no flag for it here. */
	r = lsk_socket_from_fd(ret_socket, clone.fd, AF_KCM, lsk_socket_type(sock),
			       KCMPROTO_CONNECTED);
	closep(&clone.fd);
	return r;
}

static int kcm_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	const struct sockaddr addr = {.sa_family = AF_KCM};

	if (text[0] != '\0')
		return error_set(ret_error, LSK_ERR_SYNTAX, 0,
				 "sockets of this family have no address");
	return lsk_addr_set(ret_addr, &addr, sizeof(addr.sa_family));
}

static int kcm_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};

	return addr->len == sizeof(sa_family_t) ? text_end(&writer) : -EINVAL;
}

static const struct family_type kcm_types[] = {
	{"dgram", SOCK_DGRAM, KCMPROTO_CONNECTED},
	{"seqpacket", SOCK_SEQPACKET, KCMPROTO_CONNECTED},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_kcm = {
	.domain = AF_KCM,
	.name = "kcm",
	.summary = "messages over TCP connections, cut by a program",
	.parse = kcm_parse,
	.format = kcm_format,
	.types = kcm_types,
	.probe = &kcm_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
