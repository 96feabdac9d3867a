/* SPDX-License-Identifier: MIT */
/*
 * linsock can bridge: frames of one bus on another one, also over TCP or UNIX sockets:
 * there they are lines of the field's text, so that other programs can join.
 *
 *	vcan0 <====> vcan1
 *	vcan0 <====> "123#11\n" over a connection <====> vcan1 elsewhere
 */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linsock/netns.h>

#include "tools/can.h"
#include "tools/can_stop.h"
#include "tools/listener.h"

#define BATCH    64
#define LINE_MAX (LSK_CAN_TEXT_MAX + 2)

/* One end: a channel or a connection. */
struct end {
	const char *text;
	struct lsk_can *can;
	struct lsk_socket *sock;
	char *line; /* what came of a line that is not whole yet */
	size_t len;
	uint64_t passed; /* frames that went out here */
	uint64_t refused;
};

struct bridge {
	struct end ends[2];
	bool is_one_way;
	bool listens; /* the second end waits for who connects */
	long count;   /* frames to pass; 0: no end */
	struct lsk_can_record *records;
	struct lsk_can_frame *frames;
};

/* A channel that is to be opened in another namespace, maybe. */
struct opening {
	struct lsk_can **ret_can;
	const struct lsk_can_config *config;
	struct lsk_error *error;
};

static int open_here(void *context)
{
	const struct opening *opening = context;

	return lsk_can_open(opening->ret_can, opening->config, opening->error);
}

/* Open it in the namespace that stands before the last slash of @text, if any. */
static int open_there(struct opening *opening, const char *text, const char *slash)
{
	char *name;
	int fd, r;

	if (!slash)
		return open_here(opening);
	name = strndup(text, (size_t)(slash - text));
	if (!name)
		return -ENOMEM;
	fd = lsk_netns_open(name);
	free(name);
	if (fd < 0) {
		snprintf(opening->error->text, sizeof(opening->error->text),
			 "no such network namespace: %s", lsk_strerror(fd));
		return fd;
	}
	r = lsk_netns_call(fd, open_here, opening);
	close(fd);
	if (r == -EPERM && !opening->error->text[0])
		snprintf(opening->error->text, sizeof(opening->error->text),
			 "another namespace needs CAP_SYS_ADMIN");
	return r;
}

/* "[NETNS/]vcan0[,filter]*". A frame that a channel sent does not come back by it. */
static int open_channel(struct end *end)
{
	struct lsk_can_filter_list list = {0};
	struct lsk_can_config config = {.without_time = true};
	struct lsk_error error = {0};
	struct opening opening = {&end->can, &config, &error};
	char interface[IF_NAMESIZE] = "";
	size_t head = strcspn(end->text, ",");
	const char *slash = memrchr(end->text, '/', head);
	const char *name = slash ? slash + 1 : end->text;
	size_t len = (size_t)(end->text + head - name);
	int r = 0;

	if (len == 0 || len >= sizeof(interface))
		return command_usage("\"%s\" is no interface", end->text);
	memcpy(interface, name, len);
	if (end->text[head] == ',') {
		r = lsk_can_filter_list_parse(&list, end->text + head + 1, &error);
		error.offset += (unsigned int)head + 1;
	}
	config.interface = interface;
	config.filters = list.filters;
	config.filter_count = list.count;
	config.join_filters = list.join;
	config.error_mask = list.error_mask;
	if (r == 0)
		r = open_there(&opening, end->text, slash);
	lsk_can_filter_list_done(&list);
	return r < 0 ? command_failure_at(end->text, &error) : COMMAND_OK;
}

static int open_connection(struct end *end, bool listens)
{
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_error error = {0};
	struct listener listener;
	int r;

	end->line = malloc(LINE_MAX);
	if (!end->line)
		return command_failure(-ENOMEM, "%s", end->text);
	if (listens) {
		int status = listener_open(&listener, end->text, -1);

		if (status != COMMAND_OK)
			return status;
		r = lsk_socket_accept(listener.sock, &end->sock, NULL);
		listener_close(&listener);
		return r < 0 ? command_failure(r, "%s", end->text) : COMMAND_OK;
	}
	r = lsk_endpoint_new(&endpoint, end->text, &error);
	if (r == 0)
		r = lsk_endpoint_connect(endpoint, LSK_BLOCK, &end->sock, &error);
	lsk_endpoint_free(endpoint);
	return r < 0 ? command_failure_at(end->text, &error) : COMMAND_OK;
}

