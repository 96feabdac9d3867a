# SPDX-License-Identifier: MIT
import os
import tempfile
import unittest
from pathlib import Path

from lab import kvm

# Answers as QEMU does for a boot sector, and for a kernel as its name tells.
QEMU = """#!/bin/sh
echo "$@" >>{calls}
case "$*" in
*isa-debug-exit*) exit {sector} ;;
*good*) echo 'Kernel panic - not syncing: VFS: Unable to mount root fs' ;;
*silent*) ;;
*refused*) echo 'Kernel panic - not syncing'; exit 134 ;;
esac
"""


class Verdict(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.calls = self.folder / "calls"
        path, access = os.environ["PATH"], os.access
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = f"{self.folder}:{path}"
        kvm.os.access = lambda *_: True  # type: ignore[assignment]
        self.addCleanup(setattr, os, "access", access)
        limit, kvm.PROBE_LIMIT_S = kvm.PROBE_LIMIT_S, 60
        self.addCleanup(setattr, kvm, "PROBE_LIMIT_S", limit)

    def accel(self, name: str, sector: int = kvm.STATUS_SEEN) -> str:
        qemu = self.folder / "qemu-system-x86_64"
        if not qemu.exists():
            qemu.write_text(QEMU.format(calls=self.calls, sector=sector))
            qemu.chmod(0o755)
        image = self.folder / name
        if not image.exists():
            image.touch()
        return kvm.choose_accel(self.folder / "store", image)

    def count(self) -> int:
        return len(self.calls.read_text().splitlines())

    def test_kernel_that_booted_gets_kvm(self) -> None:
        self.assertEqual(self.accel("good"), "kvm")

    def test_kernel_that_said_nothing_does_not(self) -> None:
        self.assertEqual(self.accel("silent"), "tcg")

    def test_machine_that_was_aborted_does_not(self) -> None:
        self.assertEqual(self.accel("refused"), "tcg")

    def test_verdict_is_kept_for_each_kernel(self) -> None:
        self.assertEqual([self.accel(name) for name in ("good", "good", "silent", "good")],
                         ["kvm", "kvm", "tcg", "kvm"])
        self.assertEqual(self.count(), 3)

    def test_no_kernel_is_tried_where_no_guest_runs(self) -> None:
        self.assertEqual([self.accel("good", 134), self.accel("silent")], ["tcg", "tcg"])
        self.assertEqual(self.count(), 1)

    def test_hang_ends_at_the_limit(self) -> None:
        kvm.PROBE_LIMIT_S = 1
        (self.folder / "qemu-system-x86_64").write_text("#!/bin/sh\nexec sleep 1000\n")
        (self.folder / "qemu-system-x86_64").chmod(0o755)
        self.assertEqual(self.accel("good"), "tcg")
