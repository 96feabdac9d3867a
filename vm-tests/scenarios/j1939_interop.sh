#!/bin/sh
# SPDX-License-Identifier: MIT
# J1939 with can-utils on the other side, both ways: files of any length, short messages,
# and the claiming of addresses.
#
#     linsock can j1939 cat, test, claim ---- vcan0 ---- j1939cat, testj1939, j1939acd
#
# needs: can can-j1939 can-raw vcan
# kernels: all
# timeout: 720
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v j1939cat >/dev/null || { echo 'no can-utils here'; exit 77; }
ip link add vcan0 mtu 72 type vcan
ip link set vcan0 up
mkdir ours
for name in j1939cat j1939acd j1939spy testj1939; do
	ln -s "$(command -v linsock)" "ours/$name"
done
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# $1: file, $2: size. Receivers run for ever, so the file tells the end.
has_size() { [ "$(wc -c <"$1")" -ge "$2" ]; }

# One frame, the transport protocol, the extended one, and its least.
head -c 65536 /dev/urandom >data
for size in 5 100 1785 1786 65536; do
	head -c "$size" data >sent
	for pair in 'ours/j1939cat j1939cat' 'j1939cat ours/j1939cat'; do
		receiver=${pair#* } sender=${pair% *}
		: >received
		"$receiver" -r vcan0:0x90 >received 2>/dev/null &
		running=$!
		wait_idle "$running"
		timeout 60 "$sender" -i sent vcan0:0x80 :0x90,0x12300 2>/dev/null || true
		await has_size received "$size" || true
		kill "$running"
		wait "$running" 2>/dev/null || true
		same sent received "$sender sends $size bytes to $receiver"
	done
done

# Short messages look the same.
for length in 5 8 16 20; do
	j1939_time=3
	testj1939 -r -B -w$j1939_time vcan0:0x90 >theirs 2>/dev/null &
	first=$!
	ours/testj1939 -r -B -w$j1939_time vcan0:0x90 >ours.out 2>/dev/null &
	second=$!
	wait_idle "$first" "$second"
	ours/testj1939 -s"$length" vcan0:0x80 :0x90,0x12300
	wait "$first" || true
	wait "$second" || true
	same theirs ours.out "testj1939 prints $length bytes"
done

# What comes in, as j1939spy has it.
ours/j1939spy --count 2 vcan0:80 >seen &
listener=$!
wait_idle "$listener"
ours/testj1939 -s5 -p3 vcan0:0x80 :,0x0FECA -B
ours/testj1939 -s10 vcan0:0x80 :,0x0FECA -B
wait "$listener"
cat >wanted <<-'END'
	 vcan0:80,0feca - !3 [5] 01234567 89
	 vcan0:80,0feca - !6 [10] 01234567 89abcdef 0123
END
sed 's/^\t//' wanted >wanted.plain
same wanted.plain seen 'j1939spy prints sender, group, receiver, priority, bytes'

# Their daemon has the smaller NAME and address 80: ours takes the next.
j1939acd -r 0x80-0x83 1122334455667788 vcan0 >/dev/null 2>&1 &
theirs=$!
sleep 3
timeout 20 ours/j1939acd --once -r 0x80-0x83 1222334455667788 vcan0 >claimed 2>difference
grep '\*' claimed | cut -c1-2 >got
echo 81 >wanted
same wanted got 'an address that another one defends is not ours'
kill "$theirs"
wait "$theirs" 2>/dev/null || true

# Ours holds 80 with the greater NAME: theirs takes it, and ours moves.
ours/j1939acd -v -r 0x80-0x83 1222334455667788 vcan0 >/dev/null 2>told &
ours=$!
await grep -q 'claimed 0x80' told
j1939acd -r 0x80-0x80 1122334455667788 vcan0 >/dev/null 2>&1 &
theirs=$!
check 'an address that a smaller NAME claims is left, and another one taken' \
	await grep -q 'claimed 0x81' told
kill "$theirs"
wait "$theirs" 2>/dev/null || true

# Down and up: claimed again.
before=$(grep -c 'claimed 0x' told)
ip link set vcan0 down
ip link set vcan0 up
has_claimed_again() { [ "$(grep -c 'claimed 0x' told)" -gt "$before" ]; }
check 'after down and up the address is claimed again' await has_claimed_again
kill "$ours"
wait "$ours" 2>/dev/null || true

# Nobody there: told within the time, not at close.
echo 'a message that takes several frames' >sent
tells 'fact_7 a peer that is not there is told by the send' 1 'nobody has that address' \
	timeout 20 ours/j1939cat -i sent vcan0:0x80 :0x95,0x12300
finish
