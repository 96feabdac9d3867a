/* SPDX-License-Identifier: MIT */
/*
 * Filters past the kernel's 512. Splitting them over sockets would hand a frame out
 * twice where two sockets take it, lose the order between them, and make a channel's
 * own frames those of others; so one socket takes everything, and a socket filter drops
 * what does not pass before it is queued (can_program.c). What is too much for that is
 * judged here: by table for 11 bit identifiers, by search within each mask for the
 * rest.
 */
#include "families/can_judge.h"

#include <errno.h>
#include <linux/can.h>
#include <stdlib.h>
#include <string.h>

#include "uring/util.h"

uint32_t can_frame_filter_id(const struct lsk_can_frame *frame)
{
	uint32_t id = frame->id | (frame->is_extended ? CAN_EFF_FLAG : 0) |
		      (frame->is_remote ? CAN_RTR_FLAG : 0);

	if (frame->kind == LSK_CAN_XL)
		id |= (uint32_t)frame->vcid << 16;
	return id;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t left, right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return left < right ? -1 : left > right;
}

/* Those of one group stand together: by how they decide, by mask, by identifier. */
static int compare_filters(const void *a, const void *b)
{
	const struct lsk_can_filter *left = a, *right = b;
	uint32_t left_mask = left->mask & ~CAN_INV_FILTER;
	uint32_t right_mask = right->mask & ~CAN_INV_FILTER;
	uint32_t left_id = left->id & left_mask;
	uint32_t right_id = right->id & right_mask;

	if ((left->id ^ right->id) & CAN_INV_FILTER)
		return left->id & CAN_INV_FILTER ? 1 : -1;
	if (left_mask != right_mask)
		return left_mask < right_mask ? -1 : 1;
	return left_id < right_id ? -1 : left_id > right_id;
}

bool can_judge_group_decides(const struct can_judge_group *group, uint32_t id)
{
	id &= group->mask;
	if (group->is_by_miss)
		return group->count > 1 || group->ids[0] != id;
	return bsearch(&id, group->ids, group->count, sizeof(id), compare_ids);
}

static bool passes_by_groups(const struct can_judge *judge, uint32_t id)
{
	for (size_t i = 0; i < judge->group_count; i++)
		if (can_judge_group_decides(&judge->groups[i], id))
			return !judge->join;
	return judge->join;
}

/* Make groups of @filters, which are in their order. */
static void make_groups(struct can_judge *judge, const struct lsk_can_filter *filters,
			size_t count)
{
	struct can_judge_group *group = NULL;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t mask = filters[i].mask & ~CAN_INV_FILTER;
		bool is_by_miss =
			((filters[i].id & CAN_INV_FILTER) != 0) != judge->join;

		if (!group || group->mask != mask || group->is_by_miss != is_by_miss) {
			group = &judge->groups[judge->group_count++];
			*group = (struct can_judge_group){.mask = mask,
							  .is_by_miss = is_by_miss,
							  .ids = judge->ids + used};
		}
		if (group->count > 0 &&
		    group->ids[group->count - 1] == (filters[i].id & mask))
			continue;
		judge->ids[used++] = filters[i].id & mask;
		group->count++;
	}
}

int can_judge_init(struct can_judge *judge, const struct lsk_can_config *config)
{
	size_t count = config->filter_count;
	struct lsk_can_filter *filters = calloc(count, sizeof(*filters));

	judge->groups = calloc(count, sizeof(*judge->groups));
	judge->ids = calloc(count, sizeof(*judge->ids));
	if (!judge->groups || !judge->ids || !filters) {
		free(filters);
		can_judge_done(judge);
		return -ENOMEM;
	}
	memcpy(filters, config->filters, count * sizeof(*filters));
	qsort(filters, count, sizeof(*filters), compare_filters);
	judge->join = config->join_filters;
	make_groups(judge, filters, count);
	free(filters);
	for (uint32_t i = 0; i < 2 * (LSK_CAN_ID_MAX + 1); i++) {
		uint32_t id =
			(i & LSK_CAN_ID_MAX) | (i > LSK_CAN_ID_MAX ? CAN_RTR_FLAG : 0);

		if (passes_by_groups(judge, id))
			judge->standard[i / 32] |= 1u << i % 32;
	}
	return 0;
}

void can_judge_done(struct can_judge *judge)
{
	free(judge->groups);
	free(judge->ids);
	judge->groups = NULL;
	judge->ids = NULL;
}

bool can_judge_passes(const struct can_judge *judge, const struct lsk_can_frame *frame)
{
	size_t i = frame->id | (frame->is_remote ? LSK_CAN_ID_MAX + 1 : 0);

	if (frame->kind == LSK_CAN_ERROR)
		return true;
	if (frame->kind == LSK_CAN_XL)
		return passes_by_groups(judge, can_frame_filter_id(frame));
	if (frame->is_extended)
		return judge->kernel_knows_extended ||
		       passes_by_groups(judge, can_frame_filter_id(frame));
	return judge->standard[i / 32] >> i % 32 & 1;
}
