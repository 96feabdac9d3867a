/* SPDX-License-Identifier: MIT */
/* Packet sockets on a cable in a namespace: membership, filters, fanout, messages. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sys/syscall.h>

#include <linsock/endpoint.h>
#include <linsock/message.h>
#include <linsock/packet.h>

#include "tests/support/wire.h"

#define MSEC INT64_C(1000000)

static struct lsk_socket *open_on(const struct lsk_packet_config *config)
{
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	int r = lsk_packet_open(&sock, config, &error);

	cr_assert_eq(r, 0, "open: %d %s", r, error.text);
	lsk_socket_set_timeout(sock, 60000 * MSEC);
	return sock;
}

static uint32_t promiscuity(struct lsk_nl *nl, const char *interface)
{
	struct lsk_rtnl_link link;

	cr_assert_eq(lsk_rtnl_link_get(nl, interface, 0, &link), 0);
	return link.promiscuity;
}

/* Frames that are waiting. */
static int count_waiting(struct lsk_socket *sock)
{
	char buf[2048];
	int count = 0;

	lsk_socket_set_timeout(sock, 0);
	while (lsk_socket_recv(sock, buf, sizeof(buf), 0) > 0)
		count++;
	return count;
}

/* Accept the frames whose number, of one byte, is @number. */
static struct lsk_packet_filter filter_number(struct sock_filter *code, uint8_t number)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	memcpy(code, program, sizeof(program));
	return (struct lsk_packet_filter){code, 4};
}

Test(packet, open_tells_which_device_there_is_not)
{
	const struct lsk_packet_config config = {.interface = "nosuch0"};
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};

	cr_assert_eq(lsk_packet_open(&sock, &config, &error), -ENODEV);
	cr_assert(strstr(error.text, "nosuch0") != NULL, "%s", error.text);
	cr_assert_null(sock);
	cr_assert_eq(lsk_packet_open(NULL, &config, NULL), -EINVAL);
}

Test(packet, a_cooked_socket_brings_frames_without_their_header, .init = wire_make)
{
	struct lsk_packet_config config = *wire_config("vb");
	struct lsk_socket *sock;
	struct lsk_addr from;
	const struct sockaddr_ll *ll = (const struct sockaddr_ll *)&from.storage;
	uint32_t number;
	char buf[100];

	config.is_cooked = true;
	sock = open_on(&config);
	wire_send("va", 77, 1);
	cr_assert_eq(lsk_socket_recvfrom(sock, buf, sizeof(buf), 0, &from),
		     ETH_ZLEN - ETH_HLEN);
	memcpy(&number, buf, sizeof(number));
	cr_assert_eq(number, 77);
	cr_assert_eq(ll->sll_ifindex, (int)if_nametoindex("vb"));
	cr_assert_eq(ntohs(ll->sll_protocol), WIRE_PROTOCOL);
	cr_assert_eq(ll->sll_pkttype, PACKET_OTHERHOST);
	cr_assert_eq(ll->sll_halen, ETH_ALEN);
	cr_assert_eq(ll->sll_addr[5], 1);
	lsk_socket_free(sock);
}

Test(packet, promiscuous_mode_ends_with_the_socket, .init = wire_make)
{
	struct lsk_packet_config config = *wire_config("vb");
	struct lsk_socket *sock;
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	config.is_promiscuous = true;
	sock = open_on(&config);
	cr_assert_eq(promiscuity(nl, "vb"), 1);
	cr_assert_eq(
		lsk_packet_add_membership(sock, "vb", LSK_PACKET_PROMISCUOUS, NULL, 0),
		0);
	cr_assert_eq(lsk_packet_remove_membership(sock, "vb", LSK_PACKET_PROMISCUOUS,
						  NULL, 0),
		     0);
	cr_assert_eq(promiscuity(nl, "vb"), 1, "memberships are counted");
	lsk_socket_free(sock);
	cr_assert_eq(promiscuity(nl, "vb"), 0);
	lsk_nl_close(nl);
}

