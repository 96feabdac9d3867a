/* SPDX-License-Identifier: MIT */
/* Which back end is chosen, and what is said of the reason. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/socket.h>

#include "tests/support/engines.h"
#include "uring/util.h"

/* From now on this process gets @error from the system call @number. */
static void deny(int number, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned int)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void need_uring(void)
{
	engine_free(engine_for_test(&engine_backend_uring));
	unsetenv("LINSOCK_BACKEND");
}

static void a_wait_works(void)
{
	struct engine_wait wait = {.deadline_ns = engine_now_ns() + 1000000};
	struct engine *engine = NULL;
	char buf[8];
	int pair[2];
	struct engine_request request = {
		.opcode = ENGINE_RECV,
		.buf = buf,
		.len = sizeof(buf),
	};

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(engine_thread(&engine), 0);
	request.fd = pair[0];
	cr_assert_eq(engine_run(engine, &request, &wait), -ETIME);
	cr_assert_eq(send(pair[1], "abc", 3, 0), 3);
	wait.deadline_ns = -1;
	cr_assert_eq(engine_run(engine, &request, &wait), 3);
	close(pair[0]);
	close(pair[1]);
}

Test(backend_info, refuses_null)
{
	cr_assert_eq(lsk_backend_info(NULL), -EINVAL);
}

Test(backend_info, names_the_ring_where_it_works)
{
	struct lsk_backend_info info;

	need_uring();
	cr_assert_eq(lsk_backend_info(&info), 0);
	cr_assert_eq(info.backend, LSK_BACKEND_URING);
	cr_assert_str_eq(info.name, "uring");
	cr_assert_eq(info.error, 0);
	cr_assert(strstr(info.reason, "self-test passed"));
}

Test(backend_info, obeys_the_environment)
{
	struct lsk_backend_info info;

	setenv("LINSOCK_BACKEND", "epoll", 1);
	cr_assert_eq(lsk_backend_info(&info), 0);
	cr_assert_eq(info.backend, LSK_BACKEND_EPOLL);
	cr_assert_str_eq(info.name, "epoll");
	cr_assert_str_eq(info.reason, "LINSOCK_BACKEND=epoll");
	a_wait_works();
}

Test(backend_info, says_that_the_environment_has_no_such_word)
{
	struct lsk_backend_info info;

	need_uring();
	setenv("LINSOCK_BACKEND", "kqueue", 1);
	cr_assert_eq(lsk_backend_info(&info), 0);
	cr_assert(strstr(info.reason, "neither"), "%s", info.reason);
}

/* What a filter on one of the three system calls does. */
static void denied(int number, const char *step, int error, const char *cause)
{
	struct lsk_backend_info info;

	need_uring();
	deny(number, error);
	cr_assert_eq(lsk_backend_info(&info), 0);
	cr_assert_eq(info.backend, LSK_BACKEND_EPOLL, "%s: %s", step, info.reason);
	cr_assert_eq(info.error, -error);
	cr_assert_eq(strncmp(info.reason, step, strlen(step)), 0, "%s", info.reason);
	cr_assert(strstr(info.reason, cause), "%s", info.reason);
	a_wait_works();
}

Test(backend_choice, notices_that_setup_is_denied)
{
	denied(SYS_io_uring_setup, "io_uring_setup", EPERM, "seccomp");
}

Test(backend_choice, notices_that_setup_is_unknown)
{
	denied(SYS_io_uring_setup, "io_uring_setup", ENOSYS, "without io_uring");
}

Test(backend_choice, notices_that_setup_lacks_memory)
{
	denied(SYS_io_uring_setup, "io_uring_setup", ENOMEM, "MEMLOCK");
}

Test(backend_choice, notices_that_only_enter_is_denied)
{
	denied(SYS_io_uring_enter, "io_uring_enter", EPERM, "seccomp");
}

Test(backend_choice, notices_that_only_register_is_denied)
{
	denied(SYS_io_uring_register, "io_uring_register", EPERM, "seccomp");
}

Test(backend_choice, falls_back_where_a_forced_ring_is_refused)
{
	struct lsk_backend_info info;

	need_uring();
	setenv("LINSOCK_BACKEND", "uring", 1);
	deny(SYS_io_uring_setup, EPERM);
	cr_assert_eq(lsk_backend_info(&info), 0);
	cr_assert_eq(info.backend, LSK_BACKEND_EPOLL);
	cr_assert(strstr(info.reason, "LINSOCK_BACKEND=uring, but"), "%s", info.reason);
	a_wait_works();
}

/* The verdict was good and enter is denied later: the thread goes on by itself. */
Test(engine_run, survives_a_filter_that_comes_later)
{
	need_uring();
	a_wait_works();
	deny(SYS_io_uring_enter, EPERM);
	a_wait_works();
}

static void *choose_in_thread(void *context)
{
	(void)context;
	return (void *)(uintptr_t)engine_backend_choice();
}

