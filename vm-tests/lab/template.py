# SPDX-License-Identifier: MIT
"""Booted kernels, kept: made once per kernel and module set, cloned per run."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import initramfs, kvm
from .errors import LabError
from .kernel import Kernel
from .payload import IMAGE_MIB, locked
from .qemu import Machine, Qemu, qemu_version
from .session import Session

BOOT_LIMIT_S = 120
KEPT_TEMPLATES_MAX = 12
FORMAT = 1

# What the agent itself needs. Those that a kernel has built in are left out.
DRIVERS = ("virtio_pci", "virtio_blk", "virtio_console", "ext4", "overlay")

AGENT = Path(__file__).with_name("agent.sh")


@dataclasses.dataclass(frozen=True)
class Template:
    """A machine that waits for a job."""

    machine: Machine
    folder: Path

    @property
    def ram(self) -> Path:
        """The guest's memory."""
        return self.folder / "ram"

    @property
    def state(self) -> Path:
        """The state of the devices."""
        return self.folder / "state"

    def start(self, disk: Path) -> Qemu:
        """A clone that has read its job's disk instead of the template's."""
        qemu = Qemu(self.machine, disk, self.ram, is_clone=True)
        try:
            qemu.restore(self.state)
        except BaseException:
            qemu.end()
            raise
        return qemu


def modules_wanted(kernel: Kernel, needs: list[str]) -> list[str]:
    """Needs, and the drivers that this kernel does not have built in.

    Of the needs that end in "?" only those that the kernel has.
    """
    return [name for name in DRIVERS if not kernel.modules.missing([name])] + [
        name for name in needs if not name.endswith("?") or not kernel.modules.missing([name])]


def identity(kernel: Kernel, wanted: list[str], machine: Machine) -> str:
    """Whatever a template depends on, in one word."""
    digest = hashlib.sha256()
    files = [kernel.image, *([kernel.modules_folder] if kernel.modules_folder else [])]
    for path in files:
        status = path.stat()
        digest.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    digest.update(f"{FORMAT} {sorted(wanted)} {machine.describe()} {qemu_version()}\n".encode())
    digest.update(AGENT.read_bytes())
    digest.update(initramfs.find_busybox().read_bytes())
    return digest.hexdigest()[:20]


def make_initramfs(kernel: Kernel, wanted: list[str], path: Path) -> None:
    """Write the initramfs with the agent and the modules."""
    steps = kernel.modules.resolve(wanted)
    path.write_bytes(initramfs.build(AGENT.read_bytes(), steps))


def blank_disk(folder: Path) -> Path:
    """What stands in the payload's place while a template boots."""
    path = folder / "blank"
    with path.open("wb") as file:
        file.truncate(IMAGE_MIB << 20)
    return path


def wait_ready(session: Session) -> None:
    """Wait for the agent, and for every module that was asked for."""
    deadline = time.monotonic() + BOOT_LIMIT_S
    if not session.wait(lambda: session.words("ready") is not None, deadline):
        raise LabError("the kernel did not boot to the agent; its console said:\n"
                       + session.console()[-3000:])
    failed = session.words("ready")
    if failed:
        raise LabError("the kernel refused to load: " + ", ".join(failed))


def boot_template(template: Template, disk: Path) -> None:
    """Boot once and save what is there."""
    with template.ram.open("wb") as file:
        file.truncate(template.machine.memory_mib << 20)
    with Qemu(template.machine, disk, template.ram) as qemu:
        session = Session(qemu)
        try:
            wait_ready(session)
            # The log stream drains the boot's messages; none is to wait in a clone.
            session.drain(0.2)
        finally:
            session.close()
        qemu.save(template.state)


def make(kernel: Kernel, wanted: list[str], machine: Machine, folder: Path) -> None:
    """Make a template in a folder that appears whole or not at all."""
    temporary = Path(tempfile.mkdtemp(prefix=".make.", dir=folder.parent))
    try:
        make_initramfs(kernel, wanted, temporary / "initramfs")
        draft = Template(dataclasses.replace(machine, initramfs=temporary / "initramfs"),
                         temporary)
        boot_template(draft, blank_disk(temporary))
        temporary.rename(folder)
    except OSError as error:
        raise LabError(f"the template could not be made in {folder.parent} (is there "
                       f"room?): {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def ready_template(kernel: Kernel, needs: list[str], store: Path, smp: int = 1,
                   memory_mib: int = 512) -> Iterator[Template]:
    """A template for the kernel, made if it is not there; held while in use."""
    machine = Machine(kernel.image, Path(), kvm.choose_accel(store), smp, memory_mib)
    wanted = modules_wanted(kernel, needs)
    kernel.modules.require(wanted)
    key = identity(kernel, wanted, machine)
    folder = store / "templates" / f"{kernel.label}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.parent / f"{folder.name}.lock"
    with locked(lock):
        if not (folder / "state").exists():
            make(kernel, wanted, machine, folder)
            forget_old(folder.parent, folder)
    with locked(lock, fcntl.LOCK_SH):
        os.utime(folder)
        machine = dataclasses.replace(machine, initramfs=folder / "initramfs")
        yield Template(machine, folder)


def forget_old(store: Path, keep: Path) -> None:
    """Remove the templates that were not used for longest and are not in use."""
    folders = sorted((path for path in store.iterdir() if path.is_dir()
                      and not path.name.startswith(".") and path != keep),
                     key=lambda path: -path.stat().st_mtime)
    for path in folders[KEPT_TEMPLATES_MAX - 1:]:
        with (store / f"{path.name}.lock").open("a") as lock:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
