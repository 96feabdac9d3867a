# SPDX-License-Identifier: MIT
"""Runs functions test_… and writes TAP."""

import sys
import traceback


class Skip(Exception):
    """Why a test cannot be run here."""


def tests_of(names, part=""):
    """The functions test_… of @names that have @part in their names, as pairs."""
    return [(name[5:], function) for name, function in names.items()
            if name.startswith("test_") and part in name]


def run_one(number, name, function, *arguments):
    """Returns whether the test is sound."""
    is_sound = True
    try:
        function(*arguments)
        print(f"ok {number} - {name}")
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {why}")
    except Exception:  # pylint: disable=broad-except
        is_sound = False
        print(f"not ok {number} - {name}")
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
    sys.stdout.flush()
    return is_sound


def run_all(tests, *arguments, run=run_one):
    """Returns the exit status."""
    print(f"1..{len(tests)}", flush=True)
    results = [run(number, name, function, *arguments)
               for number, (name, function) in enumerate(tests, 1)]
    return 0 if all(results) else 1
