# SPDX-License-Identifier: MIT
"""Booted kernels, kept: made once, cloned for each run.

There are two stages: a kernel with its modules, and that with a payload as its root.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import image, initramfs, kvm, paths
from .errors import LabError, NeedError
from .kernel import Kernel, without_signature
from .payload import IMAGE_MIB, by_age, locked, stamp
from .qemu import Machine, Memory, Qemu, check_version, qemu_identity
from .session import Session

BOOT_LIMIT_S = 480
KEPT_TEMPLATES_MAX = 16
FORMAT = 9
# Disk space that a booted kernel and its modules take at most, besides the memory.
ROOM_MIB = 64

BUILT_IN = "an image alone needs virtio, ext4 and overlay built in"

# What the agent itself needs. Those that a kernel has built in are left out.
DRIVERS = ("virtio_pci", "virtio_blk", "virtio_console", "ext4", "overlay")


@dataclasses.dataclass(frozen=True)
class Template:
    """A machine that waits: for its payload, or with its payload for a job."""

    booted: Machine
    folder: Path
    is_warm: bool = False

    @property
    def ram(self) -> Path:
        """The guest's memory."""
        return self.folder / "ram"

    @property
    def state(self) -> Path:
        """The state of the devices."""
        return self.folder / "state"

    @property
    def machine(self) -> Machine:
        """The machine as a clone has it, which boots nothing."""
        return dataclasses.replace(self.booted, kernel=self.folder / "head",
                                   initramfs=self.folder / "nothing")

    @property
    def disk(self) -> Path:
        """The payload that the guest has mounted, if it is warm."""
        return self.folder / "disk"

    def start(self, disk: Path, memory: Memory | None = None) -> Qemu:
        """A clone, which does not run yet."""
        qemu = Qemu(self.machine, disk, memory or Memory(self.ram))
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
    for path in [kernel.image, *([kernel.modules_folder] if kernel.modules_folder else [])]:
        status = path.stat()
        digest.update(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}\n".encode())
    # By what is in it: it is linked anew more often than it changes.
    digest.update(paths.agent().read_bytes())
    digest.update(f"{FORMAT} {sorted(needs)} {machine.describe()} {qemu_identity()}\n".encode())
    return digest.hexdigest()[:20]


def make_initramfs(kernel: Kernel, wanted: list[str], path: Path, is_signed: bool = True) -> None:
    """Write the initramfs with the agent and the modules, with their signatures or without."""
    steps = kernel.modules.resolve(wanted)
    if not is_signed:
        steps = [dataclasses.replace(one, image=without_signature(one.image)) for one in steps]
    path.write_bytes(initramfs.build(paths.agent().read_bytes(), steps))


def write_head(machine: Machine, folder: Path) -> None:
    """What QEMU looks at before it restores a machine that has booted long ago."""
    (folder / "head").write_bytes(image.head(machine.kernel.read_bytes()))
    (folder / "nothing").write_bytes(b"\0")


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


def wait_ready(session: Session, limit_s: float = BOOT_LIMIT_S) -> None:
    """Wait for the agent, and for every module that was asked for."""
    deadline = time.monotonic() + limit_s
    if not session.wait(lambda: session.words("ready") is not None, deadline):
        said = session.console()[-3000:].strip() or "nothing"
        raise LabError(f"the kernel did not boot to the agent ({BUILT_IN}); its console "
                       f"said:\n{said}")
    failed = session.words("ready")
    if failed:
        raise NeedError("the kernel refused to load: " + ", ".join(
            text.replace("=", " (") + ")" for text in failed))


def boot_template(template: Template, disk: Path) -> None:
    """Boot once and save what is there."""
    with template.ram.open("wb") as file:
        file.truncate(template.booted.memory_mib << 20)
    memory = Memory(template.ram, is_kept=True, is_restored=False)
    with Qemu(template.booted, disk, memory) as qemu:
        session = Session(qemu)
        try:
            wait_ready(session)
        finally:
            session.close()
        qemu.save(template.state)


