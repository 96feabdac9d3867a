/* SPDX-License-Identifier: MIT */
/*
 * What follows the template's boot: take the payload for the root, read a job, run it.
 *
 * The host sends a line "enter", or "preload", once the payload disk is in its place.
 * Then, at once or in a clone of what that led to, jobs: "SIZE\n" and that many bytes,
 * records that each end with a NUL,
 *
 *	clock=NANOSECONDS  seed=TEXT  machine=N  cd=FOLDER  env=NAME=VALUE
 *	script=TEXT  arg=WORD
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"

#define SIZE_MAX_OF_JOB ((size_t)4 * 1024 * 1024)
#define PRELOAD_DEPTH   16
#define SCRIPT_PATH     "/run/job"
/* What a job left running may hold its output open; it is read this long. */
#define LINGER_MS       1000

/* Reads exactly @len bytes, or ends the machine. */
static void read_all(int fd, char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t count = read(fd, bytes, len);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			give_up("the host closed the control port");
		bytes += count;
		len -= (size_t)count;
	}
}

/* Read byte by byte: what follows comes at once, and the port keeps no position. */
static void read_line(int control, char *line, size_t size)
{
	size_t len = 0;

	do {
		if (len == size - 1)
			give_up("the host sent no line");
		read_all(control, &line[len++], 1);
	} while (line[len - 1] != '\n');
	line[len - 1] = '\0';
}

static void add_word(char **words, size_t *count, char *word)
{
	if (*count == WORDS_MAX)
		give_up("the job has more than %d words", WORDS_MAX);
	words[(*count)++] = word;
}

static void take_record(struct job *job, char *record)
{
	char *value = strchr(record, '=');

	if (!value)
		give_up("the job has a record without '=': %s", record);
	*value++ = '\0';
	if (strcmp(record, "arg") == 0)
		add_word(job->arguments, &job->argument_count, value);
	else if (strcmp(record, "env") == 0)
		add_word(job->environment, &job->environment_count, value);
	else if (strcmp(record, "cd") == 0)
		job->folder = value;
	else if (strcmp(record, "script") == 0)
		job->script = value;
	else if (strcmp(record, "seed") == 0)
		job->seed = value;
	else if (strcmp(record, "clock") == 0)
		job->clock_ns = strtoll(value, NULL, 10);
	else if (strcmp(record, "machine") == 0)
		job->machine = (int)strtol(value, NULL, 10);
	else
		give_up("the job has an unknown record: %s", record);
}

void job_read(int control, struct job *ret_job)
{
	static char *bytes;
	char line[32];
	size_t size;

	free(bytes);
	read_line(control, line, sizeof(line));
	size = strtoul(line, NULL, 10);
	bytes = size <= SIZE_MAX_OF_JOB ? malloc(size + 1) : NULL;
	if (!bytes)
		give_up("a job of %zu bytes", size);
	read_all(control, bytes, size);
	bytes[size] = '\0';
	*ret_job = (struct job){.folder = "/"};
	for (char *record = bytes; record < bytes + size;) {
		char *next = record + strlen(record) + 1;

		take_record(ret_job, record);
		record = next;
	}
}

static int mount_at(const char *type, const char *place)
{
	return mount(type, place, type, 0, NULL);
}

static bool is_empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool is_empty = true;

	while (folder && is_empty && (entry = readdir(folder)))
		is_empty = strcmp(entry->d_name, ".") == 0 ||
			   strcmp(entry->d_name, "..") == 0;
	if (folder)
		closedir(folder);
	return is_empty;
}

static const char *mount_inner(void)
{
	if (mount_at("proc", "/new/proc") < 0 || mount_at("sysfs", "/new/sys") < 0 ||
	    mount_at("devtmpfs", "/new/dev") < 0 || mount_at("tmpfs", "/new/run") < 0)
		return "mounting below the root";
	mkdir("/new/dev/pts", 0755);
	mkdir("/new/dev/shm", 01777);
	if (mount_at("devpts", "/new/dev/pts") < 0 ||
	    mount_at("tmpfs", "/new/dev/shm") < 0)
		return "mounting below /dev";
	/* Files may have been shipped to /tmp; the overlay can be written as well. */
	if (is_empty_folder("/new/tmp") && mount_at("tmpfs", "/new/tmp") < 0)
		return "mounting /tmp";
	/* An error is of no matter: devtmpfs is one, so the names may be there. */
	(void)!symlink("/proc/self/fd", "/new/dev/fd");
	(void)!symlink("fd/0", "/new/dev/stdin");
	(void)!symlink("fd/1", "/new/dev/stdout");
	(void)!symlink("fd/2", "/new/dev/stderr");
	return NULL;
}

static const char *write_script(const char *text)
{
	int fd = open(SCRIPT_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0)
		return SCRIPT_PATH;
	write_all(fd, text, strlen(text));
	close(fd);
	return NULL;
}

/* Into the page cache: later reads take no time of the host's. */
static int preload_file(const char *path, const struct stat *status, int type,
			struct FTW *where)
{
	static char bytes[65536];
	int fd = type == FTW_F ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	(void)status;
	(void)where;
	if (fd >= 0) {
		while (read(fd, bytes, sizeof(bytes)) > 0)
			;
		close(fd);
	}
	return 0;
}

/* Clones of one template begin with equal random numbers, unless they are told apart.
 */
