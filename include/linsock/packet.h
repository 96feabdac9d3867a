/* SPDX-License-Identifier: MIT */
/*
 * PACKET: frames of a network device. See packet(7).
 *
 *	packet://eth0/0x0800     packet://any/all
 *	packet://eth0/0x0800/otherhost/1/00:11:22:33:44:55
 *
 * That is interface, protocol, packet type, hardware type (ARPHRD_*) and hardware
 * address; what is left out is 0, and the interface "any" stands for all.
 */
#ifndef LINSOCK_PACKET_H
#define LINSOCK_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_packet() - a link-layer address from its parts
 * @ret_addr: set on success
 * @interface: name of the device; NULL or "" for all
 * @protocol: ETH_P_*, host byte order; 0 receives nothing until bind(2) says more
 * @hardware: hardware address of a frame's destination; NULL for none; copied
 * @hardware_len: bytes at @hardware, at most 8
 *
 * Return: 0, -ENODEV, LSK_ERR_LENGTH (name or hardware address), -EINVAL for NULL.
 */
int lsk_addr_packet(struct lsk_addr *ret_addr, const char *interface, uint16_t protocol,
		    const void *hardware, size_t hardware_len);

LSK_END_DECLS

#endif
