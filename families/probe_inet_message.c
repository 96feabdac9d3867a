/* SPDX-License-Identifier: MIT */
/*
 * Which control messages linsock probe tries of inet and inet6. What is younger than
 * the headers of some systems is a number.
 */
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include "families/probe.h"
#include "families/probe_inet.h"
#include "uring/util.h"

#define LEVEL_UDP    17
#define LEVEL_SCTP   132
#define LEVEL_TLS    282
#define ZERO_COPY    0x4000000     /* MSG_ZEROCOPY */
#define STAMP_SENT   (2 | 16)      /* SOF_TIMESTAMPING_TX_SOFTWARE, _SOFTWARE */
#define STAMP_NUMBER 128           /* SOF_TIMESTAMPING_OPT_ID */
#define STAMP_STATS  (4096 | 2048) /* SOF_TIMESTAMPING_OPT_STATS, _OPT_TSONLY */

static int tcp_open(int ret_fds[2])
{
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : probe_tcp_connect(fd);

	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* A connection to itself has one key for both directions: it reads what it wrote. */
static int tls_open(int ret_fds[2])
{
	static const int directions[] = {TLS_TX, TLS_RX};
	const struct tls12_crypto_info_aes_gcm_128 keys = {
		.info = {.version = TLS_1_2_VERSION,
			 .cipher_type = TLS_CIPHER_AES_GCM_128},
	};
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : probe_tls_attach(fd);

	for (size_t i = 0; i < ARRAY_SIZE(directions) && r >= 0; i++)
		r = syscall_result(
			setsockopt(fd, LEVEL_TLS, directions[i], &keys, sizeof(keys)));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* Datagrams to a port of loopback that somebody had and nobody has any more. */
static int nobody_at(struct sockaddr *addr, socklen_t len, int ret_fds[2])
{
	int type = SOCK_DGRAM | SOCK_CLOEXEC;
	_cleanup_(closep) int fd = syscall_result(socket(addr->sa_family, type, 0));
	_cleanup_(closep) int other = syscall_result(socket(addr->sa_family, type, 0));
	int r = fd < 0 ? fd : other;

	if (r >= 0)
		r = syscall_result(bind(other, addr, len));
	if (r == 0)
		r = syscall_result(getsockname(other, addr, &len));
	if (r == 0)
		r = syscall_result(connect(fd, addr, len));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

static int nobody_open(int ret_fds[2])
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return nobody_at((struct sockaddr *)&addr, sizeof(addr), ret_fds);
}

static int nobody6_open(int ret_fds[2])
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	return nobody_at((struct sockaddr *)&addr, sizeof(addr), ret_fds);
}

static int sctp_open(int ret_fds[2])
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return probe_connection(SOCK_STREAM, IPPROTO_SCTP, (struct sockaddr *)&addr,
				sizeof(addr), ret_fds);
}

/* One that asks for associations, and one that takes them. */
static int sctp_many_at(struct sockaddr *addr, socklen_t len, int ret_fds[2])
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC;
	_cleanup_(closep) int fd =
		syscall_result(socket(addr->sa_family, type, IPPROTO_SCTP));
	_cleanup_(closep) int listener =
		syscall_result(socket(addr->sa_family, type, IPPROTO_SCTP));
	int r = fd < 0 ? fd : listener;

	if (r >= 0)
		r = syscall_result(bind(listener, addr, len));
	if (r >= 0)
		r = syscall_result(listen(listener, 1));
	if (r < 0)
		return r;
	ret_fds[0] = take_fd(&fd);
	ret_fds[1] = take_fd(&listener);
	return 0;
}

static int sctp_many_open(int ret_fds[2])
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return sctp_many_at((struct sockaddr *)&addr, sizeof(addr), ret_fds);
}

static int sctp_many6_open(int ret_fds[2])
{
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	return sctp_many_at((struct sockaddr *)&addr, sizeof(addr), ret_fds);
}

/* Another address of loopback than the one that the datagram names. */
static const uint8_t other_address[] = {127, 0, 0, 2};
static const uint8_t other_address6[] = {
	[10] = 0xff,
	[11] = 0xff,
	[12] = 127,
	[15] = 2,
};

/* clang-format off */
#define WANT(of_level, of_option, of_value) \
	.level = (of_level), .option = (of_option), .value = (of_value)
#define COMES(of_level, of_type) \
	.expected_level = (of_level), .expected_type = (of_type)
#define GOES(of_level, of_type, size, of_value) \
	.sent_level = (of_level), .sent_type = (of_type), .sent_size = (size), \
	.sent_value = (of_value)
#define TLS \
	.open = tls_open, .module_alias = "tcp-ulp-tls", .word_alias = "crypto-", .words = "gcm(aes)"
