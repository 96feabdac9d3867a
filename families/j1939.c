/* SPDX-License-Identifier: MIT */
/*
 * J1939 sockets. What becomes of a message that takes several frames is told on the
 * socket's error queue alone, so that no receive meets it; a send reads the queue until
 * its message is through.
 */
#include "families/j1939.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/j1939.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/error.h"
#include "src/socket.h"
#include "uring/util.h"

#define PRIORITY_MAX 7

/* From here on a group's third byte means that it goes to all. */
#define PDU2_FIRST 0xF0u

/* The group of the transport protocol's data. */
#define PGN_TP_DATA 0xEB00u

/* In which the kernel tells of a message that was broken off that it is. */
#define ABORT_NS (500 * INT64_C(1000000))

static int step_failed(struct lsk_error *error, int r, const char *what)
{
	return error_set(error, r, 0, "%s: %s", what, lsk_strerror(r));
}

bool lsk_j1939_pgn_is_addressed(uint32_t pgn)
{
	return (pgn >> 8 & 0xFF) < PDU2_FIRST;
}

int lsk_j1939_pgn_check(uint32_t pgn)
{
	if (pgn > LSK_J1939_PGN_MAX ||
	    (lsk_j1939_pgn_is_addressed(pgn) && (pgn & 0xFF) != 0))
		return LSK_ERR_RANGE;
	return 0;
}

static struct sockaddr_can place_to_sockaddr(const struct lsk_j1939 *j1939,
					     const struct lsk_j1939_place *place)
{
	return (struct sockaddr_can){
		.can_family = AF_CAN,
		.can_ifindex = j1939->interface,
		.can_addr.j1939 = {.name = place->name,
				   .pgn = place->pgn,
				   .addr = place->address},
	};
}

int j1939_bind(struct lsk_j1939 *j1939, const struct lsk_j1939_place *local)
{
	struct sockaddr_can sa = place_to_sockaddr(j1939, local);
	struct lsk_addr addr;
	int r = lsk_addr_set(&addr, &sa, sizeof(sa));

	j1939->config.local = *local;
	return r < 0 ? r : lsk_socket_bind(j1939->sock, &addr);
}

static int connect_peer(const struct lsk_j1939 *j1939,
			const struct lsk_j1939_place *peer)
{
	struct sockaddr_can sa = place_to_sockaddr(j1939, peer);
	struct lsk_addr addr;
	int r = lsk_addr_set(&addr, &sa, sizeof(sa));

	return r < 0 ? r : lsk_socket_connect(j1939->sock, &addr);
}

static int set_filters(const struct lsk_j1939 *j1939,
		       const struct lsk_j1939_config *config)
{
	struct j1939_filter filters[J1939_FILTER_MAX];

	for (size_t i = 0; i < config->filter_count; i++)
		filters[i] = (struct j1939_filter){
			.name = config->filters[i].name,
			.name_mask = config->filters[i].name_mask,
			.pgn = config->filters[i].pgn,
			.pgn_mask = config->filters[i].pgn_mask,
			.addr = config->filters[i].address,
			.addr_mask = config->filters[i].address_mask,
		};
	return lsk_socket_setsockopt(
		j1939->sock, SOL_CAN_J1939, SO_J1939_FILTER, filters,
		(socklen_t)(config->filter_count * sizeof(filters[0])));
}

static int set_options(const struct lsk_j1939 *j1939,
		       const struct lsk_j1939_config *config, struct lsk_error *error)
{
	int r = 0;

	if (config->filter_count > 0)
		r = set_filters(j1939, config);
	if (r < 0)
		return step_failed(error, r, "filters");
	/* Some of these answer with their value, which is no failure. */
	if (config->promiscuous)
		r = lsk_socket_setsockopt_int(j1939->sock, SOL_CAN_J1939,
					      SO_J1939_PROMISC, 1);
	if (r >= 0 && config->broadcast)
		r = lsk_socket_setsockopt_int(j1939->sock, SOL_SOCKET, SO_BROADCAST, 1);
	if (r < 0)
		return step_failed(error, r, "promiscuous or broadcast");
	if (config->has_priority)
		r = lsk_socket_setsockopt_int(j1939->sock, SOL_CAN_J1939,
					      SO_J1939_SEND_PRIO, config->priority);
	if (r < 0)
		return step_failed(error, r, "priority");
	r = lsk_socket_setsockopt_int(j1939->sock, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (r >= 0)
		r = lsk_socket_setsockopt_int(j1939->sock, SOL_SOCKET, SO_TIMESTAMPING,
					      J1939_TOLD);
	if (r >= 0)
		r = lsk_socket_setsockopt_int(j1939->sock, SOL_CAN_J1939,
					      SO_J1939_ERRQUEUE, 1);
	return r < 0 ? step_failed(error, r, "error queue") : 0;
}

/*
 * Put a new socket in the old one's place, on no interface, with all options. The
 * descriptor keeps its number.
 */
static int replace_socket(struct lsk_j1939 *j1939)
{
	struct lsk_socket *old = j1939->sock;
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939);

	if (r < 0)
		return r;
	j1939->sock = sock;
	r = set_options(j1939, &j1939->config, NULL);
	j1939->sock = old;
	if (r == 0)
		r = syscall_result(dup3(socket_fd(sock), socket_fd(old), O_CLOEXEC));
	lsk_socket_free(sock);
	return r < 0 ? r : 0;
}

