/* SPDX-License-Identifier: MIT */
/*
 * Print the names of interfaces as they come and go, and never be wrong about them: the
 * list is right whenever "synced" was printed, also after events were lost.
 *
 *	$ netlink_watch
 *	+ lo
 *	+ eth0
 *	synced
 *	- eth0
 */
#include <stdio.h>

#include <linsock.h>

static void show(const struct lsk_nl_watch_event *event, const char *sign)
{
	struct lsk_rtnl_link link;

	if (lsk_rtnl_link_parse(event->msg, &link) == 0)
		printf("%s %s mtu %u\n", sign, link.name, link.mtu);
}

int main(void)
{
	struct lsk_nl_watch_event event;
	struct lsk_nl_watch *watch = NULL;
	struct lsk_nl *nl;
	int r;

	r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);
	if (r == 0)
		r = lsk_nl_watch_new(nl, lsk_rtnl_watched(RTM_GETLINK), &watch);
	if (r < 0) {
		fprintf(stderr, "netlink: %s\n", lsk_strerror(r));
		return 1;
	}
	while ((r = lsk_nl_watch_next(watch, LSK_BLOCK, &event)) == 0) {
		switch (event.kind) {
		case LSK_NL_ADD:
			show(&event, "+");
			break;
		case LSK_NL_CHANGE:
			show(&event, "=");
			break;
		case LSK_NL_DELETE:
			show(&event, "-");
			break;
		case LSK_NL_LOST:
			puts("lost");
			break;
		case LSK_NL_SYNCED:
			puts("synced");
			break;
		case LSK_NL_CHANGE__COUNT:
			break;
		}
		fflush(stdout);
	}
	fprintf(stderr, "netlink: %s\n", lsk_strerror(r));
	return 1;
}
