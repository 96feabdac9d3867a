/* SPDX-License-Identifier: MIT */
/*
 * Socket options by name, with values as text.
 *
 *	lsk_option_get(sock, "TCP_INFO", buf, size)
 *		"state=TCP_ESTABLISHED rto=204ms …"
 *	lsk_option_set(sock, "nodelay", "on", NULL)
 *	lsk_option_set(sock, "SO_TIMESTAMPING", "SOF_TIMESTAMPING_SOFTWARE|…", NULL)
 *
 * A name is that of the headers, or short: without the prefix of its level, in lower
 * case, with or without "_" ("nodelay", "rcvbuf", "bind_to_device"). A short name is
 * looked for among the options of the socket's own family and protocol.
 *
 * What a program sets often has a call of its own at the end of this file.
 *
 * All calls are thread-safe; the strings of struct lsk_option are constant.
 */
#ifndef LINSOCK_OPTION_H
#define LINSOCK_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_option_type - what a value is, and how it looks as text
 * @LSK_OPTION_BOOL: int 0 or 1: "on", "off"; read as 1, 0, true, false, yes, no too
 * @LSK_OPTION_INT: int: "-1", "0x10"
 * @LSK_OPTION_INT_BE: int in network byte order
 * @LSK_OPTION_U64: 64-bit number
 * @LSK_OPTION_ENUM: int that is a constant: "IP_PMTUDISC_DO"
 * @LSK_OPTION_FLAGS: int of constants: "MSG_PEEK|MSG_OOB", or hexadecimal
 * @LSK_OPTION_FD: a descriptor
 * @LSK_OPTION_TIMEVAL: struct timeval: seconds, "1.5"
 * @LSK_OPTION_LINGER: struct linger: seconds, or "off"
 * @LSK_OPTION_STRING: text
 * @LSK_OPTION_IN_ADDR: struct in_addr: "192.0.2.1"
 * @LSK_OPTION_SOCKADDR: an address: "inet://192.0.2.1:80"
 * @LSK_OPTION_PORT_RANGE: two ports in an int: "32768-60999"
 * @LSK_OPTION_LIST: 32-bit numbers: "1,4,27"
 * @LSK_OPTION_PAIRS: pairs of 32-bit numbers: "123:7ff,80000456:9fffffff"
 * @LSK_OPTION_STRUCT: fields: "pid=1 uid=0 gid=0"
 * @LSK_OPTION_BYTES: bytes in hexadecimal
 * @LSK_OPTION_NONE: no value: ""
 * @LSK_OPTION_RAW: has no text: it holds pointers, or reading it takes input
 * @LSK_OPTION_TYPE__COUNT: how many
 */
enum lsk_option_type {
	LSK_OPTION_BOOL,
	LSK_OPTION_INT,
	LSK_OPTION_INT_BE,
	LSK_OPTION_U64,
	LSK_OPTION_ENUM,
	LSK_OPTION_FLAGS,
	LSK_OPTION_FD,
	LSK_OPTION_TIMEVAL,
	LSK_OPTION_LINGER,
	LSK_OPTION_STRING,
	LSK_OPTION_IN_ADDR,
	LSK_OPTION_SOCKADDR,
	LSK_OPTION_PORT_RANGE,
	LSK_OPTION_LIST,
	LSK_OPTION_PAIRS,
	LSK_OPTION_STRUCT,
	LSK_OPTION_BYTES,
	LSK_OPTION_NONE,
	LSK_OPTION_RAW,
	LSK_OPTION_TYPE__COUNT
};

/** LSK_OPTION_GET - the option can be read; bit of struct lsk_option's access */
#define LSK_OPTION_GET 1u

/** LSK_OPTION_SET - the option can be set; bit of struct lsk_option's access */
#define LSK_OPTION_SET 2u

/**
 * struct lsk_option - one socket option
 * @name: "TCP_NODELAY"
 * @level_name: "SOL_TCP"
 * @level: for getsockopt(2)
 * @number: for getsockopt(2)
 * @type: what its value is
 * @access: LSK_OPTION_GET, LSK_OPTION_SET; 0 for a name that is a control message's
 *	only, or that no kernel implements
 * @unit: "bytes", "ms" …; NULL for none
 * @group: ENUM and FLAGS: group of constants (<linsock/constant.h>); else NULL
 * @fields: STRUCT: its fields, as "pid:i32 uid:u32 gid:u32"; else NULL
 * @summary: one line
 */
struct lsk_option {
	const char *name;
	const char *level_name;
	int level;
	int number;
	enum lsk_option_type type;
	unsigned int access;
	const char *unit;
	const char *group;
	const char *fields;
	const char *summary;
};

/**
 * lsk_option_at() - walk all options, level by level
 * @index: 0 for the first
 * @ret_option: set on success
 *
 * Return: 0; -ENOENT past the last; -EINVAL for NULL.
 */
int lsk_option_at(size_t index, struct lsk_option *ret_option);