/*
 * Up to Linux 6.12 a deleted interface waits, in the kernel and with whoever deletes
 * it, for the J1939 sockets that are on it. Later ones unbind them in silence. So a
 * socket whose interface is gone is replaced by one that holds nothing.
 */
int lsk_j1939_restore(struct lsk_j1939 *j1939)
{
	struct lsk_j1939_place local;
	char name[IF_NAMESIZE];
	int interface, stale;
	int r = 0;

	if (!j1939)
		return -EINVAL;
	local = j1939->config.local;
	/* What it was told of the time before would fail the next send. */
	lsk_socket_getsockopt_int(j1939->sock, SOL_SOCKET, SO_ERROR, &stale);
	atomic_store(&j1939->told, 0);
	/* As long as it is there, also under another name, the socket stays on it. */
	if (j1939->interface && if_indextoname((unsigned int)j1939->interface, name)) {
		r = j1939_bind(j1939, &local);
		return r < 0 ? r : 0;
	}
	interface = (int)if_nametoindex(j1939->name);
	if (j1939->interface)
		r = replace_socket(j1939);
	if (r < 0)
		return r;
	j1939->interface = interface;
	if (interface == 0)
		return -ENODEV;
	r = j1939_bind(j1939, &local);
	if (r == 0 && j1939->is_connected)
		r = connect_peer(j1939, &j1939->peer);
	if (r < 0)
		j1939->interface = 0;
	return r < 0 ? r : 1;
}

int lsk_j1939_connect(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer)
{
	int r;

	if (!j1939 || !peer)
		return -EINVAL;
	r = lsk_j1939_pgn_check(peer->pgn);
	if (r == 0)
		r = connect_peer(j1939, peer);
	if (r < 0)
		return r;
	j1939->peer = *peer;
	j1939->is_connected = true;
	return 0;
}

int lsk_j1939_set_priority(struct lsk_j1939 *j1939, unsigned int priority)
{
	int r;

	if (!j1939)
		return -EINVAL;
	if (priority > PRIORITY_MAX)
		return -EDOM;
	r = lsk_socket_setsockopt_int(j1939->sock, SOL_CAN_J1939, SO_J1939_SEND_PRIO,
				      (int)priority);
	if (r < 0)
		return r;
	j1939->config.priority = (uint8_t)priority;
	j1939->config.has_priority = true;
	return 0;
}

static int keep_config(struct lsk_j1939 *j1939, const struct lsk_j1939_config *config)
{
	size_t size = config->filter_count * sizeof(*config->filters);
	struct lsk_j1939_filter *filters = NULL;

	j1939->config = *config;
	j1939->config.interface = j1939->name;
	j1939->config.filters = NULL;
	if (config->filter_count > J1939_FILTER_MAX ||
	    (config->filter_count > 0 && !config->filters))
		return -EINVAL;
	if (size > 0) {
		filters = malloc(size);
		if (!filters)
			return -ENOMEM;
		memcpy(filters, config->filters, size);
	}
	j1939->config.filters = j1939->filters = filters;
	return 0;
}

static int j1939_init(struct lsk_j1939 *j1939, const struct lsk_j1939_config *config,
		      struct lsk_error *error)
{
	int r = lsk_socket_new(&j1939->sock, AF_CAN, SOCK_DGRAM, CAN_J1939);

	if (r < 0)
		return step_failed(error, r, "J1939 socket");
	if (config->interface && strlen(config->interface) < sizeof(j1939->name))
		memcpy(j1939->name, config->interface, strlen(config->interface));
	j1939->interface = (int)if_nametoindex(j1939->name);
	if (j1939->interface == 0)
		return error_set(error, -ENODEV, 0, "no interface is called \"%s\"",
				 config->interface ? config->interface : "");
	r = keep_config(j1939, config);
	if (r < 0)
		return step_failed(error, r, "filters");
	r = set_options(j1939, config, error);
	if (r < 0)
		return r;
	r = j1939_bind(j1939, &config->local);
	return r < 0 ? step_failed(error, r, config->interface) : 0;
}

