/* SPDX-License-Identifier: MIT */
/*
 * VSOCK: between a virtual machine and its host. See vsock(7).
 *
 *	vsock://host:1234     vsock://any:any     vsock://3:1234/to-host
 *
 * As an endpoint it is a stream; "?type=seqpacket" keeps the bounds of messages, where
 * the transport can (over vhost and loopback: yes; over vhost-user and Firecracker: no,
 * and connect says so). "?buffer=1048576" sets the buffer, "?connect-timeout=0.5" the
 * seconds that the kernel tries.
 *
 * What the kernel says when nobody is there depends on the transport: -ECONNRESET for
 * no listener, -ETIMEDOUT for no such guest, -ENODEV or -ENETUNREACH for no transport.
 * After a connect that failed by timeout or signal, begin again with a new socket.
 */
#ifndef LINSOCK_VSOCK_H
#define LINSOCK_VSOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/error.h>
#include <linsock/socket.h>

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

/**
 * lsk_vsock_local_cid() - the number by which others reach this machine
 * @ret_cid: set on success; VMADDR_CID_LOCAL where there is loopback only, and
 *	VMADDR_CID_HOST on a host
 *
 * Return: 0; -ENODEV where no transport is there; -ENOENT without /dev/vsock (module
 * vsock, or a container: sockets may work all the same); -EACCES.
 */
int lsk_vsock_local_cid(uint32_t *ret_cid);

/**
 * struct lsk_vsock_buffer - bytes that the peer may send before we read
 * @size: now
 * @min: least that @size may be
 * @max: most that @size may be
 *
 * Kernels give credit by the sender's own size too (since 2025), so a large window
 * wants both ends to ask for it.
 */
struct lsk_vsock_buffer {
	uint64_t size;
	uint64_t min;
	uint64_t max;
};

/**
 * lsk_vsock_buffer() - read the sizes
 * @sock: a VSOCK socket
 * @ret_buffer: set on success
 *
 * Return: 0 or the negated errno of getsockopt(2).
 */
int lsk_vsock_buffer(const struct lsk_socket *sock,
		     struct lsk_vsock_buffer *ret_buffer);

/**
 * lsk_vsock_set_buffer() - set the size, and its limits where it is outside of them
 * @sock: a VSOCK socket; best before it connects or listens
 * @size: bytes; the kernel alone would cut it to the limits and say nothing
 *
 * Return: 0, -ERANGE where the kernel has another idea after all, or the negated errno
 * of setsockopt(2).
 */
int lsk_vsock_set_buffer(struct lsk_socket *sock, uint64_t size);

/**
 * lsk_vsock_connect_timeout() - how long the kernel tries to connect
 * @sock: a VSOCK socket
 * @ret_timeout_ns: set on success; 2 seconds unless it was set
 *
 * Return: 0 or the negated errno of getsockopt(2).
 */
int lsk_vsock_connect_timeout(const struct lsk_socket *sock, int64_t *ret_timeout_ns);

/**
 * lsk_vsock_set_connect_timeout() - set it
 * @sock: a VSOCK socket
 * @timeout_ns: above 0; microseconds count
 *
 * The kernel's own limit (-ETIMEDOUT); the socket's timeout (-ETIME) holds beside it.
 *
 * Return: 0, -EINVAL, -ERANGE, or the negated errno of setsockopt(2).
 */
int lsk_vsock_set_connect_timeout(struct lsk_socket *sock, int64_t timeout_ns);

/**
 * lsk_vsock_unsent() - bytes that were sent and are not yet with the peer's kernel
 * @sock: a connected socket
 *
 * Linux 6.12 (SIOCOUTQ).
 *
 * Return: how many; -EOPNOTSUPP on older kernels, and for a listener.
 */
int lsk_vsock_unsent(const struct lsk_socket *sock);

/**
 * lsk_vsock_unread() - bytes that can be received
 * @sock: a connected socket
 *
 * Linux 6.17 (SIOCINQ).
 *
 * Return: how many; -EOPNOTSUPP on older kernels, and for a listener.
 */
int lsk_vsock_unread(const struct lsk_socket *sock);

/**
 * lsk_vsock_get_zero_copy() - which sends are done (MSG_ZEROCOPY)
 * @item: a control message from the error queue (MSG_ERRQUEUE)
 * @ret_first: number of the first send that is done, from 0 on
 * @ret_last: number of the last one
 * @ret_copied: whether the kernel copied after all; may be NULL
 *
 * With SO_ZEROCOPY set, and MSG_ZEROCOPY for each send (Linux 6.7).
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_vsock_get_zero_copy(const struct lsk_control_item *item, uint32_t *ret_first,
			    uint32_t *ret_last, bool *ret_copied);

/**
 * lsk_vsock_hybrid_connect() - reach a guest's port through its monitor's UNIX socket
 * @path: of the socket that Firecracker, Cloud Hypervisor or vhost-device-vsock made
 * @port: at which the guest listens
 * @timeout_ns: for everything together; LSK_BLOCK for no limit
 * @ret_socket: set on success: a UNIX stream whose peer is the guest's; free with
 *	lsk_socket_free()
 * @ret_error: which step failed; may be NULL
 *
 * Says "CONNECT port" and reads "OK number".
 *
 * Return: 0; -ECONNRESET where nobody listens in the guest; -EPROTO for another answer;
 * -ETIME; as lsk_socket_connect().
 */
int lsk_vsock_hybrid_connect(const char *path, uint32_t port, int64_t timeout_ns,
			     struct lsk_socket **ret_socket,
			     struct lsk_error *ret_error);

/**
 * lsk_vsock_hybrid_addr() - where to listen for a guest's connections to a port
 * @ret_addr: set on success: "path_port"
 * @path: as for lsk_vsock_hybrid_connect()
 * @port: that the guest connects to, at VMADDR_CID_HOST
 *
 * Return: 0, LSK_ERR_LENGTH, -EINVAL.
 */
int lsk_vsock_hybrid_addr(struct lsk_addr *ret_addr, const char *path, uint32_t port);

LSK_END_DECLS

#endif
