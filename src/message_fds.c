/* SPDX-License-Identifier: MIT */
/* Passing descriptors along with bytes. */
#include <linsock/message.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/error.h>

#include "src/socket.h"
#include "uring/util.h"

ssize_t lsk_socket_send_fds(struct lsk_socket *sock, const struct lsk_message *message,
			    const int *fds, size_t count, int flags)
{
	_cleanup_(freep) char *memory = NULL;
	struct lsk_message whole;
	int r;

	if (!message || !fds || count == 0)
		return -EINVAL;
	if (count > LSK_CONTROL_FDS_MAX)
		return LSK_ERR_RANGE;
	if (!message->control.data && message->control.len > 0)
		return -EINVAL;
	whole = *message;
	whole.control.size = message->control.len + CMSG_SPACE(count * sizeof(*fds));
	memory = malloc(whole.control.size);
	if (!memory)
		return -ENOMEM;
	if (message->control.len > 0)
		memcpy(memory, message->control.data, message->control.len);
	whole.control.data = memory;
	r = lsk_control_add_fds(&whole.control, fds, count);
	return r < 0 ? r : lsk_socket_sendmsg(sock, &whole, flags);
}

/* Take what fits, close what does not. */
static void take_fds(const struct lsk_control *control, struct lsk_received_fds *fds)
{
	struct lsk_control_item item;
	size_t offset = 0;

	while (lsk_control_next(control, &offset, &item) > 0) {
		int pidfd = lsk_control_get_pidfd(&item);
		size_t surplus;
		int r;

		closep(&pidfd);
		r = lsk_control_get_fds(&item, fds->fds + fds->count,
					fds->max - fds->count, &surplus);
		if (r < 0)
			continue;
		fds->count += (size_t)r;
		fds->surplus += surplus;
	}
}

ssize_t lsk_socket_recv_fds(struct lsk_socket *sock, struct lsk_message *message,
			    struct lsk_received_fds *fds, int flags)
{
	/* Room for one more than wanted, so that a surplus is seen as such, and for
	 * credentials, which come first where the socket asks for them. */
	_Alignas(struct cmsghdr) char
		memory[CMSG_SPACE((LSK_CONTROL_FDS_MAX + 1) * sizeof(int)) +
		       CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	struct lsk_control saved;
	ssize_t count;

	if (!message || !fds || (!fds->fds && fds->max > 0))
		return -EINVAL;
	if (fds->max > LSK_CONTROL_FDS_MAX)
		return LSK_ERR_RANGE;
	saved = message->control;
	message->control = (struct lsk_control){.data = memory, .size = sizeof(memory)};
	count = lsk_socket_recvmsg(sock, message, flags);
	if (count >= 0) {
		fds->count = 0;
		fds->surplus = 0;
		take_fds(&message->control, fds);
		if (fds->surplus > 0)
			message->flags |= MSG_CTRUNC;
	}
	message->control = saved;
	return count;
}
