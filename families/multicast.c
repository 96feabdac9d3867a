/* SPDX-License-Identifier: MIT */
/* Groups of IPv4 and IPv6 by the requests of RFC 3678, which both understand. */
#include <linsock/multicast.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/error.h>

/* The level of a family's own options; negative where it has no multicast. */
static int level_of(int family)
{
	if (family == AF_INET)
		return IPPROTO_IP;
	return family == AF_INET6 ? IPPROTO_IPV6 : LSK_ERR_FAMILY;
}

/* Join or leave a group as a whole. */
static int change_group(struct lsk_socket *sock, int option,
			const struct lsk_addr *group, unsigned int interface)
{
	struct group_req request = {.gr_interface = interface};
	int level;

	if (!sock || !group)
		return -EINVAL;
	level = level_of(lsk_addr_family(group));
	if (level < 0 || lsk_addr_family(group) != lsk_socket_domain(sock))
		return LSK_ERR_FAMILY;
	memcpy(&request.gr_group, &group->storage, group->len);
	return lsk_socket_setsockopt(sock, level, option, &request, sizeof(request));
}

/* The same for one sender of a group. */
static int change_source(struct lsk_socket *sock, int option,
			 const struct lsk_addr *group, const struct lsk_addr *source,
			 unsigned int interface)
{
	struct group_source_req request = {.gsr_interface = interface};
	int level;

	if (!sock || !group || !source)
		return -EINVAL;
	level = level_of(lsk_addr_family(group));
	if (level < 0 || lsk_addr_family(group) != lsk_socket_domain(sock) ||
	    lsk_addr_family(source) != lsk_addr_family(group))
		return LSK_ERR_FAMILY;
	memcpy(&request.gsr_group, &group->storage, group->len);
	memcpy(&request.gsr_source, &source->storage, source->len);
	return lsk_socket_setsockopt(sock, level, option, &request, sizeof(request));
}

int lsk_multicast_join(struct lsk_socket *sock, const struct lsk_addr *group,
		       unsigned int interface)
{
	return change_group(sock, MCAST_JOIN_GROUP, group, interface);
}

int lsk_multicast_leave(struct lsk_socket *sock, const struct lsk_addr *group,
			unsigned int interface)
{
	return change_group(sock, MCAST_LEAVE_GROUP, group, interface);
}

int lsk_multicast_join_source(struct lsk_socket *sock, const struct lsk_addr *group,
			      const struct lsk_addr *source, unsigned int interface)
{
	return change_source(sock, MCAST_JOIN_SOURCE_GROUP, group, source, interface);
}

int lsk_multicast_leave_source(struct lsk_socket *sock, const struct lsk_addr *group,
			       const struct lsk_addr *source, unsigned int interface)
{
	return change_source(sock, MCAST_LEAVE_SOURCE_GROUP, group, source, interface);
}

int lsk_multicast_block(struct lsk_socket *sock, const struct lsk_addr *group,
			const struct lsk_addr *source, unsigned int interface)
{
	return change_source(sock, MCAST_BLOCK_SOURCE, group, source, interface);
}

int lsk_multicast_unblock(struct lsk_socket *sock, const struct lsk_addr *group,
			  const struct lsk_addr *source, unsigned int interface)
{
	return change_source(sock, MCAST_UNBLOCK_SOURCE, group, source, interface);
}

int lsk_multicast_set_interface(struct lsk_socket *sock, unsigned int interface)
{
	struct ip_mreqn request = {.imr_ifindex = (int)interface};

	if (lsk_socket_domain(sock) == AF_INET)
		return lsk_socket_setsockopt(sock, IPPROTO_IP, IP_MULTICAST_IF,
					     &request, sizeof(request));
	if (lsk_socket_domain(sock) != AF_INET6)
		return LSK_ERR_FAMILY;
	return lsk_socket_setsockopt_int(sock, IPPROTO_IPV6, IPV6_MULTICAST_IF,
					 (int)interface);
}

/* Set the option of the socket's own family. */
static int set_either(struct lsk_socket *sock, int option, int option6, int value)
{
	int level = level_of(lsk_socket_domain(sock));

	if (level < 0)
		return level;
	return lsk_socket_setsockopt_int(sock, level,
					 level == IPPROTO_IP ? option : option6, value);
}

int lsk_multicast_set_hops(struct lsk_socket *sock, int hops)
{
	/* The kernel takes -1 for the default, which is no number of hops. */
	if (hops < 0 || hops > UINT8_MAX)
		return LSK_ERR_RANGE;
	return set_either(sock, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, hops);
}

int lsk_multicast_set_loop(struct lsk_socket *sock, bool enabled)
{
	return set_either(sock, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, enabled);
}

int lsk_multicast_set_all(struct lsk_socket *sock, bool enabled)
{
	return set_either(sock, IP_MULTICAST_ALL, IPV6_MULTICAST_ALL, enabled);
}
