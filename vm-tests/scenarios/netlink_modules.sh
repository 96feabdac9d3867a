#!/bin/sh
# SPDX-License-Identifier: MIT
# The typed modules beside rtnetlink and sock_diag on each kernel: drivers' settings,
# nftables and conntrack, device, process and audit events, families of generic netlink
# that come and go with their modules.
#
#      v0 ==== peer (veth)      br0      lo: UDP, tracked by a rule "ct state"
#
# needs: veth bridge nf_tables nft_ct nf_conntrack nf_conntrack_netlink
# kernels: all
# timeout: 720
# time-warp: yes
# modules: psample
# criterion: test_genl
# criterion: test_ethtool
# criterion: test_netfilter
# criterion: test_uevent
# criterion: test_proc_event
# criterion: test_audit
set -eu
