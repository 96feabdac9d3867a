/* SPDX-License-Identifier: MIT */
/* Calls of io_uring_register(2), each made once on a ring of its own. */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "uring/trial.h"
#include "uring/util.h"

#define ENTRIES   8
#define PAGE_SIZE 4096

/* Numbers, since these are younger than the headers of some systems. */
#define REGISTER_SEND_MSG_RING 31
#define REGISTER_ZCRX_IFQ      32
#define REGISTER_QUERY         35
#define REGISTER_ZCRX_CTRL     36
#define REGISTER_BPF_FILTER    37

/* A call without a wrapper; errno becomes our answer where all errnos do. */
static int raw_register(int fd, unsigned int opcode, void *argument, unsigned int count)
{
	return syscall_result(
		(int)syscall(__NR_io_uring_register, fd, opcode, argument, count));
}

/* Aligned, lest its first page be one of the program's file: Linux 6.1 takes none. */
static _Alignas(PAGE_SIZE) char page[PAGE_SIZE];

static int call_buffers(struct io_uring *ring)
{
	struct iovec iov = {.iov_base = page, .iov_len = sizeof(page)};

	return io_uring_register_buffers(ring, &iov, 1);
}

static int call_buffers_sparse(struct io_uring *ring)
{
	return io_uring_register_buffers_sparse(ring, 4);
}

static int call_files(struct io_uring *ring)
{
	int none = -1;

	return io_uring_register_files(ring, &none, 1);
}

static int call_files_sparse(struct io_uring *ring)
{
	return io_uring_register_files_sparse(ring, 4);
}

static int call_file_alloc_range(struct io_uring *ring)
{
	int r = io_uring_register_files_sparse(ring, 4);

	return r < 0 ? r : io_uring_register_file_alloc_range(ring, 0, 2);
}

static int call_eventfd(struct io_uring *ring)
{
	_cleanup_(closep) int fd = eventfd(0, EFD_CLOEXEC);

	return fd < 0 ? -EMFILE : io_uring_register_eventfd(ring, fd);
}

static int call_eventfd_async(struct io_uring *ring)
{
	_cleanup_(closep) int fd = eventfd(0, EFD_CLOEXEC);

	return fd < 0 ? -EMFILE : io_uring_register_eventfd_async(ring, fd);
}

static int call_probe(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);

	if (!probe)
		return -EINVAL;
	io_uring_free_probe(probe);
	return 0;
}

static int call_files_tags(struct io_uring *ring)
{
	const __u64 tag = 0;
	int none = -1;

	return io_uring_register_files_tags(ring, &none, &tag, 1);
}

static int call_files_update(struct io_uring *ring)
{
	int none = -1;
	int r = call_files_sparse(ring);

	return r < 0 ? r : io_uring_register_files_update(ring, 0, &none, 1);
}

static int call_buffers_update(struct io_uring *ring)
{
	struct iovec iov = {.iov_base = page, .iov_len = sizeof(page)};
	const __u64 tag = 0;
	int r = call_buffers_sparse(ring);

	return r < 0 ? r : io_uring_register_buffers_update_tag(ring, 0, &iov, &tag, 1);
}

static int call_personality(struct io_uring *ring)
{
	return io_uring_register_personality(ring);
}

static int call_restrictions(struct io_uring *ring)
{
	struct io_uring_restriction restriction = {
		.opcode = IORING_RESTRICTION_SQE_OP,
		.sqe_op = IORING_OP_NOP,
	};

	return io_uring_register_restrictions(ring, &restriction, 1);
}

static int call_enable_rings(struct io_uring *ring)
{
	return io_uring_enable_rings(ring);
}

static int call_iowq_max_workers(struct io_uring *ring)
{
	unsigned int ask_only[2] = {0, 0};

	return io_uring_register_iowq_max_workers(ring, ask_only);
}

static int call_iowq_aff(struct io_uring *ring)
{
	unsigned long cpu = 1;

	return io_uring_register_iowq_aff(ring, sizeof(cpu), (cpu_set_t *)&cpu);
}

static int call_ring_fd(struct io_uring *ring)
{
	return io_uring_register_ring_fd(ring);
}