int lsk_j1939_open(struct lsk_j1939 **ret_j1939, const struct lsk_j1939_config *config,
		   struct lsk_error *ret_error)
{
	struct lsk_j1939 *j1939;
	int r;

	if (!ret_j1939 || !config)
		return step_failed(ret_error, -EINVAL, "configuration");
	j1939 = calloc(1, sizeof(*j1939));
	if (!j1939)
		return step_failed(ret_error, -ENOMEM, "socket");
	r = j1939_init(j1939, config, ret_error);
	if (r < 0) {
		lsk_j1939_free(j1939);
		return r;
	}
	*ret_j1939 = j1939;
	return 0;
}

struct lsk_j1939 *lsk_j1939_free(struct lsk_j1939 *j1939)
{
	if (!j1939)
		return NULL;
	lsk_socket_free(j1939->sock);
	free(j1939->filters);
	free(j1939);
	return NULL;
}

struct lsk_socket *lsk_j1939_socket(const struct lsk_j1939 *j1939)
{
	return j1939 ? j1939->sock : NULL;
}

/* Wait for the word that the message is through. */
static int wait_end(struct lsk_j1939 *j1939, int64_t deadline_ns)
{
	for (;;) {
		int r = j1939_take_words(j1939);

		if (r != 0)
			return r < 0 ? r : 0;
		r = socket_poll(j1939->sock, 0, deadline_ns);
		if (r < 0)
			return r;
	}
}

/*
 * Where the rest of a message is said to go. The kernel looks at it only to begin a
 * message, and refuses to begin one of the transport protocol's own group (EDOM): so a
 * rest whose beginning was broken off a moment ago is never taken for a new message,
 * which the peer would get as if it were whole.
 */
static struct sockaddr_can place_of_rest(const struct sockaddr_can *to)
{
	struct sockaddr_can rest = *to;

	rest.can_addr.j1939.pgn = PGN_TP_DATA;
	return rest;
}

/* The message broke off while it was given: the word of why may be on its way. */
static int why_broken_off(struct lsk_j1939 *j1939)
{
	int r = wait_end(j1939, engine_now_ns() + ABORT_NS);

	return r < 0 && r != -ETIME ? r : -ECONNABORTED;
}

/* Give the kernel the whole message. Return: 0, or why not. */
static int give(struct lsk_j1939 *j1939, const struct sockaddr_can *to,
		const uint8_t *bytes, size_t len, int64_t deadline_ns)
{
	const struct sockaddr_can rest = place_of_rest(to);
	size_t given = 0;

	do {
		int fd = socket_fd(j1939->sock);
		ssize_t count;
		int r;

		if (fd < 0)
			return fd;
		/* A part of it may be taken; then exactly the rest must follow. */
		count = syscall_count(sendto(
			fd, bytes + given, len - given, MSG_DONTWAIT,
			(const struct sockaddr *)(given ? &rest : to), sizeof(*to)));
		if (count >= 0) {
			given += (size_t)count;
			continue;
		}
		if (count == -EDOM && given > 0)
			return why_broken_off(j1939);
		if (count != -EAGAIN || socket_timeout(j1939->sock) == 0)
			return (int)count;
		r = socket_poll(j1939->sock, POLLOUT, deadline_ns);
		if (r < 0)
			return r;
		r = r & POLLERR ? j1939_take_words(j1939) : 0;
		if (r < 0)
			return r;
	} while (given < len);
	return 0;
}

/*
 * Give a message up whose time is over: both sides forget it, so that the next one can
 * be sent, and a close does not wait for it.
 */
static void give_up(struct lsk_j1939 *j1939, const struct lsk_j1939_place *to,
		    size_t len)
{
	if (len > CAN_MAX_DLEN &&
	    j1939_abort(j1939, to, len, J1939_REASON_TIMEOUT) == 0)
		(void)wait_end(j1939, engine_now_ns() + ABORT_NS);
}

/*
 * Whether frames can leave. The kernel takes a message for an interface that is down,
 * and tells nobody that it went nowhere; since 7.x not even a close gets rid of it.
 */
