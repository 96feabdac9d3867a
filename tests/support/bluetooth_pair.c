/* SPDX-License-Identifier: MIT */
#include "tests/support/bluetooth_pair.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
	VHCI_MINOR = 137,
	PACKET_MAX = 1100,
	ACL_MTU = 1021,
	ACL_PACKETS = 8,
	SCO_MTU = 64,
	SCO_PACKETS = 8,
	NAME_SIZE = 248,

	/* First byte of a packet (H4). */
	COMMAND = 1,
	ACL = 2,
	SCO = 3,
	EVENT = 4,
	VENDOR = 0xff,

	/* Handles of the one link of each kind. */
	HANDLE_ACL = 0x001,
	HANDLE_LE = 0x040,
	HANDLE_SCO = 0x101,

	LINK_SCO = 0,
	LINK_ACL = 1,
	LINK_ESCO = 2,

	STATUS_UNKNOWN_COMMAND = 0x01,
	STATUS_NO_CONNECTION = 0x02,
	STATUS_PAGE_TIMEOUT = 0x04,
	STATUS_LOST = 0x08,
	STATUS_ENDED_HERE = 0x16,

	SCAN_PAGE = 2,
};

#define HCIDEVUP   _IOW('H', 201, int)
#define HCISETSCAN _IOW('H', 221, int)

enum link { LINK_OF_ACL, LINK_OF_LE, LINK_OF_SCO, LINK_COUNT };

static const uint16_t handles[LINK_COUNT] = {HANDLE_ACL, HANDLE_LE, HANDLE_SCO};

struct controller {
	int fd;
	uint16_t id;
	uint8_t address[6];
	uint8_t name[NAME_SIZE];
	uint8_t scan;                     /* bit 1: it answers pages */
	bool is_scanning, is_advertising; /* LE */
	bool is_active;                   /* it asks those who advertise for more */
	struct controller *peer;
	struct bluetooth_pair *pair;
};

struct bluetooth_pair {
	struct controller ends[2];
	unsigned int flags;
	bool is_up[LINK_COUNT];
	pthread_t thread;
	int bell;
	atomic_bool is_over, drops, must_cut;
};

struct command {
	uint16_t opcode;
	uint8_t len;
	const uint8_t *data;
};

/* --- what a controller says ---------------------------------------------------- */

static void put(struct controller *end, uint8_t kind, const void *head, size_t head_len,
		const void *data, size_t len)
{
	uint8_t packet[1 + PACKET_MAX] = {kind};

	/* A packet that is too long is a fault of ours. */
	if (head_len + len > PACKET_MAX)
		abort();
	memcpy(packet + 1, head, head_len);
	if (len > 0)
		memcpy(packet + 1 + head_len, data, len);
	/* It fails only when the kernel has closed the device. */
	if (write(end->fd, packet, 1 + head_len + len) < 0)
		return;
}

static void event(struct controller *end, uint8_t code, const void *data, size_t len)
{
	const uint8_t head[] = {code, (uint8_t)len};

	put(end, EVENT, head, sizeof(head), data, len);
}

/* Command Complete: @data begins with the status. */
static void complete(struct controller *end, const struct command *command,
		     const void *data, size_t len)
{
	uint8_t answer[3 + 255] = {1, (uint8_t)command->opcode,
				   (uint8_t)(command->opcode >> 8)};

	memcpy(answer + 3, data, len);
	event(end, 0x0e, answer, 3 + len);
}

static void complete_status(struct controller *end, const struct command *command,
			    uint8_t status)
{
	complete(end, command, &status, 1);
}

/* Command Status. */
static void begun(struct controller *end, const struct command *command, uint8_t status)
{
	const uint8_t answer[] = {status, 1, (uint8_t)command->opcode,
				  (uint8_t)(command->opcode >> 8)};

	event(end, 0x0f, answer, sizeof(answer));
}

/* Connection Complete; @link is that of the link's type. */
static void connected(struct controller *end, uint8_t status, uint16_t handle,
		      uint8_t type)
{
	uint8_t answer[11] = {status, (uint8_t)handle, (uint8_t)(handle >> 8)};

	memcpy(answer + 3, end->peer->address, 6);
	answer[9] = type;
	event(end, 0x03, answer, sizeof(answer));
}

