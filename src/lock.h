/* SPDX-License-Identifier: MIT */
/*
 * A lock of four bytes: an object of which a server has one for each connection cannot
 * afford the 40 of pthread_mutex_t and the 48 of pthread_cond_t.
 *
 * The lock is what Drepper's "Futexes Are Tricky" ends with: 0 is free, 1 is taken, 2
 * is taken with somebody asleep. A bell is a count that a sleeper has seen and a ringer
 * changes. Neither works between processes.
 */
#ifndef LSK_LOCK_H
#define LSK_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct lock {
	_Atomic uint32_t state;
};

/* Until it is free, and until somebody gives it. */
void lock_sleep(struct lock *lock);
void lock_wake(struct lock *lock);

static inline void lock_take(struct lock *lock)
{
	uint32_t free_state = 0;

	if (!atomic_compare_exchange_strong_explicit(&lock->state, &free_state, 1,
						     memory_order_acquire,
						     memory_order_relaxed))
		lock_sleep(lock);
}

static inline void lock_give(struct lock *lock)
{
	if (atomic_exchange_explicit(&lock->state, 0, memory_order_release) == 2)
		lock_wake(lock);
}

/* Give the lock, sleep until the bell is rung (or for no reason), take the lock. */
void lock_await(struct lock *lock, _Atomic uint32_t *bell);

/* Wake all that sleep by the bell. With the lock taken. */
void lock_ring(_Atomic uint32_t *bell);

#endif
