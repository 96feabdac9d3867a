/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/name.h>
#include <linsock/socket.h>

#include "src/name.h"
#include "tests/support/names.h"

#define MSEC INT64_C(1000000)

static const struct lsk_addrinfo_hints stream = {.type = SOCK_STREAM};
static const struct lsk_addrinfo_hints stream4 = {.family = AF_INET,
						  .type = SOCK_STREAM};

static const char *text_of(const struct lsk_addr *addr)
{
	static char host[NI_MAXHOST + 1 + NI_MAXSERV];
	char service[NI_MAXSERV];

	cr_assert(getnameinfo(&addr->sa, addr->len, host, NI_MAXHOST, service,
			      sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) == 0);
	strcat(host, " ");
	strcat(host, service);
	return host;
}

/* The first address of the answer. */
static const char *resolve(const char *host, const char *service)
{
	struct lsk_addrinfo *list = NULL;
	const char *text;
	int r = lsk_getaddrinfo(host, service, &stream, LSK_BLOCK, &list, NULL);

	cr_assert(r == 0, "%s: %d", host, r);
	text = text_of(&list->addr);
	lsk_addrinfo_free(list);
	return text;
}

static int failure(const char *host, const char *service,
		   const struct lsk_addrinfo_hints *hints)
{
	struct lsk_addrinfo *list = NULL;
	int r = lsk_getaddrinfo(host, service, hints, LSK_BLOCK, &list, NULL);

	cr_assert(list == NULL);
	return r;
}

Test(getaddrinfo, reads_numbers_without_waiting)
{
	struct lsk_addrinfo *list;

	cr_assert(lsk_getaddrinfo("127.0.0.1", "80", &stream, 0, &list, NULL) == 0);
	cr_assert_str_eq(text_of(&list->addr), "127.0.0.1 80");
	cr_assert(list->family == AF_INET && list->type == SOCK_STREAM);
	cr_assert(list->protocol == IPPROTO_TCP);
	cr_assert(list->next == NULL && list->canonname == NULL);
	lsk_addrinfo_free(list);
	cr_assert_str_eq(resolve("::1", "65535"), "::1 65535");
	cr_assert_str_eq(resolve("127.1", NULL), "127.0.0.1 0");
	cr_assert(name_workers() == 0);
}

Test(getaddrinfo, keeps_the_zone_of_an_address)
{
	cr_assert_str_eq(resolve("fe80::1%lo", "9"), "fe80::1%lo 9");
}

Test(getaddrinfo, of_no_host_is_loopback_or_with_passive_the_wildcard)
{
	struct lsk_addrinfo_hints hints = {
		.family = AF_INET, .type = SOCK_DGRAM, .flags = AI_PASSIVE};
	struct lsk_addrinfo *list;

	cr_assert(lsk_getaddrinfo(NULL, "80", &hints, 0, &list, NULL) == 0);
	cr_assert_str_eq(text_of(&list->addr), "0.0.0.0 80");
	lsk_addrinfo_free(list);
	cr_assert(lsk_getaddrinfo(NULL, "80", &stream4, 0, &list, NULL) == 0);
	cr_assert_str_eq(text_of(&list->addr), "127.0.0.1 80");
	lsk_addrinfo_free(list);
}

Test(getaddrinfo, gives_one_entry_per_type_unless_told)
{
	struct lsk_addrinfo *list;
	int types = 0;

	cr_assert(lsk_getaddrinfo("127.0.0.1", "80", NULL, 0, &list, NULL) == 0);
	for (struct lsk_addrinfo *entry = list; entry; entry = entry->next)
		types |= 1 << entry->type;
	lsk_addrinfo_free(list);
	cr_assert(types == (1 << SOCK_STREAM | 1 << SOCK_DGRAM | 1 << SOCK_RAW));
}

