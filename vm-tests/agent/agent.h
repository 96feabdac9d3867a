/* SPDX-License-Identifier: MIT */
/*
 * The first process of a guest. It mounts, loads modules, says "ready" and blocks on
 * the control port: the state of a template. Told to, it makes the payload disk its
 * root, says "entered" and blocks again: the state of a template with its payload. A
 * clone of either goes on from there, and runs jobs one after another.
 *
 * Called with a folder of modules it is no first process, but a guest of another's
 * (virtme-ng): the root stays as it is.
 */
#ifndef LINSOCK_VM_AGENT_H
#define LINSOCK_VM_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The virtio ports, by what they carry; the console carries only the kernel. */
enum port {
	PORT_CONTROL,
	PORT_OUT,
	PORT_ERR,
	PORT_KLOG,
	PORT__COUNT,
};

#define WORDS_MAX 1024

/* What the host wants run; the strings lie in the message that was read. */
struct job {
	char *arguments[WORDS_MAX + 1];
	char *environment[WORDS_MAX + 1];
	size_t argument_count;
	size_t environment_count;
	const char *folder;
	const char *script; /* written to /run/job; NULL: none */
	const char *seed;   /* of the random numbers; NULL: those of the template */
	int64_t clock_ns;   /* since 1970 */
	int machine; /* which of a network's machines this is, from 1; 0: no network */
};

/* End the machine with this said on the console. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* boot.c: what a template does first. */
void boot_mount(void);
/* Load what @folder/order lists; the names of those that failed follow @ret_text. */
void boot_load_modules(const char *folder, char *ret_text, size_t size);
void boot_open_ports(int ret_ports[PORT__COUNT]);

/* Which program the kernel runs to load a module; "\n": none. */
void boot_set_modprobe(const char *line);

/* job.c: what follows. */
/* Make the payload the root, once the host says so. Return: NULL, or what failed. */
const char *job_enter_payload(int control);
/* What @ret_job then points to is good until the next one is read. */
void job_read(int control, struct job *ret_job);
/* Set the clock, the network and so on. Return: NULL, or what failed. */
const char *job_begin(const struct job *job);
/* Run it, and pass on what it and the kernel say. Return: its status as a shell has it.
 */
int job_run(const struct job *job, const int ports[PORT__COUNT], int klog);
/* Pass on what the kernel said and nobody read. */
void job_drain_log(int klog, int port);

/* net.c */
void net_up(const char *interface);
/* Give eth0 the MAC and IPv4 address of a machine: 02:00:00:00:00:N, 10.9.0.N/24. */
void net_configure(int machine);

/* Write all, whatever it takes; what cannot be written is lost. */
void write_all(int fd, const void *bytes, size_t len);

#endif
