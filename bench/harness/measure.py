# SPDX-License-Identifier: MIT
"""Runs one cell: the batches of all variants interleaved, several starts of each."""

import dataclasses
import os
import statistics

from .coprocess import Coprocess, CoprocessError

# Each program is started anew this often: where its pages and its sockets came to
# lie in memory is luck, and one start must not decide.
STARTS = 3
BATCHES = 11  # of each start; 33 in all
BATCH_NS = 6_000_000
QUICK_STARTS, QUICK_BATCHES, QUICK_BATCH_NS = 1, 7, 3_000_000


@dataclasses.dataclass
class Variant:
    """A column: one adapter of one program, with its environment."""

    label: str
    program: str
    adapter: str
    version: str
    summary: str
    services: tuple
    environment: dict = dataclasses.field(default_factory=dict)
    parameters: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Effort:
    starts: int = STARTS
    batches: int = BATCHES
    batch_ns: int = BATCH_NS

    @classmethod
    def quick(cls):
        return cls(QUICK_STARTS, QUICK_BATCHES, QUICK_BATCH_NS)


def variants_of(cell, variants):
    """The variants that play this cell, those with other parameters added."""
    playing = []
    for variant in variants:
        if cell.service not in variant.services:
            continue
        if cell.only and variant.label not in cell.only:
            continue
        if variant.label in cell.without:
            continue
        playing.append(variant)
        for label, (adapter, parameters) in cell.extra.items():
            if variant.label == adapter:
                playing.append(dataclasses.replace(variant, label=label,
                                                   parameters=parameters))
    return playing


def plan_command(cell, variant):
    words = {**cell.parameters, **variant.parameters}
    return " ".join(["plan", cell.workload, f"adapter={variant.adapter}"]
                    + [f"{key}={value}" for key, value in words.items()])


class CellRun:
    """The state of one cell while it is measured."""

    def __init__(self, cell, variants, effort, cpu, say):
        self.cell = cell
        self.variants = variants_of(cell, variants)
        self.effort = effort
        self.cpu = cpu
        self.say = say
        self.rounds = cell.fixed_rounds
        self.notes = set()
        self.results = {
            variant.label: {"samples": [], "thread_samples": [], "calls": None,
                            "figures": {}, "problems": []}
            for variant in self.variants
        }

    def run(self):
        for start in range(self.cell.starts or self.effort.starts):
            self._run_start(start)
        return {label: summary(result) for label, result in self.results.items()}

    def _run_start(self, start):
        running = []
        try:
            for variant in self.variants:
                process = Coprocess(variant.program, self.cpu, variant.environment)
                running.append((variant, process))
            running = self._prepare(running, is_first=start == 0)
            for batch in range(self.cell.batches or self.effort.batches):
                # Nobody is always the one who comes after the slowest.
                shift = batch % max(len(running), 1)
                for variant, process in running[shift:] + running[:shift]:
                    self._batch(variant, process)
        finally:
            for _, process in running:
                process.close()

    def _prepare(self, running, is_first):
        """Set up and check everyone; who cannot is out, and the reason is kept."""
        able = []
        for variant, process in running:
            result = self.results.get(variant.label)
            if result is None:
                process.close()
                continue
            try:
                process.ask(plan_command(self.cell, variant))
                process.ask("check")
                if not self.rounds:
                    self._calibrate(process)
                if is_first:
                    self._once(process, result)
                able.append((variant, process))
            except CoprocessError as error:
                process.close()
                if "not supported" in str(error):  # it does not play this one
                    self.results.pop(variant.label, None)
                    continue
                self.say(f"    {variant.label}: {error}")
                result["problems"].append(str(error))
        return able

    def _calibrate(self, process):
        """As many rounds as fill a batch of the first variant; all do the same."""
        rounds = 1
        while True:
            elapsed = process.ask(f"batch {rounds}")["thread_ns"]
            if elapsed >= self.effort.batch_ns / 8 or rounds >= 1 << 16:
                break
            rounds *= 2
        self.rounds = max(1, int(rounds * self.effort.batch_ns / max(elapsed, 1)))

    def _once(self, process, result):
        if self.cell.has_figures:
            figures = process.ask("figures")
            figures.pop("ok")
            result["figures"] = figures
        try:
            count = process.ask(f"count {max(1, min(self.rounds, 200))}")
            result["calls"] = count["calls"] / count["items"]
        except CoprocessError as error:
            self.notes.add(str(error))

    def _batch(self, variant, process):
        result = self.results[variant.label]
        if process.process.poll() is not None:
            result["samples"].append(None)
            return
        try:
            answer = process.ask(f"batch {self.rounds}")
        except CoprocessError as error:
            self.say(f"    {variant.label}: {error}")
            result["problems"].append(str(error))
            result["samples"].append(None)
            process.kill()
            return
        items = answer["items"]
        result["samples"].append(answer[f"{self.cell.clock}_ns"] / items)
        result["thread_samples"].append(answer["thread_ns"] / items)
        if answer["process_ns"] > 1.02 * answer["thread_ns"] and \
                not self.cell.has_client_thread:
            result["other_threads"] = True
        for key in ("starved", "copied"):
            if answer[key]:
                result["figures"][key] = answer[key]


def summary(result):
    """Median, minimum and spread of the samples; the samples themselves stay."""
    samples = [sample for sample in result["samples"] if sample is not None]
    result["samples"] = [None if sample is None else round(sample, 2)
                         for sample in result["samples"]]
    if samples:
        quarter = statistics.quantiles(samples, n=4) if len(samples) > 1 else samples * 3
        result["ns"] = statistics.median(samples)
        result["min_ns"] = min(samples)
        result["spread"] = (quarter[2] - quarter[0]) / result["ns"]
        result["total_ns"] = statistics.median(result["thread_samples"])
    del result["thread_samples"]
    return result


def ratio(result, reference):
    """The median of the ratios of batches that ran in the same turn."""
    pairs = [mine / other
             for mine, other in zip(result["samples"], reference["samples"])
             if mine is not None and other]
    return statistics.median(pairs) if pairs else None


def last_cpu():
    return max(os.sched_getaffinity(0))
