#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock ss beside the distribution's ss, on sockets of a namespace. Writes TAP.

usage: test_ss_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import array
import fcntl
import json
import os
import socket
import sys
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
# pylint: disable-next=wrong-import-position
from command import LINSOCK, call, main


def output(*words, expect=0):
    return call(*words, expect=expect).stdout


def linsock(*words, expect=0):
    return output(LINSOCK, *words, expect=expect)


def sockets():
    """Sockets of all kinds; returns what keeps them open."""
    output("ip", "link", "set", "lo", "up")
    listener = socket.create_server(("127.0.0.1", 5000), backlog=5)
    client = socket.create_connection(("127.0.0.1", 5000))
    server, _ = listener.accept()
    client.send(b"xx")
    unacknowledged = array.array("i", [1])
    while unacknowledged[0]:  # its timer is gone then
        fcntl.ioctl(client, termios.TIOCOUTQ, unacknowledged)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", 5353))
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    bound.bind(("127.0.0.1", 5354))
    any6 = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    any6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    any6.bind(("::", 5001))
    any6.listen()
    only6 = socket.create_server(("::", 5002), family=socket.AF_INET6)
    only6_own = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    only6_own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    only6_own.bind(("::", 5003))
    only6_own.listen()
    name = socket.socket(socket.AF_UNIX)
    name.bind("\0linsock ss")
    name.listen(4)
    waits = socket.socket(socket.AF_UNIX)
    waits.connect("\0linsock ss")
    pair = socket.socketpair()
    return listener, client, server, udp, bound, any6, only6, only6_own, name, waits, pair


def fields(text):
    return sorted(" ".join(line.split()) for line in text.splitlines())


def same(ours, theirs, what):
    assert theirs and ours == theirs, f"ss {what}:\nours:   {ours}\ntheirs: {theirs}"


def test_ss_shows_what_ss_shows():
    keep = sockets()
    for options in ("-Htan", "-Htln", "-Htn", "-Huan", "-Hxan", "-Hxln", "-Htan4", "-Htan6", "-Htuan", "-Htunl",
                    "-Htaneo", "-Huaneo", "-Hxane", "-Htano"):
        same(fields(linsock("ss", options)), fields(output("ss", options)), options)
    assert keep


def test_ss_filters_as_ss_does():
    keep = sockets()
    for words in ("sport = :5000", "dport = :5000", "state listening", "src 127.0.0.0/8", "dst 127.0.0.1:5000",
                  "sport ge :5001", "state established dport le :5000", "sport gt :5001", "sport lt :5001",
                  "sport != :5000", "sport = :5000 or sport = :5001", "not sport = :5000",
                  "( sport = :5000 or sport = :5001 ) and src 127.0.0.1", "! ( src 127.0.0.1 )",
                  "src 127.0.0.1:5000 or dst 127.0.0.1:5000", "src [::]:5002", "exclude listening",
                  "state connected exclude established", "state big",
                  "sport = :5000 | dport = :5000", "not ( sport = :5000 or dport = :5000 )"):
        ours = fields(linsock("ss", "-Htan", *words.split()))
        theirs = fields(output("ss", "-Htan", *words.split()))
        assert ours == theirs, f"{words}:\nours:   {ours}\ntheirs: {theirs}"
    assert keep


def test_ss_filters_by_device_and_refuses_what_it_does_not_know():
    keep = sockets()
    ours = fields(linsock("ss", "-Huan", "dev", "=", "lo"))
    same(ours, fields(output("ss", "-Huan", "dev", "=", "lo")), "dev = lo")
    assert len(ours) == 1 and "%lo" in ours[0]
    for words in ("sport", "sport = ", "( sport = :1", "sport = :1 )", "nonsense = 5", "state asleep", "not"):
        linsock("ss", "-ta", *words.split(), expect=2)
    assert keep


def users(text):
    """Per socket's end of line: the set of its holders."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        holders = [word for word in words if word.startswith("users:(")]
        if holders:
            found[" ".join(words[:5])] = set(holders[0][7:-1].replace("),(", ") (").split())
    return found


def test_ss_processes_are_those_of_ss():
    keep = sockets()
    twice = os.dup(keep[0].fileno())
    for options in ("-Htanp", "-Huanp", "-Hxanp"):
        ours, theirs = users(linsock("ss", options)), users(output("ss", options))
        same(ours, theirs, options)
    listening = users(linsock("ss", "-Htlnp"))
    assert any(f"fd={twice})" in holder and f"pid={os.getpid()}," in holder
               for holders in listening.values() for holder in holders), listening
    os.close(twice)
    assert keep


# What changes from one look to the next.
MOVING = ("lastsnd:", "lastrcv:", "lastack:", "busy:", "timer:")


def test_ss_info_is_that_of_ss():
    keep = sockets()
    for options in ("-HtaniO", "-HtaniemO", "-HtanioO", "-HuaniemO"):
        def calm(text):
            return sorted(" ".join(word for word in line.split() if not word.startswith(MOVING))
                          for line in text.splitlines())
        same(calm(linsock("ss", options)), calm(output("ss", options)), options)
    info = linsock("ss", "-tniH")
    assert "\n\t" in info and " rtt:" in info and " cwnd:" in info and " bytes_sent:2" in info, info
    assert keep


def test_ss_packet_and_netlink_are_those_of_ss():
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    packet.bind(("lo", 0x800))
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    netlink.bind((4711, 1))
    same(fields(linsock("ss", "-H0anp")), fields(output("ss", "-H0anp")), "-0anp")
    def route(text):
        return [line for line in fields(text) if " 0:" in line]
    same(route(linsock("ss", "-H", "-an", "-f", "netlink")), route(output("ss", "-H", "-an", "-f", "netlink")), "netlink")
    assert packet and netlink


def test_ss_of_a_family_without_module_or_sockets_is_empty():
    for options in (("--vsock", "-a"), ("--xdp", "-a"), ("-Ma",)):
        assert linsock("ss", "-Hn", *options) == output("ss", "-Hn", *options).rstrip("\n")


def test_ss_memory_is_that_of_ss():
    keep = sockets()
    def memory(text):
        return sorted(word for word in text.split() if word.startswith("skmem:"))
    assert memory(output("ss", "-Htanm")) and memory(linsock("ss", "-Htanm")) == memory(output("ss", "-Htanm"))
    assert keep


def test_ss_json_has_the_sockets():
    keep = sockets()
    rows = json.loads(linsock("ss", "-taj"))
    assert {"127.0.0.1:5000", "*:5001"} <= {row["local"] for row in rows}
    inodes = {row["inode"] for row in rows}
    assert os.fstat(keep[0].fileno()).st_ino in inodes


sys.exit(main(globals(), "ip", "ss"))
