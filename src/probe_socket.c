/* SPDX-License-Identifier: MIT */
/*
 * Which families, types and protocols the kernel has: section "family" has every number
 * that the kernel's headers know, and each row of the family table a section of its
 * own.
 */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "src/family.h"
#include "src/probe.h"
#include "uring/util.h"

struct number_name {
	int domain;
	const char *name;
	const char *summary;
	const char *registered; /* in /proc/net/protocols; NULL: the name in capitals */
};

/* Families of linux/socket.h that have had sockets; a row's own name comes first. */
static const struct number_name numbers[] = {
	{1, "unix", "local sockets", NULL},
	{2, "inet", "IPv4", "TCP"},
	{3, "ax25", "amateur radio AX.25", NULL},
	{4, "ipx", "Novell IPX", NULL},
	{5, "appletalk", "AppleTalk DDP", NULL},
	{6, "netrom", "amateur radio NET/ROM", NULL},
	{8, "atmpvc", "ATM permanent circuits", NULL},
	{9, "x25", "X.25", NULL},
	{10, "inet6", "IPv6", "TCPv6"},
	{11, "rose", "amateur radio ROSE", NULL},
	{12, "decnet", "DECnet", NULL},
	{15, "key", "PF_KEY, IPsec key management", NULL},
	{16, "netlink", "the kernel's own configuration", NULL},
	{17, "packet", "link layer frames", NULL},
	{20, "atmsvc", "ATM switched circuits", NULL},
	{21, "rds", "reliable datagrams", NULL},
	{23, "irda", "infrared", NULL},
	{24, "pppox", "PPP over Ethernet, L2TP, PPTP", NULL},
	{26, "llc", "IEEE 802.2 LLC", NULL},
	{27, "ib", "InfiniBand", NULL},
	{28, "mpls", "MPLS", NULL},
	{29, "can", "controller area network", "CAN_RAW"},
	{30, "tipc", "cluster communication", NULL},
	{31, "bluetooth", "Bluetooth", "L2CAP"},
	{32, "iucv", "z/VM inter-user communication", NULL},
	{33, "rxrpc", "RxRPC, for AFS", "RXRPC"},
	{34, "isdn", "modular ISDN", NULL},
	{35, "phonet", "Nokia Phonet", NULL},
	{36, "ieee802154", "IEEE 802.15.4", NULL},
	{37, "caif", "ST-Ericsson CAIF", NULL},
	{38, "alg", "the kernel's cryptography", NULL},
	{39, "nfc", "near field communication", NULL},
	{40, "vsock", "virtual machines and their host", "AF_VSOCK"},
	{41, "kcm", "kernel connection multiplexor", NULL},
	{42, "qipcrtr", "Qualcomm IPC router", NULL},
	{43, "smc", "shared memory communication", NULL},
	{44, "xdp", "express data path", NULL},
	{45, "mctp", "management component transport", NULL},
};

static const struct number_name *number_by_domain(int domain)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].domain == domain)
			return &numbers[i];
	return NULL;
}

static const struct lsk_family *family_to_probe(int domain)
{
	const struct lsk_family *found = family_by_domain(domain);

	for (size_t i = 0; !found && probe_families[i]; i++)
		if (probe_families[i]->domain == domain)
			found = probe_families[i];
	assert(found); /* only these have anything to be tried */
	return found;
}

