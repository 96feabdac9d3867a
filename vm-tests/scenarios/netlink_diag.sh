#!/bin/sh
# SPDX-License-Identifier: MIT
# The sockets that sock_diag shows, for each family's module. None may be missing.
#
#      TCP client ---- 127.0.0.1 ---- TCP server      UDP, UNIX, netlink, packet
#    MPTCP client ---- 127.0.0.1 ---- MPTCP server
#    VSOCK client ------ CID 1 ------ VSOCK server
#
# needs: tcp_diag udp_diag unix_diag netlink_diag af_packet_diag mptcp_diag raw_diag
# needs: vsock vsock_loopback vsock_diag
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_diag
# criterion: test_ss_rare
set -eu
# What ss calls a socket's group it reads below this.
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup
export LINSOCK_TEST_DIAG="others mptcp vsock raw"
