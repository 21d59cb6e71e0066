"""What it costs to be many."""

from . import style

TEXT = (
    "Scaling",
    "Left: what a message costs where 1 to 8 processes send to one. Middle: a message sent and one received while so "
    "many stand in the queue. Right: one way of a ping-pong that takes the next of so many open channels each time.",
)
MEMORY = ("Memory", "What a channel takes in the file system of shared memory, for 64-byte messages.")


def panel(axes, curves, along, value, xlabel, ylabel):
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    if not curves:
        axes.set_visible(False)
        return
    axes.set_xscale("log", base=2 if along == "producers" else 10)
    axes.set_yscale("log")
    ordered = sorted(curves.values(), key=lambda curve: curve[0].kind != "parley")
    colours = style.shades([curve[0] for curve in ordered])
    ends = []
    for curve in ordered:
        one = curve[0]
        places = [each.arguments[along] for each in curve]
        axes.plot(
            places,
            [value(each.median) for each in curve],
            style.LINES[style.group(one)],
            color=colours[one.who],
            marker="o",
            markersize=3.5,
            lw=1.6,
        )
        bands = [sorted(value(each) for each in each_one.quartiles) for each_one in curve]
        axes.fill_between(places, *zip(*bands), color=colours[one.who], alpha=0.12, lw=0)
        ends.append((places[-1], value(curve[-1].median), one.label, colours[one.who]))
    ticks = sorted({each.arguments[along] for curve in ordered for each in curve})
    style.logarithmic(axes.xaxis, lambda tick, _: f"{tick:,.0f}", ticks)
    style.logarithmic(axes.yaxis, style.in_time)
    style.label_ends(axes, ends, room=0.055)


def longer(curves):
    return {who: curve for who, curve in curves.items() if len(curve) > 1}


def all_three(run):
    processes = longer(run.curves("stream", "producers"))
    queued = longer(run.curves("standing_queue", "queued"))
    channels = longer(run.curves("channels_in_turn", "channels"))
    if not (processes or queued or channels):
        return None
    figure, (left, middle, right) = style.plt.subplots(1, 3, figsize=(16, 4.5))
    figure.subplots_adjust(wspace=0.95)
    panel(left, processes, "producers", lambda rate: 1e9 / rate, "processes that send", "time per message")
    panel(middle, queued, "queued", lambda time: time, "messages that stand in the queue", "sent and received")
    panel(right, channels, "channels", lambda time: time, "channels open", "one way")
    return figure


def memory(run):
    everybody = sorted(run.of("memory", queued=None), key=lambda one: one.median)
    if not everybody:
        return None
    figure, axes = style.plt.subplots(figsize=(8.5, 0.28 * len(everybody) + 1))
    style.dots(axes, everybody, lambda one: one.label, style.in_bytes)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(style.FuncFormatter(style.in_bytes))
    return figure
