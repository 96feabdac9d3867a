/* SPDX-License-Identifier: MIT */
/*
 * AF_XDP: frames of one queue of a network device, in memory that the kernel and the
 * program share, before the network stack sees them.
 *
 *	xdp://eth0/0              interface and queue
 *
 *	lsk_xdp_new(&xdp, &options);
 *	lsk_xdp_program_new(&program, options.interface, 0);
 *	lsk_xdp_program_add(program, xdp);        frames come here from now on
 *	count = lsk_xdp_receive(xdp, frames, 64);
 *	lsk_xdp_release(xdp, frames, count);
 *
 * Not thread-safe: one thread at a time for each object. CAP_NET_RAW for sockets,
 * CAP_BPF and CAP_NET_ADMIN for programs.
 *
 * Linux 4.18; programs 5.9. Source: linux/if_xdp.h,
 * Documentation/networking/af_xdp.rst.
 */
#ifndef LINSOCK_XDP_H
#define LINSOCK_XDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_xdp() - an address of AF_XDP from its parts
 * @ret_addr: set on success
 * @interface: index
 * @queue: of the device, from 0
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_xdp(struct lsk_addr *ret_addr, unsigned int interface, unsigned int queue);

/**
 * lsk_addr_xdp_read() - the parts of an address of AF_XDP
 * @addr: the address
 * @ret_interface: set on success; may be NULL
 * @ret_queue: set on success; may be NULL
 *
 * Return: 0; LSK_ERR_FAMILY for another address; -EINVAL for NULL.
 */
int lsk_addr_xdp_read(const struct lsk_addr *addr, unsigned int *ret_interface,
		      unsigned int *ret_queue);

/* Flags of struct lsk_xdp_options. */
#define LSK_XDP_COPY      1 /* always by copying */
#define LSK_XDP_ZERO_COPY 2 /* never by copying, or not at all */

/**
 * struct lsk_xdp_options - how lsk_xdp_new() goes about it
 * @interface: index of the device
 * @queue: its queue, from 0
 * @flags: LSK_XDP_*; 0 lets the kernel choose
 * @frames: how many frames the shared memory has, half for each direction; 0: 2048;
 *	else a power of two from 2 to 65536
 * @frame_size: bytes of each; 0: 4096; else 2048 or 4096
 */
struct lsk_xdp_options {
	unsigned int interface;
	unsigned int queue;
	unsigned int flags;
	uint32_t frames;
	uint32_t frame_size;
};

/* A socket, its memory and its four rings. */
struct lsk_xdp;

/**
 * lsk_xdp_new() - make a socket with its memory and rings, and bind it
 * @ret_xdp: set on success; free with lsk_xdp_free()
 * @options: copied
 *
 * Sends at once; receives when a program hands frames to it.
 *
 * Return: 0; -EINVAL; -ENODEV; -EBUSY where the queue has a socket of this kind;
 * -EOPNOTSUPP (LSK_XDP_ZERO_COPY); -EPERM; -ENOBUFS (RLIMIT_MEMLOCK); -EAFNOSUPPORT.
 */
int lsk_xdp_new(struct lsk_xdp **ret_xdp, const struct lsk_xdp_options *options);

/**
 * lsk_xdp_free() - close the socket and unmap its memory
 * @xdp: NULL is allowed; frames that were received are no more
 *
 * Return: NULL.
 */
struct lsk_xdp *lsk_xdp_free(struct lsk_xdp *xdp);

/**
 * lsk_xdp_socket() - its socket, for its timeout, options and waiting
 * @xdp: made by lsk_xdp_new()
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_xdp_socket(const struct lsk_xdp *xdp);

/** lsk_xdp_queue() - the queue that it is bound to, or -EINVAL for NULL */
int64_t lsk_xdp_queue(const struct lsk_xdp *xdp);

/**
 * struct lsk_xdp_frame - a frame in the shared memory
 * @data: from the Ethernet header on; the caller's until lsk_xdp_release()
 * @len: bytes
 * @place: where it is, for lsk_xdp_release()
 */
struct lsk_xdp_frame {
	uint8_t *data;
	size_t len;
	uint64_t place;
};

/**
 * lsk_xdp_receive() - take the frames that are there
 * @xdp: made by lsk_xdp_new()
 * @frames: room for @max
 * @max: how many at most
 *
 * Waits for the first one, within the socket's timeout. What is not released is missing
 * for what comes: the device drops when there is no frame left.
 *
 * Return: how many, 1 or more; -EAGAIN (timeout 0), -ETIME, -EINTR.
 */
