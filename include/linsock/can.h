/* SPDX-License-Identifier: MIT */
/*
 * CAN frames, filters and error reports as values, and channels that carry them.
 *
 * A frame has one text form, the one that the tools of the field use:
 *
 *	123#DEADBEEF                        classic, 11 bit id
 *	1F334455#1122.3344                  classic, 29 bit id; dots are allowed
 *	123#R  123#R5                       remote request, of 5 bytes
 *	123#1122334455667788_E              raw DLC 14 with 8 bytes
 *	123##1112233                        FD: a nibble of flags, then data
 *	45123#81:00:12345678#11223344       XL: VCID 45, priority 123, flags:SDT:AF
 *	20000080#0000000000000000           error frame: class bits
 *
 * Everything here that takes no channel is pure: no system call, any thread.
 */
#ifndef LINSOCK_CAN_H
#define LINSOCK_CAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_CAN_DATA_MAX - data bytes of a classic frame */
#define LSK_CAN_DATA_MAX   8
/** LSK_CANFD_DATA_MAX - data bytes of an FD frame */
#define LSK_CANFD_DATA_MAX 64
/** LSK_CANXL_DATA_MAX - data bytes of an XL frame */
#define LSK_CANXL_DATA_MAX 2048

/** LSK_CAN_ID_MAX - the largest standard identifier, and XL priority */
#define LSK_CAN_ID_MAX          0x7FFu
/** LSK_CAN_EXTENDED_ID_MAX - the largest extended identifier */
#define LSK_CAN_EXTENDED_ID_MAX 0x1FFFFFFFu

/** LSK_CANFD_BRS - flag of an FD frame: the data went at the higher bitrate */
#define LSK_CANFD_BRS 0x01
/** LSK_CANFD_ESI - flag of an FD frame: its sender is error passive */
#define LSK_CANFD_ESI 0x02
/** LSK_CANFD_FDF - flag that newer kernels set in every FD frame */
#define LSK_CANFD_FDF 0x04
/** LSK_CANXL_XLF - flag that every XL frame has */
#define LSK_CANXL_XLF 0x80
/** LSK_CANXL_SEC - flag of an XL frame: simple extended content */
#define LSK_CANXL_SEC 0x01
/** LSK_CANXL_RRS - flag of an XL frame: remote request substitution */
#define LSK_CANXL_RRS 0x02

/** LSK_CAN_MTU - bytes of the kernel's struct can_frame */
#define LSK_CAN_MTU   16
/** LSK_CANFD_MTU - bytes of the kernel's struct canfd_frame */
#define LSK_CANFD_MTU 72
/** LSK_CANXL_MTU - bytes of the kernel's struct canxl_frame with all its data */
#define LSK_CANXL_MTU 2060

/** LSK_CAN_TEXT_MAX - bytes that hold every frame's text, dots and NUL included */
#define LSK_CAN_TEXT_MAX 6176

/**
 * enum lsk_can_kind - what a frame is
 * @LSK_CAN_CLASSIC: CAN 2.0, up to 8 bytes
 * @LSK_CAN_FD: CAN FD, up to 64 bytes
 * @LSK_CAN_XL: CAN XL, 1 to 2048 bytes
 * @LSK_CAN_ERROR: a report of the controller or its driver, never on the wire
 * @LSK_CAN_KIND__COUNT: number of kinds
 */
enum lsk_can_kind {
	LSK_CAN_CLASSIC,
	LSK_CAN_FD,
	LSK_CAN_XL,
	LSK_CAN_ERROR,
	LSK_CAN_KIND__COUNT
};

/**
 * struct lsk_can_frame - one frame of any kind
 * @id: identifier of 11 or 29 bits without the kernel's flag bits; for XL the priority;
 *	for an error frame its class bits (CAN_ERR_* of linux/can/error.h)
 * @kind: enum lsk_can_kind
 * @is_extended: @id has 29 bits (classic, FD)
 * @is_remote: a remote request, whose @len asks for data and which carries none
 * @flags: LSK_CANFD_* or LSK_CANXL_*
 * @raw_dlc: 9 … 15 where a classic frame of 8 bytes had that code on the wire, else 0
 * @sdt: XL: type of the data
 * @vcid: XL: virtual CAN network
 * @len: bytes of @data that count
 * @acceptance: XL: the acceptance field
 * @data: the bytes; those past @len mean nothing
 *
 * Copy it by assignment, or only its head and @len bytes where speed counts.
 */
