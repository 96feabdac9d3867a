/* SPDX-License-Identifier: MIT */
/* Options of isochronous channels. */
#include <linsock/bluetooth_iso.h>

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

enum {
	LEVEL_BLUETOOTH = 274,
	BT_ISO_QOS = 17,
};

/* include/net/bluetooth/bluetooth.h, which no header of the UAPI has: what streams and
 * broadcasts have in common, which is all that Linux 6.1 knows. */
struct bt_iso_io_qos {
	uint32_t interval;
	uint16_t latency;
	uint16_t sdu;
	uint8_t phy;
	uint8_t rtn;
};

struct bt_iso_qos {
	uint8_t cig;
	uint8_t cis;
	uint8_t sca;
	uint8_t packing;
	uint8_t framing;
	struct bt_iso_io_qos in;
	struct bt_iso_io_qos out;
};

static_assert(sizeof(struct bt_iso_io_qos) == 12, "as the kernel has it");
static_assert(offsetof(struct bt_iso_qos, in) == 8, "as the kernel has it");
static_assert(sizeof(struct bt_iso_qos) == 32, "as the kernel has it");

/* The kernel's structure has grown, and it takes none that is shorter than its own.
 * What follows the part that we know is given back as it was read. */
union qos {
	struct bt_iso_qos known;
	uint8_t bytes[128];
};

static int qos_read(const struct lsk_socket *sock, union qos *ret_qos)
{
	socklen_t len = sizeof(*ret_qos);

	memset(ret_qos, 0, sizeof(*ret_qos));
	return lsk_socket_getsockopt(sock, LEVEL_BLUETOOTH, BT_ISO_QOS, ret_qos, &len);
}

static struct bt_iso_io_qos way_to_wire(const struct lsk_iso_way *way)
{
	return (struct bt_iso_io_qos){
		.interval = way->interval_us,
		.latency = way->latency_ms,
		.sdu = way->sdu_max,
		.phy = way->phys,
		.rtn = way->retransmissions,
	};
}

static struct lsk_iso_way way_from_wire(const struct bt_iso_io_qos *wire)
{
	return (struct lsk_iso_way){
		.interval_us = wire->interval,
		.latency_ms = wire->latency,
		.sdu_max = wire->sdu,
		.phys = wire->phy,
		.retransmissions = wire->rtn,
	};
}

int lsk_iso_set_qos(struct lsk_socket *sock, const struct lsk_iso_qos *qos)
{
	union qos wire;
	int r;

	if (!qos)
		return -EINVAL;
	r = qos_read(sock, &wire);
	if (r < 0)
		return r;
	wire.known = (struct bt_iso_qos){
		.cig = qos->group,
		.cis = qos->stream,
		.sca = qos->clock_accuracy,
		.packing = qos->is_interleaved,
		.framing = qos->is_framed,
		.in = way_to_wire(&qos->receive),
		.out = way_to_wire(&qos->send),
	};
	return lsk_socket_setsockopt(sock, LEVEL_BLUETOOTH, BT_ISO_QOS, &wire,
				     sizeof(wire));
}

int lsk_iso_qos(const struct lsk_socket *sock, struct lsk_iso_qos *ret_qos)
{
	union qos wire;
	int r;

	if (!ret_qos)
		return -EINVAL;
	r = qos_read(sock, &wire);
	if (r < 0)
		return r;
	*ret_qos = (struct lsk_iso_qos){
		.group = wire.known.cig,
		.stream = wire.known.cis,
		.clock_accuracy = wire.known.sca,
		.is_interleaved = wire.known.packing,
		.is_framed = wire.known.framing,
		.receive = way_from_wire(&wire.known.in),
		.send = way_from_wire(&wire.known.out),
	};
	return 0;
}
