#!/bin/sh
# SPDX-License-Identifier: MIT
# Sending with word of the end: queued, or on the wire and when; each test makes its own
# namespace.
#
#     vcan0 ---- noise, channels         channel ---- near (tbf) ==== far ---- channel
#
# needs: can can-raw vcan vxcan sch_tbf
# kernels: all
# timeout: 960
# time-warp: yes
# criterion: test_can_transmit
set -eu
