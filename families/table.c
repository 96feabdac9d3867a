/* SPDX-License-Identifier: MIT */
/* The one list of families. Adding a family adds a line here, one to table.h and one to
 * the build. */
#include <stddef.h>

#include "families/table.h"

const struct lsk_family *const lsk_families[] = {
	&lsk_family_inet,
	&lsk_family_inet6,
	&lsk_family_unix,
	NULL,
};
