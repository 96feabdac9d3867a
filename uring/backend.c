/* SPDX-License-Identifier: MIT */
/* Which back end this process uses: decided once, and told with the reason. */
#include "uring/backend_table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uring/util.h"

static struct {
	pthread_once_t once;
	const struct engine_backend *backend;
	int error;
	char reason[192];
} choice = {.once = PTHREAD_ONCE_INIT};

/* The first number behind @key in the text file @path, or -1. */
static int number_in_file(const char *path, const char *key)
{
	char line[128];
	int number = -1;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return -1;
	while (number < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			number = (int)strtol(line + strlen(key), NULL, 10);
	fclose(file);
	return number;
}

/* Why the kernel said @error to io_uring, as far as a process can find out. */
static const char *likely_cause(int error)
{
	int disabled = number_in_file("/proc/sys/kernel/io_uring_disabled", "");
	int seccomp = number_in_file("/proc/self/status", "Seccomp:");

	switch (error) {
	case -EPERM:
	case -EACCES:
		if (disabled == 2)
			return "kernel.io_uring_disabled is 2";
		if (seccomp == 2)
			return "a seccomp filter, as containers have";
		if (disabled == 1)
			return "kernel.io_uring_disabled is 1, and this process is not "
			       "privileged";
		return "a security module or a seccomp filter";
	case -ENOSYS:
		return seccomp == 2 ? "a seccomp filter, or a kernel without io_uring"
				    : "a kernel without io_uring";
	case -ENOMEM:
		return "RLIMIT_MEMLOCK or memory is short";
	case -EMFILE:
	case -ENFILE:
		return "no descriptor is left";
	case -EINVAL:
	case -EOPNOTSUPP:
		return "this kernel's io_uring lacks what the engine needs: 6.1 has it";
	default:
		return "unexpected";
	}
}

/*
 * On the ring of the calling thread's own engine, which is kept: the kernel's late work
 * on a ring that was closed makes a later epoll_wait(2) of its thread return EINTR.
 * (Nor in a thread of its own: with a second thread libc's system calls cost more for
 * ever.)
 */
static int self_test(const char **ret_step)
{
	struct engine *engine = NULL;
	int r;

	*ret_step = "io_uring_setup";
	r = engine_new(&engine, &engine_backend_uring);
	if (r < 0)
		return r;
	r = uring_check(engine, ret_step);
	if (r < 0 || engine_adopt(engine) < 0)
		engine_free(engine);
	return r;
}

static void choose(void)
{
	const char *wish = secure_getenv("LINSOCK_BACKEND");
	const char *step = "";
	bool is_forced;
	int r;

	if (wish && strcmp(wish, engine_backend_readiness.name) == 0) {
		choice.backend = &engine_backend_readiness;
		snprintf(choice.reason, sizeof(choice.reason), "LINSOCK_BACKEND=%s",
			 wish);
		return;
	}
	is_forced = wish && strcmp(wish, engine_backend_uring.name) == 0;
	r = self_test(&step);
	choice.backend = r < 0 ? &engine_backend_readiness : &engine_backend_uring;
	choice.error = r;
	if (r < 0)
		snprintf(choice.reason, sizeof(choice.reason), "%s%s: %s (%s)",
			 is_forced ? "LINSOCK_BACKEND=uring, but " : "", step,
			 strerrordesc_np(-r), likely_cause(r));
	else if (is_forced)
		snprintf(choice.reason, sizeof(choice.reason),
			 "LINSOCK_BACKEND=uring, and the self-test passed");
	else
		snprintf(choice.reason, sizeof(choice.reason), "the self-test passed%s",
			 wish && *wish ? "; LINSOCK_BACKEND is neither uring nor epoll"
				       : "");
}

const struct engine_backend *engine_backend_choice(void)
{
	pthread_once(&choice.once, choose);
	return choice.backend;
}

int lsk_backend_info(struct lsk_backend_info *ret_info)
{
	const struct engine_backend *backend;

	if (!ret_info)
		return -EINVAL;
	backend = engine_backend_choice();
	*ret_info = (struct lsk_backend_info){
		.backend = backend->id,
		.name = backend->name,
		.error = choice.error,
		.reason = choice.reason,
	};
	return 0;
}
