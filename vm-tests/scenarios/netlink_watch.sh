#!/bin/sh
# SPDX-License-Identifier: MIT
# Mirrors of the kernel's tables are right on each kernel, whatever was lost.
#
#      writer ---- routes on lo ---- watch with room for five events
#
# needs: bridge
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_netlink_watch
set -eu
