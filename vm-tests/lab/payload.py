# SPDX-License-Identifier: MIT
"""The root file system of a run: programs with everything they load.

Files keep the host's paths, so that a program finds its libraries, and a test
its build folder, as they do on the host. The image is kept by the identity of
its files: a run that ships what an earlier one did makes none.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .errors import LabError

# A sparse file: what is not used takes no room. Our own build folder has 361 MiB.
IMAGE_MIB = 1024
KEPT_IMAGES_MAX = 16
KEPT_CLOSURES_MAX = 200
FORMAT = 4
DRAFT = ".draft"

MERGED = ("bin", "sbin", "lib", "lib64")
FOLDERS = ("dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "usr/lib",
           "usr/lib64", "usr/sbin", "var/tmp")
USUAL_LIBRARY = re.compile(r"^(/usr)?/lib(64|/[^/]+-linux-gnu)?/[^/]+$")
GUEST_TOOLS = ("ip", "ss", "tc", "tipc", "candump", "cansend", "cangen", "canplayer",
               "cangw", "cansequence", "cansniffer", "canbusload", "isotpsend", "isotprecv",
               "isotpdump", "isotpsniffer", "isotpserver", "isotpperf", "j1939cat",
               "j1939acd", "j1939spy", "j1939sr", "testj1939", "bcmserver", "canfdtest",
               "canlogserver", "slcand", "slcanpty", "btvirt")
ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",
}


def parse_ldd(text: str) -> list[Path]:
    """Paths of the libraries, and of the loader, in the output of ldd."""
    missing = re.findall(r"^\s*(\S+) => not found", text, re.MULTILINE)
    if missing:
        raise LabError("library not found: " + ", ".join(missing))
    found = re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", text, re.MULTILINE)
    return [Path(name) for name in dict.fromkeys(found)]


def find_busybox() -> Path:
    """The static busybox of the host."""
    found = shutil.which("busybox")
    if found is None:
        raise LabError("busybox is missing: install busybox-static (scripts/setup vm)")
    return Path(found)


def stamp(path: Path) -> str:
    """Changes whenever the file does."""
    status = path.stat()
    return f"{path}\t{status.st_size}\t{status.st_mtime_ns}\t{status.st_mode}"


def libraries(programs: list[Path], store: Path | None = None) -> list[Path]:
    """What the dynamic loader would load for the programs; nothing where static.

    One call asks for all, and its answer is kept while neither the programs nor the
    libraries change.
    """
    if not programs:
        return []
    key = hashlib.sha256("\n".join(map(stamp, programs)).encode()).hexdigest()[:20]
    kept = store / "closures" / key if store else None
    if kept and kept.is_file():
        lines = kept.read_text().splitlines()
        found = [Path(line.split("\t")[0]) for line in lines]
        if all(path.is_file() for path in found) and [*map(stamp, found)] == lines:
            return found
    done = subprocess.run(["ldd", *map(str, programs)], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    # Ended half-way, here or inside its own script, it has told a part of them.
    if done.returncode < 0 or "exited with unknown exit code" in done.stdout:
        raise LabError(f"ldd was ended: {done.stdout[-200:].strip() or 'no output'}")
    found = parse_ldd(done.stdout)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, suffix=DRAFT,
                                         delete=False) as file:
            file.write("".join(stamp(path) + "\n" for path in found))
        os.rename(file.name, kept)
    return found


def interpreter(program: Path) -> Path | None:
    """The interpreter that a script names, unless busybox serves it."""
    with program.open("rb") as file:
        first = file.readline(256)
    words = first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!") else []
    if not words or words[0] in {"/bin/sh", "/usr/bin/sh", "/bin/busybox"}:
        return None
    name = words[1] if words[0].endswith("/env") and len(words) > 1 else words[0]
    found = shutil.which(name)
    if found is None:
        raise LabError(f"{program} wants the interpreter {name}, which is not here")
    return Path(found)


def is_elf(path: Path) -> bool:
    """Whether a file is a program or library."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
    return False


def build_outputs(folder: Path) -> Iterator[Path]:
    """Programs and shared libraries of a meson build folder."""
    for base, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.endswith(".p")
                    and not name.startswith("meson-") and name not in {"deps", "CMakeFiles"}]
        for name in sorted(files):
            path = Path(base, name)
            if (os.access(path, os.X_OK) or ".so" in name) and is_elf(path):
                yield path


