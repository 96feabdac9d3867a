/* SPDX-License-Identifier: MIT */
/*
 * The filter expressions of ss(8): conditions joined by "and", "or", "not" and
 * parentheses. The kernel is told what it can decide, which makes its answers shorter;
 * every socket that comes is looked at here, as ss does: to it an autobound socket is
 * one that the kernel has bound, and whose port is of those that it chooses from.
 *
 *	expression = term { "or" term }       term = factor { ["and"] factor }
 *	factor = ["not"] factor | "(" expression ")" | condition
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/command.h"
#include "tools/ss.h"

#define NODES_MAX 1024
#define DEPTH_MAX 64

enum kind {
	KIND_AND,
	KIND_OR,
	KIND_NOT,
	KIND_PORT,
	KIND_PLACE,
	KIND_DEVICE,
	KIND_MARK,
	KIND_AUTOBOUND,
	KIND_NAME,
	KIND_CGROUP,
};

enum comparison { EQUAL, NOT_EQUAL, AT_LEAST, AT_MOST, MORE, LESS };

struct node {
	enum kind kind;
	enum comparison comparison;
	bool is_peer;
	bool has_port;
	struct node *left, *right;
	uint32_t number; /* port, index, mark */
	uint32_t mask;
	struct lsk_addr addr; /* of length 0: any */
	uint8_t prefix_len;
	const char *name; /* of a UNIX socket, with * and ? */
	uint64_t cgroup;
};

struct ss_filter {
	struct node nodes[NODES_MAX];
	size_t count;
	struct node *root;
	char **args;                 /* the words that are left */
	uint32_t port_min, port_max; /* that the kernel chooses from */
};

static struct node *node_new(struct ss_filter *filter, enum kind kind)
{
	struct node *node;

	if (filter->count == NODES_MAX)
		return NULL;
	node = &filter->nodes[filter->count++];
	*node = (struct node){.kind = kind, .mask = UINT32_MAX};
	return node;
}

/* "=", "==", "eq" … Return: 0 or -EINVAL. */
static int read_comparison(const char *word, enum comparison *ret_comparison)
{
	static const struct {
		const char *name;
		enum comparison comparison;
	} names[] = {
		{"=", EQUAL},      {"==", EQUAL},     {"eq", EQUAL},
		{"!=", NOT_EQUAL}, {"ne", NOT_EQUAL}, {"neq", NOT_EQUAL},
		{">=", AT_LEAST},  {"ge", AT_LEAST},  {"geq", AT_LEAST},
		{"<=", AT_MOST},   {"le", AT_MOST},   {"leq", AT_MOST},
		{">", MORE},       {"gt", MORE},      {"<", LESS},
		{"lt", LESS},
	};

	for (size_t i = 0; word && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, word) == 0) {
			*ret_comparison = names[i].comparison;
			return 0;
		}
	return -EINVAL;
}

/* "10.0.0.0/8:80", ":22", "[::1]:80", "*:80". */
static int read_place(struct node *node, const char *text)
{
	char host[INET6_ADDRSTRLEN + 8];
	const char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = strrchr(bracket ? bracket : text, ':');
	char *start = host;
	long port = 0, len;
	char *slash;
	int r;

	if (text[0] == '/' || text[0] == '@' || strncmp(text, "unix:", 5) == 0) {
		node->kind = KIND_NAME;
		node->name = text[0] == 'u' ? text + 5 : text;
		return 0;
	}
	if (!colon || (strchr(text, ':') != colon && text[0] != '['))
		colon = text + strlen(text);
	if (*colon && strcmp(colon + 1, "*") != 0) {
		if (command_parse_number(colon + 1, 0, UINT16_MAX, &port) < 0)
			return -EINVAL;
		node->has_port = true;
	}
	node->number = (uint32_t)port;
	if (colon == text || (colon == text + 1 && *text == '*'))
		return 0;
	if ((size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	slash = strchr(host, '/');
	if (slash)
		*slash++ = '\0';
	if (*start == '[' && strchr(start, ']')) {
		*strchr(start, ']') = '\0';
		start++;
	}
	r = strchr(start, ':')
		    ? lsk_addr_inet6(&node->addr, start, (unsigned int)port, 0, 0)
		    : lsk_addr_inet(&node->addr, start, (unsigned int)port);
	len = strchr(start, ':') ? 128 : 32;
	if (r < 0 || (slash && command_parse_number(slash, 0, len, &len) < 0))
		return -EINVAL;
	node->prefix_len = (uint8_t)len;
	return 0;
}

static int read_mark(struct node *node, const char *text)
{
	char *end;

	errno = 0;
	node->number = (uint32_t)strtoul(text, &end, 0);
	if (*end == '/')
		node->mask = (uint32_t)strtoul(end + 1, &end, 0);
	return *end || errno ? -EINVAL : 0;
}

/* The id of a cgroup is what a handle of its folder holds. */
static int read_cgroup(struct node *node, const char *path)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(node->cgroup)];
	} name = {.handle = {.handle_bytes = sizeof(node->cgroup)}};
	int mount;

	if (name_to_handle_at(AT_FDCWD, path, &name.handle, &mount, 0) < 0)
		return -errno;
	if (name.handle.handle_bytes != sizeof(node->cgroup))
		return -EINVAL;
	memcpy(&node->cgroup, name.handle.f_handle, sizeof(node->cgroup));
	return 0;
}

