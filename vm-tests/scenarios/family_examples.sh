#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of families that the host may lack do what they say.
#
#      alg_digest ---- hash/sha256          qipcrtr_watch ---- name service
#      wpan0 ~~~~ wpan1: IEEE 802.15.4      va ======== vb: LLC
#      lo: SMC, KCM, RxRPC, SCTP, TIPC, UDP-Lite, MPTCP, TLS, TCP, ICMP
#
# needs: algif_hash qrtr tipc sctp tls gcm ctr? ghash-generic? kcm fcrypt? pcbc? des_generic? rxrpc ieee802154_socket mac802154_hwsim llc2 veth smc?
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"
PATH=$PATH:$LINSOCK_BUILD/examples

# $1: what is checked; $2: what is printed; the rest: a command that prints it and ends well.
says() {
	what=$1
	printf '%b\n' "$2" >wanted
	shift 2
	status=0
	"$@" >said 2>&1 || status=$?
	[ "$status" -eq 0 ] || echo "status $status" >>said
	same wanted said "$what"
}

# $1: why; $2: what is not checked.
lacks() {
	number=$((number + 1))
	echo "ok $number - $2 # SKIP $1"
}

# Start a server, and learn where it is: the rest of the functions use $place.
serve() {
	# What the server before has said is not what is waited for.
	: >served
	"$@" >served 2>&1 &
	server=$!
	await grep -q '^listening at ' served || cat served
	place=$(sed -n 's/^listening at //p' served)
}

leave() {
	kill "$server" 2>ended || cat served
	wait "$server" 2>ended || true
}

# What the server printed behind its place: $1: what is checked; $2: a line.
served() { check "$1" await grep -qx -- "$2" served; }

ip link set lo up
echo 3 >/proc/sys/net/ipv4/tcp_fastopen

alg_digest sha256 abc abd | sort >digests
for text in abc abd; do
	printf '%s  %s\n' "$(printf %s $text | sha256sum | cut -c1-64)" $text
done | sort >wanted
same wanted digests 'ALG: two digests'
says 'QIPCRTR: a service comes and goes' 'listed\n4711:1:7 is there\n4711 has gone' \
	qipcrtr_watch 4711

says 'KCM: messages keep their bounds' '3 bytes: a\n7 bytes: three\n2 bytes: ' \
	kcm_messages a three ''
# Named twice, as nothing else is to be tried.
if linsock probe --require smc.stream >missing 2>&1; then
	serve smc_hello smc://127.0.0.1:0
	says 'SMC: a word comes back' 'there and back' smc_hello "$place" 'there and back'
	leave
else
	tells 'SMC: that there is none is told' 1 'Address family not supported' \
		smc_hello smc://127.0.0.1:7000
	lacks 'this kernel has no SMC' 'SMC: a word comes back'
fi
if linsock probe --require mctp.dgram >missing 2>&1; then
	tells 'MCTP: nobody is there to ask' 1 'ask: ' mctp_ask mctp://1:8/0/owner
else
	tells 'MCTP: that there is none is told' 1 'Address family not supported' \
		mctp_ask mctp://1:8/0/owner
fi
serve rxrpc_call rxrpc://127.0.0.1:7001/52
for call in 1 2; do
	says "RxRPC: call $call is answered" "answer: call me $call" \
		rxrpc_call rxrpc://127.0.0.1:7001/52 "call me $call"
	served "RxRPC: call $call is told" "call $call: call me $call"
done
leave

serve ieee802154_hello wpan1 ieee802154://0xbeef/0x0002
says 'IEEE 802.15.4: a radio answers' 'ieee802154://0xbeef/0x0002 says hello' \
	ieee802154_hello wpan0 ieee802154://0xbeef/0x0001 ieee802154://0xbeef/0x0002 'by radio'
served 'IEEE 802.15.4: and has heard' 'ieee802154://0xbeef/0x0001 says by radio'
leave

ip link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b
ip link set va up
ip link set vb up
await grep -q 1 /sys/class/net/va/carrier
a=llc://02:00:00:00:00:0a/0x40 b=llc://02:00:00:00:00:0b/0x42
serve datagram_hello "$b?type=dgram"
says 'LLC: a datagram is answered' "$b/ui says hello" datagram_hello "$a?type=dgram" $b over
served 'LLC: and has come' "$a/ui says over"
leave

serve datagram_hello 'tipc://service/4711:1/node?type=rdm'
check 'TIPC: a datagram is answered' sh -c \
	'datagram_hello "tipc://service/4711:2/node?type=rdm" tipc://service/4711:1/node hi |
		grep -q " says hello$"'
leave
if linsock probe --require inet.dgram.udplite >missing 2>&1; then
	serve datagram_hello 'udplite://127.0.0.1:0?UDPLITE_RECV_CSCOV=8'
	says 'UDP-Lite: a datagram is answered' "inet:${place#udplite:} says hello" \
		datagram_hello 'udplite://127.0.0.1:0?UDPLITE_SEND_CSCOV=8' \
		"inet:${place#udplite:}" guarded
	leave
else
	tells 'UDP-Lite: that it is gone is told' 1 'Protocol not supported' \
		datagram_hello udplite://127.0.0.1:0
	lacks 'Linux 7.1 removed UDP-Lite' 'UDP-Lite: a datagram is answered'
fi

serve sctp_streams inet://127.0.0.1:4000
says 'SCTP: every text has its stream' 'a peer with 10 streams to us\nit has ended' \
	sctp_streams inet://127.0.0.1:4000 zero one two
for line in 'a peer with 3 streams to us' 'stream 0: zero' 'stream 1: one' \
	'stream 2: two' 'it has ended'; do
	served "SCTP: $line" "$line"
done
leave

linsock echo --ready-fd=3 mptcp://127.0.0.1:4001 3>ready >echoed 2>&1 &
server=$!
await test -s ready
check 'MPTCP: a connection is one of MPTCP' sh -c \
	'mptcp_hello mptcp://127.0.0.1:4001 hi | grep "^path from inet://127.0.0.1:.* to inet://127.0.0.1:4001$"'
leave
: >ready
linsock echo --ready-fd=3 tcp://127.0.0.1:4002 3>ready >echoed 2>&1 &
server=$!
await test -s ready
says 'MPTCP: a peer without it is told' \
	'answer: hi\nplain TCP: the peer or this kernel has no MPTCP' \
	mptcp_hello mptcp://127.0.0.1:4002 hi
leave

head -c 300000 /dev/urandom >file
key=000102030405060708090a0b0c0d0e0f
serve tls_file $key tcp://127.0.0.1:0 file
tls_file $key "$place" >got
same file got 'TLS: a file comes through'
wait "$server"

serve tcp_extras inet://127.0.0.1:4003 -
tcp_extras inet://127.0.0.1:4003 cookie >said
check 'TCP: the first question waits for a cookie' grep -qx 'question in the first packet: no' said
tcp_extras inet://127.0.0.1:4003 again >said
check 'TCP: the second goes with the first packet' grep -qx 'question in the first packet: yes' said
leave
serve tcp_extras inet://127.0.0.1:4004 - secret
tcp_extras inet://127.0.0.1:4004 signed secret >said
check 'TCP: who has the key is answered' grep -qx 'answer: signed' said
tells 'TCP: who has another is not' 1 'connect: ' tcp_extras inet://127.0.0.1:4004 x guess
leave

says 'ICMP: this host answers' 'inet://127.0.0.1:0 answers 1: hello' \
	"$LINSOCK_BUILD/examples/ping" inet://127.0.0.1:0 1
finish
