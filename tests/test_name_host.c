/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <linsock/name.h>
#include <linsock/socket.h>

#include "src/name.h"
#include "tests/support/names.h"

#define MSEC INT64_C(1000000)

static struct lsk_addr number(const char *host, const char *service)
{
	const struct lsk_addrinfo_hints hints = {.type = SOCK_STREAM};
	struct lsk_addrinfo *list;
	struct lsk_addr addr;

	cr_assert(lsk_getaddrinfo(host, service, &hints, 0, &list, NULL) == 0);
	addr = list->addr;
	lsk_addrinfo_free(list);
	return addr;
}

static bool is_number(const struct lsk_addr *addr, const char *text)
{
	char host[INET6_ADDRSTRLEN];

	cr_assert(getnameinfo(&addr->sa, addr->len, host, sizeof(host), NULL, 0,
			      NI_NUMERICHOST) == 0);
	return strcmp(host, text) == 0;
}

Test(getnameinfo, gives_numbers_without_waiting)
{
	const int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
	struct lsk_addr addr = number("127.0.0.1", "80");
	struct lsk_nameinfo info;

	cr_assert(lsk_getnameinfo(&addr, numeric, 0, &info, NULL) == 0);
	cr_assert_str_eq(info.host, "127.0.0.1");
	cr_assert_str_eq(info.service, "80");
	cr_assert(lsk_getnameinfo(&addr, 0, 0, &info, NULL) == -EAGAIN);
	cr_assert(name_workers() == 0);
}

Test(getnameinfo, appends_the_zone)
{
	struct lsk_addr addr = number("fe80::1%lo", "80");
	struct lsk_nameinfo info;

	cr_assert(lsk_getnameinfo(&addr, NI_NUMERICHOST | NI_NUMERICSERV, 0, &info,
				  NULL) == 0);
	cr_assert_str_eq(info.host, "fe80::1%lo");
}

Test(getnameinfo, looks_names_up)
{
	struct lsk_addr addr;
	struct lsk_nameinfo info;

	names_enter();
	addr = number("192.0.2.10", "70");
	cr_assert(lsk_getnameinfo(&addr, 0, LSK_BLOCK, &info, NULL) == 0);
	cr_assert_str_eq(info.host, "host.example");
	cr_assert_str_eq(info.service, "gopher");
	addr = number("192.0.2.10", "7071");
	cr_assert(lsk_getnameinfo(&addr, NI_DGRAM, LSK_BLOCK, &info, NULL) == 0);
	cr_assert_str_eq(info.service, "fruit");
}

Test(getnameinfo, names_each_fault)
{
	struct lsk_addr addr = number("192.0.2.99", "80");
	struct lsk_addr short_addr = {.len = 3, .sa.sa_family = AF_INET};
	struct lsk_nameinfo info;
	struct lsk_error error;
	int r;

	names_enter();
	r = lsk_getnameinfo(&addr, NI_NAMEREQD, LSK_BLOCK, &info, &error);
	cr_assert(r == LSK_ERR_EAI(EAI_AGAIN) || r == LSK_ERR_EAI(EAI_NONAME), "%d", r);
	cr_assert(error.code == r);
	cr_assert(strncmp(error.text, "address: ", 9) == 0);
	r = lsk_getnameinfo(&short_addr, 0, LSK_BLOCK, &info, NULL);
	cr_assert(r == LSK_ERR_EAI(EAI_FAMILY));
	cr_assert(lsk_getnameinfo(NULL, 0, 0, &info, NULL) == -EINVAL);
}

Test(getnameinfo, ends_at_its_deadline_though_the_server_is_silent, .timeout = 60)
{
	struct lsk_addr addr = number("192.0.2.99", "80");
	struct lsk_nameinfo info;
	int server;

	names_enter();
	server = names_server();
	cr_assert(lsk_getnameinfo(&addr, 0, 30 * MSEC, &info, NULL) == -ETIME);
	close(server);
}

Test(gethostbyname, gives_the_first_ipv4_address)
{
	struct in_addr addr;

	names_enter();
	cr_assert(lsk_gethostbyname("printer", LSK_BLOCK, &addr, NULL) == 0);
	cr_assert(addr.s_addr == inet_addr("192.0.2.7"));
	cr_assert(lsk_gethostbyname("printer6.example", LSK_BLOCK, &addr, NULL) < 0);
}

Test(gethostbyname, knows_numbers_the_empty_name_and_broadcast)
{
	struct in_addr addr;

	cr_assert(lsk_gethostbyname("192.0.2.1", 0, &addr, NULL) == 0);
	cr_assert(addr.s_addr == inet_addr("192.0.2.1"));
	cr_assert(lsk_gethostbyname("", 0, &addr, NULL) == 0);
	cr_assert(addr.s_addr == htonl(INADDR_ANY));
	cr_assert(lsk_gethostbyname("<broadcast>", 0, &addr, NULL) == 0);
	cr_assert(addr.s_addr == htonl(INADDR_BROADCAST));
	cr_assert(lsk_gethostbyname("::1", 0, &addr, NULL) ==
		  LSK_ERR_EAI(EAI_ADDRFAMILY));
	cr_assert(lsk_gethostbyname(NULL, 0, &addr, NULL) == -EINVAL);
}

