"""The page: the machine, the plots and the tables, in one file."""

import html
import re

from . import style

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>parley: measured</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h2 { margin-top: 3rem }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse; font-size: 0.9rem }
th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #e4e4e4 }
td.number { text-align: right; font-variant-numeric: tabular-nums }
dt { font-weight: 600; float: left; clear: left; width: 8rem }
dd { margin-left: 9rem }
</style>
"""


def escaped(text):
    return html.escape(str(text))


def table(head, rows):
    """`rows`: lists of texts; all but the first column are numbers."""

    def cells(row):
        return "".join(
            f'<td class="number">{escaped(cell)}</td>' if place else f"<td>{escaped(cell)}</td>"
            for place, cell in enumerate(row)
        )

    head = "".join(f"<th>{escaped(cell)}</th>" for cell in head)
    body = "\n".join(f"<tr>{cells(row)}</tr>" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>\n"


def inlined(file):
    """The SVG without what only a file of its own needs, and with names that no other plot on the page has."""
    text = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", file.read_text("utf-8"), flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{file.stem}-', text)
    return re.sub(r'(href="#|url\(#)', rf"\1{file.stem}-", text)


def machine(run):
    names = {
        "processor": "processor",
        "cores": "cores",
        "kernel": "kernel",
        "compiler": "compiler",
        "pinning": "pinning",
        "rounds": "runs",
        "crossover": "copy and map cross at (bytes)",
        "missing": "missing",
        "date": "date",
    }
    known = {title: run.machine[key] for key, title in names.items() if key in run.machine}
    rows = [f"<dt>{title}</dt><dd>{escaped(said)}</dd>" for title, said in known.items()]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>\n"


def against_others(run):
    """Each peer and reference as a multiple of parley, of what can be had in both."""
    rows = []
    for title, what, less in (("latency, 64 B", "latency", True), ("throughput, 64 B", "stream", False)):
        ours = {one.who: one for one in run.of(what)}
        others = [one for one in run.of(what) if one.kind in ("peer", "plain")]
        for mine in ("direct.polling", "direct.blocking", "mailbox.blocking"):
            if mine not in ours:
                continue
            for other in sorted(others, key=lambda one: one.median, reverse=not less):
                ratio = other.median / ours[mine].median if less else ours[mine].median / other.median
                rows.append(
                    [
                        f"{title}: {mine} against {other.label}",
                        style.figure(ours[mine].unit, ours[mine].median),
                        style.figure(other.unit, other.median),
                        f"{ratio:.2f}",
                    ]
                )
    return rows


def bars(run):
    rows = []
    for bar in run.bars:
        mine = run.series.get(bar["a"])
        if bar["ratio"] is None or mine is None:
            continue
        other = run.series[bar["reference"]]
        middle = bar["middle_half"]
        rows.append(
            [
                bar["title"],
                style.figure(mine.unit, mine.median),
                style.figure(other.unit, other.median),
                f"{bar['ratio']:.2f}",
                f"{middle[0]:.2f} to {middle[1]:.2f}",
            ]
        )
    return rows


def distributions(run):
    rows = []
    for what in ("latency", "sleeping_latency"):
        for one in sorted(run.of(what), key=lambda one: one.median):
            shares = [one.shares.get(share) for share in ("min", "p50", "p99", "p99.9")]
            name = one.label if one.kind != "by_hand" else one.who
            rows.append(
                [name + (", asleep" if what != "latency" else "")]
                + ["" if value is None else style.in_time(value) for value in shares]
            )
    return rows


def made_of(run, shown):
    """`shown`: of each plot its title, its text, and its file."""
    parts = [HEAD, "<h1>parley: measured</h1>\n", machine(run)]
    parts.append(
        "<p>Everything in one run: processes pinned, each series warmed up first, series taken in turn round after "
        "round so that a machine that gets slower does so for all, every message copied in, copied out and checked by "
        "its receiver. Figures are medians of all runs. What to believe are ratios.</p>\n"
    )
    for (title, text), file in shown:
        parts.append(f"<h2>{escaped(title)}</h2>\n<p>{escaped(text)}</p>\n{inlined(file)}\n")
    if rows := against_others(run):
        parts.append(
            "<h2>How many times as fast</h2>\n<p>parley first; above 1 parley is the faster.</p>\n"
            + table(["", "parley", "the other", "times"], rows)
        )
    if rows := bars(run):
        parts.append(
            "<h2>Ratios, round by round</h2>\n<p>Figure over reference in each round that has both: the median and the "
            "middle half. Of times a small ratio is good, of rates a large one.</p>\n"
            + table(["", "parley", "reference", "ratio", "middle half"], rows)
        )
    if rows := distributions(run):
        parts.append("<h2>Percentiles, 64 B</h2>\n" + table(["", "min", "p50", "p99", "p99.9"], rows))
    return "".join(parts)
