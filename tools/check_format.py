#!/usr/bin/env python3
"""Tells which C++ files of the rooms differ from .clang-format.

    tools/check_format.py [ROOT]

Exits 0 when none does, else 1. It changes nothing: ./dev fmt does.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ among the sources.
from check_layers import source_files  # noqa: E402

BATCH = 16  # Files per process: enough to hide its start, few enough to share out.
DIFFERS = re.compile(r"^(.+?):\d+:\d+: error: code should be clang-formatted", re.MULTILINE)


def check_batch(root, files):
    """(files that differ, output where clang-format itself has trouble) of one run."""
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=root, capture_output=True,
                            text=True, check=False)
    differing = set(DIFFERS.findall(result.stderr))
    return differing, result.stderr if result.returncode != 0 and not differing else ""


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 1
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    if shutil.which("clang-format") is None:
        print("clang-format is not installed; run apt-get install clang-format")
        return 1
    files = source_files(root)
    if not files:
        print(f"{root} has no C++ files in any room; name the project's root")
        return 1
    batches = [files[start:start + BATCH] for start in range(0, len(files), BATCH)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(lambda batch: check_batch(root, batch), batches))
    differing = sorted(set().union(*(batch for batch, _ in results)))
    troubles = [trouble for _, trouble in results if trouble]
    for trouble in troubles:
        print(trouble.strip())
    for path in differing:
        print(f"{path}: differs from .clang-format")
    print(f"format: {len(differing)} of {len(files)} files differ{'; run ./dev fmt' if differing else ''}")
    return 1 if differing or troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