static void reseed(const char *seed)
{
	int fd = seed ? open("/dev/urandom", O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	write_all(fd, seed, strlen(seed));
	ioctl(fd, RNDRESEEDCRNG);
	close(fd);
}

/* The shell and its library are in memory then, as in a machine that has run a while.
 */
static void warm_up(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", ":", (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

const char *job_enter_payload(int control)
{
	const char *broken;
	char line[32];

	read_line(control, line, sizeof(line));
	if (mount("/dev/vda", "/payload", "ext4", MS_RDONLY, NULL) < 0)
		return "mounting the payload disk";
	if (strcmp(line, "preload") == 0)
		nftw("/payload", preload_file, PRELOAD_DEPTH, FTW_PHYS);
	if (mount("overlay", "/new", "overlay", 0,
		  "lowerdir=/payload,upperdir=/over/upper,workdir=/over/work") < 0)
		return "mounting the overlay";
	broken = mount_inner();
	if (broken)
		return broken;
	if (access("/new/lib/modules", F_OK) == 0)
		boot_set_modprobe("/sbin/modprobe\n");
	/*
	 * Moved over the root instead of a mere chroot: user namespaces are refused to
	 * a process that sits in a chroot.
	 */
	if (chdir("/new") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0)
		return "changing the root";
	warm_up();
	return NULL;
}

const char *job_begin(const struct job *job)
{
	const struct timespec now = {.tv_sec = job->clock_ns / 1000000000,
				     .tv_nsec = job->clock_ns % 1000000000};

	reseed(job->seed);
	clock_settime(CLOCK_REALTIME, &now);
	if (job->machine > 0)
		net_configure(job->machine);
	return job->script ? write_script(job->script) : NULL;
}

/* In the child. */
static _Noreturn void become_job(const struct job *job, const int out[2],
				 const int err[2])
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	dup2(err[1], STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	if (chdir(job->folder) < 0) {
		dprintf(STDERR_FILENO, "%s: %s\n", job->folder, strerror(errno));
		_exit(126);
	}
	/* The search goes by the job's own PATH, which is not the agent's. */
	environ = (char **)(uintptr_t)job->environment;
	execvp(job->arguments[0], job->arguments);
	dprintf(STDERR_FILENO, "%s: %s\n", job->arguments[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Pass on what is there. Return: whether more may come. */
static bool pass_on(int from, int to)
{
	char bytes[16384];
	ssize_t count = read(from, bytes, sizeof(bytes));

	if (count > 0)
		write_all(to, bytes, (size_t)count);
	return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN));
}

void job_drain_log(int klog, int port)
{
	char bytes[8192];
	ssize_t count;

	/* EPIPE: records were overwritten before they were read; the next one follows.
	 */
	while ((count = read(klog, bytes, sizeof(bytes))) > 0 ||
	       (count < 0 && errno == EPIPE))
		if (count > 0)
			write_all(port, bytes, (size_t)count);
}

/* Reap all children; orphans come here as well. Return: whether @pid was among them. */
static bool reap(pid_t pid, int *ret_status)
{
	bool is_over = false;
	pid_t found;
	int status;

	while ((found = waitpid(-1, &status, WNOHANG)) > 0)
		if (found == pid) {
			*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							  : WEXITSTATUS(status);
			is_over = true;
		}
	return is_over;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the job has ended and its output was read. */
static int pump(pid_t pid, struct pollfd waits[4], const int ports[PORT__COUNT])
{
	bool is_over = false;
	int64_t end_ms = 0;
	int status = 0;

	while (!is_over || waits[0].fd >= 0 || waits[1].fd >= 0) {
		struct signalfd_siginfo info;
		int64_t left_ms = is_over ? end_ms - now_ms() : -1;

		if (is_over && left_ms <= 0)
			break;
		if (poll(waits, 4, (int)left_ms) < 0 && errno != EINTR)
			give_up("poll: %s", strerror(errno));
		for (int i = 0; i < 2; i++)
			if (waits[i].revents &&
			    !pass_on(waits[i].fd, ports[PORT_OUT + i]))
				waits[i].fd = -1;
		if (waits[2].revents)
			job_drain_log(waits[2].fd, ports[PORT_KLOG]);
		if (waits[3].revents &&
		    read(waits[3].fd, &info, sizeof(info)) == sizeof(info) &&
		    reap(pid, &status)) {
			is_over = true;
			end_ms = now_ms() + LINGER_MS;
		}
	}
	return status;
}

int job_run(const struct job *job, const int ports[PORT__COUNT], int klog)
{
	struct pollfd waits[4];
	int out[2], err[2], signals;
	sigset_t child;
	int status;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	signals = signalfd(-1, &child, SFD_CLOEXEC);
	/* A port can be opened only once, a job may open its output again: pipes. */
	if (signals < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		give_up("pipes: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0)
		become_job(job, out, err);
	close(out[1]);
	close(err[1]);
	waits[0] = (struct pollfd){.fd = out[0], .events = POLLIN};
	waits[1] = (struct pollfd){.fd = err[0], .events = POLLIN};
	waits[2] = (struct pollfd){.fd = klog, .events = POLLIN};
	waits[3] = (struct pollfd){.fd = signals, .events = POLLIN};
	status = pump(pid, waits, ports);
	close(out[0]);
	close(err[0]);
	close(signals);
	return status;
}
