# SPDX-License-Identifier: MIT
"""What became of the tests: told to a person, as TAP, JUnit and JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from . import tap
from .errors import EXIT_KERNEL_FAULT, EXIT_LAB, EXIT_SKIP, EXIT_TIMEOUT, LabError
from .run import Result
from .tap import FAILED, PASSED, SKIPPED, Case

BROKEN = "broken"
OUTPUT_KEPT_MAX = 1 << 20
CONSOLE_SHOWN_MAX = 60
# Where Debian's Python looks; ours may be another, and is started without it.
PACKAGES = "/usr/lib/python3/dist-packages"


@dataclasses.dataclass
class Outcome:
    """One test on one kernel."""

    test: str
    kernel: str
    status: int
    outcome: str
    reason: str = ""
    seconds: float = 0
    begun_s: float = 0
    output: str = ""
    errors: str = ""
    cases: list[Case] = dataclasses.field(default_factory=list)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    faults: list[dict[str, str]] = dataclasses.field(default_factory=list)
    # What the first try's machine died of, where a second one decided.
    retried: str = ""
    console: str = ""

    @property
    def is_flaky(self) -> bool:
        """The first try's machine was lost, the second try passed."""
        return bool(self.retried) and self.status in {0, EXIT_SKIP, EXIT_KERNEL_FAULT}


def text_of(data: bytes | bytearray) -> str:
    """What a program wrote, for a person."""
    return bytes(data).decode("utf-8", "replace")


def count_cases(cases: list[Case]) -> dict[str, int]:
    """How many cases ended in which way."""
    return {what: sum(case.outcome == what for case in cases)
            for what in (PASSED, FAILED, SKIPPED)}


def judge(test: str, kernel: str, result: Result, output: bytes | bytearray,
          errors: bytes | bytearray) -> Outcome:
    """The outcome of a test from how it ended and from what it printed."""
    out, err = text_of(output), text_of(errors)
    found = Outcome(test, kernel, result.exit_status(), PASSED, output=out, errors=err,
                    seconds=result.total_s, begun_s=result.begun_s, retried=result.retried,
                    faults=[{"line": fault.line, "fingerprint": fault.fingerprint(),
                             "text": fault.text()} for fault in result.faults])
    if result.is_lost and not result.faults:
        found.status = EXIT_LAB
    if tap.is_tap(out):
        found.cases = list(tap.parse(test, test, out, result.status))
        found.counts = count_cases(found.cases)
    else:
        found.counts = tap.counts(out) or {}
    if result.reason or result.faults:
        found.outcome = BROKEN if found.status == EXIT_LAB else FAILED
        found.reason = result.reason or "; ".join(one["line"] for one in found.faults)
        found.console = "\n".join(result.console.splitlines()[-CONSOLE_SHOWN_MAX:])
    elif result.status == EXIT_SKIP:
        found.outcome = SKIPPED
        found.reason = ((out + err).strip().splitlines() or ["no reason given"])[-1]
    elif result.status != 0:
        found.outcome, found.reason = FAILED, f"exit status {result.status}"
    elif found.counts.get(FAILED):
        found.outcome, found.reason = FAILED, f"{found.counts[FAILED]} failed"
        found.status = 1
    elif found.counts.get(SKIPPED) and not found.counts.get(PASSED):
        found.outcome = SKIPPED
        found.reason = next((case.text for case in found.cases), "all skipped")
    return found


def exit_status(outcomes: list[Outcome]) -> int:
    """One status for all: the laboratory's own troubles first, a skip last."""
    found = [one.status for one in outcomes]
    for status in (EXIT_LAB, EXIT_KERNEL_FAULT, EXIT_TIMEOUT):
        if status in found:
            return status
    failed = [status for status in found if status not in {0, EXIT_SKIP}]
    if failed:
        return failed[0]
    return 0 if 0 in found or not found else EXIT_SKIP


def summary(one: Outcome) -> str:
    """One line."""
    counts = ", ".join(f"{number} {what}" for what, number in one.counts.items() if number)
    flaky = f"; flaky: the first machine was lost ({one.retried})" if one.is_flaky else ""
    reason = f": {one.reason}" if one.reason else ""
    return (f"{one.kernel}: {one.test}: {one.outcome}{reason}"
            f"{f' ({counts})' if counts else ''}{flaky}, {one.seconds:.2f} s")


