# SPDX-License-Identifier: MIT
import lzma
import shutil
import subprocess
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from lab import template
from lab.errors import LabError, NeedError
from lab.kernel import ModuleSet, module_name, open_kernel, parse_modinfo, without_signature


def modinfo(*pairs: str) -> bytes:
    """The part of a module that the resolver reads."""
    return b"\x7fELF\0" + b"".join(pair.encode() + b"\0" for pair in pairs)


class Signatures(unittest.TestCase):
    def test_module_is_as_it_was_before_it_was_signed(self) -> None:
        signature = b"signature"
        info = bytes(8) + len(signature).to_bytes(4, "big")
        signed = b"\x7fELF body" + signature + info + b"~Module signature appended~\n"
        self.assertEqual(without_signature(signed), b"\x7fELF body")
        self.assertEqual(without_signature(b"\x7fELF body"), b"\x7fELF body")

    def tries(self, *refusals: str) -> list[bool]:
        """Which templates are made of a kernel that refuses the first ones so."""
        made: list[bool] = []

        def make(*_: object, is_signed: bool) -> None:
            made.append(is_signed)
            if len(made) <= len(refusals):
                raise NeedError(f"the kernel refused to load: a ({refusals[len(made) - 1]})")

        with unittest.mock.patch.object(template, "make", make):
            template.make_as_wanted(None, [], None, None)  # type: ignore[arg-type]
        return made

    def test_signatures_stay_where_the_kernel_insists_on_them(self) -> None:
        self.assertEqual(self.tries(), [False])
        self.assertEqual(self.tries("EKEYREJECTED"), [False, True])

    def test_another_refusal_is_told(self) -> None:
        self.assertRaisesRegex(NeedError, "ENODEV", self.tries, "ENODEV")


class Packages(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        if shutil.which("dpkg-deb") is None:
            self.skipTest("dpkg-deb is not here")

    def package(self, name: str, *files: str) -> str:
        root = self.folder / name
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\n"
            "Description: x\n")
        for place in files:
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            (root / place).write_bytes(b"x")
        subprocess.run(["dpkg-deb", "-b", str(root)], check=True, stdout=subprocess.DEVNULL)
        return f"{root}.deb"

    def test_image_and_modules_are_found_in_two_packages(self) -> None:
        image = self.package("linux-image", "boot/vmlinuz-9")
        modules = self.package("linux-modules", "lib/modules/9/kernel/a.ko")
        kernel = open_kernel(f"{image}+{modules}", self.folder)
        self.assertEqual(kernel.image.name, "vmlinuz-9")
        self.assertIn("a", kernel.modules.paths)
        # The second time nothing is unpacked.
        self.assertEqual(open_kernel(f"{image}+{modules}", self.folder).image, kernel.image)

    def test_package_without_modules_names_the_remedy(self) -> None:
        image = self.package("linux-image", "boot/vmlinuz-9")
        with self.assertRaisesRegex(LabError, r"no modules.*IMAGE\.deb\+MODULES\.deb"):
            open_kernel(image, self.folder)
        self.assertEqual(list((self.folder / "unpacked").iterdir()), [])

    def test_package_without_image_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "no kernel image"):
            open_kernel(self.package("linux-doc", "usr/share/doc/x"), self.folder)

    def test_broken_package_is_told(self) -> None:
        path = self.folder / "broken.deb"
        path.write_bytes(b"!<arch>\n")
        with self.assertRaisesRegex(LabError, "no whole package"):
            open_kernel(str(path), self.folder)

    def test_missing_package_is_named(self) -> None:
        with self.assertRaisesRegex(LabError, "no such package: ./none.deb"):
            open_kernel("./none.deb", self.folder)


