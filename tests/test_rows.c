/* SPDX-License-Identifier: MIT */
/* Addresses of the families whose row is all they have so far: text, parts, faults. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_alg.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/qrtr.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>

#include <linsock/addr.h>
#include <linsock/alg.h>
#include <linsock/bluetooth.h>
#include <linsock/packet.h>
#include <linsock/qipcrtr.h>
#include <linsock/tipc.h>
#include <linsock/vsock.h>

#include "uring/util.h"

/* What is read, and what is printed for it. */
static const struct {
	const char *text;
	const char *printed;
} texts[] = {
	{"vsock://2:1234", "vsock://host:1234"},
	{"vsock://host:1234", "vsock://host:1234"},
	{"vsock://any:any", "vsock://any:any"},
	{"vsock://hypervisor:0", "vsock://hypervisor:0"},
	{"vsock://0x10:0x400/to-host", "vsock://16:1024/to-host"},
	{"vsock://local:4294967294", "vsock://local:4294967294"},
	{"qipcrtr://1:15", "qipcrtr://1:15"},
	{"qipcrtr://broadcast:control", "qipcrtr://broadcast:control"},
	{"alg://hash/sha256", "alg://hash/sha256"},
	{"alg://skcipher/cbc(aes)", "alg://skcipher/cbc(aes)"},
	{"alg://aead/gcm(aes)/0x10/0xffffffff", "alg://aead/gcm(aes)/0x10/0xffffffff"},
	{"tipc://service/18888:17", "tipc://service/18888:17"},
	{"tipc://name/18888:17", "tipc://service/18888:17"},
	{"tipc://service/18888:17/node", "tipc://service/18888:17/node"},
	{"tipc://range/18888:0:99", "tipc://range/18888:0:99"},
	{"tipc://nameseq/18888:0:99/zone", "tipc://range/18888:0:99/zone"},
	{"tipc://socket/16781313:4711", "tipc://socket/16781313:4711"},
	{"tipc://id/0x1001001:4711", "tipc://socket/16781313:4711"},
	{"packet://any", "packet://any"},
	{"packet://", "packet://any"},
	{"packet://lo", "packet://lo"},
	{"packet://lo/0x0800", "packet://lo/0x0800"},
	{"packet://any/all", "packet://any/all"},
	{"packet://any/3", "packet://any/all"},
	{"packet://lo/0/otherhost", "packet://lo/0x0000/otherhost"},
	{"packet://lo/0x86dd/outgoing/772", "packet://lo/0x86dd/outgoing/772"},
	{"packet://lo/0x0806/host/1/00:11:22:33:44:ff",
	 "packet://lo/0x0806/host/1/00:11:22:33:44:ff"},
	{"packet://#99999/all", "packet://#99999/all"},
	{"bluetooth://l2cap/00:11:22:33:44:55/25",
	 "bluetooth://l2cap/00:11:22:33:44:55/25"},
	{"bluetooth://l2cap/0:1:2:A:b:c", "bluetooth://l2cap/00:01:02:0a:0b:0c/0"},
	{"bluetooth://l2cap/any/0/64/le-random",
	 "bluetooth://l2cap/00:00:00:00:00:00/0/64/le-random"},
	{"bluetooth://rfcomm/local/30", "bluetooth://rfcomm/00:00:00:ff:ff:ff/30"},
	{"bluetooth://sco/00:11:22:33:44:55", "bluetooth://sco/00:11:22:33:44:55"},
	{"bluetooth://hci/0", "bluetooth://hci/0"},
	{"bluetooth://iso/00:11:22:33:44:55/le-random",
	 "bluetooth://rfcomm/00:11:22:33:44:55/2"},
	{"bluetooth://hci/none/control", "bluetooth://hci/none/control"},
	{"kcm://", "kcm://"},
	{"rxrpc://10.0.0.1:7001/52", "rxrpc://10.0.0.1:7001/52"},
	{"rxrpc://[::1]:0x1b59/0", "rxrpc://[::1]:7001/0"},
	{"ieee802154://none", "ieee802154://none"},
	{"ieee802154://0xBEEF/1", "ieee802154://0xbeef/0x0001"},
	{"ieee802154://65535/0:1:2:3:4:5:6:ff",
	 "ieee802154://0xffff/00:01:02:03:04:05:06:ff"},
	{"llc://any/66", "llc://00:00:00:00:00:00/0x42"},
	{"llc://2:0:0:0:0:a/0x42/data", "llc://02:00:00:00:00:0a/0x42"},
	{"llc://02:00:00:00:00:0a/0x42/test", "llc://02:00:00:00:00:0a/0x42/test"},
	{"llc://02:00:00:00:00:0a/0/xid", "llc://02:00:00:00:00:0a/0x00/xid"},
	{"mctp://any:any/1", "mctp://any:any/1"},
	{"mctp://0:255/1/0", "mctp://any:any/1"},
	{"mctp://1:8/0x7e/owner", "mctp://1:8/126/owner"},
	{"mctp://1:8/5/11", "mctp://1:8/5/11"},
};