/* Synchronous Connection Complete. */
static void voice_connected(struct controller *end, uint8_t status, uint8_t type)
{
	uint8_t answer[17] = {status, (uint8_t)HANDLE_SCO, HANDLE_SCO >> 8};

	memcpy(answer + 3, end->peer->address, 6);
	answer[9] = type;
	answer[10] = 6;               /* interval */
	answer[12] = answer[14] = 60; /* length of packets */
	answer[16] = 2;               /* CVSD */
	event(end, 0x2c, answer, sizeof(answer));
}

static void requested(struct controller *end, uint8_t type)
{
	uint8_t request[10] = {0};

	memcpy(request, end->peer->address, 6);
	request[9] = type;
	event(end, 0x04, request, sizeof(request));
}

static void disconnected(struct controller *end, uint16_t handle, uint8_t reason)
{
	const uint8_t answer[] = {0, (uint8_t)handle, (uint8_t)(handle >> 8), reason};

	event(end, 0x05, answer, sizeof(answer));
}

static void le_connected(struct controller *end, uint8_t role)
{
	uint8_t answer[19] = {0x01, 0, HANDLE_LE, 0, role, 0};

	memcpy(answer + 6, end->peer->address, 6);
	answer[12] = 0x28; /* interval: 50 ms */
	answer[16] = 0x2a; /* supervision timeout: 420 ms */
	event(end, 0x3e, answer, sizeof(answer));
}

/* An advertisement of the peer's, where it advertises and @end listens. */
static void advertise(struct controller *end)
{
	uint8_t report[12] = {0x02, 1, 0, 0};

	if (!end->is_scanning || !end->peer->is_advertising ||
	    end->pair->is_up[LINK_OF_LE])
		return;
	memcpy(report + 4, end->peer->address, 6);
	report[11] = 0xd0; /* -48 dBm */
	event(end, 0x3e, report, sizeof(report));
	report[2] = 4; /* the answer to being asked */
	if (end->is_active)
		event(end, 0x3e, report, sizeof(report));
}

/* --- links --------------------------------------------------------------------- */

/* End a link; what rides on it first. */
static void link_end(struct controller *end, enum link link, uint8_t here,
		     uint8_t there)
{
	struct bluetooth_pair *pair = end->pair;

	if (!pair->is_up[link])
		return;
	if (link == LINK_OF_ACL)
		link_end(end, LINK_OF_SCO, here, there);
	pair->is_up[link] = false;
	disconnected(end, handles[link], here);
	disconnected(end->peer, handles[link], there);
}

static int link_of(uint16_t handle)
{
	for (int i = 0; i < LINK_COUNT; i++)
		if (handles[i] == handle)
			return i;
	return -1;
}

/* --- commands ------------------------------------------------------------------ */

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static void create_connection(struct controller *end, const struct command *command)
{
	bool is_answered = end->peer->scan & SCAN_PAGE &&
			   memcmp(command->data, end->peer->address, 6) == 0;

	begun(end, command, 0);
	if (is_answered) {
		requested(end->peer, LINK_ACL);
		return;
	}
	/* Nobody with that address is there. */
	uint8_t answer[11] = {STATUS_PAGE_TIMEOUT};

	memcpy(answer + 3, command->data, 6);
	answer[9] = LINK_ACL;
	event(end, 0x03, answer, sizeof(answer));
}

/* Accept Connection Request: of SCO where the other link is there already. */
static void accept_connection(struct controller *end, const struct command *command)
{
	struct bluetooth_pair *pair = end->pair;
	enum link link = pair->is_up[LINK_OF_ACL] ? LINK_OF_SCO : LINK_OF_ACL;
	uint8_t type = link == LINK_OF_ACL ? LINK_ACL : LINK_SCO;

	begun(end, command, 0);
	pair->is_up[link] = true;
	connected(end, 0, handles[link], type);
	connected(end->peer, 0, handles[link], type);
}

static void reject_connection(struct controller *end, const struct command *command)
{
	begun(end, command, 0);
	connected(end, command->data[6], 0, LINK_ACL);
	connected(end->peer, command->data[6], 0, LINK_ACL);
}

