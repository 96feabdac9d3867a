/* SPDX-License-Identifier: MIT */
/* DBC files: what they say is what frames give; what is faulty has a place. */
#include <criterion/criterion.h>

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/dbc.h>

#define VALUES_MAX 128

struct faults {
	int count;
	unsigned long line[64];
	unsigned int column[64];
	char text[64][248];
};

static void note(void *context, unsigned long line, const struct lsk_error *error)
{
	struct faults *faults = context;

	cr_assert_lt(faults->count, 64);
	faults->line[faults->count] = line;
	faults->column[faults->count] = error->offset;
	snprintf(faults->text[faults->count++], 248, "%s", error->text);
}

static struct lsk_dbc *parsed(const char *text, struct faults *faults)
{
	struct lsk_dbc *dbc = NULL;
	struct faults mine = {0};
	int r = lsk_dbc_parse(&dbc, text, strlen(text), note, faults ? faults : &mine);

	cr_assert_eq(r, (faults ? faults : &mine)->count);
	if (!faults)
		cr_assert_eq(mine.count, 0, "%lu:%u: %s", mine.line[0], mine.column[0],
			     mine.text[0]);
	return dbc;
}

static struct lsk_can_frame frame_of(const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	return frame;
}

/* "Name=value ..." of all that a frame holds. */
static const char *decoded(const struct lsk_dbc *dbc, const char *text)
{
	struct lsk_can_frame frame = frame_of(text);
	struct lsk_dbc_value values[VALUES_MAX];
	static char line[4096];
	int count = lsk_dbc_decode(dbc, &frame, values, VALUES_MAX, NULL);
	size_t len = 0;

	cr_assert_geq(count, 0, "%s: %d", text, count);
	line[0] = '\0';
	for (int i = 0; i < count; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s=%.10g",
					i ? " " : "", values[i].signal->name,
					values[i].value);
	return line;
}

static const char file[] =
	"VERSION \"1.0\"\n"
	"\n"
	"NS_ :\n\tNS_DESC_\n\tCM_\n\tBA_DEF_\n\tVAL_\n\tSG_MUL_VAL_\n"
	"BS_:\n"
	"BU_: Dash Engine\n"
	"VAL_TABLE_ OnOff 0 \"off\" 1 \"on\" ;\n"
	"BO_ 100 Motor: 8 Engine\n"
	" SG_ Speed : 0|16@1+ (0.25,0) [0|16383.75] \"rpm\" Dash,Logger\n"
	" SG_ Temp : 23|8@0- (1,-40) [-168|87] \"\" Vector__XXX\n"
	" SG_ Flag : 24|1@1+ (1,0) [0|1] \"\" Dash\n"
	"BO_ 2147484948 Wide: 8 Engine\n"
	" SG_ All : 7|64@0+ (1,0) [0|0] \"\" Dash\n"
	"BO_ 101 Floats: 12 Engine\n"
	" SG_ Small : 0|32@1- (2,1) [0|0] \"\" Dash\n"
	" SG_ Large : 39|64@0- (1,0) [0|0] \"\" Dash\n"
	"BO_ 102 Mux: 8 Engine\n"
	" SG_ Page M : 0|4@1+ (1,0) [0|15] \"\" Dash\n"
	" SG_ A m0 : 8|8@1+ (1,0) [0|255] \"\" Dash\n"
	" SG_ B m1 : 8|8@1- (1,0) [-128|127] \"\" Dash\n"
	" SG_ Always : 56|8@1+ (1,0) [0|255] \"\" Dash\n"
	"BO_ 103 Deep: 8 Engine\n"
	" SG_ S0 M : 0|8@1+ (1,0) [0|0] \"\" Dash\n"
	" SG_ S1 m1M : 8|8@1+ (1,0) [0|0] \"\" Dash\n"
	" SG_ X m2 : 16|8@1+ (1,0) [0|0] \"\" Dash\n"
	" SG_ Y m5 : 16|8@1+ (1,0) [0|0] \"\" Dash\n"
	"CM_ \"a file \\\"with\\\" quotes; and BO_ 7 lines\nover two\";\n"
	"CM_ SG_ 100 Speed \"how fast\";\n"
	"CM_ BO_ 100 \"the motor\";\n"
	"BA_DEF_ BO_ \"VFrameFormat\" ENUM \"StandardCAN\",\"ExtendedCAN\";\n"
	"BA_ \"VFrameFormat\" BO_ 102 14;\n"
	"VAL_ 100 Flag OnOff ;\n"
	"VAL_ 100 Temp 5 \"five\" -1 \"minus one\" 0 \"none\" ;\n"
	"SIG_VALTYPE_ 101 Small : 1;\n"
	"SIG_VALTYPE_ 101 Large 2;\n"
	"SG_MUL_VAL_ 103 S1 S0 1-1;\n"
	"SG_MUL_VAL_ 103 X S1 2-2;\n"
	"SG_MUL_VAL_ 103 Y S1 3-5, 9-9;\n";

