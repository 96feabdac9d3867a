/* SPDX-License-Identifier: MIT */
/*
 * linsock netlink batch: lines in the words of ip, many requests per system call. What
 * only asks for a change is queued; whatever wants an answer sends the queue first.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/netlink.h"

#define WORDS_MAX    64
#define MESSAGE_SIZE 4096

struct netlink_batch {
	struct lsk_nl *nl;
	struct lsk_nl_batch *queue;
	const char *file_name;
	unsigned int line;
	unsigned int *lines; /* of each queued message, by its number */
	size_t lines_count;
	size_t lines_room;
	unsigned int failed;
	const struct command *object; /* of the line */
	struct netlink_name *names;
	size_t names_count;
};

static void on_result(void *context, uint64_t index, const struct lsk_nl_error *error)
{
	struct netlink_batch *batch = context;
	char text[512];

	if (error->code == 0 && error->message[0] == '\0')
		return;
	lsk_nl_error_format(error, text, sizeof(text));
	fprintf(stderr, "%s:%u: %s\n", batch->file_name,
		index < batch->lines_count ? batch->lines[index] : 0, text);
	batch->failed += error->code < 0;
}

int netlink_batch_flush(struct netlink_batch *batch)
{
	int r = batch ? lsk_nl_batch_flush(batch->queue, NULL) : 0;

	return r < 0 ? command_failure(r, "%s", batch->file_name) : COMMAND_OK;
}

bool netlink_batch_may_wait(const struct netlink_batch *batch, const char *verb)
{
	return batch->object != &netlink_link_command && strcmp(verb, "show") != 0 &&
	       (batch->object != &netlink_rule_command || strcmp(verb, "set") != 0);
}

struct lsk_nl *netlink_batch_handle(struct netlink_batch *batch)
{
	return batch->nl;
}

/* Names that were looked up stay known until a link may have changed. */
void netlink_batch_names(struct netlink_batch *batch, struct netlink_call *call,
			 bool is_start)
{
	if (is_start) {
		call->names = batch->names;
		call->names_count = batch->names_count;
	} else {
		batch->names = call->names;
		batch->names_count = call->names_count;
	}
}

int netlink_batch_add(struct netlink_batch *batch, unsigned int type,
		      unsigned int flags, const void *object)
{
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	if (batch->lines_count == batch->lines_room) {
		size_t room = batch->lines_room ? batch->lines_room * 2 : 1024;
		unsigned int *lines = realloc(batch->lines, room * sizeof(*lines));

		if (!lines)
			return command_failure(-ENOMEM, "%s", batch->file_name);
		batch->lines = lines;
		batch->lines_room = room;
	}
	batch->lines[batch->lines_count++] = batch->line;
	lsk_nl_build(&msg, type, flags, netlink_object_table(type), object);
	r = lsk_nl_batch_add(batch->queue, &msg);
	return r < 0 ? command_failure(r, "%s:%u", batch->file_name, batch->line)
		     : COMMAND_OK;
}

/* Cut @line at blanks, in place; a '#' ends it. Return: words, or -E2BIG. */
static int cut_words(char *line, char *words[WORDS_MAX + 1])
{
	int count = 0;
	char *word;

	line[strcspn(line, "#\n")] = '\0';
	for (word = strtok_r(line, " \t\r", &line); word;
	     word = strtok_r(NULL, " \t\r", &line)) {
		if (count == WORDS_MAX)
			return -E2BIG;
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

/* "route", "r", "address" … as ip's: the first object that begins so. */
static const struct command *find_object(const char *word)
{
	static const struct command *const objects[] = {
		&netlink_link_command,  &netlink_addr_command,  &netlink_route_command,
		&netlink_rule_command,  &netlink_neigh_command, &netlink_qdisc_command,
		&netlink_class_command,
	};
	static const char *const long_names[] = {
		"link", "address", "route", "rule", "neighbour", "qdisc", "class"};

	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		if (strncmp(long_names[i], word, strlen(word)) == 0)
			return objects[i];
	return NULL;
}

static void run_line(struct netlink_batch *batch, char *line)
{
	const struct command *object;
	char *words[WORDS_MAX + 1];
	int count = cut_words(line, words);

	if (count == 0)
		return;
	object = count > 0 ? find_object(words[0]) : NULL;
	if (!object) {
		fprintf(stderr, "%s:%u: no object of that name\n", batch->file_name,
			batch->line);
		batch->failed++;
		return;
	}
	batch->object = object;
	optind = 0; /* each line has options of its own */
	if (object->main(count, words) != COMMAND_OK) {
		fprintf(stderr, "%s:%u: the line failed\n", batch->file_name,
			batch->line);
		batch->failed++;
	}
}

static int run_file(struct netlink_batch *batch, FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	int r;

	netlink_batch_current(batch);
	while (getline(&line, &room, file) >= 0) {
		batch->line++;
		run_line(batch, line);
	}
	netlink_batch_current(NULL);
	free(line);
	r = netlink_batch_flush(batch);
	if (r == COMMAND_OK && batch->failed > 0)
		r = COMMAND_FAILURE;
	return r;
}

static int batch_main(int argc, char **argv)
{
	struct netlink_batch batch = {.line = 0};
	FILE *file = stdin;
	int r;

	if (getopt(argc, argv, "+") != -1)
		return command_bad_option();
	if (optind != argc - 1)
		return command_usage("batch wants one file, or - for standard input");
	batch.file_name = argv[optind];
	if (strcmp(batch.file_name, "-") != 0)
		file = fopen(batch.file_name, "re");
	if (!file)
		return command_failure(-errno, "%s", batch.file_name);
	r = lsk_nl_open(&batch.nl, NETLINK_ROUTE, NULL);
	if (r == 0)
		r = lsk_nl_batch_new(batch.nl, on_result, &batch, &batch.queue);
	r = r < 0 ? command_failure(r, "netlink") : run_file(&batch, file);
	lsk_nl_batch_free(batch.queue);
	lsk_nl_close(batch.nl);
	free(batch.lines);
	free(batch.names);
	if (file != stdin)
		fclose(file);
	return r;
}

const struct command netlink_batch_command = {
	.name = "batch",
	.arguments = "FILE",
	.summary =
		"lines of link, addr, route, rule, neigh, qdisc and class from a file",
	.help = "Each line is what follows \"linsock netlink\", as for \"ip -batch\"; "
		"# "
		"begins a comment,\n"
		"- is standard input. All lines are performed; each failure is told "
		"with its line, and\n"
		"the exit code is 1 then. Routes, addresses, rules, neighbours and "
		"queues leave many in\n"
		"one system call.\n",
	.main = batch_main,
};
