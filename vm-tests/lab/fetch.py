# SPDX-License-Identifier: MIT
"""Kernels of Debian: fetched by apt, unpacked, never installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import paths
from .errors import LabError
from .kernel import find_image
from .payload import locked

# Where Debian keeps a series. Whatever is not listed is searched in testing and
# unstable, so that a new series needs no change here.
SUITES = {"6.1": "bookworm", "6.12": "trixie"}
NEWEST_SUITES = "forky,sid"
SERIES = re.compile(r"^\d+(\.\d+)?$")
SUITE = re.compile(r"^[a-z]+(-[a-z]+)*$")


def is_whole(folder: Path) -> bool:
    """Whether a fetch came to its end."""
    return (folder / "package").is_file() and find_image(folder) is not None


def package(folder: Path) -> str:
    """Which package a kernel came from."""
    return (folder / "package").read_text().strip()


def fetch(series: str, is_renewed: bool) -> None:
    """Fetch the newest kernel of a series, or of a suite, unless it is there."""
    if SERIES.match(series):
        words = ["--series", series, "--suites", SUITES.get(series, NEWEST_SUITES)]
    elif SUITE.match(series):
        words = ["--series", "any", "--suites", series]
    else:
        raise LabError(f"not a kernel series (6.12, 7) or a Debian suite (sid): {series}")
    if shutil.which("apt-get") is None:
        raise LabError("kernels are fetched with apt-get, which is not here: unpack one yourself "
                       "and name its folder")
    folder = paths.kernels() / series
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f".lock-{series}"):
        if is_renewed or not is_whole(folder):
            print(f"Fetching the newest kernel {series} (unpacked, not installed), about "
                  "100 MB ...", file=sys.stderr, flush=True)
            done = subprocess.run(
                [sys.executable, str(paths.private_apt()), "newest-kernel", *words, "--work",
                 str(paths.store() / "apt"), "--into", str(folder)],
                stdout=subprocess.DEVNULL, check=False)
            if done.returncode != 0 or not is_whole(folder):
                raise LabError(f"kernel {series} could not be fetched: see above")
    print(f"{series:<6} {package(folder)}", flush=True)


def show() -> None:
    """List what was fetched."""
    folders = [path.parent for path in sorted(paths.kernels().glob("*/package"))]
    for folder in folders:
        print(f"{folder.name:<6} {package(folder)}")
    if not folders:
        print(f"no kernel in {paths.kernels()}; fetch some: linsock vm kernels --fetch "
              "6.1 6.12 7", file=sys.stderr)
