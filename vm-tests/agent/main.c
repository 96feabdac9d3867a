/* SPDX-License-Identifier: MIT */
/* The agent from its start to the job's end. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define SETTLE_NS 50000000
#define KLOG_END  "<6>linsock-vm: end of job\n"

void give_up(const char *format, ...)
{
	va_list arguments;
	char text[512];

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	dprintf(STDERR_FILENO, "agent: %s\n", text);
	/* Ends QEMU, which is started with -no-reboot; what else we run in ends itself.
	 */
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	_exit(1);
}

void write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t count = write(fd, at, len);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return;
		at += count;
		len -= (size_t)count;
	}
}

/* What the kernel said while it booted is of no interest in a clone. */
static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		give_up("/dev/kmsg: %s", strerror(errno));
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Where a step failed, say so and go no further. */
static void check(const char *broken, int control)
{
	if (!broken)
		return;
	dprintf(control, "broken %s: %s\n", broken, strerror(errno));
	for (;;)
		pause();
}

/*
 * Let the kernel end what it puts off: in a state that is saved before, each clone
 * would do it over.
 */
static void settle(void)
{
	const struct timespec pause_time = {.tv_nsec = SETTLE_NS};

	nanosleep(&pause_time, NULL);
}

/* Jobs, until the host ends the machine, which it does once it has read everything. */
static _Noreturn void run_jobs(const int ports[PORT__COUNT], int klog)
{
	static struct job job;

	for (;;) {
		int status;

		job_read(ports[PORT_CONTROL], &job);
		check(job_begin(&job), ports[PORT_CONTROL]);
		dprintf(ports[PORT_CONTROL], "begun\n");
		status = job_run(&job, ports, klog);
		write_all(klog, KLOG_END, strlen(KLOG_END));
		job_drain_log(klog, ports[PORT_KLOG]);
		dprintf(ports[PORT_CONTROL], "exit %d\n", status);
	}
}

int main(int argc, char **argv)
{
	const bool is_first_process = getpid() == 1;
	char failed[1024];
	int ports[PORT__COUNT];
	int klog;

	if (!is_first_process && argc != 2)
		give_up("usage: linsock-vm-agent FOLDER-OF-MODULES");
	if (is_first_process)
		boot_mount();
	else
		/* Orphans come to us, as they do to a first process. */
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	boot_load_modules(is_first_process ? "/lib/modules" : argv[1], failed,
			  sizeof(failed));
	net_up("lo");
	boot_open_ports(ports);
	klog = open_log();
	settle();
	dprintf(ports[PORT_CONTROL], "ready%s\n", failed);
	if (is_first_process) {
		check(job_enter_payload(ports[PORT_CONTROL]), ports[PORT_CONTROL]);
		settle();
		dprintf(ports[PORT_CONTROL], "entered\n");
	}
	run_jobs(ports, klog);
}
