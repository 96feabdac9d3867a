/* SPDX-License-Identifier: MIT */
/*
 * Filters for inet sockets, run by the kernel before it writes an answer. A program
 * ends with "yes" at its last byte and with "no" 4 bytes behind that, so programs are
 * joined by moving the jumps that lead there:
 *
 *	a and b		a b		"no" of a leads behind b as well
 *	a or b		a JMP b		"no" of a leads to b, the jump to the end of b
 *	not a		a JMP		"no" of a leads to the end, the jump behind it
 *
 * "Yes" always leads to the next instruction: the kernel walks along these to see
 * whether a program is sound.
 */
#include "families/diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <string.h>

#include "uring/util.h"

enum { NO = 4 }; /* bytes behind the end where "no" is */

static struct inet_diag_bc_op *operation(struct lsk_diag_filter *filter, size_t offset)
{
	return (void *)((char *)filter->code + offset);
}

/* The first fault sticks. */
static void set_error(struct lsk_diag_filter *filter, int error)
{
	if (filter->error == 0)
		filter->error = error;
}

/* Put code behind what there is. Return: whether there was room. */
static bool append(struct lsk_diag_filter *filter, const void *code, size_t len)
{
	if (filter->error == 0 && len > sizeof(filter->code) - filter->len)
		filter->error = -ENOBUFS;
	if (filter->error != 0)
		return false;
	memcpy((char *)filter->code + filter->len, code, len);
	filter->len = (uint16_t)(filter->len + len);
	return true;
}

/* Jump over @distance bytes, whatever came before. */
static bool append_jump(struct lsk_diag_filter *filter, size_t distance)
{
	const struct inet_diag_bc_op jump = {
		.code = INET_DIAG_BC_JMP,
		.yes = sizeof(jump),
		.no = (uint16_t)(sizeof(jump) + distance),
	};

	return append(filter, &jump, sizeof(jump));
}

/* What led to the "no" of the first @len bytes leads to that of the whole. */
static void move_exits(struct lsk_diag_filter *filter, size_t len)
{
	for (size_t at = 0; at < len; at += operation(filter, at)->yes)
		if (at + operation(filter, at)->no == len + NO)
			operation(filter, at)->no = (uint16_t)(filter->len + NO - at);
}

static void join_and(struct lsk_diag_filter *filter, const void *code, size_t len)
{
	size_t before = filter->len;

	if (append(filter, code, len))
		move_exits(filter, before);
}

/* One condition: an operation with what it compares with. */
static void add(struct lsk_diag_filter *filter, struct inet_diag_bc_op *op, size_t len)
{
	op->no = (uint16_t)(len + NO);
	join_and(filter, op, len);
}

void lsk_diag_filter_and(struct lsk_diag_filter *filter,
			 const struct lsk_diag_filter *other)
{
	set_error(filter, other->error);
	join_and(filter, other->code, other->len);
}

void lsk_diag_filter_or(struct lsk_diag_filter *filter,
			const struct lsk_diag_filter *other)
{
	set_error(filter, other->error);
	/* One of them lets everything through. */
	if (filter->len == 0 || other->len == 0)
		filter->len = 0;
	else if (append_jump(filter, other->len))
		(void)append(filter, other->code, other->len);
}

void lsk_diag_filter_not(struct lsk_diag_filter *filter)
{
	(void)append_jump(filter, NO);
}

void lsk_diag_filter_port(struct lsk_diag_filter *filter, bool is_peer,
			  enum lsk_diag_compare compare, uint16_t port)
{
	static const uint8_t codes[][2] = {
		[LSK_DIAG_EQUAL] = {INET_DIAG_BC_S_EQ, INET_DIAG_BC_D_EQ},
		[LSK_DIAG_AT_LEAST] = {INET_DIAG_BC_S_GE, INET_DIAG_BC_D_GE},
		[LSK_DIAG_AT_MOST] = {INET_DIAG_BC_S_LE, INET_DIAG_BC_D_LE},
	};
	struct inet_diag_bc_op code[2] = {
		{.code = codes[compare][is_peer], .yes = sizeof(code)},
		{.no = port},
	};

	add(filter, code, sizeof(code));
}

void lsk_diag_filter_host(struct lsk_diag_filter *filter, bool is_peer,
			  const struct lsk_addr *addr, uint8_t prefix_len)
{
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_hostcond host;
		struct in6_addr addr;
	} code = {
		.op = {.code = is_peer ? INET_DIAG_BC_D_COND : INET_DIAG_BC_S_COND},
	};
	size_t len = sizeof(code.op) + sizeof(code.host);
	struct sockaddr_in6 inet6;
	struct sockaddr_in inet;
	uint16_t port;

	if (lsk_addr_family(addr) == AF_INET && prefix_len <= 32) {
		memcpy(&inet, &addr->storage, sizeof(inet));
		memcpy(&code.addr, &inet.sin_addr, sizeof(inet.sin_addr));
		port = ntohs(inet.sin_port);
		len += sizeof(inet.sin_addr);
	} else if (lsk_addr_family(addr) == AF_INET6 && prefix_len <= 128) {
		memcpy(&inet6, &addr->storage, sizeof(inet6));
		code.addr = inet6.sin6_addr;
		port = ntohs(inet6.sin6_port);
		len += sizeof(inet6.sin6_addr);
	} else {
		set_error(filter, -EINVAL);
		return;
	}
	code.op.yes = (unsigned char)len;
	code.host.family = (uint8_t)lsk_addr_family(addr);
	code.host.prefix_len = prefix_len;
	code.host.port = port ? port : -1;
	add(filter, &code.op, len);
}

void lsk_diag_filter_interface(struct lsk_diag_filter *filter, uint32_t index)
{
	struct {
		struct inet_diag_bc_op op;
		uint32_t index;
	} code = {
		.op = {.code = INET_DIAG_BC_DEV_COND, .yes = sizeof(code)},
		.index = index,
	};

	add(filter, &code.op, sizeof(code));
}

void lsk_diag_filter_mark(struct lsk_diag_filter *filter, uint32_t mark, uint32_t mask)
{
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_markcond mark;
	} code = {
		.op = {.code = INET_DIAG_BC_MARK_COND, .yes = sizeof(code)},
		.mark = {.mark = mark & mask, .mask = mask},
	};

	add(filter, &code.op, sizeof(code));
}

void lsk_diag_filter_cgroup(struct lsk_diag_filter *filter, uint64_t id)
{
	struct {
		struct inet_diag_bc_op op;
		char id[sizeof(id)]; /* not aligned to 8 bytes */
	} code = {
		.op = {.code = INET_DIAG_BC_CGROUP_COND, .yes = sizeof(code)},
	};

	memcpy(code.id, &id, sizeof(id));
	add(filter, &code.op, sizeof(code));
}

void lsk_diag_filter_autobound(struct lsk_diag_filter *filter)
{
	struct inet_diag_bc_op op = {.code = INET_DIAG_BC_AUTO, .yes = sizeof(op)};

	add(filter, &op, sizeof(op));
}

void diag_filter_put(struct lsk_nl_msg *msg, const struct lsk_diag_filter *filter)
{
	lsk_nl_put(msg, INET_DIAG_REQ_BYTECODE, filter->code, filter->len);
}
