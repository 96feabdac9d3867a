#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock netlink beside the distribution's ip and tc, field by field.

Everything happens in a network namespace of its own. Writes TAP.

usage: test_netlink_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
# pylint: disable=wrong-import-position
import links
from command import LIMIT, LINSOCK, Skip, call, main, need, new_namespace


def output(*words, expect=0):
    return call(*words, expect=expect).stdout


def linsock(*words, expect=0):
    return output(LINSOCK, *words, expect=expect)


def ip(line, expect=0):
    return output("ip", *line.split(), expect=expect)


def world():
    """A namespace's worth of everything."""
    # Addresses that are being looked for twice change from one look to the next.
    for name in ("all", "default"):
        path = Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad")
        if path.exists():
            path.write_text("0")
    links.no_address_detection()
    for line in ("link set lo up",
                 "link add veth0 address 02:00:00:00:00:01 type veth peer name veth1",
                 "link set veth0 up", "link set veth1 up"):
        need(line)
    links.settle("veth0", "veth1")
    for line in ("addr add 10.1.2.3/24 brd + dev veth0 label veth0:x",
                 "addr add 10.5.5.1 peer 10.5.5.2 dev veth0",
                 "addr add fd00::1/64 dev veth0 nodad",
                 "route add 10.9.0.0/16 via 10.1.2.1 metric 5",
                 "route add 10.10.0.0/16 nexthop via 10.1.2.1 weight 2 nexthop via 10.1.2.9",
                 "route add blackhole 10.11.0.0/16",
                 "route add 10.12.0.0/16 dev veth0 src 10.1.2.3 mtu 1400 advmss 1300",
                 "route add default via 10.1.2.1 table 77",
                 "route add 10.13.0.0/16 via inet6 fe80::1 dev veth0",
                 "nexthop add id 7 via 10.1.2.1 dev veth0",
                 "route add 10.14.0.0/16 nhid 7",
                 "route add unreachable fd55::/16",
                 "rule add from 10.0.0.0/8 to 1.2.3.0/24 iif veth0 fwmark 5/0xff lookup 77 pref 100",
                 "rule add pref 200 oif veth0 ipproto tcp dport 80-90 blackhole",
                 "rule add uidrange 10-20 goto 32766 pref 50",
                 "rule add pref 60 not from 10.3.0.0/16 table 99 suppress_prefixlength 0",
                 "neigh add 10.1.2.77 lladdr 02:00:00:00:00:77 dev veth0",
                 "neigh add fd00::5 lladdr 02:00:00:00:00:05 dev veth0 router"):
        ip(line)


def same(ours, theirs):
    ours, theirs = json.loads(ours), json.loads(theirs)
    assert len(theirs) > 0, "nothing to compare"
    for mine, other in zip(ours, theirs):
        assert mine == other, f"\nours:   {mine}\ntheirs: {other}"
    assert len(ours) == len(theirs), f"{len(ours)} objects, not {len(theirs)}"


def same_text(ours, theirs):
    """Line by line, blanks apart."""
    ours = [line.split() for line in ours.splitlines()]
    theirs = [line.split() for line in theirs.splitlines()]
    for mine, other in zip(ours, theirs):
        assert mine == other, f"\nours:   {mine}\ntheirs: {other}"
    assert len(ours) == len(theirs)


def alike(ours, theirs, compare=same):
    """What linsock prints of the words @ours is what the program of the words @theirs does.

    Workers of the kernel change states in their own time: only what theirs prints alike before
    and after tells anything.
    """
    before = output(*theirs)
    while True:
        mine = linsock("netlink", *ours)
        after = output(*theirs)
        if before == after:
            return compare(mine, after)
        before = after


def test_link_json_is_that_of_ip():
    world()
    alike(("link", "-j"), ("ip", "-j", "link"))
    alike(("link", "-j", "show", "veth0"), ("ip", "-j", "link", "show", "veth0"))


def test_link_json_knows_bridge_ports_aliases_and_other_names():
    world()
    need("link add br0 type bridge")
    ip("link set veth1 master br0")
    ip("link set br0 up alias hello")
    ip("link property add dev br0 altname bridge-number-zero")
    links.settle("br0", "veth1")
    alike(("link", "-j"), ("ip", "-j", "link"))
    alike(("link",), ("ip", "link"), same_text)


def test_link_text_is_that_of_ip():
    world()
    alike(("link",), ("ip", "link"), same_text)


def test_addr_is_that_of_ip():
    world()
    alike(("addr", "-j"), ("ip", "-j", "addr"))
    alike(("addr",), ("ip", "addr"), same_text)


