/* SPDX-License-Identifier: MIT */
/*
 * linsock can link: CAN interfaces made, configured and shown; the words are those of
 * "ip link set can0 type can".
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/can.h"

#define LINK_TYPE_CAN 280 /* ARPHRD_CAN */

/* How a word's value becomes a field. */
enum word_kind { WORD_NUMBER, WORD_POINT, WORD_MODE };

struct word {
	const char *name;
	enum word_kind kind;
	unsigned int bit; /* enum lsk_can_bit; for modes CAN_CTRLMODE_* */
	size_t offset;    /* of a uint32_t, or uint16_t for the termination */
};

#define AT(member)     offsetof(struct lsk_rtnl_can, member)
#define TIMING(member) LSK_CAN_BITTIMING, AT(bittiming.member)
#define DATA(member)   LSK_CAN_DATA_BITTIMING, AT(data_bittiming.member)
#define XL(member)     LSK_CAN_XL_DATA_BITTIMING, AT(xl_data_bittiming.member)

static const struct word words[] = {
	{"bitrate", WORD_NUMBER, TIMING(bitrate)},
	{"sample-point", WORD_POINT, TIMING(sample_point)},
	{"tq", WORD_NUMBER, TIMING(tq)},
	{"prop-seg", WORD_NUMBER, TIMING(prop_seg)},
	{"phase-seg1", WORD_NUMBER, TIMING(phase_seg1)},
	{"phase-seg2", WORD_NUMBER, TIMING(phase_seg2)},
	{"sjw", WORD_NUMBER, TIMING(sjw)},
	{"dbitrate", WORD_NUMBER, DATA(bitrate)},
	{"dsample-point", WORD_POINT, DATA(sample_point)},
	{"dtq", WORD_NUMBER, DATA(tq)},
	{"dprop-seg", WORD_NUMBER, DATA(prop_seg)},
	{"dphase-seg1", WORD_NUMBER, DATA(phase_seg1)},
	{"dphase-seg2", WORD_NUMBER, DATA(phase_seg2)},
	{"dsjw", WORD_NUMBER, DATA(sjw)},
	{"xbitrate", WORD_NUMBER, XL(bitrate)},
	{"xsample-point", WORD_POINT, XL(sample_point)},
	{"xtq", WORD_NUMBER, XL(tq)},
	{"xprop-seg", WORD_NUMBER, XL(prop_seg)},
	{"xphase-seg1", WORD_NUMBER, XL(phase_seg1)},
	{"xphase-seg2", WORD_NUMBER, XL(phase_seg2)},
	{"xsjw", WORD_NUMBER, XL(sjw)},
	{"restart-ms", WORD_NUMBER, LSK_CAN_RESTART_MS, AT(restart_ms)},
	{"termination", WORD_NUMBER, LSK_CAN_TERMINATION, AT(termination)},
	{"tdcv", WORD_NUMBER, LSK_CAN_TDC_VALUE, AT(tdc_value)},
	{"tdco", WORD_NUMBER, LSK_CAN_TDC_OFFSET, AT(tdc_offset)},
	{"tdcf", WORD_NUMBER, LSK_CAN_TDC_FILTER, AT(tdc_filter)},
	{"xtdcv", WORD_NUMBER, LSK_CAN_XL_TDC_VALUE, AT(xl_tdc_value)},
	{"xtdco", WORD_NUMBER, LSK_CAN_XL_TDC_OFFSET, AT(xl_tdc_offset)},
	{"xtdcf", WORD_NUMBER, LSK_CAN_XL_TDC_FILTER, AT(xl_tdc_filter)},
	{"pwms", WORD_NUMBER, LSK_CAN_XL_PWM_SHORT, AT(xl_pwm_short)},
	{"pwml", WORD_NUMBER, LSK_CAN_XL_PWM_LONG, AT(xl_pwm_long)},
	{"pwmo", WORD_NUMBER, LSK_CAN_XL_PWM_OFFSET, AT(xl_pwm_offset)},
	{"loopback", WORD_MODE, CAN_CTRLMODE_LOOPBACK, 0},
	{"listen-only", WORD_MODE, CAN_CTRLMODE_LISTENONLY, 0},
	{"triple-sampling", WORD_MODE, CAN_CTRLMODE_3_SAMPLES, 0},
	{"one-shot", WORD_MODE, CAN_CTRLMODE_ONE_SHOT, 0},
	{"berr-reporting", WORD_MODE, CAN_CTRLMODE_BERR_REPORTING, 0},
	{"fd", WORD_MODE, CAN_CTRLMODE_FD, 0},
	{"presume-ack", WORD_MODE, CAN_CTRLMODE_PRESUME_ACK, 0},
	{"fd-non-iso", WORD_MODE, CAN_CTRLMODE_FD_NON_ISO, 0},
	{"cc-len8-dlc", WORD_MODE, CAN_CTRLMODE_CC_LEN8_DLC, 0},
	{"tdc-auto", WORD_MODE, CAN_CTRLMODE_TDC_AUTO, 0},
	{"tdc-manual", WORD_MODE, CAN_CTRLMODE_TDC_MANUAL, 0},
	{"restricted", WORD_MODE, LSK_CAN_MODE_RESTRICTED, 0},
	{"xl", WORD_MODE, LSK_CAN_MODE_XL, 0},
	{"xtdc-auto", WORD_MODE, LSK_CAN_MODE_XL_TDC_AUTO, 0},
	{"xtdc-manual", WORD_MODE, LSK_CAN_MODE_XL_TDC_MANUAL, 0},
	{"tms", WORD_MODE, LSK_CAN_MODE_XL_TMS, 0},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < WORDS; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static int take_number(struct lsk_rtnl_can *can, const struct word *word,
		       const char *value)
{
	char *field = (char *)can + word->offset;
	double point = 0;
	long number = 0;
	char *end = NULL;

	if (word->kind == WORD_POINT) {
		point = strtod(value, &end);
		if (end == value || *end || point <= 0 || point >= 1)
			return command_usage("%s: \"%s\" is no part of a bit, as 0.875",
					     word->name, value);
		number = (long)(point * 1000 + 0.5);
	} else if (command_parse_number(value, 0,
					word->bit == LSK_CAN_TERMINATION
						? (long)UINT16_MAX
						: (long)UINT32_MAX,
					&number) < 0) {
		return command_usage("%s: \"%s\" is no number that can be", word->name,
				     value);
	}
	if (word->bit == LSK_CAN_TERMINATION)
		can->termination = (uint16_t)number;
	else
		memcpy(field, &(uint32_t){(uint32_t)number}, sizeof(uint32_t));
	can->has |= LSK_SET(word->bit);
	return COMMAND_OK;
}

static int take_mode(struct lsk_rtnl_can *can, const struct word *word,
		     const char *value)
{
	bool is_on = strcmp(value, "on") == 0;

	if (!is_on && strcmp(value, "off") != 0)
		return command_usage("%s takes on or off, not \"%s\"", word->name,
				     value);
	can->control_mode.mask |= word->bit;
	can->control_mode.flags |= is_on ? word->bit : 0;
	can->has |= LSK_SET(LSK_CAN_CONTROL_MODE);
	return COMMAND_OK;
}

/* Two modes of which one is on at most, as ip(8) has them: auto, manual or off. */
static int take_tdc_mode(struct lsk_rtnl_can *can, uint32_t automatic, uint32_t manual,
			 const char *value)
{
	bool is_auto = strcmp(value, "auto") == 0;
	bool is_manual = strcmp(value, "manual") == 0;

	if (!is_auto && !is_manual && strcmp(value, "off") != 0)
		return command_usage("tdc-mode takes auto, manual or off, not \"%s\"",
				     value);
	can->control_mode.mask |= automatic | manual;
	can->control_mode.flags |= is_auto ? automatic : is_manual ? manual : 0;
	can->has |= LSK_SET(LSK_CAN_CONTROL_MODE);
	return COMMAND_OK;
}

/* What is neither a number nor a switch. Return: -1 for none of these; a status. */
static int take_other(struct lsk_rtnl_can *can, const char *name, const char *value)
{
	bool is_xl = strcmp(name, "xtdc-mode") == 0;

	if (!is_xl && strcmp(name, "tdc-mode") != 0)
		return -1;
	if (!value)
		return command_usage("\"%s\": a value is needed", name);
	return is_xl ? take_tdc_mode(can, LSK_CAN_MODE_XL_TDC_AUTO,
				     LSK_CAN_MODE_XL_TDC_MANUAL, value)
		     : take_tdc_mode(can, CAN_CTRLMODE_TDC_AUTO,
				     CAN_CTRLMODE_TDC_MANUAL, value);
}

static int kernel_failure(int r, const char *name, const struct lsk_nl_error *error)
{
	if (error->message[0] || error->path[0])
		fprintf(stderr, "%s: %s: the kernel says: %s%s%s\n",
			program_invocation_short_name, name, error->message,
			error->path[0] ? " at " : "", error->path);
	if (r == -EBUSY)
		return command_failure(r, "%s: set it down first", name);
	if (r == -EPERM)
		return command_failure(r, "%s: this needs CAP_NET_ADMIN", name);
	if (r == -EOPNOTSUPP)
		return command_failure(r, "%s: its driver has none of that", name);
	return command_failure(r, "%s", name);
}

static int find_link(struct lsk_nl *nl, const char *name, int *ret_index)
{
	if (!name[0])
		return command_usage("an interface is needed");
	*ret_index = lsk_rtnl_link_index(nl, name);
	return *ret_index < 0 ? command_failure(*ret_index, "%s", name) : COMMAND_OK;
}

/* A word of *@arg with its value, on which it stands then. */
static int take_setting(struct lsk_rtnl_can *can, char ***arg)
{
	const char *name = **arg, *value = (*arg)[1];
	const struct word *word = find_word(name);
	int status = take_other(can, name, value);

	if (status < 0 && strcmp(name, "restart") == 0) {
		can->restart = 1;
		can->has |= LSK_SET(LSK_CAN_RESTART);
		return COMMAND_OK;
	}
	if (status < 0 && (!word || !value))
		return command_usage("\"%s\": %s", name,
				     word ? "a value is needed" : "no such setting");
	(*arg)++;
	if (status >= 0)
		return status;
	return word->kind == WORD_MODE ? take_mode(can, word, value)
				       : take_number(can, word, value);
}

/* "set can0 [down] bitrate 500000 … [up]": down first, up last. */
static int link_set(struct lsk_nl *nl, char **args)
{
	const char *name = args[0] ? args[0] : "";
	struct lsk_rtnl_can can = {0};
	struct lsk_nl_error error = {0};
	bool goes_down = false, goes_up = false;
	int index = 0;
	int status = find_link(nl, name, &index);
	int r = 0;

	for (char **arg = args + (args[0] != NULL); status == COMMAND_OK && *arg;
	     arg++) {
		if (strcmp(*arg, "up") == 0)
			goes_up = true;
		else if (strcmp(*arg, "down") == 0)
			goes_down = true;
		else if (strcmp(*arg, "type") == 0 && arg[1])
			arg++; /* as ip(8) has it */
		else
			status = take_setting(&can, &arg);
	}
	if (status != COMMAND_OK)
		return status;
	if (goes_down)
		r = lsk_rtnl_link_set_up(nl, index, false, &error);
	if (r == 0 && can.has)
		r = lsk_rtnl_can_set(nl, index, &can, &error);
	if (r == 0 && goes_up)
		r = lsk_rtnl_link_set_up(nl, index, true, &error);
	return r < 0 ? kernel_failure(r, name, &error) : COMMAND_OK;
}

static int link_restart(struct lsk_nl *nl, char **args)
{
	const struct lsk_rtnl_can can = {.has = LSK_SET(LSK_CAN_RESTART), .restart = 1};
	struct lsk_nl_error error = {0};
	int index = 0;
	int status = find_link(nl, args[0] ? args[0] : "", &index);
	int r;

	if (status != COMMAND_OK)
		return status;
	r = lsk_rtnl_can_set(nl, index, &can, &error);
	if (r == -EBUSY)
		return command_failure(r, "%s is not bus-off", args[0]);
	return r < 0 ? kernel_failure(r, args[0], &error) : COMMAND_OK;
}

/* What "add" was told. */
struct new_link {
	struct lsk_rtnl_link link;
	struct lsk_rtnl_link peer;
	bool has_peer;
	int netns_fd;
};

static int take_new_word(struct new_link *made, char **args)
{
	long mtu = 0;

	if (strcmp(args[0], "type") == 0) {
		snprintf(made->link.kind, sizeof(made->link.kind), "%s", args[1]);
	} else if (strcmp(args[0], "peer") == 0) {
		snprintf(made->peer.name, sizeof(made->peer.name), "%s", args[1]);
		made->peer.has |= LSK_SET(LSK_LINK_NAME);
		made->has_peer = true;
	} else if (strcmp(args[0], "netns") == 0) {
		made->netns_fd = lsk_netns_open(args[1]);
		if (made->netns_fd < 0)
			return command_failure(made->netns_fd, "netns %s", args[1]);
		made->peer.net_ns_fd = (uint32_t)made->netns_fd;
		made->peer.has |= LSK_SET(LSK_LINK_NET_NS_FD);
	} else if (strcmp(args[0], "mtu") == 0) {
		if (command_parse_number(args[1], LSK_CAN_MTU, LSK_CANXL_MTU, &mtu) < 0)
			return command_usage("mtu: \"%s\" is no length of a frame",
					     args[1]);
		made->link.mtu = (uint32_t)mtu;
		made->link.has |= LSK_SET(LSK_LINK_MTU);
	} else {
		return command_usage("\"%s\": no such setting", args[0]);
	}
	return COMMAND_OK;
}

/* "add v0 [type vcan|vxcan] [mtu N] [peer v1 [netns NAME]]"; it is up at once. */
static int link_add(struct lsk_nl *nl, char **args)
{
	struct new_link made = {
		.link = {.info = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP},
			 .has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
			 .kind = "vcan"},
		.netns_fd = -1,
	};
	struct lsk_nl_error error = {0};
	int status = COMMAND_OK;
	int r;

	if (!args[0] || strlen(args[0]) >= sizeof(made.link.name))
		return command_usage("a name of up to %zu bytes is needed",
				     sizeof(made.link.name) - 1);
	memcpy(made.link.name, args[0], strlen(args[0]) + 1);
	for (char **arg = args + 1; status == COMMAND_OK && *arg; arg += 2)
		status = arg[1] ? take_new_word(&made, arg)
				: command_usage("\"%s\": a value is needed", *arg);
	if (status == COMMAND_OK && made.has_peer &&
	    strcmp(made.link.kind, "vcan") == 0)
		memcpy(made.link.kind, "vxcan", sizeof("vxcan"));
	if (status == COMMAND_OK) {
		r = lsk_rtnl_link_create(nl, &made.link, NULL,
					 made.has_peer ? &made.peer : NULL, &error);
		if (r < 0)
			status = kernel_failure(r, args[0], &error);
	}
	if (made.netns_fd >= 0)
		close(made.netns_fd);
	return status;
}

