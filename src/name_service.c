/* SPDX-License-Identifier: MIT */
/* Services, protocols, and the name of this host. */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <sys/utsname.h>

#include <linsock/socket.h>

#include "src/name.h"
#include "src/trace.h"
#include "uring/util.h"

/* An entry with all its aliases fits long before this. */
#define BUFFER_SIZE_MAX (1u << 18)

enum service_kind {
	SERVICE_PROTOCOL,
	SERVICE_BY_NAME,
	SERVICE_BY_PORT,
};

struct service_query {
	enum service_kind kind;
	const char *name;
	const char *protocol; /* NULL: any */
	uint16_t port;
};

struct service_job {
	struct name_job job; /* first: one is the other's address */
	struct service_query query;
	char *name;     /* the query's, owned */
	char *protocol; /* the query's, owned */
	char *found;    /* the service's name */
	int result;     /* a number, or a negative error */
};

/* One of the three _r calls. -ERANGE: more room. */
static int service_get_into(struct service_job *service, char *buf, size_t size)
{
	struct protoent proto, *found_proto = NULL;
	struct servent serv, *found = NULL;
	const struct service_query *query = &service->query;
	int r = 0;

	switch (query->kind) {
	case SERVICE_PROTOCOL:
		r = getprotobyname_r(query->name, &proto, buf, size, &found_proto);
		break;
	case SERVICE_BY_NAME:
		r = getservbyname_r(query->name, query->protocol, &serv, buf, size,
				    &found);
		break;
	case SERVICE_BY_PORT:
		r = getservbyport_r(htons(query->port), query->protocol, &serv, buf,
				    size, &found);
		break;
	}
	if (found_proto)
		return found_proto->p_proto;
	if (!found)
		return r == ERANGE ? -ERANGE : -ENOENT;
	service->found = strdup(found->s_name);
	return service->found ? ntohs((uint16_t)found->s_port) : -ENOMEM;
}

static void service_run(struct name_job *job)
{
	struct service_job *service = (struct service_job *)job;
	int r = -ERANGE;

	for (size_t size = 1024; size <= BUFFER_SIZE_MAX && r == -ERANGE; size *= 2) {
		char *buf = malloc(size);

		r = buf ? service_get_into(service, buf, size) : -ENOMEM;
		free(buf);
	}
	service->result = r;
}

static void service_free(struct name_job *job)
{
	struct service_job *service = (struct service_job *)job;

	free(service->name);
	free(service->protocol);
	free(service->found);
	free(service);
}

/* @ret_service is still to be abandoned on success. */
static int service_look_up(const struct service_query *query, int64_t timeout_ns,
			   struct service_job **ret_service)
{
	struct service_job *service;
	struct engine_wait wait;
	int r;

	if (timeout_ns < LSK_BLOCK)
		return -EINVAL;
	service = calloc(1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	r = name_job_init(&service->job, service_run, service_free);
	if (r < 0) {
		free(service);
		return r;
	}
	service->name = query->name ? strdup(query->name) : NULL;
	service->protocol = query->protocol ? strdup(query->protocol) : NULL;
	if ((query->name && !service->name) ||
	    (query->protocol && !service->protocol)) {
		name_job_abandon(&service->job);
		return -ENOMEM;
	}
	service->query = (struct service_query){query->kind, service->name,
						service->protocol, query->port};
	name_wait_init(&wait, timeout_ns);
	r = name_job_perform(&service->job, &wait);
	if (r < 0)
		return r;
	*ret_service = service;
	return 0;
}

static int service_number(const struct service_query *query, int64_t timeout_ns)
{
	struct service_job *service;
	int r;

	r = service_look_up(query, timeout_ns, &service);
	if (r < 0)
		return r;
	r = service->result;
	name_job_abandon(&service->job);
	return r;
}

static int protocol_by_name(const char *name, int64_t timeout_ns)
{
	struct service_query query = {SERVICE_PROTOCOL, .name = name};

	return name ? service_number(&query, timeout_ns) : -EINVAL;
}

int lsk_getprotobyname(const char *name, int64_t timeout_ns)
{
	return TRACE(protocol_by_name(name, timeout_ns), .operation = LSK_TRACE_LOOKUP,
		     .name = name);
}

static int service_by_name(const char *name, const char *protocol, int64_t timeout_ns)
{
	struct service_query query = {SERVICE_BY_NAME, name, protocol, 0};

	return name ? service_number(&query, timeout_ns) : -EINVAL;
}

int lsk_getservbyname(const char *name, const char *protocol, int64_t timeout_ns)
{
	return TRACE(service_by_name(name, protocol, timeout_ns),
		     .operation = LSK_TRACE_LOOKUP, .service = name, .name = protocol);
}

static int service_by_port(long port, const char *protocol, int64_t timeout_ns,
			   char *buf, size_t size)
{
	struct service_query query = {SERVICE_BY_PORT, NULL, protocol, 0};
	struct service_job *service;
	size_t len;
	int r;

	if (!buf)
		return -EINVAL;
	if (port < 0 || port > UINT16_MAX)
		return LSK_ERR_PORT;
	query.port = (uint16_t)port;
	r = service_look_up(&query, timeout_ns, &service);
	if (r < 0)
		return r;
	r = service->result;
	if (r >= 0) {
		len = strlen(service->found);
		r = len < size ? (int)len : -ENOSPC;
	}
	if (r >= 0)
		memcpy(buf, service->found, (size_t)r + 1);
	name_job_abandon(&service->job);
	return r;
}

int lsk_getservbyport(long port, const char *protocol, int64_t timeout_ns, char *buf,
		      size_t size)
{
	return TRACE(service_by_port(port, protocol, timeout_ns, buf, size),
		     .operation = LSK_TRACE_LOOKUP, .number = (int)port,
		     .name = protocol);
}

static int get_host_name(char *buf, size_t size)
{
	struct utsname host;
	size_t len;
	int r;

	if (!buf)
		return -EINVAL;
	r = syscall_result(uname(&host));
	if (r < 0)
		return r;
	len = strlen(host.nodename);
	if (len >= size)
		return -ENOSPC;
	memcpy(buf, host.nodename, len + 1);
	return (int)len;
}

int lsk_gethostname(char *buf, size_t size)
{
	return TRACE(get_host_name(buf, size), .operation = LSK_TRACE_LOOKUP);
}

static int set_host_name(const char *name)
{
	if (!name)
		return -EINVAL;
	return syscall_result(sethostname(name, strlen(name)));
}

int lsk_sethostname(const char *name)
{
	return TRACE(set_host_name(name), .operation = LSK_TRACE_LOOKUP, .name = name);
}
