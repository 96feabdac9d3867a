# SPDX-License-Identifier: MIT
"""What CAN costs: `scripts/bench can`.

Frames are counted in retired instructions: a virtual machine whose clock advances by
eight nanoseconds an instruction drains full queues (bench/can). Medians over rounds;
each round is a machine of its own. DBC is decoded on the host.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

from . import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
PROGRAM = BUILD / "bench" / "can-cost"
SCRIPT = ROOT / "bench" / "can" / "measure.sh"
NS_PER_INSTRUCTION = 8  # -icount shift=3
FRAMES = 20000

# What it is, ours, the rival, the ratio that must be reached.
ROWS = (
    ("`linsock can dump -L` to a file, against candump -L", "linsock-L", "candump-L", 0.45),
    ("`linsock can dump -l`, against candump -l", "linsock-l", "candump-l", 0.45),
    ("library receive with time and drop counter, against recvmmsg(64) by hand",
     "library", "hand", 1.05),
    ("library receive of 16 interfaces, 4 frames each in turn, against recvmmsg(64) by hand",
     "library-any", "hand-any", 1.02),
    ("`linsock can gen -g 0`, against cangen -g 0", "gen", "cangen", 1.0),
    ("`linsock can play -t`, against canplayer -t", "play", "canplayer", 1.0),
)
DBC_MIN = 1e6
CALLS_MAX = 0.02


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(kernel, frames):
    """One machine: {work: instructions per frame}."""
    done = subprocess.run(
        [ROOT / "vm-tests/vm", "run", "--kernel", kernel, "--time-warp", "--need", "can-raw", "vcan",
         "--timeout", "280", "--memory", "1024", "--build", BUILD,
         "--file", f"{SCRIPT}:/measure.sh", "--", "sh", "/measure.sh", str(frames), "1",
         PROGRAM], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench can: {kernel}: {done.stdout}{done.stderr}")
    found = re.findall(r"^([\w-]+) ([\d.]+)$", done.stdout, re.MULTILINE)
    return {name: float(value) / (1 if name.startswith("calls") else NS_PER_INSTRUCTION)
            for name, value in found}


def decode_rate():
    """Signals per second, on one core."""
    rates = [float(subprocess.run([PROGRAM, "dbc", "1"], capture_output=True, text=True,
                                  check=True).stdout) for _ in range(5)]
    return statistics.median(rates)


def tables(result):
    """The result as a page."""
    lines = ["# What CAN costs", "",
             "Made by `scripts/bench can`; how: [bench/README.md](../README.md#can).", "",
             f"Retired instructions per frame, kernel and user space together: {result['frames']} frames,"
             f" medians of {result['rounds']} machine{'s' * (result['rounds'] > 1)}. candump, cangen and canplayer are the "
             "distribution's.", ""]
    for kernel, work in result["kernels"].items():
        lines += [f"## Linux {kernel}", "", "| work | ours | rival | ratio | must be | |",
                  "|---|---:|---:|---:|---:|---|"]
        for text, ours, rival, limit in ROWS:
            ratio = work[ours] / work[rival]
            lines.append(f"| {text} | {work[ours]:.0f} | {work[rival]:.0f} | {ratio:.3f} | "
                         f"≤ {limit:.2f} | {'reached' if ratio <= limit else '**missed**'} |")
        calls = work["calls-any"]
        lines += ["", f"System calls per frame of the 16 interfaces: {calls:.4f}; must be "
                  f"≤ {CALLS_MAX:.2f}: {'reached' if calls <= CALLS_MAX else '**missed**'}.", ""]
        if "filters-512" in work:
            lines += ["Filters for 29 bit identifiers on a bus of which one frame in 16 passes, from the send to the"
                      f" receive: {work['filters-512']:.0f} with the kernel's 512; "
                      + ", ".join(f"{work[f'filters-{count}']:.0f} with {count} (judged in the library:"
                                  f" {work[f'filters-{count}-library']:.0f})" for count in (600, 2000)) + ".", ""]
    rate = result["dbc_signals_per_second"]
    lines += ["## DBC", "",
              f"{rate / 1e6:.1f} million signals per second on one core of the host"
              f" ({result['machine'].get('cpu', 'unknown')}); must be ≥ {DBC_MIN / 1e6:.0f} million: "
              f"{'reached' if rate >= DBC_MIN else '**missed**'}.", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench can", description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", default="6.1,6.12,7")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--quick", action="store_true", help="one kernel, one round, no proof")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    if options.quick:
        options.kernels, options.rounds = options.kernels.split(",")[-1], 1
        options.results = options.results / "local"
    kernels = {}
    for kernel in options.kernels.split(","):
        runs = []
        for number in range(options.rounds):
            say(f"Linux {kernel}: round {number + 1} of {options.rounds}")
            runs.append(measure(kernel, options.frames))
        kernels[kernel] = {name: round(statistics.median(run[name] for run in runs), 4)
                           for name in runs[0]}
    result = {"frames": options.frames, "rounds": options.rounds, "kernels": kernels,
              "dbc_signals_per_second": round(decode_rate()), "machine": machine.describe(ROOT)}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "can.json").write_text(json.dumps(result, indent=1) + "\n")
    page = tables(result)
    (options.results / "can.md").write_text(page)
    print(page)
    return 1 if "**missed**" in page else 0


if __name__ == "__main__":
    sys.exit(main())
