#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linsock ss beside the distribution's ss, on sockets of a namespace. Writes TAP.

usage: test_ss_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import json
import os
import socket
import sys
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
    pair = socket.socketpair()
    return listener, client, server, udp, bound, any6, only6, only6_own, name, pair


def fields(text):
    return sorted(" ".join(line.split()) for line in text.splitlines())


def test_ss_shows_what_ss_shows():
    keep = sockets()
    for options in ("-Htan", "-Htln", "-Htn", "-Huan", "-Hxan", "-Hxln", "-Htan4", "-Htan6", "-Htuan", "-Htunl"):
        ours, theirs = fields(linsock("ss", options)), fields(output("ss", options))
        assert theirs and ours == theirs, f"ss {options}:\nours:   {ours}\ntheirs: {theirs}"
    assert keep


def test_ss_filters_as_ss_does():
    keep = sockets()
    for words in ("sport = :5000", "dport = :5000", "state listening", "src 127.0.0.0/8", "dst 127.0.0.1:5000",
                  "sport ge :5001", "state established dport le :5000"):
        ours = fields(linsock("ss", "-Htan", *words.split()))
        theirs = fields(output("ss", "-Htan", *words.split()))
        assert theirs and ours == theirs, f"{words}:\nours:   {ours}\ntheirs: {theirs}"
    assert keep


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
