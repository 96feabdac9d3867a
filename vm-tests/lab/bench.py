# SPDX-License-Identifier: MIT
"""How long the laboratory takes, as a user meets it: the command, started and timed.

Every figure is a median. "Begun" is measured twice: from the start of the machine to
the agent's word, and from the start of the command to the first byte of the program's
output, which has Python's own start in it.

Machines of a shared host lose time to their neighbours, which /proc/stat tells as
stolen. A sample that lost more than a twentieth of its time is taken again, a few times
at most; the results tell how many were, and what was stolen of those that are left.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from . import paths, plan, virtme
from . import run as lab_run
from .kernel import open_kernel
from .qemu import Machine

RUNS = 11
TEMPLATE_RUNS = 11
EACH = 20
# How much of a sample's time may be stolen, and how often it is taken again.
STOLEN = 0.05
AGAIN = 4
PARTS = ["clone", "network", "each", "warp", "template", "virtme"]
# One kernel is enough: what is compared is the way to its boot.
VIRTME_KERNEL = "6.12"
TOOL = [str(paths.HERE.parent / "vm"), "run"]


HEAD = """\
# The laboratory, measured

Made by `scripts/bench vm` without KVM; how is told in vm-tests/lab/bench.py. Medians, of
runs in turns where two things are compared. "Again": samples taken again, because
more than a twentieth of their time was stolen by other machines of the host; "stolen": the
median of what was stolen of those that count.

| what | median | least | most | n | again | stolen | must be | |
|---|---:|---:|---:|---:|---:|---:|---|---|
"""


class Host:
    """What other machines took of this one's time since it was made."""

    def __init__(self) -> None:
        self.begin = self._ticks()
        self.since = time.monotonic()

    @staticmethod
    def _ticks() -> int:
        with open("/proc/stat", encoding="ascii") as stat:
            return int(stat.readline().split()[8])

    def stolen(self) -> float:
        """As a share of one CPU's time."""
        passed = time.monotonic() - self.since
        return (self._ticks() - self.begin) / os.sysconf("SC_CLK_TCK") / passed


class Figure:
    """One measured thing with its limit."""

    def __init__(self, name: str, limit: float | None, unit: str = "s") -> None:
        self.name, self.limit, self.unit = name, limit, unit
        self.samples: list[float] = []
        self.stolen: list[float] = []
        self.again = 0

    def median(self) -> float:
        """What is judged."""
        return statistics.median(self.samples)

    def verdict(self) -> str:
        """Whether the limit was kept; without one nothing is judged."""
        if self.limit is None:
            return "-"
        return "reached" if self.median() <= self.limit else "**missed**"

    def line(self) -> str:
        """As printed."""
        limit = "" if self.limit is None else f"  limit {self.limit:g}: {self.verdict()}"
        return (f"{self.name:<46} {self.median():6.3f} {self.unit}  (least {min(self.samples):.3f}, "
                f"most {max(self.samples):.3f}, n {len(self.samples)}, {self.again} again, "
                f"{statistics.median(self.stolen):.0%} stolen){limit}")

    def row(self) -> str:
        """As a row of the table."""
        limit = "" if self.limit is None else f"≤ {self.limit:g}"
        return (f"| {self.name} | {self.median():.3f} {self.unit} | {min(self.samples):.3f} | "
                f"{max(self.samples):.3f} | {len(self.samples)} | {self.again} | "
                f"{statistics.median(self.stolen):.0%} | {limit} | {self.verdict()} |")


def sample(figures: list[Figure], take: Callable[[], list[float]]) -> None:
    """Add what take() measures to the figures, again where too much was stolen."""
    for attempt in range(AGAIN + 1):
        host = Host()
        values = take()
        stolen = host.stolen()
        if stolen <= STOLEN:
            break
        for figure in figures:
            figure.again += int(attempt < AGAIN)
    for figure, value in zip(figures, values):
        figure.samples.append(value)
        figure.stolen.append(stolen)


def run(arguments: list[str], environment: dict[str, str] | None = None) -> tuple[float, float]:
    """Run the command. Return: seconds to the first byte of output, and in all."""
    begin = time.monotonic()
    with subprocess.Popen([*TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, **(environment or {})}) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(1)
        first = time.monotonic() - begin
        process.stdout.read()
        errors = process.stderr.read()
    if process.returncode != 0:
        sys.exit(f"{arguments} ended with {process.returncode}: {errors.decode()}")
    return first, time.monotonic() - begin


def measure_clones(kernel: str, runs: int) -> list[Figure]:
    """A trivial test in a clone."""
    begun = Figure(f"{kernel}: machine started to test begun", 0.10)
    first = Figure(f"{kernel}: command started to first output", None)
    whole = Figure(f"{kernel}: trivial test, machine in all", 0.35)
    command = Figure(f"{kernel}: trivial test, command in all", None)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        arguments = ["--kernel", kernel, "--json", str(report), "--", "sh", "-c", "echo x"]
        run(arguments)

        def take() -> list[float]:
            output, total = run(arguments)
            found = json.loads(report.read_text())["tests"][0]
            return [found["begun_s"], output, found["seconds"], total]

        for _ in range(runs):
            sample([begun, first, whole, command], take)
    return [begun, first, whole, command]


def measure_template(kernel: str, runs: int) -> Figure:
    """The first run on a kernel, less what a later one takes: in a store of its own."""
    figure = Figure(f"{kernel}: template", 3.5)
    arguments = ["--kernel", str(paths.kernels() / kernel), "--", "true"]
    with tempfile.TemporaryDirectory(dir=paths.store()) as store:
        # Another size is another template.
        sizes = itertools.count(512, -2)

        def take() -> list[float]:
            sized = ["--memory", str(next(sizes)), *arguments]
            _, first = run(sized, {"LINSOCK_DEPS": store})
            _, second = run(sized, {"LINSOCK_DEPS": store})
            return [first - second]

        # The very first one makes the payload disk as well.
        take()
        for _ in range(runs):
            sample([figure], take)
    return figure


