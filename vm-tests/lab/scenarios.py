# SPDX-License-Identifier: MIT
"""Run the scenarios on the matrix of kernels.

A scenario is a script for sh in vm-tests/scenarios, whose first comment
lines declare what it wants:

    # needs: can-raw vcan uring.send_zc   modules and features (needs.py)
    # kernels: all                or a list of series: 6.12 7
    # timeout: 240                seconds
    # files: tests/data/x         more files to ship, relative to the source
    # modules: psample            module files to ship, which the script loads by itself:
                                  /modules/RELEASE/NAME.ko
    # criterion: test_can         run this program of tests after the script; without
                                  Criterion where scenario_tests of tests/meson.build
                                  has its name, which is five times as quick
    # backends: uring epoll       run them with each of these back ends in turn
    # time-warp: yes              waiting costs no time; "only": it would cost hours
    # can-bus: 2                  CAN controllers on one bus, can0...
    # machines: 2                 run in two machines on one network

It succeeds by exit status 0, or by the TAP that it prints; 77 is a skip, with
the reason in its last line.

With --runner virtme they run in machines of virtme-ng, one after another in each, with
the host's root and an ordinary clock.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from . import cli, needs, paths, plan, run, tap, virtme
from .errors import EXIT_LAB, EXIT_SKIP, LabError, NeedError
from .kernel import Kernel, open_kernel
from .needs import Answer, Needs
from .payload import Payload, build_outputs
from .qemu import Machine
from .tap import Case
from .template import ready_template

SUITE = "vm"
HEADER = re.compile(r"^# (needs|kernels|timeout|files|modules|criterion|backends|time-warp|can-bus|machines): *(.*)$")
NAMED_TEST = re.compile(r"\bLINSOCK_BUILD/tests/(test_\w+)")
ROOT = paths.HERE.parents[1]
# What the tests are called that scenarios run.
GUEST_TEST = "guest_"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A script with what its header declares."""

    name: str
    text: str
    needs: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    timeout_s: float = 240
    files: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    criterion: tuple[str, ...] = ()
    # As LINSOCK_BACKEND has them; none: what the kernel gives.
    backends: tuple[str, ...] = ()
    shape: Machine = Machine()
    machines: int = 1
    # What waits in it takes hours of an ordinary clock.
    is_only_warped: bool = False

    def wanted(self) -> Needs:
        """Its needs, by kind."""
        return needs.parse(list(self.needs))

    def runs_on(self, kernel: str) -> bool:
        """Whether the scenario wants a series."""
        return not self.kernels or kernel in self.kernels


def parse_scenario(name: str, text: str) -> Scenario:
    """Read the header, which ends with the first line that is no comment."""
    fields: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        match = HEADER.match(line)
        if match:
            fields.setdefault(match.group(1), []).extend(match.group(2).split())
    def number(key: str, usual: str) -> int:
        text = fields.get(key, [usual])[0]
        if not text.isdigit():
            raise LabError(f"{name}: {key}: not a number: {text}")
        return int(text)

    machines = number("machines", "1")
    warp = fields.get("time-warp", [""])[0]
    shape = Machine(is_warped=warp in {"yes", "only"}, has_network=machines > 1,
                    can_controllers=number("can-bus", "0"))
    kernels = [word for word in fields.get("kernels", []) if word != "all"]
    return Scenario(name, text, tuple(fields.get("needs", [])), tuple(kernels),
                    float(number("timeout", "240")), tuple(fields.get("files", [])),
                    tuple(fields.get("modules", [])), tuple(fields.get("criterion", [])),
                    tuple(fields.get("backends", [])), shape, machines, warp == "only")


def load(folder: Path, names: list[str]) -> list[Scenario]:
    """All scenarios of a folder, or the named ones."""
    paths = sorted(folder.glob("*.sh"))
    known = {path.stem: path for path in paths}
    for name in names:
        if name not in known:
            raise LabError(f"no scenario {name}; there are: {', '.join(known)}")
    return [parse_scenario(stem, path.read_text()) for stem, path in known.items()
            if not names or stem in names]


def find_test(build: Path, name: str) -> tuple[Path, str]:
    """A program of tests with its options: as it is built for a guest, or with Criterion."""
    for path, options in ((build / "tests" / name.replace("test_", GUEST_TEST, 1), ""),
                          (build / "tests" / name, " --tap=-")):
        if path.is_file():
            return path, options
    raise LabError(f"no test program {build}/tests/{name}: build it with ninja -C {build}")


