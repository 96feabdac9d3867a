/* SPDX-License-Identifier: MIT */
/*
 * What a network device's driver tells: rings, link modes, features, time stamps; by
 * ethtool's generic netlink family (Linux 5.6).
 *
 *	lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
 *	lsk_genl_find(nl, "ethtool", &family);
 *	lsk_ethtool_features_get(nl, &family, "eth0", &features, NULL);
 *	if (lsk_ethtool_bit(&features.active, bit))
 *		...
 *
 * What the bits mean is told by the kernel: lsk_ethtool_strings(). Constants are in
 * linux/ethtool.h and linux/ethtool_netlink.h, which are not included: they bring all
 * of limits.h along.
 */
#ifndef LINSOCK_ETHTOOL_H
#define LINSOCK_ETHTOOL_H

#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/genl.h>

LSK_BEGIN_DECLS

/** LSK_ETHTOOL_WORDS - 32-bit words of a bitset that are kept */
#define LSK_ETHTOOL_WORDS 8

/**
 * struct lsk_ethtool_bits - a set of bits
 * @size: how many the kernel knows; those beyond 32 * LSK_ETHTOOL_WORDS are not kept
 * @value: the bits
 * @mask: those that @value speaks of (of link modes: those that are supported); all
 *	where the kernel sends a plain list
 */
struct lsk_ethtool_bits {
	uint32_t size;
	uint32_t value[LSK_ETHTOOL_WORDS];
	uint32_t mask[LSK_ETHTOOL_WORDS];
};

/** lsk_ethtool_bit() - whether bit @bit of @bits is set */
static inline bool lsk_ethtool_bit(const struct lsk_ethtool_bits *bits,
				   unsigned int bit)
{
	return bit < 32 * LSK_ETHTOOL_WORDS && bits->value[bit / 32] >> bit % 32 & 1;
}

/** enum lsk_rings_bit - presence bits of struct lsk_ethtool_rings */
enum lsk_rings_bit {
	LSK_RINGS_INDEX,
	LSK_RINGS_NAME,
	LSK_RINGS_RX_MAX,
	LSK_RINGS_RX_MINI_MAX,
	LSK_RINGS_RX_JUMBO_MAX,
	LSK_RINGS_TX_MAX,
	LSK_RINGS_RX,
	LSK_RINGS_RX_MINI,
	LSK_RINGS_RX_JUMBO,
	LSK_RINGS_TX,
	LSK_RINGS_RX_BUF_LEN,
	LSK_RINGS_TCP_DATA_SPLIT,
	LSK_RINGS_CQE_SIZE,
	LSK_RINGS_TX_PUSH,
	LSK_RINGS_RX_PUSH,
	LSK_RINGS__COUNT
};

/** struct lsk_ethtool_rings - sizes of a device's rings; ETHTOOL_A_RINGS_* of the same
 * names, @index and @name of the device */
struct lsk_ethtool_rings {
	struct genlmsghdr info;
	uint64_t has;
	uint32_t index;
	char name[16];
	uint32_t rx_max;
	uint32_t rx_mini_max;
	uint32_t rx_jumbo_max;
	uint32_t tx_max;
	uint32_t rx;
	uint32_t rx_mini;
	uint32_t rx_jumbo;
	uint32_t tx;
	uint32_t rx_buf_len;
	uint32_t cqe_size;
	uint8_t tcp_data_split;
	uint8_t tx_push;
	uint8_t rx_push;
};

/** enum lsk_modes_bit - presence bits of struct lsk_ethtool_modes */
enum lsk_modes_bit {
	LSK_MODES_INDEX,
	LSK_MODES_NAME,
	LSK_MODES_AUTONEG,
	LSK_MODES_OURS,
	LSK_MODES_PEER,
	LSK_MODES_SPEED,
	LSK_MODES_DUPLEX,
	LSK_MODES_LANES,
	LSK_MODES__COUNT
};

/**
 * struct lsk_ethtool_modes - how a device is linked
 * @info, @has, @index, @name: as of struct lsk_ethtool_rings; bits of lsk_modes_bit
 * @autoneg: 0 or 1
 * @speed: Mbit/s; 0xffffffff: unknown
 * @duplex: DUPLEX_HALF, DUPLEX_FULL, DUPLEX_UNKNOWN
 * @lanes: of the link
 * @ours: bits ETHTOOL_LINK_MODE_*: what is advertised, of what is supported
 * @peer: what the other side advertises
 */
struct lsk_ethtool_modes {
	struct genlmsghdr info;
	uint64_t has;
	uint32_t index;
	char name[16];
	uint8_t autoneg;
	uint8_t duplex;
	uint32_t speed;
	uint32_t lanes;
	struct lsk_ethtool_bits ours;
	struct lsk_ethtool_bits peer;
};

/**
 * struct lsk_ethtool_features - offloads and other abilities
 * @hardware: what may be switched
 * @wanted: what was asked for
 * @active: what is on
 * @fixed: what never changes
 *
 * Names: string set ETH_SS_FEATURES.
 */
struct lsk_ethtool_features {
	struct lsk_ethtool_bits hardware;
	struct lsk_ethtool_bits wanted;
	struct lsk_ethtool_bits active;
	struct lsk_ethtool_bits fixed;
};

