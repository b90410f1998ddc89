#!/usr/bin/env python3
"""Table and curves of what perf/sample_efficiency.sh trained: episodes until the test score first reaches a threshold and from when it stays above it,
for every seed, and the median curve with the spread over seeds, as figure 2 of the paper. Needs matplotlib for the curves.

perf/sample_efficiency.py DIR TASK THRESHOLD --csv FILE --svg FILE [--variants naf fitted ...]
"""
import argparse
import csv
import json
import pathlib
import statistics

NAMES = {
    "naf": "NAF",
    "replay": "NAF, as many updates more from R",
    "fitted": "fitted dynamics",
    "fitted-ilqg": "fitted dynamics, 0.5 iLQG",
    "true": "true dynamics",
    "network": "network dynamics",
    "batch": "fitted to the batch as one",
    "shifted": "fitted, wrong phase",
    "observation": "fitted over observations",
    "no-prior": "fitted without prior",
    "ilqg": "0.5 iLQG, no imagination",
}


def curves(run):
    """seed -> [(episode, test score)]"""
    found = {}
    with open(run / "metrics.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["test_score"]:
                found.setdefault(int(row["seed"]), []).append((int(row["episode"]), float(row["test_score"])))
    return found


def first(curve, threshold):
    return next((e for e, score in curve if score >= threshold), None)


def stays(curve, threshold):
    since = None
    for e, score in reversed(curve):
        if score < threshold:
            break
        since = e
    return since


def middle(values):
    """Median where a seed that never came counts as later than all others."""
    ordered = sorted(float("inf") if v is None else v for v in values)
    m = statistics.median(ordered)
    return None if m == float("inf") else m


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("task")
    parser.add_argument("threshold", type=float)
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--variants", nargs="+", default=["naf", "replay", "fitted", "fitted-ilqg", "true", "network"])
    parser.add_argument("--until", type=int, help="last episode of the curves")
    parser.add_argument("--least", type=float, help="lowest score of the curves")
    given = parser.parse_args()
    data = {v: curves(given.folder / f"{given.task}-{v}") for v in given.variants if (given.folder / f"{given.task}-{v}").is_dir()}

    rows = []
    for variant, found in data.items():
        firsts = [first(c, given.threshold) for c in found.values()]
        stay = [stays(c, given.threshold) for c in found.values()]
        finals = [c[-1][1] for c in found.values()]
        best = [max(s for _, s in c) for c in found.values()]
        rows.append((variant, middle(firsts), firsts, middle(stay), stay, statistics.median(best), statistics.median(finals), min(finals)))
        print(f"{NAMES[variant]:36s} first {middle(firsts)} {firsts}  stays from {middle(stay)} {stay}  "
              f"best {statistics.median(best):.3f}  final {statistics.median(finals):.3f} (lowest {min(finals):.3f})")
    if given.csv:
        with open(given.csv, "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["variant", "seed", "episode", "test_score"])
            for variant, found in data.items():
                for seed, curve in found.items():
                    out.writerows([variant, seed, e, f"{s:.4f}"] for e, s in curve)
    if given.svg:
        draw(data, given)


def draw(data, given):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "naf"
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(8, 5))
    for variant, found in data.items():
        episodes = [e for e, _ in next(iter(found.values()))]
        episodes = [e for e in episodes if all(e in dict(c) for c in found.values()) and (not given.until or e <= given.until)]
        scores = [[dict(c)[e] for c in found.values()] for e in episodes]
        line, = axes.plot(episodes, [statistics.median(s) for s in scores], label=NAMES[variant])
        axes.fill_between(episodes, [min(s) for s in scores], [max(s) for s in scores], color=line.get_color(), alpha=0.12, linewidth=0)
    axes.axhline(given.threshold, color="grey", linewidth=0.8, linestyle="--")
    if given.least is not None:
        axes.set_ylim(bottom=given.least)
    axes.set_xlabel("real episodes")
    axes.set_ylabel("test score")
    axes.set_title(f"{given.task}: median and range over {len(next(iter(data.values())))} seeds")
    axes.legend(loc="lower right", fontsize=8)
    axes.grid(alpha=0.2)
    figure.tight_layout()
    figure.savefig(given.svg, metadata={"Date": None})


if __name__ == "__main__":
    main()
