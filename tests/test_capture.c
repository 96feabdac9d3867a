/* SPDX-License-Identifier: MIT */
/* Files of packets: what is written is read back, and damage is told. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linsock/capture.h>

#define BYTES_MAX 4096

static const struct lsk_packet packets[] = {
	{.data = (const uint8_t *)"0123456789abcdef",
	 .time_ns = INT64_C(1700000000123456789),
	 .captured = 16,
	 .length = 16,
	 .flags = LSK_PACKET_OUTGOING,
	 .kind = PACKET_OUTGOING},
	{.data = (const uint8_t *)"x",
	 .time_ns = INT64_C(1700000001000000001),
	 .captured = 1,
	 .length = 9000},
	{.data = (const uint8_t *)"", .time_ns = 7, .captured = 0, .length = 60},
};
#define PACKETS (sizeof(packets) / sizeof(packets[0]))

/* A file in memory. */
static int file_make(void)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

/* Bytes that are read in steps of @step. */
struct bytes {
	const uint8_t *data;
	size_t len;
	size_t step;
};

static ssize_t bytes_read(void *context, void *buf, size_t size)
{
	struct bytes *bytes = context;
	size_t count = bytes->len < size ? bytes->len : size;

	if (bytes->step && count > bytes->step)
		count = bytes->step;
	memcpy(buf, bytes->data, count);
	bytes->data += count;
	bytes->len -= count;
	return (ssize_t)count;
}

static size_t file_bytes(int fd, uint8_t *buf)
{
	ssize_t count = pread(fd, buf, BYTES_MAX, 0);

	cr_assert_geq(count, 0);
	return (size_t)count;
}

static int write_file(const struct lsk_capture_options *options)
{
	struct lsk_capture_writer *writer = NULL;
	struct lsk_capture_stats stats;
	int fd = file_make();

	cr_assert_eq(lsk_capture_writer_new(&writer, fd, options), 0);
	cr_assert_eq(lsk_capture_write(writer, 0, packets, PACKETS), 0);
	cr_assert_eq(lsk_capture_writer_flush(writer), 0);
	cr_assert_eq(lsk_capture_writer_stats(writer, &stats), 0);
	cr_assert_eq(stats.packets, PACKETS);
	cr_assert_eq(stats.lost, 0);
	cr_assert_eq((off_t)stats.bytes, lseek(fd, 0, SEEK_END));
	cr_assert_null(lsk_capture_writer_free(writer));
	return fd;
}

static void expect_same(const struct lsk_packet *got, const struct lsk_packet *wanted,
			int64_t unit_ns)
{
	cr_assert_eq(got->time_ns, wanted->time_ns / unit_ns * unit_ns);
	cr_assert_eq(got->captured, wanted->captured);
	cr_assert_eq(got->length, wanted->length);
	cr_assert_eq(memcmp(got->data, wanted->data, wanted->captured), 0);
}

static void round_trip(const struct lsk_capture_options *options, size_t step)
{
	uint8_t buf[BYTES_MAX];
	struct lsk_capture_reader *reader = NULL;
	struct bytes bytes = {buf, 0, step};
	struct lsk_packet packet;
	int fd = write_file(options);

	bytes.len = file_bytes(fd, buf);
	cr_assert_eq(lsk_capture_reader_new(&reader, bytes_read, &bytes, NULL), 0);
	cr_assert_eq(lsk_capture_reader_format(reader), (int)options->format);
	for (size_t i = 0; i < PACKETS; i++) {
		cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 1);
		expect_same(&packet, &packets[i],
			    options->format == LSK_CAPTURE_PCAP_MICRO ? 1000 : 1);
		if (options->format == LSK_CAPTURE_PCAPNG)
			cr_assert_eq(packet.flags, packets[i].flags);
	}
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 0);
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 0);
	cr_assert_eq(lsk_capture_reader_interface(reader, 0)->linktype,
		     LSK_LINKTYPE_ETHERNET);
	cr_assert_eq(lsk_capture_reader_interface(reader, 0)->snap_len, 1234);
	if (options->format == LSK_CAPTURE_PCAPNG)
		cr_assert_str_eq(lsk_capture_reader_interface(reader, 0)->name, "eth7");
	cr_assert_null(lsk_capture_reader_interface(reader, 1));
	cr_assert_null(lsk_capture_reader_free(reader));
	close(fd);
}

