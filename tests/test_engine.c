/* SPDX-License-Identifier: MIT */
/* One operation and its wait, on both back ends. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linsock/socket.h>

#include "tests/support/asleep.h"
#include "tests/support/engines.h"
#include "uring/util.h"

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;
static char one_byte[] = "x";
static const struct engine_wait no_deadline = {.deadline_ns = -1};

static struct engine_wait within(int64_t ns)
{
	return (struct engine_wait){.deadline_ns = engine_now_ns() + ns};
}

static void pair_new(int pair[2], int type)
{
	cr_assert_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
}

static void pair_free(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static int64_t run_recv(struct engine *engine, int fd, char *buf, size_t len,
			const struct engine_wait *wait)
{
	const struct engine_request request = {
		.opcode = ENGINE_RECV,
		.fd = fd,
		.buf = buf,
		.len = len,
	};

	return engine_run(engine, &request, wait);
}

/* What another thread does to a waiting one, once that waits. */
struct helper {
	pthread_t thread;
	pthread_t waiter;
	struct engine *engine;
	int fd;
	void (*act)(struct helper *helper);
	/* The waiter waits no more: whatever was to be done comes too late. */
	atomic_bool over;
};

struct helper_start {
	struct helper *helper;
	int tid;
};

static void *helper_main(void *context)
{
	struct helper_start start = *(struct helper_start *)context;

	free(context);
	while (!thread_waits(start.tid))
		if (start.helper->over)
			return NULL;
	start.helper->act(start.helper);
	return NULL;
}

static void helper_begin(struct helper *helper, struct engine *engine, int fd,
			 void (*act)(struct helper *))
{
	struct helper_start *start = malloc(sizeof(*start));

	*helper = (struct helper){
		.waiter = pthread_self(),
		.engine = engine,
		.fd = fd,
		.act = act,
	};
	*start = (struct helper_start){.helper = helper, .tid = gettid()};
	cr_assert_eq(pthread_create(&helper->thread, NULL, helper_main, start), 0);
}

static void helper_end(struct helper *helper)
{
	helper->over = true;
	pthread_join(helper->thread, NULL);
}

static void act_send(struct helper *helper)
{
	cr_assert_eq(send(helper->fd, "late", 4, 0), 4);
}

static void act_wake(struct helper *helper)
{
	engine_wake(helper->engine);
}

static void act_signal(struct helper *helper)
{
	pthread_kill(helper->waiter, SIGUSR1);
}

static void act_close(struct helper *helper)
{
	shutdown(helper->fd, SHUT_RDWR);
}

static void act_read(struct helper *helper)
{
	char buf[65536];

	while (recv(helper->fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

Test_on_each_backend(engine_run, receives_what_is_there)
{
	struct engine_wait wait = within(60 * LSK_NSEC_PER_SEC);
	char buf[8] = "";
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(send(pair[1], "hello", 5, 0), 5);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), 5);
	cr_assert_str_eq(buf, "hello");
	pair_free(pair);
}

Test_on_each_backend(engine_run, waits_for_what_comes_later)
{
	char buf[8] = "";
	struct helper helper;
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	helper_begin(&helper, engine, pair[1], act_send);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &no_deadline), 4);
	cr_assert_str_eq(buf, "late");
	helper_end(&helper);
	pair_free(pair);
}

Test_on_each_backend(engine_run, ends_with_the_stream)
{
	struct helper helper;
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	helper_begin(&helper, engine, pair[1], act_close);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &no_deadline), 0);
	helper_end(&helper);
	pair_free(pair);
}

Test_on_each_backend(engine_run, says_etime_at_the_deadline)
{
	int64_t begin = engine_now_ns();
	struct engine_wait wait = within(30 * msec);
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), -ETIME);
	cr_assert_geq(engine_now_ns() - begin, 30 * msec);

	/* The operation is gone: what comes now is not taken by it. */
	cr_assert_eq(send(pair[1], "x", 1, 0), 1);
	cr_assert_eq(recv(pair[0], buf, sizeof(buf), MSG_DONTWAIT), 1);
	pair_free(pair);
}

Test_on_each_backend(engine_run, tries_once_when_the_deadline_has_passed)
{
	struct engine_wait wait = {.deadline_ns = 0};
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), -ETIME);
	cr_assert_eq(send(pair[1], "x", 1, 0), 1);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), 1);
	pair_free(pair);
}

struct hook {
	int asked;
	int stop_after;
};