static void setup_voice(struct controller *end, const struct command *command)
{
	begun(end, command, 0);
	requested(end->peer, LINK_ESCO);
}

static void accept_voice(struct controller *end, const struct command *command)
{
	begun(end, command, 0);
	end->pair->is_up[LINK_OF_SCO] = true;
	voice_connected(end, 0, LINK_ESCO);
	voice_connected(end->peer, 0, LINK_ESCO);
}

static void reject_voice(struct controller *end, const struct command *command)
{
	begun(end, command, 0);
	voice_connected(end, command->data[6], LINK_ESCO);
	voice_connected(end->peer, command->data[6], LINK_ESCO);
}

static void disconnect(struct controller *end, const struct command *command)
{
	int link = link_of(get16(command->data));

	if (link < 0 || !end->pair->is_up[link]) {
		begun(end, command, STATUS_NO_CONNECTION);
		return;
	}
	begun(end, command, 0);
	link_end(end, (enum link)link, STATUS_ENDED_HERE, command->data[2]);
}

/* BR/EDR with eSCO and without secure simple pairing. */
static void put_features(const struct controller *end, uint8_t *features)
{
	memset(features, 0, 8);
	features[0] = 0x04; /* role switch would be 0x20: not ours */
	features[1] = 0x08; /* SCO */
	features[2] = 0x08; /* transparent data over it */
	features[3] = 0x80; /* eSCO */
	if (end->pair->flags & PAIR_LE)
		features[4] = 0x40;
}

static void read_features(struct controller *end, const struct command *command)
{
	uint8_t answer[9] = {0};

	put_features(end, answer + 1);
	complete(end, command, answer, sizeof(answer));
}

static void read_remote_features(struct controller *end, const struct command *command)
{
	uint8_t answer[11] = {0, command->data[0], command->data[1]};

	begun(end, command, 0);
	put_features(end->peer, answer + 3);
	event(end, 0x0b, answer, sizeof(answer));
}

static void read_remote_version(struct controller *end, const struct command *command)
{
	const uint8_t answer[8] = {0,   command->data[0], command->data[1], 8, 0xff,
				   0xff};

	begun(end, command, 0);
	event(end, 0x0c, answer, sizeof(answer));
}

static void read_remote_name(struct controller *end, const struct command *command)
{
	uint8_t answer[7 + NAME_SIZE] = {0};

	begun(end, command, 0);
	memcpy(answer + 1, end->peer->address, 6);
	memcpy(answer + 7, end->peer->name, NAME_SIZE);
	event(end, 0x07, answer, sizeof(answer));
}

static void read_address(struct controller *end, const struct command *command)
{
	uint8_t answer[7] = {0};

	memcpy(answer + 1, end->address, 6);
	complete(end, command, answer, sizeof(answer));
}

static void read_name(struct controller *end, const struct command *command)
{
	uint8_t answer[1 + NAME_SIZE] = {0};

	memcpy(answer + 1, end->name, NAME_SIZE);
	complete(end, command, answer, sizeof(answer));
}

static void write_name(struct controller *end, const struct command *command)
{
	memcpy(end->name, command->data,
	       command->len < NAME_SIZE ? command->len : NAME_SIZE);
	complete_status(end, command, 0);
}

static void write_scan(struct controller *end, const struct command *command)
{
	end->scan = command->data[0];
	complete_status(end, command, 0);
}

static void reset(struct controller *end, const struct command *command)
{
	for (int link = 0; link < LINK_COUNT; link++)
		if (end->pair->is_up[link]) {
			end->pair->is_up[link] = false;
			disconnected(end->peer, handles[link], STATUS_LOST);
		}
	end->scan = 0;
	end->is_scanning = end->is_advertising = false;
	complete_status(end, command, 0);
}

static void le_advertise(struct controller *end, const struct command *command)
{
	end->is_advertising = command->data[0];
	complete_status(end, command, 0);
	advertise(end->peer);
}

static void le_scan(struct controller *end, const struct command *command)
{
	end->is_scanning = command->data[0];
	complete_status(end, command, 0);
	advertise(end);
}

static void le_scan_parameters(struct controller *end, const struct command *command)
{
	end->is_active = command->data[0];
	complete_status(end, command, 0);
}

