/* SPDX-License-Identifier: MIT */
/*
 * linsock can gen: cangen's arguments. Without gaps, frames go out many per system
 * call; with gaps, each burst has an absolute deadline. A full queue is waited for
 * unless -i says to go on. With -t the kernel is told when each frame is to go.
 */
#include <errno.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "tools/can.h"
#include "tools/can_gen.h"
#include "tools/can_stop.h"
#include "tools/can_time.h"
#include "tools/can_view.h"
#include "tools/progress.h"

#define BATCH_MAX    64
#define GAP_DEFAULT  (200 * INT64_C(1000000))
#define MARK_DEFAULT 1
#define XL_MTU_MIN   76 /* that the kernel asks of an interface for XL */

static void show(const struct can_gen *gen, const struct lsk_can_frame *frame)
{
	char line[CAN_VIEW_MAX];

	if (!gen->verbose)
		return;
	if (gen->verbose == 1)
		lsk_can_frame_format(frame, LSK_CAN_FORMAT_DOTS, line, sizeof(line));
	else
		*can_view_put(line, frame, gen->verbose > 2 ? CAN_VIEW_ASCII : 0) =
			'\0';
	printf("  %s  %s\n", gen->interface, line);
}

/* One frame that is to leave at @time_ns of CLOCK_TAI: etf and others keep that. */
static int send_timed(struct lsk_can *can, const struct lsk_can_frame *frame,
		      int64_t time_ns)
{
	uint8_t wire[LSK_CANXL_MTU];
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint64_t))];
	uint64_t time = (uint64_t)time_ns;
	int len = lsk_can_frame_to_kernel(frame, wire, sizeof(wire));
	const struct iovec buffer = {.iov_base = wire, .iov_len = (size_t)len};
	struct lsk_message message = {.buffers = &buffer, .buffers_count = 1};
	ssize_t sent;
	int r;

	if (len < 0)
		return len;
	message.control =
		(struct lsk_control){.data = control, .size = sizeof(control)};
	r = lsk_control_add(&message.control, SOL_SOCKET, SCM_TXTIME, &time,
			    sizeof(time));
	if (r < 0)
		return r;
	sent = lsk_socket_sendmsg(lsk_can_socket(can), &message, 0);
	return sent < 0 ? (int)sent : 0;
}

/* Frames with times: the first one a gap from now, or at the start. */
static int generate_timed(struct can_gen *gen, struct lsk_can *can,
			  struct lsk_can_frame *frame)
{
	int64_t time_ns =
		gen->start_ns ? gen->start_ns : can_clock_ns(CLOCK_TAI) + gen->gap_ns;
	int r = 0;

	for (unsigned long i = 0; !gen->count || i < gen->count; i++) {
		can_gen_make(gen, frame);
		show(gen, frame);
		r = send_timed(can, frame, time_ns);
		if (r < 0)
			break;
		time_ns += gen->gap_ns;
	}
	return r < 0 && !can_stop_signal() ? command_failure(r, "write") : COMMAND_OK;
}

/* Make the next @len frames. What the last batch left is right but for one field where
 * frames @are_kept. */
static void fill_batch(struct can_gen *gen, struct lsk_can_frame *frames,
		       unsigned long len, unsigned long kept)
{
	for (unsigned long i = 0; i < len; i++) {
		if (i < kept)
			can_gen_make_id(gen, &frames[i]);
		else
			can_gen_make(gen, &frames[i]);
		show(gen, &frames[i]);
	}
}

static int generate(struct can_gen *gen, struct lsk_can *can,
		    struct lsk_can_frame *frames)
{
	bool is_kept = can_gen_is_constant(gen);
	unsigned long done = 0, made = 0;
	struct progress progress;
	int64_t due_ns = can_now_ns();
	int r = 0;

	progress_begin_count(&progress, gen->verbose > 0);
	if (gen->start_ns)
		can_sleep_until(due_ns += gen->start_ns - can_clock_ns(CLOCK_TAI));
	while (r == 0 && !can_stop_signal() && (!gen->count || done < gen->count)) {
		unsigned long len = gen->gap_ns ? gen->burst : BATCH_MAX;

		if (len > BATCH_MAX)
			len = BATCH_MAX;
		if (gen->count && len > gen->count - done)
			len = gen->count - done;
		fill_batch(gen, frames, len, is_kept ? made : 0);
		if (len > made)
			made = len;
		r = lsk_can_send(can, frames, len, NULL);
		done += len;
		progress_show_count(&progress, "frames", done,
				    gen->count ? (int)(100 * done / gen->count) : -1);
		if (gen->gap_ns && done % gen->burst == 0 &&
		    (!gen->count || done < gen->count))
			can_sleep_until(due_ns += gen->gap_ns);
	}
	progress_end(&progress);
	return r < 0 && r != -EINTR ? command_failure(r, "write") : COMMAND_OK;
}

