/* SPDX-License-Identifier: MIT */
/*
 * Socket options, read and set, and ioctls. A kernel refuses a number that it does not
 * know in a way that depends on the level; so a number that no kernel has is tried
 * first, and an option that is refused in another way is known.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/constant.h>
#include <linsock/option.h>

#include "src/family.h"
#include "src/probe.h"
#include "uring/util.h"

#define NUMBER_NOBODY_HAS 0x7ff1
#define IOCTL_NOBODY_HAS  0x5bf1
#define VALUE_MAX         1024
#define ARGUMENT_MAX      256

/* How a level's options are asked for, or one of them is set. */
struct question {
	int level;
	bool is_set;
	const void *value;
	socklen_t len;
};

static int ask(int fd, const struct question *question, int number)
{
	char value[VALUE_MAX] = "";
	socklen_t len = question->len;

	return syscall_result(
		question->is_set
			? setsockopt(fd, question->level, number, question->value, len)
			: getsockopt(fd, question->level, number, value, &len));
}

static bool says_unknown(int error)
{
	return error == -ENOPROTOOPT || error == -EOPNOTSUPP || error == -ENOTTY ||
	       error == -ENOPKG;
}

/* How much an answer tells that the thing is there; the best of several counts. */
static int rank(enum lsk_verdict verdict)
{
	static const int ranks[] = {
		[LSK_VERDICT_YES] = 5,      [LSK_VERDICT_DENIED] = 4,
		[LSK_VERDICT_NO] = 3,       [LSK_VERDICT_UNKNOWN] = 2,
		[LSK_VERDICT_LOADABLE] = 1, [LSK_VERDICT_ABSENT] = 0,
	};

	return ranks[verdict];
}

static void judge(int r, int unknown, const char *tried,
		  struct lsk_finding *ret_finding)
{
	bool is_denial = r == -EPERM || r == -EACCES;
	char name[32];

	if (r >= 0 && unknown >= 0) {
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, 0,
			   "%s: taken, as an unknown number is", tried);
		return;
	}
	/* Who may do anything and is refused was refused for the socket's state. */
	if (r >= 0 || says_unknown(r) || (is_denial && !probe_is_privileged())) {
		probe_judge(r, tried, ret_finding);
		return;
	}
	probe_error_name(r, name, sizeof(name));
	if (r != unknown)
		probe_find(ret_finding, LSK_VERDICT_YES, 0,
			   "%s: %s here, and an unknown number gets another error",
			   tried, name);
	else if (says_unknown(unknown))
		probe_find(ret_finding, LSK_VERDICT_NO, r, "%s: %s", tried, name);
	else
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, r,
			   "%s: %s, which an unknown number gets too", tried, name);
}

/* Return: whether the options may be tried; if not, @ret_finding says why. */
static bool prepare(struct lsk_probe *probe, const struct family_option_group *group,
		    int fd, struct lsk_finding *ret_finding)
{
	enum module_state state;
	int r;

	if (!group->prepare)
		return true;
	if (!probe_may_try(probe, group->module_alias, false, &state, ret_finding))
		return false;
	r = group->prepare(fd);
	if (r < 0)
		probe_judge(r, group->module_alias, ret_finding);
	return r >= 0;
}

/* Whether the table of options says that there is only the other thing to do. */
static bool is_one_way(const struct probe_row *row, bool is_set)
{
	const unsigned int wanted = is_set ? LSK_OPTION_SET : LSK_OPTION_GET;
	struct lsk_option option;

	return lsk_option_find(row->text, &option) == 0 && option.level == row->level &&
	       option.number == row->number && !(option.access & wanted);
}

static void try_option(int fd, const struct question *question, int number,
		       struct lsk_finding *ret_finding)
{
	char tried[64];

	snprintf(tried, sizeof(tried), "%s(%d, %d)",
		 question->is_set ? "setsockopt" : "getsockopt", question->level,
		 number);
	judge(ask(fd, question, number), ask(fd, question, NUMBER_NOBODY_HAS), tried,
	      ret_finding);
}

/* A zero: where it is no good value, the refusal shows that the option is known. */
static const int zero;

void probe_try_option(int fd, int level, int number, struct lsk_finding *ret_finding)
{
	const struct question question = {level, true, &zero, sizeof(zero)};

	try_option(fd, &question, number, ret_finding);
}

static const struct family_option_value *
option_value(const struct family_option_group *group, const char *name)
{
	const struct family_option_value *value = group->values;

	while (value && value->name && strcmp(value->name, name) != 0)
		value++;
	return value && value->name ? value : NULL;
}

/* Try it on a socket of one kind. */
static void try_on(struct lsk_probe *probe, const struct probe_row *row, int fd,
		   struct lsk_finding *ret_finding)
{
	const struct family_option_group *group = row->data;
	const bool is_set = row->type;
	const struct family_option_value *value =
		is_set ? option_value(group, row->text) : NULL;
	struct question question = {row->level, is_set, &zero, sizeof(zero)};
	int r = 0;

	if (!prepare(probe, group, fd, ret_finding))
		return;
	if (value) {
		if (value->module &&
		    !probe_may_try_module(probe, value->module, ret_finding))
			return;
		question.value = value->value;
		question.len = value->size;
		if (value->prepare)
			r = value->prepare(fd);
	}
	if (!is_set)
		question.len = group->get_size ? group->get_size : VALUE_MAX;
	if (r < 0)
		probe_judge(r, "a socket to set it on", ret_finding);
	else
		try_option(fd, &question, row->number, ret_finding);
	/* Asked in the way that the tables know, no option answers as none at all. */
	if (ret_finding->verdict == LSK_VERDICT_UNKNOWN &&
	    (value || is_one_way(row, is_set)))
		probe_find(ret_finding, LSK_VERDICT_NO,
			   ret_finding->error ? ret_finding->error : -EOPNOTSUPP,
			   "%s as an unknown number is%s",
			   ret_finding->error ? "refused" : "taken, and ignored,",
			   value    ? ""
			   : is_set ? ": it can only be read"
				    : ": it can only be set");
}

