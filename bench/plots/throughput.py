"""How many messages go through."""

from . import style

TEXT = (
    "Throughput, one sender and one receiver",
    "Streams of 64-byte messages between two pinned processes, each message checked by the receiver; the bars are the "
    "middle half of all runs. Below: several processes, more than there are cores, on one mailbox.",
)


def streamed(one):
    return one.label + (" in batches of 32" if one.what == "batches" else "")


def crowd(one):
    return f"{one.arguments['producers']}:{one.arguments['consumers']}"


def fastest_ways(everybody):
    """Through the kernel parley has several bufferings, and the bare calls two ways to wait: of each transport the
    fastest stands for all. Ratios of like and like are in the page's table."""
    best = {}
    for one in everybody:
        key = one.who + one.what
        if style.group(one) in ("kernel", "by_hand"):
            key = (style.group(one), one.who.split(".")[0 if one.kind == "parley" else 2])
        if key not in best or best[key].median < one.median:
            best[key] = one
    return list(best.values())


def one_to_one(run):
    single = fastest_ways(run.of("stream") + run.of("batches"))
    crowds = [one for one in run.of("stream", producers=None, consumers=None) if crowd(one) != "1:1"]
    if not single:
        return None
    single.sort(key=lambda one: one.median)
    crowds.sort(key=lambda one: (crowd(one), one.median))
    rows = [len(each) for each in (single, crowds) if each]
    figure, panels = style.plt.subplots(
        len(rows),
        1,
        figsize=(8.5, 0.21 * sum(rows) + 1.5 * len(rows)),
        gridspec_kw={"height_ratios": rows, "hspace": 2.5 / sum(rows)},
        squeeze=False,
    )
    above = panels[0][0]
    above.set_xscale("log")
    style.dots(above, single, streamed, style.in_rate)
    style.logarithmic(above.xaxis, style.in_rate)
    style.legend(above, single, above=True)
    if crowds:
        below = panels[1][0]
        style.dots(below, crowds, lambda one: f"{one.label}, {crowd(one)}", style.in_rate)
        below.set_xlim(left=0)
        below.xaxis.set_major_formatter(style.FuncFormatter(style.in_rate))
    return figure
