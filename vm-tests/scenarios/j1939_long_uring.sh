#!/bin/sh
# SPDX-License-Identifier: MIT
# J1939: a message of megabytes by ETP to its end, with the uring back end.
#
#     unit 20 ---- vcan0 ---- unit 30
#
# needs: can can-raw can-j1939 vcan
# kernels: all
# timeout: 960
# time-warp: yes
# criterion: test_j1939_long
set -eu

export LINSOCK_BACKEND=uring
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
