/* SPDX-License-Identifier: MIT */
/*
 * Sending with word of the end: when each frame was queued, or when it was on the wire.
 *
 *	struct lsk_can_config config = { .interface = "can0", .confirms = true };
 *	struct lsk_can_confirmation when[2];
 *	struct lsk_can_transmission job = {
 *		.frames = frames, .count = 2, .confirmations = when,
 *		.level = LSK_CAN_ON_WIRE,
 *	};
 *	lsk_can_transmit(can, &job);
 *
 * The word is the echo of the channel's own frame, which a controller gives when its
 * frame was acknowledged. An interface without one (vcan) echoes a frame as soon as it
 * is queued.
 */
#ifndef LINSOCK_CAN_TRANSMIT_H
#define LINSOCK_CAN_TRANSMIT_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/can.h>
#include <linsock/loop.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_can_level - when a transmission is complete
 * @LSK_CAN_QUEUED: the kernel has taken every frame
 * @LSK_CAN_ON_WIRE: every frame was on the wire; the channel must be one that confirms
 */
enum lsk_can_level {
	LSK_CAN_QUEUED,
	LSK_CAN_ON_WIRE,
};

/**
 * struct lsk_can_confirmation - when a frame was on the wire
 * @time_ns: as &lsk_can_record.time_ns
 * @flags: LSK_CAN_OWN: it was; with LSK_CAN_HARDWARE_TIME the controller said when. 0:
 *	there was no word of it
 */
struct lsk_can_confirmation {
	int64_t time_ns;
	unsigned int flags;
};

/**
 * struct lsk_can_transmission - frames to send, and what became of them
 * @frames: borrowed until the end
 * @count: how many
 * @interface: index of the interface; 0 for the channel's own
 * @level: enum lsk_can_level
 * @confirmations: gets one for each frame with LSK_CAN_ON_WIRE; borrowed until the end;
 *	may be NULL
 * @queued: told: frames that the kernel took
 * @confirmed: told: frames that were on the wire
 */
struct lsk_can_transmission {
	const struct lsk_can_frame *frames;
	size_t count;
	unsigned int interface;
	enum lsk_can_level level;
	struct lsk_can_confirmation *confirmations;
	size_t queued;
	size_t confirmed;
};

/**
 * lsk_can_transmit() - send frames in their order, and wait until they are through
 * @can: the channel; its timeout covers everything
 * @transmission: what to send; what is told is written on failure, too
 *
 * Echoes are matched to frames in their order. Of frames that are all the same, where
 * some got no echo, it is not known which.
 *
 * Return: 0; -EOPNOTSUPP with LSK_CAN_ON_WIRE on a channel that does not confirm;
 * -ECOMM where a later frame was on the wire, and an earlier one never; -ENETDOWN when
 * the interface goes down; LSK_ERR_RANGE for an error report, which no wire carries;
 * -EBUSY while another transmission is under way; or as lsk_can_send().
 */
int lsk_can_transmit(struct lsk_can *can, struct lsk_can_transmission *transmission);

/**
 * typedef lsk_can_transmit_fn - told the end of a transmission
 * @can: the channel, which may be used for the next one
 * @transmission: as given at the start
 * @result: as lsk_can_transmit(); -ETIME, or -ECANCELED after lsk_can_transmit_stop()
 * @context: as given at the start
 */
typedef void (*lsk_can_transmit_fn)(struct lsk_can *can,
				    struct lsk_can_transmission *transmission,
				    int result, void *context);

/**
 * struct lsk_can_transmit_then - what happens at the end of a transmission on a loop
 * @done: called once, by the loop
 * @context: handed to @done
 * @timeout_ns: from now; 0 for none
 */
struct lsk_can_transmit_then {
	lsk_can_transmit_fn done;
	void *context;
	int64_t timeout_ns;
};

/**
 * lsk_can_transmit_start() - send frames from a loop, which never waits for them
 * @can: the channel; it belongs to the loop until the end, and must not be freed before
 * @loop: the loop
 * @transmission: borrowed until the end
 * @then: copied
 *
 * Frames leave in their order, however often the loop has to wait for room. One
 * transmission of a channel is under way at a time.
 *
 * Return: 0, and the rest is told by @then; or as lsk_can_transmit() where it cannot
 * begin; -EINVAL.
 */
int lsk_can_transmit_start(struct lsk_can *can, struct lsk_loop *loop,
			   struct lsk_can_transmission *transmission,
			   const struct lsk_can_transmit_then *then);

/**
 * lsk_can_transmit_stop() - end a transmission on a loop early
 * @can: the channel
 *
 * What the kernel has taken is sent all the same. The callback comes with -ECANCELED.
 *
 * Return: 0, or -ENOENT where none is under way.
 */
int lsk_can_transmit_stop(struct lsk_can *can);

LSK_END_DECLS

#endif
