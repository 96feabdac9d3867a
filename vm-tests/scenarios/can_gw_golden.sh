#!/bin/sh
# SPDX-License-Identifier: MIT
# Rules of the gateway: what cangw adds, linsock lists and deletes, and the other way
# round; the lists are the same bytes. Then what a rule does to a frame.
#
#     cangw, linsock can gw          cansend ---- vcan0 ==rule== vcan1 ---- dump
#
# needs: can can-raw can-gw vcan
# kernels: all
# timeout: 480
# files: vm-tests/scenarios/lib
# time-warp: yes
set -eu

command -v cangw >/dev/null || { echo 'no can-utils here'; exit 77; }
for name in vcan0 vcan1; do
	ip link add "$name" mtu 72 type vcan
	ip link set "$name" up
done
mkdir ours
ln -s "$(command -v linsock)" ours/cangw
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

# Rules added by the one are listed by both alike, and deleted by the other.
table=$(for byte in $(seq 0 255); do printf '%02X' "$byte"; done)
bytes=$(for byte in $(seq 0 63); do printf '%02X' "$byte"; done)
while read -r rule; do
	for adds in cangw ours/cangw; do
		deletes=ours/cangw
		[ "$adds" = cangw ] || deletes=cangw
		# shellcheck disable=SC2086
		"$adds" -A -s vcan0 -d vcan1 $rule
		cangw -L >theirs || true # its status is a length
		ours/cangw -L >ours.out
		same theirs ours.out "$adds -A $(echo "$rule" | cut -c1-60)"
		# shellcheck disable=SC2086
		"$deletes" -D -s vcan0 -d vcan1 $rule
		ours/cangw -L >left
		status=0
		[ ! -s left ] || { cp left difference; status=1; }
		report "$status" "$deletes -D $(echo "$rule" | cut -c1-60)"
	done
done <<-END

	-e -t -i
	-e -f 123:7FF
	-f 12345678~1FFFFFFF -l 1
	-e -u 2A -m SET:IL:333.4.1122334455667788
	-m AND:D:0.0.F0F0F0F0F0F0F0F0 -m OR:ID:700.0.0102030405060708 -m XOR:L:0.1.0000000000000000
	-m SET:D:0.0.1122334455667788 -x 0:6:7:5A
	-m SET:D:0.0.1122334455667788 -x -8:-2:-1:5A
	-m SET:D:0.0.1122334455667788 -c 0:6:7:FF:00:$table -p 1:2B
	-m SET:D:0.0.1122334455667788 -c 0:6:7:FF:00:$table -p 2:00112233445566778899AABBCCDDEEFF
	-m SET:D:0.0.1122334455667788 -c 0:6:7:FF:00:$table -p 3:
	-X -e -M SET:IFLD:333.1.40.$bytes
	-X -M AND:F:0.0.0.$bytes -M OR:L:0.0.8.$bytes
END

# What a rule of ours does to a frame.
ours/cangw -A -s vcan0 -d vcan1 -e -m SET:IL:333.4.1122334455667788
before=$(bound vcan1)
linsock can dump -L -n 1 -T 5000 vcan1 >changed &
listener=$!
wait_receivers vcan1 $((before + 1))
cansend vcan0 123#AABBCCDDEEFF
wait "$listener" || true
cut -d' ' -f3 changed >theirs
echo '333#AABBCCDD' >ours.out
same theirs ours.out 'a frame is changed on its way'
ours/cangw -F
ours/cangw -L >left
status=0
[ ! -s left ] || { cp left difference; status=1; }
report "$status" 'flush'
finish