def test_route_is_that_of_ip():
    world()
    for options, words in ((), ()), ((), ("show", "table", "77")), (("-6",), ()), ((), ("show", "table", "all")):
        alike(("route", "-j", *options, *words), ("ip", "-j", *options, "route", *words))
        alike(("route", *options, *words), ("ip", *options, "route", *words), same_text)


def test_rule_is_that_of_ip():
    world()
    for options in (), ("-6",):
        alike(("rule", "-j", *options), ("ip", "-j", *options, "rule"))
        alike(("rule", *options), ("ip", *options, "rule"), same_text)


def test_neigh_is_that_of_ip():
    world()
    alike(("neigh", "-j"), ("ip", "-j", "neigh"))
    alike(("neigh",), ("ip", "neigh"), same_text)


WIDER = ("link add d0 type dummy", "link add link veth0 name veth0.7 type vlan id 7",
         "link add link veth0 name m0 type macvlan mode bridge", "link add red type vrf table 10",
         "link add br1 type bridge", "link set d0 master red", "link set d0 up mtu 1280",
         "link set veth0.7 up", "link set red up", "addr add 192.168.9.1/30 dev d0 metric 77",
         "addr add 192.168.9.2/30 dev d0", "addr add fd09::1/128 dev d0 nodad",
         "addr add 172.16.0.1/24 dev veth0.7",
         "nexthop add id 71 via 10.1.2.1 dev veth0", "nexthop add id 72 via 10.1.2.9 dev veth0",
         "nexthop add id 73 group 71,3/72", "route add 10.20.0.0/16 nhid 73",
         "route add 10.21.0.0/16 via 10.99.0.1 dev veth0 onlink",
         "route add 10.22.0.0/16 dev veth0 proto bird scope link",
         "route add 10.23.0.0/16 nexthop via 10.1.2.1 dev veth0 weight 3 nexthop via 10.99.0.1 dev veth0 onlink",
         "route add prohibit 10.24.0.0/16", "route add throw 10.25.0.0/16",
         "-6 route add fd20::/64 nexthop via fd00::2 dev veth0 nexthop via fd00::3 dev veth0 weight 5",
         "-6 route add fd21::/64 via fd00::2 dev veth0 metric 9 mtu 1300",
         "neigh add 10.1.2.78 lladdr 02:00:00:00:00:78 dev veth0 nud noarp",
         "neigh add 10.1.2.79 lladdr 02:00:00:00:00:79 dev veth0 nud stale",
         "neigh add 10.1.2.80 dev veth0 lladdr 02:00:00:00:00:80 nud permanent extern_learn",
         "-6 rule add from fd00::/64 lookup 77 pref 88", "rule add tos 0x10 lookup 99 pref 89",
         "rule add to 10.0.0.0/8 prohibit pref 90", "rule add ipproto udp sport 53 lookup 99 pref 91")


# What "ip -d" tells since versions after 6.1, and what does not hold still.
NEWER = ("gso_ipv4_max_size", "gro_ipv4_max_size", "headroom", "tailroom", "max_pacing_offload_horizon", "netns-immutable")
DETAILED = ("link add br0 address 02:00:00:0a:00:bc type bridge", "link set br0 type bridge vlan_filtering 1", "link set veth1 master br0",
            "link set br0 type bridge group_fwd_mask 0x4000 mcast_querier 0 stp_state 1 priority 4096",
            "link set veth1 type bridge_slave hairpin on cost 7 group_fwd_mask 0x4018",
            "link add link veth0 name v7 type vlan id 7 gvrp on egress-qos-map 1:2 3:4", "link add link veth0 name v8 "
            "type vlan protocol 802.1ad id 8", "link add link veth0 name m0 type macvlan mode bridge",
            "link add veth2 type veth peer name veth3", "link add link veth3 name m1 type macvlan mode passthru nopromisc", "link add red type vrf table 10",
            "link add d0 type dummy", "link set d0 master red", "link add c0 type vcan", "link add x0 type vxcan",
            "tuntap add t0 mode tap user 65534", "tuntap add t1 mode tun multi_queue", "link set br0 alias hello",
            "link set lo promisc on")


def without_newer(ours, theirs):
    theirs = [{key: value for key, value in link.items() if key not in NEWER} for link in json.loads(theirs)]
    for link in theirs:
        for data in ("info_data", "info_slave_data"):
            known = next((mine.get("linkinfo", {}).get(data, {}) for mine in json.loads(ours)
                          if mine["ifindex"] == link["ifindex"]), {})
            if data in link.get("linkinfo", {}) and not output("ip", "-V").startswith("ip utility, iproute2-6.1."):
                kept = {key: value for key, value in link["linkinfo"][data].items() if key in known}
                link["linkinfo"][data] = kept
    same(ours, json.dumps(theirs))


