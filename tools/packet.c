/* SPDX-License-Identifier: MIT */
/* The group "linsock packet", and where its packets come from. */
#include "tools/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS (LSK_NSEC_PER_SEC / 4)

static volatile sig_atomic_t is_ending;

static void on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

static int on_interrupt(void *context)
{
	(void)context;
	return is_ending;
}

void packet_catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	lsk_set_interrupt_hook(on_interrupt, NULL);
}

bool packet_is_ending(void)
{
	return is_ending;
}

/* The filter words of a command line, as one text that the caller frees. */
static char *join_words(char **texts, int count)
{
	size_t size = 1, len = 0;
	char *words;

	for (int i = 0; i < count; i++)
		size += strlen(texts[i]) + 1;
	words = calloc(1, size);
	for (int i = 0; words && i < count; i++)
		len += (size_t)snprintf(words + len, size - len, "%s%s",
					i > 0 ? " " : "", texts[i]);
	return words;
}

static int compile(struct packet_source *source, const char *interface)
{
	struct lsk_error error = {0};

	if (!source->words[0])
		return COMMAND_OK;
	if (lsk_packet_filter_compile(&source->filter, source->words, source->linktype,
				      interface, &error) < 0 ||
	    lsk_packet_filter_check(&source->filter) < 0)
		return command_failure_at(source->words, &error);
	return COMMAND_OK;
}

static int open_file(struct packet_source *source)
{
	struct lsk_error error = {0};

	source->fd = strcmp(source->file, "-") == 0
			     ? STDIN_FILENO
			     : open(source->file, O_RDONLY | O_CLOEXEC);
	if (source->fd < 0)
		return command_failure(-errno, "%s", source->file);
	if (lsk_capture_reader_new(&source->reader, NULL, &source->fd, &error) < 0)
		return command_failure_at(source->file, &error);
	/* Known with the first packet; pcap has one for the whole file. */
	source->linktype = -1;
	return COMMAND_OK;
}

static int open_device(struct packet_source *source)
{
	struct lsk_packet_config config = {
		.interface = source->interface,
		.is_promiscuous = source->interface && !source->is_quiet,
		.ignores_outgoing = source->ignores_outgoing,
		.filter = &source->filter,
	};
	const struct lsk_packet_ring_options options = {
		.buffer_size = source->buffer_size,
		.is_immediate = source->is_immediate,
		.snap_len = source->snap_len,
	};
	const char *name = source->interface ? source->interface : "any";
	struct lsk_error error = {0};

	source->linktype = lsk_packet_linktype(source->interface);
	if (source->linktype == -EOPNOTSUPP)
		source->linktype = LSK_LINKTYPE_LINUX_SLL2;
	if (source->linktype < 0)
		return command_failure(source->linktype, "%s", name);
	source->is_cooked = source->linktype == LSK_LINKTYPE_LINUX_SLL2;
	if (compile(source, name) != COMMAND_OK)
		return COMMAND_FAILURE;
	config.is_cooked = source->is_cooked;
	if (lsk_packet_ring_open(&source->ring, &config, &options, &error) < 0)
		return command_failure_at(name, &error);
	return COMMAND_OK;
}

int packet_source_open(struct packet_source *source, char **texts, int count)
{
	source->fd = -1;
	if (source->interface && strcmp(source->interface, "any") == 0)
		source->interface = NULL;
	source->words = join_words(texts, count);
	if (!source->words)
		return command_failure(-ENOMEM, "filter");
	return source->file ? open_file(source) : open_device(source);
}

void packet_source_close(struct packet_source *source)
{
	source->ring = lsk_packet_ring_free(source->ring);
	source->reader = lsk_capture_reader_free(source->reader);
	lsk_packet_filter_done(&source->filter);
	free(source->words);
	source->words = NULL;
	if (source->fd > STDIN_FILENO)
		close(source->fd);
}

