#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in the guest: frames cross vcan0, every listener's log is printed between
# markers. The host compares.
#
#     cansend, cangen, linsock can send ---- vcan0 ---- candump, linsock can dump
#
set -eu

count_bound() {
	grep -c '^ *vcan0 ' /proc/net/can/rcvlist_all || true
}

# Both listeners must be bound before the first frame is sent.
listen() {
	name=$1 count=$2
	candump -L -n "$count" -T 8000 vcan0 >"$name.candump" &
	theirs=$!
	linsock can dump -L -n "$count" -T 8000 vcan0 >"$name.linsock" &
	ours=$!
	while [ "$(count_bound)" -lt 2 ]; do
		if ! kill -0 "$theirs" 2>/dev/null || ! kill -0 "$ours" 2>/dev/null; then
			echo 'a listener ended before it was bound' >&2
			exit 1
		fi
		usleep 10000
	done
}

finish() {
	wait "$theirs" || echo "candump ended with status $?" >&2
	wait "$ours" || echo "linsock can dump ended with status $?" >&2
	for listener in candump linsock; do
		echo "=== $1 $listener"
		cat "$1.$listener"
	done
}

mkdir -p /tmp/demo
cd /tmp/demo
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
lines=$(wc -l <"$FRAMES")

listen cansend "$lines"
while read -r frame; do cansend vcan0 "$frame"; done <"$FRAMES"
finish cansend

listen cangen 400
cangen vcan0 -g 1 -n 400 -m -I r -L r -D r
finish cangen

listen linsock-send "$lines"
while read -r frame; do linsock can send vcan0 "$frame"; done <"$FRAMES"
finish linsock-send
echo "=== end"
