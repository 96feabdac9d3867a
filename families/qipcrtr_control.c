/* SPDX-License-Identifier: MIT */
/* Control packets of QIPCRTR, and the name service that is asked by them. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/qrtr.h>
#include <string.h>

#include <linsock/message.h>
#include <linsock/qipcrtr.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

static_assert(sizeof(struct qrtr_ctrl_pkt) == LSK_QIPCRTR_CONTROL_SIZE,
	      "a control packet is what the kernel calls one");
static_assert((int)LSK_QIPCRTR_HELLO == (int)QRTR_TYPE_HELLO &&
		      (int)LSK_QIPCRTR_NEW_SERVER == (int)QRTR_TYPE_NEW_SERVER &&
		      (int)LSK_QIPCRTR_DEL_LOOKUP == (int)QRTR_TYPE_DEL_LOOKUP,
	      "types are the kernel's");

static const char *const type_names[] = {
	[LSK_QIPCRTR_HELLO] = "hello",
	[LSK_QIPCRTR_BYE] = "bye",
	[LSK_QIPCRTR_NEW_SERVER] = "new-server",
	[LSK_QIPCRTR_DEL_SERVER] = "del-server",
	[LSK_QIPCRTR_DEL_CLIENT] = "del-client",
	[LSK_QIPCRTR_RESUME_TX] = "resume-tx",
	[LSK_QIPCRTR_EXIT] = "exit",
	[LSK_QIPCRTR_PING] = "ping",
	[LSK_QIPCRTR_NEW_LOOKUP] = "new-lookup",
	[LSK_QIPCRTR_DEL_LOOKUP] = "del-lookup",
};

const char *lsk_qipcrtr_type_name(uint32_t type)
{
	return type < ARRAY_SIZE(type_names) ? type_names[type] : NULL;
}

/* Whether a packet of the type is about a service. */
static bool has_service(uint32_t type)
{
	return type == LSK_QIPCRTR_NEW_SERVER || type == LSK_QIPCRTR_DEL_SERVER ||
	       type == LSK_QIPCRTR_NEW_LOOKUP || type == LSK_QIPCRTR_DEL_LOOKUP;
}

int lsk_qipcrtr_parse(const void *data, size_t len, struct lsk_qipcrtr_event *ret_event)
{
	struct qrtr_ctrl_pkt packet;
	struct lsk_qipcrtr_event event = {0};

	if (!data || !ret_event)
		return -EINVAL;
	if (len < sizeof(packet))
		return -EBADMSG;
	memcpy(&packet, data, sizeof(packet));
	event.type = le32toh(packet.cmd);
	if (has_service(event.type)) {
		const uint32_t instance = le32toh(packet.server.instance);

		event.service.service = le32toh(packet.server.service);
		event.service.version = (uint8_t)instance;
		event.service.instance = instance >> 8;
		event.node = le32toh(packet.server.node);
		event.port = le32toh(packet.server.port);
		event.is_end = event.type == LSK_QIPCRTR_NEW_SERVER &&
			       event.service.service == 0 && instance == 0 &&
			       event.node == 0 && event.port == 0;
	} else {
		event.node = le32toh(packet.client.node);
		event.port = le32toh(packet.client.port);
	}
	*ret_event = event;
	return 0;
}

int lsk_qipcrtr_build(const struct lsk_qipcrtr_event *event, void *ret_data)
{
	struct qrtr_ctrl_pkt packet = {0};

	if (!event || !ret_data)
		return -EINVAL;
	if (event->service.instance > UINT32_MAX >> 8)
		return LSK_ERR_RANGE;
	packet.cmd = htole32(event->type);
	if (has_service(event->type)) {
		packet.server.service = htole32(event->service.service);
		packet.server.instance =
			htole32(event->service.instance << 8 | event->service.version);
		packet.server.node = htole32(event->node);
		packet.server.port = htole32(event->port);
	} else {
		packet.client.node = htole32(event->node);
		packet.client.port = htole32(event->port);
	}
	memcpy(ret_data, &packet, sizeof(packet));
	return 0;
}

int lsk_addr_qipcrtr_read(const struct lsk_addr *addr, uint32_t *ret_node,
			  uint32_t *ret_port)
{
	struct sockaddr_qrtr qrtr;

	if (!addr)
		return -EINVAL;
	memcpy(&qrtr, &addr->storage, sizeof(qrtr));
	if (addr->len != sizeof(qrtr) || qrtr.sq_family != AF_QIPCRTR)
		return LSK_ERR_FAMILY;
	if (ret_node)
		*ret_node = qrtr.sq_node;
	if (ret_port)
		*ret_port = qrtr.sq_port;
	return 0;
}

