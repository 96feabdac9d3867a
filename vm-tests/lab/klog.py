# SPDX-License-Identifier: MIT
"""Find what a kernel log says went wrong."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

FAULTS = re.compile("|".join([
    r"\bWARNING: ", r"\bBUG: ", r"kernel BUG at", r"\bOops\b", r"\bKASAN\b", r"\bKMSAN\b",
    r"\bKCSAN\b", r"\bUBSAN\b", r"general protection fault", r"Call Trace",
    r"unable to handle", r"possible (circular|recursive) locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"held lock freed", r"blocked for more than",
    r"soft lockup", r"hard LOCKUP", r"rcu_\w+ (detected|self-detected) stall",
    r"unreferenced object", r"ref_tracker:", r"Kernel panic", r"refcount_t:",
    r"unregister_netdevice: waiting for",
]))

# What a healthy run may say, each with the reason why it is no fault.
IGNORED: tuple[tuple[str, str], ...] = (
    (r"WARNING: Support for this device .* is not included",
     "a notice about emulated hardware"),
    (r"WARNING: CPU: \d+ PID: \d+ at arch/x86/kernel/tsc",
     "the emulated clock is coarse while a busy host boots it"),
)

KMSG_RECORD = re.compile(r"^(\d+),(\d+),(\d+),[^;]*;(.*)$")


@dataclasses.dataclass(frozen=True)
class Fault:
    """One suspicious line with what followed it."""

    line: str
    context: tuple[str, ...]

    def text(self) -> str:
        """The line and its context, as printed to a person."""
        return "\n".join([self.line, *("  " + line for line in self.context)])


def decode_kmsg(text: str) -> list[str]:
    """Messages of /dev/kmsg records; their dictionaries are left out."""
    lines = []
    for record in text.splitlines():
        match = KMSG_RECORD.match(record)
        if match:
            seconds = int(match.group(3)) / 1e6
            lines.append(f"[{seconds:12.6f}] {match.group(4)}")
    return lines


def is_ignored(line: str) -> bool:
    """Whether a line is known to be harmless."""
    return any(re.search(pattern, line) for pattern, _ in IGNORED)


def scan(lines: Iterable[str], context_max: int = 30) -> list[Fault]:
    """Faults in a log. Lines that belong to one report are told once."""
    kept = list(lines)
    faults: list[Fault] = []
    index = 0
    while index < len(kept):
        line = kept[index]
        if not FAULTS.search(line) or is_ignored(line):
            index += 1
            continue
        end = report_end(kept, index + 1, context_max)
        faults.append(Fault(line, tuple(kept[index + 1:end])))
        index = end
    return faults


def report_end(lines: list[str], start: int, context_max: int) -> int:
    """One past the last line of the report that began before `start`."""
    limit = min(len(lines), start + context_max)
    for index in range(start, limit):
        if "end trace" in lines[index]:
            return index + 1
    return limit
