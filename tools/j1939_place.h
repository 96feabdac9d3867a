/* SPDX-License-Identifier: MIT */
/* How can-utils write who is meant: they have two ways, one per family of tools. */
#ifndef LINSOCK_TOOLS_J1939_PLACE_H
#define LINSOCK_TOOLS_J1939_PLACE_H

#include <net/if.h>
#include <stdbool.h>

#include <linsock.h>

/* The longest text of j1939_place_text(). */
#define J1939_PLACE_MAX 64

struct j1939_place {
	char interface[IF_NAMESIZE]; /* empty: none was given */
	struct lsk_j1939_place place;
};

/* A place that says nothing. */
void j1939_place_init(struct j1939_place *place);

/* "[IFACE][:[SA][,[PGN][,NAME]]]", numbers as in C: j1939cat, testj1939. "-": nothing.
 * Return: an exit status. */
int j1939_place_parse(struct j1939_place *place, const char *text);

/* "[[IFACE:][SA|NAME][,PGN]]", bare hexadecimal, two digits are an address: j1939spy.
 * Return: an exit status. */
int j1939_place_parse_hex(struct j1939_place *place, const char *text);

/* As j1939spy prints it: "vcan0:40,12300". */
const char *j1939_place_text(const char *interface, const struct lsk_j1939_place *place,
			     char *buf);

/* Open a socket. Return: an exit status. */
int j1939_open(struct lsk_j1939 **ret_j1939, const struct lsk_j1939_config *config);

#endif
