#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/contract.md says what there is. usage: SOURCE_FOLDER LIBRARY

Every row of tests/contract_rows.txt stands on the page with something of the library and
a test. A name with "()" is an exported symbol, any other is in the public headers, and
every lsk_socket_* function has its place. A test exists and is built. The constants of
tests/contract_names.txt, and those of the Python that runs this, are in the table.
"""

import re
import socket
import subprocess
import sys
from pathlib import Path


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def rows_of(page):
    """(row, what it is here, what shows it) of every table of the page."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 3 and cells[2] != "shown by":
            yield tuple(cell.strip() for cell in cells)


def tests_of(source):
    """Every test that the build knows, as the page writes it."""
    build = Path(source, "tests/meson.build").read_text()
    found = {"check_contract.py: constants"}
    for path in Path(source, "tests").glob("test_*.*"):
        name = path.name if path.suffix == ".py" else path.stem[len("test_"):]
        if f"'{name}'" not in build:
            continue
        text = path.read_text()
        if path.suffix == ".py":
            found |= {f"{name}: {test}" for test in re.findall(r"^def test_(\w+)", text, re.M)}
        else:
            found |= {".".join(test) for test in
                      re.findall(r"^Test\((\w+),\s*(\w+)", text, re.M)}
    scenarios = Path(source, "vm-tests/scenarios").glob("*.sh")
    return found | {f"vm: {path.stem}" for path in scenarios}


def check_rows(source, rows, tests):
    wanted = Path(source, "tests/contract_rows.txt").read_text().splitlines()
    here = [row for row, _, _ in rows]
    yield from (f"{row}: is not on the page" for row in wanted if row and row not in here)
    yield from (f"{row}: is not in tests/contract_rows.txt" for row in here
                if row not in wanted)
    yield from (f"{row}: stands twice" for row in set(here) if here.count(row) > 1)
    for row, what, shown in rows:
        if not re.search(r"`(?:struct )?(?:lsk_|LSK_)\w+", what):
            yield f"{row}: names nothing of the library"
        named = re.findall(r"`([^`]+)`", shown)
        if not named:
            yield f"{row}: no test shows it"
        yield from (f"{row}: there is no test {test}" for test in named if test not in tests)
        yield from (f"{row}: there is no {path}" for path in
                    re.findall(r"`(examples/\w+\.c)`", what) if not Path(source, path).exists())


def check_pages(source, symbols):
    """Other pages name functions that there are."""
    for name in ("docs/other-platforms.md",):
        page = Path(source, name).read_text()
        yield from (f"{name}: {function}() is no symbol of the library"
                    for function in sorted(set(re.findall(r"`(lsk_\w+)\(\)`", page)) - symbols))
        yield from (f"{name}: there is no {path}" for path in re.findall(r"`<(linsock/\w+\.h)>`", page)
                    if not Path(source, "include", path).exists())


def check_names(source, page, symbols):
    headers = "".join(path.read_text() for path in Path(source, "include").rglob("*.h"))
    functions = set(re.findall(r"`(lsk_\w+)\(\)`", page))
    words = set(re.findall(r"`(?:struct )?(lsk_\w+|LSK_\w+)`", page))
    yield from (f"{name}() is no symbol of the library" for name in sorted(functions - symbols))
    yield from (f"{name} is in no public header" for name in sorted(words)
                if not re.search(rf"\b{name}\b", headers))
    yield from (f"{name}() is not on the page" for name in sorted(symbols - functions)
                if name.startswith("lsk_socket_"))


def check_constants(source):
    table = {name: int(value, 0) for name, value in re.findall(
        r'^\t\{ "(\w+)", (-?\w+), GROUP', Path(source, "src/constant_table.c").read_text(),
        re.M)}
    for line in Path(source, "tests/contract_names.txt").read_text().splitlines():
        group, _, names = line.partition(":")
        if not names.split():
            yield f"contract_names.txt: no name in {line!r}"
        yield from (f"{group}: {name} is unknown" for name in names.split()
                    if name not in table)
    for name, value in vars(socket).items():
        # What it passes on of another module are no constants of sockets.
        if not name.isupper() or not isinstance(value, int) or name in (
                "EBADF", "EAGAIN", "EWOULDBLOCK"):
            continue
        if table.get(name) != int(value):
            yield f"{name} is {int(value)} to Python, {table.get(name)} here"


def main(source, library):
    page = Path(source, "docs/contract.md").read_text()
    faults = [*check_rows(source, list(rows_of(page)), tests_of(source)),
              *check_names(source, page, exported(library)), *check_constants(source)]
    faults = [f"docs/contract.md: {fault}" for fault in faults]
    faults += check_pages(source, exported(library))
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
