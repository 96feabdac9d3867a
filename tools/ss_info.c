/* SPDX-License-Identifier: MIT */
/* What ss(8) -i tells of a TCP connection, in its words and its order. */
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/tcp.h>
#include <stdio.h>
#include <string.h>

#include "tools/ss.h"

#define RTO_UNKNOWN 3000000 /* of a socket that has no connection yet */

static void options_text(struct ss_text *text, const struct tcp_info *info)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} options[] = {
		{TCPI_OPT_TIMESTAMPS, "ts"},     {TCPI_OPT_SACK, "sack"},
		{TCPI_OPT_ECN, "ecn"},           {TCPI_OPT_ECN_SEEN, "ecnseen"},
		{TCPI_OPT_SYN_DATA, "fastopen"},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (info->tcpi_options & options[i].bit)
			ss_text_add(text, " %s", options[i].name);
}

static void number(struct ss_text *text, const char *name, uint64_t value)
{
	if (value)
		ss_text_add(text, " %s:%" PRIu64, name, value);
}

static void milliseconds(struct ss_text *text, const char *name, uint32_t microseconds)
{
	if (microseconds)
		ss_text_add(text, " %s:%g", name, microseconds / 1000.0);
}

static void path_text(struct ss_text *text, const struct tcp_info *info)
{
	if (info->tcpi_options & TCPI_OPT_WSCALE)
		ss_text_add(text, " wscale:%d,%d", info->tcpi_snd_wscale,
			    info->tcpi_rcv_wscale);
	if (info->tcpi_rto != RTO_UNKNOWN)
		milliseconds(text, "rto", info->tcpi_rto);
	number(text, "backoff", info->tcpi_backoff);
	if (info->tcpi_rtt)
		ss_text_add(text, " rtt:%g/%g", info->tcpi_rtt / 1000.0,
			    info->tcpi_rttvar / 1000.0);
	milliseconds(text, "ato", info->tcpi_ato);
	number(text, "mss", info->tcpi_snd_mss);
	number(text, "pmtu", info->tcpi_pmtu);
	number(text, "rcvmss", info->tcpi_rcv_mss);
	number(text, "advmss", info->tcpi_advmss);
	number(text, "cwnd", info->tcpi_snd_cwnd);
	if (info->tcpi_snd_ssthresh < 0xffff)
		number(text, "ssthresh", info->tcpi_snd_ssthresh);
	number(text, "bytes_sent", info->tcpi_bytes_sent);
	number(text, "bytes_retrans", info->tcpi_bytes_retrans);
	number(text, "bytes_acked", info->tcpi_bytes_acked);
	number(text, "bytes_received", info->tcpi_bytes_received);
	number(text, "segs_out", info->tcpi_segs_out);
	number(text, "segs_in", info->tcpi_segs_in);
	number(text, "data_segs_out", info->tcpi_data_segs_out);
	number(text, "data_segs_in", info->tcpi_data_segs_in);
}

static void congestion_text(struct ss_text *text, const struct lsk_diag_socket *sock)
{
	const struct lsk_nl_bytes *data = &sock->congestion_info;
	struct tcp_dctcp_info dctcp;
	struct tcp_bbr_info bbr;

	if (strcmp(sock->congestion, "dctcp") == 0 && data->len >= sizeof(dctcp)) {
		memcpy(&dctcp, data->data, sizeof(dctcp));
		if (!dctcp.dctcp_enabled)
			ss_text_add(text, " dctcp:fallback_mode");
		else
			ss_text_add(text,
				    " dctcp:(ce_state:%u,alpha:%u,ab_ecn:%u,ab_tot:%u)",
				    dctcp.dctcp_ce_state, dctcp.dctcp_alpha,
				    dctcp.dctcp_ab_ecn, dctcp.dctcp_ab_tot);
	} else if (strncmp(sock->congestion, "bbr", 3) == 0 &&
		   data->len >= sizeof(bbr)) {
		memcpy(&bbr, data->data, sizeof(bbr));
		ss_text_add(text, " bbr:(bw:%" PRIu64 "bps,mrtt:%g",
			    ((uint64_t)bbr.bbr_bw_hi << 32 | bbr.bbr_bw_lo) * 8,
			    bbr.bbr_min_rtt / 1000.0);
		if (bbr.bbr_pacing_gain)
			ss_text_add(text, ",pacing_gain:%g",
				    bbr.bbr_pacing_gain / 256.0);
		if (bbr.bbr_cwnd_gain)
			ss_text_add(text, ",cwnd_gain:%g", bbr.bbr_cwnd_gain / 256.0);
		ss_text_add(text, ")");
	}
}

