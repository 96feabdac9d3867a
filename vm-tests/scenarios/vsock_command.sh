#!/bin/sh
# SPDX-License-Identifier: MIT
# The command over VSOCK: cat and echo, bench, and a forwarder between VSOCK and TCP.
#
#      bench ---- tcp://127.0.0.1 ---- forward ---- CID 1 ---- bench -l
#
# needs: vsock vsock_loopback
# kernels: all
# timeout: 480
# time-warp: yes
set -eu
ip link set lo up

wait_ready() {
	read -r _ <"$1"
	rm -f "$1"
}

mkfifo ready
linsock echo --once --ready-fd=9 vsock://any:7 9>ready &
wait_ready ready
answer=$(echo "over vsock" | linsock cat vsock://local:7)
[ "$answer" = "over vsock" ] || { echo "echo said: $answer"; exit 1; }
wait $!

for type in stream seqpacket; do
	mkfifo ready
	linsock vsock bench -l -o --ready-fd=9 "vsock://any:5201?type=$type" 9>ready &
	wait_ready ready
	linsock vsock bench -b 4194304 -s 32768 "vsock://local:5201?type=$type"
	wait $!
done

mkfifo ready
linsock vsock bench -l --ready-fd=9 "vsock://any:5202" 9>ready &
server=$!
wait_ready ready
mkfifo ready
linsock vsock forward --ready-fd=9 tcp://127.0.0.1:5203 vsock://local:5202 9>ready &
forward=$!
wait_ready ready
linsock vsock bench -b 4194304 tcp://127.0.0.1:5203
linsock vsock bench -b 1 tcp://127.0.0.1:5203
kill "$forward" "$server"
wait "$forward"

# A program for each connection, which learns who it is.
# shellcheck disable=SC2016 # the program's shell expands
linsock listen --accept vsock://any:8 -- sh -c 'echo "$LINSOCK_PEER"; tr a-z A-Z' &
listen=$!
until answer=$(echo louder | linsock cat vsock://local:8 2>error); do
	usleep 20000
done
kill "$listen"
wait "$listen" || :
case $answer in
vsock://local:*LOUDER) ;;
*) echo "listen said: $answer"; cat error; exit 1 ;;
esac

# Nobody listens: the command says so and fails.
if linsock cat vsock://local:9999 </dev/null 2>error; then
	echo "cat reached nobody"; exit 1
fi
grep -q "reset" error
linsock vsock cid
