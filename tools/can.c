/* SPDX-License-Identifier: MIT */
/* The group "linsock can". */
#include "tools/can.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One a line, so that two additions do not meet. */
/* clang-format off */
static const struct command *const isotp_commands[] = {
	&isotp_dump_command,
	&isotp_perf_command,
	&isotp_recv_command,
	&isotp_send_command,
	&isotp_server_command,
	&isotp_sniff_command,
	NULL,
};

static const struct command isotp_command = {
	.name = "isotp",
	.summary = "messages of ISO-TP: send, receive, dump, sniff, serve, measure",
	.children = isotp_commands,
};

static const struct command *const j1939_commands[] = {
	&j1939_cat_command,
	&j1939_claim_command,
	&j1939_dump_command,
	&j1939_perf_command,
	&j1939_sr_command,
	&j1939_test_command,
	NULL,
};

static const struct command j1939_command = {
	.name = "j1939",
	.summary = "J1939: send and receive, dump, claim addresses, measure",
	.children = j1939_commands,
};

static const struct command *const can_commands[] = {
	&can_asc2log_command,
	&can_bcm_command,
	&can_bridge_command,
	&can_decode_command,
	&can_dump_command,
	&can_fdtest_command,
	&can_gen_command,
	&can_gw_command,
	&can_link_command,
	&can_load_command,
	&can_log_command,
	&can_log2asc_command,
	&can_log2long_command,
	&can_logserver_command,
	&can_play_command,
	&can_send_command,
	&can_sequence_command,
	&can_slcan_command,
	&can_sniff_command,
	&can_test_command,
	&isotp_command,
	&j1939_command,
	NULL,
};
/* clang-format on */

const struct command can_command = {
	.name = "can",
	.summary = "controller area network: dump, send, generate, play, convert",
	.children = can_commands,
};

bool can_shows_color(void)
{
	/* Our own names have blanks: "linsock can dump". */
	return isatty(STDOUT_FILENO) || !strchr(program_invocation_short_name, ' ');
}

void can_tell_log_fault(const char *name, const struct lsk_can_log_reader *reader,
			const struct lsk_error *error)
{
	enum lsk_can_log_format format = lsk_can_log_reader_format(reader);

	fprintf(stderr, "%s: %s:", program_invocation_short_name, name);
	if (format != LSK_CAN_LOG_BLF && format != LSK_CAN_LOG_PCAPNG)
		fprintf(stderr, "%lu:%u:", lsk_can_log_line(reader), error->offset + 1);
	fprintf(stderr, " %s\n", error->text);
}
