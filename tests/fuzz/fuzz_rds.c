/* SPDX-License-Identifier: MIT */
/* Tables of RDS: the first byte chooses which, the second is the length of a row. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/rds.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every row is a C string or an address that prints. */
static void check_row(int table, const void *rows, size_t index)
{
	const struct lsk_rds_connection *connection =
		(const struct lsk_rds_connection *)rows + index;
	const struct lsk_rds_socket *sock = (const struct lsk_rds_socket *)rows + index;
	const struct lsk_rds_counter *counter =
		(const struct lsk_rds_counter *)rows + index;
	char text[LSK_ADDR_TEXT_MAX];

	if (table == LSK_RDS_COUNTERS) {
		if (!memchr(counter->name, '\0', sizeof(counter->name)))
			abort();
	} else if (table == LSK_RDS_SOCKETS || table == LSK_RDS_ALL_SOCKETS) {
		if (lsk_addr_format(&sock->bound, text, sizeof(text)) < 0 ||
		    lsk_addr_format(&sock->connected, text, sizeof(text)) < 0)
			abort();
	} else if (!memchr(connection->transport, '\0',
			   sizeof(connection->transport)) ||
		   lsk_addr_format(&connection->local, text, sizeof(text)) < 0 ||
		   lsk_addr_format(&connection->remote, text, sizeof(text)) < 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes, *rows = NULL;
	size_t count = 0;
	int table;

	if (size < 2)
		return 0;
	table = data[0] % (LSK_RDS_TABLE__COUNT + 1);
	/* Memory that ends with the table: one byte too far is seen. */
	bytes = malloc(size - 2 + (size == 2));
	if (!bytes)
		return 0;
	memcpy(bytes, data + 2, size - 2);
	if (lsk_rds_parse((enum lsk_rds_table)table, bytes, size - 2, data[1], &rows,
			  &count) == 0) {
		if (count * data[1] > size - 2)
			abort();
		for (size_t i = 0; i < count; i++)
			check_row(table, rows, i);
		free(rows);
	}
	free(bytes);
	return 0;
}