static void le_create_connection(struct controller *end, const struct command *command)
{
	begun(end, command, 0);
	/* It would wait for an advertisement; the kernel has just seen one. */
	if (!end->peer->is_advertising)
		return;
	end->peer->is_advertising = false;
	end->pair->is_up[LINK_OF_LE] = true;
	le_connected(end, 0);
	le_connected(end->peer, 1);
}

static void le_remote_features(struct controller *end, const struct command *command)
{
	const uint8_t answer[12] = {0x04, 0, command->data[0], command->data[1]};

	begun(end, command, 0);
	event(end, 0x3e, answer, sizeof(answer));
}

static void le_update(struct controller *end, const struct command *command)
{
	uint8_t answer[10] = {0x03, 0, command->data[0], command->data[1]};

	begun(end, command, 0);
	memcpy(answer + 4, command->data + 4, 6);
	event(end, 0x3e, answer, sizeof(answer));
	event(end->peer, 0x3e, answer, sizeof(answer));
}

/* Commands that do something, with the bytes that they need. */
static const struct {
	uint16_t opcode;
	uint8_t len;
	void (*call)(struct controller *end, const struct command *command);
} calls[] = {
	{0x0405, 13, create_connection},
	{0x0406, 3, disconnect},
	{0x0407, 4, setup_voice}, /* Add SCO Connection */
	{0x0409, 7, accept_connection},
	{0x040a, 7, reject_connection},
	{0x0419, 10, read_remote_name},
	{0x041b, 2, read_remote_features},
	{0x041d, 2, read_remote_version},
	{0x0428, 17, setup_voice},
	{0x0429, 21, accept_voice},
	{0x042a, 7, reject_voice},
	{0x0c03, 0, reset},
	{0x0c13, 248, write_name},
	{0x0c14, 0, read_name},
	{0x0c1a, 1, write_scan},
	{0x1003, 0, read_features},
	{0x1009, 0, read_address},
	{0x200a, 1, le_advertise},
	{0x200b, 7, le_scan_parameters},
	{0x200c, 2, le_scan},
	{0x200d, 25, le_create_connection},
	{0x2013, 14, le_update},
	{0x2016, 2, le_remote_features},
};

/* Commands whose answer is always the same: the status and what follows, the rest of
 * @len being zero. */
static const struct {
	uint16_t opcode;
	uint8_t len;
	uint8_t bytes[10];
} answers[] = {
	{0x080d, 3, {0, HANDLE_ACL}},          /* Write Link Policy Settings */
	{0x080f, 1, {0}},                      /* Write Default Link Policy Settings */
	{0x0c01, 1, {0}},                      /* Set Event Mask */
	{0x0c05, 1, {0}},                      /* Set Event Filter */
	{0x0c16, 1, {0}},                      /* Write Connection Accept Timeout */
	{0x0c18, 1, {0}},                      /* Write Page Timeout */
	{0x0c23, 4, {0}},                      /* Read Class of Device */
	{0x0c24, 1, {0}},                      /* Write Class of Device */
	{0x0c25, 3, {0, 0x60}},                /* Read Voice Setting: CVSD */
	{0x0c26, 1, {0}},                      /* Write Voice Setting */
	{0x0c37, 3, {0, HANDLE_ACL}},          /* Write Link Supervision Timeout */
	{0x0c38, 2, {0, 1}},                   /* Read Number of Supported IAC */
	{0x0c39, 5, {0, 1, 0x33, 0x8b, 0x9e}}, /* Read Current IAC LAP */
	{0x0c3a, 1, {0}},                      /* Write Current IAC LAP */
	{0x0c6d, 1, {0}},                      /* Write LE Host Supported */
	{0x1001, 9, {0, 8, 0, 0, 8, 0xff, 0xff}}, /* Read Local Version: 4.2 */
	{0x1005,
	 8,
	 {0, (uint8_t)ACL_MTU, ACL_MTU >> 8, SCO_MTU, ACL_PACKETS, 0,
	  SCO_PACKETS}},             /* Read Buffer Size */
	{0x2001, 1, {0}},            /* LE Set Event Mask */
	{0x2002, 4, {0, 251, 0, 8}}, /* LE Read Buffer Size */
	{0x2003, 9, {0}},            /* LE Read Local Features */
	{0x2005, 1, {0}},            /* LE Set Random Address */
	{0x2006, 1, {0}},            /* LE Set Advertising Parameters */
	{0x2007, 2, {0}},            /* LE Read Advertising Power */
	{0x2008, 1, {0}},            /* LE Set Advertising Data */
	{0x2009, 1, {0}},            /* LE Set Scan Response Data */
	{0x200e, 1, {0}},            /* LE Create Connection Cancel */
	{0x200f, 2, {0, 8}},         /* LE Read Accept List Size */
	{0x2010, 1, {0}},            /* LE Clear Accept List */
	{0x2011, 1, {0}},            /* LE Add to Accept List */
	{0x2012, 1, {0}},            /* LE Remove from Accept List */
	{0x201c, 9, {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03}}, /* LE Read States */
};

