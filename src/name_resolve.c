/* SPDX-License-Identifier: MIT */
/* getaddrinfo(3) that a deadline, a signal or another thread can end. */
#include <netdb.h>
#include <string.h>

#include <linsock/socket.h>

#include "src/error.h"
#include "src/name.h"
#include "src/trace.h"
#include "uring/util.h"

struct lsk_lookup {
	struct name_job job; /* first: one is the other's address */
	char *host;
	char *service;
	struct addrinfo hints;
	struct lsk_addrinfo *list;
	int result;
	bool is_taken;
};

int name_eai_result(int eai)
{
	if (eai == 0)
		return 0;
	if (eai == EAI_SYSTEM)
		return neg_errno();
	if (eai == EAI_MEMORY)
		return -ENOMEM;
	return LSK_ERR_EAI(eai);
}

static struct lsk_addrinfo *entry_new(const struct addrinfo *info)
{
	const char *name = info->ai_canonname ? info->ai_canonname : "";
	size_t name_size = strlen(name) + 1;
	struct lsk_addrinfo *entry;
	char *copy;

	entry = calloc(1, sizeof(*entry) + name_size);
	if (!entry)
		return NULL;
	entry->family = info->ai_family;
	entry->type = info->ai_socktype;
	entry->protocol = info->ai_protocol;
	entry->addr.len = info->ai_addrlen;
	memcpy(&entry->addr.storage, info->ai_addr, info->ai_addrlen);
	if (info->ai_canonname) {
		copy = (char *)(entry + 1);
		memcpy(copy, name, name_size);
		entry->canonname = copy;
	}
	return entry;
}

int name_list_get(const char *host, const char *service, const struct addrinfo *hints,
		  struct lsk_addrinfo **ret_list)
{
	struct lsk_addrinfo *list = NULL, **last = &list;
	struct addrinfo *infos = NULL;
	int r;

	r = name_eai_result(getaddrinfo(host, service, hints, &infos));
	if (r < 0)
		return r;
	for (const struct addrinfo *info = infos; info && r == 0;
	     info = info->ai_next) {
		*last = entry_new(info);
		if (*last)
			last = &(*last)->next;
		else
			r = -ENOMEM;
	}
	if (infos)
		freeaddrinfo(infos);
	if (r == 0 && !list)
		r = LSK_ERR_EMPTY;
	if (r < 0)
		lsk_addrinfo_free(list);
	else
		*ret_list = list;
	return r;
}

static void lookup_run(struct name_job *job)
{
	struct lsk_lookup *lookup = (struct lsk_lookup *)job;

	lookup->result = name_list_get(lookup->host, lookup->service, &lookup->hints,
				       &lookup->list);
}

static void lookup_free(struct name_job *job)
{
	struct lsk_lookup *lookup = (struct lsk_lookup *)job;

	lsk_addrinfo_free(lookup->list);
	free(lookup->host);
	free(lookup->service);
	free(lookup);
}

static int lookup_new(struct lsk_lookup **ret_lookup, const char *host,
		      const char *service, const struct addrinfo *hints)
{
	struct lsk_lookup *lookup;
	int r;

	lookup = calloc(1, sizeof(*lookup));
	if (!lookup)
		return -ENOMEM;
	r = name_job_init(&lookup->job, lookup_run, lookup_free);
	if (r < 0) {
		free(lookup);
		return r;
	}
	lookup->hints = *hints;
	lookup->host = host ? strdup(host) : NULL;
	lookup->service = service ? strdup(service) : NULL;
	if ((host && !lookup->host) || (service && !lookup->service)) {
		name_job_abandon(&lookup->job);
		return -ENOMEM;
	}
	*ret_lookup = lookup;
	return 0;
}

static struct addrinfo libc_hints(const struct lsk_addrinfo_hints *hints)
{
	struct addrinfo libc = {.ai_family = AF_UNSPEC};

	if (hints) {
		libc.ai_flags = hints->flags;
		libc.ai_family = hints->family;
		libc.ai_socktype = hints->type;
		libc.ai_protocol = hints->protocol;
	}
	return libc;
}

/* Whether @service is a number as strtoul() reads one, as the C library has it. */
static bool service_is_number(const char *service, unsigned long *ret_port)
{
	char *end;

	*ret_port = strtoul(service, &end, 10);
	return *end == '\0';
}

/*
 * Answer without a resolver where that can be: both parts are numbers, or cannot be
 * looked up at all. Return: 0 or a final error; -EINPROGRESS: look it up.
 */
static int resolve_number(const char *host, const char *service,
			  const struct addrinfo *hints, struct lsk_addrinfo **ret_list)
{
	struct addrinfo numeric = *hints;
	unsigned long port = 0;
	bool is_number = !service || service_is_number(service, &port);
	int r;

	if (is_number && port > UINT16_MAX)
		return LSK_ERR_EAI(EAI_SERVICE);
	numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
	numeric.ai_flags &= ~(AI_IDN | AI_CANONIDN);
	r = name_list_get(host, service, &numeric, ret_list);
	if (r != LSK_ERR_EAI(EAI_NONAME))
		return r;
	if (!host && !service)
		return r;
	if (!is_number && !(hints->ai_flags & AI_NUMERICSERV))
		return -EINPROGRESS;
	if (!host || host[0] == '\0' || (hints->ai_flags & AI_NUMERICHOST))
		return r;
	return is_number ? -EINPROGRESS : r;
}

