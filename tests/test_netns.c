/* SPDX-License-Identifier: MIT */
/* Namespaces: made, entered for one call, named, removed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linsock/netns.h>

#include "uring/util.h"

static ino_t identity(int fd)
{
	struct stat info;

	cr_assert_eq(fstat(fd, &info), 0);
	return info.st_ino;
}

static int own_identity(void *context)
{
	int fd = lsk_netns_open_pid(0);

	*(ino_t *)context = identity(fd);
	close(fd);
	return 42;
}

/* A /run of our own, so that nothing of the machine's is touched. */
static void own_run(void)
{
	int r = syscall_result(unshare(CLONE_NEWNS));

	if (r < 0)
		cr_skip_test("no mount namespace: unshare says %d", r);
	cr_assert_eq(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("tmpfs", "/run", "tmpfs", 0, NULL), 0);
}

Test(netns_new, makes_another_and_leaves_the_caller_where_it_is)
{
	ino_t before, after;
	int fd;

	own_identity(&before);
	fd = lsk_netns_new();
	if (fd == -EPERM)
		cr_skip_test("no rights to make a namespace");
	cr_assert_geq(fd, 0);
	own_identity(&after);
	cr_assert_eq(before, after);
	cr_assert_neq(identity(fd), before);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

Test(netns_call, runs_inside_and_returns_the_answer)
{
	int fd = lsk_netns_new();
	ino_t inside = 0, before, after;

	if (fd == -EPERM)
		cr_skip_test("no rights to make a namespace");
	own_identity(&before);
	cr_assert_eq(lsk_netns_call(fd, own_identity, &inside), 42);
	own_identity(&after);
	cr_assert_eq(inside, identity(fd));
	cr_assert_eq(before, after);
	close(fd);
}

Test(netns_call, of_what_is_no_namespace_is_refused_and_calls_nothing)
{
	ino_t inside = 0;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(lsk_netns_call(-1, own_identity, &inside), -EBADF);
	cr_assert_eq(lsk_netns_call(fd, own_identity, &inside), -EINVAL);
	cr_assert_eq(inside, 0);
	close(fd);
}

static int remember_name(void *context, const char *name)
{
	char *names = context;

	strcat(names, name);
	strcat(names, " ");
	return 0;
}

Test(netns_create, names_one_that_can_be_opened_listed_and_deleted)
{
	char names[100] = "";
	ino_t own;
	int fd;

	own_run();
	own_identity(&own);
	cr_assert_eq(lsk_netns_list(remember_name, names), 0);
	cr_assert_str_eq(names, "");
	cr_assert_eq(lsk_netns_create("one"), 0);
	cr_assert_eq(lsk_netns_create("two"), 0);
	cr_assert_eq(lsk_netns_create("one"), -EEXIST);
	fd = lsk_netns_open("one");
	cr_assert_geq(fd, 0);
	cr_assert_neq(identity(fd), own);
	close(fd);
	fd = lsk_netns_open("/run/netns/two");
	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(lsk_netns_list(remember_name, names), 0);
	cr_assert(strcmp(names, "one two ") == 0 || strcmp(names, "two one ") == 0);
	cr_assert_eq(lsk_netns_delete("one"), 0);
	cr_assert_eq(lsk_netns_delete("one"), -ENOENT);
	cr_assert_eq(lsk_netns_delete("two"), 0);
	cr_assert_eq(lsk_netns_open("one"), -ENOENT);
}

Test(netns_create, refuses_names_that_leave_the_folder)
{
	const char *const names[] = {"", ".", "..", "a/b", "../x"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_expect_eq(lsk_netns_create(names[i]), -EINVAL);
		cr_expect_eq(lsk_netns_delete(names[i]), -EINVAL);
	}
}
