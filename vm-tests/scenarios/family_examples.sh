#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples of families that the host may lack do what they say.
#
#      alg_digest ---- hash/sha256          qipcrtr_watch ---- name service
#
# needs: algif_hash qrtr
# kernels: all
# timeout: 120
# time-warp: yes
set -eu

PATH=$PATH:$LINSOCK_BUILD/examples
alg_digest sha256 abc abd >digests
for text in abc abd; do
	digest=$(printf %s $text | sha256sum | cut -c1-64)
	grep -qx "$digest  $text" digests || { echo "no right digest of $text"; cat digests; exit 1; }
done
qipcrtr_watch 4711 >told
printf 'listed\n4711:1:7 is there\n4711 has gone\n' | diff - told