/* "sport = :80", "dst 10.0.0.0/8", "dev = lo". NULL: no such condition. */
static struct node *read_condition(struct ss_filter *filter)
{
	char **args = filter->args;
	bool is_port = strcmp(args[0], "sport") == 0 || strcmp(args[0], "dport") == 0;
	bool is_place = strcmp(args[0], "src") == 0 || strcmp(args[0], "dst") == 0;
	bool is_device = strcmp(args[0], "dev") == 0;
	bool is_mark = strcmp(args[0], "fwmark") == 0;
	bool is_cgroup = strcmp(args[0], "cgroup") == 0;
	struct node *node;
	int r = -EINVAL;

	node = node_new(filter, is_port     ? KIND_PORT
				: is_place  ? KIND_PLACE
				: is_device ? KIND_DEVICE
				: is_mark   ? KIND_MARK
				: is_cgroup ? KIND_CGROUP
					    : KIND_AUTOBOUND);
	if (!node)
		return NULL;
	node->is_peer = args[0][0] == 'd' && !is_device;
	filter->args++;
	if (strcmp(args[0], "autobound") == 0)
		return node;
	if (node->kind == KIND_AUTOBOUND)
		return NULL;
	if (read_comparison(args[1], &node->comparison) == 0)
		filter->args++;
	else if (is_port)
		return NULL;
	if (!*filter->args)
		return NULL;
	if (is_port) {
		const char *value =
			**filter->args == ':' ? *filter->args + 1 : *filter->args;
		long port;

		r = command_parse_number(value, 0, UINT16_MAX, &port);
		node->number = (uint32_t)port;
	} else if (is_place) {
		r = read_place(node, *filter->args);
	} else if (is_mark) {
		r = read_mark(node, *filter->args);
	} else if (is_cgroup) {
		r = read_cgroup(node, *filter->args);
	} else {
		node->number = if_nametoindex(*filter->args);
		r = node->number ? 0 : -ENODEV;
	}
	filter->args++;
	return r < 0 ? NULL : node;
}

static struct node *read_or(struct ss_filter *filter, unsigned int depth);

static struct node *read_factor(struct ss_filter *filter, unsigned int depth)
{
	struct node *node;

	if (!*filter->args || depth > DEPTH_MAX)
		return NULL;
	if (strcmp(*filter->args, "not") == 0 || strcmp(*filter->args, "!") == 0) {
		filter->args++;
		node = node_new(filter, KIND_NOT);
		if (node)
			node->left = read_factor(filter, depth + 1);
		return node && node->left ? node : NULL;
	}
	if (strcmp(*filter->args, "(") != 0)
		return read_condition(filter);
	filter->args++;
	node = read_or(filter, depth + 1);
	if (!node || !*filter->args || strcmp(*filter->args, ")") != 0)
		return NULL;
	filter->args++;
	return node;
}

static bool is_word(const struct ss_filter *filter, const char *a, const char *b,
		    const char *c)
{
	const char *word = *filter->args;

	return word &&
	       (strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0);
}

static struct node *join(struct ss_filter *filter, enum kind kind, struct node *left,
			 struct node *right)
{
	struct node *node = right ? node_new(filter, kind) : NULL;

	if (node) {
		node->left = left;
		node->right = right;
	}
	return node;
}

static struct node *read_and(struct ss_filter *filter, unsigned int depth)
{
	struct node *node = read_factor(filter, depth);

	while (node && *filter->args && !is_word(filter, "or", "|", "||") &&
	       !is_word(filter, ")", ")", ")")) {
		if (is_word(filter, "and", "&", "&&"))
			filter->args++;
		node = join(filter, KIND_AND, node, read_factor(filter, depth));
	}
	return node;
}

