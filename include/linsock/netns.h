/* SPDX-License-Identifier: MIT */
/*
 * Network namespaces: made, found, entered for one call. All need CAP_SYS_ADMIN but
 * lsk_netns_list().
 *
 * Named ones are those of ip(8): files in /run/netns, made and removed in a way that ip
 * understands.
 */
#ifndef LINSOCK_NETNS_H
#define LINSOCK_NETNS_H

#include <sys/types.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * lsk_netns_new() - make a namespace without a name
 *
 * It lives as long as a descriptor, a socket or a process is in it. Its loopback is
 * down.
 *
 * Return: a close-on-exec descriptor of it, owned by the caller; -EPERM, -ENOSPC (too
 * many namespaces), -ENOMEM.
 */
int lsk_netns_new(void);

/**
 * lsk_netns_open() - find a namespace
 * @name: a name of ip netns, or a path if it has a slash ("/proc/self/ns/net")
 *
 * Return: a close-on-exec descriptor of it, owned by the caller; -ENOENT, -EINVAL (no
 * network namespace), or another negated errno of open(2).
 */
int lsk_netns_open(const char *name);

/**
 * lsk_netns_open_pid() - the namespace of a process
 * @pid: the process; 0: the calling thread
 *
 * Return: as lsk_netns_open(); -ENOENT where there is no such process.
 */
int lsk_netns_open_pid(pid_t pid);

/**
 * typedef lsk_netns_fn - what lsk_netns_call() calls
 * @context: as given there
 *
 * Return: any number, which lsk_netns_call() returns.
 */
typedef int (*lsk_netns_fn)(void *context);

/**
 * lsk_netns_call() - call a function inside of a namespace
 * @netns_fd: descriptor of the namespace; borrowed
 * @function: runs in a thread of its own, so that the caller never leaves its own
 *	namespace; sockets that it makes belong to @netns_fd for good
 * @context: handed to @function
 *
 * Return: what @function returned; -EPERM, -EBADF, -EINVAL (no network namespace),
 * -EAGAIN (no thread to be had) where it was not called.
 */
int lsk_netns_call(int netns_fd, lsk_netns_fn function, void *context);

/**
 * lsk_netns_create() - make a namespace with a name, as "ip netns add"
 * @name: without a slash
 *
 * Return: 0, -EEXIST, -EINVAL (the name), -EPERM, or what mount(2) says.
 */
int lsk_netns_create(const char *name);

/**
 * lsk_netns_delete() - remove a name, as "ip netns del"
 * @name: without a slash
 *
 * The namespace goes when nothing is left in it.
 *
 * Return: 0, -ENOENT, -EINVAL, -EPERM.
 */
int lsk_netns_delete(const char *name);

/**
 * lsk_netns_list() - the names that there are
 * @each: called with @context and one name, borrowed for the call; another answer than
 *	0 ends the list
 * @context: handed to @each
 *
 * Return: 0, what @each returned, or the negated errno of opendir(3); no folder at all
 * is an empty list.
 */
int lsk_netns_list(int (*each)(void *context, const char *name), void *context);

LSK_END_DECLS

#endif
