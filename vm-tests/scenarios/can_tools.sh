#!/bin/sh
# SPDX-License-Identifier: MIT
# The tools that measure, join and serve: load, test, bridge, sniff, link, bcm and the
# ISO-TP server, against can-utils where they have one.
#
#     frames ---- vcan0 ====bridge, TCP==== vcan1        vcan2: a bus of 16 kbit/s (tbf)
#
# needs: can can-raw can-bcm can-isotp vcan vxcan sch_tbf
# kernels: all
# timeout: 960
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

ip link set lo up
for name in vcan0 vcan1 vcan2; do
	linsock can link add "$name" mtu 72
done
tc qdisc add dev vcan2 root tbf rate 16kbit burst 32 limit 400
mkdir ours
for name in canbusload isotpserver bcmserver cansniffer; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

check 'a bus without a fault loses and reorders nothing' linsock can test vcan0 vcan0 -n 3000
check 'FD frames as well' linsock can test vcan0 vcan0 -n 300 --fd
check 'a slow bus is waited for' linsock can test vcan2 vcan2 -n 60 --wait 5
status=0
linsock can test vcan0 vcan1 -n 20 --wait 0.2 >difference || status=$?
[ "$status" -ne 3 ] || status=0
grep -q 'lost 20' difference || status=1
report "$status" 'frames that do not arrive are lost, exit status 3'

escape=$(printf '\033')

# Frames, bits and bits of data over all seconds are the same.
sums() {
	sed -nE 's/^ vcan0@500000 +([0-9]+) +([0-9]+) +([0-9]+) +([0-9]+)%.*/\1 \2 \3/p' "$1" |
		awk '{ a += $1; b += $2; c += $3 } END { print a, b, c }'
}
# Each number, with the blanks before it, as its width; bars as their length.
shapes() {
	awk '{ out = ""
		while (match($0, / *[0-9]+/)) {
			out = out substr($0, 1, RSTART - 1) "<" RLENGTH ">"
			$0 = substr($0, RSTART + RLENGTH)
		}
		print out gensub_bar($0) }
		function gensub_bar(rest) { gsub(/X/, ".", rest); return rest }' "$1" | sort -u
}
if command -v canbusload >/dev/null; then
	for options in '' '-i' '-e' '-b' '-t -c'; do
		# shellcheck disable=SC2086
		timeout -s INT 10 canbusload $options vcan0@500000 >theirs &
		theirs=$!
		# shellcheck disable=SC2086
		timeout -s INT 10 ours/canbusload $options vcan0@500000 >ours.out &
		ours=$!
		wait_receivers vcan0 2
		linsock can gen vcan0 -g 1 -n 150 -I r -L r -D r
		linsock can gen vcan0 -e -g 1 -n 100 -I r -L r -D r
		linsock can gen vcan0 -g 1 -n 50 -I 0 -L 8 -D 00
		wait "$theirs" || true
		wait "$ours" || true
		sed "s/$escape\[[0-9]*m//g" theirs >theirs.plain
		sed "s/$escape\[[0-9]*m//g" ours.out >ours.plain
		sums theirs.plain >theirs.sums
		sums ours.plain >ours.sums
		check "canbusload $options" diff theirs.sums ours.sums
		check "canbusload $options has seen all" grep -q '^300 ' ours.sums
		shapes theirs >theirs.shapes
		shapes ours.out >ours.shapes
		same theirs.shapes ours.shapes "canbusload $options prints lines of the same form"
	done
fi

