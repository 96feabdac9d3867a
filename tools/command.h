/* SPDX-License-Identifier: MIT */
/*
 * What subcommands share: how they are called, how they end and how they speak. A
 * subcommand is one file with one row, which is listed in main.c; a group ("linsock
 * can") is a row with rows of its own.
 */
#ifndef LINSOCK_TOOLS_COMMAND_H
#define LINSOCK_TOOLS_COMMAND_H

#include <getopt.h>
#include <stdbool.h>

#include <linsock.h>

/* How every subcommand ends; one that has more to say documents its own from 3 on. */
enum command_status {
	COMMAND_OK = 0,
	COMMAND_FAILURE = 1,
	COMMAND_USAGE = 2, /* the arguments make no sense; nothing was done */
};

struct command {
	const char *name;
	const char *arguments; /* synopsis after the name; NULL for a group */
	const char *summary;   /* one line for "linsock --help" */
	const char *alias;     /* name under which a link calls it; NULL: none */
	/* Text of --help after the synopsis; NULL for a group, and where main() answers
	 * --help itself. */
	const char *help;

	/* argv[0] is the full name ("linsock can dump"), as getopt_long() prints it.
	 * The dispatcher has answered --help already. NULL for a group. */
	int (*main)(int argc, char **argv);

	const struct command *const *children; /* ends with NULL; NULL: none */
};

/* The rows; each stands in the file of its subcommand. */
extern const struct command alg_command;
extern const struct command can_command;
extern const struct command cat_command;
extern const struct command echo_command;
extern const struct command listen_command;
extern const struct command netlink_command;
extern const struct command opt_command;
extern const struct command packet_command;
extern const struct command ping_command;
extern const struct command probe_command;
extern const struct command qipcrtr_command;
extern const struct command rds_command;
extern const struct command ss_command;
extern const struct command vm_command;
extern const struct command vsock_command;
extern const struct command tipc_command;
extern const struct command xdp_command;

/* Tell that the arguments make no sense and where help is. Return: COMMAND_USAGE. */
int command_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tell where help is, after getopt_long() told of the option. Return: COMMAND_USAGE. */
int command_bad_option(void);

/* Tell what failed: "linsock cat: TEXT: ERROR". Return: COMMAND_FAILURE. */
int command_failure(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Tell what failed and, where @error has an offset in @text, the place:
 *
 *	linsock cat: tcp://host:70000: port out of range
 *	        tcp://host:70000
 *	                   ^
 *
 * Return: COMMAND_FAILURE.
 */
int command_failure_at(const char *text, const struct lsk_error *error);

/*
 * Read the options of one of several commands that share @longs: those in @shorts, by
 * @take(@context, option, value), which returns enum command_status. Return: the same.
 */
int command_parse_options(int argc, char **argv, const char *shorts,
			  const struct option *longs,
			  int (*take)(void *context, int option, const char *value),
			  void *context);

/* Read a number of a unit of seconds ("2", "0.5"). Return: 0 or -EINVAL. */
int command_parse_seconds(const char *text, int64_t *ret_ns);

/* Read a decimal or 0x hexadecimal number. Return: 0, -EINVAL or -ERANGE. */
int command_parse_number(const char *text, long min, long max, long *ret_number);

#endif
