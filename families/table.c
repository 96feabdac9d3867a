/* SPDX-License-Identifier: MIT */
/* The table of families that src/family.h declares. */
#include <stddef.h>

#include "families/table.h"

#define FAMILY_ADDRESS(name) &(name),

const struct lsk_family *const lsk_families[] = {
	FAMILY_ROWS(FAMILY_ADDRESS) NULL,
};
