/* SPDX-License-Identifier: MIT */
/*
 * The judge's verdicts as a socket filter in classic BPF, so that frames that do not
 * pass wake nobody and fill no queue.
 *
 * A frame's identifier has the host's byte order, and a program loads in the network's,
 * so it is put together byte by byte. Identifiers of 11 bits are looked up in words of
 * verdicts, as many as 32 identifiers share one; a tree of comparisons finds the word.
 * Those of 29 bits are searched for within each mask by such a tree.
 */
#include "families/can_judge.h"

#include <errno.h>
#include <linux/can.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "uring/util.h"

#define PASS UINT32_MAX /* as many bytes as there are */
#define DROP 0u

/* A leaf of a tree compares with up to so many, one after the other: a tree with more
 * leaves has more instructions, of which 6.1 takes about 2,500 unless told otherwise.
 */
#define LEAF_MAX 32

/* Where a frame of XL has its flags, and all others have a length below 0x80. */
#define XL_FLAGS_OFFSET 4

/* Scratch memory: the extended identifier, or a word of verdicts. */
#define SCRATCH 0

/* The target of a jump that is not known yet. */
#define TARGET_LATER UINT32_MAX

struct program {
	struct sock_filter *instructions;
	size_t len; /* may pass CAN_PROGRAM_MAX, and then does not fit */
};

static void emit_jump(struct program *program, uint16_t code, uint32_t value,
		      uint8_t if_true, uint8_t if_false)
{
	if (program->len < CAN_PROGRAM_MAX)
		program->instructions[program->len] = (struct sock_filter){
			.code = code, .jt = if_true, .jf = if_false, .k = value};
	program->len++;
}

static void emit(struct program *program, uint16_t code, uint32_t value)
{
	emit_jump(program, code, value, 0, 0);
}

/* A jump to somewhere. Return: for land(). */
static size_t emit_goto(struct program *program)
{
	emit(program, BPF_JMP | BPF_JA, TARGET_LATER);
	return program->len - 1;
}

/* The jump goes to the next instruction. */
static void land(struct program *program, size_t jump)
{
	if (jump < CAN_PROGRAM_MAX)
		program->instructions[jump].k = (uint32_t)(program->len - jump - 1);
}

/* All jumps since @begin that go nowhere yet go to the next instruction. */
static void land_all(struct program *program, size_t begin)
{
	for (size_t i = begin; i < program->len && i < CAN_PROGRAM_MAX; i++)
		if (program->instructions[i].code == (BPF_JMP | BPF_JA) &&
		    program->instructions[i].k == TARGET_LATER)
			land(program, i);
}

/* Load byte @i of the identifier, of which 0 is the least. */
static void emit_load_id(struct program *program, unsigned int i)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	i = 3 - i;
#endif
	emit(program, BPF_LD | BPF_B | BPF_ABS, i);
}

/* Go on where the word of verdicts is for group of 32 identifiers A. */
static void emit_words(struct program *program, const uint32_t *words, uint32_t first,
		       uint32_t end)
{
	uint32_t middle = first + (end - first) / 2;
	bool is_same = true;
	size_t upper;

	for (uint32_t i = first; i < end; i++)
		is_same &= words[i] == words[first];
	if (is_same && (words[first] == 0 || words[first] == UINT32_MAX)) {
		emit(program, BPF_RET | BPF_K, words[first] ? PASS : DROP);
	} else if (is_same) {
		emit(program, BPF_LD | BPF_IMM, words[first]);
		emit_goto(program);
	} else {
		emit_jump(program, BPF_JMP | BPF_JGE | BPF_K, middle, 0, 1);
		upper = program->len;
		emit(program, BPF_JMP | BPF_JA, 0);
		emit_words(program, words, first, middle);
		land(program, upper);
		emit_words(program, words, middle, end);
	}
}

