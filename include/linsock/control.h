/* SPDX-License-Identifier: MIT */
/*
 * Control messages (ancillary data): a builder that stays in its buffer, an iterator
 * that stays in its message, and decoders of what every family may get. What only IP
 * has is in <linsock/inet.h>.
 *
 * Nothing here allocates. A decoder answers -ENOMSG for an item of another kind and
 * -EBADMSG for one of its kind that is too short, so that a loop over the items tries
 * the decoders that it cares for and ignores the rest.
 */
#ifndef LINSOCK_CONTROL_H
#define LINSOCK_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/** LSK_CONTROL_FDS_MAX - descriptors that one message may carry (SCM_MAX_FD) */
#define LSK_CONTROL_FDS_MAX 253

/** LSK_CONTROL_SPACE() - room for an item of @len bytes: CMSG_SPACE() as a constant */
#define LSK_CONTROL_SPACE(len) CMSG_SPACE(len)

/**
 * struct lsk_control - control messages in the caller's memory
 * @data: the bytes, aligned as struct cmsghdr
 * @size: bytes of room
 * @len: bytes in use
 */
struct lsk_control {
	void *data;
	size_t size;
	size_t len;
};

/**
 * struct lsk_control_item - one control message
 * @level: SOL_SOCKET, IPPROTO_IP, …
 * @type: SCM_RIGHTS, IP_PKTINFO, …
 * @data: the bytes, borrowed from the control messages; aligned as struct cmsghdr
 * @len: how many
 */
struct lsk_control_item {
	int level;
	int type;
	const void *data;
	size_t len;
};

/**
 * lsk_control_add() - append an item
 * @control: where to
 * @level: SOL_SOCKET, IPPROTO_IP, …
 * @type: SCM_RIGHTS, IP_PKTINFO, …
 * @data: the bytes; copied; NULL only where @len is 0
 * @len: how many
 *
 * Return: 0; -ENOSPC where it does not fit, and then nothing is changed; -EINVAL.
 */
int lsk_control_add(struct lsk_control *control, int level, int type, const void *data,
		    size_t len);

/**
 * lsk_control_add_fds() - append descriptors to pass (SCM_RIGHTS)
 * @control: where to
 * @fds: the descriptors; borrowed, the kernel duplicates them when it sends
 * @count: 1 … LSK_CONTROL_FDS_MAX
 *
 * Return: 0, -ENOSPC; LSK_ERR_RANGE for more; -EINVAL for none.
 */
int lsk_control_add_fds(struct lsk_control *control, const int *fds, size_t count);

/**
 * lsk_control_next() - walk the items
 * @control: the control messages; @len of its bytes are looked at
 * @offset: in: 0 to begin; out: where to go on
 * @ret_item: set where there is one
 *
 * Return: 1; 0 at the end; -EBADMSG where a length leads out of the messages, and then
 * the walk is over.
 */
int lsk_control_next(const struct lsk_control *control, size_t *offset,
		     struct lsk_control_item *ret_item);

/**
 * lsk_control_get_fds() - take the descriptors out of an item (SCM_RIGHTS)
 * @item: the item
 * @ret_fds: gets the descriptors, which the caller owns from now on
 * @max: room in @ret_fds
 * @ret_surplus: how many more there were; they are closed here; may be NULL
 *
 * Call it once per item: a second call would hand out or close the same numbers again.
 * Descriptors are close-on-exec (lsk_socket_recvmsg() asks for that).
 *
 * Return: how many were taken; -ENOMSG; -EBADMSG for bytes that are no whole number.
 */
int lsk_control_get_fds(const struct lsk_control_item *item, int *ret_fds, size_t max,
			size_t *ret_surplus);

/**
 * lsk_control_close_fds() - close every descriptor that came with a message
 * @control: the control messages
 *
 * SCM_RIGHTS and SCM_PIDFD. For error paths: those that were taken out must not be in
 * there any more.
 */
void lsk_control_close_fds(const struct lsk_control *control);

/**
 * struct lsk_credentials - who sent, or who is at the other end
 * @pid: process; 0 where it has no number in our namespace
 * @uid: effective user
 * @gid: effective group
 */
struct lsk_credentials {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/**
 * lsk_control_add_credentials() - append credentials to send (SCM_CREDENTIALS)
 * @control: where to
 * @credentials: copied; the kernel checks that the sender may claim them
 *
 * Return: 0, -ENOSPC, -EINVAL.
 */
int lsk_control_add_credentials(struct lsk_control *control,
				const struct lsk_credentials *credentials);

/**
 * lsk_control_get_credentials() - who sent it (SCM_CREDENTIALS, with SO_PASSCRED)
 * @item: the item
 * @ret_credentials: set on success
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_control_get_credentials(const struct lsk_control_item *item,
				struct lsk_credentials *ret_credentials);

/**
 * lsk_control_get_pidfd() - the sender's process (SCM_PIDFD, with SO_PASSPIDFD)
 * @item: the item
 *
 * Linux 6.5.
 *
 * Return: a descriptor that the caller owns; -ESRCH where the process was gone;
 * -ENOMSG, -EBADMSG.
 */
int lsk_control_get_pidfd(const struct lsk_control_item *item);

/**
 * lsk_control_get_security() - the sender's security label (SCM_SECURITY)
 * @item: the item
 * @ret_label: set to the label, borrowed, without a terminator
 * @ret_len: its length
 *
 * Return: 0, -ENOMSG.
 */
int lsk_control_get_security(const struct lsk_control_item *item,
			     const char **ret_label, size_t *ret_len);

/**
 * struct lsk_timestamps - when a packet came or went
 * @software_ns: CLOCK_REALTIME in nanoseconds, taken by the kernel; 0 for none
 * @hardware_ns: the device's own clock in nanoseconds; 0 for none
 */
struct lsk_timestamps {
	int64_t software_ns;
	int64_t hardware_ns;
};

/**
 * lsk_control_get_timestamps() - when it came (SO_TIMESTAMP, _TIMESTAMPNS,
 * _TIMESTAMPING)
 * @item: the item
 * @ret_timestamps: set on success
 *
 * In the old and the new layout of each. For sent packets the item comes from the error
 * queue, and lsk_inet_get_error() of another item of the same message says of which.
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_control_get_timestamps(const struct lsk_control_item *item,
			       struct lsk_timestamps *ret_timestamps);

/**
 * lsk_control_get_drops() - packets lost before this one (SO_RXQ_OVFL)
 * @item: the item
 * @ret_drops: set on success; counts from the socket's beginning and wraps
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_control_get_drops(const struct lsk_control_item *item, uint32_t *ret_drops);

LSK_END_DECLS

#endif