/**
 * lsk_option_find() - an option by its name
 * @name: full or short; where a short name fits several, the first of SOL_SOCKET,
 *	SOL_TCP, IPPROTO_IP, IPPROTO_IPV6, SOL_UDP and the others is meant
 * @ret_option: set on success
 *
 * Return: 0; -ENOENT; -EINVAL for NULL.
 */
int lsk_option_find(const char *name, struct lsk_option *ret_option);

/**
 * lsk_option_find_for() - an option of a socket by its name
 * @sock: the socket
 * @name: full or short; a short name is one of the socket's family and protocol
 * @ret_option: set on success
 *
 * Return: 0; -ENOENT; -EINVAL for NULL.
 */
int lsk_option_find_for(const struct lsk_socket *sock, const char *name,
			struct lsk_option *ret_option);

/**
 * lsk_option_fits() - whether an option is one of a socket's family and protocol
 * @option: the option
 * @sock: the socket
 *
 * That the running kernel has it is not said; getsockopt(2) will.
 *
 * Return: whether it does; false for NULL.
 */
bool lsk_option_fits(const struct lsk_option *option, const struct lsk_socket *sock);

/**
 * lsk_option_format() - write a value as text
 * @option: the option
 * @value: the value as getsockopt(2) gives it
 * @len: bytes of it; fewer than the type has are taken as an older kernel's structure
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; LSK_OPTION_TEXT_MAX always suffice
 *
 * Return: length of the text; -ENOSPC; LSK_ERR_VALUE for a value too short for its
 * type; -EOPNOTSUPP for LSK_OPTION_RAW; -EINVAL for NULL.
 */
int lsk_option_format(const struct lsk_option *option, const void *value, size_t len,
		      char *buf, size_t size);

/** LSK_OPTION_TEXT_MAX - bytes that hold every value's text and its NUL */
#define LSK_OPTION_TEXT_MAX 16384

/**
 * lsk_option_parse() - read a value from text
 * @option: the option
 * @text: as its type says
 * @buf: gets the value as setsockopt(2) takes it
 * @size: bytes in @buf
 * @ret_error: where and what the fault is; may be NULL
 *
 * Return: bytes of the value; LSK_ERR_VALUE; -ENOSPC; -EOPNOTSUPP for LSK_OPTION_RAW;
 * -EINVAL for NULL.
 */
int lsk_option_parse(const struct lsk_option *option, const char *text, void *buf,
		     size_t size, struct lsk_error *ret_error);

/**
 * lsk_option_get() - read an option of a socket as text
 * @sock: the socket
 * @name: full or short
 * @buf: gets the text and a NUL
 * @size: bytes in @buf
 *
 * Where the kernel answers with a new descriptor (SO_PEERPIDFD) its number is told and
 * the descriptor closed; lsk_socket_peerpidfd() keeps it.
 *
 * Return: length of the text; LSK_ERR_OPTION for an unknown name; -EOPNOTSUPP where
 * the option cannot be read or has no text; -ENOSPC; the negated errno of
 * getsockopt(2).
 */
int lsk_option_get(const struct lsk_socket *sock, const char *name, char *buf,
		   size_t size);

/**
 * lsk_option_set() - set an option of a socket from text
 * @sock: the socket
 * @name: full or short
 * @text: the value
 * @ret_error: where and what the fault is; may be NULL
 *
 * Return: 0; LSK_ERR_OPTION for an unknown name; LSK_ERR_VALUE; -EOPNOTSUPP where the
 * option cannot be set or has no text; the negated errno of setsockopt(2).
 */
int lsk_option_set(struct lsk_socket *sock, const char *name, const char *text,
		   struct lsk_error *ret_error);

/**
 * lsk_socket_error() - take the error that waits on the socket (SO_ERROR)
 * @sock: the socket
 *
 * Return: 0, or the error, negative; it is cleared.
 */
int lsk_socket_error(const struct lsk_socket *sock);

/**
 * lsk_socket_set_linger() - what close does with data that is not sent (SO_LINGER)
 * @sock: the socket
 * @seconds: how long close(2) waits; 0 resets the connection; negative: close sends in
 *	the background, as is the default
 *
 * Return: 0 or the negated errno of setsockopt(2).
 */
int lsk_socket_set_linger(struct lsk_socket *sock, int seconds);

/**
 * lsk_socket_linger() - what close does with data that is not sent (SO_LINGER)
 * @sock: the socket
 * @ret_seconds: set on success: as for lsk_socket_set_linger(), -1 for the default
 *
 * Return: 0 or the negated errno of getsockopt(2).
 */
int lsk_socket_linger(const struct lsk_socket *sock, int *ret_seconds);

/**
 * lsk_socket_set_keepalive() - find dead peers (SO_KEEPALIVE, TCP_KEEPIDLE,
 * TCP_KEEPINTVL, TCP_KEEPCNT)
 * @sock: a TCP socket
 * @idle_s: seconds of silence before the first probe; 0 turns probing off
 * @interval_s: seconds between probes; 0 keeps the setting
 * @count: probes without an answer that end the connection; 0 keeps the setting
 *
 * Return: 0; -EINVAL for a number out of range; the negated errno of setsockopt(2).
 */
