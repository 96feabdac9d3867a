/* SPDX-License-Identifier: MIT */
/*
 * ISO-TP sockets. CAN_ISOTP_WAIT_TX_DONE is never set: it blocks in spite of
 * MSG_DONTWAIT, with the thread's ring and all. A send polls for its end instead, and
 * takes the socket's error before anybody else sees it.
 */
#include <linsock/isotp.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/isotp.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linsock/can.h>

#include "src/error.h"
#include "src/socket.h"
#include "uring/util.h"

#define MAX_PDU_PATH "/sys/module/can_isotp/parameters/max_pdu_size"

#define UDS_NEGATIVE 0x7F
#define UDS_PENDING  0x78

static_assert(LSK_ISOTP_SF_BROADCAST == CAN_ISOTP_SF_BROADCAST &&
		      LSK_ISOTP_RX_EXTENDED == CAN_ISOTP_RX_EXT_ADDR &&
		      LSK_ISOTP_CHECK_DATA == CAN_ISOTP_CHK_PAD_DATA,
	      "flags are the kernel's");

/* All but CAN_ISOTP_WAIT_TX_DONE, with which send(2) waits whatever it is told, and
 * whoever called io_uring_enter(2) with it. The kernel takes those that it does not
 * know.
 */
#define FLAGS_KNOWN 0x3BFFu

struct lsk_isotp {
	struct lsk_socket *sock;
	char interface[IF_NAMESIZE];
	uint32_t tx_id;
	uint32_t rx_id;
	bool is_sending;   /* a message was started and its end was not seen */
	int send_error;    /* of the last message, which nobody was told yet */
	int receive_error; /* of a message that came in and broke off, the same */
};

static int step_failed(struct lsk_error *error, int r, const char *what)
{
	return error_set(error, r, 0, "%s: %s", what, lsk_strerror(r));
}

static int set(const struct lsk_isotp *isotp, int option, const void *value,
	       size_t size)
{
	return lsk_socket_setsockopt(isotp->sock, SOL_CAN_ISOTP, option, value,
				     (socklen_t)size);
}

/* All options, which the kernel takes before the socket is bound only. */
static int set_options(const struct lsk_isotp *isotp,
		       const struct lsk_isotp_config *config, struct lsk_error *error)
{
	struct can_isotp_options options = {
		.flags = config->flags,
		.frame_txtime = config->frame_time_ns,
		.ext_address = config->tx_address,
		.txpad_content = config->tx_padding,
		.rxpad_content = config->rx_padding,
		.rx_ext_address = config->rx_address,
	};
	struct can_isotp_fc_options flow = {.bs = config->block_size,
					    .stmin = config->stmin};
	struct can_isotp_ll_options link = {
		.mtu = config->is_fd ? CANFD_MTU : CAN_MTU,
		.tx_dl = config->tx_len,
		.tx_flags = config->fd_flags,
	};
	int r = set(isotp, CAN_ISOTP_OPTS, &options, sizeof(options));

	if (r < 0)
		return step_failed(error, r, "ISO-TP flags");
	r = set(isotp, CAN_ISOTP_RECV_FC, &flow, sizeof(flow));
	if (r < 0)
		return step_failed(error, r, "flow control");
	if (link.tx_dl == 0)
		link.tx_dl = config->is_fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN;
	if (config->is_fd || config->tx_len)
		r = set(isotp, CAN_ISOTP_LL_OPTS, &link, sizeof(link));
	if (r < 0)
		return step_failed(error, r, "length and kind of frames");
	if (config->flags & LSK_ISOTP_FORCE_TX_STMIN)
		r = set(isotp, CAN_ISOTP_TX_STMIN, &config->tx_stmin_ns,
			sizeof(config->tx_stmin_ns));
	if (r == 0 && config->flags & LSK_ISOTP_FORCE_RX_STMIN)
		r = set(isotp, CAN_ISOTP_RX_STMIN, &config->rx_stmin_ns,
			sizeof(config->rx_stmin_ns));
	return r < 0 ? step_failed(error, r, "STmin") : 0;
}

static int bind_isotp(const struct lsk_isotp *isotp)
{
	struct sockaddr_can sa = {.can_family = AF_CAN};
	struct lsk_addr addr;
	int r;

	sa.can_ifindex = (int)if_nametoindex(isotp->interface);
	if (sa.can_ifindex == 0)
		return -ENODEV;
	sa.can_addr.tp.tx_id = isotp->tx_id;
	sa.can_addr.tp.rx_id = isotp->rx_id;
	r = lsk_addr_set(&addr, &sa, sizeof(sa));
	return r < 0 ? r : lsk_socket_bind(isotp->sock, &addr);
}

