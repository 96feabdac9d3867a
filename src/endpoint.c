/* SPDX-License-Identifier: MIT */
/* Endpoints: from text to what is to be made; making it is endpoint_open.c. */
#include "src/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/error.h"
#include "src/text.h"

/* What plain "name://" makes where the family has no scheme of that name. */
static struct endpoint_choice first_type(const struct lsk_family *family)
{
	return (struct endpoint_choice){
		.family = family,
		.type = family->types[0].type,
		.protocol = family->types[0].protocol,
		.attach = FAMILY_ATTACH_CONNECT,
	};
}

/* Every family that has the scheme, in the order of the table. */
static int find_choices(struct lsk_endpoint *endpoint, const char *name, size_t len,
			struct lsk_error *ret_error)
{
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *family = lsk_families[i];
		const struct family_scheme *scheme = family_scheme(family, name, len);
		struct endpoint_choice *choice =
			&endpoint->choices[endpoint->choices_count];

		if (!scheme && family_by_name(name, len) != family)
			continue;
		if (endpoint->choices_count == ENDPOINT_CHOICES_MAX)
			break;
		*choice = first_type(family);
		if (scheme) {
			choice->type = scheme->type;
			choice->protocol = scheme->protocol;
			choice->attach = scheme->attach;
		}
		endpoint->choices_count++;
	}
	if (endpoint->choices_count > 0)
		return 0;
	return error_set(ret_error, LSK_ERR_SCHEME, 0,
			 "no endpoint or address family is called \"%.*s\"", (int)len,
			 name);
}

/* "?type=seqpacket", where the scheme is the family's own name. */
static int apply_type(struct lsk_endpoint *endpoint, size_t name_len,
		      struct lsk_error *ret_error)
{
	const struct endpoint_option *option =
		endpoint_option(endpoint, ENDPOINT_OPTION_TYPE);
	struct endpoint_choice *choice = &endpoint->choices[0];
	const struct family_type *type;

	if (!option || !choice->family)
		return 0;
	if (family_by_name(endpoint->text, name_len) != choice->family)
		return error_set(ret_error, LSK_ERR_OPTION, option->name_offset,
				 "the scheme fixes the type already");
	for (type = choice->family->types; type->name; type++)
		if (option->value && strcmp(type->name, option->value) == 0) {
			choice->type = type->type;
			choice->protocol = type->protocol;
			return 0;
		}
	return error_set(ret_error, LSK_ERR_VALUE, option->value_offset,
			 "%s has no type of this name", choice->family->name);
}

/* Split "host:port"; has_host() has seen that it is one. */
static int keep_host(struct lsk_endpoint *endpoint, const char *place,
		     struct lsk_error *ret_error)
{
	const char *colon = strrchr(place, ':');

	endpoint->host = strndup(place, (size_t)(colon - place));
	endpoint->service = strdup(colon + 1);
	if (!endpoint->host || !endpoint->service)
		return error_set_code(ret_error, -ENOMEM, 0, NULL);
	return 0;
}

/* The protocol that the place names, and a type that goes with it. */
static void apply_protocol(struct endpoint_choice *choice, int protocol)
{
	const struct family_type *first = NULL;

	choice->protocol = protocol;
	for (const struct family_type *type = choice->family->types; type->name;
	     type++) {
		if (type->protocol != protocol)
			continue;
		if (type->type == choice->type)
			return;
		if (!first)
			first = type;
	}
	if (first)
		choice->type = first->type;
}

/* Let the families read the place; the first that can is the one choice left. */
static int read_place(struct lsk_endpoint *endpoint, const char *place,
		      struct lsk_error *ret_error)
{
	struct lsk_error worst = {0};
	size_t count = 0;

	for (size_t i = 0; i < endpoint->choices_count; i++) {
		struct endpoint_choice choice = endpoint->choices[i];
		struct lsk_error error = {0};
		int r;

		r = choice.family->parse(place, &endpoint->addr, &error);
		if (r == 0) {
			if (choice.family->place_protocol &&
			    choice.family->place_protocol(place) >= 0)
				apply_protocol(&choice,
					       choice.family->place_protocol(place));
			endpoint->choices[0] = choice;
			endpoint->choices_count = 1;
			return 0;
		}
		/* Whoever read farthest knows best what is meant. */
		if (i == 0 || error.offset > worst.offset)
			worst = error;
		if (choice.family->has_host && choice.family->has_host(place))
			endpoint->choices[count++] = choice;
	}
	if (count == 0) {
		*ret_error = worst;
		ret_error->offset += (unsigned int)endpoint->place_offset;
		return worst.code;
	}
	endpoint->choices_count = count;
	return keep_host(endpoint, place, ret_error);
}

static int endpoint_parse(struct lsk_endpoint *endpoint, struct lsk_error *ret_error)
{
	const char *place = text_place(endpoint->text);
	size_t name_len;
	char *query;
	int r;

	if (!place)
		return error_set(ret_error, LSK_ERR_SCHEME, 0,
				 "expected \"scheme://\" at the start");
	name_len = (size_t)(place - endpoint->text) - strlen(TEXT_SCHEME_END);
	endpoint->place_offset = (size_t)(place - endpoint->text);
	r = find_choices(endpoint, endpoint->text, name_len, ret_error);
	if (r < 0)
		return r;
	query = strchr(endpoint->text + endpoint->place_offset, '?');
	if (query) {
		r = endpoint_options_parse(
			endpoint, (size_t)(query - endpoint->text) + 1, ret_error);
		if (r < 0)
			return r;
		/* The families read a place that ends here. */
		*query = '\0';
	}
	r = apply_type(endpoint, name_len, ret_error);
	if (r == 0)
		r = read_place(endpoint, place, ret_error);
	if (query)
		*query = '?';
	if (r < 0)
		return r;
	return endpoint_options_check(endpoint, ret_error);
}

int lsk_endpoint_new(struct lsk_endpoint **ret_endpoint, const char *text,
		     struct lsk_error *ret_error)
{
	struct lsk_endpoint *endpoint;
	struct lsk_error ignored;
	int r;

	if (!ret_error)
		ret_error = &ignored;
	if (!ret_endpoint || !text)
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	endpoint = calloc(1, sizeof(*endpoint));
	if (endpoint)
		endpoint->text = strdup(text);
	if (!endpoint || !endpoint->text) {
		lsk_endpoint_free(endpoint);
		return error_set_code(ret_error, -ENOMEM, 0, NULL);
	}
	r = endpoint_parse(endpoint, ret_error);
	if (r < 0) {
		lsk_endpoint_free(endpoint);
		return r;
	}
	*ret_endpoint = endpoint;
	return 0;
}

struct lsk_endpoint *lsk_endpoint_free(struct lsk_endpoint *endpoint)
{
	if (!endpoint)
		return NULL;
	endpoint_options_free(endpoint);
	free(endpoint->service);
	free(endpoint->host);
	free(endpoint->text);
	free(endpoint);
	return NULL;
}

int lsk_endpoint_domain(const struct lsk_endpoint *endpoint)
{
	if (!endpoint)
		return -EINVAL;
	return endpoint->host ? AF_UNSPEC : endpoint->choices[0].family->domain;
}

int lsk_endpoint_type(const struct lsk_endpoint *endpoint)
{
	return endpoint ? endpoint->choices[0].type : -EINVAL;
}

int lsk_endpoint_protocol(const struct lsk_endpoint *endpoint)
{
	return endpoint ? endpoint->choices[0].protocol : -EINVAL;
}

const char *lsk_endpoint_text(const struct lsk_endpoint *endpoint)
{
	return endpoint ? endpoint->text : NULL;
}
