/* SPDX-License-Identifier: MIT */
/*
 * The statements of a DBC file:
 *
 *	BO_ 100 Engine: 8 Gateway
 *	 SG_ Speed m0 : 7|16@0+ (0.25,0) [0|16000] "rpm" Dash,Logger
 *	VAL_ 100 Mode 0 "off" 1 "on" ;
 *
 * and those that say more of messages and signals. The rest is stepped over.
 */
#include "families/dbc.h"

#include <errno.h>
#include <linux/can.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "families/dbc_lex.h"
#include "families/dbc_parse.h"
#include "src/error.h"
#include "uring/util.h"

/* Signals that belong to no message stand under this identifier. */
#define ID_OF_NO_MESSAGE   0xC0000000u
/* Attribute VFrameFormat: which of its values are FD. */
#define FORMAT_STANDARD_FD 14
#define FORMAT_EXTENDED_FD 15

int dbc_fault(struct dbc_parser *parser, const char *what)
{
	return dbc_fault_at(parser, parser->lexer.token_line, parser->lexer.column,
			    what);
}

int dbc_fault_at(struct dbc_parser *parser, unsigned long line, size_t column,
		 const char *what)
{
	struct lsk_error error;

	error_set(&error, LSK_ERR_SYNTAX, column, "%s", what);
	parser->faults++;
	if (parser->tell)
		parser->tell(parser->context, line, &error);
	return LSK_ERR_SYNTAX;
}

static int expect(struct dbc_parser *parser, const char *mark, const char *what)
{
	if (!dbc_lexer_is(&parser->lexer, mark))
		return dbc_fault(parser, what);
	dbc_lexer_next(&parser->lexer);
	return 0;
}

/* The token as a string that stays; escaped quotes lose their backslash. */
static int keep_text(struct dbc_parser *parser, const char **ret_text)
{
	const struct dbc_lexer *lexer = &parser->lexer;
	char *copy = dbc_allocate(parser->dbc, lexer->len + 1);
	size_t len = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < lexer->len; i++) {
		if (lexer->token == DBC_STRING && lexer->text[i] == '\\' &&
		    i + 1 < lexer->len && lexer->text[i + 1] == '"')
			i++;
		copy[len] = lexer->text[i];
		if (!copy[len++])
			copy[len - 1] = '?';
	}
	*ret_text = copy;
	return 0;
}

static int take_word(struct dbc_parser *parser, const char **ret_word, const char *what)
{
	int r;

	if (parser->lexer.token != DBC_WORD)
		return dbc_fault(parser, what);
	r = keep_text(parser, ret_word);
	dbc_lexer_next(&parser->lexer);
	return r;
}

static int take_string(struct dbc_parser *parser, const char **ret_string)
{
	int r;

	if (parser->lexer.token != DBC_STRING)
		return dbc_fault(parser, "a text in quotes was expected");
	r = keep_text(parser, ret_string);
	dbc_lexer_next(&parser->lexer);
	return r;
}

static int take_number(struct dbc_parser *parser, double *ret_number)
{
	if (parser->lexer.token != DBC_NUMBER || !isfinite(parser->lexer.number))
		return dbc_fault(parser, "a number was expected");
	*ret_number = parser->lexer.number;
	dbc_lexer_next(&parser->lexer);
	return 0;
}

static int take_whole(struct dbc_parser *parser, double max, uint64_t *ret_value)
{
	const struct dbc_lexer *lexer = &parser->lexer;

	if (lexer->token != DBC_NUMBER)
		return dbc_fault(parser, "a whole number was expected");
	if (!(lexer->number >= 0 && lexer->number <= max))
		return dbc_fault(parser, "the number is out of range");
	if (lexer->number != (double)(uint64_t)lexer->number)
		return dbc_fault(parser, "a whole number was expected");
	*ret_value = (uint64_t)lexer->number;
	dbc_lexer_next(&parser->lexer);
	return 0;
}

