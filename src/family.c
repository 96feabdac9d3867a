/* SPDX-License-Identifier: MIT */
/* Looking up rows of the family table. */
#include <string.h>

#include "src/family.h"

static bool name_is(const char *row_name, const char *name, size_t len)
{
	return strlen(row_name) == len && memcmp(row_name, name, len) == 0;
}

const struct lsk_family *family_by_domain(int domain)
{
	for (size_t i = 0; lsk_families[i]; i++)
		if (lsk_families[i]->domain == domain)
			return lsk_families[i];
	return NULL;
}

const struct lsk_family *family_by_name(const char *name, size_t len)
{
	for (size_t i = 0; lsk_families[i]; i++)
		if (name_is(lsk_families[i]->name, name, len))
			return lsk_families[i];
	return NULL;
}

const struct family_scheme *family_scheme(const struct lsk_family *family,
					  const char *name, size_t len)
{
	const struct family_scheme *scheme = family->schemes;

	for (; scheme && scheme->name; scheme++)
		if (name_is(scheme->name, name, len))
			return scheme;
	return NULL;
}
