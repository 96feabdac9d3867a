#!/bin/sh
# SPDX-License-Identifier: MIT
# A namespace with a VSOCK of its own reaches itself and nobody else.
#
#      the first namespace: echo        inner namespace: echo, cat
#
# needs: vsock vsock_loopback
# kernels: 7
# timeout: 240
# time-warp: yes
set -eu
modes=/proc/sys/net/vsock
[ -e "$modes/child_ns_mode" ] || { echo "this kernel's namespaces share VSOCK"; exit 77; }
[ "$(cat $modes/ns_mode)" = global ]
echo local >"$modes/child_ns_mode"
# It is written once.
if echo global >"$modes/child_ns_mode" 2>/dev/null; then
	echo "child_ns_mode was written twice"; exit 1
fi

mkfifo ready
linsock echo --once --ready-fd=9 vsock://any:7 9>ready &
outer=$!
read -r _ <ready

cat >inside <<'END'
set -eu
[ "$(cat /proc/sys/net/vsock/ns_mode)" = local ]
# The first namespace's server is out of reach.
if linsock cat vsock://local:7 </dev/null 2>error; then
	echo "the namespace is not closed"; exit 1
fi
grep -q reset error
mkfifo ready.inside
linsock echo --once --ready-fd=9 vsock://any:7 9>ready.inside &
read -r _ <ready.inside
[ "$(echo inside | linsock cat vsock://local:7)" = inside ]
wait $!
END
unshare -n sh inside

# It was not disturbed.
[ "$(echo outside | linsock cat vsock://local:7)" = outside ]
wait "$outer"