static int hook_ask(void *context)
{
	struct hook *hook = context;

	hook->asked++;
	return hook->asked >= hook->stop_after ? -EINTR : 0;
}

static void on_signal(int number)
{
	(void)number;
}

static void catch_signal(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGUSR1, &action, NULL);
}

Test_on_each_backend(engine_run, asks_the_hook_after_a_signal)
{
	struct hook hook = {.stop_after = 1};
	struct engine_wait wait = {-1, hook_ask, &hook};
	struct helper helper;
	char buf[8];
	int pair[2];

	catch_signal();
	pair_new(pair, SOCK_STREAM);
	helper_begin(&helper, engine, -1, act_signal);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), -EINTR);
	cr_assert_eq(hook.asked, 1);
	helper_end(&helper);
	pair_free(pair);
}

static int hook_send_and_go_on(void *context)
{
	cr_assert_eq(send(*(int *)context, "more", 4, 0), 4);
	return 0;
}

Test_on_each_backend(engine_run, goes_on_when_the_hook_says_so)
{
	struct helper helper;
	char buf[8] = "";
	int pair[2];

	catch_signal();
	pair_new(pair, SOCK_STREAM);
	struct engine_wait wait = {-1, hook_send_and_go_on, &pair[1]};

	helper_begin(&helper, engine, -1, act_signal);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), 4);
	helper_end(&helper);
	pair_free(pair);
}

Test_on_each_backend(engine_run, keeps_the_deadline_over_signals)
{
	struct hook hook = {.stop_after = 100};
	int64_t patience = 50 * msec;
	char buf[8];
	int pair[2];

	catch_signal();
	pair_new(pair, SOCK_STREAM);
	/* The signal comes too late where the helper is not run in time: once more. */
	for (; !hook.asked && patience < 60 * LSK_NSEC_PER_SEC; patience *= 2) {
		int64_t begin = engine_now_ns();
		struct engine_wait wait = within(patience);
		struct helper helper;

		wait.interrupted = hook_ask;
		wait.context = &hook;
		helper_begin(&helper, engine, -1, act_signal);
		cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait),
			     -ETIME);
		cr_assert_geq(engine_now_ns() - begin, patience);
		helper_end(&helper);
	}
	cr_assert_geq(hook.asked, 1);
	pair_free(pair);
}

Test_on_each_backend(engine_wake, makes_a_waiting_call_ask_its_hook)
{
	struct hook hook = {.stop_after = 1};
	struct engine_wait wait = {-1, hook_ask, &hook};
	struct helper helper;
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	for (int i = 0; i < 3; i++) {
		hook.asked = 0;
		helper_begin(&helper, engine, -1, act_wake);
		cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait),
			     -EINTR);
		cr_assert_eq(hook.asked, 1);
		helper_end(&helper);
	}
	pair_free(pair);
}

Test_on_each_backend(engine_wake, is_not_lost_before_the_wait)
{
	struct hook hook = {.stop_after = 1};
	struct engine_wait wait = {-1, hook_ask, &hook};
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	engine_wake(engine);
	engine_wake(engine);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), -EINTR);
	pair_free(pair);
}

Test_on_each_backend(engine_run, accepts_a_connection_with_its_address)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct engine_wait wait = within(60 * LSK_NSEC_PER_SEC);
	struct engine_request request = {
		.addr = (struct sockaddr *)&addr,
		.addr_len = &len,
	};
	int64_t accepted;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(listener, request.addr, len), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, request.addr, &len), 0);

	request.opcode = ENGINE_CONNECT;
	request.fd = client;
	cr_assert_eq(engine_run(engine, &request, &wait), 0);
	cr_assert_eq(fcntl(client, F_GETFL) & O_NONBLOCK, 0, "the mode is as it was");

	request.opcode = ENGINE_ACCEPT;
	request.fd = listener;
	memset(&addr, 0, sizeof(addr));
	accepted = engine_run(engine, &request, &wait);
	cr_assert_geq(accepted, 0);
	cr_assert_eq(addr.sin_family, AF_INET);
	cr_assert_neq(addr.sin_port, 0);
	cr_assert(fcntl((int)accepted, F_GETFD) & FD_CLOEXEC);

	wait = within(10 * msec);
	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	close((int)accepted);
	close(client);
	close(listener);
}