static int check_up(const struct lsk_j1939 *j1939)
{
	struct ifreq request = {.ifr_ifindex = j1939->interface};
	int fd = socket_fd(j1939->sock);
	int r = fd;

	if (fd >= 0)
		r = syscall_result(ioctl(fd, SIOCGIFNAME, &request));
	if (r >= 0)
		r = syscall_result(ioctl(fd, SIOCGIFFLAGS, &request));
	if (r < 0)
		return r;
	return request.ifr_flags & IFF_UP ? 0 : -ENETDOWN;
}

/* That the interface was down is the word of a receive; a message would fail for it. */
static void take_stale(struct lsk_j1939 *j1939)
{
	int error = 0;

	lsk_socket_getsockopt_int(j1939->sock, SOL_SOCKET, SO_ERROR, &error);
	if (error != 0)
		atomic_store(&j1939->told, -error);
}

int lsk_j1939_send(struct lsk_j1939 *j1939, const struct lsk_j1939_place *to,
		   const void *buf, size_t len)
{
	struct sockaddr_can sa;
	int64_t deadline_ns;
	int r;

	if (!j1939 || (!buf && len > 0))
		return -EINVAL;
	if (!to && !j1939->is_connected)
		return -EDESTADDRREQ;
	to = to ? to : &j1939->peer;
	r = lsk_j1939_pgn_check(to->pgn);
	if (r == 0)
		r = check_up(j1939);
	if (r < 0)
		return r;
	sa = place_to_sockaddr(j1939, to);
	deadline_ns = socket_deadline(j1939->sock);
	/* Words of a message that was given up must not count for this one. */
	j1939_take_words(j1939);
	j1939->sending = len;
	atomic_store(&j1939->is_aborted, false);
	take_stale(j1939);
	r = give(j1939, &sa, buf, len, deadline_ns);
	if (r == 0 && socket_timeout(j1939->sock) != 0)
		r = wait_end(j1939, deadline_ns);
	if (r == -ETIME || r == -EINTR)
		give_up(j1939, to, len);
	return r < 0 && atomic_load(&j1939->is_aborted) ? -ECONNABORTED : r;
}

static void take_controls(struct msghdr *header, struct lsk_j1939_message *message)
{
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg;
	     cmsg = CMSG_NXTHDR(header, cmsg)) {
		struct timespec time;

		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&time, CMSG_DATA(cmsg), sizeof(time));
			message->time_ns =
				time.tv_sec * LSK_NSEC_PER_SEC + time.tv_nsec;
		} else if (cmsg->cmsg_level != SOL_CAN_J1939) {
			continue;
		} else if (cmsg->cmsg_type == SCM_J1939_DEST_ADDR) {
			message->to_address = *CMSG_DATA(cmsg);
		} else if (cmsg->cmsg_type == SCM_J1939_DEST_NAME) {
			memcpy(&message->to_name, CMSG_DATA(cmsg),
			       sizeof(message->to_name));
		} else if (cmsg->cmsg_type == SCM_J1939_PRIO) {
			message->priority = *CMSG_DATA(cmsg);
		}
	}
}

ssize_t j1939_receive_ready(struct lsk_j1939 *j1939, void *buf, size_t size,
			    struct lsk_j1939_message *message)
{
	int fd = socket_fd(j1939->sock);
	unsigned char control[256];
	struct sockaddr_can from = {0};
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t count = fd;

	/* The kernel refuses MSG_TRUNC as a flag, and sets it in the answer. */
	if (fd >= 0)
		count = syscall_count(recvmsg(fd, &header, MSG_DONTWAIT));
	if (count < 0)
		return count;
	*message = (struct lsk_j1939_message){
		.from = {.name = from.can_addr.j1939.name,
			 .pgn = from.can_addr.j1939.pgn,
			 .address = from.can_addr.j1939.addr},
		.to_address = LSK_J1939_NO_ADDRESS,
	};
	take_controls(&header, message);
	return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : count;
}

ssize_t lsk_j1939_receive(struct lsk_j1939 *j1939, void *buf, size_t size,
			  struct lsk_j1939_message *ret_message)
{
	struct lsk_j1939_message ignored;
	int64_t deadline_ns;

	if (!j1939 || (!buf && size > 0))
		return -EINVAL;
	deadline_ns = socket_deadline(j1939->sock);
	for (;;) {
		ssize_t count = j1939_receive_ready(
			j1939, buf, size, ret_message ? ret_message : &ignored);
		int r = count == -EAGAIN ? atomic_exchange(&j1939->told, 0) : 0;

		if (r < 0)
			return r;

		if (count != -EAGAIN || socket_timeout(j1939->sock) == 0)
			return count;
		r = socket_poll(j1939->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
		/* Words that nobody waits for would wake this for ever. */
		if (r & POLLERR)
			j1939_take_words(j1939);
	}
}
