/* SPDX-License-Identifier: MIT */
/*
 * What bytes over VSOCK cost:
 *
 *	vsock-cost listen PORT SIZE
 *	vsock-cost send PORT SIZE BYTES
 *	vsock-cost pair RECEIVER [WORD...] -- SENDER [WORD...]
 *
 * "listen" and "send" are the loop that a careful programmer writes by hand: one
 * connection, blocking calls, one buffer. "pair" runs two programs and prints the
 * nanoseconds from the sender's start to the end of both, and of CPU time that the
 * sender and the receiver took.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* After sys/socket.h, which it needs. */
#include <linux/vm_sockets.h>

#define ATTEMPTS_MAX 500
#define PAUSE_US     10000

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int make_socket(unsigned int cid, const char *port, struct sockaddr_vm *ret_addr)
{
	*ret_addr = (struct sockaddr_vm){
		.svm_family = AF_VSOCK,
		.svm_cid = cid,
		.svm_port = (unsigned int)strtoul(port, NULL, 10),
	};
	return socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int run_listen(const char *port, char *buf, size_t size)
{
	struct sockaddr_vm addr;
	int listener = make_socket(VMADDR_CID_ANY, port, &addr);
	ssize_t r;
	int fd;

	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 1) < 0)
		return fail("listen");
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		return fail("accept");
	do {
		r = recv(fd, buf, size, 0);
	} while (r > 0);
	return r < 0 ? fail("recv") : 0;
}

static int run_send(const char *port, char *buf, size_t size, uint64_t bytes)
{
	struct sockaddr_vm addr;
	int fd = make_socket(VMADDR_CID_LOCAL, port, &addr);

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return fail("connect");
	while (bytes > 0) {
		ssize_t r = send(fd, buf, bytes < size ? bytes : size, MSG_NOSIGNAL);

		if (r < 0)
			return fail("send");
		bytes -= (uint64_t)r;
	}
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t cpu_ns(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		       1000000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static pid_t start(char **words)
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(words[0], words);
		perror(words[0]);
		_exit(127);
	}
	return pid;
}

/* Whether a child ended well. */
static int await(pid_t pid, struct rusage *ret_usage)
{
	int status = 0;

	return wait4(pid, &status, 0, ret_usage) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* The receiver says nothing when it listens: the sender is started until it succeeds.
 */
static int run_pair(char **receiver, char **sender)
{
	struct rusage sent = {0}, received = {0};
	uint64_t begun = 0;
	int is_sent = 0;
	pid_t pid = start(receiver);

	for (int i = 0; i < ATTEMPTS_MAX && !is_sent; i++) {
		usleep(PAUSE_US);
		if (waitpid(pid, NULL, WNOHANG) != 0)
			break; /* it did not even begin */
		begun = now_ns();
		is_sent = await(start(sender), &sent);
	}
	if (!is_sent || !await(pid, &received)) {
		fprintf(stderr, "%s, %s: failed\n", sender[0], receiver[0]);
		return 1;
	}
	printf("%llu %llu %llu\n", (unsigned long long)(now_ns() - begun),
	       (unsigned long long)cpu_ns(&sent),
	       (unsigned long long)cpu_ns(&received));
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 3 ? argv[1] : "";
	size_t size = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	char *buf;

	if (strcmp(mode, "pair") == 0) {
		for (int i = 2; i < argc - 1; i++) {
			if (strcmp(argv[i], "--") != 0)
				continue;
			argv[i] = NULL;
			return run_pair(argv + 2, argv + i + 1);
		}
	}
	buf = size > 0 ? calloc(1, size) : NULL;
	if (buf && strcmp(mode, "listen") == 0)
		return run_listen(argv[2], buf, size);
	if (buf && strcmp(mode, "send") == 0 && argc == 5)
		return run_send(argv[2], buf, size, strtoull(argv[4], NULL, 10));
	fprintf(stderr, "usage: see the head of bench/vsock/cost.c\n");
	return 2;
}