/* BO_ 100 Engine: 8 Gateway */
static int parse_message(struct dbc_parser *parser)
{
	unsigned long line = parser->lexer.token_line;
	size_t column = parser->lexer.column;
	struct lsk_dbc_message told = {0};
	struct dbc_message *message;
	uint64_t id = 0, len = 0;
	int r;

	parser->message = DBC_NO_MESSAGE;
	parser->is_left_out = true;
	r = take_whole(parser, UINT32_MAX, &id);
	told.is_extended = id & CAN_EFF_FLAG;
	told.id = (uint32_t)id & ~CAN_EFF_FLAG;
	if (r == 0 && id != ID_OF_NO_MESSAGE &&
	    told.id > (told.is_extended ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX))
		return dbc_fault_at(parser, line, column,
				    "the identifier exceeds its bits");
	if (r == 0)
		r = take_word(parser, &told.name, "a message's name was expected");
	if (r == 0)
		r = expect(parser, ":", "\":\" was expected after the name");
	if (r == 0)
		r = take_whole(parser, LSK_CANXL_DATA_MAX, &len);
	told.sender = "Vector__XXX";
	if (r == 0 && parser->lexer.token == DBC_WORD &&
	    !dbc_lexer_is_keyword(&parser->lexer))
		r = take_word(parser, &told.sender, "a sender's name was expected");
	if (r < 0 || id == ID_OF_NO_MESSAGE)
		return r;
	if (dbc_find(parser->dbc, told.id, told.is_extended))
		return dbc_fault_at(parser, line, column,
				    "a message before has the same identifier");
	message = dbc_add_message(parser->dbc, told.id, told.is_extended);
	if (!message)
		return -ENOMEM;
	told.len = (uint16_t)len;
	told.is_fd = len > LSK_CAN_DATA_MAX;
	message->told = told;
	parser->message = parser->dbc->count - 1;
	parser->is_left_out = false;
	return 0;
}

/* "M", "m3" or "m3M" behind a signal's name. */
static int parse_multiplex(struct dbc_parser *parser, struct lsk_dbc_signal *signal)
{
	const struct dbc_lexer *lexer = &parser->lexer;
	struct lsk_dbc_range *range;
	size_t i = 1;
	uint64_t value = 0;

	if (lexer->text[0] == 'm') {
		for (; i < lexer->len && lexer->text[i] >= '0' &&
		       lexer->text[i] <= '9' && value < UINT32_MAX;
		     i++)
			value = value * 10 + (uint64_t)(lexer->text[i] - '0');
		range = dbc_allocate(parser->dbc, sizeof(*range));
		if (!range)
			return -ENOMEM;
		range->first = range->last = value;
		signal->ranges = range;
		signal->range_count = 1;
		if (i == 1)
			return dbc_fault(parser, "\"m\" and a number were expected");
		/* Which one is its multiplexor is known at the end. */
		signal->multiplexor = DBC_UNRESOLVED;
	} else {
		i = 0;
	}
	if (i < lexer->len && lexer->text[i] == 'M') {
		signal->is_multiplexor = true;
		i++;
	}
	if (i != lexer->len)
		return dbc_fault(parser, "\"M\", \"m0\" or \"m0M\" was expected");
	dbc_lexer_next(&parser->lexer);
	return 0;
}

/* 7|16@0+ */
static int parse_bits(struct dbc_parser *parser, struct lsk_dbc_signal *signal)
{
	uint64_t start = 0, length = 0, order = 0;
	int r = take_whole(parser, 8.0 * LSK_CANXL_DATA_MAX - 1, &start);

	if (r == 0)
		r = expect(parser, "|", "\"|\" was expected after the start bit");
	if (r == 0 && parser->lexer.token == DBC_NUMBER &&
	    (parser->lexer.number < 1 || parser->lexer.number > 64))
		return dbc_fault(parser, "a signal has 1 to 64 bits");
	if (r == 0)
		r = take_whole(parser, 64, &length);
	if (r == 0)
		r = expect(parser, "@", "\"@\" was expected after the length");
	if (r == 0)
		r = take_whole(parser, 1, &order);
	if (r < 0)
		return r;
	signal->start = (uint16_t)start;
	signal->length = (uint8_t)length;
	signal->is_big_endian = order == 0;
	if (dbc_lexer_is(&parser->lexer, "-"))
		signal->type = LSK_DBC_SIGNED;
	else if (!dbc_lexer_is(&parser->lexer, "+"))
		return dbc_fault(parser, "\"+\" or \"-\" was expected");
	dbc_lexer_next(&parser->lexer);
	return 0;
}

