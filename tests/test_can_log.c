/* SPDX-License-Identifier: MIT */
/* Logs: every format there and back, the variants of the field, and what is broken. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linsock/can_log.h>

/* 2026-11-20 10:28:17.965924 UTC */
#define START_NS INT64_C(1795170497965924000)

/* A log in memory, which a reader gets in bites. */
struct memory {
	char bytes[1 << 20];
	size_t len;
	size_t at;
	size_t bite;
};

static struct memory memory;

static int take(void *context, const void *buf, size_t size)
{
	struct memory *log = context;

	if (size > sizeof(log->bytes) - log->len)
		return -ENOSPC;
	memcpy(log->bytes + log->len, buf, size);
	log->len += size;
	return 0;
}

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct memory *log = context;
	size_t count = log->len - log->at;

	if (count > size)
		count = size;
	if (log->bite && count > log->bite)
		count = log->bite;
	memcpy(buf, log->bytes + log->at, count);
	log->at += count;
	return (ssize_t)count;
}

static struct lsk_can_log_reader *reader_of(const char *text, size_t len, size_t bite)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_error error = {0};

	cr_assert_lt(len, sizeof(memory.bytes));
	if (text != memory.bytes)
		memcpy(memory.bytes, text, len);
	memory.len = len;
	memory.at = 0;
	memory.bite = bite;
	cr_assert_eq(lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, bring, &memory,
					    &error),
		     0, "%s", error.text);
	return reader;
}

static struct lsk_can_log_reader *reader_of_text(const char *text)
{
	return reader_of(text, strlen(text), 0);
}

static struct lsk_can_log_entry entry_of(const char *frame, const char *interface,
					 int64_t time_ns)
{
	struct lsk_can_log_entry entry = {.time_ns = time_ns, .has_direction = true};

	snprintf(entry.interface, sizeof(entry.interface), "%s", interface);
	cr_assert_eq(lsk_can_frame_parse(&entry.frame, frame, NULL), 0, "%s", frame);
	return entry;
}

static const char *const texts[] = {
	"123#DEADBEEF",
	"1F334455#1122334455667788",
	"5A1#",
	"123#1122334455667788_E",
	"123##5112233",
	"1F334455##7AABBCCDDEEFF00112233445566",
	"00000123#0102",
	"7FF#R5",
	"123##4",
	"20000080#0000000000000000",   /* not in TRC, and without its data in ASC */
	"45123#81:00:12345678#112233", /* not in ASC and TRC */
};

#define TEXTS_COUNT (sizeof(texts) / sizeof(texts[0]))

static bool holds(enum lsk_can_log_format format, const struct lsk_can_frame *frame)
{
	if (format == LSK_CAN_LOG_BLF)
		return frame->kind != LSK_CAN_XL;
	if (format == LSK_CAN_LOG_TRC)
		return frame->kind != LSK_CAN_XL && frame->kind != LSK_CAN_ERROR;
	return format != LSK_CAN_LOG_ASC ||
	       (frame->kind != LSK_CAN_XL && frame->kind != LSK_CAN_ERROR);
}

/* ASC takes an error frame without what it says. */
static bool takes(enum lsk_can_log_format format, const struct lsk_can_frame *frame)
{
	return holds(format, frame) ||
	       (format == LSK_CAN_LOG_ASC && frame->kind == LSK_CAN_ERROR);
}

static void write_log(enum lsk_can_log_format format)
{
	struct lsk_can_log_options options = {.with_direction = true,
					      .with_nanoseconds = true};
	struct lsk_can_log_writer *writer = NULL;

	memory.len = 0;
	cr_assert_eq(lsk_can_log_writer_new(&writer, format, &options, take, &memory),
		     0);
	for (size_t i = 0; i < TEXTS_COUNT; i++) {
		struct lsk_can_log_entry entry =
			entry_of(texts[i], i % 3 ? "can0" : "can1",
				 START_NS + (int64_t)i * 1234000);

		/* The first is on can0, so that numbers and names agree. */
		if (i == 0)
			strcpy(entry.interface, "can0");
		entry.is_sent = i % 2;
		cr_assert_eq(lsk_can_log_write(writer, &entry),
			     takes(format, &entry.frame) ? 0 : -EOPNOTSUPP);
	}
	cr_assert_eq(lsk_can_log_flush(writer), 0);
	lsk_can_log_writer_free(writer);
}

