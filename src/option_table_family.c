/* SPDX-License-Identifier: MIT */
/* Options of the families besides the internet's. */
#include <stddef.h>

#include "src/option.h"

#define PACKET_MREQ "ifindex:i32 type:u16:PACKET_MR alen:u16 address:x8"

const struct option_row option_rows_packet[] = {
	ROW("PACKET_ADD_MEMBERSHIP", STRUCT, WO, PACKET_MREQ,
	    "promiscuous or multicast"),
	ROW("PACKET_DROP_MEMBERSHIP", STRUCT, WO, PACKET_MREQ, "no longer so"),
	ROW("PACKET_RECV_OUTPUT", INT, NO, NULL, "never implemented"),
	ROW("PACKET_RX_RING", BYTES, WO, NULL,
	    "ring to receive by: struct tpacket_req3"),
	ROW("PACKET_STATISTICS", STRUCT, RO, "packets:u32 drops:u32 freezes:u32",
	    "packets since it was last read"),
	ROW("PACKET_COPY_THRESH", INT, RW, "packets",
	    "copies that may wait beside a ring"),
	ROW("PACKET_AUXDATA", BOOL, RW, NULL, "receive struct tpacket_auxdata"),
	ROW("PACKET_ORIGDEV", BOOL, RW, NULL, "tell the interface before a bond"),
	ROW("PACKET_VERSION", ENUM, RW, "TPACKET", "layout of the rings"),
	ROW("PACKET_HDRLEN", RAW, RO, NULL, "size of a header in a ring of a version"),
	ROW("PACKET_RESERVE", INT, RW, "bytes", "room before packets in a ring"),
	ROW("PACKET_TX_RING", BYTES, WO, NULL, "ring to send by: struct tpacket_req3"),
	ROW("PACKET_LOSS", BOOL, RW, NULL, "a bad packet does not stop the send ring"),
	ROW("PACKET_VNET_HDR", BOOL, RW, NULL, "packets with struct virtio_net_hdr"),
	ROW("PACKET_TX_TIMESTAMP", INT, NO, NULL, "control message only"),
	ROW("PACKET_TIMESTAMP", FLAGS, RW, "SOF_TIMESTAMPING",
	    "clock of ring timestamps"),
	ROW("PACKET_FANOUT", STRUCT, RW, "id:u16 type:u8:PACKET_FANOUT flags:h8",
	    "share packets among sockets; flags are bits 8 to 15"),
	ROW("PACKET_TX_HAS_OFF", BOOL, RW, NULL,
	    "frames of the send ring tell an offset"),
	ROW("PACKET_QDISC_BYPASS", BOOL, RW, NULL, "send without queueing"),
	ROW("PACKET_ROLLOVER_STATS", STRUCT, RO, "all:u64 huge:u64 failed:u64",
	    "packets that went to another socket"),
	ROW("PACKET_FANOUT_DATA", RAW, WO, NULL, "program that picks a socket"),
	ROW("PACKET_IGNORE_OUTGOING", BOOL, RW, NULL, "receive no sent packets"),
	ROW("PACKET_VNET_HDR_SZ", INT, RW, "bytes", "size of struct virtio_net_hdr"),
	{0},
};

const struct option_row option_rows_xdp[] = {
	ROW("XDP_MMAP_OFFSETS", BYTES, RO, NULL, "struct xdp_mmap_offsets"),
	ROW("XDP_RX_RING", INT, WO, "entries", "make the receive ring"),
	ROW("XDP_TX_RING", INT, WO, "entries", "make the send ring"),
	ROW("XDP_UMEM_REG", RAW, WO, NULL, "memory for frames: struct xdp_umem_reg"),
	ROW("XDP_UMEM_FILL_RING", INT, WO, "entries", "make the fill ring"),
	ROW("XDP_UMEM_COMPLETION_RING", INT, WO, "entries", "make the completion ring"),
	ROW("XDP_STATISTICS", STRUCT, RO,
	    "rx_dropped:u64 rx_invalid_descs:u64 tx_invalid_descs:u64 rx_ring_full:u64 "
	    "rx_fill_ring_empty_descs:u64 tx_ring_empty_descs:u64",
	    "what went wrong how often"),
	ROW("XDP_OPTIONS", STRUCT, RO, "flags:h32", "XDP_OPTIONS_*"),
	ROW("XDP_MAX_TX_SKB_BUDGET", INT, WO, "packets", "most that one send handles"),
	{0},
};

