/* SPDX-License-Identifier: MIT */
/* Audit records: parsing, and one that the test makes itself. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linsock/audit.h>

#include "tests/support/netns.h"

#define TEXT "audit(1364481363.243:24287): arch=c000003e syscall=2"

static void make(struct lsk_nl_msg *msg, const char *text)
{
	lsk_nl_msg_start(msg, AUDIT_SYSCALL, 0, text, strlen(text));
}

Test(audit_parse, reads_time_serial_and_text)
{
	struct lsk_audit_record record;
	LSK_NL_MSG(msg, 256);

	make(&msg, TEXT);
	cr_assert_eq(lsk_audit_parse(msg.header, &record), 0);
	cr_assert_eq(record.type, AUDIT_SYSCALL);
	cr_assert_eq(record.time_ms, 1364481363243);
	cr_assert_eq(record.serial, 24287);
	cr_assert_eq(record.text.len, strlen("arch=c000003e syscall=2"));
	cr_assert_eq(memcmp(record.text.data, "arch=", 5), 0);
}

/* The kernel leaves the header out of the length, for daemons that rely on it. */
Test(audit_parse, fact_39_of_a_length_without_the_header_reads_the_whole_datagram)
{
	struct lsk_audit_record record;
	LSK_NL_MSG(msg, 256);
	size_t len;

	make(&msg, TEXT);
	len = msg.header->nlmsg_len;
	msg.header->nlmsg_len -= NLMSG_HDRLEN;
	cr_assert_eq(lsk_audit_parse_datagram(msg.header, len, &record), 0);
	cr_assert_eq(record.text.len, strlen("arch=c000003e syscall=2"));
}

Test(audit_parse, of_what_is_no_record_is_ebadmsg)
{
	const char *const texts[] = {"", "audit", "audit(1.2:3", "audit(x.1:2): a",
				     "hello audit(1.2:3): "};
	struct lsk_audit_record record;
	LSK_NL_MSG(msg, 256);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		make(&msg, texts[i]);
		cr_assert_eq(lsk_audit_parse(msg.header, &record), -EBADMSG, "%s",
			     texts[i]);
	}
	cr_assert_eq(lsk_audit_parse_datagram(TEXT, 3, &record), -EBADMSG);
}

Test(audit, tells_its_status)
{
	struct audit_status status = {.pid = 1};
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_AUDIT, NULL);

	if (r == 0)
		r = lsk_audit_status(nl, &status);
	if (r < 0)
		cr_skip_test("no audit for this process: %d", r);
	cr_assert_gt(status.backlog_limit, 0);
	lsk_nl_close(nl);
}

/* User processes may make records of this type although auditing is off. */
Test(audit, fact_39_a_bystander_reads_whole_records)
{
	static const char words[] = "linsock test";
	struct lsk_audit_record record;
	struct lsk_nl_event event;
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, 256);
	int r = lsk_nl_open(&nl, NETLINK_AUDIT, NULL);

	if (r == 0)
		r = lsk_nl_join(nl, AUDIT_NLGRP_READLOG);
	lsk_nl_msg_start(&msg, AUDIT_USER_AVC, 0, words, sizeof(words));
	if (r == 0)
		r = lsk_nl_request(nl, &msg, NULL);
	if (r < 0)
		cr_skip_test("no audit for this process: %d", r);
	do {
		r = lsk_nl_event_next(nl, 5 * LSK_NSEC_PER_SEC, &event);
		if (r == -ETIME)
			cr_skip_test("auditing was switched off at boot");
		cr_assert_eq(r, 0);
		cr_assert_eq(lsk_audit_parse(event.msg, &record), 0);
	} while (record.type != AUDIT_USER_AVC);
	cr_assert_not_null(
		memmem(record.text.data, record.text.len, words, sizeof(words) - 1));
	lsk_nl_close(nl);
}
