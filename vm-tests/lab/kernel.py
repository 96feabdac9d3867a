# SPDX-License-Identifier: MIT
"""A kernel in a folder: its image, its modules, and what they depend on.

Dependencies are read from the modules themselves (.modinfo), so that neither
depmod nor root is needed and an unpacked package is enough.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .errors import LabError, NeedError

SIGNATURE_MARK = b"~Module signature appended~\n"
SIGNATURE_INFO_SIZE = 12
MODULE_SUFFIX = re.compile(r"\.ko(\.xz|\.zst|\.gz)?$")

# Where implementations of an algorithm live; a soft dependency may name the
# algorithm (crypto-crc32c) instead of a module.
ALGORITHM_FOLDERS = ("crypto", "lib")


def module_name(text: str) -> str:
    """The kernel's own spelling: can-raw.ko.xz, can_raw and can_raw? are one module."""
    return MODULE_SUFFIX.sub("", text.removesuffix("?")).replace("-", "_")


def read_module(path: Path) -> bytes:
    """The ELF image of a module, whatever it is compressed with."""
    data = path.read_bytes()
    if path.suffix == ".xz":
        # Only where modules are read, which is seldom.
        import lzma

        return lzma.decompress(data)
    tool = {".zst": "zstd", ".gz": "gzip"}.get(path.suffix)
    if tool is None:
        return data
    done = subprocess.run([tool, "-dc"], input=data, stdout=subprocess.PIPE, check=True)
    return done.stdout


def without_signature(image: bytes) -> bytes:
    """A module as it was before it was signed.

    To check a signature takes a third of the time that a template's modules take to load.
    """
    if not image.endswith(SIGNATURE_MARK):
        return image
    end = len(image) - len(SIGNATURE_MARK)
    # struct module_signature, whose last member is the signature's length.
    length = int.from_bytes(image[end - 4:end], "big")
    return image[:end - SIGNATURE_INFO_SIZE - length]


@dataclasses.dataclass(frozen=True)
class ModuleInfo:
    """What .modinfo says that bears on the order of loading."""

    depends: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def parse_modinfo(image: bytes) -> ModuleInfo:
    """Read the key=value strings of a module."""
    def values(key: bytes) -> list[str]:
        found = re.findall(rb"\0" + key + rb"=([^\0]*)", image)
        return [value.decode("utf-8", "replace") for value in found]

    depends = [name for text in values(b"depends") for name in text.split(",") if name]
    soft: list[str] = []
    for text in values(b"softdep"):
        before = re.search(r"pre:(.*?)(post:|$)", text)
        soft += before.group(1).split() if before else []
    return ModuleInfo(tuple(module_name(name) for name in depends),
                      tuple(soft), tuple(values(b"alias")))


@dataclasses.dataclass(frozen=True)
class LoadStep:
    """One module to load; a soft one may fail."""

    name: str
    image: bytes
    is_required: bool


