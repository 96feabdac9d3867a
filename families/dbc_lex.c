/* SPDX-License-Identifier: MIT */
/* The words of a DBC file. Bytes above 127 are letters: files are in any code page. */
#include "families/dbc_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 64

int dbc_lexer_init(struct dbc_lexer *ret_lexer, const char *text, size_t size)
{
	*ret_lexer = (struct dbc_lexer){
		.at = text,
		.end = text + size,
		.line_start = text,
		.line = 1,
		.locale = newlocale(LC_ALL_MASK, "C", NULL),
	};
	if (!ret_lexer->locale)
		return -ENOMEM;
	/* The mark that some editors put before UTF-8. */
	if (size >= 3 && memcmp(text, "\357\273\277", 3) == 0)
		ret_lexer->at += 3;
	dbc_lexer_next(ret_lexer);
	return 0;
}

void dbc_lexer_done(struct dbc_lexer *lexer)
{
	freelocale(lexer->locale);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void step(struct dbc_lexer *lexer)
{
	if (*lexer->at++ == '\n') {
		lexer->line++;
		lexer->line_start = lexer->at;
	}
}

/* Blanks, and comments as some generators write them. */
static void skip_blanks(struct dbc_lexer *lexer)
{
	while (lexer->at < lexer->end) {
		if (lexer->end - lexer->at >= 2 && lexer->at[0] == '/' &&
		    lexer->at[1] == '/') {
			while (lexer->at < lexer->end && *lexer->at != '\n')
				lexer->at++;
			continue;
		}
		if (*lexer->at != ' ' && (*lexer->at < '\t' || *lexer->at > '\r'))
			return;
		step(lexer);
	}
}

/* Whether a number starts here; after a digit, a sign belongs to what is before it
 * ("@1-", "0-5"). */
static bool starts_number(const struct dbc_lexer *lexer, const char *before)
{
	const char *at = lexer->at;

	if (*at == '+' || *at == '-') {
		if (before && before == at && is_digit(at[-1]))
			return false;
		at++;
	}
	if (at < lexer->end && *at == '.')
		at++;
	return at < lexer->end && is_digit(*at);
}

static void read_number(struct dbc_lexer *lexer)
{
	char copy[NUMBER_MAX];
	char *stop;
	size_t room = (size_t)(lexer->end - lexer->at);
	size_t len = room < sizeof(copy) - 1 ? room : sizeof(copy) - 1;

	memcpy(copy, lexer->at, len);
	copy[len] = '\0';
	lexer->number = strtod_l(copy, &stop, lexer->locale);
	lexer->token = stop == copy ? DBC_BROKEN : DBC_NUMBER;
	lexer->at += stop == copy ? 1 : stop - copy;
}

static void read_string(struct dbc_lexer *lexer)
{
	step(lexer);
	lexer->text = lexer->at;
	while (lexer->at < lexer->end && *lexer->at != '"') {
		if (*lexer->at == '\\' && lexer->end - lexer->at > 1)
			step(lexer);
		step(lexer);
	}
	lexer->len = (size_t)(lexer->at - lexer->text);
	lexer->token = lexer->at < lexer->end ? DBC_STRING : DBC_BROKEN;
	if (lexer->at < lexer->end)
		lexer->at++;
}

void dbc_lexer_next(struct dbc_lexer *lexer)
{
	const char *before = lexer->token == DBC_NUMBER ? lexer->at : NULL;

	skip_blanks(lexer);
	lexer->text = lexer->at;
	lexer->token_line = lexer->line;
	lexer->column = (size_t)(lexer->at - lexer->line_start);
	lexer->token = DBC_END;
	lexer->len = 0;
	if (lexer->at == lexer->end)
		return;
	if (*lexer->at == '"') {
		read_string(lexer);
		return;
	}
	if (is_letter(*lexer->at)) {
		while (lexer->at < lexer->end &&
		       (is_letter(*lexer->at) || is_digit(*lexer->at)))
			lexer->at++;
		lexer->token = DBC_WORD;
	} else if (starts_number(lexer, before)) {
		read_number(lexer);
	} else {
		lexer->token = *lexer->at > ' ' ? DBC_MARK : DBC_BROKEN;
		lexer->at++;
	}
	lexer->len = (size_t)(lexer->at - lexer->text);
}

bool dbc_lexer_is(const struct dbc_lexer *lexer, const char *text)
{
	return (lexer->token == DBC_WORD || lexer->token == DBC_MARK) &&
	       lexer->len == strlen(text) && memcmp(lexer->text, text, lexer->len) == 0;
}

bool dbc_lexer_is_keyword(const struct dbc_lexer *lexer)
{
	static const char *const words[] = {
		"VERSION",
		"FILTER",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (dbc_lexer_is(lexer, words[i]))
			return true;
	if (lexer->token != DBC_WORD || lexer->len < 3 ||
	    lexer->text[lexer->len - 1] != '_')
		return false;
	/* All the others are capital letters with "_" at the end. */
	for (size_t i = 0; i < lexer->len; i++)
		if (lexer->text[i] != '_' &&
		    (lexer->text[i] < 'A' || lexer->text[i] > 'Z'))
			return false;
	return true;
}

void dbc_lexer_recover(struct dbc_lexer *lexer)
{
	for (;;) {
		while (lexer->at < lexer->end && *lexer->at != '\n')
			lexer->at++;
		lexer->token = DBC_END;
		dbc_lexer_next(lexer);
		if (lexer->token == DBC_END || dbc_lexer_is_keyword(lexer))
			return;
		/* Not what a string began with: its end may be that of the file. */
		lexer->at = lexer->text;
		lexer->line = lexer->token_line;
		lexer->line_start = lexer->text - lexer->column;
	}
}
