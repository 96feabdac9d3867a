/* SPDX-License-Identifier: MIT */
/* How linsock ss shows a socket: as the fields of a row, or as JSON. */
#include "tools/ss.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/command.h"

#define FIELD_SIZE  768
#define CGROUP_ROOT 1
#define MORE_SIZE   16384 /* a socket may be open in many processes */

struct row {
	char fields[SS_COLUMN__COUNT][FIELD_SIZE];
	char more[MORE_SIZE];
};

/* As ss: what would be the same in each row is not shown. */
static bool is_shown(const struct ss_call *call, int column)
{
	const unsigned int several = SS_UNIX | SS_PACKET | SS_VSOCK;

	if (column == SS_COLUMN_NETID)
		return call->families & several ||
		       (call->families & (call->families - 1)) != 0;
	if (column == SS_COLUMN_STATE)
		return (call->states & (call->states - 1)) != 0;
	return true;
}

static const char *netid(const struct ss_table *table,
			 const struct lsk_diag_socket *sock)
{
	bool is_stream = sock->type == SOCK_STREAM;

	switch (table->bit) {
	case SS_UNIX:
		return is_stream                      ? "u_str"
		       : sock->type == SOCK_SEQPACKET ? "u_seq"
						      : "u_dgr";
	case SS_PACKET:
		return sock->type == SOCK_RAW ? "p_raw" : "p_dgr";
	case SS_VSOCK:
		return is_stream ? "v_str" : "v_dgr";
	default:
		return table->name;
	}
}

/* The name of a host in place of its number, where it has one. */
static void name_host(const struct lsk_addr *addr, char host[NI_MAXHOST])
{
	char name[NI_MAXHOST];

	if (getnameinfo((const struct sockaddr *)&addr->storage, addr->len, name,
			sizeof(name), NULL, 0, NI_NAMEREQD) == 0)
		memcpy(host, name, sizeof(name));
}

/* ss writes "*" for the IPv6 address that takes IPv4 too. */
static void inet_text(const struct ss_call *call, const struct lsk_diag_socket *sock,
		      const struct lsk_addr *addr, char text[FIELD_SIZE])
{
	char host[NI_MAXHOST] = "*", name[IF_NAMESIZE] = "", port[8] = "*";
	const struct sockaddr_in6 *inet6 = (const void *)&addr->storage;
	const struct sockaddr_in *inet = (const void *)&addr->storage;
	uint16_t number = ntohs(inet->sin_port);
	bool is_inet = lsk_addr_family(addr) == AF_INET;
	bool is_local = addr == &sock->local;

	if (is_inet)
		inet_ntop(AF_INET, &inet->sin_addr, host, sizeof(host));
	else if (sock->v6only || !IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr))
		inet_ntop(AF_INET6, &inet6->sin6_addr, host, sizeof(host));
	if (call->has_names && (is_inet ? inet->sin_addr.s_addr != 0
					: !IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr)))
		name_host(addr, host);
	if (number)
		snprintf(port, sizeof(port), "%u", number);
	if (sock->interface && is_local && !if_indextoname(sock->interface, name))
		snprintf(name, sizeof(name), "if%u", sock->interface);
	snprintf(text, FIELD_SIZE, strchr(host, ':') ? "[%s]%s%s:%s" : "%s%s%s:%s",
		 host, *name ? "%" : "", name, port);
}

static void unix_text(const struct lsk_addr *addr, uint32_t inode,
		      char text[FIELD_SIZE])
{
	const struct sockaddr_un *path = (const void *)&addr->storage;
	size_t len = addr->len > 2 ? addr->len - 2U : 0;
	char name[sizeof(path->sun_path) + 1] = "*";

	if (len > sizeof(path->sun_path))
		len = sizeof(path->sun_path);
	for (size_t i = 0; i < len; i++) {
		name[i] = path->sun_path[i];
		if (name[i] == '\0')
			name[i] = '@';
		name[i + 1] = '\0';
	}
	/* The terminator of a path is no part of it. */
	if (len > 0 && path->sun_path[0] && !path->sun_path[len - 1])
		name[len - 1] = '\0';
	snprintf(text, FIELD_SIZE, "%s %u", name, inode);
}

static void vsock_text(const struct lsk_addr *addr, char text[FIELD_SIZE])
{
	const struct sockaddr_vm *vsock = (const void *)&addr->storage;
	char cid[16] = "*", port[16] = "*";

	if (vsock->svm_cid != VMADDR_CID_ANY)
		snprintf(cid, sizeof(cid), "%u", vsock->svm_cid);
	if (vsock->svm_port != VMADDR_PORT_ANY)
		snprintf(port, sizeof(port), "%u", vsock->svm_port);
	snprintf(text, FIELD_SIZE, "%s:%s", cid, port);
}

