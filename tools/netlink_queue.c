/* SPDX-License-Identifier: MIT */
/* What each kind of queueing discipline is told, and tells, in tc's words and numbers.
 */
#include "tools/netlink_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/pkt_sched.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A tick of the kernel's packet scheduler is 64 ns, see /proc/net/psched. */
#define TICKS_PER_US   15.625
#define US_PER_SECOND  1000000.0
#define HTB_MTU        1600
#define HTB_VERSION    3
#define HTB_R2Q        10
#define DEFAULT_CELL   3 /* cells of 8 bytes, as tc has for frames of Ethernet */
#define WORD_PAIR      2
#define RATE_32BIT_MAX UINT32_MAX

struct unit {
	const char *name;
	double factor;
};

/* Of bytes per second. */
static const struct unit rate_units[] = {
	{"", 0.125},       {"bit", 0.125},       {"kbit", 125.0},  {"mbit", 125e3},
	{"gbit", 125e6},   {"tbit", 125e9},      {"kibit", 128.0}, {"mibit", 131072.0},
	{"bps", 1.0},      {"kbps", 1e3},        {"mbps", 1e6},    {"gbps", 1e9},
	{"kibps", 1024.0}, {"mibps", 1048576.0}, {NULL, 0.0},
};

static const struct unit size_units[] = {
	{"", 1.0},       {"b", 1.0},         {"k", 1024.0},
	{"kb", 1024.0},  {"m", 1048576.0},   {"mb", 1048576.0},
	{"kbit", 128.0}, {"mbit", 131072.0}, {NULL, 0.0},
};

/* Of microseconds. */
static const struct unit time_units[] = {
	{"", 1.0},     {"us", 1.0}, {"usec", 1.0}, {"ms", 1e3},
	{"msec", 1e3}, {"s", 1e6},  {"sec", 1e6},  {NULL, 0.0},
};

static int read_scaled(const char *text, const struct unit *units, double *ret_value)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !(value >= 0))
		return -EINVAL;
	for (; units->name; units++)
		if (strcasecmp(units->name, end) == 0) {
			*ret_value = value * units->factor;
			return 0;
		}
	return -EINVAL;
}

static int read_number(const char *text, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || number > UINT32_MAX)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

static int read_u32(const char *text, const struct unit *units, uint32_t *ret_number)
{
	double value;
	int r = read_scaled(text, units, &value);

	if (r < 0 || value > UINT32_MAX)
		return -EINVAL;
	*ret_number = (uint32_t)value;
	return 0;
}

/* Whole microseconds, as tc counts. */
static uint32_t size_ticks(double rate, double size)
{
	double us = floor(US_PER_SECOND * size / rate);

	return (uint32_t)(us * TICKS_PER_US);
}

static double tick_us(uint32_t ticks)
{
	return floor(ticks / TICKS_PER_US);
}

static uint32_t ticks_size(double rate, uint32_t ticks)
{
	return (uint32_t)(rate * tick_us(ticks) / US_PER_SECOND);
}

static struct tc_ratespec rate_spec(double rate)
{
	/* With a link layer said the kernel computes: it wants no table of ours. */
	return (struct tc_ratespec){
		.rate = rate > RATE_32BIT_MAX ? UINT32_MAX : (uint32_t)rate,
		.linklayer = TC_LINKLAYER_ETHERNET,
		.cell_log = DEFAULT_CELL,
		.cell_align = -1,
	};
}

/* A structure that may be longer or shorter than the one that is known. */
static void take(struct lsk_nl_bytes bytes, void *ret, size_t size)
{
	memset(ret, 0, size);
	if (bytes.len > 0)
		memcpy(ret, bytes.data, bytes.len < size ? bytes.len : size);
}

static struct lsk_nl_bytes find(struct lsk_nl_bytes options, unsigned int type)
{
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&options, &attr) > 0)
		if (attr.type == type)
			return (struct lsk_nl_bytes){attr.data, attr.len};
	return (struct lsk_nl_bytes){.len = 0};
}