Test(rows, texts_are_read_and_printed_in_one_form)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char buf[LSK_ADDR_TEXT_MAX];
		struct lsk_error error = {0};
		struct lsk_addr addr, again;
		int r = lsk_addr_parse(&addr, texts[i].text, &error);

		cr_assert_eq(r, 0, "%s: %s", texts[i].text, error.text);
		r = lsk_addr_format(&addr, buf, sizeof(buf));
		cr_assert_eq(r, (int)strlen(texts[i].printed), "%s: %d", texts[i].text,
			     r);
		cr_assert_str_eq(buf, texts[i].printed);
		cr_assert_eq(lsk_addr_parse(&again, buf, NULL), 0);
		cr_assert(lsk_addr_equal(&addr, &again), "%s", texts[i].text);
	}
}

/* Bad text, the number it gets, and the offset at which it is bad. */
static const struct {
	const char *text;
	int error;
	unsigned int offset;
} faults[] = {
	{"vsock://", LSK_ERR_SYNTAX, 8},
	{"vsock://2", LSK_ERR_SYNTAX, 9},
	{"vsock://2:", LSK_ERR_SYNTAX, 10},
	{"vsock://nowhere:1", LSK_ERR_SYNTAX, 8},
	{"vsock://2:4294967296", LSK_ERR_RANGE, 10},
	{"vsock://2:1/256", LSK_ERR_RANGE, 12},
	{"qipcrtr://1", LSK_ERR_SYNTAX, 11},
	{"qipcrtr://1:2:3", LSK_ERR_SYNTAX, 12},
	{"alg://hash", LSK_ERR_SYNTAX, 10},
	{"alg:///sha256", LSK_ERR_SYNTAX, 6},
	{"alg://hash/", LSK_ERR_SYNTAX, 11},
	{"alg://fourteen-bytes/x", LSK_ERR_LENGTH, 6},
	{"alg://aead/gcm(aes)/1", LSK_ERR_SYNTAX, 21},
	{"tipc://18888:17", LSK_ERR_SYNTAX, 7},
	{"tipc://0/1:2", LSK_ERR_SYNTAX, 7},
	{"tipc://service/18888", LSK_ERR_SYNTAX, 20},
	{"tipc://range/18888:9:1", LSK_ERR_RANGE, 13},
	{"tipc://service/1:2/world", LSK_ERR_SYNTAX, 19},
	{"tipc://socket/1:2/node", LSK_ERR_SYNTAX, 17},
	{"packet://no-such-device", -ENODEV, 9},
	{"packet://a-name-of-sixteen", LSK_ERR_LENGTH, 9},
	{"packet://lo/65536", LSK_ERR_RANGE, 12},
	{"packet://lo/1/2/3/0", LSK_ERR_SYNTAX, 18},
	{"packet://lo/1/2/3/00:1g", LSK_ERR_SYNTAX, 21},
	{"bluetooth://00:11:22:33:44:55", LSK_ERR_SYNTAX, 12},
	{"bluetooth://l2cap/00:11:22:33:44", LSK_ERR_SYNTAX, 18},
	{"bluetooth://l2cap/00:11:22:33:44:55:66", LSK_ERR_SYNTAX, 18},
	{"bluetooth://l2cap/00:11:22:33:44:155", LSK_ERR_SYNTAX, 18},
	{"bluetooth://rfcomm/any/31", LSK_ERR_RANGE, 23},
	{"bluetooth://sco/any/1", LSK_ERR_SYNTAX, 19},
	{"bluetooth://hci/65536", LSK_ERR_RANGE, 16},
	{"bluetooth://iso/any/3", LSK_ERR_RANGE, 20},
	{"kcm://x", LSK_ERR_SYNTAX, 6},
	{"rxrpc://10.0.0.1:7001", LSK_ERR_SYNTAX, 21},
	{"rxrpc://10.0.0.1:7001/65536", LSK_ERR_RANGE, 22},
	{"ieee802154://0xbeef", LSK_ERR_SYNTAX, 19},
	{"ieee802154://0x10000/1", LSK_ERR_RANGE, 13},
	{"ieee802154://1/65536", LSK_ERR_RANGE, 15},
	{"ieee802154://1/00:11:22", LSK_ERR_SYNTAX, 15},
	{"llc://any", LSK_ERR_SYNTAX, 9},
	{"llc://any/256", LSK_ERR_RANGE, 10},
	{"llc://00:11:22/1", LSK_ERR_SYNTAX, 6},
	{"llc://any/1/frame", LSK_ERR_SYNTAX, 12},
	{"mctp://1:256/1", LSK_ERR_RANGE, 9},
	{"mctp://1:8", LSK_ERR_SYNTAX, 10},
	{"mctp://1:8/1/2/3", LSK_ERR_SYNTAX, 13},
};

