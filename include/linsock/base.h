/* SPDX-License-Identifier: MIT */
/*
 * What every public header needs: C linkage for C++ and default visibility, since the
 * library is built with hidden symbols and the symbol map exports lsk_* alone.
 */
#ifndef LINSOCK_BASE_H
#define LINSOCK_BASE_H

/* clang-format off: it would take the braces of another language for its own */
#ifdef __cplusplus
#define LSK_BEGIN_DECLS \
	extern "C" {    \
	_Pragma("GCC visibility push(default)")
#define LSK_END_DECLS                 \
	_Pragma("GCC visibility pop") \
	}
#else
#define LSK_BEGIN_DECLS _Pragma("GCC visibility push(default)")
#define LSK_END_DECLS   _Pragma("GCC visibility pop")
#endif
/* clang-format on */

/* One second, in the unit of every timeout and deadline of the library. */
#define LSK_NSEC_PER_SEC INT64_C(1000000000)

#endif
