#!/bin/sh
# SPDX-License-Identifier: MIT
# Packet sockets on a cable in a namespace that the tests make: memberships, filters,
# fanout, control messages.
#
#      senders ---- va ======= vb ---- packet sockets
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_packet
set -eu
