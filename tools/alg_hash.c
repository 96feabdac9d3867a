/* SPDX-License-Identifier: MIT */
/* linsock alg hash and hmac: digests of files, as sha256sum(1) prints and checks them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/alg.h"
#include "tools/progress.h"

/* Bytes between two looks at the progress. */
#define SHARE ((int64_t)4 << 20)

struct hash {
	struct alg_options options;
	struct lsk_alg *alg;
	struct progress progress;
	uint64_t total;
	bool is_check;
	bool is_zero_ended;
};

/* Hash a file, "-" for stdin. Return: bytes of the digest, or a negative error. */
static ssize_t hash_file(struct hash *hash, const char *path, unsigned char *ret_digest)
{
	struct lsk_alg_stream *stream = NULL;
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int64_t r;

	if (fd < 0)
		return -errno;
	r = lsk_alg_stream_new(hash->alg, &stream, NULL);
	while (r >= 0) {
		r = lsk_alg_stream_file(stream, fd, SHARE);
		if (r > 0)
			hash->total += (uint64_t)r;
		progress_show(&hash->progress, 0, hash->total);
		if (r < SHARE)
			break;
	}
	if (r >= 0)
		r = lsk_alg_stream_finish(stream, ret_digest, LSK_ALG_DIGEST_MAX);
	lsk_alg_stream_free(stream);
	if (!is_stdin)
		close(fd);
	return (ssize_t)r;
}

/* A name with a newline or backslash is escaped, and the line says so at its start. */
static void print_line(const struct hash *hash, const unsigned char *digest, size_t len,
		       const char *path)
{
	const bool is_escaped = !hash->is_zero_ended && strpbrk(path, "\\\n\r");

	if (is_escaped)
		putchar('\\');
	alg_print_hex(digest, len);
	fputs("  ", stdout);
	for (; *path; path++) {
		if (is_escaped && *path == '\n')
			fputs("\\n", stdout);
		else if (is_escaped && *path == '\r')
			fputs("\\r", stdout);
		else if (is_escaped && *path == '\\')
			fputs("\\\\", stdout);
		else
			putchar(*path);
	}
	putchar(hash->is_zero_ended ? '\0' : '\n');
}

static int print_digest(struct hash *hash, const char *path)
{
	unsigned char digest[LSK_ALG_DIGEST_MAX];
	ssize_t r = hash_file(hash, path, digest);

	progress_end(&hash->progress);
	if (r < 0)
		return alg_failure((int)r, path);
	print_line(hash, digest, (size_t)r, path);
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

/* Undo print_line()'s escapes in place. */
static void unescape(char *name)
{
	char *to = name;

	for (; *name; name++) {
		if (*name == '\\' && name[1]) {
			name++;
			*to++ = (char)(*name == 'n'   ? '\n'
				       : *name == 'r' ? '\r'
						      : *name);
		} else {
			*to++ = *name;
		}
	}
	*to = '\0';
}

/* Read "[\]HEX  NAME" or "[\]HEX *NAME". Return: the name, or NULL. */
static char *split_line(char *line, struct alg_bytes *ret_digest)
{
	bool is_escaped = line[0] == '\\';
	size_t len;

	line += is_escaped;
	len = strspn(line, "0123456789abcdefABCDEF");
	if (len == 0 || len % 2 != 0 || len / 2 > LSK_ALG_DIGEST_MAX ||
	    line[len] != ' ' || (line[len + 1] != ' ' && line[len + 1] != '*') ||
	    !line[len + 2])
		return NULL;
	line[len] = '\0';
	if (alg_take_hex(ret_digest, "digest", line) != COMMAND_OK)
		return NULL;
	line += len + 2;
	if (is_escaped)
		unescape(line);
	return line;
}

/* Check what a file lists. Return: an exit status. */
static int check_list(struct hash *hash, const char *path)
{
	FILE *list = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	unsigned int wrong = 0, unread = 0, bad = 0, good = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!list)
		return command_failure(-errno, "%s", path);
	while ((len = getline(&line, &room, list)) > 0) {
		unsigned char digest[LSK_ALG_DIGEST_MAX];
		struct alg_bytes wanted = {.len = 0};
		char *name;
		ssize_t r;

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		name = split_line(line, &wanted);
		if (!name) {
			bad++;
			continue;
		}
		r = hash_file(hash, name, digest);
		progress_end(&hash->progress);
		if (r < 0) {
			alg_failure((int)r, name);
			unread++;
			printf("%s: FAILED open or read\n", name);
		} else if ((size_t)r == wanted.len &&
			   memcmp(digest, wanted.data, wanted.len) == 0) {
			good++;
			printf("%s: OK\n", name);
		} else {
			wrong++;
			printf("%s: FAILED\n", name);
		}
	}
	free(line);
	if (list != stdin)
		fclose(list);
	if (good + wrong + unread == 0)
		return command_failure(-EBADMSG, "%s: no line of digest and name",
				       path);
	if (bad + wrong + unread > 0)
		fprintf(stderr, "%s: %s: %u wrong, %u unreadable, %u improper lines\n",
			program_invocation_short_name, path, wrong, unread, bad);
	return wrong + unread > 0 ? COMMAND_FAILURE : COMMAND_OK;
}

