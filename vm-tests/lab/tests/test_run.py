# SPDX-License-Identifier: MIT
import os
import tempfile
import unittest
from pathlib import Path

from lab import klog, needs, plan, report, run
from lab.errors import (EXIT_KERNEL_FAULT, EXIT_LAB, EXIT_SKIP, EXIT_TIMEOUT, LabError,
                        NeedError)
from lab.qemu import Machine


class Jobs(unittest.TestCase):
    def records(self, job: run.Job, number: int = 1) -> list[bytes]:
        head, _, body = job.message(number).partition(b"\n")
        self.assertEqual(int(head), len(body))
        self.assertTrue(body.endswith(b"\0"))
        return body[:-1].split(b"\0")

    def test_words_of_the_command_arrive_as_they_are(self) -> None:
        words = ("printf", "%s|", "a b", "it's", "$HOME", "x=y", "", "ä\n")
        records = self.records(run.Job(words))
        self.assertEqual([one[4:] for one in records if one.startswith(b"arg=")],
                         [word.encode() for word in words])

    def test_a_warped_clock_has_no_random_seed(self) -> None:
        self.assertFalse(any(one.startswith(b"seed=") for one in
                             self.records(run.Job(("x",), shape=Machine(is_warped=True)))))
        self.assertTrue(any(one.startswith(b"seed=") for one in self.records(run.Job(("x",)))))

    def test_machines_of_a_network_know_their_number(self) -> None:
        job = run.Job(("x",), shape=Machine(has_network=True), machines=3)
        records = self.records(job, 2)
        self.assertIn(b"machine=2", records)
        self.assertIn(b"env=LINSOCK_MACHINE=2", records)
        self.assertIn(b"env=LINSOCK_MACHINES=3", records)

    def test_a_word_with_a_nul_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "NUL"):
            run.Job(("a\0b",)).message(1)

    def test_fault_of_the_kernel_outweighs_success(self) -> None:
        result = run.Result(0, faults=[klog.Fault("BUG: x", ())])
        self.assertEqual(result.exit_status(), EXIT_KERNEL_FAULT)

    def test_status_of_the_program_is_passed_on(self) -> None:
        self.assertEqual(run.Result(3).exit_status(), 3)


class CommandLine(unittest.TestCase):
    def test_file_has_an_optional_place(self) -> None:
        self.assertEqual([str(part) for part in plan.split_file("a:/b")], ["a", "/b"])
        self.assertIsNone(plan.split_file("a")[1])

    def test_environment_wants_a_name(self) -> None:
        self.assertEqual(plan.environment(["A=b=c"]), {"A": "b=c"})
        with self.assertRaises(LabError):
            plan.environment(["=x"])

    def test_name_that_only_the_guest_knows_is_the_guests(self) -> None:
        self.assertIsNone(plan.find_program("no-such-program-here"))

    def test_missing_program_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "no such program"):
            plan.find_program("./nonexistent")

    def test_program_that_cannot_be_executed_names_the_remedy(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            os.chmod(file.name, 0o644)
            with self.assertRaisesRegex(LabError, r"not executable: chmod \+x"):
                plan.find_program(file.name)

    def test_a_flood_is_cut_and_said_so(self) -> None:
        keeper = plan.Keeper()
        for _ in range(40):
            keeper(b"x" * 65536)
        self.assertLess(len(keeper.data), report.OUTPUT_KEPT_MAX + 100)
        self.assertIn(b"cut: more than", keeper.data)
        self.assertEqual(keeper.data.count(b"cut"), 1)


class Retry(unittest.TestCase):
    """A lost machine is replaced once."""

    def run_with(self, *results: run.Result) -> run.Result:
        found = iter(results)
        kept, run.attempt = run.attempt, lambda *_: next(found)
        self.addCleanup(setattr, run, "attempt", kept)

        class Disk:
            def image(self, _store: Path) -> Path:
                return Path("disk")

        return run.run(None, [], Disk(), run.Job(("x",)), Path("store"), [])  # type: ignore[arg-type]

    def test_an_ended_program_is_not_run_again(self) -> None:
        self.assertEqual(self.run_with(run.Result(1)).status, 1)

    def test_second_try_decides_and_is_told_as_flaky(self) -> None:
        result = self.run_with(run.Result(EXIT_LAB, "gone", is_lost=True), run.Result(0))
        self.assertEqual((result.status, result.retried), (0, "gone"))
        outcome = report.judge("t", "k", result, b"", b"")
        self.assertEqual((outcome.outcome, outcome.is_flaky), ("passed", True))

    def test_a_kernel_that_crashed_stays_a_fault(self) -> None:
        fault = klog.Fault("Kernel panic - not syncing: x", ())
        result = self.run_with(run.Result(EXIT_LAB, "gone", faults=[fault], is_lost=True),
                               run.Result(0))
        self.assertEqual(result.exit_status(), EXIT_KERNEL_FAULT)
        self.assertEqual(result.retried, fault.line)

    def test_a_machine_that_is_lost_twice_is_the_laboratorys_trouble(self) -> None:
        lost = run.Result(EXIT_LAB, "gone", is_lost=True)
        outcome = report.judge("t", "k", self.run_with(lost, lost), b"", b"")
        self.assertEqual((outcome.outcome, outcome.status), (report.BROKEN, EXIT_LAB))


class Needs(unittest.TestCase):
    def setUp(self) -> None:
        kept = needs.feature_names
        needs.feature_names = lambda: ["can.isotp", "can.raw", "uring.recv_multishot"]
        self.addCleanup(setattr, needs, "feature_names", kept)

    def test_a_word_may_be_module_and_feature(self) -> None:
        found = needs.parse(["can-isotp,uring.recv_multishot", "vcan"])
        self.assertEqual(found.modules, ("can-isotp", "vcan"))
        self.assertEqual(found.features, ("can.isotp", "uring.recv_multishot"))

    def test_unknown_feature_suggests_the_known_one(self) -> None:
        with self.assertRaisesRegex(LabError, "did you mean uring.recv_multishot"):
            needs.parse(["uring.recv_multishots"])

    def test_skip_tells_which_need_failed_and_how(self) -> None:
        answer = needs.Answer([], {"can.isotp": "no (EPROTONOSUPPORT): socket(29)"})
        answer.require(("can.raw",))
        with self.assertRaisesRegex(NeedError, r"can\.isotp: no \(EPROTONOSUPPORT\)"):
            answer.require(("can.raw", "can.isotp"))


class Status(unittest.TestCase):
    def status(self, *found: int) -> int:
        return report.exit_status([report.Outcome("t", "k", one, "passed") for one in found])

    def test_worst_of_all_runs_is_told(self) -> None:
        self.assertEqual(self.status(0, 3, 4), 3)
        self.assertEqual(self.status(3, EXIT_TIMEOUT, EXIT_KERNEL_FAULT), EXIT_KERNEL_FAULT)
        self.assertEqual(self.status(EXIT_KERNEL_FAULT, EXIT_LAB), EXIT_LAB)

    def test_a_skip_is_told_where_nothing_ran(self) -> None:
        self.assertEqual(self.status(EXIT_SKIP, 0), 0)
        self.assertEqual(self.status(EXIT_SKIP, EXIT_SKIP), EXIT_SKIP)
