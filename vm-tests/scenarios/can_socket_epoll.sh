#!/bin/sh
# SPDX-License-Identifier: MIT
# Channels of the library on virtual interfaces, with the epoll back end.
#
#      channels ---- vcan0      channels ---- vcan1, which goes down and up, and is
#                                             slowed down by a tbf
#
# needs: can can-raw vcan sch_tbf
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_can_socket
set -eu

export LINSOCK_BACKEND=epoll
for name in vcan0 vcan1; do
	ip link add "$name" type vcan
	ip link set "$name" up
done