def test_details_are_those_of_ip():
    world()
    missing = [line for line in DETAILED if call("ip", *line.split(), expect=None).returncode]
    print(f"# without: {'; '.join(missing)}" if missing else "# everything is here")
    for words in ("link", "link show br0", "addr", "-6 addr"):
        family = [word for word in words.split() if word.startswith("-")]
        what = [word for word in words.split() if not word.startswith("-")]
        alike((what[0], "-jd", *family, *what[1:]), ("ip", "-j", "-d", *family, *what), without_newer)
        if output("ip", "-V").startswith("ip utility, iproute2-6.1."):
            alike((what[0], "-d", *family, *what[1:]), ("ip", "-d", *family, *what), same_text)
        else:
            print("# texts: this ip tells more of a link")


def test_a_wider_world_is_that_of_ip():
    world()
    # A kernel lacks kinds of links, and what stands on them; the rest is compared.
    missing = [line for line in WIDER if call("ip", *line.split(), expect=None).returncode]
    assert len(missing) < len(WIDER) / 2, missing
    print(f"# without: {'; '.join(missing)}" if missing else "# everything is here")
    for words in ("link", "addr", "-4 addr", "-6 addr", "link show m0", "route", "route show table all",
                  "-6 route", "rule", "-6 rule", "neigh", "-4 neigh", "-6 neigh"):
        family = [word for word in words.split() if word.startswith("-")]
        what = [word for word in words.split() if not word.startswith("-")]
        alike((what[0], "-j", *family, *what[1:]), ("ip", "-j", *family, *what))


# What stands where, in words that both understand.
QUEUES = ("root pfifo limit 9", "root handle 5: pfifo", "root bfifo limit 4000", "root pfifo_head_drop limit 40kb",
          "root pfifo_fast", "root handle 7: tbf rate 1mbit burst 32kbit latency 400ms",
          "root tbf rate 123456kbit burst 20000 limit 50000", "root tbf rate 1500kbps burst 10kb latency 50ms",
          "root handle 1: htb default 0x10 r2q 5", "root htb default 10", "root handle 1: htb", "clsact", "ingress",
          "root fq_codel", "root fq_codel limit 500 target 3ms interval 40ms quantum 300 noecn memory_limit 4mb")


def qdisc_is_that_of_tc():
    alike(("qdisc", "-j"), ("tc", "-j", "qdisc"))
    alike(("qdisc",), ("tc", "qdisc"), same_text)
    alike(("qdisc", "-js", "show", "dev", "lo"), ("tc", "-j", "-s", "qdisc"))
    alike(("qdisc", "-s"), ("tc", "-s", "qdisc"), same_text)


def test_qdisc_is_that_of_tc():
    ip("link set lo up")
    qdisc_is_that_of_tc()
    missing = []
    for line in QUEUES:
        if call("tc", "qdisc", "add", "dev", "lo", *line.split(), expect=None).returncode:
            missing.append(line)
            continue
        qdisc_is_that_of_tc()
        output("tc", "qdisc", "del", "dev", "lo", line.split()[0])
    assert len(missing) < len(QUEUES) / 2, missing
    print(f"# without: {'; '.join(missing)}" if missing else "# all kinds are here")


def test_qdisc_words_make_the_queue_that_tc_makes():
    ip("link set lo up")
    for line in QUEUES:
        if call("tc", "qdisc", "add", "dev", "lo", *line.split(), expect=None).returncode:
            print(f"# without: {line}")
            continue
        words = line.split()
        expected = json.loads(output("tc", "-j", "qdisc"))
        output("tc", "qdisc", "del", "dev", "lo", words[0])
        linsock("netlink", "qdisc", "add", "dev", "lo", *words)
        linsock("netlink", "qdisc", "add", "dev", "lo", *words, expect=1)
        made = json.loads(output("tc", "-j", "qdisc"))
        if "handle" not in words and words[0] == "root":  # the kernel counts them
            assert made[0].pop("handle") != expected[0].pop("handle")
        assert made == expected, f"{line}:\nours:   {made}\ntheirs: {expected}"
        linsock("netlink", "qdisc", "del", "dev", "lo", *words[:1 if words[0] == "root" else None])
    assert "noqueue" in output("tc", "qdisc")
    for words in ("root", "tbf"), ("root", "tbf", "rate", "1mbit"), ("root", "pfifo", "rate", "5"), \
            ("root", "pfifo_fast", "limit", "5"), ("parent", "1", "pfifo"), ("pfifo",), ("root",), \
            ("root", "htb", "default", "zz"), ("root", "tbf", "rate", "1lightyear", "burst", "5", "limit", "5"):
        assert linsock("netlink", "qdisc", "add", "dev", "lo", *words, expect=2) == "", words