Test(capture, every_format_is_read_back)
{
	struct lsk_capture_options options = {
		.linktype = LSK_LINKTYPE_ETHERNET,
		.snap_len = 1234,
		.interface = "eth7",
	};

	for (int format = LSK_CAPTURE_PCAPNG; format <= LSK_CAPTURE_PCAP_MICRO;
	     format++) {
		options.format = (enum lsk_capture_format)format;
		for (unsigned int buffers = 0; buffers < 4; buffers++) {
			options.buffers = buffers;
			round_trip(&options, 0);
			round_trip(&options, 1);
			round_trip(&options, 13);
		}
	}
}

/* The numbers of a pcap file in the other byte order. */
static void swap_words(uint8_t *buf, size_t from, size_t count)
{
	for (size_t i = from; i < from + count * 4; i += 4) {
		uint8_t word[4] = {buf[i + 3], buf[i + 2], buf[i + 1], buf[i]};

		memcpy(buf + i, word, sizeof(word));
	}
}

Test(capture, a_pcap_of_the_other_byte_order_is_read)
{
	const struct lsk_capture_options options = {.format = LSK_CAPTURE_PCAP,
						    .linktype = LSK_LINKTYPE_RAW};
	uint8_t buf[BYTES_MAX];
	struct lsk_capture_reader *reader = NULL;
	struct bytes bytes = {buf, 0, 0};
	struct lsk_packet packet;
	int fd = write_file(&options);

	bytes.len = file_bytes(fd, buf);
	swap_words(buf, 0, 6);
	swap_words(buf, 24, 4);
	cr_assert_eq(lsk_capture_reader_new(&reader, bytes_read, &bytes, NULL), 0);
	cr_assert_eq(lsk_capture_reader_interface(reader, 0)->linktype,
		     LSK_LINKTYPE_RAW);
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 1);
	expect_same(&packet, &packets[0], 1);
	lsk_capture_reader_free(reader);
	close(fd);
}

Test(capture, several_interfaces_and_their_drops_are_told)
{
	const struct lsk_capture_options options = {
		.linktype = LSK_LINKTYPE_ETHERNET,
		.interface = "first",
	};
	const struct lsk_packet_stats stats = {.received = 90, .dropped = 10};
	const struct lsk_capture_interface *second;
	struct lsk_capture_writer *writer = NULL;
	struct lsk_capture_reader *reader = NULL;
	struct lsk_packet packet;
	int fd = file_make();

	cr_assert_eq(lsk_capture_writer_new(&writer, fd, &options), 0);
	cr_assert_eq(lsk_capture_writer_add_interface(writer, "second",
						      LSK_LINKTYPE_LINUX_SLL2, 99),
		     1);
	cr_assert_eq(lsk_capture_write(writer, 0, packets, 1), 0);
	cr_assert_eq(lsk_capture_write(writer, 1, packets, 1), 0);
	cr_assert_eq(lsk_capture_write(writer, 2, packets, 1), -EINVAL);
	cr_assert_eq(lsk_capture_write_stats(writer, 1, &stats), 0);
	cr_assert_eq(lsk_capture_writer_flush(writer), 0);
	lsk_capture_writer_free(writer);
	lseek(fd, 0, SEEK_SET);
	cr_assert_eq(lsk_capture_reader_new(&reader, NULL, &fd, NULL), 0);
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 1);
	cr_assert_eq(packet.interface, 0);
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 1);
	cr_assert_eq(packet.interface, 1);
	cr_assert_eq(packet.captured, 36, "20 bytes stand for the missing header");
	cr_assert_eq(memcmp(packet.data + 20, packets[0].data, 16), 0);
	cr_assert_eq(packet.data[10], PACKET_OUTGOING);
	cr_assert_eq(lsk_capture_read(reader, &packet, NULL), 0);
	second = lsk_capture_reader_interface(reader, 1);
	cr_assert_str_eq(second->name, "second");
	cr_assert_eq(second->snap_len, 99);
	cr_assert(second->has_stats);
	cr_assert_eq(second->received, 100);
	cr_assert_eq(second->dropped, 10);
	cr_assert_not(lsk_capture_reader_interface(reader, 0)->has_stats);
	lsk_capture_reader_free(reader);
	close(fd);
}

/* Without the push the reader at the other end would wait for more to come. */
Test(capture, what_is_pushed_reaches_a_pipe_s_reader, .timeout = 120)
{
	static const struct lsk_capture_options options[] = {{.buffers = 0},
							     {.buffers = 3}};

	for (size_t each = 0; each < 2; each++) {
		struct lsk_capture_writer *writer = NULL;
		uint8_t buf[BYTES_MAX];
		size_t len = 0;
		int ends[2];

		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		cr_assert_eq(lsk_capture_writer_new(&writer, ends[1], &options[each]),
			     0);
		cr_assert_eq(lsk_capture_write(writer, 0, packets, 1), 0);
		cr_assert_eq(lsk_capture_writer_push(writer), 0);
		/* Its last bytes: the 16 of the packet, and what ends its block. */
		while (!memmem(buf, len, packets[0].data, packets[0].captured)) {
			ssize_t r = read(ends[0], buf + len, sizeof(buf) - len);

			cr_assert_gt(r, 0);
			len += (size_t)r;
		}
		lsk_capture_writer_free(writer);
		close(ends[0]);
		close(ends[1]);
	}
	cr_assert_eq(lsk_capture_writer_push(NULL), -EINVAL);
}

