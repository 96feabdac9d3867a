/* SPDX-License-Identifier: MIT */
/* bpf(2), for families that load small programs of their own. */
#ifndef LSK_FAMILIES_BPF_H
#define LSK_FAMILIES_BPF_H

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "uring/util.h"

/* Return: a descriptor, or 0, or a negative errno. */
static inline int bpf_call(enum bpf_cmd command, union bpf_attr *attributes)
{
	int fd = (int)syscall(__NR_bpf, command, attributes, sizeof(*attributes));

	return syscall_result(fd);
}

/* Return: the descriptor of a program of @count instructions, or a negative errno. */
static inline int bpf_load(enum bpf_prog_type type, const struct bpf_insn *code,
			   uint32_t count)
{
	static const char licence[] = "MIT";
	union bpf_attr attributes;

	memset(&attributes, 0, sizeof(attributes));
	attributes.prog_type = type;
	attributes.insns = (uintptr_t)code;
	attributes.insn_cnt = count;
	attributes.license = (uintptr_t)licence;
	return bpf_call(BPF_PROG_LOAD, &attributes);
}

#endif
