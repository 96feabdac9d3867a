#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk that stands still for two seconds at 4,000 frames a second: candump -l loses
# frames, linsock can dump -l none, in one file or in a row of them; where its buffer is too
# small, written + told as lost = sent.
#
#     linsock can gen ---- vcan0 ----+---- candump -l           ---- a file system that is
#                                    +---- linsock can dump -l  ---- frozen for two seconds
#
# needs: can can-raw vcan loop ext4
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v candump >/dev/null || { echo 'no candump here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir disk
dd if=/dev/zero of=image bs=1M count=16 2>/dev/null
mke2fs -F image >/dev/null 2>&1
mount -t ext4 -o loop image disk || { echo 'no file system in a file here'; exit 77; }
mkdir disk/theirs disk/ours disk/row disk/small
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

sent=12000

# $1: folder on the disk, where its status is told at the end; the rest: who logs.
log() {
	folder=$1
	shift
	{
		cd "disk/$folder"
		status=0
		"$@" >/dev/null 2>"../../$folder.err" || status=$?
		echo "$status" >"../../$folder.status"
	} &
}
log theirs candump -l -T 4000 vcan0
log ours linsock can dump -l -T 4000 vcan0
log row linsock can dump -f row.log --rotate-size=150k -T 4000 vcan0
log small linsock can dump -l --buffer 1000 -T 4000 vcan0
wait_receivers vcan0 4
# Of FD frames, 8,000 are more than the smallest buffer holds.
linsock can gen vcan0 -f -g 1 -c 4 -n "$sent" -I 1 -L 64 -D i &
# Frames are on the disk when it stops.
await test -s disk/row/row-0002.log
fsfreeze --freeze disk
usleep 2000000
fsfreeze --unfreeze disk
wait

lines() { cat disk/"$1"/*.log | wc -l; }
lost() { sed -n 's/^.*: lost \([0-9]*\) frames.*/\1/p' "$1.err" | grep . || echo 0; }
echo "# of $sent frames candump wrote $(lines theirs), linsock $(lines ours), its row $(lines row)"
echo "# with a small buffer $(lines small), and $(lost small) told as lost"
loses() { [ "$(lines theirs)" -lt "$sent" ]; }
check 'a disk that stands still costs candump frames' loses
whole() { [ "$(lines "$1")" -eq "$sent" ] && [ "$(cat "$1.status")" -eq 0 ] && [ "$(lost "$1")" -eq 0 ]; }
check 'it costs linsock can dump -l none' whole ours
check 'nor a row of files' whole row
cut -d' ' -f3 disk/row/row-*.log >frames
in_order() { [ "$(find disk/row -name 'row-*.log' | wc -l)" -ge 5 ] && [ "$(sort -u frames | wc -l)" -eq "$sent" ]; }
check 'which has every frame once' in_order
adds_up() { [ $(($(lines small) + $(lost small))) -eq "$sent" ] && [ "$(lost small)" -gt 0 ] && [ "$(cat small.status)" -eq 3 ]; }
check 'past the bound of the buffer, what is written and lost adds up' adds_up
umount disk
finish