#define SCTP .open = sctp_open, .socket = { SOCK_STREAM, IPPROTO_SCTP }
#define SCTP_MANY(opens, type, bytes) \
	.open = (opens), .socket = { SOCK_SEQPACKET, IPPROTO_SCTP }, \
	.is_addressed = true, .sent_level = LEVEL_SCTP, .sent_type = (type), \
	.sent_bytes = (bytes), .sent_size = sizeof(bytes)
/* An option header of 8 bytes: the next one's number, no more words, a filler of 6. */
#define FILLER 0x04010000

const struct family_message probe_inet_messages[] = {
	{ .name = "cmsg.timestamp", .summary = "time of receipt, microseconds", WANT(SOL_SOCKET, 29, 1), COMES(SOL_SOCKET, 29) },
	{ .name = "cmsg.timestampns", .summary = "time of receipt, nanoseconds", WANT(SOL_SOCKET, 35, 1), COMES(SOL_SOCKET, 35) },
	{ .name = "cmsg.timestamp_new", .summary = "time of receipt that outlives 2038", WANT(SOL_SOCKET, 63, 1), COMES(SOL_SOCKET, 63) },
	{ .name = "cmsg.timestampns_new", .summary = "the same in nanoseconds", WANT(SOL_SOCKET, 64, 1), COMES(SOL_SOCKET, 64) },
	{ .name = "cmsg.timestamping_new", .summary = "software time stamp that outlives 2038", WANT(SOL_SOCKET, 65, 24), COMES(SOL_SOCKET, 65), .is_late = true },
	{ .name = "cmsg.txtime", .summary = "when one packet is to leave", WANT(SOL_SOCKET, 61, CLOCK_MONOTONIC), .value_size = 8, GOES(SOL_SOCKET, 61, 8, 1) },
	{ .name = "cmsg.passsec", .summary = "the packet's security label", WANT(IPPROTO_IP, 18, 1), COMES(IPPROTO_IP, 3) },
	{ .name = "cmsg.tcp_inq", .summary = "bytes that are still to be read", .open = tcp_open, WANT(IPPROTO_TCP, 36, 1), COMES(IPPROTO_TCP, 36) },
	{ .name = "cmsg.timestamping", .summary = "software time stamp of receipt", WANT(SOL_SOCKET, 37, 24), COMES(SOL_SOCKET, 37), .is_late = true },
	{ .name = "cmsg.timestamping_tx", .summary = "software time stamp of sending", WANT(SOL_SOCKET, 37, STAMP_SENT), COMES(SOL_SOCKET, 37), .is_error = true },
	{ .name = "cmsg.timestamping_sent", .summary = "which stamps one packet is to have", WANT(SOL_SOCKET, 37, 16), GOES(SOL_SOCKET, 37, 4, 2), COMES(SOL_SOCKET, 37), .is_error = true },
	{ .name = "cmsg.ts_opt_id", .summary = "the number of one packet's time stamp", WANT(SOL_SOCKET, 37, STAMP_SENT | STAMP_NUMBER), GOES(SOL_SOCKET, 81, 4, 4711), COMES(SOL_SOCKET, 37), .is_error = true },
	{ .name = "cmsg.opt_stats", .summary = "state of TCP with a time stamp of sending", .open = tcp_open, WANT(SOL_SOCKET, 37, STAMP_SENT | STAMP_STATS), COMES(SOL_SOCKET, 54), .is_error = true },
	{ .name = "cmsg.zerocopy", .summary = "that the kernel needs the bytes no more", WANT(SOL_SOCKET, 60, 1), .send_flags = ZERO_COPY, COMES(IPPROTO_IP, 11), .is_error = true },
	{ .name = "cmsg.rxq_ovfl", .summary = "how many packets were lost before", WANT(SOL_SOCKET, 40, 1), COMES(SOL_SOCKET, 40), .sends = 16, .datagram_size = 2000, .is_narrow = true, .is_late = true },
	{ .name = "cmsg.rcvmark", .summary = "the packet's mark", WANT(SOL_SOCKET, 75, 1), COMES(SOL_SOCKET, 36) },
	{ .name = "cmsg.rcvpriority", .summary = "the packet's priority", WANT(SOL_SOCKET, 82, 1), COMES(SOL_SOCKET, 12) },
	{ .name = "cmsg.mark", .summary = "a mark for one packet", GOES(SOL_SOCKET, 36, 4, 1) },
	{ .name = "cmsg.priority", .summary = "a priority for one packet", GOES(SOL_SOCKET, 12, 4, 1) },
	{ .name = "cmsg.recverr", .summary = "what became of a packet that did not arrive", .open = nobody_open, WANT(IPPROTO_IP, 11, 1), COMES(IPPROTO_IP, 11), .is_error = true },
	{ .name = "cmsg.pktinfo", .summary = "where the packet came in", WANT(IPPROTO_IP, 8, 1), COMES(IPPROTO_IP, 8) },
	{ .name = "cmsg.pktinfo_sent", .summary = "where one packet leaves, and from what address", GOES(IPPROTO_IP, 8, 12, 0) },
	{ .name = "cmsg.ttl", .summary = "time to live, received", WANT(IPPROTO_IP, 12, 1), COMES(IPPROTO_IP, 2) },
	{ .name = "cmsg.ttl_sent", .summary = "time to live of one packet", WANT(IPPROTO_IP, 12, 1), GOES(IPPROTO_IP, 2, 4, 9), COMES(IPPROTO_IP, 2) },
	{ .name = "cmsg.tos", .summary = "type of service, received", WANT(IPPROTO_IP, 13, 1), COMES(IPPROTO_IP, 1) },
	{ .name = "cmsg.tos_sent", .summary = "type of service of one packet", WANT(IPPROTO_IP, 13, 1), GOES(IPPROTO_IP, 1, 4, 16), COMES(IPPROTO_IP, 1) },
	{ .name = "cmsg.recvopts", .summary = "the packet's IP options", WANT(IPPROTO_IP, 6, 1), GOES(IPPROTO_IP, 7, 4, 0x01010101), COMES(IPPROTO_IP, 6) },
	{ .name = "cmsg.retopts", .summary = "the packet's IP options, as for the way back", WANT(IPPROTO_IP, 7, 1), GOES(IPPROTO_IP, 7, 4, 0x01010101), COMES(IPPROTO_IP, 7) },
	{ .name = "cmsg.protocol", .summary = "the protocol of one packet", GOES(IPPROTO_IP, 52, 4, 17) },
	{ .name = "cmsg.origdstaddr", .summary = "address that the packet was sent to", WANT(IPPROTO_IP, 20, 1), COMES(IPPROTO_IP, 20) },
	{ .name = "cmsg.udp_segment", .summary = "one send, many datagrams (GSO)", GOES(LEVEL_UDP, 103, 2, 500), .datagram_size = 1500 },
	{ .name = "cmsg.udp_gro", .summary = "many datagrams, one receive (GRO)", WANT(LEVEL_UDP, 104, 1), GOES(LEVEL_UDP, 103, 2, 500), COMES(LEVEL_UDP, 104), .datagram_size = 1500 },
	{ .name = "tls.cmsg.record_type", .summary = "what kind of record was read", TLS, COMES(LEVEL_TLS, 2) },
	{ .name = "tls.cmsg.record_type_sent", .summary = "what kind of record one send makes", TLS, GOES(LEVEL_TLS, 1, 1, 21), COMES(LEVEL_TLS, 2) },
	{ .name = "sctp.cmsg.init", .summary = "streams and tries of a new association", SCTP, GOES(LEVEL_SCTP, 0, 8, 0) },
	{ .name = "sctp.cmsg.sndrcv", .summary = "stream and payload type, by the older number", SCTP, WANT(LEVEL_SCTP, 11, 1), COMES(LEVEL_SCTP, 1) },
	{ .name = "sctp.cmsg.sndrcv_sent", .summary = "the same of one message that is sent", SCTP, GOES(LEVEL_SCTP, 1, 32, 0) },
	{ .name = "sctp.cmsg.sndinfo", .summary = "stream and payload type of one message", SCTP, GOES(LEVEL_SCTP, 2, 16, 0) },
	{ .name = "sctp.cmsg.rcvinfo", .summary = "stream and payload type, received", SCTP, WANT(LEVEL_SCTP, 32, 1), COMES(LEVEL_SCTP, 3) },
	{ .name = "sctp.cmsg.nxtinfo", .summary = "the same of the message after this one", SCTP, WANT(LEVEL_SCTP, 33, 1), COMES(LEVEL_SCTP, 4), .sends = 2, .is_late = true },
	{ .name = "sctp.cmsg.prinfo", .summary = "when one message may be given up", SCTP, GOES(LEVEL_SCTP, 5, 8, 0) },
	{ .name = "sctp.cmsg.authinfo", .summary = "the key that one message is signed with", SCTP, GOES(LEVEL_SCTP, 6, 2, 0) },
	{ .name = "sctp.cmsg.dstaddrv4", .summary = "one more address of the host that is sent to", SCTP_MANY(sctp_many_open, 7, other_address) },
	{ .name = NULL },
};