static double find_rate(struct lsk_nl_bytes options, unsigned int type, uint32_t rate)
{
	struct lsk_nl_bytes wide = find(options, type);
	uint64_t number;

	if (wide.len < sizeof(number))
		return rate;
	memcpy(&number, wide.data, sizeof(number));
	return (double)number;
}

static void print_rate(const json_t *object, const char *key)
{
	static const char *const prefixes[] = {"", "K", "M", "G", "T"};
	uint64_t rate = (uint64_t)json_integer_value(json_object_get(object, key)) * 8;
	int i = 0;

	while (i < 4 && rate >= 1000 && (rate % 1000 == 0 || rate >= 1000000)) {
		rate /= 1000;
		i++;
	}
	printf("%s %" PRIu64 "%sbit ", key, rate, prefixes[i]);
}

static void print_size(const json_t *object, const char *key)
{
	double size = (double)json_integer_value(json_object_get(object, key));
	double mega = rint(size / 1048576), kilo = rint(size / 1024);

	if (size >= 1048576 && fabs(mega * 1048576 - size) < 1024)
		printf("%s %gMb ", key, mega);
	else if (size >= 1024 && fabs(kilo * 1024 - size) < 16)
		printf("%s %gKb ", key, kilo);
	else
		printf("%s %.0fb ", key, size);
}

static void print_time(const json_t *object, const char *key)
{
	double us = (double)json_integer_value(json_object_get(object, key));

	if (us >= 1e6)
		printf("%s %.3gs ", key, us / 1e6);
	else if (us >= 1e3)
		printf("%s %.3gms ", key, us / 1e3);
	else
		printf("%s %.0fus ", key, us);
}

/* "limit N" of the plain queues. */
static int fifo_read(char **args, struct lsk_nl_msg *options)
{
	struct tc_fifo_qopt fifo = {.limit = 0};

	if (!args[0])
		return 0; /* the kernel's own limit */
	if (strcmp(args[0], "limit") != 0 || !args[1] || args[WORD_PAIR] ||
	    read_u32(args[1], size_units, &fifo.limit) < 0)
		return -EINVAL;
	lsk_nl_put_raw(options, &fifo, sizeof(fifo));
	return 0;
}

static json_t *fifo_json(struct lsk_nl_bytes options)
{
	struct tc_fifo_qopt fifo;

	take(options, &fifo, sizeof(fifo));
	return json_pack("{s:I}", "limit", (json_int_t)fifo.limit);
}

static void pfifo_print(const json_t *options)
{
	printf("limit %" JSON_INTEGER_FORMAT "p",
	       json_integer_value(json_object_get(options, "limit")));
}

static void bfifo_print(const json_t *options)
{
	print_size(options, "limit");
}

static json_t *prio_json(struct lsk_nl_bytes options)
{
	struct tc_prio_qopt prio;
	json_t *map = json_array();

	take(options, &prio, sizeof(prio));
	for (int i = 0; i <= TC_PRIO_MAX; i++)
		json_array_append_new(map, json_integer(prio.priomap[i]));
	return json_pack("{s:i,s:o,s:b}", "bands", prio.bands, "priomap", map,
			 "multiqueue", 0);
}

static void prio_print(const json_t *options)
{
	const json_t *band;
	size_t i;

	netlink_print_key(options, "bands", "bands");
	printf("priomap ");
	json_array_foreach(json_object_get(options, "priomap"), i, band)
		printf(" %" JSON_INTEGER_FORMAT, json_integer_value(band));
}

