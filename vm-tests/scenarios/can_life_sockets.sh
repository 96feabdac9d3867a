#!/bin/sh
# SPDX-License-Identifier: MIT
# Sockets of BCM, ISO-TP and J1939, and claimed addresses, on interfaces that go down and
# up, are deleted, made again, renamed and moved; each test makes its own namespace.
#
#     BCM, ISO-TP, J1939 ---- vcan0 (made again) ....> another namespace
#
# needs: can can-raw can-bcm can-isotp can-j1939 vcan
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_can_life_sockets test_can_life_claims
set -eu
