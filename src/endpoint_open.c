/* SPDX-License-Identifier: MIT */
/* From an endpoint to a socket: each address in turn, options first. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/name.h>

#include "src/endpoint.h"
#include "src/error.h"
#include "src/socket.h"
#include "src/text.h"
#include "uring/engine.h"

/* What is done with a new socket and one address of the endpoint. */
struct open_step {
	const struct lsk_endpoint *endpoint;
	int64_t deadline_ns; /* LSK_BLOCK: none */
	int (*reach)(struct lsk_socket *sock, const struct endpoint_choice *choice,
		     const struct lsk_addr *addr, const struct open_step *step);
	const char *verb;
};

static int64_t remaining(int64_t deadline_ns)
{
	int64_t left;

	if (deadline_ns < 0)
		return LSK_BLOCK;
	left = deadline_ns - engine_now_ns();
	return left > 0 ? left : 0;
}

/* A wait of 0 would turn "too late" into "would block". */
static int set_remaining(struct lsk_socket *sock, int64_t deadline_ns)
{
	int64_t left = remaining(deadline_ns);

	return left == 0 ? -ETIME : lsk_socket_set_timeout(sock, left);
}

static int reach_peer(struct lsk_socket *sock, const struct endpoint_choice *choice,
		      const struct lsk_addr *addr, const struct open_step *step)
{
	int r;

	if (choice->attach == FAMILY_ATTACH_BIND)
		return lsk_socket_bind(sock, addr);
	r = set_remaining(sock, step->deadline_ns);
	if (r < 0)
		return r;
	r = lsk_socket_connect(sock, addr);
	if (r < 0)
		return r;
	return lsk_socket_set_timeout(sock, lsk_default_timeout());
}

static int reach_place(struct lsk_socket *sock, const struct endpoint_choice *choice,
		       const struct lsk_addr *addr, const struct open_step *step)
{
	bool has_connections =
		choice->attach == FAMILY_ATTACH_CONNECT &&
		(choice->type == SOCK_STREAM || choice->type == SOCK_SEQPACKET);
	int r;

	(void)step;
	/* So that a server that is started again gets its port. Where a family has no
	 * use for it, it says so and that is no harm. */
	if (has_connections)
		lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, 1);
	r = lsk_socket_bind(sock, addr);
	if (r < 0 || !has_connections)
		return r;
	r = lsk_socket_listen(sock, LSK_BACKLOG_DEFAULT);
	/* Some sequenced packets know no connections (RDS). */
	return r == -EOPNOTSUPP && choice->type == SOCK_SEQPACKET ? 0 : r;
}

/* Tell which address it was, in front of what went wrong. */
static int fail_address(const struct open_step *step, const struct lsk_addr *addr,
			int r, struct lsk_error *ret_error)
{
	char text[LSK_ADDR_TEXT_MAX];

	if (lsk_addr_format(addr, text, sizeof(text)) < 0)
		text[0] = '\0';
	return error_set(ret_error, r, step->endpoint->place_offset, "%s %s: %s",
			 step->verb, text, lsk_strerror(r));
}

static int try_address(const struct open_step *step,
		       const struct endpoint_choice *choice,
		       const struct lsk_addr *addr, struct lsk_socket **ret_socket,
		       struct lsk_error *ret_error)
{
	struct lsk_socket *sock;
	int r;

	r = socket_new_or_fallback(&sock, choice->family->domain, choice->type,
				   choice->protocol);
	if (r < 0)
		return error_set(ret_error, r, 0, "%s socket: %s", choice->family->name,
				 lsk_strerror(r));
	r = endpoint_options_apply(step->endpoint, choice, lsk_socket_fd(sock), false,
				   ret_error);
	if (r == 0) {
		r = step->reach(sock, choice, addr, step);
		if (r < 0)
			fail_address(step, addr, r, ret_error);
	}
	if (r == 0)
		r = endpoint_options_apply(step->endpoint, choice, lsk_socket_fd(sock),
					   true, ret_error);
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

static const struct endpoint_choice *choice_of(const struct lsk_endpoint *endpoint,
					       int domain)
{
	for (size_t i = 0; i < endpoint->choices_count; i++)
		if (endpoint->choices[i].family->domain == domain)
			return &endpoint->choices[i];
	return NULL;
}

/* One entry per address: the type only says which services there are. */
static struct lsk_addrinfo_hints hints_of(const struct lsk_endpoint *endpoint,
					  int flags)
{
	const struct endpoint_choice *choice = &endpoint->choices[0];

	return (struct lsk_addrinfo_hints){
		.flags = flags,
		.family = endpoint->choices_count == 1 ? choice->family->domain
						       : AF_UNSPEC,
		.type = choice->type == SOCK_STREAM ? SOCK_STREAM : SOCK_DGRAM,
	};
}

static int try_names(const struct open_step *step, int flags,
		     struct lsk_socket **ret_socket, struct lsk_error *ret_error)
{
	const struct lsk_endpoint *endpoint = step->endpoint;
	struct lsk_addrinfo_hints hints = hints_of(endpoint, flags);
	struct lsk_addrinfo *list;
	int64_t left = remaining(step->deadline_ns);
	int r;

