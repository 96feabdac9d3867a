# SPDX-License-Identifier: MIT
"""The command `vm`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from . import aliases
from . import run as runs
from .errors import EXIT_LAB, EXIT_SKIP, LabError, NeedError
from .kernel import open_kernel
from .payload import Payload, build_outputs

ROOT = Path(__file__).resolve().parents[2]

EPILOG = """\
exit status: that of the program; 77 the kernel lacks a module that is needed,
120 the kernel log tells of a fault (or the machine ended), 124 time limit,
125 the laboratory could not run it.
"""


def deps_folder() -> Path:
    """Where kernels, templates and payload disks are kept."""
    return Path(os.environ.get("LINSOCK_DEPS") or ROOT / "build/deps").absolute()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="vm", description=__doc__)
    commands = top.add_subparsers(dest="verb", required=True)
    one = commands.add_parser(
        "run", help="run a program in a virtual machine", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="vm run --kernel K [option...] -- COMMAND [ARG...]")
    one.add_argument("--kernel", required=True, metavar="K",
                     help="a series (6.12) or a folder with vmlinuz and modules")
    one.add_argument("--need", nargs="+", action="extend", default=[], metavar="MODULE",
                     help="modules to load before the program starts; one that ends in "
                          "? is loaded where the kernel has it")
    one.add_argument("--module-aliases", action="store_true",
                     help="ship modules.alias, so that a program can look modules up")
    one.add_argument("--file", action="append", default=[], metavar="SRC[:DST]",
                     help="ship one more file or folder")
    one.add_argument("--build", type=Path, default=ROOT / "build/main", metavar="DIR",
                     help="build folder whose programs and libraries are shipped")
    one.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                     help="set a variable for the program")
    one.add_argument("--runner", choices=["clone", "boot"], default="clone",
                     help="clone a booted template (default), or boot afresh")
    one.add_argument("--timeout", type=float, default=60, metavar="S")
    one.add_argument("--smp", type=int, default=1, metavar="N", help="processors")
    one.add_argument("--memory", type=int, default=512, metavar="MIB")
    one.add_argument("--verbose", action="store_true",
                     help="tell how long it took, and what the console said")
    one.add_argument("command", nargs="+", metavar="COMMAND")
    return top


def split_file(text: str) -> tuple[Path, str | None]:
    """SRC or SRC:DST."""
    source, _, place = text.partition(":")
    return Path(source), place or None


def find_program(name: str) -> Path | None:
    """The host's file behind a command; None for one that only the guest has."""
    if "/" not in name:
        return None
    path = Path(os.path.abspath(name))
    if not path.is_file():
        raise LabError(f"no such program: {name}")
    if not os.access(path, os.X_OK):
        raise LabError(f"{name} is not executable: chmod +x it")
    return path


def common_payload(build: Path | None) -> Payload:
    """The tools, and what the build folder holds."""
    payload = Payload()
    payload.add_tools()
    if build is not None and build.is_dir():
        for path in build_outputs(build):
            payload.add_program(path)
    return payload


def make_payload(args: argparse.Namespace) -> Payload:
    """All that the command line asks for."""
    payload = common_payload(args.build)
    program = find_program(args.command[0])
    if program is not None:
        payload.add_program(program)
        args.command[0] = str(program)
    for text in args.file:
        payload.add_tree(*split_file(text))
    payload.add_folder(os.getcwd())
    return payload


def write_to(descriptor: int) -> runs.Sink:
    """A sink that passes on what the program writes, as it writes it."""
    def sink(data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view):]
    return sink


def environment(items: list[str]) -> dict[str, str]:
    """NAME=VALUE texts as a mapping."""
    for item in items:
        if not item.partition("=")[0].isidentifier():
            raise LabError(f"not NAME=VALUE: {item}")
    return {item.partition("=")[0]: item.partition("=")[2] for item in items}


def command_run(args: argparse.Namespace) -> int:
    """Run one program in one kernel."""
    store = deps_folder() / "vm"
    kernel = open_kernel(args.kernel, deps_folder() / "kernels")
    needs = [name for text in args.need for name in text.replace(",", " ").split()]
    payload = make_payload(args)
    if args.module_aliases:
        aliases.ship(kernel, payload, store)
    variables = {"PATH": f"{args.build}/tools:{runs.GUEST_PATH}", **environment(args.env)}
    script = runs.job_script(args.command, os.getcwd(), variables)
    job = runs.Job(script, args.timeout, args.runner, args.smp, args.memory)
    sinks = {"out": write_to(1), "err": write_to(2)}
    result = runs.run(kernel, needs, payload, job, store, sinks)
    runs.report(result, kernel.label)
    if args.verbose:
        print(f"vm: {kernel.label}: begun after {result.begun_s:.2f} s, "
              f"{result.total_s:.2f} s in all; console:\n{result.console}", file=sys.stderr)
    return result.exit_status()


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
    args = parser().parse_args(arguments)
    try:
        return command_run(args)
    except NeedError as error:
        print(f"vm: skipped: {error}", file=sys.stderr)
        return EXIT_SKIP
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except (LabError, OSError) as error:
        print(f"vm: {error}", file=sys.stderr)
        return EXIT_LAB
