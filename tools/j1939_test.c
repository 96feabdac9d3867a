/* SPDX-License-Identifier: MIT */
/* linsock can j1939 test: send and print short messages, as testj1939 does. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/can.h"
#include "tools/j1939_place.h"

#define DATA_MAX 128

struct test {
	struct j1939_place from;
	struct j1939_place to;
	struct lsk_j1939_config config;
	long len; /* bytes to send; 0: none */
	bool receives;
	bool echoes;
	bool has_names;
	bool waits;
	double wait_s;
	bool rebinds;
	long count; /* messages to receive; 0: no end */
};

static int parse_numbers(struct test *test, int option, const char *value)
{
	long priority = 0;

	switch (option) {
	case 's':
		test->len = 8;
		if (value && command_parse_number(value + (*value == '='), 1, DATA_MAX,
						  &test->len) < 0)
			return command_usage("Unsupported size. max: %d", DATA_MAX);
		return COMMAND_OK;
	case 'p':
		if (command_parse_number(value + (*value == '='), 0, 7, &priority) < 0)
			return command_usage("-p: \"%s\" is no priority", value);
		test->config.has_priority = true;
		test->config.priority = (uint8_t)priority;
		return COMMAND_OK;
	case 'w':
		test->waits = true;
		test->wait_s = value ? strtod(value, NULL) : 1;
		return COMMAND_OK;
	default:
		if (command_parse_number(value, 1, INT32_MAX, &test->count) < 0)
			return command_usage("--count: \"%s\" is no number", value);
		return COMMAND_OK;
	}
}

static int parse_option(struct test *test, int option, const char *value)
{
	switch (option) {
	case 's':
	case 'p':
	case 'w':
	case 'N':
		return parse_numbers(test, option, value);
	case 'r':
		test->receives = true;
		break;
	case 'e':
		test->echoes = true;
		break;
	case 'n':
		test->has_names = true;
		break;
	case 'P':
		test->config.promiscuous = true;
		break;
	case 'B':
		test->config.broadcast = true;
		break;
	case 'b':
	case 'c':
	case 'v':
		break; /* calls of the kernel that make no difference here */
	case 'o':
		return command_usage("-o: without an address of its own nothing goes "
				     "out");
	default:
		return command_bad_option();
	}
	return COMMAND_OK;
}

static int parse_options(struct test *test, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'N'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "vbos::rep:cnw::BP", longs, NULL)) !=
		       -1)
		status = parse_option(test, option, optarg);
	if (status == COMMAND_OK && argv[optind])
		status = j1939_place_parse(&test->from, argv[optind++]);
	if (status == COMMAND_OK && argv[optind])
		status = j1939_place_parse(&test->to, argv[optind++]);
	return status;
}

static int send_dummy(const struct test *test, struct lsk_j1939 *j1939)
{
	uint8_t data[DATA_MAX];
	int r;

	for (unsigned int i = 0; i < DATA_MAX; i++)
		data[i] = (uint8_t)((2 * i) << 4) + ((2 * i + 1) & 0xF);
	r = lsk_j1939_send(j1939, &test->to.place, data, (size_t)test->len);
	return r < 0 ? command_failure(r, "sendto") : COMMAND_OK;
}

static void print_message(const struct test *test, const struct lsk_j1939_place *from,
			  const uint8_t *data, size_t len)
{
	if (test->has_names && from->name)
		printf("%016llx ", (unsigned long long)from->name);
	printf("%02x %05x:", from->address, from->pgn);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && i % 8 == 0)
			printf("\n%05zx    ", i);
		printf(" %02x", data[i]);
	}
	putchar('\n');
	fflush(stdout);
}

static int receive(const struct test *test, struct lsk_j1939 *j1939)
{
	struct lsk_j1939_message message;
	uint8_t data[DATA_MAX];

	for (long i = 0; test->count == 0 || i < test->count; i++) {
		ssize_t len = lsk_j1939_receive(j1939, data, sizeof(data), &message);
		int r = 0;

		if (len == -ETIME && test->waits)
			return COMMAND_OK;
		if (len == -EMSGSIZE)
			len = DATA_MAX;
		if (len < 0)
			return command_failure((int)len, "recvfrom()");
		if (test->echoes)
			r = lsk_j1939_send(j1939, &message.from, data, (size_t)len);
		if (r < 0)
			return command_failure(r, "sendto");
		if (test->receives)
			print_message(test, &message.from, data, (size_t)len);
	}
	return COMMAND_OK;
}

static int j1939_test_main(int argc, char **argv)
{
	struct test test = {0};
	struct lsk_j1939 *j1939 = NULL;
	int status;

	j1939_place_init(&test.from);
	j1939_place_init(&test.to);
	status = parse_options(&test, argc, argv);
	if (status != COMMAND_OK)
		return status;
	test.config.interface = test.from.interface;
	test.config.local = test.from.place;
	status = j1939_open(&j1939, &test.config);
	if (status == COMMAND_OK && test.waits)
		lsk_socket_set_timeout(lsk_j1939_socket(j1939),
				       (int64_t)(test.wait_s * 1e9));
	if (status == COMMAND_OK && test.len)
		status = send_dummy(&test, j1939);
	if (status == COMMAND_OK && (test.receives || test.echoes))
		status = receive(&test, j1939);
	lsk_j1939_free(j1939);
	return status;
}

static const char j1939_test_help[] =
	"  FROM, TO        [IFACE]:[ADDRESS],[PGN],[NAME], numbers as in C\n"
	"  -s[LEN]         send LEN bytes (8)\n"
	"  -r              print what comes in; --count NUMBER of messages\n"
	"  -e              send it back\n"
	"  -n              with NAMEs\n"
	"  -p PRIORITY     0 to 7\n"
	"  -P, -B          also what is sent to others, or to all\n"
	"  -w[SECONDS]     end when nothing came for so long (1)\n";

const struct command j1939_test_command = {
	.name = "test",
	.arguments = "[options] FROM [TO]",
	.summary = "send and print short J1939 messages",
	.alias = "testj1939",
	.help = j1939_test_help,
	.main = j1939_test_main,
};
