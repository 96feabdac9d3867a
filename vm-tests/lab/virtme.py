# SPDX-License-Identifier: MIT
"""Guests of virtme-ng: the host's own root, one boot for all jobs of a kernel.

vng boots the kernel in its own way and runs our agent instead of a shell; the agent
then takes jobs as it does in a clone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from . import initramfs, paths, template
from .errors import LabError
from .kernel import Kernel
from .payload import locked, stamp
from .qemu import PORTS, Emulator, Machine, can_options, find_qemu, port_options
from .run import Guest, Job, Result, try_twice
from .session import Session, Sink

# From vng's start to its QEMU's: it makes an initramfs, on a host that may be busy.
CONNECT_LIMIT_S = 240
# Fifteen seconds of a processor, and more of a busy one.
BOOT_LIMIT_S = 600
REMEDY = "install virtme-ng, or have scripts/setup virtme fetch it"
# vng's own console says nothing, and a kernel has no second serial one.
APPEND = ("console=hvc0 loglevel=3 unknown_nmi_panic=1 no_timer_check norandmaps tsc=reliable "
          "cryptomgr.notests=1 watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300")
# Whoever reads from us sees our end, however it comes.
UNDERTAKER = 'read -r _; kill -KILL "-$1" 2>/dev/null; rm -rf -- "$2"'
# What vng puts into a line for the shell.
PLAIN_PATH = re.compile(r"[\w./+-]+")


def vng_environment() -> dict[str, str]:
    """The variables to call vng with: that of the host, or the one that was fetched."""
    environment = dict(os.environ)
    if shutil.which("vng"):
        return environment
    fetched = paths.store() / "virtme-ng/usr"
    if not (fetched / "bin/vng").is_file():
        raise LabError(f"vng is missing: {REMEDY}")
    environment["PATH"] = f"{fetched}/bin:{environment['PATH']}"
    environment["PYTHONPATH"] = f"{fetched}/lib/python3/dist-packages"
    return environment


def kernel_version(image: Path) -> str:
    """The version that a kernel image tells of itself, which its modules' folder is named by."""
    data = image.read_bytes()
    if data[0x202:0x206] == b"HdrS":
        begin = int.from_bytes(data[0x20E:0x210], "little") + 0x200
        return data[begin:begin + 128].split(b"\0")[0].split()[0].decode()
    match = re.search(rb"Linux version (\S+)", data)
    if match is None:
        raise LabError(f"{image} does not tell its version")
    return match.group(1).decode()


def kernel_tree(kernel: Kernel, store: Path) -> Path:
    """A folder with the kernel as vng wants it: lib/modules beside it, with an index."""
    words = f"{stamp(kernel.image)} {kernel.modules_folder}"
    if kernel.modules_folder:
        words += stamp(kernel.modules_folder)
    key = hashlib.sha256(words.encode()).hexdigest()[:12]
    folder = store / "virtme" / f"{kernel.label}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / "lock"):
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(prefix=".make.", dir=folder.parent) as temporary:
                draft = Path(temporary, "tree")
                make_tree(kernel, draft)
                draft.rename(folder)
    return folder


def make_tree(kernel: Kernel, folder: Path) -> None:
    """Lay a kernel out; the modules themselves stay where they are."""
    folder.mkdir()
    shutil.copyfile(kernel.image, folder / "vmlinuz")
    if kernel.modules_folder is None:
        return
    version = kernel_version(kernel.image)
    modules = folder / "lib/modules" / version
    modules.mkdir(parents=True)
    (modules / "kernel").symlink_to((kernel.modules_folder / "kernel").resolve())
    for path in kernel.modules_folder.glob("modules.*"):
        shutil.copyfile(path, modules / path.name)
    if shutil.which("depmod") is None:
        raise LabError("depmod is missing: install kmod (scripts/setup virtme)")
    subprocess.run(["depmod", "-b", str(folder), version], check=True)


def vng_command(machine: Machine, agent: Path, folder: Path) -> list[str]:
    """The command; the ports are sockets in the folder."""
    for path in (machine.kernel, agent, folder):
        if not PLAIN_PATH.fullmatch(str(path)):
            raise LabError(f"vng does not get along with the name {path}: move it, or set "
                           "LINSOCK_DEPS or TMPDIR")
    ports = port_options({name: f"path={folder}/{name}" for name in ("monitor", "console", *PORTS)})
    options = [*ports, "-device", "virtconsole,bus=lab.0,chardev=lab-console", *can_options(machine), "-action", "panic=none"]
    # 9p at once: for root, vng takes QEMU's own virtiofsd for the one that it wants, and
    # waits three seconds in vain.
    return ["vng", "--run", str(machine.kernel), "--disable-microvm", "--force-9p",
            *(["--disable-kvm"] if machine.accel != "kvm" else []),
            "--qemu", find_qemu(), "--cpus", str(machine.smp),
            "--memory", f"{machine.memory_mib}M", "--append", APPEND,
            f"--qemu-opts={' '.join(options)}", "--exec", f"exec {agent} {folder}/modules"]


