#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a file into a C string: embed.py INPUT OUTPUT NAME."""

import sys
from pathlib import Path


def main() -> None:
    """Every line becomes one literal, so that the compiler's messages stay readable."""
    source, target, name = sys.argv[1:]
    escapes = str.maketrans({"\\": "\\\\", '"': '\\"', "\t": "\\t", "?": "\\?"})
    lines = [f'\t"{line.translate(escapes)}\\n"' for line in Path(source).read_text().splitlines()]
    Path(target).write_text(f"extern const char {name}[];\nconst char {name}[] =\n"
                            + "\n".join(lines) + ";\n")


if __name__ == "__main__":
    main()
