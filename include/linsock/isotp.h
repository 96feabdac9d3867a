/* SPDX-License-Identifier: MIT */
/*
 * ISO-TP (ISO 15765-2) by the kernel's sockets: messages of up to some thousand bytes
 * over CAN frames of eight or sixty-four.
 *
 * The kernel reports what became of a message on whichever call comes next, in either
 * direction. Here the result of a send belongs to that send: it returns when the
 * message is through, or when it failed, and no later receive hears of it.
 */
#ifndef LINSOCK_ISOTP_H
#define LINSOCK_ISOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_ISOTP_TXTIME_ZERO - no time between frames beyond what the peer asks for */
#define LSK_ISOTP_TXTIME_ZERO UINT32_MAX

/** LSK_ISOTP_PADDING_DEFAULT - the byte that unused data is filled with by habit */
#define LSK_ISOTP_PADDING_DEFAULT 0xCC

/**
 * enum lsk_isotp_flags - how messages are sent and received
 * @LSK_ISOTP_LISTEN: never send a flow control: listen to others
 * @LSK_ISOTP_EXTENDED: the first data byte is &lsk_isotp_config.tx_address: extended or
 *	mixed addressing
 * @LSK_ISOTP_TX_PADDING: fill frames with &lsk_isotp_config.tx_padding
 * @LSK_ISOTP_RX_PADDING: others fill frames with &lsk_isotp_config.rx_padding
 * @LSK_ISOTP_CHECK_LENGTH: refuse frames without padding (-EBADMSG)
 * @LSK_ISOTP_CHECK_DATA: refuse frames with other padding (-EBADMSG)
 * @LSK_ISOTP_HALF_DUPLEX: receive nothing while sending
 * @LSK_ISOTP_FORCE_TX_STMIN: &lsk_isotp_config.tx_stmin_ns instead of the peer's wish
 * @LSK_ISOTP_FORCE_RX_STMIN: ignore frames that come sooner than
 *	&lsk_isotp_config.rx_stmin_ns
 * @LSK_ISOTP_RX_EXTENDED: &lsk_isotp_config.rx_address differs from the one sent
 * @LSK_ISOTP_SF_BROADCAST: functional addressing: single frames to all, no answer
 *	(Linux 5.11)
 * @LSK_ISOTP_CF_BROADCAST: long messages without flow control (Linux 5.19)
 * @LSK_ISOTP_DYNAMIC_FC: take block size and STmin of each flow control (Linux 6.9)
 */
enum lsk_isotp_flags {
	LSK_ISOTP_LISTEN = 0x0001,
	LSK_ISOTP_EXTENDED = 0x0002,
	LSK_ISOTP_TX_PADDING = 0x0004,
	LSK_ISOTP_RX_PADDING = 0x0008,
	LSK_ISOTP_CHECK_LENGTH = 0x0010,
	LSK_ISOTP_CHECK_DATA = 0x0020,
	LSK_ISOTP_HALF_DUPLEX = 0x0040,
	LSK_ISOTP_FORCE_TX_STMIN = 0x0080,
	LSK_ISOTP_FORCE_RX_STMIN = 0x0100,
	LSK_ISOTP_RX_EXTENDED = 0x0200,
	LSK_ISOTP_SF_BROADCAST = 0x0800,
	LSK_ISOTP_CF_BROADCAST = 0x1000,
	LSK_ISOTP_DYNAMIC_FC = 0x2000,
};

