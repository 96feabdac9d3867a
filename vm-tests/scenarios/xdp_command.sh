#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock xdp and the example on each kernel: what one end of a cable sends, the other one
# shows, or sends back.
#
#      va: linsock xdp receive, send ======== vb: linsock xdp send, xdp_reflect
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Nothing but ours is on the cable: no addresses of IPv6 are sought.
for name in va vb; do
	[ "$name" = vb ] || ip link add va address 02:00:00:00:00:0a type veth \
		peer name vb address 02:00:00:00:00:0b
	ip link set "$name" addrgenmode none
	ip link set "$name" up
done
frame='02000000000a 02000000000b 88b5 00010203'
mkfifo told
linsock xdp receive -c 3 va >shown 2>told &
receiver=$!
exec 3<told
read -r line <&3
check 'it says when it has begun' [ "$line" = 'receiving from va' ]
# Until the cable carries, frames are lost in silence.
while kill -0 "$receiver" 2>/dev/null; do
	linsock xdp send vb "$frame" 2>sent || break
done
check 'three frames came' wait "$receiver"
check 'sent frames are counted' grep -qx '1 frames sent by copying' sent
check 'each has a line' [ "$(grep -c 88b5 shown)" = 3 ]
read -r line <&3
check 'and are counted' sh -c "echo '$line' | grep -q '^3 frames, 54 bytes received by copying'"
exec 3<&-

mkfifo said
"$LINSOCK_BUILD/examples/xdp_reflect" vb >said &
mirror=$!
exec 3<said
read -r line <&3
check 'the example is ready' [ "$line" = ready ]
linsock xdp receive -c 5 -q va 2>told &
receiver=$!
exec 4<told
read -r line <&4
# One queue, one socket: these go through the stack.
linsock packet send -i va -c 5 '02000000000b 02000000000a 88b5 00010203' 2>sent
check 'what it sends back comes' wait "$receiver"
kill "$mirror"
wait "$mirror" || true
check 'a device that is not there is told' sh -c '! linsock xdp receive none0 2>told2 && grep -q none0 told2'
check 'a frame that is none is told' sh -c '! linsock xdp send va 0x 2>told2 && grep -q "no frame" told2'
check 'no frames by the deadline is a failure' sh -c '! linsock xdp receive -c 1 -t 0.1 va 2>told2'
finish
