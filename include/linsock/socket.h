/* SPDX-License-Identifier: MIT */
/*
 * The socket object: one type for every family, used synchronously here and
 * asynchronously through <linsock/loop.h>.
 *
 * Errors: 0 or a count is success, a negative number of <linsock/error.h> is failure.
 * Every call answers -EINVAL for a NULL it does not allow and -EBADF for a socket that
 * was closed or detached; this is not repeated below.
 *
 * Threads: a socket is shared between threads as a descriptor is: any call may be made
 * from any thread, two readers each get some of the data, and lsk_socket_close() in one
 * thread ends the waits of the others with -EBADF. The first system call of a call
 * takes no lock: where it begins in the very moment of a close it may meet the number
 * of the descriptor after it, as it does with close(2) itself. Shut down first where
 * that matters.
 *
 * Waiting: a call tries the non-blocking system call first. Only where that would block
 * does it wait, on the calling thread's own ring (or with poll(2) where io_uring is not
 * to be had), until the socket's timeout. One deadline covers the whole call. What
 * io_uring gives a synchronous call is uniform waiting and cancelling, not speed.
 *
 * Signals: an interrupted call goes on, unless the program's hook says stop
 * (lsk_set_interrupt_hook()). SIGPIPE is never raised: a send to a closed peer is
 * -EPIPE.
 *
 * Every descriptor that the library makes is close-on-exec from birth.
 */
#ifndef LINSOCK_SOCKET_H
#define LINSOCK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/** LSK_BLOCK - the timeout that never expires */
#define LSK_BLOCK INT64_C(-1)

/** LSK_BACKLOG_DEFAULT - lets lsk_socket_listen() choose */
#define LSK_BACKLOG_DEFAULT (-1)

struct lsk_socket;

/**
 * lsk_socket_new() - create a close-on-exec socket
 * @ret_socket: set on success; free with lsk_socket_free()
 * @domain: AF_* constant; a family without a row works with raw addresses
 * @type: SOCK_STREAM and friends; SOCK_NONBLOCK sets the timeout to 0, SOCK_CLOEXEC is
 *	implied
 * @protocol: IPPROTO_* or the family's own; 0 for the default
 *
 * The timeout is lsk_default_timeout(), unless @type has SOCK_NONBLOCK.
 *
 * Return: 0, -EAFNOSUPPORT, or the negated errno of socket(2).
 */
int lsk_socket_new(struct lsk_socket **ret_socket, int domain, int type, int protocol);

/**
 * lsk_socket_pair() - create two sockets that are connected to each other
 * @ret_pair: set on success; free both with lsk_socket_free()
 * @domain: AF_UNIX or AF_TIPC as socketpair(2); for AF_INET and AF_INET6 a TCP pair
 *	over loopback is made, each end checked to be the other's peer
 * @type: as for lsk_socket_new()
 * @protocol: as for lsk_socket_new()
 *
 * Return: 0, or the negated errno of socketpair(2); -ECONNABORTED where a stranger got
 * between the two ends of a TCP pair.
 */
int lsk_socket_pair(struct lsk_socket *ret_pair[2], int domain, int type, int protocol);

/**
 * lsk_socket_adopt() - make an object of a descriptor
 * @ret_socket: set on success; free with lsk_socket_free(), which closes @fd
 * @fd: a socket; handed over on success, still the caller's on failure
 * @domain: AF_*, or -1 to ask the kernel
 * @type: SOCK_*, or -1 to ask the kernel
 * @protocol: or -1 to ask the kernel
 *
 * The timeout is 0 where the descriptor is in non-blocking mode, else the default.
 * Its close-on-exec flag is left as it is.
 *
 * Return: 0, -EBADF, -ENOTSOCK, or the negated errno of getsockopt(2).
 */
int lsk_socket_adopt(struct lsk_socket **ret_socket, int fd, int domain, int type,
		     int protocol);

