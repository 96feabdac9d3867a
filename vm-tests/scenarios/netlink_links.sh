#!/bin/sh
# SPDX-License-Identifier: MIT
# Links of every virtual kind, made and read back by the library, in namespaces that the
# tests make:
#
#      a0 ==== b0 (another namespace)     veth, vxcan, netkit
#      br0 --- v5, m0                     vlan, macvlan on a bridge
#      red, x0, tap7                      vrf, dummy, vcan, tap
#
# needs: dummy bridge veth 8021q macvlan vrf vcan vxcan tun
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_rtnl_link
set -eu