static int open_end(struct end *end, bool listens)
{
	if (!end->text)
		return COMMAND_USAGE;
	return strstr(end->text, "://") ? open_connection(end, listens)
					: open_channel(end);
}

/* Frames go out. Those that the other bus cannot carry are counted. */
static int put_frames(struct end *end, const struct lsk_can_frame *frames, size_t count)
{
	char text[LINE_MAX];

	if (!end->can && !end->sock)
		return -EINVAL;
	for (size_t done = 0; end->can && done < count;) {
		size_t sent = 0;
		int r = lsk_can_send(end->can, frames + done, count - done, &sent);

		end->passed += sent;
		done += sent;
		if (r == 0)
			continue;
		if (r != -EMSGSIZE && r != -EINVAL && r != -ENETDOWN)
			return r;
		end->refused++;
		done++;
	}
	for (size_t i = 0; !end->can && i < count; i++) {
		int len = lsk_can_frame_format(&frames[i], LSK_CAN_FORMAT_PLAIN, text,
					       LSK_CAN_TEXT_MAX);
		int r;

		if (len < 0)
			continue;
		text[len] = '\n';
		r = lsk_socket_sendall(end->sock, text, (size_t)len + 1, 0, NULL);
		if (r < 0)
			return r;
		end->passed++;
	}
	return 0;
}

/* Return: frames, 0 for none, or why this end is at its end. */
static int take_channel(struct bridge *bridge, struct end *end)
{
	int r = lsk_can_receive(end->can, bridge->records, BATCH);

	for (int i = 0; i < r; i++)
		bridge->frames[i] = bridge->records[i].frame;
	return r == -ENETDOWN ? 0 : r;
}

/* As take_channel(): whole lines of what has come, as many as fit. */
static int take_connection(struct bridge *bridge, struct end *end)
{
	int frames = 0;
	char *at = end->line;
	char *newline;

	/* Whole lines of before come first: there were more than a batch. */
	if (!memchr(end->line, '\n', end->len)) {
		ssize_t count = lsk_socket_recv(end->sock, end->line + end->len,
						LINE_MAX - 1 - end->len, MSG_DONTWAIT);

		if (count <= 0)
			return count == 0 ? -EPIPE : (int)count;
		end->len += (size_t)count;
	}
	end->line[end->len] = '\0';
	while (frames < BATCH && (newline = strchr(at, '\n')) != NULL) {
		struct lsk_error error = {0};

		*newline = '\0';
		if (lsk_can_frame_parse(&bridge->frames[frames], at, &error) == 0)
			frames++;
		else
			command_failure_at(at, &error);
		at = newline + 1;
	}
	end->len -= (size_t)(at - end->line);
	memmove(end->line, at, end->len);
	/* A line that is longer than any frame is none. */
	if (end->len == LINE_MAX - 1)
		end->len = 0;
	return frames;
}

static int pass(struct bridge *bridge, struct end *from, struct end *to)
{
	int r;

	/* Until nothing is left: lines may be more than a batch. */
	do {
		r = from->can ? take_channel(bridge, from)
			      : take_connection(bridge, from);
		if (r > 0) {
			int sent = put_frames(to, bridge->frames, (size_t)r);

			if (sent < 0)
				return sent;
		}
	} while (r > 0 && from->sock && from->len > 0 &&
		 memchr(from->line, '\n', from->len));
	return r == -EAGAIN ? 0 : r;
}

static struct lsk_socket *socket_of(const struct end *end)
{
	return end->can ? lsk_can_socket(end->can) : end->sock;
}