ssize_t lsk_xdp_receive(struct lsk_xdp *xdp, struct lsk_xdp_frame *frames, size_t max);

/**
 * lsk_xdp_release() - give frames back, for others to come
 * @xdp: that received them
 * @frames: each once
 * @count: how many
 */
void lsk_xdp_release(struct lsk_xdp *xdp, const struct lsk_xdp_frame *frames,
		     size_t count);

/**
 * lsk_xdp_send() - send frames
 * @xdp: made by lsk_xdp_new()
 * @frames: whole Ethernet frames, copied
 * @count: how many
 *
 * Waits, within the socket's timeout, while all of the memory is on its way.
 *
 * Return: how many were taken, fewer than @count where the deadline came in between;
 * -EMSGSIZE where the first is longer than a frame; -EAGAIN (timeout 0), -ETIME;
 * -ENETDOWN.
 */
ssize_t lsk_xdp_send(struct lsk_xdp *xdp, const struct iovec *frames, size_t count);

/**
 * lsk_xdp_flush() - wait until the device has all that was sent
 * @xdp: made by lsk_xdp_new()
 *
 * Return: 0; -EAGAIN (timeout 0), -ETIME; -ENETDOWN.
 */
int lsk_xdp_flush(struct lsk_xdp *xdp);

/**
 * struct lsk_xdp_statistics - what went wrong so far (XDP_STATISTICS)
 * @dropped: frames that could not be received, for another reason than those below
 * @ring_full: the program did not take them fast enough
 * @no_frame: no frame was there to receive into
 * @bad_receive: places given back that are none
 * @bad_send: places sent that are none
 * @ring_empty: the device looked for frames to send and found none
 */
struct lsk_xdp_statistics {
	uint64_t dropped;
	uint64_t ring_full;
	uint64_t no_frame;
	uint64_t bad_receive;
	uint64_t bad_send;
	uint64_t ring_empty;
};

/**
 * lsk_xdp_statistics() - what went wrong so far
 * @xdp: made by lsk_xdp_new()
 * @ret_statistics: set on success; what an older kernel does not tell is 0
 *
 * Return: 0 or a negative error.
 */
int lsk_xdp_statistics(const struct lsk_xdp *xdp,
		       struct lsk_xdp_statistics *ret_statistics);

/**
 * lsk_xdp_is_zero_copy() - whether frames are the device's own memory (XDP_OPTIONS)
 * @xdp: made by lsk_xdp_new()
 *
 * Return: 1, 0, or a negative error.
 */
int lsk_xdp_is_zero_copy(const struct lsk_xdp *xdp);

/* A program on a device that hands the frames of a queue to the queue's socket. */
struct lsk_xdp_program;

/* Flags of lsk_xdp_program_new(). */
#define LSK_XDP_GENERIC 2 /* behind the driver: works with every device */
#define LSK_XDP_DRIVER  4 /* in the driver, or not at all */

/**
 * lsk_xdp_program_new() - put a program on a device
 * @ret_program: set on success; free with lsk_xdp_program_free()
 * @interface: index of the device
 * @flags: LSK_XDP_GENERIC or _DRIVER; 0 lets the kernel choose
 *
 * Frames of queues without a socket go to the network stack, as ever. The program goes
 * with the object, and with the process at the latest.
 *
 * Return: 0; -EBUSY where the device has another program; -EOPNOTSUPP; -EPERM;
 * -ENODEV; -ENOMEM; -EINVAL before Linux 5.9.
 */
int lsk_xdp_program_new(struct lsk_xdp_program **ret_program, unsigned int interface,
			unsigned int flags);

/**
 * lsk_xdp_program_add() - hand the frames of a socket's queue to it
 * @program: of the socket's device
 * @xdp: at most one for each queue; queues 0 … 63
 *
 * Ends when the socket is closed.
 *
 * Return: 0; -EINVAL for a device or queue of another kind; -EPERM.
 */
int lsk_xdp_program_add(struct lsk_xdp_program *program, const struct lsk_xdp *xdp);

/**
 * lsk_xdp_program_free() - take it off the device
 * @program: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_xdp_program *lsk_xdp_program_free(struct lsk_xdp_program *program);

LSK_END_DECLS

#endif
