"""Where Prometheus 2.42 answers otherwise than Prometheus 3, whose language ours is: the table in docs/promql.md."""

import re

# Of queries by the grammar: (what the query has, what the difference is, why).
OF_THE_GRAMMAR = (
    (r"std(dev|var)", r"against .*'NaN'\]", "stddev and stdvar of one Inf or NaN are NaN"),
    (r"atan2", r"missing .*__name__|the same labelset", "atan2 with a scalar drops the name"),
    (r"[<>=]", r"an answer against multiple matches", "a match is refused before the comparison drops it"),
    (r"timestamp\([^()]*@", r"series against|the same labelset", "timestamp() keeps the offset behind an @"),
    (r"size_bytes", r"samples against", "a histogram is as many samples as it is large, and was one"),
)

# Of queries that were broken, where 2.42 refuses what the language has now: (its error, why).
OF_BROKEN_QUERIES = (
    (r"unexpected duration|missing unit character in duration|trailing commas|expected duration",
     "numbers are durations and the other way round"),
    (r'unexpected string .* in (label matching|grouping)', "names may be in quotes"),
    (r"invalid (destination|source) label name", "names may be of any characters"),
    (r"unexpected <without>", "a label may be called without"),
    (r"unexpected number of samples", "a range with @ may stand in parentheses"),
)

# (query, the difference). Each must differ, so that the table stays true.
ALWAYS = (
    ("stddev(vector(Inf))", r"'0'\] against .*'NaN'\]"),
    ("temperature atan2 1", r"missing .*__name__"),
    ("temperature > on () vector(1e9)", r"an answer against multiple matches"),
    ("timestamp(up @ end() offset 7m) * 1", r"0 series against"),
    ("rate(fresh_total[5m])", r"value"),
    ("2 * size_bytes", r"histogram"),
    ("-size_bytes", r"histogram"),
    ("abs(size_bytes)", r"4 series against 0"),
    ("last_over_time(size_bytes[10m])", r"points against"),
    ("histogram_quantile(0.5, size_bytes)", r"value"),
    ("histogram_fraction(0, 3, size_bytes)", r"value"),
    ("histogram_avg(size_bytes)", r"status 400 against 200"),
    ("first_over_time(up[5m])", r"status 400 against 200"),
    ("holt_winters(temperature[5m], 0.5, 0.5)", r"status 200 against 400"),
    ("up[300]", r"status 400 against 200"),
    ("up[5m + 1m]", r"status 400 against 200"),
    ("up offset 60", r"status 400 against 200"),
    ("up * 5m", r"status 400 against 200"),
    ("1_000", r"status 400 against 200"),
    ('{"up", job="api"}', r"status 400 against 200"),
    ('sum by ("job") (up)', r"status 400 against 200"),
)


def reason_for(query, difference):
    """Why they differ, "" where nothing is known."""
    for asked, differs, reason in OF_THE_GRAMMAR:
        if re.search(asked, query) and re.search(differs, difference):
            return reason
    return ""


def reason_to_answer(error):
    """Why ours answers what theirs refuses in these words, "" where nothing is known."""
    for words, reason in OF_BROKEN_QUERIES:
        if re.search(words, error):
            return reason
    return ""