static int call_pbuf_ring(struct io_uring *ring)
{
	int r = 0;
	struct io_uring_buf_ring *buffers =
		io_uring_setup_buf_ring(ring, ENTRIES, 1, 0, &r);

	if (!buffers)
		return r < 0 ? r : -ENOMEM;
	return io_uring_free_buf_ring(ring, buffers, ENTRIES, 1);
}

static int call_pbuf_status(struct io_uring *ring)
{
	uint16_t head;
	int r = 0;
	struct io_uring_buf_ring *buffers =
		io_uring_setup_buf_ring(ring, ENTRIES, 1, 0, &r);

	if (!buffers)
		return r < 0 ? r : -ENOMEM;
	r = io_uring_buf_ring_head(ring, 1, &head);
	io_uring_free_buf_ring(ring, buffers, ENTRIES, 1);
	return r;
}

/* Nothing is there to be cancelled: ENOENT says that the call is. */
static int call_sync_cancel(struct io_uring *ring)
{
	struct io_uring_sync_cancel_reg request = {
		.fd = -1,
		.addr = 4711,
		.timeout = {.tv_sec = -1, .tv_nsec = -1},
	};
	int r = io_uring_register_sync_cancel(ring, &request);

	return r == -ENOENT ? 0 : r;
}

static int call_napi(struct io_uring *ring)
{
	struct io_uring_napi napi = {.busy_poll_to = 1};

	return io_uring_register_napi(ring, &napi);
}

static int call_clock(struct io_uring *ring)
{
	struct io_uring_clock_register clock = {.clockid = CLOCK_BOOTTIME};

	return io_uring_register_clock(ring, &clock);
}

static int call_clone_buffers(struct io_uring *ring)
{
	struct io_uring other;
	int r = call_buffers(ring);

	if (r == 0)
		r = io_uring_queue_init(ENTRIES, &other, 0);
	if (r < 0)
		return r;
	r = io_uring_clone_buffers(&other, ring);
	io_uring_queue_exit(&other);
	return r;
}

static int call_resize(struct io_uring *ring)
{
	struct io_uring_params params = {.sq_entries = 2 * ENTRIES,
					 .cq_entries = 4 * ENTRIES};

	return io_uring_resize_rings(ring, &params);
}

static int call_mem_region(struct io_uring *ring)
{
	void *memory = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_region_desc region = {
		.user_addr = (uint64_t)(uintptr_t)memory,
		.size = PAGE_SIZE,
		.flags = IORING_MEM_REGION_TYPE_USER,
	};
	struct io_uring_mem_region_reg request = {
		.region_uptr = (uint64_t)(uintptr_t)&region,
		.flags = IORING_MEM_REGION_REG_WAIT_ARG,
	};
	int r;

	if (memory == MAP_FAILED)
		return -ENOMEM;
	r = io_uring_register_region(ring, &request);
	munmap(memory, PAGE_SIZE);
	return r;
}

/* A message from a thread that has no ring. */
static int call_send_msg_ring(struct io_uring *ring)
{
	struct io_uring_sqe sqe = {0};

	io_uring_prep_msg_ring(&sqe, ring->ring_fd, 0, 4711, 0);
	return raw_register(-1, REGISTER_SEND_MSG_RING, &sqe, 1);
}

/* No question at all: a kernel that can be asked answers 0. */
static int call_query(struct io_uring *ring)
{
	return raw_register(ring->ring_fd, REGISTER_QUERY, NULL, 0);
}

/*
 * A queue of a card for zero-copy receive. No card is asked for one: a kernel that
 * knows the call finds no request at the address, any other finds no such call.
 */
static int call_zcrx_ifq(struct io_uring *ring)
{
	void *nowhere = (void *)(uintptr_t)1;
	int r = raw_register(ring->ring_fd, REGISTER_ZCRX_IFQ, nowhere, 1);

	return r == -EFAULT ? 0 : r;
}

/* What is at no address, or for no queue: any answer but that of an unknown call. */
static int call_of_nothing(struct io_uring *ring, unsigned int opcode)
{
	void *nowhere = (void *)(uintptr_t)1;
	int r = raw_register(ring->ring_fd, opcode, nowhere,
			     opcode == REGISTER_ZCRX_CTRL ? 0 : 1);

	return r == -EFAULT ? 0 : r;
}

static int call_zcrx_ctrl(struct io_uring *ring)
{
	return call_of_nothing(ring, REGISTER_ZCRX_CTRL);
}