int lsk_socket_set_keepalive(struct lsk_socket *sock, int idle_s, int interval_s,
			     int count);

/**
 * struct lsk_peercred - who made the other end of a UNIX socket
 * @pid: process, in the PID namespace of the asker
 * @uid: effective user
 * @gid: effective group
 */
struct lsk_peercred {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/**
 * lsk_socket_peercred() - credentials of the peer when it connected (SO_PEERCRED)
 * @sock: a connected UNIX socket
 * @ret_cred: set on success
 *
 * Return: 0; -ENODATA where the family keeps none (or the socket has no peer).
 */
int lsk_socket_peercred(const struct lsk_socket *sock, struct lsk_peercred *ret_cred);

/**
 * lsk_socket_peerpidfd() - a descriptor of the peer's process (SO_PEERPIDFD)
 * @sock: a connected UNIX socket
 *
 * Unlike a number, it cannot come to mean another process. Linux 6.5.
 *
 * Return: a close-on-exec descriptor, the caller's, of a peer that has exited too;
 * older kernels (6.12) say -EINVAL of such a peer. -ENODATA without a peer;
 * -ENOPROTOOPT before Linux 6.5.
 */
int lsk_socket_peerpidfd(const struct lsk_socket *sock);

/**
 * lsk_socket_peergroups() - supplementary groups of the peer (SO_PEERGROUPS)
 * @sock: a connected UNIX socket
 * @ret_groups: set on success; free with free(3)
 * @ret_count: set on success: how many
 *
 * Return: 0; -ENODATA without a peer; -ENOMEM; another negated errno.
 */
int lsk_socket_peergroups(const struct lsk_socket *sock, gid_t **ret_groups,
			  size_t *ret_count);

/**
 * lsk_socket_peersec() - security context of the peer (SO_PEERSEC)
 * @sock: a connected socket
 * @buf: gets the context and a NUL
 * @size: bytes in @buf
 *
 * Return: length of the context; -ENOPROTOOPT where no security module labels sockets;
 * -ERANGE where @size is too small.
 */
int lsk_socket_peersec(const struct lsk_socket *sock, char *buf, size_t size);

/**
 * lsk_socket_tcp_info() - state and measures of a TCP connection (TCP_INFO)
 * @sock: a TCP or MPTCP socket
 * @info: gets a struct tcp_info of linux/tcp.h, as the program was compiled with
 * @size: its size; what the running kernel does not know is 0
 *
 * Return: bytes that the kernel wrote, or a negative error.
 */
int lsk_socket_tcp_info(const struct lsk_socket *sock, void *info, size_t size);

/**
 * lsk_socket_set_timestamping() - which timestamps to take (SO_TIMESTAMPING)
 * @sock: the socket
 * @flags: SOF_TIMESTAMPING_*; 0 for none
 *
 * They come as control messages; those of sent data on the error queue.
 *
 * Return: 0 or the negated errno of setsockopt(2).
 */
int lsk_socket_set_timestamping(struct lsk_socket *sock, unsigned int flags);

/**
 * lsk_socket_set_device() - use one interface only (SO_BINDTODEVICE)
 * @sock: the socket
 * @name: "eth0"; NULL or "" for any
 *
 * Return: 0; -ENODEV; -EPERM; another negated errno.
 */
int lsk_socket_set_device(struct lsk_socket *sock, const char *name);

/**
 * lsk_socket_device() - the interface that the socket is bound to
 * @sock: the socket
 * @buf: gets the name and a NUL; an empty string where it is bound to none
 *
 * Return: length of the name, or a negative error.
 */
int lsk_socket_device(const struct lsk_socket *sock, char buf[16]);

/**
 * lsk_socket_set_mark() - firewall mark of what is sent (SO_MARK)
 * @sock: the socket
 * @mark: the mark
 *
 * Return: 0; -EPERM without CAP_NET_ADMIN or CAP_NET_RAW.
 */
int lsk_socket_set_mark(struct lsk_socket *sock, uint32_t mark);

/**
 * lsk_socket_set_priority() - queueing priority of what is sent (SO_PRIORITY)
 * @sock: the socket
 * @priority: 0 to 6; others need CAP_NET_ADMIN or CAP_NET_RAW
 *
 * Return: 0 or -EPERM.
 */
int lsk_socket_set_priority(struct lsk_socket *sock, int priority);

/**
 * lsk_socket_cookie() - the kernel's number of the socket (SO_COOKIE)
 * @sock: the socket
 * @ret_cookie: set on success; ss(8) shows it with -e
 *
 * Return: 0 or a negative error.
 */
int lsk_socket_cookie(const struct lsk_socket *sock, uint64_t *ret_cookie);

LSK_END_DECLS

#endif