Test(packet, memberships_have_the_device_s_addresses, .init = wire_make)
{
	static const uint8_t group[] = {0x33, 0x33, 0, 0, 0x12, 0x34, 0, 0, 0};
	struct lsk_socket *sock = open_on(wire_config("vb"));

	cr_assert_eq(
		lsk_packet_add_membership(sock, "vb", LSK_PACKET_MULTICAST, group, 6),
		0);
	cr_assert_eq(
		lsk_packet_add_membership(sock, "vb", LSK_PACKET_MULTICAST, group, 5),
		-EINVAL);
	cr_assert_eq(lsk_packet_add_membership(sock, "vb", LSK_PACKET_MULTICAST, group,
					       sizeof(group)),
		     LSK_ERR_LENGTH);
	cr_assert_eq(lsk_packet_add_membership(sock, "nosuch0",
					       LSK_PACKET_ALL_MULTICAST, NULL, 0),
		     -ENODEV);
	cr_assert_eq(lsk_packet_add_membership(sock, "vb", LSK_PACKET_ALL_MULTICAST,
					       NULL, 0),
		     0);
	cr_assert_eq(
		lsk_packet_add_membership(sock, "vb", LSK_PACKET_UNICAST, group, 6), 0);
	lsk_socket_free(sock);
}

Test(packet, a_filter_is_attached_replaced_and_locked, .init = wire_make)
{
	struct sock_filter code[4];
	struct lsk_packet_filter filter = filter_number(code, 3);
	struct lsk_packet_config config = *wire_config("vb");
	struct lsk_socket *sock;

	config.filter = &filter;
	sock = open_on(&config);
	wire_send("va", 0, 10);
	cr_assert_eq(count_waiting(sock), 1);
	filter_number(code, 12);
	cr_assert_eq(lsk_packet_attach_filter(sock, &filter), 0);
	wire_send("va", 10, 10);
	cr_assert_eq(count_waiting(sock), 1);
	cr_assert_eq(lsk_packet_detach_filter(sock), 0);
	cr_assert_eq(lsk_packet_detach_filter(sock), -ENOENT);
	wire_send("va", 20, 10);
	cr_assert_eq(count_waiting(sock), 10);
	cr_assert_eq(lsk_packet_attach_filter(sock, &filter), 0);
	cr_assert_eq(lsk_packet_lock_filter(sock), 0);
	cr_assert_eq(lsk_packet_detach_filter(sock), -EPERM);
	cr_assert_eq(lsk_packet_attach_filter(sock, &filter), -EPERM);
	filter.count = 0;
	cr_assert_eq(lsk_packet_attach_filter(sock, &filter), -EINVAL);
	lsk_socket_free(sock);
}

/* An eBPF socket filter that answers @result. Return: its descriptor. */
static int load_bpf(int32_t result)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = result},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.insns = (uint64_t)(uintptr_t)code,
		.license = (uint64_t)(uintptr_t) "GPL",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		cr_skip_test("no eBPF here: bpf says %d", errno);
	return fd;
}

Test(packet, an_ebpf_program_filters_too, .init = wire_make)
{
	struct lsk_socket *sock = open_on(wire_config("vb"));
	int fd = load_bpf(20);
	char buf[100];

	cr_assert_eq(lsk_packet_attach_bpf(sock, fd), 0);
	close(fd);
	wire_send("va", 1, 1);
	cr_assert_eq(lsk_socket_recv(sock, buf, sizeof(buf), 0), 20);
	fd = load_bpf(0);
	cr_assert_eq(lsk_packet_attach_bpf(sock, fd), 0);
	close(fd);
	wire_send("va", 1, 5);
	cr_assert_eq(count_waiting(sock), 0);
	cr_assert_eq(lsk_packet_attach_bpf(sock, -1), -EBADF);
	lsk_socket_free(sock);
}