const struct option_row option_rows_can_raw[] = {
	ROW("CAN_RAW_FILTER", PAIRS, RW, NULL, "identifier:mask of frames to receive"),
	ROW("CAN_RAW_ERR_FILTER", FLAGS, RW, "CAN_ERR", "error frames to receive"),
	ROW("CAN_RAW_LOOPBACK", BOOL, RW, NULL, "other sockets here hear sent frames"),
	ROW("CAN_RAW_RECV_OWN_MSGS", BOOL, RW, NULL, "hear one's own frames"),
	ROW("CAN_RAW_FD_FRAMES", BOOL, RW, NULL, "CAN FD frames too"),
	ROW("CAN_RAW_JOIN_FILTERS", BOOL, RW, NULL, "a frame must pass every filter"),
	ROW("CAN_RAW_XL_FRAMES", BOOL, RW, NULL, "CAN XL frames too"),
	ROW("CAN_RAW_XL_VCID_OPTS", STRUCT, RW,
	    "flags:u8:CAN_RAW_XL_VCID tx_vcid:h8 rx_vcid:h8 rx_vcid_mask:h8",
	    "virtual CAN network of CAN XL"),
	{0},
};

const struct option_row option_rows_can_isotp[] = {
	ROW("CAN_ISOTP_OPTS", STRUCT, RW,
	    "flags:u32:CAN_ISOTP_FLAG frame_txtime:u32/ns ext_address:h8 txpad:h8 "
	    "rxpad:h8 rx_ext_address:h8",
	    "addressing and padding"),
	ROW("CAN_ISOTP_RECV_FC", STRUCT, RW, "bs:u8 stmin:h8 wftmax:u8",
	    "what our flow control asks for"),
	ROW("CAN_ISOTP_TX_STMIN", STRUCT, RW, "time:u32/ns", "gap between sent frames"),
	ROW("CAN_ISOTP_RX_STMIN", STRUCT, RW, "time:u32/ns",
	    "drop frames that come faster"),
	ROW("CAN_ISOTP_LL_OPTS", STRUCT, RW, "mtu:u8 tx_dl:u8 tx_flags:h8",
	    "CAN FD frames"),
	{0},
};

const struct option_row option_rows_can_j1939[] = {
	ROW("SO_J1939_FILTER", BYTES, WO, NULL,
	    "struct j1939_filter of what to receive"),
	ROW("SO_J1939_PROMISC", BOOL, RW, NULL, "hear what is for others"),
	ROW("SO_J1939_SEND_PRIO", INT, RW, NULL, "priority of what is sent, 0 to 7"),
	ROW("SO_J1939_ERRQUEUE", BOOL, RW, NULL,
	    "progress of transfers on the error queue"),
	{0},
};

const struct option_row option_rows_netlink[] = {
	ROW("NETLINK_ADD_MEMBERSHIP", INT, WO, NULL, "join a group by its number"),
	ROW("NETLINK_DROP_MEMBERSHIP", INT, WO, NULL, "leave a group"),
	ROW("NETLINK_PKTINFO", BOOL, RW, NULL, "receive the group of messages"),
	ROW("NETLINK_BROADCAST_ERROR", BOOL, RW, NULL,
	    "senders learn of lost messages"),
	ROW("NETLINK_NO_ENOBUFS", BOOL, RW, NULL, "do not tell of lost messages"),
	ROW("NETLINK_RX_RING", INT, NO, NULL, "removed from Linux 4.6"),
	ROW("NETLINK_TX_RING", INT, NO, NULL, "removed from Linux 4.6"),
	ROW("NETLINK_LISTEN_ALL_NSID", BOOL, RW, NULL, "hear all network namespaces"),
	ROW("NETLINK_LIST_MEMBERSHIPS", LIST, RO, NULL, "bits of the groups"),
	ROW("NETLINK_CAP_ACK", BOOL, RW, NULL, "answers do not repeat the request"),
	ROW("NETLINK_EXT_ACK", BOOL, RW, NULL, "errors come with a text"),
	ROW("NETLINK_GET_STRICT_CHK", BOOL, RW, NULL, "requests to list are checked"),
	{0},
};

const struct option_row option_rows_vsock[] = {
	ROW("SO_VM_SOCKETS_BUFFER_SIZE", U64, RW, "bytes", "buffer of a stream"),
	ROW("SO_VM_SOCKETS_BUFFER_MIN_SIZE", U64, RW, "bytes", "least that it may be"),
	ROW("SO_VM_SOCKETS_BUFFER_MAX_SIZE", U64, RW, "bytes", "most that it may be"),
	ROW("SO_VM_SOCKETS_PEER_HOST_VM_ID", INT, NO, NULL, "VMware's own driver only"),
	ROW("SO_VM_SOCKETS_TRUSTED", INT, NO, NULL, "VMware's own driver only"),
	ROW("SO_VM_SOCKETS_CONNECT_TIMEOUT", TIMEVAL, RW, "s",
	    "longest wait of a connect"),
	ROW("SO_VM_SOCKETS_NONBLOCK_TXRX", INT, NO, NULL, "VMware's own driver only"),
	ROW("SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW", STRUCT, RW, "sec:u64 usec:u64",
	    "the same with 64-bit seconds"),
	{0},
};

