/* SPDX-License-Identifier: MIT */
/*
 * Control messages: a socket sends itself a datagram, and what it asked for must come
 * with it. And names that bind(2) knows, such as algorithms.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "src/family.h"
#include "src/probe.h"
#include "uring/util.h"

#define WAIT_MS       1000
#define DATAGRAM_MAX  4096
#define DATAGRAM_HEAD 14
#define VALUE_MAX     32
#define TRIES_MAX     8
#define LATE_TRIES    100
#define LATE_PAUSE_NS 10000000

/* Both ends of something that carries datagrams; one descriptor may be both. */
struct ends {
	int sender;
	int receiver;
};

static void ends_done(struct ends *ends)
{
	if (ends->receiver != ends->sender)
		closep(&ends->receiver);
	closep(&ends->sender);
}

static int connect_to_self(int fd, const struct lsk_family *family)
{
	struct lsk_error error;
	struct lsk_addr address;
	socklen_t len = sizeof(address.storage);
	int r = family->parse(family->loopback, &address, &error);

	if (r == 0)
		r = syscall_result(bind(fd, &address.sa, address.len));
	if (r == 0)
		r = syscall_result(getsockname(fd, &address.sa, &len));
	return r == 0 ? syscall_result(connect(fd, &address.sa, len)) : r;
}

static int ends_open(const struct lsk_family *family,
		     const struct family_message *message, struct ends *ret_ends)
{
	int pair[2], r;

	*ret_ends = (struct ends){-1, -1};
	if (message->open || !family->loopback) {
		r = message->open ? message->open(pair)
				  : syscall_result(socketpair(family->domain,
							      SOCK_DGRAM | SOCK_CLOEXEC,
							      0, pair));
		if (r == 0)
			*ret_ends = (struct ends){pair[0], pair[1]};
		return r;
	}
	ret_ends->sender =
		syscall_result(socket(family->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	ret_ends->receiver = ret_ends->sender;
	return ret_ends->sender < 0 ? ret_ends->sender
				    : connect_to_self(ret_ends->sender, family);
}

/* SCM_RIGHTS carries the sender's own descriptor, whose number is not known before. */
static void fill_control(struct cmsghdr *header, const struct family_message *message,
			 int fd)
{
	int32_t value = message->sent_value;
	bool is_rights =
		message->sent_level == SOL_SOCKET && message->sent_type == SCM_RIGHTS;

	header->cmsg_level = message->sent_level;
	header->cmsg_type = message->sent_type;
	header->cmsg_len = CMSG_LEN(message->sent_size);
	if (message->sent_bytes)
		memcpy(CMSG_DATA(header), message->sent_bytes, message->sent_size);
	else
		memcpy(CMSG_DATA(header), is_rights ? &fd : &value,
		       message->sent_size < sizeof(value) ? message->sent_size
							  : sizeof(value));
}

static int send_datagram(const struct ends *ends, const struct family_message *message)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VALUE_MAX)] = "";
	char bytes[DATAGRAM_MAX] = "";
	struct iovec iov = {bytes, message->datagram_size ? message->datagram_size : 1};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	struct sockaddr_storage name;
	socklen_t name_len = sizeof(name);
	int r = 0;

	if (message->is_addressed) {
		r = syscall_result(getsockname(ends->receiver, (struct sockaddr *)&name,
					       &name_len));
		header.msg_name = &name;
		header.msg_namelen = name_len;
	}
	if (r < 0)
		return r;
	if (message->datagram)
		memcpy(bytes, message->datagram, DATAGRAM_HEAD);
	if (message->sent_size) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(message->sent_size);
		fill_control((struct cmsghdr *)control, message, ends->sender);
	}
	r = syscall_result((int)sendmsg(ends->sender, &header,
					message->send_flags | MSG_NOSIGNAL));
	/* RDS does not know the flag, and sends no signal. */
	if (r == -EOPNOTSUPP)
		r = syscall_result(
			(int)sendmsg(ends->sender, &header, message->send_flags));
	return r;
}

/* Descriptors that came along are closed; they are ours, whoever asked. */
static void close_received(const struct cmsghdr *header)
{
	int fd;

	if (header->cmsg_level != SOL_SOCKET ||
	    header->cmsg_len < CMSG_LEN(sizeof(fd)) ||
	    (header->cmsg_type != SCM_RIGHTS && header->cmsg_type != 4 /* SCM_PIDFD */))
		return;
	memcpy(&fd, CMSG_DATA((struct cmsghdr *)(uintptr_t)header), sizeof(fd));
	closep(&fd);
}

