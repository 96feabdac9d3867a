/* SPDX-License-Identifier: MIT */
/* RDS beyond addresses: congestion, transports, and what the kernel tells. */
#include <linsock/rds.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rds.h>

#include <linsock/message.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

/* A list grows between two calls; more than this is a fault of something else. */
#define LIST_BYTES_MAX (64 * 1024 * 1024)

/* A ring's poll misses updates (measured on 6.12: 22 of 91; poll(2), which joins its
 * queues once and stays, none of 60): each time that it was woken for something else it
 * begins anew by rds_poll(), which joins the queue of updates only while the socket "has
 * seen congestion", and that it forgets whenever it has told anything, such as room in
 * the own queue. So this is how long until the next look. */
#define LOOK_NS (LSK_NSEC_PER_SEC / 20)

int lsk_rds_set_transport(struct lsk_socket *sock, enum lsk_rds_transport transport)
{
	return lsk_socket_setsockopt_int(sock, SOL_RDS, SO_RDS_TRANSPORT,
					 (int)transport);
}

ssize_t lsk_rds_send(struct lsk_socket *sock, const void *buf, size_t len,
		     const struct lsk_addr *to)
{
	int64_t deadline_ns;

	if (!sock)
		return -EINVAL;
	deadline_ns = socket_deadline(sock);
	for (;;) {
		ssize_t sent = to ? lsk_socket_sendto(sock, buf, len, 0, to)
				  : lsk_socket_send(sock, buf, len, 0);
		int64_t until;
		int r;

		if (sent != -ENOBUFS || socket_timeout(sock) == 0)
			return sent;
		until = engine_now_ns();
		if (deadline_ns >= 0 && until >= deadline_ns)
			return -ETIME;
		until += LOOK_NS;
		if (deadline_ns >= 0 && until > deadline_ns)
			until = deadline_ns;
		/* Not POLLOUT, which tells of our own queue alone: an update of the
		 * map of congested ports shows as this, and as POLLIN. */
		r = socket_poll(sock, POLLWRBAND, until);
		if (r < 0 && r != -ETIME)
			return r;
	}
}

int lsk_rds_cancel(struct lsk_socket *sock, const struct lsk_addr *to)
{
	int family = lsk_addr_family(to);

	if (!to)
		return -EINVAL;
	if (family != AF_INET && family != AF_INET6)
		return LSK_ERR_FAMILY;
	return lsk_socket_setsockopt(sock, SOL_RDS, RDS_CANCEL_SENT_TO, &to->storage,
				     to->len);
}

int lsk_rds_watch_congestion(struct lsk_socket *sock, bool enabled)
{
	return lsk_socket_setsockopt_int(sock, SOL_RDS, RDS_CONG_MONITOR, enabled);
}

int lsk_rds_get_congestion(const struct lsk_control_item *item, uint64_t *ret_ports)
{
	if (!item || !ret_ports)
		return -EINVAL;
	if (item->level != SOL_RDS || item->type != RDS_CMSG_CONG_UPDATE)
		return -ENOMSG;
	if (item->len < sizeof(*ret_ports))
		return -EBADMSG;
	memcpy(ret_ports, item->data, sizeof(*ret_ports));
	return 0;
}

/* --- what the kernel tells --------------------------------------------------- */

static struct lsk_addr inet_addr_of(uint32_t address, uint16_t port)
{
	const struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = address,
	};
	struct lsk_addr addr = {.len = 0};

	(void)lsk_addr_set(&addr, &sin, sizeof(sin));
	return addr;
}

/* IPv4 stands mapped into IPv6 there. */
static struct lsk_addr mixed_addr_of(const struct in6_addr *address, uint16_t port)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = port};
	struct lsk_addr addr = {.len = 0};
	uint32_t inet;

	if (IN6_IS_ADDR_V4MAPPED(address)) {
		memcpy(&inet, &address->s6_addr[12], sizeof(inet));
		return inet_addr_of(inet, port);
	}
	sin6.sin6_addr = *address;
	(void)lsk_addr_set(&addr, &sin6, sizeof(sin6));
	return addr;
}

static void read_counter(const void *from, void *to)
{
	struct lsk_rds_counter *counter = to;
	struct rds_info_counter wire;

	memcpy(&wire, from, sizeof(wire));
	memcpy(counter->name, wire.name, sizeof(wire.name));
	counter->name[sizeof(wire.name)] = '\0';
	counter->value = wire.value;
}

static void read_connection(const void *from, void *to)
{
	struct lsk_rds_connection *connection = to;
	struct rds_info_connection wire;

	memcpy(&wire, from, sizeof(wire));
	connection->local = inet_addr_of(wire.laddr, 0);
	connection->remote = inet_addr_of(wire.faddr, 0);
	memcpy(connection->transport, wire.transport, sizeof(wire.transport));
	connection->transport[sizeof(wire.transport)] = '\0';
	connection->next_sent = wire.next_tx_seq;
	connection->next_received = wire.next_rx_seq;
	connection->is_up = wire.flags & RDS_INFO_CONNECTION_FLAG_CONNECTED;
}