Test_on_each_backend(engine_run, tells_that_a_connection_is_refused)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int reserved = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct engine_request request = {
		.opcode = ENGINE_CONNECT,
		.fd = client,
		.addr = (struct sockaddr *)&addr,
		.addr_len = &len,
	};

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(reserved, request.addr, len), 0);
	cr_assert_eq(getsockname(reserved, request.addr, &len), 0);
	cr_assert_eq(engine_run(engine, &request, &no_deadline), -ECONNREFUSED);
	close(client);
	close(reserved);
}

/* A UNIX listener whose backlog is full: connect(2) says EAGAIN and there is no event.
 */
struct full_listener {
	struct sockaddr_un addr;
	socklen_t len;
	int fd;
	int filler;
	int client;
};

static void full_listener_init(struct full_listener *full)
{
	*full = (struct full_listener){.addr = {.sun_family = AF_UNIX}};
	full->len = sizeof(sa_family_t);
	full->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	full->filler = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	full->client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(full->fd, (struct sockaddr *)&full->addr, full->len), 0);
	full->len = sizeof(full->addr);
	getsockname(full->fd, (struct sockaddr *)&full->addr, &full->len);
	cr_assert_eq(listen(full->fd, 0), 0);
	cr_assert_eq(connect(full->filler, (struct sockaddr *)&full->addr, full->len),
		     0);
}

static void full_listener_done(struct full_listener *full)
{
	close(full->client);
	close(full->filler);
	close(full->fd);
}

static void act_accept(struct helper *helper)
{
	close(accept(helper->fd, NULL, NULL));
}

Test_on_each_backend(engine_run, waits_for_room_in_a_full_unix_backlog)
{
	struct engine_wait wait;
	struct full_listener full;
	struct helper helper;
	int64_t begin;

	full_listener_init(&full);
	struct engine_request request = {
		.opcode = ENGINE_CONNECT,
		.fd = full.client,
		.addr = (struct sockaddr *)&full.addr,
		.addr_len = &full.len,
	};

	begin = engine_now_ns();
	wait = within(30 * msec);
	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	cr_assert_geq(engine_now_ns() - begin, 30 * msec);

	helper_begin(&helper, engine, full.fd, act_accept);
	wait = within(60 * LSK_NSEC_PER_SEC);
	cr_assert_eq(engine_run(engine, &request, &wait), 0);
	helper_end(&helper);
	full_listener_done(&full);
}

