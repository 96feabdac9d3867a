/* SPDX-License-Identifier: MIT */
/*
 * What the subcommands of "linsock netlink" share. Each object becomes JSON in the form
 * of "ip -j" first, and the text for people is made of that.
 */
#ifndef LINSOCK_TOOLS_NETLINK_H
#define LINSOCK_TOOLS_NETLINK_H

#include <jansson.h>
#include <stdbool.h>

#include <linsock.h>

#include "tools/command.h"

struct netlink_batch;

struct netlink_name {
	uint32_t index;
	uint32_t flags; /* IFF_* when it was seen last */
	char name[16];
};

/* How one subcommand was called. */
struct netlink_call {
	struct lsk_nl *nl;
	bool is_json;
	bool has_stats;
	bool has_details;
	int family;  /* AF_UNSPEC, AF_INET, AF_INET6 */
	char **args; /* what follows the options and the verb; ended by NULL */
	const char *verb;
	int netns;                   /* of -n; 0: this one */
	struct netlink_batch *batch; /* NULL: not a line of a batch */

	struct netlink_name *names; /* interfaces seen so far */
	size_t names_count;
};

/* A row of number and name; ended by a NULL name. */
struct netlink_word {
	int64_t number;
	const char *name;
};

/* One verb of an object: "show", "add" … */
struct netlink_verb {
	const char *name;
	int (*run)(struct netlink_call *call);
};

/* A group that tells of an object; ended by number 0. */
struct netlink_group {
	int family; /* AF_UNSPEC: of all */
	uint32_t number;
};

/* An object whose changes can be followed. */
struct netlink_object {
	const struct netlink_group *groups;
	unsigned int type; /* RTM_NEW…; the next number is its removal */
	/* NULL: nothing that is shown. */
	json_t *(*json)(struct netlink_call *call, const struct nlmsghdr *msg);
	void (*print)(const json_t *object);
};

extern const struct command netlink_addr_command;
extern const struct command netlink_batch_command;
extern const struct command netlink_class_command;
extern const struct command netlink_genl_command;
extern const struct command netlink_link_command;
extern const struct command netlink_monitor_command;
extern const struct command netlink_neigh_command;
extern const struct command netlink_qdisc_command;
extern const struct command netlink_route_command;
extern const struct command netlink_rule_command;

/* Read the options, open a handle of @protocol, find the verb ("show" where none is
 * given) and run it. Return: the exit status. */
int netlink_main(int argc, char **argv, int protocol, const struct netlink_verb *verbs);

/* netlink_follow.c: print the changes of an object until a signal ends it. Return: the
 * exit status. */
int netlink_follow(struct netlink_call *call, const struct netlink_object *object);
/* A descriptor that is readable once the program is asked to end. */
int netlink_stop_fd(void);

/* Ask for a change of a route, address, rule, neighbour or queue: at once, or with the
 * batch. Return: the exit status. */
int netlink_change(struct netlink_call *call, unsigned int type, unsigned int flags,
		   const void *object);

/* The table of the object that a message type is about. */
const struct lsk_nl_table *netlink_object_table(unsigned int type);

/* The batch whose lines run now; NULL: none any more. */
void netlink_batch_current(struct netlink_batch *batch);

/* netlink_batch.c: whether all that the verb does is netlink_change(). */
bool netlink_batch_may_wait(const struct netlink_batch *batch, const char *verb);
int netlink_batch_flush(struct netlink_batch *batch);
struct lsk_nl *netlink_batch_handle(struct netlink_batch *batch);
void netlink_batch_names(struct netlink_batch *batch, struct netlink_call *call,
			 bool is_start);
int netlink_batch_add(struct netlink_batch *batch, unsigned int type,
		      unsigned int flags, const void *object);

/* The name of an interface, or "if7". Valid until the call ends. */
const char *netlink_name(struct netlink_call *call, uint32_t index);

/* Take what a link is called now. */
void netlink_name_set(struct netlink_call *call, const struct lsk_rtnl_link *link);

/* Whether an interface that was seen is not up. */
bool netlink_is_down(const struct netlink_call *call, uint32_t index);

/* The index of a name, told as a failure where there is none. Return: 0 or negative. */
int netlink_index(struct netlink_call *call, const char *name, uint32_t *ret_index);

/* The name of a number, or NULL. */
const char *netlink_word(const struct netlink_word *words, int64_t number);

/* The number of a name, or of what is a number itself. Return: 0 or -EINVAL. */
int netlink_word_number(const struct netlink_word *words, const char *name,
			uint32_t *ret_number);

/* An IP address as text; of @family. */
json_t *netlink_json_inet(const struct lsk_nl_blob *blob);
/* A hardware address as text. */
json_t *netlink_json_hardware(const struct lsk_nl_blob *blob);
/* A number's name, or the number as text. */
json_t *netlink_json_word(const struct netlink_word *words, int64_t number);
/* A kind of hardware (ARPHRD_*) by ip's name, or its number in brackets. */
json_t *netlink_json_link_type(unsigned int type);

/* Read "10.0.0.0/8", "fd00::1", "default"; *family AF_UNSPEC is set by what it is, and
 * else must be met. Return: 0 or -EINVAL. */
int netlink_parse_prefix(const char *text, int *family, struct lsk_nl_blob *ret_blob,
			 uint8_t *ret_len);

/* Read "02:00:00:00:00:01". Return: 0 or -EINVAL. */
int netlink_parse_hardware(const char *text, struct lsk_nl_blob *ret_blob);

/* Print all of @array (handed over): as JSON, or each by @print. */
int netlink_print(struct netlink_call *call, json_t *array,
		  void (*print)(const json_t *object));

/* Tell what the kernel said of a request. Return: the exit status. */
int netlink_result(int r, const struct lsk_nl_error *error);

/* The value of a key as text for people, "" where it is not there. */
const char *netlink_text(const json_t *object, const char *key);
/* Print " NAME VALUE" where the key is there. */
void netlink_print_key(const json_t *object, const char *key, const char *name);
/* Print a list of strings with @separator. */
void netlink_print_list(const json_t *array, const char *separator);

/* Shared by link and addr: an interface in the form of ip. */
json_t *netlink_json_link(struct netlink_call *call, const struct lsk_rtnl_link *link,
			  bool is_addr);
void netlink_print_link(const json_t *object);

/* netlink_detail.c: what "-s" and "-d" add to a link. */
json_t *netlink_json_statistics(const struct rtnl_link_stats64 *stats);
void netlink_json_detail(struct netlink_call *call, const struct lsk_rtnl_link *link,
			 bool is_addr, json_t *object);
void netlink_print_detail(const json_t *object);

/* "proto kernel" and its like, for routes and rules. */
extern const struct netlink_word netlink_route_types[];
extern const struct netlink_word netlink_route_protocols[];
extern const struct netlink_word netlink_scopes[];
extern const struct netlink_word netlink_tables[];
extern const struct netlink_word netlink_macvlan_modes[];
extern const struct netlink_word netlink_netkit_modes[];
extern const struct netlink_word netlink_route_metrics[];

/* A route as words tell it, with what its views point to. */
struct netlink_route_words {
	struct lsk_rtnl_route route;
	struct lsk_nl_msg hops;
	struct lsk_nl_msg metrics;
	uint16_t via[9];
	_Alignas(4) char hops_room[2048];
	_Alignas(4) char metrics_room[256];
};

/* netlink_route_words.c: read the words of add, set, del. Return: the exit status. */
int netlink_route_read(struct netlink_call *call, struct netlink_route_words *words);

#endif
