/* SPDX-License-Identifier: MIT */
/*
 * The broadcast manager (BCM): the kernel sends frames in cycles, and watches received
 * ones for change and silence, without waking the program for each of them.
 */
#ifndef LINSOCK_BCM_H
#define LINSOCK_BCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/can.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_BCM_FRAMES_MAX - frames of one job */
#define LSK_BCM_FRAMES_MAX 256

struct lsk_bcm;

/**
 * lsk_bcm_open() - make a socket for jobs on one interface
 * @ret_bcm: set on success; free with lsk_bcm_free()
 * @interface: name; NULL or LSK_CAN_ANY to watch all
 * @ret_error: which step failed; may be NULL
 *
 * Jobs end with the socket. Their answers share its queue: keep a reader.
 *
 * Return: 0; -ENODEV; -EPROTONOSUPPORT where the kernel has no BCM; -ENOMEM.
 */
int lsk_bcm_open(struct lsk_bcm **ret_bcm, const char *interface,
		 struct lsk_error *ret_error);

/** lsk_bcm_free() - end all jobs and close; NULL is allowed; returns NULL */
struct lsk_bcm *lsk_bcm_free(struct lsk_bcm *bcm);

/**
 * lsk_bcm_socket() - the socket, for its timeout and descriptor
 * @bcm: keeps owning it
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_bcm_socket(const struct lsk_bcm *bcm);

/**
 * struct lsk_bcm_cycle - frames that are sent in turn
 * @frames: the frames, all classic or all FD; the first one's identifier names the job
 * @frame_count: 1 … 256
 * @first_count: how often the first interval is used; 0 for never
 * @first_ns: first interval
 * @then_ns: interval after that, for ever; 0 to end
 * @tells_end: an LSK_BCM_SENT event comes when @first_count is through
 */
struct lsk_bcm_cycle {
	const struct lsk_can_frame *frames;
	size_t frame_count;
	uint32_t first_count;
	int64_t first_ns;
	int64_t then_ns;
	bool tells_end;
};

/**
 * lsk_bcm_send_cycle() - start to send, or change what is sent and when
 * @bcm: the socket
 * @cycle: copied
 *
 * A job of the same identifier is replaced, also by one with more frames, for which the
 * kernel alone would say -E2BIG. The first frame goes out at once.
 *
 * Return: 0, -EINVAL, LSK_ERR_RANGE (kinds of frames that do not go together), or as
 * lsk_can_frame_check().
 */
int lsk_bcm_send_cycle(struct lsk_bcm *bcm, const struct lsk_bcm_cycle *cycle);

/**
 * lsk_bcm_send_once() - send one frame, without a job
 * @bcm: the socket, on one interface
 * @frame: copied
 *
 * Return: 0, or as lsk_bcm_send_cycle().
 */
int lsk_bcm_send_once(struct lsk_bcm *bcm, const struct lsk_can_frame *frame);

/**
 * lsk_bcm_update() - change the data of a job in place; its clock runs on
 * @bcm: the socket
 * @frames: as many as the job has, or fewer
 * @count: how many
 * @announce: send the new data at once, besides the cycle
 *
 * Return: 0; -EINVAL where there is no such job; -E2BIG for more frames than it has.
 */
int lsk_bcm_update(struct lsk_bcm *bcm, const struct lsk_can_frame *frames,
		   size_t count, bool announce);

/**
 * lsk_bcm_stop_cycle() - end a job of sending
 * @bcm: the socket
 * @frame: a frame of its identifier and kind: a job of FD frames is another one
 *
 * Return: 0, or -EINVAL where there is none.
 */
int lsk_bcm_stop_cycle(struct lsk_bcm *bcm, const struct lsk_can_frame *frame);

/**
 * enum lsk_bcm_watch_flags - what is watched
 * @LSK_BCM_WATCH_ID: everything of the identifier; no data is compared
 * @LSK_BCM_WATCH_LENGTH: a change of length counts as well
 * @LSK_BCM_WATCH_RESUME: after a silence, tell the first frame though it is unchanged
 * @LSK_BCM_WATCH_LATE: silence counts from the first frame, not from now
 */
enum lsk_bcm_watch_flags {
	LSK_BCM_WATCH_ID = 1 << 0,
	LSK_BCM_WATCH_LENGTH = 1 << 1,
	LSK_BCM_WATCH_RESUME = 1 << 2,
	LSK_BCM_WATCH_LATE = 1 << 3,
};

