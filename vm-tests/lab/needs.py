# SPDX-License-Identifier: MIT
"""What a test needs: features of the kernel, found by asking it, and modules.

A word with a dot is a feature of `linsock probe` (uring.recv_multishot). One without
is a module, and a feature as well where one has its name (can-isotp: can.isotp). The
guest's own `linsock probe` answers, before any test runs; where it says that a
feature's module is there and not loaded, the module is loaded and it is asked again.
What it said is kept for as long as neither the kernel nor the command changes.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import subprocess
from pathlib import Path

from . import aliases, paths, run
from .errors import LabError, NeedError
from .kernel import Kernel, module_name
from .payload import Payload, stamp

# An algorithm tells one module after another of what it is made of.
ROUNDS_MAX = 8
# Of what the guest is asked with; the answers of another are not looked at.
FORMAT = "3"
PROBE_LIMIT_S = 480


@dataclasses.dataclass(frozen=True)
class Needs:
    """Modules to load, and features to ask for."""

    modules: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


@dataclasses.dataclass
class Answer:
    """What a kernel has of the needs."""

    modules: list[str]
    # Why not, by feature.
    lacking: dict[str, str]

    def require(self, features: tuple[str, ...]) -> None:
        """Raise NeedError, telling which of the features fail and how."""
        texts = [f"{name}: {self.lacking[name]}" for name in features if name in self.lacking]
        if texts:
            raise NeedError("this kernel lacks " + "; ".join(texts))


def identity(program: Path) -> str:
    """Tells one build of the command and its library from another."""
    payload = Payload()
    payload.add_program(program)
    payload.close(paths.store() / "vm/payloads")
    return "\n".join(sorted(map(stamp, payload.files.values())))


def kept_file(kind: str, words: str) -> Path:
    """Where an answer is kept that holds while the words do."""
    key = hashlib.sha256(words.encode()).hexdigest()[:20]
    path = paths.store() / "vm" / kind / f"{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a file that others see whole or not at all."""
    draft = path.with_suffix(f".{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    draft.write_text(text)
    draft.rename(path)


def feature_names() -> list[str]:
    """All that `linsock probe` knows; it tries nothing to tell."""
    program = paths.linsock()
    kept = kept_file("names", identity(program))
    if not kept.is_file():
        done = subprocess.run([str(program), "probe", "--names"], stdout=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"{program} probe --names ended with status {done.returncode}")
        write_whole(kept, json.dumps(done.stdout.split()))
    names: list[str] = json.loads(kept.read_text())
    return names


def parse(texts: list[str]) -> Needs:
    """The needs in words that are separated by commas or blanks."""
    words = [word for text in texts for word in text.replace(",", " ").split()]
    if not words:
        return Needs()
    known: set[str] | None = None
    modules, features = [], []
    for word in words:
        is_feature = "." in word
        if is_feature or "-" in word or "_" in word:
            known = known if known is not None else set(feature_names())
        if is_feature:
            if word not in (known or ()):
                near = difflib.get_close_matches(word, known or (), 1)
                hint = f"; did you mean {near[0]}?" if near else " (linsock probe --names)"
                raise LabError(f"no feature has the name {word}{hint}")
            features.append(word)
            continue
        modules.append(word)
        feature = module_name(word).replace("_", ".", 1)
        if feature in (known or ()) and not word.endswith("?"):
            features.append(feature)
    return Needs(tuple(dict.fromkeys(modules)), tuple(dict.fromkeys(features)))


def merge(all_needs: list[Needs]) -> Needs:
    """What satisfies all of them: one template, one question."""
    return Needs(tuple(dict.fromkeys(name for one in all_needs for name in one.modules)),
                 tuple(dict.fromkeys(name for one in all_needs for name in one.features)))


def ask(kernel: Kernel, modules: list[str], features: tuple[str, ...],
        shape: run.Machine) -> dict[str, dict[str, str]]:
    """What `linsock probe` finds in a guest that has loaded the modules."""
    program = paths.linsock()
    payload = Payload()
    payload.add_tools()
    payload.add_program(program)
    aliases.ship(kernel, payload, paths.store() / "vm")
    output, errors = bytearray(), bytearray()
    job = run.Job((str(program), "probe", "--json", *features), timeout_s=PROBE_LIMIT_S,
                  shape=shape)
    result = run.run(kernel, modules, payload, job, paths.store() / "vm",
                     [{"out": output.extend, "err": errors.extend}])
    if result.status != 0:
        raise LabError(f"the guest's linsock probe ended with status {result.status}: "
                       f"{result.reason or errors.decode('utf-8', 'replace').strip()}")
    found: dict[str, dict[str, str]] = json.loads(output)["features"]
    return found


def resolve(kernel: Kernel, needs: Needs, shape: run.Machine = run.Machine()) -> Answer:
    """The modules that the features want, and the features that the kernel lacks."""
    modules = [name for name in needs.modules if not kernel.modules.missing([name])]
    if not needs.features:
        return Answer(modules, {})
    key = "\n".join([FORMAT, stamp(kernel.image), str(kernel.modules_folder), shape.describe(),
                     identity(paths.linsock()), *sorted(modules), *sorted(needs.features)])
    kept = kept_file("features", key)
    if kept.is_file():
        return Answer(**json.loads(kept.read_text()))
    answer = find(kernel, modules, needs.features, shape)
    write_whole(kept, json.dumps(dataclasses.asdict(answer)))
    return answer


def find(kernel: Kernel, modules: list[str], features: tuple[str, ...],
         shape: run.Machine) -> Answer:
    """Ask, load what the answer names, and ask again."""
    for _ in range(ROUNDS_MAX):
        found = ask(kernel, modules, features, shape)
        more = [module_name(one["evidence"]) for one in found.values()
                if one["verdict"] == "loadable"]
        fresh = [name for name in dict.fromkeys(more) if name not in modules
                 and name in kernel.modules.paths]
        if not fresh:
            break
        modules = [*modules, *fresh]
    return Answer(modules, {name: f"{one['verdict']} ({one['error'] or one['evidence']})"
                            if one["error"] is None
                            else f"{one['verdict']} ({one['error']}): {one['evidence']}"
                            for name, one in found.items() if one["verdict"] != "yes"})
