/* SPDX-License-Identifier: MIT */
/* linsock netlink genl: generic netlink's families and what they accept. */
#include "tools/netlink.h"

static json_t *json_family(const struct lsk_genl_family *family)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < family->groups_count && i < LSK_GENL_GROUPS_MAX;
	     i++)
		json_array_append_new(array, json_pack("{s:s,s:i}", "name",
						       family->groups[i].name, "id",
						       (int)family->groups[i].id));
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:o}", "name", family->name, "id",
			 (int)family->id, "version", (int)family->version, "hdrsize",
			 (int)family->header_size, "maxattr",
			 (int)family->attributes_max, "groups", array);
}

static void print_family(const json_t *object)
{
	const json_t *group;
	size_t i;

	netlink_print_key(object, "name", "name");
	netlink_print_key(object, "id", "id");
	netlink_print_key(object, "version", "version");
	netlink_print_key(object, "hdrsize", "hdrsize");
	netlink_print_key(object, "maxattr", "maxattr");
	json_array_foreach(json_object_get(object, "groups"), i, group)
	{
		printf("\n\tgroup ");
		netlink_print_key(group, "name", "");
		netlink_print_key(group, "id", "id");
	}
	putchar('\n');
}

static int genl_list(struct netlink_call *call)
{
	struct lsk_genl_family family;
	json_t *array = json_array();
	struct lsk_nl_dump *dump;
	struct lsk_nl_error error;
	int r = lsk_genl_dump(call->nl, &dump);

	if (r < 0) {
		json_decref(array);
		return command_failure(r, "families");
	}
	while (lsk_genl_next(dump, &family) > 0)
		json_array_append_new(array, json_family(&family));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_family);
	json_decref(array);
	return netlink_result(r, &error);
}

static json_t *json_policy(const struct lsk_genl_policy *policy)
{
	json_t *object = json_object();
	char text[128];

	if (policy->is_operation) {
		json_object_set_new(object, "op", json_integer(policy->command));
		if (policy->has_do)
			json_object_set_new(object, "do",
					    json_integer(policy->do_index));
		if (policy->has_dump)
			json_object_set_new(object, "dump",
					    json_integer(policy->dump_index));
		return object;
	}
	lsk_genl_policy_format(&policy->policy, text, sizeof(text));
	json_object_set_new(object, "policy", json_integer(policy->index));
	json_object_set_new(object, "attr", json_integer(policy->attribute));
	json_object_set_new(object, "type", json_string(text));
	return object;
}

static void print_policy(const json_t *object)
{
	netlink_print_key(object, "op", "op");
	netlink_print_key(object, "do", "do");
	netlink_print_key(object, "dump", "dump");
	netlink_print_key(object, "policy", "policy");
	netlink_print_key(object, "attr", "attr");
	netlink_print_key(object, "type", "type");
	putchar('\n');
}

static int genl_policy(struct netlink_call *call)
{
	struct lsk_genl_family family;
	struct lsk_genl_policy policy;
	struct lsk_nl_dump *dump = NULL;
	struct lsk_nl_error error;
	json_t *array;
	int r;

	if (!call->args[0])
		return command_usage("policy wants the name of a family");
	r = lsk_genl_find(call->nl, call->args[0], &family);
	if (r == 0)
		r = lsk_genl_policy_dump(call->nl, &family, &dump);
	if (r < 0)
		return command_failure(r, "%s", call->args[0]);
	array = json_array();
	while (lsk_genl_policy_next(dump, &policy) > 0)
		json_array_append_new(array, json_policy(&policy));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_policy);
	json_decref(array);
	return netlink_result(r, &error);
}

static int genl_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", genl_list}, {"policy", genl_policy}, {NULL, NULL}};

	return netlink_main(argc, argv, NETLINK_GENERIC, verbs);
}

const struct command netlink_genl_command = {
	.name = "genl",
	.arguments = "[-j] [list | policy FAMILY]",
	.summary = "families of generic netlink and what they accept",
	.help = "  -j  as JSON\n",
	.main = genl_main,
};