static int isotp_init(struct lsk_isotp *isotp, const struct lsk_isotp_config *config,
		      struct lsk_error *error)
{
	const char *interface = config->interface ? config->interface : "";
	int r = lsk_socket_new(&isotp->sock, AF_CAN, SOCK_DGRAM, CAN_ISOTP);

	if (r < 0)
		return step_failed(error, r, "ISO-TP socket");
	r = set_options(isotp, config, error);
	if (r < 0)
		return r;
	isotp->tx_id = config->tx_id;
	isotp->rx_id = config->rx_id;
	if (strlen(interface) < sizeof(isotp->interface))
		memcpy(isotp->interface, interface, strlen(interface));
	r = bind_isotp(isotp);
	if (r == -ENODEV)
		return error_set(error, r, 0, "no interface is called \"%s\"",
				 interface);
	return r < 0 ? step_failed(error, r, interface) : 0;
}

int lsk_isotp_restore(struct lsk_isotp *isotp)
{
	struct sockaddr_can sa = {0};
	struct lsk_addr addr;
	int stale = 0;
	int r;

	if (!isotp)
		return -EINVAL;
	r = lsk_socket_getsockname(isotp->sock, &addr);
	if (r < 0)
		return r;
	memcpy(&sa, &addr.storage, addr.len < sizeof(sa) ? addr.len : sizeof(sa));
	if (sa.can_ifindex != 0)
		return 0;
	/* The kernel unbound the socket, kept its options and left -ENODEV behind. */
	lsk_socket_getsockopt_int(isotp->sock, SOL_SOCKET, SO_ERROR, &stale);
	isotp->is_sending = false;
	isotp->send_error = 0;
	isotp->receive_error = 0;
	r = bind_isotp(isotp);
	return r < 0 ? r : 1;
}

int lsk_isotp_open(struct lsk_isotp **ret_isotp, const struct lsk_isotp_config *config,
		   struct lsk_error *ret_error)
{
	struct lsk_isotp *isotp;
	int r;

	if (!ret_isotp || !config || config->flags & ~FLAGS_KNOWN)
		return step_failed(ret_error, -EINVAL, "configuration");
	isotp = calloc(1, sizeof(*isotp));
	if (!isotp)
		return step_failed(ret_error, -ENOMEM, "socket");
	r = isotp_init(isotp, config, ret_error);
	if (r < 0) {
		lsk_isotp_free(isotp);
		return r;
	}
	*ret_isotp = isotp;
	return 0;
}

struct lsk_isotp *lsk_isotp_free(struct lsk_isotp *isotp)
{
	if (isotp)
		lsk_socket_free(isotp->sock);
	free(isotp);
	return NULL;
}

struct lsk_socket *lsk_isotp_socket(const struct lsk_isotp *isotp)
{
	return isotp ? isotp->sock : NULL;
}

/* Whether the socket's error is one of sending; reading it takes it away. */
static int take_error(const struct lsk_isotp *isotp)
{
	int error = 0;
	int r = lsk_socket_getsockopt_int(isotp->sock, SOL_SOCKET, SO_ERROR, &error);

	return r < 0 ? r : -error;
}

/*
 * The kernel hands an error to whatever call comes first: keep it for the one that it
 * belongs to. Return: whether it is one of a message.
 */
static bool keep_error(struct lsk_isotp *isotp, int error)
{
	bool is_received = error == -ETIMEDOUT || error == -EILSEQ;
	bool is_sent = error == -ECOMM || error == -EMSGSIZE;

	/* A frame with other padding: either a flow control, or a message's. */
	if (error == -EBADMSG) {
		is_sent = isotp->is_sending;
		is_received = !is_sent;
	}
	if (is_received)
		isotp->receive_error = error;
	/* Else it is of a message that is history. */
	if (is_sent && isotp->is_sending) {
		isotp->send_error = error;
		isotp->is_sending = false;
	}
	return is_received || is_sent;
}

/* What was told before a message began is not of that message. */
static void take_stale(struct lsk_isotp *isotp)
{
	int error = take_error(isotp);

	if (error == 0 || keep_error(isotp, error))
		return;
	if (isotp->is_sending)
		isotp->send_error = error;
	else
		isotp->receive_error = error;
	isotp->is_sending = false;
}

static int take_send_error(struct lsk_isotp *isotp)
{
	int error = isotp->send_error;

	isotp->send_error = 0;
	return error;
}

static int take_receive_error(struct lsk_isotp *isotp)
{
	int error = isotp->receive_error;

	isotp->receive_error = 0;
	return error;
}

