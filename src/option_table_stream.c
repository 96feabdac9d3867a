/* SPDX-License-Identifier: MIT */
/* Options of the stream protocols over IP. */
#include <stddef.h>

#include "src/option.h"

/* struct tcp_info of Linux 7.2 without its last bit fields. */
#define TCP_INFO_FIELDS                                                              \
	"state:u8:TCP_STATE ca_state:u8:TCP_CA retransmits:u8 probes:u8 backoff:u8 " \
	"options:u8:TCPI_OPT snd_wscale:b4 rcv_wscale:b4 "                           \
	"delivery_rate_app_limited:b1 fastopen_client_fail:b2 -:b5 "                 \
	"rto:u32/us ato:u32/us snd_mss:u32 rcv_mss:u32 "                             \
	"unacked:u32 sacked:u32 lost:u32 retrans:u32 fackets:u32 "                   \
	"last_data_sent:u32/ms last_ack_sent:u32/ms last_data_recv:u32/ms "          \
	"last_ack_recv:u32/ms pmtu:u32 rcv_ssthresh:u32 rtt:u32/us rttvar:u32/us "   \
	"snd_ssthresh:u32 snd_cwnd:u32 advmss:u32 reordering:u32 rcv_rtt:u32/us "    \
	"rcv_space:u32 total_retrans:u32 pacing_rate:u64 max_pacing_rate:u64 "       \
	"bytes_acked:u64 bytes_received:u64 segs_out:u32 segs_in:u32 "               \
	"notsent_bytes:u32 min_rtt:u32/us data_segs_in:u32 data_segs_out:u32 "       \
	"delivery_rate:u64 busy_time:u64/us rwnd_limited:u64/us "                    \
	"sndbuf_limited:u64/us delivered:u32 delivered_ce:u32 bytes_sent:u64 "       \
	"bytes_retrans:u64 dsack_dups:u32 reord_seen:u32 rcv_ooopack:u32 "           \
	"snd_wnd:u32 rcv_wnd:u32 rehash:u32 total_rto:u16 total_rto_recoveries:u16 " \
	"total_rto_time:u32/ms received_ce:u32 delivered_e1_bytes:u32 "              \
	"delivered_e0_bytes:u32 delivered_ce_bytes:u32 received_e1_bytes:u32 "       \
	"received_e0_bytes:u32 received_ce_bytes:u32"

