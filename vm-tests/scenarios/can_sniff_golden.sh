#!/bin/sh
# SPDX-License-Identifier: MIT
# The screens of cansniffer and of linsock called by its name: the same frames and keys,
# two seconds apart, draw the same; only the counter of screens and milliseconds are taken out.
#
#     frames ---- vcan0 ----+---- cansniffer OPTIONS <keys
#                           +---- ours/cansniffer OPTIONS <keys
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v cansniffer >/dev/null || { echo 'no cansniffer here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
ln -s "$(command -v linsock)" ours/cansniffer
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Screens that draw something, without their counter; milliseconds become N.
plain() {
	awk 'BEGIN { RS = "\033\\[H" }
		{ gsub(/\033\[B/, ""); sub(/^[0-9][0-9]\n/, "") }
		!/^[ \n]*$/ { print "screen:" $0 }' "$1" |
		sed -E 's/^(screen:)?([0-9]{2})[0-9]{3}( ?\|)/\1\2N\3/'
}

pair=0 running=

# Both tools with the options, as one more pair. A FIFO that is open for writing as well
# never ends.
start() {
	pair=$((pair + 1))
	echo "cansniffer $*" >"what.$pair"
	mkfifo "theirs.keys.$pair" "ours.keys.$pair"
	cansniffer "$@" vcan0 <>"theirs.keys.$pair" >"theirs.$pair" 2>/dev/null &
	running="$running $!"
	ours/cansniffer "$@" vcan0 <>"ours.keys.$pair" >"ours.$pair" 2>/dev/null &
	running="$running $!"
}

keys() {
	for file in theirs.keys.* ours.keys.*; do
		echo "$1" >"$file"
	done
}

before=$(bound vcan0)
for options in '' '-c' '-b' '-8' '-B' '-e' '-q' '-c -b' '-c -B' '-l 5' '-c -h 0'; do
	# What marks hold and what goes after a while must not come at one time.
	# shellcheck disable=SC2086
	start -t 0 $options
done
start -t 280 -h 30
wait_receivers vcan0 $((before + 2 * pair))
usleep 500000
while read -r what text; do
	case $what in
	frame) linsock can send vcan0 "$text" ;;
	key) keys "$text" ;;
	esac
	usleep 1900000
done <<-END
	frame 123#4142434445464748
	frame 123#4142434445464749
	frame 123#FF42
	frame 7FF#
	frame 124#112233
	frame 124#112233
	frame 124#112244
	key c
	frame 124#112255
	key b
	frame 124#0F2255
	key B
	frame 124#F02255
	key 8
	key 8
	key -123
	key +123
	key -120700
	key +100700
	frame 123#00
	key n
	key a
	key #
	frame 123#01
	key *
	frame 123#7F20
	frame 12345678#AABBCCDD
	frame 12345678#AABBCCDE
	key N
	key A
	key -12345678
	key +1234567800FFFFFF
END
# A signal ends both without a last screen; after q theirs draws one where it is due.
# shellcheck disable=SC2086
kill $running
wait || true
for each in $(seq "$pair"); do
	plain "theirs.$each" >theirs.plain
	plain "ours.$each" >ours.plain
	same theirs.plain ours.plain "$(cat "what.$each")"
done
quits() { echo q | ours/cansniffer vcan0 >last && [ "$(tail -c 6 last)" = "$(printf '\033[?25h')" ]; }
check 'q ends it, and the cursor is back' quits
finish
