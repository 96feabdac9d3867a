#!/bin/sh
# SPDX-License-Identifier: MIT
# Requests, lists, events and watches on a loop, on each kernel.
#
#      test ---- NETLINK_ROUTE ---- bridges, routes on lo
#
# needs: bridge veth
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_netlink_loop
# criterion: test_netlink_ring
set -eu
