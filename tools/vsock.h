/* SPDX-License-Identifier: MIT */
/* The subcommands of "linsock vsock". */
#ifndef LINSOCK_TOOLS_VSOCK_H
#define LINSOCK_TOOLS_VSOCK_H

#include "tools/command.h"

extern const struct command vsock_bench_command;
extern const struct command vsock_cid_command;
extern const struct command vsock_forward_command;

#endif
