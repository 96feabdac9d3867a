# SPDX-License-Identifier: MIT
"""Which programs run in which kernels, and how many at a time."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import aliases, klog, needs, paths, report, run, virtme
from .errors import EXIT_LAB, EXIT_SKIP, LabError, NeedError
from .kernel import Kernel, open_kernel
from .payload import Payload, build_outputs
from .qemu import Machine
from .report import BROKEN, OUTPUT_KEPT_MAX, SKIPPED, Outcome

VSOCK_NOTE = ("vm: --vsock: the guest talks with itself (CID 1, vsock_loopback): a guest whose "
              "host answers needs vhost_vsock on the host")


def split_file(text: str) -> tuple[Path, str | None]:
    """SRC or SRC:DST."""
    source, _, place = text.partition(":")
    return Path(source), place or None


def find_program(name: str) -> Path | None:
    """The host's file behind a command; None for one that only the guest has."""
    if "/" not in name:
        found = shutil.which(name)
        return Path(found) if found and name != "sh" else None
    path = Path(os.path.abspath(name))
    if not path.is_file():
        raise LabError(f"no such program: {name}")
    if not os.access(path, os.X_OK):
        raise LabError(f"{name} is not executable: chmod +x it")
    return path


def environment(items: list[str]) -> dict[str, str]:
    """NAME=VALUE texts as a mapping."""
    for item in items:
        if not item.partition("=")[0].isidentifier():
            raise LabError(f"not NAME=VALUE: {item}")
    return {item.partition("=")[0]: item.partition("=")[2] for item in items}


def common_payload(build: Path | None) -> Payload:
    """The tools, the command linsock, and what a build folder holds."""
    payload = Payload()
    payload.add_tools()
    if build is None:
        payload.add_program(paths.linsock())
    elif not build.is_dir():
        raise LabError(f"no build folder {build}")
    else:
        for path in build_outputs(build.absolute()):
            payload.add_program(path)
    return payload


def tests_of(args: argparse.Namespace) -> list[list[str]]:
    """The commands, each with the path that the guest knows its program by."""
    commands = [[word] for word in args.command] if args.each else [args.command]
    for command in commands:
        program = find_program(command[0])
        if program is not None and "/" in command[0]:
            command[0] = str(program)
    return commands


def make_payload(args: argparse.Namespace, commands: list[list[str]]) -> Payload:
    """All that the command line asks for."""
    payload = common_payload(args.build)
    for command in commands:
        program = find_program(command[0])
        if program is not None:
            payload.add_program(program)
    for text in args.file:
        payload.add_tree(*split_file(text))
    payload.add_folder(os.getcwd())
    return payload


def check_runner(args: argparse.Namespace) -> None:
    """Refuse what virtme-ng's guests, which have the host's root, cannot be given."""
    if args.runner != "virtme":
        return
    for is_asked, option, why in (
            (args.time_warp, "--time-warp", "its guest boots for longer than a warped clock allows"),
            (args.machines > 1, "--machines", "its guest is one machine alone"),
            (args.file, "--file", "its guest has the host's files"),
            (args.module_aliases, "--module-aliases", "its guest has them already")):
        if is_asked:
            raise LabError(f"--runner virtme goes without {option}: {why}; leave it out, or use "
                           "--runner clone")


def shape_of(args: argparse.Namespace) -> Machine:
    """The machine that was asked for."""
    if args.time_warp and args.machines > 1:
        raise LabError("--time-warp is for one machine: clocks of several would not agree")
    if args.time_warp and args.smp > 1:
        raise LabError("--time-warp counts the instructions of one processor: leave --smp out")
    return Machine(smp=args.smp, memory_mib=args.memory, is_warped=args.time_warp,
                   can_controllers=args.can_bus, has_network=args.machines > 1)


