/* SPDX-License-Identifier: MIT */
/* linsock can j1939 claim: hold an address for a NAME, as the daemon j1939acd does. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"
#include "tools/j1939_place.h"

#define FIRST_DEFAULT 0x80
#define LAST_MAX      0xFD

struct daemon {
	const char *interface;
	const char *cache; /* file in which the address is kept; NULL: none */
	uint64_t name;
	long first;
	long last;
	long preferred; /* -1: none */
	bool is_verbose;
	bool once;
	struct lsk_j1939_claim claim;
};

static volatile sig_atomic_t is_stopped, wants_status;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		wants_status = 1;
	else
		is_stopped = 1;
}

/* "80,50-100": the first is the one to try first, the range where to move. */
static int parse_range(struct daemon *daemon, const char *text)
{
	long first, last;
	char *end;

	daemon->first = LAST_MAX;
	daemon->last = 0;
	do {
		first = last = strtol(text, &end, 0);
		if (end == text)
			return command_usage("parsing range '%s'", text);
		if (*end == '-') {
			text = end + 1;
			last = strtol(text, &end, 0);
			if (end == text)
				return command_usage("parsing addr '%s'", text);
		}
		if (first < 0 || first > LAST_MAX || last < first)
			return command_usage("no addresses in range");
		if (last > LAST_MAX)
			last = LAST_MAX;
		if (daemon->preferred < 0)
			daemon->preferred = first;
		if (first < daemon->first)
			daemon->first = first;
		if (last > daemon->last)
			daemon->last = last;
		text = end + 1;
	} while (*end == ',' || *end == ';');
	return *end ? command_usage("parsing range '%s'", end) : COMMAND_OK;
}

static int parse_options(struct daemon *daemon, int argc, char **argv)
{
	static const struct option longs[] = {
		{"verbose", no_argument, NULL, 'v'},
		{"range", required_argument, NULL, 'r'},
		{"cache", required_argument, NULL, 'c'},
		{"address", required_argument, NULL, 'a'},
		{"prefix", required_argument, NULL, 'p'},
		{"once", no_argument, NULL, 'o'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "vr:c:a:p:", longs, NULL)) != -1) {
		daemon->is_verbose |= option == 'v';
		daemon->once |= option == 'o';
		if (option == 'c')
			daemon->cache = optarg;
		else if (option == 'r')
			status = parse_range(daemon, optarg);
		else if (option == 'a' && command_parse_number(optarg, 0, LAST_MAX,
							       &daemon->preferred) < 0)
			status = command_usage("-a: \"%s\" is no address", optarg);
		else if (option == '?')
			status = command_bad_option();
	}
	if (status != COMMAND_OK)
		return status;
	if (argv[optind])
		daemon->name = strtoull(argv[optind++], NULL, 16);
	if (argv[optind])
		daemon->interface = argv[optind++];
	return daemon->name ? COMMAND_OK
			    : command_usage("a NAME of 64 bits is needed, in "
					    "hexadecimal");
}

/* The address of last time. */
static void restore_cache(struct daemon *daemon)
{
	FILE *file = daemon->cache ? fopen(daemon->cache, "re") : NULL;
	char line[128];
	char *end;

	while (file && fgets(line, sizeof(line), file)) {
		long address = strtol(line, &end, 0);

		if (line[0] == '#' || end == line || address < daemon->first ||
		    address > daemon->last)
			continue;
		daemon->preferred = address;
		break;
	}
	if (file)
		fclose(file);
}

static int save_cache(const struct daemon *daemon)
{
	time_t now = time(NULL);
	char text[32];
	FILE *file;

	if (!daemon->cache)
		return COMMAND_OK;
	file = fopen(daemon->cache, "we");
	if (!file)
		return command_failure(-errno, "%s", daemon->cache);
	fprintf(file, "# saved on %s\n\n0x%02x\n", ctime_r(&now, text),
		daemon->claim.address);
	return fclose(file) == 0 ? COMMAND_OK
				 : command_failure(-errno, "%s", daemon->cache);
}

/* Addresses, and who has them: * ours, + of our range, - others. */
static void print_status(const struct daemon *daemon)
{
	const struct lsk_j1939_claim *claim = &daemon->claim;
	bool has_address = claim->state == LSK_J1939_CLAIM_HELD ||
			   claim->state == LSK_J1939_CLAIM_WAITING;

	for (long i = 0; i <= LAST_MAX; i++) {
		bool is_ours = has_address && claim->address == i;
		bool is_in_range = i >= daemon->first && i <= daemon->last;
		uint64_t owner = is_ours ? claim->name : claim->owners[i];

		if (!is_in_range && owner == 0)
			continue;
		printf("%02lx: %c", (unsigned long)i,
		       is_ours       ? '*'
		       : is_in_range ? '+'
				     : '-');
		if (owner)
			printf(" %016llx\n", (unsigned long long)owner);
		else
			puts(" -");
	}
	fflush(stdout);
}