Test(backend_choice, is_the_same_in_all_threads)
{
	pthread_t threads[8];
	void *result;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_create(&threads[i], NULL, choose_in_thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], &result);
		cr_assert_eq(result, engine_backend_choice());
	}
}

static int open_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			count++;
	return count;
}

static void *wait_in_thread(void *context)
{
	(void)context;
	a_wait_works();
	return NULL;
}

static void thread_leaves_no_descriptor(void)
{
	pthread_t thread;
	int before;

	engine_backend_choice();
	before = open_fds();
	for (int i = 0; i < 10; i++) {
		pthread_create(&thread, NULL, wait_in_thread, NULL);
		pthread_join(thread, NULL);
	}
	cr_assert_eq(open_fds(), before);
}

Test(engine_thread, leaves_no_descriptor_at_its_end_on_uring)
{
	need_uring();
	thread_leaves_no_descriptor();
}

Test(engine_thread, leaves_no_descriptor_at_its_end_on_epoll)
{
	setenv("LINSOCK_BACKEND", "epoll", 1);
	thread_leaves_no_descriptor();
}

/* With data there, and with none that is to be waited for. */
static void *call_without_waiting(void *context)
{
	const int before = open_fds();
	struct lsk_socket *pair[2];
	char buf[4];

	(void)context;
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	for (int i = 0; i < 10; i++) {
		cr_assert_eq(lsk_socket_send(pair[0], "abc", 3, 0), 3);
		cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 3);
	}
	cr_assert_eq(lsk_socket_set_timeout(pair[1], 0), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), -EAGAIN);
	cr_assert_eq(open_fds(), before + 2, "a call had a ring");
	cr_assert_eq(lsk_socket_set_timeout(pair[1], 1000000), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), -ETIME);
	cr_assert_gt(open_fds(), before + 2, "a call that waits has one");
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
	return NULL;
}

/* A ring costs a call that finds what it wants three times the call. */
Test(trap, a_call_that_need_not_wait_makes_no_ring)
{
	pthread_t thread;

	need_uring();
	engine_backend_choice();
	cr_assert_eq(pthread_create(&thread, NULL, call_without_waiting, NULL), 0);
	cr_assert_eq(pthread_join(thread, NULL), 0);
}

/* A child waits with a ring of its own while the parent's goes on. */
static void fork_is_harmless(void)
{
	struct engine *engine = NULL;
	int before;
	int status;
	pid_t child;

	a_wait_works();
	cr_assert_eq(engine_thread(&engine), 0);
	before = open_fds();
	for (int i = 0; i < 3; i++) {
		child = fork();
		if (child == 0) {
			struct engine *own = NULL;

			a_wait_works();
			engine_thread(&own);
			/* As many as in the parent: its ring's copy is closed. */
			_exit(open_fds() == before ? 0 : 1);
		}
		a_wait_works();
		cr_assert_eq(waitpid(child, &status, 0), child);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %x",
			  (unsigned int)status);
		a_wait_works();
	}

	struct engine *same = NULL;

	cr_assert_eq(engine_thread(&same), 0);
	cr_assert_eq(same, engine, "the parent has kept its engine");
}

Test(engine_thread, is_made_anew_in_a_child_on_uring)
{
	need_uring();
	fork_is_harmless();
}

Test(engine_thread, is_made_anew_in_a_child_on_epoll)
{
	setenv("LINSOCK_BACKEND", "epoll", 1);
	fork_is_harmless();
}

Test(engine_thread, says_emfile_and_recovers)
{
	struct rlimit limit = {.rlim_cur = 3, .rlim_max = 1024};
	struct engine *engine = NULL;

	choose_in_another_thread();
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(engine_thread(&engine), -EMFILE);
	limit.rlim_cur = 256;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_assert_eq(engine_thread(&engine), 0);
	a_wait_works();
}

static void *take_an_engine(void *context)
{
	struct engine *engine = NULL;

	cr_assert_eq(engine_thread(&engine), 0);
	a_wait_works();
	return engine->backend == context ? context : NULL;
}

/* 64 KiB of locked memory and no privilege: what a ring costs is seen per user. */
Test(engine_thread, waits_with_little_locked_memory)
{
	struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
	struct engine *rings[64];
	int count = 0;
	pthread_t thread;

	if (getuid() != 0)
		cr_skip_test("needs root, to become another user");
	need_uring();
	cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	cr_assert_eq(setresgid(61234, 61234, 61234), 0);
	cr_assert_eq(setresuid(61234, 61234, 61234), 0);
	engine_backend_choice();
	while (count < 64 && engine_new(&rings[count], &engine_backend_uring) == 0)
		count++;
	if (count == 64)
		cr_skip_test("this kernel does not charge rings to RLIMIT_MEMLOCK");
	pthread_create(&thread, NULL, take_an_engine, NULL);
	pthread_join(thread, NULL);
	while (count > 0)
		engine_free(rings[--count]);
}
