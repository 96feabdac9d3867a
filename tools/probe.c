/* SPDX-License-Identifier: MIT */
/* linsock probe: what this kernel's sockets can do, found out by trying. */
#include <getopt.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/probe.h"

static int probe_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"load", no_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	unsigned int flags = 0;
	bool is_json = false;
	json_t *report;
	int option, r;

	while ((option = getopt_long(argc, argv, "j", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			is_json = true;
			break;
		case 'l':
			flags |= LSK_PROBE_LOAD;
			break;
		default:
			return command_bad_option();
		}
	}
	r = report_make(&report, flags, argv + optind);
	if (r != COMMAND_OK)
		return r;
	r = is_json ? report_print_json(report) : report_print_text(report);
	json_decref(report);
	return r;
}

static const char probe_help[] =
	"  -j, --json  as JSON\n"
	"      --load  let the kernel load the modules that trying needs\n"
	"\n"
	"A FEATURE is a name (can.isotp), a section (can) or a shell pattern "
	"(uring.*).\n"
	"Each one is found to be\n"
	"\n"
	"  yes       tried, and it works\n"
	"  no        tried, and the kernel refused\n"
	"  absent    its module is not installed\n"
	"  loadable  its module is installed and not loaded, so it was not tried\n"
	"  denied    not for this process: seccomp, sysctl, capability, LSM, "
	"modprobe.d\n"
	"  unknown   it could not be tried\n"
	"\n"
	"with the evidence. Without --load nothing is tried that would load a "
	"module.\n";

const struct command probe_command = {
	.name = "probe",
	.arguments = "[--json] [--load] [FEATURE...]",
	.summary = "what this kernel's sockets can do, by trying",
	.help = probe_help,
	.main = probe_main,
};