/**
 * lsk_socket_from_fd() - make an object of a duplicate of a descriptor
 * @ret_socket: set on success; free with lsk_socket_free()
 * @fd: a socket; borrowed, it stays open and the caller's
 * @domain: as for lsk_socket_adopt()
 * @type: as for lsk_socket_adopt()
 * @protocol: as for lsk_socket_adopt()
 *
 * The duplicate is close-on-exec.
 *
 * Return: as lsk_socket_adopt(); -EMFILE.
 */
int lsk_socket_from_fd(struct lsk_socket **ret_socket, int fd, int domain, int type,
		       int protocol);

/**
 * lsk_socket_dup() - a second object for the same open socket
 * @sock: the socket; keeps its own descriptor
 * @ret_socket: set on success; free with lsk_socket_free()
 *
 * Same family, type, protocol and timeout; the descriptor is close-on-exec.
 *
 * Return: 0 or the negated errno of fcntl(2) F_DUPFD_CLOEXEC.
 */
int lsk_socket_dup(struct lsk_socket *sock, struct lsk_socket **ret_socket);

/**
 * lsk_socket_ref() - take one more reference
 * @sock: the socket; NULL is allowed
 *
 * Return: @sock.
 */
struct lsk_socket *lsk_socket_ref(struct lsk_socket *sock);

/**
 * lsk_socket_free() - drop a reference; the last one closes
 * @sock: the socket; NULL is allowed
 *
 * Return: NULL, so that "sock = lsk_socket_free(sock)" leaves nothing dangling.
 */
struct lsk_socket *lsk_socket_free(struct lsk_socket *sock);

/**
 * lsk_socket_freep() - drop the reference that a variable holds
 * @sock: address of the variable; NULL in it is allowed
 *
 * For __attribute__((cleanup(lsk_socket_freep))).
 */
void lsk_socket_freep(struct lsk_socket **sock);

/**
 * lsk_socket_format() - what a socket is, in one line for people
 * @sock: the socket, also a closed one
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; 2 * LSK_ADDR_TEXT_MAX always suffice
 *
 * "socket fd=3 family=inet type=stream protocol=6 local=inet://127.0.0.1:80
 * peer=inet://127.0.0.1:4711", in one line, without what there is not.
 *
 * Return: length of the text; -ENOSPC; -EINVAL.
 */
int lsk_socket_format(const struct lsk_socket *sock, char *buf, size_t size);

/**
 * lsk_socket_close() - close the descriptor now; the object stays
 * @sock: the socket
 *
 * Calls of other threads that wait on this socket end with -EBADF first, or with the
 * data that came after all; then the descriptor is closed. -ECONNRESET from close(2)
 * is no error. Nothing happens to a socket that is closed already, so the number of a
 * descriptor that was reused since is safe. While streams made by lsk_socket_makefile()
 * are open, the descriptor is closed with the last of them.
 *
 * Return: 0; -EBADF where it was closed or detached before; -EDEADLK from an interrupt
 * hook of a call that waits on this very socket; the negated errno of close(2), the
 * descriptor being gone all the same.
 */
int lsk_socket_close(struct lsk_socket *sock);

/**
 * lsk_fd_close() - close a descriptor that no object owns
 * @fd: the descriptor
 *
 * One close(2), whatever it says: the descriptor is gone after -EINTR too, and
 * -ECONNRESET is no error.
 *
 * Return: 0, -EBADF, or another negated errno of close(2).
 */
int lsk_fd_close(int fd);

/**
 * lsk_fd_dup() - a second descriptor for what a descriptor is
 * @fd: the descriptor; borrowed
 *
 * Return: the new one, close-on-exec and the caller's; -EBADF, -EMFILE.
 */
int lsk_fd_dup(int fd);

/**
 * lsk_socket_detach() - take the descriptor out of the object
 * @sock: the socket; closed for every later call
 *
 * Return: the descriptor, owned by the caller; -EBADF on a closed socket.
 */
int lsk_socket_detach(struct lsk_socket *sock);

/**
 * lsk_socket_fd() - the descriptor
 * @sock: the socket, which keeps owning it
 *
 * Return: the descriptor, or -EBADF on a closed socket.
 */
