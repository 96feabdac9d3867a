#!/bin/sh
# SPDX-License-Identifier: MIT
# Echoes over both kinds of sockets, and a true router's complaint.
#
#      a: 10.1.0.1 ==== 10.1.0.2 :r: 10.2.0.2 ==== 10.2.0.1 :b
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_ping
# backends: uring epoll
set -eu

for name in a r b; do
	ip netns add "$name"
	ip -n "$name" link set lo up
done
ip link add va netns a type veth peer name ra netns r
ip link add vb netns b type veth peer name rb netns r
ip -n a addr add 10.1.0.1/24 dev va
ip -n r addr add 10.1.0.2/24 dev ra
ip -n r addr add 10.2.0.2/24 dev rb
ip -n b addr add 10.2.0.1/24 dev vb
ip -n a link set va up
ip -n r link set ra up
ip -n r link set rb up
ip -n b link set vb up
ip -n a route add default via 10.1.0.2
ip -n b route add default via 10.2.0.2
ip netns exec r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

fail() {
	echo "$*" >&2
	exit 1
}

# Until the links carry, echoes are lost: what counts is that one comes through.
ip netns exec a linsock ping -i 0.2 -w 60 -c 100 -q 10.2.0.1 >said &
first=$!
for group in '1 0' '0 2147483647'; do
	ip netns exec a sh -c "echo $group >/proc/sys/net/ipv4/ping_group_range"
	until ip netns exec a linsock ping -c 1 -W 1 10.2.0.1 >said.one; do
		grep -q '1 packets transmitted' said.one || fail "$(cat said.one)"
	done
	grep -q '^64 bytes from 10.2.0.1: icmp_seq=1 ttl=63 time=' said.one ||
		fail "no reply: $(cat said.one)"
	# A router tells no more than so many a second.
	until ip netns exec a linsock ping -t 1 -c 1 -W 2 10.2.0.1 >said.ttl ||
		grep -q 'icmp_seq=1' said.ttl; do
		:
	done
	grep -q '^From 10.1.0.2 icmp_seq=1 Time to live exceeded$' said.ttl ||
		fail "no complaint: $(cat said.ttl)"
done
kill "$first" 2>/dev/null || true
wait "$first" || true
grep -q 'packets transmitted' said || fail "no summary at the end: $(cat said)"