static int on_interrupt(void *context)
{
	if (wants_status) {
		wants_status = 0;
		print_status(context);
	}
	return is_stopped;
}

static void on_change(void *context, const struct lsk_j1939_claim *claim)
{
	const struct daemon *daemon = context;

	if (!daemon->is_verbose)
		return;
	if (claim->state == LSK_J1939_CLAIM_HELD)
		fprintf(stderr, "- claimed 0x%02x\n", claim->address);
	else if (claim->state == LSK_J1939_CLAIM_LOST)
		fprintf(stderr, "- no address left\n");
	else if (claim->address == LSK_J1939_IDLE_ADDRESS)
		fprintf(stderr, "- %s is down\n", daemon->interface);
	else
		fprintf(stderr, "- claiming 0x%02x\n", claim->address);
}

static int hold(struct daemon *daemon, struct lsk_j1939 *j1939)
{
	static const struct lsk_j1939_place everybody = {
		.pgn = LSK_J1939_PGN_REQUEST,
		.address = LSK_J1939_NO_ADDRESS,
	};
	static const uint8_t claims_please[] = {0x00, 0xEE, 0x00};
	const struct lsk_j1939_claim_options options = {
		.timeout_ns = LSK_BLOCK,
		.until_held = daemon->once,
		.changed = on_change,
		.context = daemon,
	};
	int r;

	lsk_set_interrupt_hook(on_interrupt, daemon);
	/* Others tell what they have, so that ours is a free one from the start. */
	lsk_j1939_send(j1939, &everybody, claims_please, sizeof(claims_please));
	r = lsk_j1939_claim_run(&daemon->claim, j1939, &options);
	lsk_set_interrupt_hook(NULL, NULL);
	if (r == -EADDRNOTAVAIL)
		return command_failure(r, "no address left from 0x%02lx to 0x%02lx",
				       (unsigned long)daemon->first,
				       (unsigned long)daemon->last);
	return r < 0 && r != -EINTR ? command_failure(r, "%s", daemon->interface)
				    : COMMAND_OK;
}

static int j1939_claim_main(int argc, char **argv)
{
	struct daemon daemon = {.interface = "can0",
				.first = FIRST_DEFAULT,
				.last = LAST_MAX,
				.preferred = -1};
	struct sigaction action = {.sa_handler = on_signal};
	struct lsk_j1939_config config = {.broadcast = true};
	struct lsk_j1939 *j1939 = NULL;
	int status = parse_options(&daemon, argc, argv);

	if (status != COMMAND_OK)
		return status;
	restore_cache(&daemon);
	if (daemon.preferred < daemon.first || daemon.preferred > daemon.last)
		daemon.preferred = daemon.first;
	lsk_j1939_claim_init(&daemon.claim, daemon.name, (uint8_t)daemon.preferred,
			     (uint8_t)daemon.first, (uint8_t)daemon.last);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	config.interface = daemon.interface;
	config.local = (struct lsk_j1939_place){.name = daemon.name,
						.pgn = LSK_J1939_NO_PGN,
						.address = LSK_J1939_IDLE_ADDRESS};
	if (daemon.is_verbose)
		fprintf(stderr, "- ready for %s:%016llx\n", daemon.interface,
			(unsigned long long)daemon.name);
	status = j1939_open(&j1939, &config);
	if (status == COMMAND_OK)
		status = hold(&daemon, j1939);
	if (j1939 && status == COMMAND_OK) {
		print_status(&daemon);
		status = save_cache(&daemon);
	}
	lsk_j1939_free(j1939);
	return status;
}

static const char j1939_claim_help[] =
	"Claims an address, defends it, moves where a smaller NAME takes it, and "
	"claims\n"
	"again when the interface was down or is another one. SIGUSR1 prints who has "
	"which.\n"
	"\n"
	"  NAME                 64 bits, hexadecimal; IFACE is can0 where none is "
	"given\n"
	"  -r, --range RANGE    80,50-100: where it may be (0x80-0xfd)\n"
	"  -a, --address SA     to try first\n"
	"  -c, --cache FILE     keep the address from one run to the next\n"
	"  -v, --verbose        tell what happens\n"
	"  --once               end when it is claimed\n";

const struct command j1939_claim_command = {
	.name = "claim",
	.arguments = "[options] NAME [IFACE]",
	.summary = "hold a J1939 address for a NAME",
	.alias = "j1939acd",
	.help = j1939_claim_help,
	.main = j1939_claim_main,
};
