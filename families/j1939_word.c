/* SPDX-License-Identifier: MIT */
/*
 * The words of a J1939 socket's error queue: what became of a message that takes
 * several frames, and how far it is.
 */
#include "families/j1939.h"

#include <time.h> /* before errqueue.h, which needs it and does not say so */

#include <errno.h>
#include <linux/can/j1939.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "src/socket.h"
#include "uring/util.h"

/* Since Linux 5.16; older headers end before them. */
enum { NLA_BYTES_ACKED = 1, NLA_TOTAL_SIZE, NLA_PGN, NLA_SRC_NAME };
enum { NLA_SRC_ADDR = 6, NLA_DEST_ADDR };
enum { INFO_RX_RTS = 2, INFO_RX_DPO = 3 };

struct word {
	struct sock_extended_err error;
	bool is_set;
	struct lsk_j1939_progress progress;
};

static void take_attribute(struct word *word, unsigned int type, const void *data,
			   size_t len)
{
	struct lsk_j1939_progress *progress = &word->progress;
	uint32_t number = 0;
	uint8_t byte = 0;

	if (len >= sizeof(number))
		memcpy(&number, data, sizeof(number));
	if (len >= sizeof(byte))
		memcpy(&byte, data, sizeof(byte));
	switch (type) {
	case NLA_BYTES_ACKED:
		progress->done = number;
		break;
	case NLA_TOTAL_SIZE:
		progress->total = number;
		break;
	case NLA_PGN:
		progress->from.pgn = number;
		break;
	case NLA_SRC_NAME:
		if (len >= sizeof(progress->from.name))
			memcpy(&progress->from.name, data, sizeof(progress->from.name));
		break;
	case NLA_SRC_ADDR:
		progress->from.address = byte;
		break;
	case NLA_DEST_ADDR:
		progress->to_address = byte;
		break;
	default:
		break;
	}
}

/* What the kernel says of a session: attributes in a row. */
static void take_attributes(struct word *word, const unsigned char *data, size_t len)
{
	struct nlattr head;

	while (len >= sizeof(head)) {
		size_t step;

		memcpy(&head, data, sizeof(head));
		if (head.nla_len < sizeof(head) || head.nla_len > len)
			return;
		take_attribute(word, head.nla_type, data + sizeof(head),
			       head.nla_len - sizeof(head));
		step = (head.nla_len + 3u) & ~(size_t)3;
		if (step >= len)
			return;
		data += step;
		len -= step;
	}
}

/* Return: 0, -EAGAIN where the queue is empty, or why it cannot be read. */
static int read_word(int fd, struct word *word)
{
	unsigned char control[512];
	struct msghdr message = {.msg_control = control,
				 .msg_controllen = sizeof(control)};
	int r = (int)syscall_count(recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT));

	*word = (struct word){.progress.from = {.pgn = LSK_J1939_NO_PGN,
						.address = LSK_J1939_NO_ADDRESS}};
	if (r < 0)
		return r;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message); cmsg;
	     cmsg = CMSG_NXTHDR(&message, cmsg)) {
		if (cmsg->cmsg_level == SOL_CAN_J1939 &&
		    cmsg->cmsg_type == SCM_J1939_ERRQUEUE) {
			memcpy(&word->error, CMSG_DATA(cmsg), sizeof(word->error));
			word->is_set = true;
		} else if (cmsg->cmsg_level == SOL_SOCKET &&
			   cmsg->cmsg_type == SCM_TIMESTAMPING_OPT_STATS) {
			take_attributes(word, CMSG_DATA(cmsg),
					cmsg->cmsg_len - CMSG_LEN(0));
		}
	}
	return 0;
}

static void tell(struct lsk_j1939 *j1939, const struct word *word)
{
	struct lsk_j1939_progress progress = word->progress;
	const struct sock_extended_err *error = &word->error;

	if (!j1939->progress)
		return;
	if (error->ee_origin == SO_EE_ORIGIN_LOCAL && error->ee_info == INFO_RX_RTS) {
		progress.is_receiving = true;
		j1939->receiving = progress;
	} else if (error->ee_origin == SO_EE_ORIGIN_LOCAL &&
		   error->ee_info == INFO_RX_DPO) {
		/* This one says how far only, and the first one of what. */
		j1939->receiving.is_receiving = true;
		j1939->receiving.done = progress.done;
		progress = j1939->receiving;
	} else if (error->ee_origin == SO_EE_ORIGIN_TIMESTAMPING &&
		   (error->ee_info == SCM_TSTAMP_SCHED ||
		    error->ee_info == SCM_TSTAMP_ACK)) {
		progress.total = j1939->sending;
		if (error->ee_info == SCM_TSTAMP_ACK)
			progress.done = progress.total;
	} else {
		return;
	}
	j1939->progress(j1939->progress_context, &progress);
}

/*
 * Take one word. Return: 1 where a message is through, a negative errno where it broke
 * off, 0 for other words, -EAGAIN where the queue is empty.
 */
static int take_word(struct lsk_j1939 *j1939, int fd)
{
	struct word word;
	int r = read_word(fd, &word);

	if (r < 0 || !word.is_set)
		return r;
	tell(j1939, &word);
	if (word.error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING)
		return word.error.ee_info == SCM_TSTAMP_ACK;
	/* The kernel negates some: ENETUNREACH, where it tried too often to queue. */
	if (word.error.ee_origin == SO_EE_ORIGIN_LOCAL &&
	    word.error.ee_info == J1939_EE_INFO_TX_ABORT)
		return -abs((int)word.error.ee_errno);
	return 0;
}

int j1939_take_words(struct lsk_j1939 *j1939)
{
	int fd = socket_fd(j1939->sock);
	int result = 0;
	int r;

	if (fd < 0)
		return fd;
	while ((r = take_word(j1939, fd)) != -EAGAIN) {
		if (r != 0)
			result = r;
		/* A failure of the socket itself would be told for ever. */
		if (r < 0)
			break;
	}
	return result;
}

int lsk_j1939_set_progress(struct lsk_j1939 *j1939, lsk_j1939_progress_fn progress,
			   void *context)
{
	int told = J1939_TOLD;

	if (!j1939)
		return -EINVAL;
	if (progress)
		told |= SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_OPT_STATS |
			SOF_TIMESTAMPING_RX_SOFTWARE;
	j1939->progress = progress;
	j1939->progress_context = context;
	return lsk_socket_setsockopt_int(j1939->sock, SOL_SOCKET, SO_TIMESTAMPING,
					 told);
}
