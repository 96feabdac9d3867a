/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <linsock/control.h>
#include <linsock/error.h>

#include "tests/support/sockets.h"

TestSuite(control, .init = descriptors_remember, .fini = descriptors_check);

struct buffer {
	_Alignas(struct cmsghdr) char bytes[512];
};

static struct lsk_control control_over(struct buffer *buffer)
{
	memset(buffer, 0xa5, sizeof(*buffer));
	return (struct lsk_control){.data = buffer->bytes, .size = sizeof(*buffer)};
}

Test(control, what_is_added_is_walked)
{
	struct buffer buffer;
	struct lsk_control control = control_over(&buffer);
	struct lsk_control_item item;
	size_t offset = 0;

	cr_assert_eq(lsk_control_add(&control, 1, 2, "abc", 3), 0);
	cr_assert_eq(lsk_control_add(&control, 3, 4, NULL, 0), 0);
	cr_assert_eq(lsk_control_add(&control, 5, 6, "0123456789", 10), 0);
	cr_assert_eq(control.len, CMSG_SPACE(3) + CMSG_SPACE(0) + CMSG_SPACE(10));
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 1);
	cr_assert_eq(item.level, 1);
	cr_assert_eq(item.type, 2);
	cr_assert_eq(item.len, 3);
	cr_assert_arr_eq(item.data, "abc", 3);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 1);
	cr_assert_eq(item.len, 0);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 1);
	cr_assert_eq(item.len, 10);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 0);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 0);
}

Test(control, builder_stays_in_its_buffer)
{
	for (size_t size = 0; size < CMSG_SPACE(4) + CMSG_SPACE(5); size++) {
		struct buffer buffer;
		struct lsk_control control = control_over(&buffer);
		size_t before;

		control.size = size;
		lsk_control_add(&control, 1, 2, "abcd", 4);
		before = control.len;
		cr_assert_eq(lsk_control_add(&control, 1, 2, "abcde", 5), -ENOSPC);
		cr_assert_eq(control.len, before, "nothing is changed");
		cr_assert_leq(control.len, size);
		for (size_t i = size; i < sizeof(buffer); i++)
			cr_assert_eq((unsigned char)buffer.bytes[i], 0xa5);
	}
}

Test(control, builder_refuses_nonsense)
{
	struct buffer buffer;
	struct lsk_control control = control_over(&buffer);
	int fds[LSK_CONTROL_FDS_MAX + 1];

	cr_assert_eq(lsk_control_add(NULL, 1, 2, "a", 1), -EINVAL);
	cr_assert_eq(lsk_control_add(&control, 1, 2, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_control_add(&control, 1, 2, "a", SIZE_MAX), -ENOSPC);
	cr_assert_eq(lsk_control_add_fds(&control, fds, LSK_CONTROL_FDS_MAX + 1),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_control_add_fds(&control, fds, 0), -EINVAL);
	cr_assert_eq(lsk_control_add_fds(&control, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_control_add_credentials(&control, NULL), -EINVAL);
	cr_assert_eq(control.len, 0);
	control.data = NULL;
	cr_assert_eq(lsk_control_add(&control, 1, 2, "a", 1), -EINVAL);
}

Test(control, walk_never_leaves_the_messages)
{
	struct buffer buffer;
	struct cmsghdr header = {.cmsg_level = 1, .cmsg_type = 2};
	static const size_t lengths[] = {
		0, 1, 15, 17 + 512, SIZE_MAX, SIZE_MAX - 7, (size_t)1 << 63};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct lsk_control control = control_over(&buffer);
		struct lsk_control_item item;
		size_t offset = 0;

		header.cmsg_len = lengths[i];
		memcpy(buffer.bytes, &header, sizeof(header));
		control.len = control.size;
		cr_assert_eq(lsk_control_next(&control, &offset, &item), -EBADMSG,
			     "%zu", lengths[i]);
		cr_assert_eq(lsk_control_next(&control, &offset, &item), 0);
	}
}

Test(control, walk_ends_whatever_the_bytes_are)
{
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		struct buffer buffer;
		struct lsk_control control = control_over(&buffer);
		struct lsk_control_item item;
		size_t offset = 0;
		int steps = 0;

		for (size_t i = 0; i < sizeof(buffer); i++) {
			seed = seed * 1103515245 + 12345;
			/* Small numbers make lengths that are nearly right. */
			buffer.bytes[i] = (char)(i % 8 == 0 ? seed >> 26 : 0);
		}
		control.len = seed % (sizeof(buffer) + 1);
		while (lsk_control_next(&control, &offset, &item) > 0) {
			cr_assert_geq((const char *)item.data, buffer.bytes);
			cr_assert_leq((const char *)item.data + item.len,
				      buffer.bytes + control.len);
			cr_assert_lt(++steps, 100);
		}
	}
}

Test(control, header_that_is_cut_is_malformed)
{
	struct buffer buffer;
	struct lsk_control control = control_over(&buffer);
	struct lsk_control_item item;
	size_t offset = 0;

	lsk_control_add(&control, 1, 2, "abcd", 4);
	control.len = 10;
	cr_assert_eq(lsk_control_next(&control, &offset, &item), -EBADMSG);
	cr_assert_eq(lsk_control_next(NULL, &offset, &item), -EINVAL);
	cr_assert_eq(lsk_control_next(&control, NULL, &item), -EINVAL);
	cr_assert_eq(lsk_control_next(&control, &offset, NULL), -EINVAL);
}

