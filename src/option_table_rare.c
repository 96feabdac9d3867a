/* SPDX-License-Identifier: MIT */
/* Options of families that few kernels have. */
#include <stddef.h>

#include "src/option.h"

const struct option_row option_rows_dccp[] = {
	ROW("DCCP_SOCKOPT_PACKET_SIZE", INT, RO, "bytes", "does nothing any more"),
	ROW("DCCP_SOCKOPT_SERVICE", INT_BE, RW, NULL, "service code of the endpoint"),
	ROW("DCCP_SOCKOPT_CHANGE_L", RAW, NO, NULL, "does nothing any more"),
	ROW("DCCP_SOCKOPT_CHANGE_R", RAW, NO, NULL, "does nothing any more"),
	ROW("DCCP_SOCKOPT_GET_CUR_MPS", INT, RO, "bytes", "largest packet now"),
	ROW("DCCP_SOCKOPT_SERVER_TIMEWAIT", BOOL, RW, NULL,
	    "the server keeps TIMEWAIT"),
	ROW("DCCP_SOCKOPT_SEND_CSCOV", INT, RW, NULL,
	    "checksum coverage of what is sent"),
	ROW("DCCP_SOCKOPT_RECV_CSCOV", INT, RW, NULL, "least coverage to receive"),
	ROW("DCCP_SOCKOPT_AVAILABLE_CCIDS", BYTES, RO, NULL,
	    "congestion controls of the kernel"),
	ROW("DCCP_SOCKOPT_CCID", BYTES, WO, NULL, "congestion controls, both ways"),
	ROW("DCCP_SOCKOPT_TX_CCID", INT, RW, NULL,
	    "congestion control of what is sent"),
	ROW("DCCP_SOCKOPT_RX_CCID", INT, RW, NULL, "congestion control of the peer"),
	ROW("DCCP_SOCKOPT_QPOLICY_ID", INT, RW, NULL, "which packet to drop first"),
	ROW("DCCP_SOCKOPT_QPOLICY_TXQLEN", INT, RW, "packets", "most that may wait"),
	ROW("DCCP_SOCKOPT_CCID_RX_INFO", RAW, RO, NULL, "of the congestion control"),
	ROW("DCCP_SOCKOPT_CCID_TX_INFO", RAW, RO, NULL, "of the congestion control"),
	{0},
};

const struct option_row option_rows_x25[] = {
	ROW("X25_QBITINCL", BOOL, RW, NULL, "the Q bit is a byte before the data"),
	{0},
};

const struct option_row option_rows_ax25[] = {
	ROW("AX25_WINDOW", INT, RW, "frames", "window"),
	ROW("AX25_T1", INT, RW, "s", "timer of acknowledgements"),
	ROW("AX25_N2", INT, RW, NULL, "most retries"),
	ROW("AX25_T3", INT, RW, "s", "timer of an idle link"),
	ROW("AX25_T2", INT, RW, "s", "delay of acknowledgements"),
	ROW("AX25_BACKOFF", INT, RW, NULL, "0: none, 1: linear, 2: exponential"),
	ROW("AX25_EXTSEQ", BOOL, RW, NULL, "sequence numbers of seven bits"),
	ROW("AX25_PIDINCL", BOOL, RW, NULL, "the protocol is a byte before the data"),
	ROW("AX25_IDLE", INT, RW, "min", "close after so long"),
	ROW("AX25_PACLEN", INT, RW, "bytes", "largest packet"),
	ROW("AX25_IAMDIGI", BOOL, RW, NULL, "the address has a repeated digipeater"),
	{0},
};

const struct option_row option_rows_netrom[] = {
	ROW("NETROM_T1", INT, RW, "s", "timer of acknowledgements"),
	ROW("NETROM_T2", INT, RW, "s", "delay of acknowledgements"),
	ROW("NETROM_N2", INT, RW, NULL, "most retries"),
	ROW("NETROM_T4", INT, RW, "s", "wait of a busy peer"),
	ROW("NETROM_IDLE", INT, RW, "min", "close after so long"),
	{0},
};

