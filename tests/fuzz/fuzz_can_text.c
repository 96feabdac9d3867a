/* SPDX-License-Identifier: MIT */
/*
 * Frames, filters and lists of filters, from any text. What was read prints, what
 * prints reads as the same, and a fault's place lies inside the text. Frames from the
 * kernel's bytes too.
 */
#include <linux/can.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_back(const struct lsk_can_frame *frame)
{
	static const enum lsk_can_format formats[] = {LSK_CAN_FORMAT_PLAIN,
						      LSK_CAN_FORMAT_DOTS};
	char text[LSK_CAN_TEXT_MAX];
	struct lsk_can_frame again;

	for (size_t i = 0; i < 2; i++) {
		if (lsk_can_frame_format(frame, formats[i], text, sizeof(text)) < 0)
			abort();
		if (lsk_can_frame_parse(&again, text, NULL) < 0)
			abort();
		if (!lsk_can_frame_equal(frame, &again))
			abort();
	}
}

static void read_frame(const char *text)
{
	struct lsk_can_frame frame, again;
	struct lsk_error error = {0};
	uint8_t kernel[LSK_CANXL_MTU];
	int len;

	if (lsk_can_frame_parse(&frame, text, &error) < 0) {
		if (error.offset > strlen(text) || !error.text[0])
			abort();
		return;
	}
	print_back(&frame);
	len = lsk_can_frame_to_kernel(&frame, kernel, sizeof(kernel));
	if (len < 0 || lsk_can_frame_from_kernel(&again, kernel, (size_t)len) < 0 ||
	    !lsk_can_frame_equal(&frame, &again))
		abort();
	if (frame.kind == LSK_CAN_ERROR)
		(void)lsk_can_error_format(&frame, NULL, (char *)kernel, 512);
}

static void read_filters(const char *text)
{
	char printed[LSK_CAN_FILTER_TEXT_MAX];
	struct lsk_can_filter_list list;
	struct lsk_can_filter filter, again;
	struct lsk_error error = {0};

	if (lsk_can_filter_parse(&filter, text, &error) == 0) {
		if (lsk_can_filter_format(&filter, printed, sizeof(printed)) < 0 ||
		    lsk_can_filter_parse(&again, printed, NULL) < 0 ||
		    again.mask != filter.mask ||
		    (again.id & again.mask) != (filter.id & filter.mask))
			abort();
	} else if (error.offset > strlen(text)) {
		abort();
	}
	if (lsk_can_filter_list_parse(&list, text, &error) == 0)
		lsk_can_filter_list_done(&list);
	else if (error.offset > strlen(text))
		abort();
}

static void read_kernel(const uint8_t *data, size_t size)
{
	char text[LSK_CAN_TEXT_MAX];
	struct lsk_can_frame frame;

	if (lsk_can_frame_from_kernel(&frame, data, size) < 0)
		return;
	(void)lsk_can_frame_format(&frame, LSK_CAN_FORMAT_PLAIN, text, sizeof(text));
	/* The text has a digit for the flags of FD; what is reserved it leaves out. */
	if (lsk_can_frame_check(&frame) == 0 &&
	    (frame.kind != LSK_CAN_FD || frame.flags <= 0xF))
		print_back(&frame);
	if (frame.kind == LSK_CAN_ERROR)
		(void)lsk_can_error_format(&frame, "\n", text, 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	read_frame(text);
	read_filters(text);
	read_kernel(data, size);
	free(text);
	return 0;
}
