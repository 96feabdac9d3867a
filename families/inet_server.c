/* SPDX-License-Identifier: MIT */
/* Stream servers for IPv4, IPv6 and both, and what this kernel has of them. */
#include <errno.h>
#include <netinet/in.h>

#include <linux/mptcp.h>

#include <linsock/inet.h>

#include "src/error.h"
#include "src/socket.h"

/* SOL_MPTCP, which is younger than the headers of some systems. */
#define LEVEL_MPTCP 284

/* Set up a new socket; @ret_step is what was being done when it failed. */
static int set_up(struct lsk_socket *sock, const struct lsk_addr *addr,
		  const struct lsk_server_options *options, const char **ret_step)
{
	int backlog = options->backlog ? options->backlog : LSK_BACKLOG_DEFAULT;
	int r = 0;

	/* Where it cannot be set the server still works. */
	lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	*ret_step = "share the port of";
	if (options->reuse_port)
		r = lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && lsk_addr_family(addr) == AF_INET6) {
		*ret_step = "choose the families of";
		r = lsk_socket_setsockopt_int(sock, IPPROTO_IPV6, IPV6_V6ONLY,
					      !options->dual_stack);
	}
	if (r == 0) {
		*ret_step = "bind to";
		r = lsk_socket_bind(sock, addr);
	}
	if (r == 0) {
		*ret_step = "listen at";
		r = lsk_socket_listen(sock, backlog);
	}
	return r;
}

int lsk_create_server(struct lsk_socket **ret_socket, const struct lsk_addr *addr,
		      const struct lsk_server_options *options,
		      struct lsk_error *ret_error)
{
	static const struct lsk_server_options defaults;
	char text[LSK_ADDR_TEXT_MAX];
	const char *step = "make a socket for";
	struct lsk_socket *sock = NULL;
	int family = lsk_addr_family(addr);
	int r;

	if (!options)
		options = &defaults;
	if (!ret_socket || !addr)
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	if (family != AF_INET && family != AF_INET6)
		return error_set_code(ret_error, LSK_ERR_FAMILY, 0, NULL);
	if (options->dual_stack && family != AF_INET6)
		return error_set(ret_error, LSK_ERR_FAMILY, 0,
				 "both families at once need an IPv6 address");
	r = socket_new_or_fallback(&sock, family, SOCK_STREAM, options->protocol);
	if (r == 0)
		r = set_up(sock, addr, options, &step);
	if (r == 0) {
		*ret_socket = sock;
		return 0;
	}
	lsk_socket_free(sock);
	if (lsk_addr_format(addr, text, sizeof(text)) < 0)
		text[0] = '\0';
	return error_set(ret_error, r, 0, "%s %s: %s", step, text, lsk_strerror(r));
}

bool lsk_has_ipv6(void)
{
	struct lsk_socket *sock;

	if (lsk_socket_new(&sock, AF_INET6, SOCK_STREAM, 0) < 0)
		return false;
	lsk_socket_free(sock);
	return true;
}

bool lsk_has_dual_stack(void)
{
	struct lsk_socket *sock;
	int is_v6_only = 1;

	if (lsk_socket_new(&sock, AF_INET6, SOCK_STREAM, 0) < 0)
		return false;
	/* Some systems take the 0 and keep the 1. */
	lsk_socket_setsockopt_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	lsk_socket_getsockopt_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, &is_v6_only);
	lsk_socket_free(sock);
	return is_v6_only == 0;
}

int lsk_inet_is_multipath(const struct lsk_socket *sock)
{
	struct mptcp_info info = {0};
	socklen_t len = sizeof(info);
	struct lsk_addr peer;
	int r;

	r = lsk_socket_getpeername(sock, &peer);
	if (r < 0)
		return r;
	r = lsk_socket_getsockopt(sock, LEVEL_MPTCP, MPTCP_INFO, &info, &len);
	/* A connection that fell back when it began: IPv4, IPv6. */
	if (r == -EOPNOTSUPP || r == -ENOPROTOOPT)
		return 0;
	return r < 0 ? r : !(info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK);
}
