/* SPDX-License-Identifier: MIT */
/*
 * Control messages. CMSG_NXTHDR trusts the lengths that it reads in more than one C
 * library, so the walk here computes its own steps.
 */
#include <linsock/control.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <linsock/error.h>

#include "uring/util.h"

/* Numbers of SOL_SOCKET that older C libraries do not name. */
enum {
	CONTROL_PIDFD = 4,
	CONTROL_SECURITY = 3,
	CONTROL_TIMESTAMP_OLD = 29,
	CONTROL_TIMESTAMPNS_OLD = 35,
	CONTROL_TIMESTAMPING_OLD = 37,
	CONTROL_TIMESTAMP_NEW = 63,
	CONTROL_TIMESTAMPNS_NEW = 64,
	CONTROL_TIMESTAMPING_NEW = 65,
};

/* How much of a message its header takes; data follows. */
#define HEADER_SIZE CMSG_LEN(0)

int lsk_control_add(struct lsk_control *control, int level, int type, const void *data,
		    size_t len)
{
	struct cmsghdr header = {.cmsg_level = level, .cmsg_type = type};
	char *place;

	if (!control || (!data && len > 0) || !control->data)
		return -EINVAL;
	if (len > INT32_MAX || control->len > control->size ||
	    CMSG_SPACE(len) > control->size - control->len)
		return -ENOSPC;
	place = (char *)control->data + control->len;
	header.cmsg_len = CMSG_LEN(len);
	/* The padding goes to the kernel too. */
	memset(place, 0, CMSG_SPACE(len));
	memcpy(place, &header, sizeof(header));
	if (len > 0)
		memcpy(place + HEADER_SIZE, data, len);
	control->len += CMSG_SPACE(len);
	return 0;
}

int lsk_control_add_fds(struct lsk_control *control, const int *fds, size_t count)
{
	if (!fds || count == 0)
		return -EINVAL;
	if (count > LSK_CONTROL_FDS_MAX)
		return LSK_ERR_RANGE;
	return lsk_control_add(control, SOL_SOCKET, SCM_RIGHTS, fds,
			       count * sizeof(*fds));
}

int lsk_control_next(const struct lsk_control *control, size_t *offset,
		     struct lsk_control_item *ret_item)
{
	struct cmsghdr header;
	const char *place;
	size_t step;
	size_t left;

	if (!control || !offset || !ret_item)
		return -EINVAL;
	if (!control->data || *offset >= control->len || control->len > control->size)
		return 0;
	left = control->len - *offset;
	if (left < sizeof(header))
		return -EBADMSG;
	place = (const char *)control->data + *offset;
	memcpy(&header, place, sizeof(header));
	if (header.cmsg_len < HEADER_SIZE || header.cmsg_len > left) {
		*offset = control->len;
		return -EBADMSG;
	}
	*ret_item = (struct lsk_control_item){
		.level = header.cmsg_level,
		.type = header.cmsg_type,
		.data = place + HEADER_SIZE,
		.len = header.cmsg_len - HEADER_SIZE,
	};
	/* The last one may come without its padding. */
	step = CMSG_ALIGN(header.cmsg_len);
	*offset += step < left ? step : left;
	return 1;
}

/* Copy an item of a known kind into @ret, which is as long as it must be. */
static int get(const struct lsk_control_item *item, int type, void *ret, size_t len)
{
	if (!item || !ret)
		return -EINVAL;
	if (item->level != SOL_SOCKET || item->type != type)
		return -ENOMSG;
	if (item->len < len)
		return -EBADMSG;
	memcpy(ret, item->data, len);
	return 0;
}

static bool is_fds(const struct lsk_control_item *item)
{
	return item->level == SOL_SOCKET && item->type == SCM_RIGHTS;
}

static int fd_at(const struct lsk_control_item *item, size_t index)
{
	int fd;

	memcpy(&fd, (const char *)item->data + index * sizeof(fd), sizeof(fd));
	return fd;
}

int lsk_control_get_fds(const struct lsk_control_item *item, int *ret_fds, size_t max,
			size_t *ret_surplus)
{
	size_t count;

	if (!item || (!ret_fds && max > 0))
		return -EINVAL;
	if (!is_fds(item))
		return -ENOMSG;
	if (item->len % sizeof(int) != 0)
		return -EBADMSG;
	count = item->len / sizeof(int);
	for (size_t i = 0; i < count; i++)
		if (i < max)
			ret_fds[i] = fd_at(item, i);
		else
			close(fd_at(item, i));
	if (ret_surplus)
		*ret_surplus = count > max ? count - max : 0;
	return (int)(count < max ? count : max);
}