static int hash_run(struct hash *hash, int count, char **paths)
{
	char dash[] = "-";
	char *standard[] = {dash};
	int status = alg_open(&hash->options, "hash", &hash->alg);

	if (status != COMMAND_OK)
		return status;
	if (count == 0) {
		paths = standard;
		count = 1;
	}
	progress_begin(&hash->progress);
	for (int i = 0; i < count; i++) {
		int one = hash->is_check ? check_list(hash, paths[i])
					 : print_digest(hash, paths[i]);

		status = one != COMMAND_OK ? one : status;
	}
	lsk_alg_free(hash->alg);
	return status;
}

static int hash_main(int argc, char **argv)
{
	static const struct option longs[] = {
		ALG_LONG_OPTIONS,
		{"check", no_argument, NULL, 'c'},
		{"zero", no_argument, NULL, 'z'},
		{0},
	};
	struct hash hash = {.total = 0};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "cz", longs, NULL)) != -1) {
		status = alg_take_option(&hash.options, option, optarg);
		if (status >= 0)
			continue;
		hash.is_check |= option == 'c';
		hash.is_zero_ended |= option == 'z';
		status = COMMAND_OK;
	}
	if (status != COMMAND_OK)
		return status;
	if (optind >= argc)
		return command_usage("which algorithm? (\"linsock alg list hash\")");
	hash.options.name = argv[optind];
	return hash_run(&hash, argc - optind - 1, argv + optind + 1);
}

/* "hmac sha256" is "hash hmac(sha256)" that insists on a key. */
static int hmac_main(int argc, char **argv)
{
	static const struct option longs[] = {
		ALG_LONG_OPTIONS,
		{"zero", no_argument, NULL, 'z'},
		{0},
	};
	struct hash hash = {.total = 0};
	char name[80];
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "z", longs, NULL)) != -1) {
		status = alg_take_option(&hash.options, option, optarg);
		if (status >= 0)
			continue;
		hash.is_zero_ended |= option == 'z';
		status = COMMAND_OK;
	}
	if (status != COMMAND_OK)
		return status;
	if (optind >= argc)
		return command_usage("which algorithm? For example sha256");
	if (!hash.options.key.is_set && !hash.options.has_serial)
		return command_usage("--key-file, --key or --key-serial is needed");
	snprintf(name, sizeof(name), strchr(argv[optind], '(') ? "%s" : "hmac(%s)",
		 argv[optind]);
	hash.options.name = name;
	return hash_run(&hash, argc - optind - 1, argv + optind + 1);
}

static const char hash_help[] =
	"Prints digests of the files (stdin without any, or for -), as sha256sum "
	"does.\n"
	"\n"
	"  -c, --check   read digests and names from the files, and check them\n"
	"  -z, --zero    end each line with a NUL, and escape no names\n"
	"  --key-file FILE, --key HEX, --key-serial N\n"
	"                for keyed hashes, such as cmac(aes); HEX is seen by all\n"
	"  --feature N, --mask N  bits of the address; ignored since Linux 7.2\n";

const struct command alg_hash_command = {
	.name = "hash",
	.arguments = "[-cz] [--key-file FILE] ALGORITHM [FILE...]",
	.summary = "digests of files",
	.help = hash_help,
	.main = hash_main,
};

static const char hmac_help[] =
	"Prints keyed digests of the files (stdin without any, or for -). A plain "
	"name\n"
	"such as sha256 stands for hmac(sha256).\n"
	"\n"
	"  --key-file FILE   the key, as it stands in the file; - for stdin\n"
	"  --key HEX         the key in hexadecimal, which every user can see in ps\n"
	"  --key-serial N    a key of the kernel's key rings (Linux 6.2)\n"
	"  -z, --zero        end each line with a NUL, and escape no names\n"
	"  --feature N, --mask N  bits of the address; ignored since Linux 7.2\n";

const struct command alg_hmac_command = {
	.name = "hmac",
	.arguments = "--key-file FILE ALGORITHM [FILE...]",
	.summary = "keyed digests of files",
	.help = hmac_help,
	.main = hmac_main,
};
