#!/bin/sh
# SPDX-License-Identifier: MIT
# can-utils' tools that look at ISO-TP, and linsock called by their names: the same
# arguments, the same traffic, the same bytes; only times are taken out.
#
#     traffic ---- vcan0 ----+---- the distribution's tool
#                            +---- linsock under its name
#
# needs: can can-raw can-isotp vcan
# kernels: all
# timeout: 960
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v isotpdump >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in isotpdump isotpperf isotpsniffer isotpsend isotprecv; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Times and rates become N.
plain() {
	sed -E -e 's/\([0-9: -]+\.[0-9]+\)/(N)/g' \
		-e 's/in ([0-9.]+s => [0-9]+ byte.s|\(no time available\) *)/in N/' "$1"
}

# $1: number of a pair of outputs; the rest: what was run.
compare_outputs() {
	plain "theirs.$1" >theirs.plain
	plain "ours.$1" >ours.plain
	shift
	status=0
	diff theirs.plain ours.plain >difference || status=1
	[ -s theirs.plain ] || { echo 'they printed nothing' >difference; status=1; }
	report "$status" "$*"
}

# Lines of each pair, which are as many where both tools have printed all.
are_even() {
	for each in $(seq "$pair"); do
		[ "$(tr '\r' '\n' <"theirs.$each" | wc -l)" -eq "$(tr '\r' '\n' <"ours.$each" | wc -l)" ] ||
			return 1
	done
}

# Until something is printed, and then nothing more, and all wait for what comes.
settle() {
	await test -s theirs.1
	before=
	for _ in $(seq 20); do
		sizes=$(stat -c %s theirs.* ours.*)
		usleep 300000
		# shellcheck disable=SC2086
		[ "$sizes" != "$before" ] || ! are_even || ! is_idle $running || return 0
		before=$sizes
	done
}

# Input that never comes, as some end by it.
mkfifo never
exec 9<>never

# Both tools with each of the options hear the same traffic, all at once.
# $1: receivers of one tool; $2: traffic; $3: the tool; the rest: options.
watch() {
	receivers=$1 traffic=$2 tool=$3
	shift 3
	before=$(bound vcan0)
	pair=0 running=
	rm -f theirs.* ours.*
	for options in "$@"; do
		pair=$((pair + 1))
		# shellcheck disable=SC2086
		"$tool" $options vcan0 <&9 >"theirs.$pair" 2>/dev/null &
		running="$running $!"
		# shellcheck disable=SC2086
		"ours/$tool" $options vcan0 <&9 >"ours.$pair" 2>/dev/null &
		running="$running $!"
	done
	wait_receivers vcan0 $((before + 2 * receivers * pair))
	"$traffic"
	settle
	# shellcheck disable=SC2086
	kill $running
	# shellcheck disable=SC2086
	wait $running 2>/dev/null || true
	pair=0
	for options in "$@"; do
		pair=$((pair + 1))
		compare_outputs "$pair" "$tool $options"
	done
}

long=$(printf '22 F1 90 41 42 43 7F %.0s' 1 2 3 4 5)

# Messages of every length of frame, both ways, and frames that make no sense.
messages() {
	before=$(bound vcan0)
	isotprecv -s 7E8 -d 7E0 vcan0 >/dev/null &
	receiver=$!
	wait_receivers vcan0 $((before + 1))
	echo "$long" | isotpsend -s 7E0 -d 7E8 vcan0
	wait "$receiver"
	linsock can send vcan0 7E0#0411223344 7E8#0211AA 7E0#3205F1 7E0#310A85 7E0#300000 7E0#4F \
		7E0##1000941424344454647484900000000 7E0#1000000011223344
}

ids='-s 7E0 -d 7E8'
watch 2 messages isotpdump "$ids" "$ids -a" "$ids -c" "$ids -ta" "$ids -td" "$ids -tz" \
	"$ids -tA -a" "$ids -x any" "$ids -x 05 -X any -a"

only_messages() {
	linsock can send vcan0 7E0#0411223344 7E8#0211AA 7E0##10009414243444546474849 \
		7E0#100A414243444546 7E8#300805 7E0#214748494A
}
watch 2 only_messages isotpperf "$ids"

# Two sockets, each on what it hears and on its own echo.
short_messages() {
	for frame in 7E0#0411227F41 7E8#0211AA 7E0#07112233445566FF; do
		linsock can send vcan0 "$frame"
		# Of two sockets that both have something, either may be read first.
		settle
	done
}
watch 4 short_messages isotpsniffer "$ids" "$ids -c" "$ids -f 1" "$ids -f 2" "$ids -h 2" \
	"$ids -ta" "$ids -h 4 -f 1"

finish
