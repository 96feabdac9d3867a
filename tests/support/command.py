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
import traceback

LINSOCK = sys.argv[1]
LIMIT = 120
CLONE_NEWNET = 0x40000000


class Skip(Exception):
    """What the host lacks."""


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


def run_test(number, name, function):
    """Returns whether the test is sound."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] == 0
    status = 1
    try:
        new_namespace()
        function()
        print(f"ok {number} - {name}")
        status = 0
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {why}")
        status = 0
    except BaseException:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}")
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
    sys.stdout.flush()
    os._exit(status)


def main(names, *programs):
    """Run the functions test_… of @names whose name has the second argument in it.
    Returns the exit status."""
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    tests = [(name[5:], function) for name, function in names.items()
             if name.startswith("test_") and part in name]
    for program in programs:
        if not shutil.which(program):
            print(f"1..0 # SKIP {program} is not installed")
            return 0
    print(f"1..{len(tests)}", flush=True)
    return 0 if all([run_test(i + 1, *test) for i, test in enumerate(tests)]) else 1
