#!/usr/bin/env python3
"""Runs the simulator against each fault of base/mutant.h and tells how many seeds find it.

usage: tools/mutants.py SIM [--ranges N] [--seeds N] [--only NAME] [--markdown]
SIM is a simulator that was built with -DSLOWBURN_MUTANTS=ON. Each mutant runs in N ranges of seeds that have none in
common, until a seed fails; the median of how many seeds that took is printed. Exit code 1 when one outlives a range.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUTANT = re.compile(r'SB_MUTANT\("([a-z_]+)"\)')
RANGE_DISTANCE = 100_000


def find_mutants():
    """(name, file) of every mutant, in the order of the files."""
    found = []
    for path in sorted(ROOT.glob("*/**/*.cc")):
        place = path.relative_to(ROOT)
        if place.parts[0] == "build":
            continue
        found += [(name, str(place)) for name in MUTANT.findall(path.read_text())]
    return found


def run(sim, mutant, first, seeds):
    """How many seeds from `first` on it took, and the invariant that broke; (None, why) when none did."""
    command = [sim, "--plain", "--from", str(first), "--seeds", str(seeds)]
    if mutant:
        command += ["--mutant", mutant]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    failed = re.search(r"^FAILED seed (\d+):? (?:invariant )?(.*)$", done.stdout, re.MULTILINE)
    if failed:
        return int(failed[1]) - first + 1, failed[2]
    if done.returncode == 0:
        return None, "no seed fails"
    # It ended the program itself: found as well, by the seed where it stopped.
    return None, f"ended with {done.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sim")
    parser.add_argument("--ranges", type=int, default=9)
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", action="store_true", help="the table of docs/mutants.md")
    arguments = parser.parse_args()
    mutants = [(name, place) for name, place in find_mutants() if arguments.only in ("", name)]
    if not mutants:
        print(f"there is no mutant {arguments.only}; base/mutant.h says how one is written", file=sys.stderr)
        return 1
    firsts = [1 + i * RANGE_DISTANCE for i in range(arguments.ranges)]
    outlived = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, (name, place) in enumerate(mutants, 1):
            found = list(pool.map(lambda first: run(arguments.sim, name, first, arguments.seeds), firsts))
            kills = [seeds for seeds, _ in found if seeds is not None]
            alive = arguments.ranges - len(kills)
            outlived += alive > 0
            median = f"{statistics.median(kills):g}" if kills else "-"
            invariants = sorted({what for seeds, what in found if seeds is not None})
            note = f"{alive} of {arguments.ranges} ranges outlived: {found[-1][1]}" if alive else ", ".join(invariants)
            if arguments.markdown:
                print(f"| `{name}` | `{place}` | {median} | {max(kills, default=0)} | {note} |", flush=True)
            else:
                print(f"{number:2}/{len(mutants)} {name:22} {median:>6} {max(kills, default=0):>6}  {note}", flush=True)
    print(f"{len(mutants) - outlived} of {len(mutants)} mutants found in every range of {arguments.seeds} seeds",
          file=sys.stderr)
    return 1 if outlived else 0


if __name__ == "__main__":
    sys.exit(main())
