/* SPDX-License-Identifier: MIT */
/*
 * A thread that sends what may take long. The kernel performs a netlink request inside
 * of send(2), whatever flags say: removing a link keeps the caller for 20 ms.
 */
#ifndef LSK_NETLINK_WRITER_H
#define LSK_NETLINK_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct netlink_writer;

/* Start the thread. @done is called in it when a send has ended. */
int netlink_writer_new(struct netlink_writer **ret_writer, int fd,
		       void (*done)(void *context), void *context);

/* Wait for the send under way and end the thread. NULL is allowed. Returns NULL. */
struct netlink_writer *netlink_writer_free(struct netlink_writer *writer);

/* Send one datagram to the kernel. Only when the one before was collected; all of it is
 * borrowed until then. */
void netlink_writer_send(struct netlink_writer *writer, struct iovec *iov,
			 size_t count);

/* Collect the result of the send. Return: whether it has ended. */
bool netlink_writer_collect(struct netlink_writer *writer, int *ret_result);

/* The send itself: one datagram to the kernel. Return: 0 or a negative error. */
int netlink_send_iov(int fd, struct iovec *iov, size_t count);

#endif
