#!/bin/sh
# SPDX-License-Identifier: MIT
# Two buses in two network namespaces, joined by one bridge; and the load of a bus with
# two bitrates, which the distribution's canbusload does not know, in the form of today's.
#
#     vcan0 ====bridge==== red/vcan0
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
ip netns add red
ip -n red link add vcan0 mtu 72 type vcan
ip -n red link set vcan0 up
mkdir ours
ln -s "$(command -v linsock)" ours/canbusload
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

linsock can bridge vcan0 red/vcan0 2>told &
bridge=$!
wait_receivers vcan0 1
wait_receivers vcan0 1 'ip netns exec red'
ip netns exec red linsock can dump -L -n 3 -T 10000 vcan0 >there 2>/dev/null &
there=$!
wait_receivers vcan0 2 'ip netns exec red'
linsock can send vcan0 123#11 '12345678##1112233' 124#R
wait "$there" || true
cut -d' ' -f3 there >there.frames
printf '123#11\n12345678##5112233\n124#R\n' >wanted
sed -i 's/##1/##5/' there.frames
same wanted there.frames 'frames cross into another namespace'
linsock can dump -L -n 1 -T 10000 vcan0 >here 2>/dev/null &
here=$!
wait_receivers vcan0 2
ip netns exec red linsock can send vcan0 7FF#DEADBEEF
wait "$here" || true
cut -d' ' -f3 here >here.frames
echo '7FF#DEADBEEF' >wanted
same wanted here.frames 'and back'
kill -INT "$bridge"
wait "$bridge" || true
echo 'passed 3 frames to red/vcan0, 1 to vcan0; 0 refused' >wanted
same wanted told 'what passed is told at the end'
tells 'a namespace that is not there is told' 1 'no such network namespace' \
	linsock can bridge vcan0 blue/vcan0

# Two periods: one with frames, one that may be without.
ours/canbusload -e -b -s vcan0@500000,2000000 >load 2>&1 &
load=$!
wait_receivers vcan0 1
linsock can send vcan0 123#1122334455667788 '124##1112233'
await grep -q ' 2 ' load
kill -INT "$load"
wait "$load" || true
status=0
grep -qE '^ vcan0@500k/2M +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+% min: +[0-9]+%, max: +[0-9]+%, load: +[0-9]+% +[0-9]+% +[0-9]+% \|[TRX.]{20}\|$' \
	load || { cp load difference; status=1; }
report "$status" 'a bus with two bitrates is shown in short, with statistics and a bar'
tells 'an interface without a bitrate has to be given one' 2 'has no bitrate of its own' \
	ours/canbusload vcan0
ours/canbusload -v vcan0@500000 >load 2>&1 &
load=$!
wait_lines 22 load
kill -INT "$load"
wait "$load" || true
status=0
[ "$(grep -cE '^ *[0-9]+%\|\.{90}$' load)" -ge 20 ] || { cp load difference; status=1; }
report "$status" 'canbusload -v draws the last 90 seconds'
finish