Test(getaddrinfo, names_each_fault)
{
	struct lsk_addrinfo_hints six = {.family = AF_INET6};
	struct lsk_addrinfo_hints number = {.flags = AI_NUMERICHOST};
	struct lsk_addrinfo_hints alien = {.family = AF_PACKET};

	cr_assert(failure("127.0.0.1", "65536", NULL) == LSK_ERR_EAI(EAI_SERVICE));
	cr_assert(failure("127.0.0.1", "-1", NULL) == LSK_ERR_EAI(EAI_SERVICE));
	cr_assert(failure("127.0.0.1", "80", &six) == LSK_ERR_EAI(EAI_ADDRFAMILY));
	cr_assert(failure("name", "80", &number) == LSK_ERR_EAI(EAI_NONAME));
	cr_assert(failure("", "80", NULL) == LSK_ERR_EAI(EAI_NONAME));
	cr_assert(failure(NULL, NULL, NULL) == LSK_ERR_EAI(EAI_NONAME));
	cr_assert(failure("127.0.0.1", "80", &alien) == LSK_ERR_EAI(EAI_FAMILY));
	cr_assert(lsk_getaddrinfo("::1", "1", NULL, -2, NULL, NULL) == -EINVAL);
	cr_assert(name_workers() == 0);
}

Test(getaddrinfo, looks_names_up)
{
	names_enter();
	cr_assert_str_eq(resolve("printer.example", "80"), "192.0.2.7 80");
	cr_assert_str_eq(resolve("printer6", "80"), "2001:db8::7 80");
	cr_assert_str_eq(resolve("192.0.2.1", "gopher"), "192.0.2.1 70");
}

Test(getaddrinfo, keeps_the_order_and_the_canonical_name)
{
	struct lsk_addrinfo_hints hints = {
		.family = AF_INET, .type = SOCK_STREAM, .flags = AI_CANONNAME};
	struct lsk_addrinfo *list;

	names_enter();
	cr_assert(lsk_getaddrinfo("printer", "1", &hints, LSK_BLOCK, &list, NULL) == 0);
	cr_assert_str_eq(list->canonname, "printer");
	cr_assert_str_eq(text_of(&list->addr), "192.0.2.7 1");
	cr_assert_str_eq(text_of(&list->next->addr), "192.0.2.8 1");
	cr_assert(list->next->canonname == NULL && list->next->next == NULL);
	lsk_addrinfo_free(list);
}

Test(getaddrinfo, tells_what_failed)
{
	struct lsk_addrinfo *list;
	struct lsk_error error;
	int r;

	names_enter();
	r = lsk_getaddrinfo("nobody", "no-service", &stream, LSK_BLOCK, &list, &error);
	cr_assert(r == LSK_ERR_EAI(EAI_SERVICE), "%d", r);
	cr_assert(error.code == r);
	cr_assert_str_eq(error.text, "nobody: Service not supported for socket type");
}

Test(getaddrinfo, of_a_name_without_time_to_wait_says_so)
{
	struct lsk_addrinfo *list;

	cr_assert(lsk_getaddrinfo("name", "80", NULL, 0, &list, NULL) == -EAGAIN);
	cr_assert(name_workers() == 0);
}

Test(getaddrinfo, ends_at_its_deadline_though_the_server_is_silent, .timeout = 60)
{
	struct lsk_addrinfo *list = NULL;
	int64_t start_ns;
	int r, server;

	names_enter();
	server = names_server();
	start_ns = engine_now_ns();
	r = lsk_getaddrinfo("silent.example", "80", &stream, 50 * MSEC, &list, NULL);
	cr_assert(r == -ETIME && list == NULL);
	cr_assert(engine_now_ns() - start_ns >= 50 * MSEC);
	/* The resolver itself would wait for 30 s. */
	cr_assert(engine_now_ns() - start_ns < 25000 * MSEC);
	close(server);
}