/**
 * struct lsk_isotp_config - one pair of addresses and how it speaks
 * @interface: name; borrowed
 * @tx_id: identifier that is sent, with CAN_EFF_FLAG where it has 29 bits
 * @rx_id: identifier that is received; ignored with a broadcast flag
 * @flags: enum lsk_isotp_flags
 * @tx_address: first data byte with LSK_ISOTP_EXTENDED
 * @rx_address: first data byte of what is received, with LSK_ISOTP_RX_EXTENDED
 * @tx_padding: fill byte with LSK_ISOTP_TX_PADDING
 * @rx_padding: fill byte with LSK_ISOTP_RX_PADDING
 * @block_size: frames that the peer may send before it waits for us; 0: all
 * @stmin: gap that the peer shall keep, coded as in ISO 15765-2 (0x05: 5 ms, 0xF1:
 *	100 us)
 * @frame_time_ns: time of one frame on the wire (N_As); 0 leaves the kernel's 50 us,
 *	LSK_ISOTP_TXTIME_ZERO is none
 * @tx_stmin_ns: with LSK_ISOTP_FORCE_TX_STMIN; nanoseconds
 * @rx_stmin_ns: with LSK_ISOTP_FORCE_RX_STMIN; nanoseconds
 * @is_fd: send FD frames
 * @tx_len: data bytes of a frame (8, 12 … 64); 0 for the most that the frame has
 * @fd_flags: LSK_CANFD_BRS for the higher bitrate
 */
struct lsk_isotp_config {
	const char *interface;
	uint32_t tx_id;
	uint32_t rx_id;
	unsigned int flags;
	uint8_t tx_address;
	uint8_t rx_address;
	uint8_t tx_padding;
	uint8_t rx_padding;
	uint8_t block_size;
	uint8_t stmin;
	uint32_t frame_time_ns;
	uint32_t tx_stmin_ns;
	uint32_t rx_stmin_ns;
	bool is_fd;
	uint8_t tx_len;
	uint8_t fd_flags;
};

struct lsk_isotp;

/**
 * lsk_isotp_open() - make a socket for one pair of addresses
 * @ret_isotp: set on success; free with lsk_isotp_free()
 * @config: copied
 * @ret_error: which step failed; may be NULL
 *
 * One thread at a time may use it: a send waits for what the peer answers.
 *
 * Return: 0; -ENODEV; -EPROTONOSUPPORT where the kernel has no ISO-TP (before 5.10, or
 * without can-isotp); -EADDRNOTAVAIL where both identifiers are one; -EINVAL, also for
 * flags that are none of enum lsk_isotp_flags (CAN_ISOTP_WAIT_TX_DONE is not); or the
 * negated errno of the step that failed.
 */
int lsk_isotp_open(struct lsk_isotp **ret_isotp, const struct lsk_isotp_config *config,
		   struct lsk_error *ret_error);

/**
 * lsk_isotp_free() - close
 * @isotp: NULL is allowed. Of a message that is still under way the kernel waits for
 *	the end, up to a second
 *
 * Return: NULL.
 */
struct lsk_isotp *lsk_isotp_free(struct lsk_isotp *isotp);

/**
 * lsk_isotp_socket() - the socket, for its timeout and descriptor
 * @isotp: keeps owning it
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_isotp_socket(const struct lsk_isotp *isotp);

/**
 * lsk_isotp_restore() - put a socket back on its interface after that was gone
 * @isotp: the socket, which keeps its options and its descriptor
 *
 * Return: 1 where it was put back; 0 where nothing had to be done; -ENODEV while there
 * is no such interface; or what bind(2) says.
 */
int lsk_isotp_restore(struct lsk_isotp *isotp);

/**
 * lsk_isotp_send() - send a message, and wait until it is through
 * @isotp: the socket
 * @buf: the bytes; copied to the kernel before anything is waited for
 * @len: how many
 *
 * With a timeout of 0 the message is only started: what becomes of it is then told by
 * lsk_isotp_finish(), also where it broke off while lsk_isotp_receive() was called. The
 * same goes for one that was not through in time (-ETIME). A send waits until the one
 * before is through, and takes the place of its result.
 *
 * Return: 0; -ECOMM where the peer sent no flow control for a second; -EMSGSIZE where
 * its buffer is too small; -EBADMSG for a flow control that makes no sense; -EINVAL for
 * more than lsk_isotp_max_message(); -EAGAIN while another message is under way and the
 * timeout is 0; -ETIME.
 */
