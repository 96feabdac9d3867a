#!/bin/sh
# SPDX-License-Identifier: MIT
# The same data through libkcapi and through linsock, on each kernel: the same bytes.
#
#      libkcapi ---- hash, skcipher, aead of the kernel ---- linsock
#
# needs: algif_hash algif_skcipher algif_aead gcm ctr xts cmac cbc? ghash-generic? sha512_generic? hmac? crypto_user?
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_alg_kcapi
set -eu
export LINSOCK_TEST_ALG=1
