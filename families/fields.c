/* SPDX-License-Identifier: MIT */
/* Reading a place field by field, with faults that tell the field and its offset. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "families/fields.h"
#include "src/error.h"
#include "src/text.h"

bool fields_at_end(const struct fields *fields)
{
	return fields->text[fields->offset] == '\0';
}

bool fields_skip(struct fields *fields, char separator)
{
	if (fields->text[fields->offset] != separator)
		return false;
	fields->offset++;
	return true;
}

size_t fields_take(struct fields *fields, const char *separators,
		   const char **ret_field)
{
	size_t len;

	*ret_field = fields->text + fields->offset;
	len = strcspn(*ret_field, separators);
	fields->offset += len;
	return len;
}

int fields_number(struct fields *fields, const char *separators,
		  const struct field_kind *kind, uint32_t *ret_value)
{
	size_t start = fields->offset;
	const char *field;
	size_t len = fields_take(fields, separators, &field);
	uint64_t value;
	int r;

	for (const struct field_name *name = kind->names; name && name->name; name++)
		if (strlen(name->name) == len && memcmp(name->name, field, len) == 0) {
			*ret_value = name->value;
			return 0;
		}
	r = text_to_uint(field, len, kind->max, &value);
	if (r == LSK_ERR_RANGE)
		return error_set(fields->error, r, start,
				 "%s is out of range: expected 0 to %u", kind->what,
				 kind->max);
	if (r < 0)
		return error_set(fields->error, r, start, "expected %s, a number%s",
				 kind->what, kind->names ? " or a name" : "");
	*ret_value = (uint32_t)value;
	return 0;
}

int fields_expect(struct fields *fields, char separator, const char *before)
{
	if (fields_skip(fields, separator))
		return 0;
	return error_set(fields->error, LSK_ERR_SYNTAX, fields->offset,
			 "expected \"%c\" and %s", separator, before);
}

int fields_expect_end(struct fields *fields)
{
	if (fields_at_end(fields))
		return 0;
	return error_set(fields->error, LSK_ERR_SYNTAX, fields->offset,
			 "expected nothing more");
}

int fields_interface(struct fields *fields, const char *separators, int *ret_index)
{
	size_t start = fields->offset;
	const char *field;
	size_t len = fields_take(fields, separators, &field);
	char name[IF_NAMESIZE] = "";
	uint64_t index = 0;

	if (len == 0 || (len == 3 && memcmp(field, "any", 3) == 0)) {
		*ret_index = 0;
		return 0;
	}
	if (field[0] == '#' &&
	    text_to_uint(field + 1, len - 1, INT32_MAX, &index) == 0) {
		*ret_index = (int)index;
		return 0;
	}
	if (len >= sizeof(name))
		return error_set(fields->error, LSK_ERR_LENGTH, start,
				 "an interface's name has at most %zu bytes",
				 sizeof(name) - 1);
	memcpy(name, field, len);
	*ret_index = (int)if_nametoindex(name);
	if (*ret_index == 0)
		return error_set(fields->error, -ENODEV, start, "no interface \"%s\"",
				 name);
	return 0;
}

const char *field_name_of(const struct field_name *names, uint32_t value)
{
	for (; names && names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

void text_put_interface(struct text_writer *writer, int index)
{
	char name[IF_NAMESIZE];

	if (index == 0)
		text_put_string(writer, "any");
	else if (if_indextoname((unsigned int)index, name))
		text_put_string(writer, name);
	else
		text_put_format(writer, "#%d", index);
}

void text_put_named(struct text_writer *writer, const struct field_name *names,
		    uint32_t value)
{
	const char *name = field_name_of(names, value);

	if (name)
		text_put_string(writer, name);
	else
		text_put_format(writer, "%u", value);
}
