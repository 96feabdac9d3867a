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
import threading
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from tap import Skip, run_all, tests_of  # pylint: disable=wrong-import-position

FOLDER = sys.argv[1]
LIMIT = 120  # seconds that nothing here should need


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
        raise Skip("a network namespace is refused")
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


class LoopServer:
    """An example that serves on a loop, with each back end in turn; it has no end."""

    def __init__(self, backend, name, *arguments):
        self.process = start(name, *arguments, env={**os.environ, **backend})
        self.place = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def connect(self, kind=socket.SOCK_STREAM):
        if "unix://@" in self.place:
            sock = socket.socket(socket.AF_UNIX, kind)
            address = "\0" + re.search(r"@([^?]*)", self.place).group(1)
        else:
            sock = socket.socket(socket.AF_INET, kind)
            address = ("127.0.0.1", int(re.search(r":(\d+)$", self.place).group(1)))
        sock.settimeout(LIMIT)
        sock.connect(address)
        return sock


BACKENDS = ({}, {"LINSOCK_BACKEND": "epoll"})


def receive(sock, count):
    parts = b""
    while len(parts) < count:
        part = sock.recv(count - len(parts))
        assert part, f"{len(parts)} bytes of {count}, then the end"
        parts += part
    return parts


def through_a_proxy(backend, data):
    """The target sends everything back, but not before it has all of it."""
    with socket.create_server(("127.0.0.1", 0)) as target, \
            LoopServer(backend, "proxy", "inet://127.0.0.1:0",
                       f"inet://127.0.0.1:{target.getsockname()[1]}") as proxy, \
            proxy.connect() as client:
        target.settimeout(LIMIT)
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        end, _ = target.accept()
        with end:
            end.settimeout(LIMIT)
            assert receive(end, len(data)) == data
            sender.join(LIMIT)
            sender = threading.Thread(target=end.sendall, args=(data,))
            sender.start()
            assert receive(client, len(data)) == data
            sender.join(LIMIT)
        expect(client.recv(1), b"")  # the target's close came through


def test_proxy_passes_everything_on():
    data = os.urandom(4 << 20)
    for backend in BACKENDS:
        through_a_proxy(backend, data)


def chat(backend):
    name = f"@lsk-chat-{os.getpid()}-{len(backend)}"
    with LoopServer(backend, "chat", f"unix://{name}") as room, \
            room.connect() as speaker, room.connect() as listener, \
            room.connect() as sleeper:
        # Whoever is heard is in the room.
        for one, others in ((sleeper, (speaker, listener)),
                            (listener, (speaker, sleeper))):
            one.sendall(b"here\n")
            for other in others:
                expect(receive(other, 5), b"here\n")
        chunk = b"x" * 16383 + b"\n"
        for _ in range(64):
            speaker.sendall(chunk)
            expect(receive(listener, len(chunk)), chunk)
        # Now he wakes up: first what had waited for him, then what he has missed.
        heard = b""
        sleeper.settimeout(0.05)
        for _ in range(LIMIT * 20):
            speaker.sendall(b"again\n")
            expect(receive(listener, 6), b"again\n")
            try:
                while part := sleeper.recv(1 << 20):
                    heard += part
            except TimeoutError:
                pass
            if re.search(rb"\n\(\d+ messages missed\)\nagain\n", heard):
                break
        else:
            raise AssertionError(f"he is not told what he missed: {heard[-100:]}")
        assert heard.count(chunk) < 64, "nothing was held back"


def test_chat_goes_on_without_those_who_sleep():
    for backend in BACKENDS:
        chat(backend)


def echo_in_pieces(backend):
    with LoopServer(backend, "udp_gro", "inet://127.0.0.1:0") as server, \
            server.connect(socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.IPPROTO_UDP, 103, 100)  # UDP_SEGMENT
        data = os.urandom(950)
        client.sendall(data)
        expect(server.process.stdout.readline(), "950 bytes, in datagrams of 100\n")
        parts = [client.recv(1000) for _ in range(10)]
        expect([len(part) for part in parts], [100] * 9 + [50])
        expect(b"".join(parts), data)
        client.sendall(b"short")
        expect(server.process.stdout.readline(), "5 bytes, in datagrams of 5\n")
        expect(client.recv(1000), b"short")


