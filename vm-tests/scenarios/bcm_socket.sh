#!/bin/sh
# SPDX-License-Identifier: MIT
# The broadcast manager: the library's tests.
#
#     jobs of BCM ---- vcan0 ---- a channel
#
# needs: can can-bcm can-raw vcan
# kernels: all
# timeout: 360
# time-warp: yes
# criterion: test_bcm
set -eu

ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