/**
 * struct lsk_ethtool_timestamps - which time stamps a device makes
 * @has_clock: it has a clock
 * @clock: N of /dev/ptpN
 * @timestamping: bits of SOF_TIMESTAMPING_*
 * @tx_types: bits 1 << HWTSTAMP_TX_*
 * @rx_filters: bits 1 << HWTSTAMP_FILTER_*
 */
struct lsk_ethtool_timestamps {
	bool has_clock;
	uint32_t clock;
	struct lsk_ethtool_bits timestamping;
	struct lsk_ethtool_bits tx_types;
	struct lsk_ethtool_bits rx_filters;
};

/**
 * lsk_ethtool_rings_get() - the sizes of a device's rings
 * @nl: a NETLINK_GENERIC handle
 * @family: "ethtool", from lsk_genl_find()
 * @device: name of the interface
 * @ret_rings: set on success
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0, -ENODEV, -EOPNOTSUPP (the driver tells nothing of it), or as
 * lsk_nl_query().
 */
int lsk_ethtool_rings_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			  const char *device, struct lsk_ethtool_rings *ret_rings,
			  struct lsk_nl_error *ret_error);

/**
 * lsk_ethtool_modes_get() - how a device is linked
 * @nl: a NETLINK_GENERIC handle
 * @family: "ethtool"
 * @device: name of the interface
 * @ret_modes: set on success
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: as lsk_ethtool_rings_get().
 */
int lsk_ethtool_modes_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			  const char *device, struct lsk_ethtool_modes *ret_modes,
			  struct lsk_nl_error *ret_error);

/**
 * lsk_ethtool_features_get() - what a device can and does
 * @nl: a NETLINK_GENERIC handle
 * @family: "ethtool"
 * @device: name of the interface
 * @ret_features: set on success
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: as lsk_ethtool_rings_get().
 */
int lsk_ethtool_features_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			     const char *device,
			     struct lsk_ethtool_features *ret_features,
			     struct lsk_nl_error *ret_error);

/**
 * lsk_ethtool_timestamps_get() - which time stamps a device makes
 * @nl: a NETLINK_GENERIC handle
 * @family: "ethtool"
 * @device: name of the interface
 * @ret_timestamps: set on success
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: as lsk_ethtool_rings_get().
 */
int lsk_ethtool_timestamps_get(struct lsk_nl *nl, const struct lsk_genl_family *family,
			       const char *device,
			       struct lsk_ethtool_timestamps *ret_timestamps,
			       struct lsk_nl_error *ret_error);

/**
 * typedef lsk_ethtool_string_fn - one string of a set
 * @context: as given to lsk_ethtool_strings()
 * @bit: number of what it names
 * @text: borrowed for the call
 */
typedef void (*lsk_ethtool_string_fn)(void *context, uint32_t bit, const char *text);

/**
 * lsk_ethtool_strings() - what the bits of a set are called
 * @nl: a NETLINK_GENERIC handle
 * @family: "ethtool"
 * @set: ETH_SS_FEATURES, ETH_SS_LINK_MODES, ETH_SS_SOF_TIMESTAMPING …
 * @each: called for each
 * @context: handed to @each
 *
 * For the sets that are the same on all devices.
 *
 * Return: how many; -EINVAL for a set of devices; or as lsk_nl_query().
 */
int lsk_ethtool_strings(struct lsk_nl *nl, const struct lsk_genl_family *family,
			uint32_t set, lsk_ethtool_string_fn each, void *context);

/**
 * lsk_ethtool_rings_parse() - read an ETHTOOL_MSG_RINGS_GET_REPLY or RINGS_NTF
 * @msg: the whole message, aligned to 4 bytes
 * @ret_rings: zeroed and filled
 *
 * The group "monitor" of the family sends notifications.
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_ethtool_rings_parse(const struct nlmsghdr *msg,
			    struct lsk_ethtool_rings *ret_rings);

/**
 * lsk_ethtool_modes_parse() - read an ETHTOOL_MSG_LINKMODES_GET_REPLY or LINKMODES_NTF
 * @msg: the whole message, aligned to 4 bytes
 * @ret_modes: zeroed and filled
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_ethtool_modes_parse(const struct nlmsghdr *msg,
			    struct lsk_ethtool_modes *ret_modes);

/**
 * lsk_ethtool_features_parse() - read an ETHTOOL_MSG_FEATURES_GET_REPLY or FEATURES_NTF
 * @msg: the whole message, aligned to 4 bytes
 * @ret_features: zeroed and filled
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_ethtool_features_parse(const struct nlmsghdr *msg,
			       struct lsk_ethtool_features *ret_features);

/**
 * lsk_ethtool_timestamps_parse() - read an ETHTOOL_MSG_TSINFO_GET_REPLY
 * @msg: the whole message, aligned to 4 bytes
 * @ret_timestamps: zeroed and filled
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_ethtool_timestamps_parse(const struct nlmsghdr *msg,
				 struct lsk_ethtool_timestamps *ret_timestamps);

LSK_END_DECLS

#endif
