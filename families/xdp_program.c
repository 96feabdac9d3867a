/* SPDX-License-Identifier: MIT */
/*
 * A program of five instructions that hands frames to the socket of their queue, and
 * its map of sockets, by bpf(2) itself.
 */
#include <linsock/xdp.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "families/bpf.h"
#include "uring/util.h"

#define QUEUES_MAX 64

struct lsk_xdp_program {
	int map_fd;
	int program_fd;
	int link_fd;
};

static int make_map(void)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.map_type = BPF_MAP_TYPE_XSKMAP;
	attributes.key_size = sizeof(uint32_t);
	attributes.value_size = sizeof(uint32_t);
	attributes.max_entries = QUEUES_MAX;
	return bpf_call(BPF_MAP_CREATE, &attributes);
}

/* return bpf_redirect_map(&map, context->rx_queue_index, XDP_PASS) */
static int load(int map_fd)
{
	const struct bpf_insn code[] = {
		{.code = BPF_LDX | BPF_MEM | BPF_W,
		 .dst_reg = BPF_REG_2,
		 .src_reg = BPF_REG_1,
		 .off = offsetof(struct xdp_md, rx_queue_index)},
		{.code = BPF_LD | BPF_IMM | BPF_DW,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_FD,
		 .imm = map_fd},
		{.imm = 0}, /* the upper half of the constant */
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = BPF_REG_3,
		 .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_load(BPF_PROG_TYPE_XDP, code, ARRAY_SIZE(code));
}

/* It ends with its descriptor. */
static int attach(int program_fd, unsigned int interface, unsigned int flags)
{
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.link_create.prog_fd = (uint32_t)program_fd;
	attributes.link_create.target_ifindex = interface;
	attributes.link_create.attach_type = BPF_XDP;
	attributes.link_create.flags = flags;
	return bpf_call(BPF_LINK_CREATE, &attributes);
}

int lsk_xdp_program_new(struct lsk_xdp_program **ret_program, unsigned int interface,
			unsigned int flags)
{
	struct lsk_xdp_program *program;
	int r;

	if (!ret_program || (flags & ~(unsigned int)(LSK_XDP_GENERIC | LSK_XDP_DRIVER)))
		return -EINVAL;
	program = malloc(sizeof(*program));
	if (!program)
		return -ENOMEM;
	*program = (struct lsk_xdp_program){-1, -1, -1};
	r = program->map_fd = make_map();
	if (r >= 0)
		r = program->program_fd = load(program->map_fd);
	if (r >= 0)
		r = program->link_fd = attach(program->program_fd, interface, flags);
	if (r < 0) {
		lsk_xdp_program_free(program);
		return r;
	}
	*ret_program = program;
	return 0;
}

int lsk_xdp_program_add(struct lsk_xdp_program *program, const struct lsk_xdp *xdp)
{
	union bpf_attr attributes;
	uint32_t queue, value;
	int fd;

	if (!program || !xdp || lsk_xdp_queue(xdp) >= QUEUES_MAX)
		return -EINVAL;
	fd = lsk_socket_fd(lsk_xdp_socket(xdp));
	if (fd < 0)
		return fd;
	queue = (uint32_t)lsk_xdp_queue(xdp);
	value = (uint32_t)fd;
	memset(&attributes, 0, sizeof(attributes));
	attributes.map_fd = (uint32_t)program->map_fd;
	attributes.key = (uintptr_t)&queue;
	attributes.value = (uintptr_t)&value;
	return bpf_call(BPF_MAP_UPDATE_ELEM, &attributes);
}

struct lsk_xdp_program *lsk_xdp_program_free(struct lsk_xdp_program *program)
{
	if (!program)
		return NULL;
	closep(&program->link_fd);
	closep(&program->program_fd);
	closep(&program->map_fd);
	free(program);
	return NULL;
}
