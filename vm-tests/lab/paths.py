# SPDX-License-Identifier: MIT
"""Where the laboratory's own parts and its store are.

It runs from the source tree (vm-tests/lab) and installed (libexec/linsock/lab).
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import LabError

HERE = Path(__file__).resolve().parent
# The source tree; installed there is none.
SOURCE = HERE.parents[1] if (HERE.parents[1] / "meson.build").is_file() else None


def store() -> Path:
    """The folder of kernels, templates and payload disks."""
    named = os.environ.get("LINSOCK_DEPS")
    if named:
        return Path(named).absolute()
    if SOURCE:
        return SOURCE / "build/deps"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "linsock"


def kernels() -> Path:
    """The folder of the kernels that were fetched."""
    return store() / "kernels"


def _own(variable: str, places: list[Path], remedy: str) -> Path:
    named = os.environ.get(variable)
    for path in [Path(named)] if named else places:
        if os.access(path, os.X_OK):
            return path.absolute()
    raise LabError(f"{named or places[0].name} is missing: {remedy}")


def agent() -> Path:
    """The first process of the guests."""
    places = [HERE.parent / "linsock-vm-agent"]
    if SOURCE:
        places.append(SOURCE / "build/main/vm-tests/linsock-vm-agent")
    return _own("LINSOCK_VM_AGENT", places, "build linsock (ninja -C build/main)")


def linsock() -> Path:
    """The command `linsock`, which tells a guest's features."""
    places = [SOURCE / "build/main/tools/linsock"] if SOURCE else []
    places += [parent / "bin/linsock" for parent in HERE.parents[1:4]]
    return _own("LINSOCK_PROGRAM", places, "build linsock (ninja -C build/main)")


def private_apt() -> Path:
    """The script that fetches packages of Debian."""
    beside = HERE.parent / "private_apt.py"
    return SOURCE / "scripts/lib/private_apt.py" if SOURCE and not beside.is_file() else beside
