# SPDX-License-Identifier: MIT
import tempfile
import unittest
from pathlib import Path

import private_apt as apt

DEB822 = """\
# comment
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://third.example/node
Suites: nodistro
Components: main
"""


class OneLine(unittest.TestCase):
    def parse(self, text: str) -> list[str]:
        return [source.line("trixie") for source in apt.parse_one_line(text, "bookworm")]

    def test_suite_is_replaced(self) -> None:
        self.assertEqual(self.parse("deb http://mirror.example/debian bookworm main contrib\n"),
                         ["deb http://mirror.example/debian trixie main"])

    def test_trust_is_kept_and_architecture_is_not(self) -> None:
        text = "deb [signed-by=/k.gpg arch=arm64] http://mirror.example/debian/ stable main"
        self.assertEqual(self.parse(text),
                         ["deb [signed-by=/k.gpg] http://mirror.example/debian/ trixie main"])

    def test_comments_and_sources_are_left_out(self) -> None:
        self.assertEqual(self.parse("# deb http://mirror.example/debian bookworm main\n"
                                    "deb-src http://mirror.example/debian bookworm main\n"), [])

    def test_third_parties_are_left_out(self) -> None:
        for line in ("deb https://apt.example/linux/debian bookworm stable",
                     "deb https://apt.example/pub/repos bookworm main",
                     "deb http://mirror.example/debian-security bookworm-security main",
                     "deb http://mirror.example/debian bookworm-updates main",
                     "deb cdrom:[Debian]/ bookworm main"):
            self.assertEqual(self.parse(line), [], line)

    def test_snapshots_and_mirror_lists_are_the_archive(self) -> None:
        for uri in ("http://snap.example/archive/debian/20250520T000000Z",
                    "mirror+file:/etc/apt/mirrors/debian.list", "file:/srv/debian"):
            self.assertEqual(len(self.parse(f"deb {uri} bookworm main")), 1, uri)


class Deb822(unittest.TestCase):
    def test_only_the_enabled_archive_is_kept(self) -> None:
        found = [source.line("sid") for source in apt.parse_deb822(DEB822, "bookworm")]
        self.assertEqual(found, ["deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
                                 " http://mirror.example/debian sid main"])

    def test_both_forms_are_read_and_told_once(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            etc = Path(name)
            (etc / "sources.list.d").mkdir()
            line = "deb http://mirror.example/debian bookworm main\n"
            (etc / "sources.list").write_text(line)
            (etc / "sources.list.d/same.list").write_text(line)
            (etc / "sources.list.d/debian.sources").write_text(DEB822)
            self.assertEqual(len(apt.machine_sources(etc, "bookworm")), 2)

    def test_machine_without_the_archive_is_told_the_remedy(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            with self.assertRaisesRegex(apt.AptError, "sources.list"):
                apt.PrivateApt("trixie", Path(name), Path(name))


class Kernels(unittest.TestCase):
    def test_series(self) -> None:
        self.assertTrue(apt.in_series("6.1.0-50-amd64", "6.1"))
        self.assertTrue(apt.in_series("7.2.13+deb14-amd64", "7"))
        self.assertFalse(apt.in_series("6.12.1-amd64", "6.1"))

    def test_newest_is_by_number(self) -> None:
        versions = ["6.9.1-amd64", "6.12.0-amd64", "6.12.0-rc1-amd64"]
        self.assertEqual(max(versions, key=apt.version_key), "6.12.0-amd64")

    def test_meta_package_names_its_image(self) -> None:
        self.assertEqual(apt.meta_image("linux-image-6.1.0-50-amd64 (= 6.1.176-1)"),
                         "linux-image-6.1.0-50-amd64")
        self.assertEqual(apt.meta_image(""), "")

    def test_split_image_brings_its_parts(self) -> None:
        depends = "dracut | initramfs-tools, linux-binary-7.2 (= 1), linux-modules-7.2 (= 1)"
        self.assertEqual(apt.image_parts("linux-image-7.2", depends),
                         ["linux-image-7.2", "linux-binary-7.2", "linux-modules-7.2"])


if __name__ == "__main__":
    unittest.main()
