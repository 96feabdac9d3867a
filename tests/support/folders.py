# SPDX-License-Identifier: MIT
"""Tests of the command, in TAP: each has a folder of its own, which it gets as its
argument. A file of tests defines functions test_… and ends by

    sys.exit(main(globals()))
"""

import sys
import tempfile
import traceback
from pathlib import Path


class Missing(Exception):
    """A program is not here."""


def main(names):
    """Run the functions test_… of @names whose name has the second argument in it.
    Returns the exit status."""
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    tests = [(name[5:].replace("_", " "), function) for name, function in names.items()
             if name.startswith("test_") and wanted in name]
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(Path(folder))
                print(f"ok {number} - {name}")
            except Missing as missing:
                print(f"ok {number} - {name} # SKIP not here: {missing}")
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"not ok {number} - {name}")
                for line in traceback.format_exc().splitlines():
                    print(f"# {line}")
        sys.stdout.flush()
    return 1 if failed else 0