/* Read Local Supported Commands. The kernel has SCO where the voice setting can be
 * read (bit 2 of byte 9). */
static void read_commands(struct controller *end, const struct command *command)
{
	uint8_t answer[65] = {0};

	answer[1 + 9] = 0x04;
	complete(end, command, answer, sizeof(answer));
}

static void answer_command(struct controller *end, const struct command *command)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].opcode == command->opcode &&
		    command->len >= calls[i].len) {
			calls[i].call(end, command);
			return;
		}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].opcode == command->opcode) {
			complete(end, command, answers[i].bytes, answers[i].len);
			return;
		}
	if (command->opcode == 0x1002)
		read_commands(end, command);
	else
		complete_status(end, command, STATUS_UNKNOWN_COMMAND);
}

/* --- data ---------------------------------------------------------------------- */

/* Carry it across, and give the sender its buffer back. */
static void carry(struct controller *end, const uint8_t *packet, size_t len)
{
	uint16_t word = get16(packet + 1), handle = word & 0xfff;
	const uint8_t credit[] = {1, packet[1], (uint8_t)(handle >> 8), 1, 0};
	int link = link_of(handle);
	uint8_t head[2];

	if (link < 0 || !end->pair->is_up[link])
		return;
	/* "First part, not flushable" is the host's; the controller says "first part".
	 */
	if (packet[0] == ACL && word >> 12 == 0)
		word |= 0x2000;
	head[0] = (uint8_t)word;
	head[1] = (uint8_t)(word >> 8);
	if (!end->pair->drops)
		put(end->peer, packet[0], head, 2, packet + 3, len - 3);
	event(end, 0x13, credit, sizeof(credit));
}

static void take(struct controller *end)
{
	uint8_t packet[1 + PACKET_MAX];
	ssize_t len = read(end->fd, packet, sizeof(packet));

	if (len >= 4 && packet[0] == COMMAND && len >= 4 + packet[3]) {
		const struct command command = {
			.opcode = get16(packet + 1),
			.len = packet[3],
			.data = packet + 4,
		};

		answer_command(end, &command);
	} else if (len >= 4 && (packet[0] == ACL || packet[0] == SCO)) {
		carry(end, packet, (size_t)len);
	}
}

/* Milliseconds to the next advertisement that somebody hears; -1: there is none. */
static int advertisement_in(const struct bluetooth_pair *pair)
{
	for (int i = 0; i < 2; i++)
		if (pair->ends[i].is_scanning && pair->ends[1 - i].is_advertising)
			return 100;
	return -1;
}

static void *play(void *context)
{
	struct bluetooth_pair *pair = context;

	while (!pair->is_over) {
		struct pollfd watched[] = {
			{.fd = pair->ends[0].fd, .events = POLLIN},
			{.fd = pair->ends[1].fd, .events = POLLIN},
			{.fd = pair->bell, .events = POLLIN},
		};
		int count = poll(watched, 3, advertisement_in(pair));
		uint64_t rung;

		if (count < 0)
			continue;
		/* Who hears one once may not be listening yet: they are repeated. */
		for (int i = 0; i < 2 && count == 0; i++)
			advertise(&pair->ends[i]);
		if (watched[2].revents && read(pair->bell, &rung, sizeof(rung)) > 0 &&
		    atomic_exchange(&pair->must_cut, false)) {
			link_end(&pair->ends[0], LINK_OF_ACL, STATUS_LOST, STATUS_LOST);
			link_end(&pair->ends[0], LINK_OF_LE, STATUS_LOST, STATUS_LOST);
		}
		for (int i = 0; i < 2; i++)
			if (watched[i].revents & POLLIN)
				take(&pair->ends[i]);
	}
	return NULL;
}

