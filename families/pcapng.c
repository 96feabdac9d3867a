/* SPDX-License-Identifier: MIT */
/* Blocks and options of pcapng. */
#include "families/pcapng.h"

#include <errno.h>
#include <string.h>

#include <linsock/base.h>

uint32_t pcapng_read32(bool is_swapped, const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return is_swapped ? __builtin_bswap32(value) : value;
}

uint16_t pcapng_read16(bool is_swapped, const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return is_swapped ? __builtin_bswap16(value) : value;
}

const uint8_t *pcapng_find_option(bool is_swapped, const uint8_t *bytes, size_t size,
				  uint16_t code, uint16_t *ret_len)
{
	while (size >= 4) {
		uint16_t this_code = pcapng_read16(is_swapped, bytes);
		uint16_t len = pcapng_read16(is_swapped, bytes + 2);

		if (this_code == PCAPNG_OPTION_END || PCAPNG_PADDED(len) > size - 4)
			return NULL;
		if (this_code == code) {
			*ret_len = len;
			return bytes + 4;
		}
		bytes += 4 + PCAPNG_PADDED(len);
		size -= 4 + PCAPNG_PADDED(len);
	}
	return NULL;
}

uint64_t pcapng_units(const uint8_t *resolution)
{
	uint64_t units = 1;
	unsigned int power = resolution ? *resolution & 0x7F : 6;

	if (resolution && *resolution & 0x80)
		return power < 63 ? UINT64_C(1) << power : UINT64_C(1) << 62;
	while (power-- > 0 && units < UINT64_MAX / 10)
		units *= 10;
	return units;
}

int pcapng_time(uint64_t time, uint64_t units_per_second, int64_t *ret_ns)
{
	uint64_t seconds = time / units_per_second;
	uint64_t rest = time % units_per_second;

	if (seconds >= INT64_MAX / LSK_NSEC_PER_SEC)
		return -EBADMSG;
	*ret_ns = (int64_t)seconds * LSK_NSEC_PER_SEC;
	__extension__ *ret_ns +=
		(int64_t)((unsigned __int128)rest * (uint64_t)LSK_NSEC_PER_SEC /
			  units_per_second);
	return 0;
}

char *pcapng_put32(char *out, uint32_t value)
{
	memcpy(out, &value, sizeof(value));
	return out + sizeof(value);
}

char *pcapng_put_option(char *out, uint16_t code, const void *value, uint16_t len)
{
	memcpy(out, &code, sizeof(code));
	memcpy(out + 2, &len, sizeof(len));
	memset(out + 4, 0, PCAPNG_PADDED(len));
	memcpy(out + 4, value, len);
	return out + 4 + PCAPNG_PADDED(len);
}

char *pcapng_put_section(char *start)
{
	char *out = pcapng_put32(start, PCAPNG_SECTION);
	const uint16_t version[2] = {1, 0};

	out = pcapng_put32(pcapng_put32(out, 0), PCAPNG_MAGIC);
	memcpy(out, version, sizeof(version));
	out = pcapng_put32(pcapng_put32(out + 4, UINT32_MAX), UINT32_MAX);
	return pcapng_end_block(start, out);
}

char *pcapng_end_block(char *start, char *out)
{
	uint32_t total = (uint32_t)(out - start) + 4;

	pcapng_put32(start + 4, total);
	return pcapng_put32(out, total);
}