/* "rate R burst B latency T|limit B" */
static int tbf_read(char **args, struct lsk_nl_msg *options)
{
	double rate = 0, burst = 0, latency = 0, limit = 0;
	struct tc_tbf_qopt tbf = {.limit = 0};
	int r = 0;

	for (; *args && r == 0; args += WORD_PAIR) {
		if (!args[1])
			return -EINVAL;
		if (strcmp(args[0], "rate") == 0)
			r = read_scaled(args[1], rate_units, &rate);
		else if (strcmp(args[0], "burst") == 0)
			r = read_scaled(args[1], size_units, &burst);
		else if (strcmp(args[0], "latency") == 0)
			r = read_scaled(args[1], time_units, &latency);
		else if (strcmp(args[0], "limit") == 0)
			r = read_scaled(args[1], size_units, &limit);
		else
			r = -EINVAL;
	}
	if (r < 0 || rate < 1 || burst < 1 || (latency > 0) == (limit > 0))
		return -EINVAL;
	if (latency > 0)
		limit = floor(rate) * latency / US_PER_SECOND + burst;
	if (limit > UINT32_MAX || burst > UINT32_MAX)
		return -EINVAL;
	tbf.rate = rate_spec(rate);
	tbf.limit = (uint32_t)limit;
	tbf.buffer = size_ticks(floor(rate), burst);
	lsk_nl_put(options, TCA_TBF_PARMS, &tbf, sizeof(tbf));
	lsk_nl_put_u32(options, TCA_TBF_BURST, (uint32_t)burst);
	if (rate > RATE_32BIT_MAX)
		lsk_nl_put_u64(options, TCA_TBF_RATE64, (uint64_t)rate);
	return 0;
}

static json_t *tbf_json(struct lsk_nl_bytes options)
{
	struct tc_tbf_qopt tbf;
	double rate, latency;
	json_t *object;

	take(find(options, TCA_TBF_PARMS), &tbf, sizeof(tbf));
	rate = find_rate(options, TCA_TBF_RATE64, tbf.rate.rate);
	object = json_pack("{s:I,s:I}", "rate", (json_int_t)rate, "burst",
			   (json_int_t)ticks_size(rate, tbf.buffer));
	latency =
		rate > 0 ? US_PER_SECOND * tbf.limit / rate - tick_us(tbf.buffer) : -1;
	if (latency >= 0)
		json_object_set_new(object, "lat", json_integer((json_int_t)latency));
	else
		json_object_set_new(object, "limit", json_integer(tbf.limit));
	return object;
}

static void tbf_print(const json_t *options)
{
	print_rate(options, "rate");
	print_size(options, "burst");
	if (json_object_get(options, "lat"))
		print_time(options, "lat");
	else
		print_size(options, "limit");
}

/* "default CLASS r2q N" */
static int htb_read(char **args, struct lsk_nl_msg *options)
{
	struct tc_htb_glob glob = {.version = HTB_VERSION, .rate2quantum = HTB_R2Q};

	for (; *args; args += WORD_PAIR) {
		char *end = args[1];

		if (!args[1])
			return -EINVAL;
		/* A class is hexadecimal, with or without its "0x". */
		if (strcmp(args[0], "default") == 0) {
			glob.defcls = (uint32_t)strtoul(args[1], &end, 16);
			if (end == args[1] || *end)
				return -EINVAL;
		} else if (strcmp(args[0], "r2q") != 0 ||
			   read_number(args[1], &glob.rate2quantum) < 0) {
			return -EINVAL;
		}
	}
	lsk_nl_put(options, TCA_HTB_INIT, &glob, sizeof(glob));
	return 0;
}

static json_t *htb_json(struct lsk_nl_bytes options)
{
	struct tc_htb_glob glob;
	uint32_t direct = 0;

	take(find(options, TCA_HTB_INIT), &glob, sizeof(glob));
	take(find(options, TCA_HTB_DIRECT_QLEN), &direct, sizeof(direct));
	return json_pack("{s:I,s:o,s:I,s:I}", "r2q", (json_int_t)glob.rate2quantum,
			 "default", json_sprintf("%#x", glob.defcls),
			 "direct_packets_stat", (json_int_t)glob.direct_pkts,
			 "direct_qlen", (json_int_t)direct);
}

static void htb_print(const json_t *options)
{
	netlink_print_key(options, "r2q", "r2q");
	netlink_print_key(options, "default", "default");
	netlink_print_key(options, "direct_packets_stat", "direct_packets_stat");
	netlink_print_key(options, "direct_qlen", "direct_qlen");
}

struct htb_words {
	double rate, ceil, burst, cburst;
	uint32_t prio, quantum;
};

