#!/bin/sh
# SPDX-License-Identifier: MIT
# Official vectors of NIST CAVP, the RFCs and Wycheproof, and OpenSSL's answers, through
# AF_ALG on each kernel.
#
#      vectors ---- linsock ---- hash, skcipher, aead of the kernel
#
# needs: algif_hash algif_skcipher algif_aead gcm ccm ctr cts xts cmac chacha20poly1305
# needs: ecb? cbc? cfb? ofb? ghash-generic? sha3? sha3_generic? sha512_generic? hmac?
# needs: poly1305_generic? chacha_generic? chacha? aesni-intel? poly1305-x86_64? chacha-x86_64?
# kernels: all
# timeout: 960
# time-warp: yes
# criterion: test_alg_vectors
set -eu
export LINSOCK_TEST_ALG=1
