#!/bin/sh
# SPDX-License-Identifier: MIT
# A connection over two cables goes on when one is cut. The server tells its second
# address; the client makes a subflow there.
#
#      namespace a: cat    10.1.0.1, a1 ==== b1, 10.1.0.2    namespace b: echo
#                          10.2.0.1, a2 ==== b2, 10.2.0.2
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

ip netns add a
ip netns add b
for cable in 1 2; do
	ip link add a$cable netns a type veth peer name b$cable netns b
	ip -n a addr add 10.$cable.0.1/24 dev a$cable
	ip -n b addr add 10.$cable.0.2/24 dev b$cable
	ip -n a link set a$cable up
	ip -n b link set b$cable up
done
ip -n a mptcp limits set subflows 2 add_addr_accepted 2
ip -n b mptcp limits set subflows 2 add_addr_accepted 2
ip -n b mptcp endpoint add 10.2.0.2 dev b2 signal
mkfifo ready
ip netns exec b linsock echo --ready-fd=3 mptcp://0.0.0.0:4000 3>ready &
server=$!
read -r _ <ready || true
head -c 262144 /dev/urandom >half
mkfifo feed
: >back
ip netns exec a linsock cat mptcp://10.1.0.2:4000 <feed >back &
client=$!
exec 4>feed
cat half >&4
is_back() { [ "$(stat -c %s back)" -ge "$1" ]; }
await is_back 262144
check 'the first half is back' cmp half back
# 10.2.0.2 in the order of this machine's bytes, and 01 for ESTABLISHED.
check 'a second subflow is there' await ip netns exec a grep -q ' 0200020A:.* 01 ' /proc/net/tcp
ip -n a link set a1 down
cat half >&4
exec 4>&-
check 'the connection ends well' wait "$client"
cat half half >whole
check 'nothing is lost over the path that is left' cmp whole back
kill "$server"
wait "$server" || true
finish
