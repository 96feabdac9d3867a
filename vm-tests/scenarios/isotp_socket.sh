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

# $1, $2: receiver and sender; both are words. $3: what both shall know.
compare() {
	# shellcheck disable=SC2086
	$1 -s 7E8 -d 7E0 $3 vcan0 >seen &
	receiver=$!
	until grep -q ' *vcan0 ' /proc/net/can/rcvlist_sff; do
		usleep 10000
	done
	# shellcheck disable=SC2086
	echo "$text" | $2 -s 7E0 -d 7E8 $3 vcan0
	wait "$receiver"
	echo "$text" | sed 's/ *$/ /' >wanted
	cmp wanted seen || { echo "$2 to $1 $3: differs" >&2; exit 1; }
}

if command -v isotprecv >/dev/null; then
	for options in '' '-p AA:AA' '-x 55'; do
		compare isotprecv 'linsock can isotp send' "$options"
		compare 'linsock can isotp recv --timeout 120' isotpsend "$options"
	done
fi
compare 'linsock can isotp recv --timeout 120' 'linsock can isotp send' '-L 72:64:1'
