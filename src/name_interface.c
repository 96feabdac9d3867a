/* SPDX-License-Identifier: MIT */
/* Network interfaces: names and indexes. */
#include <assert.h>
#include <net/if.h>
#include <string.h>

#include "src/name.h"
#include "src/trace.h"
#include "uring/util.h"

static_assert(LSK_IF_NAME_MAX == IF_NAMESIZE, "the public size is the kernel's");

static int list_interfaces(struct lsk_interface **ret_list, size_t *ret_count)
{
	struct if_nameindex *names;
	struct lsk_interface *list;
	size_t count = 0;
	int r = 0;

	if (!ret_list || !ret_count)
		return -EINVAL;
	names = if_nameindex();
	if (!names)
		return neg_errno();
	while (names[count].if_index != 0)
		count++;
	list = calloc(count + 1, sizeof(*list));
	if (list) {
		for (size_t i = 0; i < count; i++) {
			list[i].index = names[i].if_index;
			strncpy(list[i].name, names[i].if_name, LSK_IF_NAME_MAX - 1);
		}
		*ret_list = list;
		*ret_count = count;
	} else {
		r = -ENOMEM;
	}
	if_freenameindex(names);
	return r;
}

int lsk_if_nameindex(struct lsk_interface **ret_list, size_t *ret_count)
{
	return TRACE(list_interfaces(ret_list, ret_count),
		     .operation = LSK_TRACE_LOOKUP);
}

struct lsk_interface *lsk_if_freenameindex(struct lsk_interface *list)
{
	free(list);
	return NULL;
}

static int index_of(const char *name)
{
	unsigned int index;

	if (!name)
		return -EINVAL;
	index = if_nametoindex(name);
	return index == 0 ? neg_errno() : (int)index;
}

int lsk_if_nametoindex(const char *name)
{
	return TRACE(index_of(name), .operation = LSK_TRACE_LOOKUP, .name = name);
}

static int name_of(unsigned int index, char buf[LSK_IF_NAME_MAX])
{
	if (!buf)
		return -EINVAL;
	return if_indextoname(index, buf) ? 0 : neg_errno();
}

int lsk_if_indextoname(unsigned int index, char buf[LSK_IF_NAME_MAX])
{
	return TRACE(name_of(index, buf), .operation = LSK_TRACE_LOOKUP,
		     .number = (int)index);
}
