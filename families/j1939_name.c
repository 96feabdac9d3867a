/* SPDX-License-Identifier: MIT */
/*
 * NAMEs of J1939-81: 64 bits of nine fields, the least significant first.
 *
 *	identity 21 | manufacturer 11 | ECU 3 | function instance 5 | function 8 |
 *	reserved 1 | vehicle system 7 | its instance 4 | industry group 3 | may move 1
 */
#include <linsock/j1939.h>

#include <errno.h>

#include "uring/util.h"

struct field {
	uint8_t shift;
	uint8_t bits;
};

static const struct field fields[] = {
	{0, 21}, {21, 11}, {32, 3}, {35, 5}, {40, 8},
	{49, 7}, {56, 4},  {60, 3}, {63, 1},
};

static void values_of(const struct lsk_j1939_name *name, uint32_t *values)
{
	*values++ = name->identity;
	*values++ = name->manufacturer;
	*values++ = name->ecu_instance;
	*values++ = name->function_instance;
	*values++ = name->function;
	*values++ = name->vehicle_system;
	*values++ = name->vehicle_system_instance;
	*values++ = name->industry_group;
	*values = name->may_move;
}

int lsk_j1939_name_pack(const struct lsk_j1939_name *name, uint64_t *ret_name)
{
	uint32_t values[ARRAY_SIZE(fields)];
	uint64_t packed = 0;

	if (!name || !ret_name)
		return -EINVAL;
	values_of(name, values);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (values[i] >> fields[i].bits != 0)
			return LSK_ERR_RANGE;
		packed |= (uint64_t)values[i] << fields[i].shift;
	}
	*ret_name = packed;
	return 0;
}

static uint32_t field_of(uint64_t name, const struct field *field)
{
	return (uint32_t)(name >> field->shift & ((UINT64_C(1) << field->bits) - 1));
}

int lsk_j1939_name_unpack(uint64_t name, struct lsk_j1939_name *ret_name)
{
	if (!ret_name)
		return -EINVAL;
	*ret_name = (struct lsk_j1939_name){
		.identity = field_of(name, &fields[0]),
		.manufacturer = (uint16_t)field_of(name, &fields[1]),
		.ecu_instance = (uint8_t)field_of(name, &fields[2]),
		.function_instance = (uint8_t)field_of(name, &fields[3]),
		.function = (uint8_t)field_of(name, &fields[4]),
		.vehicle_system = (uint8_t)field_of(name, &fields[5]),
		.vehicle_system_instance = (uint8_t)field_of(name, &fields[6]),
		.industry_group = (uint8_t)field_of(name, &fields[7]),
		.may_move = field_of(name, &fields[8]) != 0,
	};
	return 0;
}
