# SPDX-License-Identifier: MIT
"""modules.alias, and modules.order, of a kernel that nobody ran depmod for.

Only the folders that bring sockets, algorithms and network devices are read:
of the thousands of modules of a distribution these are the ones whose aliases a
program that probes sockets looks up.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .errors import LabError
from .kernel import Kernel
from .payload import Payload

FOLDERS = ("kernel/net", "kernel/crypto", "kernel/lib/crypto", "kernel/arch/x86/crypto",
           "kernel/drivers/net", "kernel/drivers/atm", "kernel/drivers/isdn")
# Cards have thousands of aliases, and none of them is asked for.
BUSES = ("pci:", "usb:", "of:", "acpi", "virtio:", "platform:", "hdaudio", "mdio:", "dmi")


def alias_lines(kernel: Kernel) -> list[str]:
    """The lines of modules.alias that bear on sockets."""
    modules, folder = kernel.modules, kernel.modules_folder
    if folder is None:
        raise LabError(f"kernel {kernel.label} has no modules")
    near = tuple(str(folder / name) + "/" for name in FOLDERS)
    names = sorted(name for name, path in modules.paths.items() if str(path).startswith(near))

    def lines_of(name: str) -> list[str]:
        return [f"alias {alias} {name}" for alias in modules.info(name).aliases
                if not alias.startswith(BUSES)]

    with ThreadPoolExecutor(2) as pool:
        return [line for lines in pool.map(lines_of, names) for line in lines]


def order_lines(kernel: Kernel) -> list[str]:
    """modules.order, where a package leaves it to depmod: the path of each module."""
    folder = kernel.modules_folder
    return sorted(str(path.relative_to(folder or "/")).partition(".ko")[0] + ".ko"
                  for path in kernel.modules.paths.values())


def kept_file(kernel: Kernel, store: Path, kind: str,
              lines: Callable[[Kernel], list[str]]) -> Path:
    """A file of such lines, made once for each folder of modules."""
    folder = kernel.modules_folder
    if folder is None:
        raise LabError(f"kernel {kernel.label} has no modules")
    listing = folder / "modules.order"
    stamp = listing.stat() if listing.is_file() else folder.stat()
    key = hashlib.sha256(f"{folder.resolve()} {stamp.st_mtime_ns}".encode()).hexdigest()[:20]
    path = store / kind / f"{kernel.label}-{key}"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            file.write("\n".join(lines(kernel)) + "\n")
        os.rename(file.name, path)
    return path


def ship(kernel: Kernel, payload: Payload, store: Path) -> None:
    """Have the aliases where depmod would have put them, and what else tells of modules."""
    folder = kernel.modules_folder
    if folder is None:
        return
    place = f"/lib/modules/{folder.name}"
    payload.add_file(kept_file(kernel, store, "aliases", alias_lines), f"{place}/modules.alias")
    order = folder / "modules.order"
    payload.add_file(order if order.is_file() else kept_file(kernel, store, "order", order_lines),
                     f"{place}/modules.order")
    builtin = "modules.builtin.modinfo"
    if (folder / builtin).is_file():
        payload.add_file(folder / builtin, f"{place}/{builtin}")
