/* SPDX-License-Identifier: MIT */
/*
 * linsock listen: bind endpoints for another program.
 *
 * As systemd does for a socket unit: without --accept the program gets the bound
 * sockets themselves, from descriptor 3 on, with LISTEN_FDS, LISTEN_PID and
 * LISTEN_FDNAMES (sd_listen_fds(3)); with it, one program runs for each connection,
 * which is its stdin and stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/listener.h"

#define FIRST_FD         3
#define LISTENERS_MAX    32
#define CHILDREN_MAX     256
#define STATUS_NOT_FOUND 127

struct listen {
	struct listener listeners[LISTENERS_MAX];
	size_t count;
	char **program; /* ended by NULL */
	bool is_accepting;
	bool is_verbose;
	size_t children;
	size_t children_max;
	int signal_fd;
	sigset_t mask_before;
};

static int set_number(const char *name, long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", number);
	return setenv(name, text, 1) < 0 ? -ENOMEM : 0;
}

/* "one:two:three", as many as there are sockets. */
static int set_names(size_t count)
{
	char names[LISTENERS_MAX * 16] = "";
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len,
					"%slinsock%zu", i ? ":" : "", i);
	return setenv("LISTEN_FDNAMES", names, 1) < 0 ? -ENOMEM : 0;
}

static int run_program(char **program)
{
	execvp(program[0], program);
	return command_failure(-errno, "%s", program[0]);
}

/*
 * Hand over: this process becomes the program. The descriptors are moved above all
 * targets first, so that none is overwritten before it was moved.
 */
static int hand_over(struct listen *listen)
{
	int fds[LISTENERS_MAX];
	int r = 0;

	for (size_t i = 0; i < listen->count; i++) {
		int fd = lsk_socket_fd(listen->listeners[i].sock);

		fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD + LISTENERS_MAX);
		if (fds[i] < 0)
			return command_failure(-errno, "descriptor %d", fd);
	}
	for (size_t i = 0; i < listen->count; i++)
		/* The duplicate that dup2(2) makes is not close-on-exec. */
		if (dup2(fds[i], FIRST_FD + (int)i) < 0)
			return command_failure(-errno, "descriptor %d", fds[i]);
	r = set_number("LISTEN_FDS", (long)listen->count);
	if (r == 0)
		r = set_number("LISTEN_PID", getpid());
	if (r == 0)
		r = set_names(listen->count);
	if (r < 0)
		return command_failure(r, "the environment");
	return run_program(listen->program);
}

/* In the child: the connection is stdin and stdout, signals are as they were. */
static int run_child(struct listen *listen, struct lsk_socket *sock)
{
	int fd = lsk_socket_fd(sock);

	sigprocmask(SIG_SETMASK, &listen->mask_before, NULL);
	if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return STATUS_NOT_FOUND;
	run_program(listen->program);
	return STATUS_NOT_FOUND;
}

static int start_child(struct listen *listen, struct lsk_socket *sock,
		       const struct lsk_addr *peer)
{
	char text[LSK_ADDR_TEXT_MAX] = "a peer without a name";
	pid_t pid;

	if (peer->len > 0)
		lsk_addr_format(peer, text, sizeof(text));
	setenv("LINSOCK_PEER", text, 1);
	pid = fork();
	if (pid == 0)
		_exit(run_child(listen, sock));
	if (pid < 0)
		return -errno;
	listen->children++;
	if (listen->is_verbose)
		fprintf(stderr, "%s: process %ld\n", text, (long)pid);
	return 0;
}

/* Return: 0, also for a connection that was gone or could not be served. */
static int accept_one(struct listen *listen, struct listener *listener)
{
	struct lsk_addr peer = {.len = 0};
	struct lsk_socket *sock;
	int r = lsk_socket_accept(listener->sock, &sock, &peer);

	if (r == -EAGAIN || r == -ECONNABORTED)
		return 0;
	if (r < 0)
		return r;
	/* A program expects its stdin to block. */
	r = lsk_socket_set_timeout(sock, LSK_BLOCK);
	if (r == 0)
		r = start_child(listen, sock, &peer);
	lsk_socket_free(sock);
	if (r < 0)
		command_failure(r, "a connection was dropped");
	return 0;
}

static void reap(struct listen *listen)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		listen->children--;
		if (listen->is_verbose)
			fprintf(stderr, "process %ld: %s %d\n", (long)pid,
				WIFEXITED(status) ? "status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status)
						  : WTERMSIG(status));
	}
}

