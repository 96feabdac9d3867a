// SPDX-License-Identifier: MIT
/*
 * A bus of two CAN controllers without hardware, for tests: bit timing of CAN FD, delay
 * compensation, termination, restart. What goes wrong on a bus is asked for by a
 * parameter, as no emulated controller has it:
 *
 *	echo "0 130 7" >/sys/module/can_lab/parameters/counters
 *
 * gives the first controller these error counters, and the state that follows; more
 * than 255 errors of sending are a bus-off.
 */
#include <linux/can/dev.h>
#include <linux/can/error.h>
#include <linux/ethtool.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>

#define LAB_COUNT 2

/* Linux 6.16 put what is FD's into a structure of its own. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define LAB_FD(can, member) ((can)->fd.member)
#else
#define LAB_FD(can, member) ((can)->member)
#endif

struct lab_can {
	struct can_priv can; /* the first member: can-dev looks for it there */
	struct can_berr_counter counters;
	unsigned int number;
};

static struct net_device *lab_devices[LAB_COUNT];

static const struct can_bittiming_const lab_bittiming = {
	.name = "can-lab",
	.tseg1_min = 2,
	.tseg1_max = 256,
	.tseg2_min = 2,
	.tseg2_max = 128,
	.sjw_max = 128,
	.brp_min = 1,
	.brp_max = 512,
	.brp_inc = 1,
};

static const struct can_bittiming_const lab_data_bittiming = {
	.name = "can-lab",
	.tseg1_min = 2,
	.tseg1_max = 32,
	.tseg2_min = 1,
	.tseg2_max = 16,
	.sjw_max = 16,
	.brp_min = 1,
	.brp_max = 32,
	.brp_inc = 1,
};

static const struct can_tdc_const lab_tdc = {
	.tdcv_min = 0,
	.tdcv_max = 127,
	.tdco_min = 0,
	.tdco_max = 127,
	.tdcf_min = 0,
	.tdcf_max = 127,
};

static const u16 lab_terminations[] = {CAN_TERMINATION_DISABLED, 120};

static int lab_set_termination(struct net_device *dev, u16 ohms)
{
	return 0;
}

static int lab_get_counters(const struct net_device *dev,
			    struct can_berr_counter *counters)
{
	*counters = ((struct lab_can *)netdev_priv(dev))->counters;
	return 0;
}

static int lab_get_delay(const struct net_device *dev, u32 *quanta)
{
	*quanta = 3;
	return 0;
}

static void lab_reset(struct net_device *dev)
{
	struct lab_can *lab = netdev_priv(dev);

	lab->counters = (struct can_berr_counter){0};
	lab->can.state = CAN_STATE_ERROR_ACTIVE;
}

static int lab_set_mode(struct net_device *dev, enum can_mode mode)
{
	if (mode != CAN_MODE_START)
		return -EOPNOTSUPP;
	lab_reset(dev);
	netif_wake_queue(dev);
	return 0;
}

static int lab_open(struct net_device *dev)
{
	int r = open_candev(dev);

	if (r < 0)
		return r;
	lab_reset(dev);
	netif_start_queue(dev);
	return 0;
}

static int lab_stop(struct net_device *dev)
{
	struct lab_can *lab = netdev_priv(dev);

	netif_stop_queue(dev);
	lab->can.state = CAN_STATE_STOPPED;
	close_candev(dev);
	return 0;
}

/* The other controller has it at once; then comes the echo. */
static netdev_tx_t lab_send(struct sk_buff *skb, struct net_device *dev)
{
	struct lab_can *lab = netdev_priv(dev);
	struct net_device *other = lab_devices[!lab->number];
	struct sk_buff *copy;
	unsigned int len;

	if (can_dev_dropped_skb(dev, skb))
		return NETDEV_TX_OK;
	copy = skb_clone(skb, GFP_ATOMIC);
	if (can_put_echo_skb(skb, dev, 0, 0) < 0) {
		kfree_skb(copy);
		return NETDEV_TX_OK;
	}
	len = can_get_echo_skb(dev, 0, NULL);
	dev->stats.tx_packets++;
	dev->stats.tx_bytes += len;
	if (!copy)
		return NETDEV_TX_OK;
	if (!netif_running(other)) {
		kfree_skb(copy);
		return NETDEV_TX_OK;
	}
	copy->dev = other;
	copy->pkt_type = PACKET_BROADCAST;
	skb_orphan(copy);
	other->stats.rx_packets++;
	other->stats.rx_bytes += len;
	netif_rx(copy);
	return NETDEV_TX_OK;
}

static const struct net_device_ops lab_operations = {
	.ndo_open = lab_open,
	.ndo_stop = lab_stop,
	.ndo_start_xmit = lab_send,
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	.ndo_change_mtu = can_change_mtu,
#endif
};

