# SPDX-License-Identifier: MIT
# What all scripts share: where things are, and how to speak to a person.
# Sourced by bash, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Downloaded things: shared between checkouts by whoever sets LINSOCK_DEPS.
DEPS=${LINSOCK_DEPS:-$ROOT/build/deps}
case $DEPS in
/*) ;;
*) DEPS=$PWD/$DEPS ;;
esac
export LINSOCK_DEPS=$DEPS

# mke2fs and ip live where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi
# shellcheck disable=SC2034 # used by the scripts that source this file
readonly ROOT DEPS BOLD DIM RED GREEN PLAIN

say() {
	printf '%s\n' "$*" >&2
}

die() {
	local status=1
	if [[ $1 =~ ^[0-9]+$ ]]; then
		status=$1
		shift
	fi
	printf '%s%s:%s %s\n' "$RED" "$(basename "$0")" "$PLAIN" "$*" >&2
	exit "$status"
}
