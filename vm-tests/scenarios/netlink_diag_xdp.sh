#!/bin/sh
# SPDX-License-Identifier: MIT
# What sock_diag shows of XDP sockets; Debian's 6.1 has no module for that.
#
#      AF_XDP socket ---- lo, queue 0
#
# needs: xsk_diag
# kernels: 6.12 7
# timeout: 480
# time-warp: yes
# criterion: test_diag
set -eu
export LINSOCK_TEST_DIAG="xdp"
