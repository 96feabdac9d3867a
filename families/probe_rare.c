/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of families whose addresses the library does not know. */
#include <stddef.h>
#include <sys/socket.h>

#include "src/family.h"

/* Levels are numbers where their headers are younger than those of some systems. */
#define LEVEL_LLC 268
#define LEVEL_KCM 281
#define LEVEL_SMC 286

static const struct family_option_group llc_groups[] = {
	{.group = "LLC_OPTION", .level = LEVEL_LLC, .sockets = {{SOCK_STREAM, 0}}},
	{.group = NULL},
};
static const struct family_option_group kcm_groups[] = {
	{.group = "KCM", .level = LEVEL_KCM, .sockets = {{SOCK_DGRAM, 0}}},
	{.group = NULL},
};
static const struct family_option_group smc_groups[] = {
	{.group = "SMC_OPTION", .level = LEVEL_SMC, .sockets = {{SOCK_STREAM, 0}}},
	{.group = NULL},
};

static const struct family_probe llc_probe = {.option_groups = llc_groups};
static const struct family_probe kcm_probe = {.option_groups = kcm_groups};
static const struct family_probe smc_probe = {.option_groups = smc_groups};

static const struct family_type stream_and_datagrams[] = {
	{"stream", SOCK_STREAM, 0},
	{"dgram", SOCK_DGRAM, 0},
	{.name = NULL},
};
static const struct family_type kcm_types[] = {
	{"dgram", SOCK_DGRAM, 0},
	{"seqpacket", SOCK_SEQPACKET, 0},
	{.name = NULL},
};
static const struct family_type smc_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"stream6", SOCK_STREAM, 1},
	{.name = NULL},
};

static const struct lsk_family llc = {.domain = AF_LLC,
				      .name = "llc",
				      .types = stream_and_datagrams,
				      .probe = &llc_probe};
static const struct lsk_family kcm = {
	.domain = AF_KCM, .name = "kcm", .types = kcm_types, .probe = &kcm_probe};
static const struct lsk_family smc = {
	.domain = AF_SMC, .name = "smc", .types = smc_types, .probe = &smc_probe};

const struct lsk_family *const probe_families[] = {&llc, &kcm, &smc, NULL};
