#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command as its users meet it: the built binary, run. Writes TAP.

usage: test_command.py PATH_OF_LINSOCK [NAME_PART]
"""

import contextlib
import ctypes
import hashlib
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

from tap import run_all, tests_of  # pylint: disable=wrong-import-position

LINSOCK = sys.argv[1]
LIMIT = 120  # seconds that any one step may take
MEBIBYTE = 1024 * 1024
BACKENDS = ("epoll", "uring")


def environment(backend=None):
    env = {name: value for name, value in os.environ.items() if name != "LINSOCK_BACKEND"}
    if backend:
        env["LINSOCK_BACKEND"] = backend
    return env


def run(*arguments, stdin=b"", backend=None):
    return subprocess.run([LINSOCK, *arguments], input=stdin, capture_output=True, timeout=LIMIT,
                          env=environment(backend), check=False)


@contextlib.contextmanager
def server(*arguments, backend=None, stop=signal.SIGTERM, expect=0):
    """A server that runs inside the block; yields (process, what it is bound to)."""
    process = subprocess.Popen([LINSOCK, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment(backend))
    try:
        line = process.stderr.readline().decode().strip()
        assert line.startswith("listening on "), f"{arguments}: said {line!r}"
        yield process, line.removeprefix("listening on ")
        if stop and process.poll() is None:
            process.send_signal(stop)
        process.stdin.close()
        assert process.wait(LIMIT) == expect, f"{arguments}: exit {process.returncode}: {process.stderr.read()}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def random_bytes(size):
    return os.urandom(size)


def digest(data):
    return hashlib.sha256(data).hexdigest()


# --- the frame of the command ------------------------------------------------

def test_help_names_every_command():
    result = run("--help")
    assert result.returncode == 0
    for name in ("cat", "echo", "opt", "probe", "vm"):
        assert f"  {name} ".encode() in result.stdout, name


def test_help_of_a_command_is_the_same_both_ways():
    for name in ("cat", "echo", "probe"):
        first, second = run("help", name), run(name, "--help")
        assert first.returncode == second.returncode == 0
        assert first.stdout == second.stdout and f"usage: linsock {name} ".encode() in first.stdout


def test_version_is_told_with_the_back_end():
    for backend in BACKENDS:
        result = run("--version", backend=backend)
        assert result.returncode == 0 and result.stdout.startswith(b"linsock 0."), result
        assert b"back end: " in result.stdout


def test_bad_arguments_are_usage_errors():
    cases = {
        (): b"usage: linsock",
        ("ecko",): b'did you mean "echo"',
        ("nothing-like-it",): b'unknown command "nothing-like-it"',
        ("help", "ecko"): b'did you mean "echo"',
        ("--nonsense",): b"unknown option",
        ("echo",): b"one ENDPOINT",
        ("echo", "a", "b"): b"one ENDPOINT",
        ("echo", "--nonsense", "tcp://127.0.0.1:0"): b"--nonsense",
        ("echo", "--ready-fd=x", "tcp://127.0.0.1:0"): b"--ready-fd",
        ("cat",): b"one ENDPOINT",
        ("cat", "--eof=never", "tcp://127.0.0.1:1"): b"--eof=never",
        ("cat", "-w", "-1", "tcp://127.0.0.1:1"): b"--wait=-1",
        ("cat", "-w", "0", "tcp://127.0.0.1:1"): b"--wait=0",
        ("cat", "-s", "0", "tcp://127.0.0.1:1"): b"--size=0",
        ("cat", "-s", "99999999999999999999", "tcp://127.0.0.1:1"): b"--size",
        ("probe", "no.such.feature"): b"no.such.feature",
    }
    for arguments, text in cases.items():
        result = run(*arguments)
        assert result.returncode == 2, (arguments, result)
        assert text in result.stderr and not result.stdout, (arguments, result)


def test_bad_endpoints_name_the_place():
    cases = {
        "nonsense": 0,
        "nosuch://127.0.0.1:1": 0,
        "tcp://127.0.0.1:70000": len("tcp://127.0.0.1:"),
        "tcp://127.0.0.1": len("tcp://127.0.0.1"),
        "tcp://127.0.0.1:1?nosuch": len("tcp://127.0.0.1:1?"),
        "unix://" + "x" * 108: None,
    }
    for command in ("echo", "cat"):
        for text, offset in cases.items():
            result = run(command, text)
            assert result.returncode == 1, (text, result)
            assert text.encode() in result.stderr, (text, result)
            if offset is not None:
                assert f"^ at byte {offset}\n".encode() in result.stderr, (text, result.stderr.decode())


def test_refused_connections_fail_with_the_reason():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for backend in BACKENDS:
            result = run("cat", f"tcp://127.0.0.1:{port}", backend=backend)
            assert result.returncode == 1 and b"refused" in result.stderr, result
    result = run("cat", "unix:///no/such/path")
    assert result.returncode == 1 and b"No such file" in result.stderr, result


def test_a_bound_address_is_refused_to_a_second_server():
    with server("echo", "tcp://127.0.0.1:0") as (_, endpoint):
        result = run("echo", endpoint)
        assert result.returncode == 1 and b"in use" in result.stderr, result


# --- echo and cat ------------------------------------------------------------

def endpoints(folder):
    return {
        "tcp": "tcp://127.0.0.1:0",
        "tcp6": "tcp://[::1]:0",
        "unix path": f"unix://{folder}/stream",
        "unix abstract": f"unix://@linsock-test-{os.getpid()}",
        "unix seqpacket": f"unix://{folder}/packets?type=seqpacket",
    }


def test_four_mebibytes_come_back_whole():
    data = random_bytes(4 * MEBIBYTE)
    with tempfile.TemporaryDirectory() as folder:
        for name, endpoint in endpoints(folder).items():
            for backend in BACKENDS:
                with server("echo", "--once", endpoint, backend=backend, stop=None) as (_, bound):
                    if "?" in endpoint and "?" not in bound:
                        bound += endpoint[endpoint.index("?"):]
                    result = run("cat", bound, stdin=data, backend=backend)
                    assert result.returncode == 0, (name, backend, result.stderr)
                    assert digest(result.stdout) == digest(data), (name, backend, len(result.stdout))


def send_file_from_its_middle(endpoint, path, data, backend, *pieces):
    with server("echo", "--once", endpoint, backend=backend, stop=None) as (_, bound), \
            path.open("rb", buffering=0) as file:
        if "?" in endpoint and "?" not in bound:
            bound += endpoint[endpoint.index("?"):]
        file.seek(12345)
        result = subprocess.run([LINSOCK, "cat", "-v", *pieces, bound], stdin=file, capture_output=True,
                                timeout=LIMIT, env=environment(backend), check=False)
        case = endpoint, backend, pieces
        assert result.returncode == 0, (case, result.stderr)
        assert result.stdout == data[12345:], (case, len(result.stdout))
        assert b"sent %d bytes" % (len(data) - 12345) in result.stderr, (case, result.stderr)
        # What comes after cat in a script goes on where cat ended.
        assert file.read(1) == b"", case


def test_a_file_goes_from_its_position_to_its_end():
    data = random_bytes(4 * MEBIBYTE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(data)
        for endpoint in endpoints(folder).values():
            for backend in BACKENDS:
                send_file_from_its_middle(endpoint, path, data, backend)
                # In small pieces it is sent from where it is mapped.
                send_file_from_its_middle(endpoint, path, data, backend, "-s", "4096")


def test_a_file_that_becomes_shorter_ends_where_it_does():
    data = random_bytes(4 * MEBIBYTE)
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX) as listener:
        path = Path(folder, "file")
        path.write_bytes(data)
        listener.bind(f"{folder}/stream")
        listener.listen(1)
        with path.open("rb") as file:
            sender = subprocess.Popen([LINSOCK, "cat", "-s", "4096", f"unix://{folder}/stream"],
                                      stdin=file, stderr=subprocess.PIPE)
        with sender, listener.accept()[0] as peer:
            # It sends, and cannot end before we read on.
            received = peer.recv(1)
            os.truncate(path, 0)
            while more := peer.recv(MEBIBYTE):
                received += more
            peer.close()
            _, errors = sender.communicate(timeout=LIMIT)
        assert sender.returncode == 0, errors
        assert len(received) < len(data) and data.startswith(received), len(received)


def test_datagrams_come_back_one_by_one():
    with tempfile.TemporaryDirectory() as folder:
        for endpoint in ("udp://127.0.0.1:0", "udp://[::1]:0", f"unix://{folder}/d?type=dgram"):
            for backend in BACKENDS:
                with server("echo", endpoint, backend=backend) as (_, bound):
                    if "?" in endpoint and "?" not in bound:
                        bound += endpoint[endpoint.index("?"):]
                    data = random_bytes(3000)
                    for silence in ("1", "60"):  # on a busy machine an answer comes later
                        result = run("cat", "-s", "1000", "-w", silence, "-v", bound, stdin=data, backend=backend)
                        if result.stdout == data:
                            break
                    assert result.returncode == 0, (endpoint, backend, result.stderr)
                    assert result.stdout == data, (endpoint, backend, len(result.stdout))
                    assert b"received 3000 bytes in 3 calls" in result.stderr, (endpoint, result.stderr)


def test_a_longer_packet_than_ours_comes_whole():
    packet = random_bytes(100000)
    with tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"{folder}/packets")
        listener.listen(1)
        for backend in BACKENDS:
            with subprocess.Popen([LINSOCK, "cat", "-s", "1000", f"unix://{folder}/packets?type=seqpacket"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  env=environment(backend)) as process:
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(packet)
                received, _ = process.communicate(timeout=LIMIT)
            assert (process.returncode, received) == (0, packet), (backend, len(received))


def test_the_end_of_stdin_is_a_half_close():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer_after_the_end():
            peer, _ = listener.accept()
            with peer:
                received = b""
                while chunk := peer.recv(65536):
                    received += chunk
                peer.sendall(b"got " + str(len(received)).encode())

        for backend in BACKENDS:
            thread = threading.Thread(target=answer_after_the_end)
            thread.start()
            result = run("cat", f"tcp://127.0.0.1:{listener.getsockname()[1]}", stdin=b"x" * 100000, backend=backend)
            thread.join(LIMIT)
            assert (result.returncode, result.stdout) == (0, b"got 100000"), (backend, result)


def test_a_slow_reader_of_stdout_loses_nothing():
    data = random_bytes(4 * MEBIBYTE)
    for backend in BACKENDS:
        with server("echo", "tcp://127.0.0.1:0", backend=backend) as (_, bound):
            process = subprocess.Popen([LINSOCK, "cat", bound], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       env=environment(backend))
            with process:
                # Nothing is read until everything that fits is written: cat must go on taking stdin
                # while its stdout is full, until the buffers on the way are, and then finish.
                writer = threading.Thread(target=lambda: (process.stdin.write(data), process.stdin.close()))
                writer.start()
                received = b""
                while chunk := process.stdout.read(4096):
                    received += chunk
                writer.join(LIMIT)
                assert process.wait(LIMIT) == 0
            assert digest(received) == digest(data), backend


def test_eof_close_ends_without_waiting():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for backend in BACKENDS:
            result = run("cat", "--eof=close", f"tcp://127.0.0.1:{listener.getsockname()[1]}", stdin=b"bye",
                         backend=backend)
            peer, _ = listener.accept()
            with peer:
                assert result.returncode == 0 and peer.recv(10) == b"bye", result


def test_eof_ignore_goes_on_receiving():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen([LINSOCK, "cat", "--eof=ignore", f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with process:
            peer, _ = listener.accept()
            with peer:
                # Our direction is not ended: nothing is there to be read.
                assert not select.select([peer], [], [], 0.2)[0]
                peer.sendall(b"still there")
            assert process.stdout.read() == b"still there"
            assert process.wait(LIMIT) == 0


def test_silence_ends_a_connection_that_has_a_limit():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for backend in BACKENDS:
            result = run("cat", "-w", "0.2", f"tcp://127.0.0.1:{listener.getsockname()[1]}", backend=backend)
            assert result.returncode == 1 and b"no traffic" in result.stderr, result


def test_a_peer_that_ends_its_direction_first_gets_everything():
    data = random_bytes(4 * MEBIBYTE)
    for backend in BACKENDS:
        with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryFile() as source:
            source.write(data)
            source.seek(0)
            client = subprocess.Popen([LINSOCK, "cat", f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                                      stdin=source, stdout=subprocess.PIPE, env=environment(backend))
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(LIMIT)
                peer.shutdown(socket.SHUT_WR)
                received = b"".join(iter(lambda: peer.recv(MEBIBYTE), b""))
            client.stdout.close()
            assert client.wait(LIMIT) == 0
            assert digest(received) == digest(data), f"{len(received)} bytes of {len(data)}"


def test_a_silent_stdin_keeps_no_connection_open_that_the_peer_ended():
    for backend in BACKENDS:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = subprocess.Popen([LINSOCK, "cat", f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                                      stdin=subprocess.PIPE, env=environment(backend))
            listener.accept()[0].close()
            assert client.wait(LIMIT) == 0
            client.stdin.close()


def test_cat_listens_for_one_peer():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/listen"
        with server("cat", "-l", f"unix://{path}", stop=None) as (process, bound):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(path)
                process.stdin.write(b"from stdin")
                process.stdin.close()
                peer.sendall(b"from the peer")
                received = b""
                while chunk := peer.recv(100):
                    received += chunk
                peer.shutdown(socket.SHUT_WR)
                assert received == b"from stdin" and bound == f"unix://{path}"
                assert process.stdout.read() == b"from the peer"
        assert not os.path.exists(path)


def test_cat_listens_for_datagrams():
    for silence in ("0.3", "60"):  # on a busy machine we are not there in time
        process = subprocess.Popen([LINSOCK, "cat", "-l", "-w", silence, "udp://127.0.0.1:0"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with process:
            bound = process.stderr.readline().decode().split()[-1]
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
                peer.sendto(b"hello", ("127.0.0.1", int(bound.rsplit(":", 1)[1])))
                received = process.stdout.read()
            assert process.wait(LIMIT) == 0
        if received:
            break
    assert received == b"hello"


def test_a_reader_of_stdout_that_leaves_ends_cat_by_sigpipe():
    with server("echo", "tcp://127.0.0.1:0") as (_, bound):
        process = subprocess.Popen([LINSOCK, "cat", bound], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with process:
            process.stdout.close()
            process.stdin.write(b"x" * 1000)
            process.stdin.flush()
            assert process.wait(LIMIT) == -signal.SIGPIPE
            assert process.stderr.read() == b""


def test_signals_end_cat_as_if_it_had_no_handler():
    with tempfile.TemporaryDirectory() as folder:
        for number in (signal.SIGINT, signal.SIGTERM):
            with server("cat", "-l", f"unix://{folder}/x", stop=number, expect=-number):
                pass
            assert not os.path.exists(f"{folder}/x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for backend in BACKENDS:
            process = subprocess.Popen([LINSOCK, "cat", f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(backend))
            with process:
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b"running")
                    assert process.stdout.read(7) == b"running"
                    process.send_signal(signal.SIGINT)
                    assert process.wait(LIMIT) == -signal.SIGINT


def test_progress_is_shown_on_a_terminal_and_leaves_no_trace():
    terminal, slave = os.openpty()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen([LINSOCK, "cat", f"tcp://127.0.0.1:{listener.getsockname()[1]}"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        with process:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"x" * MEBIBYTE)
                assert len(process.stdout.read(MEBIBYTE)) == MEBIBYTE
                shown = b""
                while b"1.0 MiB received" not in shown:
                    assert select.select([terminal], [], [], LIMIT)[0], "no progress was shown"
                    shown += os.read(terminal, 4096)
            assert process.wait(LIMIT) == 0
        # The master's end of a terminal whose slave is closed reads as EIO.
        with contextlib.suppress(OSError):
            while data := os.read(terminal, 4096):
                shown += data
        os.close(terminal)
        assert shown.endswith(b"\r\033[K"), shown


def test_signals_end_echo_and_its_path_goes():
    with tempfile.TemporaryDirectory() as folder:
        for number in (signal.SIGINT, signal.SIGTERM):
            path = f"{folder}/echo"
            with server("echo", f"unix://{path}", stop=number):
                assert os.path.exists(path)
            assert not os.path.exists(path)


def test_a_path_that_was_there_stays():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_text("precious")
        result = run("echo", f"unix://{path}")
        assert result.returncode == 1 and path.read_text() == "precious", result


def test_ready_fd_is_written_once_bound():
    reader, writer = os.pipe()
    process = subprocess.Popen([LINSOCK, "echo", f"--ready-fd={writer}", "tcp://127.0.0.1:0"], pass_fds=[writer],
                               stderr=subprocess.PIPE)
    with process, open(reader, "rb") as ready:
        os.close(writer)
        assert ready.read() == b"\n"  # and its end: the descriptor is closed
        port = int(process.stderr.readline().decode().rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port)).close()
        process.terminate()
        assert process.wait(LIMIT) == 0


def echo_through(port, data):
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
        sender.start()
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
        sender.join()
    return received


def test_many_peers_are_served_at_once_and_leave_no_descriptor():
    for backend in BACKENDS:
        with server("echo", "tcp://127.0.0.1:0", backend=backend) as (process, bound):
            port = int(bound.rsplit(":", 1)[1])
            echo_through(port, b"x")
            folder = f"/proc/{process.pid}/fd"
            before = len(os.listdir(folder))
            # All are connected before the first is served to its end.
            peers = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
            for number, peer in enumerate(peers):
                peer.sendall(b"%d" % number * 1000)
            for number, peer in enumerate(peers):
                peer.shutdown(socket.SHUT_WR)
                received = b""
                while chunk := peer.recv(65536):
                    received += chunk
                assert received == b"%d" % number * 1000, number
                peer.close()
            # A descriptor is closed before its peer sees the end, or after.
            end = time.monotonic() + LIMIT
            while len(os.listdir(folder)) > before + 1:
                assert time.monotonic() < end, (before, os.listdir(folder))
            assert echo_through(port, b"x") == b"x"


def test_a_peer_that_does_not_read_is_not_read_from():
    with server("echo", "tcp://127.0.0.1:0") as (process, bound):
        port = int(bound.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as peer:
            peer.setblocking(False)
            sent = 0
            with contextlib.suppress(BlockingIOError):
                while sent < 512 * MEBIBYTE:
                    sent += peer.send(b"x" * 65536)
                    select.select([], [peer], [], 0.5)
            assert sent < 512 * MEBIBYTE, "the server took everything"
            assert echo_through(port, b"others go on") == b"others go on"
            status = Path(f"/proc/{process.pid}/status").read_text()
            resident = int(status.split("VmRSS:")[1].split()[0])
            assert resident < 64 * 1024, f"{resident} KiB"


def test_a_reset_connection_leaves_the_server_well():
    with server("echo", "tcp://127.0.0.1:0") as (_, bound):
        port = int(bound.rsplit(":", 1)[1])
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.sendall(b"x" * 10000)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert echo_through(port, b"alive") == b"alive"


# --- listen ------------------------------------------------------------------

def test_listen_runs_a_program_for_each_connection():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/upper"
        with server("listen", "-a", "tcp://127.0.0.1:0", f"unix://{path}", "--", "tr", "a-z", "A-Z") as (process, bound):
            assert process.stderr.readline().decode().strip() == f"listening on unix://{path}"
            for endpoint in (bound, f"unix://{path}", bound):
                result = run("cat", endpoint, stdin=b"hello")
                assert (result.returncode, result.stdout) == (0, b"HELLO"), (endpoint, result)
        assert not os.path.exists(path)


def test_listen_tells_the_program_of_the_peer():
    with server("listen", "--accept", "tcp://127.0.0.1:0", "--", "printenv", "LINSOCK_PEER") as (_, bound):
        result = run("cat", bound)
        assert result.stdout.startswith(b"inet://127.0.0.1:"), result


def test_listen_hands_bound_sockets_over():
    program = ("import os, socket\n"
               "assert int(os.environ['LISTEN_PID']) == os.getpid()\n"
               "for fd in range(3, 3 + int(os.environ['LISTEN_FDS'])):\n"
               "    with socket.socket(fileno=fd) as listener:\n"
               "        peer, _ = listener.accept()\n"
               "        peer.sendall(os.environ['LISTEN_FDNAMES'].encode() + b' %d' % fd)\n"
               "        peer.close()\n")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/second"
        with server("listen", "tcp://127.0.0.1:0", f"unix://{path}", "--", sys.executable, "-c", program,
                    stop=None) as (process, bound):
            process.stderr.readline()
            assert run("cat", bound).stdout == b"linsock0:linsock1 3"
            assert run("cat", f"unix://{path}").stdout == b"linsock0:linsock1 4"


def test_listen_refuses_what_it_cannot_do():
    assert run("listen", "tcp://127.0.0.1:0").returncode == 2
    assert run("listen", "--", "true").returncode == 2
    assert run("listen", "-a", "-m", "0", "tcp://127.0.0.1:0", "--", "true").returncode == 2
    result = run("listen", "--accept", "udp://127.0.0.1:0", "--", "true")
    assert result.returncode == 1 and b"without connections" in result.stderr, result
    result = run("listen", "tcp://127.0.0.1:0", "--", "/no/such/program")
    assert result.returncode == 1 and b"No such file" in result.stderr, result


# --- what stands beside the command ---------------------------------------------

ROOT = Path(__file__).resolve().parents[1]


def test_every_option_has_its_place_in_the_manual():
    for name in ("cat", "echo", "listen", "probe"):
        options = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", run(name, "--help").stdout.decode(), re.MULTILINE))
        page = (ROOT / f"man/linsock-{name}.1").read_text().replace("\\-", "-")
        assert options and not [option for option in options if f"--{option}" not in page], (name, options)


def test_every_option_of_the_can_tools_has_its_place_in_the_manual():
    """Each command under "linsock can", and each of a group in it, short options too."""

    def rows(*words):
        help_text = run(*words, "--help").stdout.decode()
        is_group = " COMMAND " in help_text.splitlines()[0]
        return re.findall(r"^  ([a-z][a-z0-9-]*) ", help_text, re.MULTILINE) if is_group else []

    for name in rows("can"):
        # Some share a page, whose synopsis names them all.
        pages = [text for text in (path.read_text() for path in (ROOT / "man").glob("linsock-can-*.1"))
                 if re.search(rf"^\.BR? linsock can {name}\b", text.split(".SH DESCRIPTION")[0], re.MULTILINE)]
        assert pages, f"no page of linsock can {name}"
        page = pages[0].replace("\\-", "-")
        for words in [[child] for child in rows("can", name)] or [[]]:
            help_text = run("can", name, *words, "--help").stdout.decode().split("\n", 3)[3]
            items = "\n".join(line for line in help_text.splitlines() if re.match(r"  +-", line))
            options = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+|-[A-Za-z0-9])(?![\w-])", items))
            missing = [option for option in options if not re.search(rf"(?<![\w-]){option}(?![a-z-])", page)]
            assert not missing, (name, words, missing)


def test_bash_completes_from_the_help():
    script = (f'source {ROOT}/completions/linsock.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _linsock;'
              ' printf "%s\\n" "${COMPREPLY[@]}"')
    for words, expected in ((["ec"], ["echo"]), (["cat", "--e"], ["--eof="]), (["can", "du"], ["dump"]),
                            (["can", "isotp", "sn"], ["sniff"]), (["can", "j1939", "claim", "--on"], ["--once"]),
                            (["probe", "family.inet"], ["family.inet", "family.inet6"])):
        done = subprocess.run(["bash", "-c", script, "bash", "linsock", *words], capture_output=True, text=True,
                              env={**environment(), "PATH": f"{Path(LINSOCK).parent}:{os.environ['PATH']}"}, check=True)
        assert done.stdout.split() == expected, (words, done)


# --- probe -------------------------------------------------------------------

VERDICTS = {"yes", "no", "absent", "loadable", "denied", "unknown"}


def test_probe_writes_json():
    for backend in BACKENDS:
        result = run("probe", "--json", backend=backend)
        assert result.returncode == 0, result.stderr
        report = json.loads(result.stdout)
        assert report["kernel"]["release"] == os.uname().release
        assert report["backend"]["name"] in BACKENDS and report["backend"]["reason"]
        for name, finding in report["features"].items():
            assert "." in name and finding["verdict"] in VERDICTS, name
            assert finding["evidence"] and finding["summary"], name
            assert finding["error"] or finding["verdict"] != "no", name
    assert report["features"]["family.inet"]["verdict"] == "yes"
    assert report["features"]["family.unix"]["verdict"] == "yes"


def test_probe_agrees_with_trying():
    """Families that Python can make here are found, and those that it cannot are not."""
    features = json.loads(run("probe", "--json", "family").stdout)["features"]
    for name, domain in (("family.packet", socket.AF_PACKET), ("family.netlink", socket.AF_NETLINK),
                         ("family.x25", 9), ("family.appletalk", 5), ("family.decnet", 12)):
        verdict = features[name]["verdict"]
        if verdict in ("loadable", "unknown"):
            continue  # to try it would load a module
        try:
            socket.socket(domain, socket.SOCK_DGRAM).close()
            assert verdict == "yes", (name, features[name])
        except PermissionError:
            assert verdict == "denied", (name, features[name])
        except OSError as error:
            if error.errno == 97:  # EAFNOSUPPORT
                assert verdict in ("no", "absent", "denied"), (name, features[name])


def test_probe_takes_patterns():
    features = json.loads(run("probe", "--json", "family.inet*").stdout)["features"]
    assert set(features) == {"family.inet", "family.inet6"}, features
    result = run("probe", "family")
    assert result.returncode == 0 and b"family: " in result.stdout and b"inet" in result.stdout


def as_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def without_io_uring():
    """A seccomp filter as containers have it: io_uring_setup(2) is EPERM."""
    libc = ctypes.CDLL(None, use_errno=True)

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    instructions = b"".join(struct.pack("HBBI", *instruction) for instruction in (
        (0x20, 0, 0, 0),           # load the number of the system call
        (0x15, 0, 1, 425),         # io_uring_setup?
        (0x06, 0, 0, 0x00050001),  # SECCOMP_RET_ERRNO | EPERM
        (0x06, 0, 0, 0x7fff0000),  # SECCOMP_RET_ALLOW
    ))
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if libc.prctl(22, 2, ctypes.byref(Program(len(instructions) // 8, instructions)), 0, 0):  # PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "prctl")


def probed(*patterns, prepare=None):
    done = subprocess.run([LINSOCK, "probe", "--json", *patterns], capture_output=True, timeout=LIMIT, check=True,
                          env=environment(), preexec_fn=prepare)
    return json.loads(done.stdout)


def test_probe_tells_which_right_is_missing():
    features = probed("family.packet", prepare=as_nobody if os.geteuid() == 0 else None)["features"]
    assert features["family.packet"]["verdict"] == "denied", features
    assert "without CAP_NET_RAW" in features["family.packet"]["evidence"], features


def test_a_filter_on_io_uring_is_told_and_got_around():
    report = probed("uring.nop", "uring.recv_multishot", prepare=without_io_uring)
    assert report["backend"]["name"] == "epoll" and report["backend"]["error"] == "EPERM", report["backend"]
    for finding in report["features"].values():
        assert (finding["verdict"], finding["error"]) == ("denied", "EPERM"), finding
        assert os.geteuid() != 0 or "seccomp" in finding["evidence"], finding
    with server("echo", "tcp://127.0.0.1:0") as (_, bound):
        done = subprocess.run([LINSOCK, "cat", bound], input=b"still here", capture_output=True, timeout=LIMIT,
                              preexec_fn=without_io_uring, check=True)
        assert done.stdout == b"still here"


def report(release, **verdicts):
    """A report of a kernel that never was."""
    return {"linsock": "0.1.0", "kernel": {"release": release, "version": "#1", "machine": "x86_64"},
            "backend": {"name": "uring", "error": None, "reason": "the self-test passed"},
            "features": {name.replace("__", "."): {"verdict": verdict, "error": "EINVAL" if verdict == "no" else None,
                                                   "evidence": f"<{verdict}> & \"tried\"", "summary": f"about {name}"}
                         for name, verdict in verdicts.items()}}


@contextlib.contextmanager
def report_files():
    """Two kernels that differ in one feature, and have one each that the other was not asked for."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = f"{folder}/first.json", f"{folder}/second.json"
        Path(first).write_text(json.dumps(report("6.1.0", can__raw="yes", can__isotp="no", uring__old="yes")))
        Path(second).write_text(json.dumps(report("7.2.0", can__raw="yes", can__isotp="yes", uring__new="denied")))
        yield first, second


