/* SPDX-License-Identifier: MIT */
/* linsock can gw: rules of the kernel's gateway, with cangw's arguments and output. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/can_scan.h"

#define MODS_MAX CGW_MOD_FUNCS

struct gw {
	int action; /* A, D, F, L, or 0 */
	struct lsk_can_gw_rule rule;
	int mods;
	bool has_fd_mods;
};

/* The four changes, in the order in which they are made. */
static const struct mod_kind {
	const char *name;
	unsigned int bit;
	unsigned int fd_bit;
	size_t offset;
	size_t fd_offset;
} mod_kinds[] = {
	{"AND", LSK_CAN_GW_AND, LSK_CAN_GW_FD_AND,
	 offsetof(struct lsk_can_gw_rule, and_mask),
	 offsetof(struct lsk_can_gw_rule, fd_and_mask)},
	{"OR", LSK_CAN_GW_OR, LSK_CAN_GW_FD_OR,
	 offsetof(struct lsk_can_gw_rule, or_mask),
	 offsetof(struct lsk_can_gw_rule, fd_or_mask)},
	{"XOR", LSK_CAN_GW_XOR, LSK_CAN_GW_FD_XOR,
	 offsetof(struct lsk_can_gw_rule, xor_mask),
	 offsetof(struct lsk_can_gw_rule, fd_xor_mask)},
	{"SET", LSK_CAN_GW_SET, LSK_CAN_GW_FD_SET,
	 offsetof(struct lsk_can_gw_rule, set),
	 offsetof(struct lsk_can_gw_rule, fd_set)},
};

#define MOD_KINDS (sizeof(mod_kinds) / sizeof(mod_kinds[0]))

/* Tell what is wrong with @text, and that it is so from @at on. */
static int bad_definition(const char *what, const char *text, const char *at)
{
	fprintf(stderr, "%s: %s '%s'.\n\t%s\n\t%*s^\n", program_invocation_short_name,
		what, text, text, (int)(at - text), "");
	return command_bad_option();
}

/* Read @len bytes as pairs of digits, and nothing behind them. */
static bool read_bytes(const char **text, uint8_t *bytes, size_t len)
{
	return can_scan_bytes(text, bytes, len) && **text == '\0';
}

static const struct mod_kind *find_kind(const char *text, size_t len)
{
	for (size_t i = 0; i < MOD_KINDS; i++)
		if (strlen(mod_kinds[i].name) == len &&
		    memcmp(mod_kinds[i].name, text, len) == 0)
			return &mod_kinds[i];
	return NULL;
}

/* "IL:" and so on. Return: the elements, 0 for none or others. */
static uint8_t read_elements(const char **text, bool is_fd)
{
	uint8_t elements = 0;

	for (; **text && **text != ':'; (*text)++) {
		switch (**text) {
		case 'I':
			elements |= CGW_MOD_ID;
			break;
		case 'L':
			elements |= CGW_MOD_LEN;
			break;
		case 'D':
			elements |= CGW_MOD_DATA;
			break;
		case 'F':
			if (is_fd) {
				elements |= CGW_MOD_FLAGS;
				break;
			}
			return 0;
		default:
			return 0;
		}
	}
	if (**text)
		(*text)++;
	return elements;
}

static bool read_classic_mod(const char **text, struct cgw_frame_mod *mod)
{
	struct can_frame frame = {0};
	int64_t id = 0, len = 0;

	if (!can_scan_field(text, 16, 0, UINT32_MAX, '.', &id) ||
	    !can_scan_field(text, 16, 0, UINT8_MAX, '.', &len) ||
	    !read_bytes(text, frame.data, CAN_MAX_DLEN))
		return false;
	frame.can_id = (canid_t)id;
	frame.len = (uint8_t)len;
	mod->cf = frame;
	return true;
}

