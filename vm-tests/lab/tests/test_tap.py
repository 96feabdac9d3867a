# SPDX-License-Identifier: MIT
import unittest

from lab.tap import FAILED, PASSED, SKIPPED, Case, is_tap, parse

CRITERION = """\
TAP version 13
1..4
# Criterion v2.4.1
not ok - addr::bad  (0.00s)
  ---
  assertions: 1
  failures:
  - ../t.c:5: |+
      Assertion failed: a # b
  ...
ok - addr::skipped  # SKIP needs CAN: 3
ok - addr::good  (0.01s)
not ok - addr::crash unexpected signal after ../t.c:7
"""


class Tap(unittest.TestCase):
    def cases(self, text: str, status: int = 0) -> list[Case]:
        return list(parse("unit", "t", text, status))

    def test_each_outcome_of_criterion_is_read(self) -> None:
        found = self.cases(CRITERION, 1)
        self.assertEqual([(case.name, case.outcome) for case in found], [
            ("t: addr::bad", FAILED), ("t: addr::skipped", SKIPPED), ("t: addr::good", PASSED),
            ("t: addr::crash unexpected signal after ../t.c:7", FAILED)])
        self.assertEqual(found[1].text, "needs CAN: 3")
        self.assertIn("Assertion failed: a # b", found[0].text)

    def test_numbered_results_are_read(self) -> None:
        self.assertEqual(self.cases("1..1\nok 1 - it's # good\n")[0],
                         Case("unit", "t: it's # good", PASSED))

    def test_missing_results_are_a_failure(self) -> None:
        found = self.cases("1..3\nok 1 - a\n", -11)
        self.assertEqual([case.outcome for case in found], [PASSED, FAILED])
        self.assertIn("1 of 3", found[1].text)

    def test_unexplained_status_is_a_failure(self) -> None:
        self.assertEqual([case.outcome for case in self.cases("1..1\nok 1 - a\n", 3)],
                         [PASSED, FAILED])

    def test_empty_plan_is_a_skip_with_its_reason(self) -> None:
        self.assertEqual(self.cases("1..0 # SKIP no module\n"),
                         [Case("unit", "t", SKIPPED, "no module")])

    def test_failure_cannot_be_skipped(self) -> None:
        self.assertEqual(self.cases("1..1\nnot ok 1 - a # SKIP x\n")[0].outcome, FAILED)

    def test_plain_text_is_no_tap(self) -> None:
        self.assertFalse(is_tap("all is ok\n"))
        self.assertTrue(is_tap("x\n1..2\n"))


KTAP = """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: inner
    1..3
    ok 1 a
    not ok 2 b
    # it was b
    ok 3 c # SKIP no device
not ok 1 inner
ok 2 - last
"""


class Nested(unittest.TestCase):
    def cases(self, text: str, status: int = 0) -> list[Case]:
        return list(parse("unit", "t", text, status))

    def test_cases_of_a_subtest_carry_its_name(self) -> None:
        self.assertEqual([(case.name, case.outcome) for case in self.cases(KTAP, 1)], [
            ("t: inner: a", PASSED), ("t: inner: b", FAILED), ("t: inner: c", SKIPPED),
            ("t: last", PASSED)])

    def test_unkept_plan_of_a_subtest_is_a_failure(self) -> None:
        found = self.cases(KTAP.replace("1..3", "1..4").replace("not ok 2", "ok 2")
                           .replace("not ok 1 inner", "ok 1 inner"))
        self.assertEqual([case.name for case in found if case.outcome == FAILED],
                         ["t: inner: whole plan"])

    def test_details_end_where_the_next_result_begins(self) -> None:
        case = self.cases(KTAP, 1)[1]
        self.assertIn("it was b", case.text)
        self.assertNotIn("ok 3", case.text)
