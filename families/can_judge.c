/* SPDX-License-Identifier: MIT */
/*
 * Filters past the kernel's 512. Splitting them over sockets would hand a frame out
 * twice where two sockets take it, and lose the order between them; so one socket takes
 * everything, and the verdict falls here: by table for 11 bit identifiers, in turn for
 * the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "families/can_channel.h"
#include "uring/util.h"

static bool passes_in_turn(const struct can_judge *judge,
			   const struct lsk_can_frame *frame)
{
	for (size_t i = 0; i < judge->count; i++)
		if (lsk_can_filter_match(&judge->filters[i], frame) != judge->join)
			return !judge->join;
	return judge->join;
}

int can_judge_init(struct can_judge *judge, const struct lsk_can_config *config)
{
	struct lsk_can_frame *frame = calloc(1, sizeof(*frame));

	judge->filters = calloc(config->filter_count, sizeof(*judge->filters));
	if (!judge->filters || !frame) {
		free(frame);
		can_judge_done(judge);
		return -ENOMEM;
	}
	memcpy(judge->filters, config->filters,
	       config->filter_count * sizeof(*judge->filters));
	judge->count = config->filter_count;
	judge->join = config->join_filters;
	for (size_t i = 0; i < 8 * sizeof(judge->standard); i++) {
		frame->id = i & LSK_CAN_ID_MAX;
		frame->is_remote = i > LSK_CAN_ID_MAX;
		if (passes_in_turn(judge, frame))
			judge->standard[i / 8] |= (uint8_t)(1u << i % 8);
	}
	free(frame);
	return 0;
}

void can_judge_done(struct can_judge *judge)
{
	free(judge->filters);
	judge->filters = NULL;
}

bool can_judge_passes(const struct can_judge *judge, const struct lsk_can_frame *frame)
{
	size_t i = frame->id | (frame->is_remote ? LSK_CAN_ID_MAX + 1 : 0);

	if (frame->kind == LSK_CAN_ERROR)
		return true;
	if (frame->is_extended || frame->kind == LSK_CAN_XL)
		return passes_in_turn(judge, frame);
	return judge->standard[i / 8] & 1u << i % 8;
}
