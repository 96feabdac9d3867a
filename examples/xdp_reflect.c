/* SPDX-License-Identifier: MIT */
/*
 * Each Ethernet frame of a device's queue goes back to where it came from, with both
 * hardware addresses exchanged, past the network stack:
 *
 *	xdp_reflect DEVICE [QUEUE]
 */
#include <linsock.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reflect(struct lsk_xdp *xdp)
{
	struct lsk_xdp_frame frames[64];

	for (;;) {
		ssize_t count = lsk_xdp_receive(xdp, frames, 64);

		if (count < 0)
			return (int)count;
		for (ssize_t i = 0; i < count; i++) {
			struct iovec whole = {frames[i].data, frames[i].len};
			uint8_t address[6];

			if (frames[i].len < 14)
				continue;
			memcpy(address, frames[i].data, 6);
			memcpy(frames[i].data, frames[i].data + 6, 6);
			memcpy(frames[i].data + 6, address, 6);
			if (lsk_xdp_send(xdp, &whole, 1) == 1)
				printf("%zu bytes\n", frames[i].len);
		}
		lsk_xdp_release(xdp, frames, (size_t)count);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct lsk_xdp_options options = {0};
	struct lsk_xdp_program *program = NULL;
	struct lsk_xdp *xdp = NULL;
	int r;

	if (argc < 2)
		return 2;
	options.interface = if_nametoindex(argv[1]);
	options.queue = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 0;
	r = lsk_xdp_new(&xdp, &options);
	if (r == 0)
		r = lsk_xdp_program_new(&program, options.interface, 0);
	if (r == 0)
		r = lsk_xdp_program_add(program, xdp);
	if (r == 0) {
		puts("ready");
		fflush(stdout);
		r = reflect(xdp);
	}
	fprintf(stderr, "xdp_reflect: %s\n", lsk_strerror(r));
	lsk_xdp_program_free(program);
	lsk_xdp_free(xdp);
	return 1;
}
