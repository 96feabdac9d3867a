/* SPDX-License-Identifier: MIT */
/*
 * Print what is on a CAN bus, with direction and lost frames: can_watch INTERFACE.
 * Try it on a virtual bus: ip link add vcan0 type vcan && ip link set vcan0 up
 */
#include <stdio.h>
#include <stdlib.h>

#include <linsock/can.h>

int main(int argc, char **argv)
{
	struct lsk_can_config config = {.interface = argc > 1 ? argv[1] : LSK_CAN_ANY};
	struct lsk_can_record *records = calloc(64, sizeof(*records));
	char text[LSK_CAN_TEXT_MAX];
	struct lsk_error error;
	struct lsk_can *can = NULL;
	int count = -1;

	if (!records || lsk_can_open(&can, &config, &error) < 0) {
		fprintf(stderr, "can_watch: %s\n", can ? "no memory" : error.text);
		free(records);
		return 1;
	}
	while ((count = lsk_can_receive(can, records, 64)) > 0)
		for (int i = 0; i < count; i++) {
			lsk_can_frame_format(&records[i].frame, LSK_CAN_FORMAT_DOTS,
					     text, sizeof(text));
			printf("%s %s %s\n",
			       lsk_can_interface_name(can, records[i].interface),
			       records[i].flags & LSK_CAN_LOCAL ? "sent" : "received",
			       text);
		}
	fprintf(stderr, "can_watch: %s\n", lsk_strerror(count));
	lsk_can_free(can);
	free(records);
	return 1;
}