void lsk_control_close_fds(const struct lsk_control *control)
{
	struct lsk_control_item item;
	size_t offset = 0;

	while (lsk_control_next(control, &offset, &item) > 0) {
		int pidfd = lsk_control_get_pidfd(&item);

		lsk_control_get_fds(&item, NULL, 0, NULL);
		closep(&pidfd);
	}
}

int lsk_control_add_credentials(struct lsk_control *control,
				const struct lsk_credentials *credentials)
{
	struct ucred ucred;

	if (!credentials)
		return -EINVAL;
	ucred = (struct ucred){
		.pid = credentials->pid,
		.uid = credentials->uid,
		.gid = credentials->gid,
	};
	return lsk_control_add(control, SOL_SOCKET, SCM_CREDENTIALS, &ucred,
			       sizeof(ucred));
}

int lsk_control_get_credentials(const struct lsk_control_item *item,
				struct lsk_credentials *ret_credentials)
{
	struct ucred ucred;
	int r;

	if (!ret_credentials)
		return -EINVAL;
	r = get(item, SCM_CREDENTIALS, &ucred, sizeof(ucred));
	if (r == 0)
		*ret_credentials = (struct lsk_credentials){
			.pid = ucred.pid,
			.uid = ucred.uid,
			.gid = ucred.gid,
		};
	return r;
}

int lsk_control_get_pidfd(const struct lsk_control_item *item)
{
	int fd;
	int r;

	r = get(item, CONTROL_PIDFD, &fd, sizeof(fd));
	if (r < 0)
		return r;
	return fd < 0 ? -ESRCH : fd;
}

int lsk_control_get_security(const struct lsk_control_item *item,
			     const char **ret_label, size_t *ret_len)
{
	if (!item || !ret_label || !ret_len)
		return -EINVAL;
	if (item->level != SOL_SOCKET || item->type != CONTROL_SECURITY)
		return -ENOMSG;
	*ret_label = item->data;
	/* Some kernels count a terminator, some do not. */
	*ret_len = strnlen(item->data, item->len);
	return 0;
}

static int64_t nanoseconds(const int64_t pair[2])
{
	return pair[0] * LSK_NSEC_PER_SEC + pair[1];
}

/* Read @count pairs of a layout with numbers of 64 bits or of a long. */
static int get_pairs(const struct lsk_control_item *item, bool is_new,
		     int64_t (*ret_pairs)[2], size_t count)
{
	if (is_new || sizeof(long) == sizeof(int64_t))
		return get(item, item->type, ret_pairs, count * sizeof(*ret_pairs));
	for (size_t i = 0; i < count; i++) {
		long pair[2];

		if (item->len < (i + 1) * sizeof(pair))
			return -EBADMSG;
		memcpy(pair, (const char *)item->data + i * sizeof(pair), sizeof(pair));
		ret_pairs[i][0] = pair[0];
		ret_pairs[i][1] = pair[1];
	}
	return 0;
}

int lsk_control_get_timestamps(const struct lsk_control_item *item,
			       struct lsk_timestamps *ret_timestamps)
{
	/* SO_TIMESTAMPING: software, a place that is no more used, hardware. */
	int64_t pairs[3][2] = {0};
	bool is_new;
	int r;

	if (!item || !ret_timestamps)
		return -EINVAL;
	if (item->level != SOL_SOCKET)
		return -ENOMSG;
	is_new = item->type >= CONTROL_TIMESTAMP_NEW;
	switch (item->type) {
	case CONTROL_TIMESTAMP_OLD:
	case CONTROL_TIMESTAMP_NEW:
		r = get_pairs(item, is_new, pairs, 1);
		pairs[0][1] *= 1000;
		break;
	case CONTROL_TIMESTAMPNS_OLD:
	case CONTROL_TIMESTAMPNS_NEW:
		r = get_pairs(item, is_new, pairs, 1);
		break;
	case CONTROL_TIMESTAMPING_OLD:
	case CONTROL_TIMESTAMPING_NEW:
		r = get_pairs(item, is_new, pairs, ARRAY_SIZE(pairs));
		break;
	default:
		return -ENOMSG;
	}
	if (r == 0)
		*ret_timestamps = (struct lsk_timestamps){
			.software_ns = nanoseconds(pairs[0]),
			.hardware_ns = nanoseconds(pairs[2]),
		};
	return r;
}

int lsk_control_get_drops(const struct lsk_control_item *item, uint32_t *ret_drops)
{
	return get(item, SO_RXQ_OVFL, ret_drops, sizeof(*ret_drops));
}
