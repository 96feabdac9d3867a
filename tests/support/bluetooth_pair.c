/* SPDX-License-Identifier: MIT */
#include "tests/support/bluetooth_pair.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/support/bluetooth_controller.h"

enum { VHCI_MINOR = 137 };

#define HCIDEVUP   _IOW('H', 201, int)
#define HCISETSCAN _IOW('H', 221, int)

/* --- what a controller says ---------------------------------------------------- */

void controller_put(struct controller *end, uint8_t kind, const void *head,
		    size_t head_len, const void *data, size_t len)
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

void controller_event(struct controller *end, uint8_t code, const void *data,
		      size_t len)
{
	const uint8_t head[] = {code, (uint8_t)len};

	controller_put(end, EVENT, head, sizeof(head), data, len);
}

void controller_complete(struct controller *end, const struct command *command,
			 const void *data, size_t len)
{
	uint8_t answer[3 + 255] = {1, (uint8_t)command->opcode,
				   (uint8_t)(command->opcode >> 8)};

	memcpy(answer + 3, data, len);
	controller_event(end, 0x0e, answer, 3 + len);
}

void controller_complete_status(struct controller *end, const struct command *command,
				uint8_t status)
{
	controller_complete(end, command, &status, 1);
}

void controller_begun(struct controller *end, const struct command *command,
		      uint8_t status)
{
	const uint8_t answer[] = {status, 1, (uint8_t)command->opcode,
				  (uint8_t)(command->opcode >> 8)};

	controller_event(end, 0x0f, answer, sizeof(answer));
}

void controller_disconnected(struct controller *end, uint16_t handle, uint8_t reason)
{
	const uint8_t answer[] = {0, (uint8_t)handle, (uint8_t)(handle >> 8), reason};

	controller_event(end, 0x05, answer, sizeof(answer));
}

/* --- links --------------------------------------------------------------------- */

uint16_t link_handle(enum link link)
{
	static const uint16_t handles[] = {HANDLE_ACL, HANDLE_LE, HANDLE_SCO};

	if (link < LINK_OF_STREAM)
		return handles[link];
	return (uint16_t)(HANDLE_STREAM + (link - LINK_OF_STREAM));
}

int link_of(uint16_t handle)
{
	for (int i = 0; i < LINK_COUNT; i++)
		if (link_handle((enum link)i) == handle)
			return i;
	return -1;
}

void link_end(struct controller *end, enum link link, uint8_t here, uint8_t there)
{
	struct bluetooth_pair *pair = end->pair;

	if (!pair->is_up[link])
		return;
	if (link == LINK_OF_ACL)
		link_end(end, LINK_OF_SCO, here, there);
	for (int i = 0; i < STREAMS_MAX && link == LINK_OF_LE; i++)
		link_end(end, (enum link)(LINK_OF_STREAM + i), here, there);
	pair->is_up[link] = false;
	controller_disconnected(end, link_handle(link), here);
	controller_disconnected(end->peer, link_handle(link), there);
}

/* --- commands ------------------------------------------------------------------ */

static bool was_called(struct controller *end, const struct command *command,
		       const struct call *calls)
{
	for (; calls->opcode; calls++)
		if (calls->opcode == command->opcode && command->len >= calls->len) {
			calls->call(end, command);
			return true;
		}
	return false;
}

static bool was_answered(struct controller *end, const struct command *command,
			 const struct answer *answers)
{
	for (; answers->opcode; answers++)
		if (answers->opcode == command->opcode) {
			controller_complete(end, command, answers->bytes, answers->len);
			return true;
		}
	return false;
}

static void answer_command(struct controller *end, const struct command *command)
{
	if (!was_called(end, command, link_calls) &&
	    !was_called(end, command, le_calls) &&
	    !was_called(end, command, iso_calls) &&
	    !was_answered(end, command, link_answers) &&
	    !was_answered(end, command, le_answers))
		controller_complete_status(end, command, STATUS_UNKNOWN_COMMAND);
}

/* --- data ---------------------------------------------------------------------- */

/* Carry it across, and give the sender its buffer back. */
static void carry(struct controller *end, const uint8_t *packet, size_t len)
{
	uint16_t word = get16(packet + 1), handle = word & 0xfff;
	const uint8_t credit[] = {1, packet[1], (uint8_t)(handle >> 8), 1, 0};
	int link = link_of(handle);
	bool is_heard = !end->pair->drops;
	uint8_t head[2];

	if (link < 0 || !end->pair->is_up[link])
		return;
	if (packet[0] == ISO)
		is_heard &= link >= LINK_OF_STREAM &&
			    end->peer->has_path[link - LINK_OF_STREAM];
	/* "First part, not flushable" is the host's; the controller says "first part".
	 */
	if (packet[0] == ACL && word >> 12 == 0)
		word |= 0x2000;
	head[0] = (uint8_t)word;
	head[1] = (uint8_t)(word >> 8);
	if (is_heard)
		controller_put(end->peer, packet[0], head, 2, packet + 3, len - 3);
	controller_event(end, 0x13, credit, sizeof(credit));
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
	} else if (len >= 4 &&
		   (packet[0] == ACL || packet[0] == SCO || packet[0] == ISO)) {
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
			controller_advertise(&pair->ends[i]);
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

/* Ours, played by a thread. */
static void emulator_start(struct bluetooth_pair *pair)
{
	pair->bell = eventfd(0, EFD_CLOEXEC);
	cr_assert_geq(pair->bell, 0);
	for (int i = 0; i < 2; i++) {
		pair->ends[i].pair = pair;
		pair->ends[i].peer = &pair->ends[1 - i];
		controller_start(&pair->ends[i], (uint8_t)(i + 1));
	}
	cr_assert_eq(pthread_create(&pair->thread, NULL, play, pair), 0);
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
	if (btvirt_is_wanted())
		btvirt_start(pair);
	else
		emulator_start(pair);
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
	if (pair->btvirt) {
		btvirt_stop(pair);
		free(pair);
		return;
	}
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

bool bluetooth_pair_is_ours(const struct bluetooth_pair *pair)
{
	return pair->btvirt == 0;
}

void bluetooth_pair_must_be(const struct bluetooth_pair *pair, const char *what)
{
	if (!bluetooth_pair_is_ours(pair))
		cr_skip_test("btvirt is not %s", what);
}

int bluetooth_pair_encryptions(const struct bluetooth_pair *pair)
{
	return pair->encryptions;
}

void bluetooth_pair_drop(struct bluetooth_pair *pair)
{
	bluetooth_pair_must_be(pair, "able to lose what it carries");
	pair->drops = true;
}

void bluetooth_pair_cut(struct bluetooth_pair *pair)
{
	bluetooth_pair_must_be(pair, "able to lose a link");
	pair->must_cut = true;
	ring(pair);
}
