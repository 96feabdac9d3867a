# SPDX-License-Identifier: MIT
"""The table, as Markdown."""

from .measure import ratio

BENCH_TITLES = {
    "B1": "Synchronous calls, nothing to wait for",
    "B2": "Synchronous ping-pong and batches",
    "B3": "Echo, lockstep in one thread",
    "B4": "Echo, the client on another CPU, which waits for answers or does not",
    "B5": "Streams of bytes: sink, source, proxy",
    "B6": "Fan-out",
    "B7": "UDP",
    "B8": "Accept and close, connect and close",
    "B9": "Idle connections",
    "B10": "Timers",
    "B11": "Starvation",
    "B12": "Large sends over a veth pair",
}

# What the first column of ratios is taken to, by what the cell has.
BASELINES = ("epoll", "bare")


def machine_lines(machine):
    virtual = ", virtual machine" if machine["hypervisor"] else ""
    mitigations = "; ".join(machine["mitigations"]) or "none that slow system calls"
    return [
        f"- kernel {machine['kernel']}, {machine['cpu']}, {machine['cores']} CPUs"
        f"{virtual}, {machine['memory_mib']} MiB, {machine['libc']}",
        f"- mitigations: {mitigations}",
        f"- load average {machine['load']:.2f} at the start, "
        f"{machine.get('load_end', 0):.2f} at the end; run as {machine['user']}",
        f"- {machine['time']}, commit {machine['commit']}",
    ]


def verdict(target, entries):
    """(what was reached, True or False), or (why not, None)."""
    mine = entries.get(target.variant)
    if not mine or "ns" not in mine:
        return "not measured", None
    if target.metric == "calls":
        value = mine["calls"]
    elif target.metric == "ns":
        if target.reference:
            other = entries.get(target.reference)
            if not other or "ns" not in other:
                return f"no {target.reference} to compare with", None
            value = ratio(mine, other)
        else:
            value = mine["ns"]
    else:
        value = mine["figures"].get(target.metric)
    if value is None:
        return "not measured", None
    return f"{value:.3g}", value <= target.limit


# What no library is under: code for this one program, without a loop's generality.
HAND_WRITTEN = ("liburing", "liburing-inline", "liburing-bundle", "liburing-inc", "epoll",
                "no-loop", "bare")


def hand_written(target, entries):
    """The best ratio to the same reference that hand-written code reached."""
    other = entries.get(target.reference or "", {})
    if target.metric != "ns" or "ns" not in other:
        return ""
    ratios = {name: ratio(entries[name], other) for name in HAND_WRITTEN
              if name != target.reference and "ns" in entries.get(name, {})}
    ratios = {name: value for name, value in ratios.items() if value is not None}
    if not ratios:
        return ""
    best = min(ratios, key=ratios.get)
    return f"{ratios[best]:.3g} ({best})"


def target_text(target, cell):
    if target.reference:
        return f"≤ {target.limit:.2f} × {target.reference}"
    what = {"ns": f"ns per {cell.unit}", "calls": f"system calls per {cell.unit}"}
    return f"≤ {target.limit:g} {what.get(target.metric, target.metric.replace('_', ' '))}"


def target_lines(cells, results, is_brief=False):
    """All rows; or, brief, only those that were measured."""
    lines = ["| workload | variant | must reach | reached | | hand-written code |",
             "|---|---|---|---|---|---|"]
    passed = failed = open_ = 0
    for cell in cells:
        for target in cell.targets:
            reached, is_met = verdict(target, results.get(cell.id, {}))
            mark = {True: "pass", False: "**FAIL**", None: "–"}[is_met]
            passed += is_met is True
            failed += is_met is False
            open_ += is_met is None
            if is_brief and is_met is None:
                continue
            lines.append(f"| {cell.title} | {target.variant} | {target_text(target, cell)}"
                         f" | {reached} | {mark} "
                         f"| {hand_written(target, results.get(cell.id, {}))} |")
    lines.append("")
    lines.append(f"{passed} pass, {failed} fail, {open_} not measured.")
    return lines


def number(value):
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def times(entry, other):
    """The ratio; a program that died may have no batch of the same turn."""
    value = ratio(entry, other)
    return "–" if value is None else f"{value:.2f}"


def baseline_of(entries):
    for name in BASELINES:
        if "ns" in entries.get(name, {}):
            return name
    return None


def has_total(cell):
    """Is there a sum of client and server beside the server's part?"""
    return cell.clock == "server" and not cell.has_client_thread