int lsk_socket_fd(const struct lsk_socket *sock);

/** lsk_socket_domain() - AF_* of the socket, or -EINVAL; also after a close */
int lsk_socket_domain(const struct lsk_socket *sock);

/** lsk_socket_type() - SOCK_* without flags, or -EINVAL; also after a close */
int lsk_socket_type(const struct lsk_socket *sock);

/** lsk_socket_protocol() - protocol of the socket, or -EINVAL; also after a close */
int lsk_socket_protocol(const struct lsk_socket *sock);

/**
 * lsk_socket_set_timeout() - how long calls may wait
 * @sock: the socket
 * @timeout_ns: nanoseconds; 0 for non-blocking; LSK_BLOCK to wait for ever
 *
 * The descriptor is put into non-blocking mode (O_NONBLOCK) exactly when @timeout_ns is
 * not LSK_BLOCK. That flag belongs to the open file: duplicates share it.
 *
 * Return: 0; -EINVAL for a negative number other than LSK_BLOCK.
 */
int lsk_socket_set_timeout(struct lsk_socket *sock, int64_t timeout_ns);

/** lsk_socket_timeout() - nanoseconds, 0, or LSK_BLOCK (also for NULL) */
int64_t lsk_socket_timeout(const struct lsk_socket *sock);

/**
 * lsk_socket_set_blocking() - the two ends of lsk_socket_set_timeout()
 * @sock: the socket
 * @blocking: true for LSK_BLOCK, false for 0
 *
 * Return: as lsk_socket_set_timeout().
 */
int lsk_socket_set_blocking(struct lsk_socket *sock, bool blocking);

/** lsk_socket_blocking() - whether calls may wait: the timeout is not 0 */
bool lsk_socket_blocking(const struct lsk_socket *sock);

/**
 * lsk_socket_set_inheritable() - whether exec(2) keeps the descriptor
 * @sock: the socket
 * @inheritable: true clears FD_CLOEXEC
 *
 * Return: 0 or the negated errno of fcntl(2).
 */
int lsk_socket_set_inheritable(struct lsk_socket *sock, bool inheritable);

/** lsk_socket_inheritable() - 1, 0, or a negative error */
int lsk_socket_inheritable(const struct lsk_socket *sock);

/**
 * lsk_set_default_timeout() - the timeout of sockets made from now on
 * @timeout_ns: as for lsk_socket_set_timeout(); LSK_BLOCK at the start
 *
 * For the whole process; atomic.
 *
 * Return: 0 or -EINVAL.
 */
int lsk_set_default_timeout(int64_t timeout_ns);

/** lsk_default_timeout() - nanoseconds, 0, or LSK_BLOCK */
int64_t lsk_default_timeout(void);

/**
 * typedef lsk_interrupt_fn - asked whenever a signal interrupts a waiting call
 * @context: as given to lsk_set_interrupt_hook()
 *
 * Runs in the thread that waits, outside of any signal handler. May not call into the
 * socket that waits.
 *
 * Return: 0 to go on waiting (the deadline stays), any other number to stop the call,
 * which then answers -EINTR.
 */
typedef int (*lsk_interrupt_fn)(void *context);

/**
 * lsk_set_interrupt_hook() - let the program stop interrupted calls (PEP 475)
 * @hook: NULL for none: interrupted calls go on
 * @context: handed to @hook
 *
 * For the calling thread.
 */
void lsk_set_interrupt_hook(lsk_interrupt_fn hook, void *context);

/**
 * lsk_socket_bind() - give the socket its local address
 * @sock: the socket
 * @addr: of the socket's family; copied
 *
 * Return: 0, -EADDRINUSE, -EACCES, or another negated errno of bind(2).
 */
int lsk_socket_bind(struct lsk_socket *sock, const struct lsk_addr *addr);