struct lsk_can_frame {
	uint32_t id;
	uint8_t kind;
	bool is_extended;
	bool is_remote;
	uint8_t flags;
	uint8_t raw_dlc;
	uint8_t sdt;
	uint8_t vcid;
	uint16_t len;
	uint32_t acceptance;
	uint8_t data[LSK_CANXL_DATA_MAX];
};

/**
 * lsk_can_frame_set() - make a classic or FD frame from its parts
 * @ret_frame: set on success
 * @kind: LSK_CAN_CLASSIC or LSK_CAN_FD
 * @can_id: identifier, with CAN_EFF_FLAG and CAN_RTR_FLAG of linux/can.h where they
 * apply
 * @data: the bytes; copied; may be NULL for a remote request or where @len is 0
 * @len: how many; for FD rounded up to a length that FD has, with zeros
 *
 * Return: 0, LSK_ERR_RANGE (identifier), LSK_ERR_LENGTH, -EINVAL.
 */
int lsk_can_frame_set(struct lsk_can_frame *ret_frame, enum lsk_can_kind kind,
		      uint32_t can_id, const void *data, size_t len);

/**
 * lsk_can_frame_check() - whether a frame can be
 * @frame: the frame
 *
 * Return: 0; LSK_ERR_RANGE for an identifier, DLC or flag that does not fit its kind;
 * LSK_ERR_LENGTH for a length that the kind does not have; -EINVAL for NULL or a kind
 * that does not exist.
 */
int lsk_can_frame_check(const struct lsk_can_frame *frame);

/**
 * lsk_can_frame_equal() - whether two frames are the same
 * @a: a frame
 * @b: a frame
 *
 * LSK_CANFD_FDF does not count: the kind says it, and older kernels leave it out.
 *
 * Return: whether they are.
 */
bool lsk_can_frame_equal(const struct lsk_can_frame *a, const struct lsk_can_frame *b);

/**
 * lsk_can_frame_parse() - read a frame from its text
 * @ret_frame: set on success
 * @text: the text, ended by a NUL
 * @ret_error: where and what the fault is; may be NULL
 *
 * FD data is filled with zeros up to a length that FD has.
 *
 * Return: 0; LSK_ERR_SYNTAX, LSK_ERR_RANGE (identifier or DLC), LSK_ERR_LENGTH (more
 * data than the kind holds); -EINVAL for NULL.
 */
int lsk_can_frame_parse(struct lsk_can_frame *ret_frame, const char *text,
			struct lsk_error *ret_error);

/**
 * enum lsk_can_format - how a frame is written
 * @LSK_CAN_FORMAT_PLAIN: as a log has it
 * @LSK_CAN_FORMAT_DOTS: with a dot between data bytes
 */
enum lsk_can_format {
	LSK_CAN_FORMAT_PLAIN = 0,
	LSK_CAN_FORMAT_DOTS = 1,
};

/**
 * lsk_can_frame_format() - write a frame as text
 * @frame: the frame
 * @format: enum lsk_can_format
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; LSK_CAN_TEXT_MAX always suffices
 *
 * Reading the text back gives an equal frame.
 *
 * A frame that came from a bus and breaks the rules of lsk_can_frame_check() prints as
 * far as its length allows.
 *
 * Return: length of the text without its NUL; -ENOSPC; LSK_ERR_LENGTH where the length
 * exceeds the kind's; -EINVAL for NULL.
 */
int lsk_can_frame_format(const struct lsk_can_frame *frame, enum lsk_can_format format,
			 char *buf, size_t size);

/**
 * lsk_can_frame_to_kernel() - the bytes that a CAN_RAW socket takes
 * @frame: the frame
 * @buf: gets a struct can_frame, canfd_frame or canxl_frame
 * @size: bytes in @buf; LSK_CANXL_MTU always suffices
 *
 * Return: bytes written (16, 72, or 12 and the data of XL); -ENOSPC; or as
 * lsk_can_frame_check().
 */
int lsk_can_frame_to_kernel(const struct lsk_can_frame *frame, void *buf, size_t size);

