/* SPDX-License-Identifier: MIT */
/*
 * linsock can slcan: a serial line with an adapter that speaks LAWICEL's ASCII protocol
 * becomes a CAN interface, for as long as this runs; with slcand's arguments.
 *
 *	-c, -s, -b, -f, -l or -o ----> "C\rS6\rF\rO\r" ----> N_SLCAN ----> slcan0
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sockios.h>
#include <linux/tty.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_stop.h"

#define DEVICES  "/dev/"
#define PATH_LEN 256
#define WORDS    64
#define BTR_MAX  6

struct slcan {
	char path[PATH_LEN];
	const char *name; /* of the interface; NULL: as the kernel calls it */
	bool opens;
	bool closes;
	bool resets;
	bool only_listens;
	bool stays;
	bool has_flow;
	bool is_flow_hard;
	char speed;      /* '0' to '8', or NUL */
	const char *btr; /* the controller's two timing registers; NULL: none */
	speed_t uart;    /* B0: as it is */
	int fd;
	struct termios before;
};

static int parse_uart(struct slcan *slcan, const char *text)
{
	static const struct {
		long baud;
		speed_t speed;
	} speeds[] = {
		{9600, B9600},       {19200, B19200},     {38400, B38400},
		{57600, B57600},     {115200, B115200},   {230400, B230400},
		{460800, B460800},   {500000, B500000},   {576000, B576000},
		{921600, B921600},   {1000000, B1000000}, {1152000, B1152000},
		{1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000},
		{3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
	};
	long baud = 0;

	if (command_parse_number(text, 1, INT32_MAX, &baud) == 0)
		for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
			if (speeds[i].baud == baud) {
				slcan->uart = speeds[i].speed;
				return COMMAND_OK;
			}
	fprintf(stderr, "Unsupported UART speed (%s)\n", text);
	return COMMAND_FAILURE;
}

static int parse_option(struct slcan *slcan, int option, const char *value)
{
	switch (option) {
	case 'o':
		slcan->opens = true;
		return COMMAND_OK;
	case 'c':
		slcan->closes = true;
		return COMMAND_OK;
	case 'f':
		slcan->resets = true;
		return COMMAND_OK;
	case 'l':
		slcan->only_listens = true;
		return COMMAND_OK;
	case 's':
		if (strlen(value) != 1 || value[0] < '0' || value[0] > '8')
			return command_usage("-s: \"%s\" is none of 0 to 8", value);
		slcan->speed = value[0];
		return COMMAND_OK;
	case 'S':
		return parse_uart(slcan, value);
	case 't':
		slcan->has_flow = true;
		slcan->is_flow_hard = strcmp(value, "hw") == 0;
		if (slcan->is_flow_hard || strcmp(value, "sw") == 0)
			return COMMAND_OK;
		fprintf(stderr, "Unsupported flow type (%s)\n", value);
		return COMMAND_FAILURE;
	case 'b':
		if (strlen(value) > BTR_MAX ||
		    strspn(value, "0123456789abcdefABCDEF") != strlen(value))
			return command_usage("-b: \"%s\" are no registers, as 011C",
					     value);
		slcan->btr = value;
		return COMMAND_OK;
	case 'F':
		slcan->stays = true;
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct slcan *slcan, int argc, char **argv)
{
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "ocfls:S:t:b:F")) != -1)
		status = parse_option(slcan, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind < 1 || argc - optind > 2)
		return command_usage("a serial line is needed, and at most a name");
	snprintf(slcan->path, sizeof(slcan->path), "%s%s",
		 strncmp(argv[optind], DEVICES, strlen(DEVICES)) == 0 ? "" : DEVICES,
		 argv[optind]);
	slcan->name = argv[optind + 1];
	if (slcan->name && strlen(slcan->name) >= IF_NAMESIZE)
		return command_usage("\"%s\" is too long for an interface",
				     slcan->name);
	return COMMAND_OK;
}

static int set_line(struct slcan *slcan)
{
	struct termios line;

	if (tcgetattr(slcan->fd, &slcan->before) < 0)
		return command_failure(-errno, "%s", slcan->path);
	line = slcan->before;
	/* Without it an echo of what the adapter says would go back to it. */
	cfmakeraw(&line);
	if (slcan->has_flow) {
		line.c_iflag &= ~(tcflag_t)(IXON | IXOFF);
		line.c_cflag &= ~(tcflag_t)CRTSCTS;
		if (slcan->is_flow_hard)
			line.c_cflag |= CRTSCTS;
		else
			line.c_iflag |= IXON | IXOFF;
	}
	if (slcan->uart != B0)
		cfsetspeed(&line, slcan->uart);
	if (tcsetattr(slcan->fd, TCSADRAIN, &line) < 0)
		return command_failure(-errno, "%s", slcan->path);
	return COMMAND_OK;
}

static int say(const struct slcan *slcan, const char *words)
{
	size_t len = strlen(words);

	if (len > 0 && write(slcan->fd, words, len) != (ssize_t)len)
		return command_failure(errno ? -errno : -EIO, "%s", slcan->path);
	return COMMAND_OK;
}

/* What the adapter is told before it becomes an interface. */
static int set_adapter(const struct slcan *slcan)
{
	char words[WORDS] = "";
	char *out = words;

	if (slcan->speed)
		out += sprintf(out, "C\rS%c\r", slcan->speed);
	if (slcan->btr)
		out += sprintf(out, "C\rs%s\r", slcan->btr);
	if (slcan->resets)
		out = stpcpy(out, "F\r");
	if (slcan->only_listens)
		stpcpy(out, "L\r");
	else if (slcan->opens)
		stpcpy(out, "O\r");
	return say(slcan, words);
}