static void packet_text(const struct lsk_diag_socket *sock, char text[FIELD_SIZE])
{
	char name[IF_NAMESIZE] = "*", protocol[16] = "*";

	if (sock->interface && !if_indextoname(sock->interface, name))
		snprintf(name, sizeof(name), "if%u", sock->interface);
	if (sock->protocol != ETH_P_ALL)
		snprintf(protocol, sizeof(protocol), "[%u]", sock->protocol);
	snprintf(text, FIELD_SIZE, "%s:%s", protocol, name);
}

static void addresses(const struct ss_call *call, const struct lsk_diag_socket *sock,
		      struct row *row)
{
	const struct sockaddr_nl *netlink = (const void *)&sock->local.storage;
	char *local = row->fields[SS_COLUMN_LOCAL];
	char *peer = row->fields[SS_COLUMN_PEER];
	char name[IF_NAMESIZE] = "";

	switch (sock->family) {
	case AF_INET:
	case AF_INET6:
		inet_text(call, sock, &sock->local, local);
		inet_text(call, sock, &sock->peer, peer);
		return;
	case AF_UNIX:
		unix_text(&sock->local, sock->inode, local);
		unix_text(&sock->peer, sock->peer_inode, peer);
		return;
	case AF_VSOCK:
		vsock_text(&sock->local, local);
		vsock_text(&sock->peer, peer);
		return;
	case AF_NETLINK:
		snprintf(local, FIELD_SIZE, "%u:%u", sock->protocol, netlink->nl_pid);
		break;
	case AF_XDP:
		if_indextoname(sock->interface, name);
		snprintf(local, FIELD_SIZE, *name ? "%s:q%u" : "*", name, sock->queue);
		break;
	default:
		packet_text(sock, local);
		break;
	}
	snprintf(peer, FIELD_SIZE, "*");
}

void ss_text_add(struct ss_text *text, const char *format, ...)
{
	size_t left = text->size - text->len;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text->at + text->len, left, format, arguments);
	va_end(arguments);
	if (n > 0)
		text->len += (size_t)n < left ? (size_t)n : left - 1;
}

static void timer_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	static const char *const names[] = {"off",      "on",      "keepalive",
					    "timewait", "persist", "unknown"};
	unsigned int seconds = sock->timer_ms / 1000 % 60;
	unsigned int minutes = sock->timer_ms / 60000;
	unsigned int left = sock->timer_ms % 1000;

	if (!sock->timer)
		return;
	ss_text_add(text, " timer:(%s,", names[sock->timer > 4 ? 5 : sock->timer]);
	if (minutes)
		ss_text_add(text, "%umin", minutes);
	if (minutes || seconds > 9)
		left = 0;
	if (minutes <= 9 && seconds)
		ss_text_add(text, "%u%s", seconds, left ? "." : "sec");
	if (left)
		ss_text_add(text, "%03ums", left);
	ss_text_add(text, ",%u)", sock->retransmits);
}

/* Where cgroups are to be seen. Return: false where nowhere. */
static bool cgroup_mount(char path[256])
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char line[1024], type[32];
	bool is_found = false;

	while (mounts && !is_found && fgets(line, sizeof(line), mounts))
		is_found = sscanf(line, "%*s %255s %31s", path, type) == 2 &&
			   strcmp(type, "cgroup2") == 0;
	if (mounts)
		fclose(mounts);
	return is_found;
}

/* The path of a cgroup, by its id. */
static void cgroup_text(struct ss_text *text, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} name = {.handle = {.handle_bytes = sizeof(id), .handle_type = 0xfe}};
	char link[32], root[256], path[512] = "";
	int mount = -1, fd = -1;
	ssize_t len = -1;

	if (cgroup_mount(root))
		mount = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(name.handle.f_handle, &id, sizeof(id));
	if (mount >= 0)
		fd = open_by_handle_at(mount, &name.handle, O_PATH | O_CLOEXEC);
	if (fd >= 0) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		close(fd);
	}
	if (mount >= 0)
		close(mount);
	if (id == CGROUP_ROOT || (len > 0 && len == (ssize_t)strlen(root)))
		ss_text_add(text, " cgroup:/");
	else if (len > 0 && strncmp(path, root, strlen(root)) == 0)
		ss_text_add(text, " cgroup:%s", path + strlen(root));
	else
		ss_text_add(text, " cgroup:unreachable:%" PRIx64, id);
}