/**
 * lsk_can_frame_from_kernel() - a frame from the bytes that a CAN_RAW socket gave
 * @ret_frame: set on success
 * @buf: a struct can_frame, canfd_frame or canxl_frame, by its length and XL flag
 * @size: bytes in @buf, as received
 *
 * Return: 0; -EBADMSG where the bytes are none of the three; -EINVAL for NULL.
 */
int lsk_can_frame_from_kernel(struct lsk_can_frame *ret_frame, const void *buf,
			      size_t size);

/**
 * struct lsk_can_bits - bits that a frame takes on the wire, with the pause after it
 * @nominal: at the nominal bitrate, stuffed bits as they are
 * @data: at the data bitrate (FD with LSK_CANFD_BRS), the same
 * @plain: all of them without stuffed bits
 * @worst: all of them with as many stuffed bits as can be
 */
struct lsk_can_bits {
	uint32_t nominal;
	uint32_t data;
	uint32_t plain;
	uint32_t worst;
};

/**
 * lsk_can_frame_bits() - how many bits a frame takes on the wire
 * @frame: a classic or FD frame (ISO 11898-1:2015, with its stuff count)
 * @ret_bits: set on success
 *
 * Return: 0; -EOPNOTSUPP for other kinds; LSK_ERR_LENGTH; -EINVAL for NULL.
 */
int lsk_can_frame_bits(const struct lsk_can_frame *frame,
		       struct lsk_can_bits *ret_bits);

/** lsk_can_dlc_to_len() - data bytes of an FD frame with code @dlc (its low 4 bits) */
unsigned int lsk_can_dlc_to_len(unsigned int dlc);

/** lsk_can_len_to_dlc() - the least code of FD that holds @len bytes; 15 past 48 */
unsigned int lsk_can_len_to_dlc(size_t len);

/**
 * struct lsk_can_filter - which frames a channel receives
 * @id: identifier in the kernel's notation (with CAN_EFF_FLAG, CAN_RTR_FLAG);
 *	CAN_INV_FILTER takes the frames that do not match
 * @mask: bits of @id that count
 *
 * A frame passes where (its id & mask) == (id & mask), and a channel receives what
 * passes any of its filters, or all of them with &lsk_can_config.join_filters.
 */
struct lsk_can_filter {
	uint32_t id;
	uint32_t mask;
};

/** LSK_CAN_FILTER_TEXT_MAX - bytes that hold every filter's text and its NUL */
#define LSK_CAN_FILTER_TEXT_MAX 24

/**
 * lsk_can_filter_parse() - read a filter: "123:7FF", or "123~7FF" for all others
 * @ret_filter: set on success
 * @text: hexadecimal id and mask, ended by a NUL. An id of 8 digits is an extended one
 *	(CAN_EFF_FLAG is set)
 * @ret_error: where and what the fault is; may be NULL
 *
 * Return: 0, LSK_ERR_SYNTAX, LSK_ERR_RANGE; -EINVAL for NULL.
 */
int lsk_can_filter_parse(struct lsk_can_filter *ret_filter, const char *text,
			 struct lsk_error *ret_error);

/**
 * lsk_can_filter_format() - write a filter as text
 * @filter: the filter
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; LSK_CAN_FILTER_TEXT_MAX always suffices
 *
 * Reading the text back gives a filter that passes the same frames.
 *
 * Return: length of the text, -ENOSPC, or -EINVAL for NULL.
 */
int lsk_can_filter_format(const struct lsk_can_filter *filter, char *buf, size_t size);

/**
 * lsk_can_filter_match() - whether a frame passes a filter, as the kernel judges it
 * @filter: the filter
 * @frame: the frame; of XL the priority and VCID are the identifier. Error frames pass
 *	no filter: the error mask judges them
 *
 * Return: whether it passes.
 */
bool lsk_can_filter_match(const struct lsk_can_filter *filter,
			  const struct lsk_can_frame *frame);

/**
 * struct lsk_can_filter_list - filters and what else a filter text may say
 * @filters: the filters
 * @count: how many of them
 * @error_mask: classes of error frames to receive (CAN_ERR_*)
 * @join: a frame must pass all filters
 */
struct lsk_can_filter_list {
	struct lsk_can_filter *filters;
	size_t count;
	uint32_t error_mask;
	bool join;
};

