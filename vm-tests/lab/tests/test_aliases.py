# SPDX-License-Identifier: MIT
import lzma
import tempfile
import unittest
from pathlib import Path

from lab import aliases
from lab.kernel import Kernel
from lab.payload import Payload

MODULE = b"\x7fELF\0alias=net-pf-29\0alias=pci:v0000\0"
PLACE = "usr/lib/modules/9.0"


class Shipping(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = Path(folder.name)
        self.modules = self.store / "lib/modules/9.0"
        for name, data in (("crypto/algif_hash.ko.xz", lzma.compress(b"\x7fELF\0")),
                           ("net/can/can.ko", MODULE)):
            path = self.modules / "kernel" / name
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        (self.store / "vmlinuz").write_bytes(b"")

    def shipped(self) -> dict[str, str]:
        """What the guest has in its folder of modules."""
        payload = Payload()
        kernel = Kernel("9", self.store / "vmlinuz", self.modules)
        aliases.ship(kernel, payload, self.store)
        return {place.removeprefix(PLACE + "/"): path.read_text()
                for place, path in payload.files.items()}

    def test_modules_are_listed_where_the_package_does_not(self) -> None:
        self.assertEqual(self.shipped()["modules.order"],
                         "kernel/crypto/algif_hash.ko\nkernel/net/can/can.ko\n")

    def test_aliases_are_those_that_programs_look_up(self) -> None:
        self.assertEqual(self.shipped()["modules.alias"], "alias net-pf-29 can\n")

    def test_list_of_the_package_is_shipped_as_it_is(self) -> None:
        (self.modules / "modules.order").write_text("kernel/net/can/can.ko\n")
        self.assertEqual(self.shipped()["modules.order"], "kernel/net/can/can.ko\n")


if __name__ == "__main__":
    unittest.main()
