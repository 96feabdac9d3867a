/* SPDX-License-Identifier: MIT */
/* The group "linsock alg", and what its subcommands share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/alg.h"

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int alg_take_hex(struct alg_bytes *bytes, const char *what, const char *text)
{
	size_t len = strlen(text);

	if (len % 2 != 0 || len / 2 > sizeof(bytes->data))
		return command_usage("%s: %zu digits; two are a byte, of which %zu fit",
				     what, len, sizeof(bytes->data));
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		/* What is wrong is not shown: it may be a key. */
		if (high < 0 || low < 0)
			return command_usage("%s: no hexadecimal digit at place %zu",
					     what, 2 * i + (high >= 0));
		bytes->data[i] = (unsigned char)(high << 4 | low);
	}
	bytes->len = len / 2;
	bytes->is_set = true;
	return COMMAND_OK;
}

ssize_t alg_read(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t r = 1;

	while (done < len && r != 0) {
		r = read(fd, (char *)buf + done, len - done);
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			done += (size_t)r;
	}
	return (ssize_t)done;
}

int alg_write(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t r = write(fd, (const char *)buf + done, len - done);

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0)
			done += (size_t)r;
	}
	return 0;
}

int alg_take_file(struct alg_bytes *bytes, const char *path)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
					: open(path, O_RDONLY | O_CLOEXEC);
	ssize_t r = fd < 0 ? -errno : alg_read(fd, bytes->data, sizeof(bytes->data));
	char more;

	if (r == (ssize_t)sizeof(bytes->data) && alg_read(fd, &more, 1) != 0)
		r = -EFBIG;
	if (fd > STDIN_FILENO)
		close(fd);
	if (r < 0)
		return command_failure((int)r, "%s", path);
	bytes->len = (size_t)r;
	bytes->is_set = true;
	return COMMAND_OK;
}

static int take_number(const char *what, const char *text, long max,
		       uint32_t *ret_number)
{
	long number = 0;

	if (command_parse_number(text, 0, max, &number) < 0)
		return command_usage("%s: \"%s\" is no number up to 0x%lx", what, text,
				     max);
	*ret_number = (uint32_t)number;
	return COMMAND_OK;
}

int alg_take_option(struct alg_options *options, int option, const char *value)
{
	uint32_t serial = 0;
	int status;

	switch (option) {
	case 'k':
		return alg_take_hex(&options->key, "--key", value);
	case 'K':
		return alg_take_file(&options->key, value);
	case 'S':
		status = take_number("--key-serial", value, INT32_MAX, &serial);
		options->key_serial = (int32_t)serial;
		options->has_serial = status == COMMAND_OK;
		return status;
	case 'F':
		return take_number("--feature", value, UINT32_MAX, &options->feature);
	case 'M':
		return take_number("--mask", value, UINT32_MAX, &options->mask);
	case '?':
		return command_bad_option();
	default:
		return -1;
	}
}

int alg_failure(int error, const char *what)
{
	const char *hint = NULL;

	if (error == -EKEYREJECTED)
		hint = "the algorithm has no keys of this length, or this one is weak";
	else if (error == -ENOKEY)
		hint = "the algorithm needs a key (--key-file)";
	else if (error == -EINVAL)
		hint = "an IV of the wrong length, or text that ends within a block";
	else if (error == -EBADMSG)
		hint = "the tag is wrong: text, associated data, IV or key are not "
		       "those "
		       "that it was made of";
	else if (error == -ENODATA)
		hint = "the text is shorter than its tag";
	else if (error == -ERANGE)
		hint = "the algorithm has no tags of this length";
	else if (error == -EMSGSIZE)
		hint = "more than the kernel takes in one piece, and this mode knows "
		       "no "
		       "pieces";
	if (!hint)
		return command_failure(error, "%s", what);
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, hint);
	return COMMAND_FAILURE;
}

int alg_open(struct alg_options *options, const char *type, struct lsk_alg **ret_alg)
{
	struct lsk_error error = {0};
	struct lsk_alg *alg = NULL;
	struct lsk_addr addr;
	int r = lsk_addr_alg(&addr, type, options->name, options->feature,
			     options->mask);

	if (r == 0) {
		r = lsk_alg_open(&alg, &addr, &error);
		if (r < 0) {
			fprintf(stderr, "%s: %s\n", program_invocation_short_name,
				error.text);
			explicit_bzero(&options->key, sizeof(options->key));
			return COMMAND_FAILURE;
		}
		if (options->has_serial)
			r = lsk_alg_set_key_serial(alg, options->key_serial);
		else if (options->key.is_set)
			r = lsk_alg_set_key(alg, options->key.data, options->key.len);
	}
	explicit_bzero(&options->key, sizeof(options->key));
	if (r < 0) {
		lsk_alg_free(alg);
		return alg_failure(r, options->name);
	}
	*ret_alg = alg;
	return COMMAND_OK;
}

void alg_print_hex(const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < len; i++)
		printf("%02x", byte[i]);
}

static const struct command *const alg_commands[] = {
	&alg_list_command, &alg_hash_command,  &alg_hmac_command,
	&alg_enc_command,  &alg_dec_command,   &alg_aead_command,
	&alg_rng_command,  &alg_speed_command, NULL,
};

const struct command alg_command = {
	.name = "alg",
	.summary = "the kernel's cryptography: digests, ciphers, random numbers",
	.children = alg_commands,
};
