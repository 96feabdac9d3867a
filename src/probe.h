/* SPDX-License-Identifier: MIT */
/*
 * Inside a probe: rows of features, what may be tried without loading a module, and how
 * an errno becomes a verdict.
 */
#ifndef LSK_PROBE_INTERNAL_H
#define LSK_PROBE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <linsock/probe.h>

struct family_socket;
struct lsk_family;
struct probe_row;

/* Try one feature; fills @ret_finding whatever comes out. */
typedef void (*probe_fn)(struct lsk_probe *probe, const struct probe_row *row,
			 struct lsk_finding *ret_finding);

/* One feature. What the numbers mean is run()'s affair. */
struct probe_row {
	const char *name; /* what follows the section; NULL ends a table */
	const char *summary;
	probe_fn run;
	int domain;
	int type;
	int protocol;
	int level;
	int number;
	size_t size;
	const char *text;
	const void *data;
};

/* What is known of the module that an alias names, as "net-pf-29". */
enum module_state {
	MODULE_HERE,     /* built in, loaded, or nothing can be loaded: just try */
	MODULE_LOADABLE, /* installed, not loaded */
	MODULE_BLOCKED,  /* installed, and modprobe.d forbids it */
	MODULE_MISSING,  /* no installed module has the alias: trying loads nothing */
	MODULE_UNKNOWN, /* modules can be loaded, but which are installed is not told */
};

struct module_table;

/* Read what the running kernel's modules are; @root precedes every path. Return: 0 or
 * -ENOMEM. */
int module_table_new(struct module_table **ret_table, const char *root);
struct module_table *module_table_free(struct module_table *table);

/* The state of the module with this alias; @ret_name gets its name or "". */
enum module_state module_by_alias(const struct module_table *table, const char *alias,
				  char *ret_name, size_t size);

/* The same of a module's own name, where nothing has an alias ("sch_fq"). */
enum module_state module_by_name(const struct module_table *table, const char *name);

/* Whether /proc/net/protocols lists this name ("CAN_RAW"). */
bool module_protocol_is_registered(const struct module_table *table, const char *name);

/*
 * Whether a feature that needs the module of @alias may be tried. If not, @ret_finding
 * says why; if so, @ret_state says what is known. @is_registered: the kernel lists what
 * the module would bring, so it is there, whatever the files say.
 */
bool probe_may_try(struct lsk_probe *probe, const char *alias, bool is_registered,
		   enum module_state *ret_state, struct lsk_finding *ret_finding);

/* probe_may_try() of a module's own name. */
bool probe_may_try_module(struct lsk_probe *probe, const char *name,
			  struct lsk_finding *ret_finding);

/*
 * Whether an algorithm such as "gcm(aes) ctr ghash" may be asked for: it is listed, or
 * all modules that its words name after @prefix ("crypto-") are there, or are no modules.
 * Behind its name stands what it asks for by itself.
 */
bool probe_may_try_words(struct lsk_probe *probe, const char *prefix, const char *words,
			 struct lsk_finding *ret_finding);

/* Set option @number of @level on a socket that is where it has such options. */
void probe_try_option(int fd, int level, int number, struct lsk_finding *ret_finding);

/* The verdict of an answer: 0 or a count is yes, a negative errno no or denied. */
void probe_judge(int result, const char *tried, struct lsk_finding *ret_finding);

/* Whether the process has all rights over networks, and not in a namespace only. */
bool probe_is_privileged(void);

void probe_find(struct lsk_finding *ret_finding, enum lsk_verdict verdict, int error,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Add a feature; the row and its name are copied, the rest of it is borrowed. Return: 0
 * or -ENOMEM. */
int probe_add(struct lsk_probe *probe, const char *section,
	      const struct probe_row *row);

/* Open a socket, unless that would load a module. Return: the descriptor, or -1 where
 * @ret_finding says why not. */
int probe_socket(struct lsk_probe *probe, int domain, const struct family_socket *kind,
		 struct lsk_finding *ret_finding);

/* The function of a row that is a kind of socket: its domain, type and protocol, and as
 * text what /proc/net/protocols may call it. */
void probe_type_run(struct lsk_probe *probe, const struct probe_row *row,
		    struct lsk_finding *ret_finding);

/* The sections: each adds its features. Return: 0 or -ENOMEM. */
int probe_add_families(struct lsk_probe *probe);
int probe_add_options(struct lsk_probe *probe, const struct lsk_family *family);
int probe_add_messages(struct lsk_probe *probe, const struct lsk_family *family);
int probe_add_uring(struct lsk_probe *probe);

/* lsk_probe_new() with the files of modules below @root. */
int probe_new_at(struct lsk_probe **ret_probe, unsigned int flags, const char *root);

const struct module_table *probe_modules(const struct lsk_probe *probe);

/* "EPERM", or "error 4711" for a number without a name; at least 24 bytes. */
const char *probe_error_name(int error, char *buf, size_t size);

#endif
