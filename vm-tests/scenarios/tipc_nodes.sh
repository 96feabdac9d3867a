#!/bin/sh
# SPDX-License-Identifier: MIT
# Two nodes of a TIPC cluster, set up by linsock alone; what it lists is compared with
# tipc(8). Once over Ethernet, once over UDP.
#
#      namespace a: node-a, va ======== vb, node-b: namespace b
#                   watch 18888         server of 18888
#
# needs: tipc veth udp_tunnel ip6_udp_tunnel
# kernels: all
# timeout: 480
# time-warp: yes
set -eu

ip netns add a
ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.9.0.1/24 dev va
ip -n b addr add 10.9.0.2/24 dev vb
for name in a b; do
	ip -n "$name" link set lo up
	ip -n "$name" link set "v$name" up
	ip netns exec "$name" linsock tipc node set netid 4711
	ip netns exec "$name" linsock tipc node set identity "node-$name"
	[ "$(ip netns exec "$name" linsock tipc node get identity)" = "node-$name" ]
	[ "$(ip netns exec "$name" linsock tipc node get netid)" = 4711 ]
done

fail() {
	echo "$*" >&2
	exit 1
}

# Nodes find each other by themselves; an event says when, so that nothing is polled.
wait_for_peer() {
	ip netns exec a linsock tipc watch for 300 count 2 0 >nodes
	[ "$(grep -c '^published 0:' nodes)" = 2 ] || fail "no second node: $(cat nodes)"
}

# $1: object. Both tools, in the same namespace, after one another.
same() {
	ip netns exec a linsock tipc "$1" list >ours
	ip netns exec a tipc "$1" list >theirs
	sed 's/ *$//' ours >ours.trimmed
	sed 's/ *$//' theirs >theirs.trimmed
	cmp ours.trimmed theirs.trimmed ||
		fail "$1 differs: $(cat ours) / $(cat theirs)"
}

check() {
	wait_for_peer
	# What a peer publishes is told here, with its node and socket.
	ip netns exec a linsock tipc watch for 300 count 1 18888 >seen &
	watcher=$!
	ip netns exec b linsock echo tipc://range/18888:10:19?type=rdm 2>/dev/null &
	server=$!
	wait "$watcher"
	grep -q '^published 18888:10:19 by ' seen || fail "not told: $(cat seen)"
	echo over the link |
		ip netns exec a linsock cat tipc://service/18888:15?type=rdm >answer
	[ "$(cat answer)" = 'over the link' ] || fail "no echo: $(cat answer)"
	same bearer
	same link
	same node
	ip netns exec a linsock tipc nametable show >ours
	ip netns exec a tipc nametable show | sed 's/ *$//' >theirs
	sed 's/ *$//' ours | cmp - theirs || fail "name table: $(cat ours theirs)"
	grep -q '^18888 ' ours || fail "not in the name table: $(cat ours)"
	kill "$server"
	wait "$server" || true
}

for name in a b; do
	ip netns exec "$name" linsock tipc bearer enable media eth device "v$name"
done
check
link=$(ip netns exec a linsock tipc link list | sed -n 's/^\(node-a.*\): up$/\1/p')
ip netns exec a linsock tipc link set tolerance 2000 link "$link"
ip netns exec a linsock tipc link -j | grep -q '"tolerance_ms": 2000' ||
	fail "the tolerance was not set: $(ip netns exec a linsock tipc link -j)"
rm nodes # of the watch before: who reads it must not take it for this one
ip netns exec a linsock tipc watch for 300 count 3 0 >nodes &
watcher=$!
until [ "$(grep -c '^published 0:' nodes 2>/dev/null)" = 2 ]; do
	usleep 10000
done
for name in a b; do
	ip netns exec "$name" linsock tipc bearer disable media eth device "v$name"
done
wait "$watcher"
grep -q '^withdrawn 0:' nodes || fail "the loss of the node was not told: $(cat nodes)"

ip netns exec a linsock tipc bearer enable media udp name u localip 10.9.0.1 \
	remoteip 10.9.0.2
ip netns exec b linsock tipc bearer enable media udp name u localip 10.9.0.2 \
	remoteip 10.9.0.1
check
