#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job of linsock on real input, shown and checked."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "vm-tests"))

from lab import cli, paths, plan, report, run  # noqa: E402
from lab.errors import LabError  # noqa: E402
from lab.kernel import Kernel, open_kernel  # noqa: E402

SIZE = 64 << 20
CHUNK = 1 << 18
LIMIT_S = 300
BACK_ENDS = ("uring", "epoll")
FRAMES = ("123#DEADBEEF", "7FF#", "000#1122334455667788", "1FFFFFFF#01", "0000001F#A5A5",
          "123##0AABB", "123##1000102030405060708090A0B",
          "1F334455##3112233445566778899AABBCCDDEEFF00")
MODULES = ("can-raw", "can-bcm", "can-gw", "can-isotp", "can-j1939", "vcan", "vxcan",
           "vsock", "vsock_loopback", "af_alg", "algif_hash", "algif_skcipher",
           "algif_aead", "algif_rng", "tipc", "rds", "qrtr", "bluetooth", "sctp")
ROWS_SHOWN_MAX = 40


class Unequal(Exception):
    """Something that must be equal is not."""


class Screen:
    """Text for a person: colour and progress only on a terminal."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()
        self.has_colour = self.is_terminal and "NO_COLOR" not in os.environ

    def paint(self, code: str, text: str) -> str:
        """Text in a colour, where there is colour."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.has_colour else text

    def section(self, title: str) -> None:
        """A heading."""
        print("\n" + self.paint("1", title), flush=True)

    def line(self, text: str) -> None:
        """A finished line; it replaces the progress shown before."""
        print(("\r\x1b[K" if self.is_terminal else "") + text, flush=True)

    def good(self, text: str) -> None:
        """A line about something that was checked and holds."""
        self.line(f"  {self.paint('32', '✔')} {text}")

    def progress(self, text: str) -> None:
        """What is going on right now."""
        if self.is_terminal:
            print(f"\r\x1b[K  … {text}", end="", flush=True)


SCREEN = Screen()


# --- 1: bytes through sockets -------------------------------------------------


def backend_of(linsock: Path, name: str) -> tuple[str, str]:
    """Which back end a request for `name` gets, and why."""
    done = subprocess.run([str(linsock), "probe", "--json"], check=False, text=True,
                          stdout=subprocess.PIPE, env={**os.environ, "LINSOCK_BACKEND": name})
    if done.returncode != 0:
        raise Unequal(f"linsock probe --json ended with status {done.returncode}")
    backend = json.loads(done.stdout)["backend"]
    return backend["name"], backend["reason"]


