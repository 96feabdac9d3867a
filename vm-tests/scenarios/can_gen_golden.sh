#!/bin/sh
# SPDX-License-Identifier: MIT
# linsock called cangen and canplayer: what they print, what they send, how they end.
#
#     ours/cangen, ours/canplayer, cangen, canplayer ---- vcan0 ---- dump
#
# needs: can can-raw vcan sch_tbf
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v cangen >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
ip link add vcan1 mtu 2060 type vcan
ip link set vcan1 up
mkdir ours
for name in cangen canplayer cansend; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# What is printed of the same frames.
for options in '-v -I 123 -L 4 -D 11223344' '-v -v -I i -L i -D i' '-vvv -I 7 -L 8 -D i' \
	'-vv -e -I 12345678 -L 5 -D 4142434445' '-v -f -I 1 -L 13 -D 00' '-vv -b -E -I 1 -L 64 -D 11' \
	'-v -R -I 5 -L 3 -D i' '-vvv -R -I i -L i -D 00' '-vv -f -I i -L i -D i' '-c 3 -v -I i -L 1 -D 00'; do
	# shellcheck disable=SC2086
	cangen vcan0 -g 0 -n 20 $options >theirs 2>&1 || true
	# shellcheck disable=SC2086
	ours/cangen vcan0 -g 0 -n 20 $options >ours.out 2>&1 || true
	same theirs ours.out "cangen $options"
done
for options in '-I 800 -L 1' '-D 1' '-D zz'; do
	status=0
	# shellcheck disable=SC2086
	ours/cangen vcan0 -g 0 -n 1 $options >ours.out 2>difference && status=1
	report "$status" "cangen $options is refused"
done

# A queue that is full, and a sender that does not wait: counted, as cangen does.
tc qdisc add dev vcan0 root tbf rate 16kbit burst 32 limit 160
ours/cangen vcan0 -g 0 -n 200 -i -I 1 -L 8 -D i >ours.out
grep -E '^Counted [0-9]+ ENOBUFS return values on write\(\)\.$' ours.out >counted || true
status=0
[ -s counted ] || { cp ours.out difference; status=1; }
report "$status" 'cangen -i counts what a full queue refused'
tc qdisc del dev vcan0 root

# XL, as today's cangen makes it; the distribution's has none of that.
linsock can dump -L -n 6 -T 5000 vcan1 >xl 2>/dev/null &
dump=$!
wait_receivers vcan1 1
linsock can gen vcan1 -g 0 -n 3 -X -I 123 -L 4 -D 11223344 -F i -S i -A i -V 0
linsock can gen vcan1 -g 0 -n 3 -X -I i -L i -D 55 -F 1 -S 7 -A DEADBEEF -V 0
wait "$dump" || true
cut -d' ' -f3 xl >xl.frames
cat >xl.wanted <<-'END'
	00123#81:01:00000001#11223344
	00123#82:02:00000002#11223344
	00123#83:03:00000003#11223344
	00000#81:07:DEADBEEF#CC
	00001#81:07:DEADBEEF#55
	00002#81:07:DEADBEEF#5500
END
same xl.wanted xl.frames 'cangen -X with -F -S -A'

# A signal ends it with its number, and what was counted is told.
: >ours.out
ours/cangen vcan0 -g 10 -v -I 1 -L 0 >ours.out &
generator=$!
await test -s ours.out
kill -INT "$generator"
status=0
wait "$generator" || status=$?
echo "status $status" >difference
[ "$status" -eq 130 ] && status=0 || status=1
report "$status" 'SIGINT ends cangen with status 130'

# The player.
cat >play.log <<-'END'
	(1795168076.393211) vcan0 123#0011223344556677
	(1795168076.394211) vcan0 1F334455##1112233
	(1795168076.395211) vcan0 5A1#R
	(1795168076.395211) vcan9 5A2#
END
for options in '-v -t' '-v' '-v -l 2 -t'; do
	# shellcheck disable=SC2086
	canplayer -I play.log $options vcan0=vcan0 >theirs 2>/dev/null || true
	# shellcheck disable=SC2086
	ours/canplayer -I play.log $options vcan0=vcan0 >ours.out 2>told || true
	same theirs ours.out "canplayer $options"
done
canplayer -I play.log -t stdout=vcan0 >theirs 2>/dev/null || true
ours/canplayer -I play.log -t stdout=vcan0 >ours.out 2>/dev/null || true
same theirs ours.out 'canplayer stdout=vcan0'
ours/canplayer -I play.log -v vcan0=vcan0 >/dev/null 2>told
status=0
grep -qE 'late by p50 [0-9]+ us, p99 [0-9]+ us, max [0-9]+ us' told || { cp told difference; status=1; }
report "$status" 'canplayer -v tells how late frames were'
printf '(1.000000) vcan0 123#11\n(x) vcan0 1G#\n(2.000000) vcan0 124#22\n' >bad.log
status=0
ours/canplayer -I bad.log -t -v vcan0=vcan0 >ours.out 2>told || status=$?
echo "status $status" >>told
cp told difference
[ "$status" -eq 1 ] && [ "$(wc -l <ours.out)" -eq 2 ] && grep -q 'bad.log:2:' told && status=0 || status=1
report "$status" 'a line that is no frame is told with its place, and the rest is played'

# cansend: what is no frame.
for frame in '123' '1G#' '12345#' '123#1' '123##' '123#R9' '123#11_7' '1234#11'; do
	status=0
	ours/cansend vcan0 "$frame" 2>difference && status=1
	grep -q '^Wrong CAN-frame format!$' difference || status=1
	cansend vcan0 "$frame" >theirs 2>&1 && echo "# cansend of the distribution takes $frame"
	report "$status" "cansend $frame is refused"
done
finish
