/* SPDX-License-Identifier: MIT */
/* What the subcommands of "linsock tipc" share. */
#ifndef LINSOCK_TOOLS_TIPC_H
#define LINSOCK_TOOLS_TIPC_H

#include <jansson.h>
#include <stdbool.h>

#include <linsock.h>

#include "tools/command.h"

#define TIPC_ID_TEXT_MAX (2 * LSK_TIPC_NODE_ID_SIZE + 1)

/* How one subcommand was called. */
struct tipc_call {
	struct lsk_nl *nl;
	struct lsk_socket *sock; /* NULL without TIPC */
	bool is_json;
	char **args; /* what follows the options; ended by NULL */
};

union tipc_row {
	struct lsk_tipc_bearer bearer;
	struct lsk_tipc_link link;
	struct lsk_tipc_node node;
	struct lsk_tipc_publication publication;
	struct lsk_tipc_socket sock;
};

/* How the rows of a table are shown. */
struct tipc_view {
	const char *heading; /* NULL for none */
	json_t *(*to_json)(struct tipc_call *call, const union tipc_row *row);
	void (*print)(struct tipc_call *call, const union tipc_row *row);
};

extern const struct command tipc_bearer_command;
extern const struct command tipc_link_command;
extern const struct command tipc_nametable_command;
extern const struct command tipc_node_command;
extern const struct command tipc_socket_command;
extern const struct command tipc_watch_command;

/* Read the options and open the handle, until tipc_close(). Return: false where the
 * command ends here, with *ret_status. */
bool tipc_open(struct tipc_call *call, int argc, char **argv, int *ret_status,
	       const char *usage);
int tipc_close(struct tipc_call *call, int status);

/* Take @word, or "@word VALUE", off the arguments, where they stand next. */
bool tipc_word(struct tipc_call *call, const char *word);
const char *tipc_value(struct tipc_call *call, const char *word);

/* Tell what failed. Return: COMMAND_FAILURE. */
int tipc_failure(int r, const struct lsk_nl_error *error);

/* A node's identity as text; TIPC_ID_TEXT_MAX bytes suffice. */
void tipc_id_text(const uint8_t *id, char *ret_text);
/* The same by the node's number, which stands for it where the identity is unknown. */
void tipc_node_text(struct tipc_call *call, uint32_t node, char *ret_text);

/* List a table; the arguments may say "list" or "show". Return: the exit status. */
int tipc_list(struct tipc_call *call, enum lsk_tipc_table table,
	      const struct tipc_view *view);

#endif
