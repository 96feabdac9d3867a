/* SPDX-License-Identifier: MIT */
/* What an error frame says, as a structure and as candump -e tells it. */
#include <linsock/can.h>

#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "uring/util.h"

/* CAN_ERR_CNT, which kernel headers have since 6.0 only. */
#define CLASS_COUNTERS 0x00000200u

static const char *const class_names[] = {
	"tx-timeout",
	"lost-arbitration",
	"controller-problem",
	"protocol-violation",
	"transceiver-status",
	"no-acknowledgement-on-tx",
	"bus-off",
	"bus-error",
	"restarted-after-bus-off",
};

static const char *const controller_names[] = {
	"rx-overflow",          "tx-overflow",      "rx-error-warning",
	"tx-error-warning",     "rx-error-passive", "tx-error-passive",
	"back-to-error-active",
};

static const char *const violation_names[] = {
	"single-bit-error",       "frame-format-error",
	"bit-stuffing-error",     "tx-dominant-bit-error",
	"tx-recessive-bit-error", "bus-overload",
	"active-error",           "error-on-tx",
};

static const char *const location_names[] = {
	"unspecified",
	"unspecified",
	"id.28-to-id.21",
	"start-of-frame",
	"bit-srtr",
	"bit-ide",
	"id.20-to-id.18",
	"id.17-to-id.13",
	"crc-sequence",
	"reserved-bit-0",
	"data-field",
	"data-length-code",
	"bit-rtr",
	"reserved-bit-1",
	"id.4-to-id.0",
	"id.12-to-id.5",
	"unspecified",
	"active-error-flag",
	"intermission",
	"tolerate-dominant-bits",
	"unspecified",
	"unspecified",
	"passive-error-flag",
	"error-delimiter",
	"crc-delimiter",
	"acknowledge-slot",
	"end-of-frame",
	"acknowledge-delimiter",
	"overload-flag",
	"unspecified",
	"unspecified",
	"unspecified",
};

static uint8_t report_state(const struct lsk_can_error_report *report)
{
	uint8_t bits = report->controller;

	if (report->classes & CAN_ERR_BUSOFF)
		return LSK_CAN_STATE_BUS_OFF;
	if (!(report->classes & CAN_ERR_CRTL))
		return LSK_CAN_STATE_UNKNOWN;
	if (bits & (CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_PASSIVE))
		return LSK_CAN_STATE_PASSIVE;
	if (bits & (CAN_ERR_CRTL_RX_WARNING | CAN_ERR_CRTL_TX_WARNING))
		return LSK_CAN_STATE_WARNING;
	return bits & CAN_ERR_CRTL_ACTIVE ? LSK_CAN_STATE_ACTIVE
					  : LSK_CAN_STATE_UNKNOWN;
}

int lsk_can_error_decode(const struct lsk_can_frame *frame,
			 struct lsk_can_error_report *ret_report)
{
	struct lsk_can_error_report report = {.arbitration_bit = -1};
	uint8_t data[LSK_CAN_DATA_MAX] = {0};

	if (!frame || !ret_report || frame->kind != LSK_CAN_ERROR)
		return -EINVAL;
	memcpy(data, frame->data,
	       frame->len < sizeof(data) ? frame->len : sizeof(data));
	report.classes = frame->id;
	if (frame->id & CAN_ERR_LOSTARB && data[0] != CAN_ERR_LOSTARB_UNSPEC)
		report.arbitration_bit = data[0];
	if (frame->id & CAN_ERR_CRTL)
		report.controller = data[1];
	if (frame->id & CAN_ERR_PROT) {
		report.protocol = data[2];
		report.location = data[3];
	}
	if (frame->id & CAN_ERR_TRX)
		report.transceiver = data[4];
	report.has_counters = frame->id & CLASS_COUNTERS || data[6] || data[7];
	if (report.has_counters) {
		report.tx_errors = data[6];
		report.rx_errors = data[7];
	}
	report.state = report_state(&report);
	*ret_report = report;
	return 0;
}

/* Text that grows in a buffer; what does not fit is counted and not written. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *text, const char *format, ...)
{
	size_t room = text->len < text->size ? text->size - text->len : 0;
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(room ? text->buf + text->len : NULL, room, format, arguments);
	va_end(arguments);
	text->len += len > 0 ? (size_t)len : 0;
}

/* The names of the bits that are set, with commas. */
static void add_names(struct text *text, uint8_t bits, const char *const *names,
		      size_t count)
{
	const char *comma = "";

	for (size_t i = 0; i < count; i++)
		if (bits & 1u << i) {
			add(text, "%s%s", comma, names[i]);
			comma = ",";
		}
}

static void add_class(struct text *text, size_t class_index, const uint8_t *data)
{
	add(text, "%s", class_names[class_index]);
	switch (1u << class_index) {
	case CAN_ERR_LOSTARB:
		add(text, "{at bit %d}", data[0]);
		break;
	case CAN_ERR_CRTL:
		add(text, "{");
		add_names(text, data[1], controller_names,
			  ARRAY_SIZE(controller_names));
		add(text, "}");
		break;
	case CAN_ERR_PROT:
		add(text, "{{");
		add_names(text, data[2], violation_names, ARRAY_SIZE(violation_names));
		add(text, "}{%s}}",
		    data[3] > 0 && data[3] < ARRAY_SIZE(location_names)
			    ? location_names[data[3]]
			    : "");
		break;
	default:
		break;
	}
}

int lsk_can_error_format(const struct lsk_can_frame *frame, const char *separator,
			 char *buf, size_t size)
{
	struct text text = {.buf = buf, .size = size};
	uint8_t data[LSK_CAN_DATA_MAX] = {0};
	const char *between = "";

	if (!frame || !buf || frame->kind != LSK_CAN_ERROR)
		return -EINVAL;
	if (frame->id & ~(CLASS_COUNTERS | ((1u << ARRAY_SIZE(class_names)) - 1)))
		return LSK_ERR_RANGE;
	if (!separator)
		separator = ",";
	memcpy(data, frame->data,
	       frame->len < sizeof(data) ? frame->len : sizeof(data));
	if (size > 0)
		buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(class_names); i++)
		if (frame->id & 1u << i) {
			add(&text, "%s", between);
			add_class(&text, i, data);
			between = separator;
		}
	if (frame->id & CLASS_COUNTERS || data[6] || data[7])
		add(&text, "%serror-counter-tx-rx{{%d}{%d}}", separator, data[6],
		    data[7]);
	if (text.len >= size) {
		if (size > 0)
			buf[0] = '\0';
		return -ENOSPC;
	}
	return (int)text.len;
}