Test(packet, auxdata_tells_the_tag_and_the_length, .init = wire_make)
{
	struct lsk_packet_config config = {.interface = "vb", .has_auxdata = true};
	struct lsk_packet_auxdata auxdata = {0};
	struct lsk_control_item item;
	struct lsk_message message = {0};
	struct sock_filter cut = BPF_STMT(BPF_RET | BPF_K, 40);
	const struct lsk_packet_filter filter = {&cut, 1};
	_Alignas(struct cmsghdr) char control[256];
	char buf[200];
	struct iovec part = {buf, sizeof(buf)};
	size_t offset = 0;
	struct lsk_socket *sock;
	/* Tag 5 with priority 3, then the frame's own type. */
	uint8_t frame[100];
	struct lsk_socket *sender = open_on(wire_config("va"));

	config.filter = &filter;
	sock = open_on(&config);
	wire_frame(frame, 9);
	memmove(frame + 16, frame + 12, ETH_ZLEN - 12);
	memcpy(frame + 12, (const uint8_t[]){0x81, 0x00, 0x60, 0x05}, 4);
	cr_assert_eq(lsk_socket_send(sender, frame, ETH_ZLEN + 4, 0), ETH_ZLEN + 4);
	do { /* what else the kernel says on the cable is not ours */
		message = (struct lsk_message){
			.buffers = &part,
			.buffers_count = 1,
			.control = {control, sizeof(control), 0},
		};
		cr_assert_eq(lsk_socket_recvmsg(sock, &message, 0), 40);
	} while (buf[11] != 1 || buf[6] != 2);
	while (lsk_control_next(&message.control, &offset, &item) > 0)
		if (lsk_packet_get_auxdata(&item, &auxdata) == 0)
			break;
	cr_assert_eq(auxdata.flags & LSK_PACKET_HAS_VLAN, LSK_PACKET_HAS_VLAN);
	cr_assert_eq(auxdata.vlan_tci, 0x6005);
	cr_assert_eq(auxdata.vlan_tpid, ETH_P_8021Q);
	cr_assert_eq(auxdata.length, ETH_ZLEN);
	cr_assert_eq(auxdata.captured, 40);
	item.len = 3;
	cr_assert_eq(lsk_packet_get_auxdata(&item, &auxdata), -EBADMSG);
	item.type++;
	cr_assert_eq(lsk_packet_get_auxdata(&item, &auxdata), -ENOMSG);
	lsk_socket_free(sender);
	lsk_socket_free(sock);
}

Test(packet, the_virtio_net_header_says_what_is_left_to_do, .init = wire_make)
{
	struct lsk_packet_config config = *wire_config("vb");
	struct lsk_packet_offload offload =
					  {
						  .needs_checksum = true,
						  .checksum_start = 34,
						  .checksum_offset = 6,
					  },
				  got;
	uint8_t frame[LSK_PACKET_OFFLOAD_SIZE + ETH_ZLEN], buf[200];
	struct lsk_socket *sender, *sock;

	config.vnet_header = LSK_PACKET_OFFLOAD_SIZE;
	sock = open_on(&config);
	config.interface = "va";
	sender = open_on(&config);
	lsk_packet_put_offload(frame, &offload);
	wire_frame(frame + LSK_PACKET_OFFLOAD_SIZE, 1);
	cr_assert_eq(lsk_socket_send(sender, frame, sizeof(frame), 0), sizeof(frame));
	cr_assert_eq(lsk_socket_recv(sock, buf, sizeof(buf), 0), sizeof(frame));
	cr_assert_eq(lsk_packet_get_offload(buf, sizeof(buf), &got), 0);
	cr_assert(got.needs_checksum);
	cr_assert_eq(got.checksum_start, 34);
	cr_assert_eq(got.checksum_offset, 6);
	cr_assert_eq(got.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	cr_assert_eq(lsk_packet_get_offload(buf, 9, &got), -EBADMSG);
	lsk_socket_free(sender);
	lsk_socket_free(sock);
}

Test(packet, ignored_are_the_frames_that_leave, .init = wire_make)
{
	struct lsk_packet_config config = {.interface = "va", .protocol = ETH_P_ALL};
	struct sock_filter code[4];
	struct lsk_packet_filter filter = filter_number(code, 200);
	struct lsk_socket *deaf, *all;

	config.filter = &filter;
	all = open_on(&config);
	config.ignores_outgoing = true;
	deaf = open_on(&config);
	wire_send("va", 200, 1);
	wire_send("vb", 200, 1);
	cr_assert_eq(count_waiting(all), 2);
	cr_assert_eq(count_waiting(deaf), 1);
	lsk_socket_free(all);
	lsk_socket_free(deaf);
}

Test(packet, a_full_queue_drops_and_tells, .init = wire_make)
{
	struct lsk_socket *sock = open_on(wire_config("vb"));
	struct lsk_packet_stats stats;
	int waiting;

	cr_assert_eq(lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVBUF, 8192), 0);
	wire_send("va", 0, 500);
	cr_assert_eq(lsk_packet_take_stats(sock, &stats), 0);
	waiting = count_waiting(sock);
	cr_assert_eq(stats.received, (uint64_t)waiting);
	cr_assert_gt(stats.dropped, 0);
	cr_assert_eq(stats.received + stats.dropped, 500);
	cr_assert_eq(lsk_packet_take_stats(sock, &stats), 0);
	cr_assert_eq(stats.received + stats.dropped, 0, "reading sets them to 0");
	lsk_socket_free(sock);
}

