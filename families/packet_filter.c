/* SPDX-License-Identifier: MIT */
/*
 * Programs of classic BPF: made from filter words by libpcap, which is an optional
 * companion loaded at run time; checked and run here, for frames of files.
 */
#include <linsock/packet.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "src/error.h"
#include "uring/util.h"

#define SNAP_LEN      262144
#define PCAP_ERROR    256 /* PCAP_ERRBUF_SIZE */
#define RING_MIN      (256 << 10)
#define WORDS_MAX     65536
#define NETMASK_NONE  0xffffffffu
#define SLL2_LEN      20u
#define SLL2_PROTOCOL 0u
#define SLL2_INDEX    4u
#define SLL2_TYPE     8u
#define SLL2_KIND     10u

/* As <pcap/bpf.h> has it; its instructions are those of the kernel. */
struct bpf_program {
	unsigned int bf_len;
	struct sock_filter *bf_insns;
};

struct pcap;

/* What is used of libpcap. */
struct libpcap {
	struct pcap *(*open_dead)(int linktype, int snap_len);
	struct pcap *(*create)(const char *device, char *error);
	int (*set_snaplen)(struct pcap *handle, int snap_len);
	int (*set_buffer_size)(struct pcap *handle, int size);
	int (*activate)(struct pcap *handle);
	int (*set_datalink)(struct pcap *handle, int linktype);
	int (*datalink)(struct pcap *handle);
	int (*compile)(struct pcap *handle, struct bpf_program *program,
		       const char *words, int optimize, unsigned int netmask);
	void (*freecode)(struct bpf_program *program);
	char *(*geterr)(struct pcap *handle);
	void (*close)(struct pcap *handle);
};

/* Loaded once and constant from then on; this is no state that a caller could see. */
static struct libpcap libpcap;
static bool libpcap_is_there;
static pthread_once_t libpcap_once = PTHREAD_ONCE_INIT;

static void libpcap_load(void)
{
	/* Debian has kept the name of version 0.8. */
	static const char *const names[] = {"libpcap.so.1", "libpcap.so.0.8",
					    "libpcap.so"};
	const struct {
		const char *name;
		void *to;
	} symbols[] = {
		{"pcap_open_dead", &libpcap.open_dead},
		{"pcap_create", &libpcap.create},
		{"pcap_set_snaplen", &libpcap.set_snaplen},
		{"pcap_set_buffer_size", &libpcap.set_buffer_size},
		{"pcap_activate", &libpcap.activate},
		{"pcap_set_datalink", &libpcap.set_datalink},
		{"pcap_datalink", &libpcap.datalink},
		{"pcap_compile", &libpcap.compile},
		{"pcap_freecode", &libpcap.freecode},
		{"pcap_geterr", &libpcap.geterr},
		{"pcap_close", &libpcap.close},
	};
	void *library = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !library; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);

		if (!symbol) {
			dlclose(library);
			return;
		}
		memcpy(symbols[i].to, &symbol, sizeof(symbol));
	}
	libpcap_is_there = true;
}

/*
 * A handle to compile with. That of a live device knows of tags beside the frame and of
 * directions; where there is none to be had, or it has another link type, a dead one.
 */
static struct pcap *open_handle(const char *interface, int linktype)
{
	char ignored[PCAP_ERROR];
	struct pcap *handle;

	if (interface && *interface && linktype != LSK_LINKTYPE_LINUX_SLL2) {
		handle = libpcap.create(interface, ignored);
		if (handle) {
			libpcap.set_snaplen(handle, SNAP_LEN);
			libpcap.set_buffer_size(handle, RING_MIN);
			if (libpcap.activate(handle) >= 0 &&
			    libpcap.datalink(handle) == linktype)
				return handle;
			libpcap.close(handle);
		}
	}
	return libpcap.open_dead(linktype, SNAP_LEN);
}

/* A program for frames of LINUX_SLL2 as one for a cooked socket, whose bytes begin with
 * the network header: what the SLL2 header says, the kernel says by SKF_AD_*. */
static int cook(struct lsk_packet_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		struct sock_filter *each = &filter->instructions[i];
		bool is_load = BPF_CLASS(each->code) == BPF_LD ||
			       BPF_CLASS(each->code) == BPF_LDX;
		uint32_t ancillary;

		if (!is_load || (BPF_MODE(each->code) != BPF_ABS &&
				 BPF_MODE(each->code) != BPF_IND &&
				 BPF_MODE(each->code) != BPF_MSH))
			continue;
		if (each->k >= SLL2_LEN) {
			each->k -= SLL2_LEN;
			continue;
		}
		if (BPF_MODE(each->code) != BPF_ABS)
			return -EOPNOTSUPP;
		if (each->k == SLL2_PROTOCOL)
			ancillary = SKF_AD_PROTOCOL;
		else if (each->k == SLL2_INDEX)
			ancillary = SKF_AD_IFINDEX;
		else if (each->k == SLL2_TYPE)
			ancillary = SKF_AD_HATYPE;
		else if (each->k == SLL2_KIND)
			ancillary = SKF_AD_PKTTYPE;
		else
			return -EOPNOTSUPP;
		each->k = (uint32_t)SKF_AD_OFF + ancillary;
	}
	return 0;
}

static int copy_program(const struct bpf_program *program,
			struct lsk_packet_filter *ret_filter)
{
	struct sock_filter *copy = calloc(program->bf_len, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	memcpy(copy, program->bf_insns, program->bf_len * sizeof(*copy));
	*ret_filter = (struct lsk_packet_filter){copy, program->bf_len};
	return 0;
}

int lsk_packet_filter_compile(struct lsk_packet_filter *ret_filter, const char *words,
			      int linktype, const char *interface,
			      struct lsk_error *ret_error)
{
	struct lsk_packet_filter filter = {NULL, 0};
	struct bpf_program program = {0, NULL};
	struct pcap *handle;
	int r;

	if (!ret_filter || !words || strlen(words) > WORDS_MAX)
		return error_set_code(ret_error, -EINVAL, 0, "filter");
	pthread_once(&libpcap_once, libpcap_load);
	if (!libpcap_is_there)
		return error_set(ret_error, -EOPNOTSUPP, 0,
				 "filter words need libpcap, which is not installed");
	handle = open_handle(interface, linktype);
	if (!handle)
		return error_set_code(ret_error, -ENOMEM, 0, "libpcap");
	if (libpcap.compile(handle, &program, words, 1, NETMASK_NONE) < 0) {
		r = error_set(ret_error, LSK_ERR_SYNTAX, 0, "%s",
			      libpcap.geterr(handle));
	} else {
		r = copy_program(&program, &filter);
		libpcap.freecode(&program);
	}
	libpcap.close(handle);
	if (r == 0 && interface && linktype == LSK_LINKTYPE_LINUX_SLL2 &&
	    cook(&filter) < 0)
		r = error_set(ret_error, -EOPNOTSUPP, 0,
			      "these words cannot be used on all devices at once");
	if (r < 0) {
		lsk_packet_filter_done(&filter);
		return r;
	}
	*ret_filter = filter;
	return 0;
}

void lsk_packet_filter_done(struct lsk_packet_filter *filter)
{
	if (!filter)
		return;
	free(filter->instructions);
	*filter = (struct lsk_packet_filter){NULL, 0};
}
