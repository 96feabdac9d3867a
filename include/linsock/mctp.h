/* SPDX-License-Identifier: MIT */
/*
 * MCTP: the management component transport protocol, between a host and the devices
 * that it manages (DMTF DSP0236).
 *
 *	mctp://1:8/1          network, endpoint, type of message
 *	mctp://1:8/1/owner    and tag; "owner": the one who asks chooses it, here 0
 *	mctp://any:any/1      for binding
 *
 * Linux 5.15; no module, CONFIG_MCTP. The kernels of Debian have it not: what is said
 * of its sockets here was read in net/mctp/af_mctp.c. Source: linux/mctp.h,
 * Documentation/networking/mctp.rst.
 */
#ifndef LINSOCK_MCTP_H
#define LINSOCK_MCTP_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_mctp() - an MCTP address from its parts
 * @ret_addr: set on success
 * @network: its number; MCTP_NET_ANY (0)
 * @endpoint: its number; MCTP_ADDR_ANY (255)
 * @type: of message, 0 … 127
 * @tag: 0 … 7, with MCTP_TAG_OWNER (8) in what asks, MCTP_TAG_PREALLOC (16)
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_mctp(struct lsk_addr *ret_addr, uint32_t network, uint8_t endpoint,
		  uint8_t type, uint8_t tag);

LSK_END_DECLS

#endif
