# SPDX-License-Identifier: MIT
"""The commands `linsock vm run` and `linsock vm kernels`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

from . import paths
from .errors import EXIT_LAB, EXIT_USAGE, LabError

# mke2fs lives where an ordinary user's PATH does not look.
SYSTEM_PATH = ":/usr/local/sbin:/usr/sbin:/sbin"

RUN_EPILOG = """\
A need is a feature that linsock probe knows (can.isotp, uring.recv_multishot; the
guest's own probe answers) or a module (vcan; can-isotp is both). A kernel is a series
of Debian's that was fetched (6.12), a folder with vmlinuz and modules, packages
(IMAGE.deb+MODULES.deb), or an image (vmlinux).

exit status: that of the program; with several runs the first that is not 0.
  77   skipped: every kernel lacks something that is needed
  120  the kernel's log tells of a fault
  124  time limit; the console tells where the kernel was
  125  the laboratory could not run it, or its machine was lost twice
  2    the arguments make no sense

  linsock vm kernels --fetch 6.1 6.12 7
  linsock vm run --kernel 6.1 6.12 7 --need can-isotp -- ./my-test --verbose
"""

KERNELS_EPILOG = """\
Kernels are unpacked below the laboratory's store (LINSOCK_DEPS, else ~/.cache/linsock,
in the source tree build/deps), never installed. A SERIES is 6.1, 6.12, or 7 for the
newest 7.x; the name of a Debian suite (trixie, sid) is the newest kernel of that suite.
"""


def prog(verb: str) -> str:
    """What a person called to come here."""
    return f"{os.environ.get('LINSOCK_VM_NAME', 'vm')} {verb}"


def run_parser() -> argparse.ArgumentParser:
    """The command line of `run`."""
    one = argparse.ArgumentParser(
        prog=prog("run"), description="Run a program in virtual machines with real kernels.",
        epilog=RUN_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=f"{prog('run')} --kernel K... [option...] -- COMMAND [ARG...]")
    add = one.add_argument
    add("--kernel", nargs="+", action="extend", default=[], metavar="K",
        help="kernels to run in, one after another")
    add("--need", nargs="+", action="extend", default=[], metavar="NEED",
        help="features and modules; a kernel that lacks one is skipped. A module that "
             "ends in ? is loaded where the kernel has it")
    add("--each", action="store_true", help="every word after -- is a program of its own")
    add("--runner", choices=["clone", "boot", "virtme"], default="clone",
        help="clone a booted template (default), boot afresh, or have virtme-ng boot once, "
             "with the host's root, for all programs")
    add("--jobs", type=positive, default=1, metavar="N", help="machines at a time")
    add("--timeout", type=seconds, default=60, metavar="S", help="limit of each run (60)")
    add("--time-warp", action="store_true",
        help="let the guest's clock run ahead while it waits: an hour costs seconds")
    add("--machines", type=positive, default=1, metavar="N",
        help="run in N machines on one network, 10.9.0.1 to 10.9.0.N on eth0; "
             "LINSOCK_MACHINE tells which one it is")
    add("--can-bus", type=positive, default=0, metavar="N",
        help="N CAN controllers (can0...) on one bus, with bit timing and bus state")
    add("--vsock", action="store_true", help="VM sockets that the guest has with itself")
    add("--tap", action="store_true", help="write TAP instead of what the program writes")
    add("--junit", type=Path, metavar="FILE", help="write JUnit's XML")
    add("--json", type=Path, metavar="FILE", help="write all that is known as JSON")
    add("--ignore", type=Path, action="append", default=[], metavar="FILE",
        help="lines of the kernel's log that are no fault: PATTERN  # REASON")
    add("--file", action="append", default=[], metavar="SRC[:DST]",
        help="ship one more file or folder")
    add("--build", type=Path, metavar="DIR",
        help="ship the programs and libraries of a meson build folder")
    add("--env", action="append", default=[], metavar="NAME=VALUE",
        help="set a variable for the program")
    add("--module-aliases", action="store_true",
        help="ship modules.alias, so that a program can look modules up")
    add("--smp", type=positive, default=1, metavar="N", help="processors")
    add("--memory", type=positive, default=512, metavar="MIB")
    add("--verbose", action="store_true", help="tell how long it took")
    return one


def positive(text: str) -> int:
    """A number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a number from 1: {text}")
    return int(text)


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError(f"not a number of seconds: {text}")
    return number


def kernels_parser() -> argparse.ArgumentParser:
    """The command line of `kernels`."""
    one = argparse.ArgumentParser(
        prog=prog("kernels"), description="List or fetch kernels for linsock vm run.",
        epilog=KERNELS_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    one.add_argument("--fetch", nargs="+", default=[], metavar="SERIES",
                     help="fetch the newest Debian kernel of each, unless it is there")
    one.add_argument("--renew", action="store_true", help="fetch anew what is there")
    return one


def command_run(arguments: list[str]) -> int:
    """Run programs in kernels."""
    parser = run_parser()
    at = arguments.index("--") if "--" in arguments else len(arguments)
    args = parser.parse_args(arguments[:at])
    args.command = arguments[at + 1:]
    if not args.command:
        parser.error("the program comes after --")
    args.kernel = [name for text in args.kernel for name in text.split(",") if name]
    if not args.kernel:
        known = sorted(path.parent.name for path in paths.kernels().glob("*/package"))
        parser.error("--kernel is missing; fetched are: " + (", ".join(known) or "none"))
    for tool in ("qemu-system-x86_64", "mke2fs"):
        if shutil.which(tool) is None:
            raise LabError(f"{tool} is missing: install qemu-system-x86 and e2fsprogs "
                           "(scripts/setup vm)")
    from . import plan

    return plan.execute(args)


def command_kernels(arguments: list[str]) -> int:
    """List what is there, after fetching what is asked for."""
    from . import fetch

    args = kernels_parser().parse_args(arguments)
    for series in args.fetch:
        fetch.fetch(series, args.renew)
    if not args.fetch:
        fetch.show()
    return 0


COMMANDS = {"run": command_run, "kernels": command_kernels}


def end_by_signal(number: int, _frame: object) -> None:
    """Leave by the normal way, so that everything is cleaned up."""
    raise SystemExit(128 + number)


def catch_signals() -> None:
    """Clean up when a signal ends us."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, end_by_signal)


def main(arguments: list[str] | None = None) -> int:
    """Entry of the command; returns the exit status."""
    catch_signals()
    os.environ["PATH"] = os.environ.get("PATH", "") + SYSTEM_PATH
    words = sys.argv[1:] if arguments is None else arguments
    name = os.environ.get("LINSOCK_VM_NAME", "vm")
    if not words or words[0] not in COMMANDS:
        print(f"usage: {name} {'|'.join(COMMANDS)} [option...]  ('{name} run --help')",
              file=sys.stderr)
        return EXIT_USAGE
    try:
        return COMMANDS[words[0]](words[1:])
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except (LabError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return EXIT_LAB
