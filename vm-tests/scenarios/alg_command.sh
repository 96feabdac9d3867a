#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock alg on each kernel: digests as sha256sum prints them, of files and pipes of any
# size; ciphers there and back; what cannot be is told in words.
#
#      sha256sum, sha1sum ---- the same files ---- linsock alg
#
# needs: crypto_user algif_hash algif_skcipher algif_aead algif_rng gcm ctr xts jitterentropy_rng ecb? ghash-generic? cmac
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"
equal() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; return 1; }; }
# The command's error holds these words, and its status is 1.
says() {
	words=$1
	shift
	status=0
	"$@" >told 2>&1 </dev/null || status=$?
	cat told
	[ "$status" -eq 1 ] && grep -q -- "$words" told
}

head -c 3000017 /dev/urandom >big
printf abc >abc
: >empty
printf 0123456789abcdef >key
printf 0123456789abcdef0123456789ABCDEF >key32
name='odd
name\file'
cp abc "$name"
iv=000102030405060708090a0b0c0d0e0f

for algorithm in sha256 sha1; do
	check "$algorithm of files" equal "$(linsock alg hash $algorithm big abc empty)" \
		"$(${algorithm}sum big abc empty)"
	check "$algorithm of a pipe" equal "$(head -c 2999999 big | linsock alg hash $algorithm)" \
		"$(head -c 2999999 big | ${algorithm}sum -)"
done
check 'a file with a newline in its name' equal "$(linsock alg hash sha256 "$name" | cut -c1-3)" '\ba'
linsock alg hash sha256 big abc "$name" >list
check 'a list is checked' linsock alg hash -c sha256 list
# busybox knows no escaped names.
head -n 2 list >plain
check 'sha256sum checks it too' sha256sum -c plain
printf x >>abc
check 'a changed file is told' says 'abc: FAILED' linsock alg hash -c sha256 list
check 'hmac, RFC 4231 case 2' equal \
	"$(printf 'what do ya want for nothing?' | linsock alg hmac --key 4a656665 sha256 | cut -c1-64)" \
	5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843
check 'cmac, RFC 4493 example 1' equal \
	"$(linsock alg hash --key 2b7e151628aed2a6abf7158809cf4f3c 'cmac(aes)' empty | cut -c1-32)" \
	bb1d6929e95937287fa37d129b756746

head -c 3000016 big >blocks
for mode in cbc ctr ecb; do
	ivs="--iv $iv"
	[ $mode != ecb ] || ivs=''
	# shellcheck disable=SC2086 # two words or none
	linsock alg enc --key-file key $ivs -o sealed "$mode(aes)" <blocks
	# shellcheck disable=SC2086
	linsock alg dec --key-file key $ivs -i sealed "$mode(aes)" >opened
	check "$mode of 3 MB there and back" cmp blocks opened
	check "$mode is no copy" says differ cmp blocks sealed
done
head -c 100000 big | linsock alg enc --key-file key32 --iv $iv 'xts(aes)' >sealed
check 'xts in one piece' sh -c "linsock alg dec --key-file key32 --iv $iv 'xts(aes)' <sealed |
	{ head -c 100000 big | cmp - /dev/fd/3; } 3<&0"
head -c 100000 big | linsock alg aead --key-file key --iv 000102030405060708090a0b --assoc 616263 \
	'gcm(aes)' >sealed
linsock alg aead -d --key-file key --iv 000102030405060708090a0b --assoc 616263 'gcm(aes)' \
	<sealed >opened
check 'gcm there and back' sh -c 'head -c 100000 big | cmp - opened'
check 'the tag is behind the text' equal "$(wc -c <sealed)" 100016
# shellcheck disable=SC2016 # the inner shell expands
check 'a forged text is told, and not written' sh -c '
	status=0
	linsock alg aead -d --key-file key --iv 000102030405060708090a0b --assoc 616264 "gcm(aes)" \
		<sealed >forged 2>told || status=$?
	[ $status -eq 1 ] && [ ! -s forged ] && grep -q "tag is wrong" told'
check 'random bytes' equal "$(linsock alg rng -x jitterentropy_rng 200 | wc -c)" 401

check 'an unknown algorithm' says 'no hash "nonsense"' linsock alg hash nonsense abc
check 'a key of the wrong length' says 'no keys of this length' \
	linsock alg enc --key 00 'cbc(aes)'
check 'no key' says 'needs a key' linsock alg hash 'hmac(sha256)' abc
check 'an IV of the wrong length' says 'IV of the wrong length' \
	linsock alg enc --key-file key --iv 00 -i key 'cbc(aes)'
check 'a text without its tag' says 'shorter than its tag' \
	linsock alg aead -d --key-file key --iv 000102030405060708090a0b 'gcm(aes)'
check 'a tag that cannot be' says 'no tags of this length' \
	linsock alg aead --tag 3 --key-file key --iv 000102030405060708090a0b 'gcm(aes)'
check 'a missing file' says 'No such file' linsock alg hash sha256 nothing
check 'the list has what was used' sh -c 'linsock alg list skcipher | grep -q "cbc(aes)"'
check 'and is JSON' sh -c 'linsock alg list --json hash | grep -q "\"sha256\""'
check 'over netlink it is the same list' sh -c \
	'linsock alg list | sort >proc && linsock alg list --netlink | sort | cmp proc -'
check 'speed is told' sh -c 'linsock alg speed -T 0.1 -s 64 -q 8 hash sha256 | grep -q op/s'
check 'what is there is found by trial' sh -c \
	'linsock alg list --try rng | grep -q "jitterentropy_rng *yes"'
finish
