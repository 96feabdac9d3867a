#!/bin/sh
# SPDX-License-Identifier: MIT
# VSOCK over loopback: streams, messages, resets, halves, zero-copy, both loops.
#
#      client ---- CID 1 (vsock_loopback) ---- server
#
# needs: vsock vsock_loopback
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_vsock
set -eu
