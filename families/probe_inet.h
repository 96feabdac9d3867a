/* SPDX-License-Identifier: MIT */
/* What the two files that probe inet and inet6 share. */
#ifndef LSK_FAMILIES_PROBE_INET_H
#define LSK_FAMILIES_PROBE_INET_H

#include "src/family_probe.h"

extern const struct family_message probe_inet_messages[];
extern const struct family_message probe_inet6_messages[];

/* Connect a socket of TCP to itself over loopback, which is as good as to another. */
int probe_tcp_connect(int fd);

/* The same, and let the kernel speak TLS on it. Loads module tls. */
int probe_tls_attach(int fd);

#endif