	r = lsk_getaddrinfo(endpoint->host, endpoint->service, &hints, left, &list,
			    ret_error);
	if (r < 0) {
		ret_error->offset = (unsigned int)endpoint->place_offset;
		return r;
	}
	r = error_set(ret_error, LSK_ERR_EMPTY, endpoint->place_offset, "%s: %s",
		      endpoint->host, lsk_strerror(LSK_ERR_EMPTY));
	for (const struct lsk_addrinfo *info = list; info; info = info->next) {
		const struct endpoint_choice *choice =
			choice_of(endpoint, info->family);

		if (!choice)
			continue;
		r = try_address(step, choice, &info->addr, ret_socket, ret_error);
		if (r == 0 || r == -ETIME || r == -EINTR)
			break;
	}
	lsk_addrinfo_free(list);
	return r;
}

static int open_endpoint(const struct open_step *step, int flags,
			 struct lsk_socket **ret_socket, struct lsk_error *ret_error)
{
	const struct lsk_endpoint *endpoint = step->endpoint;
	struct lsk_error ignored;

	if (!ret_error)
		ret_error = &ignored;
	if (!ret_socket || !endpoint)
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	if (endpoint->host)
		return try_names(step, flags, ret_socket, ret_error);
	return try_address(step, &endpoint->choices[0], &endpoint->addr, ret_socket,
			   ret_error);
}

int lsk_endpoint_connect(const struct lsk_endpoint *endpoint, int64_t timeout_ns,
			 struct lsk_socket **ret_socket, struct lsk_error *ret_error)
{
	struct open_step step = {
		.endpoint = endpoint,
		.deadline_ns = LSK_BLOCK,
		.reach = reach_peer,
		.verb = "connect to",
	};

	/* Not even a connection to oneself is made in no time. */
	if (timeout_ns < LSK_BLOCK || timeout_ns == 0)
		return error_set(ret_error, -EINVAL, 0,
				 "a timeout is more than 0, or LSK_BLOCK");
	if (timeout_ns > 0)
		step.deadline_ns = engine_now_ns() + timeout_ns;
	return open_endpoint(&step, AI_ADDRCONFIG, ret_socket, ret_error);
}

int lsk_endpoint_listen(const struct lsk_endpoint *endpoint,
			struct lsk_socket **ret_socket, struct lsk_error *ret_error)
{
	struct open_step step = {
		.endpoint = endpoint,
		.deadline_ns = LSK_BLOCK,
		.reach = reach_place,
		.verb = "bind to",
	};

	return open_endpoint(&step, AI_PASSIVE, ret_socket, ret_error);
}

/* The first scheme that makes such a socket; "tcp" stands before "tcp4". */
static const char *scheme_of(const struct lsk_socket *sock)
{
	const struct family_scheme *scheme;
	int protocol = sock->protocol;

	/* Where the program left it to the kernel, the kernel knows. */
	if (protocol == 0)
		lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_PROTOCOL, &protocol);
	for (scheme = sock->family->schemes; scheme && scheme->name; scheme++)
		if (scheme->type == sock->type && scheme->protocol == protocol)
			return scheme->name;
	return NULL;
}

/* What has to be told of the type where the text names the family alone. */
static const char *type_of(const struct lsk_socket *sock)
{
	const struct family_type *type = sock->family->types;

	if (type->type == sock->type && type->protocol == sock->protocol)
		return NULL;
	for (; type->name; type++)
		if (type->type == sock->type && type->protocol == sock->protocol)
			return type->name;
	return NULL;
}

int lsk_endpoint_format_socket(const struct lsk_socket *sock, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;
	const char *scheme;
	const char *type;
	int r;

	if (!buf && size > 0)
		return -EINVAL;
	r = lsk_socket_getsockname(sock, &addr);
	if (r == 0)
		r = lsk_addr_format(&addr, text, sizeof(text));
	if (r < 0)
		return r;
	scheme = sock->family ? scheme_of(sock) : NULL;
	/* SMC's addresses are those of inet. */
	if (!scheme && sock->family && lsk_addr_family(&addr) != sock->family->domain)
		scheme = sock->family->name;
	type = sock->family && !scheme ? type_of(sock) : NULL;
	if (scheme)
		text_put_format(&writer, "%s%s%s", scheme, TEXT_SCHEME_END,
				text_place(text));
	else
		text_put_string(&writer, text);
	if (type)
		text_put_format(&writer, "?%s=%s", ENDPOINT_OPTION_TYPE, type);
	return text_end(&writer);
}
