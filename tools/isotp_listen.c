/* SPDX-License-Identifier: MIT */
/* What the tools that look at ISO-TP from outside share. */
#include "tools/isotp_listen.h"

#include <errno.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"

#define BATCH 64

bool isotp_parse_id(const char *text, uint32_t *ret_id)
{
	char *end;
	unsigned long id = strtoul(text, &end, 16);

	if (end == text || *end || id > CAN_EFF_MASK)
		return false;
	*ret_id = (uint32_t)id | (strlen(text) > 7 ? CAN_EFF_FLAG : 0);
	return true;
}

static int parse_extension(struct isotp_extension *extension, const char *text)
{
	char *end;
	unsigned long address = strtoul(text, &end, 16);

	extension->is_set = true;
	extension->is_any = strncmp(text, "any", 3) == 0;
	if (!extension->is_any && (end == text || *end || address > UINT8_MAX))
		return command_usage("\"%s\" is no address in hexadecimal", text);
	extension->address = extension->is_any ? 0 : (uint8_t)address;
	return COMMAND_OK;
}

int isotp_listen_option(struct isotp_listen *listen, int option, const char *value)
{
	switch (option) {
	case 's':
	case 'd':
		if (!isotp_parse_id(value, option == 's' ? &listen->source
							 : &listen->destination))
			return command_usage("\"%s\" is no CAN identifier", value);
		return COMMAND_OK;
	case 'x':
		return parse_extension(&listen->extension, value);
	case 'X':
		return parse_extension(&listen->rx_extension, value);
	case '?':
		return command_bad_option();
	default:
		return -1;
	}
}

int isotp_listen_check(struct isotp_listen *listen, int argc, char **argv)
{
	if (argc != 1)
		return command_usage("one CAN interface is wanted");
	if (listen->source == ISOTP_NO_ID || listen->destination == ISOTP_NO_ID)
		return command_usage("-s and -d, the identifiers, are needed");
	if (listen->rx_extension.is_set && !listen->extension.is_set)
		return command_usage("-X goes with -x only");
	listen->interface = argv[0];
	return COMMAND_OK;
}

static struct lsk_can_filter filter_of(uint32_t id)
{
	uint32_t bits = id & CAN_EFF_FLAG ? CAN_EFF_MASK : CAN_SFF_MASK;

	return (struct lsk_can_filter){
		.id = id & (bits | CAN_EFF_FLAG),
		.mask = bits | CAN_EFF_FLAG | CAN_RTR_FLAG,
	};
}

/* A channel for both identifiers. Return: an exit status. */
static int open_channel(const struct isotp_listen *listen, struct lsk_can **ret_can)
{
	const struct lsk_can_filter filters[] = {filter_of(listen->source),
						 filter_of(listen->destination)};
	const struct lsk_can_config config = {
		.interface = listen->interface,
		.filters = filters,
		.filter_count = 2,
		.without_xl = true,
	};
	struct lsk_error error = {0};

	if (lsk_can_open(ret_can, &config, &error) < 0)
		return command_failure_at(listen->interface, &error);
	return COMMAND_OK;
}

/* Take what a record holds. Return: false for other kinds of frames. */
static bool frame_set(struct isotp_frame *frame, const struct lsk_can_record *record)
{
	const struct lsk_can_frame *from = &record->frame;

	if ((from->kind != LSK_CAN_CLASSIC && from->kind != LSK_CAN_FD) ||
	    from->len > LSK_CANFD_DATA_MAX)
		return false;
	*frame = (struct isotp_frame){
		.id = from->id | (from->is_extended ? CAN_EFF_FLAG : 0),
		.is_fd = from->kind == LSK_CAN_FD,
		.flags = from->flags,
		.len = (uint8_t)from->len,
		.time_ns = record->time_ns,
	};
	if (!from->is_remote)
		memcpy(frame->data, from->data, from->len);
	return true;
}

/* Return: 0 when the watcher has enough, or a negative errno. */
static int watch(struct lsk_can *can, struct lsk_can_record *records,
		 const struct isotp_watcher *watcher)
{
	struct isotp_frame frame;
	bool goes_on = true;
	int r;

	while (goes_on) {
		if (watcher->silence_ns)
			lsk_socket_set_timeout(lsk_can_socket(can),
					       watcher->silence_ns(watcher->context));
		r = lsk_can_receive(can, records, BATCH);
		if (r == -ETIME)
			watcher->silent(watcher->context);
		else if (r < 0)
			return r;
		for (int i = 0; i < r && goes_on; i++)
			if (frame_set(&frame, &records[i]))
				goes_on = watcher->take(watcher->context, &frame);
		/* Once per wake-up, not per frame. */
		if (fflush(stdout) != 0)
			return -EIO;
	}
	return 0;
}

int isotp_listen_run(const struct isotp_listen *listen,
		     const struct isotp_watcher *watcher)
{
	struct lsk_can_record *records = calloc(BATCH, sizeof(*records));
	struct lsk_can *can = NULL;
	int status = open_channel(listen, &can);
	int r;

	if (status == COMMAND_OK) {
		r = records ? watch(can, records, watcher) : -ENOMEM;
		status = r < 0 ? command_failure(r, "read") : COMMAND_OK;
	}
	lsk_can_free(can);
	free(records);
	return status;
}

void isotp_clock_set(struct isotp_clock *clock, const char *value)
{
	if (strchr("aAdz", value[0]) && value[0]) {
		clock->mode = value[0];
		return;
	}
	printf("%s: unknown timestamp mode '%c' - ignored\n",
	       program_invocation_short_name, value[0]);
	clock->mode = 0;
}

void isotp_clock_print(struct isotp_clock *clock, int64_t time_ns)
{
	int64_t time_us = time_ns / 1000;
	time_t second = (time_t)(time_us / 1000000);
	char text[32];
	struct tm tm;

	if (!clock->mode)
		return;
	if (clock->mode == 'A') {
		localtime_r(&second, &tm);
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
		printf("(%s.%06lld) ", text, (long long)(time_us % 1000000));
		return;
	}
	if (clock->mode != 'a') {
		if (clock->last_ns == 0)
			clock->last_ns = time_ns;
		time_us -= clock->last_ns / 1000;
		if (time_us < 0)
			time_us = 0;
		if (clock->mode == 'd')
			clock->last_ns = time_ns;
	}
	printf("(%lld.%06lld) ", (long long)(time_us / 1000000),
	       (long long)(time_us % 1000000));
}
