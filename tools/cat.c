/* SPDX-License-Identifier: MIT */
/*
 * linsock cat: stdin to a socket, the socket to stdout.
 *
 * Each direction is a thread that blocks: one reads stdin and sends, one receives and
 * writes stdout, so that neither waits for the other however slow an end is. The main
 * thread decides when it is over: it waits for word of the two, for a signal, and for
 * the idle time to pass. A direction that still blocks then ends with the process.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "tools/cat.h"
#include "tools/progress.h"

#define SIZE_MAX_ASKED (16L * 1024 * 1024)
#define ANSWER_WAIT_NS LSK_NSEC_PER_SEC
#define STDIN_WAIT_NS  LSK_NSEC_PER_SEC

/* Return: 0, or what pthread_create(3) says. */
static int direction_start(struct cat_direction *direction, struct cat *cat,
			   void *(*run)(void *))
{
	int r;

	direction->cat = cat;
	r = pthread_create(&direction->thread, NULL, run, direction);
	direction->is_started = r == 0;
	return -r;
}

static bool direction_has_ended(struct cat_direction *direction)
{
	return atomic_load(&direction->has_ended);
}

/* No end of the peer's direction will be told: the wait for an answer has a limit. */
static int64_t idle_limit_ns(struct cat *cat)
{
	if (cat->options.wait_ns != LSK_BLOCK)
		return cat->options.wait_ns;
	if (!cat->has_half_close && cat->options.eof == CAT_EOF_HALF &&
	    direction_has_ended(&cat->sender))
		return ANSWER_WAIT_NS;
	return LSK_BLOCK;
}

/*
 * The peer has ended its direction while ours has not: it may read on, and what stdin
 * still has is for it. A stdin that is silent, or a person, keeps nothing open.
 */
static bool is_sending_on(struct cat *cat)
{
	return cat->has_connections && cat->options.eof == CAT_EOF_HALF &&
	       direction_has_ended(&cat->receiver) && cat->receiver.error == 0 &&
	       !direction_has_ended(&cat->sender) && !isatty(STDIN_FILENO);
}

/* Nanoseconds until the idle time has passed, 0 if it has, or LSK_BLOCK. */
static int64_t idle_left_ns(struct cat *cat, bool sends_on)
{
	int64_t limit = idle_limit_ns(cat), left;

	if (sends_on) {
		if (!atomic_load(&cat->sender.is_waiting))
			return STDIN_WAIT_NS;
		limit = STDIN_WAIT_NS;
	}
	if (limit == LSK_BLOCK)
		return LSK_BLOCK;
	left = atomic_load(&cat->active_ns) + limit - monotonic_ns();
	return left > 0 ? left : 0;
}

