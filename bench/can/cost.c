/* SPDX-License-Identifier: MIT */
/*
 * What a CAN frame costs, for bench/can/measure.sh in a virtual machine whose clock
 * counts instructions: a full queue is drained, and the time of that is printed in
 * nanoseconds per frame.
 *
 *	can-cost hand IFACE FRAMES      recvmmsg(2) by hand, 64 at a time
 *	can-cost library IFACE FRAMES   lsk_can_receive(), the same
 *	can-cost calls IFACE FRAMES     system calls per frame of lsk_can_receive()
 *	can-cost filters IFACE FRAMES COUNT       COUNT filters pass one frame in 16:
 *	                                          from the send to lsk_can_receive()
 *	can-cost drain IFACE FRAMES COMMAND...    a program that ends after FRAMES
 *	can-cost run COMMAND...                   a program, from its start to its end
 *	can-cost dbc SECONDS                      signals per second: lsk_dbc_decode()
 *
 * IFACE "any" is one socket on all interfaces: bus0 to bus15 send it four frames each
 * in turn.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linsock.h>

#define BATCH          64
#define RECEIVE_BUFFER (64 << 20)
#define BUSES          16
#define FRAMES_IN_TURN 4
#define CONTROL_SIZE \
	(CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)))

static void die(const char *what)
{
	fprintf(stderr, "can-cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int open_raw(const char *interface, bool is_sender)
{
	struct sockaddr_can addr = {.can_family = AF_CAN};
	int fd = socket(AF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);
	int on = 1, size = RECEIVE_BUFFER;

	addr.can_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || (addr.can_ifindex == 0 && strcmp(interface, LSK_CAN_ANY) != 0))
		die(interface);
	if (is_sender) {
		setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0);
	} else if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) <
			   0 ||
		   setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		   setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) < 0 ||
		   setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FD_FRAMES, &on, sizeof(on)) <
			   0) {
		die("options");
	}
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		die("bind");
	return fd;
}

/* Senders: one, or one on each bus. Return: how many. */
static size_t open_senders(const char *interface, int *fds)
{
	if (strcmp(interface, LSK_CAN_ANY) != 0) {
		fds[0] = open_raw(interface, true);
		return 1;
	}
	for (int i = 0; i < BUSES; i++) {
		char name[IF_NAMESIZE];

		snprintf(name, sizeof(name), "bus%d", i);
		fds[i] = open_raw(name, true);
	}
	return BUSES;
}

/* Fill the queue of who listens. */
static void send_frames(const char *interface, unsigned long count)
{
	int fds[BUSES];
	size_t senders = open_senders(interface, fds);

	for (unsigned long i = 0; i < count; i++) {
		struct can_frame frame = {.can_id = (canid_t)(i % 2048), .can_dlc = 8};
		int fd = fds[i / FRAMES_IN_TURN % senders];

		memcpy(frame.data, &i, sizeof(i));
		while (write(fd, &frame, sizeof(frame)) < 0)
			if (errno != EAGAIN && errno != ENOBUFS)
				die("write");
	}
	for (size_t i = 0; i < senders; i++)
		close(fds[i]);
}

static void tell(int64_t begin_ns, unsigned long count)
{
	printf("%.3f\n", (double)(now_ns() - begin_ns) / (double)count);
}

/* What the library does, and nothing besides: frame, time, drop counter, interface. */
static uint64_t take_by_hand(struct mmsghdr *messages, int count)
{
	uint64_t sum = 0;

	for (int i = 0; i < count; i++) {
		struct msghdr *head = &messages[i].msg_hdr;
		const struct sockaddr_can *from = head->msg_name;
		struct can_frame frame;

		memcpy(&frame, head->msg_iov->iov_base, sizeof(frame));
		for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c;
		     c = CMSG_NXTHDR(head, c)) {
			struct timespec time;
			uint32_t drops;

			if (c->cmsg_type == SCM_TIMESTAMPNS) {
				memcpy(&time, CMSG_DATA(c), sizeof(time));
				sum += (uint64_t)time.tv_sec * 1000000000 +
				       (uint64_t)time.tv_nsec;
			} else if (c->cmsg_type == SO_RXQ_OVFL) {
				memcpy(&drops, CMSG_DATA(c), sizeof(drops));
				sum += drops;
			}
		}
		sum += frame.can_id + (unsigned int)from->can_ifindex;
		head->msg_namelen = sizeof(*from);
		head->msg_controllen = CONTROL_SIZE;
	}
	return sum;
}

