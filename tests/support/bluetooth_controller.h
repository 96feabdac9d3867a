/* SPDX-License-Identifier: MIT */
/*
 * Inside of the emulator of bluetooth_pair.h: what the files that answer commands
 * share.
 *
 *	bluetooth_pair.c    makes the controllers, carries data, cuts links
 *	bluetooth_link.c    commands of BR/EDR, and what every controller answers
 *	bluetooth_le.c      commands of LE
 *	bluetooth_iso.c     isochronous channels: groups and their streams
 *	bluetooth_btvirt.c  another emulator in place of all this
 *
 * Numbers are those of the Bluetooth Core Specification, volume 4, part E.
 */
#ifndef TESTS_BLUETOOTH_CONTROLLER_H
#define TESTS_BLUETOOTH_CONTROLLER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/support/bluetooth_pair.h"

enum {
	PACKET_MAX = 1100,
	ACL_MTU = 1021,
	ACL_PACKETS = 8,
	SCO_MTU = 64,
	SCO_PACKETS = 8,
	LE_MTU = 251,
	LE_PACKETS = 8,
	ISO_MTU = 251,
	ISO_PACKETS = 8,
	NAME_SIZE = 248,
	STREAMS_MAX = 2,

	/* First byte of a packet (H4). */
	COMMAND = 1,
	ACL = 2,
	SCO = 3,
	EVENT = 4,
	ISO = 5,
	VENDOR = 0xff,

	/* Handles of the links; each is of the same number at both controllers. */
	HANDLE_ACL = 0x001,
	HANDLE_LE = 0x040,
	HANDLE_STREAM = 0x060,
	HANDLE_SCO = 0x101,

	STATUS_UNKNOWN_COMMAND = 0x01,
	STATUS_NO_CONNECTION = 0x02,
	STATUS_PAGE_TIMEOUT = 0x04,
	STATUS_NOT_AUTHENTIC = 0x05,
	STATUS_LOST = 0x08,
	STATUS_DISALLOWED = 0x0c,
	STATUS_INVALID = 0x12,
	STATUS_ENDED_HERE = 0x16,

	SCAN_PAGE = 2,
};

enum link {
	LINK_OF_ACL,
	LINK_OF_LE,
	LINK_OF_SCO,
	LINK_OF_STREAM, /* and those after it, STREAMS_MAX of them */
	LINK_COUNT = LINK_OF_STREAM + STREAMS_MAX,
};

struct controller {
	int fd;
	uint16_t id;
	uint8_t address[6];
	uint8_t name[NAME_SIZE];
	uint8_t scan;                     /* bit 1: it answers pages */
	bool is_scanning, is_advertising; /* LE */
	bool is_active;                   /* it asks those who advertise for more */
	bool is_initiating;               /* it connects to who advertises next */
	uint8_t random[6];                /* its other address of LE, once it is set */
	uint8_t advertised;               /* what it advertises and */
	uint8_t initiated;                /* connects with: 0 public, 1 random */
	bool has_path[STREAMS_MAX];       /* what a stream brings reaches the host */
	struct controller *peer;
	struct bluetooth_pair *pair;
};

/* A group of isochronous streams (CIG), as its central has set it. */
struct group {
	uint8_t id;
	uint8_t count;
	uint8_t interval_us[2][3]; /* from the central, from the peripheral */
	uint8_t latency_ms[2][2];
	struct {
		uint8_t id;
		uint8_t sdu[2][2];
		uint8_t phy[2];
		bool is_asked; /* requested of the peripheral, not answered yet */
	} streams[STREAMS_MAX];
};

struct bluetooth_pair {
	struct controller ends[2];
	unsigned int flags;
	bool is_up[LINK_COUNT];
	struct controller *central; /* of the link of LE */
	struct group group;
	pthread_t thread;
	int bell;
	atomic_bool is_over, drops, must_cut;
	atomic_int encryptions;
	pid_t btvirt; /* plays instead of the thread; 0: it does not */
};

struct command {
	uint16_t opcode;
	uint8_t len;
	const uint8_t *data;
};

/* A command that does something, with the bytes that it needs. */
struct call {
	uint16_t opcode;
	uint8_t len;
	void (*call)(struct controller *end, const struct command *command);
};

/* A command whose answer is always the same: @len bytes, these and then zeros. */
struct answer {
	uint16_t opcode;
	uint8_t len;
	uint8_t bytes[10];
};

/* Tables end with an opcode of 0. */
extern const struct call link_calls[], le_calls[], iso_calls[];
extern const struct answer link_answers[], le_answers[];

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* Give the kernel a packet: @kind, @head, @data. */
void controller_put(struct controller *end, uint8_t kind, const void *head,
		    size_t head_len, const void *data, size_t len);

void controller_event(struct controller *end, uint8_t code, const void *data,
		      size_t len);

/* Command Complete: @data begins with the status. */
void controller_complete(struct controller *end, const struct command *command,
			 const void *data, size_t len);
void controller_complete_status(struct controller *end, const struct command *command,
				uint8_t status);

/* Command Status. */
void controller_begun(struct controller *end, const struct command *command,
		      uint8_t status);

/* Disconnection Complete. */
void controller_disconnected(struct controller *end, uint16_t handle, uint8_t reason);

/* The link of a handle, -1 for none; whether it is up is another question. */
int link_of(uint16_t handle);
uint16_t link_handle(enum link link);

/* End a link, what rides on it first; a link that is not up is left. */
void link_end(struct controller *end, enum link link, uint8_t here, uint8_t there);

/* An advertisement of the peer's, where it advertises and @end listens. */
void controller_advertise(struct controller *end);

/* BlueZ's emulator: whether the environment asks for it; make two controllers of it. */
bool btvirt_is_wanted(void);
void btvirt_start(struct bluetooth_pair *pair);
void btvirt_stop(struct bluetooth_pair *pair);

#endif