static void shutdown_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	if (sock->has >> LSK_DIAG_SHUTDOWN & 1)
		ss_text_add(text, " %c-%c", sock->shutdown & 1 ? '-' : '<',
			    sock->shutdown & 2 ? '-' : '>');
}

/* Of a UNIX listener: who has connected and waits. */
static void peers_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	const char *next = sock->pending.data;
	uint32_t inode;

	ss_text_add(text, " peers:");
	for (size_t left = sock->pending.len; left >= sizeof(inode);
	     left -= sizeof(inode), next += sizeof(inode)) {
		memcpy(&inode, next, sizeof(inode));
		ss_text_add(text, " %u", inode);
	}
}

static void extended_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	uint32_t groups = 0;

	if (sock->family == AF_VSOCK) /* ss has nothing to add */
		return;
	if (sock->family == AF_NETLINK) {
		memcpy(&groups, sock->groups.data,
		       sock->groups.len < 4 ? sock->groups.len : 4);
		ss_text_add(text, " sk=%" PRIx64 " cb=0 groups=0x%08x", sock->cookie,
			    groups);
		return;
	}
	if (sock->family != AF_UNIX) {
		if (sock->uid)
			ss_text_add(text, " uid:%u", sock->uid);
		ss_text_add(text, " ino:%u sk:%" PRIx64, sock->inode, sock->cookie);
		if (sock->mark)
			ss_text_add(text, " fwmark:%#x", sock->mark);
		if (sock->has >> LSK_DIAG_CGROUP & 1)
			cgroup_text(text, sock->cgroup);
	}
	if (sock->family == AF_INET6 && sock->has >> LSK_DIAG_V6ONLY & 1)
		ss_text_add(text, " v6only:%u", sock->v6only);
	shutdown_text(text, sock);
	if (sock->has >> LSK_DIAG_PENDING & 1)
		peers_text(text, sock);
}

static void memory_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	static const char *const names[] = {"r", "rb", "t",  "tb", "f",
					    "w", "o",  "bl", "d"};

	if (!(sock->has >> LSK_DIAG_MEMORY & 1))
		return;
	ss_text_add(text, " skmem:(");
	for (unsigned int i = 0; i < LSK_DIAG_MEMORY_MAX; i++)
		ss_text_add(text, i ? ",%s%u" : "%s%u", names[i], sock->memory[i]);
	ss_text_add(text, ")");
}

static void more_text(const struct ss_call *call, const struct ss_table *table,
		      const struct lsk_diag_socket *sock, struct ss_text *text)
{
	bool is_inet = sock->family == AF_INET || sock->family == AF_INET6;
	bool has_info =
		call->show & LSK_DIAG_SHOW_INFO && is_inet && table->bit != SS_UDP;

	if (call->has_processes)
		text->len +=
			ss_holders_text(&call->holders, sock->inode,
					text->at + text->len, text->size - text->len);
	if (call->has_timer && is_inet)
		timer_text(text, sock);
	if (call->is_extended)
		extended_text(text, sock);
	if (call->is_extended && (sock->family == AF_PACKET || sock->family == AF_XDP))
		ss_ring_text(text, sock, call->is_one_line);
	if (is_inet && !call->is_one_line &&
	    (has_info || call->show & LSK_DIAG_SHOW_MEMORY))
		ss_text_add(text, "\n\t");
	if (call->show & LSK_DIAG_SHOW_MEMORY)
		memory_text(text, sock);
	if (has_info && table->bit == SS_TCP)
		ss_tcp_text(text, sock, call->has_timer);
}

static int keep_row(struct ss_call *call, const struct row *row)
{
	for (int i = 0; i < SS_COLUMN__COUNT; i++) {
		const char *field = i == SS_COLUMN_MORE ? row->more : row->fields[i];
		size_t len = strlen(field) + 1;

		if (call->text_size - call->text_len < len) {
			size_t size = call->text_size ? call->text_size * 2 : 1 << 17;
			char *text = realloc(call->text, size);

			if (!text)
				return -ENOMEM;
			call->text = text;
			call->text_size = size;
		}
		memcpy(call->text + call->text_len, field, len);
		call->text_len += len;
		if (len - 1 > call->widths[i])
			call->widths[i] = len - 1;
	}
	return 1;
}

