#!/bin/sh
# SPDX-License-Identifier: MIT
# Interfaces that go down and up, are deleted, made again, renamed and moved, and the
# sockets of every protocol that live through it; each test makes its own namespace.
#
#     channel, BCM, ISO-TP, J1939 ---- vcan0 (made again) ....> another namespace
#
# needs: can can-raw can-bcm can-isotp can-j1939 vcan
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_can_life
set -eu
