# SPDX-License-Identifier: MIT
"""scripts/bench packet: linsock's capture beside tcpdump's, on a cable in a namespace.

    sender (CPU 0) ---- va ======= vb ---- receiver (CPU 1)

When overloaded, eight senders share both CPUs with the receiver.

Both capture the same traffic in turn, with the same filter words and the same size of
the kernel's ring. What counts is the CPU time of the receiver's process, all its
threads and its start included, and what it says it got and dropped: the sum must be
what was sent, each time. tcpdump writes pcap, so linsock is asked for the same; that its
own sum is short by the packets of the last block is told, and not held against it.
"""

import argparse
import ctypes
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLONE_NEWNET = 0x40000000
PROTOCOL = 0x88B5
HEADER = "020000000002020000000001" + f"{PROTOCOL:04x}"
FILTER = ["ether", "proto", hex(PROTOCOL)]
FRAME_BYTES = 64


def say(text):
    print(text, file=sys.stderr, flush=True)


def namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        sys.exit(f"bench packet: unshare: {os.strerror(ctypes.get_errno())}")
    for line in ("link add va type veth peer name vb", "link set va up", "link set vb up"):
        subprocess.run(["ip", *line.split()], check=True)


class Receiver:
    """A process that captures, pinned to a CPU, and what it cost."""

    def __init__(self, words, ready, cpus):
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.head = ""
        while ready not in self.head:
            line = self.process.stderr.readline()
            if not line:
                sys.exit(f"bench packet: {words[0]}: {self.head}")
            self.head += line

    def end(self):
        """Returns what it said and the seconds of CPU that it took."""
        self.process.send_signal(signal.SIGTERM)
        output = self.process.stdout.read()
        errors = self.process.stderr.read()
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        return output, errors, usage.ru_utime + usage.ru_stime


class Bench:
    """The programs and the numbers of one run."""

    def __init__(self, build, packets, rate, pairs):
        self.linsock = str(build / "tools/linsock")
        self.counter = str(build / "bench/packet_count")
        self.packets, self.rate, self.pairs = packets, rate, pairs
        self.folder = tempfile.mkdtemp(prefix="linsock-bench-")
        self.problems = []
        self.unexplained = []

    def send(self, packets, rate=0, senders=1):
        """Send packets in all; returns their rate."""
        words = [self.linsock, "packet", "send", "-i", "va", "-b", "-c", str(packets // senders)]
        words += ["-r", str(rate)] if rate else []
        words.append(HEADER + "5a" * (FRAME_BYTES - 14))
        cpus = {0} if senders == 1 else {0, 1}
        running = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True,
                                    preexec_fn=lambda: os.sched_setaffinity(0, cpus))
                   for _ in range(senders)]
        total = 0.0
        for process in running:
            report = process.communicate()[1]
            sent = re.search(r"^(\d+) packets sent in ([0-9.]+) s", report, re.M)
            if not sent or int(sent.group(1)) != packets // senders:
                sys.exit(f"bench packet: the sender: {report}")
            total += packets / senders / max(float(sent.group(2)), 1e-9)
        return total

    def account(self, who, sent, received, dropped):
        if received + dropped != sent:
            where = self.unexplained if who == "tcpdump" else self.problems
            where.append(f"{who}: {received} + {dropped} is not {sent}")

    def count(self, packets):
        """One round of the counter."""
        receiver = Receiver([self.counter, "vb", hex(PROTOCOL)], "counting", {1})
        rate = self.send(packets)
        output, _, _ = receiver.end()
        result = json.loads(output)
        self.account("counter", packets, result["packets"], result["dropped"])
        return {"ns": result["cpu_ns"] / max(result["packets"], 1), "dropped": result["dropped"], "rate": rate}

    def capture(self, who, packets, rate, senders, ring_kib):
        """One round of a capture to a file."""
        path = f"{self.folder}/{who}"
        if who == "linsock":
            words = [self.linsock, "packet", "capture", "-i", "vb", "-B", f"{ring_kib}K", "--pcap", "-w", path, *FILTER]
            ready = "capturing on"
        else:
            words = ["tcpdump", "-i", "vb", "-B", str(ring_kib), "-w", path, *FILTER]
            ready = "listening on"
        receiver = Receiver(words, ready, {1} if senders == 1 else {0, 1})
        rate = self.send(packets, rate, senders)
        _, report, seconds = receiver.end()
        captured = int(re.search(r"(\d+) packets? captured", report).group(1))
        dropped = int(re.search(r"(\d+) packets? dropped by kernel", report).group(1))
        lost = re.search(r"(\d+) packets lost", report)
        dropped += int(lost.group(1)) if lost else 0
        os.unlink(path)
        self.account(who, packets, captured, dropped)
        return {"ns": seconds * 1e9 / max(captured, 1), "captured": captured, "dropped": dropped, "rate": rate}

    def alternate(self, packets, rate, senders, ring_kib, what):
        """Pairs of rounds, the order turning."""
        rounds = {"linsock": [], "tcpdump": []}
        for pair in range(self.pairs):
            names = list(rounds) if pair % 2 == 0 else list(rounds)[::-1]
            for who in names:
                rounds[who].append(self.capture(who, packets, rate, senders, ring_kib))
            say(f"  {what} {pair + 1}/{self.pairs}: " + ", ".join(
                f"{who} {rounds[who][-1]['ns']:.0f} ns, {rounds[who][-1]['dropped']} dropped" for who in rounds))
        return rounds


