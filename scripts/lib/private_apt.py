#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch packages of another Debian suite without touching the system's apt.

A private apt configuration is made from the machine's own sources (one-line
and deb822 form): only the entries of the Debian archive are kept, and their
suite is replaced. Lists, cache and status live in a folder of our own, so the
system's sources, pins and installed packages stay as they are, and the mirror
is whichever one the owner of the machine chose.

    private_apt.py unpack --suite SUITE --work DIR --into DIR PACKAGE...
    private_apt.py newest-kernel --series 6.12 --suites A,B --work DIR --into DIR
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

LIST_AGE_MAX_S = 24 * 3600

# Names under which a machine may follow the Debian archive itself, besides the
# code name of its release.
SUITE_ALIASES = frozenset({"oldstable", "stable", "testing", "unstable", "sid"})


class AptError(Exception):
    """A fetch that cannot go on; the text names the remedy."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One archive of the machine: where it is and how it is trusted."""

    uri: str
    options: tuple[tuple[str, str], ...] = ()

    def line(self, suite: str) -> str:
        """The one-line form of this archive for another suite."""
        options = " ".join(f"{key}={value}" for key, value in self.options)
        bracket = f"[{options}] " if options else ""
        return f"deb {bracket}{self.uri} {suite} main"


def is_debian_entry(uri: str, suites: Iterable[str], components: Iterable[str],
                    codename: str) -> bool:
    """Tell the main Debian archive from everything else that apt may know.

    Third-party archives often use Debian's code names as well, but not with a
    component `main` below a path that ends in the archive's own name.
    """
    names = SUITE_ALIASES | {codename}
    if not names.intersection(suites) or "main" not in components:
        return False
    if re.match(r"mirror\+|cdrom:|file:|copy:", uri):
        return not uri.startswith("cdrom:")
    path = uri.rstrip("/").split("://", 1)[-1]
    return re.search(r"/debian(/\d{8}T\d{6}Z)?$", path) is not None


def parse_one_line(text: str, codename: str) -> Iterator[Source]:
    """Debian entries of a sources.list file."""
    form = re.compile(r"^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$")
    for line in text.splitlines():
        match = form.match(line.split("#", 1)[0].strip())
        if not match:
            continue
        bracket, uri, suite, components = match.groups()
        if not is_debian_entry(uri, [suite], components.split(), codename):
            continue
        options = (item.split("=", 1) for item in (bracket or "").split() if "=" in item)
        kept = tuple((key, value) for key, value in options if is_kept_option(key))
        yield Source(uri, kept)


def is_kept_option(key: str) -> bool:
    """Trust options are kept; architecture and index choices are ours."""
    return key.lower() in {"signed-by", "trusted", "check-valid-until", "check-date"}


def deb822_stanzas(text: str) -> Iterator[dict[str, str]]:
    """Fields of each stanza, continuation lines joined by newlines."""
    stanza: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if stanza:
                yield stanza
            stanza, key = {}, ""
        elif line[0] in " \t" and key:
            stanza[key] += "\n" + line.strip()
        elif ":" in line:
            key, value = line.split(":", 1)
            key = key.strip().lower()
            stanza[key] = value.strip()


def parse_deb822(text: str, codename: str) -> Iterator[Source]:
    """Debian entries of a .sources file."""
    for stanza in deb822_stanzas(text):
        if stanza.get("enabled", "yes").lower() in {"no", "false", "0"}:
            continue
        if "deb" not in stanza.get("types", "").split():
            continue
        suites = stanza.get("suites", "").split()
        components = stanza.get("components", "").split()
        options = tuple((key, stanza[key]) for key in stanza
                        if is_kept_option(key) and "\n" not in stanza[key])
        for uri in stanza.get("uris", "").split():
            if is_debian_entry(uri, suites, components, codename):
                yield Source(uri, options)


