#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock ss beside the distribution's ss, on sockets of a namespace. Writes TAP.

usage: test_ss_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import array
import errno
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
# pylint: disable-next=wrong-import-position
from command import LIMIT, LINSOCK, Skip, call, main


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


# More than the kernel takes.
MANY = " or ".join(f"sport = :{port}" for port in range(4850, 5001))


def test_ss_filters_as_ss_does():
    keep = sockets()
    for words in ("sport = :5000", "dport = :5000", "state listening", "src 127.0.0.0/8", "dst 127.0.0.1:5000",
                  "sport ge :5001", "state established dport le :5000", "sport gt :5001", "sport lt :5001",
                  "sport != :5000", "sport = :5000 or sport = :5001", "not sport = :5000",
                  "( sport = :5000 or sport = :5001 ) and src 127.0.0.1", "! ( src 127.0.0.1 )",
                  "src 127.0.0.1:5000 or dst 127.0.0.1:5000", "src [::]:5002", "exclude listening",
                  "state connected exclude established", "state big",
                  "sport = :5000 | dport = :5000", "not ( sport = :5000 or dport = :5000 )",
                  "not ( sport gt :5000 and not dst 127.0.0.1 )", "dport != :5000 sport lt :5002",
                  "sport gt :65535 or sport = :5001", "sport lt :0 or sport = :5001", "autobound", "not autobound",
                  "( autobound or sport = :5001 ) and not src [::]", "dev != lo and sport = :5000",
                  "fwmark = 0 and ( sport = :5000 or fwmark = 7 )", "not ( not ( src 127.0.0.0/8 and not sport = :5000 ) )",
                  MANY, f"not ( {MANY} )"):
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


def test_ss_tells_how_packet_sockets_are_set_up():
    ring = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    ring.bind(("lo", 0x800))
    ring.setsockopt(263, 5, struct.pack("IIII", 4096, 4, 2048, 8))  # PACKET_RX_RING
    plain = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    plain.setsockopt(263, 8, 1)  # PACKET_AUXDATA
    member = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    member.bind(("lo", 3))
    member.setsockopt(263, 18, 1 << 16 | 5)  # PACKET_FANOUT, by turns
    for options in ("-H0ane", "-H0aneO"):
        same(fields(linsock("ss", options)), fields(output("ss", options)), options)
    told = linsock("ss", "-H0aneO")
    assert "ring_rx(blk_size:4096," in told and "auxdata" in told and "fanout(id:5,type:lb)" in told, told
    assert ring and plain and member


def test_ss_summary_is_that_of_ss():
    keep = sockets()
    before = None
    while before != (after := output("ss", "-s")):  # those of ss itself end in their own time
        before, ours = after, linsock("ss", "-s")
    same(fields(ours), fields(after), "-s")
    assert "estab 2" in ours, ours
    assert keep


def test_ss_names_hosts():
    keep = sockets()
    same(fields(linsock("ss", "-Htanr")), fields(output("ss", "-Htanr")), "-r")
    assert keep


def test_ss_kill_ends_what_it_shows():
    keep = sockets()
    listener, client, server = keep[:3]
    if call("ss", "-K", "sport", "=", ":1", expect=None).returncode:
        raise Skip("this ss has no -K")
    killed = fields(linsock("ss", "-HtnK", "dport", "=", ":5000"))
    if not killed:
        raise Skip("this kernel ends no sockets")
    assert len(killed) == 1 and "127.0.0.1:5000" in killed[0], killed
    try:
        client.send(b"x")
        raise AssertionError("the client's connection goes on")
    except OSError as error:
        assert error.errno in (errno.ECONNABORTED, errno.EPIPE, errno.ECONNRESET), error
    assert not linsock("ss", "-Htn", "dport", "=", ":5000")
    assert linsock("ss", "-Htln", "sport", "=", ":5000"), "a listener ended that was not shown"
    assert listener and server


def test_ss_events_tell_of_sockets_that_end():
    output("ip", "link", "set", "lo", "up")
    process = subprocess.Popen([LINSOCK, "ss", "-HtnE", "sport", "=", ":5000", "or", "dport", "=", ":5000"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline() == "monitoring\n"
    with socket.create_server(("127.0.0.1", 5000)) as listener:
        with socket.create_connection(("127.0.0.1", 5000)):
            listener.accept()[0].close()
    line = process.stdout.readline()  # the runner's limit ends what never comes
    assert "127.0.0.1:5000" in line, line
    process.terminate()
    assert process.wait(LIMIT) == 0


def test_ss_filters_by_cgroup():
    keep = sockets()
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()
              if line.split()[2] == "cgroup2"]
    rows = linsock("ss", "-Htane")
    if not mounts or "cgroup:" not in rows:
        raise Skip("no cgroup2, or sockets have none")
    own = mounts[0] + Path("/proc/self/cgroup").read_text().split("0::")[1].splitlines()[0]
    for words in (("cgroup", "=", own), ("cgroup", "!=", own), ("cgroup", own)):
        assert fields(linsock("ss", "-Htan", *words)) == fields(output("ss", "-Htan", *words)), words
    linsock("ss", "-Htan", "cgroup", "=", "/nowhere", expect=2)
    assert keep


def test_ss_labels_need_a_security_module():
    try:
        label = Path("/proc/self/attr/current").read_text().strip("\0\n")
    except OSError:
        label = ""
    if not label:
        linsock("ss", "-Z", expect=1)
        return
    keep = sockets()
    assert f"pid={os.getpid()},proc_ctx={label}" in linsock("ss", "-HtanZ")
    assert keep


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