static int link_delete(struct lsk_nl *nl, char **args)
{
	struct lsk_nl_error error = {0};
	int index = 0;
	int status = find_link(nl, args[0] ? args[0] : "", &index);
	int r;

	if (status != COMMAND_OK)
		return status;
	r = lsk_rtnl_link_delete(nl, index, &error);
	return r < 0 ? kernel_failure(r, args[0], &error) : COMMAND_OK;
}

static void print_timing(const char *title, const struct can_bittiming *timing)
{
	printf("    %s %u bit/s, sample point %.3f, tq %u ns: prop-seg %u phase-seg1 "
	       "%u phase-seg2 %u sjw %u brp %u\n",
	       title, timing->bitrate, timing->sample_point / 1000.0, timing->tq,
	       timing->prop_seg, timing->phase_seg1, timing->phase_seg2, timing->sjw,
	       timing->brp);
}

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {"error-active",  "error-warning",
					    "error-passive", "bus-off",
					    "stopped",       "sleeping"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_modes(const struct lsk_rtnl_can *can)
{
	fputs("    modes", stdout);
	for (size_t i = 0; i < WORDS; i++)
		if (words[i].kind == WORD_MODE &&
		    can->control_mode.flags & words[i].bit)
			printf(" %s", words[i].name);
	if (can->control_mode.flags == 0)
		fputs(" none", stdout);
	if (LSK_HAS(can, LSK_CAN_MODE_SUPPORTED)) {
		fputs("; there are", stdout);
		for (size_t i = 0; i < WORDS; i++)
			if (words[i].kind == WORD_MODE &&
			    can->mode_supported & words[i].bit)
				printf(" %s", words[i].name);
	}
	putchar('\n');
}

static void print_controller(const struct lsk_rtnl_link *link,
			     const struct lsk_rtnl_can *can)
{
	struct can_device_stats stats;

	if (LSK_HAS(can, LSK_CAN_STATE))
		printf("    state %s", state_name(can->state));
	if (LSK_HAS(can, LSK_CAN_ERROR_COUNTER))
		printf(" (errors: sending %u, receiving %u)", can->error_counter.txerr,
		       can->error_counter.rxerr);
	printf(", restart-ms %u\n", can->restart_ms);
	if (LSK_HAS(can, LSK_CAN_BITTIMING) && can->bittiming.bitrate)
		print_timing("bitrate", &can->bittiming);
	if (LSK_HAS(can, LSK_CAN_DATA_BITTIMING) && can->data_bittiming.bitrate)
		print_timing("dbitrate", &can->data_bittiming);
	if (LSK_HAS(can, LSK_CAN_XL_DATA_BITTIMING) && can->xl_data_bittiming.bitrate)
		print_timing("xbitrate", &can->xl_data_bittiming);
	if (LSK_HAS(can, LSK_CAN_TDC_OFFSET))
		printf("    tdco %u tdcf %u\n", can->tdc_offset, can->tdc_filter);
	if (LSK_HAS(can, LSK_CAN_XL_TDC_OFFSET))
		printf("    xtdco %u xtdcf %u\n", can->xl_tdc_offset,
		       can->xl_tdc_filter);
	if (LSK_HAS(can, LSK_CAN_XL_PWM_SHORT))
		printf("    pwms %u pwml %u pwmo %u\n", can->xl_pwm_short,
		       can->xl_pwm_long, can->xl_pwm_offset);
	if (LSK_HAS(can, LSK_CAN_TERMINATION))
		printf("    termination %u ohms\n", can->termination);
	if (LSK_HAS(can, LSK_CAN_CLOCK))
		printf("    clock %u Hz\n", can->clock.freq);
	print_modes(can);
	if (LSK_HAS(link, LSK_LINK_XSTATS) && link->xstats.len >= sizeof(stats)) {
		memcpy(&stats, link->xstats.data, sizeof(stats));
		printf("    bus errors %u, arbitration lost %u, error-warning %u, "
		       "error-passive %u, bus-off %u, restarts %u\n",
		       stats.bus_error, stats.arbitration_lost, stats.error_warning,
		       stats.error_passive, stats.bus_off, stats.restarts);
	}
}

static void print_link(const struct lsk_rtnl_link *link)
{
	const struct rtnl_link_stats64 *stats = &link->stats;
	struct lsk_rtnl_can can;

	printf("%s: %s, %s, mtu %u (%s), queue %u\n", link->name,
	       link->kind[0] ? link->kind : "a driver's",
	       link->info.ifi_flags & IFF_UP ? "up" : "down", link->mtu,
	       link->mtu > LSK_CANFD_MTU    ? "XL"
	       : link->mtu == LSK_CANFD_MTU ? "FD"
					    : "classic",
	       link->queue_len);
	if (lsk_rtnl_can_parse(link, &can) == 0)
		print_controller(link, &can);
	if (LSK_HAS(link, LSK_LINK_STATS))
		printf("    received %llu frames, %llu bytes, %llu errors, %llu "
		       "dropped; sent %llu, %llu, %llu, %llu\n",
		       (unsigned long long)stats->rx_packets,
		       (unsigned long long)stats->rx_bytes,
		       (unsigned long long)stats->rx_errors,
		       (unsigned long long)stats->rx_dropped,
		       (unsigned long long)stats->tx_packets,
		       (unsigned long long)stats->tx_bytes,
		       (unsigned long long)stats->tx_errors,
		       (unsigned long long)stats->tx_dropped);
}

/* "show [NAME]": all interfaces of CAN, or one. */
static int link_show(struct lsk_nl *nl, char **args)
{
	struct lsk_nl_dump *dump = NULL;
	struct lsk_rtnl_link link;
	bool is_found = !args[0];
	int r = lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump);

	while (r >= 0 && (r = lsk_rtnl_link_next(dump, &link)) > 0) {
		if (link.info.ifi_type != LINK_TYPE_CAN ||
		    (args[0] && strcmp(args[0], link.name) != 0))
			continue;
		is_found = true;
		print_link(&link);
	}
	if (dump)
		lsk_nl_dump_end(dump, NULL);
	if (r < 0)
		return command_failure(r, "netlink");
	return is_found ? COMMAND_OK : command_failure(-ENODEV, "%s", args[0]);
}

