/* SPDX-License-Identifier: MIT */
/* linsock netlink: the kernel's tables, in the words of ip. What all objects share. */
#include "tools/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct netlink_word netlink_route_types[] = {
	{RTN_UNSPEC, "none"},
	{RTN_UNICAST, "unicast"},
	{RTN_LOCAL, "local"},
	{RTN_BROADCAST, "broadcast"},
	{RTN_ANYCAST, "anycast"},
	{RTN_MULTICAST, "multicast"},
	{RTN_BLACKHOLE, "blackhole"},
	{RTN_UNREACHABLE, "unreachable"},
	{RTN_PROHIBIT, "prohibit"},
	{RTN_THROW, "throw"},
	{RTN_NAT, "nat"},
	{RTN_XRESOLVE, "xresolve"},
	{0, NULL},
};

const struct netlink_word netlink_route_protocols[] = {
	{RTPROT_UNSPEC, "unspec"}, {RTPROT_REDIRECT, "redirect"},
	{RTPROT_KERNEL, "kernel"}, {RTPROT_BOOT, "boot"},
	{RTPROT_STATIC, "static"}, {RTPROT_GATED, "gated"},
	{RTPROT_RA, "ra"},         {RTPROT_MRT, "mrt"},
	{RTPROT_ZEBRA, "zebra"},   {RTPROT_BIRD, "bird"},
	{RTPROT_BABEL, "babel"},   {RTPROT_DNROUTED, "dnrouted"},
	{RTPROT_XORP, "xorp"},     {RTPROT_NTK, "ntk"},
	{RTPROT_DHCP, "dhcp"},     {RTPROT_KEEPALIVED, "keepalived"},
	{RTPROT_BGP, "bgp"},       {RTPROT_ISIS, "isis"},
	{RTPROT_OSPF, "ospf"},     {RTPROT_RIP, "rip"},
	{RTPROT_EIGRP, "eigrp"},   {0, NULL},
};

const struct netlink_word netlink_scopes[] = {
	{RT_SCOPE_UNIVERSE, "global"}, {RT_SCOPE_SITE, "site"},
	{RT_SCOPE_LINK, "link"},       {RT_SCOPE_HOST, "host"},
	{RT_SCOPE_NOWHERE, "nowhere"}, {0, NULL},
};

const struct netlink_word netlink_tables[] = {
	{RT_TABLE_DEFAULT, "default"},
	{RT_TABLE_MAIN, "main"},
	{RT_TABLE_LOCAL, "local"},
	{0, NULL},
};

const char *netlink_word(const struct netlink_word *words, int64_t number)
{
	for (; words->name; words++)
		if (words->number == number)
			return words->name;
	return NULL;
}

int netlink_word_number(const struct netlink_word *words, const char *name,
			uint32_t *ret_number)
{
	unsigned long number;
	char *end;

	for (; words->name; words++)
		if (strcmp(words->name, name) == 0) {
			*ret_number = (uint32_t)words->number;
			return 0;
		}
	errno = 0;
	number = strtoul(name, &end, 0);
	if (*name < '0' || *name > '9' || *end || errno != 0 || number > UINT32_MAX)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

json_t *netlink_json_word(const struct netlink_word *words, int64_t number)
{
	const char *name = netlink_word(words, number);

	return name ? json_string(name) : json_sprintf("%" PRId64, number);
}

json_t *netlink_json_inet(const struct lsk_nl_blob *blob)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(blob->len == 4 ? AF_INET : AF_INET6, blob->bytes, text, sizeof(text));
	return json_string(text);
}

json_t *netlink_json_hardware(const struct lsk_nl_blob *blob)
{
	char text[3 * sizeof(blob->bytes) + 1] = "";

	for (unsigned int i = 0; i < blob->len; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 i ? ":%02x" : "%02x", blob->bytes[i]);
	return json_string(text);
}

int netlink_parse_prefix(const char *text, int *family, struct lsk_nl_blob *ret_blob,
			 uint8_t *ret_len)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchrnul(text, '/');
	int found = memchr(text, ':', (size_t)(slash - text)) ? AF_INET6 : AF_INET;
	struct lsk_nl_blob blob = {.len = found == AF_INET ? 4 : 16};
	long len = blob.len * 8L;

	if (strcmp(text, "default") == 0 || strcmp(text, "all") == 0 ||
	    strcmp(text, "any") == 0) {
		*ret_blob = (struct lsk_nl_blob){.len = 0};
		*ret_len = 0;
		return 0;
	}
	if ((size_t)(slash - text) >= sizeof(host) ||
	    (*family != AF_UNSPEC && *family != found))
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	if (inet_pton(found, host, blob.bytes) != 1)
		return -EINVAL;
	if (*slash && command_parse_number(slash + 1, 0, len, &len) < 0)
		return -EINVAL;
	*family = found;
	*ret_blob = blob;
	*ret_len = (uint8_t)len;
	return 0;
}

