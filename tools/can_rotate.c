/* SPDX-License-Identifier: MIT */
/* Rotation of logs: the limits, and numbered names that sort as they were written. */
#include "tools/can_rotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

int can_rotation_parse_size(struct can_rotation *rotation, const char *text)
{
	static const char units[] = "kMG";
	const char *unit;
	char *end;
	unsigned long long size = strtoull(text, &end, 10);
	unsigned int shift = 0;

	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned int)(unit - units + 1);
		end++;
	}
	if (text[0] < '0' || text[0] > '9' || *end || size == 0 || size >> (63 - shift))
		return command_usage("--rotate-size takes bytes, or k, M, G of them, "
				     "not \"%s\"",
				     text);
	rotation->size_max = size << shift;
	return COMMAND_OK;
}

int can_rotation_parse_time(struct can_rotation *rotation, const char *text)
{
	if (command_parse_seconds(text, &rotation->time_max_ns) < 0 ||
	    rotation->time_max_ns <= 0)
		return command_usage("--rotate-time takes seconds, not \"%s\"", text);
	return COMMAND_OK;
}

bool can_rotation_is_on(const struct can_rotation *rotation)
{
	return rotation->size_max || rotation->time_max_ns;
}

bool can_rotation_is_due(struct can_rotation *rotation, uint64_t bytes, int64_t time_ns)
{
	bool is_due;

	if (!rotation->is_begun) {
		rotation->is_begun = true;
		rotation->start_ns = time_ns;
		return false;
	}
	is_due = (rotation->size_max && bytes >= rotation->size_max) ||
		 (rotation->time_max_ns &&
		  time_ns - rotation->start_ns >= rotation->time_max_ns);
	if (is_due) {
		rotation->start_ns = time_ns;
		rotation->number++;
	}
	return is_due;
}

void can_rotation_name(char buf[PATH_MAX], const char *name, unsigned long number)
{
	const char *slash = strrchr(name, '/');
	const char *dot = strrchr(slash ? slash : name, '.');
	int stem = dot ? (int)(dot - name) : (int)strlen(name);

	snprintf(buf, PATH_MAX, "%.*s-%04lu%s", stem, name, number, dot ? dot : "");
}
