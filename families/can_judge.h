/* SPDX-License-Identifier: MIT */
/* Filters past the kernel's 512: what judges frames by them. */
#ifndef LSK_CAN_JUDGE_H
#define LSK_CAN_JUDGE_H

#include <linux/filter.h>
#include <stdbool.h>

#include <linsock/can.h>

/* Filters of one mask. Most groups decide over a frame by a hit among their
 * identifiers; those that are by miss, by one that the frame differs from. */
struct can_judge_group {
	uint32_t mask;
	bool is_by_miss;
	const uint32_t *ids; /* in order, each once */
	size_t count;
};

/*
 * A frame that a group decides over passes, or does not where the filters are joined:
 * there a filter that fails decides. So plain filters are by miss where they are
 * joined, and inverted ones where they are not.
 */
struct can_judge {
	struct can_judge_group *groups; /* NULL: the kernel's own filters do it all */
	size_t group_count;
	uint32_t *ids;
	bool join;
	bool kernel_knows_extended; /* nothing is left to do for them */
	uint32_t standard[2 * (LSK_CAN_ID_MAX + 1) / 32]; /* verdicts by RTR and id */
};

/* A frame's identifier as the kernel's filters see it. */
uint32_t can_frame_filter_id(const struct lsk_can_frame *frame);

/* Copy the filters and work out the verdicts. Return: 0 or -ENOMEM. */
int can_judge_init(struct can_judge *judge, const struct lsk_can_config *config);
void can_judge_done(struct can_judge *judge);

/* Whether the frame passes. Error frames always do: the kernel judged them. */
bool can_judge_passes(const struct can_judge *judge, const struct lsk_can_frame *frame);

/* Whether the group decides over frames of @id. */
bool can_judge_group_decides(const struct can_judge_group *group, uint32_t id);

/* Most instructions of a socket filter, and bytes that hold them. */
#define CAN_PROGRAM_MAX BPF_MAXINSNS

/*
 * Write a socket filter that drops what the judge would. Frames of XL pass, and error
 * frames; extended ones, too, where not @with_extended.
 * Return: instructions; -ENOSPC where CAN_PROGRAM_MAX do not suffice.
 */
int can_program_write(const struct can_judge *judge, bool with_extended,
		      struct sock_filter *ret_instructions);

/*
 * Have the kernel judge as much as it will: its memory for filters is bounded. What it
 * leaves is up to can_judge_passes(). Return: 0 or -ENOMEM.
 */
int can_program_attach(struct can_judge *judge, struct lsk_socket *sock);

#endif
