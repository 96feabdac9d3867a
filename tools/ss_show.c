/* SPDX-License-Identifier: MIT */
/* How linsock ss shows a socket: as the fields of a row, or as JSON. */
#include "tools/ss.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/tcp.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "tools/command.h"

#define FIELD_SIZE 768

struct row {
	char fields[SS_COLUMN__COUNT][FIELD_SIZE];
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

/* ss writes "*" for the IPv6 address that takes IPv4 too. */
static void inet_text(const struct lsk_diag_socket *sock, const struct lsk_addr *addr,
		      char text[FIELD_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "*", name[IF_NAMESIZE] = "", port[8] = "*";
	const struct sockaddr_in6 *inet6 = (const void *)&addr->storage;
	const struct sockaddr_in *inet = (const void *)&addr->storage;
	uint16_t number = ntohs(inet->sin_port);
	bool is_inet = lsk_addr_family(addr) == AF_INET;
	bool is_local = addr == &sock->local;

	if (is_inet)
		inet_ntop(AF_INET, &inet->sin_addr, host, sizeof(host));
	else if (sock->v6only || !IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr))
		inet_ntop(AF_INET6, &inet6->sin6_addr, host, sizeof(host));
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
	if (sock->protocol && sock->protocol != ETH_P_ALL)
		snprintf(protocol, sizeof(protocol), "[%u]", sock->protocol);
	snprintf(text, FIELD_SIZE, "%s:%s", protocol, name);
}

static void addresses(const struct lsk_diag_socket *sock, struct row *row)
{
	const struct sockaddr_nl *netlink = (const void *)&sock->local.storage;
	char *local = row->fields[SS_COLUMN_LOCAL];
	char *peer = row->fields[SS_COLUMN_PEER];

	switch (sock->family) {
	case AF_INET:
	case AF_INET6:
		inet_text(sock, &sock->local, local);
		inet_text(sock, &sock->peer, peer);
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
	default:
		packet_text(sock, local);
		break;
	}
	snprintf(peer, FIELD_SIZE, "*");
}

static void add_more(char *more, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_more(char *more, const char *format, ...)
{
	size_t used = strlen(more);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(more + used, FIELD_SIZE - used, format, arguments);
	va_end(arguments);
}

static void tcp_text(const struct lsk_diag_socket *sock, char *more)
{
	struct tcp_info info = {.tcpi_state = 0};
	size_t len = sock->info.len < sizeof(info) ? sock->info.len : sizeof(info);

	if (len > 0)
		memcpy(&info, sock->info.data, len);
	if (sock->congestion[0])
		add_more(more, " %s", sock->congestion);
	if (info.tcpi_rto && info.tcpi_rto != 3000000)
		add_more(more, " rto:%g", info.tcpi_rto / 1000.0);
	if (info.tcpi_rtt)
		add_more(more, " rtt:%g/%g", info.tcpi_rtt / 1000.0,
			 info.tcpi_rttvar / 1000.0);
	if (info.tcpi_snd_mss)
		add_more(more, " mss:%u", info.tcpi_snd_mss);
	if (info.tcpi_pmtu)
		add_more(more, " pmtu:%u", info.tcpi_pmtu);
	if (info.tcpi_snd_cwnd)
		add_more(more, " cwnd:%u", info.tcpi_snd_cwnd);
	if (info.tcpi_bytes_sent)
		add_more(more, " bytes_sent:%llu", info.tcpi_bytes_sent);
	if (info.tcpi_bytes_acked)
		add_more(more, " bytes_acked:%llu", info.tcpi_bytes_acked);
	if (info.tcpi_bytes_received)
		add_more(more, " bytes_received:%llu", info.tcpi_bytes_received);
	if (info.tcpi_total_retrans)
		add_more(more, " retrans:%u/%u", info.tcpi_retrans,
			 info.tcpi_total_retrans);
}

static void more_text(const struct ss_call *call, const struct lsk_diag_socket *sock,
		      char *more)
{
	static const char *const names[] = {"r", "rb", "t",  "tb", "f",
					    "w", "o",  "bl", "d"};

	if (call->is_extended) {
		if (sock->uid)
			add_more(more, " uid:%u", sock->uid);
		if (sock->inode && sock->family != AF_UNIX)
			add_more(more, " ino:%u", sock->inode);
		add_more(more, " sk:%" PRIx64, sock->cookie);
		if (sock->mark)
			add_more(more, " fwmark:%#x", sock->mark);
	}
	if (call->show & LSK_DIAG_SHOW_MEMORY && sock->has >> LSK_DIAG_MEMORY & 1) {
		add_more(more, " skmem:(");
		for (unsigned int i = 0; i < LSK_DIAG_MEMORY_MAX; i++)
			add_more(more, i ? ",%s%u" : "%s%u", names[i], sock->memory[i]);
		add_more(more, ")");
	}
	if (call->show & LSK_DIAG_SHOW_INFO &&
	    (sock->family == AF_INET || sock->family == AF_INET6))
		tcp_text(sock, more);
}

static int keep_row(struct ss_call *call, const struct row *row)
{
	for (int i = 0; i < SS_COLUMN__COUNT; i++) {
		size_t len = strlen(row->fields[i]) + 1;

		if (call->text_size - call->text_len < len) {
			size_t size = call->text_size ? call->text_size * 2 : 1 << 16;
			char *text = realloc(call->text, size);

			if (!text)
				return -ENOMEM;
			call->text = text;
			call->text_size = size;
		}
		memcpy(call->text + call->text_len, row->fields[i], len);
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
		"{s:s,s:s,s:I,s:I,s:s,s:s,s:I,s:I,s:I}", "netid",
		row->fields[SS_COLUMN_NETID], "state", row->fields[SS_COLUMN_STATE],
		"recv_q", (json_int_t)sock->receive_queue, "send_q",
		(json_int_t)sock->send_queue, "local", row->fields[SS_COLUMN_LOCAL],
		"peer", row->fields[SS_COLUMN_PEER], "uid", (json_int_t)sock->uid,
		"inode", (json_int_t)sock->inode, "cookie", (json_int_t)sock->cookie);

	return json_array_append_new(call->json, object) == 0 ? 1 : -ENOMEM;
}

int ss_show(struct ss_call *call, const struct ss_table *table,
	    const struct lsk_diag_socket *sock)
{
	struct row row;

	for (int i = 0; i < SS_COLUMN__COUNT; i++)
		row.fields[i][0] = '\0';
	snprintf(row.fields[SS_COLUMN_NETID], FIELD_SIZE, "%s", netid(table, sock));
	snprintf(row.fields[SS_COLUMN_STATE], FIELD_SIZE, "%s",
		 ss_state_name(sock->state));
	snprintf(row.fields[SS_COLUMN_RECEIVE], FIELD_SIZE, "%u", sock->receive_queue);
	snprintf(row.fields[SS_COLUMN_SEND], FIELD_SIZE, "%u", sock->send_queue);
	addresses(sock, &row);
	more_text(call, sock, row.fields[SS_COLUMN_MORE]);
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

int ss_finish(struct ss_call *call)
{
	static const char *const head[] = {"Netid", "State", "Recv-Q", "Send-Q",
					   "Local", "Peer",  ""};
	const char *fields[SS_COLUMN__COUNT];
	size_t at = 0;

	if (call->json) {
		json_dumpf(call->json, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(call->json);
		return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
	}
	memcpy(fields, head, sizeof(fields));
	for (int i = 0; i < SS_COLUMN__COUNT && !call->has_no_header; i++)
		if (strlen(head[i]) > call->widths[i])
			call->widths[i] = strlen(head[i]);
	if (!call->has_no_header)
		print_row(call, fields);
	while (at < call->text_len) {
		for (int i = 0; i < SS_COLUMN__COUNT; i++) {
			fields[i] = call->text + at;
			at += strlen(fields[i]) + 1;
		}
		print_row(call, fields);
	}
	free(call->text);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}
