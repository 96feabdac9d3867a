#!/bin/sh
# SPDX-License-Identifier: MIT
# Every feature that linsock probe knows gets a verdict here: what is unknown was asked
# wrongly, and belongs into the table of its family, or below with a reason.
#
#     probe ---- each family that the kernel has a module for ---- probe
#
# needs: can? can-raw? can-isotp? can-j1939? can-gw? vcan? tipc? rds? rds_tcp? vsock? vsock_loopback? qrtr? bluetooth? rfcomm? hci_vhci? kcm?
# needs: tls? sctp? smc? llc2? phonet? ieee802154_socket? nfc? pppoe? ax25? appletalk? atm? af_key? xfrm_user?
# needs: af_alg? algif_hash? algif_skcipher? algif_aead? algif_rng? fcrypt? pcbc? rxrpc?
# kernels: all
# timeout: 240
# time-warp: yes
set -eu

# Features that no way of asking tells of, each with the reason after a "#".
excused=''

linsock probe --json | tr -d '\n' | sed 's/}, */}\n/g; s/"features": {/\n/' >found

echo 'TAP version 13'
echo '1..2'

count=$(grep -c '"verdict": ' found)
[ "$count" -gt 1800 ] || printf 'not '
echo "ok 1 - all features were asked for"
echo "  # $count features"

failed=$(grep '"verdict": "unknown"' found | while read -r line; do
	name=${line#*\"}
	name=${name%%\"*}
	printf '%s\n' "$excused" | grep -q "^$name #" || printf '  # %s\n' "$line"
done)
[ -z "$failed" ] || printf 'not '
echo 'ok 2 - each has a verdict'
[ -z "$failed" ] || printf '%s\n' "$failed"
