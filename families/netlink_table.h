/* SPDX-License-Identifier: MIT */
/*
 * Which table reads which message: for the paths of errors and for traces. The tables
 * are those by which the typed modules parse.
 */
#ifndef LSK_NETLINK_TABLE_H
#define LSK_NETLINK_TABLE_H

#include <linsock/netlink_error.h>
#include <linsock/netlink_msg.h>

/* NLA_ALIGN() and NLA_HDRLEN without their signs. */
static inline size_t netlink_align(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

#define NETLINK_ATTR_HEADER sizeof(struct nlattr)

/* One message type. */
struct netlink_message {
	uint16_t type;
	const char *name; /* "newlink" */
	const struct lsk_nl_table *table;
};

/* The row of a message type of a protocol, or NULL. */
const struct netlink_message *netlink_message_find(int protocol, uint16_t type);

/* The row of an attribute type, or NULL; @table may be NULL. */
const struct lsk_nl_field *netlink_field(const struct lsk_nl_table *table,
					 uint16_t type);

/* The table of what is inside of an attribute that stands in @siblings, or NULL. */
const struct lsk_nl_table *netlink_nested(const struct lsk_nl_table *table,
					  uint16_t type, struct lsk_nl_bytes siblings);

/* The attributes inside of an attribute, behind the header that @table may name (peers
 * of veth start with a struct ifinfomsg); @table may be NULL. */
struct lsk_nl_bytes netlink_nest(const struct lsk_nl_attr *attr,
				 const struct lsk_nl_table *table);

/*
 * Write the path of what stands at byte @offset of @request, such as
 * ".linkinfo.data.policy"; an empty text where no attribute stands there. @with_type
 * adds that attribute (for what was missing), 0: none.
 */
void netlink_path(const struct nlmsghdr *request, const struct lsk_nl_table *table,
		  uint32_t offset, uint32_t with_type, char *buf, size_t size);

#endif