const struct family_message probe_inet6_messages[] = {
	{ .name = "cmsg.2292pktinfo", .summary = "where the packet came in, by the older number", WANT(IPPROTO_IPV6, 2, 1), COMES(IPPROTO_IPV6, 2) },
	{ .name = "cmsg.2292hoplimit", .summary = "hop limit by the older number", WANT(IPPROTO_IPV6, 8, 1), COMES(IPPROTO_IPV6, 8) },
	{ .name = "cmsg.2292hopopts", .summary = "options of each hop by the older number", WANT(IPPROTO_IPV6, 3, 1), GOES(IPPROTO_IPV6, 54, 8, FILLER), COMES(IPPROTO_IPV6, 3) },
	{ .name = "cmsg.2292dstopts", .summary = "options of the destination by the older number", WANT(IPPROTO_IPV6, 4, 1), GOES(IPPROTO_IPV6, 59, 8, FILLER), COMES(IPPROTO_IPV6, 4) },
	{ .name = "cmsg.dontfrag_sent", .summary = "one packet that may not be split", GOES(IPPROTO_IPV6, 62, 4, 1) },
	{ .name = "cmsg.timestamp", .summary = "time of receipt, microseconds", WANT(SOL_SOCKET, 29, 1), COMES(SOL_SOCKET, 29) },
	{ .name = "cmsg.timestamping_tx", .summary = "software time stamp of sending", WANT(SOL_SOCKET, 37, STAMP_SENT), COMES(SOL_SOCKET, 37), .is_error = true },
	{ .name = "cmsg.zerocopy", .summary = "that the kernel needs the bytes no more", WANT(SOL_SOCKET, 60, 1), .send_flags = ZERO_COPY, COMES(IPPROTO_IPV6, 25), .is_error = true },
	{ .name = "cmsg.recverr", .summary = "what became of a packet that did not arrive", .open = nobody6_open, WANT(IPPROTO_IPV6, 25, 1), COMES(IPPROTO_IPV6, 25), .is_error = true },
	{ .name = "cmsg.pktinfo", .summary = "where the packet came in", WANT(IPPROTO_IPV6, 49, 1), COMES(IPPROTO_IPV6, 50) },
	{ .name = "cmsg.pktinfo_sent", .summary = "where one packet leaves, and from what address", GOES(IPPROTO_IPV6, 50, 20, 0) },
	{ .name = "cmsg.hoplimit", .summary = "hop limit, received", WANT(IPPROTO_IPV6, 51, 1), COMES(IPPROTO_IPV6, 52) },
	{ .name = "cmsg.hoplimit_sent", .summary = "hop limit of one packet", WANT(IPPROTO_IPV6, 51, 1), GOES(IPPROTO_IPV6, 52, 4, 9), COMES(IPPROTO_IPV6, 52) },
	{ .name = "cmsg.tclass", .summary = "traffic class, received", WANT(IPPROTO_IPV6, 66, 1), COMES(IPPROTO_IPV6, 67) },
	{ .name = "cmsg.tclass_sent", .summary = "traffic class of one packet", WANT(IPPROTO_IPV6, 66, 1), GOES(IPPROTO_IPV6, 67, 4, 16), COMES(IPPROTO_IPV6, 67) },
	{ .name = "cmsg.flowinfo", .summary = "traffic class and flow label, received", WANT(IPPROTO_IPV6, 11, 1), GOES(IPPROTO_IPV6, 67, 4, 16), COMES(IPPROTO_IPV6, 11) },
	{ .name = "cmsg.hopopts", .summary = "options that each hop looks at", WANT(IPPROTO_IPV6, 53, 1), GOES(IPPROTO_IPV6, 54, 8, FILLER), COMES(IPPROTO_IPV6, 54) },
	{ .name = "cmsg.dstopts", .summary = "options that the destination looks at", WANT(IPPROTO_IPV6, 58, 1), GOES(IPPROTO_IPV6, 59, 8, FILLER), COMES(IPPROTO_IPV6, 59) },
	{ .name = "cmsg.origdstaddr", .summary = "address that the packet was sent to", WANT(IPPROTO_IPV6, 74, 1), COMES(IPPROTO_IPV6, 74) },
	{ .name = "cmsg.udp_segment", .summary = "one send, many datagrams (GSO)", GOES(LEVEL_UDP, 103, 2, 500), .datagram_size = 1500 },
	{ .name = "cmsg.udp_gro", .summary = "many datagrams, one receive (GRO)", WANT(LEVEL_UDP, 104, 1), GOES(LEVEL_UDP, 103, 2, 500), COMES(LEVEL_UDP, 104), .datagram_size = 1500 },
	{ .name = "sctp.cmsg.dstaddrv6", .summary = "one more address of the host that is sent to", SCTP_MANY(sctp_many6_open, 8, other_address6) },
	{ .name = NULL },
};
/* clang-format on */
