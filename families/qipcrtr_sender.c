/* SPDX-License-Identifier: MIT */
/*
 * Sends to other nodes, in a thread that may be held up. The kernel's wait for an
 * acknowledgement heeds nothing but a signal to the thread, and a library has no signal
 * of its own to handle: pthread_cancel(3) has one. The thread may be cancelled inside
 * sendto(2) and nowhere else, and holds nothing there; a message that is given up was
 * not sent. The next one gets a new thread.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linsock/qipcrtr.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

/* One message on its way, in the order of the starts. */
struct parcel {
	struct parcel *next;
	struct lsk_qipcrtr_sender *sender;
	struct lsk_loop *loop; /* NULL: a caller waits */
	struct lsk_op timer;
	lsk_done_fn done;
	void *context;
	struct lsk_addr to;
	int result;
	_Atomic bool is_done; /* from then on the sender is not looked at */
	bool has_timer;
	int64_t timeout_ns; /* of the loop's; 0: none */
	size_t len;
	char data[];
};

struct lsk_qipcrtr_sender {
	struct lsk_socket *sock;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	pthread_t thread;
	struct parcel *head; /* the first one is with the kernel where is_sending */
	struct parcel *tail;
	bool has_thread;
	bool is_sending;
	bool is_joining; /* the thread is to end, and somebody waits for that */
	bool is_ending;
};

/* In the loop's thread: nobody else knows the parcel any more. */
static void deliver(struct lsk_loop *loop, void *context)
{
	struct parcel *parcel = context;
	const struct lsk_event event = {
		.result = parcel->result,
		.context = parcel->context,
	};

	if (parcel->has_timer)
		lsk_loop_cancel(loop, parcel->timer);
	parcel->done(loop, &event);
	free(parcel);
}

static struct parcel *unlink_parcel(struct lsk_qipcrtr_sender *sender,
				    struct parcel *parcel)
{
	struct parcel **link = &sender->head;
	struct parcel *last = NULL;

	while (*link != parcel) {
		last = *link;
		link = &last->next;
	}
	*link = parcel->next;
	if (sender->tail == parcel)
		sender->tail = last;
	parcel->next = NULL;
	return parcel;
}

/* The end of a parcel, under the lock: tell who waits for it. */
static void finish(struct parcel *parcel, int result)
{
	struct lsk_qipcrtr_sender *sender = parcel->sender;

	unlink_parcel(sender, parcel);
	parcel->result = result;
	parcel->is_done = true;
	if (parcel->loop)
		lsk_loop_post(parcel->loop, deliver, parcel);
	pthread_cond_broadcast(&sender->changed);
}

/* The one place in which the thread may be cancelled. */
static ssize_t send_held_up(int fd, const struct parcel *parcel)
{
	ssize_t r;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	r = syscall_count(sendto(fd, parcel->data, parcel->len, 0,
				 (const struct sockaddr *)&parcel->to.storage,
				 parcel->to.len));
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return r;
}

static void *sender_main(void *context)
{
	struct lsk_qipcrtr_sender *sender = context;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&sender->lock);
	while (!sender->is_ending && !sender->is_joining) {
		struct parcel *parcel = sender->head;
		ssize_t r;

		if (!parcel) {
			pthread_cond_wait(&sender->changed, &sender->lock);
			continue;
		}
		sender->is_sending = true;
		pthread_mutex_unlock(&sender->lock);
		r = send_held_up(lsk_socket_fd(sender->sock), parcel);
		pthread_mutex_lock(&sender->lock);
		sender->is_sending = false;
		finish(parcel, r < 0 ? (int)r : 0);
	}
	pthread_mutex_unlock(&sender->lock);
	return NULL;
}

/* The program's signals are none of the thread's business. */
static int thread_start(struct lsk_qipcrtr_sender *sender)
{
	sigset_t all, before;
	int r;

	if (sender->has_thread || sender->is_joining)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&sender->thread, NULL, sender_main, sender);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	sender->has_thread = r == 0;
	return -r;
}

/* Take the thread out of its send. Called and returns under the lock. */
static void thread_stop(struct lsk_qipcrtr_sender *sender)
{
	pthread_t thread = sender->thread;

	if (!sender->has_thread)
		return;
	sender->has_thread = false;
	sender->is_joining = true;
	pthread_cond_broadcast(&sender->changed);
	pthread_cancel(thread);
	pthread_mutex_unlock(&sender->lock);
	pthread_join(thread, NULL);
	pthread_mutex_lock(&sender->lock);
	sender->is_sending = false;
	sender->is_joining = false;
	pthread_cond_broadcast(&sender->changed);
}

/* Give a parcel up, unless it is through after all. */
static void abandon(struct parcel *parcel, int reason)
{
	struct lsk_qipcrtr_sender *sender = parcel->sender;

	while (sender->is_joining && !parcel->is_done)
		pthread_cond_wait(&sender->changed, &sender->lock);
	if (parcel->is_done)
		return;
	if (sender->is_sending && sender->head == parcel)
		thread_stop(sender);
	if (!parcel->is_done)
		finish(parcel, reason);
	/* Those behind it go on with a new thread. */
	if (sender->head)
		thread_start(sender);
}

/* A loop does not end while it has a timer: a parcel without limit has one too. */
static int timer_start(struct lsk_loop *loop, struct parcel *parcel, lsk_done_fn done)
{
	const int64_t day_ns = 86400 * LSK_NSEC_PER_SEC;
	const struct lsk_then then = {
		.done = done,
		.context = parcel,
		.ret_op = &parcel->timer,
	};
	int r = lsk_loop_timer(
		loop, parcel->timeout_ns > 0 ? parcel->timeout_ns : day_ns, &then);

	parcel->has_timer = r == 0;
	return r;
}

