#!/bin/sh
# SPDX-License-Identifier: MIT
# What the command shows of links, addresses, routes, rules, neighbours, queues and
# sockets, beside ip, tc and ss, where kinds are there that few hosts have.
#
#      d0 (dummy) in red (vrf)      v0 ---- v1 in br0      v0.7 (vlan), m0 (macvlan), c0
#
# needs: dummy 8021q vrf veth bridge macvlan vcan vxcan tun sch_fq_codel? sch_tbf sch_htb sch_prio sch_ingress
# needs: tcp_diag udp_diag raw_diag unix_diag netlink_diag af_packet_diag mptcp_diag
# needs: vsock vsock_loopback vsock_diag mac802154_hwsim? can-lab?
# kernels: all
# timeout: 960
# time-warp: yes
# files: vm-tests/scenarios/lib
set -eu
# shellcheck source=vm-tests/scenarios/lib/tap.sh
. "$LINSOCK_SOURCE/vm-tests/scenarios/lib/tap.sh"

for name in all default; do
	! [ -e "/proc/sys/net/ipv6/conf/$name/accept_dad" ] ||
		echo 0 >"/proc/sys/net/ipv6/conf/$name/accept_dad"
done
# What a CAN controller tells in detail is the matter of "linsock can link".
ip netns add aside
ip -o link show type can | sed 's/^[0-9]*: *\([^:@]*\).*/\1/' | while read -r name; do
	ip link set "$name" netns aside
done
ip link set lo up
ip -batch - <<'END'
link add v0 type veth peer name v1
link add d0 type dummy
link add red type vrf table 10
link add br0 type bridge
link add c0 type vcan
link add link v0 name v0.7 type vlan id 7
link add link v0 name m0 type macvlan mode bridge
link set v1 master br0
link set d0 master red
link set d0 up mtu 1300
link set red up
link set v0 up
link set v1 up
link set v0.7 up
link set c0 up
addr add 192.168.9.1/30 dev d0 metric 77
addr add 192.168.9.2/30 dev d0
addr add fd09::1/128 dev d0 nodad
addr add 172.16.0.1/24 dev v0.7
addr add 10.1.2.3/24 brd + dev v0
route add 10.20.0.0/16 via 10.1.2.1 metric 5
route add 10.21.0.0/16 nexthop via 10.1.2.1 weight 2 nexthop via 10.1.2.9
route add blackhole 10.22.0.0/16
route add fd20::/64 via fd09::2 dev d0 metric 9 onlink
rule add from 10.0.0.0/8 fwmark 5/0xff lookup 77 pref 100
neigh add 10.1.2.77 lladdr 02:00:00:00:00:77 dev v0
END
tc -batch - <<'END'
qdisc add dev v0 root handle 1: htb default 10
class add dev v0 parent 1: classid 1:10 htb rate 10mbit ceil 20mbit
qdisc add dev v0 parent 1:10 fq_codel limit 500 target 3ms quantum 300
qdisc add dev d0 root tbf rate 1mbit burst 32kbit latency 400ms
qdisc add dev c0 root prio
qdisc add dev v1 clsact
END

# Blanks apart; workers of the kernel change states, so what is compared holds still.
squeeze() { sed 's/[ \t][ \t]*/ /g; s/ $//' "$1"; }

# The members of JSON one by one, without the last 0 of a fraction.
members() { sed 's/\(\.[0-9]\)0\([],{}[]\)/\1\2/g; s/[],{}[]/\n/g' "$1" | sort; }

# $1: options and words of ip, tc or ss; $2: the same of linsock; $3: members, of JSON.
beside() {
	while :; do
		$1 >theirs.raw
		$2 >ours.raw
		$1 >again.raw
		! cmp -s theirs.raw again.raw || break
	done
	${3:-squeeze} theirs.raw >theirs
	${3:-squeeze} ours.raw >ours
	same ours theirs "$2"
}

for words in link 'link show m0' addr '-4 addr' '-6 addr' route '-6 route' \
	'route show table all' rule '-6 rule' neigh; do
	case $words in
	-*) beside "ip $words" "linsock netlink ${words#* } ${words% *}" ;;
	*) beside "ip $words" "linsock netlink $words" ;;
	esac
done
beside 'tc qdisc' 'linsock netlink qdisc'
beside 'tc class show dev v0' 'linsock netlink class show dev v0'

linsock netlink qdisc set dev c0 root fq_codel limit 500 target 3ms noecn memory_limit 4mb
tc qdisc show dev c0 | sed 's/ [0-9a-f]*: / /' >ours
tc qdisc replace dev c0 root fq_codel limit 500 target 3ms noecn memory_limit 4mb
tc qdisc show dev c0 | sed 's/ [0-9a-f]*: / /' >theirs
same ours theirs 'fq_codel is told what tc tells it'

# With details: limits, and what only one kind of link has.
ip -batch - <<'END'
link set br0 type bridge vlan_filtering 1 stp_state 1 priority 4096 group_fwd_mask 0x4000
link set v1 type bridge_slave hairpin on cost 7 group_fwd_mask 0x4018
link add link v0 name v8 type vlan id 8 gvrp on egress-qos-map 1:2 3:4
link add link d0 name v9 type vlan protocol 802.1ad id 9
link add x0 type vxcan peer name x1
link add v2 type veth peer name v3
link add link v3 name m1 type macvlan mode passthru nopromisc
tuntap add t0 mode tap user 65534
tuntap add t1 mode tun multi_queue
END
for words in link addr 'link show br0'; do
	beside "ip -d $words" "linsock netlink ${words%% *} -d ${words#"${words%% *}"}"
	beside "ip -d -j $words" "linsock netlink ${words%% *} -dj ${words#"${words%% *}"}" members
done

# What ss calls a socket's group it reads below this.
grep -q ' /sys/fs/cgroup cgroup2 ' /proc/mounts || mount -t cgroup2 none /sys/fs/cgroup
linsock listen --accept mptcp://127.0.0.1:7001 -- cat &
pids=$!
linsock listen --accept vsock://any:7002 -- cat &
pids="$pids $!"
linsock listen --accept tcp://127.0.0.1:7003 -- cat &
pids="$pids $!"
linsock listen --accept unix:///tmp/socket -- cat &
pids="$pids $!"
linsock packet dump -i lo >/dev/null &
pids="$pids $!"
await sh -c 'ss -Hln --vsock | grep -q 7002 && ss -HMln | grep -q 7001 && ss -Htln | grep -q 7003 && ss -Hxln | grep -q /tmp/socket'
await sh -c 'ss -H0an | grep -q lo'
for words in -HMan -HManeO '-Hna --vsock' '-Hnae --vsock' -Htaneo -Hxan -H0an; do
	beside "ss $words" "linsock ss $words"
done
# shellcheck disable=SC2086
kill $pids
finish