static bool read_fd_mod(const char **text, struct cgw_fdframe_mod *mod)
{
	struct canfd_frame frame = {0};
	int64_t id = 0, flags = 0, len = 0;

	if (!can_scan_field(text, 16, 0, UINT32_MAX, '.', &id) ||
	    !can_scan_field(text, 16, 0, UINT8_MAX, '.', &flags) ||
	    !can_scan_field(text, 16, 0, UINT8_MAX, '.', &len) ||
	    !read_bytes(text, frame.data, CANFD_MAX_DLEN))
		return false;
	frame.can_id = (canid_t)id;
	frame.flags = (uint8_t)flags;
	frame.len = (uint8_t)len;
	mod->cf = frame;
	return true;
}

static int parse_mod(struct gw *gw, const char *text, bool is_fd)
{
	const char *at = strchr(text, ':');
	const struct mod_kind *kind = at ? find_kind(text, (size_t)(at - text)) : NULL;
	char *rule = (char *)&gw->rule;
	struct cgw_frame_mod mod = {0};
	struct cgw_fdframe_mod fd_mod = {0};
	bool is_good = false;

	if (kind) {
		at++;
		mod.modtype = fd_mod.modtype = read_elements(&at, is_fd);
		is_good = mod.modtype && (is_fd ? read_fd_mod(&at, &fd_mod)
						: read_classic_mod(&at, &mod));
	}
	if (!is_good)
		return bad_definition("Problem with modification definition", text,
				      at ? at : text);
	gw->mods++;
	gw->has_fd_mods |= is_fd;
	gw->rule.has |= LSK_SET(is_fd ? kind->fd_bit : kind->bit);
	if (is_fd)
		memcpy(rule + kind->fd_offset, &fd_mod, sizeof(fd_mod));
	else
		memcpy(rule + kind->offset, &mod, sizeof(mod));
	return COMMAND_OK;
}

/* "FROM:TO:RESULT:INIT", where @end comes after it. */
static bool read_checksum(const char **text, struct cgw_csum_xor *checksum, char end)
{
	int64_t from = 0, to = 0, result = 0, init = 0;

	if (!can_scan_field(text, 10, INT8_MIN, INT8_MAX, ':', &from) ||
	    !can_scan_field(text, 10, INT8_MIN, INT8_MAX, ':', &to) ||
	    !can_scan_field(text, 10, INT8_MIN, INT8_MAX, ':', &result) ||
	    !can_scan_field(text, 16, 0, UINT8_MAX, end, &init))
		return false;
	*checksum = (struct cgw_csum_xor){
		.from_idx = (int8_t)from,
		.to_idx = (int8_t)to,
		.result_idx = (int8_t)result,
		.init_xor_val = (uint8_t)init,
	};
	return true;
}

static int parse_crc8(struct cgw_csum_crc8 *crc8, const char *text)
{
	struct cgw_csum_xor checksum = {0};
	const char *at = text;
	int64_t final = 0;

	if (!read_checksum(&at, &checksum, ':') ||
	    !can_scan_field(&at, 16, 0, UINT8_MAX, ':', &final) ||
	    !read_bytes(&at, crc8->crctab, sizeof(crc8->crctab)))
		return bad_definition("Bad CRC8 checksum definition", text, at);
	crc8->from_idx = checksum.from_idx;
	crc8->to_idx = checksum.to_idx;
	crc8->result_idx = checksum.result_idx;
	crc8->init_crc_val = checksum.init_xor_val;
	crc8->final_xor_val = (uint8_t) final;
	return COMMAND_OK;
}

static int parse_profile(struct cgw_csum_crc8 *crc8, const char *text)
{
	const char *at = text;
	int64_t profile = 0;
	bool is_good = can_scan_field(&at, 10, 1, CGW_CRC8PRF_MAX, ':', &profile);

	crc8->profile = (uint8_t)profile;
	if (profile == CGW_CRC8PRF_1U8)
		is_good = is_good && read_bytes(&at, crc8->profile_data, 1);
	else if (profile == CGW_CRC8PRF_16U8)
		is_good = is_good && read_bytes(&at, crc8->profile_data, 16);
	return is_good ? COMMAND_OK
		       : bad_definition("Bad CRC8 profile definition", text, at);
}

