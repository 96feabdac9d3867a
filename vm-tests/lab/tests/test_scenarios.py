# SPDX-License-Identifier: MIT
import re
import tempfile
import unittest
from pathlib import Path

from lab import klog, run
from lab.errors import LabError
from lab.scenarios import ROOT, job_text, judge, load, parse_scenario, why_not
from lab.tap import FAILED, PASSED, SKIPPED

TEXT = """\
#!/bin/sh
# What it proves.
#     a --- b
#
# needs: can-raw vcan
# needs: can-isotp
# kernels: 6.12 7
# timeout: 30
# criterion: test_can
# modules: psample
set -eu
# needs: not-this
"""


class Header(unittest.TestCase):
    def test_fields_are_read_until_the_first_command(self) -> None:
        found = parse_scenario("x", TEXT)
        self.assertEqual(found.needs, ("can-raw", "vcan", "can-isotp"))
        self.assertEqual((found.timeout_s, found.criterion), (30.0, ("test_can",)))
        self.assertEqual(found.modules, ("psample",))
        self.assertTrue(found.runs_on("7"))
        self.assertFalse(found.runs_on("6.1"))

    def test_programs_run_once_with_each_back_end(self) -> None:
        text = "# criterion: test_can\n# backends: uring epoll\n"
        with tempfile.TemporaryDirectory() as name:
            program = Path(name, "tests", "guest_can")
            program.parent.mkdir()
            program.touch()
            lines = job_text(parse_scenario("x", text), Path(name)).splitlines()
        self.assertEqual(lines[-5:-1],
                         ["export LINSOCK_BACKEND=uring", f"{program} || status=$?",
                          "export LINSOCK_BACKEND=epoll", f"{program} || status=$?"])

    def test_all_kernels_are_the_default(self) -> None:
        self.assertTrue(parse_scenario("x", "# kernels: all\n").runs_on("6.1"))
        self.assertTrue(parse_scenario("x", "true\n").runs_on("6.1"))

    def test_bad_time_limit_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "x: .*soon"):
            parse_scenario("x", "# timeout: soon\n")

    def test_unknown_name_lists_the_known_ones(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            Path(name, "can_a.sh").write_text("true\n")
            with self.assertRaisesRegex(LabError, "no scenario b; there are: can_a"):
                load(Path(name), ["b"])


class Virtme(unittest.TestCase):
    """What virtme-ng's guest, one machine with an ordinary clock, is not given."""

    def test_hours_and_networks_are_left_out_with_the_reason(self) -> None:
        self.assertIn("hours", why_not(parse_scenario("x", "# time-warp: only\n")))
        self.assertIn("one machine", why_not(parse_scenario("x", "# machines: 2\n")))
        self.assertEqual(why_not(parse_scenario("x", "# time-warp: yes\n")), "")

    def test_both_words_ask_for_a_warped_clock(self) -> None:
        for word in ("yes", "only"):
            self.assertTrue(parse_scenario("x", f"# time-warp: {word}\n").shape.is_warped)


class Ours(unittest.TestCase):
    """The scenarios of vm-tests/scenarios."""

    def test_each_begins_with_a_drawing_and_says_what_it_needs(self) -> None:
        for path in sorted((ROOT / "vm-tests/scenarios").glob("*.sh")):
            head = re.split(r"^[^#]", path.read_text(), maxsplit=1, flags=re.MULTILINE)[0]
            self.assertRegex(head, r"(?m)^# {5,}\S.*$", f"{path.name}: no drawing")
            self.assertRegex(head, r"(?m)^# needs:", f"{path.name}: no line of needs")


class Verdict(unittest.TestCase):
    def outcomes(self, result: run.Result, output: str = "", errors: str = "") -> list[str]:
        return [case.outcome for case in judge("x", result, output, errors)]

    def test_status_decides_without_tap(self) -> None:
        self.assertEqual(self.outcomes(run.Result(0)), [PASSED])
        self.assertEqual(self.outcomes(run.Result(1)), [FAILED])

    def test_tap_counts_its_cases(self) -> None:
        self.assertEqual(self.outcomes(run.Result(1), "1..2\nok 1 - a\nnot ok 2 - b\n"),
                         [PASSED, FAILED])

    def test_skip_takes_its_last_line_as_reason(self) -> None:
        case = next(judge("x", run.Result(77), "hello\n", "no such device\n"))
        self.assertEqual((case.outcome, case.text), (SKIPPED, "no such device"))

    def test_fault_of_the_kernel_fails_a_good_run(self) -> None:
        result = run.Result(0, faults=[klog.Fault("BUG: x", ())])
        self.assertEqual(self.outcomes(result, "1..1\nok 1 - a\n"), [FAILED])

    def test_time_limit_fails(self) -> None:
        self.assertEqual(self.outcomes(run.Result(124, "time limit of 3 s")), [FAILED])