static int set_discipline(const struct slcan *slcan, int discipline)
{
	if (ioctl(slcan->fd, TIOCSETD, &discipline) == 0)
		return COMMAND_OK;
	if (errno == EPERM)
		return command_failure(-EPERM, "%s: an interface needs CAP_NET_ADMIN",
				       slcan->path);
	if (errno == EINVAL)
		return command_failure(-EINVAL, "%s: is module slcan there?",
				       slcan->path);
	return command_failure(-errno, "%s", slcan->path);
}

static int set_name(const struct slcan *slcan)
{
	struct ifreq request = {0};
	char name[2 * IF_NAMESIZE] = "";
	int fd, r;

	if (ioctl(slcan->fd, SIOCGIFNAME, name) < 0)
		return command_failure(-errno, "%s", slcan->path);
	if (!slcan->name || strcmp(name, slcan->name) == 0)
		return COMMAND_OK;
	memcpy(request.ifr_name, name, IF_NAMESIZE);
	memcpy(request.ifr_newname, slcan->name, strlen(slcan->name));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r = fd < 0 || ioctl(fd, SIOCSIFNAME, &request) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return r < 0 ? command_failure(r, "%s: the name %s", name, slcan->name)
		     : COMMAND_OK;
}

static int attach(struct slcan *slcan)
{
	int status;

	slcan->fd = open(slcan->path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (slcan->fd < 0)
		return command_failure(-errno, "%s", slcan->path);
	status = set_line(slcan);
	if (status == COMMAND_OK)
		status = set_adapter(slcan);
	if (status == COMMAND_OK)
		status = set_discipline(slcan, N_SLCAN);
	if (status == COMMAND_OK)
		status = set_name(slcan);
	return status;
}

/* Give the line back. */
static int detach(const struct slcan *slcan)
{
	int status = set_discipline(slcan, N_TTY);

	if (status == COMMAND_OK && slcan->closes)
		status = say(slcan, "C\r");
	if (tcsetattr(slcan->fd, TCSADRAIN, &slcan->before) < 0 && status == COMMAND_OK)
		status = command_failure(-errno, "%s", slcan->path);
	return status;
}

/*
 * Go on in a child that belongs to no terminal. The parent ends when the interface is
 * there, or with the child's status.
 */
static int leave(int *ret_ready)
{
	int ends[2], status = COMMAND_FAILURE;
	pid_t child;
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return command_failure(-errno, "pipe");
	child = fork();
	if (child < 0)
		return command_failure(-errno, "fork");
	if (child == 0) {
		close(ends[0]);
		*ret_ready = ends[1];
		return setsid() < 0 ? command_failure(-errno, "setsid") : COMMAND_OK;
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) == 1)
		_exit(COMMAND_OK);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(COMMAND_FAILURE);
}

/* The interface is there: let the parent end, and go where nothing is held. */
static int settle(int ready)
{
	int null;

	if (ready < 0)
		return COMMAND_OK;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || chdir("/") < 0)
		return command_failure(-errno, "/dev/null");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close(null);
	if (write(ready, "", 1) != 1)
		return COMMAND_FAILURE;
	close(ready);
	return COMMAND_OK;
}

static void wait_for_signal(const sigset_t *waiting)
{
	while (!can_stop_signal())
		sigsuspend(waiting);
}

static int can_slcan_main(int argc, char **argv)
{
	struct slcan slcan = {.fd = -1, .uart = B0};
	int status = parse_options(&slcan, argc, argv);
	sigset_t blocked, waiting;
	int ready = -1, end_status;

	if (status != COMMAND_OK)
		return status;
	can_stop_catch();
	/* Between a look at the signal and the wait none is lost. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigprocmask(SIG_BLOCK, &blocked, &waiting);
	if (!slcan.stays)
		status = leave(&ready);
	if (status == COMMAND_OK)
		status = attach(&slcan);
	if (status == COMMAND_OK)
		status = settle(ready);
	if (status == COMMAND_OK) {
		wait_for_signal(&waiting);
		end_status = detach(&slcan);
		status = end_status;
	}
	if (slcan.fd >= 0)
		close(slcan.fd);
	return status;
}

static const char can_slcan_help[] =
	"A serial line with an adapter that speaks LAWICEL's ASCII protocol becomes a "
	"CAN\n"
	"interface, until a signal ends this. It goes to the background when the "
	"interface\n"
	"is there.\n"
	"\n"
	"  -s SPEED    of the bus: 0 to 8 for 10, 20, 50, 100, 125, 250, 500, 800 and\n"
	"              1000 kbit/s\n"
	"  -b BTR      the controller's timing registers instead, as 011C\n"
	"  -o, -l      open it, or only to listen\n"
	"  -c          close it at the end\n"
	"  -f          read its status, which resets faults\n"
	"  -S BAUD     speed of the serial line\n"
	"  -t hw|sw    its flow control\n"
	"  -F          stay in the foreground\n";

const struct command can_slcan_command = {
	.name = "slcan",
	.arguments = "[options] TTY [IFACE]",
	.summary = "a serial adapter as an interface",
	.alias = "slcand",
	.help = can_slcan_help,
	.main = can_slcan_main,
};
