# SPDX-License-Identifier: MIT
"""What a message over QIPCRTR costs within a node: `scripts/bench qipcrtr`.

Retired instructions, kernel and user space together, of a round trip between two
sockets of one process, in a virtual machine whose clock counts them.
A short and a long run; the difference counts. Every round is a machine
of its own; medians.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from . import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
PROGRAM = BUILD / "bench" / "qipcrtr-cost"
NS_PER_INSTRUCTION = machine.ns_per_instruction(ROOT)
SHORT, LONG = 1000, 6000
WAYS = {
    "hand": "sendto(2) and recvfrom(2) by hand",
    "connected": "write(2) on connected sockets, by hand",
    "library": "`lsk_socket_sendto()`, `lsk_socket_recvfrom()`",
    "events": "`lsk_socket_sendto()`, `lsk_qipcrtr_receive()`",
    "unix": "datagrams of AF_UNIX by hand, to compare",
}
LIMIT = 1.2  # of the library to what is done by hand


def measure(kernel):
    """One machine: {way: instructions a round trip}."""
    script = "\n".join(f"echo {way} $({PROGRAM} {way} {SHORT}) $({PROGRAM} {way} {LONG})" for way in WAYS)
    done = subprocess.run(
        [ROOT / "vm-tests/vm", "run", "--kernel", kernel, "--time-warp", "--need", "qrtr", "--timeout", "280",
         "--build", BUILD, "--", "sh", "-ec", script], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench qipcrtr: {kernel}: {done.stdout}{done.stderr}")
    found = {}
    for line in done.stdout.splitlines():
        way, short, long = line.split()
        found[way] = (float(long) * LONG - float(short) * SHORT) / (LONG - SHORT) / NS_PER_INSTRUCTION
    return found


def table(result):
    """The result as a page."""
    lines = ["# QIPCRTR, measured", "",
             "Made by `scripts/bench qipcrtr`; how is told in bench/harness/qipcrtr.py. Instructions a round "
             f"trip of 64 bytes, medians of {result['rounds']} machines.", "",
             "| way | " + " | ".join(f"Linux {kernel}" for kernel in result["kernels"]) + " |",
             "|---|" + "---:|" * len(result["kernels"])]
    for way, text in WAYS.items():
        lines.append(f"| {text} | " + " | ".join(f"{work[way]:.0f}" for work in result["kernels"].values()) + " |")
    ratios = [work["library"] / work["hand"] for work in result["kernels"].values()]
    lines += ["", f"The library against what is done by hand: {', '.join(f'{one:.3f}' for one in ratios)}; "
              f"must be ≤ {LIMIT:.2f}: {'reached' if max(ratios) <= LIMIT else '**missed**'}.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench qipcrtr", description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default="6.1,6.12,7")
    parser.add_argument("--quick", action="store_true", help="one kernel, one round, no proof")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    rounds = 3
    if options.quick:
        options.kernels, rounds = options.kernels.split(",")[-1], 1
        options.results = options.results / "local"
    kernels = {}
    for kernel in options.kernels.split(","):
        runs = [measure(kernel) for _ in range(rounds)]
        kernels[kernel] = {way: round(statistics.median(run[way] for run in runs), 1) for way in WAYS}
    result = {"rounds": rounds, "kernels": kernels, "machine": machine.describe(ROOT)}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "qipcrtr.json").write_text(json.dumps(result, indent=1) + "\n")
    page = table(result)
    (options.results / "qipcrtr.md").write_text(page)
    print(page)
    return 1 if "**missed**" in page else 0


if __name__ == "__main__":
    sys.exit(main())
