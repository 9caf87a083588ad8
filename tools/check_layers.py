#!/usr/bin/env python3
"""Holds the includes of the C++ rooms to the arrows of docs/architecture.md.

    tools/check_layers.py [ROOT]

Reads every #include of the .h and .cc files below the rooms' folders. Prints each that the tables below do not allow, with
what to do instead, and exits 1; exits 0 when there is none.
"""

import os
import re
import sys
from pathlib import Path, PurePosixPath

# Top-level folders that hold C++.
FOLDERS = ("base", "proto", "model", "net", "ottl", "storage", "slo", "promql", "collector", "forward",
           "rules", "serve", "app", "tests", "bench")

LEVELS = {
    "base": 0, "proto": 0,
    "model": 1, "net": 1,
    "ottl": 2, "storage/api": 2,
    "slo": 3, "promql": 3, "collector": 3, "forward": 3, "storage/rocksdb": 3, "storage/series": 3,
    "rules": 4,
    "serve": 5,
    "app": 6, "bench": 6, "tests": 6,
}

# Who may include whom, beyond itself.
ARROWS = {
    "base": set(),
    "proto": set(),
    "model": {"base"},
    "net": {"base"},
    "ottl": {"base", "model"},
    "storage/api": {"base", "model"},
    "storage/rocksdb": {"base", "storage/api"},
    "storage/series": {"base", "model", "storage/api"},
    "slo": {"base", "model", "ottl"},
    "promql": {"base", "model", "storage/api"},
    "collector": {"base", "proto", "model", "net"},
    "forward": {"base", "proto", "model", "net"},
    "rules": {"base", "proto", "model", "ottl", "slo"},
    "serve": {"base", "model", "net", "slo", "promql", "storage/api", "rules"},
    "app": {room for room, level in LEVELS.items() if level < 6},
    "bench": set(LEVELS),
    "tests": set(LEVELS),
}

# Headers that protoc makes: they belong to room proto.
GENERATED = ("opentelemetry/", "google/rpc/", "slowburn/store/", "slowburn/remote_write/")
STORED_USERS = {"app", "rules", "tests", "bench", "proto"}

# Libraries that few rooms may know: (how their headers begin, who may, what the others do).
LIBRARIES = (
    ("rocksdb/", {"storage/rocksdb"}, "use storage/api/store.h"),
    ("grpc", {"collector", "forward", "app", "tests", "bench"}, "let collector or forward do it"),
    ("boost/beast", {"net", "app", "tests", "bench"}, "use net's server or client"),
    ("boost/asio", {"net", "app", "tests", "bench"}, "use net's server or client"),
)

# Whose tests speak a protocol by its own library, to a server that is written without it.
TEST_LIBRARIES = {"grpc": {"net"}}

SEE = "(docs/architecture.md, rooms)"
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def source_files(root):
    """The .h and .cc files of the rooms, as posix paths below `root`, sorted."""
    found = []
    for folder in FOLDERS:
        for place, folders, names in os.walk(root / folder):
            folders[:] = [name for name in folders if name not in ("node_modules", "build")]
            for name in names:
                if name.endswith((".h", ".cc")):
                    found.append((Path(place) / name).relative_to(root).as_posix())
    return sorted(found)


def room_of(path):
    """The room that holds `path`, or None."""
    parts = PurePosixPath(path).parts
    if path.startswith(GENERATED):
        return "proto"
    name = "/".join(parts[:2]) if parts[0] == "storage" else parts[0]
    return name if name in LEVELS else None


def in_testing(path):
    """Below base/testing/ or another room's testing/: what tests share."""
    return "testing" in PurePosixPath(path).parts[:-1]


def is_test(path):
    return path.endswith(("_test.cc", "_bench.cc")) or path.startswith(("tests/", "bench/")) or in_testing(path)


