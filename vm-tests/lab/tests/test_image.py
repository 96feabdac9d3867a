# SPDX-License-Identifier: MIT
import bz2
import gzip
import lzma
import shutil
import struct
import subprocess
import tempfile
import unittest
import unittest.mock
from collections.abc import Callable
from pathlib import Path

from lab import image

TEXT = b"text of the kernel"
ENTRY = struct.pack("<III4sQ", 4, 8, image.PHYS32_ENTRY, image.XEN, 0x1000)
OTHER = struct.pack("<III4sQ", 4, 8, 6, image.XEN, 0)
PLACE_OF_NOTES = 512


def kernel(notes: bytes = OTHER + ENTRY, bits: int = 2) -> bytes:
    """An ELF with a segment that is loaded, and one of notes which lies in it."""
    header = image.ELF_HEADER.pack(image.ELF + bytes([bits]), 2, 62, 1, 0x1000, 64, 0, 0,
                                   64, 56, 2, 0, 0, 0)
    loaded = image.PROGRAM_HEADER.pack(image.PT_LOAD, 5, 256, 0, 0x1000, 1024, 2048, 4096)
    noted = image.PROGRAM_HEADER.pack(image.PT_NOTE, 4, PLACE_OF_NOTES, 0, 0, len(notes),
                                      len(notes), 4)
    body = bytearray((header + loaded + noted).ljust(1280, b"\0"))
    body[256:256 + len(TEXT)] = TEXT
    body[PLACE_OF_NOTES:PLACE_OF_NOTES + len(notes)] = notes
    return bytes(body)


def packed(elf: bytes, pack: Callable[[bytes], bytes], size: int | None = None,
           protocol: int = 0x20F) -> bytes:
    """A bzImage: two sectors of setup, code of its own, the payload with its size."""
    payload = pack(elf) + (len(elf) if size is None else size).to_bytes(4, "little")
    first = bytearray(2 * image.SECTOR)
    first[0x1F1] = 1
    first[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", first, 0x206, protocol)
    struct.pack_into("<II", first, 0x248, 40, len(payload))
    return bytes(first) + bytes(40) + payload + b"what follows"


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


class Unpacking(unittest.TestCase):
    def test_payload_is_unpacked(self) -> None:
        for pack in (gzip.compress, bz2.compress, lzma.compress,
                     lambda data: lzma.compress(data, lzma.FORMAT_ALONE)):
            self.assertEqual(image.unpack(packed(kernel(), pack)), kernel())

    def test_payload_of_a_new_debian_is_unpacked(self) -> None:
        if shutil.which("zstd") is None:
            self.skipTest("zstd is not here")
        self.assertEqual(image.unpack(packed(kernel(), zstd)), kernel())

    def test_what_is_not_whole_is_nothing(self) -> None:
        whole = packed(kernel(), gzip.compress)
        for bad in (packed(kernel(), gzip.compress, size=7), whole[:-40], whole[:0x200],
                    packed(b"no ELF", gzip.compress), packed(kernel(), bytes),
                    packed(kernel(), lambda data: lzma.compress(data)[:60]),
                    packed(kernel(), gzip.compress, protocol=0x207), kernel(), b""):
            self.assertEqual(image.unpack(bad), b"")

    def test_missing_tool_is_no_error(self) -> None:
        with unittest.mock.patch.object(shutil, "which", return_value=None):
            self.assertEqual(image.unpack(packed(kernel(), gzip.compress)), b"")


class Entering(unittest.TestCase):
    def test_note_tells_that_it_can_be_entered(self) -> None:
        self.assertTrue(image.can_be_entered(kernel()))
        self.assertTrue(image.can_be_entered(kernel(ENTRY)))

    def test_without_note_it_cannot(self) -> None:
        for bad in (kernel(OTHER), kernel(b""), kernel(bits=1), kernel()[:100], b""):
            self.assertFalse(image.can_be_entered(bad))


class Heads(unittest.TestCase):
    def test_head_has_the_notes_and_nothing_to_load(self) -> None:
        head = image.head(kernel())
        self.assertLess(len(head), PLACE_OF_NOTES)
        self.assertNotIn(TEXT, head)
        self.assertTrue(image.can_be_entered(head))
        (load, notes) = image.segments(head)
        self.assertEqual((load[1], load[3]), (image.PT_LOAD, 0))
        self.assertEqual(head[notes[2]:notes[2] + notes[3]], OTHER + ENTRY)

    def test_head_of_a_packed_image_is_its_setup(self) -> None:
        whole = packed(kernel(), gzip.compress)
        self.assertEqual(image.head(whole), whole[:2 * image.SECTOR + 16])


class Bootable(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = Path(folder.name)

    def image(self, content: bytes) -> Path:
        path = self.store / "vmlinuz"
        path.write_bytes(content)
        return path

    def test_unpacked_image_is_kept(self) -> None:
        path = self.image(packed(kernel(), gzip.compress))
        first = image.bootable(path, self.store)
        self.assertEqual(first.read_bytes(), kernel())
        with unittest.mock.patch.object(image, "unpack", side_effect=AssertionError):
            self.assertEqual(image.bootable(path, self.store), first)

    def test_changed_image_is_another(self) -> None:
        first = image.bootable(self.image(packed(kernel(), gzip.compress)), self.store)
        other = image.bootable(self.image(packed(kernel(ENTRY), gzip.compress)), self.store)
        self.assertNotEqual(first, other)
        self.assertEqual(other.read_bytes(), kernel(ENTRY))

    def test_what_cannot_be_entered_is_booted_as_it_is(self) -> None:
        for content in (packed(kernel(OTHER), gzip.compress), kernel(), b"anything"):
            path = self.image(content)
            self.assertEqual(image.bootable(path, self.store), path)

    def test_images_used_last_stay(self) -> None:
        folder = self.store / "images"
        folder.mkdir()
        for number in range(image.KEPT_MAX + 3):
            (folder / f"{number:02}.elf").write_bytes(b"")
        image.bootable(self.image(packed(kernel(), gzip.compress)), self.store)
        self.assertEqual(len(list(folder.glob("*.elf"))), image.KEPT_MAX)


if __name__ == "__main__":
    unittest.main()
