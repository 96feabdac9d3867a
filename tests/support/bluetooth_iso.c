/* SPDX-License-Identifier: MIT */
/*
 * Commands of isochronous channels: a central sets a group (CIG), asks for its streams
 * (CIS) on the link of LE, and the peripheral accepts. Data passes where both hosts
 * have set a path: bluetooth_pair.c carries it.
 */
#include <string.h>

#include "tests/support/bluetooth_controller.h"

enum {
	LE_META = 0x3e,
	STREAM_UP = 0x19,
	STREAM_REQUEST = 0x1a,
	TO_HOST = 1, /* direction of a path */
};

/* Number of a stream of the group by its handle, -1 for none. */
static int stream_of(const struct bluetooth_pair *pair, const uint8_t *handle)
{
	int at = get16(handle) - HANDLE_STREAM;

	return at >= 0 && at < pair->group.count ? at : -1;
}

static void complete_handle(struct controller *end, const struct command *command,
			    uint8_t status)
{
	const uint8_t answer[] = {status, command->data[0], command->data[1]};

	controller_complete(end, command, answer, sizeof(answer));
}

static bool has_streams(const struct bluetooth_pair *pair)
{
	for (int i = 0; i < STREAMS_MAX; i++)
		if (pair->is_up[LINK_OF_STREAM + i])
			return true;
	return false;
}

/* LE Set CIG Parameters. */
static void set_group(struct controller *end, const struct command *command)
{
	const uint8_t *data = command->data;
	uint8_t answer[3 + 2 * STREAMS_MAX] = {0, data[0], data[14]};
	struct group group = {.id = data[0], .count = data[14]};

	if (group.count > STREAMS_MAX || command->len < 15 + 9 * group.count)
		answer[0] = STATUS_INVALID;
	else if (has_streams(end->pair))
		answer[0] = STATUS_DISALLOWED;
	if (answer[0]) {
		controller_complete(end, command, answer, 3);
		return;
	}
	memcpy(group.interval_us, data + 1, sizeof(group.interval_us));
	memcpy(group.latency_ms, data + 10, sizeof(group.latency_ms));
	for (int i = 0; i < group.count; i++) {
		const uint8_t *stream = data + 15 + 9 * i;

		group.streams[i].id = stream[0];
		memcpy(group.streams[i].sdu, stream + 1, 4);
		memcpy(group.streams[i].phy, stream + 5, 2);
		put16(answer + 3 + 2 * i, (uint16_t)(HANDLE_STREAM + i));
	}
	end->pair->group = group;
	controller_complete(end, command, answer, 3u + 2u * group.count);
}

/* LE Remove CIG. */
static void remove_group(struct controller *end, const struct command *command)
{
	uint8_t answer[] = {0, command->data[0]};

	if (end->pair->group.count == 0 || end->pair->group.id != command->data[0])
		answer[0] = STATUS_NO_CONNECTION;
	else if (has_streams(end->pair))
		answer[0] = STATUS_DISALLOWED;
	else
		end->pair->group.count = 0;
	controller_complete(end, command, answer, sizeof(answer));
}

/* LE Create CIS: each stream is asked for at the peripheral. */
static void create_streams(struct controller *end, const struct command *command)
{
	struct bluetooth_pair *pair = end->pair;
	const uint8_t *pairs = command->data + 1;
	uint8_t count = command->data[0];

	for (int i = 0; i < count; i++)
		if (command->len < 1 + 4 * count || !pair->is_up[LINK_OF_LE] ||
		    pair->central != end || stream_of(pair, pairs + 4 * i) < 0) {
			controller_begun(end, command, STATUS_NO_CONNECTION);
			return;
		}
	controller_begun(end, command, 0);
	for (int i = 0; i < count; i++) {
		int at = stream_of(pair, pairs + 4 * i);
		uint8_t request[7] = {STREAM_REQUEST, HANDLE_LE, 0, pairs[4 * i],
				      pairs[4 * i + 1]};

		request[5] = pair->group.id;
		request[6] = pair->group.streams[at].id;
		pair->group.streams[at].is_asked = true;
		controller_event(end->peer, LE_META, request, sizeof(request));
	}
}

/* LE CIS Established. */
static void stream_up(struct controller *end, int at, uint8_t status)
{
	const struct group *group = &end->pair->group;
	uint8_t answer[29] = {STREAM_UP, status};

	put16(answer + 2, (uint16_t)(HANDLE_STREAM + at));
	/* Delays of the group and the stream, then both latencies: in µs. */
	for (size_t delay = 4; delay < 16; delay += 3)
		memcpy(answer + delay, group->interval_us[0], 3);
	memcpy(answer + 16, group->streams[at].phy, 2);
	answer[18] = 3; /* subevents in an interval */
	for (int from = 0; from < 2; from++) {
		bool has_data = get16(group->streams[at].sdu[from]) > 0;

		answer[19 + from] = has_data; /* packets in an interval */
		answer[21 + from] = 1;        /* intervals until one is given up */
		memcpy(answer + 23 + 2 * from, group->streams[at].sdu[from], 2);
	}
	/* In units of 1.25 ms. */
	put16(answer + 27, (uint16_t)((get16(group->interval_us[0]) |
				       (uint32_t)group->interval_us[0][2] << 16) /
				      1250));
	controller_event(end, LE_META, answer, sizeof(answer));
}

static void accept_stream(struct controller *end, const struct command *command)
{
	struct bluetooth_pair *pair = end->pair;
	int at = stream_of(pair, command->data);

	if (at < 0 || !pair->group.streams[at].is_asked) {
		controller_begun(end, command, STATUS_NO_CONNECTION);
		return;
	}
	pair->group.streams[at].is_asked = false;
	pair->is_up[LINK_OF_STREAM + at] = true;
	end->has_path[at] = end->peer->has_path[at] = false;
	controller_begun(end, command, 0);
	stream_up(end, at, 0);
	stream_up(end->peer, at, 0);
}

static void reject_stream(struct controller *end, const struct command *command)
{
	struct bluetooth_pair *pair = end->pair;
	int at = stream_of(pair, command->data);

	if (at < 0 || !pair->group.streams[at].is_asked) {
		complete_handle(end, command, STATUS_NO_CONNECTION);
		return;
	}
	pair->group.streams[at].is_asked = false;
	complete_handle(end, command, 0);
	stream_up(end->peer, at, command->data[2]);
}

/* LE Setup ISO Data Path, and LE Remove ISO Data Path whose direction is a bit. */
static void set_path(struct controller *end, const struct command *command)
{
	int at = stream_of(end->pair, command->data);
	bool is_there = at >= 0 && end->pair->is_up[LINK_OF_STREAM + at];

	if (is_there && command->data[2] == TO_HOST)
		end->has_path[at] = true;
	complete_handle(end, command, is_there ? 0 : STATUS_NO_CONNECTION);
}

static void remove_path(struct controller *end, const struct command *command)
{
	int at = stream_of(end->pair, command->data);
	bool is_there = at >= 0 && end->pair->is_up[LINK_OF_STREAM + at];

	if (is_there && command->data[2] & 1 << TO_HOST)
		end->has_path[at] = false;
	complete_handle(end, command, is_there ? 0 : STATUS_NO_CONNECTION);
}

const struct call iso_calls[] = {
	{0x2062, 15, set_group},    {0x2064, 1, create_streams},
	{0x2065, 1, remove_group},  {0x2066, 2, accept_stream},
	{0x2067, 3, reject_stream}, {0x206e, 13, set_path},
	{0x206f, 3, remove_path},   {0, 0, NULL},
};
