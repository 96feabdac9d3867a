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

#include <netinet/in.h>
#include <stdbool.h>
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

/** LSK_HOST_MAX - bytes that hold every host name and its NUL (NI_MAXHOST) */
#define LSK_HOST_MAX 1025

/** LSK_SERVICE_MAX - bytes that hold every service's name and its NUL (NI_MAXSERV) */
#define LSK_SERVICE_MAX 32

/**
 * struct lsk_nameinfo - an address as names
 * @host: name or number
 * @service: name or number
 */
struct lsk_nameinfo {
	char host[LSK_HOST_MAX];
	char service[LSK_SERVICE_MAX];
};

/**
 * lsk_getnameinfo() - the names of an address
 * @addr: AF_INET or AF_INET6
 * @flags: NI_* of netdb.h; with NI_NUMERICHOST | NI_NUMERICSERV nothing is looked up
 * @timeout_ns: how long to wait
 * @ret_info: set on success; an IPv6 address with a scope prints with its %zone
 * @ret_error: says why; may be NULL
 *
 * Where there is no name the number is given, unless NI_NAMEREQD stands in @flags.
 *
 * Return: 0; LSK_ERR_EAI() of EAI_NONAME, EAI_FAMILY, EAI_AGAIN …; -ETIME, -EAGAIN,
 * -EINTR, -ENOMEM, -EMFILE, -EINVAL.
 */
int lsk_getnameinfo(const struct lsk_addr *addr, int flags, int64_t timeout_ns,
		    struct lsk_nameinfo *ret_info, struct lsk_error *ret_error);

/**
 * lsk_gethostbyname() - the first IPv4 address of a host
 * @host: a name or a number; "" is INADDR_ANY, "<broadcast>" INADDR_BROADCAST
 * @timeout_ns: how long to wait
 * @ret_addr: set on success
 * @ret_error: says why; may be NULL
 *
 * lsk_getaddrinfo() does more: IPv6, services, every address.
 *
 * Return: as lsk_getaddrinfo().
 */
int lsk_gethostbyname(const char *host, int64_t timeout_ns, struct in_addr *ret_addr,
		      struct lsk_error *ret_error);

/**
 * struct lsk_hostent - what the hosts database knows of a host
 * @name: the official name
 * @aliases: other names, ended by NULL
 * @alias_count: how many
 * @addrs: the addresses, with port 0
 * @addr_count: how many
 */
struct lsk_hostent {
	const char *name;
	const char *const *aliases;
	size_t alias_count;
	const struct lsk_addr *addrs;
	size_t addr_count;
};

/**
 * lsk_gethostbyname_ex() - all names and IPv4 addresses of a host
 * @host: a name or a number
 * @timeout_ns: how long to wait
 * @ret_entry: set on success; free with lsk_hostent_free()
 * @ret_error: says why; may be NULL
 *
 * Return: 0; LSK_ERR_HOST_LOOKUP() of HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY or
 * NO_DATA; -ETIME, -EAGAIN, -EINTR, -ENOMEM, -EMFILE, -EINVAL.
 */
int lsk_gethostbyname_ex(const char *host, int64_t timeout_ns,
			 struct lsk_hostent **ret_entry, struct lsk_error *ret_error);

/**
 * lsk_gethostbyaddr() - all names of an IPv4 or IPv6 address
 * @host: the address as a number, or a name, whose first address is then taken
 * @timeout_ns: how long to wait
 * @ret_entry: set on success; free with lsk_hostent_free()
 * @ret_error: says why; may be NULL
 *
 * Return: as lsk_gethostbyname_ex(), and as lsk_getaddrinfo() where @host is a name
 * that has no address.
 */
int lsk_gethostbyaddr(const char *host, int64_t timeout_ns,
		      struct lsk_hostent **ret_entry, struct lsk_error *ret_error);

