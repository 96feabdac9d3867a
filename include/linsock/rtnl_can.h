/* SPDX-License-Identifier: MIT */
/*
 * CAN interfaces: bit timing, modes, state; what "ip link set can0 type can" does.
 *
 *	struct lsk_rtnl_can can = {
 *		.has = LSK_SET(LSK_CAN_BITTIMING),
 *		.bittiming = { .bitrate = 500000, .sample_point = 875 },
 *	};
 *	lsk_rtnl_link_set_up(nl, index, false, NULL);
 *	lsk_rtnl_can_set(nl, index, &can, &error);
 *	lsk_rtnl_link_set_up(nl, index, true, NULL);
 *
 * Most of it needs the interface down (-EBUSY), a restart needs it up. vcan and vxcan
 * have none of it (-EOPNOTSUPP).
 */
#ifndef LINSOCK_RTNL_CAN_H
#define LINSOCK_RTNL_CAN_H

#include <linux/can/netlink.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/rtnl.h>

LSK_BEGIN_DECLS

/** enum lsk_can_bit - presence bits of struct lsk_rtnl_can */
enum lsk_can_bit {
	LSK_CAN_BITTIMING,
	LSK_CAN_BITTIMING_CONST,
	LSK_CAN_CLOCK,
	LSK_CAN_STATE,
	LSK_CAN_CONTROL_MODE,
	LSK_CAN_RESTART_MS,
	LSK_CAN_RESTART,
	LSK_CAN_ERROR_COUNTER,
	LSK_CAN_DATA_BITTIMING,
	LSK_CAN_DATA_BITTIMING_CONST,
	LSK_CAN_TERMINATION,
	LSK_CAN_TERMINATION_CONST,
	LSK_CAN_BITRATE_CONST,
	LSK_CAN_DATA_BITRATE_CONST,
	LSK_CAN_BITRATE_MAX,
	LSK_CAN_TDC_VALUE,
	LSK_CAN_TDC_OFFSET,
	LSK_CAN_TDC_FILTER,
	LSK_CAN_MODE_SUPPORTED,
	LSK_CAN_XL_DATA_BITTIMING,
	LSK_CAN_XL_DATA_BITTIMING_CONST,
	LSK_CAN_XL_DATA_BITRATE_CONST,
	LSK_CAN_XL_TDC_VALUE,
	LSK_CAN_XL_TDC_OFFSET,
	LSK_CAN_XL_TDC_FILTER,
	LSK_CAN_XL_PWM_SHORT,
	LSK_CAN_XL_PWM_LONG,
	LSK_CAN_XL_PWM_OFFSET,
	LSK_CAN__COUNT
};

/**
 * enum lsk_can_xl_mode - CAN_CTRLMODE_* that kernel headers have since Linux 6.19
 * @LSK_CAN_MODE_RESTRICTED: send no frame but acknowledgements
 * @LSK_CAN_MODE_XL: XL frames
 * @LSK_CAN_MODE_XL_TDC_AUTO: the transceiver measures its delay
 * @LSK_CAN_MODE_XL_TDC_MANUAL: the delay is given
 * @LSK_CAN_MODE_XL_TMS: the transceiver switches its mode (pulse width modulation)
 */
enum lsk_can_xl_mode {
	LSK_CAN_MODE_RESTRICTED = 0x0800,
	LSK_CAN_MODE_XL = 0x1000,
	LSK_CAN_MODE_XL_TDC_AUTO = 0x2000,
	LSK_CAN_MODE_XL_TDC_MANUAL = 0x4000,
	LSK_CAN_MODE_XL_TMS = 0x8000,
};

