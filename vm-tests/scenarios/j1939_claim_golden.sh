#!/bin/sh
# SPDX-License-Identifier: MIT
# j1939acd, and linsock called by its name: the same claim prints and keeps the same.
#
#     one of both j1939acd ---- vcan0
#
# needs: can can-j1939 can-raw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v j1939acd >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
ln -s "$(command -v linsock)" ours/j1939acd
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# A claim, what the signal that asks for it prints, and the file that keeps it.
has_claim() { grep -q '^0x' "$1.cache" 2>/dev/null || grep -q '\*' "$1.out"; }
claim() {
	side=$1
	shift
	"$@" -r 0x80-0x83 -c "$side.cache" 1122334455667788 vcan0 >"$side.out" 2>/dev/null &
	daemon=$!
	wait_idle "$daemon"
	# Until it has claimed: 250 ms after its last word.
	for _ in $(seq 20); do
		usleep 500000
		kill -USR1 "$daemon"
		usleep 100000
		! has_claim "$side" || break
	done
	kill "$daemon"
	wait "$daemon" 2>/dev/null || true
	grep -v '^#' "$side.cache" >"$side.kept"
	awk '/\*/ && !seen[$0]++' "$side.out" >"$side.claimed"
}
claim theirs j1939acd
claim ours ours/j1939acd
same theirs.claimed ours.claimed 'j1939acd prints who has which address'
same theirs.kept ours.kept 'j1939acd keeps its address in a file'
finish
