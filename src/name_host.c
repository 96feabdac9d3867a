/* SPDX-License-Identifier: MIT */
/* Hosts: their names for an address, and all that is known of them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <string.h>

#include <linsock/socket.h>

#include "src/error.h"
#include "src/name.h"
#include "src/trace.h"
#include "uring/util.h"

/* The resolver's buffers double up to this; more than any DNS answer can need. */
#define BUFFER_SIZE_MAX (1u << 20)

struct nameinfo_job {
	struct name_job job; /* first: one is the other's address */
	struct lsk_addr addr;
	int flags;
	struct lsk_nameinfo info;
	int result;
};

struct host_job {
	struct name_job job; /* first: one is the other's address */
	char *host;
	bool by_addr;
	struct lsk_hostent *entry;
	int result;
};

static int nameinfo_get(const struct lsk_addr *addr, int flags,
			struct lsk_nameinfo *ret_info)
{
	int eai;

	eai = getnameinfo(&addr->sa, addr->len, ret_info->host, LSK_HOST_MAX,
			  ret_info->service, LSK_SERVICE_MAX, flags);
	return name_eai_result(eai);
}

static void nameinfo_run(struct name_job *job)
{
	struct nameinfo_job *info = (struct nameinfo_job *)job;

	info->result = nameinfo_get(&info->addr, info->flags, &info->info);
}

static void nameinfo_free(struct name_job *job)
{
	free(job);
}

static int nameinfo_look_up(const struct lsk_addr *addr, int flags,
			    const struct engine_wait *wait,
			    struct lsk_nameinfo *ret_info)
{
	struct nameinfo_job *info;
	int r;

	info = calloc(1, sizeof(*info));
	if (!info)
		return -ENOMEM;
	r = name_job_init(&info->job, nameinfo_run, nameinfo_free);
	if (r < 0) {
		free(info);
		return r;
	}
	info->addr = *addr;
	info->flags = flags;
	r = name_job_perform(&info->job, wait);
	if (r < 0)
		return r;
	r = info->result;
	if (r == 0)
		*ret_info = info->info;
	name_job_abandon(&info->job);
	return r;
}

static int get_name_info(const struct lsk_addr *addr, int flags, int64_t timeout_ns,
			 struct lsk_nameinfo *ret_info, struct lsk_error *ret_error)
{
	const int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
	struct lsk_nameinfo info;
	struct engine_wait wait;
	int r;

	if (!addr || !ret_info || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	name_wait_init(&wait, timeout_ns);
	if ((flags & numeric) == numeric)
		r = nameinfo_get(addr, flags, &info);
	else
		r = nameinfo_look_up(addr, flags, &wait, &info);
	if (r < 0)
		return error_set_code(ret_error, r, 0, "address");
	*ret_info = info;
	return 0;
}

int lsk_getnameinfo(const struct lsk_addr *addr, int flags, int64_t timeout_ns,
		    struct lsk_nameinfo *ret_info, struct lsk_error *ret_error)
{
	return TRACE(get_name_info(addr, flags, timeout_ns, ret_info, ret_error),
		     .operation = LSK_TRACE_LOOKUP, .addr = addr, .flags = flags);
}

static int get_host_address(const char *host, int64_t timeout_ns,
			    struct in_addr *ret_addr, struct lsk_error *ret_error)
{
	const struct lsk_addrinfo_hints hints = {.family = AF_INET};
	struct lsk_addrinfo *list;
	struct sockaddr_in in;
	int r;

	if (!host || !ret_addr || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	if (host[0] == '\0') {
		ret_addr->s_addr = htonl(INADDR_ANY);
		return 0;
	}
	if (strcmp(host, "<broadcast>") == 0) {
		ret_addr->s_addr = htonl(INADDR_BROADCAST);
		return 0;
	}
	r = lsk_getaddrinfo(host, NULL, &hints, timeout_ns, &list, ret_error);
	if (r < 0)
		return r;
	memcpy(&in, &list->addr.storage, sizeof(in));
	*ret_addr = in.sin_addr;
	lsk_addrinfo_free(list);
	return 0;
}

int lsk_gethostbyname(const char *host, int64_t timeout_ns, struct in_addr *ret_addr,
		      struct lsk_error *ret_error)
{
	return TRACE(get_host_address(host, timeout_ns, ret_addr, ret_error),
		     .operation = LSK_TRACE_LOOKUP, .name = host);
}

static struct lsk_addr host_addr(int family, const void *bytes)
{
	struct lsk_addr addr = {0};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (family == AF_INET) {
		memcpy(&in.sin_addr, bytes, sizeof(in.sin_addr));
		memcpy(&addr.storage, &in, sizeof(in));
		addr.len = sizeof(in);
	} else {
		memcpy(&in6.sin6_addr, bytes, sizeof(in6.sin6_addr));
		memcpy(&addr.storage, &in6, sizeof(in6));
		addr.len = sizeof(in6);
	}
	return addr;
}

static const char *text_append(char **at, const char *text)
{
	char *copy = *at;

	*at = stpcpy(copy, text) + 1;
	return copy;
}

/* A copy in one piece of memory: the entry, its addresses, its pointers, its text. */
static struct lsk_hostent *entry_new(const struct hostent *host)
{
	size_t alias_count = 0, addr_count = 0, text_size = strlen(host->h_name) + 1;
	struct lsk_hostent *entry;
	struct lsk_addr *addrs;
	const char **aliases;
	char *text;

