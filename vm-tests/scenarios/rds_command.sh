#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock rds on each kernel: ping over TCP between two hosts and on one, and the tables.
#
#      namespace a: 10.9.0.1, fd09::1, va ======== vb, 10.9.0.2, fd09::2: namespace b
#
# needs: rds rds_tcp veth
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"
in_a() { ip netns exec a "$@"; }

ip netns add a
ip netns add b
ip link add va netns a type veth peer name vb netns b
ip -n a addr add 10.9.0.1/24 dev va
ip -n b addr add 10.9.0.2/24 dev vb
ip -n a addr add fd09::1/64 dev va nodad
ip -n b addr add fd09::2/64 dev vb nodad
for name in a b; do
	ip -n "$name" link set lo up
	ip -n "$name" link set "v$name" up
done

check 'this host answers' in_a linsock rds ping -c 2 -i 0.01 -t 60 rds://127.0.0.1:0
check 'another host answers' in_a linsock rds ping -c 2 -i 0.01 -t 60 rds://10.9.0.2:0
check 'by IPv6 too' in_a linsock rds ping -c 1 -t 60 'rds://[fd09::2]:0'
check 'from an address' in_a linsock rds ping -c 1 -t 60 -f rds://10.9.0.1:0 rds://10.9.0.2:0
check 'who is not there does not' sh -c \
	'! ip netns exec a linsock rds ping -c 1 -t 0.1 rds://10.9.0.9:0'
check 'one from another family is no address' sh -c \
	'! ip netns exec a linsock rds ping -f "rds://[::1]:0" rds://10.9.0.2:0'
# Connections are of the whole kernel's namespace: those of ours are among them.
in_a linsock rds connections >shown
check 'the connection is listed' grep -Eq '^10\.9\.0\.1 +10\.9\.0\.2 +tcp +up' shown
check 'that of IPv6 too' grep -Eq '^\[fd09::1\] +\[fd09::2\] +tcp +up' shown
mkfifo ready
in_a "$LINSOCK_BUILD/examples/rds_hello" rds://10.9.0.1:4000 >ready &
server=$!
read -r line <ready
[ "$line" = waiting ]
check 'a socket is listed' sh -c \
	"ip netns exec a linsock rds sockets | grep -q '^inet://10.9.0.1:4000 '"
check 'and in JSON' sh -c \
	"ip netns exec a linsock rds sockets --json | grep -q '\"bound\": \"inet://10.9.0.1:4000\"'"
kill "$server"
wait "$server" || true
check 'counters count' sh -c \
	"ip netns exec a linsock rds counters | grep -Eq '^send_pong +[1-9]'"
check 'a wrong word is told' sh -c '! linsock rds sockets all 2>told && grep -q unexpected told'
finish
