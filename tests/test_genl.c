/* SPDX-License-Identifier: MIT */
/* Generic netlink: the controller is in every kernel, and tells of itself. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linsock/genl.h>

#include "uring/util.h"

static struct lsk_nl *generic(void)
{
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_GENERIC, NULL), 0);
	return nl;
}

Test(genl, finds_the_controller_and_its_group)
{
	struct lsk_nl *nl = generic();
	struct lsk_genl_family family;

	cr_assert_eq(lsk_genl_find(nl, "nlctrl", &family), 0);
	cr_assert_eq(family.id, GENL_ID_CTRL);
	cr_assert_str_eq(family.name, "nlctrl");
	cr_assert_geq(family.groups_count, 1);
	cr_assert_gt(lsk_genl_group(&family, "notify"), 0);
	cr_assert_eq(lsk_genl_group(&family, "none"), -ENOENT);
	cr_assert_eq(lsk_nl_join(nl, (uint32_t)lsk_genl_group(&family, "notify")), 0);
	lsk_nl_close(nl);
}

Test(genl, does_not_find_what_is_not_there)
{
	struct lsk_nl *nl = generic();
	struct lsk_genl_family family;

	cr_assert_eq(lsk_genl_find(nl, "nonsense", &family), -ENOENT);
	cr_assert_eq(lsk_genl_find(nl, "a name of far too many bytes", &family),
		     -EINVAL);
	lsk_nl_close(nl);
}

Test(genl, fact_34_lists_families_under_the_ids_that_names_find)
{
	struct lsk_nl *nl = generic();
	struct lsk_genl_family family, found;
	struct lsk_nl_dump *dump;
	int count = 0;
	int r;

	cr_assert_eq(lsk_genl_dump(nl, &dump), 0);
	while ((r = lsk_genl_next(dump, &family)) > 0) {
		count++;
		cr_assert_eq(lsk_genl_find(nl, family.name, &found), 0);
		cr_assert_eq(found.id, family.id);
		cr_assert_eq(found.groups_count, family.groups_count);
	}
	cr_assert_eq(r, 0);
	cr_assert_gt(count, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	lsk_nl_close(nl);
}

/* The module that scenarios ship; it has a family of its name, and needs no other. */
static int open_module(void)
{
	struct utsname name;
	char path[256];
	int fd;

	cr_assert_eq(uname(&name), 0);
	snprintf(path, sizeof(path), "/modules/%s/psample.ko", name.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cr_skip_test("%s: no module to load and remove", path);
	return fd;
}

/* Wait for what the controller says of the module's family. Return: its id then. */
static uint16_t await_family(struct lsk_nl *nl, int command)
{
	struct lsk_genl_family family;
	struct lsk_nl_event event;
	struct genlmsghdr header;

	for (;;) {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &event), 0);
		memcpy(&header, NLMSG_DATA(event.msg), sizeof(header));
		if (header.cmd != command)
			continue;
		cr_assert_eq(lsk_genl_parse(event.msg, &family), 0);
		if (strcmp(family.name, "psample") == 0)
			return family.id;
	}
}

Test(genl, fact_34_families_that_come_and_go_are_told, .timeout = 120)
{
	int fd = open_module();
	struct lsk_nl *nl = generic();
	struct lsk_genl_family family;

	cr_assert_eq(lsk_genl_find(nl, "nlctrl", &family), 0);
	cr_assert_eq(lsk_nl_join(nl, (uint32_t)lsk_genl_group(&family, "notify")), 0);
	for (int round = 0; round < 3; round++) {
		uint16_t id;

		cr_assert_eq(lsk_genl_find(nl, "psample", &family), -ENOENT);
		cr_assert_eq(syscall(SYS_finit_module, fd, "", 0), 0);
		id = await_family(nl, CTRL_CMD_NEWFAMILY);
		cr_assert_eq(lsk_genl_find(nl, "psample", &family), 0);
		cr_assert_eq(family.id, id);
		cr_assert_gt(lsk_genl_group(&family, "packets"), 0);
		cr_assert_eq(syscall(SYS_delete_module, "psample", 0), 0);
		cr_assert_eq(await_family(nl, CTRL_CMD_DELFAMILY), id);
	}
	close(fd);
	lsk_nl_close(nl);
}

Test(genl, tells_what_the_controller_accepts)
{
	struct lsk_nl *nl = generic();
	struct lsk_genl_family family;
	struct lsk_genl_policy policy;
	struct lsk_nl_dump *dump;
	bool has_operation = false, has_name = false;
	char text[64];
	int r;

	cr_assert_eq(lsk_genl_find(nl, "nlctrl", &family), 0);
	cr_assert_eq(lsk_genl_policy_dump(nl, &family, &dump), 0);
	while ((r = lsk_genl_policy_next(dump, &policy)) > 0) {
		if (policy.is_operation) {
			/* 6.1 does not tell that it may be dumped as well. */
			has_operation |=
				policy.command == CTRL_CMD_GETFAMILY && policy.has_do;
		} else if (policy.attribute == CTRL_ATTR_FAMILY_NAME) {
			lsk_genl_policy_format(&policy.policy, text, sizeof(text));
			cr_assert_str_eq(text, "string of 0...15 bytes");
			has_name = true;
		}
	}
	if (r == -EOPNOTSUPP)
		cr_skip_test("this kernel has no policy dumps");
	cr_assert_eq(r, 0);
	cr_assert(has_operation);
	cr_assert(has_name);
	lsk_nl_dump_end(dump, NULL);
	lsk_nl_close(nl);
}

Test(genl, paths_of_faults_have_names)
{
	struct lsk_nl *nl = generic();
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	struct lsk_nl_error error;
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
	lsk_nl_put_u8(&msg, CTRL_ATTR_FAMILY_ID, 1); /* has 16 bits */
	cr_assert_lt(lsk_nl_request(nl, &msg, &error), 0);
	cr_assert_str_eq(error.path, ".family-id");
	lsk_nl_close(nl);
}
