/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a host by name: one address after the other, or several at once
 * (RFC 8305). Both are one race, in which the next attempt starts when an earlier one
 * fails or when the stagger time is over; one after the other is a race without one.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <linsock/inet.h>
#include <linsock/name.h>

#include "src/error.h"
#include "src/interrupt.h"
#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

/* One address of the host. */
struct attempt {
	const struct lsk_addrinfo *info;
	struct lsk_socket *sock; /* NULL: not begun, or over */
	int64_t deadline_ns;     /* negative: none */
	int error;
};

struct race {
	const struct lsk_connect_options *options;
	int64_t deadline_ns;
	int epoll_fd; /* the sockets of attempts that are undecided */
	struct attempt *attempts;
	size_t count;
	size_t begun;
	size_t pending;
	int64_t next_ns; /* when the next may begin; negative: when all have failed */
	struct attempt *last; /* that failed */
	struct attempt *winner;
};

static const struct lsk_connect_options no_options;

static int64_t after(int64_t timeout_ns)
{
	int64_t now_ns;

	if (timeout_ns <= 0)
		return LSK_BLOCK;
	now_ns = engine_now_ns();
	return timeout_ns > INT64_MAX - now_ns ? LSK_BLOCK : now_ns + timeout_ns;
}

/* The earlier of two moments, of which either may be "never". */
static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

static void attempt_fail(struct race *race, struct attempt *attempt, int error)
{
	attempt->error = error;
	attempt->sock = lsk_socket_free(attempt->sock);
	race->pending--;
	race->last = attempt;
}

static int attempt_open(struct race *race, struct attempt *attempt)
{
	const struct lsk_addrinfo *info = attempt->info;
	struct epoll_event event = {.events = EPOLLOUT, .data.ptr = attempt};
	int r;

	r = socket_new_or_fallback(&attempt->sock, info->family,
				   SOCK_STREAM | SOCK_NONBLOCK,
				   race->options->protocol);
	if (r == 0 && race->options->source)
		r = lsk_socket_bind(attempt->sock, race->options->source);
	if (r == 0)
		r = lsk_socket_connect(attempt->sock, &info->addr);
	if (r != -EINPROGRESS)
		return r;
	r = syscall_result(epoll_ctl(race->epoll_fd, EPOLL_CTL_ADD,
				     lsk_socket_fd(attempt->sock), &event));
	return r < 0 ? r : -EINPROGRESS;
}

/* Begin the next address. What fails at once makes room for the one after it. */
static void race_begin(struct race *race)
{
	while (race->begun < race->count && !race->winner) {
		struct attempt *attempt = &race->attempts[race->begun++];
		int r;

		race->pending++;
		attempt->deadline_ns = after(race->options->attempt_timeout_ns);
		r = attempt_open(race, attempt);
		if (r == -EINPROGRESS) {
			attempt->error = r;
			race->next_ns = after(race->options->stagger_ns);
			return;
		}
		if (r == 0)
			race->winner = attempt;
		else
			attempt_fail(race, attempt, r);
	}
	race->next_ns = LSK_BLOCK;
}

/* The socket of @attempt is ready: won or lost? */
static void race_decide(struct race *race, struct attempt *attempt)
{
	int error = 0;
	int r;

	r = lsk_socket_getsockopt_int(attempt->sock, SOL_SOCKET, SO_ERROR, &error);
	if (r == 0)
		r = -error;
	if (r == 0) {
		attempt->error = 0;
		race->winner = attempt;
		return;
	}
	attempt_fail(race, attempt, r);
	race->next_ns = 0;
}

/* Give up those that take too long. */
static void race_expire(struct race *race, int64_t now_ns)
{
	for (size_t i = 0; i < race->begun; i++) {
		struct attempt *attempt = &race->attempts[i];

		if (!attempt->sock || attempt->deadline_ns < 0 ||
		    attempt->deadline_ns > now_ns)
			continue;
		attempt_fail(race, attempt, -ETIME);
		race->next_ns = 0;
	}
}

/* The moment at which something has to be done though nothing happens. */
static int64_t race_next_moment(const struct race *race)
{
	int64_t moment_ns = race->deadline_ns;

	if (race->begun < race->count)
		moment_ns = earlier(moment_ns, race->next_ns);
	for (size_t i = 0; i < race->begun; i++)
		if (race->attempts[i].sock)
			moment_ns = earlier(moment_ns, race->attempts[i].deadline_ns);
	return moment_ns;
}

/* Wait for the next thing to happen. Return: 0, or why the race is over. */
static int race_wait(struct race *race)
{
	struct engine_request request = {
		.opcode = ENGINE_POLL,
		.fd = race->epoll_fd,
		.flags = POLLIN,
	};
	struct engine_wait wait = {
		.deadline_ns = race_next_moment(race),
		.interrupted = interrupt_ask,
	};
	struct epoll_event event;
	struct engine *engine;
	int64_t r;

	r = engine_thread(&engine);
	if (r == 0)
		r = engine_run(engine, &request, &wait);
	if (r < 0 && r != -ETIME)
		return (int)r;
	if (epoll_wait(race->epoll_fd, &event, 1, 0) > 0) {
		race_decide(race, event.data.ptr);
		return 0;
	}
	if (race->deadline_ns >= 0 && engine_now_ns() >= race->deadline_ns)
		return -ETIME;
	race_expire(race, engine_now_ns());
	return 0;
}

