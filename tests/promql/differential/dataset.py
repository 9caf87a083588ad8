"""Series from a seed: counters, gauges, classic and native histograms, series that come and go."""

import random

# A moment at which nothing else happens; samples lie at milliseconds that no window of whole and half seconds ends at,
# so that windows with the left edge (Prometheus 2) and without it (3) hold the same ones.
BEGIN_MS = 1_795_219_200_000  # 2026-11-21 00:00
STEP_MS = 15_000
SAMPLES = 480  # two hours
END_MS = BEGIN_MS + SAMPLES * STEP_MS
STALE = "stale"


class Series:
    def __init__(self, name, **labels):
        self.labels = {"__name__": name, **labels}
        self.samples = []  # (unix milliseconds, number or STALE)
        self.histograms = []  # (unix milliseconds, dict)


class Dataset:
    """All series of one seed, sorted by labels."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.series = []
        self._counters()
        self._gauges()
        self._comers_and_goers()
        self._classic_histograms()
        self._native_histograms()

    def _add(self, name, **labels):
        series = Series(name, **labels)
        series.shift = self._random.randrange(20, 480)
        self.series.append(series)
        return series

    def _times(self, series):
        return [BEGIN_MS + i * STEP_MS + series.shift for i in range(SAMPLES)]

    def _counters(self):
        """Whole numbers that start high: what differs in how a rate meets zero is not what is asked here."""
        for job in ("api", "web"):
            for instance in ("a:1", "b:1", "c:1"):
                for code in ("200", "404", "500"):
                    series = self._add("http_requests_total", job=job, instance=instance, code=code)
                    value = self._random.randrange(10**6, 10**7)
                    for time in self._times(series):
                        value += self._random.randrange(0, 400)
                        if instance == "c:1" and self._random.randrange(120) == 0:
                            value = self._random.randrange(10**5, 2 * 10**5)  # It was restarted.
                        series.samples.append((time, value))
                gaps = self._add("errors_total", job=job, instance=instance)
                value = self._random.randrange(10**6, 10**7)
                for time in self._times(gaps):
                    value += self._random.choice((0, 0, 0, 1, 2, 50))
                    if self._random.randrange(6) > 0:
                        gaps.samples.append((time, value))

        fresh = self._add("fresh_total")  # So low, and so shortly before the moment of the chosen queries.
        fresh.samples = [(time, 45 + 60 * i) for i, time in enumerate(self._times(fresh)[348:361:4])]

    def _gauges(self):
        for room in ("attic", "cellar", "hall", "office"):
            for floor in ("1", "2"):
                series = self._add("temperature", room=room, floor=floor)
                value = self._random.uniform(15, 30)
                for time in self._times(series):
                    value += self._random.uniform(-0.3, 0.3)
                    series.samples.append((time, value))
        for account in ("x", "y", "z"):
            series = self._add("balance", account=account)
            for time in self._times(series):
                series.samples.append((time, round(self._random.uniform(-500, 500), 2)))
        for job in ("api", "web"):
            series = self._add("target", job=job, team=f"team-{job}")
            series.samples = [(time, 0.25 if job == "api" else 4) for time in self._times(series)]
        odd = {"nan": float("nan"), "inf": float("inf"), "minus": float("-inf"), "zero": 0.0, "tiny": 1e-300}
        for kind, value in odd.items():
            series = self._add("odd", kind=kind)
            series.samples = [(time, value if i % 3 else float(i)) for i, time in enumerate(self._times(series))]

    def _comers_and_goers(self):
        for job in ("api", "web"):
            for instance in ("a:1", "b:1", "c:1"):
                series = self._add("up", job=job, instance=instance)
                is_there = True
                for time in self._times(series):
                    if self._random.randrange(40) == 0:
                        if is_there:
                            series.samples.append((time, STALE))
                        is_there = not is_there
                    elif is_there:
                        series.samples.append((time, self._random.choice((0, 1, 1, 1))))
        for version in ("1.2", "1.10"):
            series = self._add("build_info", job="api", version=version)
            half = SAMPLES // 2
            times = self._times(series)
            mine = times[:half] if version == "1.2" else times[half:]
            series.samples = [(time, 1) for time in mine]
            if version == "1.2":
                series.samples.append((times[half], STALE))

    def _classic_histograms(self):
        for job in ("api", "web"):
            for instance in ("a:1", "b:1"):
                labels = {"job": job, "instance": instance}
                bounds = ["0.05", "0.1", "0.25", "1", "2.5", "+Inf"]
                buckets = [self._add("latency_seconds_bucket", le=le, **labels) for le in bounds]
                count = self._add("latency_seconds_count", **labels)
                total = self._add("latency_seconds_sum", **labels)
                for series in (*buckets, count, total):
                    series.shift = buckets[0].shift
                base = self._random.randrange(10**5, 10**6)
                counts = [base * (i + 1) for i in range(len(bounds))]
                seconds = base * 0.7
                for time in self._times(count):
                    added = 0
                    for i, series in enumerate(buckets):
                        added += self._random.randrange(0, 30)
                        counts[i] += added
                        series.samples.append((time, counts[i]))
                    seconds += added * self._random.uniform(0.1, 0.4)
                    count.samples.append((time, counts[-1]))
                    total.samples.append((time, seconds))

    def _native_histograms(self):
        for job in ("api", "web"):
            for instance, schema in (("a:1", 0), ("b:1", 1)):
                series = self._add("size_bytes", job=job, instance=instance)
                counts = [self._random.randrange(10**4, 10**5) for _ in range(6)]
                zero = self._random.randrange(1000, 2000)
                total = float(self._random.randrange(10**6, 10**7))
                for time in self._times(series):
                    counts = [count + self._random.randrange(0, 9) for count in counts]
                    zero += self._random.randrange(0, 2)
                    total += self._random.randrange(0, 10**4) / 8
                    series.histograms.append((time, {
                        "schema": schema, "count": sum(counts) + zero, "sum": repr(total), "zero_threshold": 0.001,
                        "zero_count": zero, "spans": [[1, 4], [2, 2]], "counts": counts, "gauge": False}))
