# SPDX-License-Identifier: MIT
"""What idle connections hold: `scripts/bench idle`.

In a virtual machine of their own, where a process may have as many descriptors as it
likes (both ends of 50,000 connections are 100,000) and where nobody else makes the
kernel's caches grow. Every connection has spoken once. Of the process: pages of its own.
Of the kernel: what its caches grew by, both sockets of a connection among it, which are the
same for all.
"""

import argparse
import json
import pathlib
import subprocess
import sys

from . import machine
from .coprocess import list_adapters

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
COUNT = 50000
LIMIT = 256
OURS = ("linsock", "linsock-epoll")
# Variants that differ in how they send, or ask nobody.
WITHOUT = ("no-loop", "libevent-changelist", "liburing-inline")
COLUMNS = (("rss_bytes_per_connection", "process, B"),
           ("heap_bytes_per_connection", "of it by malloc, B"),
           ("kernel_bytes_per_connection", "kernel, B"))


def find_programs():
    """[(program, adapter)] of all that serve echo."""
    found = []
    for path in sorted((BUILD / "bench").glob("bench-*")):
        if path.is_file():
            found += [(path.name, adapter["name"]) for adapter in list_adapters(path)
                      if "echo" in adapter["services"] and adapter["name"] not in WITHOUT]
    return found


def measure(kernel, programs, connections):
    """{adapter: figures}"""
    words = [f"{program}:{adapter}:{connections}" for program, adapter in programs]
    done = subprocess.run(
        [ROOT / "vm-tests/vm", "run", "--kernel", kernel, "--memory", "2048", "--timeout",
         "3600", "--build", BUILD, "--file", f"{ROOT}/bench/idle.sh:/idle.sh", "--", "sh",
         "/idle.sh", BUILD / "bench", *words],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench idle: {done.stdout}{done.stderr}")
    found = {}
    for line in done.stdout.splitlines():
        adapter, _, answer = line.split(" ", 2)
        figures = json.loads(answer)
        if not figures.pop("ok"):
            sys.exit(f"bench idle: {line}")
        found[adapter] = figures
    return found


def table(kernel, found, connections):
    lines = ["# Idle connections, measured", "",
             "Made by `scripts/bench idle`; how is told in bench/harness/idle.py. UNIX "
             f"connections that spoke once, {connections} of them; Linux {kernel}; bytes for "
             "each.", "",
             "| | " + " | ".join(title for _, title in COLUMNS) + " | must be | |",
             "|---|" + "---:|" * len(COLUMNS) + "---|---|"]
    for adapter, figures in sorted(found.items(), key=lambda row: row[1][COLUMNS[0][0]]):
        values = [f"{figures.get(name, 0):.0f}" for name, _ in COLUMNS]
        is_ours = adapter in OURS
        reached = figures[COLUMNS[0][0]] <= LIMIT
        mark = ("reached" if reached else "**missed**") if is_ours else ""
        lines.append(f"| {adapter} | " + " | ".join(values)
                     + f" | {f'≤ {LIMIT}' if is_ours else ''} | {mark} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench idle",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--connections", type=int, default=COUNT)
    parser.add_argument("--only", nargs="+", metavar="ADAPTER", help="not all of them")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    programs = [pair for pair in find_programs()
                if not options.only or pair[1] in options.only]
    found = measure(options.kernel, programs, options.connections)
    options.results.mkdir(parents=True, exist_ok=True)
    document = {"kernel": options.kernel, "machine": machine.describe(ROOT),
                "connections": options.connections, "figures": found}
    (options.results / "idle.json").write_text(json.dumps(document, indent=1) + "\n")
    page = table(options.kernel, found, options.connections)
    (options.results / "idle.md").write_text(page)
    print(page)
    return 1 if "**missed**" in page else 0


if __name__ == "__main__":
    sys.exit(main())
