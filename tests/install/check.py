#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Install into an empty folder and use it as a stranger would: by pkg-config, shared and
static, from C and C++, and as a meson subproject.

usage: check.py SOURCE_DIR BUILD_DIR PKG_CONFIG_PATH UAPI_INCLUDE
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

EXPECTED = re.compile(r"^linsock \d+\.\d+\.\d+$")


class Checks:
    """Runs and prints one TAP line a check; a failed one shows what was run and said."""

    def __init__(self):
        self.number, self.failed = 0, 0

    def check(self, name, command, env=None, match=None):
        self.number += 1
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False,
                                 env={**os.environ, **(env or {})}, timeout=900)
        except OSError as error:
            run = subprocess.CompletedProcess(command, 127, "", str(error))
        good = run.returncode == 0 and (match is None or match.match(run.stdout.strip()))
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}")
        if not good:
            self.failed += 1
            print("# " + " ".join(map(str, command)))
            print("\n".join("# " + line for line in (run.stdout + run.stderr).splitlines()[-30:]))
        return run.stdout.strip() if good else ""


def main():
    source, build, pkg_config_path, uapi = sys.argv[1:]
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="linsock-install-") as folder:
        root = Path(folder, "root")
        checks.check("meson install works",
                     ["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", str(root)])
        found = list(root.rglob("linsock.pc"))
        if len(found) != 1:
            print(f"Bail out! {len(found)} files linsock.pc were installed")
            return 1
        text = found[0].read_text()
        found[0].write_text(re.sub(r"^prefix=(.*)$", rf"prefix={root}\1", text, flags=re.M))
        libraries = str(found[0].parent.parent)
        env = {"PKG_CONFIG_PATH": f"{found[0].parent}:{pkg_config_path}", "LD_LIBRARY_PATH": libraries}
        cflags = checks.check("pkg-config tells the flags", ["pkg-config", "--cflags", "linsock"], env).split()
        shared = checks.check("pkg-config tells the libraries", ["pkg-config", "--libs", "linsock"], env).split()
        static = checks.check("pkg-config tells the static libraries",
                              ["pkg-config", "--libs", "--static", "linsock"], env).split()
        static = [f"{libraries}/liblinsock.a" if flag == "-llinsock" else flag for flag in static]
        program = str(Path(source, "tests/install/program.c"))
        for name, compiler, flags in (("C, shared", ["cc"], shared), ("C, static", ["cc"], static),
                                      ("C++, shared", ["c++", "-x", "c++"], shared)):
            output = str(Path(folder, "program"))
            checks.check(f"{name}: compiles and links",
                         [*compiler, "-Wall", "-Werror", *cflags, program, "-x", "none", "-o", output, *flags], env)
            checks.check(f"{name}: runs", [output], env, EXPECTED)
        checks.check("the command runs", [str(next(root.rglob("bin/linsock"), "linsock is not installed")), "--version"], env)

        project = Path(folder, "project")
        (project / "subprojects").mkdir(parents=True)
        (project / "subprojects/linsock").symlink_to(Path(source).resolve())
        (project / "program.c").write_text(Path(program).read_text())
        (project / "meson.build").write_text(
            "project('stranger', 'c')\n"
            "executable('program', 'program.c', dependencies: dependency('linsock', fallback: ['linsock']))\n")
        checks.check("as a subproject: configures",
                     ["meson", "setup", str(project / "build"), str(project), "--force-fallback-for=linsock",
                      f"-Dpkg_config_path={pkg_config_path}", f"-Dlinsock:uapi_include={uapi}"])
        checks.check("as a subproject: builds", ["meson", "compile", "-C", str(project / "build")])
        checks.check("as a subproject: runs", [str(project / "build/program")], None, EXPECTED)
    print(f"1..{checks.number}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