def test_datagrams_come_and_go_in_pieces():
    for backend in BACKENDS:
        echo_in_pieces(backend)


def send_to_group(source, text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        way_out = struct.pack("4s4si", bytes(4), bytes(4), socket.if_nametoindex("lo"))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, way_out)
        sock.sendto(text, ("239.1.2.3", 5353))


def second_address(host):
    """SIOCSIFADDR of "lo:1": those of 127/8 are no source of a group's datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8916, struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0,
                                              socket.inet_aton(host)))


def members_hear_each_other():
    second_address("10.1.0.1")
    hello = "inet://10.1.0.1:5353 says hello\n"
    first = start("multicast", "inet://239.1.2.3:5353", "lo", "2")
    expect(first.stdout.readline(), "listening at udp://239.1.2.3:5353\n")
    expect(first.stdout.readline(), hello)
    # Of its own hello alone: the first one's was sent before.
    second = run("multicast", "inet://239.1.2.3:5353", "lo", "1")
    expect(second, "listening at udp://239.1.2.3:5353\n" + hello)
    expect(first.communicate(timeout=LIMIT), (hello, ""))
    expect(first.returncode, 0)


def one_sender_is_heard():
    member = start("multicast", "inet://239.1.2.3:5353", "lo", "1", "inet://127.0.0.2:0")
    expect(member.stdout.readline(), "listening at udp://239.1.2.3:5353\n")
    send_to_group("127.0.0.3", b"not for it")
    send_to_group("127.0.0.2", b"for it")
    output, errors = member.communicate(timeout=LIMIT)
    assert re.fullmatch(r"inet://127\.0\.0\.2:\d+ says for it\n", output), output
    expect((member.returncode, errors), (0, ""))


def test_members_of_a_multicast_group_hear_each_other():
    in_own_network(members_hear_each_other)


def test_multicast_of_one_sender_is_heard_alone():
    in_own_network(one_sender_is_heard)


class PlaceServer:
    """An example that says "listening at PLACE" and has no end."""

    def __init__(self, name, *arguments):
        self.process = start(name, *arguments)
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening at (\S+)\n", line)
        assert match, line + self.process.stderr.read()
        self.place = match.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=LIMIT)

    def line(self):
        return self.process.stdout.readline()


def greet(own, asker, sender):
    with PlaceServer("datagram_hello", own) as server:
        peer = re.sub(r"^\w+:([^?]*).*", rf"{sender}:\1", server.place)
        expect(run("datagram_hello", asker, peer, "who?"), f"{peer} says hello\n")
        assert server.line().endswith(" says who?\n")


def test_datagrams_of_any_family_are_answered():
    greet("udp://127.0.0.1:0", "udp://127.0.0.1:0", "inet")
    greet("udp://[::1]:0", "udp://[::1]:0", "inet6")
    name = f"unix://@lsk-hello-{os.getpid()}"
    greet(f"{name}?type=dgram", f"{name}-asker?type=dgram", "unix")


def test_datagrams_of_udplite_are_answered_or_told_to_be_gone():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136).close()
    except OSError as error:
        raise Skip("Linux 7.1 removed UDP-Lite") from error
    greet("udplite://127.0.0.1:0?UDPLITE_RECV_CSCOV=8",
          "udplite://127.0.0.1:0?UDPLITE_SEND_CSCOV=8", "inet")


def echo_once(listener):
    end, _ = listener.accept()
    with end:
        end.sendall(end.recv(100))
        end.recv(1)  # until the other end is done


def what_mptcp_became(protocol):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as listener:
        listener.settimeout(LIMIT)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        server = threading.Thread(target=echo_once, args=(listener,))
        server.start()
        output = run("mptcp_hello", f"mptcp://127.0.0.1:{port}", "hi")
        server.join(LIMIT)
    return output.replace(f":{port}", ":PORT")


def test_mptcp_tells_what_a_connection_became():
    expect(what_mptcp_became(0),
           "answer: hi\nplain TCP: the peer or this kernel has no MPTCP\n")
    try:
        output = what_mptcp_became(262)
    except OSError as error:
        raise Skip("no MPTCP in this kernel: scenario family_examples.sh") from error
    assert re.fullmatch(r"answer: hi\npath from inet://127\.0\.0\.1:\d+ "
                        r"to inet://127\.0\.0\.1:PORT\n", output), output


def ask_again_and_again():
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
        file.write("3")
    with PlaceServer("tcp_extras", "inet://127.0.0.1:0", "-") as server:
        place = server.place.replace("tcp:", "inet:")
        for is_first in ("no", "yes"):
            output = run("tcp_extras", place, "what?")
            assert output.startswith("answer: what?\nquestion in the first packet: "
                                     f"{is_first}\nround trip of "), output


def ask_by_key():
    with PlaceServer("tcp_extras", "inet://127.0.0.1:0", "-", "secret") as server:
        place = server.place.replace("tcp:", "inet:")
        assert "answer: what?\n" in run("tcp_extras", place, "what?", "secret")


def test_second_question_goes_with_the_first_packet():
    in_own_network(ask_again_and_again)


def test_who_has_the_key_is_answered():
    in_own_network(ask_by_key)


def test_file_goes_over_tls():
    key = "000102030405060708090a0b0c0d0e0f"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("what is in the file\n" * 10000)
        file.flush()
        server = start("tls_file", key, "tcp://127.0.0.1:0", file.name)
        place = server.stdout.readline().split()[-1]
        client = start("tls_file", key, place)
        output, errors = client.communicate(timeout=LIMIT)
        server.communicate(timeout=LIMIT)
    if "TLS: No such file" in errors:
        raise Skip("no TLS in this kernel: scenario family_examples.sh")
    expect((output, client.returncode), ("what is in the file\n" * 10000, 0))
    expect(server.returncode, 0)


def ping_this_host():
    for place in ("inet://127.0.0.1:0", "inet6://[::1]:0"):
        expect(run("ping", place, "2"),
               f"{place} answers 1: hello\n{place} answers 2: hello\n")


def test_this_host_answers_echoes():
    in_own_network(ping_this_host)


# Examples that begin with a socket of their family: its numbers, and arguments.
ELSEWHERE = {
    "kcm_messages": (41, socket.SOCK_DGRAM, 0, ["text"]),
    "mctp_ask": (45, socket.SOCK_DGRAM, 0, ["mctp://1:8/0/owner"]),
    "rxrpc_call": (33, socket.SOCK_DGRAM, 2, ["rxrpc://127.0.0.1:7001/52", "text"]),
    "smc_hello": (43, socket.SOCK_STREAM, 0, ["smc://127.0.0.1:7000", "text"]),
}


def test_what_the_host_lacks_is_told():
    told = 0
    for name, (family, kind, protocol, arguments) in ELSEWHERE.items():
        try:
            socket.socket(family, kind, protocol).close()
            continue
        except OSError:
            pass
        process = start(name, *arguments)
        errors = process.communicate(timeout=LIMIT)[1]
        expect(process.returncode, 1)
        assert "Address family not supported" in errors, errors
        told += 1
    if not told:
        raise Skip("this host lacks none of them: scenario family_examples.sh")


def test_libuv_hosts_a_loop():
    if not os.path.exists(os.path.join(FOLDER, "host_libuv")):
        raise Skip("built without libuv (libuv1-dev)")
    for backend in BACKENDS:
        process = start("host_libuv", "1000", env={**os.environ, **backend})
        output, errors = process.communicate(timeout=LIMIT)
        expect(output, "1000 echoes, and libuv's timer went on\n")
        expect((process.returncode, errors), (0, ""))


def test_client_without_a_server_says_so():
    process = start("echo_client_any", "127.0.0.1", "1")
    errors = process.communicate(timeout=LIMIT)[1]
    expect(process.returncode, 1)
    assert "Connection refused" in errors, errors


if __name__ == "__main__":
    sys.exit(run_all(tests_of(globals())))