/**
 * lsk_hostent_free() - free a host's names
 * @entry: from one of the two calls above; NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_hostent *lsk_hostent_free(struct lsk_hostent *entry);

/**
 * lsk_getfqdn() - a fully qualified name for a host
 * @name: a name or a number; white space around it does not count. NULL, "", "0.0.0.0"
 *	and "::" mean this host
 * @timeout_ns: how long to wait
 * @buf: gets the name and a NUL; LSK_HOST_MAX bytes always suffice
 * @size: bytes in @buf
 *
 * The first of lsk_gethostbyaddr()'s names that has a dot; the official name where none
 * has; @name itself where the lookup fails.
 *
 * Return: length of the name; -ETIME, -EAGAIN, -EINTR, -ENOSPC, -EINVAL.
 */
int lsk_getfqdn(const char *name, int64_t timeout_ns, char *buf, size_t size);

/**
 * lsk_gethostname() - the name of this host
 * @buf: gets the name and a NUL
 * @size: bytes in @buf; 65 always suffice
 *
 * Return: length of the name; -ENOSPC; -EINVAL.
 */
int lsk_gethostname(char *buf, size_t size);

/**
 * lsk_sethostname() - set the name of this host (of the UTS namespace)
 * @name: up to 64 bytes
 *
 * Return: 0; -EPERM without CAP_SYS_ADMIN; -EINVAL for NULL or a name too long.
 */
int lsk_sethostname(const char *name);

/**
 * lsk_getprotobyname() - the number of a protocol
 * @name: as in /etc/protocols, "tcp"
 * @timeout_ns: how long to wait
 *
 * Return: IPPROTO_*; -ENOENT where there is none; -ETIME, -EAGAIN, -EINTR, -ENOMEM,
 * -EMFILE, -EINVAL.
 */
int lsk_getprotobyname(const char *name, int64_t timeout_ns);

/**
 * lsk_getservbyname() - the port of a service
 * @name: as in /etc/services, "http"
 * @protocol: "tcp", "udp" …; NULL for any
 * @timeout_ns: how long to wait
 *
 * Return: the port in host byte order; -ENOENT where there is none; else as
 * lsk_getprotobyname().
 */
int lsk_getservbyname(const char *name, const char *protocol, int64_t timeout_ns);

/**
 * lsk_getservbyport() - the service of a port
 * @port: 0 … 65535, host byte order
 * @protocol: "tcp", "udp" …; NULL for any
 * @timeout_ns: how long to wait
 * @buf: gets the name and a NUL; LSK_SERVICE_MAX bytes suffice for every name that the
 *	databases of the time have
 * @size: bytes in @buf
 *
 * Return: length of the name; LSK_ERR_PORT; -ENOSPC; else as lsk_getservbyname().
 */
int lsk_getservbyport(long port, const char *protocol, int64_t timeout_ns, char *buf,
		      size_t size);

/** LSK_IF_NAME_MAX - bytes of an interface's name and its NUL (IF_NAMESIZE) */
#define LSK_IF_NAME_MAX 16

/**
 * struct lsk_interface - one network interface
 * @index: its number in this network namespace
 * @name: its name
 */
struct lsk_interface {
	unsigned int index;
	char name[LSK_IF_NAME_MAX];
};

/**
 * lsk_if_nameindex() - all network interfaces
 * @ret_list: set on success; free with lsk_if_freenameindex()
 * @ret_count: set on success: how many
 *
 * Return: 0, -ENOMEM, -ENOBUFS, -EINVAL.
 */
int lsk_if_nameindex(struct lsk_interface **ret_list, size_t *ret_count);

/**
 * lsk_if_freenameindex() - free a list of interfaces
 * @list: from lsk_if_nameindex(); NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_interface *lsk_if_freenameindex(struct lsk_interface *list);

/**
 * lsk_if_nametoindex() - the index of an interface
 * @name: "eth0"
 *
 * Return: the index, above 0; -ENODEV; -EINVAL for NULL.
 */
int lsk_if_nametoindex(const char *name);

