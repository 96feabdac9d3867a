/* SPDX-License-Identifier: MIT */
/*
 * A private world for name lookups: a network namespace with loopback alone, our own
 * hosts, services and protocols, and 127.0.0.1 as the only name server.
 */
#ifndef TEST_SUPPORT_NAMES_H
#define TEST_SUPPORT_NAMES_H

/* Enter the world, for the rest of the process. Skips the test where that is refused.
 */
void names_enter(void);

/* Give this process a UTS namespace of its own and this host a name. Return: 0. */
int names_hostname(const char *name);

/*
 * Bind the name server's port. Queries that nobody reads are never answered. Return: a
 * UDP socket.
 */
int names_server(void);

/*
 * Answer one query that comes to @server: a question for type A with 192.0.2.53, any
 * other with no records. Return: the name asked for, in a static buffer.
 */
const char *names_answer(int server);

#endif
