/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces. A thread's namespace is the kernel's business with that thread
 * alone, so everything that changes it happens in a thread that ends afterwards: there
 * is no way back that could fail.
 */
#include <linsock/netns.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "uring/util.h"

#define NETNS_FOLDER   "/run/netns"
#define NETNS_PATH_MAX 300
#define THREAD_NETNS   "/proc/thread-self/ns/net"

struct call {
	int netns_fd; /* negative: a new one */
	lsk_netns_fn function;
	void *context;
	int result;
};

static void *call_thread(void *context)
{
	struct call *call = context;

	if (call->netns_fd < 0)
		call->result = syscall_result(unshare(CLONE_NEWNET));
	else
		call->result = syscall_result(setns(call->netns_fd, CLONE_NEWNET));
	if (call->result == 0)
		call->result = call->function(call->context);
	return NULL;
}

static int call_run(struct call *call)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, call_thread, call);

	if (r != 0)
		return -r;
	pthread_join(thread, NULL);
	return call->result;
}

int lsk_netns_call(int netns_fd, lsk_netns_fn function, void *context)
{
	struct call call = {
		.netns_fd = netns_fd,
		.function = function,
		.context = context,
	};

	return netns_fd < 0 ? -EBADF : call_run(&call);
}

static int open_own(void *context)
{
	(void)context;
	return syscall_result(open(THREAD_NETNS, O_RDONLY | O_CLOEXEC));
}

int lsk_netns_new(void)
{
	struct call call = {.netns_fd = -1, .function = open_own};

	return call_run(&call);
}

/* Names are file names, so that nobody is led out of the folder. */
static int name_path(const char *name, char path[NETNS_PATH_MAX])
{
	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 || strlen(name) > NAME_MAX)
		return -EINVAL;
	snprintf(path, NETNS_PATH_MAX, NETNS_FOLDER "/%s", name);
	return 0;
}

int lsk_netns_open(const char *name)
{
	char path[NETNS_PATH_MAX];
	int r;

	if (strchr(name, '/'))
		return syscall_result(open(name, O_RDONLY | O_CLOEXEC));
	r = name_path(name, path);
	return r < 0 ? r : syscall_result(open(path, O_RDONLY | O_CLOEXEC));
}

int lsk_netns_open_pid(pid_t pid)
{
	char path[64];

	if (pid == 0)
		return open_own(NULL);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return syscall_result(open(path, O_RDONLY | O_CLOEXEC));
}

/* Mounts in the folder must be seen in all mount namespaces, or a name could not be
 * removed where it was made; the folder becomes a shared mount, as ip makes it. */
static int share_folder(void)
{
	int r = syscall_result(mkdir(NETNS_FOLDER, 0755));

	if (r < 0 && r != -EEXIST)
		return r;
	r = syscall_result(mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL));
	if (r != -EINVAL)
		return r;
	r = syscall_result(
		mount(NETNS_FOLDER, NETNS_FOLDER, "none", MS_BIND | MS_REC, NULL));
	if (r < 0)
		return r;
	return syscall_result(
		mount("", NETNS_FOLDER, "none", MS_SHARED | MS_REC, NULL));
}

static int bind_own(void *context)
{
	return syscall_result(mount(THREAD_NETNS, context, "none", MS_BIND, NULL));
}

int lsk_netns_create(const char *name)
{
	struct call call = {.netns_fd = -1, .function = bind_own};
	char path[NETNS_PATH_MAX];
	int fd;
	int r = name_path(name, path);

	if (r == 0)
		r = share_folder();
	if (r < 0)
		return r;
	fd = syscall_result(open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	close(fd);
	call.context = path;
	r = call_run(&call);
	if (r < 0)
		unlink(path);
	return r;
}

int lsk_netns_delete(const char *name)
{
	char path[NETNS_PATH_MAX];
	int r = name_path(name, path);

	if (r < 0)
		return r;
	/* Nothing mounted there: a name that is left over from another boot. */
	r = syscall_result(umount2(path, MNT_DETACH));
	if (r < 0 && r != -EINVAL)
		return r;
	return syscall_result(unlink(path));
}

int lsk_netns_list(int (*each)(void *context, const char *name), void *context)
{
	struct dirent *entry;
	DIR *folder = opendir(NETNS_FOLDER);
	int r = 0;

	if (!folder)
		return neg_errno() == -ENOENT ? 0 : neg_errno();
	while (r == 0 && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			r = each(context, entry->d_name);
	closedir(folder);
	return r;
}
