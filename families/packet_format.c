/* SPDX-License-Identifier: MIT */
/*
 * A packet in one line, from the link layer to the head of the transport layer. Every
 * header is looked at only as far as it was captured; "[|name]" says where that ends.
 */
#include <linsock/capture.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>

#include "src/text.h"
#include "uring/util.h"

#define VLAN_DEPTH_MAX 4
#define EXTENSIONS_MAX 16

#define ETHERTYPE_MIN 0x600 /* below it: a length of IEEE 802.3 */
#define SLL_LEN       16u
#define SLL2_LEN      20u
#define NULL_LEN      4u
#define ARP_LEN       28u
#define IPV4_LEN      20u
#define IPV6_LEN      40u
#define TCP_LEN       20u
#define UDP_LEN       8u
#define ICMP_LEN      8u
#define FRAGMENT_LEN  8u

/* What is left of the packet: @len bytes captured, @whole of it on the wire. */
struct view {
	const uint8_t *data;
	uint32_t len;
	uint32_t whole;
};

struct number_name {
	unsigned int number;
	const char *name;
};

static unsigned int get16(const uint8_t *data)
{
	return (unsigned int)data[0] << 8 | data[1];
}

static uint32_t get32(const uint8_t *data)
{
	return (uint32_t)get16(data) << 16 | get16(data + 2);
}

static const char *name_of(const struct number_name *names, unsigned int number)
{
	for (; names->name; names++)
		if (names->number == number)
			return names->name;
	return NULL;
}

/* Step over @count bytes that were captured. */
static void advance(struct view *view, uint32_t count)
{
	view->data += count;
	view->len -= count;
	view->whole -= view->whole < count ? view->whole : count;
}

/* Say that a header was cut, where it was. Return: whether it was. */
static bool is_cut(struct text_writer *writer, const struct view *view, uint32_t want,
		   const char *name)
{
	if (view->len >= want)
		return false;
	text_put_format(writer, "[|%s]", name);
	return true;
}

static void put_hardware(struct text_writer *writer, const uint8_t *bytes)
{
	for (int i = 0; i < ETH_ALEN; i++)
		text_put_format(writer, "%s%02x", i > 0 ? ":" : "", bytes[i]);
}

static void put_inet(struct text_writer *writer, const uint8_t *bytes)
{
	char text[INET_ADDRSTRLEN];

	text_put_string(writer, inet_ntop(AF_INET, bytes, text, sizeof(text)));
}

static void put_arp(struct text_writer *writer, struct view view)
{
	unsigned int operation;

	text_put_string(writer, "ARP, ");
	if (is_cut(writer, &view, ARP_LEN, "arp"))
		return;
	operation = get16(view.data + 6);
	if (get16(view.data + 2) != ETH_P_IP || view.data[4] != ETH_ALEN ||
	    view.data[5] != 4) {
		text_put_format(writer, "operation %u of hardware %u", operation,
				get16(view.data));
	} else if (operation == 1) {
		text_put_string(writer, "Request who-has ");
		put_inet(writer, view.data + 24);
		text_put_string(writer, " tell ");
		put_inet(writer, view.data + 14);
	} else if (operation == 2) {
		text_put_string(writer, "Reply ");
		put_inet(writer, view.data + 14);
		text_put_string(writer, " is-at ");
		put_hardware(writer, view.data + 8);
	} else {
		text_put_format(writer, "operation %u", operation);
	}
	text_put_format(writer, ", length %u", view.whole);
}

/* What a transport needs to know of the network layer. */
struct addresses {
	int family;
	const uint8_t *source;
	const uint8_t *destination;
	bool is_later_fragment;
};

static void put_address(struct text_writer *writer, const struct addresses *addresses,
			const uint8_t *address, int port)
{
	char text[INET6_ADDRSTRLEN];

	text_put_string(writer,
			inet_ntop(addresses->family, address, text, sizeof(text)));
	if (port >= 0)
		text_put_format(writer, ".%d", port);
}

/* "source > destination: ", with ports where they are not negative. */
static void put_addresses(struct text_writer *writer, const struct addresses *addresses,
			  int source_port, int destination_port)
{
	put_address(writer, addresses, addresses->source, source_port);
	text_put_string(writer, " > ");
	put_address(writer, addresses, addresses->destination, destination_port);
	text_put_string(writer, ": ");
}

