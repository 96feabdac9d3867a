/* SPDX-License-Identifier: MIT */
/*
 * RxRPC: remote calls over UDP, of AFS.
 *
 *	rxrpc://10.0.0.1:7001/52         host, UDP port, service; 0: a client's address
 *	rxrpc://[::1]:7001/52
 *
 * A message belongs to a call, which control messages name: RXRPC_USER_CALL_ID,
 * RXRPC_ABORT and others of linux/rxrpc.h, level SOL_RXRPC. They go through
 * lsk_control_put() and lsk_control_next() as those of other families do.
 *
 * Linux 2.6.22, IPv6 4.8; module rxrpc. Source: linux/rxrpc.h,
 * Documentation/networking/rxrpc.rst.
 */
#ifndef LINSOCK_RXRPC_H
#define LINSOCK_RXRPC_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_rxrpc() - an RxRPC address from its parts
 * @ret_addr: set on success
 * @transport: host and UDP port, of inet or inet6
 * @service: its number; 0 for the address of a client
 *
 * Return: 0; LSK_ERR_FAMILY for another transport; -EINVAL for NULL.
 */
int lsk_addr_rxrpc(struct lsk_addr *ret_addr, const struct lsk_addr *transport,
		   uint16_t service);

/**
 * lsk_addr_rxrpc_read() - the parts of an RxRPC address
 * @addr: the address
 * @ret_transport: set on success; may be NULL
 * @ret_service: set on success; may be NULL
 *
 * Takes what a server receives, too, in which the kernel leaves out the family: such an
 * address prints as "raw://0/…", and is made whole by lsk_addr_rxrpc().
 *
 * Return: 0; LSK_ERR_FAMILY for what is no RxRPC address; -EINVAL for NULL.
 */
int lsk_addr_rxrpc_read(const struct lsk_addr *addr, struct lsk_addr *ret_transport,
			uint16_t *ret_service);

LSK_END_DECLS

#endif