	while (host->h_aliases[alias_count])
		text_size += strlen(host->h_aliases[alias_count++]) + 1;
	while (host->h_addr_list[addr_count])
		addr_count++;
	entry = calloc(1, sizeof(*entry) + addr_count * sizeof(*addrs) +
				  (alias_count + 1) * sizeof(*aliases) + text_size);
	if (!entry)
		return NULL;
	addrs = (struct lsk_addr *)(entry + 1);
	aliases = (const char **)(addrs + addr_count);
	text = (char *)(aliases + alias_count + 1);
	entry->name = text_append(&text, host->h_name);
	for (size_t i = 0; i < alias_count; i++)
		aliases[i] = text_append(&text, host->h_aliases[i]);
	for (size_t i = 0; i < addr_count; i++)
		addrs[i] = host_addr(host->h_addrtype, host->h_addr_list[i]);
	entry->aliases = aliases;
	entry->alias_count = alias_count;
	entry->addrs = addrs;
	entry->addr_count = addr_count;
	return entry;
}

/* One of the two _r calls; @addr: by address, where not NULL. -ERANGE: more room. */
static int entry_get_into(const char *host, const struct lsk_addr *addr, char *buf,
			  size_t size, struct lsk_hostent **ret_entry)
{
	struct hostent found, *result = NULL;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	int fault = 0, r;

	if (!addr) {
		r = gethostbyname2_r(host, AF_INET, &found, buf, size, &result, &fault);
	} else if (addr->sa.sa_family == AF_INET) {
		memcpy(&in, &addr->storage, sizeof(in));
		r = gethostbyaddr_r(&in.sin_addr, sizeof(in.sin_addr), AF_INET, &found,
				    buf, size, &result, &fault);
	} else {
		memcpy(&in6, &addr->storage, sizeof(in6));
		r = gethostbyaddr_r(&in6.sin6_addr, sizeof(in6.sin6_addr), AF_INET6,
				    &found, buf, size, &result, &fault);
	}
	if (result) {
		*ret_entry = entry_new(result);
		return *ret_entry ? 0 : -ENOMEM;
	}
	if (r > 0 && fault == NETDB_INTERNAL)
		return -r;
	return LSK_ERR_HOST_LOOKUP(fault > 0 ? fault : HOST_NOT_FOUND);
}

static int entry_get(const char *host, const struct lsk_addr *addr,
		     struct lsk_hostent **ret_entry)
{
	int r = -ERANGE;

	for (size_t size = 1024; size <= BUFFER_SIZE_MAX && r == -ERANGE; size *= 2) {
		char *buf = malloc(size);

		r = buf ? entry_get_into(host, addr, buf, size, ret_entry) : -ENOMEM;
		free(buf);
	}
	return r;
}

static void host_run(struct name_job *job)
{
	struct host_job *host = (struct host_job *)job;
	const struct addrinfo hints = {.ai_family = AF_UNSPEC};
	struct lsk_addrinfo *list = NULL;

	if (!host->by_addr) {
		host->result = entry_get(host->host, NULL, &host->entry);
		return;
	}
	host->result = name_list_get(host->host, NULL, &hints, &list);
	if (host->result == 0)
		host->result = entry_get(NULL, &list->addr, &host->entry);
	lsk_addrinfo_free(list);
}

static void host_free(struct name_job *job)
{
	struct host_job *host = (struct host_job *)job;

	lsk_hostent_free(host->entry);
	free(host->host);
	free(host);
}

static int host_look_up(const char *name, bool by_addr, const struct engine_wait *wait,
			struct lsk_hostent **ret_entry)
{
	struct host_job *host;
	int r;