/* Whether /proc/net/protocols has the three parts in capitals ("CAN", "_", "RAW"). */
static bool is_registered(struct lsk_probe *probe, const char *a, const char *b,
			  const char *c)
{
	char name[96];

	snprintf(name, sizeof(name), "%s%s%s", a, b, c);
	for (char *at = name; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return module_protocol_is_registered(probe_modules(probe), name);
}

static bool family_is_registered(struct lsk_probe *probe, int domain)
{
	const struct number_name *number = number_by_domain(domain);

	if (!number)
		return false;
	if (number->registered)
		return module_protocol_is_registered(probe_modules(probe),
						     number->registered);
	return is_registered(probe, number->name, "", "");
}

static int try_socket(int domain, int type, int protocol)
{
	_cleanup_(closep) int fd =
		syscall_result(socket(domain, type | SOCK_CLOEXEC, protocol));

	return fd < 0 ? fd : 0;
}

static const char *type_name(int type)
{
	static const char *const names[] = {
		[SOCK_STREAM] = "SOCK_STREAM",
		[SOCK_DGRAM] = "SOCK_DGRAM",
		[SOCK_RAW] = "SOCK_RAW",
		[SOCK_RDM] = "SOCK_RDM",
		[SOCK_SEQPACKET] = "SOCK_SEQPACKET",
		[SOCK_DCCP] = "SOCK_DCCP",
		[SOCK_PACKET] = "SOCK_PACKET",
	};

	if (type <= 0 || (size_t)type >= ARRAY_SIZE(names) || !names[type])
		return "another type";
	return names[type];
}

/* A module of one protocol that trying would load, though its family is here. */
static bool protocol_is_loadable(struct lsk_probe *probe, int domain, int type)
{
	struct lsk_finding ignored;
	enum module_state state;
	char alias[64];

	snprintf(alias, sizeof(alias), "net-pf-%d-proto-0", domain);
	if (!probe_may_try(probe, alias, true, &state, &ignored))
		return true;
	snprintf(alias, sizeof(alias), "net-pf-%d-proto-0-type-%d", domain, type);
	return !probe_may_try(probe, alias, true, &state, &ignored);
}

/* EAFNOSUPPORT of a family whose name is registered is somebody's filter. */
static void judge_no_family(struct lsk_probe *probe, int domain,
			    enum module_state state, struct lsk_finding *ret_finding)
{
	if (family_is_registered(probe, domain))
		probe_find(ret_finding, LSK_VERDICT_DENIED, -EAFNOSUPPORT,
			   "EAFNOSUPPORT, though the kernel lists its protocols: a "
			   "seccomp filter, or not in this network namespace");
	else if (state == MODULE_MISSING)
		probe_find(ret_finding, LSK_VERDICT_ABSENT, -EAFNOSUPPORT,
			   "EAFNOSUPPORT, and no module has the alias net-pf-%d",
			   domain);
	else
		probe_find(ret_finding, LSK_VERDICT_NO, -EAFNOSUPPORT,
			   "socket(): EAFNOSUPPORT");
}

static void family_run(struct lsk_probe *probe, const struct probe_row *row,
		       struct lsk_finding *ret_finding)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM, SOCK_RAW, SOCK_SEQPACKET,
				    SOCK_RDM};
	int refusal = 0, type = 0;
	enum module_state state;
	char text[64];

	snprintf(text, sizeof(text), "net-pf-%d", row->domain);
	if (!probe_may_try(probe, text, family_is_registered(probe, row->domain),
			   &state, ret_finding))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		int r;

		if (protocol_is_loadable(probe, row->domain, types[i]))
			continue;
		snprintf(text, sizeof(text), "socket(%d, %s)", row->domain,
			 type_name(types[i]));
		r = try_socket(row->domain, types[i], 0);
		if (r == -EAFNOSUPPORT) {
			judge_no_family(probe, row->domain, state, ret_finding);
			return;
		}
		if (r == 0) {
			probe_judge(r, text, ret_finding);
			return;
		}
		/* A type that needs a right says more than one that does not exist. */
		if (refusal != -EPERM && refusal != -EACCES) {
			refusal = r;
			type = types[i];
		}
	}
	snprintf(text, sizeof(text), "socket(%d, %s)", row->domain, type_name(type));
	probe_judge(refusal, text, ret_finding);
	/* The family answered: what it wants is another type or protocol. */
	if (ret_finding->verdict == LSK_VERDICT_NO) {
		ret_finding->verdict = LSK_VERDICT_YES;
		ret_finding->error = 0;
	}
}

/* Whether the protocol may be tried; @ret_state is what its own module alias says. */
static bool type_may_try(struct lsk_probe *probe, const struct probe_row *row,
			 bool is_known, enum module_state *ret_state,
			 struct lsk_finding *ret_finding)
{
	const struct lsk_family *family = family_to_probe(row->domain);
	enum module_state ignored;
	char alias[64];

	snprintf(alias, sizeof(alias), "net-pf-%d-proto-%d-type-%d", row->domain,
		 row->protocol, row->type);
	if (!probe_may_try(probe, alias, is_known, &ignored, ret_finding))
		return false;
	snprintf(alias, sizeof(alias), "net-pf-%d-proto-%d", row->domain,
		 row->protocol);
	if (!probe_may_try(probe, alias, is_known, &ignored, ret_finding))
		return false;
	*ret_state = MODULE_HERE;
	if (!family->probe || !family->probe->protocol_alias)
		return true;
	snprintf(alias, sizeof(alias), "%s%d", family->probe->protocol_alias,
		 row->protocol);
	return probe_may_try(probe, alias, is_known, ret_state, ret_finding);
}

