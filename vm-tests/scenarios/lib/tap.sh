#!/bin/sh
# SPDX-License-Identifier: MIT
# What scenarios share: they print TAP, compare what two tools say, and wait for what
# other processes do. A scenario ships the file with "# files: vm-tests/scenarios/lib",
# reads it behind its skips, and ends with finish:
#
#     . "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"
#
# What went wrong stands in the file "difference", which is told with a failure.

number=0
: >difference
echo 'TAP version 13'

# $1: 0 for success; $2: what was checked.
report() {
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		head -20 difference | sed 's/^/# /'
	fi
}

# $1: what is checked; the rest: a command that succeeds.
check() {
	what=$1
	shift
	if "$@" >difference 2>&1; then
		report 0 "$what"
	else
		report 1 "$what"
	fi
}

# $1, $2: files that are the same, and not empty; $3: what is checked.
same() {
	status=0
	diff "$1" "$2" >difference 2>&1 || status=1
	[ -s "$1" ] || { echo "$1 is empty" >difference; status=1; }
	report "$status" "$3"
}

# $1: what is checked; $2: status; $3: what standard error has; the rest: a command.
tells() {
	what=$1 wanted=$2 words=$3
	shift 3
	status=0
	"$@" >/dev/null 2>told || status=$?
	{ echo "status $status, wanted $wanted and \"$words\":"; cat told; } >difference
	[ "$status" -eq "$wanted" ] && grep -q -- "$words" told && status=0 || status=1
	report "$status" "$what"
}

# Wait until a command succeeds; a minute is the end, however slow the machine.
await() {
	for _ in $(seq 1200); do
		! "$@" >/dev/null 2>&1 || return 0
		usleep 50000
	done
	echo "# in vain: $*"
	return 1
}

# Wait until processes have a socket and sleep: they have taken what came, and wait for more.
is_idle() {
	for process in "$@"; do
		# shellcheck disable=SC2010
		ls -l "/proc/$process/fd" | grep -q socket: &&
			grep -q '^State:.S' "/proc/$process/status" || return 1
	done
}

wait_idle() { await is_idle "$@"; }

# How many receivers of frames there are on the interface $1; a socket is one row or more,
# by its filters. $2 is what leads into another network namespace, if it is there.
# shellcheck disable=SC2086
bound() { ${2:-} cat /proc/net/can/rcvlist_* | grep -c "^ *$1 " || true; }

has_receivers() { [ "$(bound "$1" "${3:-}")" -ge "$2" ]; }

# $1: interface; $2: how many receivers there are at least; $3: as with bound.
wait_receivers() { await has_receivers "$@"; }

# A carriage return ends a line as well.
has_lines() { [ "$(tr '\r' '\n' <"$1" | wc -l)" -ge "$2" ]; }

# $1: how many lines each file gets at least; the rest: the files.
wait_lines() {
	lines=$1
	shift
	for file in "$@"; do
		await has_lines "$file" "$lines"
	done
}

finish() { echo "1..$number"; }
