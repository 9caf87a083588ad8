#!/usr/bin/env python3
"""Compares the occurrences of slo/recurrence with python-dateutil, on random rules.

    compare_recurrences.py RECURRENCES [SEED [RULES]]

Prints each difference (20 at most), their number and the seed; exits 1 when there is any, 77 (skipped) without dateutil.
Left out of the rules is where dateutil is known to differ from what slo/recurrence.h says: weekdays with and without a
number in one BYDAY (it takes those that are both), BYSETPOS in a first week that begins before the start (it does not
see those days), and UNTIL as a date (it means midnight).
"""

import datetime as datetime_module
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

try:
    from dateutil.rrule import rrulestr
except ImportError:
    print("skipped: python3-dateutil is not installed for this Python; run ./dev deps --all")
    sys.exit(77)

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = ("UTC", "Europe/Paris", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe",
         "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca", "America/Havana")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
SHOWN = 20


class Case:
    """A random rule with its start, zone and duration, and a range to look at."""

    def __init__(self, random_):
        self.random = random_
        self.zone = random_.choice(ZONES)
        self.start = datetime(1990, 1, 1) + timedelta(days=random_.randrange(15_000), seconds=random_.randrange(86_400))
        if random_.random() < 0.3:  # Where clocks change.
            self.start = self.start.replace(hour=random_.choice((0, 1, 2, 3)), minute=30)
        self.duration = random_.choice((1, 3600, 86_400, 300_000, 31 * 86_400))
        self.rule = ";".join(self.parts())
        ahead = random_.choice((random_.randrange(-60, 400), random_.randrange(-60, 8_000)))
        self.low = int((self.start.replace(tzinfo=timezone.utc) - EPOCH) / SECOND) + ahead * 86_400
        self.high = self.low + random_.randrange(1, random_.choice((3, 400, 1_500)) * 86_400)

    def some(self, values, most):
        return sorted(self.random.sample(list(values), self.random.randint(1, most)))

    def weekdays(self, numbers):
        days = self.some(WEEKDAYS, 4)
        if numbers and self.random.random() < 0.6:
            return [f"{self.random.choice(numbers)}{day}" for day in days]
        return days

    def parts(self):
        random_ = self.random
        frequency = random_.choice(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
        parts = [f"FREQ={frequency}"]
        if random_.random() < 0.5:
            parts.append(f"INTERVAL={random_.choice((1, 2, 3, 5, 18))}")
        in_month = frequency == "MONTHLY"
        chosen = 0
        if random_.random() < 0.3:
            parts.append("BYMONTH=" + ",".join(map(str, self.some(range(1, 13), 6))))
            in_month, chosen = True, chosen + 1
        if frequency != "WEEKLY" and random_.random() < 0.3:
            parts.append("BYMONTHDAY=" + ",".join(map(str, self.some([*range(-31, 0), *range(1, 32)], 6))))
            chosen += 1
        if random_.random() < 0.5:
            numbers = {"DAILY": (), "WEEKLY": ()}.get(
                frequency, (-5, -4, -2, -1, 1, 2, 3, 5) if in_month else (-53, -20, -1, 1, 7, 30, 53))
            parts.append("BYDAY=" + ",".join(self.weekdays(numbers)))
            chosen += 1
        week_start = random_.choice(WEEKDAYS) if random_.random() < 0.4 else "MO"
        parts.append(f"WKST={week_start}")
        if chosen and random_.random() < 0.3:
            parts.append("BYSETPOS=" + ",".join(map(str, self.some((-10, -3, -2, -1, 1, 2, 3, 10), 3))))
            if frequency == "WEEKLY":  # Begin the first week with the start.
                self.start -= timedelta(days=(self.start.weekday() - WEEKDAYS.index(week_start)) % 7)
        self.end(parts)
        random_.shuffle(parts)
        return parts

    def end(self, parts):
        kind = self.random.random()
        until = self.start + timedelta(days=self.random.randrange(3_000))
        if kind < 0.3:
            parts.append(f"COUNT={self.random.choice((1, 2, 10, 50, 400))}")
        elif kind < 0.45:
            parts.append(f"UNTIL={until:%Y%m%dT%H%M%S}")
        elif kind < 0.6:
            parts.append(f"UNTIL={until:%Y%m%dT%H%M%S}Z")

    def line(self):
        return f"{self.rule} {self.start:%Y-%m-%dT%H:%M:%S} {self.zone} {self.duration} {self.low} {self.high}\n"

    def begins(self, limit):
        """What dateutil says: all begins, in unix seconds, on the start's day to `limit`, a naive local time."""
        zone = ZoneInfo(self.zone)
        # With UNTIL in UTC dateutil wants a start with a zone.
        in_utc = "Z" in self.rule.split("UNTIL=")[-1].split(";")[0] if "UNTIL=" in self.rule else False
        rule = rrulestr(self.rule, dtstart=self.start.replace(tzinfo=zone) if in_utc else self.start)
        datetime_module.MAXYEAR = limit.year  # Where dateutil gives up: else a rule that never matches takes minutes.
        found = []
        for local in rule:
            if local.replace(tzinfo=None) > limit:
                break
            begin = (local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc) - EPOCH) // SECOND
            if not found or begin > found[-1]:
                found.append(begin)
        return found

    def expected(self):
        limit = (EPOCH + self.high * SECOND).replace(tzinfo=None) + timedelta(days=2)
        return [at for at in self.begins(limit) if at < self.high and at + self.duration > self.low]

    def never_occurs(self):
        return not self.begins(datetime(2100, 12, 31, 23, 59, 59))


def main(program, seed, rules):
    random_ = random.Random(seed)
    cases = [Case(random_) for _ in range(rules)]
    asked = "".join(case.line() for case in cases)
    answers = subprocess.run([program], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(cases):
        print(f"{len(cases)} questions have {len(answers)} answers")
        return 1
    compared, refused, mismatches = 0, 0, 0
    for case, answer in zip(cases, answers):
        if answer.startswith("refused: "):
            refused += 1
            same = "chooses no day" in answer and case.never_occurs()
            expected = "not refused"
        else:
            expected = case.expected()
            compared += len(expected)
            same = [int(text) for text in answer.split()] == expected
        if not same:
            mismatches += 1
            if mismatches <= SHOWN:
                print(f"{case.line().strip()}\n  is       {answer[:300]}\n  dateutil {str(expected)[:300]}")
    print(f"recurrences: {compared} occurrences of {len(cases)} rules, {refused} of which never occur, seed={seed}, "
          f"mismatches={mismatches}")
    return 1 if mismatches or compared < rules else 0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1, int(sys.argv[3]) if len(sys.argv) > 3 else 4_000))
