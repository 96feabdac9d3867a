/* SPDX-License-Identifier: MIT */
/*
 * A process opens a file and passes the descriptor to another, which prints the file
 * without ever knowing its name: pass_descriptor FILE
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

static void give(struct lsk_socket *sock, const char *path)
{
	struct iovec label = {(char[]){"file"}, 4};
	struct lsk_message message = {.buffers = &label, .buffers_count = 1};
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	must("send", lsk_socket_send_fds(sock, &message, &fd, 1, 0));
	close(fd);
}

static void take(struct lsk_socket *sock)
{
	char label[16];
	struct iovec iov = {label, sizeof(label)};
	struct lsk_message message = {.buffers = &iov, .buffers_count = 1};
	int fds[1];
	struct lsk_received_fds received = {.fds = fds, .max = 1};
	char buf[4096];
	ssize_t count;

	must("receive", lsk_socket_recv_fds(sock, &message, &received, 0));
	if (received.count != 1) {
		fprintf(stderr, "no descriptor came\n");
		exit(1);
	}
	while ((count = read(fds[0], buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)count, stdout);
	close(fds[0]);
}

int main(int argc, char **argv)
{
	struct lsk_socket *pair[2];
	int status;
	pid_t child;

	if (argc != 2) {
		fprintf(stderr, "usage: pass_descriptor FILE\n");
		return 2;
	}
	must("pair", lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0));
	child = fork();
	if (child < 0) {
		perror("fork");
		return 1;
	}
	if (child == 0) {
		give(pair[0], argv[1]);
		lsk_socket_free(pair[0]);
		lsk_socket_free(pair[1]);
		return 0;
	}
	lsk_socket_close(pair[0]);
	take(pair[1]);
	waitpid(child, &status, 0);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
	return status ? 1 : 0;
}
