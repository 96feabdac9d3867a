/* SPDX-License-Identifier: MIT */
/* Channels: a CAN_RAW socket with its options set in the order that loses nothing. */
#include "families/can_channel.h"

#include <assert.h>
#include <linux/can/raw.h>
#include <linux/net_tstamp.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/can_text.h"
#include "uring/util.h"

#define BATCH_DEFAULT          64
#define BATCH_MAX              1024
#define RECEIVE_BUFFER_DEFAULT (4u << 20)

/* CAN XL options, which kernel headers have since 6.2 and 6.9 only. */
#define RAW_XL_FRAMES     7
#define RAW_XL_VCID_OPTS  8
#define XL_VCID_TX_PASS   0x02
#define XL_VCID_RX_FILTER 0x04

/* struct can_raw_vcid_options. */
struct raw_vcid_options {
	uint8_t flags;
	uint8_t tx_vcid;
	uint8_t rx_vcid;
	uint8_t rx_vcid_mask;
};

int can_batch_init(struct can_batch *batch, size_t count, size_t stride,
		   bool has_controls)
{
	*batch = (struct can_batch){.count = count, .stride = stride};
	batch->messages = calloc(count, sizeof(*batch->messages));
	batch->iovs = calloc(count, sizeof(*batch->iovs));
	batch->addrs = calloc(count, sizeof(*batch->addrs));
	batch->bytes = calloc(count, stride);
	if (has_controls)
		batch->controls = calloc(count, sizeof(*batch->controls));
	if (!batch->messages || !batch->iovs || !batch->addrs || !batch->bytes ||
	    (has_controls && !batch->controls)) {
		can_batch_done(batch);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		struct msghdr *message = &batch->messages[i].msg_hdr;

		batch->iovs[i].iov_base = batch->bytes + i * stride;
		batch->iovs[i].iov_len = stride;
		message->msg_iov = &batch->iovs[i];
		message->msg_iovlen = 1;
		message->msg_name = &batch->addrs[i];
		message->msg_namelen = sizeof(batch->addrs[i]);
		if (has_controls) {
			message->msg_control = batch->controls[i];
			message->msg_controllen = sizeof(batch->controls[i]);
		}
	}
	return 0;
}

void can_batch_done(struct can_batch *batch)
{
	free(batch->messages);
	free(batch->iovs);
	free(batch->addrs);
	free(batch->controls);
	free(batch->bytes);
	*batch = (struct can_batch){0};
}

/* A step of opening that failed, in words. */
static int step_failed(struct lsk_error *error, int r, const char *what)
{
	return error_set(error, r, 0, "%s: %s", what, lsk_strerror(r));
}

static int set_raw(struct lsk_can *can, int option, const void *value, size_t size)
{
	return lsk_socket_setsockopt(can->sock, SOL_CAN_RAW, option, value,
				     (socklen_t)size);
}

static int set_raw_int(struct lsk_can *can, int option, int value)
{
	return set_raw(can, option, &value, sizeof(value));
}

static int give_filters(struct lsk_can *can)
{
	return set_raw(can, CAN_RAW_FILTER, can->filter_count ? can->filters : NULL,
		       can->filter_count * sizeof(*can->filters));
}

/* Keep what the kernel is to judge by: what it is given, everything, or nothing. */
static int keep_filters(struct lsk_can *can, const struct lsk_can_config *config)
{
	static const struct lsk_can_filter everything = {0, 0};
	const struct lsk_can_filter *filters = &everything;
	size_t count = 1;

	static_assert(sizeof(struct lsk_can_filter) == sizeof(struct can_filter),
		      "filters are handed to the kernel as they are");
	if (config->receive_nothing || config->confirms)
		return 0;
	if (config->filter_count > 0 &&
	    config->filter_count <= CAN_KERNEL_FILTERS_MAX) {
		filters = config->filters;
		count = config->filter_count;
	}
	can->filters = calloc(count, sizeof(*filters));
	if (!can->filters)
		return -ENOMEM;
	memcpy(can->filters, filters, count * sizeof(*filters));
	can->filter_count = count;
	return 0;
}

