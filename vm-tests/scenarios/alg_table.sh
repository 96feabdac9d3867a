#!/bin/sh
# SPDX-License-Identifier: MIT
# Each kernel has exactly the algorithms that tests/data/alg_table.txt says it has, of
# those that linsock probe knows: one that vanishes, or comes, is told, and no test can
# hide it as a skip.
#
#      linsock alg list --try ---- bind(2) ---- the kernel's algorithms
#
# needs: algif_hash algif_skcipher algif_aead algif_rng
# needs: adiantum? aegis128? aes_generic? aesni-intel? ansi_cprng? aria_generic? authenc?
# needs: blake2b? blake2b_generic? blowfish_generic? camellia_generic? cast5_generic? cbc?
# needs: ccm? cfb? chacha? chacha20poly1305? chacha_generic? cmac? crc32-cryptoapi?
# needs: crc32_generic? crc32c-cryptoapi? crc32c_generic? ctr? cts? des_generic? drbg? ecb?
# needs: gcm? ghash-generic? hctr2? hmac? jitterentropy_rng? keywrap? lrw? md4? md5?
# needs: michael_mic? nhpoly1305? ofb? poly1305_generic? rmd160? seqiv? serpent_generic? sha1_generic?
# needs: sha256_generic? sha3? sha3_generic? sha512_generic? sm3_generic? sm4_generic?
# needs: streebog_generic? twofish_generic? wp512? xcbc? xts? xxhash_generic?
# kernels: all
# files: tests/data/alg_table.txt
# timeout: 480
# time-warp: yes
set -eu

series=$(uname -r | cut -d. -f1,2)
case $series in
7.*) series=7 ;;
esac
# Lines "type name kernel..." of the table that name this kernel.
awk -v kernel="$series" '!/^#/ { for (i = 3; i <= NF; i++) if ($i == kernel) print $1, $2 }' \
	"$LINSOCK_SOURCE/tests/data/alg_table.txt" | sort >expected
linsock alg list --try | awk '$3 == "yes" { print $1, $2 }' | sort >found
[ -s found ] || { echo 'this kernel has no algorithm at all'; exit 1; }
diff expected found || { echo "kernel $(uname -r): < expected, > found"; exit 1; }
