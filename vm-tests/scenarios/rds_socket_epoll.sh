#!/bin/sh
# SPDX-License-Identifier: MIT
# RDS over loopback, by both of its ways there, through readiness.
#
#      127.0.0.1:4000 ---- loop, or TCP ---- 127.0.0.1:4001
#
# needs: rds rds_tcp
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_rds
set -eu

export LINSOCK_BACKEND=epoll

ip link set lo up