void probe_type_run(struct lsk_probe *probe, const struct probe_row *row,
		    struct lsk_finding *ret_finding)
{
	const struct lsk_family *family = family_to_probe(row->domain);
	enum module_state family_state, state;
	char text[96];
	bool is_known;
	int r;

	snprintf(text, sizeof(text), "net-pf-%d", row->domain);
	if (!probe_may_try(probe, text, family_is_registered(probe, row->domain),
			   &family_state, ret_finding))
		return;
	is_known = is_registered(probe, family->name, "_", row->text) ||
		   is_registered(probe, family->name, "", "");
	/* A protocol with a module of its own is not another family's of that name: RAW
	 * is IPv4's. */
	if (!family->probe || !family->probe->protocol_alias)
		is_known = is_known || is_registered(probe, row->text, "", "");
	if (!type_may_try(probe, row, is_known, &state, ret_finding))
		return;
	r = try_socket(row->domain, row->type, row->protocol);
	if (r == -EAFNOSUPPORT) {
		judge_no_family(probe, row->domain, family_state, ret_finding);
		return;
	}
	snprintf(text, sizeof(text), "socket(%d, %s, %d)", row->domain,
		 type_name(row->type), row->protocol);
	probe_judge(r, text, ret_finding);
	if ((r == -EPROTONOSUPPORT || r == -ESOCKTNOSUPPORT) && state == MODULE_MISSING)
		ret_finding->verdict = LSK_VERDICT_ABSENT;
}

int probe_socket(struct lsk_probe *probe, int domain, const struct family_socket *kind,
		 struct lsk_finding *ret_finding)
{
	struct probe_row row = {
		.domain = domain,
		.type = kind->type,
		.protocol = kind->protocol,
		.text = "",
	};
	int fd;

	/* Finds out what a missing module or family means, too. */
	probe_type_run(probe, &row, ret_finding);
	if (ret_finding->verdict != LSK_VERDICT_YES)
		return -1;
	fd = syscall_result(socket(domain, kind->type | SOCK_CLOEXEC, kind->protocol));
	if (fd < 0)
		probe_judge(fd, "socket", ret_finding);
	return fd < 0 ? -1 : fd;
}

static int add_numbers(struct lsk_probe *probe)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers) && r == 0; i++) {
		const struct lsk_family *family = family_by_domain(numbers[i].domain);
		struct probe_row row = {
			.name = family ? family->name : numbers[i].name,
			.summary = family ? family->summary : numbers[i].summary,
			.run = family_run,
			.domain = numbers[i].domain,
		};

		r = probe_add(probe, "family", &row);
	}
	return r;
}

static int add_types(struct lsk_probe *probe, const struct lsk_family *family)
{
	int r = 0;

	for (const struct family_type *type = family->types; type->name && r == 0;
	     type++) {
		struct probe_row row = {
			.name = type->name,
			.summary = "sockets of this type and protocol",
			.run = probe_type_run,
			.domain = family->domain,
			.type = type->type,
			.protocol = type->protocol,
			.text = type->name,
		};

		r = probe_add(probe, family->name, &row);
	}
	return r;
}

static int add_rows(struct lsk_probe *probe, const struct lsk_family *family)
{
	const struct probe_row *const *table = family->probe->rows;
	int r = 0;

	for (; table && *table; table++)
		for (const struct probe_row *row = *table; row->name && r == 0; row++)
			r = probe_add(probe, family->name, row);
	return r;
}

static int add_family(struct lsk_probe *probe, const struct lsk_family *family)
{
	int r = add_types(probe, family);

	if (r == 0 && family->probe)
		r = probe_add_options(probe, family);
	if (r == 0 && family->probe)
		r = probe_add_messages(probe, family);
	if (r == 0 && family->probe)
		r = add_rows(probe, family);
	return r;
}

int probe_add_families(struct lsk_probe *probe)
{
	int r = add_numbers(probe);

	for (size_t i = 0; lsk_families[i] && r == 0; i++)
		r = add_family(probe, lsk_families[i]);
	for (size_t i = 0; probe_families[i] && r == 0; i++)
		r = add_family(probe, probe_families[i]);
	return r;
}
