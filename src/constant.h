/* SPDX-License-Identifier: MIT */
/* The table of constants, which scripts/generate-constants writes. */
#ifndef LSK_CONSTANT_H
#define LSK_CONSTANT_H

#include <stdbool.h>
#include <stdint.h>

struct constant {
	const char *name;
	int64_t value;
	uint16_t group; /* index into constant_groups */
	bool is_alias;  /* the value prints as another name */
};

/* By name, in the order of strcmp(). */
extern const struct constant constants[];
extern const unsigned int constant_count;

extern const char *const constant_groups[];
extern const unsigned int constant_group_count;

#endif
