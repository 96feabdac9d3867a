# SPDX-License-Identifier: MIT
"""`vm run` as its users meet it, with real kernels: what it returns, and what it leaves."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree
from pathlib import Path

from lab import paths
from lab.errors import EXIT_KERNEL_FAULT, EXIT_LAB, EXIT_SKIP, EXIT_TIMEOUT, EXIT_USAGE

VM = str(paths.HERE.parent / "vm")
KERNEL = "6.12"
LIMIT_S = 900


def vm(*words: str, **variables: str) -> subprocess.CompletedProcess:
    """Run the command; whatever becomes of it, nothing is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([VM, *words], capture_output=True, text=True, timeout=LIMIT_S,
                              env={**os.environ, **variables, "TMPDIR": folder}, check=False,
                              errors="replace")
        left = os.listdir(folder)
        # A machine that was killed is seen for a moment yet.
        deadline = time.monotonic() + LIMIT_S
        while machines_in(folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        if left or machines_in(folder):
            raise AssertionError(f"left behind: {left} {machines_in(folder)} of {words}")
    return done


def sh(script: str, *options: str, **variables: str) -> subprocess.CompletedProcess:
    """Run a shell's script in the usual kernel."""
    return vm("run", "--kernel", KERNEL, "--timeout", "480", *options, "--", "sh", "-c", script,
              **variables)


def is_machine(number: int) -> bool:
    """Whether this process is there and runs QEMU."""
    try:
        line = Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False
    return line.startswith((b"/usr/bin/qemu", b"qemu"))


def machines_in(folder: str) -> list[int]:
    """The machines that were started with this folder for temporary things."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={folder}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return [number for number in found if is_machine(number)]


def machines_of(parent: int) -> list[int]:
    """The children of a process that run QEMU."""
    found = []
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            if f"\nPPid:\t{parent}\n" in path.read_text():
                found.append(int(path.parent.name))
    return [number for number in found if is_machine(number)]


class Folder(unittest.TestCase):
    """A test with an empty folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def program(self, name: str, text: str, mode: int = 0o755) -> str:
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return str(path)


class Status(Folder):
    def test_output_and_status_of_the_program_are_passed_on(self) -> None:
        done = sh("echo out; echo err >&2; exit 3")
        self.assertEqual((done.returncode, done.stdout), (3, "out\n"))
        self.assertIn("err\n", done.stderr)

    def test_signal_is_told_as_a_shell_does(self) -> None:
        self.assertEqual(sh("kill -9 $$").returncode, 128 + 9)

    def test_program_that_is_not_there_is_told(self) -> None:
        done = vm("run", "--kernel", KERNEL, "--", "./no-such")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("no such program", done.stderr)

    def test_program_that_is_not_executable_names_the_remedy(self) -> None:
        done = vm("run", "--kernel", KERNEL, "--", self.program("x", "#!/bin/sh\n", 0o644))
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("chmod +x", done.stderr)

    def test_unknown_kernel_names_the_remedy(self) -> None:
        done = vm("run", "--kernel", "4.4", "--", "true")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("vm kernels --fetch 4.4", done.stderr)

    def test_package_without_modules_names_the_remedy(self) -> None:
        if shutil.which("dpkg-deb") is None:
            self.skipTest("dpkg-deb is not here")
        root = self.folder / "linux-image-9"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text("Package: linux-image-9\nVersion: 1\n"
                                             "Architecture: all\nMaintainer: a <a@b>\n"
                                             "Description: x\n")
        (root / "boot").mkdir()
        (root / "boot/vmlinuz-9").write_bytes(b"x")
        subprocess.run(["dpkg-deb", "-b", str(root)], check=True, stdout=subprocess.DEVNULL)
        done = vm("run", "--kernel", f"{root}.deb", "--", "true")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("holds no modules: name the package with the modules as well", done.stderr)
        unpacked = paths.kernels() / "unpacked"
        self.assertFalse(unpacked.is_dir() and any(unpacked.glob("linux-image-9*")))

    def test_arguments_that_make_no_sense_are_refused(self) -> None:
        for words in (["run"], ["run", "--kernel", KERNEL], ["walk"],
                      ["run", "--jobs", "0", "--kernel", KERNEL, "--", "true"]):
            self.assertEqual(vm(*words).returncode, EXIT_USAGE, words)

    def test_files_of_one_run_are_not_seen_by_the_next(self) -> None:
        script = "test ! -e /etc/mark && touch /etc/mark"
        self.assertEqual([sh(script).returncode for _ in range(3)], [0, 0, 0])

    def test_random_numbers_of_clones_differ(self) -> None:
        script = "head -c 16 /dev/urandom | md5sum"
        self.assertNotEqual(sh(script).stdout, sh(script).stdout)

    def test_image_without_its_modules_names_what_is_missing(self) -> None:
        # Debian's image has ext4 in a module, so that it is told what is missing.
        image = next((paths.kernels() / KERNEL).rglob("vmlinuz*"))
        done = vm("run", "--kernel", str(image), "--timeout", "20", "--", "true")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("an image alone needs virtio, ext4 and overlay built in", done.stderr)


class Needs(Folder):
    def test_module_of_a_feature_is_loaded(self) -> None:
        done = sh("linsock probe --require can.isotp", "--need", "can.isotp")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_module_that_has_no_alias_is_found_where_no_list_of_modules_is(self) -> None:
        # One of the two is a template, which is made of what its name does not say.
        done = vm("run", "--kernel", "7", "--need", "alg.hash.sha256,alg.aead.gcm(aes)", "--",
                  "true")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_missing_feature_is_a_skip_with_its_errno(self) -> None:
        done = sh("true", "--need", "family.decnet")
        self.assertEqual(done.returncode, EXIT_SKIP)
        self.assertIn("family.decnet: absent (EAFNOSUPPORT)", done.stderr)

    def test_missing_module_is_a_skip(self) -> None:
        done = sh("true", "--need", "no_such_module")
        self.assertEqual(done.returncode, EXIT_SKIP)
        self.assertIn("no_such_module", done.stderr)

    def test_unknown_feature_suggests_the_known_one(self) -> None:
        done = sh("true", "--need", "can.isotpp")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("did you mean can.isotp", done.stderr)


class Reports(Folder):
    def test_several_kernels_and_programs_are_reported(self) -> None:
        good = self.program("good", "#!/bin/sh\necho 1..1; echo ok 1 - fine\n")
        bad = self.program("bad", "#!/bin/sh\necho 3 passed, 1 failed; exit 1\n")
        done = vm("run", "--kernel", "6.1", KERNEL, "--each", "--jobs", "2", "--tap",
                  "--junit", str(self.folder / "x.xml"), "--json", str(self.folder / "x.json"),
                  "--", good, bad)
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", "1..4"])
        self.assertIn("ok 1 - good [6.1]", lines)
        self.assertIn("not ok 4 - bad [6.12]", lines)
        found = json.loads((self.folder / "x.json").read_text())
        self.assertEqual([one["outcome"] for one in found["tests"]],
                         ["passed", "failed", "passed", "failed"])
        self.assertEqual(found["tests"][1]["counts"]["passed"], 3)
        root = xml.etree.ElementTree.parse(self.folder / "x.xml").getroot()
        self.assertEqual([suite.get("name") for suite in root], ["6.1", "6.12"])


class Faults(Folder):
    def test_hang_is_ended_with_a_backtrace(self) -> None:
        done = sh("while :; do :; done", "--timeout", "3")
        self.assertEqual(done.returncode, EXIT_TIMEOUT)
        self.assertIn("time limit of 3 s", done.stderr)
        self.assertIn("NMI", done.stderr)

    def test_warning_in_the_log_fails_a_good_program(self) -> None:
        done = sh('echo "<4>WARNING: CPU: 0 PID: 1 at net/x.c:1 x_bind+0x1/0x2" >/dev/kmsg')
        self.assertEqual(done.returncode, EXIT_KERNEL_FAULT)
        self.assertIn("fingerprint x_bind", done.stderr)

    def test_ignored_fault_needs_a_reason(self) -> None:
        script = 'echo "<4>WARNING: CPU: 0 PID: 1 at net/x.c:1 x_bind+0x1/0x2" >/dev/kmsg'
        path = self.folder / "ignored"
        path.write_text("^x_bind$  # seen since 6.1, harmless\n")
        self.assertEqual(sh(script, "--ignore", str(path)).returncode, 0)
        path.write_text("^x_bind$\n")
        done = sh(script, "--ignore", str(path))
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("no reason", done.stderr)

    def test_crash_is_tried_again_and_stays_a_fault(self) -> None:
        report = self.folder / "x.json"
        done = sh("echo c >/proc/sysrq-trigger", "--json", str(report))
        self.assertEqual(done.returncode, EXIT_KERNEL_FAULT, done.stderr)
        one, = json.loads(report.read_text())["tests"]
        self.assertIn("Kernel panic", one["console"])
        self.assertTrue(one["retried"])

    def test_flood_of_the_log_is_survived(self) -> None:
        done = sh("i=0; while [ $i -lt 60000 ]; do echo 'flood flood flood flood flood'; "
                  "i=$((i+1)); done >/dev/kmsg; exit 4")
        self.assertEqual(done.returncode, 4, done.stderr)

    def test_flood_of_output_is_passed_on_and_cut_in_the_report(self) -> None:
        report = self.folder / "x.json"
        done = sh("yes 0123456789abcde | head -c 8000000", "--json", str(report))
        self.assertEqual((done.returncode, len(done.stdout)), (0, 8000000))
        one, = json.loads(report.read_text())["tests"]
        self.assertLess(len(one["output"]), 2 << 20)
        self.assertIn("[cut:", one["output"])

    def test_full_disk_is_the_guests_own(self) -> None:
        done = sh("dd if=/dev/zero of=/big bs=1M 2>/dev/null; echo $?; df / | tail -n 1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("1\n"))
        self.assertEqual(sh("test ! -e /big").returncode, 0)


class Host(Folder):
    def path_with(self, *programs: str) -> str:
        """A PATH of these programs alone."""
        for name in programs:
            found = shutil.which(name)
            if found:
                (self.folder / name).symlink_to(found)
        return str(self.folder)

    def run_direct(self, path: str, *words: str) -> subprocess.CompletedProcess:
        """Run the laboratory with a PATH that it does not widen."""
        code = ("import sys; sys.path.insert(0, sys.argv.pop(1)); from lab import cli; "
                "cli.SYSTEM_PATH = ''; sys.exit(cli.main())")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, "-c", code, str(paths.HERE.parent), *words],
                                  capture_output=True, text=True, timeout=LIMIT_S, check=False,
                                  env={**os.environ, "PATH": path, "TMPDIR": folder})
            self.assertEqual((os.listdir(folder), machines_in(folder)), ([], []))
        return done

    def test_missing_emulator_names_the_remedy(self) -> None:
        done = self.run_direct(self.path_with("mke2fs"), "run", "--kernel", KERNEL, "--", "true")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("install qemu-system-x86", done.stderr)

    def test_old_emulator_is_refused(self) -> None:
        path = self.path_with("mke2fs", "ldd", "busybox", "bash", "sh", "cat", "cp")
        self.program("qemu-system-x86_64", "#!/bin/sh\necho 'QEMU emulator version 4.2.1'\n")
        done = self.run_direct(path, "run", "--kernel", KERNEL, "--", "sh", "-c", "true")
        self.assertEqual(done.returncode, EXIT_LAB, done.stderr)
        self.assertIn("QEMU 4.2 is too old", done.stderr)

    def test_no_room_for_the_template_is_told(self) -> None:
        store = self.folder / "store"
        store.mkdir()
        # Locks stay, which are empty: whatever else was begun is gone.
        script = (f"mount -t tmpfs -o size=300m none {store} && {{ {VM} run --kernel "
                  f"{paths.kernels() / KERNEL} -- true; status=$?; find {store}/vm/templates "
                  f"{store}/vm/warm ! -name '*.lock' -mindepth 1 2>/dev/null; exit $status; }}")
        probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("user namespaces are not to be had")
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True,
                              text=True, timeout=LIMIT_S, check=False,
                              env={**os.environ, "LINSOCK_DEPS": str(store)})
        self.assertEqual(done.returncode, EXIT_LAB, done.stderr)
        self.assertIn("no room for a template", done.stderr)
        self.assertIn("LINSOCK_DEPS", done.stderr)
        self.assertEqual(done.stdout, "")


