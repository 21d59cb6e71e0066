"""What a run measured, by series: the names are those of parley_bench (support/suite.hpp says how they are made)."""

import json
import math
import re
from dataclasses import dataclass, field
from statistics import median

# Google Benchmark's counters that are a figure, and the unit they are in.
UNITS = {"one_way_ns": "ns", "messages_per_second": "/s", "bytes": "B"}
SHARES = ["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"]
ARGUMENTS = {"bytes": 64, "producers": 1, "consumers": 1, "queued": 0, "channels": 1}


@dataclass
class Series:
    """One thing that was measured again and again."""

    name: str
    unit: str
    runs: int
    median: float
    quartiles: list
    range: list
    shares: dict = field(default_factory=dict)  # of latencies: the median of all runs, at each share
    who: str = ""
    what: str = ""
    arguments: dict = field(default_factory=dict)

    def __post_init__(self):
        self.who, self.what, *rest = self.name.split("/")
        said = {key: int(value) for key, value in (part.split(":") for part in rest)}
        self.arguments = ARGUMENTS | said

    @property
    def kind(self):
        """Who this is: "parley", "peer", "by_hand" (system calls), or "plain" (no names, no care for the dead)."""
        for kind in ("peer", "by_hand", "plain", "bare"):
            if re.match(rf"{kind}[._]", self.who):
                return "plain" if kind == "bare" else kind
        return "parley"

    @property
    def label(self):
        text = re.sub(r"^(peer|by_hand)\.", "", self.who)
        if self.kind == "by_hand":
            return text.split(".", 1)[1] + " by hand"
        return LABELS.get(self.who, text)


LABELS = {
    "peer.aeron": "Aeron IPC",
    "peer.iceoryx2": "iceoryx2",
    "peer.iceoryx": "iceoryx",
    "peer.zeromq": "ZeroMQ ipc",
    "peer.nng": "nng ipc",
    "peer.boost_message_queue": "Boost message_queue",
    "peer.boost_lockfree": "Boost.Lockfree spsc_queue",
    "plain_spsc.slot_sequence": "plain SPSC ring",
    "plain_spsc.cached_index": "plain SPSC ring, cached indices",
    "plain_mpmc": "plain Vyukov ring",
    "plain_futex": "bare futex",
    "bare_line.one_each_way": "bare cache lines",
}


class Run:
    def __init__(self, machine, bars, series):
        self.machine = machine
        self.bars = bars
        self.series = series

    def of(self, what, **arguments):
        """All series of that shape, where the arguments are these and else the usual ones. None: any."""
        wanted = ARGUMENTS | arguments
        return [
            one
            for one in self.series.values()
            if one.what == what and all(value is None or one.arguments[key] == value for key, value in wanted.items())
        ]

    def curves(self, what, along, **arguments):
        """For each who: its series, in the order of one argument."""
        found = {}
        for one in self.of(what, **({along: None} | arguments)):
            found.setdefault(one.who, []).append(one)
        return {who: sorted(all_of_it, key=lambda one: one.arguments[along]) for who, all_of_it in found.items()}

    def save(self, file):
        """A line for each series, so that two runs can be compared by eye."""

        def dumped(value):
            return json.dumps(value, ensure_ascii=False)

        lines = [
            f"    {dumped(one.name)}: "
            + dumped(
                {"unit": one.unit, "runs": one.runs, "median": one.median, "quartiles": one.quartiles}
                | {"range": one.range}
                | ({"shares": one.shares} if one.shares else {})
            )
            for one in self.series.values()
        ]
        machine = ",\n".join(f"    {dumped(key)}: {dumped(value)}" for key, value in self.machine.items())
        bars = ",\n".join(f"    {dumped(bar)}" for bar in self.bars)
        file.write_text(
            "{\n"
            + f'  "machine": {{\n{machine}\n  }},\n'
            + f'  "bars": [\n{bars}\n  ],\n'
            + '  "series": {\n'
            + ",\n".join(lines)
            + "\n  }\n}\n",
            encoding="utf-8",
        )


def rounded(value):
    """Four digits, which is more than any figure here is worth."""
    return float(f"{value:.4g}")


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[math.floor((len(ordered) - 1) * share + 0.5)]


def summarised(name, samples):
    """`samples`: the counters of each run of one series."""
    unit = next(counter for counter in UNITS if counter in samples[0])
    values = [one[unit] for one in samples]
    shares = {}
    for share in SHARES:
        known = [one[share] for one in samples if share in one]
        if len(known) * 2 > len(samples):  # or those runs are told that happened to be long
            shares[share] = rounded(median(known))
    return Series(
        name,
        UNITS[unit],
        len(values),
        rounded(quantile(values, 0.5)),
        [rounded(quantile(values, 0.25)), rounded(quantile(values, 0.75))],
        [rounded(min(values)), rounded(max(values))],
        shares,
    )


def ratios(bar, figures):
    """The bar with its ratio: the median over those rounds that have both. The fastest of the references counts, and
    where there is none the figure itself."""
    a = figures.get(bar["a"])
    references = [figures[name] for name in bar["b"] if name in figures]
    if a is None or (bar["b"] and not references):
        return None
    if not references:
        return bar | {"reference": None, "ratio": None}
    most = "messages_per_second" in next(iter(a.values()))

    def figure(sample):
        return next(sample[counter] for counter in UNITS if counter in sample)

    def typical(rounds):
        return median(figure(sample) for sample in rounds.values())

    best = (max if most else min)(references, key=typical)
    both = [figure(a[number]) / figure(best[number]) for number in a if number in best]
    if not both:
        return None
    name = next(name for name in bar["b"] if figures.get(name) is best)
    middle = [rounded(quantile(both, 0.25)), rounded(quantile(both, 0.75))]
    return bar | {"reference": name, "ratio": rounded(quantile(both, 0.5)), "middle_half": middle}


def of_google_benchmark(data):
    figures = {}
    for entry in data["benchmarks"]:
        found = re.match(r"(.*)/round:(\d+)(/|$)", entry["name"])
        if found and not entry.get("error_occurred"):
            figures.setdefault(found[1], {})[int(found[2])] = entry
    context = data["context"]
    machine = {
        key: context[key]
        for key in ("processor", "cores", "kernel", "compiler", "pinning", "rounds", "crossover", "missing")
        if key in context
    }
    machine["date"] = context["date"][:10]
    machine["kernel"] = re.sub(r"-.*", "", machine.get("kernel", ""))  # a distributor's suffix says nothing here
    bars = [ratios(bar, figures) for bar in json.loads(context.get("bars", "[]"))]
    series = {name: summarised(name, list(rounds.values())) for name, rounds in figures.items()}
    return Run(machine, [bar for bar in bars if bar is not None], series)


def load(file):
    data = json.loads(file.read_text(encoding="utf-8"))
    if "benchmarks" in data:
        return of_google_benchmark(data)
    return Run(data["machine"], data["bars"], {name: Series(name, **rest) for name, rest in data["series"].items()})