static int poll_timeout_ms(int64_t left_ns, const struct progress *progress)
{
	int64_t ms = left_ns == LSK_BLOCK ? -1 : left_ns / 1000000 + 1;

	if (progress->is_shown && (ms < 0 || ms > PROGRESS_PERIOD_MS))
		ms = PROGRESS_PERIOD_MS;
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static int direction_failure(const struct cat *cat,
			     const struct cat_direction *direction)
{
	return command_failure(direction->error, "%s: %s after %llu bytes",
			       cat->options.text, direction->what,
			       (unsigned long long)direction->bytes);
}

/* Whether the two directions leave nothing to wait for, and how it went. */
static bool is_over(struct cat *cat, enum command_status *ret_status)
{
	struct cat_direction *sender = &cat->sender, *receiver = &cat->receiver;
	bool sender_ended = direction_has_ended(sender);
	/* A peer that stopped reading may still have something to say: what the
	 * receiver sees next tells. Without stdin there is nothing to go on for. */
	bool sender_failed = sender_ended && sender->error < 0;
	bool is_stdin_bad = sender_failed && strcmp(sender->what, "stdin") == 0;

	*ret_status = COMMAND_OK;
	if (direction_has_ended(receiver)) {
		if (is_sending_on(cat))
			return false;
		if (sender_failed)
			*ret_status = direction_failure(cat, sender);
		else if (receiver->error < 0 && receiver->error != -EPIPE)
			*ret_status = direction_failure(cat, receiver);
		return true;
	}
	if (is_stdin_bad || (sender_failed && !cat->has_connections)) {
		*ret_status = direction_failure(cat, sender);
		return true;
	}
	return sender_ended && cat->options.eof == CAT_EOF_CLOSE;
}

/* Return: enum command_status; @ret_signal gets the signal that ended it, or 0. */
static int wait_for_end(struct cat *cat, struct progress *progress, int *ret_signal)
{
	struct pollfd polls[] = {
		{.fd = cat->signal_fd, .events = POLLIN},
		{.fd = cat->event_fd, .events = POLLIN},
	};
	enum command_status status;
	eventfd_t events;

	while (!is_over(cat, &status)) {
		struct signalfd_siginfo info;
		bool sends_on = is_sending_on(cat);
		int64_t left_ns = idle_left_ns(cat, sends_on);

		if (left_ns == 0) {
			if (direction_has_ended(&cat->sender) && cat->sender.error < 0)
				return direction_failure(cat, &cat->sender);
			if (!cat->has_connections || sends_on ||
			    (!cat->has_half_close && direction_has_ended(&cat->sender)))
				return COMMAND_OK;
			return command_failure(-ETIME, "%s: no traffic",
					       cat->options.text);
		}
		poll(polls, 2, poll_timeout_ms(left_ns, progress));
		if (read(cat->signal_fd, &info, sizeof(info)) == sizeof(info)) {
			*ret_signal = (int)info.ssi_signo;
			return COMMAND_FAILURE;
		}
		eventfd_read(cat->event_fd, &events);
		progress_show(progress, cat->sender.bytes, cat->receiver.bytes);
	}
	return status;
}

/* A UNIX datagram socket without a name cannot be answered. */
static void name_datagram_socket(struct lsk_socket *sock)
{
	struct lsk_addr name;

	if (lsk_socket_domain(sock) == AF_UNIX && lsk_socket_type(sock) == SOCK_DGRAM &&
	    lsk_socket_getsockname(sock, &name) == 0 &&
	    name.len <= sizeof(sa_family_t) && lsk_addr_unix(&name, "", 0) == 0)
		lsk_socket_bind(sock, &name);
}

static int connect_socket(struct cat *cat)
{
	struct lsk_endpoint *endpoint;
	struct lsk_error error = {.code = 0};
	int r = lsk_endpoint_new(&endpoint, cat->options.text, &error);

	if (r < 0)
		return command_failure_at(cat->options.text, &error);
	r = lsk_endpoint_connect(endpoint, cat->options.wait_ns, &cat->sock, &error);
	lsk_endpoint_free(endpoint);
	if (r < 0)
		return command_failure_at(cat->options.text, &error);
	name_datagram_socket(cat->sock);
	return COMMAND_OK;
}

/* The first datagram names the peer; it stays in the queue for the receiver. */
static int take_datagram_peer(struct cat *cat)
{
	struct lsk_addr peer;
	char byte;
	ssize_t count = lsk_socket_recvfrom(cat->listener.sock, &byte, sizeof(byte),
					    MSG_PEEK, &peer);

	if (count < 0)
		return (int)count;
	cat->sock = lsk_socket_ref(cat->listener.sock);
	return peer.len > 0 ? lsk_socket_connect(cat->sock, &peer) : 0;
}

static int accept_socket(struct cat *cat, int *ret_signal)
{
	struct pollfd polls[] = {
		{.fd = cat->signal_fd, .events = POLLIN},
		{.events = POLLIN},
	};
	int r = listener_open(&cat->listener, cat->options.text, -1);

	if (r != COMMAND_OK)
		return r;
	polls[1].fd = lsk_socket_fd(cat->listener.sock);
	while (poll(polls, 2, -1) < 0 && errno == EINTR)
		;
	if (polls[0].revents) {
		struct signalfd_siginfo info = {0};

		*ret_signal = read(cat->signal_fd, &info, sizeof(info)) > 0
				      ? (int)info.ssi_signo
				      : SIGTERM;
		return COMMAND_FAILURE;
	}
	r = cat->listener.has_connections
		    ? lsk_socket_accept(cat->listener.sock, &cat->sock, NULL)
		    : take_datagram_peer(cat);
	return r < 0 ? command_failure(r, "%s", cat->options.text) : COMMAND_OK;
}

/* From here on signals are read, not delivered, in every thread. */
static int prepare_events(struct cat *cat)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* A reader of stdout that went away is an error of write(2) first. */
	signal(SIGPIPE, SIG_IGN);
	cat->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	cat->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cat->signal_fd < 0 || cat->event_fd < 0)
		return command_failure(-errno, "signalfd, eventfd");
	return COMMAND_OK;
}