static void parcel_expired(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct parcel *parcel = event->context;

	if (event->result < 0)
		return;
	parcel->has_timer = false;
	if (parcel->is_done)
		return;
	if (parcel->timeout_ns == 0 && timer_start(loop, parcel, parcel_expired) == 0)
		return;
	pthread_mutex_lock(&parcel->sender->lock);
	abandon(parcel, -ETIME);
	pthread_mutex_unlock(&parcel->sender->lock);
}

int lsk_qipcrtr_sender_new(struct lsk_qipcrtr_sender **ret_sender)
{
	struct lsk_qipcrtr_sender *sender;
	pthread_condattr_t attributes;
	int r;

	if (!ret_sender)
		return -EINVAL;
	sender = calloc(1, sizeof(*sender));
	if (!sender)
		return -ENOMEM;
	r = lsk_qipcrtr_open(&sender->sock, 0);
	if (r < 0) {
		free(sender);
		return r;
	}
	/* Its sends wait in their own way. */
	lsk_socket_set_timeout(sender->sock, LSK_BLOCK);
	pthread_mutex_init(&sender->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&sender->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret_sender = sender;
	return 0;
}

struct lsk_qipcrtr_sender *lsk_qipcrtr_sender_free(struct lsk_qipcrtr_sender *sender)
{
	if (!sender)
		return NULL;
	pthread_mutex_lock(&sender->lock);
	sender->is_ending = true;
	pthread_cond_broadcast(&sender->changed);
	thread_stop(sender);
	while (sender->head)
		finish(sender->head, -ECANCELED);
	pthread_mutex_unlock(&sender->lock);
	lsk_socket_free(sender->sock);
	pthread_cond_destroy(&sender->changed);
	pthread_mutex_destroy(&sender->lock);
	free(sender);
	return NULL;
}

struct lsk_socket *lsk_qipcrtr_sender_socket(const struct lsk_qipcrtr_sender *sender)
{
	return sender ? sender->sock : NULL;
}

static int parcel_new(struct lsk_qipcrtr_sender *sender, const struct lsk_addr *to,
		      const void *data, size_t len, struct parcel **ret_parcel)
{
	struct parcel *parcel;
	int r;

	if (!sender || (!data && len > 0))
		return -EINVAL;
	r = lsk_addr_qipcrtr_read(to, NULL, NULL);
	if (r < 0)
		return r;
	if (len > LSK_QIPCRTR_MESSAGE_MAX)
		return -EMSGSIZE;
	parcel = calloc(1, sizeof(*parcel) + len);
	if (!parcel)
		return -ENOMEM;
	parcel->sender = sender;
	parcel->to = *to;
	parcel->len = len;
	if (len > 0)
		memcpy(parcel->data, data, len);
	*ret_parcel = parcel;
	return 0;
}

/* Give the parcel to the thread. Under the lock. */
static int parcel_post(struct parcel *parcel)
{
	struct lsk_qipcrtr_sender *sender = parcel->sender;
	int r = thread_start(sender);

	if (r < 0)
		return r;
	if (sender->tail)
		sender->tail->next = parcel;
	else
		sender->head = parcel;
	sender->tail = parcel;
	pthread_cond_broadcast(&sender->changed);
	return 0;
}

static int parcel_wait(struct parcel *parcel, int64_t timeout_ns)
{
	struct lsk_qipcrtr_sender *sender = parcel->sender;
	const int64_t deadline_ns = engine_now_ns() + (timeout_ns < 0 ? 0 : timeout_ns);
	const struct timespec deadline = {
		.tv_sec = deadline_ns / LSK_NSEC_PER_SEC,
		.tv_nsec = deadline_ns % LSK_NSEC_PER_SEC,
	};
	int r = 0;

	while (!parcel->is_done && r != ETIMEDOUT) {
		if (timeout_ns < 0)
			pthread_cond_wait(&sender->changed, &sender->lock);
		else
			r = pthread_cond_timedwait(&sender->changed, &sender->lock,
						   &deadline);
	}
	abandon(parcel, -ETIME);
	return parcel->result;
}

int lsk_qipcrtr_send(struct lsk_qipcrtr_sender *sender, const struct lsk_addr *to,
		     const void *buf, size_t len, int64_t timeout_ns)
{
	struct parcel *parcel = NULL;
	int r = parcel_new(sender, to, buf, len, &parcel);

	if (r < 0)
		return r;
	pthread_mutex_lock(&sender->lock);
	r = parcel_post(parcel);
	if (r == 0)
		r = parcel_wait(parcel, timeout_ns);
	pthread_mutex_unlock(&sender->lock);
	free(parcel);
	return r;
}

int lsk_qipcrtr_start(struct lsk_qipcrtr_sender *sender, struct lsk_loop *loop,
		      const struct lsk_qipcrtr_message *message,
		      const struct lsk_then *then)
{
	struct parcel *parcel = NULL;
	int r;

	if (!loop || !message || !then || !then->done || then->timeout_ns < 0)
		return -EINVAL;
	r = parcel_new(sender, &message->to, message->data, message->len, &parcel);
	if (r < 0)
		return r;
	parcel->loop = loop;
	parcel->done = then->done;
	parcel->context = then->context;
	parcel->timeout_ns = then->timeout_ns;
	r = timer_start(loop, parcel, parcel_expired);
	if (r < 0) {
		free(parcel);
		return r;
	}
	pthread_mutex_lock(&sender->lock);
	r = parcel_post(parcel);
	pthread_mutex_unlock(&sender->lock);
	if (r < 0) {
		lsk_loop_cancel(loop, parcel->timer);
		free(parcel);
	}
	return r;
}
