/* SPDX-License-Identifier: MIT */
/* The subcommands of "linsock can", each in the file of its name. */
#ifndef LINSOCK_TOOLS_CAN_H
#define LINSOCK_TOOLS_CAN_H

#include "tools/command.h"

/* An exit status of every subcommand here: frames were lost, and counted. */
#define CAN_STATUS_LOST 3

extern const struct command can_decode_command;
extern const struct command can_dump_command;
extern const struct command can_gen_command;
extern const struct command can_log_command;
extern const struct command can_play_command;
extern const struct command can_send_command;
extern const struct command isotp_recv_command;
extern const struct command isotp_send_command;

#endif
