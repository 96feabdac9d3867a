#!/bin/sh
# SPDX-License-Identifier: MIT
# Three machines on one network reach each other: the first packet soon after the start,
# and a megabyte through linsock's own server comes back whole.
#
#     machine 2 (10.9.0.2) ---- hub ---- machine 1 (10.9.0.1): linsock echo
#                                |
#                     machine 3 (10.9.0.3)
#
# needs:
# kernels: all
# timeout: 240
# machines: 3
set -eu

# How long after the script began, in hundredths of a second of this machine's clock.
now() {
	tr -d . </proc/uptime | cut -d' ' -f1
}
begin=$(now)

# The other machines may be on their way still: the scenario's limit ends what never ends.
reach() {
	until ping -c 1 -W 1 "10.9.0.$1" >/dev/null 2>&1; do
		usleep 10000
	done
}

if [ "$LINSOCK_MACHINE" -eq 1 ]; then
	linsock echo tcp://10.9.0.1:7000 &
	server=$!
	# Each of the others says when it is done, at a port of its own: two that come at
	# once would be in the queue of one listener, which ends with the first.
	nc -l -p 7002 >/dev/null &
	second=$!
	nc -l -p 7003 >/dev/null &
	third=$!
	wait "$second"
	wait "$third"
	kill "$server"
	wait "$server"
	exit 0
fi

reach 1
echo "machine $LINSOCK_MACHINE: first packet after $(($(now) - begin)) hundredths of a second"
dd if=/dev/urandom of=sent bs=65536 count=16 2>/dev/null
# The server may still be on its way.
until linsock cat tcp://10.9.0.1:7000 <sent >received 2>refused; do
	usleep 20000
done
until echo finished | nc 10.9.0.1 "700$LINSOCK_MACHINE" 2>/dev/null; do
	usleep 20000
done
cmp sent received
