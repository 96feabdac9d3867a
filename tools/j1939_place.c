/* SPDX-License-Identifier: MIT */
/* How can-utils write who is meant. */
#include "tools/j1939_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"

void j1939_place_init(struct j1939_place *place)
{
	*place = (struct j1939_place){
		.place = {.pgn = LSK_J1939_NO_PGN, .address = LSK_J1939_NO_ADDRESS},
	};
}

static int bad_place(const char *text)
{
	return command_usage("\"%s\" is no [IFACE]:[ADDRESS],[PGN],[NAME]", text);
}

static bool take_interface(struct j1939_place *place, const char *text, size_t len)
{
	if (len >= sizeof(place->interface))
		return false;
	memcpy(place->interface, text, len);
	place->interface[len] = '\0';
	return true;
}

/* A number between commas, which may be missing. Return: false where it is none. */
static bool take_number(const char **text, int base, uint64_t max, uint64_t *number)
{
	char *end;
	uint64_t value;

	if (**text && **text != ',') {
		value = strtoull(*text, &end, base);
		if (end == *text || (*end && *end != ',') || value > max)
			return false;
		*number = value;
		*text = end;
	}
	if (**text == ',')
		(*text)++;
	return true;
}

int j1939_place_parse(struct j1939_place *place, const char *text)
{
	size_t len = strcspn(text, ":");
	const char *at = text + len + (text[len] == ':');
	uint64_t address = place->place.address;
	uint64_t pgn = place->place.pgn;

	if (strcmp(text, "-") == 0)
		return COMMAND_OK;
	if (!take_interface(place, text, len) ||
	    !take_number(&at, 0, LSK_J1939_NO_ADDRESS, &address) ||
	    !take_number(&at, 0, LSK_J1939_NO_PGN, &pgn) ||
	    !take_number(&at, 0, UINT64_MAX, &place->place.name) || *at)
		return bad_place(text);
	place->place.address = (uint8_t)address;
	place->place.pgn = (uint32_t)pgn;
	return COMMAND_OK;
}

int j1939_place_parse_hex(struct j1939_place *place, const char *text)
{
	size_t len = strcspn(text, ":");
	const char *at = text;
	uint64_t pgn = LSK_J1939_NO_PGN;
	size_t digits;

	if (text[len] == ':' || if_nametoindex(text) != 0) {
		if (!take_interface(place, text, len))
			return bad_place(text);
		at += len + (text[len] == ':');
	}
	digits = strcspn(at, ",");
	if (digits == 2) {
		uint64_t address = 0;

		if (!take_number(&at, 16, UINT8_MAX, &address))
			return bad_place(text);
		place->place.address = (uint8_t)address;
	} else if (!take_number(&at, 16, UINT64_MAX, &place->place.name)) {
		return bad_place(text);
	}
	if (!take_number(&at, 16, LSK_J1939_NO_PGN, &pgn) || *at)
		return bad_place(text);
	place->place.pgn = (uint32_t)pgn;
	return COMMAND_OK;
}

const char *j1939_place_text(const char *interface, const struct lsk_j1939_place *place,
			     char *buf)
{
	int len = snprintf(buf, J1939_PLACE_MAX, "%s:", interface);
	size_t size = J1939_PLACE_MAX - (size_t)len;

	if (place->name && place->pgn == LSK_J1939_PGN_CLAIMED)
		snprintf(buf + len, size, "%016llx.%02x",
			 (unsigned long long)place->name, place->address);
	else if (place->name)
		snprintf(buf + len, size, "%016llx", (unsigned long long)place->name);
	else if (place->address <= LSK_J1939_IDLE_ADDRESS)
		snprintf(buf + len, size, "%02x", place->address);
	else
		snprintf(buf + len, size, "-");
	len = (int)strlen(buf);
	if (place->pgn <= LSK_J1939_PGN_MAX)
		snprintf(buf + len, J1939_PLACE_MAX - (size_t)len, ",%05x", place->pgn);
	return buf;
}

int j1939_open(struct lsk_j1939 **ret_j1939, const struct lsk_j1939_config *config)
{
	struct lsk_error error = {0};

	if (!config->interface || !config->interface[0])
		return command_usage("an interface is needed: IFACE:ADDRESS");
	if (lsk_j1939_open(ret_j1939, config, &error) < 0)
		return command_failure_at(config->interface, &error);
	return COMMAND_OK;
}