/* "timing CLOCK BITRATE [POINT]": for the limits of an SJA1000, which most can. */
static int link_timing(struct lsk_nl *nl, char **args)
{
	static const struct can_bittiming_const limits = {
		.tseg1_min = 1,
		.tseg1_max = 16,
		.tseg2_min = 1,
		.tseg2_max = 8,
		.sjw_max = 4,
		.brp_min = 1,
		.brp_max = 64,
		.brp_inc = 1,
	};
	struct can_bittiming timing;
	long clock = 0, bitrate = 0;
	double point = 0;
	int r;

	(void)nl;
	if (!args[0] || !args[1] ||
	    command_parse_number(args[0], 1, UINT32_MAX, &clock) < 0 ||
	    command_parse_number(args[1], 1, 10000000, &bitrate) < 0)
		return command_usage("a clock in Hz and a bitrate are needed");
	if (args[2])
		point = strtod(args[2], NULL);
	if (point < 0 || point >= 1)
		return command_usage("\"%s\" is no part of a bit, as 0.875", args[2]);
	r = lsk_can_timing(&limits, (uint32_t)clock, (uint32_t)bitrate,
			   (uint32_t)(point * 1000 + 0.5), &timing);
	if (r < 0)
		return command_failure(r, "%s of %s Hz", args[1], args[0]);
	print_timing("bitrate", &timing);
	return COMMAND_OK;
}

