/* SPDX-License-Identifier: MIT */
/*
 * The blocks that pcapng files are made of, for every module that reads or writes them:
 * a type, a length, a body, options, the length again. Files are written in the order
 * of this machine and read in either.
 */
#ifndef LSK_PCAPNG_H
#define LSK_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_SECTION    0x0A0D0D0Au
#define PCAPNG_INTERFACE  1u
#define PCAPNG_SIMPLE     3u
#define PCAPNG_STATISTICS 5u
#define PCAPNG_PACKET     6u
#define PCAPNG_MAGIC      0x1A2B3C4Du
#define PCAPNG_SWAPPED    0x4D3C2B1Au

#define PCAPNG_OPTION_END     0
#define PCAPNG_OPTION_NAME    2 /* of an interface; of a packet: its flags */
#define PCAPNG_OPTION_TSRESOL 9
#define PCAPNG_DIRECTION_IN   1u
#define PCAPNG_DIRECTION_OUT  2u
#define PCAPNG_NANOSECONDS    9

/* Type, length, and the length again. */
#define PCAPNG_BLOCK_MIN 12u

/* Bodies and options are padded to four bytes. */
#define PCAPNG_PADDED(len) (((len) + 3u) & ~(size_t)3u)

/* Numbers of a file whose order is this machine's, or the other one. */
uint32_t pcapng_read32(bool is_swapped, const uint8_t *bytes);
uint16_t pcapng_read16(bool is_swapped, const uint8_t *bytes);

/*
 * The value of option @code among @size bytes of options, or NULL; @ret_len gets its
 * length.
 */
const uint8_t *pcapng_find_option(bool is_swapped, const uint8_t *bytes, size_t size,
				  uint16_t code, uint16_t *ret_len);

/* Units of a second that if_tsresol says; NULL: the default, microseconds. */
uint64_t pcapng_units(const uint8_t *resolution);

/*
 * @time of @units_per_second in nanoseconds. Return: 0; -EBADMSG after the year 2262,
 * where it is no time but damage.
 */
int pcapng_time(uint64_t time, uint64_t units_per_second, int64_t *ret_ns);

/* Write at @out. Return: the byte after it. */
char *pcapng_put32(char *out, uint32_t value);
char *pcapng_put_option(char *out, uint16_t code, const void *value, uint16_t len);

/* A whole section header whose length is not told: 28 bytes. */
char *pcapng_put_section(char *start);

/* Set the length of the block that starts at @start. Return: the byte after it. */
char *pcapng_end_block(char *start, char *out);

#endif
