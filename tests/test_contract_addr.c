/* SPDX-License-Identifier: MIT */
/*
 * The addresses of the contract, family by family: the text is read into what the
 * kernel takes, printed in one form, compared, and goes in and out as bytes too.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/qrtr.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/addr.h>
#include <linsock/alg.h>
#include <linsock/bluetooth.h>
#include <linsock/endpoint.h>
#include <linsock/netlink.h>
#include <linsock/packet.h>
#include <linsock/qipcrtr.h>
#include <linsock/tipc.h>
#include <linsock/vsock.h>

/* @text is the @len bytes at @bytes, both ways; @other is another place. */
static void assert_address(const char *text, const void *bytes, size_t len,
			   const char *other)
{
	struct lsk_addr parsed, raw, elsewhere;
	struct lsk_error error = {0};
	char buf[LSK_ADDR_TEXT_MAX];

	cr_assert_eq(lsk_addr_parse(&parsed, text, &error), 0, "%s: %s", text,
		     error.text);
	cr_assert_eq(parsed.len, len, "%s: %u", text, parsed.len);
	cr_assert_arr_eq(&parsed.storage, bytes, len, "%s", text);
	cr_assert_eq(lsk_addr_set(&raw, bytes, len), 0);
	cr_assert(lsk_addr_equal(&parsed, &raw), "%s", text);
	cr_assert_eq(lsk_addr_format(&raw, buf, sizeof(buf)), (int)strlen(text));
	cr_assert_str_eq(buf, text);
	cr_assert_eq(lsk_addr_parse(&elsewhere, other, &error), 0, "%s: %s", other,
		     error.text);
	cr_assert(!lsk_addr_equal(&parsed, &elsewhere), "%s is not %s", text, other);
}

static void assert_fault(const char *text, int code)
{
	struct lsk_addr addr;
	int r = lsk_addr_parse(&addr, text, NULL);

	cr_assert_eq(r, code, "%s: %d", text, r);
}

/* What is made of parts is what is read from text. */
static void assert_same(const struct lsk_addr *addr, const char *text)
{
	struct lsk_addr parsed;

	cr_assert_eq(lsk_addr_parse(&parsed, text, NULL), 0, "%s", text);
	cr_assert(lsk_addr_equal(addr, &parsed), "%s", text);
}

Test(contract_addr, netlink_is_port_and_groups)
{
	static const struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_pid = 4711,
		.nl_groups = 0x11,
	};
	struct lsk_addr addr;

	assert_address("netlink://4711/0x11", &nl, sizeof(nl), "netlink://4711/0x10");
	cr_assert_eq(lsk_addr_netlink(&addr, 4711, 0x11), 0);
	assert_same(&addr, "netlink://4711/0x11");
	/* Where CPython wraps: 2**32 is no port 0. */
	assert_fault("netlink://4294967296", LSK_ERR_RANGE);
}

Test(contract_addr, tipc_is_a_service_a_range_or_a_socket)
{
	static const struct sockaddr_tipc tipc = {
		.family = AF_TIPC,
		.addrtype = TIPC_SERVICE_RANGE,
		.scope = TIPC_NODE_SCOPE,
		.addr.nameseq = {18888, 1, 99},
	};
	struct lsk_addr addr;

	assert_address("tipc://range/18888:1:99/node", &tipc, sizeof(tipc),
		       "tipc://range/18888:1:98/node");
	cr_assert_eq(lsk_addr_tipc_range(&addr, 18888, 1, 99, TIPC_NODE_SCOPE), 0);
	assert_same(&addr, "tipc://range/18888:1:99/node");
	cr_assert_eq(lsk_addr_tipc_service(&addr, 18888, 17, TIPC_CLUSTER_SCOPE), 0);
	assert_same(&addr, "tipc://service/18888:17");
	cr_assert_eq(lsk_addr_tipc_socket(&addr, 1, 4711), 0);
	assert_same(&addr, "tipc://socket/1:4711");
	assert_fault("tipc://elsewhere/1:2", LSK_ERR_SYNTAX);
}

Test(contract_addr, can_raw_and_bcm_are_an_interface)
{
	static const struct sockaddr_can can = {.can_family = AF_CAN, .can_ifindex = 1};

	assert_address("can://lo", &can, 8, "can://any");
	assert_fault("can://a-name-of-16-byte", LSK_ERR_LENGTH);
	assert_fault("can://no-such-if0", -ENODEV);
}

Test(contract_addr, isotp_is_an_interface_and_two_identifiers)
{
	static const struct sockaddr_can can = {
		.can_family = AF_CAN,
		.can_ifindex = 1,
		.can_addr.tp = {.rx_id = 0x7e8, .tx_id = 0x18da10f1 | CAN_EFF_FLAG},
	};

	assert_address("can://lo/rx=7E8,tx=18DA10F1", &can, 16,
		       "can://lo/rx=7E9,tx=18DA10F1");
	assert_fault("can://lo/rx=800", LSK_ERR_RANGE);
}