static void put_tcp_flags(struct text_writer *writer, unsigned int flags)
{
	static const char letters[] = "FSRP.UEW";

	text_put_string(writer, "Flags [");
	/* In the order that readers of tcpdump know: SYN first, ACK last. */
	for (const char *order = "SFRPUEW."; *order; order++)
		if (flags & 1u << (strchr(letters, *order) - letters))
			text_put(writer, *order);
	if ((flags & 0xff) == 0)
		text_put_string(writer, "none");
	text_put_string(writer, "]");
}

static void put_tcp(struct text_writer *writer, struct view view,
		    const struct addresses *addresses)
{
	uint32_t header, payload, sequence;
	unsigned int flags;

	if (view.len < 4) {
		put_addresses(writer, addresses, -1, -1);
		text_put_string(writer, "[|tcp]");
		return;
	}
	put_addresses(writer, addresses, (int)get16(view.data),
		      (int)get16(view.data + 2));
	if (is_cut(writer, &view, TCP_LEN, "tcp"))
		return;
	header = (uint32_t)(view.data[12] >> 4) * 4;
	flags = view.data[13];
	sequence = get32(view.data + 4);
	put_tcp_flags(writer, flags);
	if (header < TCP_LEN || header > view.whole) {
		text_put_format(writer, " [bad header length %u]", header);
		return;
	}
	payload = view.whole - header;
	/* SYN, FIN and RST take a number too. */
	if (payload > 0)
		text_put_format(writer, ", seq %u:%u", sequence, sequence + payload);
	else if (flags & 7)
		text_put_format(writer, ", seq %u", sequence);
	if (flags & 0x10)
		text_put_format(writer, ", ack %u", get32(view.data + 8));
	text_put_format(writer, ", win %u, length %u", get16(view.data + 14), payload);
}

static void put_udp(struct text_writer *writer, struct view view,
		    const struct addresses *addresses)
{
	unsigned int len;

	if (view.len < 4) {
		put_addresses(writer, addresses, -1, -1);
		text_put_string(writer, "[|udp]");
		return;
	}
	put_addresses(writer, addresses, (int)get16(view.data),
		      (int)get16(view.data + 2));
	if (is_cut(writer, &view, UDP_LEN, "udp"))
		return;
	len = get16(view.data + 4);
	if (len < UDP_LEN)
		text_put_format(writer, "UDP, bad length %u", len);
	else
		text_put_format(writer, "UDP, length %u", len - UDP_LEN);
}

static void put_icmp(struct text_writer *writer, struct view view,
		     const struct addresses *addresses)
{
	static const struct number_name types4[] = {
		{0, "echo reply"},   {3, "unreachable"},    {5, "redirect"},
		{8, "echo request"}, {11, "time exceeded"}, {12, "parameter problem"},
		{0, NULL},
	};
	static const struct number_name types6[] = {
		{1, "unreachable"},
		{2, "packet too big"},
		{3, "time exceeded"},
		{4, "parameter problem"},
		{128, "echo request"},
		{129, "echo reply"},
		{133, "router solicitation"},
		{134, "router advertisement"},
		{135, "neighbor solicitation"},
		{136, "neighbor advertisement"},
		{137, "redirect"},
		{143, "multicast listener report v2"},
		{0, NULL},
	};
	const bool is_v6 = addresses->family == AF_INET6;
	const char *label = is_v6 ? "ICMP6" : "ICMP";
	const char *name;
	unsigned int type;

	put_addresses(writer, addresses, -1, -1);
	if (is_cut(writer, &view, ICMP_LEN, is_v6 ? "icmp6" : "icmp"))
		return;
	type = view.data[0];
	name = name_of(is_v6 ? types6 : types4, type);
	if (name)
		text_put_format(writer, "%s %s", label, name);
	else
		text_put_format(writer, "%s type %u code %u", label, type,
				view.data[1]);
	if (name && strncmp(name, "echo", 4) == 0)
		text_put_format(writer, ", id %u, seq %u", get16(view.data + 4),
				get16(view.data + 6));
	else if (name && strcmp(name, "unreachable") == 0)
		text_put_format(writer, ", code %u", view.data[1]);
	text_put_format(writer, ", length %u", view.whole);
}