/**
 * lsk_socket_listen() - accept connections
 * @sock: the socket
 * @backlog: connections that may wait; LSK_BACKLOG_DEFAULT for the smaller of 128 and
 *	net.core.somaxconn; other negative numbers count as 0
 *
 * Return: 0 or the negated errno of listen(2).
 */
int lsk_socket_listen(struct lsk_socket *sock, int backlog);

/**
 * lsk_socket_accept() - take one connection
 * @sock: a listening socket
 * @ret_socket: set on success; free with lsk_socket_free()
 * @ret_peer: gets the peer's address; may be NULL
 *
 * The new socket is close-on-exec. Its timeout is the process' default where there is
 * one, else it blocks; the listener's is not inherited.
 *
 * Return: 0, -EAGAIN (timeout 0), -ETIME, -ECONNABORTED, -EMFILE, or another negated
 * errno of accept4(2).
 */
int lsk_socket_accept(struct lsk_socket *sock, struct lsk_socket **ret_socket,
		      struct lsk_addr *ret_peer);

/**
 * lsk_socket_connect() - connect, or set the default peer of a datagram socket
 * @sock: the socket
 * @addr: of the socket's family; copied
 *
 * After -ETIME or -EINTR the attempt goes on in the kernel, and the next call says
 * -EALREADY or finds it done.
 *
 * Return: 0, -EINPROGRESS (timeout 0), -ETIME, -ECONNREFUSED, or another negated errno
 * of connect(2).
 */
int lsk_socket_connect(struct lsk_socket *sock, const struct lsk_addr *addr);

/**
 * lsk_socket_connect_ex() - connect; what the kernel says is a result, not a failure
 * @sock: the socket
 * @addr: of the socket's family; copied
 *
 * Return: 0 when connected, else the positive errno (EAGAIN where the timeout expired);
 * negative only for a call that could not be tried: NULL, a closed socket.
 */
int lsk_socket_connect_ex(struct lsk_socket *sock, const struct lsk_addr *addr);

/**
 * lsk_socket_send() - send what fits now
 * @sock: the socket
 * @buf: the bytes; borrowed for the call
 * @len: how many
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 *
 * Return: bytes taken, which on a stream may be fewer than @len; -EAGAIN (timeout 0),
 * -ETIME, -EPIPE, -EMSGSIZE, or another negated errno of send(2).
 */
ssize_t lsk_socket_send(struct lsk_socket *sock, const void *buf, size_t len,
			int flags);

/**
 * lsk_socket_sendall() - send everything
 * @sock: the socket
 * @buf: the bytes; borrowed for the call
 * @len: how many; 0 still makes one system call
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 * @ret_sent: bytes sent, written on success and on failure; may be NULL
 *
 * One deadline covers all of it.
 *
 * Return: 0 or as lsk_socket_send().
 */
int lsk_socket_sendall(struct lsk_socket *sock, const void *buf, size_t len, int flags,
		       size_t *ret_sent);

/**
 * lsk_socket_sendto() - send to an address
 * @sock: the socket
 * @buf: the bytes; borrowed for the call
 * @len: how many
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 * @addr: the destination; NULL for the connected peer
 *
 * Return: as lsk_socket_send(); -EDESTADDRREQ, -EISCONN.
 */
ssize_t lsk_socket_sendto(struct lsk_socket *sock, const void *buf, size_t len,
			  int flags, const struct lsk_addr *addr);

/**
 * lsk_socket_recv() - receive what is there
 * @sock: the socket
 * @buf: gets the bytes
 * @len: room in @buf; 0 answers 0 without a system call
 * @flags: MSG_*, see below
 *
 * With MSG_TRUNC the answer is still the number of bytes in @buf; lsk_socket_recvmsg()
 * tells a datagram's full length. On a stream MSG_TRUNC is ignored: it would count
 * bytes that were thrown away. MSG_WAITALL waits until @buf is full, the deadline, or
 * the end; bytes that came before an error are told first.
 *
 * Return: bytes received, 0 at the end of a stream; -EAGAIN (timeout 0), -ETIME,
 * -ECONNRESET, or another negated errno of recv(2).
 */
