#!/bin/sh
# SPDX-License-Identifier: MIT
# What sockets of AF_ALG, AF_QIPCRTR, AF_PACKET and AF_VSOCK can do on a ring, on each
# kernel: what the rows of their families say. Nothing may be skipped.
#
#      ring ---- SEND, WRITE, SEND_ZC, RECV, ACCEPT, one shot and many ---- socket
#
# needs: algif_hash qrtr vsock_loopback
# kernels: all
# timeout: 240
# time-warp: yes
# criterion: test_ring_caps
set -eu
export LINSOCK_TEST_ALG=1 LINSOCK_TEST_QRTR=1
