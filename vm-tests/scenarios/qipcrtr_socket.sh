#!/bin/sh
# SPDX-License-Identifier: MIT
# QIPCRTR on each kernel with its own name service: addresses, messages, services that
# come and go, errors. Nothing may be skipped.
#
#      client ---- node 1: port, control port (name service) ---- server
#
# needs: qrtr
# kernels: all
# timeout: 360
# time-warp: yes
# criterion: test_qipcrtr test_qipcrtr_fault
set -eu
export LINSOCK_TEST_QRTR=1