Test(getaddrinfo, waits_for_an_answer_that_comes_in_time, .timeout = 60)
{
	struct lsk_lookup *lookup;
	struct lsk_addrinfo *list;
	struct pollfd event = {.events = POLLIN};
	int server;

	names_enter();
	server = names_server();
	cr_assert(lsk_lookup_new(&lookup, "a.example", "80", &stream4) == 0);
	cr_assert(lsk_lookup_wait(lookup, 0, &list, NULL) == -EAGAIN);
	cr_assert_str_eq(names_answer(server), "a.example.");
	event.fd = lsk_lookup_fd(lookup);
	cr_assert(poll(&event, 1, 60000) == 1);
	cr_assert(lsk_lookup_wait(lookup, 0, &list, NULL) == 0);
	cr_assert_str_eq(text_of(&list->addr), "192.0.2.53 80");
	lsk_addrinfo_free(list);
	cr_assert(lsk_lookup_wait(lookup, 0, &list, NULL) == -EALREADY);
	lsk_lookup_free(lookup);
	close(server);
}

Test(getaddrinfo, with_ai_idn_asks_for_the_encoded_name, .timeout = 60)
{
	struct lsk_addrinfo_hints hints = {.family = AF_INET, .flags = AI_IDN};
	struct lsk_lookup *lookup;
	struct lsk_addrinfo *list;
	struct pollfd events[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int server, r;

	names_enter();
	if (!setlocale(LC_ALL, "C.UTF-8"))
		cr_skip_test("no locale C.UTF-8");
	server = names_server();
	cr_assert(lsk_lookup_new(&lookup, "b\u00fccher.example", NULL, &hints) == 0);
	events[0].fd = server;
	events[1].fd = lsk_lookup_fd(lookup);
	cr_assert(poll(events, 2, 60000) > 0);
	if (!events[0].revents) {
		r = lsk_lookup_wait(lookup, 0, &list, NULL);
		cr_assert(r == LSK_ERR_EAI(EAI_IDN_ENCODE), "%d", r);
		cr_skip_test("the C library finds no libidn2");
	}
	cr_assert_str_eq(names_answer(server), "xn--bcher-kva.example.");
	cr_assert(lsk_lookup_wait(lookup, LSK_BLOCK, &list, NULL) == 0);
	cr_assert_str_eq(text_of(&list->addr), "192.0.2.53 0");
	lsk_addrinfo_free(list);
	lsk_lookup_free(lookup);
	close(server);
}

static void *cancel_main(void *lookup)
{
	lsk_lookup_cancel(lookup);
	return NULL;
}

Test(lookup, can_be_cancelled_from_another_thread, .timeout = 60)
{
	struct lsk_lookup *lookup;
	struct lsk_addrinfo *list;
	pthread_t thread;
	int server;

	names_enter();
	server = names_server();
	cr_assert(lsk_lookup_new(&lookup, "silent.example", NULL, &stream) == 0);
	pthread_create(&thread, NULL, cancel_main, lookup);
	cr_assert(lsk_lookup_wait(lookup, LSK_BLOCK, &list, NULL) == -ECANCELED);
	pthread_join(thread, NULL);
	lsk_lookup_free(lookup);
	close(server);
}

Test(lookup, of_numbers_is_done_at_once)
{
	struct lsk_lookup *lookup;
	struct lsk_addrinfo *list;
	struct pollfd event = {.events = POLLIN};

	cr_assert(lsk_lookup_new(&lookup, "::1", "80", &stream) == 0);
	event.fd = lsk_lookup_fd(lookup);
	cr_assert(poll(&event, 1, 0) == 1);
	cr_assert(lsk_lookup_wait(lookup, 0, &list, NULL) == 0);
	lsk_addrinfo_free(list);
	lsk_lookup_free(lookup);
	cr_assert(name_workers() == 0);
	cr_assert(lsk_lookup_free(NULL) == NULL);
	lsk_lookup_cancel(NULL);
}

static int stop(void *context)
{
	*(int *)context += 1;
	return -EINTR;
}

static void on_signal(int number)
{
	(void)number;
}

static void *signal_main(void *target)
{
	/* Until the hook has run: a signal may come before the wait begins. */
	while (pthread_kill(*(pthread_t *)target, SIGUSR1) == 0)
		if (poll(NULL, 0, 5) < 0)
			break;
	return NULL;
}

Test(getaddrinfo, asks_the_hook_when_a_signal_comes, .timeout = 60)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct lsk_addrinfo *list;
	pthread_t self = pthread_self(), thread;
	int server, asked = 0;

	names_enter();
	server = names_server();
	sigaction(SIGUSR1, &action, NULL);
	lsk_set_interrupt_hook(stop, &asked);
	pthread_create(&thread, NULL, signal_main, &self);
	cr_assert(lsk_getaddrinfo("silent.example", NULL, &stream, LSK_BLOCK, &list,
				  NULL) == -EINTR);
	cr_assert(asked == 1);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	close(server);
}

