/* SPDX-License-Identifier: MIT */
/* The group "linsock can". */
#include "tools/can.h"

static const struct command *const can_commands[] = {
	&can_dump_command, &can_send_command,   &can_gen_command,    &can_play_command,
	&can_log_command,  &isotp_send_command, &isotp_recv_command, NULL,
};

const struct command can_command = {
	.name = "can",
	.summary = "controller area network: dump, send, generate, play, convert",
	.children = can_commands,
};
