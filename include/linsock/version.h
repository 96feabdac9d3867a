/* SPDX-License-Identifier: MIT */
#ifndef LINSOCK_VERSION_H
#define LINSOCK_VERSION_H

#include <linsock/base.h>

LSK_BEGIN_DECLS

/* The version of the headers that a program was compiled with. */
#define LSK_VERSION_MAJOR 0
#define LSK_VERSION_MINOR 1
#define LSK_VERSION_PATCH 0

/**
 * lsk_version() - the version of the library that runs
 *
 * Return: "MAJOR.MINOR.PATCH", a constant string.
 */
const char *lsk_version(void);

LSK_END_DECLS

#endif