	host = calloc(1, sizeof(*host));
	if (!host)
		return -ENOMEM;
	r = name_job_init(&host->job, host_run, host_free);
	if (r < 0) {
		free(host);
		return r;
	}
	host->by_addr = by_addr;
	host->host = strdup(name);
	if (!host->host) {
		name_job_abandon(&host->job);
		return -ENOMEM;
	}
	r = name_job_perform(&host->job, wait);
	if (r < 0)
		return r;
	r = host->result;
	if (r == 0) {
		*ret_entry = host->entry;
		host->entry = NULL;
	}
	name_job_abandon(&host->job);
	return r;
}

static int get_host_by_name(const char *host, int64_t timeout_ns,
			    struct lsk_hostent **ret_entry, struct lsk_error *ret_error)
{
	struct engine_wait wait;
	struct in_addr addr;
	int r;

	if (!host || !ret_entry || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	name_wait_init(&wait, timeout_ns);
	/* The C library gives a number back as it stands. */
	if (inet_pton(AF_INET, host, &addr) == 1)
		r = entry_get(host, NULL, ret_entry);
	else
		r = host_look_up(host, false, &wait, ret_entry);
	return r < 0 ? error_set_code(ret_error, r, 0, host) : 0;
}

int lsk_gethostbyname_ex(const char *host, int64_t timeout_ns,
			 struct lsk_hostent **ret_entry, struct lsk_error *ret_error)
{
	return TRACE(get_host_by_name(host, timeout_ns, ret_entry, ret_error),
		     .operation = LSK_TRACE_LOOKUP, .name = host);
}

static int get_host_by_address(const char *host, int64_t timeout_ns,
			       struct lsk_hostent **ret_entry,
			       struct lsk_error *ret_error)
{
	struct engine_wait wait;
	int r;

	if (!host || !ret_entry || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	name_wait_init(&wait, timeout_ns);
	r = host_look_up(host, true, &wait, ret_entry);
	return r < 0 ? error_set_code(ret_error, r, 0, host) : 0;
}

int lsk_gethostbyaddr(const char *host, int64_t timeout_ns,
		      struct lsk_hostent **ret_entry, struct lsk_error *ret_error)
{
	return TRACE(get_host_by_address(host, timeout_ns, ret_entry, ret_error),
		     .operation = LSK_TRACE_LOOKUP, .name = host);
}

struct lsk_hostent *lsk_hostent_free(struct lsk_hostent *entry)
{
	free(entry);
	return NULL;
}

/* Copy @name without the white space around it, or this host's where it says nothing.
 */
static int fqdn_subject(const char *name, char *buf, size_t size)
{
	size_t len;

	if (!name)
		name = "";
	while (isspace((unsigned char)*name))
		name++;
	len = strlen(name);
	while (len > 0 && isspace((unsigned char)name[len - 1]))
		len--;
	if (len >= size)
		return -ENOSPC;
	memcpy(buf, name, len);
	buf[len] = '\0';
	if (len > 0 && strcmp(buf, "0.0.0.0") != 0 && strcmp(buf, "::") != 0)
		return 0;
	return lsk_gethostname(buf, size);
}

static const char *fqdn_choose(const struct lsk_hostent *entry)
{
	if (strchr(entry->name, '.'))
		return entry->name;
	for (size_t i = 0; i < entry->alias_count; i++)
		if (strchr(entry->aliases[i], '.'))
			return entry->aliases[i];
	return entry->name;
}

/* An answer of the databases, which getfqdn takes for "no such host". */
static bool is_lookup_fault(int error)
{
	return error <= LSK_ERR_EAI(0);
}

int lsk_getfqdn(const char *name, int64_t timeout_ns, char *buf, size_t size)
{
	char subject[LSK_HOST_MAX];
	const char *chosen = subject;
	struct lsk_hostent *entry = NULL;
	size_t len;
	int r;

	if (!buf)
		return -EINVAL;
	r = fqdn_subject(name, subject, sizeof(subject));
	if (r < 0)
		return r;
	r = lsk_gethostbyaddr(subject, timeout_ns, &entry, NULL);
	if (r < 0 && !is_lookup_fault(r))
		return r;
	if (entry)
		chosen = fqdn_choose(entry);
	len = strlen(chosen);
	r = len < size ? (int)len : -ENOSPC;
	if (r >= 0)
		memcpy(buf, chosen, len + 1);
	lsk_hostent_free(entry);
	return r;
}
