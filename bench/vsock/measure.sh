#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in a virtual machine whose clock counts instructions: prints lines of
# "WHO SIZE BYTES ALL SENDER RECEIVER", the last three in nanoseconds of that clock.
# $1: pairs; $2: the program vsock-cost; $3: vsock_perf.
set -eu

pairs=$1
cost=$2
perf=$3
short=2097152
long=10485760
port=5000
cd /tmp
head -c $short /dev/zero >"file.$short"
head -c $long /dev/zero >"file.$long"

# $1: who; $2: size; $3: bytes
# shellcheck disable=SC2094 # the program that is named as a word, not written to
run() {
	port=$((port + 1))
	case $1 in
	loop) "$cost" pair "$cost" listen $port "$2" -- "$cost" send $port "$2" "$3" ;;
	linsock) "$cost" pair linsock vsock bench -lo -s "$2" "vsock://any:$port" -- \
		sh -c "exec linsock vsock bench -s $2 -b $3 vsock://local:$port >/dev/null" ;;
	perf) "$cost" pair sh -c "exec $perf --port $port --buf-size $2 >/dev/null" -- \
		sh -c "exec $perf --sender 1 --port $port --buf-size $2 --bytes $3 >/dev/null" ;;
	socat) "$cost" pair socat -u -b "$2" "VSOCK-LISTEN:$port" OPEN:/dev/null -- \
		socat -u -b "$2" "OPEN:/dev/zero,readbytes=$3" "VSOCK-CONNECT:1:$port" ;;
	cat-sends) "$cost" pair "$cost" listen $port 1048576 -- \
		sh -c "exec linsock cat -s $2 --eof=close vsock://local:$port <file.$3" ;;
	socat-sends) "$cost" pair "$cost" listen $port 1048576 -- \
		socat -u -b "$2" "OPEN:file.$3" "VSOCK-CONNECT:1:$port" ;;
	cat-receives) "$cost" pair sh -c "exec linsock cat -l -s $2 vsock://any:$port </dev/null >/dev/null" -- \
		"$cost" send $port 1048576 "$3" ;;
	socat-receives) "$cost" pair socat -u -b "$2" "VSOCK-LISTEN:$port" OPEN:/dev/null -- \
		"$cost" send $port 1048576 "$3" ;;
	esac >cost 2>errors || { echo "$1 $2 $3 failed:" >&2; tail -n 5 errors >&2; exit 1; }
	echo "$1 $2 $3 $(cat cost)"
}

while [ "$pairs" -gt 0 ]; do
	pairs=$((pairs - 1))
	for size in 4096 65536 1048576; do
		for who in loop linsock perf socat cat-sends socat-sends cat-receives socat-receives; do
			run $who $size $short
			run $who $size $long
		done
	done
done