/* Wait until no message is sent. Return: 0, or why not; what became of it is kept. */
static int wait_end(struct lsk_isotp *isotp, int64_t deadline_ns)
{
	while (isotp->is_sending) {
		int r = socket_poll(isotp->sock, POLLOUT, deadline_ns);
		int error;

		if (r < 0)
			return r;
		error = take_error(isotp);
		if (error != 0 && !keep_error(isotp, error)) {
			isotp->is_sending = false;
			return error;
		}
		if (r & POLLOUT)
			isotp->is_sending = false;
	}
	return 0;
}

int lsk_isotp_finish(struct lsk_isotp *isotp)
{
	bool is_waiting;
	int r;

	if (!isotp)
		return -EINVAL;
	is_waiting = socket_timeout(isotp->sock) != 0;
	if (!is_waiting && isotp->is_sending) {
		struct pollfd fd = {.fd = socket_fd(isotp->sock), .events = POLLOUT};

		if (poll(&fd, 1, 0) == 0)
			return -EAGAIN;
	}
	r = wait_end(isotp,
		     is_waiting ? socket_deadline(isotp->sock) : engine_now_ns());
	if (r == -ETIME && !is_waiting)
		return -EAGAIN;
	return r < 0 ? r : take_send_error(isotp);
}

/* Start a message. Return: 0, -EAGAIN while another one is under way, or why not. */
static int start(struct lsk_isotp *isotp, const void *buf, size_t len)
{
	int fd = socket_fd(isotp->sock);
	ssize_t count;

	if (fd < 0)
		return fd;
	take_stale(isotp);
	do {
		count = syscall_count(send(fd, buf, len, MSG_DONTWAIT));
	} while (count < 0 && keep_error(isotp, (int)count));
	if (count < 0)
		return (int)count;
	/* What became of an earlier one, nobody has asked. */
	isotp->send_error = 0;
	isotp->is_sending = true;
	return 0;
}

static int send_until(struct lsk_isotp *isotp, const void *buf, size_t len,
		      int64_t deadline_ns)
{
	int r;

	do {
		r = wait_end(isotp, deadline_ns);
		if (r < 0)
			return r;
		r = start(isotp, buf, len);
		if (r == -EAGAIN) {
			int ready = socket_poll(isotp->sock, POLLOUT, deadline_ns);

			if (ready < 0)
				return ready;
		}
	} while (r == -EAGAIN);
	if (r == 0)
		r = wait_end(isotp, deadline_ns);
	return r < 0 ? r : take_send_error(isotp);
}

int lsk_isotp_send(struct lsk_isotp *isotp, const void *buf, size_t len)
{
	if (!isotp || (!buf && len > 0))
		return -EINVAL;
	if (socket_timeout(isotp->sock) == 0)
		return start(isotp, buf, len);
	return send_until(isotp, buf, len, socket_deadline(isotp->sock));
}

/* One message, without waiting. Return: its length; -EAGAIN; how one broke off. */
static ssize_t receive_ready(struct lsk_isotp *isotp, void *buf, size_t size)
{
	int fd = socket_fd(isotp->sock);

	while (fd >= 0 && isotp->receive_error == 0) {
		ssize_t count =
			syscall_count(recv(fd, buf, size, MSG_DONTWAIT | MSG_TRUNC));
		if (count >= 0 || !keep_error(isotp, (int)count))
			return count;
	}
	return fd < 0 ? fd : take_receive_error(isotp);
}

