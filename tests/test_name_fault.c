/* SPDX-License-Identifier: MIT */
/* Names where memory, descriptors or threads are short: told, and nothing is lost. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linsock/name.h>
#include <linsock/socket.h>

#include "src/name.h"
#include "tests/support/fault.h"

#define SECONDS (20 * LSK_NSEC_PER_SEC)

/* How many eventfds are open: one per job that somebody still holds. */
static int eventfds(void)
{
	char path[32], target[64];
	int count = 0;

	for (int fd = 0; fd < 256; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		count += strstr(target, "[eventfd]") != NULL;
	}
	return count;
}

static int resolve_number(void)
{
	struct lsk_addrinfo *list = NULL;
	int r = lsk_getaddrinfo("127.0.0.1", "1", NULL, 0, &list, NULL);

	lsk_addrinfo_free(list);
	return r;
}

static int resolve_name(void)
{
	struct lsk_addrinfo *list = NULL;
	int r = lsk_getaddrinfo("localhost", "1", NULL, SECONDS, &list, NULL);

	lsk_addrinfo_free(list);
	return r;
}

static int look_up(void)
{
	struct lsk_addrinfo *list = NULL;
	struct lsk_lookup *lookup = NULL;
	int r = lsk_lookup_new(&lookup, "localhost", "1", NULL);

	if (r == 0)
		r = lsk_lookup_wait(lookup, SECONDS, &list, NULL);
	lsk_addrinfo_free(list);
	lsk_lookup_free(lookup);
	return r;
}

static int host_by_name(void)
{
	struct lsk_hostent *entry = NULL;
	int r = lsk_gethostbyname_ex("localhost", SECONDS, &entry, NULL);

	lsk_hostent_free(entry);
	return r;
}

static int host_by_addr(void)
{
	struct lsk_hostent *entry = NULL;
	int r = lsk_gethostbyaddr("127.0.0.1", SECONDS, &entry, NULL);

	lsk_hostent_free(entry);
	return r;
}

static int name_of_addr(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f};
	struct lsk_nameinfo info;
	struct lsk_addr addr;

	cr_assert(lsk_addr_set(&addr, &in, sizeof(in)) == 0);
	return lsk_getnameinfo(&addr, 0, SECONDS, &info, NULL);
}

static int protocol_by_name(void)
{
	int r = lsk_getprotobyname("tcp", SECONDS);

	return r > 0 ? 0 : r;
}

static int service_by_port(void)
{
	char name[LSK_SERVICE_MAX];
	int r = lsk_getservbyport(80, "tcp", SECONDS, name, sizeof(name));

	return r > 0 ? 0 : r;
}

static int interfaces(void)
{
	struct lsk_interface *list = NULL;
	size_t count;
	int r = lsk_if_nameindex(&list, &count);

	lsk_if_freenameindex(list);
	return r;
}

static const struct {
	const char *name;
	int (*call)(void);
} calls[] = {
	{"resolve_number", resolve_number},
	{"resolve_name", resolve_name},
	{"look_up", look_up},
	{"host_by_name", host_by_name},
	{"host_by_addr", host_by_addr},
	{"name_of_addr", name_of_addr},
	{"protocol_by_name", protocol_by_name},
	{"service_by_port", service_by_port},
	{"interfaces", interfaces},
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* The worker leaves a moment after its caller. */
static void wait_for_workers(void)
{
	while (name_workers() > 0)
		sched_yield();
}

/* Fail the first, the second … until the call needs no more of them. */
static unsigned int fail_each(size_t index, enum fault_call fault, int error,
			      int expected)
{
	const int before = eventfds();
	unsigned int nth = 0;
	int r;

	do {
		fault_arm(fault, ++nth, error, false);
		r = calls[index].call();
		wait_for_workers();
		cr_assert(r == 0 || r == expected, "%s: %u: %d", calls[index].name, nth,
			  r);
		cr_assert((r == 0) == (fault_hits(fault) == 0), "%s: %u: %d",
			  calls[index].name, nth, r);
		cr_assert(eventfds() == before, "%s: %u", calls[index].name, nth);
		cr_assert(nth < 50);
	} while (fault_hits(fault) > 0);
	fault_disarm(fault);
	return nth - 1;
}

Test(name, works_where_nothing_fails)
{
	for (size_t i = 0; i < CALLS; i++)
		cr_assert(calls[i].call() == 0, "%s", calls[i].name);
}

Test(name, without_memory_is_enomem)
{
	unsigned int count = 0;

	for (size_t i = 0; i < CALLS; i++) {
		count += fail_each(i, FAULT_calloc, ENOMEM, -ENOMEM);
		count += fail_each(i, FAULT_malloc, ENOMEM, -ENOMEM);
		count += fail_each(i, FAULT_strdup, ENOMEM, -ENOMEM);
	}
	cr_assert(count >= 20, "%u", count);
}

Test(name, without_a_descriptor_is_emfile)
{
	unsigned int count = 0;

	for (size_t i = 0; i < CALLS; i++)
		count += fail_each(i, FAULT_eventfd, EMFILE, -EMFILE);
	cr_assert(count == 7, "%u", count);
}

Test(name, without_a_thread_is_enomem)
{
	unsigned int count = 0;

	for (size_t i = 0; i < CALLS; i++)
		count += fail_each(i, FAULT_pthread_create, -EAGAIN, -ENOMEM);
	cr_assert(count == 7, "%u", count);
}

Test(name, whose_wait_fails_is_given_up)
{
	const int before = eventfds();
	unsigned int hits = 0;
	int r;

	for (size_t i = 0; i < CALLS; i++) {
		fault_arm(FAULT_ppoll, 1, EIO, false);
		r = calls[i].call();
		/* The result may be there before the wait, or before it is given up. */
		cr_assert(r == 0 || r == -EIO, "%s: %d", calls[i].name, r);
		hits += fault_hits(FAULT_ppoll);
		wait_for_workers();
		cr_assert(eventfds() == before);
	}
	fault_disarm(FAULT_ppoll);
	cr_assert(hits > 0);
	cr_assert(resolve_name() == 0);
}
