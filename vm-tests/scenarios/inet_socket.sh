#!/bin/sh
# SPDX-License-Identifier: MIT
# UDP in segments and UDP-Lite, which newer kernels have no more, over loopback.
#
#      127.0.0.1, ::1 ---- datagrams ---- 127.0.0.1, ::1
#
# needs:
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_udp
# backends: uring epoll
set -eu

ip link set lo up
# What the test skipped must be so: the kernels before 7.1 have it, the later ones not.
case $(uname -r) in
6.*) linsock probe --require inet.dgram.udplite ;;
*) ! linsock probe --require inet.dgram.udplite 2>missing ;;
esac
