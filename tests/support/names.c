/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linsock/name.h>

#include "tests/support/names.h"

/* Lay @text over the system's file at @path; for this mount namespace only. */
static void replace_file(const char *path, const char *text)
{
	char name[] = "/tmp/linsock-names-XXXXXX";
	int fd = mkstemp(name);
	ssize_t len = (ssize_t)strlen(text);

	cr_assert(fd >= 0, "mkstemp: %m");
	cr_assert(write(fd, text, strlen(text)) == len, "write: %m");
	cr_assert(fchmod(fd, 0644) == 0, "fchmod: %m");
	close(fd);
	cr_assert(mount(name, path, "none", MS_BIND, NULL) == 0, "bind %s: %m", path);
	unlink(name);
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo: %m");
	close(fd);
}

void names_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0)
		cr_skip_test("no namespaces of our own: %m");
	cr_assert(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0, "%m");
	loopback_up();
	replace_file("/etc/nsswitch.conf", "hosts: files dns\n"
					   "services: files\n"
					   "protocols: files\n");
	replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n"
					 "options timeout:30 attempts:1\n");
	replace_file("/etc/hosts", "127.0.0.1 localhost\n"
				   "192.0.2.7 printer lp printer.example\n"
				   "192.0.2.8 printer\n"
				   "2001:db8::7 printer6.example printer6\n"
				   "192.0.2.9 dotless\n"
				   "192.0.2.10 host.example myself\n");
	replace_file("/etc/services", "gopher 70/tcp\n"
				      "fruit 7071/udp apple\n");
	replace_file("/etc/protocols", "ip 0 IP\ntcp 6 TCP\nfruit 251 FRUIT\n");
}

int names_hostname(const char *name)
{
	cr_assert(unshare(CLONE_NEWUTS) == 0, "unshare: %m");
	return lsk_sethostname(name);
}

int names_server(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0, "socket: %m");
	cr_assert(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, "bind: %m");
	return fd;
}

const char *names_answer(int server)
{
	static char name[256];
	static const unsigned char record[] = {0xc0, 12, 0, 1, 0,   1, 0, 0,
					       0,    60, 0, 4, 192, 0, 2, 53};
	unsigned char packet[512];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(server, packet, sizeof(packet) - sizeof(record), 0,
			       (struct sockaddr *)&from, &from_len);
	size_t at = 12, used = 0;

	cr_assert(len > 17, "a query: %m");
	while (packet[at] != 0) {
		memcpy(name + used, packet + at + 1, packet[at]);
		used += packet[at];
		at += packet[at] + 1u;
		name[used++] = '.';
	}
	name[used] = '\0';
	at += 5; /* the root label, type and class: the additional section is cut */
	packet[2] = 0x81;
	packet[3] = 0x80;
	memset(packet + 6, 0, 6);
	if (packet[at - 3] == 1) {
		packet[7] = 1;
		memcpy(packet + at, record, sizeof(record));
		at += sizeof(record);
	}
	cr_assert(sendto(server, packet, at, 0, (struct sockaddr *)&from, from_len) ==
		  (ssize_t)at);
	return name;
}
