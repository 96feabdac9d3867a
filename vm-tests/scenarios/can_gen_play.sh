#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock can gen, play, log and dump together, and against cangen and canplayer.
#
#     gen, play ---- vcan0 ---- dump            play ---- vcan1 (tbf) ---- dump
#
# needs: can can-raw vcan sch_tbf
# kernels: all
# timeout: 720
# time-warp: yes
set -eu

for name in vcan0 vcan1; do
	ip link add "$name" mtu 72 type vcan
	ip link set "$name" up
done
echo 'TAP version 13'
echo '1..10'
number=0

bound() { cat /proc/net/can/rcvlist_* | grep -c "^ *$1 " || true; }

# Listen on $1 for $2 frames into $3.log.
listen() {
	before=$(bound "$1")
	linsock can dump -L -n "$2" -T 4000 -r 8000000 "$1" >"$3.log" 2>"$3.err" &
	listener=$!
	for _ in $(seq 500); do
		[ "$(bound "$1")" -le "$before" ] || return 0
		usleep 10000
	done
}

frames() { cut -d' ' -f3- "$1"; }

# $1: what is checked; the rest: a command that tells.
check() {
	number=$((number + 1))
	what=$1
	shift
	if "$@" >out 2>&1; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		head -20 out | sed 's/^/# /'
	fi
}

listen vcan0 3000 mixed
linsock can gen vcan0 -g 0 -n 3000 -m
wait "$listener" || true
check 'every generated frame arrives' test "$(wc -l <mixed.log)" -eq 3000

# The same arguments, the same frames.
for mode in '-I 123 -L 8 -D 11223344DEADBEEF' '-I i -L i -D i' '-e -I i -L 4 -D i' \
	'-f -I 7 -L 64 -D 00'; do
	listen vcan0 40 theirs
	# shellcheck disable=SC2086
	cangen vcan0 -g 0 -n 40 $mode
	wait "$listener" || true
	listen vcan0 40 ours
	# shellcheck disable=SC2086
	linsock can gen vcan0 -g 0 -n 40 $mode
	wait "$listener" || true
	frames theirs.log | sed 's/##[0-9]/##F/' >theirs.frames
	frames ours.log | sed 's/##[0-9]/##F/' >ours.frames
	check "cangen $mode" cmp theirs.frames ours.frames
done

listen vcan1 3000 played
linsock can play -I mixed.log -t vcan1=vcan0
wait "$listener" || true
frames mixed.log >mixed.frames
frames played.log >played.frames
check 'a log is played as it was recorded' cmp mixed.frames played.frames

listen vcan1 3000 theirs
canplayer -I mixed.log -t vcan1=vcan0
wait "$listener" || true
frames theirs.log >theirs.frames
check 'canplayer reads our log' cmp mixed.frames theirs.frames

# A bus of 64 kbit/s: the queue of the device is full most of the time.
tc qdisc add dev vcan1 root tbf rate 64kbit burst 32 limit 160
listen vcan1 200 slow
linsock can gen vcan1 -g 0 -n 200 -I 1 -L 8 -D i
wait "$listener" || true
frames slow.log >slow.frames
in_order() { [ "$(wc -l <slow.frames)" -eq 200 ] && sort -c -u slow.frames; }
check 'a slow bus loses and reorders nothing' in_order
tc qdisc del dev vcan1 root

# Nobody reads the pipe for two seconds.
before=$(bound vcan0)
(linsock can dump -L -n 6000 -T 6000 vcan0 2>stalled.err; echo $? >stalled.status) |
	(usleep 2000000; cat >stalled.log) &
listener=$!
while [ "$(bound vcan0)" -le "$before" ]; do usleep 10000; done
linsock can gen vcan0 -g 1 -c 4 -n 6000 -I 1 -L 8 -D i
wait "$listener" || true
cat stalled.err
check 'a stalled pipe loses nothing' test "$(wc -l <stalled.log)" -eq 6000

for format in asc csv pcapng; do
	linsock can log -o "mixed.$format" mixed.log
	linsock can log "mixed.$format" | cut -d' ' -f3- | sed 's/##[0-9]/##F/' \
		>"$format.frames"
	sed 's/##[0-9]/##F/' mixed.frames >mixed.plain
	cmp "$format.frames" mixed.plain || echo "$format differs" >>log.differences
done
check 'a log survives asc, csv and pcapng' test ! -e log.differences