static void ring(struct bluetooth_pair *pair)
{
	const uint64_t once = 1;

	cr_assert_eq(write(pair->bell, &once, sizeof(once)), (ssize_t)sizeof(once));
}

/* --- making them --------------------------------------------------------------- */

static int vhci_open(void)
{
	int fd = open("/dev/vhci", O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		(void)mknod("/dev/vhci", S_IFCHR | 0600, makedev(10, VHCI_MINOR));
		fd = open("/dev/vhci", O_RDWR | O_CLOEXEC);
	}
	return fd;
}

/* A controller, and the number that the kernel gives it. */
static void controller_start(struct controller *end, uint8_t last)
{
	static const uint8_t primary[] = {VENDOR, 0};
	uint8_t answer[4];

	memcpy(end->address, (uint8_t[]){last, 0xee, 0xff, 0xc0, 0xaa, 0x00}, 6);
	end->fd = vhci_open();
	cr_assert_geq(end->fd, 0, "no /dev/vhci: %s", strerror(errno));
	cr_assert_eq(write(end->fd, primary, 2), 2);
	cr_assert_eq(read(end->fd, answer, sizeof(answer)), 4);
	cr_assert_eq(answer[0], VENDOR);
	end->id = get16(answer + 2);
}

/* The kernel has begun by itself: whoever comes first, it is up and stays so. */
static void controller_up(int control, uint16_t id)
{
	struct {
		uint16_t device;
		uint32_t option;
	} request = {id, SCAN_PAGE};

	cr_assert(ioctl(control, HCIDEVUP, id) == 0 || errno == EALREADY, "%s",
		  strerror(errno));
	cr_assert_eq(ioctl(control, HCISETSCAN, &request), 0, "%s", strerror(errno));
}

struct bluetooth_pair *bluetooth_pair_new(unsigned int flags)
{
	struct bluetooth_pair *pair;
	int control;

	if (!getenv("LINSOCK_TEST_BLUETOOTH"))
		cr_skip_test(
			"controllers are emulated in the scenarios bluetooth_*.sh");
	pair = calloc(1, sizeof(*pair));
	cr_assert(pair);
	pair->flags = flags;
	pair->bell = eventfd(0, EFD_CLOEXEC);
	cr_assert_geq(pair->bell, 0);
	for (int i = 0; i < 2; i++) {
		pair->ends[i].pair = pair;
		pair->ends[i].peer = &pair->ends[1 - i];
		controller_start(&pair->ends[i], (uint8_t)(i + 1));
	}
	cr_assert_eq(pthread_create(&pair->thread, NULL, play, pair), 0);
	if (flags & PAIR_DOWN)
		return pair;
	control = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, LSK_BTPROTO_HCI);
	cr_assert_geq(control, 0, "%s", strerror(errno));
	for (int i = 0; i < 2; i++)
		controller_up(control, pair->ends[i].id);
	close(control);
	return pair;
}

void bluetooth_pair_free(struct bluetooth_pair *pair)
{
	pair->is_over = true;
	ring(pair);
	pthread_join(pair->thread, NULL);
	for (int i = 0; i < 2; i++)
		close(pair->ends[i].fd);
	close(pair->bell);
	free(pair);
}

uint16_t bluetooth_pair_id(const struct bluetooth_pair *pair, int which)
{
	return pair->ends[which].id;
}

struct lsk_bdaddr bluetooth_pair_address(const struct bluetooth_pair *pair, int which)
{
	struct lsk_bdaddr address;

	memcpy(address.bytes, pair->ends[which].address, sizeof(address.bytes));
	return address;
}

void bluetooth_pair_drop(struct bluetooth_pair *pair)
{
	pair->drops = true;
}

void bluetooth_pair_cut(struct bluetooth_pair *pair)
{
	pair->must_cut = true;
	ring(pair);
}
