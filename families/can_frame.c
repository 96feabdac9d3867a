/* SPDX-License-Identifier: MIT */
/* A frame as a checked value: from its parts, from text, from and to the kernel. */
#include <linsock/can.h>

#include <assert.h>
#include <linux/can.h>
#include <string.h>

#include "families/can_text.h"
#include "uring/util.h"

/* struct canxl_frame, which kernel headers have since 6.2 only. */
struct can_xl_wire {
	uint32_t priority; /* the VCID in bits 16 to 23 */
	uint8_t flags;
	uint8_t sdt;
	uint16_t len;
	uint32_t acceptance;
	uint8_t data[LSK_CANXL_DATA_MAX];
};

#define XL_HEADER_SIZE offsetof(struct can_xl_wire, data)
#define XL_VCID_SHIFT  16

/* Where struct can_frame has len8_dlc (since 5.11), and before that a reserved byte. */
#define RAW_DLC_OFFSET 7

static_assert(sizeof(struct can_frame) == LSK_CAN_MTU, "LSK_CAN_MTU is the kernel's");
static_assert(sizeof(struct canfd_frame) == LSK_CANFD_MTU,
	      "LSK_CANFD_MTU is the kernel's");
static_assert(sizeof(struct can_xl_wire) == LSK_CANXL_MTU,
	      "LSK_CANXL_MTU is the kernel's");
static_assert(offsetof(struct can_frame, data) == 8 &&
		      offsetof(struct canfd_frame, data) == 8,
	      "the data of classic and FD frames starts at the same byte");

static const uint8_t dlc_to_len[] = {0, 1,  2,  3,  4,  5,  6,  7,
				     8, 12, 16, 20, 24, 32, 48, 64};

unsigned int lsk_can_dlc_to_len(unsigned int dlc)
{
	return dlc_to_len[dlc & 0xF];
}

unsigned int lsk_can_len_to_dlc(size_t len)
{
	unsigned int dlc = len < 8 ? (unsigned int)len : 8;

	while (dlc < ARRAY_SIZE(dlc_to_len) - 1 && dlc_to_len[dlc] < len)
		dlc++;
	return dlc;
}

static size_t fd_round_up(size_t len)
{
	return lsk_can_dlc_to_len(lsk_can_len_to_dlc(len));
}

static void head_clear(struct lsk_can_frame *frame)
{
	memset(frame, 0, offsetof(struct lsk_can_frame, data));
}

int lsk_can_frame_set(struct lsk_can_frame *ret_frame, enum lsk_can_kind kind,
		      uint32_t can_id, const void *data, size_t len)
{
	bool is_extended = can_id & CAN_EFF_FLAG;
	bool is_remote = can_id & CAN_RTR_FLAG;
	uint32_t id = can_id & ~(CAN_EFF_FLAG | CAN_RTR_FLAG);
	size_t len_max = kind == LSK_CAN_FD ? LSK_CANFD_DATA_MAX : LSK_CAN_DATA_MAX;
	size_t padded;

	if (!ret_frame || (kind != LSK_CAN_CLASSIC && kind != LSK_CAN_FD) ||
	    (!data && len > 0 && !is_remote) || (is_remote && kind != LSK_CAN_CLASSIC))
		return -EINVAL;
	if (id > (is_extended ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX))
		return LSK_ERR_RANGE;
	if (len > len_max)
		return LSK_ERR_LENGTH;
	padded = kind == LSK_CAN_FD ? fd_round_up(len) : len;
	head_clear(ret_frame);
	ret_frame->id = id;
	ret_frame->kind = (uint8_t)kind;
	ret_frame->is_extended = is_extended;
	ret_frame->is_remote = is_remote;
	ret_frame->len = (uint16_t)padded;
	memset(ret_frame->data, 0, len_max);
	if (data && !is_remote)
		memcpy(ret_frame->data, data, len);
	return 0;
}