static void drain_by_hand(const char *interface, unsigned long count)
{
	static _Alignas(16) char control[BATCH][CONTROL_SIZE];
	static uint8_t frames[BATCH][LSK_CANXL_MTU];
	static struct sockaddr_can names[BATCH];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH];
	int fd = open_raw(interface, false);
	volatile uint64_t sum = 0;
	unsigned long seen = 0;
	int64_t begin;

	for (int i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){.iov_base = frames[i],
					   .iov_len = sizeof(frames[i])};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &names[i],
			.msg_namelen = sizeof(names[i]),
			.msg_iov = &pieces[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = CONTROL_SIZE,
		};
	}
	send_frames(interface, count);
	begin = now_ns();
	while (seen < count) {
		int r = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);

		if (r <= 0)
			die("recvmmsg");
		sum += take_by_hand(messages, r);
		seen += (unsigned long)r;
	}
	tell(begin, count);
	close(fd);
}

static void drain_by_library(const char *interface, unsigned long count)
{
	struct lsk_can_config config = {.interface = interface,
					.receive_buffer = RECEIVE_BUFFER};
	struct lsk_can_record *records = calloc(BATCH, sizeof(*records));
	volatile uint64_t sum = 0;
	struct lsk_can *can = NULL;
	unsigned long seen = 0;
	int64_t begin;

	if (!records || lsk_can_open(&can, &config, NULL) < 0)
		die("lsk_can_open");
	send_frames(interface, count);
	(void)getppid(); /* for count_calls() */
	begin = now_ns();
	while (seen < count) {
		int r = lsk_can_receive(can, records, BATCH);

		if (r <= 0)
			die("lsk_can_receive");
		for (int i = 0; i < r; i++)
			sum += (uint64_t)records[i].time_ns + records[i].dropped +
			       records[i].frame.id + records[i].interface;
		seen += (unsigned long)r;
	}
	(void)getppid();
	tell(begin, count);
	lsk_can_free(can);
	free(records);
}

/* System calls between two of getppid(2), of a child that drains. */
static void count_calls(const char *interface, unsigned long count)
{
	pid_t child = fork();
	bool is_counting = false;
	unsigned long calls = 0;
	int status;

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		drain_by_library(interface, count);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    ptrace(PTRACE_SETOPTIONS, child, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		die("ptrace");
	for (;;) {
		struct __ptrace_syscall_info info = {0};

		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) < 0 ||
		    waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
			die("ptrace");
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) <= 0 ||
		    info.op != PTRACE_SYSCALL_INFO_ENTRY)
			continue;
		if (info.entry.nr != SYS_getppid)
			calls += is_counting;
		else if (is_counting)
			break;
		else
			is_counting = true;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	printf("%.4f\n", (double)calls / (double)count);
}

static pid_t start(char **command)
{
	pid_t child = fork();

	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0)
		die("fork");
	return child;
}

static void end(pid_t child)
{
	int status = 0;

	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "can-cost: the program ended with %#x\n",
			(unsigned int)status);
		exit(1);
	}
}

/* Whether somebody listens on the interface. */
static bool has_listener(const char *interface)
{
	char line[256], name[IF_NAMESIZE];
	FILE *list = fopen("/proc/net/can/rcvlist_all", "re");
	bool is_there = false;

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, " %15s", name) == 1 && strcmp(name, interface) == 0)
			is_there = true;
	if (list)
		fclose(list);
	return is_there;
}

static void drain_by_program(const char *interface, unsigned long count, char **command)
{
	pid_t child = start(command);
	int64_t begin;
	int status;

	while (!has_listener(interface))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	/* Let it reach the wait for its first frame. */
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	send_frames(interface, count);
	begin = now_ns();
	kill(child, SIGCONT);
	end(child);
	tell(begin, count);
}