int lsk_qipcrtr_open(struct lsk_socket **ret_socket, uint32_t port)
{
	struct lsk_socket *sock = NULL;
	struct lsk_addr addr;
	uint32_t node = 0;
	int r;

	if (!ret_socket)
		return -EINVAL;
	r = lsk_socket_new(&sock, AF_QIPCRTR, SOCK_DGRAM, 0);
	if (r < 0)
		return r;
	/* An unbound socket knows its node already. */
	r = lsk_socket_getsockname(sock, &addr);
	if (r == 0)
		r = lsk_addr_qipcrtr_read(&addr, &node, NULL);
	if (r == 0)
		r = lsk_addr_qipcrtr(&addr, node, port);
	if (r == 0)
		r = lsk_socket_bind(sock, &addr);
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

/* Tell the name service of the own node. */
static int tell(struct lsk_socket *sock, uint32_t type,
		const struct lsk_qipcrtr_service *service)
{
	struct lsk_qipcrtr_event event = {.type = type};
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_addr addr;
	ssize_t sent;
	int r;

	if (!sock || !service)
		return -EINVAL;
	event.service = *service;
	r = lsk_socket_getsockname(sock, &addr);
	if (r == 0)
		r = lsk_addr_qipcrtr_read(&addr, &event.node, &event.port);
	if (r < 0)
		return r;
	lsk_addr_qipcrtr(&addr, event.node, QRTR_PORT_CTRL);
	/* A lookup names nobody's port. */
	if (type == LSK_QIPCRTR_NEW_LOOKUP || type == LSK_QIPCRTR_DEL_LOOKUP)
		event.node = event.port = 0;
	r = lsk_qipcrtr_build(&event, packet);
	if (r < 0)
		return r;
	sent = lsk_socket_sendto(sock, packet, sizeof(packet), 0, &addr);
	return sent < 0 ? (int)sent : 0;
}

int lsk_qipcrtr_publish(struct lsk_socket *sock,
			const struct lsk_qipcrtr_service *service)
{
	return tell(sock, LSK_QIPCRTR_NEW_SERVER, service);
}

int lsk_qipcrtr_withdraw(struct lsk_socket *sock,
			 const struct lsk_qipcrtr_service *service)
{
	return tell(sock, LSK_QIPCRTR_DEL_SERVER, service);
}

int lsk_qipcrtr_watch(struct lsk_socket *sock,
		      const struct lsk_qipcrtr_service *service)
{
	return tell(sock, LSK_QIPCRTR_NEW_LOOKUP, service);
}

int lsk_qipcrtr_unwatch(struct lsk_socket *sock,
			const struct lsk_qipcrtr_service *service)
{
	return tell(sock, LSK_QIPCRTR_DEL_LOOKUP, service);
}

int lsk_qipcrtr_event(const struct lsk_addr *from, const void *data, size_t len,
		      struct lsk_qipcrtr_event *ret_event)
{
	uint32_t port = 0;
	int r = lsk_addr_qipcrtr_read(from, NULL, &port);

	if (r < 0)
		return r;
	if (port != QRTR_PORT_CTRL)
		return -ENOMSG;
	return lsk_qipcrtr_parse(data, len, ret_event);
}

ssize_t lsk_qipcrtr_receive(struct lsk_socket *sock, void *buf, size_t size,
			    struct lsk_addr *ret_from,
			    struct lsk_qipcrtr_event *ret_event)
{
	const struct iovec part = {buf, size};
	struct lsk_message message = {.buffers = &part, .buffers_count = 1};
	ssize_t len;
	int r;

	if (!sock || !buf || !ret_from || !ret_event)
		return -EINVAL;
	len = lsk_socket_recvmsg(sock, &message, 0);
	if (len < 0)
		return len;
	*ret_from = message.addr;
	*ret_event = (struct lsk_qipcrtr_event){0};
	r = lsk_qipcrtr_event(&message.addr, buf, (size_t)len, ret_event);
	if (r != -ENOMSG)
		return r;
	return message.flags & MSG_TRUNC ? -EMSGSIZE : len;
}

/* Collect what the name service tells up to its end. */
static int collect(struct lsk_socket *sock, struct lsk_qipcrtr_event *ret_servers,
		   size_t servers_max, int64_t deadline_ns)
{
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;
	size_t count = 0;

	for (;;) {
		int64_t left_ns =
			deadline_ns < 0 ? LSK_BLOCK : deadline_ns - engine_now_ns();
		ssize_t r;

		if (deadline_ns >= 0 && left_ns <= 0)
			return -ETIME;
		lsk_socket_set_timeout(sock, left_ns);
		r = lsk_qipcrtr_receive(sock, packet, sizeof(packet), &from, &event);
		if (r < 0 && r != -EMSGSIZE && r != -EBADMSG)
			return (int)r;
		if (r != 0 || event.type != LSK_QIPCRTR_NEW_SERVER)
			continue;
		if (event.is_end)
			return (int)count;
		if (count < servers_max)
			ret_servers[count] = event;
		count++;
	}
}

int lsk_qipcrtr_find(const struct lsk_qipcrtr_service *service,
		     struct lsk_qipcrtr_event *ret_servers, size_t servers_max,
		     int64_t timeout_ns)
{
	const int64_t deadline_ns =
		timeout_ns < 0 ? LSK_BLOCK : engine_now_ns() + timeout_ns;
	struct lsk_socket *sock = NULL;
	int r;

	if (!service || (!ret_servers && servers_max > 0))
		return -EINVAL;
	do {
		r = lsk_qipcrtr_open(&sock, 0);
		if (r == 0)
			r = lsk_qipcrtr_watch(sock, service);
		if (r == 0)
			r = collect(sock, ret_servers, servers_max, deadline_ns);
		sock = lsk_socket_free(sock);
		/* A name service that began anew knows nothing of our question, and
		 * what the old one has told would end the new one's answer. */
	} while (r == -ENETRESET);
	return r;
}
