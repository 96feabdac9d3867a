/* SPDX-License-Identifier: MIT */
/* A DBC file as a whole: statement after statement, and what is known at the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "families/dbc_parse.h"

size_t dbc_find_signal(const struct dbc_message *message, const char *name)
{
	for (size_t i = 0; i < message->told.signal_count; i++)
		if (strcmp(message->signals[i].name, name) == 0)
			return i;
	return LSK_DBC_NONE;
}

const struct dbc_table *dbc_find_table(const struct dbc_parser *parser)
{
	const struct dbc_table *table = parser->tables;

	while (table && !dbc_lexer_is(&parser->lexer, table->name))
		table = table->next;
	return table;
}

int dbc_skip_statement(struct dbc_parser *parser)
{
	struct dbc_lexer *lexer = &parser->lexer;

	while (!dbc_lexer_is(lexer, ";")) {
		if (lexer->token == DBC_END || lexer->token == DBC_BROKEN)
			return dbc_fault(parser, "\";\" was expected");
		dbc_lexer_next(lexer);
	}
	dbc_lexer_next(lexer);
	return 0;
}

int dbc_skip_line(struct dbc_parser *parser)
{
	struct dbc_lexer *lexer = &parser->lexer;
	unsigned long line = lexer->token_line;

	while (lexer->token != DBC_END && lexer->token_line == line &&
	       !dbc_lexer_is_keyword(lexer))
		dbc_lexer_next(lexer);
	return 0;
}

int dbc_skip_words(struct dbc_parser *parser)
{
	struct dbc_lexer *lexer = &parser->lexer;

	if (dbc_lexer_is(lexer, ":"))
		dbc_lexer_next(lexer);
	while (lexer->token == DBC_WORD && !dbc_lexer_is_keyword(lexer))
		dbc_lexer_next(lexer);
	return 0;
}

int dbc_skip_names(struct dbc_parser *parser)
{
	struct dbc_lexer *lexer = &parser->lexer;

	if (dbc_lexer_is(lexer, ":"))
		dbc_lexer_next(lexer);
	/* The list holds keywords; these three are none of them, and follow it. */
	while (lexer->token == DBC_WORD && !dbc_lexer_is(lexer, "BS_") &&
	       !dbc_lexer_is(lexer, "BU_") && !dbc_lexer_is(lexer, "BO_"))
		dbc_lexer_next(lexer);
	return 0;
}

/* The signal that "m0" speaks of: the one that selects and is not selected itself. */
static size_t main_multiplexor(const struct dbc_message *message)
{
	for (size_t i = 0; i < message->told.signal_count; i++)
		if (message->signals[i].is_multiplexor &&
		    message->signals[i].multiplexor == LSK_DBC_NONE)
			return i;
	return LSK_DBC_NONE;
}

/* Whether a signal's multiplexors end at one that is always there. */
static bool has_root(const struct dbc_message *message, size_t index)
{
	size_t steps = 0;

	while (message->signals[index].multiplexor != LSK_DBC_NONE) {
		index = message->signals[index].multiplexor;
		if (index == DBC_UNRESOLVED || ++steps > message->told.signal_count)
			return false;
	}
	return true;
}

/* Take a signal out; others are named by their index. */
static void remove_signal(struct dbc_message *message, size_t index)
{
	size_t count = --message->told.signal_count;

	memmove(&message->signals[index], &message->signals[index + 1],
		(count - index) * sizeof(message->signals[0]));
	memmove(&message->codes[index], &message->codes[index + 1],
		(count - index) * sizeof(message->codes[0]));
	for (size_t i = 0; i < count; i++) {
		size_t *by = &message->signals[i].multiplexor;

		if (*by == index)
			*by = DBC_UNRESOLVED;
		else if (*by<DBC_UNRESOLVED && * by> index)
			--*by;
	}
}

static void end_message(struct dbc_parser *parser, struct dbc_message *message)
{
	size_t root = main_multiplexor(message);
	size_t i;

	for (i = 0; i < message->told.signal_count; i++) {
		struct lsk_dbc_signal *signal = &message->signals[i];

		if (signal->multiplexor == DBC_UNRESOLVED && root != LSK_DBC_NONE)
			signal->multiplexor = root;
		if (signal->multiplexor < DBC_UNRESOLVED)
			message->signals[signal->multiplexor].is_multiplexor = true;
	}
	/* Each removal may take the root of others; what is left has one. */
	for (i = 0; i < message->told.signal_count;) {
		if (has_root(message, i)) {
			i++;
			continue;
		}
		dbc_fault_at(parser, message->codes[i].line, 0,
			     "the signal has no multiplexor that is always there");
		remove_signal(message, i);
		i = 0;
	}
	for (i = 0; i < message->told.signal_count; i++)
		dbc_compile(&message->signals[i], &message->codes[i]);
}

static int parse_file(struct dbc_parser *parser)
{
	while (parser->lexer.token != DBC_END) {
		int r = dbc_parse_statement(parser);

		if (r == -ENOMEM)
			return r;
		if (r < 0 && !dbc_lexer_is_keyword(&parser->lexer))
			dbc_lexer_recover(&parser->lexer);
	}
	for (size_t i = 0; i < parser->dbc->count; i++)
		end_message(parser, &parser->dbc->messages[i]);
	return parser->faults;
}

int lsk_dbc_parse(struct lsk_dbc **ret_dbc, const char *text, size_t size,
		  lsk_dbc_fault_fn fault, void *context)
{
	struct dbc_parser parser = {
		.tell = fault,
		.context = context,
		.message = DBC_NO_MESSAGE,
	};
	int r;

	if (!ret_dbc || (!text && size > 0))
		return -EINVAL;
	parser.dbc = calloc(1, sizeof(*parser.dbc));
	if (!parser.dbc)
		return -ENOMEM;
	r = dbc_lexer_init(&parser.lexer, text, size);
	if (r == 0) {
		r = parse_file(&parser);
		dbc_lexer_done(&parser.lexer);
	}
	free(parser.names);
	if (r < 0) {
		lsk_dbc_free(parser.dbc);
		return r;
	}
	*ret_dbc = parser.dbc;
	return r;
}