static void check_log(enum lsk_can_log_format format, size_t bite)
{
	struct lsk_can_log_reader *reader = reader_of(memory.bytes, memory.len, bite);
	const char *name = lsk_can_log_format_name(format);
	struct lsk_can_log_entry seen;
	struct lsk_error error = {0};

	cr_assert_eq(lsk_can_log_reader_format(reader), format, "%s", name);
	for (size_t i = 0; i < TEXTS_COUNT; i++) {
		struct lsk_can_log_entry wanted = entry_of(texts[i], "can0", 0);

		if (!takes(format, &wanted.frame))
			continue;
		cr_assert_eq(lsk_can_log_read(reader, &seen, &error), 1, "%s, %s: %s",
			     name, texts[i], error.text);
		cr_assert(lsk_can_frame_equal(&seen.frame, &wanted.frame), "%s: %s",
			  name, texts[i]);
		cr_assert_eq(seen.time_ns, START_NS + (int64_t)i * 1234000,
			     "%s %s: %lld", name, texts[i], (long long)seen.time_ns);
		cr_assert_str_eq(seen.interface, i == 0 || i % 3 ? "can0" : "can1");
		if (seen.has_direction)
			cr_assert_eq(seen.is_sent, i % 2);
		else
			cr_assert_eq(seen.frame.kind, LSK_CAN_ERROR);
	}
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), 0);
	lsk_can_log_reader_free(reader);
}

Test(can_log, every_format_reads_what_it_wrote_also_in_small_bites)
{
	setenv("TZ", "UTC", 1);
	tzset();
	for (int i = LSK_CAN_LOG_AUTO + 1; i < LSK_CAN_LOG__COUNT; i++) {
		enum lsk_can_log_format format = (enum lsk_can_log_format)i;

		write_log(format);
		check_log(format, 0);
		check_log(format, 1);
		check_log(format, 13);
	}
}

static void expect(struct lsk_can_log_reader *reader, const char *frame,
		   const char *interface, int64_t time_ns)
{
	struct lsk_can_log_entry seen;
	struct lsk_error error = {0};
	struct lsk_can_log_entry wanted = entry_of(frame, interface, time_ns);

	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), 1, "%s: %s at %u", frame,
		     error.text, error.offset);
	cr_assert(lsk_can_frame_equal(&seen.frame, &wanted.frame), "%s", frame);
	cr_assert_str_eq(seen.interface, interface);
	cr_assert_eq(seen.time_ns, time_ns, "%s: %lld", frame, (long long)seen.time_ns);
}

Test(can_log, candump_s_log_and_console_are_read_in_all_their_forms)
{
	struct lsk_can_log_reader *reader = reader_of_text(
		"(1795168076.393211) vcan0 123#0011223344556677\n"
		"# a comment\n"
		"DROPCOUNT: dropped 3 CAN frames on 'vcan0' socket (total drops 3)\n"
		"(1795170494.249689)  vcan0 123##5112233 T\r\n"
		"(1795170501.388908000) vcan0 123#R8_E\n"
		"  vcan0  123   [8]  41 42 43 01 02 DE AD FF   'ABC.....'\n"
		"  vcan0  TX - -  123   [2]  41 42\n"
		"  vcan0  RX B E  123  [02]  41 42\n"
		" (1795170496.161244)  vcan0  1F334455   {2}  11 22\n"
		" (1795170496.284858)  vcan0  00000123   {3}  remote request\n"
		" (1795170496.323462)  vcan0       123 [0007] (45|81:00:12345678) "
		"11 22 33 44 55 66 77\n"
		" (1795170496.400330)  vcan0  20000226   [8]  0B 20 00 00 00 00 80 00  "
		" "
		"ERRORFRAME\n"
		"\tlost-arbitration{at bit 11}\n"
		"(0.000001) vcan0 7FF#");

	expect(reader, "123#0011223344556677", "vcan0", 1795168076393211000);
	expect(reader, "123##5112233", "vcan0", 1795170494249689000);
	expect(reader, "123#R8_E", "vcan0", 1795170501388908000);
	expect(reader, "123#4142430102DEADFF", "vcan0", 0);
	expect(reader, "123#4142", "vcan0", 0);
	expect(reader, "123##34142", "vcan0", 0);
	expect(reader, "1F334455#1122", "vcan0", 1795170496161244000);
	expect(reader, "00000123#R3", "vcan0", 1795170496284858000);
	expect(reader, "45123#81:00:12345678#11223344556677", "vcan0",
	       1795170496323462000);
	expect(reader, "20000226#0B20000000008000", "vcan0", 1795170496400330000);
	expect(reader, "7FF#", "vcan0", 1000);
	cr_assert_eq(lsk_can_log_line(reader), 14);
	cr_assert_eq(lsk_can_log_read(reader, &(struct lsk_can_log_entry){0}, NULL), 0);
	lsk_can_log_reader_free(reader);
}

