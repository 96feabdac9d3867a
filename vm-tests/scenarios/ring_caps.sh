#!/bin/sh
# SPDX-License-Identifier: MIT
# What sockets of every family can do on a ring, on each kernel: what the rows of their
# families say. Nothing may be skipped.
#
#      ring ---- SEND, WRITE, SEND_ZC, RECV, ACCEPT, one shot and many ---- socket
#
# needs: algif_hash qrtr vsock_loopback can-raw vcan tipc rds bluetooth rfcomm hci_vhci
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_ring_caps test_ring_families
set -eu
export LINSOCK_TEST_ALG=1 LINSOCK_TEST_QRTR=1 LINSOCK_TEST_RING=1 LINSOCK_TEST_BLUETOOTH=1
