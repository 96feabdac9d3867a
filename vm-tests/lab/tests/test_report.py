# SPDX-License-Identifier: MIT
import contextlib
import io
import json
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

from lab import klog, report, run
from lab.errors import LabError
from lab.tap import FAILED, PASSED, SKIPPED

TAP = b"TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n"


class Judge(unittest.TestCase):
    def judge(self, result: run.Result, output: bytes = b"") -> report.Outcome:
        return report.judge("t", "6.1", result, output, b"")

    def test_cases_of_tap_are_counted(self) -> None:
        one = self.judge(run.Result(1), TAP)
        self.assertEqual((one.outcome, one.status), (FAILED, 1))
        self.assertEqual(one.counts, {PASSED: 1, FAILED: 1, SKIPPED: 0})

    def test_failed_case_fails_a_program_that_ended_with_success(self) -> None:
        one = self.judge(run.Result(0), TAP)
        self.assertEqual((one.outcome, one.status), (FAILED, 1))

    def test_counts_of_a_last_line_are_understood(self) -> None:
        one = self.judge(run.Result(0), b"...\n=== 12 passed, 3 skipped in 0.5s ===\n")
        self.assertEqual((one.outcome, one.counts), (PASSED, {PASSED: 12, FAILED: 0, SKIPPED: 3}))
        self.assertEqual(self.judge(run.Result(0), b"1 passed, 2 failed\n").outcome, FAILED)
        self.assertEqual(self.judge(run.Result(0), b"test result: ok. 3 passed; 0 failed\n").counts,
                         {PASSED: 3, FAILED: 0, SKIPPED: 0})

    def test_skip_has_its_reason(self) -> None:
        one = self.judge(run.Result(77), b"no device\n")
        self.assertEqual((one.outcome, one.reason), (SKIPPED, "no device"))

    def test_fault_of_the_kernel_is_told_with_its_fingerprint(self) -> None:
        fault = klog.Fault("WARNING: CPU: 0 PID: 7 at net/can/raw.c:100 raw_bind+0x1/0x2", ())
        one = self.judge(run.Result(0, faults=[fault]), b"1..1\nok 1 - a\n")
        self.assertEqual((one.outcome, one.faults[0]["fingerprint"]), (FAILED, "raw_bind"))


class Files(unittest.TestCase):
    def outcomes(self) -> list[report.Outcome]:
        return [report.judge("t", "6.1", run.Result(1), TAP, b"<&\x01>"),
                report.judge("t", "7", run.Result(77), b"no # module\n", b""),
                report.judge("u", "7", run.Result(124, "time limit of 3 s"), b"", b"")]

    def test_tap_has_a_point_for_each_run(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            report.print_tap(self.outcomes())
        lines = out.getvalue().splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", "1..3"])
        self.assertIn("    not ok 2 - t: b", lines)
        self.assertIn("not ok 1 - t [6.1]", lines)
        self.assertIn("ok 2 - t [7] # SKIP no # module", lines)
        self.assertIn("# time limit of 3 s", lines)

    def test_json_has_all(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name, "x.json")
            report.write_json(self.outcomes(), path)
            found = json.loads(path.read_text())
        self.assertEqual([one["outcome"] for one in found["tests"]], [FAILED, SKIPPED, FAILED])
        self.assertEqual(found["status"], 124)

    def test_junit_is_well_formed_and_counts_right(self) -> None:
        try:
            report.junit_module()
        except LabError as error:
            self.skipTest(str(error))
        with tempfile.TemporaryDirectory() as name:
            path = Path(name, "x.xml")
            report.write_junit(self.outcomes(), path)
            root = xml.etree.ElementTree.parse(path).getroot()
        found = {suite.get("name"): (suite.get("tests"), suite.get("failures"),
                                     suite.get("skipped")) for suite in root}
        self.assertEqual(found, {"6.1": ("2", "1", "0"), "7": ("2", "1", "1")})