Test(capture, pcap_has_no_room_for_interfaces_and_drops)
{
	const struct lsk_capture_options options = {.format = LSK_CAPTURE_PCAP};
	const struct lsk_packet_stats stats = {0};
	struct lsk_capture_writer *writer = NULL;
	int fd = file_make();

	cr_assert_eq(lsk_capture_writer_new(&writer, fd, &options), 0);
	cr_assert_eq(lsk_capture_writer_add_interface(writer, "x", 1, 0), -EOPNOTSUPP);
	cr_assert_eq(lsk_capture_write_stats(writer, 0, &stats), -EOPNOTSUPP);
	lsk_capture_writer_free(writer);
	close(fd);
}

/* At every length of a cut file: whole packets, then the damage, and it stays. */
Test(capture, a_file_that_is_cut_anywhere_is_told)
{
	static const enum lsk_capture_format formats[] = {LSK_CAPTURE_PCAPNG,
							  LSK_CAPTURE_PCAP};

	for (size_t each = 0; each < 2; each++) {
		const struct lsk_capture_options options = {.format = formats[each]};
		uint8_t buf[BYTES_MAX];
		int fd = write_file(&options);
		size_t len = file_bytes(fd, buf);
		int whole_ends = 0;

		for (size_t cut = 0; cut < len; cut++) {
			struct lsk_capture_reader *reader = NULL;
			struct bytes bytes = {buf, cut, 0};
			struct lsk_error error = {0};
			struct lsk_packet packet;
			int r = lsk_capture_reader_new(&reader, bytes_read, &bytes,
						       &error);

			if (cut == 0)
				cr_assert_eq(r, -ENODATA);
			if (r < 0)
				continue;
			while ((r = lsk_capture_read(reader, &packet, &error)) == 1)
				;
			whole_ends += r == 0;
			if (r < 0) {
				cr_assert_eq(r, -EBADMSG);
				cr_assert(strstr(error.text, "cut") != NULL, "%s",
					  error.text);
				cr_assert_eq(lsk_capture_read(reader, &packet, NULL),
					     -EBADMSG);
			}
			lsk_capture_reader_free(reader);
		}
		/* Between two records nothing is missing. */
		cr_assert_eq(whole_ends, formats[each] == LSK_CAPTURE_PCAP ? 3 : 4);
		close(fd);
	}
}

Test(capture, what_is_no_capture_is_told)
{
	struct lsk_capture_reader *reader = NULL;
	struct bytes bytes = {(const uint8_t *)"#!/bin/sh\n", 10, 0};
	struct lsk_error error = {0};

	cr_assert_eq(lsk_capture_reader_new(&reader, bytes_read, &bytes, &error),
		     -EBADMSG);
	cr_assert(error.text[0]);
	cr_assert_eq(lsk_capture_reader_new(&reader, NULL, NULL, NULL), -EINVAL);
	cr_assert_null(reader);
}

/* A pipe that nobody reads is a disk that never answers; at last it does. */
struct slow_disk {
	int fds[2];
	pthread_t thread;
	uint8_t bytes[1 << 20];
	size_t len;
};

static void *disk_thread(void *context)
{
	struct slow_disk *disk = context;
	ssize_t count;

	while ((count = read(disk->fds[0], disk->bytes + disk->len,
			     sizeof(disk->bytes) - disk->len)) > 0)
		disk->len += (size_t)count;
	return NULL;
}

/* Let the disk answer, flush, and end the writer. */
static void disk_finish(struct slow_disk *disk, struct lsk_capture_writer *writer,
			const struct lsk_packet_stats *stats)
{
	cr_assert_eq(pthread_create(&disk->thread, NULL, disk_thread, disk), 0);
	if (stats)
		cr_assert_eq(lsk_capture_write_stats(writer, 0, stats), 0);
	cr_assert_eq(lsk_capture_writer_flush(writer), 0);
	lsk_capture_writer_free(writer);
	close(disk->fds[1]);
	pthread_join(disk->thread, NULL);
	close(disk->fds[0]);
}