/* Filters for single identifiers of 29 bits, and frames between two of them. */
static void judge(const char *interface, unsigned long count, size_t filter_count)
{
	struct lsk_can_filter *filters = calloc(filter_count, sizeof(*filters));
	struct lsk_can_record *records = calloc(BATCH, sizeof(*records));
	int fd = open_raw(interface, true);
	struct lsk_can *can = NULL;
	unsigned long passed = 0, expected = 0;
	int64_t begin;

	for (size_t i = 0; filters && i < filter_count; i++)
		filters[i] = (struct lsk_can_filter){CAN_EFF_FLAG | (uint32_t)(i * 16),
						     CAN_EFF_FLAG | CAN_RTR_FLAG |
							     CAN_EFF_MASK};
	if (!filters || !records ||
	    lsk_can_open(&can,
			 &(struct lsk_can_config){.interface = interface,
						  .filters = filters,
						  .filter_count = filter_count},
			 NULL) < 0)
		die("filters");
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	begin = now_ns();
	for (unsigned long i = 0; i < count; i++) {
		struct can_frame frame = {.can_dlc = 8};

		frame.can_id = CAN_EFF_FLAG | (canid_t)(i % (filter_count * 16));
		expected += frame.can_id % 16 == 0;
		if (write(fd, &frame, sizeof(frame)) < 0)
			die("write");
		if (i % BATCH == BATCH - 1 || i == count - 1) {
			int r = lsk_can_receive(can, records, BATCH);

			passed += r > 0 ? (unsigned long)r : 0;
		}
	}
	tell(begin, count);
	if (passed != expected)
		die("other frames than one in 16 passed");
	lsk_can_free(can);
	close(fd);
	free(records);
	free(filters);
}

/* A bus as in a car: 8 bytes hold about five signals, a message in eight is paged. */
static size_t make_dbc(char *text, size_t size, unsigned int messages)
{
	size_t len = 0;

	for (unsigned int i = 0; i < messages; i++) {
		bool is_paged = i % 8 == 0;

		len += (size_t)snprintf(text + len, size - len,
					"BO_ %u M%u: 8 X\n"
					" SG_ A%s : 0|8@1+ (1,0) [0|0] \"\" X\n"
					" SG_ B%s : 8|12@1- (0.25,-40) [0|0] \"C\" X\n"
					" SG_ C%s : 31|16@0+ (0.1,0) [0|0] \"V\" X\n"
					" SG_ D : 40|4@1+ (1,0) [0|0] \"\" X\n"
					" SG_ E : 55|16@0- (0.5,0) [0|0] \"A\" X\n",
					i + 1, i, is_paged ? " M" : "",
					is_paged ? " m0" : "", is_paged ? " m1" : "");
	}
	return len;
}

static void decode(double seconds)
{
	enum { MESSAGES = 400, FRAMES = 4096 };
	static char text[MESSAGES * 400];
	struct lsk_can_frame *frames = calloc(FRAMES, sizeof(*frames));
	struct lsk_dbc_value values[16];
	struct lsk_dbc *dbc = NULL;
	unsigned long signals = 0;
	volatile double sum = 0;
	int64_t begin, took;

	if (!frames || lsk_dbc_parse(&dbc, text, make_dbc(text, sizeof(text), MESSAGES),
				     NULL, NULL) != 0)
		die("dbc");
	srandom(1);
	for (int i = 0; i < FRAMES; i++) {
		frames[i].id = 1 + (uint32_t)random() % MESSAGES;
		frames[i].len = 8;
		for (int j = 0; j < 8; j++)
			frames[i].data[j] = (uint8_t)random();
	}
	begin = now_ns();
	do {
		for (int i = 0; i < FRAMES; i++) {
			int count = lsk_dbc_decode(dbc, &frames[i], values, 16, NULL);

			for (int j = 0; j < count; j++)
				sum += values[j].value;
			signals += (unsigned long)count;
		}
		took = now_ns() - begin;
	} while ((double)took < seconds * 1e9);
	printf("%.0f\n", (double)signals / ((double)took / 1e9));
	lsk_dbc_free(dbc);
	free(frames);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long count = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;

	if (strcmp(what, "hand") == 0 && argc == 4) {
		drain_by_hand(argv[2], count);
	} else if (strcmp(what, "library") == 0 && argc == 4) {
		drain_by_library(argv[2], count);
	} else if (strcmp(what, "calls") == 0 && argc == 4) {
		count_calls(argv[2], count);
	} else if (strcmp(what, "filters") == 0 && argc == 5) {
		judge(argv[2], count, strtoul(argv[4], NULL, 10));
	} else if (strcmp(what, "drain") == 0 && argc > 4) {
		drain_by_program(argv[2], count, argv + 4);
	} else if (strcmp(what, "run") == 0 && argc > 2) {
		int64_t begin = now_ns();

		end(start(argv + 2));
		tell(begin, 1);
	} else if (strcmp(what, "dbc") == 0 && argc == 3) {
		decode(strtod(argv[2], NULL));
	} else {
		fprintf(stderr, "can-cost: see the top of bench/can/cost.c\n");
		return 2;
	}
	return 0;
}
