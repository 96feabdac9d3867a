/* SPDX-License-Identifier: MIT */
/* Reading a place field by field, with faults that tell the field and its offset. */
#ifndef LSK_FIELDS_H
#define LSK_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/error.h>

/* Where the reader stands in the text of a place. */
struct fields {
	const char *text;
	size_t offset;
	struct lsk_error *error;
};

/* A word that stands for a number: "any", "host". Lists end with a NULL name. */
struct field_name {
	const char *name;
	uint32_t value;
};

/* What a number may be, and what it is called in a fault. */
struct field_kind {
	const char *what;
	uint32_t max;
	const struct field_name *names; /* NULL: numbers only */
};

/* Whether nothing is left. */
bool fields_at_end(const struct fields *fields);

/* Step over @separator. Return: whether it stood there. */
bool fields_skip(struct fields *fields, char separator);

/*
 * Take the bytes up to one of @separators or the end. Return: their number; @ret_field
 * points at them, inside the text.
 */
size_t fields_take(struct fields *fields, const char *separators,
		   const char **ret_field);

/*
 * Take a number (decimal, or hexadecimal after "0x") or one of the kind's names.
 * Return: 0, LSK_ERR_SYNTAX, LSK_ERR_RANGE.
 */
int fields_number(struct fields *fields, const char *separators,
		  const struct field_kind *kind, uint32_t *ret_value);

/* Step over @separator, a fault where it does not stand there. */
int fields_expect(struct fields *fields, char separator, const char *before);

/* A fault unless nothing is left. */
int fields_expect_end(struct fields *fields);

/*
 * Take the name of an interface, or "any" or nothing for 0. Return: 0, -ENODEV,
 * LSK_ERR_LENGTH.
 */
int fields_interface(struct fields *fields, const char *separators, int *ret_index);

/* The name of @value in @names, or NULL. */
const char *field_name_of(const struct field_name *names, uint32_t value);

struct text_writer;

/* Write an interface's name: "any" for 0, "#7" for one that is gone. */
void text_put_interface(struct text_writer *writer, int index);

/* Write the name of @value in @names, or its decimal number. */
void text_put_named(struct text_writer *writer, const struct field_name *names,
		    uint32_t value);

#endif
