#!/usr/bin/env python3
"""Asks Debian's Prometheus and our API the same queries over the same series and compares the answers.

    promql_diff.py SERIES_API [--seed N] [--queries N]

Series and queries come from the seed, which is printed, and a third as many that were broken; after them the chosen
queries, what both must refuse, and what is known to differ (docs/promql.md).
Numbers may differ by a billionth of their size. Prints each difference (30 at most), the request with it, and exits 1
when there is any; 77 where prometheus is not installed.
"""

import argparse
import re
import secrets
import sys
import tempfile
from pathlib import Path

from answer_comparison import difference, difference_of_counts
from chosen_queries import ANSWERED, ORDERED, REFUSED, REFUSED_OVER_A_RANGE
from dataset import BEGIN_MS, Dataset
from known_differences import ALWAYS, reason_for, reason_to_answer
from peers import Ours, Prometheus
from query_grammar import Grammar

SKIPPED = 77
SHOWN = 30
AT = BEGIN_MS // 1000 + 5400.5


class Campaign:
    def __init__(self, theirs, ours):
        self._theirs, self._ours = theirs, ours
        self.asked = self.answered = self.differences = 0
        self.known = {}

    def ask(self, call, parameters):
        query = parameters.get("query", "")
        if query:
            parameters = {**parameters, "stats": "all"}
        self.asked += 1
        theirs, ours = self._theirs.ask(call, **parameters), self._ours.ask(call, **parameters)
        self.answered += theirs[0] == 200
        found = difference(theirs, ours, call == "query" and query.startswith(ORDERED))
        if query and not found:
            found = difference_of_counts(theirs, ours)
        if found:
            self._count(call, parameters, found, reason_for(query, found))

    def _count(self, call, parameters, found, reason):
        if reason:
            self.known[reason] = self.known.get(reason, 0) + 1
            return
        self.differences += 1
        if self.differences <= SHOWN:
            print(f"{call} {parameters}\n    {found}")

    def ask_broken(self, call, parameters):
        """Both answer or both refuse, in whatever words."""
        self.asked += 1
        theirs, ours = self._theirs.ask(call, **parameters), self._ours.ask(call, **parameters)
        if theirs[0] == ours[0]:
            return
        found = difference(theirs, ours)
        reason = reason_for(parameters["query"], found)
        if not reason and ours[0] == 200:
            reason = reason_to_answer(theirs[1]["error"])
        self._count(call, parameters, found, reason)

    def must_refuse(self, call, parameters):
        self.asked += 1
        for name, api in (("prometheus", self._theirs), ("series_api", self._ours)):
            status, body = api.ask(call, **parameters)
            if status == 200:
                self.differences += 1
                print(f"{call} {parameters}\n    {name} answers: {str(body)[:200]}")

    def must_differ(self, query, how):
        parameters = {"query": query, "time": AT}
        self.asked += 1
        found = difference(self._theirs.ask("query", **parameters), self._ours.ask("query", **parameters))
        if not re.search(how, found) or not found:
            self.differences += 1
            print(f"query {parameters}\n    is said to differ ({how}): {found or 'it does not'}")


def ask_all(campaign, grammar, queries):
    for _ in range(queries):
        campaign.ask(*grammar.request())
    for _ in range(queries // 3):
        campaign.ask_broken(*grammar.broken_request())
    for query in ANSWERED:
        campaign.ask("query", {"query": query, "time": AT})
        campaign.ask("query_range", {"query": query, "start": AT, "end": AT + 900, "step": 60})
    for query, how in ALWAYS:
        campaign.must_differ(query, how)
    for query in REFUSED:
        campaign.must_refuse("query", {"query": query, "time": AT})
    for query in REFUSED_OVER_A_RANGE:
        campaign.must_refuse("query_range", {"query": query, "start": AT, "end": AT + 60, "step": 15})
    window = {"start": BEGIN_MS // 1000, "end": BEGIN_MS // 1000 + 7200}
    campaign.ask("labels", window)
    for matchers in (["up"], ['{job="api"}', "temperature"], ['{__name__=~"l.*",le!="1"}'], ["nothing"]):
        campaign.ask("series", {"match[]": matchers, **window})
        campaign.ask("labels", {"match[]": matchers, **window})


def run(arguments):
    seed = arguments.seed if arguments.seed is not None else secrets.randbelow(1 << 32)
    print(f"--seed {seed} --queries {arguments.queries}")
    with tempfile.TemporaryDirectory(prefix="slowburn-") as folder:
        dataset = Dataset(seed)
        theirs = Prometheus(Path(folder) / "theirs")
        try:
            theirs.write(dataset)
            ours = Ours(arguments.series_api, Path(folder) / "ours", dataset)
            try:
                campaign = Campaign(theirs, ours)
                ask_all(campaign, Grammar(seed), arguments.queries)
            finally:
                ours.end()
        finally:
            theirs.end()
    for reason, count in sorted(campaign.known.items()):
        print(f"known: {count} times {reason}")
    print(f"{campaign.asked} asked, {campaign.answered} answered, {campaign.differences} differ")
    return 1 if campaign.differences else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("series_api")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--queries", type=int, default=300)
    arguments = parser.parse_args()
    if not Prometheus.is_installed():
        print("skipped: prometheus is not installed; run ./dev deps --all")
        return SKIPPED
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