static void read_socket(const void *from, void *to)
{
	struct lsk_rds_socket *sock = to;
	struct rds_info_socket wire;

	memcpy(&wire, from, sizeof(wire));
	sock->bound = inet_addr_of(wire.bound_addr, wire.bound_port);
	sock->connected = inet_addr_of(wire.connected_addr, wire.connected_port);
	sock->send_buffer = wire.sndbuf;
	sock->receive_buffer = wire.rcvbuf;
	sock->inode = wire.inum;
}

static void read_any_connection(const void *from, void *to)
{
	struct lsk_rds_connection *connection = to;
	struct rds6_info_connection wire;
	struct in6_addr addr;

	/* The kernel's struct is packed: an address in it may stand anywhere. */
	memcpy(&wire, from, sizeof(wire));
	memcpy(&addr, &wire.laddr, sizeof(addr));
	connection->local = mixed_addr_of(&addr, 0);
	memcpy(&addr, &wire.faddr, sizeof(addr));
	connection->remote = mixed_addr_of(&addr, 0);
	memcpy(connection->transport, wire.transport, sizeof(wire.transport));
	connection->transport[sizeof(wire.transport)] = '\0';
	connection->next_sent = wire.next_tx_seq;
	connection->next_received = wire.next_rx_seq;
	connection->is_up = wire.flags & RDS_INFO_CONNECTION_FLAG_CONNECTED;
}

static void read_any_socket(const void *from, void *to)
{
	struct lsk_rds_socket *sock = to;
	struct rds6_info_socket wire;
	struct in6_addr addr;

	memcpy(&wire, from, sizeof(wire));
	memcpy(&addr, &wire.bound_addr, sizeof(addr));
	sock->bound = mixed_addr_of(&addr, wire.bound_port);
	memcpy(&addr, &wire.connected_addr, sizeof(addr));
	sock->connected = mixed_addr_of(&addr, wire.connected_port);
	sock->send_buffer = wire.sndbuf;
	sock->receive_buffer = wire.rcvbuf;
	sock->inode = wire.inum;
}

static const struct {
	int option;
	size_t wire_size;
	size_t size;
	void (*read)(const void *from, void *to);
} tables[] = {
	[LSK_RDS_COUNTERS] = {RDS_INFO_COUNTERS, sizeof(struct rds_info_counter),
			      sizeof(struct lsk_rds_counter), read_counter},
	[LSK_RDS_CONNECTIONS] = {RDS_INFO_CONNECTIONS,
				 sizeof(struct rds_info_connection),
				 sizeof(struct lsk_rds_connection), read_connection},
	[LSK_RDS_SOCKETS] = {RDS_INFO_SOCKETS, sizeof(struct rds_info_socket),
			     sizeof(struct lsk_rds_socket), read_socket},
	[LSK_RDS_ALL_CONNECTIONS] = {RDS6_INFO_CONNECTIONS,
				     sizeof(struct rds6_info_connection),
				     sizeof(struct lsk_rds_connection),
				     read_any_connection},
	[LSK_RDS_ALL_SOCKETS] = {RDS6_INFO_SOCKETS, sizeof(struct rds6_info_socket),
				 sizeof(struct lsk_rds_socket), read_any_socket},
};

/* The kernel answers with the size of a row, and -ENOSPC with the bytes that it wants.
 * getsockopt(2) itself: what it returns is more than success. */
static int read_table(int fd, int option, void **ret_bytes, socklen_t *ret_len)
{
	socklen_t len = 4096;
	void *bytes = NULL;
	int r;

	do {
		void *grown = realloc(bytes, len);

		if (!grown) {
			free(bytes);
			return -ENOMEM;
		}
		bytes = grown;
		r = syscall_result(getsockopt(fd, SOL_RDS, option, bytes, &len));
	} while (r == -ENOSPC && len <= LIST_BYTES_MAX);
	if (r < 0) {
		free(bytes);
		return r;
	}
	*ret_bytes = bytes;
	*ret_len = len;
	return r;
}

int lsk_rds_list(const struct lsk_socket *sock, enum lsk_rds_table table,
		 void **ret_rows, size_t *ret_count)
{
	_cleanup_(freep) void *bytes = NULL;
	socklen_t len;
	int r;

	if (!ret_rows || !ret_count || (unsigned int)table >= LSK_RDS_TABLE__COUNT)
		return -EINVAL;
	r = read_table(lsk_socket_fd(sock), tables[table].option, &bytes, &len);
	if (r < 0)
		return r;
	return lsk_rds_parse(table, bytes, len, (size_t)r, ret_rows, ret_count);
}

int lsk_rds_parse(enum lsk_rds_table table, const void *bytes, size_t len, size_t step,
		  void **ret_rows, size_t *ret_count)
{
	uint8_t *rows = NULL;
	size_t count;

	if (!ret_rows || !ret_count || (!bytes && len > 0) ||
	    (unsigned int)table >= LSK_RDS_TABLE__COUNT)
		return -EINVAL;
	/* A newer kernel's row may be longer. */
	if (step < tables[table].wire_size)
		return -EBADMSG;
	count = len / step;
	if (count > 0) {
		rows = calloc(count, tables[table].size);
		if (!rows)
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		tables[table].read((const uint8_t *)bytes + i * step,
				   rows + i * tables[table].size);
	*ret_rows = rows;
	*ret_count = count;
	return 0;
}
