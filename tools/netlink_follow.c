/* SPDX-License-Identifier: MIT */
/*
 * linsock netlink OBJECT monitor: the changes of one object, in the words in which it
 * is shown. All protocols and every group are in netlink_monitor.c.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/netlink.h"

int netlink_stop_fd(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* The names of now: what is told of a link that goes still has its name then. */
static int learn_names(struct netlink_call *call)
{
	struct lsk_rtnl_link link;
	struct lsk_nl_dump *dump;
	int r = lsk_rtnl_dump(call->nl, RTM_GETLINK, NULL, &dump);

	if (r < 0)
		return r;
	while (lsk_rtnl_link_next(dump, &link) > 0)
		netlink_name_set(call, &link);
	return lsk_nl_dump_end(dump, NULL);
}

static int join(struct netlink_call *call, const struct netlink_object *object)
{
	int joined = 0;

	for (const struct netlink_group *row = object->groups; row->number; row++) {
		int r;

		if (call->family != AF_UNSPEC && row->family != AF_UNSPEC &&
		    call->family != row->family)
			continue;
		r = lsk_nl_join(call->nl, row->number);
		/* A kernel without IPv6 has none of its groups. */
		if (r < 0 && row->family != AF_INET6)
			return r;
		joined += r == 0;
	}
	return joined > 0 ? 0 : -EAFNOSUPPORT;
}

static void tell(struct netlink_call *call, const struct netlink_object *object,
		 const struct nlmsghdr *msg)
{
	bool is_removal = msg->nlmsg_type == object->type + 1;
	json_t *json;

	if (msg->nlmsg_type != object->type && !is_removal)
		return;
	json = object->json(call, msg);
	if (!json)
		return;
	if (call->is_json) {
		if (is_removal)
			json_object_set_new(json, "deleted", json_true());
		json_dumpf(json, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		if (is_removal)
			printf("Deleted ");
		object->print(json);
	}
	fflush(stdout);
	json_decref(json);
}

/* Wait for an event or the end. Return: 1, 0 at the end, or negative. */
static int wait_event(struct netlink_call *call, int stop)
{
	struct pollfd ready[] = {
		{.fd = stop, .events = POLLIN},
		{.fd = lsk_socket_fd(lsk_nl_event_socket(call->nl)), .events = POLLIN},
	};

	if (poll(ready, sizeof(ready) / sizeof(ready[0]), -1) < 0)
		return errno == EINTR ? 1 : -errno;
	return ready[0].revents == 0;
}

static int follow(struct netlink_call *call, const struct netlink_object *object)
{
	struct lsk_nl_event event;
	int stop = netlink_stop_fd();
	int r = stop < 0 ? -errno : 1;

	/* Who waits for the first event may make it now. */
	fprintf(stderr, "monitoring\n");
	while (r > 0) {
		r = lsk_nl_event_next(call->nl, 0, &event);
		if (r == 0) {
			tell(call, object, event.msg);
			r = 1;
		} else if (r == -EAGAIN) {
			r = wait_event(call, stop);
		} else if (r == -ENOBUFS || r == -EMSGSIZE) {
			fprintf(stderr, "%s: events were lost\n",
				program_invocation_short_name);
			r = 1;
		}
	}
	if (stop >= 0)
		close(stop);
	return r < 0 ? command_failure(r, "events") : COMMAND_OK;
}

int netlink_follow(struct netlink_call *call, const struct netlink_object *object)
{
	int r;

	if (call->args[0])
		return command_usage("%s: monitor takes no words", call->args[0]);
	/* Joined first: a link that comes meanwhile is told of. */
	r = join(call, object);
	if (r == 0)
		r = learn_names(call);
	return r < 0 ? command_failure(r, "monitor") : follow(call, object);
}
