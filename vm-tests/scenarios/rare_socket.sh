#!/bin/sh
# SPDX-License-Identifier: MIT
# Families that few kernels have carry something, through the ring. SMC is a module up to
# 6.12; Debian builds no MCTP.
#
#      wpan0 ~~~~ wpan1     va ======== vb: LLC     SMC, KCM, RxRPC: lo
#
# needs: kcm fcrypt? pcbc? des_generic? rxrpc ieee802154_socket mac802154_hwsim llc2 veth smc?
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_rare
set -eu

ip link set lo up
ip link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b
ip link set va up
ip link set vb up
export LINSOCK_TEST_RARE=1
