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
# timeout: 240
set -eu

command -v isotpdump >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in isotpdump isotpperf isotpsniffer isotpsend isotprecv; do
	ln -s "$(command -v linsock)" "ours/$name"
done
number=0
echo 'TAP version 13'

bound() { cat /proc/net/can/rcvlist_* | grep -c '^ *vcan0 ' || true; }

# $1: how many receivers there are at least.
wait_receivers() {
	for _ in $(seq 500); do
		[ "$(bound)" -lt "$1" ] || return 0
		usleep 10000
	done
	echo "# the receivers did not come"
}

# $1: file, $2: how many lines it gets.
wait_lines() {
	for _ in $(seq 500); do
		[ "$(tr '\r' '\n' <"$1" | wc -l)" -lt "$2" ] || return 0
		usleep 10000
	done
}

report() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		head -20 difference | sed 's/^/# /'
	fi
}

# Times and rates become N.
plain() {
	sed -E -e 's/\([0-9: -]+\.[0-9]+\)/(N)/g' \
		-e 's/in ([0-9.]+s => [0-9]+ byte.s|\(no time available\) *)/in N/' "$1"
}

compare_outputs() {
	plain theirs >theirs.plain
	plain ours.out >ours.plain
	status=0
	diff theirs.plain ours.plain >difference || status=1
	[ -s theirs.plain ] || { echo 'they printed nothing' >difference; status=1; }
	report "$status" "$*"
}

# $1: receivers of one tool; $2: traffic; $3: lines of output; the rest: the tool.
watch() {
	receivers=$1 traffic=$2 lines=$3 tool=$4
	shift 4
	before=$(bound)
	# Input that never comes: some end by it.
	sleep 100 | "$tool" "$@" >theirs 2>/dev/null &
	sleep 100 | "ours/$tool" "$@" >ours.out 2>/dev/null &
	wait_receivers $((before + 2 * receivers))
	"$traffic"
	wait_lines theirs "$lines"
	wait_lines ours.out "$lines"
	killall "$tool" sleep 2>/dev/null || true
	for _ in $(seq 500); do
		[ "$(bound)" -gt "$before" ] || break
		usleep 10000
	done
	compare_outputs "$tool" "$@"
}

long=$(printf '22 F1 90 41 42 43 7F %.0s' 1 2 3 4 5)

# Messages of every length of frame, both ways, and frames that make no sense.
messages() {
	isotprecv -s 7E8 -d 7E0 vcan0 >/dev/null &
	receiver=$!
	wait_receivers $(($(bound) + 1))
	usleep 100000
	echo "$long" | isotpsend -s 7E0 -d 7E8 vcan0
	wait "$receiver"
	cansend vcan0 7E0#0411223344
	cansend vcan0 7E8#0211AA
	cansend vcan0 7E0#3205F1
	cansend vcan0 7E0#310A85
	cansend vcan0 7E0#300000
	cansend vcan0 7E0#4F
	cansend vcan0 7E0##1000941424344454647484900000000
	cansend vcan0 7E0#1000000011223344
}

for options in '' '-a' '-c' '-ta' '-td' '-tz' '-tA -a' '-x any' '-x 05 -X any -a'; do
	# shellcheck disable=SC2086
	watch 2 messages 9 isotpdump -s 7E0 -d 7E8 $options vcan0
done

only_messages() {
	cansend vcan0 7E0#0411223344
	cansend vcan0 7E8#0211AA
	cansend vcan0 7E0##10009414243444546474849
	cansend vcan0 7E0#100A414243444546
	cansend vcan0 7E8#300805
	cansend vcan0 7E0#214748494A
}
watch 2 only_messages 6 isotpperf -s 7E0 -d 7E8 vcan0

short_messages() {
	cansend vcan0 7E0#0411227F41
	cansend vcan0 7E8#0211AA
	cansend vcan0 7E0#07112233445566FF
}
for options in '' '-c' '-f 1' '-f 2' '-h 2' '-ta' '-h 4 -f 1'; do
	# shellcheck disable=SC2086
	# Two sockets, each on what it hears and on its own echo.
	watch 4 short_messages 3 isotpsniffer -s 7E0 -d 7E8 $options vcan0
done

echo "1..$number"
