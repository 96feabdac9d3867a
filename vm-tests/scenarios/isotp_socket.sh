#!/bin/sh
# SPDX-License-Identifier: MIT
# ISO-TP: the library's tests, then both directions against isotpsend and isotprecv.
#
#     tester 7E0 ---- vcan0 ---- unit 7E8
#
# needs: can can-isotp can-raw vcan
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_isotp
set -eu

ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up

text=$(printf '22 F1 90 %.0s' 1 2 3 4 5 6 7 8 9 10)

# $1, $2: receiver and sender; both are words. $3: what both shall know. $4, $5: the
# tester's and the unit's identifier.
compare() {
	tester=${4:-7E0} unit=${5:-7E8} list=sff
	[ "${#tester}" -eq 3 ] || list=eff
	# shellcheck disable=SC2086
	$1 -s "$unit" -d "$tester" $3 vcan0 >seen &
	receiver=$!
	until grep -q ' *vcan0 ' "/proc/net/can/rcvlist_$list"; do
		usleep 10000
	done
	# shellcheck disable=SC2086
	echo "$text" | $2 -s "$tester" -d "$unit" $3 vcan0
	wait "$receiver"
	echo "$text" | sed 's/ *$/ /' >wanted
	cmp wanted seen || { echo "$2 to $1 $3 $4: differs" >&2; exit 1; }
}

# $1, $2: receiver and sender. Identifiers of 11 and 29 bits, frames of CAN and CAN FD.
compare_all() {
	for options in '' '-p AA:AA' '-x 55' '-L 72:64:0' '-L 72:64:1 -p CC:CC' '-L 72:16:0'; do
		compare "$1" "$2" "$options"
		compare "$1" "$2" "$options" 18DA00F1 18DAF100
	done
}

ours_receive='linsock can isotp recv --timeout 120'
if command -v isotprecv >/dev/null; then
	compare_all isotprecv 'linsock can isotp send'
	compare_all "$ours_receive" isotpsend
else
	echo 'no can-utils here: not compared with isotpsend and isotprecv'
fi
compare "$ours_receive" 'linsock can isotp send' '-L 72:64:1'
