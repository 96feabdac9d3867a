/* SPDX-License-Identifier: MIT */
/* Commands of LE: who advertises is heard, and connected to. */
#include <string.h>

#include "tests/support/bluetooth_controller.h"

enum { LE_META = 0x3e };

static const uint8_t *address_of(const struct controller *end, uint8_t type)
{
	return type ? end->random : end->address;
}

/* LE Connection Complete; @type is that of the peer's address. */
static void le_connected(struct controller *end, uint8_t role, uint8_t type)
{
	uint8_t answer[19] = {0x01, 0, HANDLE_LE, 0, role, type};

	memcpy(answer + 6, address_of(end->peer, type), 6);
	answer[12] = 0x28; /* interval: 50 ms */
	answer[16] = 0x2a; /* supervision timeout: 420 ms */
	controller_event(end, LE_META, answer, sizeof(answer));
}

void controller_advertise(struct controller *end)
{
	uint8_t report[12] = {0x02, 1, 0, end->peer->advertised};

	if (!end->is_scanning || !end->peer->is_advertising ||
	    end->pair->is_up[LINK_OF_LE])
		return;
	memcpy(report + 4, address_of(end->peer, end->peer->advertised), 6);
	report[11] = 0xd0; /* -48 dBm */
	controller_event(end, LE_META, report, sizeof(report));
	report[2] = 4; /* the answer to being asked */
	if (end->is_active)
		controller_event(end, LE_META, report, sizeof(report));
}

/* The two find each other where one connects and the other advertises. */
static void meet(struct controller *central)
{
	struct controller *peripheral = central->peer;

	if (!central->is_initiating || !peripheral->is_advertising ||
	    central->pair->is_up[LINK_OF_LE])
		return;
	central->is_initiating = peripheral->is_advertising = false;
	central->pair->is_up[LINK_OF_LE] = true;
	central->pair->central = central;
	le_connected(central, 0, peripheral->advertised);
	le_connected(peripheral, 1, central->initiated);
}

static void set_random(struct controller *end, const struct command *command)
{
	memcpy(end->random, command->data, sizeof(end->random));
	controller_complete_status(end, command, 0);
}

static void set_advertising(struct controller *end, const struct command *command)
{
	end->advertised = command->data[5] & 1;
	controller_complete_status(end, command, 0);
}

static void advertise(struct controller *end, const struct command *command)
{
	end->is_advertising = command->data[0];
	controller_complete_status(end, command, 0);
	controller_advertise(end->peer);
	meet(end->peer);
}

static void scan(struct controller *end, const struct command *command)
{
	end->is_scanning = command->data[0];
	controller_complete_status(end, command, 0);
	controller_advertise(end);
}

static void set_scan(struct controller *end, const struct command *command)
{
	end->is_active = command->data[0];
	controller_complete_status(end, command, 0);
}

static void create_connection(struct controller *end, const struct command *command)
{
	end->initiated = command->data[12] & 1;
	end->is_initiating = true;
	controller_begun(end, command, 0);
	meet(end);
}

/* It ends with a link that is not there. */
static void cancel_connection(struct controller *end, const struct command *command)
{
	const uint8_t answer[19] = {0x01, STATUS_NO_CONNECTION};
	bool was_initiating = end->is_initiating;

	end->is_initiating = false;
	controller_complete_status(end, command,
				   was_initiating ? 0 : STATUS_DISALLOWED);
	if (was_initiating)
		controller_event(end, LE_META, answer, sizeof(answer));
}

/* The features are those of LE; byte 3 is what there is of isochronous channels. */
static void put_features(const struct controller *end, uint8_t *features)
{
	if (end->pair->flags & PAIR_ISO)
		features[3] = 0x30; /* streams of a central, and of a peripheral */
}

static void read_features(struct controller *end, const struct command *command)
{
	uint8_t answer[9] = {0};

	put_features(end, answer + 1);
	controller_complete(end, command, answer, sizeof(answer));
}

static void read_remote_features(struct controller *end, const struct command *command)
{
	uint8_t answer[12] = {0x04, 0, command->data[0], command->data[1]};

	put_features(end->peer, answer + 4);
	controller_begun(end, command, 0);
	controller_event(end, LE_META, answer, sizeof(answer));
}

static void update(struct controller *end, const struct command *command)
{
	uint8_t answer[10] = {0x03, 0, command->data[0], command->data[1]};

	controller_begun(end, command, 0);
	memcpy(answer + 4, command->data + 4, 6);
	controller_event(end, LE_META, answer, sizeof(answer));
	controller_event(end->peer, LE_META, answer, sizeof(answer));
}

const struct call le_calls[] = {
	{0x2003, 0, read_features},
	{0x2005, 6, set_random},
	{0x2006, 15, set_advertising},
	{0x200a, 1, advertise},
	{0x200b, 7, set_scan},
	{0x200c, 2, scan},
	{0x200d, 25, create_connection},
	{0x200e, 0, cancel_connection},
	{0x2013, 14, update},
	{0x2016, 2, read_remote_features},
	{0, 0, NULL},
};

const struct answer le_answers[] = {
	{0x2001, 1, {0}},                        /* LE Set Event Mask */
	{0x2002, 4, {0, LE_MTU, 0, LE_PACKETS}}, /* LE Read Buffer Size */
	{0x2007, 2, {0}},                        /* LE Read Advertising Power */
	{0x2008, 1, {0}},                        /* LE Set Advertising Data */
	{0x2009, 1, {0}},                        /* LE Set Scan Response Data */
	{0x200f, 2, {0, 8}},                     /* LE Read Accept List Size */
	{0x2010, 1, {0}},                        /* LE Clear Accept List */
	{0x2011, 1, {0}},                        /* LE Add to Accept List */
	{0x2012, 1, {0}},                        /* LE Remove from Accept List */
	{0x201c, 9, {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03}}, /* LE Read States */
	{0x2060, 7, {0, LE_MTU, 0, LE_PACKETS, ISO_MTU, 0, ISO_PACKETS}},
	{0x2074, 1, {0}}, /* LE Set Host Feature */
	{0, 0, {0}},
};
