# SPDX-License-Identifier: MIT
"""One QEMU process: its command line, its ports, and the monitor."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import LabError, MachineError

if TYPE_CHECKING:
    from typing import Self

PORTS = ("control", "out", "err", "klog")
OLDEST = (6, 0)
QUIT_LIMIT_S = 60
# norandmaps: QEMU translates code anew wherever it meets it at another address, which
# makes the start of a program five times as long.
# tsc=reliable: a counter that QEMU makes needs no watch by a second one.
# no_timer_check: the test of the timer gives it ten ticks; on a host that stalls they
# do not come in time, and the guest panics at boot for a timer that works.
# watchdog_thresh, rcu_cpu_stall_timeout: what a host holds up for some ten seconds hangs
# in nothing of the guest's.
APPEND = ("console=ttyS0 quiet loglevel=3 panic=-1 reboot=t cryptomgr.notests=1 "
          "unknown_nmi_panic=1 norandmaps tsc=reliable "
          "no_timer_check watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300")
# Each tick that an idle guest has no use for costs an hour of warped time a tenth of a
# second and more: memory is compacted twice a second, its statistics are gathered once. A
# disk of a busy host may take minutes of such a clock: no hung task.
APPEND_WARPED = (" nowatchdog sysctl.kernel.hung_task_timeout_secs=0 "
                 "sysctl.vm.compaction_proactiveness=0 sysctl.vm.stat_interval=3600")
# An instruction takes two nanoseconds: a guest that works is seldom late.
ICOUNT = "shift=1,sleep=off"
PR_SET_PDEATHSIG = 1


@dataclasses.dataclass(frozen=True)
class Machine:
    """What must be equal where a state is saved and where it is restored."""

    kernel: Path = Path()
    initramfs: Path = Path()
    accel: str = "tcg"
    smp: int = 1
    memory_mib: int = 512
    # The clock runs by instructions: waiting costs no time.
    is_warped: bool = False
    can_controllers: int = 0
    has_network: bool = False
    # A processor that lends itself to guests of the guest's own (SVM, as QEMU makes it).
    is_host: bool = False
    # Where a vhost-user device waits that connects the guest's VSOCK to the host. Such a
    # machine is booted, for no state of it can be kept.
    vsock: Path | None = None

    @property
    def cpu(self) -> str:
        """The processor's model."""
        if self.accel == "kvm":
            return "host"
        return "qemu64,+npt" if self.is_host else "qemu64"

    @property
    def append(self) -> str:
        """The kernel's command line."""
        return APPEND + (APPEND_WARPED if self.is_warped else "")

    def describe(self) -> str:
        """The parts that a template's identity depends on."""
        return (f"{self.accel} {self.smp} {self.memory_mib} {self.is_warped} "
                f"{self.can_controllers} {self.has_network} {self.append} {ICOUNT}"
                + (f" {self.cpu}" if self.is_host else ""))


def find_qemu() -> str:
    """The emulator for x86-64."""
    found = shutil.which("qemu-system-x86_64")
    if found is None:
        raise LabError("qemu-system-x86_64 is missing: install qemu-system-x86 "
                       "(scripts/setup vm)")
    return found


def qemu_identity() -> str:
    """Tells one emulator from another without running it."""
    status = os.stat(find_qemu())
    return f"{find_qemu()} {status.st_size} {status.st_mtime_ns}"