class Payload:
    """Files for the guest, by their place there."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.folders: set[str] = set()
        # Where the guest, which has no index of libraries, would not look by itself.
        self.library_folders: dict[str, None] = {}
        # Programs whose libraries are still to be found.
        self._programs: dict[Path, None] = {}

    def add_file(self, source: Path, place: str | None = None) -> None:
        """Ship one file as it is."""
        if not source.is_file():
            raise LabError(f"no such file: {source}")
        self.files[guest_path(place or os.path.abspath(source))] = source.resolve()

    def add_tree(self, source: Path, place: str | None = None) -> None:
        """Ship a file, or a folder with all that is in it."""
        if not source.is_dir():
            self.add_program(source, place) if is_elf(source) else self.add_file(source, place)
            return
        top = place or os.path.abspath(source)
        self.add_folder(top)
        for path in sorted(source.rglob("*")):
            if path.is_file():
                self.add_file(path, os.path.join(top, path.relative_to(source)))

    def add_program(self, program: Path, place: str | None = None) -> None:
        """Ship a program with its libraries or its interpreter."""
        self.add_file(program, place)
        if is_elf(program):
            self._programs[program.resolve()] = None
            return
        helper = interpreter(program)
        if helper is not None:
            self.add_program(helper)

    def add_folder(self, place: str) -> None:
        """Have an empty folder in the guest."""
        self.folders.add(guest_path(place))

    def add_tools(self) -> None:
        """Ship the tools that scenarios may take for granted."""
        self.add_file(find_busybox(), "/bin/busybox")
        # busybox' own shell prefers its applets to the programs in PATH.
        self.add_program(Path("/bin/sh"), "/bin/sh")
        for name in GUEST_TOOLS:
            found = shutil.which(name)
            if found is not None:
                self.add_program(Path(found), f"/usr/bin/{name}")

    def copy(self) -> Payload:
        """Another one of the same content, to add to."""
        other = Payload()
        other.files, other.folders = dict(self.files), set(self.folders)
        other._programs = dict(self._programs)
        other.library_folders = dict(self.library_folders)
        return other

    def close(self, store: Path | None = None) -> None:
        """Add the libraries of all programs."""
        for library in libraries(list(self._programs), store):
            self.add_file(library)
            if not USUAL_LIBRARY.match(str(library)):
                self.library_folders[str(library.parent)] = None
        self._programs.clear()

    def key(self) -> str:
        """The identity of the content, from names, sizes and times."""
        digest = hashlib.sha256(f"{FORMAT} {IMAGE_MIB} {ETC} {sorted(self.folders)}".encode())
        for place, source in sorted(self.files.items()):
            digest.update(f"{place} {stamp(source)}\n".encode())
        return digest.hexdigest()[:20]

    def check_room(self) -> None:
        """Say so before mke2fs fails with something less clear."""
        need = sum(source.stat().st_size + 4096 for source in self.files.values()) >> 20
        if need > IMAGE_MIB * 9 // 10:
            largest = sorted(self.files.values(), key=lambda path: -path.stat().st_size)[:3]
            raise LabError(
                f"the files need {need} MiB, the payload disk holds {IMAGE_MIB} MiB; ship "
                f"fewer, or strip them (largest: {', '.join(map(str, largest))})")

    def stage(self, root: Path) -> None:
        """Lay the files out as the guest will see them."""
        for folder in [*FOLDERS, *sorted(self.folders)]:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for name in MERGED:
            (root / name).symlink_to(f"usr/{name}")
        for place, text in ETC.items():
            (root / place).write_text(text)
        for place, source in self.files.items():
            target = root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)
        self._link_applets(root)

    def _link_applets(self, root: Path) -> None:
        """Names of busybox, wherever no real tool has the name."""
        if not (root / "usr/bin/busybox").exists():
            return
        done = subprocess.run([str(root / "usr/bin/busybox"), "--list"], text=True,
                              stdout=subprocess.PIPE, check=True)
        for name in done.stdout.split():
            if not (root / "usr/bin" / name).exists():
                (root / "usr/bin" / name).symlink_to("busybox")

    def image(self, store: Path) -> tuple[Path, bool]:
        """An ext4 image of the content, and whether it was kept already."""
        self.close(store)
        self.check_room()
        store.mkdir(parents=True, exist_ok=True)
        path = store / f"{self.key()}.ext4"
        with locked(store / "lock"):
            if path.exists():
                # The time of use alone: templates know their disk by its other time.
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
                return path, True
            self._make(path, store)
            forget_old(store)
        return path, False

    def _make(self, path: Path, store: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".stage.", dir=store) as temporary:
            root = Path(temporary, "root")
            root.mkdir()
            self.stage(root)
            image = Path(temporary, "image")
            done = subprocess.run(
                ["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-E",
                 "root_owner=0:0", "-d", str(root), str(image), f"{IMAGE_MIB}M"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                raise LabError(f"mke2fs could not make the payload disk in {store} (is there "
                               f"room?):\n{done.stdout.strip()}")
            image.rename(path)


def guest_path(place: str) -> str:
    """A path without its leading slash, below /usr where the guest merges it."""
    parts = [part for part in place.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise LabError(f"a place in the guest may not hold '..': {place}")
    if parts and parts[0] in MERGED:
        parts.insert(0, "usr")
    return "/".join(parts)


def by_age(paths: Iterable[Path], age: Callable[[os.stat_result], float]) -> list[Path]:
    """The files that are there, the newest first; others may remove some meanwhile."""
    ages = {}
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            ages[path] = age(path.stat())
    return sorted(ages, key=lambda path: -ages[path])


def forget_old(store: Path) -> None:
    """Keep the images used last; a running guest holds its own open."""
    images = by_age(store.glob("*.ext4"), lambda status: status.st_atime)
    # What is written without a lock: a draft has another name as long as it is one.
    closures = by_age((path for path in store.glob("closures/*") if path.suffix != DRAFT),
                      lambda status: status.st_mtime)
    for path in [*images[KEPT_IMAGES_MAX:], *closures[KEPT_CLOSURES_MAX:]]:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold a lock file; it is released however the block ends."""
    with path.open("a") as file:
        fcntl.flock(file, how)
        yield

