/* SPDX-License-Identifier: MIT */
/* The control messages of IPv4, IPv6 and UDP. See ip(7), ipv6(7), udp(7). */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

/* After time.h, which it needs and does not include. */
#include <linux/errqueue.h>

#include <linsock/inet.h>

#include "uring/util.h"

/* Copy the @len bytes of an item into @ret. Longer ones have a part that may differ. */
static int get(const struct lsk_control_item *item, void *ret, size_t len)
{
	if (item->len < len)
		return -EBADMSG;
	memcpy(ret, item->data, len);
	return 0;
}

static bool is_item(const struct lsk_control_item *item, int level, int type)
{
	return item && item->level == level && item->type == type;
}

int lsk_inet_get_packet_info(const struct lsk_control_item *item,
			     struct lsk_inet_packet_info *ret_info)
{
	struct lsk_inet_packet_info info = {.interface = 0};
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};
	struct in_pktinfo inet;
	struct in6_pktinfo inet6;
	int r = -ENOMSG;

	if (!item || !ret_info)
		return -EINVAL;
	if (is_item(item, IPPROTO_IP, IP_PKTINFO)) {
		r = get(item, &inet, sizeof(inet));
		if (r < 0)
			return r;
		/* ipi_addr is what the header says, ipi_spec_dst what to answer from.
		 */
		sin.sin_addr = inet.ipi_addr;
		info.interface = (unsigned int)inet.ipi_ifindex;
		r = lsk_addr_set(&info.local, &sin, sizeof(sin));
	} else if (is_item(item, IPPROTO_IPV6, IPV6_PKTINFO)) {
		r = get(item, &inet6, sizeof(inet6));
		if (r < 0)
			return r;
		sin6.sin6_addr = inet6.ipi6_addr;
		info.interface = inet6.ipi6_ifindex;
		if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
			sin6.sin6_scope_id = info.interface;
		r = lsk_addr_set(&info.local, &sin6, sizeof(sin6));
	}
	if (r == 0)
		*ret_info = info;
	return r;
}

int lsk_inet_add_packet_info(struct lsk_control *control, int family,
			     const struct lsk_inet_packet_info *info)
{
	const struct sockaddr_in *sin;
	const struct sockaddr_in6 *sin6;
	struct in_pktinfo inet;
	struct in6_pktinfo inet6;

	if (!info)
		return -EINVAL;
	if (info->local.len > 0 && lsk_addr_family(&info->local) != family)
		return LSK_ERR_FAMILY;
	if (family == AF_INET) {
		sin = (const struct sockaddr_in *)&info->local.storage;
		inet = (struct in_pktinfo){.ipi_ifindex = (int)info->interface};
		if (info->local.len > 0)
			inet.ipi_spec_dst = sin->sin_addr;
		return lsk_control_add(control, IPPROTO_IP, IP_PKTINFO, &inet,
				       sizeof(inet));
	}
	if (family != AF_INET6)
		return LSK_ERR_FAMILY;
	sin6 = (const struct sockaddr_in6 *)&info->local.storage;
	inet6 = (struct in6_pktinfo){.ipi6_ifindex = info->interface};
	if (info->local.len > 0)
		inet6.ipi6_addr = sin6->sin6_addr;
	return lsk_control_add(control, IPPROTO_IPV6, IPV6_PKTINFO, &inet6,
			       sizeof(inet6));
}

/* A number that may come as a byte or as an int. */
static int get_number(const struct lsk_control_item *item)
{
	unsigned char byte;
	int number;
	int r;

	if (item->len >= sizeof(number)) {
		r = get(item, &number, sizeof(number));
		return r < 0 ? r : number;
	}
	r = get(item, &byte, sizeof(byte));
	return r < 0 ? r : byte;
}

int lsk_inet_get_hop_limit(const struct lsk_control_item *item)
{
	if (!item)
		return -EINVAL;
	if (!is_item(item, IPPROTO_IP, IP_TTL) &&
	    !is_item(item, IPPROTO_IPV6, IPV6_HOPLIMIT))
		return -ENOMSG;
	return get_number(item);
}

int lsk_inet_get_traffic_class(const struct lsk_control_item *item)
{
	if (!item)
		return -EINVAL;
	if (!is_item(item, IPPROTO_IP, IP_TOS) &&
	    !is_item(item, IPPROTO_IPV6, IPV6_TCLASS))
		return -ENOMSG;
	return get_number(item);
}

int lsk_inet_get_segment_size(const struct lsk_control_item *item)
{
	if (!item)
		return -EINVAL;
	if (!is_item(item, IPPROTO_UDP, UDP_GRO))
		return -ENOMSG;
	return get_number(item);
}

/* One number per family, as an int of 0 … 255. */
static int add_number(struct lsk_control *control, int family, const int types[2],
		      int value)
{
	if (family != AF_INET && family != AF_INET6)
		return LSK_ERR_FAMILY;
	if (value < 0 || value > UINT8_MAX)
		return LSK_ERR_RANGE;
	return lsk_control_add(control, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
			       types[family == AF_INET6], &value, sizeof(value));
}

int lsk_inet_add_hop_limit(struct lsk_control *control, int family, int hops)
{
	static const int types[] = {IP_TTL, IPV6_HOPLIMIT};

	return add_number(control, family, types, hops);
}

int lsk_inet_add_traffic_class(struct lsk_control *control, int family, int value)
{
	static const int types[] = {IP_TOS, IPV6_TCLASS};

	return add_number(control, family, types, value);
}

int lsk_inet_add_segment_size(struct lsk_control *control, int size)
{
	uint16_t value = (uint16_t)size;

	if (size < 0 || size > UINT16_MAX)
		return LSK_ERR_RANGE;
	return lsk_control_add(control, IPPROTO_UDP, UDP_SEGMENT, &value,
			       sizeof(value));
}

int lsk_inet_get_error(const struct lsk_control_item *item,
		       struct lsk_inet_error *ret_error)
{
	struct sock_extended_err extended;
	struct lsk_inet_error error;
	const char *offender;
	sa_family_t family;
	size_t len = 0;
	int r;

	if (!item || !ret_error)
		return -EINVAL;
	if (!is_item(item, IPPROTO_IP, IP_RECVERR) &&
	    !is_item(item, IPPROTO_IPV6, IPV6_RECVERR))
		return -ENOMSG;
	r = get(item, &extended, sizeof(extended));
	if (r < 0)
		return r;
	error = (struct lsk_inet_error){
		.error = -(int)extended.ee_errno,
		.origin = extended.ee_origin,
		.type = extended.ee_type,
		.code = extended.ee_code,
		.info = extended.ee_info,
		.data = extended.ee_data,
	};
	/* A time stamp is filed under ENOMSG, and is none. */
	if (extended.ee_origin == SO_EE_ORIGIN_TIMESTAMPING ||
	    extended.ee_origin == SO_EE_ORIGIN_ZEROCOPY)
		error.error = 0;
	offender = (const char *)item->data + sizeof(extended);
	if (item->len >= sizeof(extended) + sizeof(family)) {
		memcpy(&family, offender, sizeof(family));
		len = family == AF_INET    ? sizeof(struct sockaddr_in)
		      : family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : 0;
	}
	if (len > 0 && item->len >= sizeof(extended) + len)
		lsk_addr_set(&error.offender, offender, len);
	*ret_error = error;
	return 0;
}
