/* SPDX-License-Identifier: MIT */
/*
 * A second opinion: the two controllers are BlueZ's emulator, btvirt, where
 * LINSOCK_TEST_BTVIRT says so. It is another program with another reading of the
 * specification, and cannot be told to lose what it carries.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/hci.h>
#include <linsock/hci_mgmt.h>

#include "tests/support/bluetooth_controller.h"

#define LIMIT (60 * LSK_NSEC_PER_SEC)

bool btvirt_is_wanted(void)
{
	return getenv("LINSOCK_TEST_BTVIRT");
}

static pid_t start(void)
{
	pid_t parent = getpid(), child = fork();

	cr_assert_geq(child, 0);
	if (child > 0)
		return child;
	/* A test that fails frees nothing. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		execlp("btvirt", "btvirt", "-l2", (char *)NULL);
	}
	_exit(127);
}

/* The next controller that the kernel has got to know. */
static uint16_t added(struct lsk_socket *events)
{
	uint8_t buf[LSK_MGMT_MESSAGE_MAX];
	struct lsk_mgmt_event event;

	do {
		int r = lsk_mgmt_event_next(events, buf, sizeof(buf), &event);

		cr_assert_eq(r, 0, "btvirt makes no controllers: %d", r);
	} while (event.kind != LSK_MGMT_ADDED);
	return event.index;
}

void btvirt_start(struct bluetooth_pair *pair)
{
	struct lsk_socket *events;

	if (pair->flags & (PAIR_ISO | PAIR_STRANGERS))
		cr_skip_test("btvirt has no such controllers");
	cr_assert_eq(lsk_mgmt_open(&events), 0);
	cr_assert_eq(lsk_socket_set_timeout(events, LIMIT), 0);
	pair->btvirt = start();
	for (int i = 0; i < 2; i++) {
		struct controller *end = &pair->ends[i];
		struct lsk_mgmt_info info;
		struct lsk_socket *sock;

		end->id = added(events);
		cr_assert_eq(lsk_mgmt_open(&sock), 0);
		cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
		cr_assert_eq(lsk_mgmt_info(sock, end->id, &info), 0);
		memcpy(end->address, info.bdaddr.bytes, sizeof(end->address));
		lsk_socket_free(sock);
	}
	lsk_socket_free(events);
}

void btvirt_stop(struct bluetooth_pair *pair)
{
	kill(pair->btvirt, SIGKILL);
	while (waitpid(pair->btvirt, NULL, 0) < 0 && errno == EINTR)
		;
}
