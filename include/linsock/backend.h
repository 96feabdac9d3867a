/* SPDX-License-Identifier: MIT */
/*
 * What moves the bytes: io_uring where the kernel has it and allows it, readiness
 * (poll, epoll) elsewhere, with the same semantics.
 */
#ifndef LINSOCK_BACKEND_H
#define LINSOCK_BACKEND_H

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_backend - the two ways
 * @LSK_BACKEND_EPOLL: readiness: poll(2) and epoll(7)
 * @LSK_BACKEND_URING: completion: io_uring(7)
 */
enum lsk_backend {
	LSK_BACKEND_EPOLL,
	LSK_BACKEND_URING,
};

/**
 * struct lsk_backend_info - which back end is in use and why
 * @backend: the one that new threads and loops get
 * @name: "epoll" or "uring"; a constant string
 * @error: 0, or the negative errno with which io_uring was refused
 * @reason: one line, such as "io_uring_setup: Operation not permitted (seccomp or
 *	kernel.io_uring_disabled)"; a constant string
 */
struct lsk_backend_info {
	enum lsk_backend backend;
	const char *name;
	int error;
	const char *reason;
};

/**
 * lsk_backend_info() - which back end this process uses, and why
 * @ret_info: set
 *
 * The choice is made once, by a self-test (ring set-up, a NOP's round trip, a register
 * call), or by the environment: LINSOCK_BACKEND=uring|epoll. A forced "uring" that the
 * kernel refuses falls back too, and says so. Thread-safe.
 *
 * Return: 0, or -EINVAL for NULL.
 */
int lsk_backend_info(struct lsk_backend_info *ret_info);

LSK_END_DECLS

#endif
