"""Queries by a grammar, from a seed: of every kind, and such that both versions of the language mean the same.

What jumps or makes much of a rounding error (comparisons, floor, topk, tan, stddev) is given numbers that both sides have bit by
bit: samples, and what picks or counts them (`exact`). Subqueries step on whole seconds while the ends of windows are half
ones; so there is none inside another one, whose windows would end on whole seconds.
"""

import random
import re

from dataset import BEGIN_MS, END_MS

GAUGES = ("temperature", "balance", "target", "up", "odd", "build_info")
PLAIN_GAUGES = ("temperature", "balance", "target", "up")
COUNTERS = ("http_requests_total", "errors_total", "latency_seconds_count", "latency_seconds_bucket")
STEADY_COUNTERS = ("http_requests_total", "latency_seconds_count")  # without gaps
LABELS = ("job", "instance", "code", "room", "account", "le", "missing")
RANGES = ("1m", "90s", "2m", "5m", "10m", "1h")
OFFSETS = ("30s", "1m", "7m", "1h", "-2m")
SELECTOR_ENDS = {
    "http_requests_total": ("", '{job="api"}', '{code!="200"}', '{code=~"4..|5.."}', '{instance!~"[ab]:1",job="web"}'),
    "errors_total": ("", '{job=~".*i"}', '{instance="a:1"}', '{job=""}'),
    "latency_seconds_bucket": ("", '{job="api"}', '{le="+Inf"}', '{le=~"0.*"}'),
    "latency_seconds_count": ("", '{job!="web"}'),
    "temperature": ("", '{floor="1"}', '{room=~"at.*|hall"}', '{room!=""}', '{missing=""}'),
    "balance": ("", '{account!="z"}'),
    "target": ("", '{team=~"team-.+"}'),
    "up": ("", '{job="web"}', '{instance="b:1"}', '{instance=~"a:1|c:1"}'),
    "odd": ("", '{kind="nan"}', '{kind!~"nan|inf|minus"}'),
    "build_info": ("",),
    "size_bytes": ("", '{job="api"}', '{instance="b:1"}'),
}
OF_VECTOR = ("abs", "sqrt", "ln", "log2", "log10", "atan", "asinh", "tanh", "deg", "rad", "timestamp", "sort", "sort_desc")
JUMPING = ("ceil", "floor", "round", "sgn", "exp", "sin", "cos", "tan", "asin", "acos", "sinh", "cosh", "acosh", "atanh")
OF_DATES = ("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year")
OVER_TIME = ("avg_over_time", "sum_over_time", "absent_over_time")
EXACT_OVER_TIME = ("stddev_over_time", "stdvar_over_time", "deriv")
PICKING_OVER_TIME = ("min_over_time", "max_over_time", "count_over_time", "last_over_time", "present_over_time",
                     "changes", "resets")
