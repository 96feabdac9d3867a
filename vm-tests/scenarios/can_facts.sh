#!/bin/sh
# SPDX-License-Identifier: MIT
# What the kernel does with CAN, fact by fact, and what the library makes of it; each
# test makes its own namespace.
#
#     channels, bare sockets ---- near (tbf) ==== far ---- a channel
#
# needs: can can-raw can-isotp vcan vxcan sch_tbf
# kernels: all
# timeout: 960
# time-warp: yes
# criterion: test_can_facts
set -eu