def median(rounds, key):
    return statistics.median(each[key] for each in rounds)


def ratio(rounds, key):
    """Median of the ratios of the rounds of one pair."""
    return statistics.median(ours[key] / max(theirs[key], 1e-9)
                             for ours, theirs in zip(rounds["linsock"], rounds["tcpdump"]))


def table(results):
    counter, paced, overload = results["counter"], results["file"], results["overload"]
    drops = ratio(overload, "dropped")
    return [
        ("CPU per packet to a counter", f"{median(counter, 'ns'):.1f} ns", "≤ 30 ns", median(counter, "ns") <= 30),
        ("CPU per packet to a file, beside tcpdump",
         f"{median(paced['linsock'], 'ns'):.0f} / {median(paced['tcpdump'], 'ns'):.0f} ns, "
         f"ratio {ratio(paced, 'ns'):.2f}", "≤ 0.70", ratio(paced, "ns") <= 0.7),
        ("packets dropped meanwhile", f"{sum(r['dropped'] for r in paced['linsock'])} / "
         f"{sum(r['dropped'] for r in paced['tcpdump'])}", "the same",
         sum(r["dropped"] for r in paced["linsock"]) <= sum(r["dropped"] for r in paced["tcpdump"])),
        ("packets dropped at overload, beside tcpdump",
         f"{median(overload['linsock'], 'dropped'):.0f} / {median(overload['tcpdump'], 'dropped'):.0f}, "
         f"ratio {drops:.2f}", "≤ 0.95", drops <= 0.95),
        ("received + dropped = sent", "always" if not results["problems"] else "; ".join(results["problems"][:3]),
         "always", not results["problems"]),
    ]


def write_report(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "packet.json").write_text(json.dumps(results, indent=1) + "\n")
    lines = ["# Packets, measured", "",
             "Made by `scripts/bench packet`; how is told in bench/harness/packet.py. Medians; ratios are",
             "medians over the rounds of one pair.", ""]
    lines += [f"- {key}: {value}" for key, value in results["machine"].items()]
    lines += ["", "| what | measured (linsock / tcpdump) | must reach | |", "|---|---|---|---|"]
    lines += [f"| {what} | {value} | {bar} | {'pass' if is_met else 'missed'} |"
              for what, value, bar, is_met in table(results)]
    (folder / "packet.md").write_text("\n".join(lines) + "\n")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench packet")
    parser.add_argument("--quick", action="store_true", help="one short pair: to see that all works, no proof")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    if not shutil.which("tcpdump"):
        sys.exit("bench packet: tcpdump is not installed")
    if os.cpu_count() < 2:
        sys.exit("bench packet: needs two CPUs")
    namespace()
    bench = Bench(options.build, 100_000 if options.quick else 1_000_000, 200_000, 1 if options.quick else 5)
    results = {"machine": {
        "kernel": platform.release(), "CPUs": os.cpu_count(),
        "load average at the start": "%.2f" % os.getloadavg()[0],
        "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "tcpdump": subprocess.run(["tcpdump", "--version"], capture_output=True, text=True,
                                  check=False).stdout.splitlines()[0],
        "rounds": f"{bench.pairs} pairs of {bench.packets} frames of {FRAME_BYTES} bytes",
    }}
    results["counter"] = [bench.count(bench.packets) for _ in range(bench.pairs)]
    say(f"  counter: {median(results['counter'], 'ns'):.1f} ns")
    results["file"] = bench.alternate(bench.packets, bench.rate, 1, 8192, "file")
    results["overload"] = bench.alternate(bench.packets, 0, 8, 2048, "overload")
    results["problems"] = bench.problems
    results["tcpdump's sums that are short"] = bench.unexplained
    shutil.rmtree(bench.folder)
    print(write_report(results, ROOT / ("bench/results/local" if options.quick else "bench/results")))
    return 0 if all(is_met for *_, is_met in table(results)) else 1


if __name__ == "__main__":
    sys.exit(main())
