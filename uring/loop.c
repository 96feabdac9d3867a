/* SPDX-License-Identifier: MIT */
/* The loop: passes of submit, wait, complete; timers; posts from other threads. */
#include "uring/loop.h"

#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uring/backend_table.h"
#include "uring/transfer.h"
#include "uring/util.h"

struct loop_post {
	struct loop_post *next;
	lsk_post_fn call;
	void *context;
};

enum {
	LOOP_PASS_MAX_DEFAULT = 512,
	/* Passes that the end of a loop may take until the kernel has let go. */
	LOOP_END_PASSES_MAX = 10000,
};

/* A send or a connection that waits for what has no event is tried again this often. */
static const int64_t loop_nap_ns = LSK_NSEC_PER_SEC / 500;

static int loop_init_backend(struct lsk_loop *loop,
			     const struct lsk_loop_options *options)
{
	int r;

	if (!options->force_epoll && engine_backend_choice() == &engine_backend_uring) {
		loop->backend = &loop_backend_uring;
		r = loop->backend->init(loop, options);
		if (r == 0)
			return 0;
	}
	loop->backend = &loop_backend_epoll;
	return loop->backend->init(loop, options);
}

/* Address space only: a page is there from its first use. So operations and channels
 * are found by their index and never move. */
static void *loop_map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int loop_init(struct lsk_loop *loop, const struct lsk_loop_options *options,
		     const struct loop_backend *backend)
{
	loop->wake_fd = -1;
	atomic_init(&loop->process, engine_process());
	loop->process_mark = engine_process_mark();
	if (!loop->process_mark)
		loop->process_mark = &loop->process; /* and the program has to know */
	loop->work_head = OP_NONE;
	loop->work_tail = OP_NONE;
	loop->ops_free = OP_NONE;
	loop->flush_head = OP_NONE;
	loop->channels_free = OP_NONE;
	loop->channels_leaving = OP_NONE;
	loop->pass_max = options->pass_max ? options->pass_max : LOOP_PASS_MAX_DEFAULT;
	if (loop->pass_max > INT_MAX)
		loop->pass_max = INT_MAX;
	loop->zero_copy_min = options->zero_copy_min;
	wheel_init(&loop->wheel, engine_now_ns());
	loop->ops = loop_map(sizeof(struct loop_op) * LOOP_OPS_MAX);
	loop->channels = loop_map(sizeof(struct channel) * LOOP_OPS_MAX);
	if (!loop->ops || !loop->channels)
		return -ENOMEM;
	loop->wake_fd = syscall_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (loop->wake_fd < 0)
		return loop->wake_fd;
	if (!backend)
		return loop_init_backend(loop, options);
	loop->backend = backend;
	return backend->init(loop, options);
}

static void loop_release_memory(struct lsk_loop *loop)
{
	struct send_batch *batch = loop->batches;
	struct send_batch *next;

	for (; batch; batch = next) {
		next = batch->next;
		free(batch);
	}
	transfer_free_all(loop);
	free(loop->spill);
	free(loop->held);
	wheel_done(&loop->wheel);
	if (loop->ops)
		munmap(loop->ops, sizeof(struct loop_op) * LOOP_OPS_MAX);
	if (loop->channels)
		munmap(loop->channels, sizeof(struct channel) * LOOP_OPS_MAX);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	free(loop);
}