static int race_run(struct race *race)
{
	int r = 0;

	while (r == 0 && !race->winner) {
		bool is_time = race->next_ns >= 0 && engine_now_ns() >= race->next_ns;

		if (race->begun < race->count && (race->pending == 0 || is_time)) {
			race_begin(race);
			continue;
		}
		if (race->pending == 0)
			return race->last ? race->last->error : LSK_ERR_EMPTY;
		r = race_wait(race);
	}
	return r;
}

static bool is_wanted(const struct race *race, const struct lsk_addrinfo *info)
{
	const struct lsk_addr *source = race->options->source;

	return !source || lsk_addr_family(source) == info->family;
}

/* The addresses in the order of RFC 8305, section 4: the families take turns. */
static int race_line_up(struct race *race, const struct lsk_addrinfo *list)
{
	const struct lsk_addrinfo *heads[2];
	size_t total = 0;

	for (const struct lsk_addrinfo *info = list; info; info = info->next)
		total += is_wanted(race, info);
	race->attempts = calloc(total ? total : 1, sizeof(*race->attempts));
	if (!race->attempts)
		return -ENOMEM;
	heads[0] = heads[1] = list;
	while (race->count < total) {
		/* In turn one, those of the first one's family; in turn two the others.
		 * Without a stagger the resolver's order stays. */
		bool is_second = race->options->stagger_ns > 0 && race->count % 2 == 1;

		for (int turn = 0; turn < 2; turn++) {
			const struct lsk_addrinfo **head = &heads[is_second ^ turn];
			bool is_other = is_second ^ turn;

			while (*head &&
			       (!is_wanted(race, *head) ||
				(race->options->stagger_ns > 0 &&
				 ((*head)->family != list->family) != is_other)))
				*head = (*head)->next;
			if (!*head)
				continue;
			race->attempts[race->count++].info = *head;
			*head = (*head)->next;
			break;
		}
	}
	return 0;
}

static void race_tell(const struct race *race, struct lsk_connect_report *report)
{
	report->count = race->begun;
	for (size_t i = 0; i < race->begun && i < report->max; i++) {
		report->attempts[i].addr = race->attempts[i].info->addr;
		report->attempts[i].error = race->attempts[i].error;
	}
}

static int race_fail(const struct race *race, int r, const char *host,
		     struct lsk_error *ret_error)
{
	char text[LSK_ADDR_TEXT_MAX];

	if (!race->last || r != race->last->error ||
	    lsk_addr_format(&race->last->info->addr, text, sizeof(text)) < 0)
		return error_set_code(ret_error, r, 0, host);
	return error_set(ret_error, r, 0, "connect to %s (%s): %s", host, text,
			 lsk_strerror(r));
}

/* Race for a connection to one of @list. */
static int connect_list(const struct lsk_addrinfo *list, const char *host,
			struct race *race, struct lsk_connect_report *report,
			struct lsk_socket **ret_socket, struct lsk_error *ret_error)
{
	int r;

	r = race->epoll_fd = syscall_result(epoll_create1(EPOLL_CLOEXEC));
	if (r >= 0)
		r = race_line_up(race, list);
	if (r >= 0)
		r = race_run(race);
	if (r == 0)
		r = lsk_socket_set_timeout(race->winner->sock, lsk_default_timeout());
	if (r == 0) {
		*ret_socket = race->winner->sock;
		race->winner->sock = NULL;
	}
	if (report && race->attempts)
		race_tell(race, report);
	if (r < 0)
		race_fail(race, r, host, ret_error);
	for (size_t i = 0; race->attempts && i < race->begun; i++)
		lsk_socket_free(race->attempts[i].sock);
	free(race->attempts);
	closep(&race->epoll_fd);
	return r;
}

int lsk_connect_host(struct lsk_socket **ret_socket, const char *host,
		     const char *service, const struct lsk_connect_options *options,
		     struct lsk_connect_report *report, struct lsk_error *ret_error)
{
	struct race race = {.options = options ? options : &no_options};
	struct lsk_addrinfo_hints hints = {.type = SOCK_STREAM};
	struct lsk_addrinfo *list;
	int64_t timeout_ns;
	int r;

	if (report)
		report->count = 0;
	if (!ret_socket || !host || !service || race.options->timeout_ns < 0 ||
	    race.options->attempt_timeout_ns < 0 || race.options->stagger_ns < 0 ||
	    (report && !report->attempts && report->max > 0))
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	timeout_ns = race.options->timeout_ns ? race.options->timeout_ns : LSK_BLOCK;
	race.deadline_ns = after(timeout_ns);
	hints.family = race.options->family;
	r = lsk_getaddrinfo(host, service, &hints, timeout_ns, &list, ret_error);
	if (r < 0)
		return r;
	r = connect_list(list, host, &race, report, ret_socket, ret_error);
	lsk_addrinfo_free(list);
	return r;
}
