/* SPDX-License-Identifier: MIT */
/*
 * A thread's own engine: made on first use, ended with the thread, made anew in a
 * forked child. What it does is the back end's.
 */
#include "uring/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "uring/backend_table.h"
#include "uring/util.h"

/*
 * A page that fork(2) empties in the child (MADV_WIPEONFORK) holds the generation of
 * the process, so that looking costs a load and not a system call. Where there is no
 * such page the process id takes its place.
 */
static struct {
	pthread_once_t once;
	atomic_uint *page;
	atomic_uint last;
	pthread_key_t key;
	int key_error;
	pthread_mutex_t lock;
	/* Under lock: those of all threads, for a child that has none of the threads.
	 */
	struct engine *engines;
} process = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static __thread struct engine *thread_engine;

static void engines_lock(void)
{
	pthread_mutex_lock(&process.lock);
}

static void engines_unlock(void)
{
	pthread_mutex_unlock(&process.lock);
}

static void engines_add(struct engine *engine)
{
	engines_lock();
	engine->next = process.engines;
	process.engines = engine;
	engines_unlock();
}

static void engine_thread_exit(void *context)
{
	struct engine **link = &process.engines;
	struct engine *engine = context;
	bool is_ours;

	thread_engine = NULL;
	engines_lock();
	while (*link && *link != engine)
		link = &(*link)->next;
	is_ours = *link;
	if (is_ours)
		*link = engine->next;
	engines_unlock();
	if (is_ours)
		engine_free(engine);
}

static void process_init(void)
{
	void *page;

	process.key_error = -pthread_key_create(&process.key, engine_thread_exit);
	/* A child must not find the list half changed by a thread that it lacks. */
	if (process.key_error == 0)
		process.key_error =
			-pthread_atfork(engines_lock, engines_unlock, engines_unlock);
	page = mmap(NULL, sizeof(*process.page), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return;
	if (madvise(page, sizeof(*process.page), MADV_WIPEONFORK) < 0) {
		munmap(page, sizeof(*process.page));
		return;
	}
	process.page = page;
}

/* Never 0. Differs between a process and each of its forked children. */
static unsigned int process_generation(void)
{
	unsigned int generation;
	unsigned int fresh;

	if (!process.page)
		return (unsigned int)getpid();
	generation = atomic_load_explicit(process.page, memory_order_relaxed);
	if (generation)
		return generation;
	fresh = atomic_fetch_add(&process.last, 1) + 1;
	if (atomic_compare_exchange_strong(process.page, &generation, fresh))
		return fresh;
	return generation; /* another thread was first */
}

unsigned int engine_process(void)
{
	pthread_once(&process.once, process_init);
	return process_generation();
}

const atomic_uint *engine_process_mark(void)
{
	pthread_once(&process.once, process_init);
	return process.page;
}

/*
 * After a fork: the child's copies of descriptors and mappings go, those of threads too
 * that it does not have; the parent's rings go on.
 */
static void engines_drop_foreign(void)
{
	struct engine **link = &process.engines;
	unsigned int generation;

	pthread_once(&process.once, process_init);
	generation = process_generation();
	engines_lock();
	while (*link) {
		struct engine *engine = *link;

		if (engine->generation == generation) {
			link = &engine->next;
			continue;
		}
		*link = engine->next;
		engine_free(engine);
	}
	engines_unlock();
}

static int engine_init(struct engine *engine, const struct engine_backend *backend)
{
	int r;

	engine->generation = process_generation();
	engine->backend = backend;
	engine->wake_fd = syscall_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (engine->wake_fd < 0)
		return engine->wake_fd;
	r = backend->init(engine);
	if (r < 0)
		close(engine->wake_fd);
	return r;
}

int engine_new(struct engine **ret_engine, const struct engine_backend *backend)
{
	struct engine *engine;
	int r;

	pthread_once(&process.once, process_init);
	engine = calloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	r = engine_init(engine, backend);
	if (r < 0) {
		free(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

struct engine *engine_free(struct engine *engine)
{
	if (!engine)
		return NULL;
	engine->backend->done(engine);
	close(engine->wake_fd);
	free(engine);
	return NULL;
}

void engine_degrade(struct engine *engine)
{
	engine->backend->done(engine);
	engine->backend = &engine_backend_readiness;
	/* Readiness keeps nothing of its own, so this cannot fail. */
	engine->backend->init(engine);
}

int engine_adopt(struct engine *engine)
{
	int r = process.key_error;

	if (thread_engine)
		return -EBUSY;
	if (r == 0)
		r = -pthread_setspecific(process.key, engine);
	if (r == 0) {
		thread_engine = engine;
		engines_add(engine);
	}
	return r;
}

int engine_thread(struct engine **ret_engine)
{
	const struct engine_backend *backend;
	struct engine *engine = thread_engine;
	int r;

	if (engine && engine->generation == process_generation()) {
		*ret_engine = engine;
		return 0;
	}
	thread_engine = NULL;
	engines_drop_foreign();

	backend = engine_backend_choice();
	if (thread_engine) {
		/* The choice was made just now, and has left its ring here. */
		*ret_engine = thread_engine;
		return 0;
	}
	r = engine_new(&engine, backend);
	/* One thread's ring may be refused (locked memory, descriptors) where the
	 * process' self-test passed. */
	if (r < 0)
		r = engine_new(&engine, &engine_backend_readiness);
	if (r < 0)
		return r;
	r = engine_adopt(engine);
	if (r < 0) {
		engine_free(engine);
		return r;
	}
	*ret_engine = engine;
	return 0;
}

int64_t engine_run(struct engine *engine, const struct engine_request *request,
		   const struct engine_wait *wait)
{
	/* poll(2) passes over negative numbers. */
	if (request->fd < 0)
		return -EBADF;
	return engine->backend->run(engine, request, wait);
}

void engine_wake(struct engine *engine)
{
	/* Fails only when 2^64 - 2 wakes were not taken yet: one is as good as many. */
	eventfd_write(engine->wake_fd, 1);
}

void engine_wake_drain(struct engine *engine)
{
	eventfd_t count;

	eventfd_read(engine->wake_fd, &count);
}

int64_t engine_remaining_ns(int64_t deadline_ns, int64_t limit_ns)
{
	int64_t remaining;

	if (deadline_ns < 0)
		return limit_ns;
	remaining = deadline_ns - engine_now_ns();
	if (remaining < 0)
		return 0;
	return remaining < limit_ns ? remaining : limit_ns;
}
