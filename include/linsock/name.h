/* SPDX-License-Identifier: MIT */
/*
 * Names: hosts, services, protocols, interfaces, and numbers as text.
 *
 * The C library's resolver has no deadline. Calls here that may wait for it take a
 * timeout that always holds: the lookup runs in a thread of its own, and what comes
 * too late is dropped. Where the answer needs no database (numeric hosts and ports),
 * no thread is started and nothing blocks.
 *
 * Timeouts are nanoseconds; LSK_BLOCK waits for as long as the resolver does, 0 only
 * takes what needs no waiting (-EAGAIN otherwise). A waiting call is also ended by the
 * thread's interrupt hook (lsk_set_interrupt_hook()) with -EINTR.
 *
 * Every call is thread-safe. At most 32 lookups run at once in a process; more wait
 * for their turn within their own timeouts. Lookups that run neither hold up exit(3)
 * nor get signals. After a fork(2) the child looks up afresh.
 */
#ifndef LINSOCK_NAME_H
#define LINSOCK_NAME_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_addrinfo_hints - what lsk_getaddrinfo() shall look for
 * @flags: AI_* of netdb.h; with AI_IDN a name may be UTF-8 (in the locale's encoding)
 * @family: AF_INET, AF_INET6, or AF_UNSPEC (0) for both
 * @type: SOCK_*, or 0 for one entry per type
 * @protocol: IPPROTO_*, or 0
 */
struct lsk_addrinfo_hints {
	int flags;
	int family;
	int type;
	int protocol;
};

/**
 * struct lsk_addrinfo - one address that a name stands for
 * @next: the following one, or NULL
 * @family: for lsk_socket_new()
 * @type: for lsk_socket_new()
 * @protocol: for lsk_socket_new()
 * @canonname: the official name, in the first entry and with AI_CANONNAME only, else
 *	NULL; owned by the list
 * @addr: the address with its port
 */
struct lsk_addrinfo {
	struct lsk_addrinfo *next;
	int family;
	int type;
	int protocol;
	const char *canonname;
	struct lsk_addr addr;
};

/**
 * lsk_getaddrinfo() - the addresses of a host and a service
 * @host: a name or a number ("fe80::1%eth0" too); NULL for this host: the wildcard
 *	with AI_PASSIVE, else loopback
 * @service: a name, a port number, or NULL for port 0; one of @host and @service is
 *	needed
 * @hints: NULL for no wishes
 * @timeout_ns: how long to wait
 * @ret_list: set on success, in the order of the C library (RFC 6724); free with
 *	lsk_addrinfo_free()
 * @ret_error: says which name and why; may be NULL
 *
 * The resolver of getaddrinfo(3). A port above 65535 is EAI_SERVICE, where the C
 * library takes its low 16 bits.
 *
 * Return: 0; LSK_ERR_EAI() of EAI_NONAME, EAI_AGAIN, EAI_SERVICE … (EAI_SYSTEM becomes
 * the negated errno); -ETIME, -EAGAIN, -EINTR, -ENOMEM, -EMFILE, -EINVAL.
 */
int lsk_getaddrinfo(const char *host, const char *service,
		    const struct lsk_addrinfo_hints *hints, int64_t timeout_ns,
		    struct lsk_addrinfo **ret_list, struct lsk_error *ret_error);

/**
 * lsk_addrinfo_free() - free a list of addresses
 * @list: from lsk_getaddrinfo(); NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_addrinfo *lsk_addrinfo_free(struct lsk_addrinfo *list);

/* A lookup that goes on while its owner does something else. */
struct lsk_lookup;

/**
 * lsk_lookup_new() - start a lookup and do not wait for it
 * @ret_lookup: set on success; free with lsk_lookup_free()
 * @host: as for lsk_getaddrinfo(); copied
 * @service: as for lsk_getaddrinfo(); copied
 * @hints: as for lsk_getaddrinfo(); copied
 *
 * It does not survive fork(2): a child that waits for it is told -ECANCELED.
 *
 * Return: 0, -ENOMEM, -EMFILE, -EINVAL.
 */
int lsk_lookup_new(struct lsk_lookup **ret_lookup, const char *host,
		   const char *service, const struct lsk_addrinfo_hints *hints);

/**
 * lsk_lookup_fd() - what to watch for the end
 * @lookup: the lookup
 *
 * Return: a descriptor that is readable (POLLIN) once lsk_lookup_wait() would not wait;
 * borrowed, never to be read or closed. -EINVAL for NULL.
 */
int lsk_lookup_fd(const struct lsk_lookup *lookup);

/**
 * lsk_lookup_wait() - take the result
 * @lookup: the lookup
 * @timeout_ns: how long to wait; 0 to look only
 * @ret_list: set on success, the first time that it succeeds; free with
 *	lsk_addrinfo_free()
 * @ret_error: says which name and why; may be NULL
 *
 * After -ETIME, -EAGAIN and -EINTR the lookup goes on, and this may be called again.
 * One thread at a time may wait.
 *
 * Return: as lsk_getaddrinfo(); -ECANCELED; -EALREADY where the list was taken.
 */
int lsk_lookup_wait(struct lsk_lookup *lookup, int64_t timeout_ns,
		    struct lsk_addrinfo **ret_list, struct lsk_error *ret_error);

/**
 * lsk_lookup_cancel() - end the wait for a lookup, from any thread
 * @lookup: the lookup; NULL is allowed
 *
 * A result that was there before is not taken back.
 */
void lsk_lookup_cancel(struct lsk_lookup *lookup);

/**
 * lsk_lookup_free() - give a lookup up, whether it has ended or not
 * @lookup: the lookup; NULL is allowed
 *
 * Never waits. No other thread may use the lookup any more.
 *
 * Return: NULL.
 */
struct lsk_lookup *lsk_lookup_free(struct lsk_lookup *lookup);

LSK_END_DECLS

#endif
