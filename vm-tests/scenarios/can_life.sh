#!/bin/sh
# SPDX-License-Identifier: MIT
# Interfaces that go down and up, are deleted, made again, renamed and moved, and the
# channels that live through it; each test makes its own namespace.
#
#     channel ---- vcan0 (made again) ....> another namespace
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_can_life
set -eu
