/* SPDX-License-Identifier: MIT */
/* Connected pairs: the kernel's own, and over loopback where it makes none. */
#include <errno.h>

#include "src/error.h"
#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

static int pair_kernel(struct lsk_socket *ret_pair[2], int domain, int type,
		       int protocol)
{
	struct lsk_socket *pair[2] = {NULL, NULL};
	int64_t timeout_ns;
	int fds[2];
	int flags;
	int r;

	timeout_ns = socket_initial_timeout(type, &flags);
	r = syscall_result(socketpair(domain, type | flags, protocol, fds));
	if (r < 0)
		return r;
	for (int i = 0; i < 2 && r == 0; i++) {
		r = socket_wrap_new(&pair[i], fds[i], domain, type, protocol,
				    timeout_ns);
		if (r == 0)
			fds[i] = -1;
	}
	if (r < 0) {
		lsk_socket_free(pair[0]);
		closep(&fds[0]);
		closep(&fds[1]);
		return r;
	}
	ret_pair[0] = pair[0];
	ret_pair[1] = pair[1];
	return 0;
}

/* Whether each is the other's peer: a stranger may have connected in between. */
static int check_peers(struct lsk_socket *const pair[2])
{
	for (int i = 0; i < 2; i++) {
		struct lsk_addr local;
		struct lsk_addr peer;
		int r;

		r = lsk_socket_getsockname(pair[i], &local);
		if (r == 0)
			r = lsk_socket_getpeername(pair[!i], &peer);
		if (r < 0)
			return r;
		if (!lsk_addr_equal(&local, &peer))
			return -ECONNABORTED;
	}
	return 0;
}

/* Listen at the family's loopback address, connect to it, accept, compare. */
static int pair_connect(struct lsk_socket *pair[2], struct lsk_socket *listener,
			const char *place)
{
	struct lsk_error ignored;
	struct lsk_addr addr;
	int r;

	r = listener->family->parse(place, &addr, &ignored);
	if (r == 0)
		r = lsk_socket_bind(listener, &addr);
	if (r == 0)
		r = lsk_socket_listen(listener, 1);
	if (r == 0)
		r = lsk_socket_getsockname(listener, &addr);
	if (r == 0)
		r = lsk_socket_connect(pair[0], &addr);
	if (r == 0)
		r = lsk_socket_accept(listener, &pair[1], NULL);
	return r < 0 ? r : check_peers(pair);
}

static int pair_loopback(struct lsk_socket *ret_pair[2], const char *place, int domain,
			 int type, int protocol)
{
	int plain = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct lsk_socket *pair[2] = {NULL, NULL};
	struct lsk_socket *listener = NULL;
	int64_t timeout_ns;
	int flags;
	int r;

	timeout_ns = socket_initial_timeout(type, &flags);
	r = lsk_socket_new(&listener, domain, plain, protocol);
	if (r == 0)
		r = lsk_socket_new(&pair[0], domain, plain, protocol);
	/* Nothing here depends on anybody else, so that the waits are short. */
	if (r == 0)
		r = lsk_socket_set_timeout(listener, LSK_BLOCK);
	if (r == 0)
		r = lsk_socket_set_timeout(pair[0], LSK_BLOCK);
	if (r == 0)
		r = pair_connect(pair, listener, place);
	for (int i = 0; i < 2 && r == 0; i++)
		r = lsk_socket_set_timeout(pair[i], timeout_ns);
	lsk_socket_free(listener);
	if (r < 0) {
		lsk_socket_free(pair[0]);
		lsk_socket_free(pair[1]);
		return r;
	}
	ret_pair[0] = pair[0];
	ret_pair[1] = pair[1];
	return 0;
}

static int make_pair(struct lsk_socket *ret_pair[2], int domain, int type, int protocol)
{
	const struct lsk_family *family = family_by_domain(domain);
	int r;

	if (!ret_pair)
		return -EINVAL;
	r = pair_kernel(ret_pair, domain, type, protocol);
	if (r == -EOPNOTSUPP && family && family->loopback &&
	    (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM)
		r = pair_loopback(ret_pair, family->loopback, domain, type, protocol);
	return r;
}

int lsk_socket_pair(struct lsk_socket *ret_pair[2], int domain, int type, int protocol)
{
	return TRACE(make_pair(ret_pair, domain, type, protocol),
		     .operation = LSK_TRACE_PAIR, .domain = domain, .type = type,
		     .protocol = protocol);
}
