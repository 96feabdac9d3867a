#!/bin/sh
# SPDX-License-Identifier: MIT
# isotpsend and isotprecv, and linsock called by their names: with the same options the
# same frames on the bus, flow control included, the same text printed, the same status.
#
#     one of both isotpsend ---- vcan0 ---- one of both isotprecv
#                                  +---- candump, which sees the bytes
#
# needs: can can-raw can-isotp vcan
# kernels: all
# timeout: 960
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v isotpsend >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in isotpsend isotprecv; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# $1: number of bytes, as text.
bytes() {
	awk -v count="$1" 'BEGIN { while (n++ < count) printf "%02X ", n % 256; print "" }'
}

candump -L vcan0 >wire &
recorder=$!
wait_receivers vcan0 1
: >pairs

# One message, which frame 001 ends on the bus. $1: name of the results; $2, $3: sender and
# receiver with their options; $4: the message on standard input.
exchange() {
	# shellcheck disable=SC2086
	$3 vcan0 >"$1.got" 2>&1 &
	receiver=$!
	wait_receivers vcan0 2
	sent=0
	# shellcheck disable=SC2086
	$2 vcan0 >"$1.said" 2>&1 <<-END || sent=$?
		$4
	END
	# Who could not send has nobody to wait for.
	[ "$sent" -eq 0 ] || kill "$receiver"
	status=0
	wait "$receiver" || status=$?
	echo "sender: $sent, receiver: $status" >>"$1.got"
	cansend vcan0 001#
}

# $1, $2: options of sender and receiver; $3: the message. What is printed is compared now.
pair() {
	sender=$1 receives=$2 message=$3
	# shellcheck disable=SC2086
	set -- $message
	about="$sender, $receives: $# bytes"
	echo "$about" >>pairs
	exchange theirs "isotpsend $sender" "isotprecv $receives" "$message"
	exchange sender "ours/isotpsend $sender" "isotprecv $receives" "$message"
	exchange receiver "isotpsend $sender" "ours/isotprecv $receives" "$message"
	cat theirs.got theirs.said >wanted
	for side in sender receiver; do
		cat "$side.got" "$side.said" >seen
		same wanted seen "$side prints: $about"
	done
}

to='-s 7E0 -d 7E8' from='-s 7E8 -d 7E0'
wide_to='-s 18DA10F1 -d 18DAF110' wide_from='-s 18DAF110 -d 18DA10F1'
for size in 1 7 8 300; do
	pair "$to" "$from" "$(bytes $size)"
done
pair "$wide_to" "$wide_from" "$(bytes 30)"
# How the bytes may be written.
pair "$to" "$from" '1 2 a 0x1F fF 00'

# Extended addresses, and padding that is checked.
pair "$to -x AA:55 -p CC" "$from -x 55:AA" "$(bytes 40)"
pair "$to -p CC:AA -P a" "$from -p AA:CC -P a" "$(bytes 20)"
pair "$to -p CC: -P l" "$from -p :CC -P l" "$(bytes 5)"
# What a flow control may ask for, and what is done in spite of it.
pair "$to" "$from -b 4 -m 5 -w 3" "$(bytes 100)"
pair "$to -f 3000000 -t 1000000" "$from -m F3 -f 1000" "$(bytes 60)"
# FD frames, of several lengths of the last one; a flow control in shorter ones.
pair "$to -L 72:64:1" "$from -L 72:64:0" "$(bytes 62)"
pair "$to -L 72:64:0" "$from -L 72:64:0" "$(bytes 140)"
pair "$to -L 72:16:1 -x 33" "$from -L 72:8:0 -x 33" "$(bytes 70)"
# Messages of the tool's own bytes; -b waits for the end, which ours does always.
pair "$to -D 4095" "$from" ''
pair "$to -D 300 -b" "$from" ''

# The frames of all, between those that end each exchange.
all=$(($(wc -l <pairs) * 3))
has_all() { [ "$(grep -c ' 001#' wire)" -eq "$all" ]; }
await has_all
kill "$recorder"
wait "$recorder" 2>/dev/null || true
cut -d' ' -f3- wire | awk 'BEGIN { n = 1 } /^001#/ { n++; next } { print >"wire." n }'
each=1
while read -r options; do
	same "wire.$each" "wire.$((each + 1))" "sender on the bus: $options"
	same "wire.$each" "wire.$((each + 2))" "receiver on the bus: $options"
	each=$((each + 3))
done <pairs

# One message after the other.
# shellcheck disable=SC2086
ours/isotprecv $from -l vcan0 >got &
receiver=$!
wait_receivers vcan0 1
for size in 3 50 8; do
	# shellcheck disable=SC2086
	bytes "$size" | isotpsend $to vcan0
	bytes "$size"
done >wanted
wait_lines 3 got
kill "$receiver"
wait "$receiver" 2>/dev/null || true
same wanted got 'isotprecv -l goes on'
finish
