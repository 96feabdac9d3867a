# SPDX-License-Identifier: MIT
import os
import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from lab import initramfs, payload
from lab.errors import LabError
from lab.payload import (DRAFT, IMAGE_MIB, USUAL_LIBRARY, Payload, build_outputs, forget_old,
                         guest_path, interpreter, libraries, parse_ldd)

LDD = """\
\tlinux-vdso.so.1 (0x00007f97ef34f000)
\tlibmnl.so.0 => /lib/x86_64-linux-gnu/libmnl.so.0 (0x00007f97ef1c9000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f97eefc3000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f97ef351000)
"""


class Closure(unittest.TestCase):
    def test_libraries_and_loader_are_found_and_the_vdso_is_not(self) -> None:
        self.assertEqual([str(path) for path in parse_ldd(LDD)], [
            "/lib/x86_64-linux-gnu/libmnl.so.0", "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2"])

    def test_static_program_has_none(self) -> None:
        self.assertEqual(parse_ldd("\tnot a dynamic executable\n"), [])

    def test_missing_library_is_named(self) -> None:
        with self.assertRaisesRegex(LabError, "libgone.so.1"):
            parse_ldd("\tlibgone.so.1 => not found\n")


class Places(unittest.TestCase):
    def test_folders_that_debian_merges_are_below_usr(self) -> None:
        self.assertEqual(guest_path("/lib64/ld.so"), "usr/lib64/ld.so")
        self.assertEqual(guest_path("/usr/lib/x"), "usr/lib/x")
        self.assertEqual(guest_path("/opt//lib/./x"), "opt/lib/x")

    def test_place_outside_of_the_guest_is_refused(self) -> None:
        with self.assertRaises(LabError):
            guest_path("/opt/../../etc/passwd")


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, data: bytes, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
        return path

    def test_dynamic_program_brings_its_libraries(self) -> None:
        payload = Payload()
        payload.add_program(Path(shutil.which("cat") or "/bin/cat"))
        payload.close()
        self.assertTrue(any("libc.so" in place for place in payload.files), payload.files)

    def test_libraries_are_remembered_until_the_program_changes(self) -> None:
        program = self.write("cat", Path(shutil.which("cat") or "/bin/cat").read_bytes(), 0o755)
        first = libraries([program], self.folder)
        kept = list((self.folder / "closures").iterdir())
        kept[0].write_text("")
        self.assertEqual(libraries([program], self.folder), [])
        os.utime(program, (1, 1))
        self.assertEqual(libraries([program], self.folder), first)

    def test_what_another_run_renames_or_writes_is_not_forgotten(self) -> None:
        folder = self.folder / "closures"
        folder.mkdir()
        names = [f"{number}{suffix}" for suffix in ("", DRAFT) for number in range(3)]
        for number, name in enumerate(names):
            (folder / name).write_text("")
            os.utime(folder / name, (number, number))
        gone = folder / "gone"
        found = [folder / "0", gone, *(folder / name for name in names[1:])]
        with unittest.mock.patch.object(payload, "KEPT_CLOSURES_MAX", 1), \
                unittest.mock.patch.object(Path, "glob", side_effect=[[], found]):
            forget_old(self.folder)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), sorted(names[2:]))

    def test_answer_of_an_ldd_that_was_ended_is_not_kept(self) -> None:
        program = self.write("cat", Path(shutil.which("cat") or "/bin/cat").read_bytes(), 0o755)
        half = "echo ' libhalf.so => /lib/libhalf.so (0x00007f0000000000)'\n"
        for end in ("kill -TERM $$", "echo 'ldd: exited with unknown exit code (143)'; exit 1"):
            self.write("bin/ldd", f"#!/bin/sh\n{half}{end}\n".encode(), 0o755)
            path = f"{self.folder}/bin:{os.environ['PATH']}"
            with self.subTest(end), unittest.mock.patch.dict(os.environ, PATH=path):
                self.assertRaisesRegex(LabError, "ended", libraries, [program], self.folder)
                self.assertFalse((self.folder / "closures").exists())

    def test_folders_that_a_loader_would_not_search_are_told(self) -> None:
        for name, is_usual in (("/lib/x86_64-linux-gnu/libc.so.6", True), ("/usr/lib/libx.so", True),
                               ("/lib64/ld-linux-x86-64.so.2", True),
                               ("/usr/local/lib/libx.so", False), ("/opt/lib/libx.so", False)):
            self.assertEqual(bool(USUAL_LIBRARY.match(name)), is_usual, name)

    def test_script_brings_its_interpreter(self) -> None:
        script = self.write("s", b"#!/usr/bin/env cat\n", 0o755)
        found = interpreter(script)
        self.assertIsNotNone(found)
        self.assertEqual(os.path.basename(str(found)), "cat")

    def test_shell_script_is_served_by_busybox(self) -> None:
        self.assertIsNone(interpreter(self.write("s", b"#!/bin/sh -eu\n", 0o755)))

    def test_unknown_interpreter_is_an_error(self) -> None:
        with self.assertRaisesRegex(LabError, "nowhere"):
            interpreter(self.write("s", b"#!/opt/nowhere\n", 0o755))

    def test_folder_is_shipped_whole(self) -> None:
        self.write("d/a", b"1")
        self.write("d/e/b", b"2")
        payload = Payload()
        payload.add_tree(self.folder / "d", "/data")
        self.assertEqual(sorted(payload.files), ["data/a", "data/e/b"])

    def test_build_outputs_are_programs_and_libraries_only(self) -> None:
        self.write("tools/linsock", b"\x7fELFx", 0o755)
        self.write("liblinsock.so.0", b"\x7fELFx")
        self.write("x.p/a.o", b"\x7fELFx", 0o755)
        self.write("meson-private/sanity", b"\x7fELFx", 0o755)
        self.write("tools/notes.sh", b"#!/bin/sh\n", 0o755)
        self.assertEqual(sorted(path.name for path in build_outputs(self.folder)),
                         ["liblinsock.so.0", "linsock"])

    def test_too_large_content_is_refused_with_its_size(self) -> None:
        big = self.folder / "big"
        with big.open("wb") as file:
            file.truncate((IMAGE_MIB + 16) << 20)
        payload = Payload()
        payload.add_file(big)
        with self.assertRaisesRegex(LabError, rf"{IMAGE_MIB + 16} MiB.*{IMAGE_MIB} MiB"):
            payload.check_room()

    def test_key_changes_with_content_and_place(self) -> None:
        path = self.write("a", b"1")
        first, second = Payload(), Payload()
        first.add_file(path, "/x")
        second.add_file(path, "/y")
        self.assertNotEqual(first.key(), second.key())
        before = first.key()
        self.write("a", b"12")
        self.assertNotEqual(before, first.key())

    def test_missing_file_is_named(self) -> None:
        with self.assertRaisesRegex(LabError, "no such file: /nonexistent"):
            Payload().add_file(Path("/nonexistent"))


class Archive(unittest.TestCase):
    def test_entries_are_aligned_and_ended(self) -> None:
        archive = initramfs.Archive()
        archive.add("a", 0o100644, b"12345")
        data = archive.bytes()
        self.assertEqual(len(data) % 4, 0)
        self.assertTrue(data.startswith(b"070701"))
        self.assertIn(b"TRAILER!!!", data)
