/* SPDX-License-Identifier: MIT */
/*
 * linsock echo: sends back what it receives, to many peers at once in one thread.
 *
 * Every connection has one buffer, which is read into when it is empty and written out
 * until it is empty again: a peer that does not read is not read from, so what waits
 * here is bounded by the buffer.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/listener.h"

/* Holds the largest message of every family here (a UNIX one is bounded by the sender's
 * SO_SNDBUF, 208 KiB unless it was raised). */
#define BUFFER_SIZE ((size_t)256 * 1024)
#define ACCEPTS_MAX 64 /* per pass, so that open connections have their turn */
#define ROUNDS_MAX  16 /* per pass and peer, so that all peers have their turn */

/* A peer: a connection, or the sender of the datagram that is on its way back. */
struct peer {
	struct lsk_socket *sock;
	struct lsk_addr address;
	unsigned char *buffer;
	size_t start; /* of what is still to be sent */
	size_t len;
	bool is_pending; /* something (an empty datagram too) is still to be sent */
	bool has_ended;  /* it sends no more */
	uint64_t bytes;
};

struct echo {
	struct listener listener;
	bool is_accepting;
	bool is_once;
	bool is_verbose;
	bool is_stopping;
	int signal_fd;
	struct peer datagram; /* of a listener without connections */
	struct peer *peers;
	size_t peers_len;
	size_t peers_max;
	struct pollfd *polls; /* the signals, the listener, then the peers in order */
};

static void say(const struct echo *echo, const struct peer *peer, const char *what)
{
	char text[LSK_ADDR_TEXT_MAX];

	if (!echo->is_verbose)
		return;
	if (peer->address.len == 0 ||
	    lsk_addr_format(&peer->address, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "a peer without a name");
	fprintf(stderr, "%s: %s, %llu bytes\n", text, what,
		(unsigned long long)peer->bytes);
}

static int peers_grow(struct echo *echo)
{
	size_t max = echo->peers_max ? 2 * echo->peers_max : 16;
	struct peer *peers = reallocarray(echo->peers, max, sizeof(*peers));
	struct pollfd *polls;

	if (!peers)
		return -ENOMEM;
	echo->peers = peers;
	polls = reallocarray(echo->polls, max + 2, sizeof(*polls));
	if (!polls)
		return -ENOMEM;
	echo->polls = polls;
	echo->peers_max = max;
	return 0;
}

static void peer_remove(struct echo *echo, size_t index, const char *why)
{
	struct peer *peer = &echo->peers[index];

	say(echo, peer, why);
	lsk_socket_free(peer->sock);
	free(peer->buffer);
	*peer = echo->peers[--echo->peers_len];
	/* A descriptor came free. */
	echo->is_accepting = !echo->is_once;
	echo->is_stopping |= echo->is_once;
}

static int peer_add(struct echo *echo, struct lsk_socket *sock,
		    const struct lsk_addr *address)
{
	struct peer *peer;
	int r;

	if (echo->peers_len == echo->peers_max) {
		r = peers_grow(echo);
		if (r < 0)
			return r;
	}
	peer = &echo->peers[echo->peers_len];
	*peer = (struct peer){.sock = sock, .address = *address};
	peer->buffer = malloc(BUFFER_SIZE);
	if (!peer->buffer)
		return -ENOMEM;
	r = lsk_socket_set_timeout(sock, 0);
	if (r < 0) {
		free(peer->buffer);
		return r;
	}
	echo->peers_len++;
	say(echo, peer, "connected");
	return 0;
}

/* Return: 0, also where a connection could not be kept; an error that ends the server.
 */
static int accept_peers(struct echo *echo)
{
	for (int i = 0; i < ACCEPTS_MAX && echo->is_accepting; i++) {
		struct lsk_socket *sock;
		struct lsk_addr address = {.len = 0};
		int r = lsk_socket_accept(echo->listener.sock, &sock, &address);

		if (r == -EAGAIN)
			return 0;
		if (r == -ECONNABORTED)
			continue;
		if (r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -ENOBUFS) {
			/* They wait in the backlog until one of ours has ended. */
			echo->is_accepting = echo->peers_len == 0;
			return echo->is_accepting ? r : 0;
		}
		if (r < 0)
			return r;
		r = peer_add(echo, sock, &address);
		if (r < 0) {
			lsk_socket_free(sock);
			command_failure(r, "a connection was dropped");
		} else if (echo->is_once) {
			echo->is_accepting = false;
		}
	}
	return 0;
}

/* Return: 0 (nothing to do now, or enough for now), or what ends the connection; 1 for
 * its good end. */
static int peer_serve(struct peer *peer)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		ssize_t count;

		while (peer->is_pending) {
			count = lsk_socket_send(peer->sock, peer->buffer + peer->start,
						peer->len, 0);
			if (count < 0)
				return count == -EAGAIN ? 0 : (int)count;
			peer->start += (size_t)count;
			peer->len -= (size_t)count;
			peer->bytes += (uint64_t)count;
			peer->is_pending = peer->len > 0;
		}
		if (peer->has_ended)
			return 1;
		count = lsk_socket_recv(peer->sock, peer->buffer, BUFFER_SIZE, 0);
		if (count < 0)
			return count == -EAGAIN ? 0 : (int)count;
		peer->start = 0;
		peer->len = (size_t)count;
		peer->is_pending = count > 0;
		peer->has_ended = count == 0;
	}
	return 0;
}