def make(kernel: Kernel, wanted: list[str], machine: Machine, folder: Path,
         is_signed: bool) -> None:
    """Make a template in a folder that appears whole or not at all."""
    check_version()
    check_room(folder.parent, machine)
    temporary = Path(tempfile.mkdtemp(prefix=".make.", dir=folder.parent))
    try:
        make_initramfs(kernel, wanted, temporary / "initramfs", is_signed)
        write_head(machine, temporary)
        draft = Template(dataclasses.replace(machine, initramfs=temporary / "initramfs"),
                         temporary)
        boot_template(draft, blank_disk(temporary))
        (temporary / "initramfs").unlink()
        temporary.rename(folder)
    except OSError as error:
        raise LabError(f"the template could not be made in {folder.parent} (is there "
                       f"room?): {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_as_wanted(kernel: Kernel, wanted: list[str], machine: Machine, folder: Path) -> None:
    """Make a template without the modules' signatures, unless the kernel insists on them."""
    try:
        make(kernel, wanted, machine, folder, is_signed=False)
    except NeedError as error:
        if "EKEYREJECTED" not in str(error):
            raise
        make(kernel, wanted, machine, folder, is_signed=True)


def complete(machine: Machine, kernel: Kernel, store: Path) -> Machine:
    """A machine of the asked shape for a kernel, with the accelerator that works."""
    accel = "tcg" if machine.is_warped else kvm.choose_accel(store, kernel.image)
    return dataclasses.replace(machine, kernel=kernel.image, accel=accel)


@contextlib.contextmanager
def held(folder: Path, build: Callable[[], None]) -> Iterator[None]:
    """A template's folder, built if it is not there, and kept while in use."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = folder.parent / f"{folder.name}.lock"
    while True:
        if not (folder / "state").exists():
            with locked(lock):
                if not (folder / "state").exists():
                    build()
                    forget_old(folder.parent, folder)
        with locked(lock, fcntl.LOCK_SH):
            # Between the two locks another run may have removed it.
            if (folder / "state").exists():
                os.utime(folder)
                yield
                return


@contextlib.contextmanager
def ready_template(kernel: Kernel, needs: list[str], store: Path,
                   shape: Machine) -> Iterator[Template]:
    """A template of the kernel, which waits for its payload."""
    machine = complete(shape, kernel, store)
    folder = store / "templates" / f"{kernel.label}-{identity(kernel, needs, machine)}"

    def build() -> None:
        wanted = modules_wanted(kernel, needs, machine)
        kernel.modules.require(wanted)
        draft = dataclasses.replace(machine, kernel=image.bootable(kernel.image, store))
        make_as_wanted(kernel, wanted, draft, folder)

    with held(folder, build):
        yield Template(machine, folder)


def enter_line(machine: Machine) -> bytes:
    """What makes the agent take its payload; where time is warped, all of it is read.

    What a disk takes is real time, in which a clock that counts instructions runs ahead.
    """
    return b"preload\n" if machine.is_warped else b"enter\n"


def warm_up(base: Template, disk: Path, folder: Path) -> None:
    """Clone a template into a folder, let it take its payload, and save that."""
    check_room(folder.parent, base.machine)
    temporary = Path(tempfile.mkdtemp(prefix=".make.", dir=folder.parent))
    try:
        draft = Template(base.booted, temporary, is_warm=True)
        # The very file that is mounted must be there as long as the template is.
        os.link(disk, draft.disk)
        for name in ("head", "nothing"):
            os.link(base.folder / name, temporary / name)
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(base.ram),
                        str(draft.ram)], check=True)
        with base.start(disk, Memory(draft.ram, is_kept=True)) as qemu:
            session = Session(qemu)
            try:
                session.send(enter_line(base.machine))
                qemu.go_on()
                wait_entered(session)
            finally:
                session.close()
            qemu.save(draft.state)
        temporary.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError(f"the template could not be made in {folder.parent} (is there "
                       f"room?): {error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def wait_entered(session: Session) -> None:
    """Wait until the agent has its payload."""
    session.wait(lambda: session.words("entered") is not None or session.has_ended()
                 or session.words("broken") is not None, time.monotonic() + BOOT_LIMIT_S)
    if session.words("entered") is None:
        failed = " ".join(session.words("broken") or ["taking its payload"])
        raise LabError(f"the guest failed at {failed} ({BUILT_IN}); its console said:\n"
                       + session.console()[-2000:])


@contextlib.contextmanager
def warm_template(base: Template, disk: Path, store: Path) -> Iterator[Template]:
    """A template that has taken its payload, and waits for a job."""
    key = hashlib.sha256(f"{base.folder.name}\n{stamp(disk)}".encode()).hexdigest()[:20]
    folder = store / "warm" / f"{base.folder.name.split('-')[0]}-{key}"
    with held(folder, lambda: warm_up(base, disk, folder)):
        yield Template(base.booted, folder, is_warm=True)


def forget_old(store: Path, keep: Path) -> None:
    """Remove the templates that were not used for longest and are not in use."""
    folders = by_age((path for path in store.iterdir() if path.is_dir()
                      and not path.name.startswith(".") and path != keep),
                     lambda status: status.st_mtime)
    for path in folders[KEPT_TEMPLATES_MAX - 1:]:
        with (store / f"{path.name}.lock").open("a") as lock:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
