#!/bin/sh
# SPDX-License-Identifier: MIT
# TIPC on one node, through readiness.
#
#      client ---- service 18888:17 ---- server       (one kernel)
#
# needs: tipc
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_tipc
set -eu

export LINSOCK_BACKEND=epoll
