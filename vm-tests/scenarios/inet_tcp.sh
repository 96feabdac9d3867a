#!/bin/sh
# SPDX-License-Identifier: MIT
# TCP with data in its first packet, signatures, TLS by the kernel, mapped pages.
#
#      client ---- 127.0.0.1 ---- server       (one kernel)
#
# needs: tls gcm ccm chacha20poly1305 ctr? ghash-generic? poly1305_generic? chacha_generic? chacha?
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_tcp
# backends: uring epoll
set -eu

# Whole pages, so that the test of mapped ones sees some.
echo 1 >/proc/sys/net/core/high_order_alloc_disable