def machine_sources(etc: Path, codename: str) -> list[Source]:
    """The Debian archive as this machine reaches it, without repetition."""
    found: list[Source] = []
    lists = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*.list"))]
    for path in lists:
        if path.is_file():
            found += parse_one_line(path.read_text(), codename)
    for path in sorted((etc / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text(), codename)
    return list(dict.fromkeys(found))


def release_codename(os_release: Path = Path("/etc/os-release")) -> str:
    """The code name of the running Debian release."""
    for line in os_release.read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.split("=", 1)[1].strip('"')
    return ""


def apt_config(work: Path, sources: Path) -> str:
    """An apt.conf that is read after the machine's own (proxies stay)."""
    return "\n".join([
        f'Dir::Etc::SourceList "{sources}";',
        'Dir::Etc::SourceParts "-";',
        'Dir::Etc::Preferences "/dev/null";',
        'Dir::Etc::PreferencesParts "/dev/null";',
        f'Dir::State "{work}/state";',
        f'Dir::State::Lists "{work}/lists";',
        'Dir::State::Status "/dev/null";',
        f'Dir::Cache "{work}/cache";',
        f'Dir::Cache::archives "{work}/cache/archives";',
        'Dir::Cache::pkgcache "pkgcache.bin";',
        'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
        f'Dir::Log "{work}/log";',
        # Hooks of the machine would act on the machine's own cache.
        "#clear APT::Update::Pre-Invoke;",
        "#clear APT::Update::Post-Invoke;",
        "#clear APT::Update::Post-Invoke-Success;",
        "#clear DPkg::Post-Invoke;",
        # Only package indexes are of use here.
        "#clear Acquire::IndexTargets::deb::DEP-11;",
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
        # Our folder need not be readable for apt's own user.
        'APT::Sandbox::User "root";',
        'APT::Architecture "amd64";',
        "#clear APT::Architectures;",
        'APT::Architectures { "amd64"; };',
        "",
    ])


class PrivateApt:
    """apt for one suite, living wholly below `work`/`suite`."""

    def __init__(self, suite: str, work: Path, etc: Path = Path("/etc/apt")) -> None:
        self.suite = suite
        self.work = (work / suite).absolute()
        self.config = self.work / "apt.conf"
        for name in ("state", "lists/partial", "cache/archives/partial", "log"):
            (self.work / name).mkdir(parents=True, exist_ok=True)
        sources = machine_sources(etc, release_codename())
        if not sources:
            raise AptError(
                f"no entry of the Debian archive in {etc}/sources.list or {etc}/"
                "sources.list.d: add one for your release, then run this again")
        self.sources = self.work / "sources.list"
        self.sources.write_text("".join(s.line(suite) + "\n" for s in sources))
        self.config.write_text(apt_config(self.work, self.sources))

    def _run(self, tool: str, *args: str, cwd: Path | None = None,
             check: bool = True) -> str:
        """Run an apt tool with the private configuration; its output."""
        command = [tool, "-q", "-c", str(self.config), *args]
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, cwd=cwd, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if check and done.returncode != 0:
            raise AptError(f"{tool} {args[0]} for suite {self.suite} failed:\n"
                           + (done.stderr or done.stdout).strip())
        return done.stdout

    def update(self) -> None:
        """Read the package lists anew unless they are of today."""
        stamp = self.work / "updated"
        text = self.sources.read_text()
        if (stamp.is_file() and stamp.read_text() == text
                and time.time() - stamp.stat().st_mtime < LIST_AGE_MAX_S):
            return
        self._run("apt-get", "update")
        stamp.write_text(text)

    def field(self, package: str, name: str) -> str:
        """One field of the newest version of a package; "" if there is none."""
        text = self._run("apt-cache", "show", "--no-all-versions", package, check=False)
        match = re.search(rf"^{re.escape(name)}: (.*)$", text, re.MULTILINE)
        return match.group(1) if match else ""

    def unpack(self, packages: list[str], into: Path) -> None:
        """Download packages and unpack them into a folder, never install."""
        with tempfile.TemporaryDirectory(dir=self.work) as temporary:
            self._run("apt-get", "download", *packages, cwd=Path(temporary))
            debs = sorted(Path(temporary).glob("*.deb"))
            if len(debs) != len(packages):
                raise AptError(f"apt-get download gave {len(debs)} of {packages}")
            for deb in debs:
                subprocess.run(["dpkg-deb", "-x", str(deb), str(into)], check=True)


def unpack(suite: str, work: Path, into: Path, packages: list[str]) -> None:
    """Unpack packages of a suite into `into`, which appears whole or not."""
    apt = PrivateApt(suite, work)
    apt.update()
    into.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{into.name}.", dir=into.parent))
    try:
        apt.unpack(packages, temporary)
        replace_folder(temporary, into)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(new: Path, old: Path) -> None:
    """Put `new` where `old` is or will be."""
    new.chmod(0o755)
    if old.exists():
        aside = Path(tempfile.mkdtemp(prefix=".old.", dir=old.parent))
        old.rename(aside / "old")
        new.rename(old)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        new.rename(old)


def in_series(version: str, series: str) -> bool:
    """Whether a kernel version such as 6.12.41 belongs to series 6.12 or 6, or "any"."""
    return series == "any" or re.match(rf"{re.escape(series)}(\D|$)", version) is not None


def version_key(version: str) -> tuple[int, ...]:
    """Order of kernel versions by their leading numbers (rc's come first)."""
    numbers = [int(part) for part in re.findall(r"\d+", version.split("-")[0])]
    return tuple([*numbers, 0 if "rc" in version else 1])


def meta_image(depends: str) -> str:
    """The image package that a linux-image-amd64 meta package stands for."""
    match = re.search(r"\b(linux-image-[^\s,|(]+)", depends)
    return match.group(1) if match else ""


def image_parts(image: str, depends: str) -> list[str]:
    """An image package with those that hold its files.

    Since 7.1 linux-image-* is empty and needs linux-binary-* (the kernel) and
    linux-modules-*; before, it held both.
    """
    parts = re.findall(r"\blinux-(?:binary|modules)-[^\s,|(]+", depends)
    return [image, *dict.fromkeys(parts)]


def newest_kernel(series: str, suites: list[str], work: Path, into: Path) -> str:
    """Unpack the newest amd64 kernel image of a series; its package name."""
    candidates: list[tuple[tuple[int, ...], str, PrivateApt]] = []
    seen: list[str] = []
    for suite in suites:
        apt = PrivateApt(suite, work)
        try:
            apt.update()
        except AptError as error:
            # Another suite may have the series as well.
            seen.append(f"{suite}: {error}")
            continue
        image = meta_image(apt.field("linux-image-amd64", "Depends"))
        version = image.removeprefix("linux-image-")
        seen.append(f"{suite}: {version or 'none'}")
        if image and in_series(version, series):
            candidates.append((version_key(version), image, apt))
    if not candidates:
        raise AptError(f"no kernel of series {series} in Debian ({', '.join(seen)})")
    _, image, apt = max(candidates, key=lambda candidate: candidate[0])
    unpack(apt.suite, work, into, image_parts(image, apt.field(image, "Depends")))
    (into / "package").write_text(
        f"{image} {apt.field(image, 'Version')} {apt.suite}\n")
    return image


def main() -> int:
    """Command line of setup and kernels; people use those."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("unpack")
    one.add_argument("--suite", required=True)
    one.add_argument("packages", nargs="+")
    kernel = commands.add_parser("newest-kernel")
    kernel.add_argument("--series", required=True)
    kernel.add_argument("--suites", required=True)
    for sub in (one, kernel):
        sub.add_argument("--work", type=Path, required=True)
        sub.add_argument("--into", type=Path, required=True)
    args = parser.parse_args()
    try:
        if args.command == "unpack":
            unpack(args.suite, args.work, args.into, args.packages)
        else:
            print(newest_kernel(args.series, args.suites.split(","), args.work, args.into))
    except (AptError, OSError, subprocess.CalledProcessError) as error:
        print(f"private apt: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