static void emit_standard(struct program *program, const struct can_judge *judge)
{
	size_t begin;

	/* A: RTR, and the identifier without its last five bits: 0 … 127. */
	emit_load_id(program, 3);
	emit(program, BPF_ALU | BPF_AND | BPF_K, CAN_RTR_FLAG >> 24);
	emit(program, BPF_MISC | BPF_TAX, 0);
	emit_load_id(program, 1);
	emit(program, BPF_ALU | BPF_AND | BPF_K, LSK_CAN_ID_MAX >> 8);
	emit(program, BPF_ALU | BPF_LSH | BPF_K, 3);
	emit(program, BPF_ALU | BPF_OR | BPF_X, 0);
	emit(program, BPF_MISC | BPF_TAX, 0);
	emit_load_id(program, 0);
	emit(program, BPF_ALU | BPF_RSH | BPF_K, 5);
	emit(program, BPF_ALU | BPF_OR | BPF_X, 0);
	begin = program->len;
	emit_words(program, judge->standard, 0, ARRAY_SIZE(judge->standard));
	land_all(program, begin);
	emit(program, BPF_ST, SCRATCH);
	emit_load_id(program, 0);
	emit(program, BPF_ALU | BPF_AND | BPF_K, 31);
	emit(program, BPF_MISC | BPF_TAX, 0);
	emit(program, BPF_LD | BPF_MEM, SCRATCH);
	emit(program, BPF_ALU | BPF_RSH | BPF_X, 0);
	emit_jump(program, BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
	emit(program, BPF_RET | BPF_K, PASS);
	emit(program, BPF_RET | BPF_K, DROP);
}

/* Return @verdict where A is one of the identifiers, else go on behind the tree. */
static void emit_tree(struct program *program, const uint32_t *ids, size_t count,
		      uint32_t verdict)
{
	size_t middle = count / 2;
	size_t upper;

	if (count <= LEAF_MAX) {
		for (size_t i = 0; i < count; i++)
			emit_jump(program, BPF_JMP | BPF_JEQ | BPF_K,
				  ids[i] & ~CAN_EFF_FLAG, (uint8_t)(count - i), 0);
		emit_goto(program);
		emit(program, BPF_RET | BPF_K, verdict);
		return;
	}
	emit_jump(program, BPF_JMP | BPF_JGE | BPF_K, ids[middle] & ~CAN_EFF_FLAG, 0,
		  1);
	upper = program->len;
	emit(program, BPF_JMP | BPF_JA, 0);
	emit_tree(program, ids, middle, verdict);
	land(program, upper);
	emit_tree(program, ids + middle, count - middle, verdict);
}

/* Return: whether the group decides over every extended frame, so that no more can
 * follow. */
static bool emit_group(struct program *program, const struct can_judge_group *group,
		       uint32_t verdict)
{
	const uint32_t *ids = group->ids;
	size_t count = group->count;
	size_t begin;

	/* What asks for 11 bits is never hit here, and the rest stands behind it. */
	while (group->mask & CAN_EFF_FLAG && count > 0 && !(ids[0] & CAN_EFF_FLAG)) {
		ids++;
		count--;
	}
	if (group->is_by_miss && (group->count > 1 || count == 0)) {
		emit(program, BPF_RET | BPF_K, verdict);
		return true;
	}
	if (count == 0)
		return false;
	emit(program, BPF_LD | BPF_MEM, SCRATCH);
	emit(program, BPF_ALU | BPF_AND | BPF_K, group->mask & ~CAN_EFF_FLAG);
	if (group->is_by_miss) {
		emit_jump(program, BPF_JMP | BPF_JEQ | BPF_K, ids[0] & ~CAN_EFF_FLAG, 1,
			  0);
		emit(program, BPF_RET | BPF_K, verdict);
		return false;
	}
	begin = program->len;
	emit_tree(program, ids, count, verdict);
	land_all(program, begin);
	return false;
}

static void emit_extended(struct program *program, const struct can_judge *judge)
{
	uint32_t verdict = judge->join ? DROP : PASS;

	/* The flag of the 29 bits is known, and left out: constants whose highest bit
	 * is set cost the kernel an instruction more. */
	emit_load_id(program, 3);
	emit(program, BPF_ALU | BPF_AND | BPF_K, 0x7F);
	for (unsigned int i = 3; i-- > 0;) {
		emit(program, BPF_ALU | BPF_LSH | BPF_K, 8);
		emit(program, BPF_MISC | BPF_TAX, 0);
		emit_load_id(program, i);
		emit(program, BPF_ALU | BPF_OR | BPF_X, 0);
	}
	emit(program, BPF_ST, SCRATCH);
	for (size_t i = 0; i < judge->group_count; i++)
		if (emit_group(program, &judge->groups[i], verdict))
			return;
	emit(program, BPF_RET | BPF_K, judge->join ? PASS : DROP);
}

int can_program_write(const struct can_judge *judge, bool with_extended,
		      struct sock_filter *ret_instructions)
{
	struct program program = {.instructions = ret_instructions};
	size_t extended;

	emit(&program, BPF_LD | BPF_B | BPF_ABS, XL_FLAGS_OFFSET);
	emit_jump(&program, BPF_JMP | BPF_JSET | BPF_K, LSK_CANXL_XLF, 2, 0);
	emit_load_id(&program, 3);
	emit_jump(&program, BPF_JMP | BPF_JSET | BPF_K, CAN_ERR_FLAG >> 24, 0, 1);
	emit(&program, BPF_RET | BPF_K, PASS);
	emit_jump(&program, BPF_JMP | BPF_JSET | BPF_K, CAN_EFF_FLAG >> 24, 0, 1);
	extended = emit_goto(&program);
	emit_standard(&program, judge);
	land(&program, extended);
	if (with_extended)
		emit_extended(&program, judge);
	else
		emit(&program, BPF_RET | BPF_K, PASS);
	return program.len <= CAN_PROGRAM_MAX ? (int)program.len : -ENOSPC;
}

static int attach(const struct can_judge *judge, bool with_extended,
		  struct sock_filter *instructions, struct lsk_socket *sock)
{
	struct sock_fprog program = {.filter = instructions};
	int r = can_program_write(judge, with_extended, instructions);

	if (r < 0)
		return r;
	program.len = (unsigned short)r;
	return lsk_socket_setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				     sizeof(program));
}

int can_program_attach(struct can_judge *judge, struct lsk_socket *sock)
{
	struct sock_filter *instructions =
		calloc(CAN_PROGRAM_MAX, sizeof(*instructions));

	if (!instructions)
		return -ENOMEM;
	/* -ENOMEM: more than net.core.optmem_max. */
	judge->kernel_knows_extended = attach(judge, true, instructions, sock) == 0;
	if (!judge->kernel_knows_extended)
		(void)attach(judge, false, instructions, sock);
	free(instructions);
	return 0;
}