Test(rows, a_fault_tells_its_number_and_place)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		struct lsk_addr addr = {.len = 7};
		struct lsk_error error = {0};
		int r = lsk_addr_parse(&addr, faults[i].text, &error);

		cr_assert_eq(r, faults[i].error, "%s: %d", faults[i].text, r);
		cr_assert_eq(error.code, r, "%s", faults[i].text);
		cr_assert_eq(error.offset, faults[i].offset, "%s: at %u: %s",
			     faults[i].text, error.offset, error.text);
		cr_assert_neq(error.text[0], '\0', "%s", faults[i].text);
		cr_assert_eq(addr.len, 7, "%s: written on failure", faults[i].text);
	}
}

Test(rows, parts_make_what_the_kernel_reads)
{
	const struct lsk_bdaddr device = {{0x55, 0x44, 0x33, 0x22, 0x11, 0x00}};
	const unsigned char l2cap[14] = {AF_BLUETOOTH, 0,    0x19, 0, 0x55, 0x44, 0x33,
					 0x22,         0x11, 0,    4, 0,    1,    0};
	struct sockaddr_tipc *tipc;
	struct sockaddr_ll *ll;
	struct sockaddr_vm *vm;
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_vsock(&addr, 3, 1024, VMADDR_FLAG_TO_HOST), 0);
	vm = (struct sockaddr_vm *)&addr.storage;
	cr_assert_eq(addr.len, 16);
	cr_assert_eq(vm->svm_cid, 3);
	cr_assert_eq(vm->svm_port, 1024);
	cr_assert_eq(vm->svm_flags, VMADDR_FLAG_TO_HOST);

	cr_assert_eq(lsk_addr_l2cap(&addr, &device, 0x19, 4, LSK_BDADDR_LE_PUBLIC), 0);
	cr_assert_eq(addr.len, 14);
	cr_assert_arr_eq(&addr.storage, l2cap, sizeof(l2cap));

	cr_assert_eq(lsk_addr_packet(&addr, "lo", ETH_P_IP, "\x00\x01\x02", 3), 0);
	ll = (struct sockaddr_ll *)&addr.storage;
	cr_assert_eq(addr.len, 20);
	cr_assert_eq(ll->sll_ifindex, 1);
	cr_assert_eq(ll->sll_halen, 3);

	cr_assert_eq(lsk_addr_tipc_range(&addr, 1, 2, 3, TIPC_NODE_SCOPE), 0);
	tipc = (struct sockaddr_tipc *)&addr.storage;
	cr_assert_eq(addr.len, 16);
	cr_assert_eq(tipc->addr.nameseq.upper, 3);
	cr_assert_eq(tipc->scope, TIPC_NODE_SCOPE);

	cr_assert_eq(lsk_addr_qipcrtr(&addr, 1, 2), 0);
	cr_assert_eq(addr.len, 12);
	cr_assert_eq(lsk_addr_alg(&addr, "hash", "sha256", 0, 0), 0);
	cr_assert_eq(addr.len, 88);
}