/* Return: whether to go on. */
static bool take_signal(struct listen *listen)
{
	struct signalfd_siginfo info;

	while (read(listen->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			return false;
		reap(listen);
	}
	return true;
}

static int serve(struct listen *listen)
{
	struct pollfd polls[LISTENERS_MAX + 1];
	int r = 0;

	while (r == 0) {
		bool has_room = listen->children < listen->children_max;

		polls[0] = (struct pollfd){.fd = listen->signal_fd, .events = POLLIN};
		for (size_t i = 0; i < listen->count; i++)
			polls[i + 1] = (struct pollfd){
				.fd = has_room
					      ? lsk_socket_fd(listen->listeners[i].sock)
					      : -1,
				.events = POLLIN,
			};
		if (poll(polls, listen->count + 1, -1) < 0 && errno != EINTR)
			return command_failure(-errno, "poll");
		if (polls[0].revents && !take_signal(listen))
			return COMMAND_OK;
		for (size_t i = 0; i < listen->count && r == 0; i++)
			if (polls[i + 1].revents)
				r = accept_one(listen, &listen->listeners[i]);
	}
	return command_failure(r, "accept");
}

static int serve_connections(struct listen *listen)
{
	sigset_t signals;

	for (size_t i = 0; i < listen->count; i++) {
		int r = listen->listeners[i].has_connections
				? lsk_socket_set_timeout(listen->listeners[i].sock, 0)
				: -EOPNOTSUPP;

		if (r < 0)
			return command_failure(r, "--accept on an endpoint without "
						  "connections");
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, &listen->mask_before);
	listen->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (listen->signal_fd < 0)
		return command_failure(-errno, "signalfd");
	return serve(listen);
}

static int listen_run(struct listen *listen, char **endpoints, size_t count)
{
	int r = COMMAND_OK;

	for (size_t i = 0; i < count && r == COMMAND_OK; i++) {
		r = listener_open(&listen->listeners[i], endpoints[i], -1);
		listen->count += r == COMMAND_OK;
	}
	if (r == COMMAND_OK)
		r = listen->is_accepting ? serve_connections(listen)
					 : hand_over(listen);
	for (size_t i = 0; i < listen->count; i++)
		listener_close(&listen->listeners[i]);
	if (listen->signal_fd >= 0)
		close(listen->signal_fd);
	return r;
}

/* Where "--" stands, or 0. */
static int find_separator(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0)
			return i;
	return 0;
}

static int listen_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"accept", no_argument, NULL, 'a'},
		{"max", required_argument, NULL, 'm'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	struct listen listen = {.signal_fd = -1, .children_max = CHILDREN_MAX};
	int separator = find_separator(argc, argv);
	int option;
	long max;

	while ((option = getopt_long(argc, argv, "+am:v", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			listen.is_accepting = true;
			break;
		case 'm':
			if (command_parse_number(optarg, 1, INT32_MAX, &max) < 0)
				return command_usage("--max=%s: a number above 0",
						     optarg);
			listen.children_max = (size_t)max;
			break;
		case 'v':
			listen.is_verbose = true;
			break;
		default:
			return command_bad_option();
		}
	}
	if (separator == 0 || separator + 1 >= argc || optind >= separator)
		return command_usage("ENDPOINT... -- PROGRAM is wanted");
	if (separator - optind > LISTENERS_MAX)
		return command_usage("more than %d endpoints", LISTENERS_MAX);
	listen.program = argv + separator + 1;
	return listen_run(&listen, argv + optind, (size_t)(separator - optind));
}

static const char listen_help[] =
	"  -a, --accept    run PROGRAM once for each connection, which is its stdin "
	"and\n"
	"                  stdout; LINSOCK_PEER in its environment names the peer\n"
	"  -m, --max=N     with --accept, at most N at a time (256); others wait\n"
	"  -v, --verbose   tell of every process on stderr\n"
	"\n"
	"Without --accept this process becomes PROGRAM, which finds the bound sockets "
	"from\n"
	"descriptor 3 on, with LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES in its "
	"environment\n"
	"(sd_listen_fds(3)). UNIX paths are removed at the end only with --accept.\n"
	"\n"
	"  linsock listen --accept tcp://127.0.0.1:7000 -- tr a-z A-Z\n"
	"  linsock listen unix:///run/x tcp://[::1]:80 -- /usr/sbin/server\n";

const struct command listen_command = {
	.name = "listen",
	.arguments = "[-av] [--max=N] ENDPOINT... -- PROGRAM [ARGUMENT...]",
	.summary = "bind sockets for a program, or run it for each connection",
	.help = listen_help,
	.main = listen_main,
};