def measure_each(kernel: str, runs: int) -> Figure:
    """Twenty tests, two machines at a time."""
    figure = Figure(f"{kernel}: {EACH} tests with two jobs", 4)
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number in range(EACH):
            path = Path(folder, f"test_{number}")
            path.write_text("#!/bin/sh\nexit 0\n")
            path.chmod(0o755)
            names.append(str(path))
        arguments = ["--kernel", kernel, "--each", "--jobs", "2", "--", *names]
        run(arguments)
        for _ in range(runs):
            sample([figure], lambda: [run(arguments)[1]])
    return figure


def measure_warp(kernel: str, runs: int) -> Figure:
    """An hour of sleep."""
    figure = Figure(f"{kernel}: sleep 3600 under time warp", 3)
    arguments = ["--kernel", kernel, "--time-warp", "--", "sleep", "3600"]
    run(arguments)
    for _ in range(runs):
        sample([figure], lambda: [run(arguments)[1]])
    return figure


def measure_network(kernel: str, runs: int) -> list[Figure]:
    """From the start of two machines to the second one's first answer."""
    packet = Figure(f"{kernel}: two machines started to first packet", 0.5)
    begun = Figure(f"{kernel}: two machines started to both begun", None)
    script = ("test $LINSOCK_MACHINE = 1 && exec sleep 1; until ping -c 1 -W 1 10.9.0.1 "
              ">/dev/null; do :; done; echo answered")
    known = open_kernel(kernel, paths.kernels())
    payload = plan.common_payload(None)
    job = lab_run.Job(("sh", "-c", script), shape=Machine(has_network=True), machines=2)
    answered: list[float] = []

    def take() -> list[float]:
        answered.clear()
        sinks: list[dict[str, lab_run.Sink]] = [
            {}, {"out": lambda _: answered.append(time.monotonic())}]
        result = lab_run.run(known, [], payload, job, paths.store() / "vm", sinks)
        if result.status != 0 or not answered:
            sys.exit(f"the network of {kernel} ended with {result.status}: {result.reason}")
        return [answered[0] - result.started, result.begun_s]

    # The payload comes for the second time then, and is in the template.
    for _ in range(2):
        take()
    for _ in range(runs):
        sample([packet, begun], take)
    return [packet, begun]


def measure_virtme(kernel: str, runs: int) -> list[Figure]:
    """Plain vng and our runner on the same command, in turns."""
    plain = Figure(f"{kernel}: plain vng", None)
    ours = Figure(f"{kernel}: runner virtme", None)
    ratio = Figure(f"{kernel}: runner virtme / plain vng", 1.10, "x")
    known = open_kernel(kernel, paths.kernels())
    tree = virtme.kernel_tree(known, paths.store() / "vm")
    command = ["vng", "--run", str(tree / "vmlinuz"), "--disable-microvm", "--disable-kvm",
               "--cpus", "1", "--memory", "512M", "--exec", "true"]
    arguments = ["--kernel", kernel, "--runner", "virtme", "--", "true"]

    def take() -> list[float]:
        begin = time.monotonic()
        subprocess.run(command, env=virtme.vng_environment(), check=True, cwd="/",
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        theirs = time.monotonic() - begin
        own = run(arguments)[1]
        return [theirs, own, own / theirs]

    for _ in range(runs):
        sample([plain, ours, ratio], take)
    return [plain, ours, ratio]


def write_results(folder: Path, figures: list[Figure]) -> None:
    """vm.json with every sample, vm.md with the table; figures of other runs stay."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vm.json"
    kept = json.loads(path.read_text()) if path.is_file() else {}
    for one in figures:
        kept[one.name] = {"limit": one.limit, "unit": one.unit, "samples": one.samples,
                          "stolen": one.stolen, "again": one.again}
    path.write_text(json.dumps(kept, indent=1) + "\n")
    rows = []
    for name, fields in kept.items():
        figure = Figure(name, fields["limit"], fields["unit"])
        figure.samples, figure.stolen = fields["samples"], fields["stolen"]
        figure.again = fields["again"]
        rows.append(figure.row())
    (folder / "vm.md").write_text(HEAD + "\n".join(rows) + "\n")


def main() -> int:
    """Entry of the benchmark; 0 if all limits were kept."""
    parser = argparse.ArgumentParser(prog="scripts/bench vm", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="6.1,6.12,7", metavar="K,K")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--results", type=Path, metavar="FOLDER",
                        default=paths.HERE.parents[1] / "bench/results")
    parser.add_argument("--only", choices=PARTS, action="append")
    args = parser.parse_args()
    wanted = args.only or PARTS
    figures: list[Figure] = []
    for kernel in args.kernels.split(","):
        new: list[Figure] = []
        if "clone" in wanted:
            new += measure_clones(kernel, args.runs)
        if "network" in wanted:
            new += measure_network(kernel, args.runs)
        if "each" in wanted:
            new.append(measure_each(kernel, args.runs))
        if "warp" in wanted:
            new.append(measure_warp(kernel, args.runs))
        if "template" in wanted:
            new.append(measure_template(kernel, args.runs))
        if "virtme" in wanted and kernel == VIRTME_KERNEL:
            new += measure_virtme(kernel, args.runs)
        for figure in new:
            print(figure.line(), flush=True)
        figures += new
    write_results(args.results, figures)
    return int(any("missed" in one.verdict() for one in figures))


if __name__ == "__main__":
    sys.exit(main())
