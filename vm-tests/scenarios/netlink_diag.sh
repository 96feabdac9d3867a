#!/bin/sh
# SPDX-License-Identifier: MIT
# The sockets that sock_diag shows, for each family's module.
#
#      TCP client ---- 127.0.0.1 ---- TCP server      UDP, UNIX, netlink, packet
#
# needs: tcp_diag udp_diag unix_diag netlink_diag af_packet_diag
# kernels: all
# timeout: 120
# criterion: test_diag
set -eu
