/* SPDX-License-Identifier: MIT */
/* Who has a socket open: what /proc says of each process' descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/ss.h"

struct ss_holder {
	uint32_t inode;
	int pid;
	int fd;
	char name[32];     /* as /proc/PID/comm */
	char context[128]; /* as /proc/PID/attr/current; "": not asked for */
};

static int add_holder(struct ss_holders *holders, const struct ss_holder *holder)
{
	if (holders->count == holders->room) {
		size_t room = holders->room ? holders->room * 2 : 256;
		struct ss_holder *all = realloc(holders->all, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		holders->all = all;
		holders->room = room;
	}
	holders->all[holders->count++] = *holder;
	return 0;
}

/* The first line of a file, or "". */
static void read_line(int folder, const char *path, char *line, size_t size)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, line, size - 1);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* The sockets of one process. What is gone meanwhile is left out. */
static int read_process(struct ss_holders *holders, int process, int pid,
			bool has_context)
{
	struct ss_holder holder = {.pid = pid};
	int folder = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	DIR *fds = folder < 0 ? NULL : fdopendir(folder);
	int r = 0;

	if (!fds) {
		if (folder >= 0)
			close(folder);
		return 0;
	}
	while (r == 0 && (entry = readdir(fds))) {
		char target[64];
		ssize_t n =
			readlinkat(folder, entry->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		if (strncmp(target, "socket:[", 8) != 0)
			continue;
		holder.inode = (uint32_t)strtoul(target + 8, NULL, 10);
		holder.fd = (int)strtol(entry->d_name, NULL, 10);
		if (!holder.name[0]) {
			read_line(process, "comm", holder.name, sizeof(holder.name));
			if (has_context)
				read_line(process, "attr/current", holder.context,
					  sizeof(holder.context));
		}
		r = add_holder(holders, &holder);
	}
	closedir(fds);
	return r;
}

static int compare(const void *a, const void *b)
{
	const struct ss_holder *left = a, *right = b;

	if (left->inode != right->inode)
		return left->inode < right->inode ? -1 : 1;
	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd - right->fd;
}

int ss_holders_read(struct ss_holders *holders, bool has_context)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	int r = 0;

	if (!processes)
		return -errno;
	while (r == 0 && (entry = readdir(processes))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		int process;

		if (*end || pid <= 0)
			continue;
		process = openat(dirfd(processes), entry->d_name,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (process < 0)
			continue;
		r = read_process(holders, process, (int)pid, has_context);
		close(process);
	}
	closedir(processes);
	if (holders->count > 0)
		qsort(holders->all, holders->count, sizeof(*holders->all), compare);
	return r;
}

void ss_holders_done(struct ss_holders *holders)
{
	free(holders->all);
	*holders = (struct ss_holders){.all = NULL};
}

/* The first holder of a socket, or NULL. */
static const struct ss_holder *find(const struct ss_holders *holders, uint32_t inode)
{
	size_t low = 0, high = holders->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holders->all[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < holders->count && holders->all[low].inode == inode
		       ? &holders->all[low]
		       : NULL;
}

size_t ss_holders_text(const struct ss_holders *holders, uint32_t inode, char *text,
		       size_t size)
{
	const struct ss_holder *holder = inode ? find(holders, inode) : NULL;
	const struct ss_holder *end = holders->all + holders->count;
	size_t len = 0;

	text[0] = '\0';
	if (!holder)
		return 0;
	len = (size_t)snprintf(text, size, " users:(");
	for (bool is_first = true; holder < end && holder->inode == inode; holder++) {
		if (len >= size)
			break;
		len += (size_t)snprintf(text + len, size - len,
					"%s(\"%s\",pid=%d%s%s,fd=%d)",
					is_first ? "" : ",", holder->name, holder->pid,
					holder->context[0] ? ",proc_ctx=" : "",
					holder->context, holder->fd);
		is_first = false;
	}
	if (len < size)
		len += (size_t)snprintf(text + len, size - len, ")");
	return len < size ? len : size - 1;
}