def job_text(scenario: Scenario, build: Path) -> str:
    """The script as the guest runs it: tools in PATH, an empty folder to work in."""
    lines = [f"export LINSOCK_BUILD={build} LINSOCK_SOURCE={ROOT}",
             "rm -rf /tmp/work", "mkdir -p /tmp/work", "cd /tmp/work", "set -eu", scenario.text]
    for backend in scenario.backends or ("",):
        if backend:
            lines.append(f"export LINSOCK_BACKEND={backend}")
        for name in scenario.criterion:
            program, options = find_test(build, name)
            lines.append(f"{program}{options} || status=$?")
    if scenario.criterion:
        lines.append('exit "${status:-0}"')
    return "\n".join(lines) + "\n"


# Before a scenario in a machine that ran others: the applets that a clone has where no
# tool of the host has the name, and nothing that another left. Links of a card stay.
# udev, which the host's root starts, takes its time for each link that comes or goes, and
# gives it another address.
PRELUDE = """
[ -d /run/applets ] || {
	mkdir /run/applets && busybox --install -s /run/applets
	udevadm control --exit 2>/dev/null || :
}
export PATH="$PATH:/run/applets"
ip -all netns delete
for link in /sys/class/net/*; do
	[ -e "$link/device" ] || [ "${link##*/}" = lo ] || ip link delete "${link##*/}" || :
done
"""


