#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs in a virtual machine, alone: prints lines of "ADAPTER CONNECTIONS {figures}".
# $1: the folder of the programs; the rest: PROGRAM:ADAPTER:CONNECTIONS.
set -eu

folder=$1
shift
for one; do
	program=${one%%:*}
	connections=${one##*:}
	adapter=${one#*:}
	adapter=${adapter%:*}
	words="adapter=$adapter transport=unix conns=$connections size=64 buffer=4096"
	printf 'plan idle %s\ncheck\nfigures\nquit\n' "$words" |
		"$folder/$program" >answers || true
	printf '%s %s %s\n' "$adapter" "$connections" "$(tail -n 1 answers)"
done
