# SPDX-License-Identifier: MIT
"""What bytes over VSOCK cost: `scripts/bench vsock`.

One virtual machine whose clock counts instructions, its own
peer over vsock_loopback. Every program runs twice, for 2 and for 10 MiB, and the
difference counts: instructions a byte of the two processes, and of the whole machine,
which is what throughput comes down to where nothing is ever waited for. All take turns;
a ratio is the median of the ratios of neighbours. vsock_perf is the kernel's own,
built out of the source package of Debian.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from . import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
COST = BUILD / "bench" / "vsock-cost"
PERF = BUILD / "bench" / "vsock_perf"
DEPS = pathlib.Path(os.environ.get("LINSOCK_DEPS", ROOT / "build" / "deps"))
NS_PER_INSTRUCTION = machine.ns_per_instruction(ROOT)
ALL, SENDER, RECEIVER = 0, 1, 2
SIZES = (4096, 65536, 1048576)

# What it is, ours, the rival, which costs count, the ratio that must be reached.
ROWS = (
    ("CPU of both ends, `linsock vsock bench` against a loop by hand", "linsock", "loop",
     (SENDER, RECEIVER), 1.05),
    ("whole machine (1 / throughput), `linsock vsock bench` against vsock_perf", "linsock",
     "perf", (ALL,), 1.0),
    ("CPU of both ends, `linsock vsock bench` against socat", "linsock", "socat",
     (SENDER, RECEIVER), 0.7),
    ("CPU to send a file, `linsock cat` against socat", "cat-sends", "socat-sends", (SENDER,), 0.7),
    ("CPU to receive, `linsock cat -l` against socat", "cat-receives", "socat-receives",
     (RECEIVER,), 0.7),
)


def say(text):
    print(text, file=sys.stderr, flush=True)


def build_perf(series):
    """vsock_perf, out of the kernel's source."""
    if PERF.exists():
        return
    with tempfile.TemporaryDirectory(prefix="linsock-bench-") as folder:
        say(f"fetching linux-source-{series} for vsock_perf")
        subprocess.run([sys.executable, str(ROOT / "scripts/lib/private_apt.py"), "unpack", "--suite",
                        "trixie", "--work", str(DEPS / "apt"), "--into", folder,
                        f"linux-source-{series}"], check=True)
        place = f"linux-source-{series}/tools/testing/vsock"
        subprocess.run(["tar", "-xf", f"{folder}/usr/src/linux-source-{series}.tar.xz", "-C", folder,
                        place], check=True)
        subprocess.run(["cc", "-O2", "-w", "-D_GNU_SOURCE", "-o", str(PERF),
                        f"{folder}/{place}/vsock_perf.c",
                        f"{folder}/{place}/msg_zerocopy_common.c"], check=True)


def measure(kernel, pairs):
    """{(who, size): [(all, sender, receiver), ...]}, in instructions a byte."""
    done = subprocess.run(
        [ROOT / "vm-tests/vm", "run", "--kernel", kernel, "--time-warp", "--need", "vsock",
         "vsock_loopback", "--timeout", str(120 + 400 * pairs), "--build", BUILD,
         "--file", f"{ROOT}/bench/vsock/measure.sh:/measure.sh",
         "--file", f"{shutil.which('socat')}:/usr/bin/socat",
         "--", "sh", "/measure.sh", str(pairs), COST, PERF],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench vsock: {done.stdout}{done.stderr}")
    found, last = {}, None
    for line in done.stdout.splitlines():
        who, size, bytes_, *costs = line.split()
        here = (who, int(size)), int(bytes_), [int(cost) for cost in costs]
        if last is None:
            last = here
            continue
        more = (here[1] - last[1]) * NS_PER_INSTRUCTION
        found.setdefault(here[0], []).append(
            [(long - short) / more for short, long in zip(last[2], here[2])])
        last = None
    return found


def compare(found, row, size):
    """Ours, the rival's and the ratio, of one row and size."""
    _, ours, rival, which, _ = row
    mine = [sum(costs[one] for one in which) for costs in found[ours, size]]
    theirs = [sum(costs[one] for one in which) for costs in found[rival, size]]
    return (statistics.median(mine), statistics.median(theirs),
            statistics.median(a / b for a, b in zip(mine, theirs)))


def table(result):
    """The result as a page."""
    lines = ["# VSOCK, measured", "",
             "Made by `scripts/bench vsock`; how is told in bench/harness/vsock.py. Instructions a "
             f"byte; Linux {result['kernel']}, {result['pairs']} pairs.", "",
             "| what | pieces of | linsock | peer | ratio | must be | |",
             "|---|---:|---:|---:|---:|---:|---|"]
    for row in result["rows"]:
        lines.append(f"| {row['what']} | {row['size']} | {row['linsock']:.3f} | {row['peer']:.3f} | "
                     f"{row['ratio']:.3f} | ≤ {row['limit']:.2f} | "
                     f"{'reached' if row['ratio'] <= row['limit'] else '**missed**'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench vsock", description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one pair, no proof")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    if not shutil.which("socat"):
        sys.exit("bench vsock: socat is not installed")
    pairs = 1 if options.quick else options.pairs
    if options.quick:
        options.results = options.results / "local"
    build_perf("6.12")
    found = measure(options.kernel, pairs)
    rows = []
    for row in ROWS:
        for size in SIZES:
            ours, theirs, ratio = compare(found, row, size)
            rows.append({"what": row[0], "size": size, "linsock": ours, "peer": theirs, "ratio": ratio,
                         "limit": row[4]})
    result = {"kernel": options.kernel, "pairs": pairs, "machine": machine.describe(ROOT), "rows": rows,
              "samples": {f"{who} {size}": costs for (who, size), costs in found.items()}}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "vsock.json").write_text(json.dumps(result, indent=1) + "\n")
    page = table(result)
    (options.results / "vsock.md").write_text(page)
    print(page)
    return 1 if "**missed**" in page else 0


if __name__ == "__main__":
    sys.exit(main())
