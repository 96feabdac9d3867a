/* SPDX-License-Identifier: MIT */
/* AF_XDP's addresses: an interface and one of its queues. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_xdp.h>

#include <linsock/xdp.h>

#include "families/fields.h"
#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

static const struct field_kind queue_kind = {"a queue", UINT32_MAX, NULL};

int lsk_addr_xdp(struct lsk_addr *ret_addr, unsigned int interface, unsigned int queue)
{
	const struct sockaddr_xdp xdp = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = interface,
		.sxdp_queue_id = queue,
	};

	return lsk_addr_set(ret_addr, &xdp, sizeof(xdp));
}

int lsk_addr_xdp_read(const struct lsk_addr *addr, unsigned int *ret_interface,
		      unsigned int *ret_queue)
{
	struct sockaddr_xdp xdp;

	if (!addr)
		return -EINVAL;
	if (lsk_addr_family(addr) != AF_XDP || addr->len != sizeof(xdp))
		return LSK_ERR_FAMILY;
	memcpy(&xdp, &addr->storage, sizeof(xdp));
	if (ret_interface)
		*ret_interface = xdp.sxdp_ifindex;
	if (ret_queue)
		*ret_queue = xdp.sxdp_queue_id;
	return 0;
}

static int xdp_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	struct fields fields = {.text = text, .error = ret_error};
	uint32_t queue = 0;
	int interface = 0;
	int r = fields_interface(&fields, "/", &interface);

	if (r == 0 && fields_skip(&fields, '/'))
		r = fields_number(&fields, "", &queue_kind, &queue);
	if (r == 0)
		r = fields_expect_end(&fields);
	return r < 0 ? r : lsk_addr_xdp(ret_addr, (unsigned int)interface, queue);
}

/* Flags and the descriptor of shared memory mean something to bind(2) alone. */
static int xdp_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	const struct sockaddr_xdp *xdp = (const struct sockaddr_xdp *)&addr->storage;
	struct text_writer writer = {.buf = buf, .size = size};

	if (addr->len != sizeof(*xdp))
		return -EINVAL;
	text_put_interface(&writer, (int)xdp->sxdp_ifindex);
	text_put_format(&writer, "/%u", xdp->sxdp_queue_id);
	return text_end(&writer);
}

static const struct family_type xdp_types[] = {
	{"raw", SOCK_RAW, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_xdp = {
	.domain = AF_XDP,
	.name = "xdp",
	.summary = "frames of a device's queue in shared memory",
	.parse = xdp_parse,
	.format = xdp_format,
	.types = xdp_types,
	.probe = &xdp_probe,
	/* Bytes move by the rings; sendmsg(2) is no more than a kick. */
	.send = FAMILY_SEND_SYSCALL,
};