RATES = ("rate", "increase", "irate", "idelta", "delta")
TOKEN = re.compile(r'"[^"]*"|[A-Za-z_0-9.:]+|=~|!~|!=|==|>=|<=|\s+|.')
STRANGE_TOKENS = ("(", ")", "[", "]", "{", "}", ",", "by", "bool", "on", "5m", "1", '"x"', "@", "offset", "-", "up", "and",
                  ":", "=", "ignoring", "group_left")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class Grammar:
    def __init__(self, seed):
        self._random = random.Random(seed)
        self._is_in_subquery = False

    def _one(self, choices):
        return self._random.choice(choices)

    def _one_in(self, count):
        return self._random.randrange(count) == 0

    # --- what is asked of the API

    def request(self):
        """(call, parameters) of an instant or a range query at half seconds."""
        query = self._one((
            *(lambda: self.vector(self._random.randrange(4)),) * 10, lambda: self.scalar(2), self.native))()
        span = (END_MS - BEGIN_MS) // 1000
        start = BEGIN_MS // 1000 + self._random.randrange(span // 2, span) + 0.5
        if self._one_in(2):
            if self._one_in(10):
                query = self.matrix(1)
            return "query", {"query": query, "time": start}
        end = start + self._random.randrange(0, 1800)
        return "query_range", {"query": query, "start": start, "end": end, "step": self._one((1, 7, 15, 60, 300))}

    def broken_request(self):
        """The same with a token gone, twice, elsewhere or replaced; some of them are still queries."""
        call, parameters = self.request()
        tokens = TOKEN.findall(parameters["query"])
        at, other = self._random.randrange(len(tokens)), self._random.randrange(len(tokens))
        kind = self._random.randrange(4)
        if kind == 0:
            del tokens[at]
        elif kind == 1:
            tokens.insert(at, tokens[other])
        elif kind == 2:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        else:
            tokens[at] = self._one(STRANGE_TOKENS)
        return call, {**parameters, "query": "".join(tokens)}

    # --- by type

    def scalar(self, depth):
        kind = self._random.randrange(5) if depth > 0 else 0
        if kind == 1:
            return f"time() - {BEGIN_MS // 1000}"
        if kind == 2:
            return f"scalar({self.exact(depth - 1)})"
        if kind == 3:
            operator = self._one(("+", "-", "*", "/", "%", "^", "atan2"))
            return f"({self.scalar(depth - 1)} {operator} {self.scalar(depth - 1)})"
        if kind == 4:
            return f"({self.scalar(0)} {self._one(COMPARISONS)} bool {self.scalar(0)})"
        return self._one(("0", "1", "2", "0.5", "-1", "1e3", "3.25", "Inf", "NaN", "0x1f", "pi()"))

    def number(self):
        return self._one(("2", "0.5", "3", "10", "-1.5", "100"))

    def vector(self, depth):
        if depth <= 0:
            return self.selector(self._one(PLAIN_GAUGES + COUNTERS))
        return self._one((
            self._aggregation, self._aggregation, self._of_vector, self._of_vector, self._over_time, self._over_time, self._rate,
            self._rate, self._with_scalar, self._with_vector, self._set, self._histogram, self._of_native, self._labels,
            self.exact, self._jumping))(depth)

    def exact(self, depth=1):
        """What both sides have bit by bit."""
        if depth <= 0:
            return self.selector(self._one(GAUGES + COUNTERS))
        operand = self.exact(depth - 1)
        return self._one((
            lambda: f"{self._one(('min', 'max', 'count', 'group'))}{self._grouping()}({operand})",
            lambda: f"{self._one(PICKING_OVER_TIME)}({self.exact_matrix()})",
            lambda: f"{operand} {self._one(COMPARISONS)} {self.number()}",
            lambda: f"{operand} {self._one(COMPARISONS)} bool {self.number()}",
            lambda: f"clamp_min({operand}, {self.number()})",
            lambda: f"clamp({operand}, 0, {self.number()})",
            lambda: f"({operand})",
            lambda: f"-{self.selector(self._one(GAUGES))}",
            lambda: f"+({operand})",
        ))()

    def selector(self, metric, in_range=False):
        text = metric + self._one(SELECTOR_ENDS[metric])
        if metric == "temperature" and self._one_in(6):
            text = '{__name__=~"temp.*"}' if self._one_in(2) else '{__name__="temperature",floor="2"}'
        return text if in_range else text + self._shift()

    def _shift(self):
        text = ""
        if self._one_in(8):
            text += f" offset {self._one(OFFSETS)}"
        if self._one_in(10):
            at = self._one(("start()", "end()", f"{BEGIN_MS // 1000 + self._random.randrange(1800, 7200)}.5"))
            text = f" @ {at}" + text
        return text

    def exact_matrix(self):
        metric = self._one(GAUGES + COUNTERS)
        if self._one_in(4) and not self._is_in_subquery:
            return f"{self.selector(metric)}[{self._one(RANGES)}:{self._one(('', '30s', '1m', '7s'))}]" + self._shift()
        return self.selector(metric, True) + f"[{self._one(RANGES)}]" + self._shift()

    def matrix(self, depth):
        if depth > 0 and self._one_in(3) and not self._is_in_subquery:
            self._is_in_subquery = True
            inner = self.vector(depth - 1)
            self._is_in_subquery = False
            return f"({inner})[{self._one(RANGES[2:])}:{self._one(('', '30s', '1m', '77s'))}]" + self._shift()
        return self.selector(self._one(PLAIN_GAUGES + COUNTERS), True) + f"[{self._one(RANGES)}]" + self._shift()

    # --- productions of a vector

    def _grouping(self):
        kind = self._random.randrange(3)
        if kind == 0:
            return " "
        labels = ", ".join(self._random.sample(LABELS, self._random.randrange(3)))
        return f" {('by', 'without')[kind - 1]} ({labels}) "

    def _aggregation(self, depth):
        kind = self._random.randrange(7)
        if kind == 3:
            return f"{self._one(('stddev', 'stdvar'))}{self._grouping()}({self.exact(depth - 1)})"
        if kind == 0:
            return f"quantile{self._grouping()}({self._one(('0', '0.5', '0.9', '1', '-1', '2'))}, {self.vector(depth - 1)})"
        if kind == 1:
            return f'count_values{self._grouping()}("value", {self.selector(self._one(("up", "target", "build_info")))})'
        if kind == 2:  # No two of a temperature are alike.
            return f"{self._one(('topk', 'bottomk'))}{self._grouping()}({self._one(('1', '2', '5', '0'))}, temperature{self._shift()})"
        return f"{self._one(('sum', 'avg', 'sum'))}{self._grouping()}({self.vector(depth - 1)})"

    def _of_vector(self, depth):
        if self._one_in(6):
            return f"{self._one(OF_DATES)}({self._one(('', 'timestamp(' + self.exact(0) + ')'))})"
        if self._one_in(8):
            return f"absent({self.exact(depth - 1)})"
        if self._one_in(8):
            return f"vector({self.scalar(1)})"
        if self._one_in(8):
            return f"-({self.vector(depth - 1)})"
        return f"{self._one(OF_VECTOR)}({self.vector(depth - 1)})"

    def _jumping(self, depth):
        if self._one_in(4):
            return f"round({self.exact(depth - 1)}, {self._one(('0.1', '5', '0.25'))})"
        return f"{self._one(JUMPING)}({self.exact(depth - 1)})"

    def _over_time(self, depth):
        if self._one_in(6):
            return f"quantile_over_time({self._one(('0', '0.3', '0.99', '1.5'))}, {self.exact_matrix()})"
        if self._one_in(6):
            return f"predict_linear({self.selector(self._one(('temperature', 'balance')), True)}[{self._one(RANGES)}], {self._one(('600', '-60'))})"
        if self._one_in(2):
            return f"{self._one(PICKING_OVER_TIME + EXACT_OVER_TIME)}({self.exact_matrix()})"
        return f"{self._one(OVER_TIME)}({self.matrix(depth - 1)})"

    def _rate(self, depth):
        name = self._one(RATES)
        metric = self._one(COUNTERS if name in ("rate", "increase", "irate") else PLAIN_GAUGES + COUNTERS)
        if self._one_in(5) and not self._is_in_subquery:
            metric = self._one(STEADY_COUNTERS)
            return f"{name}({self.selector(metric)}[{self._one(RANGES[2:])}:{self._one(('30s', '1m'))}]{self._shift()})"
        return f"{name}({self.selector(metric, True)}[{self._one(RANGES)}]{self._shift()})"

    def _with_scalar(self, depth):
        vector, scalar = self.vector(depth - 1), self.scalar(depth - 1)
        if self._one_in(2):
            vector, scalar = scalar, vector
        return f"({vector}) {self._one(('+', '-', '*', '/', '^', 'atan2'))} ({scalar})"

    def _with_vector(self, depth):
        operator = self._one(("+", "-", "*", "/", "atan2", "%") + COMPARISONS)
        text = f" {operator}" + (" bool" if operator in COMPARISONS and self._one_in(2) else "")
        kind = self._random.randrange(6)
        if kind == 0:
            left = self.selector(self._one(("up", "errors_total")))
            return f"{left}{text} on (job) group_left {self._one(('', '(team)'))} target"
        if kind == 1:
            return f"target{text} on (job) group_right {self._one(('', '(team)'))} {self.selector('up')}"
        if kind == 2:
            return f"up{text} ignoring (missing) {self.selector('errors_total')}"
        if kind == 3:
            return f"sum by (job) (up){text} {self._one(('', 'on (job)'))} count by (job) ({self.exact(0)})"
        if kind == 4:  # Mostly an error: many to many.
            return f"{self.exact(0)}{text} {self._one(('on (job)', 'ignoring (instance)', ''))} {self.exact(0)}"
        metric = self._one(PLAIN_GAUGES + COUNTERS)
        return f"{self.selector(metric)}{text} {self.selector(metric)}"

    def _set(self, depth):
        matching = self._one(("", "on (job)", "ignoring (instance)", "on ()"))
        return f"({self.vector(depth - 1)}) {self._one(('and', 'or', 'unless'))} {matching} ({self.vector(depth - 1)})"

    def _histogram(self, depth):
        quantile = self._one(("0", "0.5", "0.9", "0.99", "1", "-1", "7"))
        rate = f"{self._one(('rate', 'increase'))}({self.selector('latency_seconds_bucket', True)}[{self._one(RANGES)}])"
        if self._one_in(3):
            return f"histogram_quantile({quantile}, {rate})"
        return f"histogram_quantile({quantile}, sum by (le{self._one(('', ', job', ', instance'))}) ({rate}))"

    def native(self):
        """Native histograms: in 2.42 few functions know them, so they are not among the other vectors."""
        selector = self.selector("size_bytes", True)
        operand = self._one((selector + self._shift(), f"rate({selector}[{self._one(RANGES)}])",
                             f"increase({selector}[{self._one(RANGES)}])"))
        return f"sum{self._grouping()}({operand})" if self._one_in(2) else operand

    def _of_native(self, depth):
        return f"{self._one(('histogram_count', 'histogram_sum'))}({self.native()})"

    def _labels(self, depth):
        operand = self.vector(depth - 1)
        return self._one((
            f'label_replace({operand}, "copy", "$1-x", "instance", "(.*):.*")',
            f'label_replace({operand}, "job", "", "job", "api")',
            f'label_replace({operand}, "to", "${{1}}$2", "job", "(a)(.*)")',
            f'label_join({operand}, "both", "/", "job", "instance")',
            f'label_join({operand}, "job", "-", "missing")',
        ))
