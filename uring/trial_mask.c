/* SPDX-License-Identifier: MIT */
/* What a ring's own masks tell: opcodes, set-up flags, feature bits. */
#include <errno.h>
#include <liburing.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uring/trial.h"
#include "uring/util.h"

#define ENTRIES   8
#define PAGE_SIZE ((size_t)4096)

/* Numbers, since these are younger than the headers of some systems. */
#define SETUP_NO_MMAP                (1U << 14)
#define SETUP_REGISTERED_FD_ONLY     (1U << 15)
#define REGISTER_USE_REGISTERED_RING (1U << 31)

int trial_on_ring(const struct trial *trial)
{
	struct io_uring ring;
	int r = io_uring_queue_init(ENTRIES, &ring, trial->number);

	if (r < 0)
		return r;
	r = trial->call(&ring);
	io_uring_queue_exit(&ring);
	return r < 0 ? r : 0;
}

/* A ring without a descriptor ends once its index is given back. */
static int forget_registered(int index)
{
	struct io_uring_rsrc_update update = {.offset = (unsigned int)index};

	return syscall_result((int)syscall(
		__NR_io_uring_register, index,
		IORING_UNREGISTER_RING_FDS | REGISTER_USE_REGISTERED_RING, &update, 1));
}

static int trial_setup(const struct trial *trial)
{
	struct io_uring_params params = {.flags = trial->number | trial->more};
	int fd;

	if (trial->number == IORING_SETUP_CQSIZE)
		params.cq_entries = 4 * ENTRIES;
	fd = io_uring_setup(ENTRIES, &params);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* The workers of another ring. */
static int trial_attach(const struct trial *trial)
{
	struct io_uring_params params = {0};
	_cleanup_(closep) int first = io_uring_setup(ENTRIES, &params);
	_cleanup_(closep) int second = -1;

	if (first < 0)
		return first;
	params = (struct io_uring_params){.flags = trial->number,
					  .wq_fd = (unsigned int)first};
	second = io_uring_setup(ENTRIES, &params);
	return second < 0 ? second : 0;
}

/* Rings in memory of the caller's: a page for each is enough for so few entries. */
static int trial_memory(const struct trial *trial)
{
	struct io_uring_params params = {.flags = trial->number | trial->more};
	char *pages = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int fd;

	if (pages == MAP_FAILED)
		return -ENOMEM;
	params.cq_off.user_addr = (uint64_t)(uintptr_t)pages;
	params.sq_off.user_addr = (uint64_t)(uintptr_t)(pages + PAGE_SIZE);
	fd = io_uring_setup(ENTRIES, &params);
	if (fd >= 0 && (trial->number & SETUP_REGISTERED_FD_ONLY))
		fd = forget_registered(fd);
	else if (fd >= 0)
		fd = close(fd);
	munmap(pages, 2 * PAGE_SIZE);
	return fd < 0 ? fd : 0;
}

static int trial_feature(const struct trial *trial)
{
	struct io_uring_params params = {0};
	int fd = io_uring_setup(ENTRIES, &params);

	if (fd < 0)
		return fd;
	close(fd);
	return params.features & trial->number ? 0 : -EOPNOTSUPP;
}

static int trial_opcode(const struct trial *trial)
{
	struct io_uring_params params = {0};
	struct io_uring_probe *probe;
	int fd, r;

	fd = io_uring_setup(ENTRIES, &params);
	if (fd < 0)
		return fd;
	close(fd);
	probe = io_uring_get_probe();
	if (!probe)
		return -ENOMEM;
	/* An opcode that the kernel does not know is refused with EINVAL. */
	r = io_uring_opcode_supported(probe, (int)trial->number) ? 0 : -EINVAL;
	io_uring_free_probe(probe);
	return r;
}

/* Numbers, since these are younger than the headers of some systems. */
/* clang-format off */
const struct trial trials_of_masks[] = {
	{ "nop", "nothing, and back", trial_opcode, 0, 0, NULL },
	{ "readv", "opcode IORING_OP_READV", trial_opcode, 1, 0, NULL },
	{ "writev", "opcode IORING_OP_WRITEV", trial_opcode, 2, 0, NULL },
	{ "fsync", "opcode IORING_OP_FSYNC", trial_opcode, 3, 0, NULL },
	{ "read_fixed", "opcode IORING_OP_READ_FIXED", trial_opcode, 4, 0, NULL },
	{ "write_fixed", "opcode IORING_OP_WRITE_FIXED", trial_opcode, 5, 0, NULL },
	{ "poll_add", "readiness of a descriptor", trial_opcode, 6, 0, NULL },
	{ "poll_remove", "opcode IORING_OP_POLL_REMOVE", trial_opcode, 7, 0, NULL },
	{ "sync_file_range", "opcode IORING_OP_SYNC_FILE_RANGE", trial_opcode, 8, 0, NULL },
	{ "sendmsg", "sendmsg(2)", trial_opcode, 9, 0, NULL },
	{ "recvmsg", "recvmsg(2)", trial_opcode, 10, 0, NULL },
	{ "timeout", "a time, or a number of completions", trial_opcode, 11, 0, NULL },
	{ "timeout_remove", "opcode IORING_OP_TIMEOUT_REMOVE", trial_opcode, 12, 0, NULL },
	{ "accept", "accept4(2)", trial_opcode, 13, 0, NULL },
	{ "async_cancel", "cancel requests", trial_opcode, 14, 0, NULL },
	{ "link_timeout", "a limit for the request before", trial_opcode, 15, 0, NULL },
	{ "connect", "connect(2)", trial_opcode, 16, 0, NULL },
	{ "fallocate", "opcode IORING_OP_FALLOCATE", trial_opcode, 17, 0, NULL },
	{ "openat", "opcode IORING_OP_OPENAT", trial_opcode, 18, 0, NULL },
	{ "close", "opcode IORING_OP_CLOSE", trial_opcode, 19, 0, NULL },
	{ "files_update", "opcode IORING_OP_FILES_UPDATE", trial_opcode, 20, 0, NULL },
	{ "statx", "opcode IORING_OP_STATX", trial_opcode, 21, 0, NULL },
	{ "read", "opcode IORING_OP_READ", trial_opcode, 22, 0, NULL },
	{ "write", "opcode IORING_OP_WRITE", trial_opcode, 23, 0, NULL },
	{ "fadvise", "opcode IORING_OP_FADVISE", trial_opcode, 24, 0, NULL },
	{ "madvise", "opcode IORING_OP_MADVISE", trial_opcode, 25, 0, NULL },
	{ "send", "send(2)", trial_opcode, 26, 0, NULL },
	{ "recv", "recv(2)", trial_opcode, 27, 0, NULL },
	{ "openat2", "opcode IORING_OP_OPENAT2", trial_opcode, 28, 0, NULL },
	{ "epoll_ctl", "epoll_ctl(2)", trial_opcode, 29, 0, NULL },
	{ "splice", "opcode IORING_OP_SPLICE", trial_opcode, 30, 0, NULL },
	{ "provide_buffers", "opcode IORING_OP_PROVIDE_BUFFERS", trial_opcode, 31, 0, NULL },
	{ "remove_buffers", "opcode IORING_OP_REMOVE_BUFFERS", trial_opcode, 32, 0, NULL },
	{ "tee", "opcode IORING_OP_TEE", trial_opcode, 33, 0, NULL },
	{ "shutdown", "shutdown(2)", trial_opcode, 34, 0, NULL },
	{ "renameat", "opcode IORING_OP_RENAMEAT", trial_opcode, 35, 0, NULL },
	{ "unlinkat", "opcode IORING_OP_UNLINKAT", trial_opcode, 36, 0, NULL },
	{ "mkdirat", "opcode IORING_OP_MKDIRAT", trial_opcode, 37, 0, NULL },
	{ "symlinkat", "opcode IORING_OP_SYMLINKAT", trial_opcode, 38, 0, NULL },
	{ "linkat", "opcode IORING_OP_LINKAT", trial_opcode, 39, 0, NULL },
	{ "msg_ring", "a message to another ring", trial_opcode, 40, 0, NULL },
	{ "fsetxattr", "opcode IORING_OP_FSETXATTR", trial_opcode, 41, 0, NULL },
	{ "setxattr", "opcode IORING_OP_SETXATTR", trial_opcode, 42, 0, NULL },
	{ "fgetxattr", "opcode IORING_OP_FGETXATTR", trial_opcode, 43, 0, NULL },
	{ "getxattr", "opcode IORING_OP_GETXATTR", trial_opcode, 44, 0, NULL },
	{ "socket", "socket(2)", trial_opcode, 45, 0, NULL },
	{ "uring_cmd", "a command of the file, such as a socket's options", trial_opcode, 46, 0, NULL },
	{ "send_zc", "send without a copy, with a notification", trial_opcode, 47, 0, NULL },
	{ "sendmsg_zc", "sendmsg without a copy, with a notification", trial_opcode, 48, 0, NULL },
	{ "read_multishot", "read again and again into provided buffers", trial_opcode, 49, 0, NULL },
	{ "waitid", "opcode IORING_OP_WAITID", trial_opcode, 50, 0, NULL },
	{ "futex_wait", "opcode IORING_OP_FUTEX_WAIT", trial_opcode, 51, 0, NULL },
	{ "futex_wake", "opcode IORING_OP_FUTEX_WAKE", trial_opcode, 52, 0, NULL },
	{ "futex_waitv", "opcode IORING_OP_FUTEX_WAITV", trial_opcode, 53, 0, NULL },
	{ "fixed_fd_install", "a direct descriptor into an ordinary one", trial_opcode, 54, 0, NULL },
	{ "ftruncate", "opcode IORING_OP_FTRUNCATE", trial_opcode, 55, 0, NULL },
	{ "bind", "bind(2)", trial_opcode, 56, 0, NULL },
	{ "listen", "listen(2)", trial_opcode, 57, 0, NULL },
	{ "recv_zc", "receive without a copy, from a queue of the card", trial_opcode, 58, 0, NULL },
	{ "epoll_wait", "epoll_wait(2)", trial_opcode, 59, 0, NULL },
	{ "readv_fixed", "opcode IORING_OP_READV_FIXED", trial_opcode, 60, 0, NULL },
	{ "writev_fixed", "opcode IORING_OP_WRITEV_FIXED", trial_opcode, 61, 0, NULL },
	{ "pipe", "opcode IORING_OP_PIPE", trial_opcode, 62, 0, NULL },
	{ "nop128", "opcode IORING_OP_NOP128", trial_opcode, 63, 0, NULL },
	{ "uring_cmd128", "opcode IORING_OP_URING_CMD128", trial_opcode, 64, 0, NULL },
	{ "setup_iopoll", "polled files", trial_setup, 1U << 0, 0, NULL },
	{ "setup_sqpoll", "a kernel thread that submits", trial_setup, 1U << 1, 0, NULL },
	{ "setup_sq_aff", "the processor of that thread", trial_setup, 1U << 2, 1U << 1, NULL },
	{ "setup_cqsize", "a completion queue of a size of its own", trial_setup, 1U << 3, 0, NULL },
	{ "setup_clamp", "sizes that are too large are made to fit", trial_setup, 1U << 4, 0, NULL },
	{ "setup_attach_wq", "the workers of another ring", trial_attach, 1U << 5, 0, NULL },
	{ "setup_r_disabled", "a ring that starts later", trial_setup, 1U << 6, 0, NULL },
	{ "setup_submit_all", "a bad request does not end a submission", trial_setup, 1U << 7, 0, NULL },
	{ "setup_coop_taskrun", "no interrupt for completions", trial_setup, 1U << 8, 0, NULL },
	{ "setup_taskrun_flag", "a flag tells of completions that wait", trial_setup, 1U << 9, 1U << 8, NULL },
	{ "setup_sqe128", "requests of 128 bytes", trial_setup, 1U << 10, 0, NULL },
	{ "setup_cqe32", "completions of 32 bytes", trial_setup, 1U << 11, 0, NULL },
	{ "setup_single_issuer", "one thread submits", trial_setup, 1U << 12, 0, NULL },
	{ "setup_defer_taskrun", "completions only when they are waited for", trial_setup, 1U << 13, 1U << 12, NULL },
	{ "setup_no_mmap", "rings in memory of the caller's", trial_memory, SETUP_NO_MMAP, 0, NULL },
	{ "setup_registered_fd_only", "a ring without a descriptor", trial_memory, SETUP_REGISTERED_FD_ONLY, SETUP_NO_MMAP, NULL },
	{ "setup_no_sqarray", "no indirection in the submission queue", trial_setup, 1U << 16, 0, NULL },
	{ "setup_hybrid_iopoll", "sleep, then poll files", trial_setup, 1U << 17, 1U << 0, NULL },
	{ "setup_cqe_mixed", "completions of both sizes", trial_setup, 1U << 18, 0, NULL },
	{ "setup_sqe_mixed", "requests of both sizes", trial_setup, 1U << 19, 0, NULL },
	{ "setup_sq_rewind", "a submission queue without a tail", trial_setup, 1U << 20, 1U << 16, NULL },
	{ "feat_single_mmap", "IORING_FEAT_SINGLE_MMAP", trial_feature, 1U << 0, 0, NULL },
	{ "feat_nodrop", "completions that do not fit are kept", trial_feature, 1U << 1, 0, NULL },
	{ "feat_submit_stable", "arguments may go once submitted", trial_feature, 1U << 2, 0, NULL },
	{ "feat_rw_cur_pos", "IORING_FEAT_RW_CUR_POS", trial_feature, 1U << 3, 0, NULL },
	{ "feat_cur_personality", "IORING_FEAT_CUR_PERSONALITY", trial_feature, 1U << 4, 0, NULL },
	{ "feat_fast_poll", "sockets wait without a thread", trial_feature, 1U << 5, 0, NULL },
	{ "feat_poll_32bits", "IORING_FEAT_POLL_32BITS", trial_feature, 1U << 6, 0, NULL },
	{ "feat_sqpoll_nonfixed", "IORING_FEAT_SQPOLL_NONFIXED", trial_feature, 1U << 7, 0, NULL },
	{ "feat_ext_arg", "a deadline in the wait itself", trial_feature, 1U << 8, 0, NULL },
	{ "feat_native_workers", "IORING_FEAT_NATIVE_WORKERS", trial_feature, 1U << 9, 0, NULL },
	{ "feat_rsrc_tags", "tagged resources", trial_feature, 1U << 10, 0, NULL },
	{ "feat_cqe_skip", "requests without a completion", trial_feature, 1U << 11, 0, NULL },
	{ "feat_linked_file", "IORING_FEAT_LINKED_FILE", trial_feature, 1U << 12, 0, NULL },
	{ "feat_reg_reg_ring", "IORING_FEAT_REG_REG_RING", trial_feature, 1U << 13, 0, NULL },
	{ "feat_recvsend_bundle", "one completion for many buffers", trial_feature, 1U << 14, 0, NULL },
	{ "feat_min_timeout", "a wait with a least time", trial_feature, 1U << 15, 0, NULL },
	{ "feat_rw_attr", "IORING_FEAT_RW_ATTR", trial_feature, 1U << 16, 0, NULL },
	{ "feat_no_iowait", "waiting that does not count as I/O wait", trial_feature, 1U << 17, 0, NULL },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */
