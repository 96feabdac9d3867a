/* SPDX-License-Identifier: MIT */
/* linsock ss -s: how many sockets there are, as /proc counts them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/ss.h"

/* The number behind a word on the line that begins with another; 0: not there. */
static long count(const char *path, const char *line_name, const char *word)
{
	FILE *file = fopen(path, "re");
	size_t len = strlen(line_name);
	char line[512];
	long number = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line + len, *name, *value;

		if (strncmp(line, line_name, len) != 0)
			continue;
		while ((name = strtok_r(at, " \n", &at)) &&
		       (value = strtok_r(at, " \n", &at)))
			if (strcmp(name, word) == 0)
				number = strtol(value, NULL, 10);
	}
	if (file)
		fclose(file);
	return number;
}

/* Connections that are established: a number of the MIB, whose names and numbers stand
 * on two lines. */
static long established(void)
{
	FILE *file = fopen("/proc/net/snmp", "re");
	char names[1024], numbers[1024];
	long result = 0;

	while (file && fgets(names, sizeof(names), file) &&
	       fgets(numbers, sizeof(numbers), file)) {
		char *name = names, *number = numbers;
		char *next_name, *next_number;

		if (strncmp(names, "Tcp:", 4) != 0)
			continue;
		while ((next_name = strtok_r(name, " \n", &name)) &&
		       (next_number = strtok_r(number, " \n", &number)))
			if (strcmp(next_name, "CurrEstab") == 0)
				result = strtol(next_number, NULL, 10);
	}
	if (file)
		fclose(file);
	return result;
}

int ss_summary(void)
{
	static const char ip4[] = "/proc/net/sockstat", ip6[] = "/proc/net/sockstat6";
	static const struct {
		const char *name, *line4, *line6;
		bool is_added; /* to the sum */
	} rows[] = {
		{"RAW", "RAW:", "RAW6:", true},     {"UDP", "UDP:", "UDP6:", true},
		{"TCP", "TCP:", "TCP6:", true},     {"INET", "", "", false},
		{"FRAG", "FRAG:", "FRAG6:", false},
	};
	long waiting = count(ip4, "TCP:", "tw"), all = count(ip4, "TCP:", "alloc");
	long hashed = count(ip4, "TCP:", "inuse") + count(ip6, "TCP6:", "inuse");
	long sum4 = 0, sum6 = 0;

	printf("Total: %ld\n", count(ip4, "sockets:", "used"));
	printf("TCP:   %ld (estab %ld, closed %ld, orphaned %ld, timewait %ld)\n\n",
	       all + waiting, established(), all - (hashed - waiting),
	       count(ip4, "TCP:", "orphan"), waiting);
	printf("Transport Total     IP        IPv6\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long n4 = sum4, n6 = sum6;

		if (rows[i].line4[0]) {
			n4 = count(ip4, rows[i].line4, "inuse");
			n6 = count(ip6, rows[i].line6, "inuse");
		}
		if (rows[i].is_added) {
			sum4 += n4;
			sum6 += n6;
		}
		printf("%s\t  %-9ld %-9ld %-9ld\n", rows[i].name, n4 + n6, n4, n6);
	}
	putchar('\n');
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}
