#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock qipcrtr on each kernel: a service is offered, found, watched and pinged.
#
#      linsock qipcrtr ping ---- node 1 ---- linsock qipcrtr listen -e -s 4711:2:9
#
# needs: qrtr
# kernels: all
# timeout: 240
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"
# Wait until a file holds these words.
holds() { await grep -q -- "$2" "$1" || { cat "$1"; return 1; }; }

linsock qipcrtr watch 4711 >watched &
watcher=$!
check 'the watch begins' holds watched listed
linsock qipcrtr listen -e -s 4711:2:9 >heard 2>listening &
server=$!
check 'the service comes' holds watched 'new-server service=4711 version=2 instance=9 node=1'
# It is published before its port is told here.
check 'its port is told' holds listening 'listening on'
place=$(sed -n 's/^listening on //p' listening)
port=${place##*:}
check 'it is found' sh -c "linsock qipcrtr lookup 4711 | grep -q '4711 *2 *9 *1 *$port'"
check 'and by its instance' sh -c "linsock qipcrtr lookup -j 4711:2:9 | grep -q '\"port\":$port'"
check 'another instance is not there' sh -c '! linsock qipcrtr lookup 4711:2:8 | grep 4711'
check 'it answers' linsock qipcrtr ping -c 3 -i 0.01 "$place"
check 'it was told what came' holds heard '8 bytes:'
check 'who is not there does not answer' sh -c \
	'! linsock qipcrtr ping -c 1 -t 60 qipcrtr://9:1 2>told && grep -q "reset by peer" told'
kill -INT "$server"
status=0
wait "$server" || status=$?
check 'an interrupt is a good end' [ "$status" -eq 0 ]
check 'the service goes' holds watched del-server
kill -TERM "$watcher"
status=0
wait "$watcher" || status=$?
check 'of a watch too' [ "$status" -eq 0 ]
check 'a mistake is told' sh -c '! linsock qipcrtr lookup 1:2:3:4 2>told && grep -q "is all there is" told'
finish