/* As deep as the parentheses of the words, which DEPTH_MAX bounds. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static struct node *read_or(struct ss_filter *filter, unsigned int depth)
{
	struct node *node = read_and(filter, depth);

	while (node && is_word(filter, "or", "|", "||")) {
		filter->args++;
		node = join(filter, KIND_OR, node, read_and(filter, depth));
	}
	return node;
}

/* A comparison of ports, of which the kernel has three. */
static void tell_port(const struct node *node, struct lsk_diag_filter *kernel)
{
	bool is_more = node->comparison == AT_LEAST || node->comparison == LESS;
	bool is_equal = node->comparison == EQUAL || node->comparison == NOT_EQUAL;

	lsk_diag_filter_port(kernel, node->is_peer,
			     is_equal  ? LSK_DIAG_EQUAL
			     : is_more ? LSK_DIAG_AT_LEAST
				       : LSK_DIAG_AT_MOST,
			     (uint16_t)node->number);
	if (node->comparison == NOT_EQUAL || node->comparison == LESS ||
	    node->comparison == MORE)
		lsk_diag_filter_not(kernel);
}

/* One condition. Return: whether the kernel knows of such. */
static bool tell_condition(const struct node *node, struct lsk_diag_filter *kernel)
{
	if (node->kind == KIND_PORT) {
		tell_port(node, kernel);
		return true;
	}
	if (node->comparison != EQUAL && node->comparison != NOT_EQUAL)
		return false;
	if (node->kind == KIND_PLACE && node->addr.len > 0)
		lsk_diag_filter_host(kernel, node->is_peer, &node->addr,
				     node->prefix_len);
	else if (node->kind == KIND_PLACE && node->has_port)
		lsk_diag_filter_port(kernel, node->is_peer, LSK_DIAG_EQUAL,
				     (uint16_t)node->number);
	else if (node->kind == KIND_DEVICE)
		lsk_diag_filter_interface(kernel, node->number);
	else if (node->kind == KIND_MARK)
		lsk_diag_filter_mark(kernel, node->number, node->mask);
	else if (node->kind == KIND_CGROUP)
		lsk_diag_filter_cgroup(kernel, node->cgroup);
	else if (node->kind == KIND_AUTOBOUND)
		lsk_diag_filter_autobound(kernel);
	else
		return false;
	if (node->comparison == NOT_EQUAL)
		lsk_diag_filter_not(kernel);
	return true;
}

/*
 * What the kernel can decide lets through all that meets the node, and more where false
 * is returned. Return: whether it decides the whole.
 */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the words are */
static bool tell_kernel(const struct node *node, struct lsk_diag_filter *kernel)
{
	struct lsk_diag_filter other = {.len = 0};
	bool is_whole;

	switch (node->kind) {
	case KIND_AND:
		is_whole = tell_kernel(node->left, kernel);
		is_whole &= tell_kernel(node->right, &other);
		lsk_diag_filter_and(kernel, &other);
		return is_whole;
	case KIND_OR:
		is_whole = tell_kernel(node->left, kernel);
		is_whole &= tell_kernel(node->right, &other);
		lsk_diag_filter_or(kernel, &other);
		return is_whole;
	case KIND_NOT:
		/* The opposite of too much would be too little. */
		if (!tell_kernel(node->left, &other))
			return false;
		lsk_diag_filter_not(&other);
		*kernel = other;
		return true;
	case KIND_PORT:
	case KIND_PLACE:
	case KIND_DEVICE:
	case KIND_MARK:
	case KIND_AUTOBOUND:
	case KIND_CGROUP:
		return tell_condition(node, kernel);
	case KIND_NAME:
		return false;
	}
	return false;
}

static void read_port_range(struct ss_filter *filter)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	char line[64], *end = line;

	filter->port_min = 32768;
	filter->port_max = 60999;
	if (file && fgets(line, sizeof(line), file)) {
		filter->port_min = (uint32_t)strtoul(line, &end, 10);
		filter->port_max = (uint32_t)strtoul(end, NULL, 10);
	}
	if (file)
		fclose(file);
}

int ss_filter_new(struct ss_filter **ret_filter, char **args,
		  struct lsk_diag_filter *kernel)
{
	struct ss_filter *filter;