static int transfer(struct cat *cat, int *ret_signal)
{
	struct progress progress;
	int r;

	cat->has_connections = type_has_connections(lsk_socket_type(cat->sock));
	cat->has_half_close =
		cat->has_connections && lsk_socket_has_half_close(cat->sock);
	atomic_store(&cat->active_ns, monotonic_ns());
	progress_begin(&progress);
	r = direction_start(&cat->receiver, cat, cat_receive);
	if (r == 0)
		r = direction_start(&cat->sender, cat, cat_send);
	if (r < 0)
		return command_failure(r, "a thread could not be started");
	r = wait_for_end(cat, &progress, ret_signal);
	progress_end(&progress);
	/* TIPC resets what is closed without a word. */
	if (r == COMMAND_OK && cat->has_connections && !cat->has_half_close)
		lsk_socket_shutdown(cat->sock, SHUT_RDWR);
	if (cat->options.is_verbose)
		fprintf(stderr,
			"sent %llu bytes in %llu calls, received %llu bytes in %llu "
			"calls, %.3f s\n",
			(unsigned long long)cat->sender.bytes,
			(unsigned long long)cat->sender.calls,
			(unsigned long long)cat->receiver.bytes,
			(unsigned long long)cat->receiver.calls,
			progress_seconds(&progress));
	if (direction_has_ended(&cat->receiver) && cat->receiver.error == -EPIPE &&
	    strcmp(cat->receiver.what, "stdout") == 0)
		*ret_signal = SIGPIPE;
	return r;
}

static bool direction_join(struct cat_direction *direction)
{
	if (!direction->is_started)
		return true;
	if (!direction_has_ended(direction))
		return false;
	pthread_join(direction->thread, NULL);
	return true;
}

/* What a direction that still blocks may use stays until the process ends. */
static void cat_free(struct cat *cat)
{
	bool is_joined = direction_join(&cat->sender) & direction_join(&cat->receiver);

	listener_close(&cat->listener);
	if (!is_joined)
		return;
	lsk_socket_free(cat->sock);
	if (cat->signal_fd >= 0)
		close(cat->signal_fd);
	if (cat->event_fd >= 0)
		close(cat->event_fd);
	free(cat);
}

/* End as a program does that has no handler, so that the shell knows. */
static void die_by_signal(int number)
{
	sigset_t signals;

	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&signals);
	sigaddset(&signals, number);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

static int cat_run(const struct cat_options *options)
{
	struct cat *cat = calloc(1, sizeof(*cat));
	int stopped_by = 0;
	int r;

	if (!cat)
		return command_failure(-ENOMEM, "%s", options->text);
	cat->options = *options;
	cat->signal_fd = -1;
	cat->event_fd = -1;
	/* While it connects there is nothing to clean up: signals just end it. */
	r = options->is_listening ? COMMAND_OK : connect_socket(cat);
	if (r == COMMAND_OK)
		r = prepare_events(cat);
	if (r == COMMAND_OK && options->is_listening)
		r = accept_socket(cat, &stopped_by);
	if (r == COMMAND_OK)
		r = transfer(cat, &stopped_by);
	cat_free(cat);
	if (stopped_by)
		die_by_signal(stopped_by);
	return r;
}

