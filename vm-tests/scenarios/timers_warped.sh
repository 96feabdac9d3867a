#!/bin/sh
# SPDX-License-Identifier: MIT
# Minutes and hours of timers in seconds: ISO-TP, J1939, BCM, TCP's keepalive and user
# timeout, the library's own deadlines on each back end, and an hour of plain sleep.
#
#     tester ---- vcan0 ---- nobody          client ---- lo ---- deaf server
#
# needs: can-raw can-bcm can-isotp can-j1939 vcan
# kernels: all
# timeout: 480
# time-warp: only
set -eu

echo 'TAP version 13'
echo '1..3'
ip link add vcan0 type vcan
ip link set vcan0 up
export LINSOCK_TIME_WARP=1

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

hour_passes() {
	before=$(cut -d. -f1 /proc/uptime)
	sleep 3600
	after=$(cut -d. -f1 /proc/uptime)
	echo "$((after - before)) seconds"
	[ $((after - before)) -ge 3599 ] && [ $((after - before)) -le 3602 ]
}

# $1: back end; $2: how many tests, $3: which. All must have run: a skip is no proof.
timers_run() {
	LINSOCK_BACKEND=$1 "$LINSOCK_BUILD/tests/guest_timers" --filter "$3" >/tmp/tap
	cat /tmp/tap
	! grep -q '^not ok' /tmp/tap && [ "$(grep '^ok ' /tmp/tap | grep -cv SKIP)" -eq "$2" ]
}

check 'an hour of sleep is an hour' hour_passes
check 'timers with io_uring' timers_run uring 8 '*'
check 'the deadline with epoll' timers_run epoll 1 'timers/deadline*'
