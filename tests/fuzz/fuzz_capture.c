/* SPDX-License-Identifier: MIT */
/*
 * The reader of pcap and pcapng on any bytes. The first byte says in what bites they
 * come. What was read is told in a line, written in every format, and read again: it
 * must be the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linsock/capture.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size;
	size_t bite;
};

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct bytes *bytes = context;
	size_t count = bytes->size < size ? bytes->size : size;

	if (bytes->bite && count > bytes->bite)
		count = bytes->bite;
	memcpy(buf, bytes->data, count);
	bytes->data += count;
	bytes->size -= count;
	return (ssize_t)count;
}

/* Write a packet and read it back. */
static void round_trip(const struct lsk_packet *packet, enum lsk_capture_format format)
{
	const struct lsk_capture_options options = {.format = format};
	const int64_t unit = format == LSK_CAPTURE_PCAP_MICRO ? 1000 : 1;
	struct lsk_capture_writer *writer = NULL;
	struct lsk_capture_reader *reader = NULL;
	struct lsk_packet again;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || lsk_capture_writer_new(&writer, fd, &options) < 0)
		abort();
	if (lsk_capture_write(writer, 0, packet, 1) < 0 ||
	    lsk_capture_writer_flush(writer) < 0)
		abort();
	lsk_capture_writer_free(writer);
	lseek(fd, 0, SEEK_SET);
	if (lsk_capture_reader_new(&reader, NULL, &fd, NULL) < 0 ||
	    lsk_capture_read(reader, &again, NULL) != 1)
		abort();
	if (again.captured != packet->captured || again.length != packet->length ||
	    memcmp(again.data, packet->data, packet->captured) != 0)
		abort();
	/* The seconds of pcap end in 2106. */
	if (packet->time_ns / LSK_NSEC_PER_SEC <= UINT32_MAX &&
	    again.time_ns != packet->time_ns / unit * unit)
		abort();
	lsk_capture_reader_free(reader);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data + 1, size - 1, 0};
	struct lsk_capture_reader *reader = NULL;
	struct lsk_packet packet;
	char line[LSK_PACKET_TEXT_MAX];
	int packets = 0;

	if (size == 0)
		return 0;
	bytes.bite = data[0];
	if (lsk_capture_reader_new(&reader, bring, &bytes, NULL) < 0)
		return 0;
	while (packets < 64 && lsk_capture_read(reader, &packet, NULL) == 1) {
		const struct lsk_capture_interface *interface =
			lsk_capture_reader_interface(reader,
						     (unsigned int)packet.interface);

		if (!interface || packet.time_ns < 0 || packet.captured > packet.length)
			abort();
		if (lsk_packet_format(&packet, interface->linktype, line,
				      sizeof(line)) < 0)
			abort();
		if (packets++ < 3)
			round_trip(&packet, (enum lsk_capture_format)(data[0] % 3));
	}
	lsk_capture_reader_free(reader);
	return 0;
}
