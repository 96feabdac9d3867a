/* SPDX-License-Identifier: MIT */
/* What ss(8) -e tells of packet and XDP sockets: their options, rings and memory. */
#include <linux/if_packet.h>
#include <linux/packet_diag.h>
#include <linux/xdp_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "tools/ss.h"

/* A structure of an attribute. Return: whether it is there and whole. */
static bool find(const struct lsk_diag_socket *sock, unsigned int type, void *ret,
		 size_t size)
{
	struct lsk_nl_bytes rest = sock->attributes;
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&rest, &attr) > 0)
		if (attr.type == type && attr.len >= size) {
			memcpy(ret, attr.data, size);
			return true;
		}
	return false;
}

static void packet_info(struct ss_text *text, const struct packet_diag_info *info,
			const char *start)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} flags[] = {
		{PDI_RUNNING, "running"},  {PDI_AUXDATA, " auxdata"},
		{PDI_ORIGDEV, " origdev"}, {PDI_VNETHDR, " vnethdr"},
		{PDI_LOSS, " loss"},
	};

	ss_text_add(text, "%sver:%u cpy_thresh:%u flags( ", start, info->pdi_version,
		    info->pdi_copy_thresh);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (info->pdi_flags & flags[i].bit)
			ss_text_add(text, "%s", flags[i].text);
	ss_text_add(text, info->pdi_flags ? " )" : "0 )");
}

static void packet_ring(struct ss_text *text, const struct packet_diag_ring *ring,
			const char *start, const char *name)
{
	ss_text_add(text,
		    "%s%s(blk_size:%u,blk_nr:%u,frm_size:%u,frm_nr:%u,tmo:%u,"
		    "features:0x%x)",
		    start, name, ring->pdr_block_size, ring->pdr_block_nr,
		    ring->pdr_frame_size, ring->pdr_frame_nr, ring->pdr_retire_tmo,
		    ring->pdr_features);
}

static void packet_text(struct ss_text *text, const struct lsk_diag_socket *sock,
			const char *start)
{
	static const char *const kinds[] = {"hash",   "lb", "cpu",  "roll",
					    "random", "qm", "cbpf", "ebpf"};
	struct packet_diag_ring ring;
	struct packet_diag_info info;
	uint32_t fanout;

	if (find(sock, PACKET_DIAG_INFO, &info, sizeof(info)))
		packet_info(text, &info, start);
	if (find(sock, PACKET_DIAG_RX_RING, &ring, sizeof(ring)))
		packet_ring(text, &ring, start, "ring_rx");
	if (find(sock, PACKET_DIAG_TX_RING, &ring, sizeof(ring)))
		packet_ring(text, &ring, start, "ring_tx");
	if (!find(sock, PACKET_DIAG_FANOUT, &fanout, sizeof(fanout)))
		return;
	ss_text_add(text, "%sfanout(id:%u,type:", start, fanout & 0xffff);
	if (fanout >> 16 < sizeof(kinds) / sizeof(kinds[0]))
		ss_text_add(text, "%s)", kinds[fanout >> 16]);
	else
		ss_text_add(text, "0x%x)", fanout >> 16);
}

static void xdp_ring(struct ss_text *text, const struct lsk_diag_socket *sock,
		     unsigned int type, const char *start, const char *name)
{
	struct xdp_diag_ring ring;

	if (find(sock, type, &ring, sizeof(ring)))
		ss_text_add(text, "%s%s(entries:%u)", start, name, ring.entries);
}

static void xdp_text(struct ss_text *text, const struct lsk_diag_socket *sock,
		     const char *start)
{
	struct xdp_diag_stats stats;
	struct xdp_diag_umem umem;

	xdp_ring(text, sock, XDP_DIAG_RX_RING, start, "rx");
	xdp_ring(text, sock, XDP_DIAG_TX_RING, start, "tx");
	if (find(sock, XDP_DIAG_UMEM, &umem, sizeof(umem)))
		ss_text_add(text,
			    "%sumem(id:%u,size:%llu,num_pages:%u,chunk_size:%u,"
			    "headroom:%u,ifindex:%u,qid:%u,zc:%u,refs:%u)",
			    start, umem.id, (unsigned long long)umem.size,
			    umem.num_pages, umem.chunk_size, umem.headroom,
			    umem.ifindex, umem.queue_id,
			    umem.flags & XDP_DU_F_ZEROCOPY ? 1 : 0, umem.refs);
	xdp_ring(text, sock, XDP_DIAG_UMEM_FILL_RING, start, "fr");
	xdp_ring(text, sock, XDP_DIAG_UMEM_COMPLETION_RING, start, "cr");
	if (find(sock, XDP_DIAG_STATS, &stats, sizeof(stats)))
		ss_text_add(
			text,
			"%sstats(rx dropped:%llu,rx invalid:%llu,rx queue full:%llu,"
			"rx fill ring empty:%llu,tx invalid:%llu,tx ring empty:%llu)",
			start, (unsigned long long)stats.n_rx_dropped,
			(unsigned long long)stats.n_rx_invalid,
			(unsigned long long)stats.n_rx_full,
			(unsigned long long)stats.n_fill_ring_empty,
			(unsigned long long)stats.n_tx_invalid,
			(unsigned long long)stats.n_tx_ring_empty);
}

void ss_ring_text(struct ss_text *text, const struct lsk_diag_socket *sock,
		  bool is_one_line)
{
	const char *start = is_one_line ? " " : "\n\t";

	if (sock->family == AF_PACKET)
		packet_text(text, sock, start);
	else
		xdp_text(text, sock, start);
}
