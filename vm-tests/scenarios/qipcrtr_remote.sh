#!/bin/sh
# SPDX-License-Identifier: MIT
# QIPCRTR with a remote node that the test plays byte by byte: flow control, a node that
# never acknowledges, malformed packets, bye. scripts/qrtr-tun builds the module.
#
#      sender ---- node 1 ---- /dev/qrtr-tun ---- node 5 (the test)
#
# needs: qrtr qrtr-tun
# kernels: all
# timeout: 360
# time-warp: yes
# criterion: test_qipcrtr_remote
set -eu
export LINSOCK_TEST_QRTR=1
