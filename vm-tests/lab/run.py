# SPDX-License-Identifier: MIT
"""Run one job in one guest, or in several on one network, from start to verdict."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from . import image, klog, template
from .errors import EXIT_KERNEL_FAULT, EXIT_LAB, EXIT_TIMEOUT, LabError, MachineError
from .kernel import Kernel
from .payload import Payload
from .qemu import Emulator, Machine, Qemu
from .session import Session, Sink

BACKTRACE_LIMIT_S = 60
# A machine that has ended says no more: this is how long we may take to read what it said.
DRAIN_LIMIT_S = 60
LOG_END = "linsock-vm: end of job"
# 2030-01-01: when a clock that counts instructions begins.
WARPED_CLOCK_NS = 1893456000 * 10**9
GUEST_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclasses.dataclass(frozen=True)
class Job:
    """What to run, and within which limits."""

    command: tuple[str, ...]
    folder: str = "/"
    environment: tuple[tuple[str, str], ...] = ()
    # Written to /run/job, which the command may name.
    script: str | None = None
    timeout_s: float = 60
    runner: str = "clone"
    shape: Machine = Machine()
    machines: int = 1
    ignored: tuple[re.Pattern[str], ...] = ()

    def message(self, number: int) -> bytes:
        """What the agent of a machine reads."""
        variables = {"PATH": GUEST_PATH, "HOME": "/root", "USER": "root", "LANG": "C.UTF-8",
                     "TERM": "dumb", "LINSOCK_VM": "1", **dict(self.environment)}
        if self.shape.has_network:
            variables.update(LINSOCK_MACHINE=str(number), LINSOCK_MACHINES=str(self.machines))
        records = [f"cd={self.folder}"]
        if self.shape.is_warped:
            # To be the same in each run.
            records += [f"clock={WARPED_CLOCK_NS}"]
        else:
            records += [f"clock={time.time_ns()}", f"seed={os.urandom(32).hex()}"]
        if self.shape.has_network:
            records.append(f"machine={number}")
        if self.script is not None:
            records.append(f"script={self.script}")
        records += [f"env={name}={value}" for name, value in variables.items()]
        records += [f"arg={word}" for word in self.command]
        if any("\0" in record for record in records):
            raise LabError("a word of the command or of its environment holds a NUL")
        body = b"".join(os.fsencode(record) + b"\0" for record in records)
        return b"%d\n" % len(body) + body


@dataclasses.dataclass
class Result:
    """How a job ended."""

    status: int
    reason: str = ""
    faults: list[klog.Fault] = dataclasses.field(default_factory=list)
    console: str = ""
    # When the machines were started, by the monotonic clock; what follows counts from it.
    started: float = 0
    begun_s: float = 0
    total_s: float = 0
    # The machine ended before the program did.
    is_lost: bool = False
    # What the first try's machine died of; this is then the second.
    retried: str = ""

    def exit_status(self) -> int:
        """The status for the caller: a fault of the kernel outweighs all."""
        return EXIT_KERNEL_FAULT if self.faults else self.status


class Beginner(Protocol):
    """What hands a job to a guest."""

    def begin(self, session: Session, message: bytes) -> None:
        """Have the guest run the job of the message."""


@dataclasses.dataclass(frozen=True)
class Starter:
    """A template to clone, or a machine to boot, with the payload's disk."""

    disk: Path
    template: template.Template | None
    machine: Machine | None = None

    def start(self) -> Qemu:
        """A guest whose agent waits for its job, or soon will."""
        if self.template:
            return self.template.start(self.disk)
        assert self.machine is not None
        return Qemu(self.machine, self.disk)

    def begin(self, session: Session, message: bytes) -> None:
        """Have the guest run the job of the message."""
        if self.template is None:
            template.wait_ready(session)
        if self.template is None or not self.template.is_warm:
            message = template.enter_line(session.qemu.machine) + message
        # Sent first: a clock that runs ahead would not wait for the host's message.
        session.send(message)
        if self.template is not None:
            session.qemu.go_on()


@contextlib.contextmanager
def starter(kernel: Kernel, needs: list[str], payload: Payload, job: Job,
            store: Path) -> Iterator[Starter]:
    """What makes guests of the kind that the job asks for."""
    disk, is_known = payload.image(store / "payloads")
    if job.runner == "clone":
        with template.ready_template(kernel, needs, store, job.shape) as base:
            if not is_known:
                yield Starter(disk, base)
                return
            # A payload that comes again is worth a template of its own.
            with template.warm_template(base, disk, store) as warm:
                yield Starter(warm.disk, warm)
        return
    with tempfile.TemporaryDirectory(prefix="linsock-vm-") as temporary:
        path = Path(temporary, "initramfs")
        machine = template.complete(job.shape, kernel, store)
        wanted = template.modules_wanted(kernel, needs, machine)
        template.make_initramfs(kernel, wanted, path)
        yield Starter(disk, None, dataclasses.replace(
            machine, kernel=image.bootable(kernel.image, store), initramfs=path))


