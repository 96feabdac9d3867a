/* SPDX-License-Identifier: MIT */
/*
 * QIPCRTR (QRTR): the Qualcomm IPC router, datagrams between processors of a SoC.
 *
 *	qipcrtr://1:15     qipcrtr://broadcast:control
 *
 * Source: linux/qrtr.h, net/qrtr/.
 */
#ifndef LINSOCK_QIPCRTR_H
#define LINSOCK_QIPCRTR_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_qipcrtr() - a QIPCRTR address from its parts
 * @ret_addr: set on success
 * @node: number of the processor; QRTR_NODE_BCAST (0xffffffff) for all
 * @port: number of the port; QRTR_PORT_CTRL (0xfffffffe) for the control port; 0 lets
 *	bind(2) choose
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_qipcrtr(struct lsk_addr *ret_addr, uint32_t node, uint32_t port);

LSK_END_DECLS

#endif
