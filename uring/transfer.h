/* SPDX-License-Identifier: MIT */
/*
 * Bytes between a stream socket and a file or pipe, which the program never sees: the
 * part of the two operations that both back ends share.
 */
#ifndef LSK_TRANSFER_H
#define LSK_TRANSFER_H

#include "uring/loop.h"

struct transfer;

/* What an operation of @kind, OP_SENDFILE or OP_SPLICE, begins with. Return: 0, or why
 * it cannot; transfer_drop() where it is not started after all. */
int transfer_new(struct lsk_loop *loop, enum op_kind kind, struct lsk_transfer *wanted,
		 struct transfer **ret_transfer);
void transfer_drop(struct lsk_loop *loop, struct transfer *transfer);

/* The head of the channel's queue is a file: send of it what can be sent. */
void transfer_send(struct channel *channel);

/* The kernel has come back with what it was handed of the head of the queue. */
void transfer_complete(struct loop_op *op, int result);

/*
 * Receive what is there, and the other end has room for. Return: 0 at the end; -EAGAIN
 * when the socket has no more, -EINPROGRESS when it may have; -EALREADY when the other
 * end is waited for, which lists the operation; or why it fails.
 */
int transfer_receive(struct loop_op *op);

/* Its operation ends. */
void transfer_end(struct lsk_loop *loop, struct loop_op *op);

/* Those that are kept for the next. */
void transfer_free_all(struct lsk_loop *loop);

#endif
