/* SPDX-License-Identifier: MIT */
/*
 * VSOCK: between a virtual machine and its host. See vsock(7).
 *
 *	vsock://host:1234     vsock://any:any     vsock://3:1234/to-host
 */
#ifndef LINSOCK_VSOCK_H
#define LINSOCK_VSOCK_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_vsock() - a VSOCK address from its parts
 * @ret_addr: set on success
 * @cid: VMADDR_CID_ANY, _HYPERVISOR (0), _LOCAL (1), _HOST (2), or a guest's number
 * @port: 0 … 0xfffffffe; VMADDR_PORT_ANY lets bind(2) choose
 * @flags: VMADDR_FLAG_TO_HOST to reach a sibling through the host (Linux 5.11), or 0
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_vsock(struct lsk_addr *ret_addr, uint32_t cid, uint32_t port,
		   uint8_t flags);

LSK_END_DECLS

#endif
