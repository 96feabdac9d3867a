# SPDX-License-Identifier: MIT
"""Use KVM only where the kernel was seen to boot under it.

/dev/kvm may exist and be unusable: QEMU then aborts, or hangs without a word.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from .payload import locked, stamp
from .qemu import find_qemu, qemu_identity

PROBE_LIMIT_S = 3

# A boot sector that writes 1 to the exit device: QEMU then ends with status 3.
BOOT_SECTOR = (bytes([0xB0, 0x01, 0xE6, 0xF4, 0xF4, 0xEB, 0xFD])
               .ljust(510, b"\0") + b"\x55\xaa")
STATUS_SEEN = 3
# How a kernel ends that was given no root.
PANIC = b"Kernel panic - not syncing"


def probe() -> bool:
    """Run a few instructions of a guest under KVM."""
    with tempfile.NamedTemporaryFile(prefix="linsock-kvm-") as disk:
        disk.write(BOOT_SECTOR)
        disk.flush()
        done = run_guest(["-m", "32", "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
                          "-drive", f"file={disk.name},format=raw,if=ide"])
    return done is not None and done.returncode == STATUS_SEEN


def probe_kernel(image: Path) -> bool:
    """Boot a kernel under KVM until it has nothing to boot into, which ends the machine."""
    done = run_guest(["-m", "512", "-kernel", str(image), "-serial", "stdio",
                      "-append", "console=ttyS0 quiet panic=-1 reboot=t"])
    return done is not None and done.returncode == 0 and PANIC in done.stdout


def run_guest(options: list[str]) -> subprocess.CompletedProcess[bytes] | None:
    """A machine under KVM from its start to its end; None where it does not come."""
    command = [find_qemu(), "-nodefaults", "-no-user-config", "-display", "none",
               "-no-reboot", "-accel", "kvm", "-cpu", "host", *options]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              timeout=PROBE_LIMIT_S)
    except subprocess.TimeoutExpired:
        return None


def verdict(store: Path, words: str, ask: Callable[[], bool]) -> bool:
    """What was found once, for as long as the words hold."""
    path = store / f"accel-{hashlib.sha256(words.encode()).hexdigest()[:12]}"
    if not path.exists():
        store.mkdir(parents=True, exist_ok=True)
        with locked(store / "accel.lock"):
            if not path.exists():
                path.write_text("kvm" if ask() else "tcg")
    return path.read_text() == "kvm"


def choose_accel(store: Path, image: Path) -> str:
    """`kvm` or `tcg`: KVM must run a guest at all, and this kernel in it."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    name = os.uname()
    host = f"{name.nodename} {name.release} {name.version} {qemu_identity()}"
    if not verdict(store, host, probe):
        return "tcg"
    known = f"{host} {stamp(image)}"
    return "kvm" if verdict(store, known, lambda: probe_kernel(image)) else "tcg"
