#!/bin/sh
# SPDX-License-Identifier: MIT
# J1939: the library's tests.
#
#     unit 20 ---- vcan0 ---- unit 30
#
# needs: can can-raw can-j1939 vcan vxcan sch_tbf
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_j1939
set -eu

ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
