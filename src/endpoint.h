/* SPDX-License-Identifier: MIT */
/* What an endpoint's text was read into. */
#ifndef LSK_ENDPOINT_INTERNAL_H
#define LSK_ENDPOINT_INTERNAL_H

#include <stdbool.h>

#include <linsock/endpoint.h>

#include "src/family.h"

/* More families than share a scheme today. */
#define ENDPOINT_CHOICES_MAX 4

/* The one option that the endpoint reads itself: the name of a row of types. */
#define ENDPOINT_OPTION_TYPE "type"

/* One family that can take the place, and the kind of socket it would make. */
struct endpoint_choice {
	const struct lsk_family *family;
	int type;
	int protocol;
	enum family_attach attach;
};

struct endpoint_option {
	char *name;
	char *value; /* decoded; NULL: the text has no "=" */
	size_t name_offset;
	size_t value_offset;
};

struct lsk_endpoint {
	char *text;
	size_t place_offset;
	/* One, unless the place is a name that several families may know. */
	struct endpoint_choice choices[ENDPOINT_CHOICES_MAX];
	size_t choices_count;
	struct lsk_addr addr; /* where it is no name; then there is one choice */
	char *host;           /* the name; NULL: addr is set */
	char *service;
	struct endpoint_option *options;
	size_t options_count;
};

/* Read "option&option=value" at @offset of the endpoint's text. */
int endpoint_options_parse(struct lsk_endpoint *endpoint, size_t offset,
			   struct lsk_error *ret_error);

/* Free what the call above made. */
void endpoint_options_free(struct lsk_endpoint *endpoint);

/* Judge every option, as far as this can be done without a socket. */
int endpoint_options_check(const struct lsk_endpoint *endpoint,
			   struct lsk_error *ret_error);

/* Set the options on @fd, a socket of @choice, that come before it is bound or
 * connected, or with @is_late those that come after that. */
int endpoint_options_apply(const struct lsk_endpoint *endpoint,
			   const struct endpoint_choice *choice, int fd, bool is_late,
			   struct lsk_error *ret_error);

/* The option called @name, or NULL. */
const struct endpoint_option *endpoint_option(const struct lsk_endpoint *endpoint,
					      const char *name);

#endif
