/* SPDX-License-Identifier: MIT */
/* UNIX sockets behind paths that are longer than an address, and what they accept. */
#include <linsock/unix.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <linsock/error.h>
#include <linsock/option.h>

#include "uring/util.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

int lsk_addr_unix_at(struct lsk_addr *ret_addr, int folder, const char *name)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int len;

	if (!ret_addr || !name)
		return -EINVAL;
	if (folder < 0)
		return -EBADF;
	if (name[0] == '\0' || name[0] == '/')
		return LSK_ERR_SYNTAX;
	len = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", folder, name);
	if (len >= (int)sizeof(path))
		return LSK_ERR_LENGTH;
	return lsk_addr_unix(ret_addr, path, (size_t)len);
}

/* The address of a path that is too long for one. @ret_folder is the caller's to close,
 * once the address has been used. */
static int long_path(struct lsk_addr *ret_addr, const char *path, int *ret_folder)
{
	/* There is a "/" in it, or the name alone is too long. */
	const char *name = strrchr(path, '/');
	char *folder;
	int r;

	if (!name)
		return LSK_ERR_LENGTH;
	name++;
	folder = strndup(path, (size_t)(name - path));
	if (!folder)
		return -ENOMEM;
	r = syscall_result(open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC));
	free(folder);
	if (r < 0)
		return r;
	*ret_folder = r;
	r = lsk_addr_unix_at(ret_addr, *ret_folder, name);
	if (r < 0)
		close(*ret_folder);
	return r;
}

static int with_path(struct lsk_socket *sock, const char *path,
		     int (*call)(struct lsk_socket *, const struct lsk_addr *))
{
	struct lsk_addr addr;
	int folder = -1;
	int r;

	if (!sock || !path)
		return -EINVAL;
	if (path[0] == '\0')
		return LSK_ERR_SYNTAX;
	r = lsk_addr_unix(&addr, path, strlen(path));
	if (r == LSK_ERR_LENGTH)
		r = long_path(&addr, path, &folder);
	if (r < 0)
		return r;
	r = call(sock, &addr);
	if (folder >= 0)
		close(folder);
	return r;
}

int lsk_unix_bind(struct lsk_socket *sock, const char *path)
{
	return with_path(sock, path, lsk_socket_bind);
}

int lsk_unix_connect(struct lsk_socket *sock, const char *path)
{
	return with_path(sock, path, lsk_socket_connect);
}

int lsk_unix_set_descriptors(struct lsk_socket *sock, bool enabled)
{
	if (!sock)
		return -EINVAL;
	return lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_PASSRIGHTS, enabled);
}