Test(can_log, asc_of_other_tools_is_read)
{
	struct lsk_can_log_reader *reader;

	setenv("TZ", "UTC", 1);
	tzset();
	reader = reader_of_text(
		"date Fri Nov 20 10:28:17.500 am 2026\r\n"
		"base hex  timestamps absolute\r\n"
		"internal events logged\r\n"
		"// version 8.0.0\r\n"
		"Begin Triggerblock Fri Nov 20 10:28:17.500 am 2026\r\n"
		"   0.000000 Start of measurement\r\n"
		"   0.0010 1  390x            Rx   d 8 17 00 14 00 C0 00 08 00  Length "
		"= 1\r\n"
		"   0.002000 2  123             Tx   r\r\n"
		"   0.003000 1  ErrorFrame\r\n"
		"   0.004000 1  Statistic: D 0 R 0 XD 0 XR 0 E 0 O 0 B 0.00%\r\n"
		"  21.671796 CANFD   1 Tx         11  msgCanFdFr1   1 0 a 16 00 00 00 "
		"00 "
		"00 00 00 00 00 00 00 00 00 00 59 c0 100000  214   223040 80000000\r\n"
		"  22.000000 CANFD   2 Rx   1F334455x  1 1 a 13 AA BB CC DD EE FF 00 "
		"11 22 33 44 55 66   130000  130     7000 0 0 0 0 0\r\n"
		"End TriggerBlock\r\n");
	expect(reader, "00000390#17001400C0000800", "can0", 1795170497501000000);
	expect(reader, "123#R", "can1", 1795170497502000000);
	expect(reader, "20000080#0000000000000000", "can0", 1795170497503000000);
	cr_assert_eq(lsk_can_log_line(reader), 9);
	/* Flags 223040h: FD without the BRS that its column has is taken by the column.
	 */
	expect(reader, "011##5000000000000000000000000000059C0", "can0",
	       1795170519171796000);
	/* log2asc's: 13 bytes are no length of FD. */
	expect(reader, "1F334455##7AABBCCDDEEFF00112233445566", "can1",
	       1795170519500000000);
	lsk_can_log_reader_free(reader);
}

Test(can_log, trc_of_older_versions_is_read)
{
	struct lsk_can_log_reader *reader = reader_of_text(
		";$FILEVERSION=1.1\n;$STARTTIME=46346.5\n"
		"     1)         3.200  Rx         0400  2  AA BB\n"
		"     2)         4.200  Tx     18EFC034  8  50 44 00 31 01 0A 01 E5\n"
		"     3)         5.200  Warng  FFFFFFFF  4  00 00 00 08  BUSLIGHT\n"
		"     4)         6.200  Rx         0401  0\n");

	expect(reader, "400#AABB", "can0", 1795176000003200000);
	expect(reader, "18EFC034#50440031010A01E5", "can0", 1795176000004200000);
	expect(reader, "401#", "can0", 1795176000006200000);
	lsk_can_log_reader_free(reader);
}

Test(can_log, csv_of_python_can_is_read)
{
	struct lsk_can_log_reader *reader = reader_of_text(
		"timestamp,arbitration_id,extended,remote,error,dlc,data\n"
		"1483389946.197,0x00dadada,1,0,0,6,WzQyLCA5\n"
		"1483389946.198,0x123,0,1,0,3,\n");

	expect(reader, "00DADADA#5B34322C2039", "can0", 1483389946197000000);
	expect(reader, "123#R3", "can0", 1483389946198000000);
	lsk_can_log_reader_free(reader);
}

Test(can_log, a_line_that_is_no_frame_has_a_place_and_the_rest_goes_on)
{
	struct lsk_can_log_reader *reader =
		reader_of_text("(1.0) vcan0 123#11\n(1.0) vcan0 123#1G\n"
			       "(x) vcan0 123#11\n(1.0\n(2.0) vcan0 123#22\n");
	struct lsk_can_log_entry seen;
	struct lsk_error error;

	expect(reader, "123#11", "vcan0", LSK_NSEC_PER_SEC);
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 17);
	cr_assert_eq(lsk_can_log_line(reader), 2);
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 1);
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), LSK_ERR_SYNTAX);
	expect(reader, "123#22", "vcan0", 2 * LSK_NSEC_PER_SEC);
	cr_assert_eq(lsk_can_log_line(reader), 5);
	lsk_can_log_reader_free(reader);
}

Test(can_log, a_line_without_end_is_refused_in_bounded_memory)
{
	struct lsk_can_log_reader *reader;
	struct lsk_can_log_entry seen;
	struct lsk_error error = {0};
	static char text[300000];

	memset(text, '(', sizeof(text) - 32);
	strcpy(text + sizeof(text) - 32, "\n(2.0) vcan0 123#22\n");
	reader = reader_of_text(text);
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), LSK_ERR_LENGTH);
	cr_assert_eq(error.code, LSK_ERR_LENGTH);
	expect(reader, "123#22", "vcan0", 2 * LSK_NSEC_PER_SEC);
	lsk_can_log_reader_free(reader);
}

