/* SPDX-License-Identifier: MIT */
/*
 * The kernel's audit records, read as a bystander: of the multicast group, beside an
 * audit daemon or without one (Linux 3.16, CAP_AUDIT_READ).
 *
 *	lsk_nl_open(&nl, NETLINK_AUDIT, NULL);
 *	lsk_nl_join(nl, AUDIT_NLGRP_READLOG);
 *	while (lsk_nl_event_next(nl, LSK_BLOCK, &event) == 0)
 *		if (lsk_audit_parse(event.msg, &record) == 0)
 *			...
 */
#ifndef LINSOCK_AUDIT_H
#define LINSOCK_AUDIT_H

#include <linux/audit.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_audit_record - one record; those of one event share @serial
 * @type: AUDIT_SYSCALL …
 * @time_ms: milliseconds since 1970
 * @serial: of the event
 * @text: KEY=VALUE words; no NUL at the end, and of user processes' making in part
 */
struct lsk_audit_record {
	uint16_t type;
	uint64_t time_ms;
	uint64_t serial;
	struct lsk_nl_bytes text;
};

/**
 * lsk_audit_parse() - read a record
 * @msg: as lsk_nl_event_next() gave it
 * @ret_record: points into @msg
 *
 * Return: 0; -EBADMSG where it has no "audit(TIME:SERIAL): " in front.
 */
int lsk_audit_parse(const struct nlmsghdr *msg, struct lsk_audit_record *ret_record);

/**
 * lsk_audit_parse_datagram() - read a record as an audit daemon gets it
 * @data: the datagram, aligned to 4 bytes
 * @len: bytes at @data
 * @ret_record: points into @data
 *
 * In records that the kernel sends to the daemon alone, nlmsg_len counts the payload
 * without its header; the datagram's own length counts here.
 *
 * Return: as lsk_audit_parse().
 */
int lsk_audit_parse_datagram(const void *data, size_t len,
			     struct lsk_audit_record *ret_record);

/**
 * lsk_audit_status() - the state of the audit system
 * @nl: a NETLINK_AUDIT handle
 * @ret_status: set on success; what an older kernel does not tell is 0
 *
 * Needs CAP_AUDIT_CONTROL in the first user namespace.
 *
 * Return: 0, -EPERM, -ECONNREFUSED, or as lsk_nl_request().
 */
int lsk_audit_status(struct lsk_nl *nl, struct audit_status *ret_status);

LSK_END_DECLS

#endif
