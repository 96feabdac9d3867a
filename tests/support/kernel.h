/* SPDX-License-Identifier: MIT */
/* Which kernel a test runs on: what one lacks is expected of it, and of no newer one.
 */
#ifndef TESTS_KERNEL_H
#define TESTS_KERNEL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>

static inline bool kernel_before(int major, int minor)
{
	struct utsname names;
	int have_major = 0, have_minor = 0;

	uname(&names);
	sscanf(names.release, "%d.%d", &have_major, &have_minor);
	return have_major < major || (have_major == major && have_minor < minor);
}

#endif