class ModuleSet:
    """The modules of one kernel, read on demand."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.paths: dict[str, Path] = {}
        for base, _, names in os.walk(folder / "kernel") if folder else ():
            for name in names:
                if MODULE_SUFFIX.search(name):
                    self.paths[module_name(name)] = Path(base, name)
        self._images: dict[str, bytes] = {}
        self._infos: dict[str, ModuleInfo] = {}

    def image(self, name: str) -> bytes:
        """The ELF image of a module of this set."""
        if name not in self._images:
            self._images[name] = read_module(self.paths[name])
        return self._images[name]

    def info(self, name: str) -> ModuleInfo:
        """The parsed .modinfo of a module of this set."""
        if name not in self._infos:
            self._infos[name] = parse_modinfo(self.image(name))
        return self._infos[name]

    def builtin(self) -> set[str]:
        """Modules that the image itself contains, as far as the folder tells."""
        listing = self.folder / "modules.builtin" if self.folder else None
        if listing is None or not listing.is_file():
            return set()
        return {module_name(Path(line).name) for line in listing.read_text().split()}

    def providers(self, alias: str) -> list[str]:
        """Modules that answer to an algorithm's name, portable ones first."""
        word = module_name(alias).removeprefix("crypto_")
        near = [name for name, path in self.paths.items() if name.startswith(word[:5])
                and set(path.parts).intersection(ALGORITHM_FOLDERS)]
        found = [name for name in near if alias in self.info(name).aliases]
        return sorted(found, key=lambda name: (not name.endswith("_generic"), name))

    def resolve(self, wanted: list[str]) -> list[LoadStep]:
        """The modules to load for `wanted`, dependencies first.

        Names that this kernel has built in need no step; unknown ones are an
        error that names them all. One that ends in "?" may fail to load.
        """
        self.require(wanted)
        order: dict[str, bool] = {}
        for name in wanted:
            self._visit(module_name(name), not name.endswith("?"), order, [])
        return [LoadStep(name, self.image(name), hard) for name, hard in order.items()]

    def require(self, wanted: list[str]) -> None:
        """Raise NeedError, naming them, if some of the modules are not there."""
        missing = self.missing(wanted)
        if missing:
            raise NeedError("this kernel has no module " + ", ".join(missing))

    def missing(self, wanted: list[str]) -> list[str]:
        """Those of the names that are neither a module nor built in."""
        if self.folder is None:
            # An image alone: what it has is built in, and the guest is asked.
            return []
        names = [module_name(name) for name in wanted]
        absent = [name for name in names if name not in self.paths]
        builtin = self.builtin() if absent else set()
        return [name for name in absent if name not in builtin]

    def _visit(self, name: str, is_hard: bool, order: dict[str, bool],
               path: list[str]) -> None:
        if name in order:
            order[name] = order[name] or is_hard
            return
        # A circle of soft dependencies is legal; it is cut where it closes.
        if name in path or name not in self.paths:
            return
        info = self.info(name)
        for soft in info.soft:
            for provider in self._soft_targets(soft)[:1]:
                self._visit(provider, False, order, [*path, name])
        for depend in info.depends:
            self._visit(depend, is_hard, order, [*path, name])
        order[name] = is_hard

    def _soft_targets(self, name: str) -> list[str]:
        spelled = module_name(name)
        return [spelled] if spelled in self.paths else self.providers(name)


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A bootable kernel image with its modules."""

    label: str
    image: Path
    modules_folder: Path | None

    @functools.cached_property
    def modules(self) -> ModuleSet:
        """The modules, looked up when first asked for."""
        return ModuleSet(self.modules_folder)


def find_image(folder: Path) -> Path | None:
    """The kernel image of an unpacked package or of a build tree."""
    patterns = ("vmlinuz*", "boot/vmlinuz*", "lib/modules/*/vmlinuz",
                "usr/lib/modules/*/vmlinuz", "arch/x86/boot/bzImage", "bzImage")
    for pattern in patterns:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if found:
            return found[-1]
    return None


def find_modules(folder: Path) -> Path | None:
    """The folder that holds `kernel/` with the modules."""
    for pattern in ("lib/modules/*", "usr/lib/modules/*", "modules/*", ""):
        places = folder.glob(pattern) if pattern else [folder]
        found = sorted(path for path in places if (path / "kernel").is_dir())
        if found:
            return found[-1]
    return None


def unpack_debs(names: list[str], store: Path) -> Path:
    """The folder that packages were unpacked into, once."""
    stamps = []
    for name in names:
        if not Path(name).is_file():
            raise LabError(f"no such package: {name}")
        status = os.stat(name)
        stamps.append(f"{os.path.abspath(name)} {status.st_size} {status.st_mtime_ns}")
    key = hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:12]
    folder = store / "unpacked" / f"{Path(names[0]).name.split('_')[0]}-{key}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("dpkg-deb") is None:
        raise LabError("dpkg-deb is missing: install dpkg, or unpack the package yourself "
                       "(ar x, tar x) and name the folder")
    with tempfile.TemporaryDirectory(prefix=".unpack.", dir=folder.parent) as temporary:
        root = Path(temporary, "root")
        for name in names:
            done = subprocess.run(["dpkg-deb", "-x", name, str(root)], text=True, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                raise LabError(f"{name} is no whole package: {done.stdout.strip()}")
        if find_image(root) is None:
            raise LabError(f"{names[0]} holds no kernel image: name the package "
                           "linux-image-... or linux-binary-...")
        if find_modules(root) is None:
            raise LabError(f"{names[0]} holds no modules: name the package with the modules as "
                           "well, as IMAGE.deb+MODULES.deb")
        with contextlib.suppress(FileExistsError, OSError):
            root.rename(folder)
    return folder


def is_kernel_image(path: Path) -> bool:
    """Whether QEMU could boot the file: an ELF (vmlinux) or a bzImage."""
    with path.open("rb") as file:
        head = file.read(0x206)
    return head[:4] == b"\x7fELF" or head[0x202:0x206] == b"HdrS"


def open_kernel(name: str, store: Path) -> Kernel:
    """A kernel by series (6.12), folder, package (A.deb+B.deb), or image (vmlinux)."""
    label = name.rstrip("/").split("/")[-1]
    if name.endswith(".deb"):
        folder = unpack_debs(name.split("+"), store)
        label = folder.name.rsplit("-", 1)[0]
    elif Path(name).is_file():
        if not is_kernel_image(Path(name)):
            raise LabError(f"{name} is no kernel image (vmlinux, vmlinuz, bzImage)")
        return Kernel(label, Path(name), None)
    else:
        folder = Path(name) if "/" in name or Path(name).is_dir() else store / name
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in store.glob("[0-9a-z]*")
                                 if (path / "package").is_file())) or "none"
        raise LabError(f"no kernel {name} (there: {known}); fetch one of Debian's with "
                       f"'linsock vm kernels --fetch {name}', or name a folder with vmlinuz "
                       "and modules, a .deb, or a vmlinux")
    image = find_image(folder)
    if image is None:
        raise LabError(f"{folder} holds no kernel image (vmlinuz)")
    return Kernel(label, image, find_modules(folder))
