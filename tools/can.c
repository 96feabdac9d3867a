/* SPDX-License-Identifier: MIT */
/* The group "linsock can". */
#include "tools/can.h"

/* One a line, so that two additions do not meet. */
/* clang-format off */
static const struct command *const can_commands[] = {
	&can_decode_command,
	&can_dump_command,
	&can_gen_command,
	&can_log_command,
	&can_play_command,
	&can_send_command,
	&isotp_recv_command,
	&isotp_send_command,
	NULL,
};
/* clang-format on */

const struct command can_command = {
	.name = "can",
	.summary = "controller area network: dump, send, generate, play, convert",
	.children = can_commands,
};