class Killed(Folder):
    def left_behind(self, number: int) -> None:
        """End a run by a signal, and look for what is left of it."""
        process = subprocess.Popen(
            [VM, "run", "--kernel", KERNEL, "--", "sh", "-c", "echo here; sleep 10000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(self.folder)})
        assert process.stdout is not None
        self.assertEqual(process.stdout.readline(), b"here\n")
        machines = machines_of(process.pid)
        self.assertEqual(len(machines), 1)
        process.send_signal(number)
        process.wait(LIMIT_S)
        process.stdout.close()
        deadline = time.monotonic() + LIMIT_S
        while any(map(is_machine, machines)) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(any(map(is_machine, machines)))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_nothing_is_left_of_a_terminated_run(self) -> None:
        self.left_behind(signal.SIGTERM)

    def test_nothing_is_left_of_a_killed_run(self) -> None:
        self.left_behind(signal.SIGKILL)


class Clock(Folder):
    def test_hour_of_sleep_costs_seconds_and_is_the_same_each_time(self) -> None:
        script = "date; cat /proc/uptime; sleep 3600; cut -d. -f1 /proc/uptime; date"
        first, second = (sh(script, "--time-warp") for _ in range(2))
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout.splitlines()[0], "Tue Jan  1 00:00:00 UTC 2030")
        self.assertEqual(first.stdout, second.stdout)

    def test_warped_machines_have_no_network(self) -> None:
        done = sh("true", "--time-warp", "--machines", "2")
        self.assertEqual(done.returncode, EXIT_LAB)
        self.assertIn("--time-warp is for one machine", done.stderr)


class Boot(Folder):
    def test_machine_may_be_booted_afresh(self) -> None:
        done = sh("uname -r", "--runner", "boot")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(KERNEL))