/* The next datagram; its control messages go to @header. Return: its length, or a
 * negative errno. */
static int take_datagram(int fd, bool is_error, struct msghdr *header)
{
	/* What waits in the error queue is told unasked. */
	struct pollfd readable = {.fd = fd, .events = is_error ? 0 : POLLIN};
	int flags = MSG_DONTWAIT | (is_error ? MSG_ERRQUEUE : 0);
	int r = -EAGAIN;

	/* RDS says POLLIN of a change in its map of congested ports too. */
	for (int tries = TRIES_MAX; r == -EAGAIN && tries > 0; tries--) {
		if (poll(&readable, 1, WAIT_MS) != 1)
			return is_error ? -ENOMSG : -ETIME;
		r = syscall_result((int)recvmsg(fd, header, flags | MSG_CMSG_CLOEXEC));
		/* PACKET and J1939 do not know the flag, and bring no descriptors. */
		if (r == -EINVAL)
			r = syscall_result((int)recvmsg(fd, header, flags));
	}
	return r;
}

/* Return: 0 if the message came, -ENOMSG if the datagram came without it. */
static int receive_datagram(int fd, const struct family_message *message)
{
	_Alignas(struct cmsghdr) char control[512];
	char bytes[DATAGRAM_MAX];
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	int r = take_datagram(fd, message->is_error, &header);

	if (r < 0)
		return r;
	r = -ENOMSG;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&header); at;
	     at = CMSG_NXTHDR(&header, at)) {
		if (at->cmsg_level == message->expected_level &&
		    at->cmsg_type == message->expected_type)
			r = 0;
		close_received(at);
	}
	return r;
}

/* What the sender is told may not be told before the receiver has read. */
static int receive_by_sender(const struct ends *ends,
			     const struct family_message *message)
{
	char bytes[DATAGRAM_MAX];
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
	int r = take_datagram(ends->receiver, false, &header);

	return r < 0 ? r : receive_datagram(ends->sender, message);
}

static int set_option(int fd, const struct family_message *message)
{
	_Alignas(int64_t) char value[VALUE_MAX] = "";
	size_t size = message->value_size ? message->value_size : sizeof(int);

	memcpy(value, &message->value, sizeof(message->value));
	return syscall_result(setsockopt(fd, message->level, message->option, value,
					 (socklen_t)size));
}

/* One datagram, or several where the kernel takes its time to begin with it. */
static int exchange(const struct ends *ends, const struct family_message *message,
		    const char **ret_tried)
{
	const struct timespec pause_time = {.tv_nsec = LATE_PAUSE_NS};
	int tries = message->is_late ? LATE_TRIES : 1;
	int r;

	do {
		*ret_tried = "sendmsg";
		for (int i = message->sends ? message->sends : 1; i > 0; i--) {
			r = send_datagram(ends, message);
			if (r < 0)
				return r;
		}
		if (!message->expected_type)
			return 0;
		*ret_tried = "recvmsg";
		r = message->is_of_sender ? receive_by_sender(ends, message)
					  : receive_datagram(ends->receiver, message);
	} while (r == -ENOMSG && --tries > 0 && nanosleep(&pause_time, NULL) == 0);
	return r;
}

/* Whether /proc/crypto has an implementation of the first of the words. */
static bool is_listed(const char *words)
{
	FILE *file = fopen("/proc/crypto", "re");
	char line[256], wanted[128];
	bool is_found = false;

	snprintf(wanted, sizeof(wanted), ": %.*s\n", (int)strcspn(words, " "), words);
	while (file && !is_found && fgets(line, sizeof(line), file))
		is_found = strncmp(line, "name", 4) == 0 && strstr(line, wanted);
	if (file)
		fclose(file);
	return is_found;
}

/* A template loads what it is made of: all words must be there, or be no module's. */
bool probe_may_try_words(struct lsk_probe *probe, const char *prefix, const char *words,
			 struct lsk_finding *ret_finding)
{
	const char *const separators = "(), ";
	const char *word = words;

