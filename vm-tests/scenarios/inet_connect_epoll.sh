#!/bin/sh
# SPDX-License-Identifier: MIT
# Connections of TCP and MPTCP to hosts with several addresses, and servers of both
# families, through readiness.
#
#      127.0.0.1, ::1 ---- TCP, MPTCP ---- 127.0.0.1, ::1
#
# needs:
# kernels: all
# timeout: 480
# time-warp: yes
# criterion: test_inet test_mptcp
set -eu

ip link set lo up
export LINSOCK_BACKEND=epoll
# The tests lay theirs over these, which means what none at all means.
for name in hosts resolv.conf services protocols; do
	[ -e /etc/$name ] || : >/etc/$name
done
# As Debian has it: a name in the hosts file may have several addresses.
[ -e /etc/host.conf ] || echo 'multi on' >/etc/host.conf
