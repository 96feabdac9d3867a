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
	if [ "$status" -eq "$wanted" ] && grep -q -- "$words" told; then
		status=0
	else
		{ echo "status $status, wanted $wanted and \"$words\":"; cat told; } >difference
		status=1
	fi
	report "$status" "$what"
}

# What is asked again and again starts as few processes as it can: in a virtual machine
# without KVM each costs as much as thousands of commands of the shell's own.

# Wait until a command succeeds; a minute is the end, however slow the machine. One at a
# time: the command itself awaits nothing.
await() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 1200 ]; then
			echo "# in vain: $*"
			return 1
		fi
		usleep 50000
	done
}

has_socket() {
	for descriptor in "/proc/$1/fd"/*; do
		[ ! -S "$descriptor" ] || return 0
	done
	return 1
}

# Wait until processes have a socket and sleep: they have taken what came, and wait for more.
is_idle() {
	for process in "$@"; do
		has_socket "$process" || return 1
		state=
		while read -r key state _; do
			[ "$key" != State: ] || break
		done <"/proc/$process/status"
		[ "$state" = S ] || return 1
	done
}

wait_idle() { await is_idle "$@"; }

# How many receivers of frames there are on the interface $1, or on several, a|b; a socket
# is one row or more, by its filters. $2 is what leads into another network namespace, if it is there.
# shellcheck disable=SC2016,SC2086 # awk's own
bound() {
	${2:-} awk -v names="^($1)$" '$1 ~ names { rows++ } END { print rows + 0 }' \
		/proc/net/can/rcvlist_*
}

# shellcheck disable=SC2016,SC2086
has_receivers() {
	${3:-} awk -v names="^($1)$" -v least="$2" \
		'$1 ~ names { rows++ } END { exit rows < least }' /proc/net/can/rcvlist_*
}

# $1: interface; $2: how many receivers there are at least; $3: as with bound.
wait_receivers() {
	# Who was just started is not there yet.
	usleep 20000
	await has_receivers "$@"
}

# A carriage return ends a line as well; what has no end yet is none.
has_lines() {
	: "${carriage_return:=$(printf '\r')}"
	lines_left=$2
	is_whole=true
	while [ "$lines_left" -gt 0 ] && $is_whole; do
		read -r line || is_whole=false
		! $is_whole || lines_left=$((lines_left - 1))
		while [ "${line#*"$carriage_return"}" != "$line" ]; do
			line=${line#*"$carriage_return"}
			lines_left=$((lines_left - 1))
		done
	done <"$1"
	[ "$lines_left" -le 0 ]
}

# $1: how many lines each file gets at least; the rest: the files.
wait_lines() {
	lines=$1
	shift
	for file in "$@"; do
		await has_lines "$file" "$lines"
	done
}

finish() { echo "1..$number"; }
