#!/bin/sh
# SPDX-License-Identifier: MIT
# Rules of the kernel's gateway by the library; each test makes its own namespace.
#
#     sender ---- vcan0 ---- gateway ---- vcan1 ---- receiver
#
# needs: can can-raw can-gw vcan vxcan
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_can_gw
set -eu
