/* SPDX-License-Identifier: MIT */
/* What the sock_diag modules share. */
#ifndef LSK_DIAG_H
#define LSK_DIAG_H

#include <linsock/diag.h>

/* Put the filter's code, its jumps filled in, as INET_DIAG_REQ_BYTECODE. */
void diag_filter_put(struct lsk_nl_msg *msg, const struct lsk_diag_filter *filter);

/* The kernel's UDIAG_SHOW_* for bits of enum lsk_diag_show. */
uint32_t diag_unix_show(uint32_t show);

#endif