static void put_transport(struct text_writer *writer, struct view view,
			  const struct addresses *addresses, unsigned int protocol)
{
	static const struct number_name names[] = {
		{IPPROTO_IGMP, "igmp"}, {IPPROTO_GRE, "GREv0"}, {IPPROTO_ESP, "ESP"},
		{IPPROTO_AH, "AH"},     {IPPROTO_SCTP, "sctp"}, {IPPROTO_IPIP, "ipip"},
		{89, "OSPF"},           {112, "VRRP"},          {0, NULL},
	};
	const char *name = name_of(names, protocol);

	if (addresses->is_later_fragment) {
		put_addresses(writer, addresses, -1, -1);
		text_put_format(writer, "ip-proto-%u, a later fragment, length %u",
				protocol, view.whole);
	} else if (protocol == IPPROTO_TCP) {
		put_tcp(writer, view, addresses);
	} else if (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE) {
		put_udp(writer, view, addresses);
	} else if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) {
		put_icmp(writer, view, addresses);
	} else {
		put_addresses(writer, addresses, -1, -1);
		if (name)
			text_put_string(writer, name);
		else
			text_put_format(writer, "ip-proto-%u", protocol);
		text_put_format(writer, ", length %u", view.whole);
	}
}

static void put_ipv4(struct text_writer *writer, struct view view)
{
	struct addresses addresses = {.family = AF_INET};
	uint32_t header, total;

	text_put_string(writer, "IP ");
	if (is_cut(writer, &view, IPV4_LEN, "ip"))
		return;
	header = (uint32_t)(view.data[0] & 0xf) * 4;
	total = get16(view.data + 2);
	if (view.data[0] >> 4 != 4 || header < IPV4_LEN) {
		text_put_string(writer, "bad header");
		return;
	}
	/* Frames are padded; a length of 0 is one of segmentation offload. */
	if (total >= header && total < view.whole)
		view.whole = total;
	if (view.len > view.whole)
		view.len = view.whole;
	addresses.source = view.data + 12;
	addresses.destination = view.data + 16;
	addresses.is_later_fragment = get16(view.data + 6) & 0x1fff;
	if (view.len < header) {
		put_addresses(writer, &addresses, -1, -1);
		text_put_string(writer, "[|ip]");
		return;
	}
	unsigned int protocol = view.data[9];

	advance(&view, header);
	put_transport(writer, view, &addresses, protocol);
}

/* Step over the extension headers. Return: the protocol behind; negative: it is cut. */
static int skip_extensions(struct view *view, unsigned int next, bool *ret_is_later)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		uint32_t len;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_DSTOPTS)
			return (int)next;
		if (view->len < FRAGMENT_LEN)
			return -ENODATA;
		len = FRAGMENT_LEN;
		if (next == IPPROTO_FRAGMENT)
			*ret_is_later = get16(view->data + 2) & 0xfff8;
		else
			len += view->data[1] * 8u;
		if (view->len < len)
			return -ENODATA;
		next = view->data[0];
		advance(view, len);
		if (*ret_is_later)
			return (int)next;
	}
	return (int)next;
}

static void put_ipv6(struct text_writer *writer, struct view view)
{
	struct addresses addresses = {.family = AF_INET6};
	uint32_t payload;
	int protocol;

	text_put_string(writer, "IP6 ");
	if (is_cut(writer, &view, IPV6_LEN, "ip6"))
		return;
	if (view.data[0] >> 4 != 6) {
		text_put_string(writer, "bad header");
		return;
	}
	payload = get16(view.data + 4);
	addresses.source = view.data + 8;
	addresses.destination = view.data + 24;
	protocol = view.data[6];
	advance(&view, IPV6_LEN);
	/* 0: a jumbogram, or segmentation offload. */
	if (payload > 0 && payload < view.whole)
		view.whole = payload;
	if (view.len > view.whole)
		view.len = view.whole;
	protocol = skip_extensions(&view, (unsigned int)protocol,
				   &addresses.is_later_fragment);
	if (protocol < 0) {
		put_addresses(writer, &addresses, -1, -1);
		text_put_string(writer, "[|ip6]");
		return;
	}
	put_transport(writer, view, &addresses, (unsigned int)protocol);
}

