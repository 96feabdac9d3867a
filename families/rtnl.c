/* SPDX-License-Identifier: MIT */
/* Objects of rtnetlink: reading, listing and changing them, all by their tables. */
#include "families/rtnl.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "families/netlink_table.h"
#include "uring/util.h"

/* Room for a request with every attribute of a struct. */
#define REQUEST_SIZE 4096

int lsk_rtnl_link_parse(const struct nlmsghdr *msg, struct lsk_rtnl_link *ret_link)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_LINK), ret_link);
}

int lsk_rtnl_address_parse(const struct nlmsghdr *msg,
			   struct lsk_rtnl_address *ret_address)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_ADDRESS), ret_address);
}

int lsk_rtnl_route_parse(const struct nlmsghdr *msg, struct lsk_rtnl_route *ret_route)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_ROUTE), ret_route);
}

int lsk_rtnl_rule_parse(const struct nlmsghdr *msg, struct lsk_rtnl_rule *ret_rule)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_RULE), ret_rule);
}

int lsk_rtnl_neighbour_parse(const struct nlmsghdr *msg,
			     struct lsk_rtnl_neighbour *ret_neighbour)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_NEIGHBOUR), ret_neighbour);
}

int lsk_rtnl_queue_parse(const struct nlmsghdr *msg, struct lsk_rtnl_queue *ret_queue)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_QUEUE), ret_queue);
}

int lsk_rtnl_nexthop_parse(const struct nlmsghdr *msg,
			   struct lsk_rtnl_nexthop *ret_nexthop)
{
	return lsk_nl_parse(msg, lsk_rtnl_table(LSK_RTNL_NEXTHOP), ret_nexthop);
}

int lsk_rtnl_dump(struct lsk_nl *nl, unsigned int type, const void *filter,
		  struct lsk_nl_dump **ret_dump)
{
	const struct netlink_message *message = rtnl_message_find((uint16_t)type);
	LSK_NL_MSG(msg, REQUEST_SIZE);

	if (!message)
		return -EINVAL;
	if (filter) {
		lsk_nl_build(&msg, type, 0, message->table, filter);
	} else {
		/* Strict checking wants a whole header, all zero. */
		static const char nothing[64];

		lsk_nl_msg_start(&msg, type, 0, nothing, message->table->header_len);
	}
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

static int dump_next(struct lsk_nl_dump *dump, enum lsk_rtnl_object object,
		     void *ret_struct)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_nl_parse(msg, lsk_rtnl_table(object), ret_struct);
	return r < 0 ? r : 1;
}

int lsk_rtnl_link_next(struct lsk_nl_dump *dump, struct lsk_rtnl_link *ret_link)
{
	return dump_next(dump, LSK_RTNL_LINK, ret_link);
}

int lsk_rtnl_address_next(struct lsk_nl_dump *dump,
			  struct lsk_rtnl_address *ret_address)
{
	return dump_next(dump, LSK_RTNL_ADDRESS, ret_address);
}

int lsk_rtnl_route_next(struct lsk_nl_dump *dump, struct lsk_rtnl_route *ret_route)
{
	return dump_next(dump, LSK_RTNL_ROUTE, ret_route);
}

int lsk_rtnl_rule_next(struct lsk_nl_dump *dump, struct lsk_rtnl_rule *ret_rule)
{
	return dump_next(dump, LSK_RTNL_RULE, ret_rule);
}

int lsk_rtnl_neighbour_next(struct lsk_nl_dump *dump,
			    struct lsk_rtnl_neighbour *ret_neighbour)
{
	return dump_next(dump, LSK_RTNL_NEIGHBOUR, ret_neighbour);
}

int lsk_rtnl_queue_next(struct lsk_nl_dump *dump, struct lsk_rtnl_queue *ret_queue)
{
	return dump_next(dump, LSK_RTNL_QUEUE, ret_queue);
}

int lsk_rtnl_nexthop_next(struct lsk_nl_dump *dump,
			  struct lsk_rtnl_nexthop *ret_nexthop)
{
	return dump_next(dump, LSK_RTNL_NEXTHOP, ret_nexthop);
}

int lsk_rtnl_change(struct lsk_nl *nl, unsigned int type, unsigned int flags,
		    const void *object, struct lsk_nl_error *ret_error)
{
	const struct netlink_message *message = rtnl_message_find((uint16_t)type);
	LSK_NL_MSG(msg, REQUEST_SIZE);

	if (!message)
		return -EINVAL;
	lsk_nl_build(&msg, type, flags, message->table, object);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_rtnl_nexthop_route_next(struct lsk_nl_bytes *multipath,
				struct rtnexthop *ret_hop,
				struct lsk_rtnl_route *ret_route)
{
	const char *data = multipath->data;
	struct rtnexthop hop;
	size_t step;

	if (multipath->len < sizeof(hop))
		return 0;
	memcpy(&hop, data, sizeof(hop));
	if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > multipath->len) {
		multipath->len = 0;
		return -EBADMSG;
	}
	step = netlink_align(hop.rtnh_len);
	if (step > multipath->len)
		step = multipath->len;
	multipath->data = data + step;
	multipath->len -= step;
	*ret_hop = hop;
	memset(ret_route, 0, sizeof(*ret_route));
	return lsk_nl_parse_attributes(
		       (struct lsk_nl_bytes){data + sizeof(hop),
					     hop.rtnh_len - sizeof(hop)},
		       lsk_rtnl_table(LSK_RTNL_ROUTE), ret_route) < 0
		       ? -EBADMSG
		       : 1;
}
