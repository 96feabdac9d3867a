#!/bin/sh
# SPDX-License-Identifier: MIT
# cansequence and canfdtest, and linsock called by their names: the same arguments print
# the same and put the same frames on the bus; each end works with the other's.
#
#     one of both, sender ---- vcan0 ----+---- one of both, receiver
#                                        +---- candump
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v cansequence >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in cansequence canfdtest; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# $1: name of the results; the rest: a sender, behind which frame 7FF ends it.
record() {
	side=$1
	shift
	before=$(bound vcan0)
	candump -L -r 1000000 vcan0 >"$side.bus" &
	recorder=$!
	wait_receivers vcan0 $((before + 1))
	"$@" >"$side.out" 2>"$side.err" || echo "status $?" >>"$side.err"
	cansend vcan0 7FF#
	await grep -q ' 7FF#' "$side.bus"
	kill "$recorder"
	wait "$recorder" 2>/dev/null || true
	cut -d' ' -f3- "$side.bus" >"$side.frames"
}
for options in '--loop=300 -v' '--loop 5 -vv' '-e -i 0x12345 --loop=3 -p' '-i 300 --loop=20'; do
	# shellcheck disable=SC2086
	record theirs cansequence vcan0 $options
	# shellcheck disable=SC2086
	record ours ours/cansequence vcan0 $options
	same theirs.out ours.out "cansequence $options prints"
	same theirs.frames ours.frames "cansequence $options sends"
done

# Gaps, other identifiers, frames that are no data.
pair=0 receivers=''
for options in '-r' '-r -v' '-r -vv' '-r -q' '-r -q3' '-r -e -i 2' '-r --loop=4'; do
	pair=$((pair + 1))
	echo "$options" >"options.$pair"
	# shellcheck disable=SC2086
	{ cansequence vcan0 $options >"theirs.$pair.out" 2>"theirs.$pair.err" || echo "status $?" >>"theirs.$pair.err"; } &
	receivers="$receivers $!"
	# shellcheck disable=SC2086
	{ ours/cansequence vcan0 $options >"ours.$pair.out" 2>"ours.$pair.err" || echo "status $?" >>"ours.$pair.err"; } &
	receivers="$receivers $!"
done
# A filter and the mask of errors: two rows each.
wait_receivers vcan0 $((4 * pair))
for byte in 05 06 07 09 0A 0B 20 21 00 01; do
	linsock can send vcan0 "002#$byte" "00000002#$byte" "003#$byte"
done
linsock can send vcan0 20000080#0000000000000000 002#02 002#FE 002#FF 002#00 002#0A
all_told() {
	for each in theirs.2.err ours.2.err; do
		[ "$(grep -c incident: "$each")" -ge 5 ] || return 1
	done
}
await all_told
# Theirs prints what it gathered where it ends by itself only: an interface that goes away.
ip link set vcan0 down
# shellcheck disable=SC2086
wait $receivers || true
ip link set vcan0 up
for each in $(seq "$pair"); do
	# What each says of the interface is its own.
	for side in theirs ours; do
		sed -i -E '/^read\(\):|^cansequence: /d' "$side.$each.err"
		cat "$side.$each.out" "$side.$each.err" >"$side.all"
	done
	same theirs.all ours.all "cansequence $(cat "options.$each")"
done

# Each end against each: both print the same, the bus carries the same.
for options in '-l 600 -v' '-l 60 -f 4'; do
	for pair in theirs.theirs ours.theirs theirs.ours ours.ours; do
		generator=canfdtest answerer=canfdtest
		[ "${pair%.*}" = theirs ] || generator=ours/canfdtest
		[ "${pair#*.}" = theirs ] || answerer=ours/canfdtest
		"$answerer" -v vcan0 >answerer.out 2>/dev/null &
		answers=$!
		wait_receivers vcan0 1
		# shellcheck disable=SC2086
		record "$pair" "$generator" -g $options vcan0
		kill "$answers" 2>/dev/null || true # theirs may end by the last frame
		wait "$answers" 2>/dev/null || true
		# Which answer comes between which of the others' is a matter of time, and at the
		# end some are not waited for.
		grep '^077#' "$pair.frames" >"$pair.pings"
	done
	for pair in ours.theirs theirs.ours ours.ours; do
		same theirs.theirs.out "$pair.out" "canfdtest $options, $pair, prints"
		same theirs.theirs.pings "$pair.pings" "canfdtest $options, $pair, sends"
	done
done

# An answer that is wrong ends it.
ours/canfdtest -g -l 100 -f 2 vcan0 >wrong.out 2>&1 &
generator=$!
wait_receivers vcan0 1
linsock can send vcan0 078#0000000000000000
status=0
wait "$generator" || status=$?
cp wrong.out difference
grep -qE 'mismatch|RX before TX' wrong.out && [ "$status" -eq 1 ] && status=0 || status=1
report "$status" 'canfdtest ends with an answer that is wrong'
finish
