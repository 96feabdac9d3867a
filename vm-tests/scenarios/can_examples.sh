#!/bin/sh
# SPDX-License-Identifier: MIT
# The CAN examples of the contract: one sends frames back, the other has the kernel send
# a frame again and again; can-utils is at the other end.
#
#     cansend ---> vcan0 ---> can_raw ---> vcan0 ---> candump
#     can_bcm -(kernel)-> vcan0 ---> candump
#
# needs: can-raw can-bcm vcan
# kernels: all
# timeout: 240
# time-warp: yes
set -eu

ip link add vcan0 type vcan
ip link set vcan0 up

wait_for() {
	while [ "$(grep -c '^ *vcan0 ' /proc/net/can/rcvlist_all)" -lt "$1" ]; do
		usleep 10000
	done
}

candump -L -n 4 -T 60000 vcan0 >raw.log &
dump=$!
"$LINSOCK_BUILD/examples/can_raw" vcan0 2 >raw.out &
echo_back=$!
wait_for 2
cansend vcan0 123#DEADBEEF
cansend vcan0 456#
wait "$echo_back"
wait "$dump"
cut -d' ' -f3 raw.log | sort >raw.seen
printf '123#DEADBEEF\n124#DEADBEEF\n456#\n457#\n' >raw.expected
cmp raw.expected raw.seen || { cat raw.log; exit 1; }
grep -q 'received 123 with 4 bytes' raw.out

candump -L -n 5 -T 60000 vcan0 >bcm.log &
dump=$!
wait_for 1
"$LINSOCK_BUILD/examples/can_bcm" vcan0 5 20 >bcm.out
wait "$dump"
grep -q 'all are sent' bcm.out
[ "$(grep -c ' 042#62636D$' bcm.log)" -eq 5 ] || { cat bcm.log; exit 1; }
