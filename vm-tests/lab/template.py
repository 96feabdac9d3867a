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

from . import initramfs, kvm, paths
from .errors import LabError, NeedError
from .kernel import Kernel
from .payload import IMAGE_MIB, locked
from .qemu import Machine, Qemu, check_version, qemu_identity
from .session import Session

BOOT_LIMIT_S = 120
KEPT_TEMPLATES_MAX = 16
FORMAT = 2
# Disk space that a booted kernel and its modules take at most, besides the memory.
ROOM_MIB = 64

# What the agent itself needs. Those that a kernel has built in are left out.
DRIVERS = ("virtio_pci", "virtio_blk", "virtio_console", "ext4", "overlay")


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


def drivers(machine: Machine) -> list[str]:
    """What the machine's devices want."""
    return [*DRIVERS, *(["virtio_net"] if machine.has_network else []),
            *(["kvaser_pci"] if machine.can_controllers else [])]


def modules_wanted(kernel: Kernel, needs: list[str], machine: Machine) -> list[str]:
    """Needs, and the drivers that this kernel does not have built in.

    Of the needs that end in "?" only those that the kernel has.
    """
    return [name for name in drivers(machine) if not kernel.modules.missing([name])] + [
        name for name in needs if not name.endswith("?") or not kernel.modules.missing([name])]


def identity(kernel: Kernel, needs: list[str], machine: Machine) -> str:
    """Whatever a template depends on, in one word; no module is looked at."""
    digest = hashlib.sha256()
    files = [kernel.image, *([kernel.modules_folder] if kernel.modules_folder else []),
             paths.agent()]
    for path in files:
        status = path.stat()
        digest.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    digest.update(f"{FORMAT} {sorted(needs)} {machine.describe()} {qemu_identity()}\n".encode())
    return digest.hexdigest()[:20]


def make_initramfs(kernel: Kernel, wanted: list[str], path: Path) -> None:
    """Write the initramfs with the agent and the modules."""
    steps = kernel.modules.resolve(wanted)
    path.write_bytes(initramfs.build(paths.agent().read_bytes(), steps))


def blank_disk(folder: Path) -> Path:
    """What stands in the payload's place while a template boots."""
    path = folder / "blank"
    with path.open("wb") as file:
        file.truncate(IMAGE_MIB << 20)
    return path


def check_room(folder: Path, machine: Machine) -> None:
    """A full disk would end QEMU by a signal, without a word."""
    status = os.statvfs(folder)
    free_mib = status.f_bavail * status.f_frsize >> 20
    need_mib = machine.memory_mib + ROOM_MIB
    if free_mib < need_mib:
        raise LabError(f"no room for a template in {folder}: {free_mib} MiB are free, {need_mib} "
                       "MiB may be needed; make room, or name another folder by LINSOCK_DEPS")


def wait_ready(session: Session) -> None:
    """Wait for the agent, and for every module that was asked for."""
    deadline = time.monotonic() + BOOT_LIMIT_S
    if not session.wait(lambda: session.words("ready") is not None, deadline):
        said = session.console()[-3000:].strip() or "nothing"
        raise LabError("the kernel did not boot to the agent (does it have virtio, ext4 and "
                       f"overlay?); its console said:\n{said}")
    failed = session.words("ready")
    if failed:
        raise NeedError("the kernel refused to load: " + ", ".join(
            text.replace("=", " (") + ")" for text in failed))


def boot_template(template: Template, disk: Path) -> None:
    """Boot once and save what is there."""
    with template.ram.open("wb") as file:
        file.truncate(template.machine.memory_mib << 20)
    with Qemu(template.machine, disk, template.ram) as qemu:
        session = Session(qemu)
        try:
            wait_ready(session)
        finally:
            session.close()
        qemu.save(template.state)


def make(kernel: Kernel, wanted: list[str], machine: Machine, folder: Path) -> None:
    """Make a template in a folder that appears whole or not at all."""
    check_version()
    check_room(folder.parent, machine)
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


def complete(machine: Machine, kernel: Kernel, store: Path) -> Machine:
    """A machine of the asked shape for a kernel, with the accelerator that works."""
    accel = "tcg" if machine.is_warped else kvm.choose_accel(store)
    return dataclasses.replace(machine, kernel=kernel.image, accel=accel)


@contextlib.contextmanager
def ready_template(kernel: Kernel, needs: list[str], store: Path,
                   shape: Machine) -> Iterator[Template]:
    """A template for the kernel, made if it is not there; held while in use."""
    machine = complete(shape, kernel, store)
    folder = store / "templates" / f"{kernel.label}-{identity(kernel, needs, machine)}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.parent / f"{folder.name}.lock"
    if not (folder / "state").exists():
        wanted = modules_wanted(kernel, needs, machine)
        kernel.modules.require(wanted)
        with locked(lock):
            if not (folder / "state").exists():
                make(kernel, wanted, machine, folder)
                forget_old(folder.parent, folder)
    with locked(lock, fcntl.LOCK_SH):
        if not (folder / "state").exists():
            raise LabError(f"another run removed the template {folder}: run this again")
        os.utime(folder)
        yield Template(dataclasses.replace(machine, initramfs=folder / "initramfs"), folder)


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