static int htb_class_word(char **args, struct htb_words *words)
{
	if (!args[1])
		return -EINVAL;
	if (strcmp(args[0], "rate") == 0)
		return read_scaled(args[1], rate_units, &words->rate);
	if (strcmp(args[0], "ceil") == 0)
		return read_scaled(args[1], rate_units, &words->ceil);
	if (strcmp(args[0], "burst") == 0)
		return read_scaled(args[1], size_units, &words->burst);
	if (strcmp(args[0], "cburst") == 0)
		return read_scaled(args[1], size_units, &words->cburst);
	if (strcmp(args[0], "prio") == 0)
		return read_number(args[1], &words->prio);
	if (strcmp(args[0], "quantum") == 0)
		return read_number(args[1], &words->quantum);
	return -EINVAL;
}

/* "rate R ceil R burst B cburst B prio N quantum N" */
static int htb_class_read(char **args, struct lsk_nl_msg *options)
{
	struct htb_words words = {.burst = HTB_MTU, .cburst = HTB_MTU};
	struct tc_htb_opt htb = {.level = 0};

	for (; *args; args += WORD_PAIR)
		if (htb_class_word(args, &words) < 0)
			return -EINVAL;
	if (words.rate < 1)
		return -EINVAL;
	if (words.ceil < 1)
		words.ceil = words.rate;
	htb.rate = rate_spec(words.rate);
	htb.ceil = rate_spec(words.ceil);
	htb.buffer = size_ticks(floor(words.rate), words.burst);
	htb.cbuffer = size_ticks(floor(words.ceil), words.cburst);
	htb.prio = words.prio;
	htb.quantum = words.quantum;
	if (words.rate > RATE_32BIT_MAX)
		lsk_nl_put_u64(options, TCA_HTB_RATE64, (uint64_t)words.rate);
	if (words.ceil > RATE_32BIT_MAX)
		lsk_nl_put_u64(options, TCA_HTB_CEIL64, (uint64_t)words.ceil);
	lsk_nl_put(options, TCA_HTB_PARMS, &htb, sizeof(htb));
	return 0;
}

static json_t *htb_class_json(struct lsk_nl_bytes options)
{
	struct tc_htb_opt htb;
	double rate, ceiling;
	json_t *object = json_object();

	take(find(options, TCA_HTB_PARMS), &htb, sizeof(htb));
	rate = find_rate(options, TCA_HTB_RATE64, htb.rate.rate);
	ceiling = find_rate(options, TCA_HTB_CEIL64, htb.ceil.rate);
	/* Of an inner class the priority means nothing. */
	if (htb.level == 0)
		json_object_set_new(object, "prio", json_integer(htb.prio));
	json_object_set_new(object, "rate", json_integer((json_int_t)rate));
	json_object_set_new(object, "ceil", json_integer((json_int_t)ceiling));
	json_object_set_new(object, "burst",
			    json_integer(ticks_size(rate, htb.buffer)));
	json_object_set_new(object, "cburst",
			    json_integer(ticks_size(ceiling, htb.cbuffer)));
	return object;
}

static void htb_class_print(const json_t *options)
{
	netlink_print_key(options, "prio", "prio");
	print_rate(options, "rate");
	print_rate(options, "ceil");
	print_size(options, "burst");
	print_size(options, "cburst");
}

/* The numbers of fq_codel, in the order in which tc shows them. */
static const struct codel_number {
	const char *name;
	uint16_t type;
	const struct unit *units; /* NULL: a plain number */
} codel_numbers[] = {
	{"limit", TCA_FQ_CODEL_LIMIT, NULL},
	{"flows", TCA_FQ_CODEL_FLOWS, NULL},
	{"quantum", TCA_FQ_CODEL_QUANTUM, NULL},
	{"target", TCA_FQ_CODEL_TARGET, time_units},
	{"ce_threshold", TCA_FQ_CODEL_CE_THRESHOLD, time_units},
	{"interval", TCA_FQ_CODEL_INTERVAL, time_units},
	{"memory_limit", TCA_FQ_CODEL_MEMORY_LIMIT, size_units},
	{"ecn", TCA_FQ_CODEL_ECN, NULL},
	{"drop_batch", TCA_FQ_CODEL_DROP_BATCH_SIZE, NULL},
};

