/* SPDX-License-Identifier: MIT */
/* Classic BPF in this process: the check that makes a program safe, and the machine. */
#include <linsock/packet.h>

#include <errno.h>
#include <string.h>

struct machine {
	uint32_t a;
	uint32_t x;
	uint32_t memory[BPF_MEMWORDS];
	const uint8_t *data;
	uint32_t captured;
	uint32_t length;
};

static bool check_load(const struct sock_filter *each)
{
	switch (BPF_MODE(each->code)) {
	case BPF_MEM:
		return each->k < BPF_MEMWORDS;
	case BPF_IMM:
	case BPF_LEN:
		return BPF_SIZE(each->code) == BPF_W;
	case BPF_ABS:
	case BPF_IND:
		return BPF_CLASS(each->code) == BPF_LD &&
		       BPF_SIZE(each->code) != (BPF_H | BPF_B);
	case BPF_MSH:
		return BPF_CLASS(each->code) == BPF_LDX &&
		       BPF_SIZE(each->code) == BPF_B;
	default:
		return false;
	}
}

static bool check_arithmetic(const struct sock_filter *each)
{
	switch (BPF_OP(each->code)) {
	case BPF_DIV:
	case BPF_MOD:
		return BPF_SRC(each->code) == BPF_X || each->k != 0;
	case BPF_LSH:
	case BPF_RSH:
		return BPF_SRC(each->code) == BPF_X || each->k < 32;
	default:
		return BPF_OP(each->code) <= BPF_XOR;
	}
}

/* @after is how many instructions follow. */
static bool check_jump(const struct sock_filter *each, size_t after)
{
	if (BPF_OP(each->code) == BPF_JA)
		return each->k < after;
	return BPF_OP(each->code) <= BPF_JSET && each->jt < after && each->jf < after;
}

static bool check_instruction(const struct sock_filter *each, size_t after)
{
	switch (BPF_CLASS(each->code)) {
	case BPF_LD:
	case BPF_LDX:
		return check_load(each);
	case BPF_ST:
	case BPF_STX:
		return each->k < BPF_MEMWORDS;
	case BPF_ALU:
		return check_arithmetic(each);
	case BPF_JMP:
		return check_jump(each, after);
	case BPF_RET:
		return BPF_RVAL(each->code) != BPF_X;
	default: /* BPF_MISC */
		return true;
	}
}

int lsk_packet_filter_check(const struct lsk_packet_filter *filter)
{
	if (!filter || (!filter->instructions && filter->count > 0) ||
	    filter->count > BPF_MAXINSNS)
		return -EINVAL;
	for (size_t i = 0; i < filter->count; i++)
		if (!check_instruction(&filter->instructions[i], filter->count - i - 1))
			return -EINVAL;
	if (filter->count > 0 &&
	    BPF_CLASS(filter->instructions[filter->count - 1].code) != BPF_RET)
		return -EINVAL;
	return 0;
}

/* Read @size bytes at @offset, big-endian. Return: whether they are there. */
static bool load_packet(const struct machine *machine, uint64_t offset, uint16_t size,
			uint32_t *ret_value)
{
	unsigned int len = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
	uint32_t value = 0;

	if (offset + len > machine->captured)
		return false;
	for (unsigned int i = 0; i < len; i++)
		value = value << 8 | machine->data[offset + i];
	*ret_value = value;
	return true;
}

/* Return: whether the program goes on. */
static bool load(struct machine *machine, const struct sock_filter *each)
{
	uint32_t *to = BPF_CLASS(each->code) == BPF_LD ? &machine->a : &machine->x;
	uint32_t byte;

	switch (BPF_MODE(each->code)) {
	case BPF_IMM:
		*to = each->k;
		return true;
	case BPF_LEN:
		*to = machine->length;
		return true;
	case BPF_MEM:
		*to = machine->memory[each->k];
		return true;
	case BPF_ABS:
		return load_packet(machine, each->k, BPF_SIZE(each->code), to);
	case BPF_IND:
		return load_packet(machine, (uint64_t)each->k + machine->x,
				   BPF_SIZE(each->code), to);
	default: /* BPF_MSH: the length of an IPv4 header */
		if (!load_packet(machine, each->k, BPF_B, &byte))
			return false;
		machine->x = (byte & 0xf) << 2;
		return true;
	}
}

/* Return: whether the program goes on; it does not after a division by 0. */
static bool compute(struct machine *machine, const struct sock_filter *each)
{
	uint32_t operand = BPF_SRC(each->code) == BPF_X ? machine->x : each->k;

	switch (BPF_OP(each->code)) {
	case BPF_ADD:
		machine->a += operand;
		return true;
	case BPF_SUB:
		machine->a -= operand;
		return true;
	case BPF_MUL:
		machine->a *= operand;
		return true;
	case BPF_DIV:
		machine->a = operand ? machine->a / operand : 0;
		return operand != 0;
	case BPF_MOD:
		machine->a = operand ? machine->a % operand : 0;
		return operand != 0;
	case BPF_OR:
		machine->a |= operand;
		return true;
	case BPF_AND:
		machine->a &= operand;
		return true;
	case BPF_XOR:
		machine->a ^= operand;
		return true;
	case BPF_LSH:
		machine->a = operand < 32 ? machine->a << operand : 0;
		return true;
	case BPF_RSH:
		machine->a = operand < 32 ? machine->a >> operand : 0;
		return true;
	default: /* BPF_NEG */
		machine->a = -machine->a;
		return true;
	}
}

/* Return: how many instructions to step over. */
static uint32_t jump(const struct machine *machine, const struct sock_filter *each)
{
	uint32_t operand = BPF_SRC(each->code) == BPF_X ? machine->x : each->k;
	bool is_true;

	switch (BPF_OP(each->code)) {
	case BPF_JA:
		return each->k;
	case BPF_JEQ:
		is_true = machine->a == operand;
		break;
	case BPF_JGT:
		is_true = machine->a > operand;
		break;
	case BPF_JGE:
		is_true = machine->a >= operand;
		break;
	default: /* BPF_JSET */
		is_true = machine->a & operand;
		break;
	}
	return is_true ? each->jt : each->jf;
}

/* Loads, stores and sums. Return: whether the program goes on. */
static bool step(struct machine *machine, const struct sock_filter *each)
{
	switch (BPF_CLASS(each->code)) {
	case BPF_LD:
	case BPF_LDX:
		return load(machine, each);
	case BPF_ST:
		machine->memory[each->k] = machine->a;
		return true;
	case BPF_STX:
		machine->memory[each->k] = machine->x;
		return true;
	case BPF_ALU:
		return compute(machine, each);
	default: /* BPF_MISC */
		if (BPF_MISCOP(each->code) == BPF_TXA)
			machine->a = machine->x;
		else
			machine->x = machine->a;
		return true;
	}
}

uint32_t lsk_packet_filter_run(const struct lsk_packet_filter *filter, const void *data,
			       uint32_t captured, uint32_t length)
{
	struct machine machine = {
		.data = data,
		.captured = captured,
		.length = length,
	};

	if (!filter || filter->count == 0)
		return UINT32_MAX;
	for (size_t i = 0; i < filter->count; i++) {
		const struct sock_filter *each = &filter->instructions[i];

		if (BPF_CLASS(each->code) == BPF_RET)
			return BPF_RVAL(each->code) == BPF_A ? machine.a : each->k;
		if (BPF_CLASS(each->code) == BPF_JMP)
			i += jump(&machine, each);
		else if (!step(&machine, each))
			return 0;
	}
	return 0;
}
