#!/bin/sh
# SPDX-License-Identifier: MIT
# j1939spy and j1939sr, and linsock called by their names: the same traffic prints the
# same, messages pass both ways, the same frames are on the bus.
#
#     testj1939, frames ---- vcan0 ----+---- j1939spy OPTIONS
#                                      +---- ours/j1939spy OPTIONS
#
# needs: can can-j1939 can-raw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v j1939spy >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in j1939spy j1939sr; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Times become N. Of a message of several frames the kernel does not tell the interface, so
# theirs leaves it out, and ours knows where it listens.
plain() {
	sed -i -E -e 's/^\([0-9T]+\.[0-9]{4}\)/(N)/' -e 's/ vcan0:(.*\[(20|12\.\.\.)\])/ \1/' "$@"
}

# Both tools with the options, as one more pair. Without -P theirs hears nothing at all, as
# it is on no address and does not ask for what is sent to all.
pair=0 running=
start() {
	pair=$((pair + 1))
	echo "j1939spy $*" >"what.$pair"
	j1939spy "$@" >"theirs.$pair" 2>/dev/null &
	running="$running $!"
	ours/j1939spy "$@" >"ours.$pair" 2>/dev/null &
	running="$running $!"
}
start -P vcan0:
start -P -ta vcan0:
start -P -td vcan0:
start -P -tz vcan0:
start -P -t vcan0:
start -P -tA vcan0:
start -P --time=a vcan0:
start -P -b 12 vcan0:
start --promisc --block 2000 vcan0:
start -P vcan0:80
start -P vcan0:80,0FECA
start -P vcan0:80,02300
start -P vcan0:1122334455667788
# shellcheck disable=SC2086
wait_idle $running

# Their queue holds one message or two: each one is waited for, by who hears all.
told=0
heard() {
	told=$((told + 1))
	wait_lines "$told" ours.1 ours.2 ours.3 ours.4 ours.5 ours.6 ours.7 ours.8 ours.9
	# shellcheck disable=SC2086
	wait_idle $running
}
linsock can send vcan0 '18FECA80#1122334455667788'
heard
linsock can send vcan0 '0CFECA81#'
heard
linsock can send vcan0 '18239080#0102030405'
heard
linsock can send vcan0 '1C239080#01'
heard
linsock can send vcan0 '1D239081#FF00'
heard
# Who has which address: from then on names are told.
linsock can send vcan0 '18EEFF80#8877665544332211'
heard
linsock can send vcan0 '18EEFF90#8877665544332210'
heard
linsock can send vcan0 '18239080#AABBCC'
heard
linsock can send vcan0 '18FECA80#01020304'
heard
# A message to all that takes several frames.
linsock can send vcan0 '18ECFF81#20140003FFCAFE00' '18EBFF81#0101020304050607' \
	'18EBFF81#0208090A0B0C0D0E' '18EBFF81#030F1011121314FF'
heard
# Theirs ends by an interface that goes down, and only then prints what it gathered.
ip link set vcan0 down
for each in $(seq "$pair"); do
	await test -s "theirs.$each"
done
# shellcheck disable=SC2086
kill $running 2>/dev/null || true
# shellcheck disable=SC2086
wait $running 2>/dev/null || true
ip link set vcan0 up
plain theirs.* ours.*
for each in $(seq "$pair"); do
	read -r options <"what.$each"
	same "theirs.$each" "ours.$each" "$options"
done

# A group alone, which theirs does not read where nothing stands before it.
ours/j1939spy -P --count 2 vcan0:,0FECA >seen &
spy=$!
wait_idle "$spy"
linsock can send vcan0 '18FECA80#11' '18FECB80#22' '18239080#33' '18FECA81#44'
wait "$spy"
cat >wanted <<-END
	 vcan0:1122334455667788,0feca - !6 [1] 11
	 vcan0:81,0feca - !6 [1] 44
END
sed -i 's/^\t//' wanted
sed -E 's/vcan0:80,/vcan0:1122334455667788,/' seen >seen.plain
same wanted seen.plain 'a group alone is heard'

# $1: file, $2: size.
has_size() { [ "$(wc -c <"$1")" -ge "$2" ]; }

# Input that never comes: both end by its end.
mkfifo never
exec 9<>never
head -c 3000 /dev/urandom >data
for size in 8 3000; do
	head -c "$size" data >sent
	for pair in 'j1939sr j1939sr' 'ours/j1939sr j1939sr' 'j1939sr ours/j1939sr' 'ours/j1939sr ours/j1939sr'; do
		sender=${pair% *} receiver=${pair#* }
		before=$(bound vcan0)
		candump -L -r 1000000 vcan0 >bus &
		recorder=$!
		wait_receivers vcan0 $((before + 1))
		"$receiver" -s 4096 vcan0:90,12300 vcan0:80 <&9 >received 2>difference &
		running=$!
		wait_idle "$running"
		"$sender" -p 3 vcan0:80 vcan0:90,12300 <sent 2>>difference || true
		await has_size received "$size" || true
		kill "$running"
		wait "$running" 2>/dev/null || true
		cansend vcan0 7FF#
		await grep -q ' 7FF#' bus
		kill "$recorder"
		wait "$recorder" 2>/dev/null || true
		cut -d' ' -f3- bus | grep -v '^7FF#' >frames
		[ "$pair" != 'j1939sr j1939sr' ] || cp frames theirs.frames
		same sent received "$sender sends $size bytes to $receiver"
		same theirs.frames frames "$sender, $receiver: $size bytes on the bus"
	done
done

# Messages of a pipe, one per read, and one back.
mkfifo words
ours/j1939sr vcan0:90,12300 80,12300 <words >answered &
peer=$!
exec 8>words
wait_idle "$peer"
j1939sr vcan0:80,12300 vcan0:90,12300 <&9 8>&- >heard &
theirs=$!
wait_idle "$theirs"
printf 'one' >&8
await has_size heard 3
printf 'two' >&8
await has_size heard 6
printf 'onetwo' >wanted
same wanted heard 'what a pipe brings goes out at once'
exec 8>&-
status=0
wait "$peer" || status=$?
echo "status $status" >difference
report "$status" 'the end of stdin ends it'
kill "$theirs"
wait "$theirs" 2>/dev/null || true
finish
