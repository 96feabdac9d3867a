/* SPDX-License-Identifier: MIT */
/* UNIX sockets behind paths that are longer than an address. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linsock/control.h>
#include <linsock/message.h>
#include <linsock/unix.h>

#include "tests/support/sockets.h"

static char root[] = "/tmp/linsock-unix-XXXXXX";
static char folder[300];

static void folder_make(void)
{
	int len;

	descriptors_remember();
	cr_assert_not_null(mkdtemp(root));
	len = snprintf(folder, sizeof(folder), "%s", root);
	for (int i = 0; i < 4; i++) {
		len += snprintf(folder + len, sizeof(folder) - (size_t)len, "/%050d",
				i);
		cr_assert_eq(mkdir(folder, 0700), 0);
	}
}

static void folder_remove(void)
{
	while (strlen(folder) >= strlen(root)) {
		cr_expect_eq(rmdir(folder), 0, "%s: %d", folder, errno);
		*strrchr(folder, '/') = '\0';
	}
	descriptors_check();
}

TestSuite(unix_path, .init = folder_make, .fini = folder_remove);

static void path_of(char *path, size_t size, const char *name)
{
	cr_assert_lt(snprintf(path, size, "%s/%s", folder, name), (int)size);
}

static void check_pair(const char *path)
{
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_socket *server;
	char byte = 0;

	cr_assert_eq(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_unix_connect(client, path), -ENOENT);
	cr_assert_eq(lsk_unix_bind(listener, path), 0);
	cr_assert_eq(lsk_unix_connect(client, path), -ECONNREFUSED);
	cr_assert_eq(lsk_socket_listen(listener, 1), 0);
	cr_assert_eq(lsk_unix_connect(client, path), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(server, &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
	cr_assert_eq(unlink(path), 0);
}

Test(unix_path, of_any_length_is_bound_and_connected)
{
	char path[400];

	path_of(path, sizeof(path), "socket");
	cr_assert_gt(strlen(path), 200);
	check_pair(path);
	snprintf(path, sizeof(path), "%s/socket", root);
	check_pair(path);
}

Test(unix_path, faults_are_told)
{
	struct lsk_socket *sock;
	char path[600];
	char name[109];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_unix_bind(sock, name), LSK_ERR_LENGTH);
	path_of(path, sizeof(path), name);
	cr_assert_eq(lsk_unix_bind(sock, path), LSK_ERR_LENGTH);
	path_of(path, sizeof(path), "there/is/none");
	cr_assert_eq(lsk_unix_bind(sock, path), -ENOENT);
	cr_assert_eq(lsk_unix_bind(sock, ""), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_unix_bind(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_unix_connect(NULL, "x"), -EINVAL);
	lsk_socket_free(sock);
}

Test(unix_path, from_a_folder_survives_its_renaming)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;
	char path[400];
	char moved[400];
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	snprintf(moved, sizeof(moved), "%s.moved", root);
	cr_assert_eq(rename(root, moved), 0);
	cr_assert_eq(lsk_addr_unix_at(&addr, fd, "socket"), 0);
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	cr_assert_eq(rename(moved, root), 0);
	snprintf(path, sizeof(path), "%s/socket", root);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(lsk_addr_unix_at(&addr, fd, "/socket"), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_addr_unix_at(&addr, fd, ""), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_addr_unix_at(&addr, -1, "socket"), -EBADF);
	cr_assert_eq(lsk_addr_unix_at(&addr, fd, NULL), -EINVAL);
	lsk_socket_free(sock);
	close(fd);
}

/* Send a descriptor and one byte. Return: as lsk_socket_sendmsg(). */
static ssize_t pass_stdin(struct lsk_socket *sock)
{
	_Alignas(struct cmsghdr) char room[64];
	struct iovec part = {(char[]){"x"}, 1};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};

	cr_assert_eq(lsk_control_add_fds(&message.control, (int[]){0}, 1), 0);
	return lsk_socket_sendmsg(sock, &message, 0);
}

Test(unix_descriptors, are_refused_where_none_are_wanted)
{
	struct lsk_socket *listener, *client, *server;
	struct lsk_addr addr;
	char byte;
	int r;

	cr_assert_eq(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0), 0);
	r = lsk_unix_set_descriptors(listener, false);
	if (r == -ENOPROTOOPT)
		cr_skip_test("SO_PASSRIGHTS is of Linux 6.16");
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_addr_unix(&addr, NULL, 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, 1), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	/* What was accepted has it of its listener; bytes are as welcome as ever. */
	cr_assert_eq(pass_stdin(client), -EPERM);
	cr_assert_eq(lsk_socket_send(client, "y", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(server, &byte, 1, 0), 1);
	cr_assert_eq(byte, 'y', "nothing was sent with what was refused");
	cr_assert_eq(lsk_unix_set_descriptors(server, true), 0);
	cr_assert_eq(pass_stdin(client), 1);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_socket_free(listener);
}

Test(unix_descriptors, are_of_unix_sockets_alone)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_unix_set_descriptors(NULL, true), -EINVAL);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_lt(lsk_unix_set_descriptors(sock, false), 0);
	lsk_socket_free(sock);
}