static int run(struct bridge *bridge)
{
	struct end *ends = bridge->ends;
	int r = 0;

	while (r >= 0 && !can_stop_signal()) {
		struct pollfd fds[] = {
			{.fd = lsk_socket_fd(socket_of(&ends[0])), .events = POLLIN},
			{.fd = bridge->is_one_way && ends[1].can
				       ? -1
				       : lsk_socket_fd(socket_of(&ends[1])),
			 .events = POLLIN},
		};
		uint64_t passed = ends[0].passed + ends[1].passed;

		if (bridge->count && passed >= (uint64_t)bridge->count)
			return 0;
		if (poll(fds, 2, -1) < 0)
			return errno == EINTR ? 0 : -errno;
		if (fds[0].revents)
			r = pass(bridge, &ends[0], &ends[1]);
		if (r >= 0 && fds[1].revents)
			r = pass(bridge, &ends[1], &ends[0]);
	}
	return r == -EINTR || r == -EPIPE ? 0 : r;
}

static int parse_options(struct bridge *bridge, int argc, char **argv)
{
	static const struct option longs[] = {
		{"one-way", no_argument, NULL, 'o'},
		{"listen", no_argument, NULL, 'l'},
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == '?')
			return command_bad_option();
		bridge->is_one_way |= option == 'o';
		bridge->listens |= option == 'l';
		if (option == 'n' &&
		    command_parse_number(optarg, 1, INT32_MAX, &bridge->count) < 0)
			return command_usage("--count: \"%s\" is no number", optarg);
	}
	if (argc - optind != 2)
		return command_usage("two ends are needed");
	bridge->ends[0].text = argv[optind];
	bridge->ends[1].text = argv[optind + 1];
	return COMMAND_OK;
}

static int can_bridge_main(int argc, char **argv)
{
	struct bridge bridge = {0};
	int status = parse_options(&bridge, argc, argv);
	uint64_t refused;
	int r;

	if (status != COMMAND_OK)
		return status;
	can_stop_catch();
	bridge.records = calloc(BATCH, sizeof(*bridge.records));
	bridge.frames = calloc(BATCH, sizeof(*bridge.frames));
	if (!bridge.records || !bridge.frames)
		status = command_failure(-ENOMEM, "frames");
	for (int i = 0; i < 2 && status == COMMAND_OK; i++)
		status = open_end(&bridge.ends[i], i == 1 && bridge.listens);
	if (status == COMMAND_OK) {
		r = run(&bridge);
		if (r < 0)
			status = command_failure(r, "bridge");
		refused = bridge.ends[0].refused + bridge.ends[1].refused;
		fprintf(stderr, "passed %llu frames to %s, %llu to %s; %llu refused\n",
			(unsigned long long)bridge.ends[1].passed, bridge.ends[1].text,
			(unsigned long long)bridge.ends[0].passed, bridge.ends[0].text,
			(unsigned long long)refused);
		if (status == COMMAND_OK && refused > 0)
			status = CAN_STATUS_LOST;
	}
	for (int i = 0; i < 2; i++) {
		lsk_can_free(bridge.ends[i].can);
		lsk_socket_free(bridge.ends[i].sock);
		free(bridge.ends[i].line);
	}
	free(bridge.records);
	free(bridge.frames);
	return status;
}

static const char can_bridge_help[] =
	"Frames of each end go out at the other one, in order. An end is an interface, "
	"with\n"
	"filters as candump has them (vcan0,123:7FF), of another network namespace, "
	"too\n"
	"(NETNS/vcan0, where NETNS is a name of ip netns or a path); or an endpoint\n"
	"(tcp://HOST:PORT, unix:///PATH), where each frame is a line as \"linsock can "
	"send\"\n"
	"takes it.\n"
	"\n"
	"  --listen        the second end waits for one who connects\n"
	"  --one-way       from the first to the second only\n"
	"  --count NUMBER  end after so many frames\n"
	"\n"
	"Exit status 3: frames were refused, as the other bus has no frames of that "
	"kind.\n";

const struct command can_bridge_command = {
	.name = "bridge",
	.arguments = "[options] END END",
	.summary = "join two buses, also over TCP",
	.help = can_bridge_help,
	.main = can_bridge_main,
};
