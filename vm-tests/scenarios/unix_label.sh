#!/bin/sh
# SPDX-License-Identifier: MIT
# Labels of a security module, as the kernel passes them over UNIX sockets.
#
#      sender, labelled ---- socketpair ---- receiver
#
# needs:
# kernels: all
# timeout: 240
# time-warp: yes
# criterion: test_unix_label
set -eu

echo "# security modules: $(cat /sys/kernel/security/lsm 2>/dev/null || echo unknown)"