def check_library(path, room, header):
    for prefix, users, instead in LIBRARIES:
        if is_test(path) and room in TEST_LIBRARIES.get(prefix, ()):
            continue
        if header.startswith(prefix) and room not in users:
            return f"{room} may not use <{prefix}...>; {instead} {SEE}"
    return None


def check_generated(path, room, header):
    """`header` is made by protoc, and `room` may use proto or `path` is a test."""
    if is_test(path):
        return None
    if header.startswith("slowburn/store/") and room not in STORED_USERS:
        return f"{room} may not use slowburn/store; app and rules alone know what is stored {SEE}"
    if room == "collector" and not header.startswith("google/rpc/status."):
        return (f"collector may not use {header}; read the bytes with protozero: generated classes cost 60 times "
                f"the memory on hostile input {SEE}")
    return None


def advice(room, target):
    if target == "proto":
        return "take a noun of model/, and let a room that may use proto convert it"
    if room == "base":
        return "base knows no domain: write it in the room that needs it"
    if target in ("tests", "bench"):
        return "move what is shared to a room"
    if LEVELS[target] == LEVELS[room]:
        return "let the two meet through a noun in model/, and app wire them"
    return "let app pass it in"


def check_arrow(path, room, header):
    target = room_of(header)
    if in_testing(header) and not is_test(path):
        return f"only tests may use {target}/testing; move this to a _test.cc, or take it as an argument {SEE}"
    if "internal" in PurePosixPath(header).parts[:-1] and target != room:
        return f"{header} is internal to {target}; use a header beside internal/, or move this one there {SEE}"
    if target != room and target not in ARROWS[room] and not (target == "proto" and is_test(path)):
        return f"{room} may not use {target}; {advice(room, target)} {SEE}"
    if header.startswith(GENERATED):
        return check_generated(path, room, header)
    return None


def check_quoted(root, path, room, header):
    if ".." in PurePosixPath(header).parts or header.startswith("./"):
        return f'"{header}" is a relative path; write it from the root, like "slo/engine.h" {SEE}'
    if room_of(header) is not None:
        return check_arrow(path, room, header)
    sibling = PurePosixPath(path).parent / header
    if (root / sibling).exists():
        return f'"{header}" is a relative path; write "{sibling}" {SEE}'
    return f'"{header}" is in no room; write <{header}> if it is a library\'s, else put it in a room {SEE}'


def check_include(root, path, quoted, angled):
    """What is wrong with one include of `path`, or None."""
    room = room_of(path)
    if room is None:
        return f"{path} is in no room; move it below storage/api, storage/rocksdb or storage/series {SEE}"
    header = quoted or angled
    trouble = check_library(path, room, header)
    if trouble or header.startswith(tuple(prefix for prefix, _, _ in LIBRARIES)):
        return trouble
    if quoted:
        return check_quoted(root, path, room, quoted)
    # <net/if.h> is the system's; <net/content_coding.h> is ours, whatever its brackets.
    if header.startswith(GENERATED) or (header.startswith(FOLDERS) and (root / header).exists()):
        return check_quoted(root, path, room, header)
    return None


def check_file(root, path):
    """(number of includes, lines of trouble) of one file."""
    includes = 0
    troubles = []
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.split("\n"), start=1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        includes += 1
        trouble = check_include(root, path, match.group(1), match.group(2))
        if trouble:
            troubles.append(f"{path}:{number}: {trouble}")
    return includes, troubles


def check(root):
    """(number of files, number of includes, lines of trouble) of the whole project."""
    files = source_files(root)
    results = [check_file(root, path) for path in files]
    return len(files), sum(count for count, _ in results), [line for _, lines in results for line in lines]


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 1
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    files, includes, troubles = check(root)
    if files == 0:
        print(f"{root} has no C++ files in any room; name the project's root")
        return 1
    for trouble in troubles:
        print(trouble)
    print(f"layers: {includes} includes in {files} files, {len(troubles)} not allowed")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
