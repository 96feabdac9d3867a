/* SPDX-License-Identifier: MIT */
/* Options of L2CAP, RFCOMM and SCO sockets. */
#include <linsock/bluetooth.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* include/net/bluetooth/{bluetooth,l2cap,rfcomm,sco}.h, which no header of the UAPI
 * has. */
enum {
	LEVEL_L2CAP = 6,
	LEVEL_SCO = 17,
	LEVEL_RFCOMM = 18,
	LEVEL_BLUETOOTH = 274,

	BT_SECURITY = 4,
	BT_DEFER_SETUP = 7,
	BT_VOICE = 11,
	BT_SNDMTU = 12,
	BT_RCVMTU = 13,
	BT_PKT_STATUS = 16,
	BT_SCM_PKT_STATUS = 3,
	L2CAP_OPTIONS = 1,
	SCO_OPTIONS = 1,
	CONNINFO = 2, /* of each of the three levels */
};

struct l2cap_options {
	uint16_t omtu;
	uint16_t imtu;
	uint16_t flush_to;
	uint8_t mode;
	uint8_t fcs;
	uint8_t max_tx;
	uint16_t txwin_size;
};

struct bt_security {
	uint8_t level;
	uint8_t key_size;
};

struct conninfo {
	uint16_t hci_handle;
	uint8_t dev_class[3];
};

static_assert(sizeof(struct l2cap_options) == 12, "as the kernel has it");
static_assert(sizeof(struct conninfo) == 6, "as the kernel has it");

/* An option of which the kernel must give all @size bytes. */
static int get(const struct lsk_socket *sock, int level, int option, void *ret_value,
	       socklen_t size)
{
	socklen_t len = size;
	int r;

	memset(ret_value, 0, size);
	r = lsk_socket_getsockopt(sock, level, option, ret_value, &len);
	/* The last byte of what the kernel calls its size may be padding. */
	return r < 0 || len + 1 >= size ? r : -EBADMSG;
}

int lsk_bt_set_security(struct lsk_socket *sock, enum lsk_bt_security level)
{
	const struct bt_security wire = {.level = (uint8_t)level};

	if ((unsigned int)level > LSK_BT_SECURITY_FIPS)
		return -EINVAL;
	return lsk_socket_setsockopt(sock, LEVEL_BLUETOOTH, BT_SECURITY, &wire,
				     sizeof(wire));
}

int lsk_bt_security(const struct lsk_socket *sock, enum lsk_bt_security *ret_level,
		    uint8_t *ret_key_size)
{
	struct bt_security wire;
	int r;

	if (!ret_level)
		return -EINVAL;
	r = get(sock, LEVEL_BLUETOOTH, BT_SECURITY, &wire, sizeof(wire));
	if (r < 0)
		return r;
	*ret_level = (enum lsk_bt_security)wire.level;
	if (ret_key_size)
		*ret_key_size = wire.key_size;
	return 0;
}

int lsk_bt_set_deferred(struct lsk_socket *listener, bool on)
{
	return lsk_socket_setsockopt_int(listener, LEVEL_BLUETOOTH, BT_DEFER_SETUP, on);
}

/* The first receive is what admits; it gives nothing. */
int lsk_bt_admit(struct lsk_socket *sock)
{
	char byte;
	ssize_t r = lsk_socket_recv(sock, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

	return r < 0 ? (int)r : 0;
}

int lsk_bt_mtu(const struct lsk_socket *sock, uint16_t *ret_send, uint16_t *ret_receive)
{
	struct l2cap_options options;
	uint16_t mtu[2];
	int r;

	if (!ret_send || !ret_receive)
		return -EINVAL;
	switch (lsk_socket_protocol(sock)) {
	case LSK_BTPROTO_L2CAP:
		/* Of LE; what BR/EDR has is in the older option alone. */
		r = get(sock, LEVEL_BLUETOOTH, BT_SNDMTU, &mtu[0], sizeof(mtu[0]));
		if (r == 0)
			r = get(sock, LEVEL_BLUETOOTH, BT_RCVMTU, &mtu[1],
				sizeof(mtu[1]));
		if (r != -EINVAL)
			break;
		r = get(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options, sizeof(options));
		mtu[0] = options.omtu;
		mtu[1] = options.imtu;
		break;
	case LSK_BTPROTO_SCO:
		r = get(sock, LEVEL_SCO, SCO_OPTIONS, &mtu[0], sizeof(mtu[0]));
		mtu[1] = mtu[0];
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (r < 0)
		return r;
	*ret_send = mtu[0];
	*ret_receive = mtu[1];
	return 0;
}

int lsk_bt_set_receive_mtu(struct lsk_socket *sock, uint16_t bytes)
{
	struct l2cap_options options;
	int r = lsk_socket_setsockopt(sock, LEVEL_BLUETOOTH, BT_RCVMTU, &bytes,
				      sizeof(bytes));

	if (r != -EINVAL)
		return r;
	r = get(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options, sizeof(options));
	if (r < 0)
		return r;
	options.imtu = bytes;
	return lsk_socket_setsockopt(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options,
				     sizeof(options));
}

int lsk_bt_link(const struct lsk_socket *sock, uint16_t *ret_handle,
		uint32_t *ret_class)
{
	struct conninfo info;
	int level, r;

	if (!ret_handle)
		return -EINVAL;
	switch (lsk_socket_protocol(sock)) {
	case LSK_BTPROTO_L2CAP:
		level = LEVEL_L2CAP;
		break;
	case LSK_BTPROTO_RFCOMM:
		level = LEVEL_RFCOMM;
		break;
	case LSK_BTPROTO_SCO:
		level = LEVEL_SCO;
		break;
	default:
		return -EOPNOTSUPP;
	}
	r = get(sock, level, CONNINFO, &info, sizeof(info));
	if (r < 0)
		return r;
	*ret_handle = info.hci_handle;
	if (ret_class)
		*ret_class = info.dev_class[0] | (uint32_t)info.dev_class[1] << 8 |
			     (uint32_t)info.dev_class[2] << 16;
	return 0;
}

int lsk_l2cap_set_mode(struct lsk_socket *sock, enum lsk_l2cap_mode mode)
{
	struct l2cap_options options;
	int r = get(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options, sizeof(options));

	if (r < 0)
		return r;
	options.mode = (uint8_t)mode;
	return lsk_socket_setsockopt(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options,
				     sizeof(options));
}

int lsk_l2cap_mode(const struct lsk_socket *sock)
{
	struct l2cap_options options;
	int r = get(sock, LEVEL_L2CAP, L2CAP_OPTIONS, &options, sizeof(options));

	return r < 0 ? r : options.mode;
}

int lsk_sco_set_voice(struct lsk_socket *sock, uint16_t setting)
{
	return lsk_socket_setsockopt(sock, LEVEL_BLUETOOTH, BT_VOICE, &setting,
				     sizeof(setting));
}

int lsk_sco_set_status(struct lsk_socket *sock, bool on)
{
	return lsk_socket_setsockopt_int(sock, LEVEL_BLUETOOTH, BT_PKT_STATUS, on);
}

int lsk_sco_get_status(const struct lsk_control_item *item, uint8_t *ret_status)
{
	uint8_t status;

	if (!item || !ret_status)
		return -EINVAL;
	if (item->level != LEVEL_BLUETOOTH || item->type != BT_SCM_PKT_STATUS)
		return -ENOMSG;
	if (item->len < sizeof(status))
		return -EBADMSG;
	memcpy(&status, item->data, sizeof(status));
	*ret_status = status;
	return 0;
}