static enum can_state lab_state_of(unsigned int errors)
{
	return errors > 255   ? CAN_STATE_BUS_OFF
	       : errors > 127 ? CAN_STATE_ERROR_PASSIVE
	       : errors > 95  ? CAN_STATE_ERROR_WARNING
			      : CAN_STATE_ERROR_ACTIVE;
}

/* As a controller's interrupt would. */
static void lab_count(struct net_device *dev, struct can_berr_counter counters)
{
	struct lab_can *lab = netdev_priv(dev);
	enum can_state tx_state = lab_state_of(counters.txerr);
	enum can_state rx_state = lab_state_of(min_t(u16, counters.rxerr, 255));
	struct can_frame *frame;
	struct sk_buff *skb;

	lab->counters = counters;
	if (max(tx_state, rx_state) == lab->can.state)
		return;
	skb = alloc_can_err_skb(dev, &frame);
	if (!skb)
		return;
	can_change_state(dev, frame, tx_state >= rx_state ? tx_state : 0,
			 rx_state >= tx_state ? rx_state : 0);
	if (lab->can.state == CAN_STATE_BUS_OFF) {
		can_bus_off(dev);
	} else {
		frame->can_id |= CAN_ERR_CNT;
		frame->data[6] = counters.txerr;
		frame->data[7] = counters.rxerr;
	}
	netif_rx(skb);
}

static int lab_set_counters(const char *text, const struct kernel_param *unused)
{
	struct can_berr_counter counters;
	unsigned int number;
	int r = -ENETDOWN;

	if (sscanf(text, "%u %hu %hu", &number, &counters.txerr, &counters.rxerr) !=
		    3 ||
	    number >= LAB_COUNT)
		return -EINVAL;
	rtnl_lock();
	local_bh_disable();
	if (lab_devices[number] && netif_running(lab_devices[number])) {
		lab_count(lab_devices[number], counters);
		r = 0;
	}
	local_bh_enable();
	rtnl_unlock();
	return r;
}

static const struct kernel_param_ops lab_parameter = {.set = lab_set_counters};
module_param_cb(counters, &lab_parameter, NULL, 0200);
MODULE_PARM_DESC(counters, "CONTROLLER TX-ERRORS RX-ERRORS: set them now");

static void lab_describe(struct can_priv *can)
{
	can->clock.freq = 80000000;
	can->bittiming_const = &lab_bittiming;
	LAB_FD(can, data_bittiming_const) = &lab_data_bittiming;
	LAB_FD(can, tdc_const) = &lab_tdc;
	LAB_FD(can, do_get_auto_tdcv) = lab_get_delay;
	can->ctrlmode_supported = CAN_CTRLMODE_LOOPBACK | CAN_CTRLMODE_LISTENONLY |
				  CAN_CTRLMODE_FD | CAN_CTRLMODE_FD_NON_ISO |
				  CAN_CTRLMODE_ONE_SHOT | CAN_CTRLMODE_BERR_REPORTING |
				  CAN_CTRLMODE_TDC_AUTO | CAN_CTRLMODE_TDC_MANUAL;
	can->bitrate_max = 8000000;
	can->termination_const = lab_terminations;
	can->termination_const_cnt = ARRAY_SIZE(lab_terminations);
	can->do_set_termination = lab_set_termination;
	can->do_set_mode = lab_set_mode;
	can->do_get_berr_counter = lab_get_counters;
}

static int lab_add(unsigned int number)
{
	struct net_device *dev = alloc_candev(sizeof(struct lab_can), 1);
	struct lab_can *lab;
	int r;

	if (!dev)
		return -ENOMEM;
	lab = netdev_priv(dev);
	lab->number = number;
	lab_describe(&lab->can);
	dev->netdev_ops = &lab_operations;
	dev->flags |= IFF_ECHO;
	r = register_candev(dev);
	if (r < 0) {
		free_candev(dev);
		return r;
	}
	lab_devices[number] = dev;
	return 0;
}

static void lab_done(void)
{
	for (unsigned int i = 0; i < LAB_COUNT; i++) {
		struct net_device *dev = lab_devices[i];

		if (!dev)
			continue;
		unregister_candev(dev);
		free_candev(dev);
		lab_devices[i] = NULL;
	}
}

static int __init lab_init(void)
{
	int r = 0;

	for (unsigned int i = 0; i < LAB_COUNT && r == 0; i++)
		r = lab_add(i);
	if (r < 0)
		lab_done();
	return r;
}

static void __exit lab_exit(void)
{
	lab_done();
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("two CAN controllers on a bus, for tests");
MODULE_LICENSE("Dual MIT/GPL");