/**
 * struct lsk_bcm_watch - received frames of one identifier
 * @masks: frames whose identifier names the job and whose data bits say which bits of
 *	the received data count. With more than one, the first one's data is the mask of
 *	a multiplexer and each other one holds the multiplexer's value and its mask
 * @mask_count: 0 … 257; 0 with LSK_BCM_WATCH_ID
 * @can_id: identifier in the kernel's notation where @mask_count is 0
 * @is_fd: frames are FD ones where @mask_count is 0
 * @flags: enum lsk_bcm_watch_flags
 * @timeout_ns: silence that is told; 0 for none. On all interfaces a kernel may then
 *	keep to the first one that it heard: watch each on a socket of its own for all
 * @throttle_ns: at most one event in this time; 0 for all
 */
struct lsk_bcm_watch {
	const struct lsk_can_frame *masks;
	size_t mask_count;
	uint32_t can_id;
	bool is_fd;
	unsigned int flags;
	int64_t timeout_ns;
	int64_t throttle_ns;
};

/**
 * lsk_bcm_watch() - start to watch, or change how
 * @bcm: the socket
 * @watch: copied
 *
 * Return: as lsk_bcm_send_cycle().
 */
int lsk_bcm_watch(struct lsk_bcm *bcm, const struct lsk_bcm_watch *watch);

/**
 * lsk_bcm_unwatch() - end watching
 * @bcm: the socket
 * @can_id: identifier in the kernel's notation
 * @is_fd: of FD frames
 *
 * Return: 0, or -EINVAL where nothing of it is watched.
 */
int lsk_bcm_unwatch(struct lsk_bcm *bcm, uint32_t can_id, bool is_fd);

/**
 * struct lsk_bcm_job - names a job, and tells what it does
 * @can_id: identifier in the kernel's notation
 * @is_fd: of FD frames
 * @is_watch: of watching; else of sending
 * @remaining: told: how often the first interval is still used
 * @first_ns: told: first interval, or the silence that is told
 * @then_ns: told: interval after that, or the time of one event
 * @frame_count: told: its frames
 */
struct lsk_bcm_job {
	uint32_t can_id;
	bool is_fd;
	bool is_watch;
	uint32_t remaining;
	int64_t first_ns;
	int64_t then_ns;
	size_t frame_count;
};

/**
 * lsk_bcm_read() - what a job does now
 * @bcm: the socket; events that come in between are kept for lsk_bcm_next()
 * @job: names it, and is filled
 * @ret_frames: gets its frames, or the masks of a watch; NULL with @frames_max 0
 * @frames_max: room in @ret_frames; more frames are only counted
 *
 * Return: 0; -EINVAL where there is no such job; -ENOBUFS where the queue had no room
 * for the answer; -ENOMEM.
 */
int lsk_bcm_read(struct lsk_bcm *bcm, struct lsk_bcm_job *job,
		 struct lsk_can_frame *ret_frames, size_t frames_max);

/**
 * lsk_bcm_restore() - start all jobs anew after the interface was gone
 * @bcm: the socket
 *
 * When an interface is deleted or moved, its jobs go with it. This puts the socket on
 * the interface that has the name now and asks for every job again, with the data of
 * its last update; cycles that end by themselves are left out. The descriptor keeps its
 * number and becomes another socket: options that were set on it by hand are lost.
 * While the interface is only down, the kernel keeps the jobs, and counts their frames
 * down without sending them.
 *
 * Return: 1 where it was put back; 0 where nothing had to be done; -ENODEV while there
 * is no such interface; or as lsk_bcm_open().
 */
int lsk_bcm_restore(struct lsk_bcm *bcm);

/**
 * enum lsk_bcm_event_kind - what happened
 * @LSK_BCM_CHANGED: a frame came whose data changed (or any, with LSK_BCM_WATCH_ID)
 * @LSK_BCM_SILENT: none came for the timeout
 * @LSK_BCM_SENT: a cycle's first count is through
 */
enum lsk_bcm_event_kind {
	LSK_BCM_CHANGED,
	LSK_BCM_SILENT,
	LSK_BCM_SENT,
};

/**
 * struct lsk_bcm_event - something happened
 * @kind: enum lsk_bcm_event_kind
 * @can_id: names the job, in the kernel's notation
 * @interface: index of the interface that it came by; 0 where none is told
 * @frame: the frame, with LSK_BCM_CHANGED
 */
struct lsk_bcm_event {
	enum lsk_bcm_event_kind kind;
	uint32_t can_id;
	unsigned int interface;
	struct lsk_can_frame frame;
};

/**
 * lsk_bcm_next() - wait for an event
 * @bcm: the socket
 * @ret_event: set on success
 *
 * Return: 0; -ENETDOWN once when the interface goes down, which no job ends by; -ENODEV
 * when it is gone; -EAGAIN (timeout 0), -ETIME.
 */
int lsk_bcm_next(struct lsk_bcm *bcm, struct lsk_bcm_event *ret_event);

LSK_END_DECLS

#endif
