/* SPDX-License-Identifier: MIT */
/* Device events: parsing, and those of links in a namespace of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <linsock/uevent.h>

#include "tests/support/netns.h"

static const char sample[] = "add@/devices/virtual/net/br0\0ACTION=add\0"
			     "DEVPATH=/devices/virtual/net/br0\0SUBSYSTEM=net\0"
			     "INTERFACE=br0\0SEQNUM=4711";

Test(uevent_parse, reads_action_path_subsystem_and_properties)
{
	struct lsk_uevent event;

	cr_assert_eq(lsk_uevent_parse(sample, sizeof(sample), &event), 0);
	cr_assert_str_eq(event.action, "add");
	cr_assert_str_eq(event.path, "/devices/virtual/net/br0");
	cr_assert_str_eq(event.subsystem, "net");
	cr_assert_eq(event.sequence, 4711);
	cr_assert_str_eq(lsk_uevent_get(&event, "INTERFACE"), "br0");
	cr_assert_null(lsk_uevent_get(&event, "INTERFAC"));
	cr_assert_null(lsk_uevent_get(&event, "DEVNAME"));
}

Test(uevent_parse, fact_38_of_udevs_form_and_of_what_is_cut_is_ebadmsg)
{
	static const char udev[] = "libudev\0\xfe\xed\xca\xfe";
	struct lsk_uevent event;

	cr_assert_eq(lsk_uevent_parse(udev, sizeof(udev), &event), -EBADMSG);
	cr_assert_eq(lsk_uevent_parse("", 0, &event), -EBADMSG);
	cr_assert_eq(lsk_uevent_parse("x", 1, &event), -EBADMSG);
	cr_assert_eq(lsk_uevent_parse("add@/x", 7, &event), -EBADMSG);
	for (size_t len = 0; len < sizeof(sample) - 1; len++)
		if (sample[len] != '\0')
			cr_assert_eq(lsk_uevent_parse(sample, len + 1, &event),
				     -EBADMSG);
}

/* Nothing of an interface waits; events of the host's other devices come here too. */
static void expect_none(struct lsk_socket *sock)
{
	char buf[LSK_UEVENT_SIZE];
	struct lsk_uevent event;
	int r;

	while ((r = lsk_uevent_next(sock, buf, sizeof(buf), 0, &event)) == 0)
		cr_assert_null(lsk_uevent_get(&event, "INTERFACE"));
	cr_assert_eq(r, -EAGAIN, "%d", r);
}

/* Wait for an event of @interface. */
static void wait_for(struct lsk_socket *sock, const char *action, const char *interface)
{
	char buf[LSK_UEVENT_SIZE];
	struct lsk_uevent event;
	const char *name;

	do {
		cr_assert_eq(lsk_uevent_next(sock, buf, sizeof(buf),
					     60 * LSK_NSEC_PER_SEC, &event),
			     0);
		name = lsk_uevent_get(&event, "INTERFACE");
	} while (!name || strcmp(name, interface) != 0 ||
		 strcmp(event.action, action) != 0);
	cr_assert_str_eq(event.subsystem, "net");
}

Test(uevent, tells_of_links_that_come_and_go)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_socket *sock;

	cr_assert_eq(lsk_uevent_open(&sock, NULL), 0);
	expect_none(sock);
	netns_bridges(nl, 1);
	wait_for(sock, "add", "br0");
	cr_assert_eq(lsk_rtnl_link_delete(nl, lsk_rtnl_link_index(nl, "br0"), NULL), 0);
	wait_for(sock, "remove", "br0");
	lsk_socket_free(sock);
	lsk_nl_close(nl);
}

/* A process, were it root's, is not the kernel. */
Test(uevent, fact_38_of_a_foreign_sender_is_ignored)
{
	struct lsk_nl *nl = netns_handle();
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct lsk_socket *sock;
	struct lsk_addr own;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	cr_assert_eq(lsk_uevent_open(&sock, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, &own), 0);
	memcpy(&to, &own.storage, sizeof(to));
	to.nl_groups = 0;
	cr_assert_eq(sendto(fd, sample, sizeof(sample), 0, (struct sockaddr *)&to,
			    sizeof(to)),
		     sizeof(sample));
	expect_none(sock);
	close(fd);
	lsk_socket_free(sock);
	lsk_nl_close(nl);
}
