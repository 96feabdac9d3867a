/* SPDX-License-Identifier: MIT */
/* cangen's arguments, and ours. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can_gen.h"
#include "tools/command.h"

enum { OPTION_START = 256, OPTION_MARK };

static int parse_mode(const char *text, enum can_gen_mode *ret_mode)
{
	static const char letters[] = "reoi";
	static const enum can_gen_mode modes[] = {CAN_GEN_RANDOM, CAN_GEN_EVEN,
						  CAN_GEN_ODD, CAN_GEN_INCREMENT};
	const char *letter = strchr(letters, text[0]);

	*ret_mode =
		letter && text[0] && !text[1] ? modes[letter - letters] : CAN_GEN_FIXED;
	return *ret_mode == CAN_GEN_FIXED;
}

static int parse_id(struct can_gen *gen, const char *text)
{
	char *end;
	unsigned long id;

	if (!parse_mode(text, &gen->id.mode))
		return COMMAND_OK;
	id = strtoul(text, &end, 16);
	if (end == text || *end || id > LSK_CAN_EXTENDED_ID_MAX)
		return command_usage("-I takes r, e, o, i or an identifier, not \"%s\"",
				     text);
	gen->id.value = (uint32_t)id;
	return COMMAND_OK;
}

static int parse_len(struct can_gen *gen, const char *text)
{
	long len;

	if (!parse_mode(text, &gen->len.mode) && gen->len.mode != CAN_GEN_EVEN &&
	    gen->len.mode != CAN_GEN_ODD)
		return COMMAND_OK;
	gen->len.mode = CAN_GEN_FIXED;
	if (command_parse_number(text, 0, LSK_CANFD_DATA_MAX, &len) < 0)
		return command_usage("-L takes r, i or a length, not \"%s\"", text);
	gen->len.value = (uint32_t)len;
	return COMMAND_OK;
}

/* Pairs of digits, of which "x" is left to chance. */
static int parse_data(struct can_gen *gen, const char *text)
{
	size_t len = strlen(text);

	if (!parse_mode(text, &gen->data_mode) && gen->data_mode != CAN_GEN_EVEN &&
	    gen->data_mode != CAN_GEN_ODD)
		return COMMAND_OK;
	gen->data_mode = CAN_GEN_FIXED;
	if (len == 0 || len % 2 != 0 || len > 2 * sizeof(gen->data))
		return command_usage("wrong fix data definition: \"%s\"", text);
	for (size_t i = 0; i < len; i++) {
		static const char digits[] = "0123456789abcdef";
		unsigned int shift = i % 2 ? 0 : 4;
		const char *digit = strchr(digits, text[i] | 0x20);

		if (text[i] == 'x')
			gen->random_mask[i / 2] |= (uint8_t)(0xFu << shift);
		else if (digit && text[i] != 0x20)
			gen->data[i / 2] |=
				(uint8_t)((unsigned int)(digit - digits) << shift);
		else
			return command_usage("wrong fix data definition: \"%s\"", text);
	}
	return COMMAND_OK;
}

/* A field of XL frames, in hexadecimal. */
static int parse_xl(struct can_gen_field *field, char option, uint32_t max,
		    const char *text)
{
	char *end;
	unsigned long value;

	if (!parse_mode(text, &field->mode) && field->mode != CAN_GEN_EVEN &&
	    field->mode != CAN_GEN_ODD)
		return COMMAND_OK;
	field->mode = CAN_GEN_FIXED;
	value = strtoul(text, &end, 16);
	if (end == text || *end || value > max)
		return command_usage("-%c takes r, i or up to %X, not \"%s\"", option,
				     max, text);
	field->value = (uint32_t)value;
	return COMMAND_OK;
}

static int parse_gap(struct can_gen *gen, const char *text)
{
	char *end;
	double gap = strtod(text, &end);

	if (end == text || *end || !(gap >= 0 && gap < 1e9))
		return command_usage("-g takes milliseconds, not \"%s\"", text);
	gen->gap_ns = (int64_t)(gap * 1e6);
	return COMMAND_OK;
}