static void rate_text(struct ss_text *text, const struct tcp_info *info)
{
	if (info->tcpi_rtt && info->tcpi_snd_mss && info->tcpi_snd_cwnd)
		ss_text_add(text, " send %.0fbps",
			    (double)info->tcpi_snd_cwnd * info->tcpi_snd_mss *
				    8000000.0 / info->tcpi_rtt);
	number(text, "lastsnd", info->tcpi_last_data_sent);
	number(text, "lastrcv", info->tcpi_last_data_recv);
	number(text, "lastack", info->tcpi_last_ack_recv);
	if (info->tcpi_pacing_rate && info->tcpi_pacing_rate != UINT64_MAX) {
		ss_text_add(text, " pacing_rate %.0fbps",
			    (double)info->tcpi_pacing_rate * 8);
		if (info->tcpi_max_pacing_rate &&
		    info->tcpi_max_pacing_rate != UINT64_MAX)
			ss_text_add(text, "/%.0fbps",
				    (double)info->tcpi_max_pacing_rate * 8);
	}
	if (info->tcpi_delivery_rate)
		ss_text_add(text, " delivery_rate %.0fbps",
			    (double)info->tcpi_delivery_rate * 8);
	number(text, "delivered", info->tcpi_delivered);
	number(text, "delivered_ce", info->tcpi_delivered_ce);
	if (info->tcpi_delivery_rate_app_limited)
		ss_text_add(text, " app_limited");
}

static void limit_text(struct ss_text *text, const char *name, uint64_t time,
		       uint64_t busy_time)
{
	if (time)
		ss_text_add(text, " %s:%" PRIu64 "ms(%.1f%%)", name, time / 1000,
			    100.0 * (double)time / (double)busy_time);
}

static void loss_text(struct ss_text *text, const struct tcp_info *info,
		      bool is_listener)
{
	if (info->tcpi_busy_time) {
		ss_text_add(text, " busy:%" PRIu64 "ms",
			    (uint64_t)info->tcpi_busy_time / 1000);
		limit_text(text, "rwnd_limited", info->tcpi_rwnd_limited,
			   info->tcpi_busy_time);
		limit_text(text, "sndbuf_limited", info->tcpi_sndbuf_limited,
			   info->tcpi_busy_time);
	}
	number(text, "unacked", info->tcpi_unacked);
	if (info->tcpi_retrans || info->tcpi_total_retrans)
		ss_text_add(text, " retrans:%u/%u", info->tcpi_retrans,
			    info->tcpi_total_retrans);
	number(text, "lost", info->tcpi_lost);
	if (!is_listener)
		number(text, "sacked", info->tcpi_sacked);
	number(text, "dsack_dups", info->tcpi_dsack_dups);
	number(text, "fackets", info->tcpi_fackets);
	if (info->tcpi_reordering != 3)
		ss_text_add(text, " reordering:%u", info->tcpi_reordering);
	number(text, "reord_seen", info->tcpi_reord_seen);
	milliseconds(text, "rcv_rtt", info->tcpi_rcv_rtt);
	number(text, "rcv_space", info->tcpi_rcv_space);
	number(text, "rcv_ssthresh", info->tcpi_rcv_ssthresh);
	number(text, "notsent", info->tcpi_notsent_bytes);
	if (info->tcpi_min_rtt != UINT32_MAX)
		milliseconds(text, "minrtt", info->tcpi_min_rtt);
	number(text, "rcv_ooopack", info->tcpi_rcv_ooopack);
	number(text, "snd_wnd", info->tcpi_snd_wnd);
}

void ss_tcp_text(struct ss_text *text, const struct lsk_diag_socket *sock,
		 bool has_options)
{
	/* What an older kernel does not tell reads as zeros, which say nothing. */
	struct tcp_info info = {.tcpi_reordering = 3, .tcpi_rto = RTO_UNKNOWN};
	size_t len = sock->info.len < sizeof(info) ? sock->info.len : sizeof(info);

	if (len > 0)
		memcpy(&info, sock->info.data, len);
	if (has_options)
		options_text(text, &info);
	if (sock->congestion[0])
		ss_text_add(text, " %s", sock->congestion);
	path_text(text, &info);
	congestion_text(text, sock);
	rate_text(text, &info);
	loss_text(text, &info, sock->state == 10);
}
