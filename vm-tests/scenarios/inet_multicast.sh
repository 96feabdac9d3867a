#!/bin/sh
# SPDX-License-Identifier: MIT
# Groups of IPv4 and IPv6, by interface and by source.
#
#      senders 10.1.0.1, 10.1.0.2 ---- 239.1.2.3 ---- member
#
# needs: veth
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_multicast
# backends: uring epoll
set -eu
