"""Copying a message against mapping it: series of one transport whose names end in ".copy" and ".map"."""

import math

from . import style

TEXT = (
    "Copy against map",
    "What a message takes one way, by its size, per transport: copied through the carrier, or mapped, where only a "
    "descriptor travels. The mark is where the two cross: below it copying is cheaper.",
)


def crossing(copied, mapped):
    """Where the curves cross, on log-log axes; None where one is the cheaper all along."""
    sizes = [one.arguments["bytes"] for one in copied]
    above = {one.arguments["bytes"]: one.median for one in mapped}
    lead = [(size, math.log(one.median / above[size])) for size, one in zip(sizes, copied) if size in above]
    for (small, before), (large, after) in zip(lead, lead[1:]):
        if before < 0 <= after:
            share = before / (before - after)
            return math.exp(math.log(small) + share * (math.log(large) - math.log(small)))
    return None


def pairs(run):
    curves = run.curves("latency", "bytes")
    for who, curve in curves.items():
        transport, _, way = who.rpartition(".")
        if way == "copy" and f"{transport}.map" in curves:
            yield transport, {each: curves.get(f"{transport}.{each}") for each in ("copy", "map", "adaptive")}


def crossover(run):
    found = list(pairs(run))
    if not found:
        return None
    columns = min(3, len(found))
    rows = math.ceil(len(found) / columns)
    figure, grid = style.plt.subplots(
        rows, columns, figsize=(4.6 * columns, 3.6 * rows), sharex=True, sharey=True, squeeze=False
    )
    for axes in list(grid.flat)[len(found) :]:
        axes.set_visible(False)
    for axes, (transport, ways) in zip(grid.flat, found):
        axes.set_title(transport)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        for way, colour in (("copy", "#1f5fa8"), ("map", "#c8551b"), ("adaptive", "#2a8a57")):
            if ways[way]:
                axes.plot(
                    [one.arguments["bytes"] for one in ways[way]],
                    [one.median for one in ways[way]],
                    "--" if way == "adaptive" else "-",
                    color=colour,
                    label=way,
                    lw=1.6,
                )
        where = crossing(ways["copy"], ways["map"])
        if where is not None:
            axes.axvline(where, color="#222222", lw=0.8, ls=":")
            axes.annotate(
                style.in_bytes(where),
                xy=(where, 0.03),
                xycoords=("data", "axes fraction"),
                xytext=(4, 0),
                textcoords="offset points",
                fontsize=9,
            )
        axes.tick_params(labelbottom=True)  # also where the row below is not full
        style.logarithmic(axes.xaxis, style.in_bytes, [64, 4096, 2**18, 2**24])
        style.logarithmic(axes.yaxis, style.in_time)
        axes.legend(frameon=False, loc="upper left")
    return figure
