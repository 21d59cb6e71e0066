"""How all plots look, so that a colour means the same in each."""

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator  # noqa: E402

plt.rcParams.update(
    {
        "font.size": 10,
        "svg.fonttype": "path",  # looks the same where the font is missing
        "svg.hashsalt": "parley",  # the same data give the same file
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#e4e4e4",
        "figure.facecolor": "white",
    }
)

COLOURS = {"parley": "#1f5fa8", "kernel": "#2a8a57", "peer": "#c8551b", "by_hand": "#777777", "plain": "#777777"}
MEANING = {
    "parley": "parley, shared memory",
    "kernel": "parley, through the kernel",
    "peer": "other libraries",
    "plain": "bare: no names, no waiting, no care for the dead",
    "by_hand": "system calls by hand",
}
# Where one colour has several curves, these tell them apart.
SHADES = {
    "parley": ["#1f5fa8", "#5b9bd8", "#12325c", "#7d6fd0", "#3fa7c4", "#4b3fa0"],
    "kernel": ["#2a8a57", "#6fb53f", "#0f5a4c", "#94a728", "#39b39a", "#456b1f", "#1c7d86", "#5f9d6d", "#98c26b"],
    "peer": ["#c8551b", "#e0912f", "#a3264a", "#d9577c", "#8c4a1d", "#e3704f", "#7a2b6f"],
    "plain": ["#555555", "#999999", "#333333"],
    "by_hand": ["#777777"],
}
LINES = {"parley": "-", "kernel": "-", "peer": "--", "plain": ":", "by_hand": ":"}

KERNEL = ("mqueue", "sysv_mqueue", "pipe", "fifo", "unix_", "tcp", "udp", "rt_signal")


def group(one):
    """The colour of a series."""
    if one.kind == "parley" and one.who.startswith(KERNEL):
        return "kernel"
    return one.kind


def shades(everybody):
    """A colour for each who, of the shades of its group."""
    taken = {}
    chosen = {}
    for one in everybody:
        if one.who not in chosen:
            colours = SHADES[group(one)]
            chosen[one.who] = colours[taken.get(group(one), 0) % len(colours)]
            taken[group(one)] = taken.get(group(one), 0) + 1
    return chosen


def in_time(nanoseconds, _=None):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def in_bytes(size, _=None):
    for unit, one in (("MiB", 2**20), ("KiB", 2**10)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return f"{size:.3g} B"


def in_rate(per_second, _=None):
    for unit, size in (("M/s", 1e6), ("k/s", 1e3)):
        if per_second >= size:
            return f"{per_second / size:.3g} {unit}"
    return f"{per_second:.3g} /s"


def figure(unit, value):
    return {"ns": in_time, "/s": in_rate, "B": in_bytes}[unit](value)


def logarithmic(axis, written, ticks=None):
    """Writes out the ticks of a log axis; `ticks` where the decades are not what is wanted. On a short axis there are
    ticks between the decades too."""
    if ticks is not None:
        axis.set_ticks(ticks)
        axis.set_minor_locator(NullLocator())
    else:
        low, high = axis.get_view_interval()
        if high / low < 1000:
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(written))
    axis.set_minor_formatter(NullFormatter())


def dots(axes, everybody, label, written):
    """A row for each: its median, the middle half of its runs, and the figure."""
    for place, one in enumerate(everybody):
        colour = COLOURS[group(one)]
        axes.plot(one.quartiles, [place, place], color=colour, lw=4, alpha=0.3, solid_capstyle="round")
        axes.plot(one.median, place, "o", color=colour, markersize=6)
        axes.annotate(
            written(one.median),
            xy=(max(one.median, one.quartiles[1]), place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(everybody)), [label(one) for one in everybody], fontsize=9)
    axes.set_ylim(-0.6, len(everybody) - 0.4)


def spread_out(heights, least):
    """Moves heights apart, in their order, until none is closer than `least` to its neighbour."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed = [[heights[index], [index]] for index in order]  # clusters: their middle, and who is in them
    merged = True
    while merged:
        merged = False
        for at in range(len(placed) - 1):
            (low, below), (high, above) = placed[at], placed[at + 1]
            if high - low < least * (len(below) + len(above)) / 2 - 1e-9:
                both = below + above
                placed[at : at + 2] = [[sum(heights[index] for index in both) / len(both), both]]
                merged = True
                break
    result = [0.0] * len(heights)
    for middle, members in placed:
        for rank, index in enumerate(members):
            result[index] = middle + (rank - (len(members) - 1) / 2) * least
    return result


def legend(axes, everybody, above=False):
    """What the colours mean; `above` the axes, where there is no room in them."""
    groups = [each for each in MEANING if any(group(one) == each for one in everybody)]
    handles = [matplotlib.lines.Line2D([], [], color=COLOURS[each], ls=LINES[each], lw=2) for each in groups]
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncol": 2} if above else {"loc": "best"}
    axes.legend(handles, [MEANING[each] for each in groups], framealpha=0.9, edgecolor="none", **place)


def label_ends(axes, curves, room=0.03):
    """Writes each curve's name beside its last point, in its colour. `curves`: (x, y, text, colour) of the ends; both
    axes are logarithmic or linear as they are. `room`: what a line of text takes, as a share of the height."""
    if not curves:
        return
    axes.set_xlim(axes.get_xlim())  # what is drawn from here on moves nothing
    axes.set_ylim(axes.get_ylim())
    to_axes = axes.transData.transform
    from_display = axes.transAxes.inverted().transform
    ends = [from_display(to_axes((x, y))) for x, y, _, _ in curves]
    heights = spread_out([end[1] for end in ends], room)
    highest = 1.0
    for index in sorted(range(len(heights)), key=lambda index: -heights[index]):
        heights[index] = min(heights[index], highest)
        highest = heights[index] - room
    for end, height, (_, _, text, colour) in zip(ends, heights, curves):
        line = {"transform": axes.transAxes, "color": colour, "clip_on": False}
        axes.plot([end[0], 1.04], [end[1], height], lw=0.5, alpha=0.5, **line)
        axes.text(1.05, height, text, transform=axes.transAxes, color=colour, fontsize=9, va="center")
