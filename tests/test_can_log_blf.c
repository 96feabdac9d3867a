/* SPDX-License-Identifier: MIT */
/* BLF as others write it, and what is left of one that is damaged. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <linsock/can_log.h>

#define HEADING 144

/* A log that is being made, and read. */
struct log {
	uint8_t bytes[1 << 16];
	size_t len;
	size_t at;
};

static struct log blf;

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct log *from = context;
	size_t count = from->len - from->at < size ? from->len - from->at : size;

	memcpy(buf, from->bytes + from->at, count);
	from->at += count;
	return (ssize_t)count;
}

static void put(size_t at, const void *value, size_t size)
{
	memcpy(blf.bytes + at, value, size);
}

static void put16(uint8_t *out, unsigned int value)
{
	memcpy(out, &(uint16_t){(uint16_t)value}, 2);
}

static void put32(uint8_t *out, uint32_t value)
{
	memcpy(out, &value, 4);
}

/* A heading of 2026-11-20 10:28:17.500. */
static void begin(void)
{
	static const uint16_t start[] = {2026, 11, 5, 20, 10, 28, 17, 500};

	setenv("TZ", "UTC", 1);
	memset(&blf, 0, sizeof(blf));
	put(0, "LOGG", 4);
	put32(blf.bytes + 4, HEADING);
	put(40, start, sizeof(start));
	blf.len = HEADING;
}

#define START_NS INT64_C(1795170497500000000)

static size_t put_object(uint8_t *out, uint32_t type, uint32_t flags, uint64_t time,
			 size_t body)
{
	memset(out, 0, 32 + body);
	memcpy(out, "LOBJ", 4);
	put16(out + 4, 32);
	put16(out + 6, 1);
	put32(out + 8, (uint32_t)(32 + body));
	put32(out + 12, type);
	put32(out + 16, flags);
	memcpy(out + 24, &time, sizeof(time));
	return 32 + body;
}

/* A classic frame on channel 1 with one byte of data. */
static size_t put_frame(uint8_t *out, uint32_t id, uint8_t byte, uint64_t time)
{
	size_t size = put_object(out, 1, 2, time, 16);

	put16(out + 32, 1);
	out[35] = 1;
	put32(out + 36, id);
	out[40] = byte;
	return size;
}

/* Add a container with @len bytes, packed or not. */
static void add_container(const uint8_t *objects, size_t len, bool is_packed)
{
	uint8_t *out = blf.bytes + blf.len;
	uLongf room = sizeof(blf.bytes) - blf.len - 32;
	size_t size;

	memset(out, 0, 32);
	memcpy(out, "LOBJ", 4);
	put16(out + 4, 16);
	put16(out + 6, 1);
	put32(out + 12, 10);
	put16(out + 16, is_packed ? 2 : 0);
	put32(out + 24, (uint32_t)len);
	if (is_packed) {
		cr_assert_eq(compress(out + 32, &room, objects, len), Z_OK);
	} else {
		memcpy(out + 32, objects, len);
		room = len;
	}
	size = 32 + room;
	put32(out + 8, (uint32_t)size);
	blf.len += size + size % 4;
}

static struct lsk_can_log_reader *reader_of_log(void)
{
	struct lsk_can_log_reader *reader = NULL;

	blf.at = 0;
	cr_assert_eq(
		lsk_can_log_reader_new(&reader, LSK_CAN_LOG_AUTO, bring, &blf, NULL),
		0);
	cr_assert_eq(lsk_can_log_reader_format(reader), LSK_CAN_LOG_BLF);
	return reader;
}

static void expect(struct lsk_can_log_reader *reader, const char *text,
		   const char *interface, int64_t time_ns)
{
	struct lsk_can_log_entry seen;
	struct lsk_error error = {0};
	struct lsk_can_frame wanted;

	cr_assert_eq(lsk_can_frame_parse(&wanted, text, NULL), 0);
	cr_assert_eq(lsk_can_log_read(reader, &seen, &error), 1, "%s: %s", text,
		     error.text);
	cr_assert(lsk_can_frame_equal(&seen.frame, &wanted), "%s", text);
	cr_assert_str_eq(seen.interface, interface);
	cr_assert_eq(seen.time_ns, time_ns, "%s: %lld", text, (long long)seen.time_ns);
}

static int next(struct lsk_can_log_reader *reader, struct lsk_error *ret_error)
{
	struct lsk_can_log_entry entry;

	memset(ret_error, 0, sizeof(*ret_error));
	return lsk_can_log_read(reader, &entry, ret_error);
}

static void expect_end(struct lsk_can_log_reader *reader)
{
	struct lsk_error error;

	cr_assert_eq(next(reader, &error), 0, "%s", error.text);
	lsk_can_log_reader_free(reader);
}

Test(can_log_blf, an_object_goes_on_in_the_next_container)
{
	uint8_t objects[3 * 48];
	size_t len = 0;

	for (uint32_t i = 0; i < 3; i++)
		len += put_frame(objects + len, 0x100 + i, (uint8_t)i, i * 1000);
	for (size_t cut = 1; cut < len; cut++) {
		struct lsk_can_log_reader *reader;

		begin();
		add_container(objects, cut, cut % 2);
		add_container(objects + cut, len - cut, true);
		reader = reader_of_log();
		expect(reader, "100#00", "can0", START_NS);
		expect(reader, "101#01", "can0", START_NS + 1000);
		expect(reader, "102#02", "can0", START_NS + 2000);
		expect_end(reader);
	}
}