/**
 * struct lsk_rtnl_can - what a CAN interface has besides a link's
 * @has: bits of enum lsk_can_bit
 * @bittiming, @data_bittiming, @xl_data_bittiming: with a bitrate and tq 0 the kernel
 *	computes the rest; with tq the bitrate is left out, as the kernel refuses both
 * @bittiming_const, @data_bittiming_const, @xl_data_bittiming_const: limits of the
 *	controller; read only
 * @clock: of the controller, in Hz; read only
 * @state: CAN_STATE_*; read only
 * @control_mode: CAN_CTRLMODE_*, @mask says which are meant
 * @restart_ms: after a bus-off; 0: by hand
 * @restart: 1: now
 * @error_counter: read only
 * @termination: in ohms
 * @termination_const, @bitrate_const, @data_bitrate_const, @xl_data_bitrate_const: what
 *	there is to choose from: 16 and 32 bits each; views, read only
 * @bitrate_max: of the transceiver; read only
 * @tdc_value, @tdc_offset, @tdc_filter: transmitter delay compensation, in time quanta
 * @xl_tdc_value, @xl_tdc_offset, @xl_tdc_filter: the same of XL
 * @xl_pwm_short, @xl_pwm_long, @xl_pwm_offset: pulse width modulation of XL, in clocks
 * @mode_supported: CAN_CTRLMODE_* that the controller has; read only
 */
struct lsk_rtnl_can {
	uint64_t has;
	struct can_bittiming bittiming;
	struct can_bittiming data_bittiming;
	struct can_bittiming_const bittiming_const;
	struct can_bittiming_const data_bittiming_const;
	struct can_clock clock;
	uint32_t state;
	struct can_ctrlmode control_mode;
	uint32_t restart_ms;
	uint32_t restart;
	struct can_berr_counter error_counter;
	uint16_t termination;
	uint32_t bitrate_max;
	uint32_t tdc_value;
	uint32_t tdc_offset;
	uint32_t tdc_filter;
	uint32_t mode_supported;
	struct lsk_nl_bytes termination_const;
	struct lsk_nl_bytes bitrate_const;
	struct lsk_nl_bytes data_bitrate_const;
	struct can_bittiming xl_data_bittiming;
	struct can_bittiming_const xl_data_bittiming_const;
	struct lsk_nl_bytes xl_data_bitrate_const;
	uint32_t xl_tdc_value;
	uint32_t xl_tdc_offset;
	uint32_t xl_tdc_filter;
	uint32_t xl_pwm_short;
	uint32_t xl_pwm_long;
	uint32_t xl_pwm_offset;
};

/**
 * lsk_rtnl_can_parse() - read what a CAN interface has
 * @link: as the kernel sent it; @data must still point to its message
 * @ret_can: zeroed and filled
 *
 * Return: 0; -EOPNOTSUPP where @link is of another kind; -EBADMSG.
 */
int lsk_rtnl_can_parse(const struct lsk_rtnl_link *link, struct lsk_rtnl_can *ret_can);

/**
 * lsk_rtnl_can_set() - configure a CAN interface
 * @nl: a NETLINK_ROUTE handle
 * @index: of the interface
 * @can: the fields whose bits are set
 * @ret_error: what the kernel says; may be NULL. Of CAN's own checks it says no
 *	attribute; where one field alone was set, its path is filled in
 *
 * A kernel that does not know XL (before 6.19) ignores its timing; ask for
 * LSK_CAN_MODE_XL with it, which such a kernel refuses.
 *
 * Return: 0, -EBUSY (the interface is up), -EOPNOTSUPP (not of this kind), -EINVAL
 * (a bitrate that the clock cannot make), or as lsk_nl_request().
 */
int lsk_rtnl_can_set(struct lsk_nl *nl, int index, const struct lsk_rtnl_can *can,
		     struct lsk_nl_error *ret_error);

/**
 * lsk_can_timing() - compute the bit timing that comes next to a bitrate
 * @limits: of the controller, as &lsk_rtnl_can.bittiming_const
 * @clock_hz: of the controller, as &lsk_rtnl_can.clock
 * @bitrate: wanted, in bit/s
 * @sample_point: wanted, in thousandths of a bit; 0: 875, 800 above 500 kbit/s, 750
 *	above 800 kbit/s
 * @ret_timing: set on success, with the bitrate and the sample point that it has
 *
 * Pure: no system call. lsk_rtnl_can_set() with a bitrate alone lets the kernel do it.
 *
 * Return: 0; -EDOM where the best one is more than 5 % off; -EINVAL.
 */
int lsk_can_timing(const struct can_bittiming_const *limits, uint32_t clock_hz,
		   uint32_t bitrate, uint32_t sample_point,
		   struct can_bittiming *ret_timing);

LSK_END_DECLS

#endif
