"""What one message takes."""

from . import style

SIZES = (
    "What a message takes one way, by its size",
    "Ping-pong between two pinned processes, half of each round trip, the median. Every transport of parley and every "
    "library that was found, on the same axes.",
)
BY_HAND = (
    "parley over the same system calls written by hand",
    "What a message takes one way, as a multiple of the bare calls (the faster of blocking and polling), which carry "
    "no header, no bound in messages, and know nothing of who lives.",
)
PERCENTILES = (
    "How latencies are distributed",
    "64 bytes. Left both sides look all the time, or a while before they sleep; right the receiver is asleep in the "
    "kernel when the message is sent. What other processes of the machine did is in the tail of all alike.",
)

TICKS = [64, 1024, 16384, 65536]


def against_size(run):
    # System calls by hand, and copying against mapping, have plots of their own.
    curves = {
        who: curve
        for who, curve in run.curves("latency", "bytes").items()
        if len(curve) > 1 and curve[0].kind != "by_hand" and not who.endswith((".copy", ".map", ".adaptive"))
    }
    if not curves:
        return None
    figure, axes = style.plt.subplots(figsize=(8.5, 8))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    # parley first, so that it has its first shades; the others lie over it.
    ordered = sorted(curves.values(), key=lambda curve: curve[0].kind != "parley")
    colours = style.shades([curve[0] for curve in ordered])
    for curve in ordered:
        one = curve[0]
        axes.plot(
            [each.arguments["bytes"] for each in curve],
            [each.median for each in curve],
            style.LINES[style.group(one)],
            color=colours[one.who],
            marker="o",
            markersize=3,
            lw=1.6,
        )
        axes.fill_between(
            [each.arguments["bytes"] for each in curve],
            [each.quartiles[0] for each in curve],
            [each.quartiles[1] for each in curve],
            color=colours[one.who],
            alpha=0.12,
            lw=0,
        )
    ends = [
        (curve[-1].arguments["bytes"], curve[-1].median, curve[0].label, colours[curve[0].who]) for curve in ordered
    ]
    axes.set_xlabel("size of the message")
    axes.set_ylabel("one way (bands: the middle half of all runs)")
    style.logarithmic(axes.xaxis, style.in_bytes, TICKS)
    style.logarithmic(axes.yaxis, style.in_time)
    style.label_ends(axes, ends, room=0.031)
    style.legend(axes, [curve[0] for curve in ordered])
    return figure


def over_system_calls(run):
    parley = run.curves("latency", "bytes")
    rows = []  # transport, and its ratio for each size
    for who, curve in parley.items():
        if style.group(curve[0]) != "kernel":
            continue
        for one in curve:
            by_hand = [
                other.median
                for way in ("blocking", "polling")
                for other in parley.get(f"by_hand.{way}.{who}", [])
                if other.arguments["bytes"] == one.arguments["bytes"]
            ]
            if by_hand:
                rows.append((who, one.arguments["bytes"], one.median / min(by_hand)))
    if not rows:
        return None
    transports = list(dict.fromkeys(who for who, _, _ in rows))[::-1]
    sizes = sorted({size for _, size, _ in rows})
    figure, axes = style.plt.subplots(figsize=(8.5, 0.42 * len(transports) + 1.6))
    axes.axvline(1, color=style.COLOURS["by_hand"], lw=1)
    shades = style.plt.get_cmap("viridis")
    for place, size in enumerate(sizes):
        points = [(ratio, transports.index(who)) for who, of_size, ratio in rows if of_size == size]
        axes.scatter(
            *zip(*points),
            s=46,
            color=shades(0.9 * place / max(1, len(sizes) - 1)),
            label=style.in_bytes(size),
            zorder=3,
        )
    axes.set_yticks(range(len(transports)), transports)
    axes.set_xlabel("one way, as a multiple of the same system calls by hand")
    axes.set_xlim(left=min(0.8, min(ratio for _, _, ratio in rows) - 0.05))
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


# Of the carriers that behave alike one stands for all; the rest is in the page's table.
SHOWN_AWAKE = ("direct.polling", "direct.blocking", "mailbox.blocking", "mqueue", "pipe", "unix_stream", "tcp")
SHOWN_ASLEEP = (
    "direct.blocking",
    "mailbox.blocking",
    "mqueue",
    "pipe",
    "unix_stream",
    "plain_futex",
    "by_hand.blocking.pipe",
    "by_hand.blocking.unix_stream",
)

# Where latencies are told; the last only where a run is long enough.
POINTS = ["p50", "p90", "p99", "p99.9", "p99.99"]


def draw_percentiles(axes, everybody, colours):
    ends = []
    for one in everybody:
        known = [(place, one.shares[share]) for place, share in enumerate(POINTS) if share in one.shares]
        axes.plot(
            *zip(*known), style.LINES[style.group(one)], color=colours[one.who], marker="o", markersize=3, lw=1.6
        )
        ends.append((*known[-1], one.label, colours[one.who]))
    axes.set_yscale("log")
    axes.set_xticks(range(len(POINTS)), POINTS)
    style.logarithmic(axes.yaxis, style.in_time)
    return ends


def percentiles(run):
    def chosen(what, shown):
        return [one for one in run.of(what) if one.shares and (one.kind in ("peer", "plain") or one.who in shown)]

    running = chosen("latency", SHOWN_AWAKE)
    asleep = chosen("sleeping_latency", SHOWN_ASLEEP)
    if not running and not asleep:
        return None
    figure, (left, right) = style.plt.subplots(1, 2, figsize=(12, 6))
    figure.subplots_adjust(wspace=0.85)
    colours = style.shades(sorted(running + asleep, key=lambda one: one.kind != "parley"))
    for axes, everybody, title in ((left, running, "awake"), (right, asleep, "asleep")):
        ends = draw_percentiles(axes, everybody, colours)
        axes.set_title(title)
        axes.set_ylabel("one way")
        style.label_ends(axes, ends, room=0.04)
    return figure