class Vng(Emulator):
    """vng with the QEMU that it starts, which inherits nothing of ours."""

    def __init__(self, machine: Machine, files: dict[str, bytes]) -> None:
        super().__init__(machine)
        environment = vng_environment()
        self.folder = Path(tempfile.mkdtemp(prefix="linsock-vm-"))
        self._undertaker: subprocess.Popen[bytes] | None = None
        try:
            (self.folder / "modules").mkdir()
            for name, data in files.items():
                (self.folder / "modules" / name).write_bytes(data)
            listeners = {name: self._listen(name) for name in ("monitor", "console", *PORTS)}
            self._start(environment)
            for name, listener in listeners.items():
                self.ports[name] = self._accept(listener)
        except BaseException:
            self.end()
            raise
        self.greet()

    def _listen(self, name: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / name))
        listener.listen()
        return listener

    def _start(self, environment: dict[str, str]) -> None:
        command = vng_command(self.machine, paths.agent(), self.folder)
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/",
                env={**environment, "TMPDIR": str(self.folder)}, start_new_session=True)
        self._undertaker = subprocess.Popen(
            ["sh", "-c", UNDERTAKER, "sh", str(self.process.pid), str(self.folder)],
            stdin=subprocess.PIPE, start_new_session=True)

    def _accept(self, listener: socket.socket) -> socket.socket:
        listener.settimeout(0.2)
        deadline = time.monotonic() + CONNECT_LIMIT_S
        with listener:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    end, _ = listener.accept()
                except TimeoutError:
                    continue
                end.setblocking(True)
                return end
        raise LabError(f"vng did not start: {self.complaint() or 'it said nothing'}")

    def complaint(self) -> str:
        """What vng printed, or QEMU in it."""
        return (self.folder / "said").read_text(errors="replace")[-3000:].strip()

    def end(self) -> None:
        """End all that vng started, and remove its folder."""
        if self._undertaker is None:
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        assert self._undertaker.stdin is not None
        self._undertaker.stdin.close()
        self._undertaker.wait()
        self.process.wait()
        for end in self.ports.values():
            end.close()


class Host:
    """The machine that runs a kernel's jobs one after another, as long as it is well."""

    def __init__(self, kernel: Kernel, needs: list[str], shape: Machine, store: Path) -> None:
        self.kernel = kernel
        self.needs = needs
        self.shape = shape
        self.store = store
        self._vng: Vng | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the machine; the next job boots another one."""
        if self._vng:
            self._vng.end()
            self._vng = None

    def run(self, job: Job, sinks: dict[str, Sink]) -> Result:
        """Run a job; a machine that was lost is replaced once."""
        with self._lock:
            return try_twice(lambda: self._attempt(job, sinks))

    def begin(self, session: Session, message: bytes) -> None:
        """Have the guest run the job of the message."""
        session.send(message)

    def _boot(self) -> Vng:
        machine = template.complete(self.shape, self.kernel, self.store)
        tree = kernel_tree(self.kernel, self.store)
        wanted = template.modules_wanted(self.kernel, self.needs, machine)
        files = dict(initramfs.module_files(self.kernel.modules.resolve(wanted)))
        qemu = Vng(dataclasses.replace(machine, kernel=tree / "vmlinuz"), files)
        session = Session(qemu)
        try:
            template.wait_ready(session, BOOT_LIMIT_S)
        except BaseException as error:
            said = qemu.complaint()
            qemu.end()
            if isinstance(error, LabError) and said:
                raise type(error)(f"{error}\nvng said:\n{said}") from error
            raise
        finally:
            session.close()
        return qemu

    def _attempt(self, job: Job, sinks: dict[str, Sink]) -> Result:
        begin = time.monotonic()
        self._vng = self._vng or self._boot()
        guest = Guest(self, self._vng, sinks, begin)
        try:
            guest.drive(job, 1)
            result = guest.verdict(begin)
        except BaseException:
            self.close()
            raise
        finally:
            guest.session.close()
        if result.reason or result.faults:
            self.close()
        return result
