# SPDX-License-Identifier: MIT
import subprocess
import unittest

from lab import cli, klog, run
from lab.errors import EXIT_KERNEL_FAULT, LabError


class Jobs(unittest.TestCase):
    def test_command_survives_quoting(self) -> None:
        words = ["printf", "%s|", "a b", "it's", "$HOME", "*", ""]
        text = run.job_script(words, "/", {"X": "1 2"})
        done = subprocess.run(["sh", "-c", text], stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"a b|it's|$HOME|*||")

    def test_fault_of_the_kernel_outweighs_success(self) -> None:
        result = run.Result(0, faults=[klog.Fault("BUG: x", ())])
        self.assertEqual(result.exit_status(), EXIT_KERNEL_FAULT)

    def test_status_of_the_program_is_passed_on(self) -> None:
        self.assertEqual(run.Result(3).exit_status(), 3)


class CommandLine(unittest.TestCase):
    def test_file_has_an_optional_place(self) -> None:
        self.assertEqual([str(part) for part in cli.split_file("a:/b")], ["a", "/b"])
        self.assertIsNone(cli.split_file("a")[1])

    def test_environment_wants_a_name(self) -> None:
        self.assertEqual(cli.environment(["A=b=c"]), {"A": "b=c"})
        with self.assertRaises(LabError):
            cli.environment(["=x"])

    def test_plain_name_is_the_guests(self) -> None:
        self.assertIsNone(cli.find_program("candump"))

    def test_missing_program_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "no such program"):
            cli.find_program("./nonexistent")