/**
 * lsk_if_indextoname() - the name of an interface
 * @index: its index
 * @buf: gets the name and a NUL
 *
 * Return: 0; -ENXIO; -EINVAL for NULL.
 */
int lsk_if_indextoname(unsigned int index, char buf[LSK_IF_NAME_MAX]);

/**
 * lsk_inet_aton() - read an IPv4 address
 * @text: the address
 * @strict: true: four decimal numbers and nothing else; false: what the C library's
 *	inet_aton(3) takes too: "127.1", "0x7f000001", text after white space
 * @ret_addr: set on success
 *
 * Return: 0, LSK_ERR_HOST, -EINVAL.
 */
int lsk_inet_aton(const char *text, bool strict, struct in_addr *ret_addr);

/**
 * lsk_inet_ntoa() - write an IPv4 address
 * @addr: the address
 * @buf: gets the text and a NUL; INET_ADDRSTRLEN (16) bytes always suffice
 * @size: bytes in @buf
 *
 * Return: length of the text, -ENOSPC, -EINVAL.
 */
int lsk_inet_ntoa(struct in_addr addr, char *buf, size_t size);

/**
 * lsk_inet_pton() - read an address of a family
 * @family: AF_INET or AF_INET6
 * @text: the address; IPv6 with a %zone where @ret_scope is given: the name or the
 *	index of an interface
 * @ret_bytes: gets 4 or 16 bytes in network byte order
 * @ret_scope: gets the zone's index, 0 without one; NULL refuses a zone
 *
 * Return: bytes written; LSK_ERR_HOST; -ENODEV for an unknown zone; -EAFNOSUPPORT;
 * -EINVAL.
 */
int lsk_inet_pton(int family, const char *text, void *ret_bytes, uint32_t *ret_scope);

/** LSK_INET_TEXT_MAX - bytes that hold every lsk_inet_ntop() text and its NUL */
#define LSK_INET_TEXT_MAX 64

/**
 * lsk_inet_ntop() - write an address of a family
 * @family: AF_INET or AF_INET6
 * @bytes: 4 or 16 bytes in network byte order
 * @scope: the zone's index; 0 for none
 * @buf: gets the text and a NUL; LSK_INET_TEXT_MAX bytes always suffice
 * @size: bytes in @buf
 *
 * The zone is an interface's name where the index has one, else a number.
 *
 * Return: length of the text; -ENOSPC; -EAFNOSUPPORT; -EINVAL, also for a zone of an
 * IPv4 address.
 */
int lsk_inet_ntop(int family, const void *bytes, uint32_t scope, char *buf,
		  size_t size);

/** lsk_htons() - host to network order into @ret_net; 0, LSK_ERR_RANGE, -EINVAL */
int lsk_htons(int64_t host, uint16_t *ret_net);

/** lsk_ntohs() - network to host order into @ret_host; 0, LSK_ERR_RANGE, -EINVAL */
int lsk_ntohs(int64_t net, uint16_t *ret_host);

/** lsk_htonl() - host to network order into @ret_net; 0, LSK_ERR_RANGE, -EINVAL */
int lsk_htonl(int64_t host, uint32_t *ret_net);

/** lsk_ntohl() - network to host order into @ret_host; 0, LSK_ERR_RANGE, -EINVAL */
int lsk_ntohl(int64_t net, uint32_t *ret_host);

/**
 * lsk_cmsg_len() - CMSG_LEN(): what goes into cmsg_len for so many bytes
 * @length: bytes of data
 *
 * Return: header and data; LSK_ERR_RANGE above what a control buffer can hold (2 GiB).
 */
int64_t lsk_cmsg_len(size_t length);

/**
 * lsk_cmsg_space() - CMSG_SPACE(): what so many bytes take in a control buffer
 * @length: bytes of data
 *
 * Return: header, data and padding; LSK_ERR_RANGE as for lsk_cmsg_len().
 */
int64_t lsk_cmsg_space(size_t length);

LSK_END_DECLS

#endif
