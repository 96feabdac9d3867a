/* SPDX-License-Identifier: MIT */
/* Commands of BR/EDR, and what every controller answers. */
#include <string.h>

#include "tests/support/bluetooth_controller.h"

enum {
	LINK_SCO = 0,
	LINK_ACL = 1,
	LINK_ESCO = 2,
};

/* Connection Complete; @link is that of the link's type. */
static void connected(struct controller *end, uint8_t status, uint16_t handle,
		      uint8_t type)
{
	uint8_t answer[11] = {status, (uint8_t)handle, (uint8_t)(handle >> 8)};

	memcpy(answer + 3, end->peer->address, 6);
	answer[9] = type;
	controller_event(end, 0x03, answer, sizeof(answer));
}

/* Synchronous Connection Complete. */
static void voice_connected(struct controller *end, uint8_t status, uint8_t type)
{
	uint8_t answer[17] = {status, (uint8_t)HANDLE_SCO, HANDLE_SCO >> 8};

	memcpy(answer + 3, end->peer->address, 6);
	answer[9] = type;
	answer[10] = 6;               /* interval */
	answer[12] = answer[14] = 60; /* length of packets */
	answer[16] = 2;               /* CVSD */
	controller_event(end, 0x2c, answer, sizeof(answer));
}

static void requested(struct controller *end, uint8_t type)
{
	uint8_t request[10] = {0};

	memcpy(request, end->peer->address, 6);
	request[9] = type;
	controller_event(end, 0x04, request, sizeof(request));
}

static void create_connection(struct controller *end, const struct command *command)
{
	bool is_answered = end->peer->scan & SCAN_PAGE &&
			   memcmp(command->data, end->peer->address, 6) == 0;

	controller_begun(end, command, 0);
	if (is_answered) {
		requested(end->peer, LINK_ACL);
		return;
	}
	/* Nobody with that address is there. */
	uint8_t answer[11] = {STATUS_PAGE_TIMEOUT};

	memcpy(answer + 3, command->data, 6);
	answer[9] = LINK_ACL;
	controller_event(end, 0x03, answer, sizeof(answer));
}

/* Accept Connection Request: of SCO where the other link is there already. */
static void accept_connection(struct controller *end, const struct command *command)
{
	struct bluetooth_pair *pair = end->pair;
	enum link link = pair->is_up[LINK_OF_ACL] ? LINK_OF_SCO : LINK_OF_ACL;
	uint8_t type = link == LINK_OF_ACL ? LINK_ACL : LINK_SCO;

	controller_begun(end, command, 0);
	pair->is_up[link] = true;
	connected(end, 0, link_handle(link), type);
	connected(end->peer, 0, link_handle(link), type);
}

static void reject_connection(struct controller *end, const struct command *command)
{
	controller_begun(end, command, 0);
	connected(end, command->data[6], 0, LINK_ACL);
	connected(end->peer, command->data[6], 0, LINK_ACL);
}

static void setup_voice(struct controller *end, const struct command *command)
{
	controller_begun(end, command, 0);
	requested(end->peer, LINK_ESCO);
}

static void accept_voice(struct controller *end, const struct command *command)
{
	controller_begun(end, command, 0);
	end->pair->is_up[LINK_OF_SCO] = true;
	voice_connected(end, 0, LINK_ESCO);
	voice_connected(end->peer, 0, LINK_ESCO);
}

static void reject_voice(struct controller *end, const struct command *command)
{
	controller_begun(end, command, 0);
	voice_connected(end, command->data[6], LINK_ESCO);
	voice_connected(end->peer, command->data[6], LINK_ESCO);
}

static void end_link(struct controller *end, const struct command *command)
{
	int link = link_of(get16(command->data));

	if (link < 0 || !end->pair->is_up[link]) {
		controller_begun(end, command, STATUS_NO_CONNECTION);
		return;
	}
	controller_begun(end, command, 0);
	link_end(end, (enum link)link, STATUS_ENDED_HERE, command->data[2]);
}

/* BR/EDR with eSCO and without secure simple pairing. */
static void put_features(const struct controller *end, uint8_t *features)
{
	memset(features, 0, 8);
	features[0] = 0x04; /* role switch would be 0x20: not ours */
	features[1] = 0x08; /* SCO */
	features[2] = 0x08; /* transparent data over it */
	features[3] = 0x80; /* eSCO */
	if (end->pair->flags & PAIR_LE)
		features[4] = 0x40;
}

static void read_features(struct controller *end, const struct command *command)
{
	uint8_t answer[9] = {0};

	put_features(end, answer + 1);
	controller_complete(end, command, answer, sizeof(answer));
}

static void read_remote_features(struct controller *end, const struct command *command)
{
	uint8_t answer[11] = {0, command->data[0], command->data[1]};

	controller_begun(end, command, 0);
	put_features(end->peer, answer + 3);
	controller_event(end, 0x0b, answer, sizeof(answer));
}

static void read_remote_version(struct controller *end, const struct command *command)
{
	const uint8_t answer[8] = {0,   command->data[0], command->data[1], 8, 0xff,
				   0xff};

	controller_begun(end, command, 0);
	controller_event(end, 0x0c, answer, sizeof(answer));
}

static void read_remote_name(struct controller *end, const struct command *command)
{
	uint8_t answer[7 + NAME_SIZE] = {0};

	controller_begun(end, command, 0);
	memcpy(answer + 1, end->peer->address, 6);
	memcpy(answer + 7, end->peer->name, NAME_SIZE);
	controller_event(end, 0x07, answer, sizeof(answer));
}

