#!/bin/sh
# SPDX-License-Identifier: MIT
# Two emulated controllers: their settings, states, counters and queues, and the time at
# which a frame was on the wire.
#
#     can0 (sja1000) ==== bus ==== can1 (sja1000)
#
# needs: can can-raw kvaser_pci sch_tbf
# kernels: all
# criterion: test_can_bus
# timeout: 480
# time-warp: yes
# can-bus: 2
set -eu