# Two bridges, a connection between them; then frames both ways.
linsock can bridge --listen vcan0 tcp://127.0.0.1:7007 2>bridge.err &
first=$!
await grep -q listening bridge.err
before=$(bound vcan1)
linsock can bridge vcan1 tcp://127.0.0.1:7007 2>/dev/null &
second=$!
wait_receivers vcan1 $((before + 1))
wait_receivers vcan0 1
linsock can dump -L -n 200 -T 8000 vcan1 >there &
there=$!
wait_receivers vcan1 $((before + 2))
linsock can gen vcan0 -g 0 -n 200 -I i -L i -D i
wait "$there" || true
cut -d' ' -f3 there >passed
check 'a bridge over TCP passes all frames' test "$(wc -l <passed)" -eq 200
sort -c -u -t'#' -k1,1 passed 2>difference && status=0 || status=1
report "$status" 'and in order'
before=$(bound vcan0)
linsock can dump -L -n 1 -T 8000 vcan0 >back &
back=$!
wait_receivers vcan0 $((before + 1))
linsock can send vcan1 '12345678##1112233'
wait "$back" || true
check 'and back, of every kind' grep -q '12345678##[0-9]112233' back
kill "$first" "$second"
wait "$first" "$second" 2>/dev/null || true

# A message by TCP, and one back.
if command -v isotprecv >/dev/null; then
	ours/isotpserver -l 7008 -s 7E0 -d 7E8 vcan0 2>server.err &
	server=$!
	await grep -q listening server.err
	isotprecv -s 7E8 -d 7E0 vcan0 >received &
	receiver=$!
	wait_receivers vcan0 1
	(
		echo '<22F1900102030405060708>'
		sleep 3
	) | nc 127.0.0.1 7008 >answer &
	client=$!
	wait "$receiver"
	echo '22 F1 90 01 02 03 04 05 06 07 08 ' >wanted
	check 'isotpserver: from TCP to ISO-TP' cmp wanted received
	echo '62 F1 90 11 22 33 44 55 66 77' | isotpsend -s 7E8 -d 7E0 vcan0
	wait_lines 1 answer
	wait "$client" || true
	echo '<62F19011223344556677>' >wanted
	check 'isotpserver: and back' cmp wanted answer
	kill "$server"
	wait "$server" 2>/dev/null || true
fi

# Jobs of the broadcast manager by TCP.
ours/bcmserver --listen tcp://127.0.0.1:7009 2>manager.err &
server=$!
await grep -q listening manager.err
before=$(bound vcan1)
linsock can dump -L -n 4 -T 8000 vcan1,123:7FF >cycle &
cycle=$!
wait_receivers vcan1 $((before + 1))
mkfifo commands
nc 127.0.0.1 7009 <commands >answer &
client=$!
exec 4>commands
echo '< vcan1 F 0 0 456 0 >' >&4
wait_receivers vcan1 $((before + 2))
linsock can send vcan1 '456#DEADBEEF'
# The receiver of these ends with the fourth: none is counted any more then.
echo '< vcan1 A 0 50000 123 3 11 22 33 >' >&4
wait "$cycle" || true
await test -s answer
echo '< vcan1 X 0 0 456 0 >' >&4
exec 4>&-
wait "$client" || true
check 'bcmserver sends in cycles' test "$(grep -c '123#112233' cycle)" -eq 4
tr '\0' '\n' <answer >answer.text
echo '< vcan1 456 4 DE AD BE EF >' >wanted
check 'bcmserver tells what comes' cmp wanted answer.text
kill "$server"
wait "$server" 2>/dev/null || true

before=$(bound vcan0)
sleep 3 | ours/cansniffer -l 5 vcan0 >screen &
sniffer=$!
wait_receivers vcan0 $((before + 1))
linsock can send vcan0 '123#4142' '123#4143'
sleep 1
kill "$sniffer" 2>/dev/null || killall cansniffer
wait "$sniffer" 2>/dev/null || true
check 'cansniffer shows an identifier and its data' \
	grep -qE '^[0-9]{5} \| 123 \| 41 43 ' screen

linsock can link add v7 peer v8
check 'a pair of vxcan is made' grep -q 'v7: vxcan, up' <<-END
	$(linsock can link show v7)
END
status=0
linsock can link set vcan0 down bitrate 500000 2>difference && status=1
grep -q 'its driver has none of that' difference || status=1
report "$status" 'a virtual interface has no bitrate, and that is told'
finish
