/* SPDX-License-Identifier: MIT */
/* linsock alg enc, dec, aead and rng: stdin to stdout, or file to file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/alg.h"
#include "tools/progress.h"

#define PIECE     65536
/* More than any kernel takes in one piece. */
#define WHOLE_MAX ((size_t)16 << 20)

struct crypt {
	struct alg_options options;
	struct alg_bytes iv;
	struct alg_bytes assoc;
	long tag_size; /* 0: as the algorithm has it */
	const char *in_path;
	const char *out_path;
	int in;
	int out;
	bool is_encryption;
	bool is_aead;
};

static int take_option(struct crypt *crypt, int option, const char *value)
{
	switch (option) {
	case 'v':
		return alg_take_hex(&crypt->iv, "--iv", value);
	case 'a':
		return alg_take_hex(&crypt->assoc, "--assoc", value);
	case 'A':
		return alg_take_file(&crypt->assoc, value);
	case 't':
		if (command_parse_number(value, 1, 64, &crypt->tag_size) < 0)
			return command_usage("--tag: \"%s\" is no number of bytes",
					     value);
		return COMMAND_OK;
	case 'd':
		crypt->is_encryption = false;
		return COMMAND_OK;
	case 'i':
		crypt->in_path = value;
		return COMMAND_OK;
	case 'o':
		crypt->out_path = value;
		return COMMAND_OK;
	default:
		return alg_take_option(&crypt->options, option, value);
	}
}

static int parse(struct crypt *crypt, int argc, char **argv)
{
	static const struct option longs[] = {
		ALG_LONG_OPTIONS,
		{"iv", required_argument, NULL, 'v'},
		{"in", required_argument, NULL, 'i'},
		{"out", required_argument, NULL, 'o'},
		{0},
	};
	static const struct option longs_aead[] = {
		ALG_LONG_OPTIONS,
		{"iv", required_argument, NULL, 'v'},
		{"in", required_argument, NULL, 'i'},
		{"out", required_argument, NULL, 'o'},
		{"assoc", required_argument, NULL, 'a'},
		{"assoc-file", required_argument, NULL, 'A'},
		{"decrypt", no_argument, NULL, 'd'},
		{"tag", required_argument, NULL, 't'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, crypt->is_aead ? "di:o:" : "i:o:",
				     crypt->is_aead ? longs_aead : longs, NULL)) != -1)
		status = take_option(crypt, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("one algorithm is wanted, such as %s",
				     crypt->is_aead ? "gcm(aes)" : "cbc(aes)");
	crypt->options.name = argv[optind];
	return COMMAND_OK;
}

