/* SPDX-License-Identifier: MIT */
/* Filters: their text and their meaning. */
#include <linsock/can.h>

#include <errno.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/can_judge.h"
#include "families/can_text.h"
#include "uring/util.h"

#define EFF_DIGITS 8

/* A number as "%x" reads it, "0x" included. */
static int parse_number(struct can_cursor *cursor, uint32_t *ret_value)
{
	size_t digits;

	if (cursor->at[0] == '0' && (cursor->at[1] == 'x' || cursor->at[1] == 'X') &&
	    text_hex_digit(cursor->at[2]) >= 0)
		cursor->at += 2;
	digits = can_hex_count(cursor->at);
	if (digits == 0)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"a hexadecimal number was expected");
	while (digits > EFF_DIGITS && *cursor->at == '0') {
		cursor->at++;
		digits--;
	}
	if (digits > EFF_DIGITS)
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"the number has more than 32 bits");
	return can_cursor_hex(cursor, (unsigned int)digits, ret_value);
}

static int parse_filter(struct can_cursor *cursor, struct lsk_can_filter *ret_filter)
{
	const char *id_text = cursor->at;
	struct lsk_can_filter filter = {0};
	int r = parse_number(cursor, &filter.id);

	if (r < 0)
		return r;
	if (cursor->at - id_text == EFF_DIGITS)
		filter.id |= CAN_EFF_FLAG;
	if (*cursor->at == '~')
		filter.id |= CAN_INV_FILTER;
	else if (*cursor->at == ':')
		filter.id &= ~CAN_INV_FILTER;
	else
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"\":\" or \"~\" and a mask were expected");
	cursor->at++;
	r = parse_number(cursor, &filter.mask);
	if (r < 0)
		return r;
	/* The bit of error frames means "invert" in an id and nothing in a mask. */
	filter.mask &= ~CAN_ERR_FLAG;
	*ret_filter = filter;
	return 0;
}

int lsk_can_filter_parse(struct lsk_can_filter *ret_filter, const char *text,
			 struct lsk_error *ret_error)
{
	struct can_cursor cursor = {.start = text, .at = text, .error = ret_error};
	struct lsk_can_filter filter;
	int r;

	if (!ret_filter || !text)
		return error_set(ret_error, -EINVAL, 0, "no filter text");
	r = parse_filter(&cursor, &filter);
	if (r < 0)
		return r;
	if (*cursor.at)
		return can_cursor_fault(&cursor, LSK_ERR_SYNTAX,
					"the filter should end here");
	*ret_filter = filter;
	return 0;
}

int lsk_can_filter_format(const struct lsk_can_filter *filter, char *buf, size_t size)
{
	char separator;
	uint32_t id;
	int len;

	if (!filter || !buf)
		return -EINVAL;
	separator = filter->id & CAN_INV_FILTER ? '~' : ':';
	id = filter->id & ~(CAN_EFF_FLAG | CAN_INV_FILTER);
	if (filter->id & CAN_EFF_FLAG)
		len = snprintf(buf, size, "%08X%c%X", id, separator, filter->mask);
	else if (id >= 0x10000000)
		/* Eight plain digits would read as an extended identifier. */
		len = snprintf(buf, size, "0x%X%c%X", id, separator, filter->mask);
	else
		len = snprintf(buf, size, "%03X%c%X", id, separator, filter->mask);
	if ((size_t)len >= size) {
		if (size > 0)
			buf[0] = '\0';
		return -ENOSPC;
	}
	return len;
}

bool lsk_can_filter_match(const struct lsk_can_filter *filter,
			  const struct lsk_can_frame *frame)
{
	bool is_match;

	if (!filter || !frame || frame->kind == LSK_CAN_ERROR)
		return false;
	is_match = ((can_frame_filter_id(frame) ^ filter->id) & filter->mask &
		    ~CAN_INV_FILTER) == 0;
	return is_match != ((filter->id & CAN_INV_FILTER) != 0);
}

/* One item between commas: a filter, "#" and a mask of errors, or "j". */
static int parse_item(struct can_cursor *cursor, struct lsk_can_filter_list *list)
{
	int r;

	switch (*cursor->at) {
	case 'j':
	case 'J':
		cursor->at++;
		list->join = true;
		return 0;
	case '#':
		cursor->at++;
		return parse_number(cursor, &list->error_mask);
	default:
		r = parse_filter(cursor, &list->filters[list->count]);
		if (r == 0)
			list->count++;
		return r;
	}
}

int lsk_can_filter_list_parse(struct lsk_can_filter_list *ret_list, const char *text,
			      struct lsk_error *ret_error)
{
	struct can_cursor cursor = {.start = text, .at = text, .error = ret_error};
	struct lsk_can_filter_list list = {0};
	size_t items = 1;
	int r = 0;

	if (!ret_list || !text)
		return error_set(ret_error, -EINVAL, 0, "no filter text");
	for (const char *c = text; *c; c++)
		items += *c == ',';
	list.filters = calloc(items, sizeof(*list.filters));
	if (!list.filters)
		return error_set(ret_error, -ENOMEM, 0, "no memory for filters");
	while (*text) {
		r = parse_item(&cursor, &list);
		if (r < 0 || !*cursor.at)
			break;
		if (*cursor.at != ',') {
			r = can_cursor_fault(&cursor, LSK_ERR_SYNTAX,
					     "a comma or the end was expected");
			break;
		}
		cursor.at++;
	}
	if (r < 0) {
		lsk_can_filter_list_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

void lsk_can_filter_list_done(struct lsk_can_filter_list *list)
{
	if (!list)
		return;
	free(list->filters);
	*list = (struct lsk_can_filter_list){0};
}
