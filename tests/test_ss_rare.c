/* SPDX-License-Identifier: MIT */
/*
 * linsock ss beside the distribution's ss, of sockets that shells cannot make: raw ones
 * and those of AF_XDP. Few hosts have their diag modules, so scenarios run this, which
 * have both programs in PATH and say in LINSOCK_TEST_DIAG what there must be.
 */
#include <criterion/criterion.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/xdp.h>

#include "tests/support/netns.h"

#define LINES_MAX 64

struct output {
	char *lines[LINES_MAX];
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What stands between blanks, joined by one. */
static char *squeeze(char *line)
{
	char *to = line, *word, *rest = NULL;

	for (word = strtok_r(line, " \t\n", &rest); word;
	     word = strtok_r(NULL, " \t\n", &rest)) {
		size_t len = strlen(word);

		if (to != line)
			*to++ = ' ';
		/* A slip of ss 6.1's, in one line only. */
		if (strncmp(word, "tumem(", 6) == 0) {
			word++;
			len--;
		}
		memmove(to, word, len);
		to += len;
	}
	*to = '\0';
	return strdup(line);
}

/* The lines of a command, sorted: neither program promises an order. */
static struct output run(const char *program, const char *words)
{
	struct output output = {.count = 0};
	char command[128], line[2048];
	FILE *file;

	snprintf(command, sizeof(command), "%s %s", program, words);
	file = popen(command, "r");
	cr_assert_not_null(file);
	while (fgets(line, sizeof(line), file) && output.count < LINES_MAX)
		output.lines[output.count++] = squeeze(line);
	cr_assert_eq(pclose(file), 0, "%s", command);
	qsort(output.lines, output.count, sizeof(output.lines[0]), compare);
	return output;
}

static void same(const char *words, size_t count)
{
	struct output theirs = run("ss", words), ours = run("linsock ss", words);

	cr_assert_eq(theirs.count, count, "ss %s: %zu lines", words, theirs.count);
	cr_assert_eq(ours.count, count, "linsock ss %s: %zu lines", words, ours.count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_str_eq(ours.lines[i], theirs.lines[i]);
		free(ours.lines[i]);
		free(theirs.lines[i]);
	}
}

static void require(const char *name)
{
	const char *names = getenv("LINSOCK_TEST_DIAG");

	if (!names || !strstr(names, name))
		cr_skip_test("%s is not in LINSOCK_TEST_DIAG", name);
}

static int raw_socket(int family, int protocol)
{
	int fd = socket(family, SOCK_RAW, protocol);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(ss, of_raw_sockets_is_that_of_ss)
{
	const struct sockaddr_in place = {.sin_family = AF_INET,
					  .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fds[6];

	require("raw");
	netns_enter();
	fds[0] = raw_socket(AF_INET, IPPROTO_ICMP);
	fds[1] = raw_socket(AF_INET, IPPROTO_RAW);
	fds[2] = raw_socket(AF_INET6, IPPROTO_ICMPV6);
	fds[3] = raw_socket(AF_INET, 89);
	cr_assert_eq(bind(fds[3], (const void *)&place, sizeof(place)), 0);
	cr_assert_eq(connect(fds[3], (const void *)&place, sizeof(place)), 0);
	fds[4] = raw_socket(AF_INET, IPPROTO_ESP);
	cr_assert_eq(setsockopt(fds[4], SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	fds[5] = raw_socket(AF_INET6, 89);
	same("-Hwan", 6);
	same("-Hwan4", 4);
	same("-Hwan6", 2);
	same("-HwanemoO", 6);
	same("-Hwan src 127.0.0.1", 1);
	same("-Hwan not dst 127.0.0.1", 5);
	same("-Hwan sport = :89 or dev = lo", 3);
	/* raw_diag takes no notice of states, and ss trusts it; we do not. */
	cr_assert_eq(run("linsock ss", "-Hwn").count, 1);
	cr_assert_eq(run("linsock ss", "-Hwln").count, 5);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

Test(ss, of_xdp_sockets_is_that_of_ss)
{
	struct lsk_xdp_options options = {.queue = 0, .flags = LSK_XDP_COPY};
	struct lsk_xdp *xdp;
	int unbound;

	require("xdp");
	netns_enter();
	options.interface = if_nametoindex("lo");
	cr_assert_eq(lsk_xdp_new(&xdp, &options), 0);
	unbound = socket(AF_XDP, SOCK_RAW, 0);
	cr_assert_geq(unbound, 0);
	same("-Han --xdp", 2);
	same("-Hn --xdp", 2);
	same("-HaneO --xdp", 2);
	same("-HaneOm --xdp", 2);
	close(unbound);
	lsk_xdp_free(xdp);
}
