#!/bin/sh
# SPDX-License-Identifier: MIT
# Options of families that few hosts have: what the kernel answers reads as text and
# parses back to the same bytes.
#
#      sockets of CAN, ISO-TP, J1939, TIPC, RDS, SCTP, ALG, VSOCK, LLC, KCM, Bluetooth,
#      none of them connected
#
# needs: can can-raw can-isotp can-j1939 tipc rds sctp af_alg algif_hash vsock kcm llc2 bluetooth
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_option
set -eu

# All that the test knows but datagrams of VSOCK and, from Linux 7.1 on, UDP-Lite.
export LINSOCK_TEST_KINDS=27
