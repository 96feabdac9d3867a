#!/bin/sh
# SPDX-License-Identifier: MIT
# Rings of packet sockets, waited for and on a loop, with both back ends.
#
#      transmit ring ---- va ======= vb ---- receive rings of blocks and of slots
#
# needs: veth
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_packet_ring
set -eu
