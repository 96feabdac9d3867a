#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The rules of style that a machine can hold; one sub-command each, run by suite `style`.

usage: check.py RULE SOURCE_DIR BUILD_DIR

Every rule prints what breaks it as FILE:LINE: TEXT and fails if it printed anything.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SKIP = 77  # what meson takes for "skipped"
LAYERS = ["include", "uring", "src", "families"]  # lowest first
ABOVE = ["tools", "examples", "bench"]  # see the public headers alone
LINE_MAX, FUNCTION_MAX, FILE_MAX = 88, 70, 600


def tracked(source, *patterns):
    """The files of the work tree that git would keep, so that build output is not judged."""
    run = subprocess.run(
        ["git", "-C", source, "ls-files", "-co", "--exclude-standard", "--", *patterns],
        capture_output=True, text=True, check=False)
    if run.returncode != 0:  # a tarball: take everything
        return sorted(p for pattern in patterns for p in Path(source).rglob(pattern))
    return [Path(source, name) for name in sorted(set(run.stdout.split())) if Path(source, name).exists()]


def tool(*names):
    """The first of the named programs that is installed; says so and skips where none is."""
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    print(f"skipped: {' or '.join(names)} is not installed")
    sys.exit(SKIP)


def c_files(source):
    return tracked(source, "*.c", "*.h")


def relative(source, path):
    return os.path.relpath(path, source)


def rule_layers(source, _build):
    """An include points downward or stays in its layer; liburing and libmnl have one home each."""
    for path in c_files(source):
        name = relative(source, path)
        layer = name.split("/")[0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^">]+)[">]', line)
            if not found:
                continue
            quote, target = found.groups()
            top = target.split("/")[0]
            if layer in LAYERS and quote == '"':
                if top not in LAYERS:
                    yield f"{name}:{number}: \"{target}\" is not written from the top of the tree"
                elif LAYERS.index(top) > LAYERS.index(layer):
                    yield f"{name}:{number}: {layer}/ includes {top}/, which is above it"
            if layer in ABOVE and quote == '"' and top in LAYERS:
                yield f"{name}:{number}: {layer}/ sees only <linsock/...>"
            if layer == "include" and not re.match(r"linsock/|linux/|sys/|net/|netinet/|arpa/|std|signal|time|errno|poll|net", target):
                yield f"{name}:{number}: a public header includes <{target}>"
            if target.startswith("liburing") and layer not in ("uring", "bench", "tests"):
                yield f"{name}:{number}: liburing lives in uring/ alone"
            if target.startswith("libmnl") and layer not in ("families", "bench", "tests"):
                yield f"{name}:{number}: libmnl lives in families/ alone"
        if layer in ("uring", "src") and path.suffix == ".c":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if re.search(r"switch \((.*domain|.*family)\)", line):
                    yield f"{name}:{number}: no switch over families outside families/"


COMMENT = re.compile(r"/\*\*.*?\*/", re.S)


def declared(text):
    """Names of the functions that a public header declares."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    bare = re.sub(r"static inline [^{]*\{.*?\n\}", "", bare, flags=re.S)
    return set(re.findall(r"\b(lsk_[a-z0-9_]+)\s*\([^;{}]*\)\s*(?:__attribute__\s*\(\(.*?\)\)\s*)?;", bare))


def public_headers(source):
    return tracked(source, "include/*.h")


def rule_docs(source, _build):
    """Every declared function has a kernel-doc comment that names it and what it returns."""
    for path in public_headers(source):
        text = path.read_text()
        name = relative(source, path)
        docs = {}
        for comment in COMMENT.findall(text):
            found = re.match(r"/\*\*\s*\n?\s*\*?\s*(?:typedef )?(\w+)(?:\(\))?", comment)
            if found:
                docs[found.group(1)] = comment
        for function in sorted(declared(text)):
            if function.endswith("_fn"):
                continue
            comment = docs.get(function)
            if not comment:
                yield f"{name}: {function}() has no comment of its own"
            elif "\n" in comment and "Return" not in comment and not re.search(
                    r"void\s+" + function, text):
                yield f"{name}: the comment of {function}() does not say what it returns"


def exported(library):
    run = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    return {line.split()[2].split("@")[0] for line in run.stdout.splitlines()
            if len(line.split()) == 3 and line.split()[1] in "TDBRW"}


def rule_symbols(source, build):
    """What the headers declare is exported; what is exported is declared; no data."""
    library = Path(build, "liblinsock.so.0")
    names = {n for n in exported(library) if not n.startswith("LINSOCK_")}
    wanted = set().union(*(declared(p.read_text()) for p in public_headers(source)))
    wanted = {name for name in wanted if not name.endswith("_fn")}
    for name in sorted(wanted - names):
        yield f"{name}() is declared in a public header and not exported"
    for name in sorted(names - wanted):
        yield f"{name} is exported and declared in no public header"


def rule_headers(source, _build):
    """Every public header is installed and compiles alone, as C and as C++, with warnings as errors."""
    installed = set(re.findall(r"'([\w/.]+\.h)'", Path(source, "include/meson.build").read_text()))
    for path in public_headers(source):
        name = path.relative_to(Path(source, "include")).as_posix()
        if name not in installed:
            yield f"include/{name}: include/meson.build does not install it"
    compilers = [("cc", "c", "gnu11"), ("c++", "c++", "gnu++17")]
    extra = []
    deps = os.environ.get("LINSOCK_UAPI")
    if deps:
        extra = ["-isystem", deps]

    def compile_one(job):
        path, (compiler, language, standard) = job
        run = subprocess.run(
            [compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Werror",
             "-Wno-pragma-once-outside-header", "-fsyntax-only", "-I", str(Path(source, "include")), *extra, str(path)],
            capture_output=True, text=True, check=False)
        return None if run.returncode == 0 else f"{relative(source, path)} as {language}:\n{run.stderr}"

    jobs = [(path, each) for path in public_headers(source) for each in compilers if shutil.which(each[0])]
    with ThreadPoolExecutor(2) as pool:
        yield from filter(None, pool.map(compile_one, jobs))


def rule_format(source, _build):
    """clang-format 14's idea of the tree and ours are one."""
    formatter = tool("clang-format-14", "clang-format")
    version = subprocess.run([formatter, "--version"], capture_output=True, text=True, check=True).stdout
    if "version 14." not in version:
        print(f"skipped: the settings are written for clang-format 14, here is {version.strip()}")
        sys.exit(SKIP)
    run = subprocess.run([formatter, "--dry-run", "-Werror", *map(str, c_files(source))],
                         capture_output=True, text=True, check=False)
    yield from (line for line in run.stderr.splitlines() if ": error:" in line)