/**
 * lsk_can_filter_list_parse() - read filters as candump takes them
 * @ret_list: set on success; end with lsk_can_filter_list_done()
 * @text: "123:7FF,400~700,#FF,j": filters, "#" and an error mask, "j" to join; commas
 *	between them; "" is an empty list
 * @ret_error: where and what the fault is; may be NULL
 *
 * Return: 0, -ENOMEM, or as lsk_can_filter_parse().
 */
int lsk_can_filter_list_parse(struct lsk_can_filter_list *ret_list, const char *text,
			      struct lsk_error *ret_error);

/** lsk_can_filter_list_done() - free what a list holds; NULL is allowed */
void lsk_can_filter_list_done(struct lsk_can_filter_list *list);

/**
 * enum lsk_can_state - the controller's error state that a report speaks of
 * @LSK_CAN_STATE_UNKNOWN: the report says nothing of it
 * @LSK_CAN_STATE_ACTIVE: error active: all is well
 * @LSK_CAN_STATE_WARNING: an error counter passed 96
 * @LSK_CAN_STATE_PASSIVE: an error counter passed 127
 * @LSK_CAN_STATE_BUS_OFF: off the bus
 * @LSK_CAN_STATE__COUNT: number of states
 */
enum lsk_can_state {
	LSK_CAN_STATE_UNKNOWN,
	LSK_CAN_STATE_ACTIVE,
	LSK_CAN_STATE_WARNING,
	LSK_CAN_STATE_PASSIVE,
	LSK_CAN_STATE_BUS_OFF,
	LSK_CAN_STATE__COUNT
};

/**
 * struct lsk_can_error_report - what an error frame says
 * @classes: CAN_ERR_* class bits
 * @state: enum lsk_can_state: the worst that the report names
 * @arbitration_bit: bit at which arbitration was lost; -1: not told
 * @controller: CAN_ERR_CRTL_* bits
 * @protocol: CAN_ERR_PROT_* bits: the kind of violation
 * @location: CAN_ERR_PROT_LOC_*: where in the frame
 * @transceiver: CAN_ERR_TRX_*
 * @has_counters: @tx_errors and @rx_errors are valid
 * @tx_errors: the controller's transmit error counter
 * @rx_errors: the controller's receive error counter
 */
struct lsk_can_error_report {
	uint32_t classes;
	uint8_t state;
	int16_t arbitration_bit;
	uint8_t controller;
	uint8_t protocol;
	uint8_t location;
	uint8_t transceiver;
	bool has_counters;
	uint8_t tx_errors;
	uint8_t rx_errors;
};

/**
 * lsk_can_error_decode() - what an error frame says, as a structure
 * @frame: a frame of kind LSK_CAN_ERROR
 * @ret_report: set on success
 *
 * Kernels before 6.0 do not say whether the counters are valid; there, counters that
 * are not 0 are taken as valid.
 *
 * Return: 0; -EINVAL for another kind of frame or NULL.
 */
int lsk_can_error_decode(const struct lsk_can_frame *frame,
			 struct lsk_can_error_report *ret_report);

/**
 * lsk_can_error_format() - what an error frame says, as candump -e tells it
 * @frame: a frame of kind LSK_CAN_ERROR
 * @separator: between the classes; NULL for ","
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; 512 suffice with a separator of up to 4 bytes
 *
 * Return: length of the text, -ENOSPC; LSK_ERR_RANGE where a class has no name here;
 * -EINVAL for another kind of frame or NULL.
 */
int lsk_can_error_format(const struct lsk_can_frame *frame, const char *separator,
			 char *buf, size_t size);

/** LSK_CAN_ANY - the interface name that stands for all CAN interfaces */
#define LSK_CAN_ANY "any"

/**
 * enum lsk_can_on_full - what a send does when the device's queue is full
 * @LSK_CAN_ON_FULL_WAIT: wait for room, until the channel's timeout
 * @LSK_CAN_ON_FULL_DROP: leave the frame out and count it
 * @LSK_CAN_ON_FULL_FAIL: end with -ENOBUFS
 *
 * A full socket buffer (-EAGAIN) is waited for in all three: it is no loss.
 */
enum lsk_can_on_full {
	LSK_CAN_ON_FULL_WAIT,
	LSK_CAN_ON_FULL_DROP,
	LSK_CAN_ON_FULL_FAIL,
};