static int open_files(struct crypt *crypt)
{
	if (crypt->in_path && strcmp(crypt->in_path, "-") != 0)
		crypt->in = open(crypt->in_path, O_RDONLY | O_CLOEXEC);
	if (crypt->in < 0)
		return command_failure(-errno, "%s", crypt->in_path);
	if (crypt->out_path && strcmp(crypt->out_path, "-") != 0)
		crypt->out = open(crypt->out_path,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (crypt->out < 0)
		return command_failure(-errno, "%s", crypt->out_path);
	return COMMAND_OK;
}

static struct lsk_alg_request request_of(const struct crypt *crypt)
{
	return (struct lsk_alg_request){
		.is_encryption = crypt->is_encryption,
		.iv = crypt->iv.is_set ? crypt->iv.data : NULL,
		.iv_len = crypt->iv.len,
		.assoc = crypt->assoc.data,
		.assoc_len = crypt->assoc.len,
	};
}

/* Piece by piece, whatever the length. Return: 0 or a negative error. */
static int run_stream(const struct crypt *crypt, struct lsk_alg_stream *stream)
{
	static unsigned char in[PIECE], out[PIECE + LSK_ALG_BLOCK_MAX];
	struct progress progress;
	uint64_t received = 0, sent = 0;
	ssize_t r, done = 0;

	progress_begin(&progress);
	do {
		r = alg_read(crypt->in, in, sizeof(in));
		if (r < 0)
			break;
		done = r > 0 ? lsk_alg_stream_update(stream, in, (size_t)r, out,
						     sizeof(out))
			     : lsk_alg_stream_finish(stream, out, sizeof(out));
		if (done < 0)
			break;
		done = alg_write(crypt->out, out, (size_t)done);
		received += (uint64_t)r;
		sent += (uint64_t)r;
		progress_show(&progress, sent, received);
	} while (r > 0 && done >= 0);
	progress_end(&progress);
	explicit_bzero(in, sizeof(in));
	explicit_bzero(out, sizeof(out));
	return (int)(r < 0 ? r : done < 0 ? done : 0);
}

/* In one piece: nothing is written before all of it is known to be right. */
static int run_whole(const struct crypt *crypt, struct lsk_alg *alg)
{
	struct lsk_alg_request request = request_of(crypt);
	unsigned char *text = malloc(WHOLE_MAX + 64);
	struct iovec in = {text, 0}, out = {text, WHOLE_MAX + 64};
	ssize_t r;

	if (!text)
		return -ENOMEM;
	r = alg_read(crypt->in, text, WHOLE_MAX);
	if (r == (ssize_t)WHOLE_MAX)
		r = -EMSGSIZE;
	if (r >= 0) {
		in.iov_len = (size_t)r;
		request.in = &in;
		request.in_count = 1;
		request.out = &out;
		request.out_count = 1;
		r = lsk_alg_run(alg, &request);
	}
	if (r >= 0)
		r = alg_write(crypt->out, text, (size_t)r);
	explicit_bzero(text, WHOLE_MAX + 64);
	free(text);
	return (int)r;
}

static int crypt_run(struct crypt *crypt, int argc, char **argv)
{
	struct lsk_alg_stream *stream = NULL;
	struct lsk_alg_request start;
	struct lsk_alg *alg = NULL;
	int status = parse(crypt, argc, argv);
	int r = 0;

	if (status == COMMAND_OK)
		status = alg_open(&crypt->options, crypt->is_aead ? "aead" : "skcipher",
				  &alg);
	if (status == COMMAND_OK)
		status = open_files(crypt);
	if (status != COMMAND_OK) {
		explicit_bzero(&crypt->options.key, sizeof(crypt->options.key));
		lsk_alg_free(alg);
		return status;
	}
	start = request_of(crypt);
	if (crypt->tag_size > 0)
		r = lsk_alg_set_tag_size(alg, (size_t)crypt->tag_size);
	if (r == 0)
		r = lsk_alg_stream_new(alg, &stream, &start);
	if (r == -EOPNOTSUPP)
		r = run_whole(crypt, alg);
	else if (r == 0)
		r = run_stream(crypt, stream);
	lsk_alg_stream_free(stream);
	lsk_alg_free(alg);
	if (r < 0)
		return alg_failure(r, crypt->options.name);
	if (crypt->out != STDOUT_FILENO && close(crypt->out) < 0)
		return command_failure(-errno, "%s", crypt->out_path);
	return COMMAND_OK;
}

static int enc_main(int argc, char **argv)
{
	struct crypt crypt = {
		.in = STDIN_FILENO, .out = STDOUT_FILENO, .is_encryption = true};

	return crypt_run(&crypt, argc, argv);
}

static int dec_main(int argc, char **argv)
{
	struct crypt crypt = {.in = STDIN_FILENO, .out = STDOUT_FILENO};

	return crypt_run(&crypt, argc, argv);
}

static int aead_main(int argc, char **argv)
{
	struct crypt crypt = {.in = STDIN_FILENO,
			      .out = STDOUT_FILENO,
			      .is_encryption = true,
			      .is_aead = true};

	return crypt_run(&crypt, argc, argv);
}

static int rng_main(int argc, char **argv)
{
	static const struct option longs[] = {
		ALG_LONG_OPTIONS,
		{"hex", no_argument, NULL, 'x'},
		{0},
	};
	struct alg_options options = {.name = NULL};
	unsigned char bytes[4096];
	struct lsk_alg *alg = NULL;
	bool is_hex = false;
	long count = 0;
	int status = COMMAND_OK;
	int option;
	int r = 0;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "x", longs, NULL)) != -1) {
		status = option == 'x' ? COMMAND_OK
				       : alg_take_option(&options, option, optarg);
		is_hex |= option == 'x';
	}
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 2 ||
	    command_parse_number(argv[optind + 1], 0, LONG_MAX, &count) < 0)
		return command_usage("an algorithm and a number of bytes are wanted");
	options.name = argv[optind];
	status = alg_open(&options, "rng", &alg);
	if (status != COMMAND_OK)
		return status;
	while (count > 0 && r >= 0) {
		size_t len =
			count < (long)sizeof(bytes) ? (size_t)count : sizeof(bytes);

		r = lsk_alg_random(alg, bytes, len);
		if (r == 0 && is_hex)
			alg_print_hex(bytes, len);
		else if (r == 0)
			r = alg_write(STDOUT_FILENO, bytes, len);
		count -= (long)len;
	}
	explicit_bzero(bytes, sizeof(bytes));
	lsk_alg_free(alg);
	if (r < 0)
		return alg_failure(r, options.name);
	if (is_hex)
		putchar('\n');
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

