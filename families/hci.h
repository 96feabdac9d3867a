/* SPDX-License-Identifier: MIT */
/* What the sockets of HCI and of the management interface share. */
#ifndef FAMILIES_HCI_H
#define FAMILIES_HCI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lsk_socket;

/* The next message, until @deadline_ns; at once for a socket that does not block. */
ssize_t hci_receive(struct lsk_socket *sock, void *buf, size_t size,
		    int64_t deadline_ns);

/* Drop what waits: nothing of it answers a command that was not given yet. */
int hci_drain(struct lsk_socket *sock);

#endif