Test(can_log_blf, objects_of_other_tools_are_read)
{
	uint8_t objects[1024], *at = objects;
	struct lsk_can_log_reader *reader;

	/* Ten microseconds as the unit, a remote request that was sent, 29 bits. */
	at += put_object(at, 86, 1, 50, 24);
	put16(at - 24, 2);
	at[-22] = 0x81;
	at[-21] = 3;
	put32(at - 20, 0x80000123);
	/* Text of an application, which is no frame, and padding behind it. */
	at += put_object(at, 65, 2, 0, 21);
	*at++ = 0;
	/* CANFD_MESSAGE_64 with BRS, 12 bytes, of which 2 are given. */
	at += put_object(at, 101, 2, 7000, 40 + 2);
	at[-42] = 1;
	at[-41] = 9;
	at[-40] = 2;
	put32(at - 38, 0x321);
	put32(at - 30, 0x3000);
	at[-2] = 0xAB;
	at[-1] = 0xCD;
	*at++ = 0;
	*at++ = 0;
	/* An error frame with details of the controller. */
	at += put_object(at, 73, 2, 9000, 32);
	put16(at - 32, 1);
	put32(at - 28, 1);
	begin();
	add_container(objects, (size_t)(at - objects), true);
	reader = reader_of_log();
	expect(reader, "00000123#R3", "can1", START_NS + 500000);
	expect(reader, "321##1ABCD00000000000000000000", "can0", START_NS + 7000);
	expect(reader, "20000080#0000000000000000", "can0", START_NS + 9000);
	expect_end(reader);
}

Test(can_log_blf, a_container_that_cannot_be_unpacked_costs_only_itself)
{
	struct lsk_can_log_reader *reader;
	struct lsk_error error;
	uint8_t frame[48];
	char wanted[80];
	size_t second;

	begin();
	add_container(frame, put_frame(frame, 0x100, 1, 0), true);
	second = blf.len;
	add_container(frame, put_frame(frame, 0x101, 2, 0), true);
	add_container(frame, put_frame(frame, 0x102, 3, 0), true);
	memset(blf.bytes + second + 34, 0xFF, 6);
	reader = reader_of_log();
	expect(reader, "100#01", "can0", START_NS);
	cr_assert_eq(next(reader, &error), LSK_ERR_SYNTAX);
	snprintf(wanted, sizeof(wanted),
		 "object 1, container at byte %zu: it cannot be unpacked", second);
	cr_assert_str_eq(error.text, wanted);
	expect(reader, "102#03", "can0", START_NS);
	expect_end(reader);
}

Test(can_log_blf, an_object_that_cannot_be_costs_only_itself)
{
	struct lsk_can_log_reader *reader;
	uint8_t objects[5 * 48];
	struct lsk_error error;
	size_t len = 0;

	for (uint32_t i = 0; i < 5; i++)
		len += put_frame(objects + len, 0x100 + i, (uint8_t)i, 0);
	put32(objects + 48 + 36, 0x7FFF); /* an identifier of 11 bits */
	put32(objects + 2 * 48 + 8, 3);   /* a size that holds no head */
	put16(objects + 3 * 48 + 4, 400); /* a head that is larger than all */
	begin();
	add_container(objects, len, false);
	reader = reader_of_log();
	expect(reader, "100#00", "can0", START_NS);
	cr_assert_eq(next(reader, &error), LSK_ERR_RANGE);
	cr_assert_str_eq(error.text,
			 "object 2, container at byte 144: there is no such frame");
	cr_assert_eq(next(reader, &error), LSK_ERR_SYNTAX);
	cr_assert_str_eq(error.text,
			 "object 3, container at byte 144: its size cannot be");
	cr_assert_eq(next(reader, &error), LSK_ERR_SYNTAX);
	cr_assert_str_eq(error.text,
			 "object 4, container at byte 144: its head cannot be");
	cr_assert_eq(lsk_can_log_line(reader), 4);
	expect(reader, "104#04", "can0", START_NS);
	expect_end(reader);
}

Test(can_log_blf, a_log_that_is_cut_gives_what_it_has_and_says_so)
{
	uint8_t frame[48];
	size_t whole;

	begin();
	add_container(frame, put_frame(frame, 0x100, 1, 0), true);
	add_container(frame, put_frame(frame, 0x101, 2, 0), false);
	whole = blf.len;
	for (size_t len = HEADING + 70; len < whole; len++) {
		struct lsk_can_log_reader *reader;
		struct lsk_error error;

		blf.len = len;
		reader = reader_of_log();
		expect(reader, "100#01", "can0", START_NS);
		/* What is left of a signature may be padding. */
		cr_assert(next(reader, &error) == -EBADMSG || len < whole - 64, "%zu",
			  len);
		lsk_can_log_reader_free(reader);
	}
}

Test(can_log_blf, a_heading_that_is_cut_ends_it)
{
	struct lsk_can_log_reader *reader;
	struct lsk_error error;

	begin();
	blf.len = 100;
	reader = reader_of_log();
	cr_assert_eq(next(reader, &error), -EBADMSG);
	cr_assert_str_eq(error.text, "heading at byte 0: it is cut");
	cr_assert_eq(next(reader, &error), -EBADMSG);
	lsk_can_log_reader_free(reader);
}
