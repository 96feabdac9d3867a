#!/bin/sh
# SPDX-License-Identifier: MIT
# AF_XDP by copying, over a pair of virtual cables.
#
#      v0, queue 0: sends ======== v1, queue 0: a program, its socket
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_xdp
# backends: uring epoll
set -eu
