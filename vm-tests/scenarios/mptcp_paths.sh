#!/bin/sh
# SPDX-License-Identifier: MIT
# MPTCP: what a connection became, and the path manager.
#
#      client 127.0.0.1, 127.0.0.2 ==== two subflows ==== 127.0.0.1 server
#
# needs:
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_mptcp_paths
# backends: uring epoll
set -eu
