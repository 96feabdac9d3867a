#!/bin/sh
# SPDX-License-Identifier: MIT
# What goes into "linsock cat" comes back from "linsock echo" over the families that the
# host has not got, and both end by themselves: SCTP, TIPC and LLC have no half-close.
#
#      cat ---- lo: SCTP, SMC, UDP-Lite, MPTCP ---- echo
#      cat ---- TIPC's names ---- echo
#      cat: vb ======== va: echo, LLC      first ======== nobody
#
# needs: sctp tipc llc2 veth smc?
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

ip link set lo up
ip link add first up type veth peer name nobody
ip link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b
ip link set va up
ip link set vb up
carries() { [ "$(cat /sys/class/net/va/carrier)" = 1 ]; }
await carries
seq 20000 >sent

# What tells how a connection went that was not made.
show_state() {
	cat server /proc/net/llc/socket /proc/net/llc/core
	ip -s link show va
}

# $1: what the server binds; $2: what the client connects to, if it is not where the server
# says that it listens; $3: the file to send.
come_back() {
	rm -f ready
	mkfifo ready
	linsock echo --once --ready-fd=9 "$1" 9>ready 2>server &
	server=$!
	read -r _ <ready || { cat server; return 1; }
	client=${2:-$(sed -n 's/^listening on //p' server)}
	timeout 300 linsock cat "$client" <"$3" >received || { show_state; return 1; }
	cmp "$3" received || return 1
	wait "$server"
}

# The family is not in every kernel: $1, what linsock probe calls it. Named twice, as nothing
# else is to be tried.
offers() { linsock probe --require "$1" >/dev/null 2>&1; }

head -3 sent >few
check 'SCTP' come_back sctp://127.0.0.1:0 '' sent
check 'MPTCP' come_back mptcp://127.0.0.1:0 '' sent
for type in stream seqpacket; do
	check "TIPC, $type" come_back "tipc://service/18888:17?type=$type" \
		"tipc://service/18888:17?type=$type" sent
done
check 'TIPC, rdm' come_back 'tipc://service/18888:18?type=rdm' \
	'tipc://service/18888:18?type=rdm' few
# The kernel takes the first Ethernet device otherwise, which leads to nobody.
check 'LLC' come_back 'llc://02:00:00:00:00:0a/0x42?type=stream' \
	'llc://02:00:00:00:00:0a/0x42?type=stream&bind_to_device=vb' few
if offers smc.stream; then
	check 'SMC' come_back smc://127.0.0.1:0 '' sent
	check 'SMC over IPv6' come_back 'smc://[::1]:0' '' sent
else
	echo '# skipped: SMC, which this kernel has no module of'
fi
if offers inet.dgram.udplite; then
	check 'UDP-Lite' come_back udplite://127.0.0.1:0 '' few
else
	echo '# skipped: UDP-Lite, which Linux 7.1 dropped'
fi
finish