def test_qdisc_set_replaces_what_is_there():
    ip("link set lo up")
    for line, kind, limit in (("handle 5: pfifo limit 7", "pfifo", 7), ("handle 5: pfifo limit 8", "pfifo", 8),
                              ("bfifo limit 5000", "bfifo", 5000)):
        linsock("netlink", "qdisc", "set", "dev", "lo", "root", *line.split())
        queue, = json.loads(output("tc", "-j", "qdisc"))
        assert queue["kind"] == kind and queue["options"]["limit"] == limit, queue


CLASSES = ("parent 1: classid 1:1 htb rate 10mbit ceil 20mbit burst 5k cburst 7k",
           "parent 1:1 classid 1:10 htb rate 5mbit prio 3 quantum 2000", "parent 1:1 classid 1:20 htb rate 1234567",
           "parent 1: classid 1:2 htb rate 1gbit")


def test_classes_are_those_of_tc():
    ip("link set lo up")
    seen = []
    for tool in (("tc",), (LINSOCK, "netlink")):
        output(*tool, "qdisc", "add", "dev", "lo", *"root handle 1: htb default 10".split())
        for line in CLASSES:
            output(*tool, "class", "add", "dev", "lo", *line.split())
        output(*tool, "qdisc", "add", "dev", "lo", *"parent 1:10 handle 10: pfifo limit 7".split())
        seen.append((output("tc", "class", "show", "dev", "lo"), output("tc", "-j", "qdisc")))
        same_text(linsock("netlink", "class", "show", "dev", "lo"), seen[-1][0])
        qdisc_is_that_of_tc()
        output("tc", "qdisc", "del", "dev", "lo", "root")
    assert seen[0] == seen[1] and seen[0][0].count("class htb") == len(CLASSES), seen


