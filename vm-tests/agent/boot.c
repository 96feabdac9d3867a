/* SPDX-License-Identifier: MIT */
/* What a template does before its state is saved: file systems, modules, ports. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define PORT_TRIES_MAX 500
#define PORT_PAUSE_NS  10000000
#define PORTS_FOLDER   "/sys/class/virtio-ports"

void boot_mount(void)
{
	static const struct {
		const char *type;
		const char *place;
	} mounts[] = {
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tmpfs", "/over"},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (mount(mounts[i].type, mounts[i].place, mounts[i].type, 0, NULL) < 0)
			give_up("mounting %s: %s", mounts[i].place, strerror(errno));
	if (mkdir("/over/upper", 0755) < 0 || mkdir("/over/work", 0755) < 0)
		give_up("/over: %s", strerror(errno));
	boot_set_modprobe("\n");
}

/*
 * Unless a payload brings an index of the modules, nothing here could name one to load:
 * the kernel need not look, and a program that asks it gets a plain answer.
 */
void boot_set_modprobe(const char *line)
{
	int fd = open("/proc/sys/kernel/modprobe", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		write_all(fd, line, strlen(line));
		close(fd);
	}
}

static int load_module(const char *folder, const char *name)
{
	char path[PATH_MAX];
	long r;
	int fd;

	snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = syscall(SYS_finit_module, fd, "", 0);
	if (r < 0)
		r = -errno;
	close(fd);
	/* Another one may have brought it, or it is built in. */
	return r == -EEXIST ? 0 : (int)r;
}

void boot_load_modules(const char *folder, char *ret_text, size_t size)
{
	char path[PATH_MAX], kind[8], name[128];
	size_t len = 0;
	FILE *order;

	snprintf(path, sizeof(path), "%s/order", folder);
	order = fopen(path, "re");
	if (!order)
		give_up("%s: %s", path, strerror(errno));
	ret_text[0] = '\0';
	while (fscanf(order, "%7s %127s", kind, name) == 2) {
		int r = load_module(folder, name);

		if (r < 0 && strcmp(kind, "soft") != 0 && len < size)
			len += (size_t)snprintf(ret_text + len, size - len, " %s=%s",
						name, strerrorname_np(-r));
	}
	fclose(order);
}

/* The device of the port, or -1: ports appear some time after their driver. */
static int find_port(const char *wanted)
{
	DIR *folder = opendir(PORTS_FOLDER);
	struct dirent *entry;
	int fd = -1;

	while (folder && fd < 0 && (entry = readdir(folder))) {
		char path[320], name[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), PORTS_FOLDER "/%s/name", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fscanf(file, "%63s", name) == 1 && strcmp(name, wanted) == 0) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(file);
	}
	if (folder)
		closedir(folder);
	return fd;
}

void boot_open_ports(int ret_ports[PORT__COUNT])
{
	static const char *const names[PORT__COUNT] = {
		[PORT_CONTROL] = "linsock.control",
		[PORT_OUT] = "linsock.out",
		[PORT_ERR] = "linsock.err",
		[PORT_KLOG] = "linsock.klog",
	};
	const struct timespec pause_time = {.tv_nsec = PORT_PAUSE_NS};
	int tries = PORT_TRIES_MAX;

	for (int i = 0; i < PORT__COUNT; i++)
		while ((ret_ports[i] = find_port(names[i])) < 0) {
			if (tries-- == 0)
				give_up("no port %s", names[i]);
			nanosleep(&pause_time, NULL);
		}
}
