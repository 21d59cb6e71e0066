#!/usr/bin/env python3
"""Makes the report of a run of parley_bench: summarised data, plots, and one page that shows them.

    bench/report.py RAW.json --into FOLDER           of what --benchmark_out wrote
    bench/report.py FOLDER/results.json --into FOLDER   draws again what was summarised before

Writes results.json, an SVG for each plot, and index.html, which needs no other file. Needs matplotlib.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from plots import copy_and_map, latency, page, results, scaling, throughput  # noqa: E402

# In the order in which the page shows them: the file's name, what is said of it, and what draws it. A plot whose series
# are not in the run is left out.
PLOTS = [
    ("latency", latency.SIZES, latency.against_size),
    ("copy_and_map", copy_and_map.TEXT, copy_and_map.crossover),
    ("by_hand", latency.BY_HAND, latency.over_system_calls),
    ("percentiles", latency.PERCENTILES, latency.percentiles),
    ("throughput", throughput.TEXT, throughput.one_to_one),
    ("scaling", scaling.TEXT, scaling.all_three),
    ("memory", scaling.MEMORY, scaling.memory),
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=pathlib.Path, help="what --benchmark_out wrote, or a results.json")
    arguments.add_argument("--into", type=pathlib.Path, required=True, help="the folder of the report")
    given = arguments.parse_args()

    run = results.load(given.data)
    given.into.mkdir(parents=True, exist_ok=True)
    run.save(given.into / "results.json")
    shown = []
    for name, text, draw in PLOTS:
        file = given.into / f"{name}.svg"
        file.unlink(missing_ok=True)
        figure = draw(run)
        if figure is not None:
            # Without a date, and with the same names inside, the same data give the same file.
            figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
            shown.append((text, file))
    (given.into / "index.html").write_text(page.made_of(run, shown), encoding="utf-8")
    print(f"report: {given.into / 'index.html'}")


if __name__ == "__main__":
    main()