int can_change_filters(struct lsk_can *can, const struct lsk_can_filter *filters,
		       size_t count)
{
	struct lsk_can_filter *copy = NULL;

	if (count > 0) {
		copy = calloc(count, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		memcpy(copy, filters, count * sizeof(*copy));
	}
	free(can->filters);
	can->filters = copy;
	can->filter_count = count;
	return give_filters(can);
}

/* Before the socket receives anything: what follows drops by the judge's word. */
static int set_judge(struct lsk_can *can, const struct lsk_can_config *config)
{
	int r = can_judge_init(&can->judge, config);

	return r < 0 ? r : can_program_attach(&can->judge, can->sock);
}

static int set_filters(struct lsk_can *can, const struct lsk_can_config *config)
{
	int r = keep_filters(can, config);

	if (r == 0 && !config->receive_nothing &&
	    config->filter_count > CAN_KERNEL_FILTERS_MAX)
		r = set_judge(can, config);
	/* Joined before the filters are: between the two nothing may pass. */
	else if (r == 0 && config->join_filters && config->filter_count > 0)
		r = set_raw_int(can, CAN_RAW_JOIN_FILTERS, 1);
	return r < 0 ? r : give_filters(can);
}

/*
 * Which frames the socket takes. Kernels without FD or XL leave the option out, and
 * then there are no such frames either. Return: bytes that hold every frame.
 */
static size_t set_frame_kinds(struct lsk_can *can, const struct lsk_can_config *config)
{
	/* Without this, frames with a VCID are neither received nor sent. */
	static const struct raw_vcid_options all_networks = {
		.flags = XL_VCID_TX_PASS | XL_VCID_RX_FILTER,
	};

	if (config->classic_only || set_raw_int(can, CAN_RAW_FD_FRAMES, 1) < 0)
		return LSK_CANFD_MTU;
	if (config->without_xl || set_raw_int(can, RAW_XL_FRAMES, 1) < 0)
		return LSK_CANFD_MTU;
	set_raw(can, RAW_XL_VCID_OPTS, &all_networks, sizeof(all_networks));
	return LSK_CANXL_MTU;
}

static int set_buffers(struct lsk_can *can, const struct lsk_can_config *config)
{
	size_t receive = config->receive_buffer ? config->receive_buffer
						: RECEIVE_BUFFER_DEFAULT;
	/* The kernel raises it to its least: a handful of frames. */
	size_t send = config->send_buffer ? config->send_buffer : 1;
	int r;

	if (receive > INT32_MAX / 2 || send > INT32_MAX / 2)
		return -EINVAL;
	r = lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_RCVBUFFORCE,
				      (int)receive);
	if (r < 0)
		r = lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_RCVBUF,
					      (int)receive);
	if (r < 0)
		return r;
	return lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_SNDBUF, (int)send);
}