/* Write many packets to a disk that does not answer. */
static struct lsk_capture_writer *
write_to_slow_disk(struct slow_disk *disk, struct lsk_capture_stats *ret_stats)
{
	const struct lsk_capture_options options = {.buffer_size = 4096, .buffers = 4};
	static uint8_t data[1000];
	const struct lsk_packet packet = {
		.data = data, .captured = sizeof(data), .length = sizeof(data)};
	struct lsk_capture_writer *writer = NULL;

	cr_assert_eq(pipe2(disk->fds, O_CLOEXEC), 0);
	cr_assert_eq(lsk_capture_writer_new(&writer, disk->fds[1], &options), 0);
	/* More than the pipe (64 KiB) and the buffers (16 KiB) can hold. */
	for (int i = 0; i < 500; i++)
		cr_assert_eq(lsk_capture_write(writer, 0, &packet, 1), 0);
	cr_assert_eq(lsk_capture_writer_stats(writer, ret_stats), 0);
	cr_assert_eq(ret_stats->packets, 500);
	cr_assert_gt(ret_stats->lost, 300);
	cr_assert_lt(ret_stats->lost, 500);
	return writer;
}

static struct lsk_capture_reader *read_disk(struct bytes *bytes, uint64_t *ret_records)
{
	struct lsk_capture_reader *reader = NULL;
	struct lsk_packet packet;
	int r;

	*ret_records = 0;
	cr_assert_eq(lsk_capture_reader_new(&reader, bytes_read, bytes, NULL), 0);
	while ((r = lsk_capture_read(reader, &packet, NULL)) == 1)
		++*ret_records;
	cr_assert_eq(r, 0);
	return reader;
}

Test(capture, a_slow_disk_costs_packets_and_no_time, .timeout = 60)
{
	static struct slow_disk disk;
	struct lsk_capture_stats stats;
	struct lsk_capture_writer *writer = write_to_slow_disk(&disk, &stats);
	struct bytes bytes = {disk.bytes, 0, 0};
	uint64_t records;

	disk_finish(&disk, writer, NULL);
	bytes.len = disk.len;
	lsk_capture_reader_free(read_disk(&bytes, &records));
	cr_assert_eq(records + stats.lost, stats.packets);
}

Test(capture, what_the_writer_lost_is_among_the_drops_of_the_file, .timeout = 60)
{
	const struct lsk_packet_stats kernel = {.received = 500, .dropped = 5};
	static struct slow_disk disk;
	struct lsk_capture_stats stats;
	struct lsk_capture_writer *writer = write_to_slow_disk(&disk, &stats);
	struct lsk_capture_reader *reader;
	struct bytes bytes = {disk.bytes, 0, 0};
	uint64_t records;

	disk_finish(&disk, writer, &kernel);
	bytes.len = disk.len;
	reader = read_disk(&bytes, &records);
	cr_assert_eq(lsk_capture_reader_interface(reader, 0)->received, 505);
	cr_assert_eq(lsk_capture_reader_interface(reader, 0)->dropped, 5 + stats.lost);
	lsk_capture_reader_free(reader);
}

Test(capture, a_disk_that_is_full_is_told_and_stays_so)
{
	for (unsigned int buffers = 1; buffers < 4; buffers += 2) {
		const struct lsk_capture_options options = {.buffers = buffers};
		struct lsk_capture_writer *writer = NULL;
		int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

		cr_assert_eq(lsk_capture_writer_new(&writer, fd, &options), 0);
		cr_assert_eq(lsk_capture_write(writer, 0, packets, PACKETS), 0);
		cr_assert_eq(lsk_capture_writer_flush(writer), -ENOSPC);
		cr_assert_eq(lsk_capture_writer_flush(writer), -ENOSPC);
		lsk_capture_writer_free(writer);
		close(fd);
	}
}

Test(capture, packets_that_cannot_be_are_refused)
{
	struct lsk_capture_writer *writer = NULL;
	struct lsk_packet packet = packets[0];
	int fd = file_make();

	cr_assert_eq(lsk_capture_writer_new(&writer, -1, NULL), -EINVAL);
	cr_assert_eq(lsk_capture_writer_new(&writer, fd, NULL), 0);
	packet.time_ns = -1;
	cr_assert_eq(lsk_capture_write(writer, 0, &packet, 1), -EINVAL);
	packet = packets[0];
	packet.captured = packet.length + 1;
	cr_assert_eq(lsk_capture_write(writer, 0, &packet, 1), -EINVAL);
	packet.length = packet.captured = LSK_CAPTURE_PACKET_MAX + 1;
	cr_assert_eq(lsk_capture_write(writer, 0, &packet, 1), -EINVAL);
	lsk_capture_writer_free(writer);
	close(fd);
}