int netlink_parse_hardware(const char *text, struct lsk_nl_blob *ret_blob)
{
	struct lsk_nl_blob blob = {.len = 0};

	while (blob.len < sizeof(blob.bytes)) {
		char *end;
		unsigned long byte = strtoul(text, &end, 16);

		if (end == text || end > text + 2 || byte > UINT8_MAX)
			return -EINVAL;
		blob.bytes[blob.len++] = (uint8_t)byte;
		if (*end == '\0') {
			*ret_blob = blob;
			return 0;
		}
		if (*end != ':')
			return -EINVAL;
		text = end + 1;
	}
	return -EINVAL;
}

static struct netlink_name *find_name(const struct netlink_call *call, uint32_t index)
{
	for (size_t i = 0; i < call->names_count; i++)
		if (call->names[i].index == index)
			return &call->names[i];
	return NULL;
}

/* Room for one more. */
static struct netlink_name *add_name(struct netlink_call *call, uint32_t index)
{
	struct netlink_name *names =
		realloc(call->names, (call->names_count + 1) * sizeof(*names));

	if (!names)
		return NULL;
	call->names = names;
	names += call->names_count++;
	*names = (struct netlink_name){.index = index};
	return names;
}

void netlink_name_set(struct netlink_call *call, const struct lsk_rtnl_link *link)
{
	uint32_t index = (uint32_t)link->info.ifi_index;
	struct netlink_name *name = find_name(call, index);

	if (!name)
		name = add_name(call, index);
	if (!name)
		return;
	memcpy(name->name, link->name, sizeof(name->name));
	name->flags = link->info.ifi_flags;
}

const char *netlink_name(struct netlink_call *call, uint32_t index)
{
	struct lsk_rtnl_link link = {.has = 0};
	struct netlink_name *name = find_name(call, index);

	if (name)
		return name->name;
	name = add_name(call, index);
	if (!name)
		return "?";
	if (lsk_rtnl_link_get(call->nl, NULL, (int)index, &link) == 0) {
		memcpy(name->name, link.name, sizeof(name->name));
		name->flags = link.info.ifi_flags;
	} else {
		snprintf(name->name, sizeof(name->name), "if%u", index);
		name->flags = IFF_UP; /* nothing is known of it */
	}
	return name->name;
}

bool netlink_is_down(const struct netlink_call *call, uint32_t index)
{
	const struct netlink_name *name = find_name(call, index);

	return name && !(name->flags & IFF_UP);
}

int netlink_index(struct netlink_call *call, const char *name, uint32_t *ret_index)
{
	int r;

	for (size_t i = 0; i < call->names_count; i++)
		if (strcmp(call->names[i].name, name) == 0) {
			*ret_index = call->names[i].index;
			return 0;
		}
	r = netlink_batch_flush(call->batch);
	if (r != COMMAND_OK)
		return -EIO;
	r = lsk_rtnl_link_index(call->nl, name);
	if (r < 0) {
		command_failure(r, "%s", name);
		return r;
	}
	*ret_index = (uint32_t)r;
	(void)netlink_name(call, *ret_index); /* for the lines that follow */
	return 0;
}

const struct lsk_nl_table *netlink_object_table(unsigned int type)
{
	switch (type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return lsk_rtnl_table(LSK_RTNL_ADDRESS);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return lsk_rtnl_table(LSK_RTNL_ROUTE);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return lsk_rtnl_table(LSK_RTNL_RULE);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return lsk_rtnl_table(LSK_RTNL_NEIGHBOUR);
	default:
		return lsk_rtnl_table(LSK_RTNL_QUEUE);
	}
}

int netlink_change(struct netlink_call *call, unsigned int type, unsigned int flags,
		   const void *object)
{
	struct lsk_nl_error error;
	int r;

	if (call->batch)
		return netlink_batch_add(call->batch, type, flags, object);
	r = lsk_rtnl_change(call->nl, type, flags, object, &error);
	return netlink_result(r, &error);
}

/* The batch whose line is being run: what a command's main cannot be handed. */
static struct netlink_batch *current_batch;

