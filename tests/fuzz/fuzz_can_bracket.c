/* SPDX-License-Identifier: MIT */
/*
 * What clients send to the servers of ISO-TP messages and of the broadcast manager, in
 * bites of the first byte's length: the same texts whatever the bites, messages and
 * jobs that print as what they were read from.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/can_bracket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX  100 /* as the server of jobs has it */
#define BYTES_MAX 40

/* A message prints as its text, but for the case of the digits. */
static void read_bytes(const char *text)
{
	uint8_t bytes[BYTES_MAX];
	size_t len = can_bracket_bytes(text, bytes, sizeof(bytes));
	char printed[2 * BYTES_MAX + 3] = "<";

	if (len > sizeof(bytes))
		abort();
	if (len == 0)
		return;
	for (size_t i = 0; i < len; i++)
		sprintf(printed + 1 + 2 * i, "%02X", bytes[i]);
	strcat(printed, ">");
	if (strcasecmp(printed, text) != 0)
		abort();
}

/* A job that is printed is read as the same. */
static void read_job(const char *text)
{
	char printed[2 * TEXT_MAX];
	struct can_bracket_job job, again;
	int len;

	if (!can_bracket_job(text, &job))
		return;
	if (job.interval_ns < 0 || job.frame.len > LSK_CAN_DATA_MAX ||
	    strlen(job.interface) >= sizeof(job.interface) || !job.interface[0] ||
	    lsk_can_frame_check(&job.frame) < 0)
		abort();
	len = snprintf(printed, sizeof(printed), "< %s %c %lld %lld %X %d",
		       job.interface, job.what,
		       (long long)(job.interval_ns / LSK_NSEC_PER_SEC),
		       (long long)(job.interval_ns % LSK_NSEC_PER_SEC / 1000),
		       job.can_id, job.frame.len);
	for (unsigned int i = 0; i < job.frame.len; i++)
		len += snprintf(printed + len, sizeof(printed) - (size_t)len, " %02X",
				job.frame.data[i]);
	strcpy(printed + len, " >");
	if (!can_bracket_job(printed, &again) || again.what != job.what ||
	    again.interval_ns != job.interval_ns || again.can_id != job.can_id ||
	    strcmp(again.interface, job.interface) != 0 ||
	    memcmp(again.frame.data, job.frame.data, job.frame.len) != 0)
		abort();
}

/* Read all in bites of @bite. Return: a sum over the texts, and whether to read them.
 */
static uint64_t take_all(const char *bytes, size_t size, size_t bite, bool reads)
{
	char *room = malloc(TEXT_MAX + 1);
	struct can_bracket bracket = {.text = room, .max = TEXT_MAX};
	uint64_t sum = 0;

	if (!room)
		abort();
	for (size_t at = 0; at < size; at += bite) {
		size_t count = size - at < bite ? size - at : bite;
		const char *from = bytes + at, *end = from + count, *text;

		while ((text = can_bracket_take(&bracket, &from, end)) != NULL) {
			size_t len = strlen(text);

			if (len > TEXT_MAX || text[0] != '<')
				abort();
			for (size_t i = 0; i < len; i++)
				sum = 31 * sum + (uint8_t)text[i];
			if (reads) {
				read_bytes(text);
				read_job(text);
			}
		}
		if (from != end)
			abort();
	}
	free(room);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;

	if (size < 2)
		return 0;
	if (take_all(bytes, size - 1, data[0] ? data[0] : size, true) !=
	    take_all(bytes, size - 1, 1, false))
		abort();
	return 0;
}
