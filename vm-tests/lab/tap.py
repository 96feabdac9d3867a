# SPDX-License-Identifier: MIT
"""Test cases, and how they are read from TAP, from KTAP, or from `N passed` lines."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"

RESULT = re.compile(r"^(not )?ok\b\s*\d*\s*(?:- )?(.*)$")
DIRECTIVE = re.compile(r"\s*(?<!\\)#\s*SKIP\S*\s*(.*)$", re.IGNORECASE)
# What makes indented lines results of their own instead of details of the line above.
NESTED = re.compile(r"^\s+(KTAP version \d|# Subtest:|1\.\.\d+\s*$)")
SUBTEST = re.compile(r"^# Subtest: *(.*)$")
COUNT = re.compile(r"\b(\d+) (passed|failed|failures?|errors?|skipped|ignored)\b")
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


@dataclasses.dataclass
class Level:
    """What was seen at one depth of indentation."""

    planned: int = 0
    seen: int = 0
    failures: int = 0
    name: str = ""


class Parser:
    """Cases of one program; those of KTAP subtests have the subtest in their name."""

    def __init__(self, suite: str, program: str, output: str, status: int) -> None:
        self.suite, self.program = suite, program
        self.output, self.status = output, status
        self.lines = output.splitlines()
        self.is_nested = any(NESTED.match(line) for line in self.lines)
        self.levels: dict[int, Level] = {}

    def level(self, depth: int) -> Level:
        """The level of a depth, begun when first met."""
        return self.levels.setdefault(depth, Level())

    def name_at(self, depth: int, name: str) -> str:
        """A case's name with the subtests around it."""
        around = [level.name for at, level in sorted(self.levels.items())
                  if at <= depth and level.name]
        return ": ".join([self.program, *around, name])

    def unkept(self, depth: int) -> Iterator[Case]:
        """A plan that was not kept: a program that died must not look green."""
        level = self.level(depth)
        if level.seen < level.planned:
            level.failures += 1
            yield Case(self.suite, self.name_at(depth, "whole plan"), FAILED,
                       f"{level.seen} of {level.planned} results, exit status {self.status}\n"
                       f"{self.output[-2000:]}")

    def cases(self) -> Iterator[Case]:
        """All of them."""
        for index, line in enumerate(self.lines):
            text = line.strip() if self.is_nested else line
            depth = len(line) - len(line.lstrip()) if self.is_nested else 0
            plan, subtest = PLAN.match(text), SUBTEST.match(text)
            if subtest and self.is_nested:
                self.level(depth).name = subtest.group(1)
            elif plan:
                self.level(depth).planned = int(plan.group(1))
                if int(plan.group(1)) == 0:
                    self.level(depth).seen += 1
                    yield Case(self.suite, self.program, SKIPPED, plan.group(2) or "empty plan")
                    if depth == 0:
                        return
            else:
                yield from self.result(index, text, depth)
        yield from self.unkept(0)
        if self.status != 0 and self.level(0).failures == 0:
            yield Case(self.suite, f"{self.program}: exit status", FAILED,
                       f"exit status {self.status}, though no test failed\n"
                       f"{self.output[-2000:]}")

    def result(self, index: int, text: str, depth: int) -> Iterator[Case]:
        """A result line, if it is one; that of a subtest only sums up what was inside."""
        found = parse_line(text)
        if found is None:
            return
        name, outcome, reason = found
        inner = [at for at in sorted(self.levels, reverse=True) if at > depth]
        told = 0
        for at in inner:
            yield from self.unkept(at)
            told += self.level(at).seen
        failures = sum(self.levels.pop(at).failures for at in inner)
        level = self.level(depth)
        level.seen += 1
        is_failed = outcome == FAILED or failures > 0
        level.failures += is_failed
        if told and (outcome != FAILED or failures):
            return
        yield Case(self.suite, self.name_at(depth, name), outcome,
                   details(self.lines, index) if outcome == FAILED else reason)


def parse(suite: str, program: str, output: str, status: int) -> Iterator[Case]:
    """Cases of a program that spoke TAP or KTAP and ended with `status`.

    A plan that was not kept and a status that no result explains are failures
    of their own: a program that died half-way must not look green.
    """
    return Parser(suite, program, output, status).cases()


def counts(output: str) -> dict[str, int] | None:
    """What a last line such as `3 passed, 1 failed` tells; None where there is none."""
    for line in reversed(output.splitlines()[-40:]):
        found = COUNT.findall(line)
        if not any(word == "passed" for _, word in found):
            continue
        total = {PASSED: 0, FAILED: 0, SKIPPED: 0}
        for number, word in found:
            key = (PASSED if word == "passed" else
                   SKIPPED if word in {"skipped", "ignored"} else FAILED)
            total[key] += int(number)
        return total
    return None


def details(lines: list[str], index: int) -> str:
    """A failed result with the indented block that follows it."""
    end = index + 1
    while (end < len(lines) and (lines[end].startswith((" ", "#")) or not lines[end])
           and not RESULT.match(lines[end].strip())):
        end += 1
    return "\n".join(lines[index:end])