static int set_time(struct lsk_can *can, const struct lsk_can_config *config)
{
	int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
		    SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE;
	int r;

	r = lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_RXQ_OVFL, 1);
	if (r < 0 || config->without_time)
		return r;
	if (config->hardware_time)
		return lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_TIMESTAMPING,
						 flags);
	return lsk_socket_setsockopt_int(can->sock, SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

static int set_options(struct lsk_can *can, const struct lsk_can_config *config,
		       struct lsk_error *error)
{
	int r = set_filters(can, config);

	if (r < 0)
		return step_failed(error, r, "filters");
	if (config->error_mask) {
		r = set_raw(can, CAN_RAW_ERR_FILTER, &config->error_mask,
			    sizeof(config->error_mask));
		if (r < 0)
			return step_failed(error, r, "error mask");
	}
	if (config->own_frames || config->confirms) {
		r = set_raw_int(can, CAN_RAW_RECV_OWN_MSGS, 1);
		if (r < 0)
			return step_failed(error, r, "own frames");
	}
	if (config->without_loopback) {
		r = set_raw_int(can, CAN_RAW_LOOPBACK, 0);
		if (r < 0)
			return step_failed(error, r, "loopback");
	}
	r = set_buffers(can, config);
	if (r < 0)
		return step_failed(error, r, "buffers");
	r = set_time(can, config);
	return r < 0 ? step_failed(error, r, "time and drop counter") : 0;
}

/* Return: 0; -ENODEV where there is no interface of that name; what bind(2) says. */
static int bind_channel(struct lsk_can *can)
{
	struct sockaddr_can sa = {.can_family = AF_CAN};
	struct lsk_addr addr;
	int r;

	if (can->interface[0]) {
		sa.can_ifindex = (int)if_nametoindex(can->interface);
		if (sa.can_ifindex == 0)
			return -ENODEV;
	}
	r = lsk_addr_set(&addr, &sa, sizeof(sa));
	return r < 0 ? r : lsk_socket_bind(can->sock, &addr);
}

static int bind_first(struct lsk_can *can, const char *interface,
		      struct lsk_error *error)
{
	int r = 0;

	if (interface && strlen(interface) >= sizeof(can->interface))
		r = -ENODEV;
	else if (interface && strcmp(interface, LSK_CAN_ANY) != 0)
		memcpy(can->interface, interface, strlen(interface) + 1);
	if (r == 0)
		r = bind_channel(can);
	if (r == -ENODEV)
		return error_set(error, r, 0, "no interface is called \"%s\"",
				 interface);
	if (r < 0)
		return error_set(error, r, 0, "bind to %s: %s",
				 interface ? interface : LSK_CAN_ANY, lsk_strerror(r));
	return 0;
}

int lsk_can_restore(struct lsk_can *can)
{
	struct sockaddr_can sa = {0};
	struct lsk_addr addr;
	int stale = 0;
	int r;

	if (!can)
		return -EINVAL;
	if (!can->interface[0])
		return 0;
	r = lsk_socket_getsockname(can->sock, &addr);
	if (r < 0)
		return r;
	memcpy(&sa, &addr.storage, addr.len < sizeof(sa) ? addr.len : sizeof(sa));
	if (sa.can_ifindex != 0)
		return 0;
	/* The kernel unbound the socket, took its filters and left -ENODEV behind. */
	lsk_socket_getsockopt_int(can->sock, SOL_SOCKET, SO_ERROR, &stale);
	r = give_filters(can);
	if (r == 0)
		r = bind_channel(can);
	lsk_can_forget_names(can);
	return r < 0 ? r : 1;
}

static bool can_be(const struct lsk_can_config *config, size_t batch)
{
	if (config->confirms && (config->filter_count > 0 || config->error_mask ||
				 config->without_loopback || config->without_time))
		return false;
	return batch <= BATCH_MAX && (config->filters || config->filter_count == 0) &&
	       config->on_full <= LSK_CAN_ON_FULL_FAIL;
}

static int channel_init(struct lsk_can *can, const struct lsk_can_config *config,
			struct lsk_error *error)
{
	size_t batch = config->batch ? config->batch : BATCH_DEFAULT;
	size_t mtu;
	int r;

	if (!can_be(config, batch))
		return step_failed(error, -EINVAL, "configuration");
	can->on_full = config->on_full;
	can->confirms = config->confirms;
	r = lsk_socket_new(&can->sock, AF_CAN, SOCK_RAW, CAN_RAW);
	if (r < 0)
		return step_failed(error, r, "CAN_RAW socket");
	r = set_options(can, config, error);
	if (r < 0)
		return r;
	mtu = set_frame_kinds(can, config);
	r = can_batch_init(&can->rx, batch, mtu, true);
	if (r == 0)
		r = can_batch_init(&can->tx, batch, LSK_CANXL_MTU, false);
	if (r < 0)
		return step_failed(error, r, "frame buffers");
	return bind_first(can, config->interface, error);
}

int lsk_can_open(struct lsk_can **ret_can, const struct lsk_can_config *config,
		 struct lsk_error *ret_error)
{
	static const struct lsk_can_config defaults = {0};
	struct lsk_can *can;
	int r;

	if (!ret_can)
		return step_failed(ret_error, -EINVAL, "no place for the channel");
	can = calloc(1, sizeof(*can));
	if (!can)
		return step_failed(ret_error, -ENOMEM, "channel");
	r = channel_init(can, config ? config : &defaults, ret_error);
	if (r < 0) {
		lsk_can_free(can);
		return r;
	}
	*ret_can = can;
	return 0;
}

struct lsk_can *lsk_can_free(struct lsk_can *can)
{
	if (!can)
		return NULL;
	lsk_socket_free(can->sock);
	can_batch_done(&can->rx);
	can_batch_done(&can->tx);
	can_judge_done(&can->judge);
	free(can->filters);
	free(can);
	return NULL;
}

struct lsk_socket *lsk_can_socket(const struct lsk_can *can)
{
	return can ? can->sock : NULL;
}

int lsk_can_stats(const struct lsk_can *can, struct lsk_can_stats *ret_stats)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(memory);

	if (!can || !ret_stats)
		return -EINVAL;
	*ret_stats = (struct lsk_can_stats){
		.received = can->received,
		.dropped = can->dropped,
		.sent = can->sent,
		.refused = can->refused,
	};
	/* The counter of the last frame knows nothing of what was dropped after it. */
	if (lsk_socket_getsockopt(can->sock, SOL_SOCKET, SO_MEMINFO, memory, &len) < 0)
		return 0;
	ret_stats->dropped += (uint32_t)(memory[SK_MEMINFO_DROPS] - can->drops_seen);
	ret_stats->receive_buffer = memory[SK_MEMINFO_RCVBUF];
	return 0;
}

const char *lsk_can_interface_name(struct lsk_can *can, unsigned int interface)
{
	struct can_name *name;

	if (!can)
		return "";
	for (size_t i = 0; i < CAN_NAMES_MAX && can->names[i].interface; i++)
		if (can->names[i].interface == interface)
			return can->names[i].name;
	name = &can->names[can->name_next++ % CAN_NAMES_MAX];
	name->interface = interface;
	if (!if_indextoname(interface, name->name))
		snprintf(name->name, sizeof(name->name), "#%u", interface);
	return name->name;
}

void lsk_can_forget_names(struct lsk_can *can)
{
	if (!can)
		return;
	memset(can->names, 0, sizeof(can->names));
	can->name_next = 0;
}