static int parse_eof(const char *text, enum cat_eof *ret_action)
{
	static const char *const names[] = {
		[CAT_EOF_HALF] = "half",
		[CAT_EOF_CLOSE] = "close",
		[CAT_EOF_IGNORE] = "ignore",
	};

	for (int i = CAT_EOF_HALF; i <= CAT_EOF_IGNORE; i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_action = (enum cat_eof)i;
			return 0;
		}
	return -EINVAL;
}

static int parse_option(struct cat_options *options, int option, const char *value)
{
	long size;

	switch (option) {
	case 'e':
		if (parse_eof(value, &options->eof) < 0)
			return command_usage("--eof=%s: half, close or ignore", value);
		return COMMAND_OK;
	case 'l':
		options->is_listening = true;
		return COMMAND_OK;
	case 's':
		if (command_parse_number(value, 1, SIZE_MAX_ASKED, &size) < 0)
			return command_usage("--size=%s: 1 to %ld bytes", value,
					     SIZE_MAX_ASKED);
		options->size = (size_t)size;
		return COMMAND_OK;
	case 'v':
		options->is_verbose = true;
		return COMMAND_OK;
	case 'w':
		if (command_parse_seconds(value, &options->wait_ns) < 0 ||
		    options->wait_ns == 0)
			return command_usage("--wait=%s: a number of seconds above 0",
					     value);
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int cat_main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"eof", required_argument, NULL, 'e'},
		{"listen", no_argument, NULL, 'l'},
		{"size", required_argument, NULL, 's'},
		{"verbose", no_argument, NULL, 'v'},
		{"wait", required_argument, NULL, 'w'},
		{NULL, 0, NULL, 0},
	};
	struct cat_options options = {.wait_ns = LSK_BLOCK};
	int option, r;

	while ((option = getopt_long(argc, argv, "ls:vw:", long_options, NULL)) != -1) {
		r = parse_option(&options, option, optarg);
		if (r != COMMAND_OK)
			return r;
	}
	if (argc - optind != 1)
		return command_usage("one ENDPOINT is wanted");
	options.text = argv[optind];
	return cat_run(&options);
}

static const char cat_help[] =
	"      --eof=half      at the end of stdin end our direction, and go on until "
	"the\n"
	"                      peer has ended its own (the default)\n"
	"      --eof=close     at the end of stdin end\n"
	"      --eof=ignore    at the end of stdin go on receiving\n"
	"  -l, --listen        bind, and take the first peer that comes\n"
	"  -s, --size=BYTES    most that one read of stdin takes, so the size of a "
	"datagram\n"
	"                      (128 KiB for streams, 64 KiB for messages)\n"
	"  -v, --verbose       tell at the end how much went each way\n"
	"  -w, --wait=SECONDS  end after so long without traffic; also the limit of\n"
	"                      connecting. Failure for a connection, success for "
	"datagrams,\n"
	"                      which wait 1 second after the end of stdin by "
	"themselves,\n"
	"                      as SCTP, TIPC, LLC and Bluetooth do, which have no "
	"half-close\n"
	"\n"
	"The end of the peer's direction ends it. Datagrams: each read of stdin is "
	"one.\n"
	"\n"
	"  linsock cat tcp://localhost:7000 <file | cmp - file\n"
	"  linsock cat -l unix:///tmp/x >received\n";

const struct command cat_command = {
	.name = "cat",
	.arguments = "[-lv] [--eof=ACTION] [-s BYTES] [-w SECONDS] ENDPOINT",
	.summary = "stdin to a socket, the socket to stdout",
	.help = cat_help,
	.main = cat_main,
};