/**
 * struct lsk_can_config - how a channel is made; all zero is a good start
 * @interface: name, or NULL or LSK_CAN_ANY for all interfaces; borrowed
 * @filters: frames to receive; NULL with @filter_count 0 for all; copied. More than the
 *	512 of CAN_RAW become the socket's own filter (SO_ATTACH_FILTER), which must
 *	then be left alone; what it cannot hold, and frames of XL, the library judges
 * @filter_count: how many
 * @receive_nothing: no frames are received (a channel that only sends)
 * @join_filters: a frame must pass all filters (Linux 4.1)
 * @error_mask: classes of error frames to receive (CAN_ERR_*); 0 for none
 * @classic_only: do not ask the kernel for FD frames, which it has since 3.6
 * @without_xl: do not ask the kernel for XL frames, which it has since 6.1
 * @own_frames: receive what this channel sent, marked LSK_CAN_OWN
 * @confirms: the channel only sends, and lsk_can_transmit() tells of each frame when it
 *	was on the wire; filters, @without_loopback and @without_time are refused
 * @without_loopback: no local socket gets what this channel sends
 * @hardware_time: ask for the controller's clock; frames without it have the system's
 * @without_time: frames need no time: saves the kernel a clock read
 * @on_full: enum lsk_can_on_full
 * @receive_buffer: bytes asked of SO_RCVBUFFORCE, or of SO_RCVBUF without the
 *	privilege; 0 for 4 MiB. The kernel's default holds 222 frames only
 * @send_buffer: bytes asked of SO_SNDBUF; 0 for the kernel's least, 7 frames, which are
 *	fewer than a device queues: a send then waits and never meets -ENOBUFS
 * @batch: most frames that one system call moves; 0 for 64
 */
struct lsk_can_config {
	const char *interface;
	const struct lsk_can_filter *filters;
	size_t filter_count;
	bool receive_nothing;
	bool join_filters;
	uint32_t error_mask;
	bool classic_only;
	bool without_xl;
	bool own_frames;
	bool confirms;
	bool without_loopback;
	bool hardware_time;
	bool without_time;
	enum lsk_can_on_full on_full;
	size_t receive_buffer;
	size_t send_buffer;
	size_t batch;
};

/**
 * enum lsk_can_record_flags - what is known of a received frame
 * @LSK_CAN_LOCAL: it was sent on this host
 * @LSK_CAN_OWN: it was sent by this channel, and here comes its confirmation
 * @LSK_CAN_HARDWARE_TIME: its time is the controller's, not the system's
 */
enum lsk_can_record_flags {
	LSK_CAN_LOCAL = 1 << 0,
	LSK_CAN_OWN = 1 << 1,
	LSK_CAN_HARDWARE_TIME = 1 << 2,
};

/**
 * struct lsk_can_record - a received frame and what is known of it
 * @time_ns: nanoseconds since 1970 (the controller's own clock with
 *	LSK_CAN_HARDWARE_TIME); 0 where the channel takes no time
 * @dropped: frames that the channel's queue had dropped since it was opened, before
 *	this one came in
 * @interface: index of the interface; see lsk_can_interface_name()
 * @flags: enum lsk_can_record_flags
 * @frame: the frame
 */
struct lsk_can_record {
	int64_t time_ns;
	uint64_t dropped;
	unsigned int interface;
	unsigned int flags;
	struct lsk_can_frame frame;
};

struct lsk_can;

/**
 * lsk_can_open() - make a channel: a CAN_RAW socket, its options and its buffers
 * @ret_can: set on success; free with lsk_can_free()
 * @config: what it shall do; NULL is all zero; copied
 * @ret_error: which step failed; may be NULL
 *
 * Filters are set before the socket is bound, so no other frame is ever queued. An
 * interface that is down may be opened; the first receive then says -ENETDOWN.
 *
 * One thread may receive while another one sends.
 *
 * Return: 0; -ENODEV for no such interface; -EPROTONOSUPPORT or -EAFNOSUPPORT where the
 * kernel has no CAN; -ENOMEM; or the negated errno of the step that failed.
 */
int lsk_can_open(struct lsk_can **ret_can, const struct lsk_can_config *config,
		 struct lsk_error *ret_error);

/** lsk_can_free() - close a channel; NULL is allowed; returns NULL */
struct lsk_can *lsk_can_free(struct lsk_can *can);

