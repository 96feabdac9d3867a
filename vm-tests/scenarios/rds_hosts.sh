#!/bin/sh
# SPDX-License-Identifier: MIT
# RDS between two hosts, over TCP, by the example.
#
#      namespace a: 10.9.0.1, va ======== vb, 10.9.0.2: namespace b
#                   asks, :4001             answers, :4000
#
# needs: rds rds_tcp veth
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
done
hello=$LINSOCK_BUILD/examples/rds_hello
mkfifo asked
ip netns exec b "$hello" rds://10.9.0.2:4000 >asked &
server=$!
exec 3<asked
# A datagram to a port that nobody is bound to would be lost.
read -r line <&3
[ "$line" = waiting ]
ip netns exec a "$hello" rds://10.9.0.1:4001 rds://10.9.0.2:4000 question >heard
[ "$(cat heard)" = 'inet://10.9.0.2:4000 says hello' ]
read -r line <&3
[ "$line" = 'inet://10.9.0.1:4001 says question' ]
kill "$server"
wait "$server" || true
