/* SPDX-License-Identifier: MIT */
/*
 * Multicast of IPv4 and IPv6: groups by interface and by source (RFC 3678), and what
 * becomes of the datagrams that we send. The family is that of the group's address;
 * its port does not matter.
 *
 * Linux 2.6.
 */
#ifndef LINSOCK_MULTICAST_H
#define LINSOCK_MULTICAST_H

#include <stdbool.h>
#include <stddef.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_multicast_join() - receive what is sent to a group (MCAST_JOIN_GROUP)
 * @sock: a datagram or raw socket, bound to the port
 * @group: its address
 * @interface: index; 0 lets the routing table choose
 *
 * Return: 0; -EADDRINUSE where it is joined already; -ENODEV; -ENOBUFS past
 * net.ipv4.igmp_max_memberships; -EINVAL for what is no group; LSK_ERR_FAMILY.
 */
int lsk_multicast_join(struct lsk_socket *sock, const struct lsk_addr *group,
		       unsigned int interface);

/**
 * lsk_multicast_leave() - end it (MCAST_LEAVE_GROUP), its sources included
 * @sock: the socket
 * @group: as it was joined
 * @interface: as it was joined
 *
 * Return: 0; -EADDRNOTAVAIL where it was not joined; or as lsk_multicast_join().
 */
int lsk_multicast_leave(struct lsk_socket *sock, const struct lsk_addr *group,
			unsigned int interface);

/**
 * lsk_multicast_join_source() - receive from one sender (MCAST_JOIN_SOURCE_GROUP)
 * @sock: the socket
 * @group: the group's address
 * @source: the sender's, of the same family
 * @interface: index; 0 lets the routing table choose
 *
 * May be called for several senders of a group; not where the whole group is joined.
 *
 * Return: 0; -EADDRNOTAVAIL where it is joined already; -EINVAL where the whole group
 * is; -ENOBUFS past net.ipv4.igmp_max_msf; or as lsk_multicast_join().
 */
int lsk_multicast_join_source(struct lsk_socket *sock, const struct lsk_addr *group,
			      const struct lsk_addr *source, unsigned int interface);

/**
 * lsk_multicast_leave_source() - end it; with the last sender the group is left
 * @sock: the socket
 * @group: as it was joined
 * @source: as it was joined
 * @interface: as it was joined
 *
 * Return: as lsk_multicast_leave().
 */
int lsk_multicast_leave_source(struct lsk_socket *sock, const struct lsk_addr *group,
			       const struct lsk_addr *source, unsigned int interface);

/**
 * lsk_multicast_block() - hear one sender of a joined group no more
 * (MCAST_BLOCK_SOURCE)
 * @sock: the socket
 * @group: joined by lsk_multicast_join()
 * @source: the sender's address
 * @interface: as it was joined
 *
 * Return: 0; -EADDRNOTAVAIL where it is blocked already; or as lsk_multicast_join().
 */
int lsk_multicast_block(struct lsk_socket *sock, const struct lsk_addr *group,
			const struct lsk_addr *source, unsigned int interface);

/**
 * lsk_multicast_unblock() - hear it again (MCAST_UNBLOCK_SOURCE)
 * @sock: the socket
 * @group: joined by lsk_multicast_join()
 * @source: the sender's address
 * @interface: as it was joined
 *
 * Return: 0; -EADDRNOTAVAIL where it is not blocked; or as lsk_multicast_join().
 */
int lsk_multicast_unblock(struct lsk_socket *sock, const struct lsk_addr *group,
			  const struct lsk_addr *source, unsigned int interface);

/**
 * lsk_multicast_set_interface() - where our datagrams go out (IP_MULTICAST_IF,
 * IPV6_MULTICAST_IF)
 * @sock: an inet or inet6 socket
 * @interface: index; 0 lets the routing table choose
 *
 * Return: 0, LSK_ERR_FAMILY, -ENODEV, -EADDRNOTAVAIL.
 */
int lsk_multicast_set_interface(struct lsk_socket *sock, unsigned int interface);

/**
 * lsk_multicast_set_hops() - how far they go (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS)
 * @sock: an inet or inet6 socket
 * @hops: 0 stays on this host, 1 (the default) on the link; at most 255
 *
 * Return: 0, LSK_ERR_RANGE, LSK_ERR_FAMILY.
 */
int lsk_multicast_set_hops(struct lsk_socket *sock, int hops);

/**
 * lsk_multicast_set_loop() - whether this host's members hear us too, as by default
 * (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP)
 * @sock: an inet or inet6 socket
 * @enabled: or not
 *
 * Return: 0, LSK_ERR_FAMILY.
 */
int lsk_multicast_set_loop(struct lsk_socket *sock, bool enabled);

/**
 * lsk_multicast_set_all() - whether the socket gets what other sockets of the host
 * joined, as it does by default (IP_MULTICAST_ALL, IPV6_MULTICAST_ALL)
 * @sock: an inet or inet6 socket
 * @enabled: false: only groups that it joined itself
 *
 * Linux 2.6.31, IPv6 4.20.
 *
 * Return: 0, LSK_ERR_FAMILY.
 */
int lsk_multicast_set_all(struct lsk_socket *sock, bool enabled);

LSK_END_DECLS

#endif