const struct option_row option_rows_rose[] = {
	ROW("ROSE_DEFER", BOOL, RW, NULL, "the program accepts calls itself"),
	ROW("ROSE_T1", INT, RW, "s", "timer of a call request"),
	ROW("ROSE_T2", INT, RW, "s", "timer of a reset request"),
	ROW("ROSE_T3", INT, RW, "s", "timer of a clear request"),
	ROW("ROSE_IDLE", INT, RW, "min", "close after so long"),
	ROW("ROSE_QBITINCL", BOOL, RW, NULL, "the Q bit is a byte before the data"),
	ROW("ROSE_HOLDBACK", INT, RW, "s", "delay of acknowledgements"),
	{0},
};

const struct option_row option_rows_rxrpc[] = {
	ROW("RXRPC_SECURITY_KEY", STRING, WO, NULL, "key of a client, by description"),
	ROW("RXRPC_SECURITY_KEYRING", STRING, WO, NULL, "keys of a server"),
	ROW("RXRPC_EXCLUSIVE_CONNECTION", NONE, WO, NULL, "a connection for each call"),
	ROW("RXRPC_MIN_SECURITY_LEVEL", ENUM, WO, "RXRPC_SECURITY_LEVEL",
	    "least security of a call"),
	ROW("RXRPC_UPGRADEABLE_SERVICE", LIST, WO, NULL,
	    "services that clients upgrade"),
	ROW("RXRPC_SUPPORTED_CMSG", INT, RO, NULL, "highest control message"),
	ROW("RXRPC_MANAGE_RESPONSE", INT, WO, NULL, "answer challenges oneself"),
	{0},
};

const struct option_row option_rows_pnpipe[] = {
	ROW("PNPIPE_ENCAP", INT, RW, NULL, "what the pipe carries; 1: IP"),
	ROW("PNPIPE_IFINDEX", INT, RO, NULL, "interface of the pipe"),
	ROW("PNPIPE_HANDLE", INT, RW, NULL, "handle of the pipe"),
	ROW("PNPIPE_INITSTATE", BOOL, RW, NULL, "the pipe begins enabled"),
	{0},
};

const struct option_row option_rows_caif[] = {
	ROW("CAIFSO_LINK_SELECT", INT, WO, NULL, "the link to the modem"),
	ROW("CAIFSO_REQ_PARAM", BYTES, WO, NULL, "parameters of a connect request"),
	ROW("CAIFSO_RSP_PARAM", BYTES, RO, NULL, "parameters of the answer"),
	{0},
};

const struct option_row option_rows_pppol2tp[] = {
	ROW("PPPOL2TP_SO_DEBUG", INT, RW, NULL, "does nothing any more"),
	ROW("PPPOL2TP_SO_RECVSEQ", BOOL, RW, NULL, "expect sequence numbers"),
	ROW("PPPOL2TP_SO_SENDSEQ", BOOL, RW, NULL, "send sequence numbers"),
	ROW("PPPOL2TP_SO_LNSMODE", BOOL, RW, NULL, "decide on sequence numbers"),
	ROW("PPPOL2TP_SO_REORDERTO", INT, RW, "ms",
	    "longest wait for a missing packet"),
	{0},
};

const struct option_row option_rows_nfc[] = {
	ROW("NFC_LLCP_RW", INT, RW, "frames", "receive window"),
	ROW("NFC_LLCP_MIUX", INT, RW, "bytes", "extra size of information units"),
	ROW("NFC_LLCP_REMOTE_MIU", INT, RO, "bytes", "information units of the peer"),
	ROW("NFC_LLCP_REMOTE_LTO", INT, RO, "10 ms", "link timeout of the peer"),
	ROW("NFC_LLCP_REMOTE_RW", INT, RO, "frames", "receive window of the peer"),
	{0},
};

const struct option_row option_rows_iucv[] = {
	ROW("SO_IPRMDATA_MSG", BOOL, RW, NULL, "short data in the parameter list"),
	ROW("SO_MSGSIZE", INT, RO, "bytes", "largest message"),
	ROW("SO_MSGLIMIT", INT, RW, "messages", "most that may wait"),
	{0},
};

const struct option_row option_rows_atm[] = {
	ROW("SO_SETCLP", BOOL, WO, NULL, "mark cells as the first to drop"),
	ROW("SO_ATMQOS", BYTES, RW, NULL, "struct atm_qos"),
	ROW("SO_ATMSAP", BYTES, RW, NULL, "struct atm_sap"),
	ROW("SO_ATMPVC", BYTES, RO, NULL, "struct sockaddr_atmpvc"),
	ROW("SO_MULTIPOINT", INT, RW, NULL, "a leaf of a point-to-multipoint circuit"),
	{0},
};