/**
 * lsk_can_socket() - the socket under a channel
 * @can: the channel, which keeps owning it
 *
 * For its timeout (lsk_socket_set_timeout()), its descriptor, and further options.
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_can_socket(const struct lsk_can *can);

/**
 * lsk_can_receive() - wait for a frame, and take all that are there
 * @can: the channel
 * @ret_records: gets the frames, oldest first
 * @count: room in @ret_records; one system call moves at most the channel's batch
 *
 * Return: how many, at least 1; -EAGAIN (timeout 0), -ETIME; -ENETDOWN once when the
 * interface goes down, after which the next call waits for it to come up; -ENODEV when
 * it is gone; -EINVAL for NULL or no room.
 */
int lsk_can_receive(struct lsk_can *can, struct lsk_can_record *ret_records,
		    size_t count);

/**
 * lsk_can_send() - send frames in their order
 * @can: the channel; one on all interfaces sends nowhere: -ENXIO
 * @frames: the frames; copied to the kernel before the call returns
 * @count: how many
 * @ret_sent: frames that were taken, written on success and on failure; may be NULL
 *
 * One deadline covers all of them. "Taken" means queued by the kernel, not yet on the
 * wire: lsk_can_transmit() tells that.
 *
 * Return: 0 when all are taken (or dropped, where the channel says so); -ETIME or
 * -EAGAIN; -ENOBUFS with LSK_CAN_ON_FULL_FAIL; -EMSGSIZE for an FD or XL frame where
 * the interface has none; -ENETDOWN, -ENXIO; or as lsk_can_frame_check().
 */
int lsk_can_send(struct lsk_can *can, const struct lsk_can_frame *frames, size_t count,
		 size_t *ret_sent);

/**
 * lsk_can_send_to() - send frames on one interface
 * @can: the channel, which may be one on all interfaces
 * @interface: index of the interface; 0 for the channel's own
 * @frames: as for lsk_can_send()
 * @count: as for lsk_can_send()
 * @ret_sent: as for lsk_can_send()
 *
 * Return: as lsk_can_send().
 */
int lsk_can_send_to(struct lsk_can *can, unsigned int interface,
		    const struct lsk_can_frame *frames, size_t count, size_t *ret_sent);

/**
 * lsk_can_restore() - put a channel back on its interface after that was gone
 * @can: the channel
 *
 * When an interface is deleted or moved to another namespace, the kernel unbinds the
 * socket and forgets its filters; when one of the channel's name is there again, this
 * sets both anew, on the same descriptor, so that rings and poll sets stay valid. A
 * channel that is bound, or on all interfaces, is left alone: call it as often as you
 * like. lsk_can_life_next() tells when it makes sense.
 *
 * Return: 1 where it was put back; 0 where nothing had to be done; -ENODEV while there
 * is no such interface; or what bind(2) says.
 */
int lsk_can_restore(struct lsk_can *can);

/**
 * struct lsk_can_stats - what a channel has done
 * @received: frames that were handed out
 * @dropped: frames that the kernel dropped since the queue was full, up to now
 * @sent: frames that the kernel took
 * @refused: frames that were left out (LSK_CAN_ON_FULL_DROP)
 * @receive_buffer: bytes of the receive buffer, as the kernel counts them
 */
struct lsk_can_stats {
	uint64_t received;
	uint64_t dropped;
	uint64_t sent;
	uint64_t refused;
	size_t receive_buffer;
};

/**
 * lsk_can_stats() - what a channel has done up to now
 * @can: the channel
 * @ret_stats: set on success
 *
 * Return: 0 or -EINVAL.
 */
int lsk_can_stats(const struct lsk_can *can, struct lsk_can_stats *ret_stats);

/**
 * lsk_can_interface_name() - the name of a received frame's interface
 * @can: the channel, which remembers names
 * @interface: &lsk_can_record.interface
 *
 * A name is asked of the kernel once; lsk_can_forget_names() makes it ask again.
 * Belongs to the receiving thread.
 *
 * Return: the name, or "#INDEX" of an interface that is gone; borrowed from @can until
 * its next call.
 */
const char *lsk_can_interface_name(struct lsk_can *can, unsigned int interface);

/** lsk_can_forget_names() - ask the kernel anew: an interface was renamed */
void lsk_can_forget_names(struct lsk_can *can);

LSK_END_DECLS

#endif