static void option_run(struct lsk_probe *probe, const struct probe_row *row,
		       struct lsk_finding *ret_finding)
{
	const struct family_option_group *group = row->data;

	ret_finding->verdict = LSK_VERDICT_ABSENT;
	for (int i = 0; i < FAMILY_SOCKETS_MAX && group->sockets[i].type; i++) {
		struct lsk_finding finding;
		_cleanup_(closep) int fd =
			probe_socket(probe, row->domain, &group->sockets[i], &finding);

		if (fd >= 0)
			try_on(probe, row, fd, &finding);
		if (i == 0 || rank(finding.verdict) > rank(ret_finding->verdict))
			*ret_finding = finding;
	}
}

static int add_option(struct lsk_probe *probe, const struct lsk_family *family,
		      const struct family_option_group *group,
		      const struct lsk_constant *constant)
{
	char name[80];
	struct probe_row row = {
		.name = name,
		.run = option_run,
		.domain = family->domain,
		.level = group->level,
		.number = (int)constant->value,
		.text = constant->name,
		.data = group,
	};
	size_t len;
	int r;

	snprintf(name, sizeof(name), "%s", constant->name);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	len = strlen(name);
	snprintf(name + len, sizeof(name) - len, ".get");
	row.summary = "socket option, read";
	r = probe_add(probe, family->name, &row);
	if (r < 0)
		return r;
	snprintf(name + len, sizeof(name) - len, ".set");
	row.summary = "socket option, set";
	row.type = 1;
	return probe_add(probe, family->name, &row);
}

/* Two names of one number are one option; the first of them in the table stands. */
static bool is_second_name(const struct lsk_constant *constant)
{
	const char *first = lsk_constant_name(constant->group, constant->value);

	return constant->is_alias || !first || strcmp(first, constant->name) != 0;
}

static int add_group(struct lsk_probe *probe, const struct lsk_family *family,
		     const struct family_option_group *group)
{
	struct lsk_constant constant;
	int r = 0;

	for (size_t i = 0; r == 0 && lsk_constant_at(i, &constant) == 0; i++)
		if (strcmp(constant.group, group->group) == 0 &&
		    !is_second_name(&constant))
			r = add_option(probe, family, group, &constant);
	return r;
}

/* What open() makes, without its other end; @fd where it cannot, which then answers
 * as well as it can. */
static int ioctl_open_ends(const struct family_ioctl *what, int fd)
{
	int fds[2];

	if (!what->open || what->open(fds) < 0)
		return fd;
	close(fd);
	if (fds[1] != fds[0])
		close(fds[1]);
	return fds[0];
}

/* What the ioctl is asked of: a socket, or a device that is there already. */
static int ioctl_open(struct lsk_probe *probe, int domain,
		      const struct family_ioctl *what, struct lsk_finding *ret_finding)
{
	int fd;

	if (what->module && !probe_may_try_module(probe, what->module, ret_finding))
		return -1;
	if (!what->device) {
		fd = probe_socket(probe, domain, &what->socket, ret_finding);
		return fd < 0 ? fd : ioctl_open_ends(what, fd);
	}
	fd = syscall_result(open(what->device, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		probe_judge(fd, what->device, ret_finding);
	return fd < 0 ? -1 : fd;
}

static void ioctl_run(struct lsk_probe *probe, const struct probe_row *row,
		      struct lsk_finding *ret_finding)
{
	const struct family_ioctl *what = row->data;
	_cleanup_(closep) int fd = ioctl_open(probe, row->domain, what, ret_finding);
	_Alignas(max_align_t) char argument[ARGUMENT_MAX] = "lo";
	char tried[64];
	int r, unknown;

	if (fd < 0)
		return;
	if (what->argument) {
		assert(what->argument_size <= sizeof(argument));
		memset(argument, 0, sizeof(argument));
		memcpy(argument, what->argument, what->argument_size);
	}
	unknown = syscall_result(ioctl(fd, IOCTL_NOBODY_HAS, argument));
	r = syscall_result(ioctl(fd, what->number, argument));
	if (what->makes_descriptor && r >= 0)
		close(r);
	snprintf(tried, sizeof(tried), "ioctl(0x%lx)", what->number);
	judge(r, unknown, tried, ret_finding);
	/* It is this device that cannot: what nobody has is no ioctl at all. */
	if (r == -EOPNOTSUPP && unknown == -ENOTTY)
		probe_find(ret_finding, LSK_VERDICT_YES, 0,
			   "%s: EOPNOTSUPP here, and an unknown number gets ENOTTY",
			   tried);
}

int probe_add_options(struct lsk_probe *probe, const struct lsk_family *family)
{
	const struct family_option_group *group = family->probe->option_groups;
	const struct family_ioctl *what = family->probe->ioctls;
	int r = 0;

	for (; group && group->group && r == 0; group++)
		r = add_group(probe, family, group);
	for (; what && what->name && r == 0; what++) {
		struct probe_row row = {
			.name = what->name,
			.summary = what->summary,
			.run = ioctl_run,
			.domain = family->domain,
			.data = what,
		};

		r = probe_add(probe, family->name, &row);
	}
	return r;
}
