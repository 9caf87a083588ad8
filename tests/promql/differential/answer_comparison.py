"""Whether two answers of Prometheus' API say the same."""

import json
import math

TOLERANCE = 1e-9  # relative


def same_number(a, b):
    x, y = float(a), float(b)
    if math.isnan(x) or math.isnan(y):
        return math.isnan(x) and math.isnan(y)
    return x == y or abs(x - y) <= TOLERANCE * max(abs(x), abs(y))


def same_histogram(a, b):
    return (same_number(a["count"], b["count"]) and same_number(a["sum"], b["sum"])
            and len(a.get("buckets", [])) == len(b.get("buckets", []))
            and all(x[0] == y[0] and all(same_number(p, q) for p, q in zip(x[1:], y[1:]))
                    for x, y in zip(a.get("buckets", []), b.get("buckets", []))))


def same_points(kind, a, b):
    if len(a) != len(b):
        return f"{len(a)} points against {len(b)}"
    same = same_histogram if kind.startswith("histogram") else same_number
    for x, y in zip(a, b):
        if x[0] != y[0] or not same(x[1], y[1]):
            return f"{x} against {y}"
    return ""


def difference_of_series(a, b):
    """`values` and `histograms` of one series of a vector or matrix."""
    for kind in ("value", "histogram", "values", "histograms"):
        x, y = a.get(kind, []), b.get(kind, [])
        if kind in ("value", "histogram"):
            x, y = [x] if x else [], [y] if y else []
        difference = same_points(kind, x, y)
        if difference:
            return f"{json.dumps(a['metric'])} {kind}: {difference}"
    return ""


def by_labels(result):
    return {json.dumps(series["metric"], sort_keys=True): series for series in result}


def difference(theirs, ours, is_ordered=False):
    """What is not the same in (status, body), theirs first; "" where nothing is."""
    if theirs[0] != ours[0]:
        return f"status {theirs[0]} against {ours[0]}: {error_of(theirs)} against {error_of(ours)}"
    if theirs[0] != 200:
        kinds = theirs[1]["errorType"], ours[1]["errorType"]
        return "" if kinds[0] == kinds[1] else f"error {kinds[0]} against {kinds[1]}: {error_of(theirs)}"
    a, b = theirs[1]["data"], ours[1]["data"]
    if not isinstance(a, dict):
        return "" if a == b else f"{json.dumps(a)[:300]} against {json.dumps(b)[:300]}"
    if a["resultType"] != b["resultType"]:
        return f"a {a['resultType']} against a {b['resultType']}"
    if a["resultType"] == "scalar":
        return same_points("value", [a["result"]], [b["result"]])
    if a["resultType"] == "string":
        return "" if a["result"] == b["result"] else f"{a['result']} against {b['result']}"
    return difference_of_results(a["result"], b["result"], is_ordered)


def difference_of_results(a, b, is_ordered):
    x, y = by_labels(a), by_labels(b)
    missing, more = sorted(x.keys() - y.keys()), sorted(y.keys() - x.keys())
    if missing or more:
        return f"{len(x)} series against {len(y)}; missing {missing[:3]}, more {more[:3]}"
    if is_ordered:  # Of equal values any may come first.
        return same_points("values", [series["value"] for series in a], [series["value"] for series in b])
    for labels, series in x.items():
        found = difference_of_series(series, y[labels])
        if found:
            return found
    return ""


def counts_of(answer):
    """How many samples a query with stats=all looked at: [(time, count) of each step], and all together."""
    samples = answer[1]["data"]["stats"]["samples"]
    return samples["totalQueryableSamplesPerStep"], samples["totalQueryableSamples"]


def difference_of_counts(theirs, ours):
    """Of two answers with the same data: where they say that different numbers of samples were looked at."""
    if theirs[0] != 200 or ours[0] != 200:
        return ""
    (a, total_a), (b, total_b) = counts_of(theirs), counts_of(ours)
    if [step[0] for step in a] != [step[0] for step in b]:
        return f"counts of {len(a)} steps against {len(b)}"
    for x, y in zip(a, b):
        if x != y:
            return f"{x[1]} samples against {y[1]} at {x[0]}"
    return "" if total_a == total_b == sum(step[1] for step in a) else f"{total_a} samples against {total_b}"


def error_of(answer):
    return answer[1].get("error", "an answer") if answer[0] != 200 else "an answer"