const struct option_row option_rows_tipc[] = {
	ROW("TIPC_IMPORTANCE", ENUM, RW, "TIPC_IMPORTANCE", "who is dropped last"),
	ROW("TIPC_SRC_DROPPABLE", BOOL, RW, NULL, "may be dropped where it is sent"),
	ROW("TIPC_DEST_DROPPABLE", BOOL, RW, NULL, "may be dropped where it arrives"),
	ROW("TIPC_CONN_TIMEOUT", INT, RW, "ms", "longest wait of a connect"),
	ROW("TIPC_NODE_RECVQ_DEPTH", INT, RO, "messages", "no longer counted"),
	ROW("TIPC_SOCK_RECVQ_DEPTH", INT, RO, "messages", "messages to receive"),
	ROW("TIPC_MCAST_BROADCAST", NONE, WO, NULL, "multicast by broadcast"),
	ROW("TIPC_MCAST_REPLICAST", NONE, WO, NULL, "multicast by copies"),
	ROW("TIPC_GROUP_JOIN", STRUCT, WO,
	    "type:u32 instance:u32 scope:u32:TIPC_SCOPE flags:u32:TIPC_GROUP",
	    "join a communication group"),
	ROW("TIPC_GROUP_LEAVE", NONE, WO, NULL, "leave the communication group"),
	ROW("TIPC_SOCK_RECVQ_USED", INT, RO, "bytes", "memory of messages to receive"),
	ROW("TIPC_NODELAY", BOOL, WO, NULL, "send small messages at once"),
	{0},
};

const struct option_row option_rows_rds[] = {
	ROW("RDS_CANCEL_SENT_TO", SOCKADDR, WO, NULL, "drop what waits for a peer"),
	ROW("RDS_GET_MR", RAW, WO, NULL, "register memory: struct rds_get_mr_args"),
	ROW("RDS_FREE_MR", RAW, WO, NULL, "release memory: struct rds_free_mr_args"),
	ROW("RDS_RECVERR", BOOL, RW, NULL, "receive what became of RDMA"),
	ROW("RDS_CONG_MONITOR", BOOL, WO, NULL, "receive congestion updates"),
	ROW("RDS_GET_MR_FOR_DEST", RAW, WO, NULL, "register memory for a peer"),
	ROW("SO_RDS_TRANSPORT", ENUM, RW, "RDS_TRANS", "transport; once only"),
	ROW("SO_RDS_MSG_RXPATH_LATENCY", BYTES, WO, NULL, "where to take times"),
	{0},
};

const struct option_row option_rows_alg[] = {
	ROW("ALG_SET_KEY", BYTES, WO, NULL, "the key"),
	ROW("ALG_SET_IV", BYTES, NO, NULL, "control message only"),
	ROW("ALG_SET_OP", ENUM, NO, "ALG_OP", "control message only"),
	ROW("ALG_SET_AEAD_ASSOCLEN", INT, NO, "bytes", "control message only"),
	ROW("ALG_SET_AEAD_AUTHSIZE", RAW, WO, "bytes", "the length of a NULL value"),
	ROW("ALG_SET_DRBG_ENTROPY", BYTES, WO, NULL,
	    "entropy for tests of a generator"),
	ROW("ALG_SET_KEY_BY_KEY_SERIAL", INT, WO, NULL, "the key of a key ring"),
	{0},
};

