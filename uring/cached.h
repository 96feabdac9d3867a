/* SPDX-License-Identifier: MIT */
/* Whether a part of a file is in memory, so that reading it does not wait for a disk.
 */
#ifndef LSK_CACHED_H
#define LSK_CACHED_H

#include <stdbool.h>
#include <stdint.h>

/* By cachestat(2), Linux 6.5. Return: false also where the kernel does not tell. */
bool file_is_cached(int fd, uint64_t offset, uint64_t len);

#endif
