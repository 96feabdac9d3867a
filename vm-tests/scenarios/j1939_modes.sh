#!/bin/sh
# SPDX-License-Identifier: MIT
# J1939: connected sockets, filters, promiscuous ones, priorities, a close that waits for
# nothing, a claim that moves; each test makes its own namespace.
#
#     units 20, 30, 40 ---- vcan0 ---- a channel
#
# needs: can can-raw can-j1939 vcan vxcan
# kernels: all
# timeout: 240
# time-warp: yes
# criterion: test_j1939_modes
set -eu
