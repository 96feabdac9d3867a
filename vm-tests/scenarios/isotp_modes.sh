#!/bin/sh
# SPDX-License-Identifier: MIT
# ISO-TP: ways to address, half duplex, the longest message, a ring that stalls and a
# loop that does not; each test makes its own namespace.
#
#     tester 7E0 ---- vcan0 ---- unit 7E8
#
# needs: can can-isotp can-raw vcan vxcan
# kernels: all
# timeout: 240
# time-warp: yes
# criterion: test_isotp_modes
set -eu