static int classic_check(const struct lsk_can_frame *frame)
{
	if (frame->len > LSK_CAN_DATA_MAX)
		return LSK_ERR_LENGTH;
	if (frame->flags != 0)
		return LSK_ERR_RANGE;
	if (frame->raw_dlc != 0 &&
	    (frame->len != LSK_CAN_DATA_MAX || frame->raw_dlc <= LSK_CAN_DATA_MAX ||
	     frame->raw_dlc > 15))
		return LSK_ERR_RANGE;
	return 0;
}

static int xl_check(const struct lsk_can_frame *frame)
{
	if (frame->len < 1 || frame->len > LSK_CANXL_DATA_MAX)
		return LSK_ERR_LENGTH;
	if (!(frame->flags & LSK_CANXL_XLF) || frame->id > LSK_CAN_ID_MAX ||
	    frame->is_extended || frame->is_remote || frame->raw_dlc != 0)
		return LSK_ERR_RANGE;
	return 0;
}

int lsk_can_frame_check(const struct lsk_can_frame *frame)
{
	uint32_t id_max;

	if (!frame)
		return -EINVAL;
	id_max = frame->is_extended || frame->kind == LSK_CAN_ERROR
			 ? LSK_CAN_EXTENDED_ID_MAX
			 : LSK_CAN_ID_MAX;
	if (frame->id > id_max)
		return LSK_ERR_RANGE;
	switch (frame->kind) {
	case LSK_CAN_CLASSIC:
		return classic_check(frame);
	case LSK_CAN_FD:
		if (frame->len > LSK_CANFD_DATA_MAX ||
		    fd_round_up(frame->len) != frame->len)
			return LSK_ERR_LENGTH;
		return frame->is_remote || frame->raw_dlc != 0 ? LSK_ERR_RANGE : 0;
	case LSK_CAN_XL:
		return xl_check(frame);
	case LSK_CAN_ERROR:
		if (frame->len > LSK_CAN_DATA_MAX)
			return LSK_ERR_LENGTH;
		return frame->is_extended || frame->is_remote || frame->flags != 0 ||
				       frame->raw_dlc != 0
			       ? LSK_ERR_RANGE
			       : 0;
	default:
		return -EINVAL;
	}
}

bool lsk_can_frame_equal(const struct lsk_can_frame *a, const struct lsk_can_frame *b)
{
	if (!a || !b)
		return a == b;
	if (a->id != b->id || a->kind != b->kind || a->is_extended != b->is_extended ||
	    a->is_remote != b->is_remote || a->raw_dlc != b->raw_dlc ||
	    a->len != b->len)
		return false;
	/* Older kernels leave FDF out; the kind says it. */
	if ((a->flags ^ b->flags) & (a->kind == LSK_CAN_FD ? ~LSK_CANFD_FDF : ~0))
		return false;
	if (a->kind == LSK_CAN_XL &&
	    (a->sdt != b->sdt || a->vcid != b->vcid || a->acceptance != b->acceptance))
		return false;
	return a->is_remote || memcmp(a->data, b->data, a->len) == 0;
}

static int xl_to_kernel(const struct lsk_can_frame *frame, void *buf, size_t size)
{
	struct can_xl_wire wire = {
		.priority = frame->id | (uint32_t)frame->vcid << XL_VCID_SHIFT,
		.flags = frame->flags,
		.sdt = frame->sdt,
		.len = frame->len,
		.acceptance = frame->acceptance,
	};
	size_t total = XL_HEADER_SIZE + frame->len;

	if (size < total)
		return -ENOSPC;
	memcpy(buf, &wire, XL_HEADER_SIZE);
	memcpy((uint8_t *)buf + XL_HEADER_SIZE, frame->data, frame->len);
	return (int)total;
}

int lsk_can_frame_to_kernel(const struct lsk_can_frame *frame, void *buf, size_t size)
{
	struct canfd_frame wire = {0};
	size_t total;
	int r = lsk_can_frame_check(frame);

	if (r < 0)
		return r;
	if (!buf)
		return -EINVAL;
	if (frame->kind == LSK_CAN_XL)
		return xl_to_kernel(frame, buf, size);
	total = frame->kind == LSK_CAN_FD ? LSK_CANFD_MTU : LSK_CAN_MTU;
	if (size < total)
		return -ENOSPC;
	wire.can_id = frame->id | (frame->is_extended ? CAN_EFF_FLAG : 0) |
		      (frame->is_remote ? CAN_RTR_FLAG : 0) |
		      (frame->kind == LSK_CAN_ERROR ? CAN_ERR_FLAG : 0);
	wire.len = (uint8_t)frame->len;
	wire.flags = frame->flags;
	if (!frame->is_remote)
		memcpy(wire.data, frame->data, frame->len);
	memcpy(buf, &wire, total);
	((uint8_t *)buf)[RAW_DLC_OFFSET] = frame->raw_dlc;
	return (int)total;
}