static ssize_t receive_until(struct lsk_isotp *isotp, void *buf, size_t size,
			     int64_t deadline_ns)
{
	for (;;) {
		ssize_t count = receive_ready(isotp, buf, size);
		int r;

		if (count >= 0)
			return (size_t)count > size ? -EMSGSIZE : count;
		if (count != -EAGAIN || socket_timeout(isotp->sock) == 0)
			return count;
		r = socket_poll(isotp->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}

ssize_t lsk_isotp_receive(struct lsk_isotp *isotp, void *buf, size_t size)
{
	if (!isotp || (!buf && size > 0))
		return -EINVAL;
	return receive_until(isotp, buf, size, socket_deadline(isotp->sock));
}

/* Throw away what nobody asked for, and what broke off: it hides what is behind it. */
static void drain(struct lsk_isotp *isotp)
{
	ssize_t count;

	do {
		count = receive_ready(isotp, NULL, 0);
	} while (count >= 0 || count == -ETIMEDOUT || count == -EILSEQ ||
		 count == -EBADMSG || count == -ENETDOWN);
}

static bool is_pending(const uint8_t *answer, ssize_t len, uint8_t service)
{
	return len == 3 && answer[0] == UDS_NEGATIVE && answer[1] == service &&
	       answer[2] == UDS_PENDING;
}

ssize_t lsk_isotp_request(struct lsk_isotp *isotp, const void *request, size_t len,
			  void *buf, size_t size)
{
	int64_t deadline_ns;
	ssize_t count;
	int r;

	if (!isotp || !request || len == 0 || !buf || size < 3)
		return -EINVAL;
	deadline_ns = socket_deadline(isotp->sock);
	drain(isotp);
	r = send_until(isotp, request, len, deadline_ns);
	if (r < 0)
		return r;
	do {
		count = receive_until(isotp, buf, size, deadline_ns);
	} while (is_pending(buf, count, *(const uint8_t *)request));
	return count;
}

/* Wait until any of the group has a message. Return: 1, or 0 at the deadline. */
static int poll_group(const struct lsk_isotp_group *group, struct pollfd *fds,
		      int64_t deadline_ns)
{
	for (;;) {
		int64_t rest_ns = deadline_ns - engine_now_ns();
		struct timespec rest = {.tv_sec = rest_ns / LSK_NSEC_PER_SEC,
					.tv_nsec = rest_ns % LSK_NSEC_PER_SEC};
		int r;

		if (rest_ns <= 0)
			return 0;
		for (size_t i = 0; i < group->count; i++)
			fds[i] = (struct pollfd){.fd = socket_fd(group->each[i]->sock),
						 .events = POLLIN};
		r = syscall_result(ppoll(fds, group->count, &rest, NULL));
		if (r != -EINTR)
			return r;
	}
}

/* Take one message of each socket that has one. Return: answers so far. */
static size_t collect(const struct lsk_isotp_group *group, const struct pollfd *fds,
		      struct lsk_isotp_answer *answers, size_t count, size_t max)
{
	for (size_t i = 0; i < group->count && count < max; i++) {
		struct lsk_isotp_answer *answer = &answers[count];

		if (!fds[i].revents)
			continue;
		answer->from = i;
		answer->len = (int)receive_ready(group->each[i], answer->data,
						 sizeof(answer->data));
		if (answer->len > (int)sizeof(answer->data))
			answer->len = -EMSGSIZE;
		if (answer->len != -EAGAIN)
			count++;
	}
	return count;
}

int lsk_isotp_request_all(const struct lsk_isotp_group *group, const void *request,
			  size_t len, int64_t timeout_ns,
			  struct lsk_isotp_answer *ret_answers, size_t answers_max)
{
	struct pollfd *fds;
	int64_t deadline_ns = engine_now_ns() + timeout_ns;
	size_t count = 0;
	int r;

	if (!group || !group->all || !group->each || group->count == 0 || !request ||
	    timeout_ns < 0 || !ret_answers || answers_max == 0)
		return -EINVAL;
	fds = calloc(group->count, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < group->count; i++)
		drain(group->each[i]);
	r = send_until(group->all, request, len, deadline_ns);
	while (r >= 0 && count < answers_max) {
		r = poll_group(group, fds, deadline_ns);
		if (r <= 0)
			break;
		count = collect(group, fds, ret_answers, count, answers_max);
	}
	free(fds);
	return r < 0 ? r : (int)count;
}

size_t lsk_isotp_max_message(void)
{
	_cleanup_(closep) int fd = open(MAX_PDU_PATH, O_RDONLY | O_CLOEXEC);
	char text[32] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	return strtoul(text, NULL, 10);
}

/* Offer bytes that nobody can read. Return: 1 if the length will do, 0 if not. */
static int offer(int fd, const void *nothing, size_t len)
{
	ssize_t count;

	do {
		count = syscall_count(send(fd, nothing, len, MSG_DONTWAIT));
	} while (count == -EINTR);
	if (count == -EFAULT)
		return 1;
	if (count == -EINVAL)
		return 0;
	return count < 0 ? (int)count : -EIO;
}

ssize_t lsk_isotp_find_max(struct lsk_isotp *isotp)
{
	size_t good = 1, bad = (size_t)1 << 21; /* the kernel's own limit is 1 MiB */
	void *nothing;
	int fd, r = 0;

	if (!isotp)
		return -EINVAL;
	fd = socket_fd(isotp->sock);
	if (fd < 0)
		return fd;
	take_stale(isotp);
	nothing = mmap(NULL, bad, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (nothing == MAP_FAILED)
		return -ENOMEM;
	while (r >= 0 && bad - good > 1) {
		size_t middle = good + (bad - good) / 2;

		r = offer(fd, nothing, middle);
		if (r > 0)
			good = middle;
		else
			bad = middle;
	}
	munmap(nothing, (size_t)1 << 21);
	return r < 0 ? r : (ssize_t)good;
}
