#!/bin/sh
# SPDX-License-Identifier: MIT
# What sock_diag shows of XDP sockets; Debian's 6.1 has no module for that.
#
#      AF_XDP socket ---- lo, queue 0
#
# needs: xsk_diag tcp_diag udp_diag raw_diag unix_diag netlink_diag af_packet_diag
# kernels: 6.12 7
# timeout: 480
# time-warp: yes
# criterion: test_diag
# criterion: test_ss_rare
set -eu
export LINSOCK_TEST_DIAG="xdp"
