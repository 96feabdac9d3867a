/* SPDX-License-Identifier: MIT */
/* The group "linsock vsock", and its smallest member. */
#include "tools/vsock.h"

#include <linux/vm_sockets.h>
#include <stdio.h>

static int main_cid(int argc, char **argv)
{
	uint32_t cid = 0;
	int r;

	(void)argv;
	if (argc > 1)
		return command_usage("it takes no arguments");
	r = lsk_vsock_local_cid(&cid);
	if (r < 0)
		return command_failure(r, "/dev/vsock");
	printf("%u%s\n", cid,
	       cid == VMADDR_CID_LOCAL  ? " local"
	       : cid == VMADDR_CID_HOST ? " host"
					: "");
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}

const struct command vsock_cid_command = {
	.name = "cid",
	.arguments = "",
	.summary = "the number by which others reach this machine",
	.help = "\"1 local\" where there is loopback only, \"2 host\" on a host.\n"
		"Exit status: 1 where there is no transport, or no /dev/vsock.\n",
	.main = main_cid,
};

static const struct command *const vsock_commands[] = {
	&vsock_bench_command,
	&vsock_cid_command,
	&vsock_forward_command,
	NULL,
};

const struct command vsock_command = {
	.name = "vsock",
	.summary = "between virtual machines and hosts: number, throughput, forwarding",
	.children = vsock_commands,
};
