# SPDX-License-Identifier: MIT
"""Use KVM only where a machine was seen to run under it.

/dev/kvm may exist and be unusable: QEMU then aborts, or hangs without a word.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from .payload import locked
from .qemu import find_qemu, qemu_identity

PROBE_LIMIT_S = 3

# A boot sector that writes 1 to the exit device: QEMU then ends with status 3.
BOOT_SECTOR = (bytes([0xB0, 0x01, 0xE6, 0xF4, 0xF4, 0xEB, 0xFD])
               .ljust(510, b"\0") + b"\x55\xaa")
STATUS_SEEN = 3


def probe() -> bool:
    """Run a few instructions of a guest under KVM."""
    with tempfile.NamedTemporaryFile(prefix="linsock-kvm-") as disk:
        disk.write(BOOT_SECTOR)
        disk.flush()
        command = [find_qemu(), "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-accel", "kvm", "-cpu", "host", "-m", "32",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
                   "-drive", f"file={disk.name},format=raw,if=ide"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=PROBE_LIMIT_S)
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == STATUS_SEEN


def choose_accel(store: Path) -> str:
    """`kvm` or `tcg`, by a verdict kept per host kernel and QEMU."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    name = os.uname()
    host = f"{name.nodename} {name.release} {name.version} {qemu_identity()}"
    verdict = store / f"accel-{hashlib.sha256(host.encode()).hexdigest()[:12]}"
    if not verdict.exists():
        store.mkdir(parents=True, exist_ok=True)
        with locked(store / "accel.lock"):
            if not verdict.exists():
                verdict.write_text("kvm" if probe() else "tcg")
    return verdict.read_text()
