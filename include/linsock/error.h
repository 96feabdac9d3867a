/* SPDX-License-Identifier: MIT */
/*
 * One number space for everything that can go wrong.
 *
 * A call returns 0 or a count on success and a negative number on failure:
 *
 *	  -1 ... -4095   the negated errno, as the kernel gives it
 *	-4097 ... -4351  a fault in an address or endpoint text (enum lsk_errno)
 *	-4353 ... -4607  the resolver's EAI_* codes (LSK_ERR_EAI)
 *	-4609 ... -4863  h_errno of the older resolver calls (LSK_ERR_HOST_LOOKUP)
 *
 * The library's own deadline is -ETIME. -ETIMEDOUT is what the network stack says of a
 * peer, and never the library's.
 */
#ifndef LINSOCK_ERROR_H
#define LINSOCK_ERROR_H

#include <stddef.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_errno - faults that have no errno
 * @LSK_ERR_SCHEME: the text's scheme names no family or endpoint known here
 * @LSK_ERR_SYNTAX: the text does not have the form of its scheme
 * @LSK_ERR_HOST: a numeric host was needed, and this is none
 * @LSK_ERR_PORT: the port is missing, no number, or out of range
 * @LSK_ERR_RANGE: a number does not fit its field
 * @LSK_ERR_LENGTH: a path or name is longer than its field
 * @LSK_ERR_OPTION: the endpoint's family has no option of this name
 * @LSK_ERR_VALUE: the option's value cannot be read
 * @LSK_ERR_FAMILY: the address is of another family than the call needs
 * @LSK_ERR_EMPTY: a name resolved to no address at all
 */
enum lsk_errno {
	LSK_ERR_SCHEME = -4097,
	LSK_ERR_SYNTAX = -4098,
	LSK_ERR_HOST = -4099,
	LSK_ERR_PORT = -4100,
	LSK_ERR_RANGE = -4101,
	LSK_ERR_LENGTH = -4102,
	LSK_ERR_OPTION = -4103,
	LSK_ERR_VALUE = -4104,
	LSK_ERR_FAMILY = -4105,
	LSK_ERR_EMPTY = -4106,
};

/** LSK_ERR_EAI() - the library's number of an EAI_* code (they are negative) */
#define LSK_ERR_EAI(eai) (-4352 + (eai))

/** LSK_ERR_HOST_LOOKUP() - the library's number of an h_errno code (positive) */
#define LSK_ERR_HOST_LOOKUP(herr) (-4608 - (herr))

/**
 * struct lsk_error - what went wrong and where, when a number is not enough
 * @code: the number that the call returned
 * @offset: index of the byte in the text at which the fault was seen; 0 where no
 *	text was given
 * @text: one line in English, without a full stop, always ended by a NUL
 *
 * Calls that fill it take it as their last argument, where NULL means "do not care".
 * It is written only when the call fails.
 */
struct lsk_error {
	int code;
	unsigned int offset;
	char text[248];
};

/**
 * lsk_strerror() - a sentence for an error number
 * @error: a negative return value of any call of the library
 *
 * Thread-safe: the texts are constant. Never NULL; a number that means nothing gets
 * "Unknown error".
 *
 * Return: a constant string, owned by the library.
 */
const char *lsk_strerror(int error);

/**
 * lsk_error_name() - the symbolic name of an error number
 * @error: a negative return value of any call of the library
 *
 * Return: "ECONNREFUSED", "LSK_ERR_PORT", "EAI_NONAME", "HOST_NOT_FOUND" …; a constant
 * string, or NULL where the number has no name.
 */
const char *lsk_error_name(int error);

LSK_END_DECLS

#endif