static void fill(int fd)
{
	char zeros[4096] = "";

	while (send(fd, zeros, sizeof(zeros), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

Test_on_each_backend(engine_run, sends_when_there_is_room)
{
	struct engine_wait wait = within(20 * msec);
	struct helper helper;
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	struct engine_request request = {
		.opcode = ENGINE_SEND,
		.fd = pair[0],
		.buf = one_byte,
		.len = 1,
	};

	fill(pair[0]);
	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	helper_begin(&helper, engine, pair[1], act_read);
	cr_assert_eq(engine_run(engine, &request, &no_deadline), 1);
	helper_end(&helper);
	request.opcode = ENGINE_WRITE;
	cr_assert_eq(engine_run(engine, &request, &no_deadline), 1);
	pair_free(pair);
}

Test_on_each_backend(engine_run, raises_no_sigpipe)
{
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	struct engine_request request = {
		.opcode = ENGINE_SEND,
		.fd = pair[0],
		.buf = one_byte,
		.len = 1,
	};

	close(pair[1]);
	cr_assert_eq(engine_run(engine, &request, &no_deadline), -EPIPE);
	close(pair[0]);
}

/* poll(2) says that an unconnected UNIX datagram socket may send; the peer is full. */
Test_on_each_backend(engine_run, naps_where_ready_is_not_true)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t);
	int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct engine_wait wait = within(30 * msec);
	struct iovec iov = {.iov_base = one_byte, .iov_len = 1};
	struct helper helper;

	cr_assert_eq(bind(server, (struct sockaddr *)&addr, len), 0);
	len = sizeof(addr);
	getsockname(server, (struct sockaddr *)&addr, &len);
	struct msghdr message = {
		.msg_name = &addr,
		.msg_namelen = len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct engine_request request = {
		.opcode = ENGINE_SENDMSG,
		.fd = client,
		.message = &message,
	};

	while (sendmsg(client, &message, MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	helper_begin(&helper, engine, server, act_read);
	wait = within(60 * LSK_NSEC_PER_SEC);
	{
		int64_t got = engine_run(engine, &request, &wait);
		cr_assert_eq(got, 1, "got %ld", (long)got);
	}
	helper_end(&helper);
	close(client);
	close(server);
}

Test_on_each_backend(engine_run, polls_for_events)
{
	struct engine_wait wait = within(10 * msec);
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	struct engine_request request = {
		.opcode = ENGINE_POLL,
		.fd = pair[0],
		.flags = POLLIN,
	};

	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	send(pair[1], "x", 1, 0);
	cr_assert_eq(engine_run(engine, &request, &no_deadline), POLLIN);
	request.flags = POLLOUT;
	cr_assert_eq(engine_run(engine, &request, &no_deadline), POLLOUT);
	pair_free(pair);
}

Test_on_each_backend(engine_run, says_ebadf_for_no_descriptor)
{
	struct engine_request request = {.fd = -1, .len = 1, .buf = one_byte};
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	struct msghdr message = {0};

	request.addr = (struct sockaddr *)&addr;
	request.addr_len = &len;
	request.message = &message;
	for (int i = 0; i < ENGINE_OPCODE__COUNT; i++) {
		request.opcode = (enum engine_opcode)i;
		cr_expect_eq(engine_run(engine, &request, &no_deadline), -EBADF,
			     "opcode %d", i);
	}
}

Test_on_each_backend(engine_run, does_not_care_for_the_mode_of_the_descriptor)
{
	struct engine_wait wait = within(20 * msec);
	char buf[8];
	int pair[2];

	pair_new(pair, SOCK_STREAM | SOCK_NONBLOCK);
	cr_assert_eq(run_recv(engine, pair[0], buf, sizeof(buf), &wait), -ETIME);
	pair_free(pair);
}

struct nested {
	struct engine *engine;
	int inner;
	int outer;
	int64_t result;
};

/* While the hook waits, the outer operation gets its data first. */
static int hook_wait_itself(void *context)
{
	struct nested *nested = context;
	struct engine_wait wait = within(20 * msec);
	char buf[8];

	send(nested->outer, "outer", 5, 0);
	nested->result = run_recv(nested->engine, nested->inner, buf, 8, &wait);
	return -EINTR;
}

Test_on_each_backend(engine_run, lets_the_hook_wait_for_something_else)
{
	int pair[2];
	int other[2];
	char buf[8];

	pair_new(pair, SOCK_STREAM);
	pair_new(other, SOCK_STREAM);
	struct nested nested = {engine, other[0], pair[1], 0};
	struct engine_wait wait = {-1, hook_wait_itself, &nested};
	int64_t r;

	engine_wake(engine);
	r = run_recv(engine, pair[0], buf, sizeof(buf), &wait);
	cr_assert_eq(nested.result, -ETIME);
	/* Readiness has taken nothing yet; the ring has, and data wins. */
	if (r == -EINTR)
		r = recv(pair[0], buf, sizeof(buf), MSG_DONTWAIT);
	cr_assert_eq(r, 5);
	pair_free(pair);
	pair_free(other);
}

/* Deadline against data, again and again: whoever wins, no byte is lost. */
struct race {
	int fd;
	int rounds;
};

static void *race_send(void *context)
{
	struct race *race = context;

	for (int i = 0; i < race->rounds; i++) {
		struct timespec pause = {.tv_nsec = 40000 + (i % 40) * 1000};

		nanosleep(&pause, NULL);
		cr_assert_eq(send(race->fd, "x", 1, 0), 1);
	}
	return NULL;
}

Test_on_each_backend(engine_run, loses_no_byte_between_deadline_and_data)
{
	struct race race = {.rounds = 2000};
	int got = 0;
	int timeouts = 0;
	pthread_t thread;
	int pair[2];

	pair_new(pair, SOCK_STREAM);
	race.fd = pair[1];
	pthread_create(&thread, NULL, race_send, &race);
	while (got < race.rounds) {
		struct engine_wait wait = within(100000);
		char buf[64];
		int64_t r = run_recv(engine, pair[0], buf, sizeof(buf), &wait);

		if (r == -ETIME)
			timeouts++;
		else if (r > 0)
			got += (int)r;
		else
			cr_assert_fail("recv says %ld", (long)r);
		cr_assert_lt(timeouts, 1000000, "bytes were lost: %d of %d came", got,
			     race.rounds);
	}
	pthread_join(thread, NULL);
	cr_assert_eq(got, race.rounds);
	pair_free(pair);
}