static void serve_peer_at(struct echo *echo, size_t index)
{
	int r = peer_serve(&echo->peers[index]);

	if (r != 0)
		peer_remove(echo, index, r < 0 ? lsk_strerror(r) : "closed");
}

/* What a peer makes of its datagram (gone, no name) is its own affair. */
static void send_datagram(struct echo *echo)
{
	struct peer *peer = &echo->datagram;
	ssize_t count = lsk_socket_sendto(peer->sock, peer->buffer, peer->len, 0,
					  &peer->address);

	if (count == -EAGAIN || count == -ENOBUFS)
		return;
	peer->is_pending = false;
	peer->bytes = count > 0 ? (uint64_t)count : 0;
	say(echo, peer, count < 0 ? lsk_strerror((int)count) : "answered");
	echo->is_stopping |= echo->is_once;
}

static int serve_datagrams(struct echo *echo)
{
	struct peer *peer = &echo->datagram;

	for (int i = 0; i < ROUNDS_MAX && !echo->is_stopping; i++) {
		ssize_t count;

		if (peer->is_pending)
			send_datagram(echo);
		if (peer->is_pending || echo->is_stopping)
			return 0;
		count = lsk_socket_recvfrom(peer->sock, peer->buffer, BUFFER_SIZE, 0,
					    &peer->address);
		if (count == -EAGAIN)
			return 0;
		/* An earlier answer was refused: said here, about no one in particular.
		 */
		if (count == -ECONNREFUSED || count == -EHOSTUNREACH)
			continue;
		if (count < 0)
			return (int)count;
		peer->len = (size_t)count;
		peer->is_pending = true;
	}
	return 0;
}

static size_t fill_polls(struct echo *echo)
{
	struct pollfd *polls = echo->polls;

	polls[0] = (struct pollfd){.fd = echo->signal_fd, .events = POLLIN};
	polls[1] = (struct pollfd){
		.fd = echo->is_accepting ? lsk_socket_fd(echo->listener.sock) : -1,
		.events = echo->datagram.is_pending ? POLLOUT : POLLIN,
	};
	for (size_t i = 0; i < echo->peers_len; i++)
		polls[2 + i] = (struct pollfd){
			.fd = lsk_socket_fd(echo->peers[i].sock),
			.events = echo->peers[i].is_pending ? POLLOUT : POLLIN,
		};
	return 2 + echo->peers_len;
}

