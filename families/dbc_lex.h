/* SPDX-License-Identifier: MIT */
/* The words of a DBC file, with their places. */
#ifndef LSK_DBC_LEX_H
#define LSK_DBC_LEX_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dbc_token {
	DBC_END,
	DBC_WORD,
	DBC_NUMBER,
	DBC_STRING, /* without its quotes, escapes as they stand */
	DBC_MARK,   /* one character */
	DBC_BROKEN, /* a string without an end, or a byte that starts nothing */
};

/* A text that is being read, and its token: what stands at it. */
struct dbc_lexer {
	const char *at; /* behind the token */
	const char *end;
	const char *line_start;
	unsigned long line;
	locale_t locale; /* "C": numbers have a point */

	enum dbc_token token;
	const char *text;
	size_t len;
	double number;
	unsigned long token_line;
	size_t column; /* of the token, from 0 on */
};

/* Go to the first token. Return: 0 or -ENOMEM. */
int dbc_lexer_init(struct dbc_lexer *ret_lexer, const char *text, size_t size);
void dbc_lexer_done(struct dbc_lexer *lexer);

/* Go to the next token. */
void dbc_lexer_next(struct dbc_lexer *lexer);

/* Go to the next line that begins with a keyword: what follows a fault. */
void dbc_lexer_recover(struct dbc_lexer *lexer);

/* Whether the token is this word, or this character. */
bool dbc_lexer_is(const struct dbc_lexer *lexer, const char *text);

/* Whether the token is a keyword of the format ("BO_"). */
bool dbc_lexer_is_keyword(const struct dbc_lexer *lexer);

#endif
