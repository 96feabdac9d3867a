/* SPDX-License-Identifier: MIT */
/* The part of a lock that is seldom come to: where somebody has to sleep. */
#include "src/lock.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Errors say "look again": the value has changed, or a signal came. */
static void futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void lock_sleep(struct lock *lock)
{
	/* Who has slept cannot know whether others do, and leaves the 2 for them. */
	while (atomic_exchange_explicit(&lock->state, 2, memory_order_acquire) != 0)
		futex_wait(&lock->state, 2);
}

void lock_wake(struct lock *lock)
{
	futex_wake(&lock->state, 1);
}

void lock_await(struct lock *lock, _Atomic uint32_t *bell)
{
	const uint32_t seen = atomic_load_explicit(bell, memory_order_relaxed);

	lock_give(lock);
	futex_wait(bell, seen);
	lock_take(lock);
}

void lock_ring(_Atomic uint32_t *bell)
{
	atomic_fetch_add_explicit(bell, 1, memory_order_relaxed);
	futex_wake(bell, INT_MAX);
}
