/* SPDX-License-Identifier: MIT */
/* What the subcommands of "linsock packet" share. */
#ifndef LINSOCK_TOOLS_PACKET_H
#define LINSOCK_TOOLS_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/command.h"

/* An exit status of every subcommand here: packets were lost, and counted. */
#define PACKET_STATUS_LOST 3

/* Packets of one round. */
#define PACKET_BATCH 64

extern const struct command packet_capture_command;
extern const struct command packet_dump_command;
extern const struct command packet_replay_command;
extern const struct command packet_send_command;
extern const struct command packet_stats_command;

/* Where packets come from: a device, all of them, or a file. */
struct packet_source {
	/* Set by the subcommand's options. */
	const char *interface; /* NULL: "any" */
	const char *file;      /* "-": stdin; NULL: a device */
	bool is_quiet;         /* no promiscuous mode */
	bool is_immediate;
	bool ignores_outgoing;
	uint32_t snap_len;  /* 0: all */
	size_t buffer_size; /* 0: the library's */

	/* Set by packet_source_open(). */
	int linktype;
	bool is_cooked;
	struct lsk_packet_filter filter;
	struct lsk_packet_ring *ring;
	struct lsk_capture_reader *reader;
	int fd;
	char *words;
	bool is_stopped; /* what is still in the ring is all that comes */
	uint64_t taken;
};

/*
 * Open the source with filter words, the @count of @texts. What fails is told. Return:
 * 0 or an exit status.
 */
int packet_source_open(struct packet_source *source, char **texts, int count);
void packet_source_close(struct packet_source *source);

/*
 * The next packets. Waits for a device no longer than a quarter of a second: 0 is no
 * end for one. Return: how many; 0 for none now; -ENODATA at the end of a file, or when
 * a device was stopped and everything is taken; a negative error.
 */
int packet_source_next(struct packet_source *source, struct lsk_packet *packets,
		       unsigned int count);

/* The link type of @packet, which in a file depends on its interface. */
int packet_source_linktype(const struct packet_source *source,
			   const struct lsk_packet *packet);

/* Receive no more; what came before is still to be taken. */
void packet_source_stop(struct packet_source *source);

/* What the kernel counted; zeros for a file. */
struct lsk_packet_stats packet_source_stats(const struct packet_source *source);

/* Let SIGINT, SIGTERM and SIGHUP be told by packet_is_ending(). */
void packet_catch_signals(void);
bool packet_is_ending(void);

/* The option's argument as a number with an optional K, M or G. Return: 0, -EINVAL. */
int packet_parse_size(const char *text, uint64_t *ret_size);

/*
 * "N packets captured", and what became of the others, on stderr in tcpdump's words.
 * Return: COMMAND_OK, or PACKET_STATUS_LOST.
 */
int packet_report(const struct packet_source *source, uint64_t packets, uint64_t lost);

#endif
