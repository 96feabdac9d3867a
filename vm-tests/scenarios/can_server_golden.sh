#!/bin/sh
# SPDX-License-Identifier: MIT
# bcmserver, canlogserver and isotpserver, and linsock called by their names: the same words by TCP,
# the same frames on the bus, the same answers.
#
#     nc ---- TCP, lo ---- one of both ---- vcan0, vcan1x ---- candump
#
# needs: can can-raw can-bcm can-isotp vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v bcmserver >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link set lo up
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in bcmserver canlogserver isotpserver; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# $1: port, in hexadecimal.
listens() { grep -q ":$1 00000000:0000 0A" /proc/net/tcp; }

# $1: name of the results; $2: port; the rest: the server. Words for it come by words(), and
# what else happens.
serve() {
	side=$1 port=$2
	shift 2
	candump -L vcan0 >"$side.bus" &
	recorder=$!
	wait_receivers vcan0 1
	"$@" >/dev/null 2>&1 &
	server=$!
	await listens "$(printf %04X "$port")"
	mkfifo "$side.words"
	nc 127.0.0.1 "$port" <"$side.words" >"$side.answer" &
	client=$!
	exec 3>"$side.words"
	words >&3
	exec 3>&-
	kill "$server" "$client" "$recorder"
	wait "$server" "$client" "$recorder" 2>/dev/null || true
	tr '\0' '\n' <"$side.answer" >"$side.answers"
	# Servers that fork leave a port behind for a while.
	await_free=$(printf %04X "$port")
	is_free() { ! listens "$await_free"; }
	await is_free
}

on_bus() { cut -d' ' -f3- "$1.bus"; }
has_on_bus() { [ "$(grep -c "$1" "$side.bus")" -ge "$2" ]; }

# A cycle, its update and end; one frame; changes of masked bits, and every frame.
words() {
	echo '< vcan0 S 0 0 123 4 DE AD BE EF >'
	await has_on_bus ' 123#DEADBEEF' 1
	echo '< vcan0 A 0 100000 124 2 11 22 >'
	await has_on_bus ' 124#1122' 2
	echo '< vcan0 U 0 0 124 3 33 44 55 >'
	await has_on_bus ' 124#334455' 2
	echo '< vcan0 D 0 0 124 0 >'
	before=$(bound vcan0)
	echo '< vcan0 F 0 0 456 0 >'
	wait_receivers vcan0 $((before + 1))
	echo '< vcan0 R 0 0 457 1 FF >'
	wait_receivers vcan0 $((before + 2))
	cansend vcan0 456#01
	cansend vcan0 456#01
	cansend vcan0 457#11
	cansend vcan0 457#1122
	cansend vcan0 457#1222
	await answered 4
	echo '< vcan0 X 0 0 456 0 >'
	wait_receivers vcan0 $((before + 1))
	gone() { [ "$(bound vcan0)" -le $((before + 1)) ]; }
	await gone
	cansend vcan0 456#02
	cansend vcan0 457#13
	await answered 5
}
answered() { [ "$(tr '\0' '\n' <"$side.answer" | grep -c .)" -ge "$1" ]; }
serve theirs 28600 bcmserver
serve ours 28600 ours/bcmserver
same theirs.answers ours.answers 'bcmserver answers'
# How often a cycle comes is a matter of time.
on_bus theirs | uniq >theirs.frames
on_bus ours | uniq >ours.frames
same theirs.frames ours.frames 'bcmserver on the bus'

heard='vcan0|vcan1x|any'
# $1: name of the results; $2: receivers there will be; the rest: the server. A client
# gets the frames that are sent, until the last one.
serve_log() {
	side=$1 receivers=$2
	shift 2
	"$@" >"$side.out" 2>/dev/null &
	server=$!
	await listens "$(printf %04X 28701)"
	before=$(bound "$heard")
	nc 127.0.0.1 28701 <&9 >"$side.lines" &
	client=$!
	wait_receivers "$heard" $((before + receivers))
	for frame in 123#DEADBEEF 124#22 1F334455##1112233 20000080#0000000000000000; do
		# Of two channels either may be read first.
		for bus in vcan0 vcan1x; do
			cansend "$bus" "$frame"
			usleep 200000
		done
	done
	cansend vcan0 123#0102030405060708
	await grep -q '123#0102030405060708' "$side.lines"
	kill "$client" "$server"
	wait "$client" "$server" 2>/dev/null || true
	await_free=$(printf %04X 28701)
	await is_left
	sed -E 's/^\([0-9]+\.[0-9]{6}\)/(N)/' "$side.lines" >"$side.plain"
}
# A child of theirs sees that its client is gone when it writes to it, for the second time.
is_left() {
	cansend vcan0 123#77 && cansend vcan1x 124#77 && ! listens "$await_free"
}
ip link add vcan1x mtu 72 type vcan
ip link set vcan1x up
mkfifo never
exec 9<>never
while read -r receivers arguments; do
	# shellcheck disable=SC2086
	serve_log theirs "$receivers" canlogserver -p 28701 $arguments
	# shellcheck disable=SC2086
	serve_log ours "$receivers" ours/canlogserver -p 28701 $arguments
	same theirs.plain ours.plain "canlogserver $arguments"