/* What follows an Ethernet type. Return: whether it is known here. */
static bool put_network(struct text_writer *writer, struct view view,
			unsigned int ethertype)
{
	for (int i = 0; i < VLAN_DEPTH_MAX; i++) {
		if (ethertype != ETH_P_8021Q && ethertype != ETH_P_8021AD)
			break;
		if (is_cut(writer, &view, 4, "vlan"))
			return true;
		text_put_format(writer, "vlan %u, p %u, ", get16(view.data) & 0xfff,
				view.data[0] >> 5);
		ethertype = get16(view.data + 2);
		advance(&view, 4);
	}
	switch (ethertype) {
	case ETH_P_IP:
		put_ipv4(writer, view);
		return true;
	case ETH_P_IPV6:
		put_ipv6(writer, view);
		return true;
	case ETH_P_ARP:
		put_arp(writer, view);
		return true;
	default:
		return false;
	}
}

static void put_unknown(struct text_writer *writer, const struct view *frame,
			unsigned int ethertype)
{
	put_hardware(writer, frame->data + ETH_ALEN);
	text_put_string(writer, " > ");
	put_hardware(writer, frame->data);
	if (ethertype < ETHERTYPE_MIN)
		text_put_format(writer, ", 802.3, length %u", ethertype);
	else
		text_put_format(writer, ", ethertype 0x%04x, length %u", ethertype,
				frame->whole);
}

static void put_ethernet(struct text_writer *writer, const struct lsk_packet *packet)
{
	const struct view frame = {packet->data, packet->captured, packet->length};
	struct view view = frame;
	unsigned int ethertype;

	if (is_cut(writer, &view, ETH_HLEN, "ether"))
		return;
	ethertype = get16(view.data + 12);
	advance(&view, ETH_HLEN);
	if (packet->flags & LSK_PACKET_HAS_VLAN)
		text_put_format(writer, "vlan %u, p %u, ", packet->vlan_tci & 0xfffu,
				(unsigned int)packet->vlan_tci >> 13);
	if (!put_network(writer, view, ethertype))
		put_unknown(writer, &frame, ethertype);
}

static void put_by_version(struct text_writer *writer, struct view view)
{
	if (is_cut(writer, &view, 1, "ip"))
		return;
	if (view.data[0] >> 4 == 6)
		put_ipv6(writer, view);
	else
		put_ipv4(writer, view);
}

/* A header that stands for any other says the Ethernet type at @offset. */
static void put_cooked(struct text_writer *writer, struct view view, uint32_t len,
		       uint32_t offset)
{
	unsigned int ethertype;

	if (is_cut(writer, &view, len, "sll"))
		return;
	ethertype = get16(view.data + offset);
	advance(&view, len);
	if (!put_network(writer, view, ethertype))
		text_put_format(writer, "ethertype 0x%04x, length %u", ethertype,
				view.whole);
}

/* What a cooked socket brings has no header: the kernel has said the type. */
static void put_described(struct text_writer *writer, const struct lsk_packet *packet,
			  struct view view)
{
	if (!put_network(writer, view, packet->protocol))
		text_put_format(writer, "ethertype 0x%04x, length %u", packet->protocol,
				view.whole);
}

static void put_loopback(struct text_writer *writer, struct view view)
{
	if (is_cut(writer, &view, NULL_LEN, "null"))
		return;
	advance(&view, NULL_LEN);
	put_by_version(writer, view);
}

int lsk_packet_format(const struct lsk_packet *packet, int linktype, char *buf,
		      size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct view view;

	if (!packet || !buf || (!packet->data && packet->captured > 0))
		return -EINVAL;
	view = (struct view){packet->data, packet->captured, packet->length};
	switch (linktype) {
	case LSK_LINKTYPE_ETHERNET:
		put_ethernet(&writer, packet);
		break;
	case LSK_LINKTYPE_RAW:
	case LSK_LINKTYPE_IPV4:
	case LSK_LINKTYPE_IPV6:
		put_by_version(&writer, view);
		break;
	case LSK_LINKTYPE_LINUX_SLL:
		put_cooked(&writer, view, SLL_LEN, 14);
		break;
	case LSK_LINKTYPE_LINUX_SLL2:
		/* Of a file it has the header, of a socket it has not. */
		if (packet->protocol)
			put_described(&writer, packet, view);
		else
			put_cooked(&writer, view, SLL2_LEN, 0);
		break;
	case LSK_LINKTYPE_NULL:
		put_loopback(&writer, view);
		break;
	default:
		text_put_format(&writer, "link type %d, length %u", linktype,
				packet->length);
	}
	return text_end(&writer);
}
