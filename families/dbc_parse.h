/* SPDX-License-Identifier: MIT */
/* The reader of DBC files: the statements, and what frames them. */
#ifndef LSK_DBC_PARSE_H
#define LSK_DBC_PARSE_H

#include "families/dbc.h"
#include "families/dbc_lex.h"

#define DBC_NO_MESSAGE SIZE_MAX
/* A signal's multiplexor is one, but which is not known yet. */
#define DBC_UNRESOLVED (SIZE_MAX - 1)
/* Ranges of one SG_MUL_VAL_ statement. */
#define DBC_RANGES_MAX 64

/* A table of values that has a name. */
struct dbc_table {
	struct dbc_table *next;
	const char *name;
	const struct lsk_dbc_name *names;
	size_t count;
};

struct dbc_parser {
	struct dbc_lexer lexer;
	struct lsk_dbc *dbc;
	lsk_dbc_fault_fn tell;
	void *context;
	int faults;
	size_t message;   /* that signals belong to; its index */
	bool is_left_out; /* that message; its signals are too, without a word */
	struct dbc_table *tables;
	struct lsk_dbc_name *names; /* while a table is read */
	size_t names_room;
};

/* Tell of a fault at the token, or at a place. Return: LSK_ERR_SYNTAX. */
int dbc_fault(struct dbc_parser *parser, const char *what);
int dbc_fault_at(struct dbc_parser *parser, unsigned long line, size_t column,
		 const char *what);

/*
 * Read the statement at the token. Return: 0, and the token is behind it;
 * LSK_ERR_SYNTAX for a fault, which was told; -ENOMEM.
 */
int dbc_parse_statement(struct dbc_parser *parser);

/* The index of a signal, or LSK_DBC_NONE. */
size_t dbc_find_signal(const struct dbc_message *message, const char *name);

/* The table that the token names, or NULL. */
const struct dbc_table *dbc_find_table(const struct dbc_parser *parser);

/* Step behind the ";", behind the line, behind words that are no keywords, and behind
 * the list of new symbols. All return 0 or a fault. */
int dbc_skip_statement(struct dbc_parser *parser);
int dbc_skip_line(struct dbc_parser *parser);
int dbc_skip_words(struct dbc_parser *parser);
int dbc_skip_names(struct dbc_parser *parser);

#endif