def test_probe_requires():
    with report_files() as (first, second):
        assert run("probe", "--from", second, "--require", "can.raw,can.isotp").returncode == 0
        result = run("probe", "--from", first, "--require=can.raw,can.isotp")
        assert result.returncode == 1 and not result.stdout
        assert b"missing: can.isotp: no" in result.stderr and b"can.raw" not in result.stderr, result.stderr
        assert run("probe", "--from", first, "--require", "can.nonsense").returncode == 2
    assert run("probe", "--require", "family.inet,family.unix,inet.cmsg.pktinfo,inet.tcp_nodelay.set").returncode == 0
    result = run("probe", "--require", "alg.skcipher.adiantum(xchacha12,aes),family.decnet")
    assert result.returncode == 1 and b"family.decnet" in result.stderr, result
    assert run("probe", "--require", "family.decnet").returncode == 1
    assert run("probe", "--require", ",family.inet,,", "family.inet").returncode == 0
    assert run("probe", "--require", "family.inet", "family.unix").returncode == 2
    result = run("probe", "--require", "family.inet,can.nonsense")
    assert result.returncode == 2 and b'"can.nonsense"' in result.stderr, result


def page_faults(*arguments):
    """Those of a command and of the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt
    assert run(*arguments).returncode == 0
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_minflt - before


def test_probe_tries_only_what_is_required():
    """Many trials are processes of their own, which a question for two names has no use for."""
    some = page_faults("probe", "--require", "family.inet,family.unix")
    everything = page_faults("probe", "--json")
    assert some + 200 < everything, (some, everything)


def test_probe_tells_what_differs():
    with report_files() as (first, second):
        result = run("probe", "--diff", first, second)
        lines = [line.split() for line in result.stdout.decode().splitlines()]
        assert result.returncode == 1
        assert lines == [["can.isotp", "no", "yes"], ["uring.old", "yes", "not", "asked"],
                         ["uring.new", "not", "asked", "denied"]], lines
        result = run("probe", "--diff", first, first)
        assert result.returncode == 0 and not result.stdout
        assert run("probe", "--diff", first).returncode == 2


def test_probe_writes_a_header_that_compiles():
    with tempfile.TemporaryDirectory() as folder:
        header = Path(folder, "features.h")
        header.write_bytes(run("probe", "--header").stdout)
        source = Path(folder, "use.c")
        source.write_text('#include "features.h"\n#if !LINSOCK_HAS_FAMILY_INET || LINSOCK_HAS_FAMILY_DECNET\n'
                          "#error wrong\n#endif\nint main(void) { return 0; }\n")
        subprocess.run(["cc", "-Wall", "-Werror", "-fsyntax-only", str(source)], check=True)


def test_probe_puts_kernels_side_by_side():
    with report_files() as (first, second):
        matrix = json.loads(run("probe", "--json", "--from", first, "--from", second).stdout)
        assert [kernel["label"] for kernel in matrix["kernels"]] == ["6.1.0", "7.2.0"]
        verdicts = {name: [finding and finding["verdict"] for finding in feature["findings"]]
                    for name, feature in matrix["features"].items()}
        assert verdicts == {"can.raw": ["yes", "yes"], "can.isotp": ["no", "yes"], "uring.old": ["yes", None],
                            "uring.new": [None, "denied"]}, verdicts
        # What was written side by side is read back as what it was made of.
        again = Path(first).with_name("matrix.json")
        again.write_text(json.dumps(matrix))
        assert json.loads(run("probe", "--json", "--from", str(again)).stdout) == matrix
        text = run("probe", "--from", first, "--from", second).stdout.decode()
        assert "* can.isotp" in text and "  can.raw" in text


def test_probe_writes_a_page_that_needs_nothing_else():
    with report_files() as (first, second), tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "matrix.html")
        assert run("probe", "--from", first, "--from", second, "--html", str(page)).returncode == 0
        text = page.read_text()
        assert "&lt;no&gt; &amp; &quot;tried&quot;" in text and "<no>" not in text
        assert "http:" not in text and "https:" not in text and " src=" not in text


def test_probe_refuses_what_is_no_report():
    with tempfile.TemporaryDirectory() as folder:
        for text, reason in (("{", b":1:"), ("[]", b"not what linsock probe"), ('{"features": 1}', b"not what")):
            Path(folder, "bad.json").write_text(text)
            result = run("probe", "--from", f"{folder}/bad.json")
            assert result.returncode == 1 and reason in result.stderr, (text, result)
        result = run("probe", "--from", f"{folder}/missing.json")
        assert result.returncode == 1 and b"No such file" in result.stderr, result


# --- opt ---------------------------------------------------------------------

def test_opt_list_knows_an_option_by_pattern_and_by_level():
    result = run("opt", "list", "tcp_keep*")
    assert result.returncode == 0, result
    assert result.stdout.startswith(b"SOL_TCP\n  TCP_KEEPIDLE "), result.stdout
    rows = json.loads(run("opt", "list", "--json", "SOL_CAN_RAW").stdout)
    filters = [row for row in rows if row["name"] == "CAN_RAW_FILTER"]
    assert filters[0]["number"] == 1 and filters[0]["access"] == "rw", rows
    assert len(json.loads(run("opt", "list", "-j").stdout)) > 350
    assert run("opt", "list", "NO_SUCH_*").returncode == 1


def test_opt_get_reads_the_options_of_a_connection():
    with server("echo", "tcp://127.0.0.1:0") as (_, address):
        result = run("opt", "get", address, "TCP_INFO", "nodelay")
        assert result.returncode == 0, result
        lines = result.stdout.decode().splitlines()
        assert lines[0].startswith("TCP_INFO = state=TCP_ESTABLISHED "), lines
        assert lines[1] == "TCP_NODELAY = off", lines
        names = {row["name"]: row for row in json.loads(run("opt", "get", "--json", address).stdout)}
        assert names["SO_DOMAIN"]["value"] == "AF_INET"
        assert names["SO_SNDBUF"]["unit"] == "bytes"
        assert names["SO_PEERNAME"]["value"] == address.replace("tcp:", "inet:"), names["SO_PEERNAME"]


def test_opt_set_tells_what_the_kernel_made_of_a_value():
    result = run("opt", "set", "--new", "tcp://127.0.0.1:0", "nodelay", "SO_RCVBUF=10000", "linger=3")
    assert result.returncode == 0, result
    assert result.stdout == b"TCP_NODELAY = on\nSO_RCVBUF = 20000 bytes\nSO_LINGER = 3 s\n", result
    result = run("opt", "set", "--listen", "unix://@linsock-opt-test", "passcred=yes", "--json")
    assert result.returncode == 1 and b"--json: unknown option" in result.stderr, result


def test_opt_tells_what_failed_and_goes_on():
    result = run("opt", "set", "-n", "udp://127.0.0.1:0", "ttl=999", "tos=16", "foo=1", "ttl=x")
    assert result.returncode == 1, result
    assert result.stdout == b"IP_TOS = 0x10\n", result
    assert result.stderr.decode().splitlines() == [
        "linsock opt set: IP_TTL: Invalid argument",
        "linsock opt set: foo: unknown option",
        "linsock opt set: IP_TTL: expected a number",
    ], result
    result = run("opt", "get", "-n", "udp://127.0.0.1:0", "nodelay", "ttl")
    assert result.returncode == 1 and result.stdout == b"IP_TTL = 64 hops\n", result
    assert result.stderr == b"linsock opt get: nodelay: Unknown option\n", result


def test_opt_refuses_arguments_that_make_no_sense():
    assert run("opt").returncode == 2
    assert run("opt", "get").returncode == 2
    assert run("opt", "set", "-n", "tcp://127.0.0.1:0").returncode == 2
    assert run("opt", "get", "--timeout=0", "tcp://127.0.0.1:0").returncode == 2
    assert run("opt", "get", "nonsense").returncode == 1


if __name__ == "__main__":
    sys.exit(run_all(tests_of(globals(), sys.argv[2] if len(sys.argv) > 2 else "")))
