/* SPDX-License-Identifier: MIT */
/*
 * What the socket object holds, and how its modules wait.
 *
 * The descriptor is an atomic int, so that close in one thread and a system call in
 * another meet as they do on the bare descriptor: the late one gets -EBADF. Nothing
 * else is touched where the first system call succeeds. Only a call that has to wait
 * takes the lock, to put itself on the list of those that close must end first.
 */
#ifndef LSK_SOCKET_INTERNAL_H
#define LSK_SOCKET_INTERNAL_H

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/socket.h>

#include "src/family.h"
#include "src/lock.h"
#include "uring/engine.h"

/* How a descriptor is marked that is no more. */
#define SOCKET_CLOSED (-EBADF)

struct socket_waiter;

struct lsk_socket {
	_Atomic int fd; /* SOCKET_CLOSED once closed or detached */
	int send_flags; /* MSG_NOSIGNAL, unless the family refuses flags */
	/* Of the loop that it is bound to, or NULL. Beside the descriptor: these two
	 * are all that an operation of a loop looks at. */
	struct channel *channel;
	_Atomic int64_t timeout_ns;
	const struct lsk_family *family; /* NULL: no row */
	int message_flags; /* MSG_CMSG_CLOEXEC, unless the family refuses it */
	int domain;
	int type; /* without flags */
	int protocol;
	_Atomic unsigned int references;

	struct lock lock; /* of what follows */
	struct socket_waiter *waiters;
	_Atomic uint32_t unwaited;         /* bell: a waiter has left */
	unsigned int holds : 30;           /* streams over the socket */
	unsigned int is_close_pending : 1; /* close waits for the holds */
	unsigned int is_ending_waits : 1;  /* somebody listens to the bell */
};

/* With what a loop keeps of it, of which an operation and a channel are 64 bytes each,
 * ten thousand idle connections are to cost no more than 256 bytes apiece. */
static_assert(sizeof(struct lsk_socket) <= 72, "a socket is small, and 8 are malloc's");

/* The descriptor, or -EINVAL for NULL, or -EBADF once closed. */
static inline int socket_fd(const struct lsk_socket *sock)
{
	if (__builtin_expect(!sock, 0))
		return -EINVAL;
	return atomic_load_explicit(&sock->fd, memory_order_relaxed);
}

static inline int64_t socket_timeout(const struct lsk_socket *sock)
{
	return atomic_load_explicit(&sock->timeout_ns, memory_order_relaxed);
}

/* The moment at which a call ends that begins to wait now; negative: never. */
int64_t socket_deadline(const struct lsk_socket *sock);

/* What ENGINE_CONNECT has to know of the socket: enum engine_connect. */
int socket_connect_flags(const struct lsk_socket *sock);

/*
 * Let the calling thread's engine perform @request on the socket, whose descriptor is
 * filled in here, and wait until @deadline_ns. Return: the operation's result; -ETIME;
 * -EINTR where the interrupt hook said so; -EBADF where the socket was closed; what
 * making an engine says.
 */
int64_t socket_run(struct lsk_socket *sock, struct engine_request *request,
		   int64_t deadline_ns);

/*
 * The same for a socket with a timeout whose operation fails at once in non-blocking
 * mode, since the kernel has no event to wait for: the mode is changed around it.
 */
int64_t socket_run_blocking(struct lsk_socket *sock, struct engine_request *request,
			    int64_t deadline_ns);

/* Wait for POLL* @events, as socket_run(). Return: those that are there, or an error.
 */
int socket_poll(struct lsk_socket *sock, int events, int64_t deadline_ns);

/*
 * Whether a call that got @result from a system call with MSG_DONTWAIT goes on to wait.
 * The error queue never blocks: the kernel says that it is empty, and a drain loop
 * ends.
 */
bool socket_must_wait(const struct lsk_socket *sock, ssize_t result, int flags);

/* What of MSG_* @flags is passed on to the kernel when @sock receives. */
int socket_recv_flags(const struct lsk_socket *sock, int flags);

/*
 * Send @message, which would have blocked, in the way that suits the family. Return: as
 * socket_run().
 */
ssize_t socket_send_wait(struct lsk_socket *sock, struct msghdr *message, int flags,
			 int64_t deadline_ns);

/* Whether the calling thread itself waits: an interrupt hook that would close. Under
 * the lock. */
bool socket_waits_here(struct lsk_socket *sock);

/* Wake all waiting calls and wait until they have left. Under the lock. */
void socket_end_waits(struct lsk_socket *sock);

/* The timeout of a new socket of @type, and the SOCK_* flags that go with it. */
int64_t socket_initial_timeout(int type, int *ret_flags);

/* lsk_socket_new(), with the family's fallback where the kernel lacks the protocol. */
int socket_new_or_fallback(struct lsk_socket **ret_socket, int domain, int type,
			   int protocol);

/*
 * Make an object of @fd, which is handed over on success. The descriptor's O_NONBLOCK
 * is taken to be right already.
 */
int socket_wrap(struct lsk_socket **ret_socket, int fd, int domain, int type,
		int protocol, int64_t timeout_ns);

/* The same for a descriptor that is new: the family prepares it first. */
int socket_wrap_new(struct lsk_socket **ret_socket, int fd, int domain, int type,
		    int protocol, int64_t timeout_ns);

/* Keep the descriptor open over a close. Return: 0, or -EBADF where it is closed. */
int socket_hold(struct lsk_socket *sock);

/* Give it up again; the last one performs a close that waited. Return: as close. */
int socket_release(struct lsk_socket *sock);

/* Set or clear O_NONBLOCK. */
int socket_set_nonblock(int fd, bool is_nonblock);

/* Put an address that the kernel wrote into shape: never longer than its storage. */
static inline void socket_clamp_addr(struct lsk_addr *addr)
{
	if (addr->len > sizeof(addr->storage))
		addr->len = sizeof(addr->storage);
}

#endif