static int parse_filter(struct lsk_can_gw_rule *rule, const char *text)
{
	const char *at = text;
	int64_t id = 0, mask = 0;
	bool is_inverted = strchr(text, '~') != NULL;

	if (!can_scan_field(&at, 16, 0, UINT32_MAX, is_inverted ? '~' : ':', &id) ||
	    !can_scan_field(&at, 16, 0, UINT32_MAX, '\0', &mask))
		return bad_definition("Bad filter definition", text, at);
	rule->filter.can_id = (canid_t)id | (is_inverted ? CAN_INV_FILTER : 0);
	rule->filter.can_mask = (canid_t)mask;
	rule->has |= LSK_SET(LSK_CAN_GW_FILTER);
	return COMMAND_OK;
}

static int parse_interface(uint32_t *ret_index, const char *name)
{
	*ret_index = if_nametoindex(name);
	return *ret_index ? COMMAND_OK : command_failure(-ENODEV, "%s", name);
}

static int parse_checksum(struct lsk_can_gw_rule *rule, int option, const char *value)
{
	const char *at = value;

	switch (option) {
	case 'c':
		rule->has |= LSK_SET(LSK_CAN_GW_CHECKSUM_CRC8);
		return parse_crc8(&rule->checksum_crc8, value);
	case 'p':
		return parse_profile(&rule->checksum_crc8, value);
	default:
		rule->has |= LSK_SET(LSK_CAN_GW_CHECKSUM_XOR);
		if (!read_checksum(&at, &rule->checksum_xor, '\0'))
			return bad_definition("Bad XOR checksum definition", value, at);
		return COMMAND_OK;
	}
}

static uint16_t flag_of(int option)
{
	switch (option) {
	case 'X':
		return CGW_FLAGS_CAN_FD;
	case 't':
		return CGW_FLAGS_CAN_SRC_TSTAMP;
	case 'e':
		return CGW_FLAGS_CAN_ECHO;
	default:
		return CGW_FLAGS_CAN_IIF_TX_OK;
	}
}

static int parse_option(struct gw *gw, int option, const char *value)
{
	struct lsk_can_gw_rule *rule = &gw->rule;
	const char *at = value;
	int64_t number = 0;

	switch (option) {
	case 'A':
	case 'D':
	case 'F':
	case 'L':
		gw->action = gw->action ? gw->action : option;
		return COMMAND_OK;
	case 's':
		return parse_interface(&rule->source, value);
	case 'd':
		return parse_interface(&rule->destination, value);
	case 'X':
	case 't':
	case 'e':
	case 'i':
		rule->info.flags |= flag_of(option);
		return COMMAND_OK;
	case 'u':
		rule->uid = (uint32_t)strtoul(value, NULL, 16);
		rule->has |= rule->uid ? LSK_SET(LSK_CAN_GW_UID) : 0;
		return COMMAND_OK;
	case 'l':
		rule->has |= LSK_SET(LSK_CAN_GW_HOPS);
		if (!can_scan_field(&at, 10, 1, UINT8_MAX, '\0', &number))
			return bad_definition("Bad hop limit definition", value, at);
		rule->hops = (uint8_t)number;
		return COMMAND_OK;
	case 'f':
		return parse_filter(rule, value);
	case 'm':
	case 'M':
		return parse_mod(gw, value, option == 'M');
	case 'c':
	case 'p':
	case 'x':
		return parse_checksum(rule, option, value);
	default:
		return command_bad_option();
	}
}

static int parse_options(struct gw *gw, int argc, char **argv)
{
	const uint64_t checksums =
		LSK_SET(LSK_CAN_GW_CHECKSUM_XOR) | LSK_SET(LSK_CAN_GW_CHECKSUM_CRC8);
	struct lsk_can_gw_rule *rule = &gw->rule;
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "ADFLs:d:Xteiu:l:f:c:p:x:m:M:")) != -1)
		status = parse_option(gw, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc != optind || !gw->action)
		return command_usage("one of -A, -D, -F and -L is needed");
	if ((gw->action == 'A' || gw->action == 'D') &&
	    (!rule->source || !rule->destination))
		return command_usage("-s and -d, the interfaces, are needed");
	if (gw->mods == 0 && rule->has & checksums)
		return command_usage("-c or -x can only be used in conjunction with "
				     "-m/-M");
	if (gw->has_fd_mods && !(rule->info.flags & CGW_FLAGS_CAN_FD))
		return command_usage("No -M modifications allowed in Classic CAN "
				     "mode!");
	rule->has |= LSK_SET(LSK_CAN_GW_SOURCE) | LSK_SET(LSK_CAN_GW_DESTINATION);
	return COMMAND_OK;
}