/* A group of two; @ret_id gets its number. */
static void make_group(struct lsk_socket *socks[2], struct lsk_packet_fanout *fanout,
		       int *ret_id)
{
	for (int i = 0; i < 2; i++) {
		int r;

		socks[i] = open_on(wire_config("vb"));
		r = lsk_packet_join_fanout(socks[i], fanout);
		if (r == -EINVAL && fanout->ignores_outgoing)
			cr_skip_test("this kernel's groups cannot ignore outgoing");
		cr_assert_geq(r, 0, "join: %d", r);
		fanout->id = (uint16_t)r;
		fanout->joins = true;
		*ret_id = r;
	}
}

static void free_group(struct lsk_socket *socks[2])
{
	lsk_socket_free(socks[0]);
	lsk_socket_free(socks[1]);
}

Test(packet, a_group_shares_its_packets, .init = wire_make)
{
	struct lsk_packet_fanout fanout = {.mode = LSK_PACKET_FANOUT_LOAD_BALANCE};
	struct lsk_socket *socks[2], *third;
	int id, other;

	make_group(socks, &fanout, &id);
	wire_send("va", 0, 100);
	cr_assert_eq(count_waiting(socks[0]), 50);
	cr_assert_eq(count_waiting(socks[1]), 50);
	cr_assert_eq(lsk_packet_join_fanout(socks[0], &fanout), -EALREADY);
	third = open_on(wire_config("vb"));
	fanout.mode = LSK_PACKET_FANOUT_HASH;
	cr_assert_eq(lsk_packet_join_fanout(third, &fanout), -EINVAL,
		     "the group has another mode");
	fanout.joins = false;
	other = lsk_packet_join_fanout(third, &fanout);
	cr_assert_geq(other, 0);
	cr_assert_neq(other, id, "a new group has a number that nobody has");
	fanout.mode = LSK_PACKET_FANOUT_EBPF + 1;
	cr_assert_eq(lsk_packet_join_fanout(third, &fanout), -EINVAL);
	lsk_socket_free(third);
	free_group(socks);
}

Test(packet, every_mode_delivers_every_packet_once, .init = wire_make)
{
	for (int mode = LSK_PACKET_FANOUT_HASH; mode <= LSK_PACKET_FANOUT_QUEUE;
	     mode++) {
		struct lsk_packet_fanout fanout = {
			.mode = (enum lsk_packet_fanout_mode)mode,
			.defragments = true,
		};
		struct lsk_socket *socks[2];
		int id, first, second;

		make_group(socks, &fanout, &id);
		wire_send("va", 0, 60);
		first = count_waiting(socks[0]);
		second = count_waiting(socks[1]);
		cr_assert_eq(first + second, 60, "mode %d: %d and %d", mode, first,
			     second);
		free_group(socks);
	}
}