class Guide(Folder):
    """The commands of docs/kernel-testing.md are run as they stand there."""

    def blocks(self) -> list[str]:
        assert paths.SOURCE is not None
        text = (paths.SOURCE / "docs/kernel-testing.md").read_text()
        return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)

    def run_block(self, text: str) -> subprocess.CompletedProcess:
        (self.folder / "linsock").symlink_to(paths.linsock())
        search = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(["sh", "-e", "-c", text], capture_output=True, text=True,
                              timeout=LIMIT_S, cwd=self.folder, check=False,
                              env={**os.environ, "PATH": search})

    def test_ten_lines_lead_to_a_test_on_three_kernels(self) -> None:
        block = self.blocks()[0]
        self.assertLessEqual(len(block.splitlines()), 11)
        done = self.run_block(block)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("123#DEADBEEF"), 3)

    def test_machines_of_each_kind_do_what_is_said(self) -> None:
        done = self.run_block(self.blocks()[1])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 packets received", done.stdout)
        self.assertEqual(done.stdout.count("state STOPPED"), 2)

    def test_ci_file_uses_the_same_command(self) -> None:
        assert paths.SOURCE is not None
        text = (paths.SOURCE / "docs/kernel-testing.md").read_text()
        line = next(line for line in text.splitlines() if "--junit kernels.xml" in line)
        script = self.blocks()[0].split("linsock vm run")[0]
        done = self.run_block(script + line.strip().removeprefix("- ") + "\ncat kernels.xml")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("<testsuite "), 3)