int loop_new(struct lsk_loop **ret_loop, const struct lsk_loop_options *options,
	     const struct loop_backend *backend)
{
	static const struct lsk_loop_options defaults;
	struct lsk_loop *loop;
	int r;

	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return -ENOMEM;
	r = loop_init(loop, options ? options : &defaults, backend);
	if (r < 0) {
		loop_release_memory(loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

int lsk_loop_new(struct lsk_loop **ret_loop, const struct lsk_loop_options *options)
{
	if (!ret_loop)
		return -EINVAL;
	return loop_new(ret_loop, options, NULL);
}

static void loop_run_posts(struct lsk_loop *loop, bool is_ending)
{
	struct loop_post *post;
	struct loop_post *next;
	struct loop_post *first = NULL;

	if (!atomic_load_explicit(&loop->posts, memory_order_relaxed))
		return;
	/* The newest is on top: turn them round. */
	post = atomic_exchange(&loop->posts, NULL);
	for (; post; post = next) {
		next = post->next;
		post->next = first;
		first = post;
	}
	for (post = first; post; post = next) {
		next = post->next;
		if (!is_ending) {
			/* Whoever waits for one event waits for this too. */
			loop->stats.events++;
			post->call(loop, post->context);
		}
		free(post);
	}
}

struct loop_post *loop_post_new(lsk_post_fn call, void *context)
{
	struct loop_post *post = malloc(sizeof(*post));

	if (post)
		*post = (struct loop_post){.call = call, .context = context};
	return post;
}

/* It is handed over. */
void loop_post_put(struct lsk_loop *loop, struct loop_post *post)
{
	struct loop_post *below;

	below = atomic_load(&loop->posts);
	do {
		post->next = below;
	} while (!atomic_compare_exchange_weak(&loop->posts, &below, post));
	/* From here on it is the loop's, which may have run and freed it. The first of
	 * a heap wakes; those on top of it are found with it. */
	if (!below)
		lsk_loop_wake(loop);
}

int lsk_loop_post(struct lsk_loop *loop, lsk_post_fn call, void *context)
{
	struct loop_post *post;

	if (!loop || !call)
		return -EINVAL;
	post = loop_post_new(call, context);
	if (!post)
		return -ENOMEM;
	loop_post_put(loop, post);
	return 0;
}

void lsk_loop_wake(struct lsk_loop *loop)
{
	if (loop)
		eventfd_write(loop->wake_fd, 1);
}

/* The back end has seen that the loop was woken. */
void loop_was_woken(struct lsk_loop *loop)
{
	eventfd_t count;

	eventfd_read(loop->wake_fd, &count);
	loop->was_woken = true;
}

void lsk_loop_stop(struct lsk_loop *loop)
{
	if (loop)
		loop->is_stopped = true;
}

static bool loop_has_work(const struct lsk_loop *loop)
{
	return loop->flush_head != OP_NONE || loop->is_feeding ||
	       atomic_load(&loop->posts) ||
	       (loop->work_head != OP_NONE && !loop->has_naps);
}

static int64_t loop_timeout(struct lsk_loop *loop)
{
	int64_t next;

	if (loop_has_work(loop) || loop->backend->has_work(loop))
		return 0;
	next = wheel_next_ns(&loop->wheel);
	if (next >= 0) {
		next -= engine_now_ns();
		next = next > 0 ? next : 0;
	}
	if (loop->has_naps && (next < 0 || next > loop_nap_ns))
		next = loop_nap_ns;
	return next < 0 ? LSK_BLOCK : next;
}

int64_t lsk_loop_timeout(struct lsk_loop *loop)
{
	return loop ? loop_timeout(loop) : -EINVAL;
}

static void loop_expire(struct lsk_loop *loop)
{
	const int64_t now = loop->wheel.count ? engine_now_ns() : 0;
	unsigned int left = loop->pass_max;
	uint32_t slot;

	while (left-- > 0 && wheel_expire(&loop->wheel, now, &slot))
		op_expire(loop, slot);
}

/* What is to be done before the kernel is asked. */
static void loop_prepare(struct lsk_loop *loop)
{
	loop->has_naps = false;
	loop_run_posts(loop, false);
	if (loop->is_feeding)
		pool_feed_all(loop);
	if (loop->work_head != OP_NONE)
		op_work(loop);
	if (loop->flush_head != OP_NONE)
		channel_flush_all(loop);
	if (loop->channels_leaving != OP_NONE)
		channel_reclaim(loop);
}

/* Where @is_once, the caller wants to hear of the first events and not of sleep. */
static int loop_pass(struct lsk_loop *loop, int64_t timeout_ns, bool is_once)
{
	const uint64_t events = loop->stats.events;
	int64_t limit;
	int r;

	loop->stats.passes++;
	loop->pass_left = (int)loop->pass_max;
	loop_prepare(loop);
	if (loop->is_stopped)
		return 0; /* what was queued is submitted when the loop settles */
	limit = loop_timeout(loop);
	if (loop->next_count > 0 || loop->spill_count > loop->spill_begin ||
	    (is_once && loop->stats.events != events) ||
	    (!is_once && loop->stats.operations == 0))
		limit = 0;
	if (limit >= 0 && (timeout_ns < 0 || timeout_ns > limit))
		timeout_ns = limit;
	r = loop->backend->wait(loop, timeout_ns);
	if (r == -EINTR)
		r = 0; /* a signal ends the wait, as a wake does */
	if (loop->wheel.count)
		loop_expire(loop);
	return r;
}

/* Nothing stays behind that a host would have to know of. */
static void loop_settle(struct lsk_loop *loop)
{
	if (loop->flush_head != OP_NONE)
		channel_flush_all(loop);
	loop->backend->submit(loop);
}

static int loop_run_forever(struct lsk_loop *loop)
{
	int r = 0;

	while (!loop->is_stopped && loop->spill_count == loop->spill_begin) {
		if (loop->stats.operations == 0 && !loop_has_work(loop))
			break;
		r = loop_pass(loop, -1, false);
		if (r < 0)
			break;
	}
	return r;
}

int lsk_loop_run(struct lsk_loop *loop, enum lsk_run how)
{
	int r;

	if (!loop)
		return -EINVAL;
	if (loop->is_running)
		return -EBUSY;
	if (loop_is_foreign(loop))
		return -ECHILD;
	loop->is_running = true;
	loop->is_stopped = false;
	switch (how) {
	case LSK_RUN_FOREVER:
		r = loop_run_forever(loop);
		break;
	case LSK_RUN_ONCE:
		r = loop_pass(loop, -1, true);
		break;
	case LSK_RUN_NOWAIT:
		r = loop_pass(loop, 0, true);
		break;
	default:
		r = -EINVAL;
		break;
	}
	loop_settle(loop);
	loop->is_running = false;
	return r < 0 ? r : (int)loop->stats.operations;
}

int lsk_loop_next(struct lsk_loop *loop, struct lsk_event *ret_events,
		  unsigned int count, int64_t timeout_ns)
{
	unsigned int taken;
	int r;

	if (!loop || !ret_events || count == 0 || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	if (loop->is_running)
		return -EBUSY;
	if (loop_is_foreign(loop))
		return -ECHILD;
	taken = event_take(loop, ret_events, count);
	if (taken == count)
		return (int)taken;
	loop->is_running = true;
	loop->is_stopped = false;
	loop->next_events = ret_events;
	loop->next_count = taken;
	loop->next_room = count;
	r = loop_pass(loop, timeout_ns, true);
	taken = loop->next_count;
	loop->next_events = NULL;
	loop->next_count = 0;
	loop->next_room = 0;
	loop->is_running = false;
	return r < 0 && taken == 0 ? r : (int)taken;
}

int lsk_loop_fd(struct lsk_loop *loop)
{
	if (!loop)
		return -EINVAL;
	return loop->backend->host_fd(loop);
}

enum lsk_backend lsk_loop_backend(const struct lsk_loop *loop)
{
	return loop ? loop->backend->id : LSK_BACKEND_EPOLL;
}

int lsk_loop_stats(const struct lsk_loop *loop, struct lsk_loop_stats *ret_stats)
{
	if (!loop || !ret_stats)
		return -EINVAL;
	*ret_stats = loop->stats;
	return 0;
}

/* Channels are let go of; what is left in the kernel was waited for. */
static void loop_unbind_all(struct lsk_loop *loop)
{
	for (uint32_t i = 0; i < loop->channels_used; i++)
		if (!(loop->channels[i].state & CHANNEL_FREE))
			channel_free(&loop->channels[i], false);
}

/* In a forked child: give back what is its own, and say nothing to the kernel about
 * what is the parent's: the ring, and what the epoll watches. */
static void loop_drop(struct lsk_loop *loop)
{
	for (uint32_t i = 0; i < loop->channels_used; i++) {
		struct channel *channel = &loop->channels[i];

		if (!(channel->state & CHANNEL_FREE) && channel->owner && loop->release)
			loop->release(channel->owner, channel->fd, false);
	}
	for (unsigned int i = 0; i < loop->pools_count; i++)
		pool_release_memory(loop->pools[i]);
	loop->backend->done(loop);
	loop_run_posts(loop, true);
	loop_release_memory(loop);
}

struct lsk_loop *lsk_loop_free(struct lsk_loop *loop)
{
	if (!loop)
		return NULL;
	if (loop_is_foreign(loop)) {
		loop_drop(loop);
		return NULL;
	}
	loop->is_running = true;
	loop->is_ending = true;
	/* Each runs once, and may own what only it can free. */
	loop_run_posts(loop, false);
	for (int i = 0; i < LOOP_END_PASSES_MAX && loop->stats.operations > 0; i++) {
		/* Again each time: a callback may have started something, or have said
		 * stop, which is for a run and not for its end. */
		lsk_loop_cancel_all(loop);
		loop->is_stopped = false;
		loop_pass(loop, loop_nap_ns, true);
	}
	event_drop_kept(loop);
	loop_unbind_all(loop);
	/* Closes of direct descriptors, for which peers wait: a teardown comes when it
	 * comes, and not at all (6.18) with one of them still in the queue after a
	 * MSG_RING. */
	loop->backend->submit(loop);
	for (unsigned int i = 0; i < loop->pools_count; i++)
		pool_free(loop->pools[i]);
	loop->backend->done(loop);
	loop_run_posts(loop, true);
	loop_release_memory(loop);
	return NULL;
}
