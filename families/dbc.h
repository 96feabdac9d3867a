/* SPDX-License-Identifier: MIT */
/* The compiled form of a DBC file, and what its reader builds it with. */
#ifndef LSK_DBC_INTERNAL_H
#define LSK_DBC_INTERNAL_H

#include <linsock/dbc.h>

/* What decoding a signal takes: the loop over a frame's signals reads nothing else. */
struct dbc_code {
	uint16_t byte;      /* from which eight bytes are loaded */
	uint16_t end;       /* bytes that a frame must have to hold the signal */
	uint8_t shift;      /* to the right, of the loaded bytes */
	uint8_t extra;      /* bits that lie in the ninth byte; 0 to 7 */
	uint8_t sign_shift; /* 64 - length */
	bool is_big_endian;
	bool is_plain; /* not multiplexed */
	uint8_t type;  /* enum lsk_dbc_type */
	uint32_t line; /* of the file; while it is read */
	double factor;
	double offset;
};

struct dbc_message {
	struct lsk_dbc_message told;
	struct lsk_dbc_signal *signals; /* told.signals, for the reader */
	struct dbc_code *codes;         /* one per signal */
	size_t room;
};

/* Strings and tables live as long as the compiled file, in chunks. */
struct dbc_chunk {
	struct dbc_chunk *next;
	size_t used;
	size_t size;
	_Alignas(16) char bytes[];
};

struct lsk_dbc {
	struct dbc_message *messages;
	size_t count;
	size_t room;
	uint32_t *slots; /* open addressing: index of a message + 1; 0: free */
	size_t slot_count;
	struct dbc_chunk *chunks;
};

/* Zeroed memory that lsk_dbc_free() frees; NULL for want of it. */
void *dbc_allocate(struct lsk_dbc *dbc, size_t size);

/* The message of an identifier, or NULL. */
struct dbc_message *dbc_find(const struct lsk_dbc *dbc, uint32_t id, bool is_extended);

/* Add a message. Return: it, or NULL for want of memory. */
struct dbc_message *dbc_add_message(struct lsk_dbc *dbc, uint32_t id, bool is_extended);

/* Add a signal, all zero, and its code. Return: it, or NULL for want of memory. */
struct lsk_dbc_signal *dbc_add_signal(struct dbc_message *message);

/* Work out the code of a signal. Return: whether the signal fits into 2048 bytes. */
bool dbc_compile(const struct lsk_dbc_signal *signal, struct dbc_code *ret_code);

#endif