done <<-END
	2 vcan0 vcan1x
	1 any
	1 -m 7FF -v 123 vcan0
	2 -m 0,7FF -v 0,124 -i 0,1 vcan0 vcan1x
	2 -e 1FFFFFFF vcan0
END
# A client that does not read holds up no other: with it stuck, the other one gets all, and
# when it is too far behind, it is sent away and that is told.
clients() { grep -c ":$(printf %04X 28701).* 01 " /proc/net/tcp; }
# Frames for about a third of what is kept for a client, and a mark that the reader gets.
burst() {
	linsock can gen vcan0 -f -g 0 -n 2000 -I 100 -L 64 -D i
	linsock can send vcan0 "7AB#$1"
	await has_mark "$1"
}
# Nothing comes after a mark until it is seen; megabytes come before.
has_mark() { tail -c 200 reader.lines | grep -q "7AB#$1"; }
for limit in tcp_rmem tcp_wmem; do
	echo '4096 16384 16384' >"/proc/sys/net/ipv4/$limit"
done
mkfifo stuck
exec 7<>stuck
ours/canlogserver -p 28701 vcan0 >/dev/null 2>server.words 7>&- &
server=$!
await listens "$(printf %04X 28701)"
before=$(bound vcan0)
nc 127.0.0.1 28701 <&9 >stuck &
stuck=$!
wait_receivers vcan0 $((before + 1))
nc 127.0.0.1 28701 <&9 >reader.lines &
reader=$!
wait_receivers vcan0 $((before + 2))
burst 01
{ clients; cat server.words; } >difference
# Each connection has two ends here, and one of them the port as its own.
report "$([ "$(clients)" -eq 4 ]; echo $?)" 'canlogserver: one that does not read holds up no other'
for mark in 02 03 04 05 06 07 08 09; do
	burst "$mark"
done
await grep -q 'a client that does not read was sent away' server.words
cp server.words difference
report "$([ "$(grep -c 'sent away' server.words)" -eq 1 ]; echo $?)" 'canlogserver: and is sent away'
check 'canlogserver: the other one stays' kill -0 "$reader"
grep -c '100##' reader.lines >reader.count
echo 18000 >wanted.count
same wanted.count reader.count 'canlogserver: the other one has each frame'
kill "$stuck" "$reader" "$server" 2>/dev/null || true
wait "$stuck" "$reader" "$server" 2>/dev/null || true
exec 7>&-
# ISO-TP sockets on vcan0. Each of them is two rows: "isotp" is what it hears, and the other
# one the echo of what it sends.
has_isotp() { [ "$(cat /proc/net/can/rcvlist_* | grep -c '^ *vcan0 .* isotp$')" -ge "$1" ]; }
is_quiet() { [ "$(bound vcan0)" -eq 0 ]; }
# Messages by TCP, and one back. $1: name of the results; the rest: the server.
serve_isotp() {
	side=$1
	shift
	# The children of the servers before have ended, and no socket of theirs is counted.
	await is_quiet
	candump -L vcan0,7E0:7F0 >"$side.bus" &
	recorder=$!
	wait_receivers vcan0 1
	"$@" -l 28702 -s 7E0 -d 7E8 -b 4 -p CC:CC vcan0 >/dev/null 2>&1 9>&- &
	server=$!
	await listens "$(printf %04X 28702)"
	rm -f words
	mkfifo words
	nc 127.0.0.1 28702 <words >"$side.answer" &
	client=$!
	exec 8>words
	await has_isotp 1
	for words in '<22F190>' '<0102030405060708090A0B0C0D0E0F>' 'xx<zz><1><11 22><3344>'; do
		isotprecv -s 7E8 -d 7E0 -p CC:CC vcan0 >>"$side.got" 8>&- &
		receiver=$!
		# The server, which has its socket with its client, and the receiver.
		await has_isotp 2
		echo "$words" >&8
		wait "$receiver"
	done
	for message in '62 F1 90' '01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 11 12 13 14 15 16'; do
		echo "$message" | isotpsend -s 7E8 -d 7E0 -p CC:CC vcan0
		len=$(($(echo "$message" | wc -w) * 2 + 2))
		told=$((${told:-0} + len))
		has_answer() { [ "$(wc -c <"$side.answer")" -ge "$told" ]; }
		await has_answer
	done
	told=0
	exec 8>&-
	kill "$client" "$server" "$recorder" 2>/dev/null || true
	wait "$client" "$server" "$recorder" 2>/dev/null || true
	cut -d' ' -f3- "$side.bus" >"$side.frames"
	await_free=$(printf %04X 28702)
	await is_free
}
serve_isotp theirs isotpserver
serve_isotp ours ours/isotpserver
same theirs.got ours.got 'isotpserver: from TCP to ISO-TP'
same theirs.answer ours.answer 'isotpserver: and back'
same theirs.frames ours.frames 'isotpserver on the bus'
for arguments in '-m 0,0 vcan0' 'a b c d e f g'; do
	status=0
	# shellcheck disable=SC2086
	canlogserver -p 28701 $arguments >theirs.out || echo "status $?" >>theirs.out
	# shellcheck disable=SC2086
	ours/canlogserver -p 28701 $arguments >ours.out || echo "status $?" >>ours.out
	same theirs.out ours.out "canlogserver $arguments"
done
finish