Test(dbc, a_file_is_read_with_all_that_it_says)
{
	struct lsk_dbc *dbc = parsed(file, NULL);
	const struct lsk_dbc_message *motor = lsk_dbc_find(dbc, 100, false);

	cr_assert_not_null(motor);
	cr_assert_str_eq(motor->name, "Motor");
	cr_assert_str_eq(motor->sender, "Engine");
	cr_assert_str_eq(motor->comment, "the motor");
	cr_assert_eq(motor->signal_count, 3);
	cr_assert_str_eq(motor->signals[0].unit, "rpm");
	cr_assert_str_eq(motor->signals[0].comment, "how fast");
	cr_assert_str_eq(lsk_dbc_value_name(&motor->signals[2], 1), "on");
	cr_assert_str_eq(lsk_dbc_value_name(&motor->signals[1], -1), "minus one");
	cr_assert_null(lsk_dbc_value_name(&motor->signals[1], 1));
	cr_assert_null(lsk_dbc_find(dbc, 100, true));
	cr_assert_eq(lsk_dbc_find_name(dbc, "Wide"), lsk_dbc_find(dbc, 1300, true));
	cr_assert(lsk_dbc_find(dbc, 102, false)->is_fd);
	cr_assert(lsk_dbc_find(dbc, 101, false)->is_fd);
	cr_assert_str_eq(lsk_dbc_message(dbc, 4)->name, "Deep");
	cr_assert_null(lsk_dbc_message(dbc, 5));
	lsk_dbc_free(dbc);
}

Test(dbc, frames_give_values_of_every_kind)
{
	struct lsk_dbc *dbc = parsed(file, NULL);
	struct lsk_can_frame frame = frame_of("00000514#8000000000000001");
	struct lsk_dbc_value value;

	cr_assert_str_eq(decoded(dbc, "064#A00F2D01"), "Speed=1000 Temp=5 Flag=1");
	cr_assert_str_eq(decoded(dbc, "064#A00FFF"), "Speed=1000 Temp=-41");
	cr_assert_str_eq(decoded(dbc, "064#A00F"), "Speed=1000");
	cr_assert_str_eq(decoded(dbc, "064#"), "");
	cr_assert_eq(lsk_dbc_decode(dbc, &frame, &value, 1, NULL), 1);
	cr_assert_eq((uint64_t)value.raw, UINT64_C(0x8000000000000001));
	/* 1.5f and -0.1 */
	cr_assert_str_eq(decoded(dbc, "065##10000C03FBFB999999999999A"),
			 "Small=4 Large=-0.1");
	lsk_dbc_free(dbc);
}

Test(dbc, multiplexors_select_what_is_there)
{
	struct lsk_dbc *dbc = parsed(file, NULL);

	cr_assert_str_eq(decoded(dbc, "066#00FF000000000009"), "Page=0 A=255 Always=9");
	cr_assert_str_eq(decoded(dbc, "066#01FF000000000009"), "Page=1 B=-1 Always=9");
	cr_assert_str_eq(decoded(dbc, "066#F2FF000000000009"), "Page=2 Always=9");
	cr_assert_str_eq(decoded(dbc, "067#000207"), "S0=0");
	cr_assert_str_eq(decoded(dbc, "067#010207"), "S0=1 S1=2 X=7");
	cr_assert_str_eq(decoded(dbc, "067#010407"), "S0=1 S1=4 Y=7");
	cr_assert_str_eq(decoded(dbc, "067#010907"), "S0=1 S1=9 Y=7");
	cr_assert_str_eq(decoded(dbc, "067#010607"), "S0=1 S1=6");
	lsk_dbc_free(dbc);
}

