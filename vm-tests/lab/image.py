# SPDX-License-Identifier: MIT
"""A kernel's image as a machine gets it: unpacked, where QEMU can enter it so.

A bzImage unpacks itself in the guest, at the guest's speed: of the four seconds that an
emulated machine took to boot 6.1 two went into it. The host does it once for each image.
QEMU enters an ELF by its PVH note (include/xen/interface/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY);
an image that has none, or is packed in a way for which nothing here can unpack it, is booted
as it is. The layout of a bzImage: Documentation/arch/x86/boot.rst.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .payload import by_age, locked, stamp

ELF = b"\x7fELF"
BZ_IMAGE = (0x202, b"HdrS")
# The protocol since which a bzImage tells where its payload lies.
PROTOCOL_PAYLOAD = 0x208
SECTOR = 512
KEPT_MAX = 16

PT_LOAD, PT_NOTE = 1, 4
XEN, PHYS32_ENTRY = b"Xen\0", 18
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
NOTE_HEADER = struct.Struct("<III")


def by_tool(*command: str) -> Callable[[bytes], bytes]:
    """Unpack by a program; nothing where it is not there, or cannot."""
    def unpack(data: bytes) -> bytes:
        if shutil.which(command[0]) is None:
            return b""
        return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False).stdout
    return unpack


def by_lzma(data: bytes) -> bytes:
    """Unpack xz, or lzma as it was before."""
    import lzma

    try:
        return lzma.LZMADecompressor().decompress(data)
    except lzma.LZMAError:
        return b""


UNPACKERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": by_tool("gzip", "-dc"),
    b"\xfd7zXZ\0": by_lzma,
    b"\x5d\0\0": by_lzma,
    b"\x28\xb5\x2f\xfd": by_tool("zstd", "-dc"),
    b"BZh": by_tool("bzip2", "-dc"),
    b"\x02\x21\x4c\x18": by_tool("lz4", "-dc"),
}


def unpack(image: bytes) -> bytes:
    """The ELF in a bzImage; nothing where it cannot be had."""
    place, magic = BZ_IMAGE
    if not image.startswith(magic, place):
        return b""
    (protocol,) = struct.unpack_from("<H", image, 0x206)
    if protocol < PROTOCOL_PAYLOAD:
        return b""
    begin = ((image[0x1F1] or 4) + 1) * SECTOR
    offset, length = struct.unpack_from("<II", image, 0x248)
    packed = image[begin + offset:begin + offset + length]
    for first, unpacker in UNPACKERS.items():
        if packed.startswith(first):
            # The size of what was packed follows it, in four bytes.
            elf = unpacker(packed[:-4])
            whole = len(elf) == int.from_bytes(packed[-4:], "little")
            return elf if whole and elf.startswith(ELF) else b""
    return b""


def segments(elf: bytes) -> Iterator[tuple[int, int, int, int]]:
    """For each segment of an ELF of 64 bits: where its header lies, its type, place and size."""
    fields = ELF_HEADER.unpack_from(elf)
    begin, size, count = fields[5], fields[9], fields[10]
    for number in range(count):
        at = begin + number * size
        kind, _, offset, _, _, length, _, _ = PROGRAM_HEADER.unpack_from(elf, at)
        yield at, kind, offset, length


def notes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Name and type of each note in a segment."""
    at = 0
    while at + NOTE_HEADER.size <= len(data):
        name_size, size, kind = NOTE_HEADER.unpack_from(data, at)
        at += NOTE_HEADER.size
        yield data[at:at + name_size], kind
        at += (name_size + 3 & ~3) + (size + 3 & ~3)


def can_be_entered(elf: bytes) -> bool:
    """Whether QEMU can start an ELF: it is of 64 bits, and a note tells where."""
    try:
        return elf[:5] == ELF + b"\2" and any(
            note == (XEN, PHYS32_ENTRY) for _, kind, offset, length in segments(elf)
            if kind == PT_NOTE for note in notes(elf[offset:offset + length]))
    except struct.error:
        return False


def head(image: bytes) -> bytes:
    """What QEMU must be shown of an image that has booted long ago, in another process.

    It wants a kernel, since the loader is one of the machine's memories: of a bzImage the
    first sectors do, of an ELF the headers and the notes.
    """
    if not image.startswith(ELF):
        return image[:((image[0x1F1] or 4) + 1) * SECTOR + 16]
    fields = ELF_HEADER.unpack_from(image)
    short = bytearray(image[:fields[5] + fields[9] * fields[10]])
    for at, kind, offset, length in segments(image):
        if kind == PT_NOTE:
            struct.pack_into("<Q", short, at + 8, len(short))
            short += image[offset:offset + length]
        elif kind == PT_LOAD:
            # The size in the file: there is nothing of it.
            struct.pack_into("<Q", short, at + 32, 0)
    return bytes(short)


def bootable(image: Path, store: Path) -> Path:
    """What a machine is given to boot: the image unpacked, which is kept, or itself."""
    folder = store / "images"
    kept = folder / f"{hashlib.sha256(stamp(image).encode()).hexdigest()[:20]}.elf"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        if not kept.exists():
            elf = unpack(image.read_bytes())
            if not can_be_entered(elf):
                return image
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(elf)
            os.rename(file.name, kept)
            forget_old(folder)
        os.utime(kept)
    return kept


def forget_old(folder: Path) -> None:
    """Keep the images used last; a machine that boots holds its own open."""
    for path in by_age(folder.glob("*.elf"), lambda status: status.st_mtime)[KEPT_MAX:]:
        path.unlink()
