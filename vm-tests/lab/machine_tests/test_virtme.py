# SPDX-License-Identifier: MIT
"""`vm run --runner virtme`: the interface of the other runners, in one boot of virtme-ng."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lab import paths
from lab.errors import EXIT_KERNEL_FAULT, EXIT_LAB

from .test_run import KERNEL, LIMIT_S, VM, Folder, is_machine, sh, vm

MEMORY_MIB = 512
FOLDER = '''#!/bin/sh
pwd
echo "$GREETING"
test -d /sys/module/vcan && test ! -e {host} && test -e {here} || exit 1
echo x >{here}/written
'''
BOOT_ID = "#!/bin/sh\ncat /proc/sys/kernel/random/boot_id\necho err >&2\nexit 3\n"
HANG = '''#!/bin/sh
echo '<4>WARNING: CPU: 0 PID: 1 at net/x.c:1 hanging+0x1/0x2' >/dev/kmsg
echo begun
exec sleep 100000
'''


class Virtme(Folder):
    def setUp(self) -> None:
        super().setUp()
        # Where a run puts its own folder.
        os.environ["TMPDIR"] = str(self.folder)
        self.addCleanup(os.environ.pop, "TMPDIR")
        if not shutil.which("vng") and not (paths.store() / "virtme-ng/usr/bin/vng").exists():
            self.skipTest("virtme-ng is neither installed nor fetched: scripts/setup virtme")

    def test_one_boot_runs_all_as_the_other_runners_do(self) -> None:
        report = self.folder / "x.json"
        boots = [self.program(name, BOOT_ID) for name in ("first", "second")]
        folder = self.program("folder", FOLDER.format(host="/sys/module/no_such", here=self.folder))
        hang = self.program("hang", HANG)
        done = vm("run", "--runner", "virtme", "--kernel", KERNEL, "--need", "vcan",
                  "--memory", str(MEMORY_MIB), "--env", "GREETING=hello there",
                  "--timeout", "45", "--json", str(report), "--each", "--",
                  *boots, folder, hang)
        self.assertEqual(done.returncode, EXIT_KERNEL_FAULT, done.stderr)
        first, second, third, last = json.loads(report.read_text())["tests"]
        self.assertEqual([one["status"] for one in (first, second, third)], [3, 3, 0], done.stderr)
        self.assertEqual(first["errors"], "err\n")
        self.assertEqual(first["output"], second["output"])
        host = Path("/proc/sys/kernel/random/boot_id").read_text()
        self.assertNotEqual(first["output"], host)
        self.assertEqual(third["output"], f"{os.getcwd()}\nhello there\n")
        # What the guest writes stays its own.
        self.assertFalse((self.folder / "written").exists())
        self.assertIn("time limit", last["reason"])
        self.assertIn("hanging", json.dumps(last["faults"]))
        self.assertIn("Call Trace", last["console"])
        self.assertEqual(self.machines(), [])
        self.assertEqual(self.folders(), [])

    def test_nothing_is_left_of_a_killed_run(self) -> None:
        process = subprocess.Popen(
            [VM, "run", "--runner", "virtme", "--kernel", KERNEL, "--memory",
             str(MEMORY_MIB), "--", "true"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_for(lambda: bool(self.machines()) or process.poll() is not None)
            self.assertIsNone(process.poll(), "it ended before it was killed")
        finally:
            process.kill()
            process.wait()
        self.wait_for(lambda: not self.machines() and not self.folders())

    def folders(self) -> list[Path]:
        """What a run has in the folder for temporary things."""
        return list(self.folder.glob("linsock-vm-*"))

    def machines(self) -> list[int]:
        """Those of the test: they are told the folder in which their sockets are."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if os.fsencode(self.folder) in path.read_bytes() and is_machine(int(path.parent.name)):
                    found.append(int(path.parent.name))
        return found

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not is_so():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_what_its_guest_cannot_have_is_refused(self) -> None:
        for options in (["--time-warp"], ["--machines", "2"], ["--file", "/etc/hosts"]):
            done = sh("true", "--runner", "virtme", *options)
            self.assertEqual(done.returncode, EXIT_LAB)
            self.assertIn(options[0], done.stderr)
            self.assertIn("--runner clone", done.stderr)