const struct option_row option_rows_bluetooth[] = {
	ROW("BT_SCM_PKT_STATUS", INT, NO, NULL, "control message only"),
	ROW("BT_SECURITY", STRUCT, RW, "level:u8:BT_SECURITY_LEVEL key_size:u8",
	    "security of the link"),
	ROW("BT_DEFER_SETUP", BOOL, RW, NULL, "accept before answering the peer"),
	ROW("BT_FLUSHABLE", BOOL, RW, NULL, "data may be dropped when late"),
	ROW("BT_POWER", STRUCT, RW, "force_active:u8", "leave sniff mode to send"),
	ROW("BT_CHANNEL_POLICY", INT, NO, NULL, "removed from Linux 6.8"),
	ROW("BT_VOICE", STRUCT, RW, "setting:h16", "coding of speech"),
	ROW("BT_SNDMTU", STRUCT, RW, "bytes:u16", "largest packet to send"),
	ROW("BT_RCVMTU", STRUCT, RW, "bytes:u16", "largest packet to receive"),
	ROW("BT_PHY", FLAGS, RW, "BT_PHY", "packet types in use"),
	ROW("BT_MODE", STRUCT, RW, "mode:u8:BT_MODE", "mode of the channel"),
	ROW("BT_PKT_STATUS", BOOL, RW, NULL, "receive the status of packets"),
	ROW("BT_ISO_QOS", BYTES, RW, NULL, "struct bt_iso_qos"),
	ROW("BT_CODEC", BYTES, RW, NULL, "struct bt_codecs"),
	ROW("BT_ISO_BASE", BYTES, RW, NULL, "what a broadcast announces"),
	{0},
};

const struct option_row option_rows_hci[] = {
	ROW("HCI_DATA_DIR", BOOL, RW, NULL, "receive the direction of packets"),
	ROW("HCI_FILTER", STRUCT, RW,
	    "type_mask:h32 event_mask0:h32 event_mask1:h32 opcode:h16 -:2",
	    "packets to receive"),
	ROW("HCI_TIME_STAMP", BOOL, RW, NULL, "receive the time of packets"),
	{0},
};

const struct option_row option_rows_l2cap[] = {
	ROW("L2CAP_OPTIONS", STRUCT, RW,
	    "omtu:u16 imtu:u16 flush_to:u16 mode:u8:L2CAP_MODE fcs:u8 max_tx:u8 -:1 "
	    "txwin_size:u16",
	    "what the channel asks for"),
	ROW("L2CAP_CONNINFO", STRUCT, RO, "handle:h16 dev_class:x3 -:1",
	    "the link below"),
	ROW("L2CAP_LM", FLAGS, RW, "L2CAP_LM", "link mode, before BT_SECURITY"),
	{0},
};

const struct option_row option_rows_rfcomm[] = {
	ROW("RFCOMM_CONNINFO", STRUCT, RO, "handle:h16 dev_class:x3 -:1",
	    "the link below"),
	ROW("RFCOMM_LM", FLAGS, RW, "RFCOMM_LM", "link mode, before BT_SECURITY"),
	{0},
};

const struct option_row option_rows_sco[] = {
	ROW("SCO_OPTIONS", STRUCT, RO, "mtu:u16", "largest packet"),
	ROW("SCO_CONNINFO", STRUCT, RO, "handle:h16 dev_class:x3 -:1",
	    "the link below"),
	{0},
};

const struct option_row option_rows_kcm[] = {
	ROW("KCM_RECV_DISABLE", BOOL, RW, NULL, "deliver nothing to this socket"),
	{0},
};

const struct option_row option_rows_smc[] = {
	ROW("SMC_LIMIT_HS", BOOL, RW, NULL, "fall back to TCP when handshakes pile up"),
	{0},
};

const struct option_row option_rows_mctp[] = {
	ROW("MCTP_OPT_ADDR_EXT", BOOL, RW, NULL, "addresses with the physical one"),
	{0},
};

const struct option_row option_rows_llc[] = {
	ROW("LLC_OPT_RETRY", INT, RW, NULL, "most retries"),
	ROW("LLC_OPT_SIZE", INT, RW, "bytes", "largest PDU"),
	ROW("LLC_OPT_ACK_TMR_EXP", INT, RW, "s", "acknowledgement timer"),
	ROW("LLC_OPT_P_TMR_EXP", INT, RW, "s", "poll timer"),
	ROW("LLC_OPT_REJ_TMR_EXP", INT, RW, "s", "reject timer"),
	ROW("LLC_OPT_BUSY_TMR_EXP", INT, RW, "s", "busy timer"),
	ROW("LLC_OPT_TX_WIN", INT, RW, "PDUs", "send window"),
	ROW("LLC_OPT_RX_WIN", INT, RW, "PDUs", "receive window"),
	ROW("LLC_OPT_PKTINFO", BOOL, RW, NULL, "receive where packets came from"),
	{0},
};

const struct option_row option_rows_wpan[] = {
	ROW("WPAN_WANTACK", BOOL, RW, NULL, "ask for acknowledgements"),
	ROW("WPAN_SECURITY", INT, RW, NULL, "security of frames"),
	ROW("WPAN_SECURITY_LEVEL", INT, RW, NULL, "security level of frames"),
	ROW("WPAN_WANTLQI", BOOL, RW, NULL, "receive the quality of the link"),
	{0},
};
