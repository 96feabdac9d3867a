/* SPDX-License-Identifier: MIT */
/*
 * Filters for inet sockets, run by the kernel before it writes an answer. A condition
 * that holds goes to the next one; one that does not jumps 4 bytes past the end, which
 * means "no".
 */
#include "families/diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <string.h>

#include "uring/util.h"

static void add(struct lsk_diag_filter *filter, const void *code, size_t len)
{
	if (filter->error != 0)
		return;
	if (filter->count >= ARRAY_SIZE(filter->at) ||
	    len > sizeof(filter->code) - filter->len) {
		filter->error = -ENOBUFS;
		return;
	}
	memcpy((char *)filter->code + filter->len, code, len);
	filter->at[filter->count++] = filter->len;
	filter->len = (uint16_t)(filter->len + len);
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
		filter->error = filter->error ? filter->error : -EINVAL;
		return;
	}
	code.op.yes = (unsigned char)len;
	code.host.family = (uint8_t)lsk_addr_family(addr);
	code.host.prefix_len = prefix_len;
	code.host.port = port ? port : -1;
	add(filter, &code, len);
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

	add(filter, &code, sizeof(code));
}

void diag_filter_put(struct lsk_nl_msg *msg, const struct lsk_diag_filter *filter)
{
	uint32_t code[LSK_DIAG_FILTER_MAX / 4];

	memcpy(code, filter->code, sizeof(code));
	for (unsigned int i = 0; i < filter->count; i++) {
		struct inet_diag_bc_op *op = (void *)((char *)code + filter->at[i]);

		op->no = (uint16_t)(filter->len - filter->at[i] + 4);
	}
	lsk_nl_put(msg, INET_DIAG_REQ_BYTECODE, code, filter->len);
}