/* What only frames with times, and priorities, need of the socket. */
static int prepare(const struct can_gen *gen, struct lsk_socket *sock)
{
	const struct sock_txtime time = {.clockid = CLOCK_TAI,
					 .flags = SOF_TXTIME_REPORT_ERRORS};
	int r;

	if (gen->priority >= 0) {
		r = lsk_socket_set_priority(sock, (int)gen->priority);
		if (r < 0)
			return command_failure(
				r, "-P %ld%s", gen->priority,
				r == -EPERM ? ", which needs CAP_NET_ADMIN" : "");
	}
	if (!gen->is_timed)
		return COMMAND_OK;
	r = lsk_socket_setsockopt(sock, SOL_SOCKET, SO_TXTIME, &time, sizeof(time));
	if (r == 0)
		r = lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_MARK,
					      (int)gen->mark);
	return r < 0 ? command_failure(r, "-t%s",
				       r == -EPERM ? ", which needs CAP_NET_ADMIN" : "")
		     : COMMAND_OK;
}

/* What the interface carries. Return: an exit status. */
static int check_interface(struct can_gen *gen, const struct lsk_can *can)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", gen->interface);
	if (ioctl(lsk_socket_fd(lsk_can_socket(can)), SIOCGIFMTU, &request) < 0)
		return command_failure(-errno, "%s", gen->interface);
	gen->mixes_xl = request.ifr_mtu >= XL_MTU_MIN;
	if ((gen->is_fd && request.ifr_mtu < (int)LSK_CANFD_MTU) ||
	    (gen->is_xl && !gen->mixes_xl)) {
		fprintf(stderr, "CAN interface not CAN %s capable - sorry.\n",
			gen->is_xl ? "XL" : "FD");
		return COMMAND_FAILURE;
	}
	return COMMAND_OK;
}

static int run(struct can_gen *gen, struct lsk_can_frame *frames)
{
	struct lsk_can_stats stats;
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	int status;

	if (lsk_can_open(&can, &gen->config, &error) < 0)
		return command_failure_at(gen->interface, &error);
	lsk_socket_set_timeout(lsk_can_socket(can), gen->timeout_ns);
	status = check_interface(gen, can);
	if (status == COMMAND_OK)
		status = prepare(gen, lsk_can_socket(can));
	if (status == COMMAND_OK)
		status = gen->is_timed ? generate_timed(gen, can, frames)
				       : generate(gen, can, frames);
	if (lsk_can_stats(can, &stats) == 0 && stats.refused > 0)
		printf("\nCounted %llu ENOBUFS return values on write().\n\n",
		       (unsigned long long)stats.refused);
	lsk_can_free(can);
	return status == COMMAND_OK && can_stop_signal() ? can_stop_status() : status;
}

static int can_gen_main(int argc, char **argv)
{
	struct can_gen gen = {
		.gap_ns = GAP_DEFAULT,
		.burst = 1,
		.mark = MARK_DEFAULT,
		.priority = -1,
		.config = {.receive_nothing = true, .without_time = true},
		.timeout_ns = LSK_BLOCK,
	};
	struct lsk_can_frame *frames;
	int status = can_gen_parse(&gen, argc, argv);

	if (status != COMMAND_OK)
		return status;
	can_stop_catch();
	gen.seed = (uint64_t)can_clock_ns(CLOCK_REALTIME) << 20 | 1;
	gen.config.interface = gen.interface;
	frames = calloc(BATCH_MAX, sizeof(*frames));
	if (!frames)
		return command_failure(-ENOMEM, "frames");
	status = run(&gen, frames);
	free(frames);
	return status;
}

static const char can_gen_help[] =
	"  -g MS       gap between bursts (200); 0 for as fast as it goes\n"
	"  -c COUNT    frames in a burst (1)\n"
	"  -n COUNT    end after COUNT frames\n"
	"  -I MODE     identifiers: r random, e even, o odd, i increment, or "
	"hexadecimal\n"
	"  -L MODE     lengths: r, i, or a number\n"
	"  -D MODE     data: r, i, or hexadecimal with x for a random digit\n"
	"  -e -f -b -E -R -8  extended; FD; with BRS; with ESI; remote; raw DLC\n"
	"  -X          XL; -F -S -A -V MODE  its flags, SDT, AF, VCID: r, i, or "
	"hexadecimal\n"
	"  -m          mix of -e -f -b -E -X -R\n"
	"  -p MS       give up when a full queue does not drain in MS milliseconds\n"
	"  -i          go on when the queue is full, and count\n"
	"  -x          no local socket hears the frames\n"
	"  -t          tell the kernel when each frame is to go (SO_TXTIME), as etf "
	"keeps\n"
	"              it; with SO_MARK of --mark ID (1)\n"
	"  --start NS  when to begin, in nanoseconds of CLOCK_TAI\n"
	"  -P NUMBER   priority of the socket\n"
	"  -a          taken for cangen's sake; deadlines are absolute here\n"
	"  -v          print the frames; -vv, -vvv in longer forms\n";

const struct command can_gen_command = {
	.name = "gen",
	.arguments = "[options] IFACE",
	.summary = "generate frames",
	.alias = "cangen",
	.help = can_gen_help,
	.main = can_gen_main,
};