static int can_link_main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct lsk_nl *nl, char **args);
	} verbs[] = {
		{"show", link_show},       {"set", link_set},
		{"add", link_add},         {"delete", link_delete},
		{"restart", link_restart}, {"timing", link_timing},
	};
	struct lsk_nl *nl = NULL;
	const char *verb = argc > 1 ? argv[1] : "show";
	int status = -1;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return command_failure(r, "netlink");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0)
			status = verbs[i].run(nl, argv + (argc > 1 ? 2 : 1));
	lsk_nl_close(nl);
	if (status < 0)
		return command_usage("unknown verb \"%s\"", verb);
	return fflush(stdout) == 0 ? status : command_failure(-EIO, "stdout");
}

static const char can_link_help[] =
	"  show [IFACE]              CAN interfaces, or one: state, timing, counters\n"
	"  add NAME [type vcan|vxcan] [mtu N] [peer NAME [netns NS]]\n"
	"  set IFACE [down] [KEY VALUE]... [up]\n"
	"  restart IFACE             after a bus-off\n"
	"  delete IFACE\n"
	"  timing CLOCK BITRATE [SAMPLE-POINT]  as a controller would have it\n"
	"\n"
	"Keys are those of ip-link(8): bitrate, sample-point, tq, prop-seg, "
	"phase-seg1,\n"
	"phase-seg2, sjw, the same with a d before them for FD data and an x for XL,\n"
	"restart-ms, termination, tdcv, tdco, tdcf, xtdcv, xtdco, xtdcf, pwms, pwml, "
	"pwmo;\n"
	"and on or off for loopback, listen-only, triple-sampling, one-shot,\n"
	"berr-reporting, fd, presume-ack, fd-non-iso, cc-len8-dlc, tdc-auto, "
	"tdc-manual,\n"
	"restricted, xl, xtdc-auto, xtdc-manual, tms; tdc-mode and xtdc-mode auto, "
	"manual "
	"or\n"
	"off; and restart alone. Most want the interface down, and fd on wants "
	"dbitrate "
	"in\n"
	"the same call, xl on xbitrate.\n";

const struct command can_link_command = {
	.name = "link",
	.arguments = "[VERB] [arguments]",
	.summary = "make, configure and show CAN interfaces",
	.help = can_link_help,
	.main = can_link_main,
};
