# SPDX-License-Identifier: MIT
"""Test cases, and how they are read from TAP."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

RESULT = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?(.*)$")
DIRECTIVE = re.compile(r"\s*(?<!\\)#\s*SKIP\S*\s*(.*)$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)(?:\s*#\s*SKIP\S*\s*(.*))?$", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Case:
    """One test case; `text` is the reason of a skip, or what a failure printed."""

    suite: str
    name: str
    outcome: str
    text: str = ""


def is_tap(output: str) -> bool:
    """Whether a program spoke TAP."""
    return any(PLAN.match(line) for line in output.splitlines())


def parse_line(line: str) -> tuple[str, str, str] | None:
    """Name, outcome and reason of a result line."""
    match = RESULT.match(line)
    if not match:
        return None
    is_bad, name = bool(match.group(1)), match.group(2)
    directive = DIRECTIVE.search(name)
    name = name[:directive.start()] if directive else name
    name = re.sub(r"\s+\([\d.]+s\)$", "", name).strip()
    if directive and not is_bad:
        return name, SKIPPED, directive.group(1) or "no reason given"
    return name, FAILED if is_bad else PASSED, ""


def parse(suite: str, program: str, output: str, status: int) -> Iterator[Case]:
    """Cases of a program that spoke TAP and ended with `status`.

    A plan that was not kept and a status that no result explains are failures
    of their own: a program that died half-way must not look green.
    """
    planned, seen, failures = 0, 0, 0
    lines = output.splitlines()
    for index, line in enumerate(lines):
        plan = PLAN.match(line)
        if plan:
            planned = int(plan.group(1))
            if planned == 0:
                seen += 1
                yield Case(suite, program, SKIPPED, plan.group(2) or "empty plan")
                return
        found = parse_line(line)
        if found is None:
            continue
        name, outcome, reason = found
        seen += 1
        failures += outcome == FAILED
        text = details(lines, index) if outcome == FAILED else reason
        yield Case(suite, f"{program}: {name}", outcome, text)
    if seen < planned:
        yield Case(suite, f"{program}: whole plan", FAILED,
                   f"{seen} of {planned} results, exit status {status}\n{output[-2000:]}")
    elif status != 0 and failures == 0:
        yield Case(suite, f"{program}: exit status", FAILED,
                   f"exit status {status}, though no test failed\n{output[-2000:]}")


def details(lines: list[str], index: int) -> str:
    """A failed result with the indented block that follows it."""
    end = index + 1
    while end < len(lines) and (lines[end].startswith((" ", "#")) or not lines[end]):
        end += 1
    return "\n".join(lines[index:end])
