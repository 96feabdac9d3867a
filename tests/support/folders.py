# SPDX-License-Identifier: MIT
"""Tests of the command, in TAP: each has a folder of its own, which it gets as its
argument. A file of tests defines functions test_… and ends by

    sys.exit(main(globals()))
"""

import sys
import tempfile
from pathlib import Path

from tap import run_all, run_one, tests_of


def run_in_folder(number, name, function):
    with tempfile.TemporaryDirectory() as folder:
        return run_one(number, name.replace("_", " "), function, Path(folder))


def main(names):
    """Run the functions test_… of @names whose name has the second argument in it.
    Returns the exit status."""
    return run_all(tests_of(names, sys.argv[2] if len(sys.argv) > 2 else ""), run=run_in_folder)