static void print_bytes(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02X", bytes[i]);
}

static void print_elements(uint8_t elements)
{
	printf("%s%s%s%s", elements & CGW_MOD_ID ? "I" : "",
	       elements & CGW_MOD_FLAGS ? "F" : "", elements & CGW_MOD_LEN ? "L" : "",
	       elements & CGW_MOD_DATA ? "D" : "");
}

static void print_mods(const struct lsk_can_gw_rule *rule)
{
	for (size_t i = 0; i < MOD_KINDS; i++) {
		const struct mod_kind *kind = &mod_kinds[i];
		struct cgw_frame_mod mod;
		struct cgw_fdframe_mod fd_mod;

		if (LSK_HAS(rule, kind->bit)) {
			memcpy(&mod, (const char *)rule + kind->offset, sizeof(mod));
			printf("-m %s:", kind->name);
			print_elements(mod.modtype);
			printf(":%03X.%X.", mod.cf.can_id, mod.cf.len);
			print_bytes(mod.cf.data, CAN_MAX_DLEN);
			putchar(' ');
		}
		if (LSK_HAS(rule, kind->fd_bit)) {
			memcpy(&fd_mod, (const char *)rule + kind->fd_offset,
			       sizeof(fd_mod));
			printf("-M %s:", kind->name);
			print_elements(fd_mod.modtype);
			printf(":%03X.%X.%X.", fd_mod.cf.can_id, fd_mod.cf.flags,
			       fd_mod.cf.len);
			print_bytes(fd_mod.cf.data, CANFD_MAX_DLEN);
			putchar(' ');
		}
	}
}

static void print_crc8(const struct cgw_csum_crc8 *crc8)
{
	printf("-c %d:%d:%d:%02X:%02X:", crc8->from_idx, crc8->to_idx, crc8->result_idx,
	       crc8->init_crc_val, crc8->final_xor_val);
	print_bytes(crc8->crctab, sizeof(crc8->crctab));
	putchar(' ');
	if (crc8->profile == CGW_CRC8PRF_UNSPEC)
		return;
	printf("-p %d:", crc8->profile);
	if (crc8->profile == CGW_CRC8PRF_1U8)
		print_bytes(crc8->profile_data, 1);
	else if (crc8->profile == CGW_CRC8PRF_16U8)
		print_bytes(crc8->profile_data, 16);
	else if (crc8->profile != CGW_CRC8PRF_SFFID_XOR)
		printf("<unknown profile #%d>", crc8->profile);
	putchar(' ');
}

static void print_rule(const struct lsk_can_gw_rule *rule)
{
	const struct cgw_csum_xor *checksum = &rule->checksum_xor;
	char source[IF_NAMESIZE] = "", destination[IF_NAMESIZE] = "";

	if_indextoname(rule->source, source);
	if_indextoname(rule->destination, destination);
	printf("cangw -A -s %s -d %s ", source, destination);
	printf("%s%s%s%s", rule->info.flags & CGW_FLAGS_CAN_FD ? "-X " : "",
	       rule->info.flags & CGW_FLAGS_CAN_ECHO ? "-e " : "",
	       rule->info.flags & CGW_FLAGS_CAN_SRC_TSTAMP ? "-t " : "",
	       rule->info.flags & CGW_FLAGS_CAN_IIF_TX_OK ? "-i " : "");
	/* In the order in which the kernel tells them. */
	if (LSK_HAS(rule, LSK_CAN_GW_HOPS))
		printf("-l %d ", rule->hops);
	print_mods(rule);
	if (LSK_HAS(rule, LSK_CAN_GW_UID))
		printf("-u %X ", rule->uid);
	if (LSK_HAS(rule, LSK_CAN_GW_CHECKSUM_CRC8))
		print_crc8(&rule->checksum_crc8);
	if (LSK_HAS(rule, LSK_CAN_GW_CHECKSUM_XOR))
		printf("-x %d:%d:%d:%02X ", checksum->from_idx, checksum->to_idx,
		       checksum->result_idx, checksum->init_xor_val);
	if (LSK_HAS(rule, LSK_CAN_GW_FILTER))
		printf("-f %03X%c%X ", rule->filter.can_id & ~CAN_INV_FILTER,
		       rule->filter.can_id & CAN_INV_FILTER ? '~' : ':',
		       rule->filter.can_mask);
	printf("# %u handled %u dropped %u deleted\n", rule->handled, rule->dropped,
	       rule->deleted);
}

