#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every name that docs/contract.md promises exists. usage: SOURCE_FOLDER LIBRARY

A name with "()" is an exported symbol; any other is in the public headers. And the other
way round: every lsk_socket_* function has its place on the page.
"""

import re
import subprocess
import sys
from pathlib import Path


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return {line.split()[-1].split("@")[0] for line in lines}


def main(source, library):
    page = Path(source, "docs/contract.md").read_text()
    headers = "".join(path.read_text() for path in Path(source, "include").rglob("*.h"))
    symbols = exported(library)
    functions = set(re.findall(r"`(lsk_\w+)\(\)`", page))
    words = set(re.findall(r"`(?:struct )?(lsk_\w+|LSK_\w+)`", page))
    faults = [f"{name}() is no symbol of the library" for name in sorted(functions - symbols)]
    faults += [f"{name} is in no public header" for name in sorted(words)
               if not re.search(rf"\b{name}\b", headers)]
    faults += [f"{name}() is not on the page" for name in sorted(symbols - functions)
               if name.startswith("lsk_socket_")]
    if len(functions) < 90:
        faults.append(f"only {len(functions)} functions are on the page")
    for fault in faults:
        print(f"docs/contract.md: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
