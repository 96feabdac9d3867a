#!/bin/sh
# SPDX-License-Identifier: MIT
# Two emulated controllers on one bus: bit timing is set and read back, frames cross in
# both directions, and a controller that is alone on its bus counts errors.
#
#     can0 (sja1000) ---- bus ---- can1 (sja1000)
#
# needs: can-raw kvaser_pci
# kernels: all
# timeout: 240
# time-warp: yes
# can-bus: 2
set -eu

echo 'TAP version 13'
echo '1..5'
number=0
check() {
	number=$((number + 1))
	what=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		sed 's/^/  # /' /tmp/out
	fi
}

# Where scenarios share a machine another one may have used them.
ip link set can0 down
ip link set can1 down
received=$(cat /sys/class/net/can1/statistics/rx_packets)
sent=$(cat /sys/class/net/can0/statistics/tx_packets)

bus_is_up() {
	ip link set can0 up type can bitrate 500000 sample-point 0.875 &&
		ip link set can1 up type can bitrate 500000 sample-point 0.875
}

timing_is_told() {
	ip -d link show can0 | tee /tmp/link
	grep -q 'bitrate 500000 sample-point 0.875' /tmp/link &&
		grep -q 'sja1000' /tmp/link && grep -q 'state ERROR-ACTIVE' /tmp/link
}

# $1: sending controller, $2: receiving one.
frame_crosses() {
	candump -L -n 1 -T 60000 "$2" >/tmp/seen &
	receiver=$!
	until grep -q " *$2 " /proc/net/can/rcvlist_all; do
		usleep 10000
	done
	linsock can send "$1" 123#DEADBEEF
	wait "$receiver"
	grep -q '123#DEADBEEF' /tmp/seen
}

counters_are_counted() {
	ip -s link show can1 | tee /tmp/link
	# One frame was received and one was sent.
	[ "$(cat /sys/class/net/can1/statistics/rx_packets)" -eq $((received + 1)) ] &&
		[ "$(cat /sys/class/net/can0/statistics/tx_packets)" -eq $((sent + 1)) ]
}

check 'both controllers take a bit rate' bus_is_up
check 'bit timing and bus state are told' timing_is_told
check 'a frame crosses the bus' frame_crosses can0 can1
check 'each side has counted it' counters_are_counted
check 'a frame comes back' frame_crosses can1 can0
