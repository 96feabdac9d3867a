/* SPDX-License-Identifier: MIT */
/* Network interfaces: loopback in every guest, eth0 where machines share a network. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"

static struct ifreq request_of(const char *interface)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return request;
}

static void set_up(int fd, const char *interface)
{
	struct ifreq request = request_of(interface);

	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		give_up("%s: %s", interface, strerror(errno));
}

static struct sockaddr inet_of(const char *text)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	struct sockaddr generic;

	inet_pton(AF_INET, text, &addr.sin_addr);
	memcpy(&generic, &addr, sizeof(generic));
	return generic;
}

void net_up(const char *interface)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		give_up("socket: %s", strerror(errno));
	set_up(fd, interface);
	close(fd);
}

void net_configure(int machine)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = request_of("eth0");
	char text[32];

	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	request.ifr_hwaddr.sa_data[0] = 2;
	request.ifr_hwaddr.sa_data[5] = (char)machine;
	if (fd < 0 || ioctl(fd, SIOCSIFHWADDR, &request) < 0)
		give_up("eth0: %s", strerror(errno));
	snprintf(text, sizeof(text), "10.9.0.%d", machine);
	request.ifr_addr = inet_of(text);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		give_up("eth0: address %s: %s", text, strerror(errno));
	request.ifr_netmask = inet_of("255.255.255.0");
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		give_up("eth0: netmask: %s", strerror(errno));
	set_up(fd, "eth0");
	close(fd);
}
