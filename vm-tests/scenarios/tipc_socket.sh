#!/bin/sh
# SPDX-License-Identifier: MIT
# TIPC on one node, through the ring.
#
#      client ---- service 18888:17 ---- server       (one kernel)
#
# needs: tipc
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_tipc
set -eu

# The example: two members of a group, each of whom sees the other come and speak.
"$LINSOCK_BUILD/examples/tipc_group" 4711 1 2 >first &
first=$!
"$LINSOCK_BUILD/examples/tipc_group" 4711 2 2 >second
wait "$first"
printf 'tipc://service/4711:2 came\ntipc://service/4711:2 says hello\n' >wanted
sort first | cmp - wanted || { cat first; exit 1; }
printf 'tipc://service/4711:1 came\ntipc://service/4711:1 says hello\n' >wanted
sort second | cmp - wanted || { cat second; exit 1; }