const struct option_row option_rows_tcp[] = {
	ROW("TCP_NODELAY", BOOL, RW, NULL, "send small segments at once"),
	ROW("TCP_MAXSEG", INT, RW, "bytes", "largest segment to send"),
	ROW("TCP_CORK", BOOL, RW, NULL, "send full segments only"),
	ROW("TCP_KEEPIDLE", INT, RW, "s", "silence before the first keepalive probe"),
	ROW("TCP_KEEPINTVL", INT, RW, "s", "time between keepalive probes"),
	ROW("TCP_KEEPCNT", INT, RW, "probes", "probes without an answer that end it"),
	ROW("TCP_SYNCNT", INT, RW, "SYNs", "attempts to connect"),
	ROW("TCP_LINGER2", INT, RW, "s", "time in FIN-WAIT-2 without an owner"),
	ROW("TCP_DEFER_ACCEPT", INT, RW, "s", "accept only once data has come"),
	ROW("TCP_WINDOW_CLAMP", INT, RW, "bytes", "largest window to advertise"),
	ROW("TCP_INFO", STRUCT, RO, TCP_INFO_FIELDS, "state and measures"),
	ROW("TCP_QUICKACK", BOOL, RW, NULL, "acknowledge at once, for a while"),
	ROW("TCP_CONGESTION", STRING, RW, NULL, "congestion control algorithm"),
	ROW("TCP_MD5SIG", RAW, WO, NULL, "key of RFC 2385"),
	ROW("TCP_THIN_LINEAR_TIMEOUTS", BOOL, RW, NULL, "no backoff for thin streams"),
	ROW("TCP_THIN_DUPACK", BOOL, RW, NULL, "does nothing any more"),
	ROW("TCP_USER_TIMEOUT", INT, RW, "ms", "data unacknowledged so long ends it"),
	ROW("TCP_REPAIR", ENUM, RW, "TCP_REPAIR_STATE",
	    "take the socket for restoring"),
	ROW("TCP_REPAIR_QUEUE", ENUM, RW, "TCP_QUEUE", "queue that is restored"),
	ROW("TCP_QUEUE_SEQ", INT, RW, NULL, "sequence number of that queue"),
	ROW("TCP_REPAIR_OPTIONS", RAW, WO, NULL, "restore what the SYNs agreed on"),
	ROW("TCP_FASTOPEN", INT, RW, "requests", "take data in SYNs; so many may wait"),
	ROW("TCP_TIMESTAMP", INT, RW, NULL, "timestamp clock of the connection"),
	ROW("TCP_NOTSENT_LOWAT", INT, RW, "bytes", "writable while less is unsent"),
	ROW("TCP_CC_INFO", BYTES, RO, NULL, "what the congestion control tells"),
	ROW("TCP_SAVE_SYN", BOOL, RW, NULL, "keep the SYNs of connections"),
	ROW("TCP_SAVED_SYN", BYTES, RO, NULL, "headers of the SYN; read once"),
	ROW("TCP_REPAIR_WINDOW", STRUCT, RW,
	    "snd_wl1:u32 snd_wnd:u32 max_window:u32 rcv_wnd:u32 rcv_wup:u32",
	    "windows, for restoring"),
	ROW("TCP_FASTOPEN_CONNECT", BOOL, RW, NULL,
	    "connect sends with the first data"),
	ROW("TCP_ULP", STRING, RW, NULL, "protocol on top, such as tls"),
	ROW("TCP_MD5SIG_EXT", RAW, WO, NULL, "key of RFC 2385 for a prefix"),
	ROW("TCP_FASTOPEN_KEY", BYTES, RW, NULL, "keys of the cookies"),
	ROW("TCP_FASTOPEN_NO_COOKIE", BOOL, RW, NULL, "data in SYNs without a cookie"),
	ROW("TCP_ZEROCOPY_RECEIVE", RAW, RO, NULL, "map received pages"),
	ROW("TCP_INQ", BOOL, RW, NULL, "receive how much is left to read"),
	ROW("TCP_TX_DELAY", INT, RW, "us", "delay what is sent"),
	ROW("TCP_AO_ADD_KEY", RAW, WO, NULL, "add a key of RFC 5925"),
	ROW("TCP_AO_DEL_KEY", RAW, WO, NULL, "delete a key of RFC 5925"),
	ROW("TCP_AO_INFO", RAW, RW, NULL, "state of RFC 5925"),
	ROW("TCP_AO_GET_KEYS", RAW, RO, NULL, "keys of RFC 5925"),
	ROW("TCP_AO_REPAIR", RAW, RW, NULL, "restore the state of RFC 5925"),
	ROW("TCP_IS_MPTCP", BOOL, RO, NULL, "whether it has not fallen back to TCP"),
	ROW("TCP_RTO_MAX_MS", INT, RW, "ms", "longest retransmission timeout"),
	ROW("TCP_RTO_MIN_US", INT, RW, "us", "shortest retransmission timeout"),
	ROW("TCP_DELACK_MAX_US", INT, RW, "us", "longest delay of an acknowledgement"),
	{0},
};

const struct option_row option_rows_mptcp[] = {
	ROW("MPTCP_INFO", STRUCT, RO,
	    "subflows:u8 add_addr_signal:u8 add_addr_accepted:u8 subflows_max:u8 "
	    "add_addr_signal_max:u8 add_addr_accepted_max:u8 -:2 flags:h32 token:h32 "
	    "write_seq:u64 snd_una:u64 rcv_nxt:u64 local_addr_used:u8 "
	    "local_addr_max:u8 csum_enabled:u8 -:1 retransmits:u32 bytes_retrans:u64 "
	    "bytes_sent:u64 bytes_received:u64 bytes_acked:u64 subflows_total:u8 "
	    "endp_laminar_max:u8 endp_fullmesh_max:u8 -:1 last_data_sent:u32/ms "
	    "last_data_recv:u32/ms last_ack_recv:u32/ms",
	    "state and measures"),
	ROW("MPTCP_TCPINFO", RAW, RO, NULL, "struct tcp_info of every subflow"),
	ROW("MPTCP_SUBFLOW_ADDRS", RAW, RO, NULL, "addresses of every subflow"),
	ROW("MPTCP_FULL_INFO", RAW, RO, NULL, "all of the above"),
	{0},
};

const struct option_row option_rows_tls[] = {
	ROW("TLS_TX", RAW, RW, NULL, "cipher and keys of what is sent"),
	ROW("TLS_RX", RAW, RW, NULL, "cipher and keys of what is received"),
	ROW("TLS_TX_ZEROCOPY_RO", BOOL, RW, NULL, "sendfile does not copy"),
	ROW("TLS_RX_EXPECT_NO_PAD", BOOL, RW, NULL,
	    "decrypt in place: no padding comes"),
	ROW("TLS_TX_MAX_PAYLOAD_LEN", STRUCT, RW, "bytes:u16", "longest record"),
	{0},
};

