/* SPDX-License-Identifier: MIT */
/* linsock can log2long: lines of candump's log as its console has them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/can_view.h"

/* A line's words: the time and the interface are printed as they are. */
struct words {
	const char *word[3];
	int len[3];
};

/* Return: where the first word is that is missing, or -1 where all are there. */
static int split(const char *line, struct words *ret_words)
{
	const char *at = line;

	for (int i = 0; i < 3; i++) {
		at += strspn(at, " \t");
		ret_words->word[i] = at;
		ret_words->len[i] = (int)strcspn(at, " \t\r\n");
		if (ret_words->len[i] == 0)
			return (int)(at - line);
		at += ret_words->len[i];
	}
	return -1;
}

/* Return: whether the line was one. */
static bool show_line(char *line, unsigned long number)
{
	struct lsk_can_frame frame;
	struct lsk_error error = {
		.text = "a time, an interface and a frame make a line"};
	char text[CAN_VIEW_MAX];
	struct words words = {.word = {line, line, line}};
	int offset = split(line, &words);

	if (offset < 0) {
		line[words.word[2] - line + words.len[2]] = '\0';
		if (lsk_can_frame_parse(&frame, words.word[2], &error) == 0) {
			*can_view_put(text, &frame, CAN_VIEW_INDENT | CAN_VIEW_ASCII) =
				'\0';
			printf("%.*s  %.*s  %s\n", words.len[0], words.word[0],
			       words.len[1], words.word[1], text);
			return true;
		}
		offset = (int)(words.word[2] - line) + (int)error.offset;
	}
	fprintf(stderr, "%s: -:%lu:%d: %s\n", program_invocation_short_name, number,
		offset + 1, error.text);
	return false;
}

static int can_log2long_main(int argc, char **argv)
{
	unsigned long number = 0;
	char *line = NULL;
	size_t size = 0;
	int status = COMMAND_OK;

	(void)argv;
	if (argc > 1)
		return command_usage("the log comes by stdin");
	while (getline(&line, &size, stdin) > 0)
		if (!show_line(line, ++number))
			status = COMMAND_FAILURE;
	free(line);
	if (ferror(stdin))
		return command_failure(-EIO, "stdin");
	return fflush(stdout) == 0 ? status : command_failure(-EIO, "stdout");
}

static const char can_log2long_help[] = "Reads candump's log from stdin and writes "
					"what candump -a prints, with the log's\n"
					"times. A line that is no frame is told with "
					"its place, and the rest is shown.\n";

const struct command can_log2long_command = {
	.name = "log2long",
	.arguments = "<LOG",
	.summary = "candump's log as its console has it",
	.alias = "log2long",
	.help = can_log2long_help,
	.main = can_log2long_main,
};