Test(control, last_item_may_lack_its_padding)
{
	struct buffer buffer;
	struct lsk_control control = control_over(&buffer);
	struct lsk_control_item item;
	size_t offset = 0;

	lsk_control_add(&control, 1, 2, "abc", 3);
	control.len = CMSG_LEN(3);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 1);
	cr_assert_eq(item.len, 3);
	cr_assert_eq(lsk_control_next(&control, &offset, &item), 0);
}

Test(control, surplus_descriptors_are_closed)
{
	struct lsk_control_item item = {.level = SOL_SOCKET, .type = SCM_RIGHTS};
	int fds[4];
	int taken[2];
	size_t surplus;

	for (int i = 0; i < 4; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	item.data = fds;
	item.len = sizeof(fds);
	cr_assert_eq(lsk_control_get_fds(&item, taken, 2, &surplus), 2);
	cr_assert_eq(surplus, 2);
	cr_assert_eq(fcntl(fds[2], F_GETFD), -1);
	cr_assert_eq(fcntl(fds[3], F_GETFD), -1);
	close(taken[0]);
	close(taken[1]);
}

Test(control, descriptors_of_a_part_of_a_number_are_malformed)
{
	int fds[2] = {1000, 1001};
	struct lsk_control_item item = {
		.level = SOL_SOCKET, .type = SCM_RIGHTS, .data = fds, .len = 7};
	int taken[2];

	cr_assert_eq(lsk_control_get_fds(&item, taken, 2, NULL), -EBADMSG);
	cr_assert_eq(lsk_control_get_fds(NULL, taken, 2, NULL), -EINVAL);
	cr_assert_eq(lsk_control_get_fds(&item, NULL, 2, NULL), -EINVAL);
}

Test(control, decoders_know_what_is_not_theirs)
{
	struct lsk_control_item other = {.level = 77, .type = 1, .data = "", .len = 0};
	struct lsk_control_item item = {.level = SOL_SOCKET, .data = "", .len = 1};
	struct lsk_credentials credentials;
	struct lsk_timestamps timestamps;
	const char *label;
	uint32_t drops;
	size_t len;
	int fd;

	cr_assert_eq(lsk_control_get_fds(&other, &fd, 1, NULL), -ENOMSG);
	cr_assert_eq(lsk_control_get_credentials(&other, &credentials), -ENOMSG);
	cr_assert_eq(lsk_control_get_pidfd(&other), -ENOMSG);
	cr_assert_eq(lsk_control_get_security(&other, &label, &len), -ENOMSG);
	cr_assert_eq(lsk_control_get_timestamps(&other, &timestamps), -ENOMSG);
	cr_assert_eq(lsk_control_get_drops(&other, &drops), -ENOMSG);
	item.type = SCM_CREDENTIALS;
	cr_assert_eq(lsk_control_get_credentials(&item, &credentials), -EBADMSG);
	item.type = 4;
	cr_assert_eq(lsk_control_get_pidfd(&item), -EBADMSG);
	item.type = SO_RXQ_OVFL;
	cr_assert_eq(lsk_control_get_drops(&item, &drops), -EBADMSG);
	for (int type = 20; type < 70; type++) {
		item.type = type;
		cr_assert_lt(lsk_control_get_timestamps(&item, &timestamps), 0);
	}
	cr_assert_eq(lsk_control_get_credentials(NULL, &credentials), -EINVAL);
	cr_assert_eq(lsk_control_get_timestamps(&item, NULL), -EINVAL);
	cr_assert_eq(lsk_control_get_security(NULL, &label, &len), -EINVAL);
}

Test(control, timestamps_of_every_layout)
{
	int64_t micros[2] = {5, 123456};
	int64_t nanos[6] = {5, 123456789, 0, 0, 6, 7};
	static const struct {
		int type;
		int kind; /* 0: microseconds, 1: nanoseconds, 2: three of them */
	} layouts[] = {{29, 0}, {63, 0}, {35, 1}, {64, 1}, {37, 2}, {65, 2}};

	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct lsk_control_item item = {
			.level = SOL_SOCKET,
			.type = layouts[i].type,
			.data = layouts[i].kind == 0 ? micros : nanos,
			.len = layouts[i].kind == 2 ? sizeof(nanos) : 16,
		};
		struct lsk_timestamps timestamps;

		cr_assert_eq(lsk_control_get_timestamps(&item, &timestamps), 0);
		cr_assert_eq(timestamps.software_ns,
			     layouts[i].kind == 0 ? 5123456000 : 5123456789);
		cr_assert_eq(timestamps.hardware_ns,
			     layouts[i].kind == 2 ? 6000000007 : 0);
		item.len--;
		cr_assert_eq(lsk_control_get_timestamps(&item, &timestamps), -EBADMSG);
	}
}

Test(control, security_label_is_told_without_its_terminator)
{
	struct lsk_control_item item = {
		.level = SOL_SOCKET, .type = 3, .data = "unconfined", .len = 11};
	const char *label;
	size_t len;

	cr_assert_eq(lsk_control_get_security(&item, &label, &len), 0);
	cr_assert_eq(len, 10);
	item.len = 10;
	cr_assert_eq(lsk_control_get_security(&item, &label, &len), 0);
	cr_assert_eq(len, 10);
}

Test(control, close_fds_closes_all_that_came)
{
	struct buffer buffer;
	struct lsk_control control = control_over(&buffer);
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	lsk_control_add(&control, SOL_SOCKET, SO_RXQ_OVFL, "0123", 4);
	lsk_control_add_fds(&control, fds, 2);
	lsk_control_add(&control, SOL_SOCKET, 4, &fds[2], 4);
	lsk_control_close_fds(&control);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(fcntl(fds[i], F_GETFD), -1);
	lsk_control_close_fds(NULL);
}
