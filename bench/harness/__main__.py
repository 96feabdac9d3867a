# SPDX-License-Identifier: MIT
"""Run the benchmark suite: see bench/README.md."""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys

from . import cells as cells_module
from . import machine, measure, plot, report
from .coprocess import list_adapters

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# The back ends that each of linsock's own programs is measured with.
BACKENDS = (("", "uring"), ("-epoll", "epoll"))

VETH_SETUP = """
netns add lsk-bench-a
netns add lsk-bench-b
link add lsk-bench-a netns lsk-bench-a type veth peer name lsk-bench-b netns lsk-bench-b
-n lsk-bench-a address add 10.200.0.1/24 dev lsk-bench-a
-n lsk-bench-b address add 10.200.0.2/24 dev lsk-bench-b
-n lsk-bench-a link set lsk-bench-a up
-n lsk-bench-b link set lsk-bench-b up
-n lsk-bench-a link set lo up
-n lsk-bench-b link set lo up
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def ip(words):
    return subprocess.run(["ip", *words.split()], capture_output=True, text=True,
                          check=False)


@contextlib.contextmanager
def network_namespaces():
    """Two of them, joined by a veth pair; yields None, or why there are none."""
    made = []
    problem = None
    try:
        for line in VETH_SETUP.strip().splitlines():
            done = ip(line)
            if done.returncode != 0:
                problem = f"ip {line}: {done.stderr.strip()}"
                break
            if line.startswith("netns add"):
                made.append(line.split()[-1])
        yield problem
    finally:
        for name in made:
            ip(f"netns delete {name}")


def find_variants(build):
    """Every program of the build folder's bench/ says what it offers."""
    variants = []
    for path in sorted((build / "bench").glob("bench-*")):
        if not path.is_file() or not os.access(path, os.X_OK):
            continue
        adapters = list_adapters(path)
        names = {adapter["name"] for adapter in adapters}
        for adapter in adapters:
            common = {"program": str(path), "adapter": adapter["name"],
                      "version": adapter["version"], "summary": adapter["summary"],
                      "services": tuple(adapter["services"])}
            name = adapter["name"]
            # A program of ours that does not choose the back end itself is told.
            is_chosen = name.endswith("-epoll") or name + "-epoll" in names
            if not path.name.startswith("bench-linsock") or is_chosen:
                variants.append(measure.Variant(label=name, **common))
                continue
            for suffix, backend in BACKENDS:
                variants.append(measure.Variant(
                    label=name + suffix,
                    environment={"LINSOCK_BACKEND": backend}, **common))
    # The baselines first: the rounds of a batch are calibrated on the first.
    first = {"epoll": 0, "bare": 0, "liburing": 1}
    return sorted(variants, key=lambda v: first.get(v.label, 2))


def choose(arguments, cells):
    chosen = [cell for cell in cells
              if (not arguments.suites or cell.suite in arguments.suites
                  or cell.bench.lower() in arguments.suites
                  or any(cell.id.startswith(name) for name in arguments.suites))]
    if arguments.quick:
        chosen = [cell for cell in chosen if cell.is_quick]
    return chosen


def run(chosen, variants, effort, cpu, notes, save):
    """Measure the cells one by one; what a reader must know is added to notes. What
    there is is saved after each, lest an hour is lost with the last one."""
    results = {}
    for index, cell in enumerate(chosen, 1):
        say(f"[{index}/{len(chosen)}] {cell.title}")
        with contextlib.ExitStack() as stack:
            if cell.needs_namespaces:
                problem = stack.enter_context(network_namespaces())
                if problem:
                    say(f"    skipped: {problem}")
                    notes.append(f"skipped: {cell.title}: {problem}")
                    continue
            cell_run = measure.CellRun(cell, variants, effort, cpu, say)
            results[cell.id] = cell_run.run()
            notes += sorted(cell_run.notes - set(notes))
        line = [f"{label} {entry['ns']:.0f}" for label, entry in results[cell.id].items()
                if "ns" in entry]
        say(f"    ns per {cell.unit}: " + ", ".join(line))
        save(results)
    return results


def write_results(folder, chosen, results, variants, about, notes):
    folder.mkdir(parents=True, exist_ok=True)
    for suite in ("sync", "async"):
        mine = {cell.id: results[cell.id] for cell in chosen
                if cell.suite == suite and cell.id in results}
        if mine:
            document = {"machine": about, "notes": notes, "cells": mine}
            text = json.dumps(document, indent=1, sort_keys=True)
            # One line for each list of samples.
            text = compact_lists(text)
            (folder / f"{suite}.json").write_text(text + "\n", encoding="utf-8")
    used = {label for entries in results.values() for label in entries}
    shown = [variant for variant in variants if variant.label in used]
    table = report.markdown(chosen, results, shown, about, notes)
    (folder / "README.md").write_text(table, encoding="utf-8")
    plot.write_all(folder, chosen, results)


def compact_lists(text):
    lines, inside = [], False
    for line in text.splitlines():
        stripped = line.strip()
        if inside:
            lines[-1] += (" " if not stripped.startswith("]") else "") + stripped
            inside = not stripped.startswith("]")
        else:
            lines.append(line)
            inside = stripped.endswith("[")
    return "\n".join(lines)


def parse(argv):
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="WHAT",
                        help="sync, async, b1 to b12, or the beginning of a cell's name "
                        "(default: all)")
    parser.add_argument("--quick", action="store_true",
                        help="a few cells, few batches: to see that all works, no proof")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench",
                        help="the build folder")
    parser.add_argument("--results", type=pathlib.Path,
                        help="where the results go (default: bench/results, with "
                        "--quick bench/results/local)")
    parser.add_argument("--cpu", type=int, default=measure.last_cpu(),
                        help="the CPU to run on (default: the last)")
    parser.add_argument("--list", action="store_true", help="show cells and variants")
    return parser.parse_args(argv)


def main(argv):
    arguments = parse(argv)
    chosen = choose(arguments, cells_module.all_cells())
    variants = find_variants(arguments.build)
    if arguments.list:
        for cell in chosen:
            print(f"{cell.bench:4} {cell.id:24} {cell.title}")
        for variant in variants:
            print(f"     {variant.label:24} {variant.version}: {variant.summary}")
        return 0
    if not chosen or not variants:
        say("bench: nothing to run (unknown name, or nothing built)")
        return 2
    about = machine.describe(ROOT)
    notes = []
    if arguments.quick:
        notes.append("--quick: few batches of one start each; no proof of anything")
    if about["load"] > 1:
        notes.append(f"the machine was busy: load average {about['load']:.2f} at start")
    effort = measure.Effort.quick() if arguments.quick else measure.Effort()
    notes.append(f"{effort.starts} starts of each program, {effort.batches} batches each, "
                 f"about {effort.batch_ns // 1000000} ms of CPU a batch")
    folder = arguments.results or ROOT / ("bench/results/local" if arguments.quick
                                          else "bench/results")

    def save(results):
        about["load_end"] = os.getloadavg()[0]
        write_results(folder, chosen, results, variants, about, notes)

    results = run(chosen, variants, effort, arguments.cpu, notes, save)
    print("\n".join(report.target_lines(chosen, results, is_brief=True)))
    say(f"Written: {os.path.relpath(folder)}/README.md")
    return 0


sys.exit(main(sys.argv[1:]))