def functions(lines):
    """(name line, length) of each function of a file in our format: it opens and ends in column 0."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start + 1
            start = None


def rule_length(source, _build):
    """Lines, functions and files stay within a reader's reach; comments keep their margin."""
    for path in c_files(source):
        name, lines = relative(source, path), path.read_text().splitlines()
        generated = "generated by" in "\n".join(lines[:5])
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(8)) > LINE_MAX and not generated and '"' not in line:
                yield f"{name}:{number}: {len(line.expandtabs(8))} columns"
        for number, (above, line) in enumerate(zip(lines, lines[1:]), 2):
            if (re.match(r"\s*(/\*+|\*)(\s|$)", above) and "*/" not in above
                    and re.match(r"\s*\*[^\s*/]", line)):
                yield f"{name}:{number}: a comment's text begins at its asterisk"
        if name.startswith(("src/", "uring/", "families/", "tools/")) and not generated:
            if path.suffix == ".c" and len(lines) > FILE_MAX:
                yield f"{name}: {len(lines)} lines: is there a second module in it?"
            for number, length in functions(lines):
                if length > FUNCTION_MAX:
                    yield f"{name}:{number}: a function of {length} lines"
        if "SPDX-License-Identifier: MIT" not in "\n".join(lines[:3]):
            yield f"{name}: no licence line"


def dependencies(build):
    """What each object was compiled from, as ninja recorded it."""
    run = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=False)
    objects, current = {}, None
    for line in run.stdout.splitlines():
        if line and not line.startswith(" "):
            current = objects.setdefault(line.split(":")[0], [])
        elif line.strip() and current is not None:
            current.append(line.strip())
    return objects


def rule_tidy(source, build):
    """clang-tidy on the layers and the command; a file whose inputs did not change is not asked again."""
    tidy = tool("clang-tidy-14", "clang-tidy")
    # What passed in one work tree passed in all: the keys hold contents, not places.
    known = Path(os.environ.get("LINSOCK_TIDY_KNOWN", Path(build, "tidy-known.json")))
    passed = set(json.loads(known.read_text())) if known.exists() else set()
    commands = json.loads(Path(build, "compile_commands.json").read_text())
    deps, settings = dependencies(build), Path(source, ".clang-tidy").read_bytes()
    root, todo, keys = str(Path(source).resolve()), [], set()
    for command in commands:
        path = Path(build, command["file"]).resolve()
        if relative(root, path).split("/")[0] not in ("uring", "src", "families", "tools", "examples"):
            continue
        words = command["command"].replace(root, "").encode()
        digest = hashlib.sha256(settings + words + path.read_bytes())
        for dep in sorted(deps.get(command["output"], [])):
            full = Path(build, dep).resolve()
            if str(full).startswith(root) and full.exists():
                digest.update(full.read_bytes())
        key = digest.hexdigest()
        keys.add(key)
        if key not in passed:
            todo.append((path, key))

    def judge(job):
        path, key = job
        run = subprocess.run([tidy, "--quiet", "-p", build, str(path)], capture_output=True, text=True, check=False)
        if run.returncode == 0:
            passed.add(key)
            return []
        return [line for line in run.stdout.splitlines() if "error:" in line or "warning:" in line] or [run.stdout + run.stderr]

    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(judge, todo):
            yield from result
    known.write_text(json.dumps(sorted(passed if "LINSOCK_TIDY_KNOWN" in os.environ else passed & keys)))


def rule_shell(source, _build):
    """shellcheck on every script."""
    checker = tool("shellcheck")
    scripts = []
    for path in tracked(source, "*"):
        if path.is_file() and path.suffix in ("", ".sh"):
            with open(path, "rb") as script:
                first = script.readline()
            if re.match(rb"#!.*\b(ba|da|busybox )?sh\b", first):
                scripts.append(str(path))
    if scripts:
        run = subprocess.run([checker, "-x", "--severity=style", "--format=gcc", "--source-path=" + source, *scripts],
                             capture_output=True, text=True, check=False)
        yield from run.stdout.splitlines()


def rule_words(source, _build):
    """Nothing unfinished and nothing of this or that machine stands in the tree."""
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|/work/|/root/|(deb|security|snapshot)\.debian\.org")
    for path in tracked(source, "*"):
        if not path.is_file() or path.name == "check.py":
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if marks.search(line):
                yield f"{relative(source, path)}:{number}: {line.strip()[:100]}"


def main():
    rules = {name[5:]: rule for name, rule in globals().items() if name.startswith("rule_")}
    if len(sys.argv) != 4 or sys.argv[1] not in rules:
        sys.exit(__doc__ + "\nrules: " + " ".join(rules))
    broken = 0
    for line in rules[sys.argv[1]](sys.argv[2], sys.argv[3]):
        print(line)
        broken += 1
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
