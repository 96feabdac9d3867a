/* SPDX-License-Identifier: MIT */
/* Texts in angle brackets, as can-utils' servers speak them. */
#include "tools/can_bracket.h"

#include <linux/can.h>
#include <string.h>

#include "tools/can_scan.h"

#define NSEC_PER_USEC 1000

const char *can_bracket_take(struct can_bracket *bracket, const char **bytes,
			     const char *end)
{
	while (*bytes < end) {
		char byte = *(*bytes)++;

		if (bracket->len == 0 && byte != '<')
			continue;
		if (bracket->len >= bracket->max) {
			bracket->len = 0;
			continue;
		}
		bracket->text[bracket->len++] = byte;
		if (byte != '>')
			continue;
		bracket->text[bracket->len] = '\0';
		bracket->len = 0;
		return bracket->text;
	}
	return NULL;
}

size_t can_bracket_bytes(const char *text, uint8_t *ret_bytes, size_t max)
{
	const char *at = text + 1;
	size_t digits = strcspn(at, ">");

	/* An odd digit, or none at all, is no message. */
	if (digits < 2 || digits % 2 || digits / 2 > max ||
	    !can_scan_bytes(&at, ret_bytes, digits / 2) || *at != '>')
		return 0;
	return digits / 2;
}

/* Step over blanks. Return: false where there are none. */
static bool skip_blanks(const char **text)
{
	size_t len = strspn(*text, " ");

	*text += len;
	return len > 0;
}

/* The interface and the letter. */
static bool read_head(const char **text, struct can_bracket_job *job)
{
	size_t name;

	skip_blanks(text);
	name = strcspn(*text, " ");
	if (name == 0 || name >= sizeof(job->interface))
		return false;
	memcpy(job->interface, *text, name);
	*text += name;
	if (!skip_blanks(text) || !**text)
		return false;
	job->what = *(*text)++;
	return true;
}

bool can_bracket_job(const char *text, struct can_bracket_job *ret_job)
{
	int64_t seconds = 0, micros = 0, id = 0, len = 0;
	struct lsk_can_frame *frame = &ret_job->frame;
	const char *at = text + 1;

	*ret_job = (struct can_bracket_job){0};
	if (!read_head(&at, ret_job) || !skip_blanks(&at) ||
	    !can_scan_number(&at, 10, 0, INT32_MAX, &seconds) || !skip_blanks(&at) ||
	    !can_scan_number(&at, 10, 0, INT32_MAX, &micros) || !skip_blanks(&at) ||
	    !can_scan_number(&at, 16, 0, UINT32_MAX, &id) || !skip_blanks(&at) ||
	    !can_scan_number(&at, 10, 0, LSK_CAN_DATA_MAX, &len))
		return false;
	for (int64_t i = 0; i < len; i++)
		if (!skip_blanks(&at) || !can_scan_bytes(&at, &frame->data[i], 1))
			return false;
	skip_blanks(&at);
	ret_job->interval_ns = seconds * LSK_NSEC_PER_SEC + micros * NSEC_PER_USEC;
	ret_job->can_id = (uint32_t)id;
	frame->is_extended = ret_job->can_id & CAN_EFF_FLAG;
	frame->is_remote = ret_job->can_id & CAN_RTR_FLAG;
	frame->id =
		ret_job->can_id & (frame->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK);
	frame->len = (uint16_t)len;
	return *at == '>';
}
