#!/bin/sh
# SPDX-License-Identifier: MIT
# Requests, dumps, batches and events of the netlink engine on each kernel: where DONE
# stands, what strict checking says, how a loss is told.
#
#      test ---- NETLINK_ROUTE ---- bridges, routes on lo
#
# needs: bridge veth
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_netlink
# criterion: test_netlink_fact
set -eu