static void read_address(struct controller *end, const struct command *command)
{
	uint8_t answer[7] = {0};

	memcpy(answer + 1, end->address, 6);
	controller_complete(end, command, answer, sizeof(answer));
}

static void read_name(struct controller *end, const struct command *command)
{
	uint8_t answer[1 + NAME_SIZE] = {0};

	memcpy(answer + 1, end->name, NAME_SIZE);
	controller_complete(end, command, answer, sizeof(answer));
}

static void write_name(struct controller *end, const struct command *command)
{
	memcpy(end->name, command->data,
	       command->len < NAME_SIZE ? command->len : NAME_SIZE);
	controller_complete_status(end, command, 0);
}

static void write_scan(struct controller *end, const struct command *command)
{
	end->scan = command->data[0];
	controller_complete_status(end, command, 0);
}

static void reset(struct controller *end, const struct command *command)
{
	/* What rides on a link stands behind it. */
	for (int link = LINK_COUNT - 1; link >= 0; link--)
		if (end->pair->is_up[link]) {
			end->pair->is_up[link] = false;
			controller_disconnected(end->peer, link_handle((enum link)link),
						STATUS_LOST);
		}
	end->scan = 0;
	end->is_scanning = end->is_advertising = end->is_initiating = false;
	controller_complete_status(end, command, 0);
}

/* --- security ------------------------------------------------------------------ */

/* The controllers find each other trustworthy by themselves: no host is asked for a
 * key. */
static void authenticate(struct controller *end, const struct command *command)
{
	bool is_known = !(end->pair->flags & PAIR_STRANGERS);
	const uint8_t answer[] = {is_known ? 0 : STATUS_NOT_AUTHENTIC, command->data[0],
				  command->data[1]};

	controller_begun(end, command, 0);
	controller_event(end, 0x06, answer, sizeof(answer));
}

static void encrypt(struct controller *end, const struct command *command)
{
	const uint8_t answer[] = {0, command->data[0], command->data[1],
				  command->data[2]};

	end->pair->encryptions++;
	controller_begun(end, command, 0);
	controller_event(end, 0x08, answer, sizeof(answer));
	controller_event(end->peer, 0x08, answer, sizeof(answer));
}

static void read_key_size(struct controller *end, const struct command *command)
{
	const uint8_t answer[] = {0, command->data[0], command->data[1], 16};

	controller_complete(end, command, answer, sizeof(answer));
}

/* Read Local Supported Commands: bits of what the kernel looks for. */
static void read_commands(struct controller *end, const struct command *command)
{
	uint8_t answer[65] = {0};

	answer[1 + 9] = 0x04; /* Read Voice Setting: without it the kernel has no SCO */
	answer[1 + 20] = 0x10; /* Read Encryption Key Size */
	if (end->pair->flags & PAIR_ISO)
		answer[1 + 41] = 0x20; /* LE Read Buffer Size, version 2 */
	controller_complete(end, command, answer, sizeof(answer));
}

const struct call link_calls[] = {
	{0x0405, 13, create_connection},
	{0x0406, 3, end_link},
	{0x0407, 4, setup_voice}, /* Add SCO Connection */
	{0x0409, 7, accept_connection},
	{0x040a, 7, reject_connection},
	{0x0411, 2, authenticate},
	{0x0413, 3, encrypt},
	{0x0419, 10, read_remote_name},
	{0x041b, 2, read_remote_features},
	{0x041d, 2, read_remote_version},
	{0x0428, 17, setup_voice},
	{0x0429, 21, accept_voice},
	{0x042a, 7, reject_voice},
	{0x0c03, 0, reset},
	{0x0c13, 248, write_name},
	{0x0c14, 0, read_name},
	{0x0c1a, 1, write_scan},
	{0x1002, 0, read_commands},
	{0x1003, 0, read_features},
	{0x1009, 0, read_address},
	{0x1408, 2, read_key_size},
	{0, 0, NULL},
};

const struct answer link_answers[] = {
	{0x080d, 3, {0, HANDLE_ACL}},          /* Write Link Policy Settings */
	{0x080f, 1, {0}},                      /* Write Default Link Policy Settings */
	{0x0c01, 1, {0}},                      /* Set Event Mask */
	{0x0c05, 1, {0}},                      /* Set Event Filter */
	{0x0c16, 1, {0}},                      /* Write Connection Accept Timeout */
	{0x0c18, 1, {0}},                      /* Write Page Timeout */
	{0x0c23, 4, {0}},                      /* Read Class of Device */
	{0x0c24, 1, {0}},                      /* Write Class of Device */
	{0x0c25, 3, {0, 0x60}},                /* Read Voice Setting: CVSD */
	{0x0c26, 1, {0}},                      /* Write Voice Setting */
	{0x0c37, 3, {0, HANDLE_ACL}},          /* Write Link Supervision Timeout */
	{0x0c38, 2, {0, 1}},                   /* Read Number of Supported IAC */
	{0x0c39, 5, {0, 1, 0x33, 0x8b, 0x9e}}, /* Read Current IAC LAP */
	{0x0c3a, 1, {0}},                      /* Write Current IAC LAP */
	{0x0c6d, 1, {0}},                      /* Write LE Host Supported */
	{0x1001, 9, {0, 8, 0, 0, 8, 0xff, 0xff}}, /* Read Local Version: 4.2 */
	{0x1005,
	 8,
	 {0, (uint8_t)ACL_MTU, ACL_MTU >> 8, SCO_MTU, ACL_PACKETS, 0,
	  SCO_PACKETS}}, /* Read Buffer Size */
	{0, 0, {0}},
};
