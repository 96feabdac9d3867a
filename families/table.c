/* SPDX-License-Identifier: MIT */
/* The one list of families. Adding a family adds a line here and one to the build. */
#include <stddef.h>

#include "src/family.h"

const struct lsk_family *const lsk_families[] = {
	NULL,
};
