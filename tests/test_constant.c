/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/rds.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/constant.h>
#include <linsock/error.h>

static int64_t value_of(const char *name)
{
	int64_t value = 0;

	cr_assert(lsk_constant_value(name, &value) == 0, "%s", name);
	return value;
}

Test(constant_value, is_what_the_compiler_sees)
{
	cr_assert(value_of("SO_RCVBUF") == SO_RCVBUF);
	cr_assert(value_of("SOCK_NONBLOCK") == SOCK_NONBLOCK);
	cr_assert(value_of("TCP_NODELAY") == TCP_NODELAY);
	cr_assert(value_of("RDS_CANCEL_SENT_TO") == RDS_CANCEL_SENT_TO);
	cr_assert(value_of("EAI_NONAME") == EAI_NONAME);
	cr_assert(value_of("AI_PASSIVE") == AI_PASSIVE);
	cr_assert(value_of("INADDR_BROADCAST") == INADDR_BROADCAST);
	cr_assert(value_of("VMADDR_CID_ANY") == VMADDR_CID_ANY);
	cr_assert(value_of("CAN_EFF_FLAG") == CAN_EFF_FLAG);
}

/* One of each group that the socket module of Python has, or lacks. */
Test(constant_value, knows_each_group_of_the_contract)
{
	static const char *const names[] = {
		"AF_QIPCRTR",
		"PF_RDS",
		"SOCK_RDM",
		"SOMAXCONN",
		"MSG_ZEROCOPY",
		"SOL_VSOCK",
		"SCM_PIDFD",
		"IPPROTO_MPTCP",
		"IPPORT_USERRESERVED",
		"INADDR_ALLHOSTS_GROUP",
		"IP_BIND_ADDRESS_NO_PORT",
		"IPV6_ADDR_PREFERENCES",
		"TCP_RTO_MAX_MS",
		"UDP_SEGMENT",
		"UDPLITE_SEND_CSCOV",
		"NI_NUMERICSERV",
		"SHUT_RDWR",
		"CAN_RAW_XL_FRAMES",
		"CAN_BCM_TX_SETUP",
		"CAN_BCM_SETTIMER",
		"CAN_ISOTP_OPTS",
		"SO_J1939_PROMISC",
		"ALG_SET_KEY",
		"PACKET_FANOUT",
		"ETHERTYPE_VLAN",
		"ETH_P_ALL",
		"NETLINK_GENERIC",
		"NETLINK_EXT_ACK",
		"TIPC_GROUP_JOIN",
		"RDS_RECVERR",
		"SO_VM_SOCKETS_BUFFER_SIZE",
		"BTPROTO_L2CAP",
		"BDADDR_LE_RANDOM",
		"HCI_CHANNEL_MONITOR",
		"L2CAP_LM_SECURE",
		"BT_SECURITY",
		"MPTCP_INFO",
		"SCTP_NODELAY",
		"TLS_TX",
		"XDP_UMEM_REG",
		"QRTR_TYPE_NEW_SERVER",
		"SOF_TIMESTAMPING_OPT_ID",
		"SO_EE_ORIGIN_ZEROCOPY",
		"SO_PASSRIGHTS",
		"SO_RIGHTS_NOTRUNC",
		"SO_ORIGINAL_DST",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		value_of(names[i]);
}

Test(constant_value, of_a_stranger_is_enoent)
{
	int64_t value;

	cr_assert(lsk_constant_value("SO_NOTHING", &value) == -ENOENT);
	cr_assert(lsk_constant_value("so_rcvbuf", &value) == -ENOENT);
	cr_assert(lsk_constant_value("", &value) == -ENOENT);
	cr_assert(lsk_constant_value(NULL, &value) == -EINVAL);
	cr_assert(lsk_constant_value("SO_RCVBUF", NULL) == -EINVAL);
}

Test(constant_name, is_the_name_within_a_group)
{
	cr_assert_str_eq(lsk_constant_name("AF", AF_UNIX), "AF_UNIX");
	cr_assert_str_eq(lsk_constant_name("TCP", 1), "TCP_NODELAY");
	cr_assert_str_eq(lsk_constant_name("SO", 1), "SO_DEBUG");
	cr_assert_str_eq(lsk_constant_name("TCP_STATE", 1), "TCP_ESTABLISHED");
	cr_assert_str_eq(lsk_constant_name("NETLINK", 16), "NETLINK_GENERIC");
	cr_assert_str_eq(lsk_constant_name("NETLINK_OPTION", 11), "NETLINK_EXT_ACK");
	cr_assert(lsk_constant_name("AF", 9999) == NULL);
	cr_assert(lsk_constant_name("NO_GROUP", 1) == NULL);
	cr_assert(lsk_constant_name(NULL, 1) == NULL);
}

Test(constant_at, walks_every_constant_and_names_go_both_ways)
{
	struct lsk_constant constant;
	const char *before = "";
	size_t count = 0;

	for (; lsk_constant_at(count, &constant) == 0; count++) {
		const char *name = lsk_constant_name(constant.group, constant.value);

		cr_assert(strcmp(before, constant.name) < 0, "%s", constant.name);
		before = constant.name;
		cr_assert(value_of(constant.name) == constant.value);
		cr_assert(name != NULL, "%s", constant.name);
		cr_assert(value_of(name) == constant.value);
		if (!constant.is_alias)
			cr_assert_str_eq(name, constant.name);
	}
	cr_assert(count > 2500);
	cr_assert(lsk_constant_at(count, &constant) == -ENOENT);
	cr_assert(lsk_constant_at(0, NULL) == -EINVAL);
}

Test(constant_format, names_numbers_and_flags)
{
	char text[80];

	cr_assert(lsk_constant_format("IPPROTO", 6, text, sizeof(text)) == 11);
	cr_assert_str_eq(text, "IPPROTO_TCP");
	cr_assert(lsk_constant_format("MSG", MSG_DONTWAIT | MSG_NOSIGNAL, text,
				      sizeof(text)) == 25);
	cr_assert_str_eq(text, "MSG_DONTWAIT|MSG_NOSIGNAL");
	cr_assert(lsk_constant_format("MSG", MSG_PEEK | 0x800000000, text,
				      sizeof(text)) > 0);
	cr_assert_str_eq(text, "MSG_PEEK|0x800000000");
	cr_assert(lsk_constant_format("MSG", 0, text, sizeof(text)) == 3);
	cr_assert_str_eq(text, "0x0");
	cr_assert(lsk_constant_format("MSG", MSG_PEEK, text, 8) == -ENOSPC);
	cr_assert(lsk_constant_format("MSG", MSG_PEEK, NULL, 8) == -EINVAL);
}

Test(constant_parse, reads_numbers_names_and_flags)
{
	int64_t value;

	cr_assert(lsk_constant_parse("8", &value) == 0 && value == 8);
	cr_assert(lsk_constant_parse("-0x10", &value) == 0 && value == -16);
	cr_assert(lsk_constant_parse("SO_RCVBUF", &value) == 0 && value == SO_RCVBUF);
	cr_assert(lsk_constant_parse("MSG_PEEK|MSG_OOB|0x80", &value) == 0);
	cr_assert(value == (MSG_PEEK | MSG_OOB | 0x80));
	cr_assert(lsk_constant_parse("", &value) == -ENOENT);
	cr_assert(lsk_constant_parse("MSG_PEEK|", &value) == -ENOENT);
	cr_assert(lsk_constant_parse("8x", &value) == -ENOENT);
	cr_assert(lsk_constant_parse("99999999999999999999", &value) == LSK_ERR_RANGE);
	cr_assert(lsk_constant_parse(NULL, &value) == -EINVAL);
}
