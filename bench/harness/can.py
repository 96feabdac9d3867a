# SPDX-License-Identifier: MIT
"""What CAN costs: `scripts/bench can`.

Frames are counted in retired instructions: a virtual machine whose clock counts
instructions drains full queues (bench/can). Medians over rounds;
each round is a machine of its own. DBC is decoded on the host.
"""

import argparse
import contextlib
import json
import os
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
NS_PER_INSTRUCTION = machine.ns_per_instruction(ROOT)
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
LATE_MAX_US = 100
# Of these the values are no times.
PLAIN = ("calls", "late", "lost")


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(kernel, frames):
    """One machine: {work: instructions per frame}."""
    done = subprocess.run(
        [ROOT / "vm-tests/vm", "run", "--kernel", kernel, "--time-warp", "--need", "can-raw", "vcan",
         "--timeout", "1200", "--memory", "1024", "--build", BUILD,
         "--file", f"{SCRIPT}:/measure.sh", "--", "sh", "/measure.sh", str(frames), "1",
         PROGRAM], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench can: {kernel}: {done.stdout}{done.stderr}")
    found = re.findall(r"^([\w-]+) ([\d.]+)$", done.stdout, re.MULTILINE)
    return {name: float(value) / (1 if name.startswith(PLAIN) else NS_PER_INSTRUCTION)
            for name, value in found}


def pacing(us):
    """How late frames are, in words."""
    return f"p50 {us['p50']:.0f} µs, p99 {us['p99']:.0f} µs, max {us['max']:.0f} µs"


def real_time():
    """In the child: what else runs on the machine does not count, where we may say so."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def decode_rate():
    """Signals per second, on one core."""
    rates = [float(subprocess.run([PROGRAM, "dbc", "1"], capture_output=True, text=True,
                                  check=True, preexec_fn=real_time).stdout) for _ in range(5)]
    return statistics.median(rates)


def play_lateness():
    """How late the host prints frames that are a millisecond apart; medians of five."""
    log = "".join(f"({1 + i // 1000}.{i % 1000 * 1000:06d}) vcan0 123#{i:04X}\n"
                  for i in range(2000))
    runs = []
    for _ in range(5):
        done = subprocess.run([BUILD / "tools/linsock", "can", "play", "-v", "stdout=vcan0"],
                              input=log, capture_output=True, text=True, check=True,
                              preexec_fn=real_time)
        runs.append([int(one) for one in re.search(
            r"p50 (\d+) us, p99 (\d+) us, max (\d+) us", done.stderr).groups()])
    return dict(zip(("p50", "p99", "max"), map(statistics.median, zip(*runs))))


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
        late = {key: work[f"late-{key}"] for key in ("p50", "p99", "max")}
        lines += [f"`linsock can play`, 1,000 frames a second: late by {pacing(late)}; p99 must be "
                  f"< {LATE_MAX_US} µs: {'reached' if late['p99'] < LATE_MAX_US else '**missed**'}.",
                  ""]
        lost, told = work["lost-linsock"], work["lost-linsock-told"]
        lines += ["A reader that takes nothing for two seconds at 4,000 frames a second, of 12,000: "
                  f"candump -L loses {work['lost-candump']:.0f}, `linsock can dump -L` {lost:.0f} and "
                  f"tells {told:.0f}; must be 0: {'reached' if lost == told == 0 else '**missed**'}.",
                  ""]
    rate = result["dbc_signals_per_second"]
    lines += ["## The host", "",
              f"`linsock can play stdout=...`, 1,000 frames a second: late by "
              f"{pacing(result['host_late_us'])}, medians of 5 runs at real-time priority; in the "
              "machines above nothing else runs.", ""]
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
              "host_late_us": play_lateness(),
              "dbc_signals_per_second": round(decode_rate()), "machine": machine.describe(ROOT)}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "can.json").write_text(json.dumps(result, indent=1) + "\n")
    page = tables(result)
    (options.results / "can.md").write_text(page)
    print(page)
    return 1 if "**missed**" in page else 0


if __name__ == "__main__":
    sys.exit(main())