static int serve(struct echo *echo)
{
	int r = 0;

	while (!echo->is_stopping && r == 0) {
		size_t polls_len = fill_polls(echo);

		if (poll(echo->polls, polls_len, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (echo->polls[0].revents)
			break;
		/* From the last to the first, since removing one moves the last there.
		 */
		for (size_t i = polls_len - 2; i-- > 0;)
			if (echo->polls[2 + i].revents)
				serve_peer_at(echo, i);
		if (echo->polls[1].revents && !echo->is_stopping)
			r = echo->listener.has_connections ? accept_peers(echo)
							   : serve_datagrams(echo);
	}
	return r;
}

static int serve_endpoint(struct echo *echo, const char *text, int ready_fd)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	echo->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (echo->signal_fd < 0)
		return command_failure(-errno, "signalfd");
	r = peers_grow(echo);
	if (r < 0)
		return command_failure(r, "%s", text);
	r = listener_open(&echo->listener, text, ready_fd);
	if (r != COMMAND_OK)
		return r;
	echo->is_accepting = true;
	echo->datagram.sock = echo->listener.sock;
	if (!echo->listener.has_connections) {
		echo->datagram.buffer = malloc(BUFFER_SIZE);
		if (!echo->datagram.buffer)
			return command_failure(-ENOMEM, "%s", text);
	}
	r = lsk_socket_set_timeout(echo->listener.sock, 0);
	if (r == 0)
		r = serve(echo);
	return r < 0 ? command_failure(r, "%s", text) : COMMAND_OK;
}

static void echo_done(struct echo *echo)
{
	for (size_t i = 0; i < echo->peers_len; i++) {
		lsk_socket_free(echo->peers[i].sock);
		free(echo->peers[i].buffer);
	}
	free(echo->peers);
	free(echo->polls);
	free(echo->datagram.buffer);
	listener_close(&echo->listener);
	if (echo->signal_fd >= 0)
		close(echo->signal_fd);
}

static int echo_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"once", no_argument, NULL, 'o'},
		{"ready-fd", required_argument, NULL, 'r'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	struct echo echo = {.signal_fd = -1};
	long ready_fd = -1;
	int option, r;

	while ((option = getopt_long(argc, argv, "ov", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			echo.is_once = true;
			break;
		case 'r':
			if (command_parse_number(optarg, 0, INT32_MAX, &ready_fd) < 0)
				return command_usage("--ready-fd: \"%s\" is no "
						     "descriptor's number",
						     optarg);
			break;
		case 'v':
			echo.is_verbose = true;
			break;
		default:
			return command_bad_option();
		}
	}
	if (argc - optind != 1)
		return command_usage("one ENDPOINT is wanted");
	r = serve_endpoint(&echo, argv[optind], (int)ready_fd);
	echo_done(&echo);
	return r;
}

static const char echo_help[] =
	"  -o, --once          end after the first connection, or the first datagram\n"
	"      --ready-fd=N    once bound, write a newline to descriptor N and close "
	"it\n"
	"  -v, --verbose       tell of every peer on stderr\n"
	"\n"
	"When bound, it says \"listening on ENDPOINT\" on stderr, with the port that "
	"the\n"
	"kernel chose for port 0. A connection is closed when its peer has ended its\n"
	"sending and has got everything back. SIGINT and SIGTERM end it, and the UNIX\n"
	"path that it made is removed.\n"
	"\n"
	"  linsock echo tcp://127.0.0.1:7000\n"
	"  linsock echo 'unix:///run/user/1000/echo?type=seqpacket'\n";

const struct command echo_command = {
	.name = "echo",
	.arguments = "[-ov] [--ready-fd=N] ENDPOINT",
	.summary = "a server that sends back what it receives",
	.help = echo_help,
	.main = echo_main,
};
