/* SPDX-License-Identifier: MIT */
/* What the subcommands of "linsock alg" share. */
#ifndef LINSOCK_TOOLS_ALG_H
#define LINSOCK_TOOLS_ALG_H

#include <getopt.h>
#include <stddef.h>

#include <linsock/alg.h>

#include "tools/command.h"

#define ALG_SECRET_MAX 1024

/* Bytes out of the arguments; wiped when they are done with. */
struct alg_bytes {
	unsigned char data[ALG_SECRET_MAX];
	size_t len;
	bool is_set;
};

/* What every subcommand that opens a transform takes. */
struct alg_options {
	const char *name;
	uint32_t feature;
	uint32_t mask;
	struct alg_bytes key;
	int32_t key_serial;
	bool has_serial;
};

#define ALG_LONG_OPTIONS                                      \
	{"key", required_argument, NULL, 'k'},                \
		{"key-file", required_argument, NULL, 'K'},   \
		{"key-serial", required_argument, NULL, 'S'}, \
		{"feature", required_argument, NULL, 'F'},    \
	{                                                     \
		"mask", required_argument, NULL, 'M'          \
	}

/* Take one of the options above. Return: an exit status, or -1 for another option. */
int alg_take_option(struct alg_options *options, int option, const char *value);

/* Read hexadecimal digits. Return: an exit status. */
int alg_take_hex(struct alg_bytes *bytes, const char *what, const char *text);

/* Read a file whole. Return: an exit status. */
int alg_take_file(struct alg_bytes *bytes, const char *path);

/* Open the transform and give it its key, which is wiped here. Return: an exit status;
 * what failed was told. */
int alg_open(struct alg_options *options, const char *type, struct lsk_alg **ret_alg);

/* What went wrong with a request, in words that say what to look at. */
int alg_failure(int error, const char *what);

/* Read and write whole buffers. Return: bytes, or a negative error. */
ssize_t alg_read(int fd, void *buf, size_t len);
int alg_write(int fd, const void *buf, size_t len);

void alg_print_hex(const void *bytes, size_t len);

extern const struct command alg_list_command;
extern const struct command alg_hash_command;
extern const struct command alg_hmac_command;
extern const struct command alg_enc_command;
extern const struct command alg_dec_command;
extern const struct command alg_aead_command;
extern const struct command alg_rng_command;
extern const struct command alg_speed_command;

#endif
