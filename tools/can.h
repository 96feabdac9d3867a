/* SPDX-License-Identifier: MIT */
/* The subcommands of "linsock can", each in the file of its name. */
#ifndef LINSOCK_TOOLS_CAN_H
#define LINSOCK_TOOLS_CAN_H

#include "tools/command.h"

/* An exit status of every subcommand here: frames were lost, and counted. */
#define CAN_STATUS_LOST 3

/* The field's tools have these colours. */
#define CAN_RED   "\33[31m"
#define CAN_BLUE  "\33[34m"
#define CAN_BOLD  "\33[1m"
#define CAN_PLAIN "\33[0m"

/*
 * Whether colours that were asked for are shown: on a terminal; elsewhere only where
 * the tool is called by the name of the field's, whose output is to be the same.
 */
bool can_shows_color(void);

/*
 * Tell on stderr which part of the log @name is no frame: by line and column, or as the
 * text of @error has it where the log is a binary one.
 */
void can_tell_log_fault(const char *name, const struct lsk_can_log_reader *reader,
			const struct lsk_error *error);

extern const struct command can_asc2log_command;
extern const struct command can_bcm_command;
extern const struct command can_bridge_command;
extern const struct command can_decode_command;
extern const struct command can_dump_command;
extern const struct command can_fdtest_command;
extern const struct command can_gen_command;
extern const struct command can_gw_command;
extern const struct command can_link_command;
extern const struct command can_load_command;
extern const struct command can_log2asc_command;
extern const struct command can_log2long_command;
extern const struct command can_log_command;
extern const struct command can_logserver_command;
extern const struct command can_play_command;
extern const struct command can_send_command;
extern const struct command can_sequence_command;
extern const struct command can_slcan_command;
extern const struct command can_sniff_command;
extern const struct command can_test_command;
extern const struct command isotp_dump_command;
extern const struct command isotp_perf_command;
extern const struct command isotp_recv_command;
extern const struct command isotp_send_command;
extern const struct command isotp_server_command;
extern const struct command isotp_sniff_command;
extern const struct command j1939_cat_command;
extern const struct command j1939_claim_command;
extern const struct command j1939_dump_command;
extern const struct command j1939_perf_command;
extern const struct command j1939_sr_command;
extern const struct command j1939_test_command;

#endif
