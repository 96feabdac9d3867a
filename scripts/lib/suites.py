#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run suites of tests and count their cases, not their programs."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "vm-tests"))

from lab import tap  # noqa: E402
from lab.tap import Case  # noqa: E402

JOBS = 2
SKIP_STATUS = 77
OUTPUT_SHOWN_MAX = 6000
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    # A leak does not change the exit status: report_cases() judges the reports.
    "LSAN_OPTIONS": "exitcode=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


@dataclasses.dataclass(frozen=True)
class MesonSuite:
    """A suite of the build files, run in one of the build folders."""

    folder: str
    label: str
    patience: int = 1
    jobs: int = JOBS
    preload: str = ""


MESON_SUITES = {
    "style": MesonSuite("main", "style"),
    "unit": MesonSuite("main", "unit"),
    "install": MesonSuite("main", "install"),
    "page": MesonSuite("main", "page"),
    "asan": MesonSuite("asan", "unit", patience=4),
    "tsan": MesonSuite("tsan", "threads", patience=8),
    "valgrind": MesonSuite("main", "valgrind"),
    "fuzz": MesonSuite("asan", "fuzz", patience=4),
    # Programs that stand still most of the time leave room for others.
    "stall": MesonSuite("main", "unit", patience=4, jobs=4 * JOBS, preload="tests/stall.so"),
}
# Asked for by name: it finds what depends on time, in a time that is not bounded.
NOT_OF_ALL = {"stall", "virtme"}


def cases_of_record(suite: str, record: dict[str, object]) -> Iterator[Case]:
    """Cases of one program in meson's log."""
    name = str(record["name"]).rsplit(" / ", 1)[-1]
    output = str(record.get("stdout") or "")
    errors = str(record.get("stderr") or "").strip()
    status, result = int(str(record["returncode"])), str(record["result"])
    if result == "TIMEOUT":
        yield Case(suite, f"{name}: time limit", tap.FAILED, output[-3000:] + errors[-3000:])
    elif tap.is_tap(output):
        found = list(tap.parse(suite, name, output, status))
        for case in found:
            if case.outcome == tap.FAILED and errors:
                case = dataclasses.replace(case, text=case.text + "\n" + errors[-3000:])
            yield case
    elif status == SKIP_STATUS:
        reason = (output + errors).strip().splitlines() or ["no reason given"]
        yield Case(suite, name, tap.SKIPPED, reason[-1])
    elif result in {"OK", "EXPECTEDFAIL"}:
        yield Case(suite, name, tap.PASSED)
    else:
        yield Case(suite, name, tap.FAILED, f"exit status {status}\n{output}{errors}")


def read_log(suite: str, path: Path) -> list[Case]:
    """Cases of all programs that meson ran."""
    if not path.is_file():
        return []
    records = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return [case for record in records for case in cases_of_record(suite, record)]