class Guest:
    """One machine of a run, driven to its verdict."""

    def __init__(self, start: Beginner, qemu: Emulator, sinks: dict[str, Sink],
                 begin: float) -> None:
        self.start = start
        self.session = Session(qemu, sinks)
        self.begin = begin
        self.result: Result | BaseException | None = None

    def drive(self, job: Job, number: int) -> None:
        """Hand the job over, wait for its end or its limit, and judge the log."""
        try:
            self.result = self._drive(job, number)
        except BaseException as error:  # noqa: BLE001 - told by the thread that joins us
            self.result = error

    def verdict(self, begin: float) -> Result:
        """The result of a job that was driven, or the error that came in between."""
        if isinstance(self.result, BaseException):
            raise self.result
        assert self.result is not None
        self.result.total_s = time.monotonic() - begin
        return self.result

    def _drive(self, job: Job, number: int) -> Result:
        session = self.session
        self.start.begin(session, job.message(number))
        deadline = time.monotonic() + job.timeout_s
        session.wait(lambda: session.words("begun") is not None or is_over(session), deadline)
        begun = time.monotonic() - self.begin
        is_done = session.wait(lambda: is_over(session), deadline)
        result = verdict(session, job, is_done)
        result.started, result.begun_s = self.begin, begun
        result.console = session.console()
        judge_log(result, session, job)
        return result


def judge_log(result: Result, session: Session, job: Job) -> None:
    """Put the faults that the kernel told of into the result."""
    text = session.logs["klog"].decode("utf-8", "replace")
    log = [line for line in klog.decode_kmsg(text) if LOG_END not in line]
    result.faults = klog.scan(log, ignored=job.ignored)
    # A panic reaches the console only; whatever is in both is told once. The
    # backtrace that we asked for is no fault of the kernel's.
    if not result.faults and result.status != EXIT_TIMEOUT:
        result.faults = klog.scan(result.console.splitlines(), ignored=job.ignored)


def is_over(session: Session) -> bool:
    """The job has ended and its log has arrived, or there is no guest any more."""
    if session.words("broken") is not None or session.has_ended():
        return True
    return (session.words("exit") is not None
            and LOG_END.encode() in session.logs["klog"])


def verdict(session: Session, job: Job, is_done: bool) -> Result:
    """The status of a job from what the agent said last."""
    broken = session.words("broken")
    if broken is not None:
        raise LabError(f"the guest failed at {' '.join(broken)} ({template.BUILT_IN}); its "
                       f"console said:\n{session.console()[-2000:]}")
    words = session.words("exit")
    if words is not None:
        session.drain_now()
        return Result(int(words[0]))
    if is_done or session.has_ended():
        session.drain(DRAIN_LIMIT_S)
        return Result(EXIT_LAB, "the virtual machine ended before the program did", is_lost=True)
    with contextlib.suppress(OSError, LabError):
        session.qemu.backtrace()
        session.drain(BACKTRACE_LIMIT_S)
    return Result(EXIT_TIMEOUT, f"time limit of {job.timeout_s:g} s")


def with_libraries(job: Job, payload: Payload) -> Job:
    """The job with the folders of libraries that the guest would not find."""
    if not payload.library_folders or "LD_LIBRARY_PATH" in dict(job.environment):
        return job
    folders = ":".join(payload.library_folders)
    return dataclasses.replace(
        job, environment=(*job.environment, ("LD_LIBRARY_PATH", folders)))


def run_once(kernel: Kernel, needs: list[str], payload: Payload, job: Job, store: Path,
             sinks: list[dict[str, Sink]]) -> list[Result]:
    """Run a job in fresh guests; one result for each."""
    with starter(kernel, needs, payload, job, store) as start, \
            contextlib.ExitStack() as stack:
        begin = time.monotonic()
        job = with_libraries(job, payload)
        qemus = [stack.enter_context(start.start()) for _ in range(job.machines)]
        if job.shape.has_network:
            from .network import Hub

            stack.enter_context(Hub([qemu.network for qemu in qemus if qemu.network]))
        guests = [Guest(start, qemu, sink, begin) for qemu, sink in zip(qemus, sinks)]
        for guest in guests:
            stack.callback(guest.session.close)
        threads = [threading.Thread(target=guest.drive, args=(job, number))
                   for number, guest in enumerate(guests[1:], 2)]
        for thread in threads:
            thread.start()
        guests[0].drive(job, 1)
        for thread in threads:
            thread.join()
        return [guest.verdict(begin) for guest in guests]


def worst(results: list[Result]) -> Result:
    """The result that decides over those of all machines."""
    return max(results, key=lambda one: (bool(one.faults), bool(one.reason), one.status != 0))


def attempt(kernel: Kernel, needs: list[str], payload: Payload, job: Job, store: Path,
            sinks: list[dict[str, Sink]]) -> Result:
    """One try; a machine that was lost on its way is a result as well."""
    try:
        return worst(run_once(kernel, needs, payload, job, store, sinks))
    except MachineError as error:
        return Result(EXIT_LAB, str(error), is_lost=True)


def run(kernel: Kernel, needs: list[str], payload: Payload, job: Job, store: Path,
        sinks: list[dict[str, Sink]]) -> Result:
    """Run a job; a machine that was lost is replaced once."""
    return try_twice(lambda: attempt(kernel, needs, payload, job, store, sinks))


def try_twice(attempt_once: Callable[[], Result]) -> Result:
    """Try, and once more where the machine was lost; the first try's fault is kept."""
    first = attempt_once()
    if not first.is_lost:
        return first
    second = attempt_once()
    second.retried = first.faults[0].line if first.faults else first.reason
    if first.faults and not second.faults:
        # The kernel's fault stays one, whatever the second try did.
        second.faults, second.console = first.faults, first.console
    return second
