# SPDX-License-Identifier: MIT
"""Find what a kernel log says went wrong."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable
from pathlib import Path

from .errors import LabError

FAULTS = re.compile("|".join([
    r"\bWARNING: ", r"\bBUG: ", r"kernel BUG at", r"\bOops\b", r"\bKASAN\b", r"\bKMSAN\b",
    r"\bKCSAN\b", r"\bUBSAN\b", r"general protection fault", r"Call Trace",
    r"unable to handle", r"possible (circular|recursive) locking", r"inconsistent lock state",
    r"suspicious RCU usage", r"held lock freed", r"blocked for more than",
    r"soft lockup", r"hard LOCKUP", r"rcu_\w+ (detected|self-detected) stall",
    r"unreferenced object", r"ref_tracker:", r"Kernel panic", r"refcount_t:",
    r"unregister_netdevice: waiting for",
]))

IGNORED_FILE = Path(__file__).with_name("ignored-faults")

# A report is known by the functions that led to it, without those that only report.
FRAME = re.compile(r"^(?:\[ *[\d.]+\] +)?(?:RIP: 0010:|\? )? ?([A-Za-z_][\w.]*)\+0x[0-9a-f]+/0x[0-9a-f]+")
PLACE = re.compile(r" at (?:\S+ )?([A-Za-z_][\w.]*)\+0x")
REPORTERS = re.compile(r"^(dump_stack|show_stack|print_|kasan_|__warn|report_bug|handle_bug|"
                       r"exc_|asm_exc_|panic|die|oops_|page_fault_oops|warn_slowpath|"
                       r"__asan_|nmi_|default_do_nmi|unknown_nmi|end_repeat_nmi|asm_|lockdep_)")
FINGERPRINT_FRAMES = 5

KMSG_RECORD = re.compile(r"^(\d+),(\d+),(\d+),[^;]*;(.*)$")


@dataclasses.dataclass(frozen=True)
class Fault:
    """One suspicious line with what followed it."""

    line: str
    context: tuple[str, ...]

    def text(self) -> str:
        """The line, its fingerprint and its context, as printed to a person."""
        return "\n".join([self.line, f"  fingerprint {self.fingerprint()}",
                          *("  " + line for line in self.context)])

    def frames(self) -> list[str]:
        """The functions that led to it, innermost first."""
        found = PLACE.findall(self.line)
        for line in self.context:
            if "? " in line:
                continue
            found += FRAME.findall(line.replace("\t", " ").strip())
        # A function inlined or named twice in a row is one.
        names = [re.sub(r"\.(isra|part|constprop|cold).*", "", name) for name in found]
        return [name for at, name in enumerate(names)
                if not REPORTERS.match(name) and (at == 0 or names[at - 1] != name)]

    def fingerprint(self) -> str:
        """Equal for the same fault in another run and, mostly, in another build."""
        frames = self.frames()[:FINGERPRINT_FRAMES]
        return ":".join(frames) if frames else re.sub(r"^\[.*?\] |0x[0-9a-f]+|\d+", "", self.line)


def decode_kmsg(text: str) -> list[str]:
    """Messages of /dev/kmsg records; their dictionaries are left out."""
    lines = []
    for record in text.splitlines():
        match = KMSG_RECORD.match(record)
        if match:
            seconds = int(match.group(3)) / 1e6
            lines.append(f"[{seconds:12.6f}] {match.group(4)}")
    return lines


def read_ignored(path: Path) -> list[re.Pattern[str]]:
    """The patterns of a file of lines that are no fault; each needs a reason."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        pattern, _, reason = re.sub(r"\s{2,}#|\t+#", "\0", line, count=1).partition("\0")
        if not reason.strip():
            raise LabError(f"{path}:{number}: no reason: write 'PATTERN  # why it is no fault'")
        try:
            found.append(re.compile(pattern.strip()))
        except re.error as error:
            raise LabError(f"{path}:{number}: {error}") from error
    return found


@functools.cache
def known_ignored() -> tuple[re.Pattern[str], ...]:
    """What the laboratory itself ignores."""
    return tuple(read_ignored(IGNORED_FILE))


def scan(lines: Iterable[str], context_max: int = 30,
         ignored: Iterable[re.Pattern[str]] = ()) -> list[Fault]:
    """Faults in a log. Lines that belong to one report are told once.

    A pattern is tried on the first line of a report and on its fingerprint.
    """
    kept = list(lines)
    patterns = [*known_ignored(), *ignored]
    faults: list[Fault] = []
    index = 0
    while index < len(kept):
        if not FAULTS.search(kept[index]):
            index += 1
            continue
        end = report_end(kept, index + 1, context_max)
        fault = Fault(kept[index], tuple(kept[index + 1:end]))
        words = (fault.line, fault.fingerprint())
        if not any(pattern.search(word) for pattern in patterns for word in words):
            faults.append(fault)
            index = end
        elif "end trace" in kept[end - 1]:
            index = end
        else:
            index += 1
    return faults


def report_end(lines: list[str], start: int, context_max: int) -> int:
    """One past the last line of the report that began before `start`."""
    limit = min(len(lines), start + context_max)
    for index in range(start, limit):
        if "end trace" in lines[index]:
            return index + 1
    return limit