Test(contract_addr, j1939_is_an_interface_a_name_a_pgn_and_an_address)
{
	static const struct sockaddr_can can = {
		.can_family = AF_CAN,
		.can_ifindex = 1,
		.can_addr.j1939 = {.name = 0x1122, .pgn = 0x12300, .addr = 0x20},
	};

	assert_address("can://lo/addr=0x20,pgn=0x12300,name=0x1122", &can, 24,
		       "can://lo/addr=0x21,pgn=0x12300,name=0x1122");
	assert_fault("can://lo/addr=256", LSK_ERR_RANGE);
}

/* CPython: "unsupported CAN protocol". Here no scheme makes such a socket. */
Test(contract_addr, other_can_protocols_go_raw)
{
	static const struct sockaddr_can can = {.can_family = AF_CAN, .can_ifindex = 1};
	struct lsk_addr addr;

	assert_fault("can-tp20://lo", LSK_ERR_SCHEME);
	cr_assert_eq(lsk_addr_set(&addr, &can, sizeof(can)), 0);
	cr_assert_eq(lsk_addr_family(&addr), AF_CAN);
}

Test(contract_addr, l2cap_is_a_device_a_psm_a_channel_and_a_type)
{
	const unsigned char l2cap[14] = {AF_BLUETOOTH, 0,    0x19, 0, 0x55, 0x44, 0x33,
					 0x22,         0x11, 0,    4, 0,    1,    0};
	struct lsk_bdaddr device;
	struct lsk_addr addr;

	assert_address("bluetooth://l2cap/00:11:22:33:44:55/25/4/le-public", l2cap,
		       sizeof(l2cap),
		       "bluetooth://l2cap/00:11:22:33:44:55/25/5/le-public");
	cr_assert_eq(lsk_bdaddr_parse(&device, "00:11:22:33:44:55"), 0);
	cr_assert_eq(lsk_addr_l2cap(&addr, &device, 25, 4, LSK_BDADDR_LE_PUBLIC), 0);
	assert_same(&addr, "bluetooth://l2cap/00:11:22:33:44:55/25/4/le-public");
	/* Where CPython wraps, and where it says "bad bluetooth address". */
	assert_fault("bluetooth://l2cap/any/65536", LSK_ERR_RANGE);
	assert_fault("bluetooth://l2cap/00:11:22:33:44", LSK_ERR_SYNTAX);
}

Test(contract_addr, rfcomm_is_a_device_and_a_channel)
{
	const unsigned char rfcomm[10] = {
		AF_BLUETOOTH, 0, 0xff, 0xff, 0xff, 0, 0, 0, 30};
	struct lsk_bdaddr local;
	struct lsk_addr addr;

	assert_address("bluetooth://rfcomm/00:00:00:ff:ff:ff/30", rfcomm,
		       sizeof(rfcomm), "bluetooth://rfcomm/00:00:00:ff:ff:ff/29");
	cr_assert_eq(lsk_bdaddr_parse(&local, LSK_BDADDR_LOCAL), 0);
	cr_assert_eq(lsk_addr_rfcomm(&addr, &local, 30), 0);
	assert_same(&addr, "bluetooth://rfcomm/local/30");
	assert_fault("bluetooth://rfcomm/any/31", LSK_ERR_RANGE);
}

Test(contract_addr, hci_is_a_device_and_a_channel)
{
	const unsigned char hci[6] = {AF_BLUETOOTH, 0, 0xff, 0xff, 3, 0};
	struct lsk_addr addr;

	assert_address("bluetooth://hci/none/control", hci, sizeof(hci),
		       "bluetooth://hci/none/monitor");
	cr_assert_eq(lsk_addr_hci(&addr, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_CONTROL), 0);
	assert_same(&addr, "bluetooth://hci/none/control");
	assert_fault("bluetooth://hci/65536", LSK_ERR_RANGE);
}

Test(contract_addr, sco_is_a_device)
{
	const unsigned char sco[8] = {AF_BLUETOOTH, 0, 0x55, 0x44, 0x33, 0x22, 0x11, 0};
	struct lsk_bdaddr device;
	struct lsk_addr addr;

	assert_address("bluetooth://sco/00:11:22:33:44:55", sco, sizeof(sco),
		       "bluetooth://sco/00:11:22:33:44:56");
	cr_assert_eq(lsk_bdaddr_parse(&device, "00:11:22:33:44:55"), 0);
	cr_assert_eq(lsk_addr_sco(&addr, &device), 0);
	assert_same(&addr, "bluetooth://sco/00:11:22:33:44:55");
}