Test(can_log, broken_logs_of_every_format_end_or_go_on_but_never_hang)
{
	setenv("TZ", "UTC", 1);
	srandom(20261121);
	for (int round = 0; round < 3000; round++) {
		enum lsk_can_log_format format =
			(enum lsk_can_log_format)(1 + round % (LSK_CAN_LOG__COUNT - 1));
		struct lsk_can_log_reader *reader = NULL;
		struct lsk_can_log_entry seen;
		struct lsk_error error;
		int calls = 0, r;

		write_log(format);
		for (int i = 0; i < 1 + round % 8; i++)
			memory.bytes[(size_t)random() % memory.len] = (char)random();
		if (round % 5 == 0)
			memory.len = (size_t)random() % memory.len;
		memory.at = 0;
		memory.bite = 0;
		cr_assert_eq(
			lsk_can_log_reader_new(&reader, format, bring, &memory, NULL),
			0);
		do {
			r = lsk_can_log_read(reader, &seen, &error);
			if (r == 1)
				cr_assert_geq(lsk_can_frame_check(&seen.frame),
					      LSK_ERR_LENGTH);
			cr_assert_lt(++calls, 5000);
		} while (r != 0 && r != -EBADMSG);
		lsk_can_log_reader_free(reader);
	}
}

static ssize_t refuse(void *context, void *buf, size_t size)
{
	(void)context;
	(void)buf;
	(void)size;
	return -EIO;
}

static int refuse_write(void *context, const void *buf, size_t size)
{
	(void)context;
	(void)buf;
	(void)size;
	return -ENOSPC;
}

Test(can_log, failures_of_the_caller_s_functions_are_passed_on)
{
	struct lsk_can_log_entry entry = entry_of("123#11", "can0", 1);
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_writer *writer = NULL;

	cr_assert_eq(
		lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, refuse, NULL, NULL),
		-EIO);
	cr_assert_eq(
		lsk_can_log_reader_new(&reader, LSK_CAN_LOG_ASC, refuse, NULL, NULL),
		0);
	cr_assert_eq(lsk_can_log_read(reader, &entry, NULL), -EIO);
	cr_assert_eq(lsk_can_log_read(reader, &entry, NULL), -EIO);
	lsk_can_log_reader_free(reader);
	cr_assert_eq(lsk_can_log_writer_new(&writer, LSK_CAN_LOG_CANDUMP, NULL,
					    refuse_write, NULL),
		     0);
	lsk_can_log_write(writer, &entry);
	cr_assert_eq(lsk_can_log_flush(writer), -ENOSPC);
	cr_assert_eq(lsk_can_log_write(writer, &entry), -ENOSPC);
	lsk_can_log_writer_free(writer);
}

Test(can_log, misuse_is_refused)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_writer *writer = NULL;

	cr_assert_eq(lsk_can_log_reader_new(NULL, LSK_CAN_LOG_AUTO, bring, NULL, NULL),
		     -EINVAL);
	cr_assert_eq(
		lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, NULL, NULL, NULL),
		-EINVAL);
	cr_assert_eq(
		lsk_can_log_writer_new(&writer, LSK_CAN_LOG_AUTO, NULL, take, NULL),
		-EINVAL);
	cr_assert_eq(lsk_can_log_read(NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_can_log_write(NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_can_log_flush(NULL), -EINVAL);
	cr_assert_null(lsk_can_log_reader_free(NULL));
	cr_assert_null(lsk_can_log_writer_free(NULL));
	cr_assert_eq(lsk_can_log_line(NULL), 0);
}

Test(can_log, names_tell_formats)
{
	cr_assert_eq(lsk_can_log_format_by_name("asc"), LSK_CAN_LOG_ASC);
	cr_assert_eq(lsk_can_log_format_by_name("a/b.TRC"), LSK_CAN_LOG_TRC);
	cr_assert_eq(lsk_can_log_format_by_name("x.log"), LSK_CAN_LOG_CANDUMP);
	cr_assert_eq(lsk_can_log_format_by_name("x.pcapng"), LSK_CAN_LOG_PCAPNG);
	cr_assert_eq(lsk_can_log_format_by_name("x.txt"), LSK_CAN_LOG_AUTO);
	cr_assert_eq(lsk_can_log_format_by_name(NULL), LSK_CAN_LOG_AUTO);
	cr_assert_str_eq(lsk_can_log_format_name(LSK_CAN_LOG_CSV), "csv");
	cr_assert_null(lsk_can_log_format_name(LSK_CAN_LOG_AUTO));
}
