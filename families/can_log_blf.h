/* SPDX-License-Identifier: MIT */
/* Vector's binary log: what its reader and its writer both know. See can_log_blf.c. */
#ifndef LSK_CAN_LOG_BLF_H
#define LSK_CAN_LOG_BLF_H

#include "families/can_log.h"

#define BLF_NSEC_PER_MSEC 1000000

/* The heading: where its fields stand. */
#define BLF_HEADING_SIZE     144
#define BLF_HEADING_START    40 /* SYSTEMTIME: local time of the first object */
#define BLF_HEADING_STOP     56
#define BLF_SYSTEMTIME_WORDS 8

#define BLF_SIGNATURE     ((const char[]){'L', 'O', 'B', 'J'})
#define BLF_SIGNATURE_LEN 4

/* Every object: signature, size of the heads, their version, size of all, type. */
#define BLF_BASE_SIZE 16
#define BLF_HEAD_SIZE 32 /* and flags, client, version, time */
#define BLF_AT_TYPE   12
#define BLF_AT_FLAGS  16
#define BLF_AT_TIME   24

#define BLF_OBJECT_CAN       1
#define BLF_OBJECT_ERROR     2
#define BLF_OBJECT_CONTAINER 10
#define BLF_OBJECT_ERROR_EXT 73
#define BLF_OBJECT_CAN2      86
#define BLF_OBJECT_FD        100
#define BLF_OBJECT_FD64      101
#define BLF_CONTAINER_HEAD   16 /* behind the base: method, size when unpacked */
#define BLF_METHOD_STORED    0
#define BLF_METHOD_DEFLATED  2
#define BLF_TIME_TEN_MICROS  1
#define BLF_TIME_NANOS       2
#define BLF_ID_EXTENDED      0x80000000u
#define BLF_FLAG_SENT        0x01
#define BLF_FLAG_REMOTE      0x80
#define BLF_FD_IS_FD         0x01
#define BLF_FD_BRS           0x02
#define BLF_FD_ESI           0x04
#define BLF_FD64_REMOTE      0x0010u
#define BLF_FD64_IS_FD       0x1000u
#define BLF_FD64_BRS         0x2000u
#define BLF_FD64_ESI         0x4000u
#define BLF_FD64_DATA        40

/* The writer's parts of the codec. */
int can_log_blf_begin(struct lsk_can_log_writer *writer, char *out,
		      const struct lsk_can_log_entry *entry);
int can_log_blf_write(struct lsk_can_log_writer *writer, char *out,
		      const struct lsk_can_log_entry *entry);
size_t can_log_blf_packed_max(size_t gathered_max);
ssize_t can_log_blf_pack(struct lsk_can_log_writer *writer);
int can_log_blf_heading(const struct lsk_can_log_writer *writer, char *out,
			size_t size);

#endif