static const char crypt_help[] =
	"Reads stdin and writes stdout. Modes that chain (cbc, ctr, ecb, cfb, ofb, "
	"pcbc)\n"
	"take any length; others what the kernel takes in one piece. Nothing is "
	"padded.\n"
	"\n"
	"  --key-file FILE   the key, as it stands in the file; - for stdin\n"
	"  --key HEX         the key in hexadecimal, which every user can see in ps\n"
	"  --key-serial N    a key of the kernel's key rings (Linux 6.2)\n"
	"  --iv HEX          initialization vector, of the algorithm's own length\n"
	"  -i, --in FILE     instead of stdin;  -o, --out FILE  instead of stdout\n"
	"  --feature N, --mask N  bits of the address; ignored since Linux 7.2\n";

const struct command alg_enc_command = {
	.name = "enc",
	.arguments = "--key-file FILE [--iv HEX] [-i FILE] [-o FILE] ALGORITHM",
	.summary = "encrypt",
	.help = crypt_help,
	.main = enc_main,
};

const struct command alg_dec_command = {
	.name = "dec",
	.arguments = "--key-file FILE [--iv HEX] [-i FILE] [-o FILE] ALGORITHM",
	.summary = "decrypt",
	.help = crypt_help,
	.main = dec_main,
};

static const char aead_help[] =
	"Reads all of stdin and writes stdout: the text and behind it the tag. With "
	"-d\n"
	"the other way round, and nothing is written unless the tag is right. The "
	"kernel\n"
	"takes some 400 KiB, since Linux 7 some MiB.\n"
	"\n"
	"  -d, --decrypt     check the tag and decrypt\n"
	"  --assoc HEX, --assoc-file FILE  associated data\n"
	"  --tag N           bytes of the tag, instead of all that the algorithm has\n"
	"  --key-file FILE, --key HEX, --key-serial N, --iv HEX, -i FILE, -o FILE\n"
	"                    as for \"linsock alg enc\"\n";

const struct command alg_aead_command = {
	.name = "aead",
	.arguments = "[-d] --key-file FILE --iv HEX [--assoc HEX] ALGORITHM",
	.summary = "authenticated encryption",
	.help = aead_help,
	.main = aead_main,
};

static const char rng_help[] =
	"Writes random bytes of one of the kernel's generators. They are for tests of\n"
	"generators: getrandom(2) and /dev/urandom are what programs want.\n"
	"\n"
	"  -x, --hex         in hexadecimal, one line\n"
	"  --key-file FILE, --key HEX  the seed, for a generator that has one\n";

const struct command alg_rng_command = {
	.name = "rng",
	.arguments = "[-x] ALGORITHM BYTES",
	.summary = "random bytes",
	.help = rng_help,
	.main = rng_main,
};