Test(rows, parts_that_do_not_fit_are_refused)
{
	const struct lsk_bdaddr device = {{0}};
	struct lsk_bdaddr read_back;
	char long_name[65];
	struct lsk_addr addr;

	memset(long_name, 'x', sizeof(long_name));
	long_name[64] = '\0';
	cr_assert_eq(lsk_addr_vsock(NULL, 0, 0, 0), -EINVAL);
	cr_assert_eq(lsk_addr_qipcrtr(NULL, 0, 0), -EINVAL);
	cr_assert_eq(lsk_addr_alg(&addr, NULL, "x", 0, 0), -EINVAL);
	cr_assert_eq(lsk_addr_alg(&addr, "hash", long_name, 0, 0), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_addr_alg(&addr, "", "x", 0, 0), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_addr_tipc_range(&addr, 1, 3, 2, 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_addr_packet(&addr, "no-such-device", 0, NULL, 0), -ENODEV);
	cr_assert_eq(lsk_addr_packet(&addr, NULL, 0, long_name, 9), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_addr_packet(&addr, long_name, 0, NULL, 0), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_addr_l2cap(&addr, &device, 1, 0, 3), LSK_ERR_RANGE);
	cr_assert_eq(lsk_addr_l2cap(&addr, NULL, 1, 0, 0), -EINVAL);
	cr_assert_eq(lsk_addr_rfcomm(&addr, &device, 31), LSK_ERR_RANGE);
	cr_assert_eq(lsk_addr_sco(&addr, NULL), -EINVAL);
	cr_assert_eq(lsk_bdaddr_parse(&read_back, "00:11:22:33:44"), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_bdaddr_parse(NULL, "any"), -EINVAL);
}

Test(rows, bdaddr_any_and_local_are_texts)
{
	static const struct lsk_bdaddr local = {{0xff, 0xff, 0xff, 0, 0, 0}};
	static const struct lsk_bdaddr any = {{0}};
	struct lsk_bdaddr device;

	cr_assert_eq(lsk_bdaddr_parse(&device, LSK_BDADDR_ANY), 0);
	cr_assert_arr_eq(device.bytes, any.bytes, sizeof(any.bytes));
	cr_assert_eq(lsk_bdaddr_parse(&device, LSK_BDADDR_LOCAL), 0);
	cr_assert_arr_eq(device.bytes, local.bytes, sizeof(local.bytes));
}

Test(rows, a_length_that_no_family_makes_is_printed_raw)
{
	static const int domains[] = {AF_VSOCK, AF_QIPCRTR, AF_ALG,
				      AF_TIPC,  AF_PACKET,  AF_BLUETOOTH};

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		struct lsk_addr addr = {.len = 5};
		char expected[32], buf[LSK_ADDR_TEXT_MAX];

		addr.storage.ss_family = (sa_family_t)domains[i];
		snprintf(expected, sizeof(expected), "raw://%d/000000", domains[i]);
		cr_assert_gt(lsk_addr_format(&addr, buf, sizeof(buf)), 0);
		cr_assert_str_eq(buf, expected);
	}
}

Test(rows, a_domain_that_tipc_fills_in_does_not_count)
{
	struct lsk_addr a, b;

	cr_assert_eq(lsk_addr_tipc_service(&a, 1, 2, TIPC_CLUSTER_SCOPE), 0);
	b = a;
	((struct sockaddr_tipc *)&b.storage)->addr.name.domain = 0x1001001;
	cr_assert(lsk_addr_equal(&a, &b));
	((struct sockaddr_tipc *)&b.storage)->addr.name.name.instance = 3;
	cr_assert(!lsk_addr_equal(&a, &b));
}