def test_classes_are_changed_and_removed():
    ip("link set lo up")
    linsock("netlink", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb")
    place = ("dev", "lo", "parent", "1:", "classid", "1:1", "htb", "rate")
    linsock("netlink", "class", "add", *place, "1mbit")
    linsock("netlink", "class", "set", *place, "2mbit")
    made, = json.loads(linsock("netlink", "class", "-j", "show", "dev", "lo"))
    assert made["handle"] == "1:1" and made["options"]["rate"] == 250000 and made["root"], made
    linsock("netlink", "class", "del", "dev", "lo", "classid", "1:1")
    assert output("tc", "class", "show", "dev", "lo") == ""


def test_what_add_makes_is_what_ip_makes():
    """The same words to both, in two namespaces; then ip looks at both."""
    lines = ("link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b",
             "link set va up mtu 1400", "link set vb up",
             "addr add 10.7.0.1/24 brd + dev va", "addr add fd77::1/64 dev va",
             "route add 10.8.0.0/16 via 10.7.0.2 metric 9", "route add blackhole 10.99.0.0/16",
             "route add 10.98.0.0/16 dev va table 44 proto static",
             "rule add from 10.0.0.0/8 lookup 44 pref 10",
             "neigh add 10.7.0.9 lladdr 02:00:00:00:00:99 dev va")
    shows = ("link", "-4 addr", "route show table all type unicast", "rule", "neigh")
    seen = []
    for tool in ("ip", "ours"):
        new_namespace()
        ip("link set lo up")
        for line in lines:
            words = line.split()
            if tool == "ip":
                need(line) if line == lines[0] else ip(line)
            else:
                linsock("netlink", *words)
        links.settle("va", "vb")
        seen.append([json.loads(output("ip", "-j", *show.split())) for show in shows])
    # IPv6 routes tell the state of address detection, which takes its time.
    seen = [[[o for o in objects if ":" not in str(o.get("dst"))] for objects in tool] for tool in seen]
    for show, theirs, ours in zip(shows, *seen):
        assert ours == theirs, f"ip {show}:\nours:   {ours}\ntheirs: {theirs}"
    linsock("netlink", "rule", "del", "pref", "10")
    linsock("netlink", "addr", "del", "10.7.0.1/24", "dev", "va")
    linsock("netlink", "link", "del", "va")
    assert "va" not in ip("link") and "pref 10" not in ip("rule")


def test_set_changes_what_is_there_and_makes_what_is_not():
    world()
    linsock("netlink", "neigh", "set", "10.1.2.77", "lladdr", "02:00:00:00:00:78", "dev", "veth0")
    linsock("netlink", "neigh", "set", "10.1.2.80", "lladdr", "02:00:00:00:00:80", "dev", "veth0")
    hardware = {entry["dst"]: entry.get("lladdr") for entry in json.loads(ip("-j neigh show dev veth0"))}
    assert hardware["10.1.2.77"] == "02:00:00:00:00:78" and hardware["10.1.2.80"] == "02:00:00:00:00:80", hardware
    linsock("netlink", "addr", "set", "10.6.0.1/24", "dev", "veth0")
    linsock("netlink", "addr", "set", "10.6.0.1/24", "dev", "veth0")
    linsock("netlink", "addr", "add", "10.6.0.1/24", "dev", "veth0", expect=1)
    assert ip("addr show dev veth0").count("10.6.0.1/24") == 1


def test_set_makes_a_rule_the_only_one_of_its_priority():
    world()
    before = json.loads(ip("-j rule"))
    linsock("netlink", "rule", "set", "fwmark", "7", "lookup", "79", "pref", "100")
    linsock("netlink", "rule", "set", "to", "10.2.0.0/16", "blackhole", "pref", "300")
    linsock("netlink", "rule", "add", "from", "10.3.0.0/16", "lookup", "80", "pref", "300")
    linsock("netlink", "rule", "set", "from", "10.3.0.0/16", "lookup", "80", "pref", "300")
    after = json.loads(ip("-j rule"))
    assert [rule for rule in after if rule["priority"] not in (100, 300)] == \
        [rule for rule in before if rule["priority"] != 100]
    assert [(rule.get("fwmark"), rule["table"]) for rule in after if rule["priority"] == 100] == [("0x7", "79")]
    assert [(rule["src"], rule["table"]) for rule in after if rule["priority"] == 300] == [("10.3.0.0", "80")]
    assert linsock("netlink", "rule", "set", "fwmark", "7", "lookup", "79", expect=2) == ""


def test_nexthop_words_make_the_route_that_ip_makes():
    world()
    for line in ("10.60.0.0/16 nexthop via 10.1.2.1 dev veth0 weight 3 nexthop via 10.99.0.1 dev veth0 onlink",
                 "10.60.0.0/16 metric 4 nexthop via 10.1.2.1 nexthop via 10.1.2.9 weight 256",
                 "10.60.0.0/16 nexthop dev veth0 nexthop dev veth1 weight 2",
                 "fd60::/64 nexthop via fd00::2 dev veth0 nexthop via fd00::3 dev veth0 weight 5"):
        family, prefix = "-6" if line.startswith("fd") else "-4", line.split()[0]
        ip(f"{family} route add {line}")
        expected = ip(f"-j {family} route show {prefix}")
        ip(f"{family} route del {prefix}")
        linsock("netlink", "route", "add", *line.split())
        assert prefix in expected and ip(f"-j {family} route show {prefix}") == expected
        linsock("netlink", "route", "del", *line.split())
        assert prefix not in ip(f"{family} route show {prefix}")
    for words in ("nexthop", "via"), ("nexthop", "weight", "0"), ("nexthop", "up"):
        assert linsock("netlink", "route", "add", "10.60.0.0/16", *words, expect=2) == ""


def test_route_words_make_the_route_that_ip_makes():
    world()
    for line in ("10.61.0.0/16 via inet6 fe80::1 dev veth0", "10.61.0.0/16 via inet 10.1.2.1",
                 "10.61.0.0/16 via 10.99.0.1 dev veth0 onlink metric 7",
                 "10.61.0.0/16 dev veth0 mtu 1400 advmss 1300 hoplimit 9",
                 "10.61.0.0/16 nexthop via inet6 fe80::1 dev veth0 nexthop via 10.1.2.9 weight 3",
                 "fd61::/64 via fe80::7 dev veth0 mtu 1290", "fd61::/64 via inet6 fd00::2"):
        family, prefix = "-6" if line.startswith("fd") else "-4", line.split()[0]
        if call("ip", family, "route", "add", *line.split(), expect=None).returncode:
            print(f"# without: {line}")
            continue
        expected = ip(f"-j {family} route show {prefix}")
        ip(f"{family} route del {prefix}")
        linsock("netlink", "route", "add", *line.split())
        assert prefix in expected and ip(f"-j {family} route show {prefix}") == expected, line
        linsock("netlink", "route", "del", *line.split())
        assert prefix not in ip(f"{family} route show {prefix}")
    for words in ("via", "inet6"), ("via", "inet6", "10.1.2.1"), ("via", "default"), ("mtu",), ("mtu", "x"), ("onlink", "y"):
        assert linsock("netlink", "route", "add", "10.61.0.0/16", *words, expect=2) == "", words


def test_tun_and_tap_are_made_as_ip_tuntap_makes_them():
    if not Path("/dev/net/tun").exists():
        raise Skip("no /dev/net/tun")
    need("tuntap add t0 mode tun")
    ip("tuntap add t1 mode tap")
    linsock("netlink", "link", "add", "t2", "type", "tun")
    linsock("netlink", "link", "add", "t3", "up", "mtu", "1400", "type", "tun", "mode", "tap")
    links_now = {link["ifname"]: link for link in json.loads(ip("-j -d link"))}
    assert links_now["t2"]["linkinfo"]["info_data"]["type"] == "tun"
    assert links_now["t3"]["linkinfo"]["info_data"]["type"] == "tap"
    for ours, theirs in ("t2", "t0"), ("t3", "t1"):
        assert links_now[ours]["linkinfo"] == links_now[theirs]["linkinfo"], links_now
    assert links_now["t3"]["mtu"] == 1400 and "UP" in links_now["t3"]["flags"]
    assert linsock("netlink", "link", "add", "t4", "type", "tun", "mode", "both", expect=2) == ""


class Follower:
    """A program that prints what happens."""

    def __init__(self, *words):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.text = ""

    def read(self):
        assert select.select([self.process.stdout], [], [], LIMIT)[0], f"{self.process.args}: no more after {self.text}"
        data = os.read(self.process.stdout.fileno(), 65536)
        assert data, f"{self.process.args} ended after {self.text}"
        self.text += data.decode()

    def is_heard(self):
        if select.select([self.process.stdout], [], [], 0.1)[0]:
            self.read()
        return self.text != ""

    def between(self, start, end):
        """All lines from the one with @start on, up to the one with @end."""
        while not any(end in line for line in self.text.splitlines(keepends=True) if line.endswith("\n")):
            self.read()
        lines = self.text.splitlines()
        first = next(i for i, line in enumerate(lines) if start in line)
        last = next(i for i, line in enumerate(lines) if end in line)
        return lines[first:last + 1]

    def stop(self):
        self.process.terminate()
        return self.process.wait(LIMIT)


# A change that makes a line with a word; what is compared stands between two such lines.
WORDS = ("192.0.2.9", "192.0.2.1", "192.0.2.2")
FOLLOWED = {
    "addr": ("addr {} {}/32 dev lo",
             ("addr add 10.6.0.1/24 brd + dev veth0", "addr change 10.6.0.1/24 dev veth0 valid_lft 600 preferred_lft 60",
              "addr add fd66::1/64 dev veth0 nodad", "addr del 10.6.0.1/24 dev veth0")),
    "route": ("route {} blackhole {}/32",
              ("route add 10.66.0.0/16 via 10.1.2.1 metric 5", "route replace 10.66.0.0/16 via 10.1.2.9 metric 5",
               "-6 route add fd67::/64 dev veth0 metric 9", "route add 10.67.0.0/16 nexthop via 10.1.2.1 nexthop via 10.1.2.9",
               "route del 10.67.0.0/16", "route add throw 10.68.0.0/16 table 78")),
    "rule": ("rule {} from {} lookup 9 pref 400",
             ("rule add from 10.8.0.0/16 lookup 78 pref 401", "-6 rule add to fd00::/8 prohibit pref 402",
              "rule del pref 401")),
    "neigh": ("neigh {} {} lladdr 02:00:00:00:00:09 dev veth0",
              ("neigh add 10.1.2.90 lladdr 02:00:00:00:00:90 dev veth0",
               "neigh replace 10.1.2.90 lladdr 02:00:00:00:00:91 dev veth0", "neigh del 10.1.2.90 dev veth0",
               "neigh add fd00::90 lladdr 02:00:00:00:00:92 dev veth0 router")),
    "link": ("link set lo mtu {1}",
             ("link set br5 mtu 1400", "link set br5 alias hello", "link set br5 address 02:00:00:00:00:77",
              "link add br6 type bridge", "link set br6 name br7", "link del br7")),
}


def test_monitor_of_an_object_tells_what_ip_monitor_tells():
    world()
    need("link add br5 type bridge")
    for name, (marker, lines) in FOLLOWED.items():
        noise, start, end = (word.replace(".", "") if name == "link" else word for word in WORDS)
        theirs = Follower("ip", "monitor", name)
        ours = Follower(LINSOCK, "netlink", name, "monitor")
        # Neither is there at once: what tells of that is any change of the object.
        while not (theirs.is_heard() and ours.is_heard()):
            ip(marker.format("add", noise))
            ip(marker.format("del", noise))
        for line in (marker.format("add", start), *lines, marker.format("add", end)):
            ip(line)
        expected, seen = theirs.between(start, end), ours.between(start, end)
        same_text("\n".join(seen), "\n".join(expected))
        assert len(seen) > len(lines), seen
        theirs.stop()
        assert ours.stop() == 0


def test_monitor_of_queues_tells_what_tc_monitor_tells():
    ip("link set lo up")
    theirs, ours = Follower("tc", "monitor"), Follower(LINSOCK, "netlink", "qdisc", "monitor")
    while not (theirs.is_heard() and ours.is_heard()):
        output("tc", "qdisc", "add", "dev", "lo", "root", "pfifo", "limit", "1")
        output("tc", "qdisc", "del", "dev", "lo", "root")
    for line in ("add dev lo root handle 77: pfifo limit 77", "replace dev lo root handle 78: bfifo limit 5000",
                 "change dev lo root handle 78: bfifo limit 6000", "replace dev lo root handle 79: htb default 3",
                 "del dev lo root", "add dev lo clsact", "add dev lo root handle 80: pfifo limit 80"):
        output("tc", "qdisc", *line.split())
    expected, seen = theirs.between("limit 77p", "limit 80p"), ours.between("limit 77p", "limit 80p")
    same_text("\n".join(seen).lower(), "\n".join(expected).lower())
    assert len(seen) >= 8, seen
    theirs.stop()
    assert ours.stop() == 0


def test_monitor_of_classes_tells_what_tc_monitor_tells():
    ip("link set lo up")
    output("tc", "qdisc", "add", "dev", "lo", "root", "handle", "1:", "htb")
    theirs, ours = Follower("tc", "monitor"), Follower(LINSOCK, "netlink", "class", "monitor")
    while not (theirs.is_heard() and ours.is_heard()):
        output("tc", *"class add dev lo parent 1: classid 1:9 htb rate 9mbit".split())
        output("tc", *"class del dev lo classid 1:9".split())
    for line in ("add dev lo parent 1: classid 1:77 htb rate 77mbit", "change dev lo parent 1: classid 1:77 htb rate 78mbit",
                 "add dev lo parent 1:77 classid 1:78 htb rate 5mbit ceil 6mbit prio 3", "del dev lo classid 1:78",
                 "add dev lo parent 1: classid 1:80 htb rate 80mbit"):
        output("tc", "class", *line.split())
    expected, seen = theirs.between("rate 77Mbit", "rate 80Mbit"), ours.between("rate 77Mbit", "rate 80Mbit")
    same_text("\n".join(seen).lower(), "\n".join(expected).lower())
    assert len(seen) >= 5, seen
    theirs.stop()
    assert ours.stop() == 0


def test_monitor_of_an_object_writes_json_lines():
    process = subprocess.Popen([LINSOCK, "netlink", "rule", "-j", "monitor"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    ip("-6 rule add pref 77 lookup 7")
    ip("rule del pref 32767")
    made, gone = (json.loads(process.stdout.readline()) for _ in range(2))
    assert made == {"priority": 77, "src": "all", "table": "7"}, made
    assert gone["priority"] == 32767 and gone["deleted"] is True, gone
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0


def test_faults_tell_the_kernels_words():
    run = subprocess.run([LINSOCK, "netlink", "link", "add", "x0", "type", "nonsense"],
                         capture_output=True, text=True, timeout=LIMIT, check=False)
    assert run.returncode == 1 and "Unknown device type" in run.stderr, run
    assert linsock("netlink", "link", "fly", expect=2) == ""
    assert linsock("netlink", "route", "add", "nowhere", expect=2) == ""


def test_netns_option_looks_into_another_namespace():
    world()
    process = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
    try:
        path = f"/proc/{process.pid}/ns/net"
        own = os.readlink("/proc/self/ns/net")
        end = time.monotonic() + LIMIT
        while os.readlink(path) == own:
            assert time.monotonic() < end, "unshare makes no namespace"
        names = [link["ifname"] for link in json.loads(linsock("netlink", "link", "-j", "-n", path))]
        assert "veth0" not in names and "lo" in names, names
    finally:
        process.kill()
        process.wait()


def test_monitor_prints_events_and_ends_by_count():
    process = subprocess.Popen([LINSOCK, "netlink", "monitor", "-c", "1", "link"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    need("link add br9 type bridge")
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 0 and out.startswith("link: newlink") and 'ifname="br9"' in out, out


def test_monitor_ends_by_a_signal():
    process = subprocess.Popen([LINSOCK, "netlink", "monitor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0


def test_monitor_writes_a_capture():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.pcap")
        process = subprocess.Popen([LINSOCK, "netlink", "monitor", "-c", "1", "--pcap", str(path), "link"],
                                   stderr=subprocess.PIPE, text=True)
        assert process.stderr.readline() == "monitoring\n"
        need("link add br9 type bridge")
        assert process.wait(LIMIT) == 0
        data = path.read_bytes()
    assert struct.unpack("=IHH", data[:8]) == (0xa1b23c4d, 2, 4)
    assert struct.unpack("=I", data[20:24])[0] == 253
    length, message, kind = *struct.unpack("=I", data[32:36]), *struct.unpack("=IH", data[56:62])
    assert length == message + 16 == len(data) - 40 and kind == 16, (length, message, kind)


def make_events():
    """A link, which is a device too, and a TCP connection that ends."""
    need("link add br9 type bridge")
    ip("link set lo up")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()


def test_monitor_all_tells_of_every_protocol():
    process = subprocess.Popen([LINSOCK, "netlink", "monitor", "--all"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    make_events()
    missing = {"link", "uevent", "tcp-destroy"}
    for line in process.stdout:  # the runner's limit ends what never comes
        if not line.startswith("uevent:") or "add /devices/virtual/net/br9 subsystem net " in line:
            missing.discard(line.split(":")[0])
        if line.startswith("tcp-destroy:"):
            assert "destroyed inet://127.0.0.1:" in line, line
        if not missing:
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0


def test_monitor_all_writes_every_protocol_into_a_capture():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.pcap")
        process = subprocess.Popen([LINSOCK, "netlink", "monitor", "--all", "--pcap", str(path)],
                                   stderr=subprocess.PIPE, text=True)
        assert process.stderr.readline() == "monitoring\n"
        make_events()
        found = set()
        while not {0, 4, 15} <= found:
            data, at = path.read_bytes(), 24
            while at + 16 <= len(data):
                length, = struct.unpack("=I", data[at + 8:at + 12])
                if at + 16 + length > len(data):
                    break
                found.add(struct.unpack(">H", data[at + 30:at + 32])[0])
                at += 16 + length
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0
        if shutil.which("tshark"):
            told = output("tshark", "-n", "-r", str(path), "-T", "fields", "-e", "frame.protocols")
            assert "netlink-route" in told and "netlink-sock_diag" in told, told


def test_monitor_of_one_group_of_another_protocol():
    process = subprocess.Popen([LINSOCK, "netlink", "monitor", "uevent"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    need("link add br9 type bridge")
    for line in process.stdout:  # of the host's devices as well; the runner's limit ends what never comes
        assert line.startswith("uevent: "), line
        if line.startswith("uevent: add /devices/virtual/net/br9 "):
            break
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 0


BATCH = """
# what ip -batch understands too
link add batch0 type bridge
link set batch0 up
addr add 10.30.0.1/24 dev batch0
route add 10.31.0.0/24 dev batch0   # a comment behind
route add 10.32.0.0/24 via 10.30.0.2
neigh add 10.30.0.7 lladdr 02:00:00:00:00:07 dev batch0
rule add from 10.30.0.0/24 lookup 77 pref 300
"""


def test_batch_does_what_ip_batch_does():
    def state():
        return [json.loads(ip(f"-j {words}")) for words in
                ("route show dev batch0", "neigh show dev batch0", "rule show pref 300")]

    with tempfile.NamedTemporaryFile("w", suffix=".batch") as file:
        file.write(BATCH)
        file.flush()
        need(f"-batch {file.name}")
        expected = state()
        ip("link del batch0")
        ip("rule del pref 300")
        assert linsock("netlink", "batch", file.name) == ""
        assert state() == expected
        ip("link del batch0")
        ip("rule del pref 300")


def test_batch_tells_the_line_of_each_failure_and_goes_on():
    lines = ["route add blackhole 10.40.0.0/24", "route add blackhole 10.40.0.0/24",
             "nonsense", "route del 10.41.0.0/24", "route add 10.42.0.0/24 dev none",
             "route add blackhole 10.43.0.0/24"]
    run = subprocess.run([LINSOCK, "netlink", "batch", "-"], input="\n".join(lines),
                         capture_output=True, text=True, timeout=LIMIT, check=False)
    assert run.returncode == 1, run
    told = sorted(line.split(":")[1] for line in run.stderr.splitlines()
                  if line.startswith("-:"))
    assert told == ["2", "3", "4", "5"], run.stderr
    assert len(json.loads(ip("-j route show 10.43.0.0/24"))) == 1
    assert len(json.loads(ip("-j route show 10.40.0.0/24"))) == 1


def test_genl_lists_the_controller():
    families = {family["name"]: family for family in json.loads(linsock("netlink", "genl", "-j", "list"))}
    assert families["nlctrl"]["id"] == 16
    assert "nlctrl" in linsock("netlink", "genl")
    assert "string of 0...15 bytes" in linsock("netlink", "genl", "policy", "nlctrl")


sys.exit(main(globals(), "ip", "tc", "unshare"))