static int parse_timing(struct can_gen *gen, int option, const char *value)
{
	long number = 0;

	if (command_parse_number(value, 0,
				 option == OPTION_START ? INT64_MAX : INT32_MAX,
				 &number) < 0)
		return command_usage("\"%s\" is no number", value);
	if (option == OPTION_START)
		gen->start_ns = number;
	else if (option == OPTION_MARK)
		gen->mark = (uint32_t)number;
	else
		gen->priority = number;
	return COMMAND_OK;
}

static int parse_valued(struct can_gen *gen, int option, const char *value)
{
	long number = 0;

	switch (option) {
	case 'g':
		return parse_gap(gen, value);
	case 'I':
		return parse_id(gen, value);
	case 'L':
		return parse_len(gen, value);
	case 'D':
		return parse_data(gen, value);
	case 'F':
		return parse_xl(&gen->xl_flags, 'F', UINT8_MAX, value);
	case 'S':
		return parse_xl(&gen->xl_sdt, 'S', UINT8_MAX, value);
	case 'A':
		return parse_xl(&gen->xl_acceptance, 'A', UINT32_MAX, value);
	case 'V':
		return parse_xl(&gen->xl_vcid, 'V', UINT8_MAX, value);
	case OPTION_START:
	case OPTION_MARK:
	case 'P':
		return parse_timing(gen, option, value);
	default:
		break;
	}
	if (command_parse_number(value, 1, INT32_MAX, &number) < 0)
		return command_usage("-%c takes a number from 1 on, not \"%s\"", option,
				     value);
	if (option == 'n')
		gen->count = (unsigned long)number;
	else if (option == 'c')
		gen->burst = (unsigned long)number;
	else
		gen->timeout_ns = number * INT64_C(1000000);
	return COMMAND_OK;
}

static int parse_flag(struct can_gen *gen, int option)
{
	switch (option) {
	case 'a': /* absolute deadlines: here they always are */
		break;
	case 'e':
		gen->is_extended = true;
		break;
	case 'f':
		gen->is_fd = true;
		break;
	case 'b':
		gen->is_fd = true;
		gen->fd_flags |= LSK_CANFD_BRS;
		break;
	case 'E':
		gen->is_fd = true;
		gen->fd_flags |= LSK_CANFD_ESI;
		break;
	case 'X':
		gen->is_xl = true;
		break;
	case 't':
		gen->is_timed = true;
		break;
	case 'R':
		gen->is_remote = true;
		break;
	case '8':
		gen->has_raw_dlc = true;
		break;
	case 'm':
		gen->is_mixed = gen->is_fd = true;
		break;
	case 'i':
		gen->config.on_full = LSK_CAN_ON_FULL_DROP;
		gen->config.send_buffer = 1 << 20;
		break;
	case 'x':
		gen->config.without_loopback = true;
		break;
	case 'v':
		gen->verbose++;
		break;
	default:
		return command_bad_option();
	}
	return COMMAND_OK;
}

int can_gen_parse(struct can_gen *gen, int argc, char **argv)
{
	static const struct option longs[] = {
		{"start", required_argument, NULL, OPTION_START},
		{"mark", required_argument, NULL, OPTION_MARK},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option =
			getopt_long(argc, argv, "g:atefbEXR8mI:L:D:F:S:A:V:p:P:n:ixc:v",
				    longs, NULL)) != -1)
		status = optarg ? parse_valued(gen, option, optarg)
				: parse_flag(gen, option);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("one CAN interface is wanted");
	if (gen->id.mode == CAN_GEN_FIXED && gen->id.value > LSK_CAN_ID_MAX &&
	    !gen->is_extended)
		return command_usage("The given CAN-ID is greater than 0x7FF and the "
				     "'-e' option is not set.");
	gen->interface = argv[optind];
	return COMMAND_OK;
}
