#!/bin/sh
# SPDX-License-Identifier: MIT
# The guest is what scenarios rely on: loopback is up, folders can be written, user
# namespaces can be made, can-utils and iproute2 run.
#
#      sh ---- lo (127.0.0.1, ::1)
#
# needs: can-raw vcan
# kernels: all
# timeout: 120
# time-warp: yes
set -eu

echo "TAP version 13"
echo "1..5"
number=0
check() {
	number=$((number + 1))
	what=$1
	shift
	if "$@" >/tmp/out 2>&1; then
		echo "ok $number - $what"
	else
		echo "not ok $number - $what"
		sed 's/^/  # /' /tmp/out
	fi
}

check 'loopback answers' ping -c 1 -W 60 127.0.0.1
check 'folders can be written' sh -c 'touch /tmp/a ./b /etc/c /dev/shm/d'
check 'user namespaces can be made' unshare -Ur id
check 'iproute2 makes a vcan' sh -c 'ip link add vcan9 type vcan && ip link set vcan9 up'
check 'output can be opened again' sh -c 'echo x >/dev/stdout'