	if (is_listed(words))
		return true;
	for (word += strspn(word, separators); *word;
	     word += strspn(word, separators)) {
		int len = (int)strcspn(word, separators);
		enum module_state ignored;
		char alias[128], name[64];

		snprintf(name, sizeof(name), "%.*s", len, word);
		snprintf(alias, sizeof(alias), "%s%s", prefix, name);
		if (!probe_may_try(probe, alias, is_listed(name), &ignored,
				   ret_finding))
			return false;
		word += len;
	}
	return true;
}

/* Whether nothing would be loaded; if not, @ret_finding says so. */
static bool message_may_try(struct lsk_probe *probe, int domain,
			    const struct family_message *message,
			    struct lsk_finding *ret_finding)
{
	enum module_state ignored;
	_cleanup_(closep) int fd = -1;

	if (message->socket.type) {
		fd = probe_socket(probe, domain, &message->socket, ret_finding);
		if (fd < 0)
			return false;
	}
	if (message->module_alias &&
	    !probe_may_try(probe, message->module_alias, false, &ignored, ret_finding))
		return false;
	if (message->module &&
	    !probe_may_try_module(probe, message->module, ret_finding))
		return false;
	return !message->words || probe_may_try_words(probe, message->word_alias,
						      message->words, ret_finding);
}

static void message_run(struct lsk_probe *probe, const struct probe_row *row,
			struct lsk_finding *ret_finding)
{
	const struct family_message *message = row->data;
	const struct lsk_family *family = family_by_domain(row->domain);
	const char *tried = "setsockopt";
	const int least = 1;
	_cleanup_(ends_done) struct ends ends = {-1, -1};
	int r;

	if (!message_may_try(probe, row->domain, message, ret_finding))
		return;
	r = ends_open(family, message, &ends);
	/* Without what the module would bring, or without the right to it. */
	if (r == -EPERM || r == -EACCES ||
	    (message->module_alias && (r == -ENOENT || r == -EOPNOTSUPP))) {
		probe_judge(r, "sockets to try it on", ret_finding);
		return;
	}
	if (r < 0) {
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, r,
			   "no datagram can be sent to oneself here (is loopback up?)");
		return;
	}
	if (message->is_narrow)
		setsockopt(ends.receiver, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	if (message->value)
		r = set_option(message->is_of_sender ? ends.sender : ends.receiver,
			       message);
	if (r >= 0)
		r = exchange(&ends, message, &tried);
	if (r == -ENOMSG)
		probe_find(ret_finding, LSK_VERDICT_NO, r,
			   "the datagram came without the message");
	else
		probe_judge(r, tried, ret_finding);
}

static bool name_may_try(struct lsk_probe *probe, const struct family_name *what,
			 struct lsk_finding *ret_finding)
{
	enum module_state ignored;

	if (what->module_alias &&
	    !probe_may_try(probe, what->module_alias, false, &ignored, ret_finding))
		return false;
	return !what->word_alias ||
	       probe_may_try_words(probe, what->word_alias, what->words, ret_finding);
}

static void name_run(struct lsk_probe *probe, const struct probe_row *row,
		     struct lsk_finding *ret_finding)
{
	const struct family_name *what = row->data;
	const struct lsk_family *family = family_by_domain(row->domain);
	_cleanup_(closep) int fd =
		probe_socket(probe, row->domain, &what->socket, ret_finding);
	struct lsk_error error;
	struct lsk_addr address;
	int r;

	if (fd < 0 || !name_may_try(probe, what, ret_finding))
		return;
	r = family->parse(what->place, &address, &error);
	if (r == 0)
		r = syscall_result(bind(fd, &address.sa, address.len));
	probe_judge(r, "bind", ret_finding);
	/* Forbidding a module is an ordinary way to be without an algorithm. */
	if (r == -ENOENT)
		ret_finding->verdict = LSK_VERDICT_ABSENT;
}

int probe_add_messages(struct lsk_probe *probe, const struct lsk_family *family)
{
	const struct family_message *message = family->probe->messages;
	const struct family_name *name = family->probe->names;
	struct probe_row row = {.domain = family->domain};
	int r = 0;

	row.run = message_run;
	for (; message && message->name && r == 0; message++) {
		row.name = message->name;
		row.summary = message->summary;
		row.data = message;
		r = probe_add(probe, family->name, &row);
	}
	row.run = name_run;
	for (; name && name->name && r == 0; name++) {
		row.name = name->name;
		row.summary = name->summary;
		row.data = name;
		r = probe_add(probe, family->name, &row);
	}
	return r;
}