int lsk_isotp_send(struct lsk_isotp *isotp, const void *buf, size_t len);

/**
 * lsk_isotp_finish() - wait for the end of a message that was started
 * @isotp: the socket
 *
 * Return: as lsk_isotp_send(); 0 where none is under way.
 */
int lsk_isotp_finish(struct lsk_isotp *isotp);

/**
 * lsk_isotp_receive() - receive a message
 * @isotp: the socket
 * @buf: gets the bytes
 * @size: room in @buf
 *
 * Return: bytes received; -EMSGSIZE where @buf was too small (the message is gone);
 * -ETIMEDOUT, -EILSEQ or -EBADMSG for a message that broke off, once, and never for one
 * that was sent: the next call waits for the next one; -ENETDOWN once when the
 * interface goes down, after which the next call waits for it to come up; -EAGAIN
 * (timeout 0), -ETIME.
 */
ssize_t lsk_isotp_receive(struct lsk_isotp *isotp, void *buf, size_t size);

/**
 * lsk_isotp_request() - ask, and wait for the answer, as diagnostics (UDS) do
 * @isotp: the socket
 * @request: the bytes
 * @len: how many
 * @buf: gets the answer
 * @size: room in @buf
 *
 * What came before the request is thrown away. "Response pending" (7F xx 78) is waited
 * past. One deadline, the socket's timeout, covers everything.
 *
 * Return: bytes of the answer, which may be a negative response; or as
 * lsk_isotp_send() and lsk_isotp_receive().
 */
ssize_t lsk_isotp_request(struct lsk_isotp *isotp, const void *request, size_t len,
			  void *buf, size_t size);

/**
 * struct lsk_isotp_answer - an answer to a request that went to all
 * @from: index of the socket that it came by
 * @len: bytes in @data; or the negative error with which that one's message broke off
 * @data: the bytes
 */
struct lsk_isotp_answer {
	size_t from;
	int len;
	uint8_t data[4095];
};

/**
 * struct lsk_isotp_group - who is asked, and where answers come
 * @all: a socket with LSK_ISOTP_SF_BROADCAST
 * @each: one socket per peer that may answer
 * @count: how many of them
 */
struct lsk_isotp_group {
	struct lsk_isotp *all;
	struct lsk_isotp *const *each;
	size_t count;
};

/**
 * lsk_isotp_request_all() - ask everybody (functional addressing), collect the answers
 * @group: who
 * @request: the bytes: one frame's
 * @len: how many
 * @timeout_ns: how long answers are collected
 * @ret_answers: gets them in the order in which they come
 * @answers_max: room in @ret_answers; the call ends when it is full
 *
 * Return: how many answers came, 0 for none; or as lsk_isotp_send().
 */
int lsk_isotp_request_all(const struct lsk_isotp_group *group, const void *request,
			  size_t len, int64_t timeout_ns,
			  struct lsk_isotp_answer *ret_answers, size_t answers_max);

/**
 * lsk_isotp_max_message() - the longest message that this kernel sends and receives
 *
 * Linux 6.4 and later say it (8300 by default, module parameter max_pdu_size); earlier
 * ones took 8200, and some stable ones 66000.
 *
 * Return: bytes; 0 where the kernel does not say.
 */
size_t lsk_isotp_max_message(void);

/**
 * lsk_isotp_find_max() - find out the longest message that a socket sends
 * @isotp: the socket, which sends nothing now
 *
 * For kernels of which lsk_isotp_max_message() says nothing. The kernel refuses a
 * length before it looks at the bytes; it is offered some that cannot be read, so that
 * none is ever sent.
 *
 * Return: bytes; -EAGAIN while a message is under way; -ENODEV; or as send(2).
 */
ssize_t lsk_isotp_find_max(struct lsk_isotp *isotp);

LSK_END_DECLS

#endif
