/* SPDX-License-Identifier: MIT */
/* Links: finding, making, changing and removing them. */
#include "families/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/ioctl.h>

#include "uring/util.h"

#define REQUEST_SIZE 4096

int lsk_rtnl_link_get(struct lsk_nl *nl, const char *name, int index,
		      struct lsk_rtnl_link *ret_link)
{
	struct ifinfomsg info = {.ifi_index = name ? 0 : index};
	struct lsk_rtnl_link link;
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 512);
	int r;

	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	/* A name that does not fit can only be an alternative one. */
	if (name)
		lsk_nl_put_string(
			&msg, strlen(name) < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME,
			name);
	r = lsk_nl_query(nl, &msg, &reply, NULL);
	if (r < 0)
		return r;
	r = lsk_rtnl_link_parse(reply, &link);
	if (r == 0)
		*ret_link = link;
	return r;
}

int lsk_rtnl_link_index(struct lsk_nl *nl, const char *name)
{
	struct lsk_rtnl_link link = {.info = {.ifi_index = 0}};
	int r = lsk_rtnl_link_get(nl, name, 0, &link);

	return r < 0 ? r : link.info.ifi_index;
}

/* The peer of a pair: a header and attributes inside of an attribute. */
static void put_peer(struct lsk_nl_msg *msg, unsigned int type,
		     const struct lsk_rtnl_link *peer)
{
	LSK_NL_NEST(msg, type)
	{
		lsk_nl_put_raw(msg, &peer->info, sizeof(peer->info));
		lsk_nl_build_attributes(msg, lsk_rtnl_table(LSK_RTNL_LINK), peer);
	}
}

static void put_data(struct lsk_nl_msg *msg, const char *kind,
		     const struct lsk_rtnl_link_data *data,
		     const struct lsk_rtnl_link *peer)
{
	const struct lsk_nl_table *table = rtnl_link_kind_table(kind);
	bool is_netkit = strcmp(kind, "netkit") == 0;

	LSK_NL_NEST(msg, IFLA_INFO_DATA)
	{
		if (data && table)
			lsk_nl_build_attributes(msg, table, data);
		if (peer)
			put_peer(msg,
				 is_netkit ? IFLA_NETKIT_PEER_INFO : VETH_INFO_PEER,
				 peer);
	}
}

int lsk_rtnl_link_create(struct lsk_nl *nl, const struct lsk_rtnl_link *link,
			 const struct lsk_rtnl_link_data *data,
			 const struct lsk_rtnl_link *peer,
			 struct lsk_nl_error *ret_error)
{
	struct lsk_rtnl_link plain = *link;
	LSK_NL_MSG(msg, REQUEST_SIZE);

	if (!LSK_HAS(link, LSK_LINK_KIND) || memchr(link->kind, '\0', 16) == NULL)
		return -EINVAL;
	/* The kind stands with its data in one nest, which is built here. */
	plain.has &= ~(LSK_SET(LSK_LINK_KIND) | LSK_SET(LSK_LINK_DATA));
	lsk_nl_build(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
		     lsk_rtnl_table(LSK_RTNL_LINK), &plain);
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, link->kind);
		if (data || peer)
			put_data(&msg, link->kind, data, peer);
		else if (LSK_HAS(link, LSK_LINK_DATA))
			lsk_nl_put(&msg, IFLA_INFO_DATA | NLA_F_NESTED, link->data.data,
				   link->data.len);
	}
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_rtnl_link_add(struct lsk_nl *nl, const char *kind, const char *name,
		      struct lsk_nl_error *ret_error)
{
	struct lsk_rtnl_link link = {
		.info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP},
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
	};
	int r;

	if (strlen(kind) >= sizeof(link.kind) || strlen(name) >= sizeof(link.name))
		return -EINVAL;
	memcpy(link.kind, kind, strlen(kind));
	memcpy(link.name, name, strlen(name));
	r = lsk_rtnl_link_create(nl, &link, NULL, NULL, ret_error);
	return r < 0 ? r : lsk_rtnl_link_index(nl, name);
}

int lsk_rtnl_link_set_up(struct lsk_nl *nl, int index, bool up,
			 struct lsk_nl_error *ret_error)
{
	struct lsk_rtnl_link link = {
		.info =
			{
				.ifi_index = index,
				.ifi_flags = up ? IFF_UP : 0,
				.ifi_change = IFF_UP, /* 0 would mean all flags */
			},
	};

	return lsk_rtnl_change(nl, RTM_NEWLINK, 0, &link, ret_error);
}

int lsk_rtnl_link_delete(struct lsk_nl *nl, int index, struct lsk_nl_error *ret_error)
{
	struct lsk_rtnl_link link = {.info = {.ifi_index = index}};

	return lsk_rtnl_change(nl, RTM_DELLINK, 0, &link, ret_error);
}

int lsk_rtnl_link_data_parse(const struct lsk_rtnl_link *link,
			     struct lsk_rtnl_link_data *ret_data)
{
	const struct lsk_nl_table *table = rtnl_link_kind_table(link->kind);

	if (!table)
		return -EOPNOTSUPP;
	memset(ret_data, 0, sizeof(*ret_data));
	if (!LSK_HAS(link, LSK_LINK_DATA))
		return 0;
	return lsk_nl_parse_attributes(link->data, table, ret_data);
}

int lsk_rtnl_tun_create(const char *name, bool tap)
{
	struct ifreq request = {
		.ifr_flags = (short)((tap ? IFF_TAP : IFF_TUN) | IFF_NO_PI),
	};
	_cleanup_(closep) int fd = -1;
	int r;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -EINVAL;
	memcpy(request.ifr_name, name, strlen(name) + 1);
	fd = syscall_result(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
	if (fd < 0)
		return fd;
	r = syscall_result(ioctl(fd, TUNSETIFF, &request));
	if (r < 0)
		return r;
	return syscall_result(ioctl(fd, TUNSETPERSIST, 1));
}