def write_to(descriptor: int) -> run.Sink:
    """A sink that passes on what the program writes, as it writes it."""
    def sink(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
    return sink


class Keeper:
    """Keeps what a program writes, up to a limit; a flood is cut and said so."""

    def __init__(self, also: run.Sink | None = None) -> None:
        self.data = bytearray()
        self.also = also

    def __call__(self, data: bytes) -> None:
        room = OUTPUT_KEPT_MAX - len(self.data)
        self.data += data[:max(room, 0)]
        if 0 <= room < len(data):
            self.data += b"\n[cut: more than %d bytes]\n" % OUTPUT_KEPT_MAX
        if self.also:
            self.also(data)


class Plan:
    """All runs of one invocation."""

    def __init__(self, args: argparse.Namespace) -> None:
        check_runner(args)
        self.args = args
        self.store = paths.store() / "vm"
        self.shape = shape_of(args)
        self.commands = tests_of(args)
        self.payload = make_payload(args, self.commands)
        self.needs = needs.parse(args.need + (["vsock_loopback"] if args.vsock else []))
        self.ignored = tuple(pattern for path in args.ignore
                             for pattern in klog.read_ignored(path))
        self.kernels = [open_kernel(name, paths.kernels()) for name in args.kernel]
        self.is_streamed = not args.tap and args.jobs == 1
        # Machines of virtme-ng, each for all programs of its kernel.
        self.hosts: dict[str, virtme.Host] = {}
        self._lock = threading.Lock()

    def job(self, command: list[str]) -> run.Job:
        """What a guest is to do."""
        variables = {"PATH": f"{paths.linsock().parent}:{run.GUEST_PATH}",
                     **environment(self.args.env)}
        if self.args.build:
            variables["PATH"] = f"{self.args.build.absolute()}/tools:{variables['PATH']}"
        return run.Job(tuple(command), os.getcwd(), tuple(variables.items()),
                       timeout_s=self.args.timeout, runner=self.args.runner, shape=self.shape,
                       machines=self.args.machines, ignored=self.ignored)

    def prepare(self, kernel: Kernel) -> tuple[list[str], str]:
        """The modules to load, and why this kernel is to be skipped, or ""."""
        answer = needs.resolve(kernel, self.needs, self.shape)
        try:
            kernel.modules.require([name for name in self.needs.modules
                                    if not name.endswith("?")])
            answer.require(self.needs.features)
        except NeedError as error:
            return [], str(error)
        return answer.modules, ""

    def run_one(self, kernel: Kernel, modules: list[str], command: list[str]) -> Outcome:
        """One program in one kernel."""
        out = [Keeper(write_to(1) if self.is_streamed else None) for _ in range(self.args.machines)]
        err = [Keeper(write_to(2) if self.is_streamed else None) for _ in range(self.args.machines)]
        name = Path(command[0]).name
        sinks: list[dict[str, run.Sink]] = [{"out": one, "err": other}
                                            for one, other in zip(out, err)]
        try:
            result = self.run_job(kernel, modules, self.job(command), sinks)
        except NeedError as error:
            return Outcome(name, kernel.label, EXIT_SKIP, SKIPPED, str(error))
        except LabError as error:
            return Outcome(name, kernel.label, EXIT_LAB, BROKEN, str(error))
        return report.judge(name, kernel.label, result, b"".join(one.data for one in out),
                            b"".join(one.data for one in err))

    def run_job(self, kernel: Kernel, modules: list[str], job: run.Job,
                sinks: list[dict[str, run.Sink]]) -> run.Result:
        """A job in a guest of its own, or in the kernel's only one."""
        if job.runner == "virtme":
            with self._lock:
                host = self.hosts.setdefault(
                    kernel.label, virtme.Host(kernel, modules, self.shape, self.store))
            return host.run(job, sinks[0])
        payload = self.payload
        if self.args.module_aliases:
            payload = payload.copy()
            aliases.ship(kernel, payload, self.store)
        return run.run(kernel, modules, payload, job, self.store, sinks)

    def close(self) -> None:
        """End the machines that were kept for a next program."""
        for host in self.hosts.values():
            host.close()

    def show(self, one: Outcome, is_alone: bool) -> None:
        """Tell of a finished run, whole."""
        with self._lock:
            if not self.is_streamed and not self.args.tap:
                sys.stdout.write(one.output)
                sys.stdout.flush()
                sys.stderr.write(one.errors)
            report.tell(one)
            if not is_alone or one.reason or one.retried or self.args.verbose:
                begun = f", begun after {one.begun_s:.2f} s" if self.args.verbose else ""
                print(f"vm: {report.summary(one)}{begun}", file=sys.stderr)

    def run_all(self) -> list[Outcome]:
        """Every program in every kernel, in the order of the command line."""
        is_alone = len(self.kernels) == 1 and len(self.commands) == 1

        def work(pair: tuple[Kernel, list[str]]) -> Outcome:
            kernel, command = pair
            modules, lacking = prepared[kernel.label]
            name = Path(command[0]).name
            one = (Outcome(name, kernel.label, EXIT_SKIP, SKIPPED, lacking) if lacking
                   else self.run_one(kernel, modules, command))
            self.show(one, is_alone)
            return one

        pairs = [(kernel, command) for kernel in self.kernels for command in self.commands]
        if self.args.jobs == 1:
            prepared = {kernel.label: self.prepare(kernel) for kernel in self.kernels}
            return [work(pair) for pair in pairs]
        with ThreadPoolExecutor(self.args.jobs) as pool:
            prepared = dict(zip((kernel.label for kernel in self.kernels),
                                pool.map(self.prepare, self.kernels)))
            return list(pool.map(work, pairs))


def execute(args: argparse.Namespace) -> int:
    """Run the plan, write the reports, return the exit status."""
    begin = time.monotonic()
    if args.junit:
        report.junit_module()
    if args.vsock:
        print(VSOCK_NOTE, file=sys.stderr)
    with contextlib.closing(Plan(args)) as plan:
        outcomes = plan.run_all()
    if args.tap:
        report.print_tap(outcomes)
    if args.junit:
        report.write_junit(outcomes, args.junit)
    if args.json:
        report.write_json(outcomes, args.json)
    if args.verbose:
        print(f"vm: {time.monotonic() - begin:.2f} s in all", file=sys.stderr)
    return report.exit_status(outcomes)