class Crew:
    """Machines of virtme-ng, as many for each kernel and shape as jobs at a time."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._idle: dict[tuple[str, Machine], list[virtme.Host]] = {}
        self._hosts: list[virtme.Host] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """End all machines."""
        for host in self._hosts:
            host.close()

    @contextlib.contextmanager
    def host(self, kernel: Kernel, modules: list[str], shape: Machine) -> Iterator[virtme.Host]:
        """A machine that runs nothing else meanwhile; it boots with its first job."""
        with self._lock:
            idle = self._idle.setdefault((kernel.label, shape), [])
            host = idle.pop() if idle else virtme.Host(kernel, modules, shape, self.store)
            if host not in self._hosts:
                self._hosts.append(host)
        try:
            yield host
        finally:
            with self._lock:
                idle.append(host)


def why_not(scenario: Scenario) -> str:
    """Why a machine of virtme-ng cannot run it; "": it can."""
    if scenario.machines > 1:
        return "virtme-ng's guest is one machine alone"
    if scenario.is_only_warped:
        return "it waits for hours, and virtme-ng's guest has an ordinary clock"
    return ""


@dataclasses.dataclass
class Matrix:
    """What all runs of one invocation share."""

    build: Path
    payload: Payload
    store: Path
    # Where scenarios run one after another, by kernel and shape; None: in clones.
    crew: Crew | None = None
    # What each kernel has of the needs, by its label and the shape of the machine.
    answers: dict[tuple[str, Machine], Answer | LabError] = dataclasses.field(
        default_factory=dict)


def shared_needs(scenarios: list[Scenario], shape: Machine) -> Needs:
    """All that the scenarios of one shape want: one template."""
    return needs.merge([one.wanted() for one in scenarios if one.shape == shape])


def job_of(matrix: Matrix, scenario: Scenario) -> run.Job:
    """What a guest is to do for a scenario."""
    search = f"{matrix.build}/tools:{run.GUEST_PATH}"
    return run.Job(("/bin/sh", "/run/job"), "/", (("PATH", search),),
                   script=job_text(scenario, matrix.build), timeout_s=scenario.timeout_s,
                   shape=scenario.shape, machines=scenario.machines)


def run_job(matrix: Matrix, kernel: Kernel, modules: list[str], job: run.Job,
            sinks: list[dict[str, run.Sink]]) -> run.Result:
    """A job in clones, or in a machine that others were run in before."""
    if matrix.crew is None:
        return run.run(kernel, modules, matrix.payload, job, matrix.store, sinks)
    with matrix.crew.host(kernel, modules, job.shape) as host:
        return host.run(job, sinks[0])


def run_one(matrix: Matrix, scenario: Scenario, kernel: Kernel) -> tuple[list[Case], float]:
    """The cases of one scenario on one kernel, and how long it took."""
    name = f"{scenario.name} [{kernel.label}]"
    begin = time.monotonic()
    out = [plan.Keeper() for _ in range(scenario.machines)]
    err = [plan.Keeper() for _ in range(scenario.machines)]
    try:
        if matrix.crew and (reason := why_not(scenario)):
            raise NeedError(reason)
        answer = matrix.answers[kernel.label, scenario.shape]
        if isinstance(answer, LabError):
            raise answer
        wanted = scenario.wanted()
        kernel.modules.require([one for one in wanted.modules if not one.endswith("?")])
        answer.require(wanted.features)
        sinks: list[dict[str, run.Sink]] = [{"out": one, "err": other}
                                            for one, other in zip(out, err)]
        result = run_job(matrix, kernel, answer.modules, job_of(matrix, scenario), sinks)
    except NeedError as error:
        return [Case(SUITE, name, tap.SKIPPED, str(error))], time.monotonic() - begin
    except LabError as error:
        return [Case(SUITE, name, tap.FAILED, str(error))], time.monotonic() - begin
    errors = b"".join(one.data for one in [*out[1:], *err])
    cases = list(judge(name, result, out[0].data.decode("utf-8", "replace"),
                       errors.decode("utf-8", "replace")))
    return cases, time.monotonic() - begin


def judge(name: str, result: run.Result, output: str, errors: str) -> Iterator[Case]:
    """Cases from what a scenario printed and how it ended."""
    both = (output + errors).strip()
    faults = "\n".join(fault.text() for fault in result.faults)
    if faults or result.reason:
        console = result.console[-3000:] if result.status != EXIT_SKIP else ""
        yield Case(SUITE, name, tap.FAILED,
                   "\n".join(filter(None, [result.reason, faults, console, both[-4000:]])))
    elif result.status == EXIT_SKIP:
        yield Case(SUITE, name, tap.SKIPPED, (both.splitlines() or ["no reason given"])[-1])
    elif tap.is_tap(output):
        yield from tap.parse(SUITE, name, output, result.status)
    elif result.status != 0:
        yield Case(SUITE, name, tap.FAILED, f"exit status {result.status}\n{both[-4000:]}")
    else:
        yield Case(SUITE, name, tap.PASSED,
                   f"flaky: {result.retried}" if result.retried else "")


def show(cases: list[Case], label: str, seconds: float) -> None:
    """One line per finished scenario; what failed tells all."""
    counts = [f"{sum(case.outcome == what for case in cases)} {what}"
              for what in (tap.PASSED, tap.FAILED, tap.SKIPPED)
              if any(case.outcome == what for case in cases)]
    lines = [f"  {label:<44} {', '.join(counts):<22} {seconds:6.2f} s"]
    lines += [f"    skipped: {case.name}: {case.text}" for case in cases
              if case.outcome == tap.SKIPPED]
    for case in cases:
        if case.outcome == tap.FAILED:
            text = case.text.replace("\n", "\n      ")
            lines.append(f"    FAILED: {case.name}\n      {text}")
    print("\n".join(lines), flush=True)


def make_payload(build: Path, scenarios: list[Scenario]) -> Payload:
    """One payload for all scenarios, so that its image is made once."""
    payload = Payload()
    payload.add_tools()
    for path in build_outputs(build):
        # Of hundreds of tests only those that are meant for a guest.
        if build / "tests" not in path.parents or path.name.startswith(GUEST_TEST):
            payload.add_program(path)
    for scenario in scenarios:
        for name in NAMED_TEST.findall(scenario.text):
            payload.add_program(build / "tests" / name)
        for name in scenario.criterion:
            with contextlib.suppress(LabError):
                # Told by the scenario, on each kernel.
                payload.add_program(find_test(build, name)[0])
        for name in scenario.files:
            payload.add_tree(ROOT / name)
    return payload


def ship_modules(payload: Payload, scenarios: list[Scenario], kernels: list[Kernel],
                 store: Path) -> None:
    """Module files that scripts load, uncompressed, of each kernel that has them."""
    for kernel in kernels:
        for name in {name for scenario in scenarios for name in scenario.modules}:
            folder = kernel.modules_folder
            if folder is None or name not in kernel.modules.paths:
                continue
            path = store / "modules" / folder.name / f"{name}.ko"
            image = kernel.modules.image(name)
            if not path.is_file() or path.read_bytes() != image:
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_suffix(f".{os.getpid()}")
                draft.write_bytes(image)
                draft.rename(path)
            payload.add_file(path, f"/modules/{folder.name}/{name}.ko")


def run_matrix(matrix: Matrix, scenarios: list[Scenario], kernels: list[Kernel],
               jobs: int) -> list[Case]:
    """Run everything, `jobs` at a time."""
    cases: list[Case] = []
    lock = threading.Lock()

    def work(pair: tuple[Scenario, Kernel]) -> None:
        scenario, kernel = pair
        found, seconds = run_one(matrix, scenario, kernel)
        with lock:
            cases.extend(found)
            show(found, f"{scenario.name} [{kernel.label}]", seconds)

    if matrix.crew:
        scenarios = [dataclasses.replace(one, text=PRELUDE + one.text, shape=dataclasses.replace(
            one.shape, is_warped=False)) for one in scenarios]
    shapes = list(dict.fromkeys(one.shape for one in scenarios))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        # Templates first, in parallel: then every run is only a clone.
        list(pool.map(lambda one: prepare(matrix, *one),
                      [(kernel, shape, shared_needs(scenarios, shape))
                       for kernel in kernels for shape in shapes]))
        pairs = [(scenario, kernel) for kernel in kernels for scenario in scenarios
                 if scenario.runs_on(kernel.label)]
        pairs.sort(key=lambda pair: -pair[0].timeout_s)
        list(pool.map(work, pairs))
    return cases


def prepare(matrix: Matrix, kernel: Kernel, shape: Machine, wanted: Needs) -> None:
    """Ask what a kernel has, make its template, and say how long it took."""
    begin = time.monotonic()
    try:
        answer = needs.resolve(kernel, wanted, shape)
        matrix.answers[kernel.label, shape] = answer
        if matrix.crew is None:
            with ready_template(kernel, answer.modules, matrix.store, shape):
                pass
    except LabError as error:
        # Told by each scenario that wanted it.
        matrix.answers[kernel.label, shape] = error
    print(f"  kernel {kernel.label}{describe(shape)} is ready after "
          f"{time.monotonic() - begin:.1f} s", flush=True)


def describe(shape: Machine) -> str:
    """What is special about a machine."""
    words = [*(["time warp"] if shape.is_warped else []),
             *([f"{shape.can_controllers} CAN controllers"] if shape.can_controllers else []),
             *(["network"] if shape.has_network else [])]
    return f" ({', '.join(words)})" if words else ""


def main(arguments: list[str] | None = None) -> int:
    """Entry of run-scenarios; 0 if nothing failed."""
    parser = argparse.ArgumentParser(prog="run-scenarios", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="6.1,6.12,7", metavar="K,K")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    parser.add_argument("--runner", choices=["clone", "virtme"], default="clone")
    parser.add_argument("--build", type=Path, default=ROOT / "build/main")
    parser.add_argument("--folder", type=Path, default=ROOT / "vm-tests/scenarios")
    parser.add_argument("--json", type=Path, help="write the cases to this file")
    parser.add_argument("names", nargs="*", metavar="SCENARIO")
    args = parser.parse_args(arguments)
    cli.catch_signals()
    os.environ["PATH"] = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    try:
        scenarios = load(args.folder, args.names)
        kernels = [open_kernel(name, paths.kernels())
                   for name in args.kernels.split(",")]
        build = Path(os.path.abspath(args.build))
        store = paths.store() / "vm"
        payload = make_payload(build, scenarios)
        ship_modules(payload, scenarios, kernels, store)
        matrix = Matrix(build, payload, store)
        if args.runner == "virtme":
            matrix.crew = Crew(store)
        try:
            cases = run_matrix(matrix, scenarios, kernels, args.jobs)
        finally:
            if matrix.crew:
                matrix.crew.close()
    except (LabError, OSError) as error:
        print(f"run-scenarios: {error}", file=sys.stderr)
        return EXIT_LAB
    if args.json:
        args.json.write_text(json.dumps([dataclasses.asdict(case) for case in cases]))
    return 1 if any(case.outcome == tap.FAILED for case in cases) or not cases else 0
