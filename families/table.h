/* SPDX-License-Identifier: MIT */
/* The rows, each defined by its family's file. */
#ifndef LSK_FAMILIES_TABLE_H
#define LSK_FAMILIES_TABLE_H

#include "src/family.h"

extern const struct lsk_family lsk_family_inet;
extern const struct lsk_family lsk_family_inet6;
extern const struct lsk_family lsk_family_unix;

#endif