@contextmanager
def echo_server(linsock: Path, endpoint: str, environment: dict[str, str]) -> Iterator[str]:
    """A server for one connection; gives the endpoint that it is bound to."""
    server = subprocess.Popen([str(linsock), "echo", "--once", endpoint], env=environment,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        mark = "listening on "
        for line in server.stderr:
            if mark in line:
                yield line.split(mark, 1)[1].strip()
                break
        else:
            raise Unequal(f"linsock echo {endpoint} never listened")
        if server.wait(LIMIT_S) != 0:
            raise Unequal(f"linsock echo {endpoint} ended with status {server.returncode}: "
                          + server.stderr.read())
    finally:
        if server.poll() is None:
            server.kill()
        server.wait()
        server.stderr.close()


def digest_of_stream(stream: object, label: str, begin: float) -> tuple[str, int]:
    """SHA-256 and length of what comes back, with progress."""
    digest, count = hashlib.sha256(), 0
    while data := stream.read1(CHUNK):  # type: ignore[attr-defined]
        digest.update(data)
        count += len(data)
        SCREEN.progress(f"{label}: {count >> 20} of {SIZE >> 20} MiB")
        if time.monotonic() - begin > LIMIT_S:
            raise Unequal(f"{label}: no end after {LIMIT_S} s, {count} bytes came back")
    return digest.hexdigest(), count


def transfer(linsock: Path, endpoint: str, path: Path, environment: dict[str, str],
             label: str) -> tuple[str, int, float]:
    """Send a file through cat and echo; digest, length and time of what came back."""
    with echo_server(linsock, endpoint, environment) as bound, path.open("rb") as source:
        begin = time.monotonic()
        client = subprocess.Popen([str(linsock), "cat", bound], env=environment, stdin=source,
                                  stdout=subprocess.PIPE)
        try:
            digest, count = digest_of_stream(client.stdout, label, begin)
            if client.wait(LIMIT_S) != 0:
                raise Unequal(f"linsock cat {bound} ended with status {client.returncode}")
        finally:
            if client.poll() is None:
                client.kill()
            client.wait()
        return digest, count, time.monotonic() - begin


def show_bytes(linsock: Path) -> None:
    """Part 1."""
    SCREEN.section(f"1  {SIZE >> 20} MiB of random bytes: linsock cat → linsock echo → back")
    with tempfile.TemporaryDirectory(prefix="linsock-demo-") as folder:
        path = Path(folder, "random")
        with path.open("wb") as file:
            for _ in range(SIZE // (1 << 20)):
                file.write(os.urandom(1 << 20))
        expected = hashlib.sha256(path.read_bytes()).hexdigest()
        SCREEN.line(f"    sent      SHA-256 {expected[:32]}…")
        for name in BACK_ENDS:
            got, reason = backend_of(linsock, name)
            if got != name:
                SCREEN.line(f"  - {name}: not to be had on this machine: {reason}")
                continue
            for endpoint in ("tcp://127.0.0.1:0", f"unix://{folder}/{name}.sock"):
                check_transfer(linsock, name, endpoint, path, expected)


def check_transfer(linsock: Path, backend: str, endpoint: str, path: Path,
                   expected: str) -> None:
    """One row of part 1."""
    scheme = endpoint.split(":", 1)[0]
    environment = {**os.environ, "LINSOCK_BACKEND": backend}
    digest, count, seconds = transfer(linsock, endpoint, path, environment,
                                      f"{backend} {scheme}")
    if (digest, count) != (expected, SIZE):
        raise Unequal(f"{scheme} on {backend}: {count} bytes with SHA-256 {digest} came back, "
                      f"{SIZE} with {expected} were sent")
    SCREEN.good(f"{scheme:<5} {backend:<6} SHA-256 {digest[:32]}…  {seconds:5.2f} s  "
                f"{2 * SIZE / seconds / 1e6:6.0f} MB/s")


# --- 2: CAN in a virtual machine ----------------------------------------------


@dataclasses.dataclass
class Guest:
    """A kernel, and what is shipped to it."""

    build: Path
    kernel: Kernel

    def run(self, script: str, label: str, files: dict[str, Path]) -> str:
        """Run a script; its output."""
        # Of the build folder the command alone is wanted.
        payload = plan.common_payload(self.build / "tools")
        for place, source in files.items():
            payload.add_file(source, place)
        output = bytearray()
        needs = [name for name in MODULES if not self.kernel.modules.missing([name])]
        search = f"{self.build}/tools:{run.GUEST_PATH}"
        job = run.Job(("/bin/sh", "/run/job"), environment=(("PATH", search),), script=script,
                      timeout_s=LIMIT_S)
        SCREEN.progress(f"{label} (a first run boots the kernel for a template)")
        result = run.run(self.kernel, needs, payload, job, paths.store() / "vm",
                         [{"out": output.extend, "err": sink_stderr}])
        if result.exit_status() != 0:
            report.tell(report.judge(label, self.kernel.label, result, b"", b""))
            raise Unequal(f"{label} ended with status {result.exit_status()} in the guest")
        return output.decode("utf-8", "replace")


def sink_stderr(data: bytes) -> None:
    """What the guest complains about goes to our stderr."""
    os.write(2, data)


def frames_of_log(text: str) -> list[str]:
    """The frames of a log of candump -L, without time stamps and interface."""
    return [line.split()[2] for line in text.splitlines() if len(line.split()) >= 3]


def without_fdf(frame: str) -> str:
    """A frame without CANFD_FDF, with which the kernel itself marks FD frames."""
    head, mark, tail = frame.partition("##")
    return f"{head}##{int(tail[0], 16) & ~4:X}{tail[1:]}" if mark else frame


def sections(text: str) -> dict[str, list[str]]:
    """Logs by their marker."""
    logs: dict[str, list[str]] = {}
    for part in text.split("=== ")[1:]:
        head, _, body = part.partition("\n")
        logs[head.strip()] = frames_of_log(body)
    if "end" not in logs:
        raise Unequal("the guest's script did not come to its end")
    return logs


def require_equal(what: str, expected: list[str], seen: list[str]) -> None:
    """Compare two lists of frames; tell the first difference."""
    for number, (one, other) in enumerate(zip(expected, seen), 1):
        if one != other:
            raise Unequal(f"{what}: frame {number} is {other}, expected {one}")
    if len(expected) != len(seen):
        raise Unequal(f"{what}: {len(seen)} frames, expected {len(expected)}")


def show_can(guest: Guest) -> None:
    """Part 2."""
    SCREEN.section(f"2  CAN in a virtual machine: kernel {guest.kernel.label}, vcan0")
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="linsock-demo-") as folder:
        frames = Path(folder, "frames")
        frames.write_text("\n".join(FRAMES) + "\n")
        text = guest.run("export FRAMES=/demo/frames\nexec sh /demo/can.sh\n", "CAN",
                         {"/demo/frames": frames,
                          "/demo/can.sh": ROOT / "scripts/lib/demo_can.sh"})
    logs = sections(text)
    sent = list(FRAMES)
    require_equal("cansend to linsock can dump", sent,
                  [without_fdf(frame) for frame in logs["cansend linsock"]])
    require_equal("candump to linsock can dump", logs["cansend candump"],
                  logs["cansend linsock"])
    SCREEN.good(f"cansend          → linsock can dump   {len(sent):4} frames equal")
    if len(logs["cangen candump"]) != 400:
        raise Unequal(f"candump heard {len(logs['cangen candump'])} of 400 frames of cangen")
    require_equal("cangen to linsock can dump", logs["cangen candump"], logs["cangen linsock"])
    SCREEN.good("cangen           → linsock can dump    400 frames as candump hears them")
    require_equal("linsock can send to candump", sent,
                  [without_fdf(frame) for frame in logs["linsock-send candump"]])
    SCREEN.good(f"linsock can send → candump            {len(sent):4} frames equal")
    SCREEN.line(f"    for instance  {'   '.join(logs['linsock-send candump'][3:7])}")
    SCREEN.line(f"    {time.monotonic() - begin:.1f} s with the machine's start")


# --- 3: what two kernels can do -----------------------------------------------


def by_section(features: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Names of features by what stands before their first dot."""
    found: dict[str, list[str]] = {}
    for name in features:
        found.setdefault(name.split(".", 1)[0], []).append(name)
    return found


def count_yes(features: dict[str, dict[str, str]], names: list[str]) -> str:
    """How many of the names a kernel has."""
    return f"{sum(features[name]['verdict'] == 'yes' for name in names)}/{len(names)}"


def verdict(feature: dict[str, str]) -> str:
    """A verdict with its error, in few characters."""
    error = feature.get("error")
    has_cause = error and feature["verdict"] != "yes"
    return feature["verdict"] + (f" ({error})" if has_cause else "")


def show_probe(linsock: Path, guest: Guest) -> None:
    """Part 3."""
    SCREEN.section("3  What the kernels can do: linsock probe")
    done = subprocess.run([str(linsock), "probe", "--json"], stdout=subprocess.PIPE, text=True,
                          check=True)
    host = json.loads(done.stdout)
    SCREEN.progress("the same in a virtual machine, with the modules of its kernel")
    done = subprocess.run([str(linsock), "probe", "--kernels", guest.kernel.label, "--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Unequal(f"linsock probe --kernels {guest.kernel.label}: {done.stderr.strip()}")
    machine = json.loads(done.stdout)
    ours, theirs = host["features"], machine["features"]
    if list(ours) != list(theirs) or not ours:
        raise Unequal("the host's and the guest's probe do not tell of the same features")
    if host["kernel"]["release"] == machine["kernel"]["release"] and \
            guest.kernel.label not in machine["kernel"]["release"]:
        raise Unequal("the guest's probe tells of the host's kernel")
    print(f"    {'':<22} {'host':<22} virtual machine")
    print(f"    {'kernel':<22} {host['kernel']['release']:<22} {machine['kernel']['release']}")
    print(f"    {'back end':<22} {host['backend']['name']:<22} {machine['backend']['name']}")
    for section, names in by_section(ours).items():
        print(f"    {section:<22} {count_yes(ours, names):<22} {count_yes(theirs, names)}")
    differing = [name for name in ours if ours[name]["verdict"] != theirs[name]["verdict"]]
    print(f"    where they differ ({len(differing)} of {len(ours)}):")
    for name in differing[:ROWS_SHOWN_MAX]:
        print(f"      {name:<26} {verdict(ours[name]):<26} {verdict(theirs[name])}")
    if len(differing) > ROWS_SHOWN_MAX:
        print(f"      … and {len(differing) - ROWS_SHOWN_MAX} more: linsock probe")
    SCREEN.good(f"{len(ours)} features asked of both kernels")


def main(arguments: list[str]) -> int:
    """BUILD KERNEL; 0 only if everything compared equal."""
    build, kernel = Path(arguments[0]), arguments[1]
    linsock = build / "tools/linsock"
    begin = time.monotonic()
    cli.catch_signals()
    try:
        guest = Guest(build, open_kernel(kernel, paths.kernels()))
        show_bytes(linsock)
        show_can(guest)
        show_probe(linsock, guest)
    except (Unequal, LabError, OSError, subprocess.SubprocessError) as error:
        SCREEN.line(f"  {SCREEN.paint('31', '✘')} {error}")
        print(f"\ndemo: failed: {error}", file=sys.stderr)
        return 1
    print(f"\n{SCREEN.paint('1;32', 'All compared equal')}, "
          f"{time.monotonic() - begin:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
