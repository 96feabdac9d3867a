#!/bin/sh
# SPDX-License-Identifier: MIT
# UNIX sockets, through readiness: names and long paths, messages, descriptors,
# credentials, who the peer is. What a kernel is too old for, the tests say: pidfds came
# with 6.5, SO_PASSRIGHTS with 6.16.
#
#      client ---- /tmp/…, @name, socketpair ---- server
#
# needs:
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_unix test_unix_path test_message test_control test_option_helper
set -eu

ip link set lo up
export LINSOCK_BACKEND=epoll
