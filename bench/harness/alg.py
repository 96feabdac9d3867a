# SPDX-License-Identifier: MIT
"""AF_ALG against libkcapi, in one virtual machine, run against run in turn.

Requests a second of a clock that counts instructions, so that a busy host changes
nothing; the ratio of a cell is the median of the ratios of neighbours. libkcapi does
one after the other; where it can have many in flight too (AIO, for ciphers), that is
measured beside it, though it is another task: all are one text under one IV there.
What bounds the figures is told in docs/alg.md.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
KEY = "--key 000102030405060708090a0b0c0d0e0f --iv 00000000000000000000000000000000"
NEEDS = ["algif_hash", "algif_skcipher", "crypto_user", "ctr", "aesni-intel?", "sha256-ssse3?"]
# Type, algorithm, bytes, how many at a time (0: one by one), what is aimed at.
CELLS = [(kind, name, size, depth, 1.3) for kind, name in (("hash", "sha256"),
                                                         ("skcipher", "ctr(aes)"))
         for size in (64, 1024) for depth in (8, 32)]
CELLS += [(kind, name, size, 0, 1.0) for kind, name in (("hash", "sha256"),
                                                      ("skcipher", "ctr(aes)"))
          for size in (64, 1024, 16384, 65536)]


def has_aio(kind, depth):
    """Whether libkcapi can have that many of them in flight."""
    return kind == "skcipher" and depth > 0


def script(pairs, seconds):
    """What the guest does: every cell, ours and theirs in turn."""
    lines = []
    for kind, name, size, depth, _ in CELLS:
        options = KEY if kind == "skcipher" else ""
        ours = (f"{BUILD}/tools/linsock alg speed {options} -T {seconds} -s {size} -q {depth} "
                f"{kind} '{name}'")
        theirs = f"{BUILD}/bench/alg_kcapi {kind} '{name}' {size} {seconds}"
        flying = [f"{theirs} {depth}"] if has_aio(kind, depth) else []
        for pair in range(pairs):
            both = [ours, theirs, *flying] if pair % 2 == 0 else [*flying, theirs, ours]
            lines += [f"echo CELL {kind} '{name}' {size} {depth}", *both]
    return "set -e\n" + "\n".join(lines) + "\n"


def run(kernel, pairs, seconds):
    command = [str(ROOT / "vm-tests/vm"), "run", "--kernel", kernel, "--time-warp",
               "--need", *NEEDS,
               "--timeout", str(int(len(CELLS) * pairs * 2 * (seconds + 1) + 600)), "--file",
               str(BUILD / "tools/linsock"), "--file", str(BUILD / "bench/alg_kcapi"),
               "--", "/bin/sh", "-c", script(pairs, seconds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout[-2000:], file=sys.stderr)
        raise SystemExit("the virtual machine's run failed")
    return done.stdout


def who_of(line):
    """Whose result a line is."""
    found = re.search(r" (libkcapi(-aio)?) ", line)
    return found.group(1) if found else "linsock"


def judge(output):
    """Ratios of neighbours, by cell."""
    cells = {}
    for block in output.split("CELL ")[1:]:
        head, *lines = block.strip().splitlines()
        kind, name, size, depth = head.split()
        speeds = {who_of(one): float(re.search(r" (\d+) op/s", one).group(1)) for one in lines}
        cell = cells.setdefault((kind, name, int(size), int(depth)), [])
        cell.append((speeds["linsock"], speeds["libkcapi"], speeds.get("libkcapi-aio")))
    return cells


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench alg", description=__doc__)
    parser.add_argument("--kernel", default="6.12")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "bench/results")
    args = parser.parse_args()
    pairs, seconds = (1, 0.02) if args.quick else (5, 0.1)
    cells = judge(run(args.kernel, pairs, seconds))
    rows = []
    print(f"{'request':24} {'bytes':>6} {'depth':>5} {'linsock':>9} {'libkcapi':>9} "
          f"{'ratio':>6} {'least':>6} {'most':>6} {'aim':>5}")
    for kind, name, size, depth, aim in CELLS:
        found = cells[kind, name, size, depth]
        ratios = sorted(ours / theirs for ours, theirs, _ in found)
        flying = [ours / aio for ours, _, aio in found if aio]
        row = {"type": kind, "name": name, "size": size, "depth": depth, "aim": aim,
               "linsock": statistics.median(ours for ours, _, _ in found),
               "libkcapi": statistics.median(theirs for _, theirs, _ in found),
               "ratio": statistics.median(ratios), "least": ratios[0], "most": ratios[-1],
               "pairs": len(ratios)}
        if flying:
            row["libkcapi_aio"] = statistics.median(aio for _, _, aio in found)
            row["ratio_aio"] = statistics.median(flying)
        rows.append(row)
        print(f"{kind + '/' + name:24} {size:6} {depth:5} {row['linsock']:9.0f} "
              f"{row['libkcapi']:9.0f} {row['ratio']:6.2f} {ratios[0]:6.2f} "
              f"{ratios[-1]:6.2f} {aim:5.1f}"
              + (f"   {row['ratio_aio']:.2f} of its AIO" if flying else ""))
    folder = args.results / "local" if args.quick else args.results
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alg.json").write_text(json.dumps({"kernel": args.kernel, "cells": rows},
                                                indent=1) + "\n")


if __name__ == "__main__":
    main()
