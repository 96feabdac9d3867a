# SPDX-License-Identifier: MIT
"""The netlink benchmarks: programs that do one piece of work, in a network namespace.

CPU time of whole processes (getrusage) where a program is the peer, CPU time of the
work where a library is; the wall clock for latencies. Runs of all variants alternate;
a ratio is the median of the ratios of neighbours.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from . import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench" / "bench"
NAMESPACE = f"lsk-bench-{os.getpid()}"
TABLE = 254


def say(text):
    print(text, file=sys.stderr, flush=True)


def inside(words, **keywords):
    return ["ip", "netns", "exec", NAMESPACE, *words], keywords


def work(program, *words):
    """Run a benchmark program; what it prints."""
    command, _ = inside([str(BUILD / f"netlink_{program}"), *map(str, words)])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def process_cpu_ns(words, stdin=None):
    """CPU time of a whole process, its output thrown away.

    It is started by "ip netns exec", which becomes it: the same for all.
    """
    command, _ = inside([str(word) for word in words])
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, stdin=stdin, stdout=null, stderr=null)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
    return int((usage.ru_utime + usage.ru_stime) * 1e9), status


class Rows:
    """What was measured, and whether it reaches what it must."""

    def __init__(self):
        self.rows = []

    def add(self, name, must, reached, passes, samples):
        self.rows.append({"work": name, "must": must, "reached": reached,
                          "pass": bool(passes), "samples": samples})
        say(f"  {'pass' if passes else 'MISS'}  {name}: {reached} ({must})")


def median_ratio(above, below):
    return statistics.median(a / b for a, b in zip(above, below))


def dump(rows, effort):
    routes, rounds = effort["routes"], effort["rounds"]
    linsock = str(BUILD / "netlink_linsock")
    work("linsock", "fill", routes, TABLE)
    ours, mnl, whole, ip = [], [], [], []
    for turn in range(rounds):
        a, b = work("linsock", "dump"), work("peers", "mnl-dump")
        if turn % 2:
            b, a = work("peers", "mnl-dump"), work("linsock", "dump")
        if (a["count"], a["sum"]) != (b["count"], b["sum"]):
            raise RuntimeError(f"dumps differ: {a} {b}")
        ours.append(a["cpu_ns"])
        mnl.append(b["cpu_ns"])
        whole.append(process_cpu_ns([linsock, "dump"])[0])
        ip.append(process_cpu_ns(["ip", "route", "show"])[0])
    samples = {"linsock": ours, "libmnl": mnl, "linsock process": whole, "ip": ip}
    ratio = median_ratio(ours, mnl)
    rows.add(f"dump {routes} routes", "<= 1.05 x bare libmnl loop", f"{ratio:.2f} x",
             ratio <= 1.05, samples)
    ratio = median_ratio(ip, whole)
    rows.add(f"dump {routes} routes", ">= 2.2 x faster than ip route show",
             f"{ratio:.2f} x", ratio >= 2.2, samples)
    say("  libnl's cache: this takes a minute")
    cache = work("peers", "libnl-cache")["cpu_ns"]
    ratio = cache / statistics.median(ours)
    rows.add(f"dump {routes} routes", ">= 100 x faster than libnl's route cache",
             f"{ratio:.0f} x", ratio >= 100,
             {"linsock": ours, "libnl": [cache]})
    work("linsock", "fill", 10, 100)
    times = [work("linsock", "filter", 100) for _ in range(rounds)]
    if any(one["count"] != 10 for one in times):
        raise RuntimeError(f"filter: {times}")
    best = statistics.median(one["wall_ns"] for one in times)
    rows.add(f"one table of {routes} routes, filtered by the kernel", "<= 0.05 ms",
             f"{best / 1e6:.4f} ms", best <= 50000,
             {"linsock wall": [one["wall_ns"] for one in times]})
    work("linsock", "clear", 10, 100)
    work("linsock", "clear", routes, TABLE)


def install(rows, effort):
    count, rounds = effort["install"], effort["rounds"]
    linsock = str(BUILD / "netlink_linsock")
    ours, batch, single, whole = [], [], [], []
    with tempfile.NamedTemporaryFile("w", suffix=".batch") as file:
        for i in range(count):
            file.write(f"route add 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}/32 "
                       "dev lo\n")
        file.flush()
        for _ in range(rounds):
            whole.append(process_cpu_ns([linsock, "install", count, TABLE])[0])
            work("linsock", "clear", count, TABLE)
            batch.append(process_cpu_ns(["ip", "-batch", file.name])[0])
            work("linsock", "clear", count, TABLE)
            ours.append(work("linsock", "install", count, TABLE)["cpu_ns"])
            work("linsock", "clear", count, TABLE)
            single.append(work("linsock", "install-single", count, TABLE)["cpu_ns"])
            work("linsock", "clear", count, TABLE)
    # Every failure is told: of twice as many, the half is there already.
    work("linsock", "install", count // 2, TABLE)
    told = work("linsock", "install", count, TABLE)
    work("linsock", "clear", count, TABLE)
    samples = {"linsock": ours, "single": single, "linsock process": whole,
               "ip -batch": batch}
    rows.add(f"install {count} routes, half of them there already",
             "every failure reported", f"{told['failed']} of {told['told']} failed",
             told["failed"] == count // 2 and told["told"] == count, {})
    ratio = median_ratio(batch, whole)
    rows.add(f"install {count} routes, batched", ">= 3 x ip -batch", f"{ratio:.2f} x",
             ratio >= 3, samples)
    ratio = median_ratio(single, ours)
    rows.add(f"install {count} routes, batched", ">= 1.5 x own single requests",
             f"{ratio:.2f} x", ratio >= 1.5, samples)


def pipeline(rows, effort):
    loop, single, mnl = [], [], []
    for _ in range(effort["rounds"] * 3):
        loop.append(work("linsock", "pipeline", 4096)["cpu_ns"])
        single.append(work("linsock", "single", 4096)["cpu_ns"])
        mnl.append(work("peers", "mnl-single", 4096)["cpu_ns"])
    samples = {"loop": loop, "single": single, "libmnl single": mnl}
    ratio = median_ratio(single, loop)
    rows.add("4096 pipelined link requests on the loop", ">= 1.7 x one at a time",
             f"{ratio:.2f} x (libmnl's one at a time: "
             f"{median_ratio(mnl, loop):.2f} x)", ratio >= 1.7, samples)


def mirror(rows, effort):
    results = []
    for _ in range(effort["rounds"]):
        results.append(work("linsock", "mirror", effort["changes"]))
        work("linsock", "clear", effort["changes"], TABLE)
    equal = sum(one["equal"] for one in results)
    drops = statistics.median(one["drops"] for one in results)
    rows.add(f"{effort['changes']} changes, watched with the default receive buffer",
             "final mirror equals the kernel's table, always",
             f"{equal} of {len(results)} times, {drops:.0f} events lost on the way",
             equal == len(results), {"results": results})


def sockets(rows, effort):
    count, holders = effort["sockets"], []
    try:
        left = count
        while left > 0 and len(holders) < 16:
            command, _ = inside([str(BUILD / "netlink_echo"), "hold", str(left)])
            holder = subprocess.Popen(command, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
            holders.append(holder)
            left -= json.loads(holder.stdout.readline())["count"]
        linsock = str(BUILD / "netlink_linsock")
        ours, ss = [], []
        seen = work("linsock", "sockets")["count"]
        for _ in range(effort["rounds"]):
            ours.append(process_cpu_ns([linsock, "sockets"])[0])
            ss.append(process_cpu_ns(["ss", "-Htan"])[0])
    finally:
        for holder in holders:
            holder.stdin.close()
            holder.wait()
    ratio = median_ratio(ss, ours)
    rows.add(f"list {seen} TCP sockets", ">= 1.5 x faster than ss -Htan",
             f"{ratio:.2f} x", ratio >= 1.5 and seen >= count, {"linsock": ours,
                                                               "ss": ss})


def echo(rows, effort):
    results = [work("echo", "echo", effort["links"])
               for _ in range(effort["rounds"])]
    inline = work("echo", "echo-inline", effort["links"])
    p99 = statistics.median(one["p99_ns"] for one in results)
    rows.add("echo on the ring on which links are removed", "p99 <= 1 ms",
             f"{p99 / 1e6:.3f} ms (sent inline: {inline['p99_ns'] / 1e6:.1f} ms)",
             p99 <= 1e6, {"results": results, "inline": [inline]})


def markdown(rows, about):
    lines = ["# Netlink, measured", "",
             "Made by `scripts/bench netlink`: all in one network namespace, variants "
             "in turn, CPU time but where it says ms.", "",
             f"- kernel {about['kernel']}, {about['cpu']}, {about['cores']} CPUs, "
             f"iproute2 {about['iproute2']}, libnl {about['libnl']}, "
             f"libmnl {about['libmnl']}",
             f"- {about['time']}, commit {about['commit']}, load average "
             f"{about['load']:.1f} at the start, {about['load_end']:.1f} at the end",
             "", "| work | must reach | reached | |", "|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['work']} | {row['must']} | {row['reached']} | "
                     f"{'pass' if row['pass'] else 'miss'} |")
    return "\n".join(lines) + "\n"


def version(words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip().rsplit(" ", 1)[-1] or "unknown"


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench netlink")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=pathlib.Path)
    options = parser.parse_args()
    effort = {"routes": 500000, "install": 100000, "changes": 200000,
              "sockets": 50000, "links": 100, "rounds": 5}
    if options.quick:
        effort = {"routes": 50000, "install": 20000, "changes": 20000,
                  "sockets": 5000, "links": 20, "rounds": 3}
    folder = options.results or ROOT / "bench" / "results" / (
        "local" if options.quick else "")
    about = machine.describe(ROOT)
    about["iproute2"] = version(["ip", "-V"])
    about["libnl"] = version(["pkg-config", "--modversion", "libnl-3.0"])
    about["libmnl"] = version(["pkg-config", "--modversion", "libmnl"])
    rows = Rows()
    started = time.monotonic()
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        for words in (["ip", "link", "set", "lo", "up"],
                      ["sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535"]):
            subprocess.run(inside(words)[0], check=False)
        for part in (pipeline, install, mirror, sockets, echo, dump):
            say(part.__name__)
            part(rows, effort)
    finally:
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=False)
    about["load_end"] = os.getloadavg()[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "netlink.json").write_text(
        json.dumps({"machine": about, "effort": effort, "rows": rows.rows}, indent=1)
        + "\n", encoding="utf-8")
    (folder / "netlink.md").write_text(markdown(rows.rows, about), encoding="utf-8")
    say(f"{folder / 'netlink.md'}, after {time.monotonic() - started:.0f} s")
    return 0 if options.quick or all(row["pass"] for row in rows.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
