#!/usr/bin/env python3
"""Compares the period starts of slo/calendar_grid with Python's zoneinfo, which shares no code with it.

    compare_calendars.py CALENDAR_STARTS

Every start from 1970 to 2100: months, quarters and years of all zones that both sides know, days and weeks of a sample
with every odd zone. Prints each difference (20 at most) and their number; exits 1 when there is any.
"""

import subprocess
import sys
from datetime import date, datetime, timedelta, timezone
from itertools import zip_longest
from zoneinfo import ZoneInfo, available_timezones

# Zones that skip or repeat midnights or whole days, shift by half hours, have offsets of seconds, change often, or have
# odd rules after the last change that is written out; then some plain ones.
SAMPLE = """
Pacific/Apia Pacific/Kwajalein Pacific/Kiritimati Pacific/Enderbury Pacific/Fakaofo Pacific/Chatham Pacific/Norfolk
Australia/Lord_Howe Australia/Sydney America/Sao_Paulo America/Havana America/Asuncion America/Santiago America/St_Johns
America/Scoresbysund America/Nuuk America/Godthab America/New_York America/Los_Angeles America/Caracas
America/Argentina/San_Luis America/Guyana Antarctica/Troll Antarctica/Casey Atlantic/Azores Africa/Cairo Africa/Casablanca
Africa/El_Aaiun Africa/Monrovia Africa/Windhoek Asia/Beirut Asia/Gaza Asia/Hebron Asia/Kathmandu Asia/Tehran Asia/Amman
Asia/Pyongyang Asia/Tokyo Asia/Kolkata Europe/Paris Europe/London Europe/Dublin Europe/Moscow Europe/Chisinau Etc/GMT+12
Etc/GMT-14 UTC
""".split()

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
LAST = (datetime(2101, 1, 2, tzinfo=timezone.utc) - EPOCH) // SECOND  # The first start from here on ends the grid.
SHOWN = 20


def seconds(moment):
    return (moment - EPOCH) // SECOND


def first_of_gap(zone, midnight):
    """When the clocks skipped `midnight`: the moment after which the later offset holds, by halving."""
    low = seconds(midnight.replace(tzinfo=zone, fold=1).astimezone(timezone.utc))
    high = seconds(midnight.replace(tzinfo=zone, fold=0).astimezone(timezone.utc))
    after = zone.utcoffset(midnight.replace(fold=1))

    def shifted(at):
        return (EPOCH + at * SECOND).astimezone(zone).utcoffset() == after

    while high - low > 1:
        middle = (low + high) // 2
        if shifted(middle):
            high = middle
        else:
            low = middle
    return high


def start_of(zone, day):
    """The first second of a local day, or of what follows where clocks skip its midnight."""
    midnight = datetime(day.year, day.month, day.day)
    moment = midnight.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    if moment.astimezone(zone).replace(tzinfo=None) != midnight:
        return first_of_gap(zone, midnight)
    return seconds(moment)


def first_days(period):
    """The first days of the periods, from 1969 on."""
    if period in ("day", "week"):
        step = timedelta(days=1 if period == "day" else 7)
        day = date(1969, 12, 1)  # a Monday
        while True:
            yield day
            day += step
    step = {"month": 1, "quarter": 3, "year": 12}[period]
    month = 1969 * 12
    while True:
        yield date(month // 12, month % 12 + 1, 1)
        month += step


def expected(period, name):
    """The starts in unix seconds, rounded up to slices, each once, from 0 to the first after 2100."""
    zone = ZoneInfo(name)
    starts = [0]
    for day in first_days(period):
        at = -(-start_of(zone, day) // 10) * 10
        if at > starts[-1]:
            starts.append(at)
        if at >= LAST:
            return starts


def differences(period, name, got, want):
    for index, (mine, theirs) in enumerate(zip_longest(got, want)):
        if mine != theirs:
            yield f"{period} {name}: start {index} is {mine}, zoneinfo says {theirs}" + (
                f" ({EPOCH + theirs * SECOND:%Y-%m-%dT%H:%M:%SZ})" if theirs is not None else "")


def main(program):
    zones = sorted(available_timezones() - {"localtime"})
    if not zones:
        print("there is no time zone database; install the package tzdata")
        return 1
    questions = [(period, zone) for zone in zones for period in ("month", "quarter", "year")]
    questions += [(period, zone) for zone in SAMPLE if zone in zones for period in ("day", "week")]
    asked = "".join(f"{period} {zone}\n" for period, zone in questions)
    answers = subprocess.run([program], input=asked, capture_output=True, text=True, check=True).stdout.splitlines()
    if len(answers) != len(questions):
        print(f"{len(questions)} questions have {len(answers)} answers")
        return 1
    compared, unknown, mismatches = 0, set(), 0
    for (period, zone), answer in zip(questions, answers):
        if answer == "unknown":
            unknown.add(zone)
            continue
        got = [int(text) for text in answer.split()]
        compared += len(got)
        for difference in differences(period, zone, got, expected(period, zone)):
            mismatches += 1
            if mismatches <= SHOWN:
                print(difference)
    known = len(zones) - len(unknown)
    print(f"calendars: {compared} starts of {known} zones, mismatches={mismatches}, unknown here: {sorted(unknown)}")
    return 1 if mismatches or known < 400 else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