def cell_lines(cell, entries):
    """One cell: a row for each variant."""
    baseline = baseline_of(entries)
    columns = [f"ns per {cell.unit}", "min", "spread"]
    if baseline:
        columns.append(f"× {baseline}")
    if "ns" in entries.get("liburing", {}):
        columns.append("× liburing")
    columns += ["total ns", "calls"] if has_total(cell) else ["calls"]
    figures = sorted({key for entry in entries.values() for key in entry["figures"]})
    lines = ["", f"**{cell.title}**", "",
             "| variant | " + " | ".join(columns + [f.replace("_", " ") for f in figures])
             + " |",
             "|---|" + "---:|" * (len(columns) + len(figures))]
    for label, entry in sorted(entries.items(), key=lambda item: item[1].get("ns", 1e18)):
        if "ns" not in entry:
            lines.append(f"| {label} | {'; '.join(entry['problems'])} |")
            continue
        row = [number(entry["ns"]), number(entry["min_ns"]), f"{entry['spread']:.0%}"]
        if baseline:
            row.append(times(entry, entries[baseline]))
        if "× liburing" in columns:
            row.append(times(entry, entries["liburing"]))
        if has_total(cell):
            row.append(number(entry["total_ns"]))
        row.append("–" if entry["calls"] is None else f"{entry['calls']:.3f}")
        row += [number(entry["figures"].get(figure)) for figure in figures]
        mark = " ¹" if entry.get("other_threads") else ""
        lines.append(f"| {label}{mark} | " + " | ".join(row) + " |")
    return lines


def matrix_lines(cells, results, reference):
    """Many cells at once: ratios to one variant, a row for each cell."""
    labels = sorted({label for cell in cells for label in results.get(cell.id, {})},
                    key=lambda label: (label.startswith("linsock"), label))
    lines = ["", f"CPU per message relative to **{reference}** (client and server):", "",
             f"| | {reference}, ns | " + " | ".join(labels) + " |",
             "|---|---:|" + "---:|" * len(labels)]
    for cell in cells:
        entries = results.get(cell.id, {})
        other = entries.get(reference, {})
        if "ns" not in other:
            continue
        row = [times(entries[label], other) if "ns" in entries.get(label, {})
               else "–" for label in labels]
        lines.append(f"| {cell.title} | {number(other['ns'])} | " + " | ".join(row) + " |")
    return lines


def calls_lines(cells, results):
    labels = sorted({label for cell in cells for label in results.get(cell.id, {})},
                    key=lambda label: (label.startswith("linsock"), label))
    lines = ["", "System calls of the server per message:", "",
             "| | " + " | ".join(labels) + " |", "|---|" + "---:|" * len(labels)]
    for cell in cells:
        entries = results.get(cell.id, {})
        row = []
        for label in labels:
            calls = entries.get(label, {}).get("calls")
            row.append("–" if calls is None else f"{calls:.2f}")
        lines.append(f"| {cell.title} | " + " | ".join(row) + " |")
    return lines


def variant_lines(variants):
    lines = ["| variant | version | how it is written |", "|---|---|---|"]
    for variant in variants:
        lines.append(f"| {variant.label} | {variant.version} | {variant.summary} |")
    return lines


def markdown(cells, results, variants, machine, notes):
    lines = ["# Measured", "", "Made by `scripts/bench`; how is told in "
             "[bench/README.md](../README.md). CPU time, batches of all variants "
             "interleaved; ratios are medians over batches of the same turn.", ""]
    lines += machine_lines(machine) + [f"- {note}" for note in notes]
    lines += ["", "## What must be reached", ""] + target_lines(cells, results)
    lines += ["", "The last column is the best of what is written by hand for this one "
              "purpose, measured against the same: a figure that it does not reach is "
              "beyond any library whose connections are served by these system calls. Why "
              "each of those that fail does: [figures.md](figures.md)."]
    for bench, title in BENCH_TITLES.items():
        mine = [cell for cell in cells if cell.bench == bench and cell.id in results]
        if not mine:
            continue
        lines += ["", f"## {bench}: {title}"]
        if len(mine) > 3 and bench == "B3":
            lines += ["", "![echo](echo.svg)"]
            lines += matrix_lines(mine, results, "epoll")
            lines += matrix_lines(mine, results, "liburing")
            lines += calls_lines(mine, results)
            continue
        lines += ["", f"![{title}]({bench.lower()}.svg)"] if len(mine) > 1 else []
        for cell in mine:
            lines += cell_lines(cell, results[cell.id])
    lines += ["", "¹ other threads of the process (io-wq) used CPU time too, which this "
              "column does not show.", "", "## Variants", ""] + variant_lines(variants)
    return "\n".join(lines) + "\n"