class Modules(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def module(self, place: str, *pairs: str) -> None:
        path = self.folder / "kernel" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        data = modinfo(*pairs)
        path.write_bytes(lzma.compress(data) if place.endswith(".xz") else data)

    def names(self, *wanted: str) -> list[str]:
        return [step.name for step in ModuleSet(self.folder).resolve(list(wanted))]

    def test_dependencies_come_first(self) -> None:
        self.module("net/can/can.ko", "depends=")
        self.module("net/can/can-raw.ko.xz", "depends=can")
        self.assertEqual(self.names("can-raw"), ["can", "can_raw"])

    def test_each_module_is_loaded_once(self) -> None:
        self.module("can.ko", "depends=")
        self.module("can-raw.ko", "depends=can")
        self.module("can-bcm.ko", "depends=can")
        self.assertEqual(self.names("can_raw", "can_bcm", "can_raw"),
                         ["can", "can_raw", "can_bcm"])

    def test_circle_of_soft_dependencies_ends(self) -> None:
        self.module("a.ko", "depends=", "softdep=pre: b")
        self.module("b.ko", "depends=", "softdep=pre: a")
        self.assertEqual(self.names("a"), ["b", "a"])

    def test_circle_of_hard_dependencies_ends(self) -> None:
        self.module("a.ko", "depends=b")
        self.module("b.ko", "depends=a")
        self.assertEqual(self.names("a"), ["b", "a"])

    def test_soft_dependency_on_an_algorithm_takes_the_portable_module(self) -> None:
        self.module("crypto/crc32c-intel.ko", "alias=crypto-crc32c", "depends=")
        self.module("crypto/crc32c_generic.ko", "alias=crypto-crc32c", "depends=")
        self.module("fs/ext4.ko", "softdep=pre: crypto-crc32c", "depends=")
        steps = ModuleSet(self.folder).resolve(["ext4"])
        self.assertEqual([(step.name, step.is_required) for step in steps],
                         [("crc32c_generic", False), ("ext4", True)])

    def test_soft_dependency_that_is_needed_elsewhere_is_required(self) -> None:
        self.module("a.ko", "softdep=pre: b", "depends=")
        self.module("b.ko", "depends=")
        steps = ModuleSet(self.folder).resolve(["a", "b"])
        self.assertTrue(all(step.is_required for step in steps))

    def test_post_soft_dependencies_are_left_out(self) -> None:
        self.assertEqual(parse_modinfo(modinfo("softdep=pre: a b post: c")).soft, ("a", "b"))

    def test_built_in_module_needs_no_step(self) -> None:
        (self.folder / "modules.builtin").write_text("kernel/drivers/virtio/virtio-pci.ko\n")
        self.module("a.ko", "depends=")
        self.assertEqual(self.names("virtio_pci", "a"), ["a"])

    def test_all_missing_modules_are_named(self) -> None:
        self.module("a.ko", "depends=")
        with self.assertRaisesRegex(NeedError, "no_such, nor_this"):
            self.names("no-such", "a", "nor_this")

    def test_name_is_spelled_as_the_kernel_does(self) -> None:
        self.assertEqual(module_name("can-raw.ko.zst"), "can_raw")

    def test_unknown_kernel_names_the_remedy(self) -> None:
        (self.folder / "6.12").mkdir()
        (self.folder / "6.12/package").touch()
        with self.assertRaisesRegex(LabError, r"there: 6\.12.*vm kernels --fetch 5\.4"):
            open_kernel("5.4", self.folder)

    def test_image_alone_has_all_built_in(self) -> None:
        image = self.folder / "vmlinux"
        image.write_bytes(b"\x7fELF" + bytes(0x300))
        kernel = open_kernel(str(image), self.folder)
        self.assertEqual((kernel.label, kernel.image), ("vmlinux", image))
        self.assertEqual(kernel.modules.missing(["can-raw"]), [])

    def test_file_that_is_no_image_is_refused(self) -> None:
        image = self.folder / "vmlinuz"
        image.write_bytes(bytes(0x300))
        with self.assertRaisesRegex(LabError, "no kernel image"):
            open_kernel(str(image), self.folder)

    def test_folder_without_image_is_refused(self) -> None:
        with self.assertRaisesRegex(LabError, "no kernel image"):
            open_kernel(str(self.folder), self.folder)

    def test_image_and_modules_of_each_layout_are_found(self) -> None:
        for image in ("boot/vmlinuz-6.1", "usr/lib/modules/7.2/vmlinuz"):
            with tempfile.TemporaryDirectory() as name:
                path = Path(name, image)
                path.parent.mkdir(parents=True)
                path.touch()
                Path(name, "usr/lib/modules/7.2/kernel").mkdir(parents=True)
                kernel = open_kernel(name, self.folder)
                self.assertEqual(kernel.image, path)
                self.assertEqual(kernel.modules_folder, Path(name, "usr/lib/modules/7.2"))
