#!/bin/sh
# SPDX-License-Identifier: MIT
# The logs of candump and of linsock called by its name: their names, what both tell,
# when they end and with what status; frames dropped; and what candump lacks: a log that
# is moved away under SIGHUP, of which no frame is missing.
#
#     linsock can send, gen ---- vcan0 ----+---- candump OPTIONS
#                                          +---- ours/candump OPTIONS
#
# needs: can can-raw vcan
# kernels: all
# timeout: 480
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu

command -v candump >/dev/null || { echo 'no candump here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours theirs
ln -s "$(command -v linsock)" ours/candump
ours=$PWD/ours/candump
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Names of files and digits of times, which differ from run to run, become N.
plain() { sed -E -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{6}/N/' -e 's/^\([0-9.]+\)/(N)/' "$1"; }

# Where both listen, and how many do.
where=vcan0
heard='vcan0|any'

# Both tools with the options, each in its folder; what happens meanwhile is $1, and $2 is
# our status: that of candump of today, where the distribution's, of 2020, has 0 always.
both() {
	happens=$1 wanted=$2
	shift 2
	before=$(bound "$heard")
	rm -f theirs/* ours/out ours/err ours/*.log
	# shellcheck disable=SC2086
	(cd theirs && exec candump "$@" $where >out 2>err) &
	first=$!
	# shellcheck disable=SC2086
	(cd ours && exec "$ours" "$@" $where >out 2>err) &
	second=$!
	wait_receivers "$heard" $((before + 2))
	"$happens"
	wait "$first" || true
	second_status=0
	wait "$second" || second_status=$?
	for side in ours theirs; do
		for part in "$side"/out "$side"/err "$side"/*.log; do
			[ -e "$part" ] || continue
			echo "${part#*/}:"
			[ ! -s "$part" ] || cat "$part"
		done >"$side.all"
		plain "$side.all" >"$side.plain"
	done
	status=0
	# What was lost is told at the end as well, for who did not ask for -d.
	[ "$wanted" -ne 3 ] || sed -i '/^candump: lost [0-9]* frames: /d' ours.plain
	diff theirs.plain ours.plain >difference || status=1
	[ "$second_status" -eq "$wanted" ] || {
		echo "status $second_status" >>difference
		status=1
	}
	report "$status" "candump $* ($happens)"
}

three_frames() { linsock can send vcan0 123#11 124#2233 '1F334455#44'; }
taken() { three_frames; usleep 300000; wait_idle "$first" "$second"; }
interrupt() { taken; kill -INT "$first" "$second"; }
terminate() { taken; kill -TERM "$first" "$second"; }

both three_frames 0 -l -n 3
both three_frames 0 -l -s 2 -T 3000
both three_frames 0 -n 2
both three_frames 0 -s 2 -n 3
both three_frames 0 -s 1 -n 3
both interrupt 130 -L
both terminate 143 -l

# Down and up, for who goes on, and for who does not.
down_up() {
	linsock can send vcan0 123#11
	ip link set vcan0 down
	wait_idle "$first" "$second"
	ip link set vcan0 up
	linsock can send vcan0 124#22
	usleep 300000
}
both down_up 0 -D -n 2 -L
both down_up 0 -D -n 2 -a
goes_down() { ip link set vcan0 down; }
both goes_down 1 -L
ip link set vcan0 up

# The controller's time, where there is none; names of several lengths; all interfaces.
both three_frames 0 -H -ta -n 3
where='vcan0 vcan10'
ip link add vcan10 mtu 72 type vcan
ip link set vcan10 up
two_buses() {
	for frame in 123#11 1F334455#2233 124#; do
		cansend vcan0 "$frame"
		usleep 300000
		cansend vcan10 "$frame"
		usleep 300000
	done
}
both two_buses 0 -n 6
both two_buses 0 -L -n 6
both two_buses 0 -c -c -n 6
where=any
both two_buses 0 -n 6
both two_buses 0 -ta -x -n 6
where='any,0~0,#FFFFFFFF'
errors() { linsock can send vcan0 123#11 20000080#0000000000000000 '20000004#0004000000000000'; }
both errors 0 -e -n 2
where=vcan0

# What the distribution's lacks, as today's has it: nine decimals, raw DLCs.
"$ours" -L -N -n 1 vcan0 >nano &
dump=$!
"$ours" -8 -n 2 vcan0 >raw &
other=$!
wait_receivers vcan0 2
linsock can send vcan0 123#4142430102DEADFF_E 12345678##51122
wait "$dump" "$other"
cp nano difference
check 'candump -N' grep -qE '^\([0-9]{10}\.[0-9]{9}\) vcan0 123#4142430102DEADFF_E$' nano
cat >wanted <<-'END'
	|  vcan0  123   {E}  41 42 43 01 02 DE AD FF
	|  vcan0  12345678  [02]  11 22
END
sed -i 's/^|//' wanted
same wanted raw 'candump -8'
status=0
"$ours" -L -a vcan0 2>difference && status=1
report "$status" '-L with a view is refused'

# What the queue could not take is told with the first frame behind it.
overflow() {
	kill -STOP "$first" "$second"
	linsock can gen vcan0 -g 0 -n 400 -I 1 -L 8 -D i
	kill -CONT "$first" "$second"
	wait_idle "$first" "$second"
	linsock can send vcan0 7FF#
}
both overflow 3 -d -r 20000 -T 3000 -L

# A log that is moved away five times while frames come.
"$ours" -f moved.log -T 3000 vcan0 2>moved.err &
dump=$!
wait_receivers vcan0 1
linsock can gen vcan0 -g 1 -c 4 -n 8000 -I 1 -L 8 -D i &
generator=$!
for round in 1 2 3 4 5; do
	usleep 200000
	mv moved.log "moved.$round"
	kill -HUP "$dump"
	await test -e moved.log
done
wait "$generator"
status=0
wait "$dump" || status=$?
echo "status $status, $(cat moved.? moved.log | wc -l) lines" >difference
cut -d' ' -f3 moved.? moved.log >frames
[ "$status" -eq 0 ] && [ "$(wc -l <frames)" -eq 8000 ] || status=1
sort -c -u -t'#' -k2 frames 2>>difference || true
[ "$(sort -u frames | wc -l)" -eq 8000 ] || status=1
report "$status" 'a log that SIGHUP opens again five times has every frame once'
check 'and it is in the files it was moved to' test "$(wc -l <moved.2)" -gt 0

# Nobody sends, and the file is there at once.
"$ours" -f idle.log vcan0 2>idle.err &
dump=$!
wait_receivers vcan0 1
mv idle.log idle.1
kill -HUP "$dump"
check 'a log that nothing is written to is opened again as well' await test -e idle.log
linsock can send vcan0 123#11
await test -s idle.log
# It was not moved away: what it has stays.
kill -HUP "$dump"
linsock can send vcan0 124#22
wait_lines 2 idle.log
check 'one that was not moved away loses nothing' test "$(wc -l <idle.log)" -eq 2
kill "$dump"
wait "$dump" || true
finish