ssize_t lsk_socket_recv(struct lsk_socket *sock, void *buf, size_t len, int flags);

/**
 * lsk_socket_recvfrom() - receive, and learn from whom
 * @sock: the socket
 * @buf: gets the bytes
 * @len: room in @buf; 0 still makes the system call, and takes a datagram
 * @flags: MSG_*, as for lsk_socket_recv()
 * @ret_from: gets the sender; its length is 0 where the protocol names none (a
 *	connected stream). May be NULL
 *
 * Return: as lsk_socket_recv().
 */
ssize_t lsk_socket_recvfrom(struct lsk_socket *sock, void *buf, size_t len, int flags,
			    struct lsk_addr *ret_from);

/**
 * lsk_socket_shutdown() - end one direction or both
 * @sock: the socket
 * @how: SHUT_RD, SHUT_WR or SHUT_RDWR
 *
 * Return: 0, -ENOTCONN, or another negated errno of shutdown(2).
 */
int lsk_socket_shutdown(struct lsk_socket *sock, int how);

/**
 * lsk_socket_has_half_close() - whether one direction of a connection can end alone
 * @sock: the socket; NULL and families that the library does not know can
 *
 * SCTP, TIPC, LLC and Bluetooth have no connection that is half open: SHUT_WR ends it
 * whole, is refused, or is not told to the peer. Who wants an answer there must not
 * wait for the peer's end, but end itself.
 *
 * Return: true or false.
 */
bool lsk_socket_has_half_close(const struct lsk_socket *sock);

/**
 * lsk_socket_getsockname() - the local address
 * @sock: the socket
 * @ret_addr: set on success
 *
 * Return: 0 or the negated errno of getsockname(2).
 */
int lsk_socket_getsockname(const struct lsk_socket *sock, struct lsk_addr *ret_addr);

/**
 * lsk_socket_getpeername() - the peer's address
 * @sock: the socket
 * @ret_addr: set on success
 *
 * Return: 0, -ENOTCONN, or another negated errno of getpeername(2).
 */
int lsk_socket_getpeername(const struct lsk_socket *sock, struct lsk_addr *ret_addr);

/**
 * lsk_socket_getsockopt() - read an option as bytes
 * @sock: the socket
 * @level: SOL_SOCKET, IPPROTO_TCP, …
 * @option: number of the option at @level
 * @buf: gets the value
 * @len: in: room in @buf; out, on success: bytes of the value
 *
 * Return: 0, -ENOPROTOOPT, or another negated errno of getsockopt(2).
 */
int lsk_socket_getsockopt(const struct lsk_socket *sock, int level, int option,
			  void *buf, socklen_t *len);

/**
 * lsk_socket_setsockopt() - set an option from bytes
 * @sock: the socket
 * @level: SOL_SOCKET, IPPROTO_TCP, …
 * @option: number of the option at @level
 * @buf: the value; NULL is passed on, as some options (ALG_SET_AEAD_AUTHSIZE) want it
 * @len: bytes in @buf
 *
 * Some CAN options answer with their value instead of 0 (SO_J1939_PROMISC); that is
 * success here too.
 *
 * Return: 0, -ENOPROTOOPT, or another negated errno of setsockopt(2).
 */
int lsk_socket_setsockopt(struct lsk_socket *sock, int level, int option,
			  const void *buf, socklen_t len);

/**
 * lsk_socket_getsockopt_int() - read an int option
 * @sock: the socket
 * @level: SOL_SOCKET, IPPROTO_TCP, …
 * @option: number of the option at @level
 * @ret_value: set on success
 *
 * Return: as lsk_socket_getsockopt().
 */
int lsk_socket_getsockopt_int(const struct lsk_socket *sock, int level, int option,
			      int *ret_value);

/** lsk_socket_setsockopt_int() - set an int option; 0 or a negative error */
int lsk_socket_setsockopt_int(struct lsk_socket *sock, int level, int option,
			      int value);

LSK_END_DECLS

#endif