#define CODEL_COUNT (sizeof(codel_numbers) / sizeof(codel_numbers[0]))

static int codel_read(char **args, struct lsk_nl_msg *options)
{
	while (*args) {
		const struct codel_number *row = codel_numbers;
		bool is_ecn = strcmp(*args, "ecn") == 0 || strcmp(*args, "noecn") == 0;
		uint32_t number = **args == 'e';

		while (row < codel_numbers + CODEL_COUNT &&
		       strcmp(row->name, is_ecn ? "ecn" : *args) != 0)
			row++;
		if (row == codel_numbers + CODEL_COUNT ||
		    (!is_ecn &&
		     (!args[1] || (row->units ? read_u32(args[1], row->units, &number)
					      : read_number(args[1], &number)) < 0)))
			return -EINVAL;
		lsk_nl_put_u32(options, row->type, number);
		args += is_ecn ? 1 : WORD_PAIR;
	}
	return 0;
}

static json_t *codel_json(struct lsk_nl_bytes options)
{
	json_t *object = json_object();

	for (size_t i = 0; i < CODEL_COUNT; i++) {
		const struct codel_number *row = &codel_numbers[i];
		struct lsk_nl_bytes bytes = find(options, row->type);
		uint32_t number;

		if (bytes.len < sizeof(number))
			continue;
		take(bytes, &number, sizeof(number));
		if (row->type != TCA_FQ_CODEL_ECN)
			json_object_set_new(object, row->name, json_integer(number));
		else if (number)
			json_object_set_new(object, row->name, json_true());
	}
	return object;
}

static void codel_print(const json_t *options)
{
	for (size_t i = 0; i < CODEL_COUNT; i++) {
		const struct codel_number *row = &codel_numbers[i];

		if (!json_object_get(options, row->name))
			continue;
		if (row->type == TCA_FQ_CODEL_LIMIT)
			printf("limit %" JSON_INTEGER_FORMAT "p ",
			       json_integer_value(json_object_get(options, "limit")));
		else if (row->units == time_units)
			print_time(options, row->name);
		else if (row->units == size_units)
			print_size(options, row->name);
		else
			netlink_print_key(options, row->name, row->name);
	}
}

static json_t *empty_json(struct lsk_nl_bytes options)
{
	(void)options;
	return json_object();
}

static void empty_print(const json_t *options)
{
	(void)options;
}

static void ingress_print(const json_t *options)
{
	(void)options;
	printf("---------------- ");
}

#define LIMIT_WORDS "limit N"
#define CODEL_WORDS                                                              \
	"limit N flows N quantum N target TIME interval TIME ce_threshold TIME " \
	"memory_limit SIZE drop_batch N ecn|noecn"

static const struct netlink_queue_kind kinds[] = {
	{"pfifo", fifo_read, fifo_json, pfifo_print, LIMIT_WORDS},
	{"bfifo", fifo_read, fifo_json, bfifo_print, LIMIT_WORDS},
	{"pfifo_head_drop", fifo_read, fifo_json, pfifo_print, LIMIT_WORDS},
	{"pfifo_fast", NULL, prio_json, prio_print, ""},
	{"prio", NULL, prio_json, prio_print, ""},
	{"tbf", tbf_read, tbf_json, tbf_print,
	 "rate RATE burst SIZE and latency TIME or limit SIZE"},
	{"htb", htb_read, htb_json, htb_print, "default CLASS r2q N"},
	{"fq_codel", codel_read, codel_json, codel_print, CODEL_WORDS},
	{"noqueue", NULL, empty_json, empty_print, ""},
	{"ingress", NULL, empty_json, ingress_print, ""},
	{"clsact", NULL, empty_json, empty_print, ""},
	{"mq", NULL, empty_json, empty_print, ""},
};

static const struct netlink_queue_kind htb_class = {
	"htb", htb_class_read, htb_class_json, htb_class_print,
	"rate RATE ceil RATE burst SIZE cburst SIZE prio N quantum N"};

const struct netlink_queue_kind *netlink_queue_kind(const char *name, bool is_class)
{
	if (is_class)
		return strcmp(name, htb_class.name) == 0 ? &htb_class : NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}