def build(folder: Path) -> Case | None:
    """Bring a build folder up to date; a failure is a case of its own."""
    done = subprocess.run(["ninja", "-C", str(folder), f"-j{JOBS}"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0:
        return None
    return Case("build", folder.name, tap.FAILED, done.stdout[-OUTPUT_SHOWN_MAX:])


# A file of the tree as the build folder sees it; libsanitizer's own path goes deeper.
OUR_FRAME = re.compile(r" \.\./\.\./(?!\.\./)")


def leaks_of_ours(text: str) -> list[str]:
    """The leaks of one report that were allocated in a file of the tree.

    Criterion 2.4.1 never frees one record of its own runner, whatever the tests do.
    """
    blocks = [block for block in text.split("\n\n") if " leak of " in block]
    return [block for block in blocks if OUR_FRAME.search(block)]


def report_cases(suite: str, reports: Path) -> list[Case]:
    """A case that fails for each process that leaked, or broke a rule of memory.

    Criterion runs a test in a process of its own and does not look at its exit status
    once the test has said that it passed, and a script may not look at that of a program
    which it ends: what comes then is seen in the report alone.
    """
    cases = []
    for path in sorted(reports.glob("report.*")):
        text = path.read_text(errors="replace")
        leaks = leaks_of_ours(text)
        if "ERROR: AddressSanitizer" in text or "runtime error:" in text:
            cases.append(Case(suite, f"memory ({path.name})", tap.FAILED, text[-OUTPUT_SHOWN_MAX:]))
        elif leaks:
            cases.append(Case(suite, f"leaks ({path.name})", tap.FAILED, "\n\n".join(leaks)))
    return cases or [Case(suite, "no process leaked or broke a rule of memory", tap.PASSED)]


def programs_called(names: list[str], programs: list[str]) -> tuple[list[str], list[str]]:
    """The programs that the names mean, and the names that mean none.

    A name means its variants too: `socket` is `socket (uring)` and `socket (epoll)`.
    """
    meant = {name: [program for program in programs
                    if program == name or program.startswith(f"{name} (")] for name in names}
    chosen = [program for found in meant.values() for program in found]
    return chosen, [name for name, found in meant.items() if not found]


def programs_of(folder: Path, label: str) -> list[str]:
    """The names of a suite's programs."""
    listed = subprocess.run(["meson", "introspect", str(folder), "--tests"], check=True,
                            stdout=subprocess.PIPE, text=True)
    return [test["name"] for test in json.loads(listed.stdout)
            if any(suite.endswith(f":{label}") for suite in test["suite"])]


def run_meson(suite: str, names: list[str]) -> list[Case]:
    """Build, run and count one suite of the build files."""
    what = MESON_SUITES[suite]
    folder = ROOT / "build" / what.folder
    broken = build(folder)
    if broken:
        return [broken]
    chosen, unknown = programs_called(names, programs_of(folder, what.label))
    missing = [Case(suite, name, tap.SKIPPED, f"no program of suite '{what.label}' is called so")
               for name in unknown]
    if names and not chosen:
        return missing
    base = f"suite-{suite}"
    wrapper = ["--wrapper", f"env LD_PRELOAD={folder / what.preload}"] if what.preload else []
    # Meson adds the wrapper's name.
    log = folder / "meson-logs" / (f"{base}-env.json" if wrapper else f"{base}.json")
    log.unlink(missing_ok=True)
    reports = folder / "meson-logs" / f"{base}-reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    sanitizers = dict(SANITIZER_OPTIONS)
    sanitizers["ASAN_OPTIONS"] += f":log_path={reports}/report"
    subprocess.run(
        ["meson", "test", "-C", str(folder), "--no-rebuild", "--suite", what.label,
         "--num-processes", str(what.jobs), "--timeout-multiplier", str(what.patience),
         "--logbase", base, *wrapper, *chosen],
        check=False, stdin=subprocess.DEVNULL, env={**sanitizers, **os.environ})
    cases = read_log(suite, log)
    if cases and what.folder == "asan":
        cases += report_cases(suite, reports)
    return [*missing, *cases] or [Case(suite, suite, tap.SKIPPED,
                                       f"no program is in suite '{what.label}'")]


class Collect(unittest.TestResult):
    """Turns unittest's events into cases."""

    def __init__(self, suite: str) -> None:
        super().__init__()
        self.suite = suite
        self.cases: list[Case] = []

    def _add(self, test: unittest.TestCase, outcome: str, text: str = "") -> None:
        self.cases.append(Case(self.suite, test.id(), outcome, text))

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._add(test, tap.PASSED)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        self._add(test, tap.SKIPPED, reason)

    def addFailure(self, test: unittest.TestCase, err: object) -> None:  # noqa: N802
        self._add(test, tap.FAILED, self._exc_info_to_string(err, test))

    addError = addFailure  # noqa: N815


def run_lab(_suite: str, names: list[str]) -> list[Case]:
    """Unit tests of the Python parts."""
    sys.path.insert(0, str(ROOT / "scripts/lib"))
    loader = unittest.TestLoader()
    tests = unittest.TestSuite([
        loader.discover(str(ROOT / "vm-tests/lab/tests"), top_level_dir=str(ROOT / "vm-tests")),
        loader.discover(str(ROOT / "scripts/lib"), top_level_dir=str(ROOT / "scripts/lib")),
    ])
    result = Collect("lab")
    tests.run(result)
    return [case for case in result.cases
            if not names or any(name in case.name for name in names)]


def machine_test_names(names: list[str]) -> list[str]:
    """The tests of `linsock vm` itself that have one of the names in theirs."""
    top = ROOT / "vm-tests"
    found = unittest.TestLoader().discover(str(top / "lab/machine_tests"), top_level_dir=str(top))
    all_names = [test.id() for module in found for group in module  # type: ignore[union-attr]
                 for test in group]  # type: ignore[union-attr]
    return [one for one in all_names if not names or any(name in one for name in names)]


def run_machine_test(name: str) -> list[Case]:
    """One of them, in a process of its own."""
    result = Collect("vm")
    unittest.TestLoader().loadTestsFromName(name).run(result)
    return result.cases


def run_machines(names: list[str]) -> list[Case]:
    """`linsock vm` as its users meet it; names are parts of a test's name."""
    begin = time.monotonic()
    # Those of virtme-ng boot for long: first, so that the others fill the time beside.
    order = sorted(machine_test_names(names), key=lambda name: "virtme" not in name)
    with concurrent.futures.ProcessPoolExecutor(JOBS) as pool:
        cases = [case for found in pool.map(run_machine_test, order) for case in found]
    if cases:
        print(f"  linsock vm itself: {len(cases)} cases, {time.monotonic() - begin:.0f} s",
              flush=True)
    return cases


def run_scenarios(suite: str, names: list[str], options: list[str]) -> list[Case]:
    """Build, and run the scenarios."""
    broken = build(ROOT / "build/main")
    if broken:
        return [broken]
    path = ROOT / f"build/{suite}-cases.json"
    path.unlink(missing_ok=True)
    command = [str(ROOT / "vm-tests/run-scenarios"), "--jobs", str(JOBS),
               "--json", str(path), *options, *names]
    begin = time.monotonic()
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    print(f"  the scenarios: {time.monotonic() - begin:.0f} s", flush=True)
    if not path.is_file():
        return [Case(suite, "run-scenarios", tap.FAILED, f"exit status {done.returncode}")]
    return [dataclasses.replace(Case(**fields), suite=suite)
            for fields in json.loads(path.read_text())]


def run_vm(suite: str, names: list[str]) -> list[Case]:
    """The laboratory itself, and the scenarios on every kernel of the matrix."""
    broken = build(ROOT / "build/main")
    if broken:
        return [broken]
    found = run_machines(names)
    if found and names:
        return found
    return [*found, *run_scenarios(suite, names, [])]


def run_virtme(suite: str, names: list[str]) -> list[Case]:
    """The scenarios once more, on one kernel, with virtme-ng's root and clock."""
    return run_scenarios(suite, names, ["--runner", "virtme", "--kernels", "6.12"])


RUNNERS: dict[str, Callable[[str, list[str]], list[Case]]] = {
    "style": run_meson, "lab": run_lab, "unit": run_meson, "page": run_meson,
    "install": run_meson, "asan": run_meson, "tsan": run_meson, "valgrind": run_meson,
    "fuzz": run_meson, "vm": run_vm, "stall": run_meson, "virtme": run_virtme,
}


def count(cases: list[Case], outcome: str) -> int:
    """How many cases ended in one way."""
    return sum(case.outcome == outcome for case in cases)


def summary(cases: list[Case]) -> str:
    """The counts, in the words of the last line."""
    return (f"{count(cases, tap.PASSED)} passed, {count(cases, tap.FAILED)} failed, "
            f"{count(cases, tap.SKIPPED)} skipped")


def report(cases: list[Case]) -> None:
    """What failed with its output, why cases were skipped, and the counts."""
    for case in cases:
        if case.outcome == tap.FAILED:
            print(f"\nFAILED {case.suite}: {case.name}")
            print("    " + case.text[-OUTPUT_SHOWN_MAX:].strip().replace("\n", "\n    "))
    skipped = [case for case in cases if case.outcome == tap.SKIPPED]
    if skipped:
        print("\nSkipped:")
    for case in skipped:
        print(f"  {case.suite}: {case.name}: {case.text}")
    print()
    print(summary(cases), flush=True)


def main(arguments: list[str]) -> int:
    """SUITE... [-- NAME...]; exit status 0 if something ran and nothing failed."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    suites = arguments[:split] or [suite for suite in RUNNERS if suite not in NOT_OF_ALL]
    names = arguments[split + 1:]
    unknown = [suite for suite in suites if suite not in RUNNERS]
    if unknown:
        print(f"no such suite: {', '.join(unknown)} (there are: {', '.join(RUNNERS)})",
              file=sys.stderr)
        return 2
    cases: list[Case] = []
    for suite in suites:
        print(f"== {suite}", flush=True)
        begin = time.monotonic()
        found = RUNNERS[suite](suite, names)
        print(f"== {suite}: {summary(found)}, {time.monotonic() - begin:.1f} s\n", flush=True)
        cases += found
    report(cases)
    ran = count(cases, tap.PASSED) + count(cases, tap.FAILED)
    return 1 if count(cases, tap.FAILED) or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
