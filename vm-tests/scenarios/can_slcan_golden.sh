#!/bin/sh
# SPDX-License-Identifier: MIT
# slcand, and linsock called by its name: the same words to the adapter, the same
# interface, frames both ways. The adapter is a pseudo-terminal that slcanpty serves.
#
#     slc0 ---- one of both slcand ---- pty ---- slcanpty ---- vcan0
#
# needs: can can-raw vcan slcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

{ command -v slcanpty && command -v slcand; } >/dev/null || { echo 'no slcan tools here'; exit 77; }
mkdir -p /dev/pts ours
grep -q ' /dev/pts ' /proc/mounts || mount -t devpts devpts /dev/pts
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
ln -s "$(command -v linsock)" ours/slcand
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

mkfifo never
exec 9<>never

has_interface() { [ -e "/sys/class/net/$1" ]; }
lacks_interface() { ! has_interface "$1"; }

# A pseudo-terminal, as $terminal.
serve() {
	before=$(ls /dev/pts)
	slcanpty /dev/ptmx vcan0 <&9 >adapter.out 2>&1 &
	adapter=$!
	is_new() { [ "$(ls /dev/pts)" != "$before" ]; }
	await is_new
	terminal=$(for each in /dev/pts/[0-9]*; do
		echo "$before" | grep -qx "${each##*/}" || echo "$each"
	done)
}

# Frames in both directions over the interface, which $1 makes of a terminal with $2.
pass() {
	side=$1 options=$2
	serve
	# shellcheck disable=SC2086
	case $side in
	ours) daemon=ours/slcand ;;
	*) daemon=slcand ;;
	esac
	# shellcheck disable=SC2086
	$daemon -F $options "$terminal" slc0 >"$side.said" 2>&1 9>&- &
	running=$!
	await has_interface slc0
	ip link set slc0 up
	candump -L -n 4 slc0 >"$side.in" &
	inward=$!
	before=$(bound vcan0)
	candump -L -n 3 vcan0 >"$side.out" &
	outward=$!
	wait_receivers slc0 1
	wait_receivers vcan0 $((before + 1))
	for frame in 123#DEADBEEF 1F334455#1122334455667788 7A1#R; do
		cansend slc0 "$frame"
	done
	await has_lines "$side.out" 3
	cansend vcan0 124#22
	await has_lines "$side.in" 4
	wait "$inward" "$outward" || true
	for file in in out; do
		cut -d' ' -f2- "$side.$file" >>"$side.frames"
	done
	kill "$running"
	wait "$running" || echo "status $?" >>"$side.frames"
	await lacks_interface slc0
	kill "$adapter" 2>/dev/null || true # it may end with its line
	wait "$adapter" 2>/dev/null || true
}

for options in '-o -c -f -s6' '-o -S 115200 -b 011C'; do
	rm -f ./*.frames
	pass theirs "$options"
	pass ours "$options"
	same theirs.frames ours.frames "slcand $options"
done

# To the background: it returns when the interface is there.
serve
status=0
ours/slcand -o -s6 "${terminal#/dev/}" slc1 2>difference || status=$?
has_interface slc1 || status=1
report "$status" 'without -F it returns when the interface is there'
status=0
ours/slcand -o "$terminal" 'a-name-that-is-too-long' 2>difference && status=1
report "$status" 'a name that is none is refused'
tells 'a line that is not there is told' 1 'No such file' ours/slcand -F nonesuch
tells 'so is it from the background' 1 'No such file' ours/slcand nonesuch
for bad in '-s 9' '-S 1' '-t x' '-b 1234567'; do
	status=0
	# shellcheck disable=SC2086
	ours/slcand $bad "$terminal" 2>difference && status=1
	report "$status" "slcand $bad is refused"
done
kill "$adapter" 2>/dev/null || true
finish
