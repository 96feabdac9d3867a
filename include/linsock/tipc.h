/* SPDX-License-Identifier: MIT */
/*
 * TIPC: Transparent Inter-Process Communication, sockets by service.
 *
 *	tipc://service/18888:17          a service: type, instance
 *	tipc://range/18888:0:99/node     a range of instances, and its scope
 *	tipc://socket/0x1001001:4711     one socket: node, reference
 *
 * The words "name", "nameseq" and "id" of older interfaces are read too. Source:
 * linux/tipc.h, Documentation/networking/tipc.rst.
 */
#ifndef LINSOCK_TIPC_H
#define LINSOCK_TIPC_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_tipc_service() - a service by type and instance (the contract's
 * TIPC_ADDR_NAME)
 * @ret_addr: set on success
 * @type: the service's number; below 64 is reserved
 * @instance: which one
 * @scope: TIPC_CLUSTER_SCOPE or TIPC_NODE_SCOPE
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_tipc_service(struct lsk_addr *ret_addr, uint32_t type, uint32_t instance,
			  int8_t scope);

/**
 * lsk_addr_tipc_range() - a range of a service (the contract's TIPC_ADDR_NAMESEQ)
 * @ret_addr: set on success
 * @type: the service's number
 * @lower: first instance
 * @upper: last instance
 * @scope: TIPC_CLUSTER_SCOPE or TIPC_NODE_SCOPE
 *
 * Return: 0; LSK_ERR_RANGE where @upper is below @lower; -EINVAL for NULL.
 */
int lsk_addr_tipc_range(struct lsk_addr *ret_addr, uint32_t type, uint32_t lower,
			uint32_t upper, int8_t scope);

/**
 * lsk_addr_tipc_socket() - one socket (the contract's TIPC_ADDR_ID)
 * @ret_addr: set on success
 * @node: the node's hash number; 0 for this node
 * @reference: the socket's number on its node
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_tipc_socket(struct lsk_addr *ret_addr, uint32_t node, uint32_t reference);

LSK_END_DECLS

#endif
