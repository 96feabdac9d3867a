/* SPDX-License-Identifier: MIT */
#include <linsock/version.h>

#define TEXT_(x) #x
#define TEXT(x)  TEXT_(x)

const char *lsk_version(void)
{
	return TEXT(LSK_VERSION_MAJOR) "." TEXT(LSK_VERSION_MINOR) "." TEXT(
		LSK_VERSION_PATCH);
}
