/* SPDX-License-Identifier: MIT */
/* Text that grows in a caller's buffer and is cut at its end. */
#ifndef LSK_NETLINK_TEXT_H
#define LSK_NETLINK_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct text {
	char *buf;
	size_t size; /* at least 1 */
	size_t len;  /* of the whole text, also of what was cut */
};

__attribute__((format(printf, 2, 3))) static inline void
text_add(struct text *text, const char *format, ...)
{
	size_t used = text->len < text->size ? text->len : text->size - 1;
	va_list args;
	int r;

	va_start(args, format);
	r = vsnprintf(text->buf + used, text->size - used, format, args);
	va_end(args);
	if (r > 0)
		text->len += (size_t)r;
}

#endif
