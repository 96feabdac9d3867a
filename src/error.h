/* SPDX-License-Identifier: MIT */
/* Filling struct lsk_error, for every module that reads text or tries several things.
 */
#ifndef LSK_ERROR_INTERNAL_H
#define LSK_ERROR_INTERNAL_H

#include <stddef.h>

#include <linsock/error.h>

/*
 * Write @ret_error, unless it is NULL: @code, @offset and a line made of @format.
 * Return: @code, so that a fault is told and answered in one statement.
 */
int error_set(struct lsk_error *ret_error, int code, size_t offset, const char *format,
	      ...) __attribute__((format(printf, 4, 5)));

/* The same with lsk_strerror() as the line, after "@what: " where @what is not NULL. */
int error_set_code(struct lsk_error *ret_error, int code, size_t offset,
		   const char *what);

#endif
