/* SPDX-License-Identifier: MIT */
/* See fault.h. The wrappers pass six words on, which is what these functions take. */
#include "tests/support/fault.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "tests/support/sockets.h"

struct fault {
	atomic_uint countdown; /* 0: not armed */
	atomic_uint hits;
	int error;
	bool is_lasting;
};

static struct fault faults[FAULT__COUNT];

void fault_arm(enum fault_call call, unsigned int nth, int error, bool is_lasting)
{
	struct fault *fault = &faults[call];

	fault->error = error;
	fault->is_lasting = is_lasting;
	atomic_store(&fault->hits, 0);
	atomic_store(&fault->countdown, nth);
}

void fault_disarm(enum fault_call call)
{
	atomic_store(&faults[call].countdown, 0);
}

unsigned int fault_hits(enum fault_call call)
{
	return atomic_load(&faults[call].hits);
}

static bool fault_strikes(enum fault_call call)
{
	struct fault *fault = &faults[call];
	unsigned int left = atomic_load(&fault->countdown);

	do {
		if (left == 0)
			return false;
		if (left == 1 && fault->is_lasting)
			break;
	} while (!atomic_compare_exchange_weak(&fault->countdown, &left, left - 1));
	if (left > 1)
		return false;
	atomic_fetch_add(&fault->hits, 1);
	return true;
}

/* malloc(3) and its kin say failure with NULL, the others with -1. */
static intptr_t fault_result(enum fault_call call, int sets_errno)
{
	const int error = faults[call].error;

	if (!sets_errno)
		return -error;
	errno = error;
	if (call == FAULT_calloc || call == FAULT_malloc || call == FAULT_realloc ||
	    call == FAULT_strdup)
		return 0;
	return -1;
}

#define FAULT_WRAPPER(name, sets_errno)                                          \
	intptr_t __real_##name(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t, \
			       intptr_t);                                        \
	intptr_t __wrap_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d,   \
			       intptr_t e, intptr_t f);                          \
	intptr_t __wrap_##name(intptr_t a, intptr_t b, intptr_t c, intptr_t d,   \
			       intptr_t e, intptr_t f)                           \
	{                                                                        \
		if (fault_strikes(FAULT_##name))                                 \
			return fault_result(FAULT_##name, sets_errno);           \
		return __real_##name(a, b, c, d, e, f);                          \
	}
FAULT_CALLS(FAULT_WRAPPER)

/* More calls than any step makes. */
#define NTH_MAX 4000

unsigned int fault_each(enum fault_call call, int error, int other, int (*step)(void))
{
	unsigned int nth = 0;
	bool was_hit;

	do {
		int before = descriptors_count();
		int r;

		cr_assert_lt(nth, NTH_MAX, "call %d never came to an end", call);
		fault_arm(call, ++nth, error, false);
		r = step();
		was_hit = fault_hits(call) > 0;
		fault_disarm(call);
		cr_assert(r == 0 || r == -error || r == -other,
			  "call %d, number %u: %d", call, nth, r);
		cr_assert_eq(descriptors_count(), before, "call %d, number %u leaks",
			     call, nth);
	} while (was_hit);
	cr_assert_eq(step(), 0);
	return nth - 1;
}
