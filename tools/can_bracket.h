/* SPDX-License-Identifier: MIT */
/*
 * Texts in angle brackets, as can-utils' servers speak them: "<112233>" is a message,
 * "< vcan1 A 1 0 123 2 11 22 >" a job of the broadcast manager.
 */
#ifndef LINSOCK_TOOLS_CAN_BRACKET_H
#define LINSOCK_TOOLS_CAN_BRACKET_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock.h>

/* What has come of a text that is not whole yet. */
struct can_bracket {
	char *text; /* room for @max bytes and a NUL; the caller's */
	size_t max;
	size_t len;
};

/*
 * Take bytes from *@bytes up to @end, which moves on, until a text is whole; what
 * stands between texts, and texts that are too long, are thrown away. Return: the text
 * with its brackets, which holds until the next call; NULL where all bytes are taken.
 */
const char *can_bracket_take(struct can_bracket *bracket, const char **bytes,
			     const char *end);

/* Read "<112233>" into @ret_bytes. Return: how many; 0 where the text is no message. */
size_t can_bracket_bytes(const char *text, uint8_t *ret_bytes, size_t max);

/* "< vcan1 A 1 0 123 2 11 22 >" */
struct can_bracket_job {
	char interface[IF_NAMESIZE];
	char what;
	int64_t interval_ns;
	uint32_t can_id; /* in the kernel's notation */
	struct lsk_can_frame frame;
};

/* Return: false where the text is no job. */
bool can_bracket_job(const char *text, struct can_bracket_job *ret_job);

#endif
