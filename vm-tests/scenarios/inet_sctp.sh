#!/bin/sh
# SPDX-License-Identifier: MIT
# SCTP one-to-one and one-to-many, over loopback, through the ring.
#
#      127.0.0.1, 127.0.0.2 ==== one association ==== 127.0.0.3, 127.0.0.4
#
# needs: sctp
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_sctp
set -eu