#define ASSOC_VALUE "assoc_id:i32 value:u32"

const struct option_row option_rows_sctp[] = {
	ROW("SCTP_RTOINFO", STRUCT, RW,
	    "assoc_id:i32 initial:u32/ms max:u32/ms min:u32/ms",
	    "retransmission timeouts"),
	ROW("SCTP_ASSOCINFO", STRUCT, RW,
	    "assoc_id:i32 max_retransmits:u16 peer_addresses:u16 peer_rwnd:u32 "
	    "local_rwnd:u32 cookie_life:u32/ms",
	    "limits of an association"),
	ROW("SCTP_INITMSG", STRUCT, RW,
	    "ostreams:u16 max_instreams:u16 max_attempts:u16 max_init_timeo:u16/ms",
	    "what INIT asks for"),
	ROW("SCTP_NODELAY", BOOL, RW, NULL, "send small messages at once"),
	ROW("SCTP_AUTOCLOSE", INT, RW, "s",
	    "silence that ends an association; 0: never"),
	ROW("SCTP_SET_PEER_PRIMARY_ADDR", BYTES, WO, NULL,
	    "ask the peer for its primary"),
	ROW("SCTP_PRIMARY_ADDR", BYTES, RW, NULL, "primary address of the peer"),
	ROW("SCTP_ADAPTATION_LAYER", FLAGS, RW, "", "adaptation indication"),
	ROW("SCTP_DISABLE_FRAGMENTS", BOOL, RW, NULL, "refuse what needs fragments"),
	ROW("SCTP_PEER_ADDR_PARAMS", BYTES, RW, NULL, "struct sctp_paddrparams"),
	ROW("SCTP_DEFAULT_SEND_PARAM", BYTES, RW, NULL, "struct sctp_sndrcvinfo"),
	ROW("SCTP_EVENTS", BYTES, RW, NULL, "struct sctp_event_subscribe"),
	ROW("SCTP_I_WANT_MAPPED_V4_ADDR", BOOL, RW, NULL, "IPv4 addresses as IPv6"),
	ROW("SCTP_MAXSEG", STRUCT, RW, ASSOC_VALUE, "largest fragment, in bytes"),
	ROW("SCTP_STATUS", BYTES, RO, NULL, "struct sctp_status"),
	ROW("SCTP_GET_PEER_ADDR_INFO", RAW, RO, NULL, "struct sctp_paddrinfo"),
	ROW("SCTP_DELAYED_SACK", STRUCT, RW, "assoc_id:i32 delay:u32/ms freq:u32",
	    "delay of acknowledgements"),
	ROW("SCTP_CONTEXT", STRUCT, RW, ASSOC_VALUE, "context of what is received"),
	ROW("SCTP_FRAGMENT_INTERLEAVE", INT, RW, NULL, "mix messages while delivering"),
	ROW("SCTP_PARTIAL_DELIVERY_POINT", INT, RW, "bytes",
	    "deliver parts from here on"),
	ROW("SCTP_MAX_BURST", STRUCT, RW, ASSOC_VALUE, "most packets in one burst"),
	ROW("SCTP_AUTH_CHUNK", BYTES, WO, NULL, "chunk type to authenticate"),
	ROW("SCTP_HMAC_IDENT", BYTES, RW, NULL, "algorithms of authentication"),
	ROW("SCTP_AUTH_KEY", BYTES, WO, NULL, "struct sctp_authkey"),
	ROW("SCTP_AUTH_ACTIVE_KEY", STRUCT, RW, "assoc_id:i32 key:u16 -:2",
	    "key in use"),
	ROW("SCTP_AUTH_DELETE_KEY", STRUCT, WO, "assoc_id:i32 key:u16 -:2",
	    "delete a key"),
	ROW("SCTP_PEER_AUTH_CHUNKS", RAW, RO, NULL,
	    "chunks that the peer authenticates"),
	ROW("SCTP_LOCAL_AUTH_CHUNKS", RAW, RO, NULL, "chunks authenticated here"),
	ROW("SCTP_GET_ASSOC_NUMBER", INT, RO, NULL, "how many associations"),
	ROW("SCTP_GET_ASSOC_ID_LIST", LIST, RO, NULL, "their number and identifiers"),
	ROW("SCTP_AUTO_ASCONF", BOOL, RW, NULL, "tell peers of new addresses"),
	ROW("SCTP_PEER_ADDR_THLDS", BYTES, RW, NULL, "struct sctp_paddrthlds"),
	ROW("SCTP_RECVRCVINFO", BOOL, RW, NULL, "receive SCTP_RCVINFO"),
	ROW("SCTP_RECVNXTINFO", BOOL, RW, NULL, "receive SCTP_NXTINFO"),
	ROW("SCTP_DEFAULT_SNDINFO", BYTES, RW, NULL, "struct sctp_sndinfo"),
	ROW("SCTP_AUTH_DEACTIVATE_KEY", STRUCT, WO, "assoc_id:i32 key:u16 -:2",
	    "use a key no more"),
	ROW("SCTP_REUSE_PORT", BOOL, RW, NULL, "several sockets share an address"),
	ROW("SCTP_PEER_ADDR_THLDS_V2", BYTES, RW, NULL, "struct sctp_paddrthlds_v2"),
	ROW("SCTP_SOCKOPT_BINDX_ADD", RAW, WO, NULL, "bind more addresses"),
	ROW("SCTP_SOCKOPT_BINDX_REM", RAW, WO, NULL, "unbind addresses"),
	ROW("SCTP_SOCKOPT_PEELOFF", RAW, RO, NULL, "a socket of one association"),
	ROW("SCTP_SOCKOPT_CONNECTX_OLD", RAW, WO, NULL, "connect to many addresses"),
	ROW("SCTP_GET_PEER_ADDRS", RAW, RO, NULL, "addresses of the peer"),
	ROW("SCTP_GET_LOCAL_ADDRS", RAW, RO, NULL, "addresses bound here"),
	ROW("SCTP_SOCKOPT_CONNECTX", RAW, WO, NULL, "connect to many addresses"),
	ROW("SCTP_SOCKOPT_CONNECTX3", RAW, RO, NULL, "connect to many addresses"),
	ROW("SCTP_GET_ASSOC_STATS", RAW, RO, NULL, "struct sctp_assoc_stats"),
	ROW("SCTP_PR_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "partial reliability"),
	ROW("SCTP_DEFAULT_PRINFO", BYTES, RW, NULL, "struct sctp_default_prinfo"),
	ROW("SCTP_PR_ASSOC_STATUS", RAW, RO, NULL, "struct sctp_prstatus"),
	ROW("SCTP_PR_STREAM_STATUS", RAW, RO, NULL, "struct sctp_prstatus"),
	ROW("SCTP_RECONFIG_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "reconfiguration"),
	ROW("SCTP_ENABLE_STREAM_RESET", STRUCT, RW, ASSOC_VALUE, "allow stream resets"),
	ROW("SCTP_RESET_STREAMS", BYTES, WO, NULL, "struct sctp_reset_streams"),
	ROW("SCTP_RESET_ASSOC", INT, WO, NULL, "reset an association"),
	ROW("SCTP_ADD_STREAMS", STRUCT, WO, "assoc_id:i32 in:u16 out:u16",
	    "more streams"),
	ROW("SCTP_SOCKOPT_PEELOFF_FLAGS", RAW, RO, NULL, "PEELOFF with SOCK_* flags"),
	ROW("SCTP_STREAM_SCHEDULER", STRUCT, RW, ASSOC_VALUE, "how streams take turns"),
	ROW("SCTP_STREAM_SCHEDULER_VALUE", STRUCT, RW,
	    "assoc_id:i32 stream:u16 value:u16", "a stream's priority or weight"),
	ROW("SCTP_INTERLEAVING_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "RFC 8260"),
	ROW("SCTP_SENDMSG_CONNECT", RAW, NO, NULL, "for security modules only"),
	ROW("SCTP_EVENT", STRUCT, RW, "assoc_id:i32 type:u16 on:u8 -:1", "one event"),
	ROW("SCTP_ASCONF_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "RFC 5061"),
	ROW("SCTP_AUTH_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "RFC 4895"),
	ROW("SCTP_ECN_SUPPORTED", STRUCT, RW, ASSOC_VALUE, "congestion notification"),
	ROW("SCTP_EXPOSE_PF_STATE", STRUCT, RW, ASSOC_VALUE, "tell of failing paths"),
	ROW("SCTP_REMOTE_UDP_ENCAPS_PORT", RAW, RW, NULL,
	    "SCTP in UDP: struct sctp_udpencaps"),
	ROW("SCTP_PLPMTUD_PROBE_INTERVAL", RAW, RW, NULL, "struct sctp_probeinterval"),
	{0},
};
