# SPDX-License-Identifier: MIT
"""Tests of the command in network namespaces, in TAP: each in a process and a namespace
of its own. A file of tests defines functions test_… and ends by

    sys.exit(main(globals(), "ip", "tc"))
"""

import ctypes
import os
import shutil
import subprocess
import sys

from tap import Skip, run_all, run_one, tests_of

LINSOCK = sys.argv[1]
LIMIT = 120
CLONE_NEWNET = 0x40000000


def call(*words, expect=0, **more):
    """Run a program; @expect is its exit status, None any."""
    run = subprocess.run(words, capture_output=True, timeout=LIMIT, check=False, text=True, **more)
    if expect is not None:
        assert run.returncode == expect, f"{' '.join(words)}: exit {run.returncode}: {run.stderr}"
    return run


def need(line):
    """Set something up with ip, or skip where this kernel has no such thing."""
    run = call("ip", *line.split(), expect=None)
    if run.returncode:
        raise Skip(f"ip {line}: {run.stderr.strip()}")


def need_program(name):
    if not shutil.which(name):
        raise Skip(f"{name} is not installed")


def new_namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise Skip(f"unshare: {os.strerror(ctypes.get_errno())}")


def run_apart(number, name, function):
    """Returns whether the test, in a process and a network namespace of its own, is sound."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0

    def there():
        new_namespace()
        function()

    status = 1
    try:
        status = 0 if run_one(number, name, there) else 1
    finally:
        os._exit(status)


def main(names, *programs):
    """Run the functions test_… of @names whose name has the second argument in it.
    Returns the exit status."""
    for program in programs:
        if not shutil.which(program):
            print(f"1..0 # SKIP {program} is not installed")
            return 0
    return run_all(tests_of(names, sys.argv[2] if len(sys.argv) > 2 else ""), run=run_apart)
