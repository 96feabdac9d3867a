/* SPDX-License-Identifier: MIT */
/* The link attributes of CAN controllers. */
#include <linsock/rtnl_can.h>

#include <errno.h>
#include <string.h>

#include "families/netlink_table.h"
#include "families/rtnl.h"
#include "uring/util.h"

#define CAN(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_can, member, LSK_CAN_##number)

/* Of Linux 6.19; older headers end before them. */
enum {
	CAN_XL_DATA_BITTIMING = 18,
	CAN_XL_DATA_BITTIMING_CONST,
	CAN_XL_DATA_BITRATE_CONST,
	CAN_XL_TDC,
	CAN_XL_PWM,
};
enum {
	PWM_SHORT_MIN = 1,
	PWM_SHORT_MAX,
	PWM_LONG_MIN,
	PWM_LONG_MAX,
	PWM_OFFSET_MIN,
	PWM_OFFSET_MAX,
	PWM_SHORT,
	PWM_LONG,
	PWM_OFFSET,
};

/* Compensation of the transceiver's delay: FD and XL have the same, each its own. */
#define TDC_FIELDS(member, number)                                          \
	[IFLA_CAN_TDC_TDCV_MIN] = LSK_NL_NAMED("tdcv-min", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCV_MAX] = LSK_NL_NAMED("tdcv-max", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCO_MIN] = LSK_NL_NAMED("tdco-min", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCO_MAX] = LSK_NL_NAMED("tdco-max", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCF_MIN] = LSK_NL_NAMED("tdcf-min", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCF_MAX] = LSK_NL_NAMED("tdcf-max", LSK_NL_UINT),    \
	[IFLA_CAN_TDC_TDCV] =                                               \
		CAN("tdcv", LSK_NL_UINT, member##_value, number##_VALUE),   \
	[IFLA_CAN_TDC_TDCO] =                                               \
		CAN("tdco", LSK_NL_UINT, member##_offset, number##_OFFSET), \
	[IFLA_CAN_TDC_TDCF] =                                               \
		CAN("tdcf", LSK_NL_UINT, member##_filter, number##_FILTER)

static const struct lsk_nl_field tdc_fields[] = {TDC_FIELDS(tdc, TDC)};

static const struct lsk_nl_table tdc_table = {
	.fields = tdc_fields,
	.count = ARRAY_SIZE(tdc_fields),
};

static const struct lsk_nl_field xl_tdc_fields[] = {TDC_FIELDS(xl_tdc, XL_TDC)};

static const struct lsk_nl_table xl_tdc_table = {
	.fields = xl_tdc_fields,
	.count = ARRAY_SIZE(xl_tdc_fields),
};

static const struct lsk_nl_field pwm_fields[] = {
	[PWM_SHORT_MIN] = LSK_NL_NAMED("pwms-min", LSK_NL_UINT),
	[PWM_SHORT_MAX] = LSK_NL_NAMED("pwms-max", LSK_NL_UINT),
	[PWM_LONG_MIN] = LSK_NL_NAMED("pwml-min", LSK_NL_UINT),
	[PWM_LONG_MAX] = LSK_NL_NAMED("pwml-max", LSK_NL_UINT),
	[PWM_OFFSET_MIN] = LSK_NL_NAMED("pwmo-min", LSK_NL_UINT),
	[PWM_OFFSET_MAX] = LSK_NL_NAMED("pwmo-max", LSK_NL_UINT),
	[PWM_SHORT] = CAN("pwms", LSK_NL_UINT, xl_pwm_short, XL_PWM_SHORT),
	[PWM_LONG] = CAN("pwml", LSK_NL_UINT, xl_pwm_long, XL_PWM_LONG),
	[PWM_OFFSET] = CAN("pwmo", LSK_NL_UINT, xl_pwm_offset, XL_PWM_OFFSET),
};

static const struct lsk_nl_table pwm_table = {
	.fields = pwm_fields,
	.count = ARRAY_SIZE(pwm_fields),
};

static const struct lsk_nl_field mode_fields[] = {
	[IFLA_CAN_CTRLMODE_SUPPORTED] =
		CAN("supported", LSK_NL_UINT, mode_supported, MODE_SUPPORTED),
};

static const struct lsk_nl_table mode_table = {
	.fields = mode_fields,
	.count = ARRAY_SIZE(mode_fields),
};

static const struct lsk_nl_field can_fields[] = {
	[IFLA_CAN_BITTIMING] = CAN("bittiming", LSK_NL_BYTES, bittiming, BITTIMING),
	[IFLA_CAN_BITTIMING_CONST] =
		CAN("bittiming-const", LSK_NL_BYTES, bittiming_const, BITTIMING_CONST),
	[IFLA_CAN_CLOCK] = CAN("clock", LSK_NL_BYTES, clock, CLOCK),
	[IFLA_CAN_STATE] = CAN("state", LSK_NL_UINT, state, STATE),
	[IFLA_CAN_CTRLMODE] = CAN("ctrlmode", LSK_NL_BYTES, control_mode, CONTROL_MODE),
	[IFLA_CAN_RESTART_MS] = CAN("restart-ms", LSK_NL_UINT, restart_ms, RESTART_MS),
	[IFLA_CAN_RESTART] = CAN("restart", LSK_NL_UINT, restart, RESTART),
	[IFLA_CAN_BERR_COUNTER] =
		CAN("berr-counter", LSK_NL_BYTES, error_counter, ERROR_COUNTER),
	[IFLA_CAN_DATA_BITTIMING] =
		CAN("data-bittiming", LSK_NL_BYTES, data_bittiming, DATA_BITTIMING),
	[IFLA_CAN_DATA_BITTIMING_CONST] =
		CAN("data-bittiming-const", LSK_NL_BYTES, data_bittiming_const,
		    DATA_BITTIMING_CONST),
	[IFLA_CAN_TERMINATION] =
		CAN("termination", LSK_NL_UINT, termination, TERMINATION),
	[IFLA_CAN_TERMINATION_CONST] = CAN("termination-const", LSK_NL_VIEW,
					   termination_const, TERMINATION_CONST),
	[IFLA_CAN_BITRATE_CONST] =
		CAN("bitrate-const", LSK_NL_VIEW, bitrate_const, BITRATE_CONST),
	[IFLA_CAN_DATA_BITRATE_CONST] = CAN("data-bitrate-const", LSK_NL_VIEW,
					    data_bitrate_const, DATA_BITRATE_CONST),
	[IFLA_CAN_BITRATE_MAX] =
		CAN("bitrate-max", LSK_NL_UINT, bitrate_max, BITRATE_MAX),
	[IFLA_CAN_TDC] = LSK_NL_INSIDE("tdc", &tdc_table),
	[IFLA_CAN_CTRLMODE_EXT] = LSK_NL_INSIDE("ctrlmode-ext", &mode_table),
	[CAN_XL_DATA_BITTIMING] = CAN("xl-data-bittiming", LSK_NL_BYTES,
				      xl_data_bittiming, XL_DATA_BITTIMING),
	[CAN_XL_DATA_BITTIMING_CONST] =
		CAN("xl-data-bittiming-const", LSK_NL_BYTES, xl_data_bittiming_const,
		    XL_DATA_BITTIMING_CONST),
	[CAN_XL_DATA_BITRATE_CONST] = CAN("xl-data-bitrate-const", LSK_NL_VIEW,
					  xl_data_bitrate_const, XL_DATA_BITRATE_CONST),
	[CAN_XL_TDC] = LSK_NL_INSIDE("xl-tdc", &xl_tdc_table),
	[CAN_XL_PWM] = LSK_NL_INSIDE("xl-pwm", &pwm_table),
};

const struct lsk_nl_table rtnl_can_table = {
	.fields = can_fields,
	.count = ARRAY_SIZE(can_fields),
	.size = sizeof(struct lsk_rtnl_can),
	.has_offset = offsetof(struct lsk_rtnl_can, has),
};

int lsk_rtnl_can_parse(const struct lsk_rtnl_link *link, struct lsk_rtnl_can *ret_can)
{
	if (strcmp(link->kind, "can") != 0)
		return -EOPNOTSUPP;
	memset(ret_can, 0, sizeof(*ret_can));
	if (!LSK_HAS(link, LSK_LINK_DATA))
		return 0;
	return lsk_nl_parse_attributes(link->data, &rtnl_can_table, ret_can);
}

/* The kernel takes a bitrate or the quanta, and refuses both. */
static void prefer_quanta(struct can_bittiming *timing)
{
	if (timing->tq != 0)
		timing->bitrate = 0;
}

/*
 * The checks of CAN have words, since Linux 6.3, but name no attribute: of one that is
 * alone there is no doubt. @first is where it stands in the request.
 */
static void name_attribute(struct lsk_nl_error *error, const struct nlmsghdr *request,
			   uint32_t first, uint64_t has)
{
	bool is_alone = has != 0 && (has & (has - 1)) == 0;

	if (!is_alone || error->path[0] || error->code == -EPERM ||
	    error->code == -ENODEV)
		return;
	netlink_path(request,
		     netlink_message_find(NETLINK_ROUTE, request->nlmsg_type)->table,
		     first, 0, error->path, sizeof(error->path));
}

int lsk_rtnl_can_set(struct lsk_nl *nl, int index, const struct lsk_rtnl_can *can,
		     struct lsk_nl_error *ret_error)
{
	const struct ifinfomsg info = {.ifi_index = index};
	struct lsk_rtnl_can wanted = *can;
	uint32_t first = 0;
	LSK_NL_MSG(msg, 1024);
	int r;

	prefer_quanta(&wanted.bittiming);
	prefer_quanta(&wanted.data_bittiming);
	prefer_quanta(&wanted.xl_data_bittiming);
	/* NEWLINK: SETLINK ignores what is in a link's info. */
	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "can");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		{
			first = msg.header->nlmsg_len;
			lsk_nl_build_attributes(&msg, &rtnl_can_table, &wanted);
		}
	}
	r = lsk_nl_request(nl, &msg, ret_error);
	if (r < 0 && ret_error)
		name_attribute(ret_error, msg.header, first, can->has);
	return r;
}