/* (0.25,0) [0|16000] */
static int parse_scale(struct dbc_parser *parser, struct lsk_dbc_signal *signal)
{
	double *const numbers[] = {&signal->factor, &signal->offset, &signal->minimum,
				   &signal->maximum};
	static const char *const before[] = {"(", ",", "[", "|"};
	static const char *const after[] = {NULL, ")", NULL, "]"};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = expect(parser, before[i],
			       "\"(factor,offset) [minimum|maximum]\" was expected");

		if (r == 0)
			r = take_number(parser, numbers[i]);
		if (r == 0 && after[i])
			r = expect(parser, after[i], "the bracket's end was expected");
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_signal_parts(struct dbc_parser *parser, struct lsk_dbc_signal *signal)
{
	unsigned long line = parser->lexer.token_line;
	int r = take_word(parser, &signal->name, "a signal's name was expected");

	if (r == 0 && parser->lexer.token == DBC_WORD)
		r = parse_multiplex(parser, signal);
	if (r == 0)
		r = expect(parser, ":", "\":\" was expected");
	if (r == 0)
		r = parse_bits(parser, signal);
	if (r == 0)
		r = parse_scale(parser, signal);
	if (r == 0)
		r = take_string(parser, &signal->unit);
	/* Who receives it ends with the line. */
	while (r == 0 && parser->lexer.token_line == line &&
	       parser->lexer.token != DBC_END)
		dbc_lexer_next(&parser->lexer);
	return r;
}

/* SG_ Speed m0 : 7|16@0+ (0.25,0) [0|16000] "rpm" Dash,Logger */
static int parse_signal(struct dbc_parser *parser)
{
	unsigned long line = parser->lexer.token_line;
	size_t column = parser->lexer.column;
	struct lsk_dbc_signal signal = {.multiplexor = LSK_DBC_NONE};
	struct lsk_dbc_signal *added;
	struct dbc_message *message;
	struct dbc_code code;
	int r;

	if (parser->message == DBC_NO_MESSAGE && !parser->is_left_out)
		return dbc_fault(parser, "the signal stands in no message");
	r = parse_signal_parts(parser, &signal);
	if (r < 0 || parser->is_left_out)
		return r;
	message = &parser->dbc->messages[parser->message];
	if (signal.factor == 0)
		return dbc_fault_at(parser, line, column, "the signal's factor is 0");
	if (dbc_find_signal(message, signal.name) != LSK_DBC_NONE)
		return dbc_fault_at(parser, line, column,
				    "a signal before has the same name");
	if (!dbc_compile(&signal, &code) || code.end > message->told.len)
		return dbc_fault_at(parser, line, column,
				    "the signal does not fit into its message");
	added = dbc_add_signal(message);
	if (!added)
		return -ENOMEM;
	*added = signal;
	message->codes[message->told.signal_count - 1].line = (uint32_t)line;
	return 0;
}

/* "100 Speed" at the start of what is said of a signal. Return: 1 for a signal that is
 * here, 0 for one that was left out. */
static int take_signal(struct dbc_parser *parser, struct dbc_message **ret_message,
		       size_t *ret_index)
{
	unsigned long line = parser->lexer.token_line;
	size_t column = parser->lexer.column;
	const char *name = NULL;
	uint64_t id = 0;
	int r = take_whole(parser, UINT32_MAX, &id);

	if (r == 0)
		r = take_word(parser, &name, "a signal's name was expected");
	if (r < 0)
		return r;
	*ret_message =
		dbc_find(parser->dbc, (uint32_t)id & ~CAN_EFF_FLAG, id & CAN_EFF_FLAG);
	if (*ret_message)
		*ret_index = dbc_find_signal(*ret_message, name);
	if (*ret_message && *ret_index != LSK_DBC_NONE)
		return 1;
	if (id != ID_OF_NO_MESSAGE)
		dbc_fault_at(parser, line, column, "there is no such signal");
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const struct lsk_dbc_name *one = a, *other = b;

	return (one->value > other->value) - (one->value < other->value);
}

/* 0 "off" 1 "on" ; */
static int parse_names(struct dbc_parser *parser, const struct lsk_dbc_name **ret_names,
		       size_t *ret_count)
{
	struct lsk_dbc_name *kept;
	size_t count = 0;
	int r = 0;

	while (r == 0 && parser->lexer.token == DBC_NUMBER) {
		double value = 0;

		if (count == parser->names_room) {
			size_t room = count ? 2 * count : 64;
			struct lsk_dbc_name *names =
				reallocarray(parser->names, room, sizeof(*names));

			if (!names)
				return -ENOMEM;
			parser->names = names;
			parser->names_room = room;
		}
		r = take_number(parser, &value);
		if (r == 0 && !(fabs(value) < 0x1p63))
			r = dbc_fault(parser, "the value before exceeds 64 bits");
		if (r == 0)
			r = take_string(parser, &parser->names[count].name);
		if (r == 0)
			parser->names[count++].value = (int64_t)value;
	}
	if (r == 0)
		r = expect(parser, ";", "a value, or \";\", was expected");
	if (r < 0)
		return r;
	kept = dbc_allocate(parser->dbc, (count + 1) * sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	if (count > 0)
		memcpy(kept, parser->names, count * sizeof(*kept));
	qsort(kept, count, sizeof(*kept), by_value);
	*ret_names = kept;
	*ret_count = count;
	return 0;
}

/* VAL_ 100 Mode 0 "off" 1 "on" ; or the name of a table; or words of a variable. */
static int parse_values(struct dbc_parser *parser)
{
	const struct lsk_dbc_name *names = NULL;
	struct dbc_message *message = NULL;
	const struct dbc_table *table;
	size_t index = 0, count = 0;
	int is_here, r;

	if (parser->lexer.token == DBC_WORD)
		return dbc_skip_statement(parser);
	is_here = take_signal(parser, &message, &index);
	if (is_here < 0)
		return is_here;
	if (parser->lexer.token == DBC_WORD) {
		table = dbc_find_table(parser);
		if (!table)
			return dbc_fault(parser, "there is no such table of values");
		names = table->names;
		count = table->count;
		r = dbc_skip_statement(parser);
	} else {
		r = parse_names(parser, &names, &count);
	}
	if (r == 0 && is_here) {
		message->signals[index].names = names;
		message->signals[index].name_count = count;
	}
	return r;
}

/* VAL_TABLE_ Switch 0 "off" 1 "on" ; */
static int parse_table(struct dbc_parser *parser)
{
	struct dbc_table *table = dbc_allocate(parser->dbc, sizeof(*table));
	int r;

	if (!table)
		return -ENOMEM;
	r = take_word(parser, &table->name, "a table's name was expected");
	if (r == 0)
		r = parse_names(parser, &table->names, &table->count);
	if (r == 0) {
		table->next = parser->tables;
		parser->tables = table;
	}
	return r;
}

/* SIG_VALTYPE_ 100 Temperature : 1; */
static int parse_value_type(struct dbc_parser *parser)
{
	struct dbc_message *message = NULL;
	struct lsk_dbc_signal *signal;
	size_t index = 0;
	uint64_t type = 0;
	int is_here = take_signal(parser, &message, &index);
	int r = is_here < 0 ? is_here : 0;

	if (r == 0 && dbc_lexer_is(&parser->lexer, ":"))
		dbc_lexer_next(&parser->lexer);
	if (r == 0)
		r = take_whole(parser, 2, &type);
	if (r < 0 || !is_here)
		return r < 0 ? r : dbc_skip_statement(parser);
	signal = &message->signals[index];
	if ((type == 1 && signal->length != 32) || (type == 2 && signal->length != 64))
		return dbc_fault(parser,
				 "numbers that float have 32 bits, or with 2, 64");
	if (type > 0)
		signal->type = type == 1 ? LSK_DBC_FLOAT : LSK_DBC_DOUBLE;
	return expect(parser, ";", "\";\" was expected");
}

/* SG_MUL_VAL_ 100 Speed Mode 0-3, 7-7; */
static int parse_extended_multiplex(struct dbc_parser *parser)
{
	struct lsk_dbc_range ranges[DBC_RANGES_MAX], *kept;
	struct dbc_message *message = NULL;
	const char *by = NULL;
	size_t index = 0, by_index, count = 0;
	int is_here = take_signal(parser, &message, &index);
	int r = is_here < 0 ? is_here : 0;

	if (r == 0)
		r = take_word(parser, &by, "a multiplexor's name was expected");
	while (r == 0 && parser->lexer.token == DBC_NUMBER) {
		if (count == DBC_RANGES_MAX)
			return dbc_fault(parser, "too many ranges");
		r = take_whole(parser, 0x1p64 - 2048, &ranges[count].first);
		if (r == 0)
			r = expect(parser, "-", "\"-\" was expected");
		if (r == 0)
			r = take_whole(parser, 0x1p64 - 2048, &ranges[count].last);
		count++;
		if (r == 0 && dbc_lexer_is(&parser->lexer, ","))
			dbc_lexer_next(&parser->lexer);
	}
	if (r == 0)
		r = expect(parser, ";", "\";\" was expected");
	if (r < 0 || !is_here)
		return r;
	by_index = dbc_find_signal(message, by);
	if (by_index == LSK_DBC_NONE || count == 0)
		return dbc_fault(parser, "the statement before names no multiplexor, "
					 "or no range");
	kept = dbc_allocate(parser->dbc, count * sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	memcpy(kept, ranges, count * sizeof(*kept));
	message->signals[index].multiplexor = by_index;
	message->signals[index].ranges = kept;
	message->signals[index].range_count = count;
	return 0;
}

/* CM_ BO_ 100 "text"; CM_ SG_ 100 Speed "text"; and comments on other things. */
static int parse_comment(struct dbc_parser *parser)
{
	struct dbc_message *message = NULL;
	size_t index = 0;
	uint64_t id = 0;
	const char *text = NULL;
	int is_here = 0, r = 0;
	bool is_signal = dbc_lexer_is(&parser->lexer, "SG_");

	if (!is_signal && !dbc_lexer_is(&parser->lexer, "BO_"))
		return dbc_skip_statement(parser);
	dbc_lexer_next(&parser->lexer);
	if (is_signal) {
		is_here = take_signal(parser, &message, &index);
		r = is_here < 0 ? is_here : 0;
	} else {
		r = take_whole(parser, UINT32_MAX, &id);
		message = r < 0 ? NULL
				: dbc_find(parser->dbc, (uint32_t)id & ~CAN_EFF_FLAG,
					   id & CAN_EFF_FLAG);
		is_here = message != NULL;
	}
	if (r == 0)
		r = take_string(parser, &text);
	if (r == 0 && is_here && is_signal)
		message->signals[index].comment = text;
	else if (r == 0 && is_here)
		message->told.comment = text;
	return r < 0 ? r : expect(parser, ";", "\";\" was expected");
}

/* BA_ "VFrameFormat" BO_ 100 14; tells FD. */
static int parse_attribute(struct dbc_parser *parser)
{
	const struct dbc_lexer *lexer = &parser->lexer;
	static const char wanted[] = "VFrameFormat";
	struct dbc_message *message;
	uint64_t id = 0, format = 0;
	int r;

	if (lexer->token != DBC_STRING || lexer->len != strlen(wanted) ||
	    memcmp(lexer->text, wanted, lexer->len) != 0)
		return dbc_skip_statement(parser);
	dbc_lexer_next(&parser->lexer);
	if (!dbc_lexer_is(lexer, "BO_"))
		return dbc_skip_statement(parser);
	dbc_lexer_next(&parser->lexer);
	r = take_whole(parser, UINT32_MAX, &id);
	if (r == 0 && lexer->token == DBC_NUMBER)
		r = take_whole(parser, UINT32_MAX, &format);
	if (r < 0)
		return r;
	message =
		dbc_find(parser->dbc, (uint32_t)id & ~CAN_EFF_FLAG, id & CAN_EFF_FLAG);
	if (message && (format == FORMAT_STANDARD_FD || format == FORMAT_EXTENDED_FD))
		message->told.is_fd = true;
	return dbc_skip_statement(parser);
}

int dbc_parse_statement(struct dbc_parser *parser)
{
	static const struct {
		const char *keyword;
		int (*parse)(struct dbc_parser *parser);
	} rows[] = {
		{"BO_", parse_message},
		{"SG_", parse_signal},
		{"VAL_", parse_values},
		{"VAL_TABLE_", parse_table},
		{"SIG_VALTYPE_", parse_value_type},
		{"SG_MUL_VAL_", parse_extended_multiplex},
		{"CM_", parse_comment},
		{"BA_", parse_attribute},
		{"VERSION", dbc_skip_line},
		{"BS_", dbc_skip_line},
		{"BU_", dbc_skip_words},
		{"NS_", dbc_skip_names},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (dbc_lexer_is(&parser->lexer, rows[i].keyword)) {
			dbc_lexer_next(&parser->lexer);
			return rows[i].parse(parser);
		}
	if (!dbc_lexer_is_keyword(&parser->lexer))
		return dbc_fault(parser, "no statement begins so");
	return dbc_skip_statement(parser);
}