static int list_rules(struct lsk_nl *nl, struct lsk_nl_error *error)
{
	struct lsk_nl_dump *dump = NULL;
	struct lsk_can_gw_rule rule;
	int r = lsk_can_gw_dump(nl, &dump);
	int end;

	if (r < 0)
		return r;
	while ((r = lsk_can_gw_next(dump, &rule)) > 0)
		print_rule(&rule);
	end = lsk_nl_dump_end(dump, error);
	return r < 0 ? r : end;
}

static int can_gw_main(int argc, char **argv)
{
	struct gw gw = {0};
	struct lsk_nl_error error = {0};
	struct lsk_nl *nl = NULL;
	int status = parse_options(&gw, argc, argv);
	int r;

	if (status != COMMAND_OK)
		return status;
	r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);
	if (r < 0)
		return command_failure(r, "netlink");
	if (gw.action == 'A')
		r = lsk_can_gw_add(nl, &gw.rule, &error);
	else if (gw.action == 'D')
		r = lsk_can_gw_delete(nl, &gw.rule, &error);
	else if (gw.action == 'F')
		r = lsk_can_gw_flush(nl, &error);
	else
		r = list_rules(nl, &error);
	if (r == -EPERM)
		status = command_failure(r, "rules need CAP_NET_ADMIN");
	else if (r == -EOPNOTSUPP)
		status = command_failure(r, "is module can-gw there?");
	else if (r < 0)
		status = command_failure(r, "netlink%s%s", error.message[0] ? ": " : "",
					 error.message);
	lsk_nl_close(nl);
	return fflush(stdout) == 0 ? status : command_failure(-EIO, "stdout");
}

static const char can_gw_help[] =
	"Rules of the kernel's gateway. -L prints them as commands that add them.\n"
	"\n"
	"  -A -s IFACE -d IFACE  add a rule; -D removes the one that is the same\n"
	"  -F, -L                remove, list all of them\n"
	"  -X                    a rule for FD frames\n"
	"  -e                    local programs see what it sends\n"
	"  -t, -i                keep the time; allow the way back\n"
	"  -u UID                names it: adding it again changes it in place (hex)\n"
	"  -l HOPS               passes through gateways at most\n"
	"  -f ID:MASK, ID~MASK   frames that it takes, or does not\n"
	"  -m AND|OR|XOR|SET:ILD:ID.LEN.DATA  change identifier, length, 8 data bytes\n"
	"  -M AND|OR|XOR|SET:IFLD:ID.FLAGS.LEN.DATA  the same of FD frames, 64 bytes\n"
	"  -x FROM:TO:RESULT:INIT             XOR of data bytes\n"
	"  -c FROM:TO:RESULT:INIT:XOR:TABLE   CRC8 with a table of 256 bytes\n"
	"  -p 1:XX, 2:16 bytes, 3             what goes into the CRC8 besides\n";

const struct command can_gw_command = {
	.name = "gw",
	.arguments = "-A|-D|-F|-L [options]",
	.summary = "rules of the kernel's gateway",
	.alias = "cangw",
	.help = can_gw_help,
	.main = can_gw_main,
};
