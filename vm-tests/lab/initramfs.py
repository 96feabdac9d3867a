# SPDX-License-Identifier: MIT
"""The initramfs of a template: the agent, and the modules in their order."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from .kernel import LoadStep

FOLDERS = ("dev", "lib", "lib/modules", "new", "over", "payload", "proc", "sys")


class Archive:
    """A cpio archive in the newc format, which is all that the kernel reads."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0

    def add(self, name: str, mode: int, data: bytes = b"") -> None:
        """Append one entry; `mode` holds the file's type as well."""
        self._inode += 1
        path = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [pad(header + path), pad(data)]

    def bytes(self) -> bytes:
        """The whole archive with its trailer."""
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def pad(data: bytes) -> bytes:
    """Entries and their data begin at multiples of four."""
    return data + b"\0" * (-len(data) % 4)


def module_files(steps: list[LoadStep]) -> Iterator[tuple[str, bytes]]:
    """What the agent loads: the modules, and their order."""
    for step in steps:
        yield f"{step.name}.ko", step.image
    yield "order", "".join(f"{'need' if step.is_required else 'soft'} {step.name}\n"
                           for step in steps).encode()


def build(agent: bytes, steps: list[LoadStep]) -> bytes:
    """The initramfs that runs `agent` as its first process."""
    archive = Archive()
    for folder in FOLDERS:
        archive.add(folder, stat.S_IFDIR | 0o755)
    for name, data in module_files(steps):
        archive.add(f"lib/modules/{name}", stat.S_IFREG | 0o644, data)
    archive.add("init", stat.S_IFREG | 0o755, agent)
    return archive.bytes()