static int call_bpf_filter(struct io_uring *ring)
{
	return call_of_nothing(ring, REGISTER_BPF_FILTER);
}

/* Nothing is to come: a kernel that has the least wait runs into the deadline. */
static int call_wait_min(struct io_uring *ring)
{
	struct __kernel_timespec deadline = {.tv_nsec = 2000000};
	struct io_uring_cqe *cqe;
	int r = io_uring_submit_and_wait_min_timeout(ring, &cqe, 2, &deadline, 1000,
						     NULL);

	return r == -ETIME ? 0 : r;
}

/* clang-format off */
const struct trial trials_of_register[] = {
	{ "register_buffers", "buffers that stay mapped", trial_on_ring, 0, 0, call_buffers },
	{ "register_buffers_sparse", "a table of buffers to be filled later", trial_on_ring, 0, 0, call_buffers_sparse },
	{ "register_files", "a table of files", trial_on_ring, 0, 0, call_files },
	{ "register_files_sparse", "a table of files to be filled later", trial_on_ring, 0, 0, call_files_sparse },
	{ "register_file_alloc_range", "a range that direct descriptors come from", trial_on_ring, 0, 0, call_file_alloc_range },
	{ "register_eventfd", "a descriptor that tells of completions", trial_on_ring, 0, 0, call_eventfd },
	{ "register_eventfd_async", "a descriptor that tells of workers' completions", trial_on_ring, 0, 0, call_eventfd_async },
	{ "register_probe", "which opcodes there are", trial_on_ring, 0, 0, call_probe },
	{ "register_files_tags", "files that tell when they are no more used", trial_on_ring, 0, 0, call_files_tags },
	{ "register_files_update", "other files in a table", trial_on_ring, 0, 0, call_files_update },
	{ "register_buffers_update", "other buffers in a table", trial_on_ring, 0, 0, call_buffers_update },
	{ "register_personality", "credentials to submit with", trial_on_ring, 0, 0, call_personality },
	{ "register_restrictions", "a ring that allows less", trial_on_ring, IORING_SETUP_R_DISABLED, 0, call_restrictions },
	{ "register_enable_rings", "start a ring that was made disabled", trial_on_ring, IORING_SETUP_R_DISABLED, 0, call_enable_rings },
	{ "register_iowq_aff", "processors of the workers", trial_on_ring, 0, 0, call_iowq_aff },
	{ "register_iowq_max_workers", "how many workers there may be", trial_on_ring, 0, 0, call_iowq_max_workers },
	{ "register_ring_fd", "the ring's own descriptor, registered", trial_on_ring, 0, 0, call_ring_fd },
	{ "register_pbuf_ring", "a ring of provided buffers", trial_on_ring, 0, 0, call_pbuf_ring },
	{ "register_pbuf_status", "where the kernel is in a ring of buffers", trial_on_ring, 0, 0, call_pbuf_status },
	{ "register_sync_cancel", "cancel and wait for it", trial_on_ring, 0, 0, call_sync_cancel },
	{ "register_napi", "busy polling of the card", trial_on_ring, 0, 0, call_napi },
	{ "register_clock", "the clock of deadlines", trial_on_ring, 0, 0, call_clock },
	{ "register_clone_buffers", "buffers of another ring", trial_on_ring, 0, 0, call_clone_buffers },
	{ "register_send_msg_ring", "a message to a ring from a thread without one", trial_on_ring, 0, 0, call_send_msg_ring },
	{ "register_resize_rings", "a larger ring in place", trial_on_ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0, call_resize },
	{ "register_mem_region", "wait arguments in registered memory", trial_on_ring, IORING_SETUP_R_DISABLED, 0, call_mem_region },
	{ "register_zcrx_ifq", "a card's queue for zero-copy receive", trial_on_ring, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQE32, 0, call_zcrx_ifq },
	{ "register_zcrx_ctrl", "commands to a card's queue", trial_on_ring, 0, 0, call_zcrx_ctrl },
	{ "register_bpf_filter", "a program that judges requests", trial_on_ring, 0, 0, call_bpf_filter },
	{ "wait_min", "a least time that a wait lasts, to gather completions", trial_on_ring, 0, 0, call_wait_min },
	{ "register_query", "what the kernel can do, without a ring", trial_on_ring, 0, 0, call_query },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */
