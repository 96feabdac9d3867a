# SPDX-License-Identifier: MIT
"""How long the laboratory takes, as a user meets it: the command, started and timed.

Every figure is a median. "Begun" is measured twice: from the start of the machine to
the agent's word, and from the start of the command to the first byte of the program's
output, which has Python's own start in it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import paths

RUNS = 11
TEMPLATE_RUNS = 11
EACH = 20
TOOL = [str(paths.HERE.parent / "vm"), "run"]


class Figure:
    """One measured thing with its limit."""

    def __init__(self, name: str, limit_s: float) -> None:
        self.name, self.limit_s = name, limit_s
        self.samples: list[float] = []

    def line(self) -> str:
        """As printed."""
        median = statistics.median(self.samples)
        verdict = "ok" if median <= self.limit_s else "over"
        return (f"{self.name:<44} {median:6.3f} s  (least {min(self.samples):.3f}, most "
                f"{max(self.samples):.3f}, n {len(self.samples)})  limit {self.limit_s:g}: {verdict}")


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
    first = Figure(f"{kernel}: command started to first output", 0.25)
    whole = Figure(f"{kernel}: trivial test, machine in all", 0.35)
    command = Figure(f"{kernel}: trivial test, command in all", 0.50)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        arguments = ["--kernel", kernel, "--json", str(report), "--", "sh", "-c", "echo x"]
        run(arguments)
        for _ in range(runs):
            output, total = run(arguments)
            found = json.loads(report.read_text())["tests"][0]
            begun.samples.append(found["begun_s"])
            whole.samples.append(found["seconds"])
            first.samples.append(output)
            command.samples.append(total)
    return [begun, first, whole, command]


def measure_template(kernel: str, runs: int) -> Figure:
    """The first run on a kernel, less what a later one takes: in a store of its own."""
    figure = Figure(f"{kernel}: template", 3.5)
    arguments = ["--kernel", str(paths.kernels() / kernel), "--", "true"]
    with tempfile.TemporaryDirectory(dir=paths.store()) as store:
        for number in range(runs):
            # Another size is another template.
            sized = ["--memory", str(512 - 2 * number), *arguments]
            _, first = run(sized, {"LINSOCK_DEPS": store})
            _, second = run(sized, {"LINSOCK_DEPS": store})
            # The very first one makes the payload disk as well.
            if number > 0:
                figure.samples.append(first - second)
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
            figure.samples.append(run(arguments)[1])
    return figure


def measure_warp(kernel: str, runs: int) -> Figure:
    """An hour of sleep."""
    figure = Figure(f"{kernel}: sleep 3600 under time warp", 3)
    arguments = ["--kernel", kernel, "--time-warp", "--", "sleep", "3600"]
    run(arguments)
    figure.samples = [run(arguments)[1] for _ in range(runs)]
    return figure


def main() -> int:
    """Entry of the benchmark; 0 if all limits were kept."""
    parser = argparse.ArgumentParser(prog="scripts/bench vm", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="6.1,6.12,7", metavar="K,K")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only", choices=["clone", "each", "warp", "template"], action="append")
    args = parser.parse_args()
    wanted = args.only or ["clone", "each", "warp", "template"]
    figures: list[Figure] = []
    for kernel in args.kernels.split(","):
        new: list[Figure] = []
        if "clone" in wanted:
            new += measure_clones(kernel, args.runs)
        if "each" in wanted:
            new.append(measure_each(kernel, args.runs))
        if "warp" in wanted:
            new.append(measure_warp(kernel, args.runs))
        if "template" in wanted:
            new.append(measure_template(kernel, args.runs + 1))
        for figure in new:
            print(figure.line(), flush=True)
        figures += new
    return int(any(statistics.median(one.samples) > one.limit_s for one in figures))


if __name__ == "__main__":
    sys.exit(main())