	*ret_filter = NULL;
	if (!*args)
		return COMMAND_OK;
	filter = calloc(1, sizeof(*filter));
	if (!filter)
		return command_failure(-ENOMEM, "filter");
	filter->args = args;
	filter->root = read_or(filter, 0);
	if (!filter->root || *filter->args) {
		const char *word = *filter->args ? *filter->args : args[0];
		int r = command_usage("%s: not understood as a filter", word);

		free(filter);
		return r;
	}
	read_port_range(filter);
	(void)tell_kernel(filter->root, kernel);
	/* Too long for the kernel: everything comes, and is looked at here. */
	if (kernel->error != 0)
		*kernel = (struct lsk_diag_filter){.len = 0};
	*ret_filter = filter;
	return COMMAND_OK;
}

struct ss_filter *ss_filter_free(struct ss_filter *filter)
{
	free(filter);
	return NULL;
}

static bool compares(enum comparison comparison, uint32_t a, uint32_t b)
{
	switch (comparison) {
	case EQUAL:
		return a == b;
	case NOT_EQUAL:
		return a != b;
	case AT_LEAST:
		return a >= b;
	case AT_MOST:
		return a <= b;
	case MORE:
		return a > b;
	case LESS:
		return a < b;
	}
	return false;
}

/* The bytes of an inet address, and its port. Return: how many; 0: no such address. */
static size_t inet_bytes(const struct lsk_addr *addr, uint8_t bytes[16],
			 uint32_t *ret_port)
{
	struct sockaddr_in6 inet6;
	struct sockaddr_in inet;

	if (lsk_addr_family(addr) == AF_INET) {
		memcpy(&inet, &addr->storage, sizeof(inet));
		memcpy(bytes, &inet.sin_addr, 4);
		*ret_port = ntohs(inet.sin_port);
		return 4;
	}
	if (lsk_addr_family(addr) != AF_INET6)
		return 0;
	memcpy(&inet6, &addr->storage, sizeof(inet6));
	memcpy(bytes, &inet6.sin6_addr, 16);
	*ret_port = ntohs(inet6.sin6_port);
	return 16;
}

static bool is_in_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

static bool place_holds(const struct node *node, const struct lsk_addr *addr)
{
	uint8_t have[16], want[16];
	uint32_t port = 0, unused;
	size_t len = inet_bytes(addr, have, &port);
	bool holds;

	if (len == 0)
		return false;
	holds = !node->has_port || port == node->number;
	if (holds && node->addr.len > 0) {
		size_t wanted = inet_bytes(&node->addr, want, &unused);

		/* An IPv6 socket may have an IPv4 peer. */
		if (wanted == 4 && len == 16 && IN6_IS_ADDR_V4MAPPED((void *)have))
			memmove(have, have + 12, 4);
		else if (wanted != len)
			return false;
		holds = is_in_prefix(have, want, node->prefix_len);
	}
	return holds == (node->comparison != NOT_EQUAL);
}

/* A name with "*" and "?", as a shell's. */
static bool matches(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the words are */
static bool node_holds(const struct ss_filter *filter, const struct node *node,
		       const struct lsk_diag_socket *sock, const char *name)
{
	const struct lsk_addr *addr = node->is_peer ? &sock->peer : &sock->local;
	uint8_t bytes[16];
	uint32_t port;

	switch (node->kind) {
	case KIND_AND:
		return node_holds(filter, node->left, sock, name) &&
		       node_holds(filter, node->right, sock, name);
	case KIND_OR:
		return node_holds(filter, node->left, sock, name) ||
		       node_holds(filter, node->right, sock, name);
	case KIND_NOT:
		return !node_holds(filter, node->left, sock, name);
	case KIND_PORT:
		return inet_bytes(addr, bytes, &port) > 0 &&
		       compares(node->comparison, port, node->number);
	case KIND_PLACE:
		return place_holds(node, addr);
	case KIND_DEVICE:
		return compares(node->comparison, sock->interface, node->number);
	case KIND_MARK:
		return compares(node->comparison, sock->mark & node->mask,
				node->number & node->mask);
	case KIND_AUTOBOUND:
		/* Chosen by the kernel, as far as the range of such ports tells. */
		return inet_bytes(addr, bytes, &port) > 0 && port >= filter->port_min &&
		       port <= filter->port_max;
	case KIND_CGROUP:
		return (sock->cgroup == node->cgroup) ==
		       (node->comparison != NOT_EQUAL);
	case KIND_NAME:
		return sock->family == AF_UNIX && !node->is_peer &&
		       matches(node->name, name) == (node->comparison != NOT_EQUAL);
	}
	return false;
}

bool ss_filter_holds(const struct ss_filter *filter, const struct lsk_diag_socket *sock,
		     const char *name)
{
	return !filter || node_holds(filter, filter->root, sock, name);
}