Test(gethostbyname_ex, gives_names_aliases_and_addresses)
{
	struct lsk_hostent *entry;

	names_enter();
	cr_assert(lsk_gethostbyname_ex("printer", LSK_BLOCK, &entry, NULL) == 0);
	cr_assert_str_eq(entry->name, "printer");
	cr_assert(entry->alias_count == 2 && entry->aliases[2] == NULL);
	cr_assert_str_eq(entry->aliases[0], "lp");
	cr_assert_str_eq(entry->aliases[1], "printer.example");
	cr_assert(entry->addr_count == 2);
	cr_assert(is_number(&entry->addrs[0], "192.0.2.7"));
	cr_assert(is_number(&entry->addrs[1], "192.0.2.8"));
	cr_assert(lsk_hostent_free(entry) == NULL);
}

Test(gethostbyname_ex, gives_a_number_back)
{
	struct lsk_hostent *entry;

	cr_assert(lsk_gethostbyname_ex("192.0.2.1", 0, &entry, NULL) == 0);
	cr_assert_str_eq(entry->name, "192.0.2.1");
	cr_assert(entry->addr_count == 1 && entry->alias_count == 0);
	lsk_hostent_free(entry);
}

Test(gethostbyname_ex, of_a_stranger_is_host_not_found, .timeout = 60)
{
	struct lsk_hostent *entry = NULL;
	struct lsk_error error;
	int r;

	names_enter();
	/* No name server at all: its port is closed, and the resolver gives up. */
	r = lsk_gethostbyname_ex("nobody", LSK_BLOCK, &entry, &error);
	cr_assert(r == LSK_ERR_HOST_LOOKUP(TRY_AGAIN), "%d", r);
	cr_assert_str_eq(error.text, "nobody: Host name lookup failure");
	cr_assert(entry == NULL);
	r = lsk_gethostbyname_ex("a.b..c", LSK_BLOCK, &entry, NULL);
	cr_assert(r == LSK_ERR_HOST_LOOKUP(HOST_NOT_FOUND), "%d", r);
}

Test(gethostbyaddr, knows_both_families_and_names)
{
	struct lsk_hostent *entry;

	names_enter();
	cr_assert(lsk_gethostbyaddr("192.0.2.10", LSK_BLOCK, &entry, NULL) == 0);
	cr_assert_str_eq(entry->name, "host.example");
	cr_assert_str_eq(entry->aliases[0], "myself");
	lsk_hostent_free(entry);
	cr_assert(lsk_gethostbyaddr("2001:db8::7", LSK_BLOCK, &entry, NULL) == 0);
	cr_assert_str_eq(entry->name, "printer6.example");
	cr_assert(is_number(&entry->addrs[0], "2001:db8::7"));
	lsk_hostent_free(entry);
	cr_assert(lsk_gethostbyaddr("myself", LSK_BLOCK, &entry, NULL) == 0);
	cr_assert_str_eq(entry->name, "host.example");
	lsk_hostent_free(entry);
}

Test(gethostbyaddr, ends_at_its_deadline_though_the_server_is_silent, .timeout = 60)
{
	struct lsk_hostent *entry;
	int server;

	names_enter();
	server = names_server();
	cr_assert(lsk_gethostbyaddr("192.0.2.99", 30 * MSEC, &entry, NULL) == -ETIME);
	cr_assert(lsk_gethostbyaddr("192.0.2.99", 0, &entry, NULL) == -EAGAIN);
	close(server);
}

Test(getfqdn, takes_the_first_name_with_a_dot)
{
	char name[LSK_HOST_MAX];

	names_enter();
	cr_assert(lsk_getfqdn(" 192.0.2.7\n", LSK_BLOCK, name, sizeof(name)) == 15);
	cr_assert_str_eq(name, "printer.example");
	cr_assert(lsk_getfqdn("myself", LSK_BLOCK, name, sizeof(name)) > 0);
	cr_assert_str_eq(name, "host.example");
}

Test(getfqdn, takes_the_official_name_where_none_has_a_dot)
{
	char name[LSK_HOST_MAX];

	names_enter();
	cr_assert(lsk_getfqdn("192.0.2.9", LSK_BLOCK, name, sizeof(name)) == 7);
	cr_assert_str_eq(name, "dotless");
}

Test(getfqdn, takes_the_name_as_it_stands_where_the_lookup_fails)
{
	char name[LSK_HOST_MAX];

	names_enter();
	cr_assert(lsk_getfqdn("nobody", LSK_BLOCK, name, sizeof(name)) == 6);
	cr_assert_str_eq(name, "nobody");
	cr_assert(lsk_getfqdn("nobody", LSK_BLOCK, name, 6) == -ENOSPC);
}

Test(getfqdn, of_nothing_is_this_host)
{
	static const char *const subjects[] = {NULL, "", "0.0.0.0", "::"};
	char name[LSK_HOST_MAX];

	names_enter();
	cr_assert(names_hostname("myself") == 0);
	for (size_t i = 0; i < 4; i++) {
		cr_assert(lsk_getfqdn(subjects[i], LSK_BLOCK, name, sizeof(name)) > 0);
		cr_assert_str_eq(name, "host.example");
	}
}

Test(getfqdn, keeps_its_deadline, .timeout = 60)
{
	char name[LSK_HOST_MAX];
	int server;

	names_enter();
	server = names_server();
	cr_assert(lsk_getfqdn("192.0.2.99", 30 * MSEC, name, sizeof(name)) == -ETIME);
	close(server);
}
