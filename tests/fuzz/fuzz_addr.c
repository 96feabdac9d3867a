/* SPDX-License-Identifier: MIT */
/*
 * Addresses and endpoints: the text of one, and the bytes of a sockaddr of any family.
 * What was read prints, and what prints reads as the same place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/addr.h>
#include <linsock/endpoint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An address that prints must be the one that its print reads as. */
static void print_back(const struct lsk_addr *addr)
{
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr again;

	if (lsk_addr_format(addr, text, sizeof(text)) < 0)
		abort();
	if (lsk_addr_parse(&again, text, NULL) < 0)
		abort();
	if (!lsk_addr_equal(addr, &again))
		abort();
}

static void read_text(const uint8_t *data, size_t size)
{
	struct lsk_error error = {0};
	struct lsk_endpoint *endpoint;
	char *text = malloc(size + 1);
	struct lsk_addr addr;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (lsk_addr_parse(&addr, text, &error) == 0)
		print_back(&addr);
	else if (error.offset > strlen(text))
		abort();
	if (lsk_endpoint_new(&endpoint, text, &error) == 0)
		lsk_endpoint_free(endpoint);
	else if (error.offset > strlen(text))
		abort();
	free(text);
}

/* Bytes may hold what no text says (an index without an interface): print at least. */
static void read_bytes(const uint8_t *data, size_t size)
{
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;

	if (lsk_addr_set(&addr, data, size) < 0)
		return;
	(void)lsk_addr_format(&addr, text, sizeof(text));
	(void)lsk_addr_equal(&addr, &addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_text(data, size);
	read_bytes(data, size);
	return 0;
}
