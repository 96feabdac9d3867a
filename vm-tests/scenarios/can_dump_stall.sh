#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk or pipe that takes nothing for two seconds at 4,000 frames a second: candump
# loses frames, linsock can dump none; where it must lose some, as its bound or the
# kernel's queue is small, written + told as lost = sent. Files that follow one another
# hold every frame.
#
#     linsock can gen ---- vcan0 ----+---- candump -L | stalled
#                                    +---- linsock can dump -L | stalled
#
# needs: can can-raw vcan
# kernels: all
# timeout: 960
# time-warp: yes
set -eu

ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
echo 'TAP version 13'
echo '1..6'
number=0
sent=12000

bound() { cat /proc/net/can/rcvlist_* | grep -c '^ *vcan0 ' || true; }

wait_receivers() {
	for _ in $(seq 1000); do
		[ "$(bound)" -lt "$1" ] || return 0
		usleep 10000
	done
	echo '# the receivers did not come'
	return 1
}

# $1: what is checked; the rest: a command that tells.
check() {
	number=$((number + 1))
	what=$1
	shift
	if "$@"; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		head -20 ./*.err | sed 's/^/# /'
	fi
}

generate() { linsock can gen vcan0 -g 1 -c 4 -n "$1" -I 1 -L 8 -D i; }

# A pipe whose reader takes nothing until it is released. $1: name; the rest: who writes
# into it.
stalled() {
	name=$1
	shift
	{ "$@" 2>"$name.err"; echo $? >"$name.status"; } | { held; cat >"$name.log"; } &
}

held() { until [ -e release ]; do usleep 100000; done; }

# Frames that dump told as lost.
lost() { sed -n 's/^.*: lost \([0-9]*\) frames.*/\1/p' "$1" | grep . || echo 0; }

adds_up() {
	lines=$(wc -l <"$1.log")
	echo "# $1: $lines written + $(lost "$1.err") lost of $2"
	[ $((lines + $(lost "$1.err"))) -eq "$2" ]
}

stalled ours linsock can dump -L -T 4000 vcan0
if command -v candump >/dev/null; then
	stalled theirs candump -L -T 4000 vcan0
	wait_receivers 2
else
	wait_receivers 1
fi
generate "$sent" &
usleep 2000000
touch release
wait
rm release
whole() { [ "$(wc -l <ours.log)" -eq "$sent" ] && [ "$(cat ours.status)" -eq 0 ]; }
check 'a stall of two seconds costs linsock can dump no frame' whole
if command -v candump >/dev/null; then
	loses() { echo "# candump wrote $(wc -l <theirs.log) of $sent"; [ "$(wc -l <theirs.log)" -lt "$sent" ]; }
	check 'the same stall costs candump some' loses
else
	number=$((number + 1))
	echo "ok $number - the same stall costs candump some # SKIP no candump here"
fi

# Half a megabyte may wait while the reader holds still: the rest is refused, and counted.
{ linsock can dump -L -T 4000 --buffer 1000 vcan0 2>small.err || echo $? >small.status; } |
	{ held; cat >small.log; } &
wait_receivers 1
linsock can gen vcan0 -g 0 -n 20000 -I 1 -L 8 -D i
# Until dump has taken what it can.
usleep 1000000
touch release
wait
refuses() { adds_up small 20000 && [ "$(lost small.err)" -gt 0 ] && [ "$(cat small.status)" -eq 3 ]; }
check 'past the bound of its buffer, what is written and lost adds up' refuses

# The kernel's queue, while the program itself stands still.
linsock can dump -L -T 4000 -r 8000 vcan0 >stopped.log 2>stopped.err &
dump=$!
wait_receivers 1
kill -STOP "$dump"
linsock can gen vcan0 -g 0 -n 3000 -I 1 -L 8 -D i
kill -CONT "$dump"
status=0
wait "$dump" || status=$?
drops() { adds_up stopped 3000 && [ "$(lost stopped.err)" -gt 0 ] && [ "$status" -eq 3 ]; }
check 'what the kernel dropped and what is written adds up' drops

# A row of files.
linsock can dump -f row.log --rotate-size=20k -T 4000 vcan0 >row.out 2>row.err &
dump=$!
wait_receivers 1
generate 6000
wait "$dump" || true
cat row-*.log | cut -d' ' -f3 >row.frames
in_row() {
	echo "# $(find . -name 'row-*.log' | wc -l) files"
	[ "$(find . -name 'row-*.log' | wc -l)" -ge 10 ] && [ "$(wc -l <row.frames)" -eq 6000 ] &&
		[ "$(sort -u row.frames | wc -l)" -eq 6000 ]
}
check 'a row of files holds every frame once' in_row
rm row-*.log
linsock can dump -f row.log --rotate-time=0.5 -T 4000 vcan0 >row.out 2>row.err &
dump=$!
wait_receivers 1
generate 6000
wait "$dump" || true
by_time() {
	echo "# $(find . -name 'row-*.log' | wc -l) files"
	[ "$(find . -name 'row-*.log' | wc -l)" -ge 2 ] && [ "$(cat row-*.log | wc -l)" -eq 6000 ]
}
check 'a row of files by time does, too' by_time
