#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock called candump prints what candump prints, option by option, byte for byte;
# only the digits of times are taken out, as each socket has its own.
#
#     linsock can send ---- vcan0 ----+---- candump OPTIONS
#                                     +---- candump OPTIONS of ours
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v candump >/dev/null || { echo 'no candump here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours theirs
ln -s "$(command -v linsock)" candump

# Every kind of frame that candump of the oldest distribution knows.
cat >frames <<-'END'
	123#DEADBEEF
	123#4142430102DEADFF
	5A1#
	7FF#R
	7FF#R4
	1F334455#1122334455667788
	124#20
	00000123#R3
	123##1112233
	1F334455##30011223344556677889900AABBCCDDEEFF00112233445566778899AABBCCDDEEFF
	20000080#0000000000000000
	20000026#0B20000000008000
	2000000C#0005020300000000
	123#11
END
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Digits of times become N; the rest stays.
plain() { sed -E ':a; s/^( *(\x1b\[[0-9]+m)*\(N*[^)]*)[0-9]([^)]*\))/\1N\3/; ta' "$1"; }

pair=0 running=

# Whether both of each pair have as much, and that is something.
are_even() {
	for each in $(seq "$pair"); do
		size=$(stat -c %s "ours/$each")
		[ "$size" -gt 0 ] && [ "$size" -eq "$(stat -c %s "theirs/$each")" ] || return 1
	done
}

# Until nothing more is printed, and both of each pair have all, or it is clear that they
# never will.
wait_end() {
	before=
	for _ in $(seq 20); do
		usleep 1000000
		sizes=$(stat -c %s ours/* theirs/*)
		[ "$sizes" != "$before" ] || ! are_even || return 0
		before=$sizes
	done
}

# Both tools with the options, as one more pair; all pairs hear the same.
start() {
	pair=$((pair + 1))
	echo "candump $*" >"what.$pair"
	candump "$@" >"theirs/$pair" 2>/dev/null &
	running="$running $!"
	./candump "$@" >"ours/$pair" 2>/dev/null &
	running="$running $!"
}

before=$(bound vcan0)
all='vcan0,0:0,#FFFFFFFF'
for options in '' '-a' '-i' '-S' '-i -S' '-a -S' '-a -i' '-x' '-ta' '-td' '-tz' '-tA' '-e' '-L' \
	'-L -x' '-L -ta' '-L -td' '-ta -x -a' '-d' '-s 0' '-r 100000' '-D' '-c' '-c -c' '-c -c -c' '-c -c -c -ta'; do
	# shellcheck disable=SC2086
	start $options "$all"
done
for filter in '123:7FF' '123~7FF' '00000123:9FFFFFFF' '123:7FF,1F334455:1FFFFFFF' \
	'0~0,#FFFFFFFF' '120:7F0,123~7FF,j' '#000000FF' '1F334455:DFFFFFFF' '123:C00007FF'; do
	start "vcan0,$filter"
done
wait_receivers vcan0 $((before + 2 * pair))
# A socket is one row or more, by its filters: all are there once all wait for frames.
# shellcheck disable=SC2086
wait_idle $running
xargs linsock can send vcan0 <frames
wait_end
# shellcheck disable=SC2086
kill -INT $running
wait
for each in $(seq "$pair"); do
	plain "theirs/$each" >theirs.plain
	plain "ours/$each" >ours.plain
	status=0
	diff theirs.plain ours.plain >difference || status=1
	[ -s theirs.plain ] || { echo 'candump printed nothing' >difference; status=1; }
	report "$status" "$(cat "what.$each")"
done
finish
