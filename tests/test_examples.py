#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every example of examples/ and compares what it says. Writes TAP. usage: FOLDER"""

import ctypes
import fcntl
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import traceback

FOLDER = sys.argv[1]
LIMIT = 20  # seconds that nothing here should need


def start(name, *arguments, **options):
    return subprocess.Popen([os.path.join(FOLDER, name), *arguments], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def run(name, *arguments):
    process = start(name, *arguments)
    output, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, f"{name}: {process.returncode}: {errors}"
    return output


def expect(value, wanted):
    assert value == wanted, f"{value!r} is not {wanted!r}"


class Server:
    """An example that prints where it listens, for the time of a with block."""

    def __init__(self, name, *arguments):
        self.process = start(name, *arguments)
        self.place = self.process.stdout.readline()
        self.port = re.search(r":(\d+)$", self.place.strip()).group(1)
        self.rest = ""

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
        self.rest, errors = self.process.communicate(timeout=LIMIT)
        assert kind or self.process.returncode == 0, errors


class Skipped(Exception):
    """Why a test cannot be run here."""


def loopback_up():
    """SIOCSIFFLAGS with IFF_UP on "lo"."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))


def in_own_network(function):
    """Run the function in a child that has a network namespace of its own."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if ctypes.CDLL(None).unshare(0x40000000) != 0:  # CLONE_NEWNET
                os._exit(77)
            loopback_up()
            function()
            code = 0
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 77:
        raise Skipped("a network namespace is refused")
    expect(code, 0)


def test_echo_over_ipv4():
    with Server("echo_server_inet", "0") as server:
        expect(run("echo_client_inet", "127.0.0.1", server.port),
               "received 'Hello, world'\n")
    assert re.fullmatch(r"connected by inet://127\.0\.0\.1:\d+\n", server.rest), server.rest


def test_echo_over_any_family():
    with Server("echo_server_any", "0") as server:
        host = "::1" if "[" in server.place else "127.0.0.1"
        expect(run("echo_client_any", host, server.port), "received 'Hello, world'\n")


def test_dual_stack_takes_both_families():
    with Server("dual_stack", "0", "2") as server:
        has_both = "tcp://[::]" in server.place
        for host in ("127.0.0.1", "::1" if has_both else "127.0.0.1"):
            expect(run("echo_client_any", host, server.port), "received 'Hello, world'\n")
    if has_both:
        assert "connected by inet6://[::ffff:127.0.0.1]:" in server.rest, server.rest
        assert "connected by inet6://[::1]:" in server.rest, server.rest


def test_descriptor_is_passed():
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("what is in the file\n" * 1000)
        file.flush()
        expect(run("pass_descriptor", file.name), "what is in the file\n" * 1000)


def test_scatter():
    expect(run("scatter"), "22 bytes: 'Mary' ' had a lit' 'tle lamb------'\n")


def test_reuse_address():
    expect(run("reuse_address"), "without SO_REUSEADDR: Address already in use\n"
                                 "with SO_REUSEADDR: bound\n")


def sniff_a_datagram():
    sniffer = start("sniff", "lo", "2")
    expect(sniffer.stdout.readline(), "listening at packet://lo/all\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.sendto(b"x" * 100, sock.getsockname())
    output, errors = sniffer.communicate(timeout=LIMIT)
    expect(sniffer.returncode, 0)
    lines = output.splitlines()
    expect(len(lines), 2)  # as it goes, and as it comes
    for line in lines:  # 14 bytes of Ethernet, 20 of IP, 8 of UDP
        assert line.startswith("142 bytes, packet://lo/0x0800/"), output + errors


def test_sniffer_sees_what_goes_by():
    in_own_network(sniff_a_datagram)


def watch_a_datagram():
    watch = start("packet_watch", "lo", "2")
    # Not before the ring is there.
    expect(watch.stderr.readline(), "watching lo\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.sendto(b"x" * 100, sock.getsockname())
        port = sock.getsockname()[1]
    output, errors = watch.communicate(timeout=LIMIT)
    expect(watch.returncode, 0)
    line = f"IP 127.0.0.1.{port} > 127.0.0.1.{port}: UDP, length 100"
    assert output.splitlines() == [line, line], output + errors


def test_packet_watch_tells_what_goes_by():
    in_own_network(watch_a_datagram)


def test_client_without_a_server_says_so():
    process = start("echo_client_any", "127.0.0.1", "1")
    errors = process.communicate(timeout=LIMIT)[1]
    expect(process.returncode, 1)
    assert "Connection refused" in errors, errors


def main():
    tests = [(name[5:], function) for name, function in globals().items()
             if name.startswith("test_")]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {name}")
        except Skipped as reason:
            print(f"ok {number} - {name} # SKIP {reason}")
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