void netlink_batch_current(struct netlink_batch *batch)
{
	current_batch = batch;
}

/* One line of a batch, on the batch's handle. */
static int run_in_batch(struct netlink_call *call, const struct netlink_verb *verb)
{
	struct netlink_batch *batch = current_batch;
	bool may_wait = netlink_batch_may_wait(batch, call->verb);
	int r;

	if (!may_wait) {
		r = netlink_batch_flush(batch);
		if (r != COMMAND_OK)
			return r;
	}
	call->batch = batch;
	call->nl = netlink_batch_handle(batch);
	netlink_batch_names(batch, call, true);
	r = verb->run(call);
	if (!may_wait)
		call->names_count = 0; /* links may have come, gone and changed */
	netlink_batch_names(batch, call, false);
	return r;
}

int netlink_print(struct netlink_call *call, json_t *array,
		  void (*print)(const json_t *object))
{
	const json_t *object;
	size_t i;

	if (call->is_json) {
		json_dumpf(array, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		json_array_foreach(array, i, object) print(object);
	}
	json_decref(array);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}

int netlink_result(int r, const struct lsk_nl_error *error)
{
	char text[512];

	if (r >= 0 && error->message[0] == '\0')
		return COMMAND_OK;
	lsk_nl_error_format(error, text, sizeof(text));
	if (r < 0 && error->code == 0)
		return command_failure(r, "the kernel");
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	return r < 0 ? COMMAND_FAILURE : COMMAND_OK;
}

const char *netlink_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

void netlink_print_key(const json_t *object, const char *key, const char *name)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_string(value))
		printf("%s %s ", name, json_string_value(value));
	else if (json_is_integer(value))
		printf("%s %" JSON_INTEGER_FORMAT " ", name, json_integer_value(value));
	else if (value)
		printf("%s ", name);
}

void netlink_print_list(const json_t *array, const char *separator)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
		printf("%s%s", i ? separator : "", json_string_value(item));
}

static int read_options(struct netlink_call *call, int argc, char **argv,
			int *ret_netns)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"statistics", no_argument, NULL, 's'},
		{"details", no_argument, NULL, 'd'},
		{"netns", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int option;

	/* The words that follow are ip's; they have no dashes. */
	while ((option = getopt_long(argc, argv, "+jsd46n:", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			call->is_json = true;
			break;
		case 's':
			call->has_stats = true;
			break;
		case 'd':
			call->has_details = true;
			break;
		case '4':
			call->family = AF_INET;
			break;
		case '6':
			call->family = AF_INET6;
			break;
		case 'n':
			*ret_netns = lsk_netns_open(optarg);
			if (*ret_netns < 0)
				return command_failure(*ret_netns, "%s", optarg);
			break;
		default:
			return command_bad_option();
		}
	}
	return COMMAND_OK;
}

int netlink_main(int argc, char **argv, int protocol, const struct netlink_verb *verbs)
{
	struct netlink_call call = {.family = AF_UNSPEC, .verb = "show"};
	struct lsk_nl_options options = {.netns_fd = 0};
	int netns = 0;
	int r = read_options(&call, argc, argv, &netns);

	if (r != COMMAND_OK)
		return r;
	call.args = argv + optind;
	if (*call.args)
		call.verb = *call.args++;
	if (strcmp(call.verb, "list") == 0 || strcmp(call.verb, "ls") == 0)
		call.verb = "show";
	while (verbs->name && strcmp(verbs->name, call.verb) != 0)
		verbs++;
	if (!verbs->name)
		return command_usage("%s: no such verb", call.verb);
	if (current_batch)
		return run_in_batch(&call, verbs);
	options.netns_fd = netns;
	call.netns = netns;
	r = lsk_nl_open(&call.nl, protocol, &options);
	if (r < 0)
		return command_failure(r, "netlink");
	r = verbs->run(&call);
	lsk_nl_close(call.nl);
	free(call.names);
	if (netns > 0)
		close(netns);
	return r;
}

const struct command netlink_command = {
	.name = "netlink",
	.summary = "links, addresses, routes and more, in the words of ip",
	.children =
		(const struct command *const[]){
			&netlink_link_command,
			&netlink_addr_command,
			&netlink_route_command,
			&netlink_rule_command,
			&netlink_neigh_command,
			&netlink_qdisc_command,
			&netlink_class_command,
			&netlink_batch_command,
			&netlink_genl_command,
			&netlink_monitor_command,
			NULL,
		},
};