Test(packet, programs_choose_the_member, .init = wire_make)
{
	struct lsk_packet_fanout fanout = {.mode = LSK_PACKET_FANOUT_CBPF};
	struct sock_filter code[] = {
		/* What precedes the network header is out of such a program's sight. */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	const struct lsk_packet_filter filter = {code, 2};
	struct lsk_socket *socks[2];
	int id, fd;

	make_group(socks, &fanout, &id);
	cr_assert_eq(lsk_packet_set_fanout_filter(socks[0], &filter), 0);
	wire_send("va", 0, 30);
	cr_assert_eq(count_waiting(socks[0]), 15, "even numbers");
	cr_assert_eq(count_waiting(socks[1]), 15, "odd numbers");
	free_group(socks);
	fanout = (struct lsk_packet_fanout){.mode = LSK_PACKET_FANOUT_EBPF};
	make_group(socks, &fanout, &id);
	fd = load_bpf(1);
	cr_assert_eq(lsk_packet_set_fanout_bpf(socks[0], fd), 0);
	close(fd);
	wire_send("va", 0, 30);
	cr_assert_eq(count_waiting(socks[0]), 0);
	cr_assert_eq(count_waiting(socks[1]), 30);
	free_group(socks);
}

Test(packet, a_full_member_s_packets_roll_over, .init = wire_make)
{
	struct lsk_packet_fanout fanout = {.mode = LSK_PACKET_FANOUT_CBPF,
					   .rolls_over = true};
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct lsk_packet_filter filter = {&first, 1};
	struct lsk_packet_rollover stats;
	struct lsk_socket *socks[2];
	int id, waiting[2];

	make_group(socks, &fanout, &id);
	cr_assert_eq(lsk_packet_set_fanout_filter(socks[0], &filter), 0);
	cr_assert_eq(lsk_socket_setsockopt_int(socks[0], SOL_SOCKET, SO_RCVBUF, 8192),
		     0);
	wire_send("va", 0, 100);
	cr_assert_eq(lsk_packet_rollover_stats(socks[0], &stats), 0);
	waiting[0] = count_waiting(socks[0]);
	waiting[1] = count_waiting(socks[1]);
	cr_assert_lt(waiting[0], 100);
	cr_assert_gt(waiting[1], 0);
	cr_assert_eq(stats.all, (uint64_t)waiting[1]);
	free_group(socks);
}

Test(packet, a_group_can_ignore_what_leaves, .init = wire_make)
{
	struct lsk_packet_fanout fanout = {.mode = LSK_PACKET_FANOUT_HASH,
					   .ignores_outgoing = true};
	struct lsk_socket *socks[2];
	int id;

	make_group(socks, &fanout, &id);
	wire_send("vb", 0, 10);
	cr_assert_eq(count_waiting(socks[0]) + count_waiting(socks[1]), 0);
	free_group(socks);
}

Test(packet, link_types_are_those_of_the_devices, .init = wire_make)
{
	cr_assert_eq(lsk_packet_linktype("va"), LSK_LINKTYPE_ETHERNET);
	cr_assert_eq(lsk_packet_linktype("lo"), LSK_LINKTYPE_ETHERNET);
	cr_assert_eq(lsk_packet_linktype(NULL), LSK_LINKTYPE_LINUX_SLL2);
	cr_assert_eq(lsk_packet_linktype("any"), LSK_LINKTYPE_LINUX_SLL2);
	cr_assert_eq(lsk_packet_linktype("nosuch0"), -ENODEV);
}

/* The device's queue loses whatever it gets. */
Test(packet, what_goes_past_the_queue_is_not_lost_in_it, .init = wire_make)
{
	struct lsk_packet_config config = *wire_config("va");
	struct lsk_socket *queued = open_on(&config);
	struct lsk_socket *receiver, *direct;
	uint8_t frame[ETH_ZLEN];
	uint32_t number;

	config.bypasses_qdisc = true;
	direct = open_on(&config);
	config = *wire_config("vb");
	receiver = open_on(&config);
	if (system("tc qdisc add dev va root blackhole")) /* NOLINT(cert-env33-c) */
		cr_skip_test("no queue discipline \"blackhole\" here");
	wire_frame(frame, 1);
	cr_assert_eq(lsk_socket_send(queued, frame, ETH_ZLEN, 0), ETH_ZLEN);
	wire_frame(frame, 2);
	cr_assert_eq(lsk_socket_send(direct, frame, ETH_ZLEN, 0), ETH_ZLEN);
	cr_assert_eq(lsk_socket_recv(receiver, frame, sizeof(frame), 0), ETH_ZLEN);
	memcpy(&number, frame + ETH_HLEN, sizeof(number));
	cr_assert_eq(number, 2);
	lsk_socket_free(queued);
	lsk_socket_free(direct);
	lsk_socket_free(receiver);
}

Test(packet, endpoints_have_options_of_their_own, .init = wire_make)
{
	static const int options[] = {PACKET_QDISC_BYPASS, PACKET_IGNORE_OUTGOING};
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	struct lsk_addr addr;
	struct sockaddr_ll ll;
	int r = lsk_endpoint_new(
		&endpoint, "packet://va?qdisc-bypass&ignore-outgoing&proto=0x88b5",
		&error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	r = lsk_endpoint_listen(endpoint, &sock, &error);
	cr_assert_eq(r, 0, "%d %s", r, error.text);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int value = 0;
		socklen_t len = sizeof(value);

		cr_assert_eq(lsk_socket_getsockopt(sock, SOL_PACKET, options[i], &value,
						   &len),
			     0);
		cr_assert_eq(value, 1);
	}
	cr_assert_eq(lsk_socket_getsockname(sock, &addr), 0);
	memcpy(&ll, &addr.storage, sizeof(ll));
	cr_assert_eq(ntohs(ll.sll_protocol), WIRE_PROTOCOL);
	cr_assert_eq(ll.sll_ifindex, (int)if_nametoindex("va"));
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
}
