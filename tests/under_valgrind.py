#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a program of tests under valgrind. usage: PROGRAM

Each test is a forked child of the program, and valgrind judges every child: memory that
is lost or wrongly used fails the test, a descriptor that it opened and left open fails
the program. TAP of the program comes out.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

WATCH = ["--leak-check=full", "--show-leak-kinds=definite,indirect",
         "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99",
         "--track-fds=yes",
         f"--suppressions={Path(__file__).with_name('valgrind.supp')}"]
# In use when the process ends: the engine of the thread that ends it, and the lookup
# that nobody waits for any more but the resolver still makes.
IN_USE = re.compile(r"\b(engine_new|name_job_init|worker_main)\b")


def left_open(text):
    """The descriptors of one report that the test itself opened."""
    blocks = re.split(r"^==\d+== ?\n", text, flags=re.M)
    return [block for block in blocks if re.search(r"^==\d+== Open ", block, re.M)
            and "<inherited from parent>" not in block and not IN_USE.search(block)]


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", "--quiet", *WATCH, f"--log-file={folder}/%p",
                               program], check=False)
        reports = [path.read_text(errors="replace") for path in Path(folder).iterdir()]
    if done.returncode != 0:
        print("\n".join(text for text in reports if "ERROR" in text or " lost in " in text
                        or "Invalid" in text), file=sys.stderr)
    found = [block for text in reports for block in left_open(text)]
    for block in found:
        print(f"left open:\n{block}", file=sys.stderr)
    return done.returncode or (1 if found else 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
