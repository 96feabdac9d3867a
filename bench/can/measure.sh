#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in a virtual machine whose clock counts instructions: prints "WORK VALUE" lines,
# nanoseconds of that clock per frame; of calls-*, late-* and lost-* what the name says. $1: frames; $2: rounds; $3: the program can-cost.
set -eu

frames=$1
rounds=$2
program=$3
cd /tmp
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up

for number in $(seq 0 15); do
	ip link add "bus$number" mtu 72 type vcan
	ip link set "bus$number" up
done

drain() {
	name=$1
	shift
	value=$("$program" drain vcan0 "$frames" "$@" 2>errors) || { cat errors >&2; exit 1; }
	echo "$name $value"
}

# The difference of a long and a short run, so that neither start nor end counts.
# $1: name; $2: program; the rest: its arguments, in which COUNT stands for a number.
differ() {
	name=$1
	shift
	short=$("$program" run "$@" -n 1000 vcan0)
	long=$("$program" run "$@" -n $((frames + 1000)) vcan0)
	awk -v n="$name" -v a="$short" -v b="$long" -v f="$frames" 'BEGIN { printf "%s %.3f\n", n, (b - a) / f }'
}

# A log for the players: $1 frames.
make_log() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "(1.%06d) vcan0 %03X#%016X\n", i, i % 2048, i }'
}
make_log 1000 >short.log
make_log $((frames + 1000)) >long.log

play() {
	name=$1
	shift
	short=$("$program" run "$@" -t -I short.log)
	long=$("$program" run "$@" -t -I long.log)
	awk -v n="$name" -v a="$short" -v b="$long" -v f="$frames" 'BEGIN { printf "%s %.3f\n", n, (b - a) / f }'
}

# A thousand frames a second: how late they are sent, in microseconds.
lateness() {
	awk 'BEGIN { for (i = 0; i < 2000; i++) printf "(1%d.%06d) vcan0 123#%04X\n", i / 1000, i % 1000 * 1000, i }' >paced.log
	linsock can play -v -I paced.log 2>told >/dev/null
	sed -nE 's/^.* late by p50 ([0-9]+) us, p99 ([0-9]+) us, max ([0-9]+) us$/late-p50 \1\nlate-p99 \2\nlate-max \3/p' told
}

# What is lost of 12,000 frames, 4,000 a second, by $1, which prints into a pipe that takes
# nothing for two seconds. What linsock tells as lost is added to what it wrote.
loss() {
	name=$1
	shift
	before=$(grep -c ' vcan0 ' /proc/net/can/rcvlist_all || true)
	{ "$@" -T 1500 vcan0 2>"$name.told" || true; } | { usleep 2000000; cat >"$name.log"; } &
	for _ in $(seq 3000); do
		[ "$(grep -c ' vcan0 ' /proc/net/can/rcvlist_all || true)" -le "$before" ] || break
		usleep 10000
	done
	linsock can gen vcan0 -g 1 -c 4 -n 12000 -I 1 -L 8 -D i
	wait
	lines=$(wc -l <"$name.log")
	echo "lost-$name $((12000 - lines))"
	told=$(sed -n 's/^.*: lost \([0-9]*\) frames.*/\1/p' "$name.told")
	echo "lost-$name-told ${told:-0}"
}

while [ "$rounds" -gt 0 ]; do
	rounds=$((rounds - 1))
	for how in hand library; do
		value=$("$program" "$how" vcan0 "$frames")
		echo "$how $value"
		value=$("$program" "$how" any "$frames")
		echo "$how-any $value"
	done
	value=$("$program" calls any $((frames / 64 * 64)))
	echo "calls-any $value"
	for count in 512 600 2000; do
		value=$("$program" filters vcan0 "$frames" "$count")
		echo "filters-$count $value"
	done
	# No memory for socket filters: the library judges.
	memory=$(cat /proc/sys/net/core/optmem_max)
	echo 1000 >/proc/sys/net/core/optmem_max
	for count in 600 2000; do
		value=$("$program" filters vcan0 "$frames" "$count")
		echo "filters-$count-library $value"
	done
	echo "$memory" >/proc/sys/net/core/optmem_max
	drain candump-L sh -c "exec candump -L -r 64000000 -n $frames vcan0 >theirs.log"
	drain linsock-L sh -c "exec linsock can dump -L -r 64000000 -n $frames vcan0 >ours.log"
	# Each socket has times of its own.
	[ "$(cut -d' ' -f2- theirs.log | md5sum)" = "$(cut -d' ' -f2- ours.log | md5sum)" ] ||
		{ echo 'the logs differ' >&2; exit 1; }
	rm -f candump-*.log
	drain candump-l candump -l -r 64000000 -n "$frames" vcan0
	mv candump-*.log theirs.log
	drain linsock-l linsock can dump -l -r 64000000 -n "$frames" vcan0
	mv candump-*.log ours.log
	[ "$(cut -d' ' -f2- theirs.log | md5sum)" = "$(cut -d' ' -f2- ours.log | md5sum)" ] ||
		{ echo 'the logs differ' >&2; exit 1; }
	differ cangen cangen -g 0 -I i -L 8 -D 1122334455667788
	differ gen linsock can gen -g 0 -I i -L 8 -D 1122334455667788
	play canplayer canplayer
	play play linsock can play
	lateness
	loss candump candump -L
	loss linsock linsock can dump -L
done
