/* SPDX-License-Identifier: MIT */
/* What "linsock can gen" was asked for, and the frames that come of it. */
#ifndef LINSOCK_TOOLS_CAN_GEN_H
#define LINSOCK_TOOLS_CAN_GEN_H

#include <linsock.h>

enum can_gen_mode {
	CAN_GEN_RANDOM,
	CAN_GEN_EVEN,
	CAN_GEN_ODD,
	CAN_GEN_INCREMENT,
	CAN_GEN_FIXED,
};

/* A number of each frame, and how it comes about. */
struct can_gen_field {
	enum can_gen_mode mode;
	uint32_t value; /* of the next frame, unless it is left to chance */
};

struct can_gen {
	const char *interface;
	int64_t gap_ns;
	unsigned long burst;
	unsigned long count; /* 0: no end */
	unsigned int verbose;
	bool is_timed;    /* each frame has the time at which it is to go */
	int64_t start_ns; /* of CLOCK_TAI; 0: now */
	uint32_t mark;    /* of timed frames */
	long priority;    /* of the socket; -1: as it is */
	int64_t timeout_ns;
	struct lsk_can_config config;

	bool is_extended;
	bool is_fd;
	bool is_xl;
	uint8_t fd_flags;
	bool is_remote;
	bool has_raw_dlc;
	bool is_mixed;
	struct can_gen_field id;
	struct can_gen_field len; /* a length, or a code above 8 */
	struct can_gen_field xl_flags;
	struct can_gen_field xl_sdt;
	struct can_gen_field xl_acceptance;
	struct can_gen_field xl_vcid;
	enum can_gen_mode data_mode;
	uint64_t counter;
	uint8_t data[LSK_CANFD_DATA_MAX];
	uint8_t random_mask[LSK_CANFD_DATA_MAX]; /* bits that -D xx leaves to chance */
	bool mixes_xl;                           /* the interface takes XL */
	uint64_t seed;
};

/* Take cangen's arguments and ours. Return: an exit status, told. */
int can_gen_parse(struct can_gen *gen, int argc, char **argv);

/* Whether frames differ by their identifiers at most. */
bool can_gen_is_constant(const struct can_gen *gen);

/* Make the next frame, or only its identifier. */
void can_gen_make(struct can_gen *gen, struct lsk_can_frame *frame);
void can_gen_make_id(struct can_gen *gen, struct lsk_can_frame *frame);

#endif