static int xl_from_kernel(struct lsk_can_frame *ret_frame, const void *buf, size_t size)
{
	struct can_xl_wire wire;

	memcpy(&wire, buf, XL_HEADER_SIZE);
	if (wire.len < 1 || wire.len > LSK_CANXL_DATA_MAX ||
	    size < XL_HEADER_SIZE + wire.len)
		return -EBADMSG;
	head_clear(ret_frame);
	ret_frame->id = wire.priority & LSK_CAN_ID_MAX;
	ret_frame->kind = LSK_CAN_XL;
	ret_frame->flags = wire.flags;
	ret_frame->sdt = wire.sdt;
	ret_frame->vcid = (uint8_t)(wire.priority >> XL_VCID_SHIFT);
	ret_frame->len = wire.len;
	ret_frame->acceptance = wire.acceptance;
	memcpy(ret_frame->data, (const uint8_t *)buf + XL_HEADER_SIZE, wire.len);
	return 0;
}

static void classic_from_kernel(struct lsk_can_frame *ret_frame, const uint8_t *bytes,
				uint32_t can_id)
{
	uint8_t raw_dlc = bytes[RAW_DLC_OFFSET];

	ret_frame->kind = can_id & CAN_ERR_FLAG ? LSK_CAN_ERROR : LSK_CAN_CLASSIC;
	ret_frame->is_remote = can_id & CAN_RTR_FLAG && !(can_id & CAN_ERR_FLAG);
	if (ret_frame->len > LSK_CAN_DATA_MAX)
		ret_frame->len = LSK_CAN_DATA_MAX;
	if (ret_frame->kind == LSK_CAN_CLASSIC && ret_frame->len == LSK_CAN_DATA_MAX &&
	    raw_dlc > LSK_CAN_DATA_MAX && raw_dlc <= 15)
		ret_frame->raw_dlc = raw_dlc;
	memcpy(ret_frame->data, bytes + offsetof(struct can_frame, data),
	       LSK_CAN_DATA_MAX);
}

int lsk_can_frame_from_kernel(struct lsk_can_frame *ret_frame, const void *buf,
			      size_t size)
{
	const uint8_t *bytes = buf;
	uint32_t can_id;

	if (!ret_frame || !buf)
		return -EINVAL;
	/* XL first: its length may be that of the other two. */
	if (size > XL_HEADER_SIZE && bytes[4] & LSK_CANXL_XLF)
		return xl_from_kernel(ret_frame, buf, size);
	if (size != LSK_CAN_MTU && size != LSK_CANFD_MTU)
		return -EBADMSG;
	memcpy(&can_id, bytes, sizeof(can_id));
	head_clear(ret_frame);
	ret_frame->is_extended = can_id & CAN_EFF_FLAG && !(can_id & CAN_ERR_FLAG);
	ret_frame->id = can_id & (can_id & (CAN_EFF_FLAG | CAN_ERR_FLAG)
					  ? LSK_CAN_EXTENDED_ID_MAX
					  : LSK_CAN_ID_MAX);
	ret_frame->len = bytes[4];
	if (size == LSK_CAN_MTU) {
		classic_from_kernel(ret_frame, bytes, can_id);
		return 0;
	}
	ret_frame->kind = LSK_CAN_FD;
	ret_frame->flags = bytes[5];
	if (ret_frame->len > LSK_CANFD_DATA_MAX)
		ret_frame->len = LSK_CANFD_DATA_MAX;
	memcpy(ret_frame->data, bytes + offsetof(struct canfd_frame, data),
	       LSK_CANFD_DATA_MAX);
	return 0;
}