static int go_on_twice(void *context)
{
	return ++*(int *)context > 2;
}

Test(getaddrinfo, goes_on_after_a_signal_until_the_hook_stops_it, .timeout = 60)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct lsk_addrinfo *list;
	pthread_t self = pthread_self(), thread;
	int server, asked = 0;

	names_enter();
	server = names_server();
	sigaction(SIGUSR1, &action, NULL);
	lsk_set_interrupt_hook(go_on_twice, &asked);
	pthread_create(&thread, NULL, signal_main, &self);
	cr_assert(lsk_getaddrinfo("silent.example", NULL, &stream, 60000 * MSEC, &list,
				  NULL) == -EINTR);
	cr_assert(asked == 3);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	close(server);
}

Test(lookup, beyond_the_pool_waits_for_its_turn_within_its_deadline, .timeout = 60)
{
	struct lsk_lookup *lookups[NAME_WORKERS_MAX];
	struct lsk_addrinfo *list;
	int server, r;

	names_enter();
	server = names_server();
	for (int i = 0; i < NAME_WORKERS_MAX; i++)
		cr_assert(lsk_lookup_new(&lookups[i], "silent.example", NULL,
					 &stream4) == 0);
	cr_assert(name_workers() == NAME_WORKERS_MAX);
	r = lsk_getaddrinfo("printer", "80", &stream, 20 * MSEC, &list, NULL);
	cr_assert(r == -ETIME, "%d", r);
	cr_assert(name_workers() == NAME_WORKERS_MAX);
	/* One answer, and the worker that got it takes the next from the queue. */
	names_answer(server);
	cr_assert_str_eq(resolve("printer", "80"), "192.0.2.7 80");
	for (int i = 0; i < NAME_WORKERS_MAX; i++)
		lsk_lookup_free(lookups[i]);
	close(server);
}

Test(lookup, does_not_live_on_in_a_forked_child, .timeout = 60)
{
	struct lsk_lookup *lookup;
	struct lsk_addrinfo *list;
	struct pollfd question = {.events = POLLIN};
	int server, status;
	pid_t child;

	names_enter();
	server = names_server();
	cr_assert(lsk_lookup_new(&lookup, "silent.example", NULL, &stream) == 0);
	/* Before, the resolver may hold a lock of its own, which no child would get. */
	question.fd = server;
	cr_assert(poll(&question, 1, 30000) == 1);
	child = fork();
	if (child == 0) {
		if (lsk_lookup_wait(lookup, LSK_BLOCK, &list, NULL) != -ECANCELED)
			_exit(1);
		lsk_lookup_free(lookup);
		if (lsk_getaddrinfo("printer", "80", &stream, LSK_BLOCK, &list, NULL))
			_exit(2);
		lsk_addrinfo_free(list);
		_exit(0);
	}
	cr_assert(waitpid(child, &status, 0) == child && status == 0, "%x", status);
	lsk_lookup_free(lookup);
	close(server);
}

Test(lookup, that_runs_does_not_hold_up_the_end_of_the_process, .timeout = 60)
{
	struct lsk_lookup *lookup;
	int server, status;
	pid_t child;

	names_enter();
	server = names_server();
	child = fork();
	if (child == 0)
		exit(lsk_lookup_new(&lookup, "silent.example", NULL, &stream) != 0);
	cr_assert(waitpid(child, &status, 0) == child && status == 0, "%x", status);
	close(server);
}
