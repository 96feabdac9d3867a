/* SPDX-License-Identifier: MIT */
/*
 * Bit timing: how a controller's clock is divided and a bit's quanta are split.
 *
 *	|SYNC| PROP_SEG + PHASE_SEG1 = tseg1 | PHASE_SEG2 = tseg2 |
 *	                                     ^ sample point
 *
 * Every division that the limits allow is looked at: the best bitrate wins, then the
 * best sample point, then the most quanta, which resynchronise finest.
 */
#include <linsock/rtnl_can.h>

#include <errno.h>
#include <stdlib.h>

#include "uring/util.h"

#define NSEC_PER_SEC    UINT64_C(1000000000)
#define PER_MILLE       1000u
#define ERROR_MAX_MILLE 50 /* of the bitrate: what the kernel allows, 5 % */

struct choice {
	uint64_t rate_error; /* in Hz */
	uint32_t point_error;
	uint32_t brp;
	uint32_t tseg1;
	uint32_t tseg2;
};

/* CiA's recommendation, and the kernel's. */
static uint32_t default_point(uint32_t bitrate)
{
	return bitrate > 800000 ? 750 : bitrate > 500000 ? 800 : 875;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* Split @quanta so that the sample point comes next to @point. Return: false: cannot.
 */
static bool split(const struct can_bittiming_const *limits, uint32_t quanta,
		  uint32_t point, struct choice *choice)
{
	uint32_t wanted = quanta - (point * quanta + PER_MILLE / 2) / PER_MILLE;
	uint32_t best = UINT32_MAX;

	for (uint32_t tseg2 = wanted > 0 ? wanted - 1 : 0; tseg2 <= wanted + 1;
	     tseg2++) {
		uint32_t at = tseg2 < limits->tseg2_min   ? limits->tseg2_min
			      : tseg2 > limits->tseg2_max ? limits->tseg2_max
							  : tseg2;
		uint32_t tseg1 = quanta - 1 - at;
		uint32_t is_at, error;

		if (at + 1 >= quanta)
			continue;
		if (tseg1 > limits->tseg1_max) {
			at += tseg1 - limits->tseg1_max;
			tseg1 = limits->tseg1_max;
		}
		if (at > limits->tseg2_max || tseg1 < limits->tseg1_min)
			continue;
		is_at = (1 + tseg1) * PER_MILLE / quanta;
		error = distance(is_at, point);
		/* An earlier point is better than any later one: so the kernel. */
		if (is_at > point)
			error += PER_MILLE;
		if (error >= best)
			continue;
		best = choice->point_error = error;
		choice->tseg1 = tseg1;
		choice->tseg2 = at;
	}
	return best != UINT32_MAX;
}

static bool is_better(const struct choice *a, const struct choice *b)
{
	if (a->rate_error != b->rate_error)
		return a->rate_error < b->rate_error;
	if (a->point_error != b->point_error)
		return a->point_error < b->point_error;
	return a->brp < b->brp;
}

static uint32_t sjw_of(const struct can_bittiming_const *limits, uint32_t phase1,
		       uint32_t phase2)
{
	uint32_t sjw = phase1 < phase2 / 2 ? phase1 : phase2 / 2;

	if (sjw > limits->sjw_max)
		sjw = limits->sjw_max;
	return sjw > 0 ? sjw : 1;
}

int lsk_can_timing(const struct can_bittiming_const *limits, uint32_t clock_hz,
		   uint32_t bitrate, uint32_t sample_point,
		   struct can_bittiming *ret_timing)
{
	struct choice best = {.rate_error = UINT64_MAX};
	uint32_t quanta;

	if (!limits || !ret_timing || clock_hz == 0 || bitrate == 0 ||
	    sample_point >= PER_MILLE || limits->brp_inc == 0 || limits->brp_min == 0 ||
	    limits->tseg2_max > PER_MILLE || limits->tseg1_max > PER_MILLE)
		return -EINVAL;
	if (sample_point == 0)
		sample_point = default_point(bitrate);
	for (quanta = 1 + limits->tseg1_min + limits->tseg2_min;
	     quanta <= 1 + limits->tseg1_max + limits->tseg2_max; quanta++) {
		/* The dividers on both sides of the exact one. */
		uint64_t exact = clock_hz / ((uint64_t)bitrate * quanta);
		uint64_t low = exact - exact % limits->brp_inc;

		for (uint64_t brp = low; brp <= low + limits->brp_inc;
		     brp += limits->brp_inc) {
			struct choice choice = {.brp = (uint32_t)brp};
			uint64_t rate;

			if (brp < limits->brp_min || brp > limits->brp_max ||
			    !split(limits, quanta, sample_point, &choice))
				continue;
			rate = clock_hz / (brp * quanta);
			choice.rate_error =
				rate > bitrate ? rate - bitrate : bitrate - rate;
			if (is_better(&choice, &best))
				best = choice;
		}
	}
	if (best.brp == 0 ||
	    best.rate_error * PER_MILLE > (uint64_t)bitrate * ERROR_MAX_MILLE)
		return -EDOM;
	quanta = 1 + best.tseg1 + best.tseg2;
	*ret_timing = (struct can_bittiming){
		.bitrate = (uint32_t)(clock_hz / ((uint64_t)best.brp * quanta)),
		.sample_point = (1 + best.tseg1) * PER_MILLE / quanta,
		.tq = (uint32_t)(best.brp * NSEC_PER_SEC / clock_hz),
		.prop_seg = best.tseg1 / 2,
		.phase_seg1 = best.tseg1 - best.tseg1 / 2,
		.phase_seg2 = best.tseg2,
		.brp = best.brp,
	};
	ret_timing->sjw =
		sjw_of(limits, ret_timing->phase_seg1, ret_timing->phase_seg2);
	return 0;
}
