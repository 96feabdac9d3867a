/* SPDX-License-Identifier: MIT */
/*
 * A libuv program that hosts the loop: host_libuv COUNT echoes over a pair of sockets,
 * COUNT times, while a timer of libuv's own runs beside it.
 *
 * The loop's descriptor is a uv_poll_t, its nearest deadline a uv_timer_t; either says
 * that lsk_loop_run() has something to do. uv_prepare_t sets the deadline anew before
 * each sleep. Any other host has the same three places: GLib's GSource calls them
 * check, timeout and prepare.
 */
#include <uv.h>

#include "common.h"

struct program {
	struct lsk_loop *loop;
	struct lsk_socket *pair[2];
	char buf[2];
	int left;
	unsigned int ticks;
	uv_poll_t ready;
	uv_timer_t deadline;
	uv_prepare_t prepare;
	uv_timer_t clock;
};

static void work(struct program *program)
{
	must("run", lsk_loop_run(program->loop, LSK_RUN_NOWAIT));
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	work(poll->data);
}

static void on_deadline(uv_timer_t *timer)
{
	work(timer->data);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct program *program = prepare->data;
	const int64_t timeout_ns = lsk_loop_timeout(program->loop);

	/* Whole milliseconds, and never before the time. */
	if (timeout_ns == LSK_BLOCK)
		uv_timer_stop(&program->deadline);
	else
		uv_timer_start(&program->deadline, on_deadline,
			       (uint64_t)(timeout_ns + 999999) / 1000000, 0);
}

static void host(struct program *program)
{
	uv_loop_t *uv = uv_default_loop();

	uv_poll_init(uv, &program->ready, lsk_loop_fd(program->loop));
	uv_timer_init(uv, &program->deadline);
	uv_prepare_init(uv, &program->prepare);
	program->ready.data = program;
	program->deadline.data = program;
	program->prepare.data = program;
	uv_poll_start(&program->ready, UV_READABLE, on_ready);
	uv_prepare_start(&program->prepare, on_prepare);
}

static void ask(struct program *program);

static void answered(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct program *program = event->context;

	(void)loop;
	must("answer", event->result);
	if (--program->left > 0)
		ask(program);
}

static void asked(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct program *program = event->context;

	must("question", event->result);
	must("send",
	     lsk_loop_send(loop, program->pair[1], &program->buf[1], 1, 0, NULL));
}

static void ask(struct program *program)
{
	struct lsk_then then = {.done = asked, .context = program};

	must("recv", lsk_loop_recv(program->loop, program->pair[1], &program->buf[1], 1,
				   0, &then));
	then.done = answered;
	must("recv", lsk_loop_recv(program->loop, program->pair[0], &program->buf[0], 1,
				   0, &then));
	must("send", lsk_loop_send(program->loop, program->pair[0], "?", 1, 0, NULL));
}

/* It ends the program: not before the echoes and a few of its own ticks. */
static void tick(uv_timer_t *timer)
{
	struct program *program = timer->data;

	if (++program->ticks >= 3 && program->left <= 0)
		uv_stop(uv_default_loop());
}

int main(int argc, char **argv)
{
	struct program program = {.left = argc > 1 ? (int)strtol(argv[1], NULL, 10)
						   : 1};
	const int count = program.left;

	must("loop", lsk_loop_new(&program.loop, NULL));
	must("pair", lsk_socket_pair(program.pair, AF_UNIX, SOCK_STREAM, 0));
	host(&program);
	ask(&program);
	uv_timer_init(uv_default_loop(), &program.clock);
	program.clock.data = &program;
	uv_timer_start(&program.clock, tick, 1, 1);
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	printf("%d echoes, and libuv's timer went on\n", count);
	lsk_loop_free(program.loop);
	lsk_socket_free(program.pair[0]);
	lsk_socket_free(program.pair[1]);
}
