/* SPDX-License-Identifier: MIT */
/* One UNIX socket, and the other end of one. */
#include "families/diag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/stat.h>

#include <linsock/error.h>

#include "uring/util.h"

uint32_t diag_unix_show(uint32_t show)
{
	return UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN |
	       UDIAG_SHOW_UID |
	       (show & LSK_DIAG_SHOW_MEMORY ? (uint32_t)UDIAG_SHOW_MEMINFO : 0) |
	       (show & LSK_DIAG_SHOW_INFO ? (uint32_t)UDIAG_SHOW_ICONS : 0);
}

int lsk_diag_unix(struct lsk_nl *nl, uint32_t inode, uint32_t show,
		  struct lsk_diag_socket *ret_socket)
{
	const struct unix_diag_req body = {
		.sdiag_family = AF_UNIX,
		.udiag_ino = inode,
		.udiag_show = diag_unix_show(show),
		/* Whatever its cookie is: the inode is of no other socket. */
		.udiag_cookie = {UINT32_MAX, UINT32_MAX},
	};
	struct lsk_diag_socket found;
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 128);
	int r;

	/* The kernel would go through all of them. */
	if (!nl || !ret_socket || inode == 0)
		return -EINVAL;
	lsk_nl_msg_start(&msg, SOCK_DIAG_BY_FAMILY, 0, &body, sizeof(body));
	r = lsk_nl_query(nl, &msg, &reply, NULL);
	if (r == 0)
		r = lsk_diag_parse(reply, &found);
	if (r < 0)
		return r;
	*ret_socket = found;
	return 0;
}

int lsk_diag_unix_peer(struct lsk_nl *nl, const struct lsk_socket *sock, uint32_t show,
		       struct lsk_diag_socket *ret_peer)
{
	struct lsk_diag_socket own = {.has = 0};
	struct stat file;
	int r;

	if (!nl || !sock || !ret_peer)
		return -EINVAL;
	if (lsk_socket_domain(sock) != AF_UNIX)
		return LSK_ERR_FAMILY;
	r = syscall_result(fstat(lsk_socket_fd(sock), &file));
	if (r == 0)
		r = lsk_diag_unix(nl, (uint32_t)file.st_ino, 0, &own);
	if (r < 0)
		return r;
	if (!LSK_HAS(&own, LSK_DIAG_PEER_INODE) || own.peer_inode == 0)
		return -ENOTCONN;
	return lsk_diag_unix(nl, own.peer_inode, show, ret_peer);
}