Test(dbc, what_has_no_message_is_told)
{
	struct lsk_dbc *dbc = parsed(file, NULL);
	struct lsk_can_frame frame = frame_of("123#11");
	struct lsk_dbc_value value;

	cr_assert_eq(lsk_dbc_decode(dbc, &frame, &value, 1, NULL), -ENOENT);
	frame = frame_of("064#R8");
	cr_assert_eq(lsk_dbc_decode(dbc, &frame, &value, 1, NULL), -ENOENT);
	frame = frame_of("064#A00F2D01");
	/* Room for one of three. */
	cr_assert_eq(lsk_dbc_decode(dbc, &frame, &value, 1, NULL), 3);
	cr_assert_eq(lsk_dbc_decode(dbc, &frame, NULL, 0, NULL), 3);
	cr_assert_eq(lsk_dbc_decode(NULL, &frame, NULL, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_dbc_decode(dbc, &frame, NULL, 1, NULL), -EINVAL);
	lsk_dbc_free(dbc);
}

static void check_encode(const struct lsk_dbc *dbc, const char *name,
			 const struct lsk_dbc_setting *settings, size_t count,
			 const char *wanted)
{
	struct lsk_can_frame frame, expected = frame_of(wanted);
	struct lsk_error error = {0};

	cr_assert_eq(lsk_dbc_encode(lsk_dbc_find_name(dbc, name), settings, count,
				    &frame, &error),
		     0, "%s", error.text);
	cr_assert(lsk_can_frame_equal(&frame, &expected), "%s", wanted);
}

Test(dbc, values_give_frames)
{
	struct lsk_dbc *dbc = parsed(file, NULL);
	const struct lsk_dbc_setting motor[] = {
		{.name = "Speed", .value = 1000.1},
		{.name = "Temp", .value = -41},
		{.name = "Flag", .word = "on"},
	};
	const struct lsk_dbc_setting page[] = {
		{.name = "B", .value = -1},
		{.name = "Page", .value = 1},
	};
	const struct lsk_dbc_setting floats[] = {
		{.name = "Large", .value = -0.1},
		{.name = "Small", .value = 4},
	};

	check_encode(dbc, "Motor", motor, 3, "064#A00FFF0100000000");
	check_encode(dbc, "Mux", page, 2, "066##001FF000000000000");
	check_encode(dbc, "Floats", floats, 2, "065##00000C03FBFB999999999999A");
	check_encode(dbc, "Wide", NULL, 0, "00000514#0000000000000000");
	lsk_dbc_free(dbc);
}

Test(dbc, values_that_cannot_be_are_refused_with_their_index)
{
	struct lsk_dbc *dbc = parsed(file, NULL);
	const struct lsk_dbc_message *motor = lsk_dbc_find_name(dbc, "Motor");
	const struct lsk_dbc_message *mux = lsk_dbc_find_name(dbc, "Mux");
	struct lsk_dbc_setting settings[2] = {{.name = "Flag", .value = 1},
					      {.name = "Speed", .value = -1}};
	struct lsk_can_frame frame;
	struct lsk_error error;

	cr_assert_eq(lsk_dbc_encode(motor, settings, 2, &frame, &error), LSK_ERR_RANGE);
	cr_assert_eq(error.offset, 1);
	settings[1].value = 16384;
	cr_assert_eq(lsk_dbc_encode(motor, settings, 2, &frame, &error), LSK_ERR_RANGE);
	settings[1].value = NAN;
	cr_assert_eq(lsk_dbc_encode(motor, settings, 2, &frame, &error), LSK_ERR_RANGE);
	settings[1].name = "Nobody";
	cr_assert_eq(lsk_dbc_encode(motor, settings, 2, &frame, &error), -ENOENT);
	settings[0].word = "perhaps";
	cr_assert_eq(lsk_dbc_encode(motor, settings, 1, &frame, &error), -ENOENT);
	settings[0] = (struct lsk_dbc_setting){.name = "A", .value = 1};
	settings[1] = (struct lsk_dbc_setting){.name = "Page", .value = 1};
	cr_assert_eq(lsk_dbc_encode(mux, settings, 2, &frame, &error), LSK_ERR_VALUE);
	cr_assert_eq(error.offset, 0);
	cr_assert_eq(lsk_dbc_encode(NULL, settings, 2, &frame, &error), -EINVAL);
	lsk_dbc_free(dbc);
}

Test(dbc, what_is_encoded_decodes_for_every_place_and_length)
{
	for (unsigned int big = 0; big < 2; big++)
		for (unsigned int length = 1; length <= 64; length++)
			for (unsigned int start = 0; start < 128; start++) {
				struct lsk_dbc_setting setting = {.name = "X"};
				struct lsk_can_frame frame;
				struct lsk_dbc_value value;
				struct lsk_dbc *dbc = NULL;
				char text[256];
				int faults;

				snprintf(text, sizeof(text),
					 "BO_ 1 M: 16 N\n SG_ X : %u|%u@%u+ (1,0) "
					 "[0|0] \"\" N\n",
					 start, length, !big);
				faults = lsk_dbc_parse(&dbc, text, strlen(text), NULL,
						       NULL);
				cr_assert_leq(faults, 1);
				if (faults == 1) {
					cr_assert_null(
						dbc ? lsk_dbc_message(dbc, 0)
									->signal_count
								? dbc
								: NULL
						    : NULL);
					lsk_dbc_free(dbc);
					continue;
				}
				/* The pattern 1010..., as a double can hold it. */
				setting.value =
					(double)(0xAAAAAAAAAAAAA800u >> (64 - length));
				cr_assert_eq(lsk_dbc_encode(lsk_dbc_message(dbc, 0),
							    &setting, 1, &frame, NULL),
					     0);
				cr_assert_eq(
					lsk_dbc_decode(dbc, &frame, &value, 1, NULL),
					1);
				cr_assert_eq(value.value, setting.value, "%s", text);
				lsk_dbc_free(dbc);
			}
}

Test(dbc, faults_have_places_and_the_rest_is_read)
{
	struct faults faults = {0};
	struct lsk_dbc *dbc = parsed(
		"BO_ 100 Motor 8 Engine\n"                /* 1: no colon */
		" SG_ Lost : 0|8@1+ (1,0) [0|0] \"\" X\n" /* left out with it */
		"BO_ 101 Good: 2 Engine\n"                /* 3 */
		" SG_ A : 0|8@1+ (1,0) [0|0] \"\" X\n"    /* 4 */
		" SG_ B : 0|65@1+ (1,0) [0|0] \"\" X\n"   /* 5: 65 bits */
		" SG_ C : 8|16@1+ (1,0) [0|0] \"\" X\n"   /* 6: too long */
		" SG_ A : 8|8@1+ (1,0) [0|0] \"\" X\n"    /* 7: twice */
		" SG_ D : 8|8@1+ (0,0) [0|0] \"\" X\n"    /* 8: factor 0 */
		" SG_ E : 8|8@1+ (1,0) [0|0] 5 X\n"       /* 9: no unit */
		" SG_ F m0 : 8|8@1+ (1,0) [0|0] \"\" X\n" /* 10: no multiplexor */
		"what is this\n"                          /* 11 */
		"BO_ 101 Again: 2 Engine\n"               /* 12: twice */
		"BO_ 4000 Large: 2 Engine\n"              /* 13: 11 bits */
		"VAL_ 101 Nobody 0 \"x\" ;\n"             /* 14 */
		"VAL_ 101 A 0 \"x\" 1 ;\n"                /* 15 */
		"BO_ 102 Last: 1 Engine\n"                /* 16 */
		" SG_ Z : 0|8@1+ (1,0) [0|0] \"\" X\n"
		"CM_ \"without an end\n", /* 18 */
		&faults);
	static const unsigned long lines[] = {1,  5,  6,  7,  8,  9, 11,
					      12, 13, 14, 15, 18, 10};
	static const unsigned int columns[] = {14, 11, 5, 5,  5, 28, 0,
					       4,  4,  5, 19, 4, 0};

	cr_assert_eq(faults.count, 13, "%d", faults.count);
	for (int i = 0; i < 13; i++) {
		cr_assert_eq(faults.line[i], lines[i], "fault %d: line %lu: %s", i,
			     faults.line[i], faults.text[i]);
		cr_assert_eq(faults.column[i], columns[i], "fault %d: column %u: %s", i,
			     faults.column[i], faults.text[i]);
	}
	cr_assert_str_eq(decoded(dbc, "065#0708"), "A=7");
	cr_assert_str_eq(decoded(dbc, "066#09"), "Z=9");
	lsk_dbc_free(dbc);
}

Test(dbc, multiplexors_that_select_each_other_are_refused)
{
	struct faults faults = {0};
	struct lsk_dbc *dbc = parsed("BO_ 1 M: 8 N\n"
				     " SG_ A m0M : 0|8@1+ (1,0) [0|0] \"\" X\n"
				     " SG_ B m0M : 8|8@1+ (1,0) [0|0] \"\" X\n"
				     " SG_ C : 16|8@1+ (1,0) [0|0] \"\" X\n"
				     "SG_MUL_VAL_ 1 A B 0-0;\nSG_MUL_VAL_ 1 B A 0-0;\n",
				     &faults);

	cr_assert_eq(faults.count, 2);
	cr_assert_str_eq(decoded(dbc, "001#000003"), "C=3");
	lsk_dbc_free(dbc);
}

Test(dbc, numbers_have_a_point_in_every_locale)
{
	struct lsk_dbc *dbc;

	/* Where the locale is not installed, this says nothing, but does not fail. */
	setlocale(LC_ALL, "de_DE.UTF-8");
	dbc = parsed(file, NULL);
	setlocale(LC_ALL, "C");
	cr_assert_str_eq(decoded(dbc, "064#A00F"), "Speed=1000");
	lsk_dbc_free(dbc);
}

Test(dbc, a_thousand_messages_are_found)
{
	static char text[100000];
	struct lsk_dbc *dbc;
	size_t len = 0;

	for (unsigned int i = 0; i < 1000; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"BO_ %u M%u: 8 N\n SG_ V : 0|8@1+ (1,%u) [0|0] "
					"\"\" X\n",
					i % 2 ? i : i * 7 + 0x80000000u, i, i);
	dbc = parsed(text, NULL);
	for (unsigned int i = 0; i < 1000; i++) {
		const struct lsk_dbc_message *message =
			lsk_dbc_find(dbc, i % 2 ? i : i * 7, i % 2 == 0);

		cr_assert_not_null(message, "%u", i);
		cr_assert_eq(message->signals[0].offset, i);
	}
	lsk_dbc_free(dbc);
}

Test(dbc, misuse_is_refused)
{
	struct lsk_dbc *dbc = NULL;

	cr_assert_eq(lsk_dbc_parse(NULL, "", 0, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_dbc_parse(&dbc, NULL, 1, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_dbc_parse(&dbc, NULL, 0, NULL, NULL), 0);
	cr_assert_null(lsk_dbc_message(dbc, 0));
	cr_assert_null(lsk_dbc_find(dbc, 1, false));
	cr_assert_null(lsk_dbc_find_name(dbc, "x"));
	cr_assert_null(lsk_dbc_free(dbc));
	cr_assert_null(lsk_dbc_free(NULL));
	cr_assert_null(lsk_dbc_message(NULL, 0));
	cr_assert_null(lsk_dbc_find(NULL, 1, false));
	cr_assert_null(lsk_dbc_value_name(NULL, 0));
}
