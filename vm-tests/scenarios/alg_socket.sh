#!/bin/sh
# SPDX-License-Identifier: MIT
# AF_ALG on each kernel: requests here and on a loop, streams, clones, files, errors.
# Nothing may be skipped: every kernel of the matrix has what these tests need.
#
#      test ---- hash, skcipher, aead, rng of the kernel
#
# needs: crypto_user algif_hash algif_skcipher algif_aead algif_rng gcm ctr xts jitterentropy_rng ecb? ghash-generic?
# kernels: all
# timeout: 720
# time-warp: yes
# criterion: test_alg test_alg_loop test_alg_list
set -eu
export LINSOCK_TEST_ALG=1