Test(contract_addr, other_bluetooth_protocols_are_refused)
{
	assert_fault("bluetooth://bnep/00:11:22:33:44:55", LSK_ERR_SYNTAX);
}

/* CPython reads feature and mask as 16 bits. */
Test(contract_addr, alg_is_type_name_feature_and_mask_of_32_bits)
{
	static const struct sockaddr_alg alg = {
		.salg_family = AF_ALG,
		.salg_type = "aead",
		.salg_feat = 0x10,
		.salg_mask = 0xffffffff,
		.salg_name = "gcm(aes)",
	};
	struct lsk_addr addr;

	assert_address("alg://aead/gcm(aes)/0x10/0xffffffff", &alg, sizeof(alg),
		       "alg://aead/gcm(aes)");
	cr_assert_eq(lsk_addr_alg(&addr, "aead", "gcm(aes)", 0x10, 0xffffffff), 0);
	assert_same(&addr, "alg://aead/gcm(aes)/0x10/0xffffffff");
	assert_fault("alg://fourteen-bytes/x", LSK_ERR_LENGTH);
}

Test(contract_addr, vsock_is_cid_port_and_flags)
{
	static const struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_port = 1024,
		.svm_cid = 16,
		.svm_flags = VMADDR_FLAG_TO_HOST,
	};
	struct lsk_addr addr;

	assert_address("vsock://16:1024/to-host", &vm, sizeof(vm), "vsock://16:1024");
	cr_assert_eq(lsk_addr_vsock(&addr, 16, 1024, VMADDR_FLAG_TO_HOST), 0);
	assert_same(&addr, "vsock://16:1024/to-host");
	assert_fault("vsock://2:4294967296", LSK_ERR_RANGE);
}

/* The protocol is in host byte order, whatever Python's documentation says. */
Test(contract_addr, packet_is_interface_protocol_types_and_hardware)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = 1,
		.sll_hatype = 1,
		.sll_pkttype = PACKET_HOST,
		.sll_halen = 6,
		.sll_addr = {0, 0x11, 0x22, 0x33, 0x44, 0xff},
	};
	struct lsk_addr addr;

	assert_address("packet://lo/0x0806/host/1/00:11:22:33:44:ff", &ll, sizeof(ll),
		       "packet://lo/0x0806/host/1/00:11:22:33:44:fe");
	cr_assert_eq(lsk_addr_packet(&addr, "lo", ETH_P_ARP, NULL, 0), 0);
	assert_same(&addr, "packet://lo/0x0806");
	assert_fault("packet://lo/65536", LSK_ERR_RANGE);
	assert_fault("packet://no-such-device", -ENODEV);
}

Test(contract_addr, qipcrtr_is_node_and_port)
{
	static const struct sockaddr_qrtr qrtr = {
		.sq_family = AF_QIPCRTR,
		.sq_node = 1,
		.sq_port = 15,
	};
	struct lsk_addr addr;

	assert_address("qipcrtr://1:15", &qrtr, sizeof(qrtr), "qipcrtr://1:16");
	cr_assert_eq(lsk_addr_qipcrtr(&addr, 1, 15), 0);
	assert_same(&addr, "qipcrtr://1:15");
	assert_fault("qipcrtr://4294967296:1", LSK_ERR_RANGE);
}

Test(contract_addr, rds_is_an_address_of_ip)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet(&addr, "10.0.0.1", 4000), 0);
	assert_same(&addr, "rds://10.0.0.1:4000");
	cr_assert_eq(lsk_addr_inet6(&addr, "::1", 4000, 0, 0), 0);
	assert_same(&addr, "rds://[::1]:4000");
	assert_fault("rds://10.0.0.1:65536", LSK_ERR_PORT);
}

static void assert_scheme(const char *text, int type, int protocol)
{
	struct lsk_endpoint *endpoint;

	cr_assert_eq(lsk_endpoint_new(&endpoint, text, NULL), 0, "%s", text);
	cr_assert_eq(lsk_endpoint_type(endpoint), type);
	cr_assert_eq(lsk_endpoint_protocol(endpoint), protocol);
	lsk_endpoint_free(endpoint);
}

Test(contract_addr, udplite_is_an_address_of_ip)
{
	assert_scheme("udplite://127.0.0.1:53", SOCK_DGRAM, 136);
	assert_scheme("udplite://[::1]:53", SOCK_DGRAM, 136);
}

Test(contract_addr, mptcp_is_an_address_of_ip)
{
	assert_scheme("mptcp://127.0.0.1:53", SOCK_STREAM, 262);
	assert_scheme("mptcp://[::1]:53", SOCK_STREAM, 262);
}
