#!/bin/sh
# SPDX-License-Identifier: MIT
# Frames of can-utils reach `linsock can dump`, frames of `linsock can send` reach
# candump, classic and FD, each compared byte for byte.
#
#     cansend ----------\             /---- linsock can dump
#                        +-- vcan0 --+
#     linsock can send -/             \---- candump
#
# needs: can-raw vcan
# kernels: all
# timeout: 240
# time-warp: yes
set -eu

command -v linsock >/dev/null || { echo 'the build folder has no linsock command'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up

# Shortest and longest data, remote frames, extended identifiers, FD with each flag.
cat >frames <<-'END'
	123#DEADBEEF
	7FF#
	000#1122334455667788
	1FFFFFFF#01
	12345678#R
	5A1#R4
	123##0AABB
	123##1000102030405060708090A0B
	1F334455##3112233445566778899AABBCCDDEEFF00
END
count=$(wc -l <frames)

# Receivers must be bound before the first frame is sent.
wait_receivers() {
	while [ "$(grep -c '^ *vcan0 ' /proc/net/can/rcvlist_all)" -lt 2 ]; do
		if ! kill -0 "$theirs" 2>/dev/null || ! kill -0 "$ours" 2>/dev/null; then
			echo 'a receiver ended before it was bound'
			exit 1
		fi
		usleep 10000
	done
}

# $1: name; the rest: the sender. Both receivers hear the same frames.
compare() {
	name=$1
	shift
	candump -L -n "$count" -T 60000 vcan0 >"$name.candump" &
	theirs=$!
	linsock can dump -L -n "$count" -T 60000 vcan0 >"$name.linsock" &
	ours=$!
	wait_receivers
	while read -r frame; do
		"$@" vcan0 "$frame"
	done <frames
	wait "$theirs"
	wait "$ours"
	# Time stamps are taken per socket; all else must be equal.
	cut -d' ' -f2- "$name.candump" >"$name.expected"
	cut -d' ' -f2- "$name.linsock" >"$name.seen"
	if [ "$(wc -l <"$name.expected")" -ne "$count" ]; then
		echo "$name: candump saw $(wc -l <"$name.expected") of $count frames"
		exit 1
	fi
	if ! diff "$name.expected" "$name.seen"; then
		echo "$name: linsock can dump differs from candump"
		exit 1
	fi
	echo "$name: $count frames equal"
}

compare cansend cansend
compare linsock linsock can send
# What both senders put on the bus is the same as well.
diff cansend.expected linsock.expected