def tell(one: Outcome) -> None:
    """Tell a person on stderr what the exit status alone does not."""
    if one.console.strip():
        print(f"vm: the console's last lines:\n{one.console}", file=sys.stderr)
    for fault in one.faults:
        print(f"vm: {one.kernel}: fault in the kernel's log:\n{fault['text']}", file=sys.stderr)


def print_tap(outcomes: list[Outcome]) -> None:
    """TAP 14 on stdout: a test is a point, its cases are a subtest."""
    lines = ["TAP version 14", f"1..{len(outcomes)}"]
    for number, one in enumerate(outcomes, 1):
        if one.cases:
            lines += [f"# Subtest: {one.test} [{one.kernel}]", f"    1..{len(one.cases)}"]
            lines += ["    " + tap_point(at, case.name, case.outcome, case.text)
                      for at, case in enumerate(one.cases, 1)]
        reason = f"flaky: {one.retried}" if one.is_flaky and not one.reason else one.reason
        lines.append(tap_point(number, f"{one.test} [{one.kernel}]", one.outcome, reason))
        if one.outcome in {FAILED, BROKEN}:
            told = (one.output + one.errors + one.console).splitlines()[-CONSOLE_SHOWN_MAX:]
            lines += [f"# {line}" for line in [one.reason, *told]]
    print("\n".join(lines), flush=True)


def tap_point(number: int, name: str, outcome: str, text: str) -> str:
    """One result line; '#' would begin a directive."""
    name = name.replace("#", "\\#")
    if outcome == SKIPPED:
        return f"ok {number} - {name} # SKIP {(text.splitlines() or [''])[0]}"
    return f"{'ok' if outcome == PASSED else 'not ok'} {number} - {name}"


def as_json(outcomes: list[Outcome]) -> dict[str, Any]:
    """The form of --json."""
    return {"tests": [{**dataclasses.asdict(one), "flaky": one.is_flaky} for one in outcomes],
            "status": exit_status(outcomes)}


def write_json(outcomes: list[Outcome], path: Path) -> None:
    """Write --json."""
    path.write_text(json.dumps(as_json(outcomes), indent=1) + "\n")


def junit_module() -> Any:
    """The library that writes JUnit's XML; told when it is missing, before any run."""
    if PACKAGES not in sys.path:
        sys.path.append(PACKAGES)
    try:
        import junit_xml  # type: ignore[import-not-found]
    except ImportError as error:
        raise LabError("JUnit files are written by the Python package junit_xml: install "
                       "python3-junit.xml (scripts/setup vm)") from error
    return junit_xml


def write_junit(outcomes: list[Outcome], path: Path) -> None:
    """Write --junit: a suite for each kernel, a class for each test."""
    junit = junit_module()
    suites = []
    for kernel in dict.fromkeys(one.kernel for one in outcomes):
        points = [point for one in outcomes if one.kernel == kernel
                  for point in junit_points(junit, one)]
        suites.append(junit.TestSuite(kernel, points))
    with path.open("w") as file:
        junit.to_xml_report_file(file, suites)


def junit_points(junit: Any, one: Outcome) -> list[Any]:
    """The cases that a test told of, or the test itself."""
    whole = Case(one.test, one.test, one.outcome, one.reason)
    cases = one.cases if one.cases and one.outcome != BROKEN and not one.faults else [whole]
    points = []
    for case in cases:
        point = junit.TestCase(case.name, f"{one.test}.{one.kernel}",
                               one.seconds / len(cases), one.output, one.errors)
        if case.outcome == SKIPPED:
            point.add_skipped_info(case.text)
        elif case.outcome == BROKEN:
            point.add_error_info(case.text, one.console)
        elif case.outcome == FAILED:
            faults = "\n".join(fault["text"] for fault in one.faults)
            point.add_failure_info((case.text.splitlines() or ["failed"])[0],
                                   "\n".join([case.text, faults, one.console]))
        points.append(point)
    return points
