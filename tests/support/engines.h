/* SPDX-License-Identifier: MIT */
/* One test body, two tests: it runs on an engine of each back end. */
#ifndef TESTS_ENGINES_H
#define TESTS_ENGINES_H

#include <criterion/criterion.h>
#include <pthread.h>

#include "uring/backend_table.h"

static inline struct engine *engine_for_test(const struct engine_backend *backend)
{
	struct engine *engine = NULL;
	const char *step = "";
	int r;

	if (backend == &engine_backend_uring) {
		r = uring_self_test(&step);
		if (r < 0)
			cr_skip_test("no io_uring here: %s says %d", step, r);
	}
	cr_assert_eq(engine_new(&engine, backend), 0);
	return engine;
}

static inline void *choose_main(void *context)
{
	(void)context;
	engine_backend_choice();
	return NULL;
}

/* The process' choice leaves its ring to the thread that makes it: not to this one. */
static inline void choose_in_another_thread(void)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, choose_main, NULL), 0);
	pthread_join(thread, NULL);
}

/* Test_on_each_backend(subject, behaviour) { … the body, with an "engine" … } */
#define Test_on_each_backend(subject, behaviour)                                    \
	static void subject##_##behaviour(struct engine *engine);                   \
	Test(subject, behaviour##_on_uring)                                         \
	{                                                                           \
		struct engine *engine = engine_for_test(&engine_backend_uring);     \
		subject##_##behaviour(engine);                                      \
		engine_free(engine);                                                \
	}                                                                           \
	Test(subject, behaviour##_on_epoll)                                         \
	{                                                                           \
		struct engine *engine = engine_for_test(&engine_backend_readiness); \
		subject##_##behaviour(engine);                                      \
		engine_free(engine);                                                \
	}                                                                           \
	static void subject##_##behaviour(struct engine *engine)

#endif
