/* SPDX-License-Identifier: MIT */
/*
 * A line for each packet of a device, through a ring on a loop:
 *
 *	packet_watch DEVICE [COUNT]
 */
#include <stdio.h>
#include <stdlib.h>

#include <linsock.h>

struct watch {
	int linktype;
	unsigned long left;
};

static void show(struct lsk_packet_ring *ring, const struct lsk_packet *packets,
		 int count, void *context)
{
	struct watch *watch = context;
	char line[LSK_PACKET_TEXT_MAX];

	/* Negative: this was the last call. */
	for (int i = 0; i < count && watch->left > 0; i++, watch->left--)
		if (lsk_packet_format(&packets[i], watch->linktype, line,
				      sizeof(line)) > 0)
			puts(line);
	fflush(stdout);
	if (count > 0 && watch->left == 0)
		lsk_packet_ring_unwatch(ring);
}

int main(int argc, char **argv)
{
	struct lsk_packet_config config = {.interface = argc > 1 ? argv[1] : "lo"};
	struct watch watch = {.left = argc > 2 ? strtoul(argv[2], NULL, 0) : 10};
	struct lsk_packet_ring *ring = NULL;
	struct lsk_loop *loop = NULL;
	struct lsk_error error = {0};
	int r;

	watch.linktype = lsk_packet_linktype(config.interface);
	if (watch.linktype < 0) {
		fprintf(stderr, "%s: %s\n", config.interface,
			lsk_strerror(watch.linktype));
		return EXIT_FAILURE;
	}
	r = lsk_packet_ring_open(&ring, &config, NULL, &error);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", config.interface, error.text);
		return EXIT_FAILURE;
	}
	r = lsk_loop_new(&loop, NULL);
	if (r == 0)
		r = lsk_packet_ring_watch(loop, ring, show, &watch);
	if (r == 0) {
		fprintf(stderr, "watching %s\n", config.interface);
		r = lsk_loop_run(loop, LSK_RUN_FOREVER);
	}
	lsk_loop_free(loop);
	lsk_packet_ring_free(ring);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
