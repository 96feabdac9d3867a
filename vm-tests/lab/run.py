# SPDX-License-Identifier: MIT
"""Run one job in one guest, from its start to its verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from . import klog, template
from .errors import EXIT_KERNEL_FAULT, EXIT_TIMEOUT, LabError
from .kernel import Kernel
from .kvm import choose_accel
from .payload import Payload
from .qemu import Machine, Qemu
from .session import Session, Sink

BACKTRACE_LIMIT_S = 5
LOG_END = "linsock-vm: end of job"
GUEST_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclasses.dataclass
class Job:
    """What to run, and within which limits."""

    script: str
    timeout_s: float = 60
    runner: str = "clone"
    smp: int = 1
    memory_mib: int = 512


@dataclasses.dataclass
class Result:
    """How a job ended."""

    status: int
    reason: str = ""
    faults: list[klog.Fault] = dataclasses.field(default_factory=list)
    console: str = ""
    begun_s: float = 0
    total_s: float = 0

    def exit_status(self) -> int:
        """The status for the caller: a fault of the kernel outweighs all."""
        return EXIT_KERNEL_FAULT if self.faults else self.status


def job_script(command: list[str], folder: str, environment: dict[str, str]) -> str:
    """The shell text that the agent runs for a command."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines += [f"cd {shlex.quote(folder)}", "exec " + shlex.join(command)]
    return preamble() + "\n".join(lines) + "\n"


def preamble() -> str:
    """The environment that every job begins with."""
    return (f"export PATH={GUEST_PATH} HOME=/root USER=root LANG=C.UTF-8 TERM=dumb "
            "LINSOCK_VM=1\n")


@contextlib.contextmanager
def started(kernel: Kernel, needs: list[str], job: Job, disk: Path,
            store: Path) -> Iterator[Qemu]:
    """A guest whose agent waits for its job, by the way that the job asks for."""
    if job.runner == "clone":
        with template.ready_template(kernel, needs, store, job.smp, job.memory_mib) as found, \
                found.start(disk) as qemu:
            yield qemu
        return
    with tempfile.TemporaryDirectory(prefix="linsock-vm-") as temporary:
        path = Path(temporary, "initramfs")
        template.make_initramfs(kernel, template.modules_wanted(kernel, needs), path)
        machine = Machine(kernel.image, path, choose_accel(store), job.smp, job.memory_mib)
        with Qemu(machine, disk) as qemu:
            yield qemu


def run(kernel: Kernel, needs: list[str], payload: Payload, job: Job, store: Path,
        sinks: dict[str, Sink]) -> Result:
    """Run a job in a fresh guest."""
    disk = payload.image(store / "payloads")
    begin = time.monotonic()
    with started(kernel, needs, job, disk, store) as qemu:
        session = Session(qemu, sinks)
        try:
            if job.runner != "clone":
                template.wait_ready(session)
            result = drive(session, job, begin)
        finally:
            session.close()
    result.total_s = time.monotonic() - begin
    return result


def drive(session: Session, job: Job, begin: float) -> Result:
    """Hand the job over, wait for its end or its limit, and judge the log."""
    script = job.script.encode()
    session.send(f"{int(time.time())} {len(script)}\n".encode() + script)
    session.wait(lambda: session.words("begun") is not None or is_over(session),
                 time.monotonic() + job.timeout_s)
    begun = time.monotonic() - begin
    is_done = session.wait(lambda: is_over(session), time.monotonic() + job.timeout_s)
    result = verdict(session, job, is_done)
    result.begun_s = begun
    log = [line for line in klog.decode_kmsg(session.logs["klog"].decode("utf-8", "replace"))
           if LOG_END not in line]
    result.console = session.console()
    # A panic reaches the console only; whatever is in both is told once.
    result.faults = klog.scan(log) or klog.scan(result.console.splitlines())
    if result.status == EXIT_TIMEOUT:
        # The backtrace that we asked for is no fault of the kernel's.
        result.faults = klog.scan(log)
    return result


def is_over(session: Session) -> bool:
    """The job has ended and its log has arrived, or there is no guest any more."""
    if session.words("broken") is not None or session.has_ended():
        return True
    return (session.words("exit") is not None
            and LOG_END.encode() in session.logs["klog"])


def verdict(session: Session, job: Job, is_done: bool) -> Result:
    """The status of a job from what the agent said last."""
    if session.words("broken") is not None:
        raise LabError("the guest could not mount the payload disk:\n"
                       + session.console()[-2000:])
    words = session.words("exit")
    if words is not None:
        session.drain_now()
        return Result(int(words[0]))
    if is_done or session.has_ended():
        session.drain(1)
        return Result(EXIT_KERNEL_FAULT, "the virtual machine ended before the program did")
    with contextlib.suppress(OSError, LabError):
        session.qemu.backtrace()
        session.drain(BACKTRACE_LIMIT_S)
    return Result(EXIT_TIMEOUT, f"time limit of {job.timeout_s:g} s")


def report(result: Result, label: str) -> None:
    """Tell a person what the exit status alone does not."""
    if result.reason:
        print(f"vm: {label}: {result.reason}", file=sys.stderr)
    if result.status in {EXIT_TIMEOUT, EXIT_KERNEL_FAULT} and result.console.strip():
        print("vm: the console's last lines:", file=sys.stderr)
        print("\n".join(result.console.splitlines()[-60:]), file=sys.stderr)
    if result.faults:
        print(f"vm: {label}: the kernel log tells of {len(result.faults)} fault(s):",
              file=sys.stderr)
        for fault in result.faults:
            print(fault.text(), file=sys.stderr)