static int resolve_name(const char *host, const char *service,
			const struct addrinfo *hints, const struct engine_wait *wait,
			struct lsk_addrinfo **ret_list)
{
	struct lsk_lookup *lookup;
	int r;

	r = lookup_new(&lookup, host, service, hints);
	if (r < 0)
		return r;
	r = name_job_perform(&lookup->job, wait);
	if (r < 0)
		return r;
	r = lookup->result;
	if (r == 0) {
		*ret_list = lookup->list;
		lookup->list = NULL;
	}
	name_job_abandon(&lookup->job);
	return r;
}

int name_resolve(const char *host, const char *service,
		 const struct lsk_addrinfo_hints *hints, const struct engine_wait *wait,
		 struct lsk_addrinfo **ret_list, struct lsk_error *ret_error)
{
	const struct addrinfo libc = libc_hints(hints);
	int r;

	r = resolve_number(host, service, &libc, ret_list);
	if (r == -EINPROGRESS)
		r = resolve_name(host, service, &libc, wait, ret_list);
	if (r < 0)
		return error_set_code(ret_error, r, 0,
				      host      ? host
				      : service ? service
						: "");
	return 0;
}

static int get_addresses(const char *host, const char *service,
			 const struct lsk_addrinfo_hints *hints, int64_t timeout_ns,
			 struct lsk_addrinfo **ret_list, struct lsk_error *ret_error)
{
	struct engine_wait wait;

	if (!ret_list || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	name_wait_init(&wait, timeout_ns);
	return name_resolve(host, service, hints, &wait, ret_list, ret_error);
}

int lsk_getaddrinfo(const char *host, const char *service,
		    const struct lsk_addrinfo_hints *hints, int64_t timeout_ns,
		    struct lsk_addrinfo **ret_list, struct lsk_error *ret_error)
{
	return TRACE(
		get_addresses(host, service, hints, timeout_ns, ret_list, ret_error),
		.operation = LSK_TRACE_LOOKUP, .name = host, .service = service);
}

struct lsk_addrinfo *lsk_addrinfo_free(struct lsk_addrinfo *list)
{
	struct lsk_addrinfo *next;

	for (; list; list = next) {
		next = list->next;
		free(list);
	}
	return NULL;
}

static int start_lookup(struct lsk_lookup **ret_lookup, const char *host,
			const char *service, const struct lsk_addrinfo_hints *hints)
{
	const struct addrinfo libc = libc_hints(hints);
	struct lsk_lookup *lookup;
	int r;

	if (!ret_lookup)
		return -EINVAL;
	r = lookup_new(&lookup, host, service, &libc);
	if (r < 0)
		return r;
	r = resolve_number(host, service, &libc, &lookup->list);
	if (r == -EINPROGRESS) {
		r = name_job_start(&lookup->job);
		if (r < 0) {
			name_job_abandon(&lookup->job);
			return r;
		}
	} else {
		lookup->result = r;
		name_job_finish(&lookup->job);
	}
	*ret_lookup = lookup;
	return 0;
}

int lsk_lookup_new(struct lsk_lookup **ret_lookup, const char *host,
		   const char *service, const struct lsk_addrinfo_hints *hints)
{
	return TRACE(start_lookup(ret_lookup, host, service, hints),
		     .operation = LSK_TRACE_LOOKUP, .name = host, .service = service);
}

int lsk_lookup_fd(const struct lsk_lookup *lookup)
{
	return lookup ? lookup->job.event_fd : -EINVAL;
}

int lsk_lookup_wait(struct lsk_lookup *lookup, int64_t timeout_ns,
		    struct lsk_addrinfo **ret_list, struct lsk_error *ret_error)
{
	struct engine_wait wait;
	const char *subject;
	int r;

	if (!lookup || !ret_list || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	name_wait_init(&wait, timeout_ns);
	r = name_job_wait(&lookup->job, &wait);
	if (r == 0)
		r = lookup->is_taken ? -EALREADY : lookup->result;
	if (r < 0) {
		subject = lookup->host ? lookup->host : lookup->service;
		return error_set_code(ret_error, r, 0, subject ? subject : "");
	}
	*ret_list = lookup->list;
	lookup->list = NULL;
	lookup->is_taken = true;
	return 0;
}

void lsk_lookup_cancel(struct lsk_lookup *lookup)
{
	if (lookup)
		name_job_cancel(&lookup->job);
}

struct lsk_lookup *lsk_lookup_free(struct lsk_lookup *lookup)
{
	if (lookup)
		name_job_abandon(&lookup->job);
	return NULL;
}
