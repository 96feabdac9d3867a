/* SPDX-License-Identifier: MIT */
/* What a monitor answers: told apart from the rest for its fuzzer. */
#ifndef LSK_FAMILIES_VSOCK_HYBRID_H
#define LSK_FAMILIES_VSOCK_HYBRID_H

#include <linsock/error.h>
#include <linsock/socket.h>

/* Bytes of the answer before its newline, at most. */
enum { VSOCK_HYBRID_LINE_MAX = 63 };

/*
 * Read the answer to CONNECT and nothing behind it. Return: 0; -ECONNRESET where there
 * is none; -EPROTO for another than "OK number"; what the receive said.
 */
int vsock_hybrid_answer(struct lsk_socket *sock, struct lsk_error *ret_error);

#endif