int packet_source_linktype(const struct packet_source *source,
			   const struct lsk_packet *packet)
{
	const struct lsk_capture_interface *interface;

	if (!source->reader)
		return source->linktype;
	interface = lsk_capture_reader_interface(source->reader,
						 (unsigned int)packet->interface);
	return interface ? interface->linktype : -1;
}

/* Whether the words want this packet of a file, whose link type may change. */
static int is_wanted(struct packet_source *source, const struct lsk_packet *packet)
{
	int linktype = packet_source_linktype(source, packet);

	if (source->words[0] && linktype != source->linktype) {
		lsk_packet_filter_done(&source->filter);
		source->linktype = linktype;
		if (compile(source, NULL) != COMMAND_OK)
			return -EINVAL;
	}
	return lsk_packet_filter_run(&source->filter, packet->data, packet->captured,
				     packet->length) > 0;
}

static int next_of_file(struct packet_source *source, struct lsk_packet *packet)
{
	struct lsk_error error = {0};
	int r;

	for (;;) {
		r = lsk_capture_read(source->reader, packet, &error);
		if (r < 0) {
			command_failure_at(source->file, &error);
			return r;
		}
		if (r == 0 || packet_is_ending())
			return -ENODATA;
		r = is_wanted(source, packet);
		if (r != 0)
			return r;
	}
}

int packet_source_next(struct packet_source *source, struct lsk_packet *packets,
		       unsigned int count)
{
	int r;

	if (source->reader)
		return next_of_file(source, packets);
	r = lsk_packet_ring_next(source->ring, packets, count);
	if (r > 0) {
		source->taken += (uint64_t)r;
		return r;
	}
	if (source->is_stopped && source->taken >= packet_source_stats(source).received)
		return -ENODATA;
	r = lsk_packet_ring_wait(source->ring, WAIT_NS);
	if (r == -ENETDOWN)
		fprintf(stderr, "%s: the device went down\n",
			program_invocation_short_name);
	/* What may come in spite of a signal is still taken. */
	return r == 0 || r == -ETIME || r == -EINTR || r == -ENETDOWN ? 0 : r;
}

void packet_source_stop(struct packet_source *source)
{
	if (!source->ring || source->is_stopped)
		return;
	source->is_stopped = true;
	/* The hook would end every wait for what is left. */
	lsk_set_interrupt_hook(NULL, NULL);
	lsk_packet_ring_stop(source->ring);
}

struct lsk_packet_stats packet_source_stats(const struct packet_source *source)
{
	struct lsk_packet_stats stats = {0};

	if (source->ring)
		lsk_packet_ring_stats(source->ring, &stats);
	return stats;
}

int packet_parse_size(const char *text, uint64_t *ret_size)
{
	static const char units[] = "KMG";
	uint64_t size;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	size = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end) {
		const char *unit = strchr(units, *end);
		unsigned int shift;

		if (!unit || end[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
		if (size > UINT64_MAX >> shift)
			return -EINVAL;
		size <<= shift;
	}
	*ret_size = size;
	return 0;
}

int packet_report(const struct packet_source *source, uint64_t packets, uint64_t lost)
{
	struct lsk_packet_stats stats = packet_source_stats(source);
	unsigned long long passed = stats.received;

	passed += stats.dropped;
	fprintf(stderr, "%llu packets captured\n", (unsigned long long)packets);
	if (source->ring)
		fprintf(stderr,
			"%llu packets received by filter\n"
			"%llu packets dropped by kernel\n",
			passed, (unsigned long long)stats.dropped);
	if (lost > 0)
		fprintf(stderr, "%llu packets lost: the output was too slow\n",
			(unsigned long long)lost);
	return stats.dropped > 0 || lost > 0 ? PACKET_STATUS_LOST : COMMAND_OK;
}

static const struct command *const packet_commands[] = {
	&packet_capture_command, &packet_dump_command,  &packet_replay_command,
	&packet_send_command,    &packet_stats_command, NULL,
};

const struct command packet_command = {
	.name = "packet",
	.summary = "frames of network devices: capture, dump, replay, send, count",
	.children = packet_commands,
};
