/* SPDX-License-Identifier: MIT */
/* Echoes of ICMP, one after another: ping inet6://[::1]:0 COUNT. */
#include <linsock/ping.h>

#include "common.h"

#define LIMIT_NS (10 * LSK_NSEC_PER_SEC)

static void show_answer(int family, const struct lsk_ping_answer *answer)
{
	const char *words = lsk_icmp_text(family, answer->type, answer->code);
	char from[LSK_ADDR_TEXT_MAX] = "this host";

	if (answer->from.len > 0)
		must("place", lsk_addr_format(&answer->from, from, sizeof(from)));
	if (answer->kind == LSK_PING_REPLY)
		printf("%s answers %u: %.*s\n", from, answer->sequence,
		       (int)answer->len, (const char *)answer->data);
	else
		printf("%s says %s\n", from,
		       words ? words : lsk_strerror(answer->error));
}

int main(int argc, char **argv)
{
	static uint8_t buf[LSK_PING_BUFFER_SIZE];
	struct lsk_ping_answer answer;
	struct lsk_ping *ping;
	struct lsk_addr host;
	unsigned long count;
	int family;

	if (argc != 3) {
		fprintf(stderr, "usage: ping ADDRESS COUNT\n");
		return 2;
	}
	must("address", lsk_addr_parse(&host, argv[1], NULL));
	family = lsk_addr_family(&host);
	must("ping", lsk_ping_new(&ping, family));
	must("timeout", lsk_socket_set_timeout(lsk_ping_socket(ping), LIMIT_NS));
	count = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 1; i <= count; i++) {
		must("send", lsk_ping_send(ping, &host, (uint16_t)i, "hello", 5));
		must("answer", lsk_ping_receive(ping, buf, sizeof(buf), &answer));
		show_answer(family, &answer);
	}
	lsk_ping_free(ping);
	return 0;
}
