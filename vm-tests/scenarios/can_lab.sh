#!/bin/sh
# SPDX-License-Identifier: MIT
# Controllers made of software: bit timing of FD, delay compensation, termination, bus
# states, bus-off and restart, refusals. scripts/can-lab builds the module.
#
#     can0 (can-lab) ==== can1 (can-lab)
#
# needs: can can-raw can-dev can-lab
# kernels: all
# timeout: 240
# time-warp: yes
# criterion: test_can_lab
set -eu
