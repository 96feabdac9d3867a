# SPDX-License-Identifier: MIT
"""Bar charts as SVG, by hand: nothing to install, and they differ line by line in git."""

import html

from .measure import ratio

# Distinguishable for most eyes, and in grey; linsock's own stand out.
COLOURS = {
    "linsock": "#c0392b", "linsock-sync": "#c0392b",
    "linsock-epoll": "#e59866", "linsock-sync-epoll": "#e59866",
    "linsock-zc": "#922b21",
    "epoll": "#34495e", "bare": "#34495e", "bare-poll": "#7f8c8d",
    "no-loop": "#bdc3c7", "epoll-64K": "#7f8c8d", "epoll-recvfrom": "#7f8c8d",
    "liburing": "#1f618d", "liburing-inline": "#5dade2", "liburing-bundle": "#5dade2",
    "liburing-inc": "#aed6f1", "liburing-noname": "#5dade2", "liburing-zc": "#5dade2",
    "libuv": "#16a085", "libev": "#7dcea0", "libevent": "#8e44ad",
    "libevent-changelist": "#bb8fce", "asio": "#b7950b", "asio-uring": "#f4d03f",
}
OTHERS = ("#99a3a4", "#d98880", "#73c6b6")

BAR = 11
GAP = 16
HEIGHT = 180
LEFT = 56
TOP = 34


def colour_of(label, labels):
    if label in COLOURS:
        return COLOURS[label]
    others = [other for other in labels if other not in COLOURS]
    return OTHERS[others.index(label) % len(OTHERS)]


def nice_maximum(value):
    step = 1.0
    while step * 10 <= value:
        step *= 10
    while step > value:
        step /= 10
    for factor in (1, 2, 4, 6, 8, 10):  # a quarter of each is a round number
        if factor * step >= value:
            return factor * step
    return 10 * step


def chart(title, groups, labels, unit, line_at=None, y=0):
    """groups: [(name, {label: value})]. Returns (width, height, elements)."""
    maximum = nice_maximum(max((value for _, values in groups
                                for value in values.values()), default=1))
    width = LEFT + sum(GAP + BAR * len(labels) for _ in groups) + GAP
    base = y + TOP + HEIGHT
    parts = [f'<text x="{LEFT}" y="{y + 18}" font-size="14" font-weight="bold">'
             f"{html.escape(title)}</text>"]
    for tick in range(5):
        value = maximum * tick / 4
        at = base - HEIGHT * tick / 4
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{width}" y2="{at:.1f}" '
                     f'stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">'
                     f"{value:g}</text>")
    parts.append(f'<text x="12" y="{y + TOP + HEIGHT / 2}" text-anchor="middle" '
                 f'transform="rotate(-90 12 {y + TOP + HEIGHT / 2})">'
                 f"{html.escape(unit)}</text>")
    x = LEFT + GAP
    for name, values in groups:
        for index, label in enumerate(labels):
            if label not in values:
                continue
            tall = HEIGHT * values[label] / maximum
            parts.append(
                f'<rect x="{x + BAR * index}" y="{base - tall:.1f}" width="{BAR - 1}" '
                f'height="{tall:.1f}" fill="{colour_of(label, labels)}">'
                f"<title>{html.escape(label)}: {values[label]:.3g}</title></rect>")
        parts.append(f'<text x="{x + BAR * len(labels) / 2}" y="{base + 15}" '
                     f'text-anchor="middle">{html.escape(name)}</text>')
        x += BAR * len(labels) + GAP
    if line_at is not None:
        at = base - HEIGHT * line_at / maximum
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{width}" y2="{at:.1f}" '
                     f'stroke="#000000" stroke-dasharray="4 3"/>')
    return width, TOP + HEIGHT + 24, parts


def legend(labels, y, width):
    parts = []
    x = LEFT
    for label in labels:
        wide = 22 + 7 * len(label)
        if x + wide > width:
            x, y = LEFT, y + 18
        parts.append(f'<rect x="{x}" y="{y}" width="11" height="11" '
                     f'fill="{colour_of(label, labels)}"/>')
        parts.append(f'<text x="{x + 15}" y="{y + 10}">{html.escape(label)}</text>')
        x += wide
    return y + 24, parts


def document(charts, labels):
    """charts: arguments of chart() without labels and y, one below the other."""
    y, width, parts = 0, 0, []
    for title, groups, unit, line_at in charts:
        wide, tall, elements = chart(title, groups, labels, unit, line_at, y)
        parts += elements
        width = max(width, wide)
        y += tall
    width = max(width, 640)
    y, elements = legend(labels, y + 8, width)
    parts += elements
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" '
        f'width="{width}" height="{y}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{y}" fill="#ffffff"/>', *parts, "</svg>", ""])


def ordered(labels):
    rank = {label: index for index, label in enumerate(COLOURS)}
    return sorted(labels, key=lambda label: (rank.get(label, len(rank)), label))


def echo_plot(cells, results):
    """Relative to bare epoll, a chart for each transport and size."""
    labels = ordered({label for cell in cells for label in results[cell.id]})
    kinds = {}
    for cell in cells:
        entries = results[cell.id]
        other = entries.get("epoll", {})
        if "ns" not in other:
            continue
        values = {label: ratio(entry, other) for label, entry in entries.items()
                  if "ns" in entry}
        parameters = cell.parameters
        kind = f"echo {parameters['size']} B, {parameters['transport']}"
        kinds.setdefault(kind, []).append(
            (f"{parameters['conns']} in flight", values))
    charts = [(kind, groups, "CPU per message, epoll = 1", 1.0)
              for kind, groups in kinds.items()]
    return document(charts, labels)


def plain_plot(cells, results):
    """Nanoseconds, a chart for each cell's unit."""
    labels = ordered({label for cell in cells for label in results[cell.id]})
    units = {}
    for cell in cells:
        values = {label: entry["ns"] for label, entry in results[cell.id].items()
                  if "ns" in entry}
        units.setdefault(cell.unit, []).append((cell.id, values))
    return document([(f"CPU ns per {unit}", groups, "ns", None)
                     for unit, groups in units.items()], labels)


def write_all(folder, cells, results):
    """One file for each bench that has several cells."""
    benches = {}
    for cell in cells:
        if any("ns" in entry for entry in results.get(cell.id, {}).values()):
            benches.setdefault(cell.bench, []).append(cell)
    for bench, mine in benches.items():
        if bench == "B3":
            (folder / "echo.svg").write_text(echo_plot(mine, results), encoding="utf-8")
        elif len(mine) > 1:
            (folder / f"{bench.lower()}.svg").write_text(plain_plot(mine, results),
                                                         encoding="utf-8")
