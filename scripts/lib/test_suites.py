# SPDX-License-Identifier: MIT
import unittest

import suites
from lab.tap import FAILED, PASSED, SKIPPED, Case


class Records(unittest.TestCase):
    def outcomes(self, **fields: object) -> list[tuple[str, str]]:
        record = {"name": "linsock:unit / t", "stdout": "", "returncode": 0, "result": "OK",
                  **fields}
        return [(case.name, case.outcome) for case in suites.cases_of_record("unit", record)]

    def test_program_without_tap_is_one_case(self) -> None:
        self.assertEqual(self.outcomes(), [("t", PASSED)])
        self.assertEqual(self.outcomes(returncode=1, result="FAIL"), [("t", FAILED)])
        self.assertEqual(self.outcomes(returncode=77, result="SKIP"), [("t", SKIPPED)])

    def test_program_with_tap_is_as_many_as_it_says(self) -> None:
        text = "1..2\nok - a::b (0.00s)\nok - a::c # SKIP why\n"
        self.assertEqual(self.outcomes(stdout=text), [("t: a::b", PASSED), ("t: a::c", SKIPPED)])

    def test_time_limit_is_a_failure(self) -> None:
        self.assertEqual(self.outcomes(result="TIMEOUT", returncode=-15, stdout="1..0\n"),
                         [("t: time limit", FAILED)])

    def test_sanitizer_report_is_shown_with_the_failure(self) -> None:
        record = {"name": "t", "stdout": "1..1\nnot ok - a\n", "stderr": "heap-use-after-free",
                  "returncode": 1, "result": "FAIL"}
        self.assertIn("heap-use-after-free", next(suites.cases_of_record("asan", record)).text)


class Summary(unittest.TestCase):
    def test_name_means_its_variants_and_nothing_longer(self) -> None:
        programs = ["socket (uring)", "socket (epoll)", "socket_io (uring)", "addr"]
        chosen, unknown = suites.programs_called(["socket", "addr", "nothing"], programs)
        self.assertEqual(chosen, ["socket (uring)", "socket (epoll)", "addr"])
        self.assertEqual(unknown, ["nothing"])

    def test_cases_are_counted(self) -> None:
        cases = [Case("s", "a", PASSED), Case("s", "b", PASSED), Case("s", "c", SKIPPED)]
        self.assertEqual(suites.summary(cases), "2 passed, 0 failed, 1 skipped")


if __name__ == "__main__":
    unittest.main()
