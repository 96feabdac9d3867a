/* SPDX-License-Identifier: MIT */
/*
 * What processes do: forks, executions, exits, told by the kernel's connector.
 *
 *	lsk_nl_open(&nl, NETLINK_CONNECTOR, NULL);
 *	lsk_proc_listen(nl, 1u << LSK_PROC_EXEC | 1u << LSK_PROC_EXIT);
 *	while (lsk_nl_event_next(nl, LSK_BLOCK, &event) == 0)
 *		if (lsk_proc_parse(event.msg, &process) == 0)
 *			...
 *
 * Needs CAP_NET_ADMIN before Linux 6.6, and the first network and process namespace.
 */
#ifndef LINSOCK_PROC_EVENT_H
#define LINSOCK_PROC_EVENT_H

#include <linux/netlink.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** enum lsk_proc_what - what a process did */
enum lsk_proc_what {
	LSK_PROC_NONE,
	LSK_PROC_FORK,
	LSK_PROC_EXEC,
	LSK_PROC_UID,
	LSK_PROC_GID,
	LSK_PROC_SID,
	LSK_PROC_PTRACE,
	LSK_PROC_COMM,
	LSK_PROC_COREDUMP,
	LSK_PROC_EXIT,
	LSK_PROC_WHAT__COUNT
};

/**
 * struct lsk_proc_event - one event
 * @what: what happened; LSK_PROC_NONE: the kernel's answer to lsk_proc_listen()
 * @cpu: on which; its events are counted by @sequence without a gap
 * @sequence: a jump of more than one tells how many events of @cpu were lost
 * @time_ns: since boot
 * @pid, @tgid: thread and process that it is about (of a fork, the new one)
 * @other_pid, @other_tgid: of a fork, exit or core dump the parent; of ptrace the
 *	tracer
 * @code: of an exit its status as wait(2) tells it; of UID, GID the real id; of NONE
 *	the kernel's error
 * @code2: of an exit the signal to the parent; of UID, GID the effective id
 * @name: of COMM
 */
struct lsk_proc_event {
	enum lsk_proc_what what;
	uint32_t cpu;
	uint32_t sequence;
	uint64_t time_ns;
	int32_t pid;
	int32_t tgid;
	int32_t other_pid;
	int32_t other_tgid;
	uint32_t code;
	uint32_t code2;
	char name[16];
};

/**
 * lsk_proc_listen() - be told of events from now on
 * @nl: a NETLINK_CONNECTOR handle
 * @mask: bits 1 << LSK_PROC_*; 0: all. Kernels before 6.6 tell all whatever it says
 *
 * Events come by lsk_nl_event_next() or lsk_nl_events_start(). With @mask 0 the first
 * one is LSK_PROC_NONE; a mask keeps that back too.
 *
 * Return: 0, -EPERM, -ENOENT or -ECONNREFUSED where the kernel or this namespace has no
 * such connector, or as lsk_nl_join().
 */
int lsk_proc_listen(struct lsk_nl *nl, uint32_t mask);

/** lsk_proc_ignore() - end lsk_proc_listen(); returns 0 or a negative error */
int lsk_proc_ignore(struct lsk_nl *nl);

/**
 * lsk_proc_parse() - read an event
 * @msg: as lsk_nl_event_next() gave it
 * @ret_event: filled
 *
 * Return: 0; -EBADMSG where it is cut; -ENOMSG where it is of another connector or of a
 * kind that is not known.
 */
int lsk_proc_parse(const struct nlmsghdr *msg, struct lsk_proc_event *ret_event);

LSK_END_DECLS

#endif