def check_version() -> None:
    """Refuse an emulator that lacks what the laboratory uses."""
    done = subprocess.run([find_qemu(), "--version"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    match = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if match is None:
        raise LabError(f"{find_qemu()} does not tell its version: {done.stdout[:200].strip()}")
    if tuple(map(int, match.groups())) < OLDEST:
        raise LabError(f"QEMU {match.group(0).removeprefix('version ')} is too old: "
                       f"{OLDEST[0]}.{OLDEST[1]} or newer is needed (scripts/setup vm)")


@dataclasses.dataclass(frozen=True)
class Memory:
    """The file that backs a guest's memory, and what becomes of it."""

    file: Path
    # What the guest writes goes to the file: it is to be a template.
    is_kept: bool = False
    # The guest goes on from a saved state.
    is_restored: bool = True


def memory_options(machine: Machine, memory: Memory | None) -> list[str]:
    """Memory of QEMU's own, or in a file: that of a template, or a copy of it."""
    size = f"{machine.memory_mib}"
    if machine.vsock:
        # The device reads it.
        return ["-M", "pc,memory-backend=ram", "-m", size, "-object",
                f"memory-backend-memfd,id=ram,size={size}M,share=on"]
    if memory is None:
        return ["-M", "pc", "-m", size]
    sharing = "on" if memory.is_kept else "off"
    return ["-M", "pc,memory-backend=ram", "-m", size, "-object",
            f"memory-backend-file,id=ram,size={size}M,mem-path={comma_safe(memory.file)},"
            f"share={sharing}"]


def port_options(places: dict[str, str]) -> list[str]:
    """The monitor, the console and the agent's ports, each a socket of ours."""
    line = ["-chardev", f"socket,id=lab-monitor,{places['monitor']}",
            "-mon", "chardev=lab-monitor,mode=control",
            "-chardev", f"socket,id=lab-console,{places['console']}",
            "-device", "virtio-serial-pci,id=lab,max_ports=8"]
    for number, name in enumerate(PORTS, 1):
        line += ["-chardev", f"socket,id=lab-{name},{places[name]}", "-device",
                 f"virtserialport,bus=lab.0,chardev=lab-{name},name=linsock.{name},nr={number}"]
    return line


def can_options(machine: Machine) -> list[str]:
    """The CAN controllers that were asked for, on one bus."""
    if not machine.can_controllers:
        return []
    return ["-object", "can-bus,id=can",
            *["-device", "kvaser_pci,canbus=can"] * machine.can_controllers]


def device_options(machine: Machine, disk: Path, handles: dict[str, int]) -> list[str]:
    """The payload disk, and what was asked for."""
    line = ["-drive", f"if=none,id=payload,file={comma_safe(disk)},format=raw,readonly=on",
            "-device", "virtio-blk-pci,drive=payload", *can_options(machine)]
    if machine.has_network:
        line += ["-netdev", f"socket,id=net,fd={handles['network']}",
                 "-device", "virtio-net-pci,netdev=net"]
    if machine.vsock:
        line += ["-chardev", f"socket,id=vsock,path={comma_safe(machine.vsock)}",
                 "-device", "vhost-user-vsock-pci,chardev=vsock"]
    return line


def command_line(machine: Machine, disk: Path, memory: Memory | None,
                 handles: dict[str, int]) -> list[str]:
    """The command."""
    line = [find_qemu(), "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-accel", machine.accel,
            "-cpu", machine.cpu,
            "-smp", str(machine.smp),
            "-kernel", str(machine.kernel), "-initrd", str(machine.initramfs),
            "-append", machine.append, "-action", "panic=none"]
    if machine.is_warped:
        line += ["-icount", ICOUNT]
    line += memory_options(machine, memory)
    line += port_options({name: f"fd={handle}" for name, handle in handles.items()})
    line += ["-serial", "chardev:lab-console"]
    line += device_options(machine, disk, handles)
    return line + (["-incoming", "defer"] if memory and memory.is_restored else [])


def comma_safe(path: Path) -> str:
    """QEMU's option syntax wants commas doubled."""
    return str(path).replace(",", ",,")


def end_with_parent() -> None:
    """Have the kernel end QEMU if we are killed and cannot."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Emulator:
    """A running QEMU: a process, its ports, and the monitor among them."""

    process: subprocess.Popen[bytes]

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.ports: dict[str, socket.socket] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def greet(self) -> None:
        """Begin to use the monitor, once its port is there."""
        self._monitor = self.ports["monitor"].makefile("rw")
        try:
            self._monitor.readline()
            self.command("qmp_capabilities")
        except (OSError, ValueError, MachineError) as error:
            text = self.complaint()
            self.end()
            raise LabError(f"QEMU did not start: {text or error}") from error

    def complaint(self) -> str:
        """What QEMU itself printed, once it has ended."""
        raise NotImplementedError

    def command(self, name: str, **arguments: object) -> Any:
        """Run one monitor command; events in between are of no interest."""
        line = json.dumps({"execute": name, "arguments": arguments}) + "\n"
        with contextlib.suppress(OSError):
            self._monitor.write(line)
            self._monitor.flush()
            while line := self._monitor.readline():
                reply = json.loads(line)
                if "return" in reply:
                    return reply["return"]
                if "error" in reply:
                    raise LabError(f"QEMU refused {name}: {reply['error'].get('desc')}")
        raise MachineError(f"QEMU ended during {name}: {self.complaint() or 'no word'}")

    def go_on(self) -> None:
        """Let a restored guest run."""
        self.command("cont")

    def backtrace(self) -> None:
        """Make the guest panic with a backtrace on its console."""
        self.command("inject-nmi")

    def end(self) -> None:
        """End the process and close what connected us."""
        raise NotImplementedError


class Qemu(Emulator):
    """A QEMU of ours. Sockets are inherited pairs: no names, nothing left behind."""

    def __init__(self, machine: Machine, disk: Path, memory: Memory | None = None) -> None:
        super().__init__(machine)
        self.network: socket.socket | None = None
        theirs: dict[str, socket.socket] = {}
        for name in ("monitor", "console", *PORTS):
            self.ports[name], theirs[name] = socket.socketpair()
        if machine.has_network:
            self.network, theirs["network"] = socket.socketpair()
        self._incoming: socket.socket | None = None
        if memory and memory.is_restored:
            self._incoming, theirs["incoming"] = socket.socketpair()
        self._incoming_name = str(theirs["incoming"].fileno()) if self._incoming else ""
        handles = {name: end.fileno() for name, end in theirs.items()}
        self.process = subprocess.Popen(
            command_line(machine, disk, memory, handles),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=tuple(handles.values()), start_new_session=True,
            preexec_fn=end_with_parent)
        for end in theirs.values():
            end.close()
        self.greet()

    def complaint(self) -> str:
        """What QEMU itself printed, once it has ended."""
        try:
            output, _ = self.process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            return ""
        return output.decode("utf-8", "replace").strip()

    def _share_memory(self) -> None:
        self.command("migrate-set-capabilities", capabilities=[
            {"capability": "x-ignore-shared", "state": True}])

    def save(self, state: Path) -> None:
        """Write the device state; memory is in its file already."""
        self.command("stop")
        self._share_memory()
        self.command("migrate", uri=f"exec:cat > {quoted(state)}")
        while (status := self.command("query-migrate").get("status")) != "completed":
            if status in {"failed", "cancelled"}:
                raise LabError(f"QEMU could not save the template's state: {status}")
            time.sleep(0.005)
        self.command("quit")
        self.process.wait(QUIT_LIMIT_S)

    def restore(self, state: Path) -> None:
        """Load the device state; the guest does not run yet."""
        assert self._incoming is not None
        self._share_memory()
        self.command("migrate-incoming", uri=f"fd:{self._incoming_name}")
        with contextlib.suppress(BrokenPipeError), self._incoming:
            self._incoming.sendall(state.read_bytes())
        while (status := self.command("query-status")["status"]) == "inmigrate":
            time.sleep(0.001)
        if status != "paused":
            raise MachineError(f"QEMU could not restore the template: {status}")

    def end(self) -> None:
        """End the process and close what connected us."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        for end in [*self.ports.values(), self.network, self._incoming]:
            if end is not None:
                end.close()


def quoted(path: Path) -> str:
    """A path as one word of sh."""
    return "'" + str(path).replace("'", "'\\''") + "'"