static int keep_json(struct ss_call *call, const struct row *row,
		     const struct lsk_diag_socket *sock)
{
	json_t *object = json_pack(
		"{s:s,s:s,s:I,s:I,s:s,s:s,s:I,s:I,s:I,s:s}", "netid",
		row->fields[SS_COLUMN_NETID], "state", row->fields[SS_COLUMN_STATE],
		"recv_q", (json_int_t)sock->receive_queue, "send_q",
		(json_int_t)sock->send_queue, "local", row->fields[SS_COLUMN_LOCAL],
		"peer", row->fields[SS_COLUMN_PEER], "uid", (json_int_t)sock->uid,
		"inode", (json_int_t)sock->inode, "cookie", (json_int_t)sock->cookie,
		"more", row->more[0] == ' ' ? row->more + 1 : row->more);

	return json_array_append_new(call->json, object) == 0 ? 1 : -ENOMEM;
}

/* The name of a UNIX socket's row, without the inode behind it. */
static const char *unix_name(struct row *row)
{
	static char name[FIELD_SIZE];
	char *end;

	memcpy(name, row->fields[SS_COLUMN_LOCAL], sizeof(name));
	end = strrchr(name, ' ');
	if (end)
		*end = '\0';
	return name;
}

/* Return: whether the socket is gone; one that cannot be ended is not shown. */
static int kill_socket(struct ss_call *call, const struct ss_table *table,
		       const struct lsk_diag_socket *sock)
{
	int r = -EOPNOTSUPP;

	if (table->bit == SS_TCP || table->bit == SS_UDP)
		r = lsk_diag_destroy(call->nl, sock, (uint8_t)table->protocol, NULL);
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return 0;
	return r < 0 ? r : 1;
}

int ss_show(struct ss_call *call, const struct ss_table *table,
	    const struct lsk_diag_socket *sock)
{
	struct row row = {.more = ""};
	struct ss_text more = {.at = row.more, .size = sizeof(row.more)};

	for (int i = 0; i < SS_COLUMN__COUNT; i++)
		row.fields[i][0] = '\0';
	snprintf(row.fields[SS_COLUMN_NETID], FIELD_SIZE, "%s", netid(table, sock));
	snprintf(row.fields[SS_COLUMN_STATE], FIELD_SIZE, "%s",
		 ss_state_name(sock->state));
	snprintf(row.fields[SS_COLUMN_RECEIVE], FIELD_SIZE, "%u", sock->receive_queue);
	snprintf(row.fields[SS_COLUMN_SEND], FIELD_SIZE, "%u", sock->send_queue);
	addresses(call, sock, &row);
	if (call->expression &&
	    !ss_filter_holds(call->expression, sock, unix_name(&row)))
		return 1;
	if (call->is_kill) {
		int r = kill_socket(call, table, sock);

		if (r <= 0)
			return r < 0 ? r : 1;
	}
	more_text(call, table, sock, &more);
	return call->json ? keep_json(call, &row, sock) : keep_row(call, &row);
}

static void print_row(const struct ss_call *call, const char *fields[SS_COLUMN__COUNT])
{
	for (int i = 0; i < SS_COLUMN__COUNT; i++) {
		bool is_left = i == SS_COLUMN_NETID || i == SS_COLUMN_STATE;

		if (!is_shown(call, i))
			continue;
		if (i == SS_COLUMN_MORE)
			fputs(fields[i], stdout);
		else
			printf(is_left ? "%-*s " : "%*s ", (int)call->widths[i],
			       fields[i]);
	}
	putchar('\n');
}

static void print_head(struct ss_call *call)
{
	static const char *const head[] = {"Netid", "State", "Recv-Q", "Send-Q",
					   "Local", "Peer",  ""};
	const char *fields[SS_COLUMN__COUNT];

	memcpy(fields, head, sizeof(fields));
	for (int i = 0; i < SS_COLUMN__COUNT; i++)
		if (strlen(head[i]) > call->widths[i])
			call->widths[i] = strlen(head[i]);
	print_row(call, fields);
	call->has_no_header = true;
}

void ss_flush(struct ss_call *call)
{
	const char *fields[SS_COLUMN__COUNT];
	size_t at = 0;

	if (!call->has_no_header)
		print_head(call);
	while (at < call->text_len) {
		for (int i = 0; i < SS_COLUMN__COUNT; i++) {
			fields[i] = call->text + at;
			at += strlen(fields[i]) + 1;
		}
		print_row(call, fields);
	}
	call->text_len = 0;
}

int ss_finish(struct ss_call *call)
{
	if (call->json) {
		json_dumpf(call->json, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(call->json);
		return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
	}
	ss_flush(call);
	free(call->text);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}
