#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares clock.c with a few lines of Python that share nothing with it: due dates, and moments as civil dates."""
import calendar
import os
import random
import subprocess
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

ORACLE = os.path.join(os.environ.get("BUILD", "build"), "tests/unit/oracle-clock")
DAYS, MONTHS, YEARS = range(3)
YEAR_END, MONTH_END, DAY, FISCAL_END = range(4)
ZONES = ["Europe/Stockholm", "UTC", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe",
         "Africa/Casablanca", "America/St_Johns"]


def ask(lines):
    done = subprocess.run([ORACLE], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def add(day, count, unit):
    if unit == DAYS:
        return day + timedelta(days=count)
    months = day.year * 12 + day.month - 1 + count * (12 if unit == YEARS else 1)
    year, month = divmod(months, 12)
    if day.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, day.day)
    return date(year + (month == 11), (month + 1) % 12 + 1, 1)


def due(anchor, count, unit, start):
    if start == YEAR_END:
        anchor = date(anchor.year, 12, 31) + timedelta(days=1)
    elif start == MONTH_END:
        anchor = anchor.replace(day=calendar.monthrange(anchor.year, anchor.month)[1]) + timedelta(days=1)
    return add(anchor, count, unit)


def due_dates(rng):
    edges = [date(y, m, d) for y in (1900, 1999, 2000, 2019, 2020, 2023, 2024, 2100)
             for m, d in ((1, 1), (1, 31), (2, 28), (3, 1), (3, 31), (4, 30), (8, 31), (12, 30), (12, 31))]
    edges += [date(y, 2, 29) for y in (2000, 2020, 2024)]
    cases = [(a, n, u, s) for a in edges for n in (0, 1, 2, 4, 7, 12, 18, 100) for u in range(3) for s in range(3)]
    cases += [(date(1900, 1, 1) + timedelta(days=rng.randrange(73000)), rng.randrange(1001), rng.randrange(3),
               rng.randrange(3)) for _ in range(100000)]
    got = ask(f"due {a} {n} {u} {s}" for a, n, u, s in cases)
    return [f"{c}: {g}, not {due(*c)}" for c, g in zip(cases, got, strict=True) if g != str(due(*c))]


def fiscal_end(day, month, dom):
    """The first end of a fiscal year on or after the day; the last day of a month is that of every year."""
    last = dom >= calendar.monthrange(2023, month)[1]
    for year in (day.year, day.year + 1):
        end = date(year, month, calendar.monthrange(year, month)[1] if last else dom)
        if end >= day:
            return end
    return None


def fiscal_years(rng):
    ends = [(12, 31), (6, 30), (4, 30), (8, 31), (2, 28), (2, 29), (1, 15), (3, 1)]
    cases = [(date(1900, 1, 1) + timedelta(days=rng.randrange(73000)), *rng.choice(ends)) for _ in range(20000)]
    cases += [(date(y, m, d), *end) for y in (2019, 2020) for m, d in ((1, 1), (2, 28), (3, 1), (6, 30), (7, 1), (12, 31)) for end in ends]
    got = ask(f"fiscal {day} {month} {dom}" for day, month, dom in cases)
    return [f"{c}: {g}, not {fiscal_end(*c)}" for c, g in zip(cases, got, strict=True) if g != str(fiscal_end(*c))]


def rules(rng):
    """Of a random anchor, rule and day: when a record may go, from whichever end, whether it is then, when it must have gone."""
    ends = [(12, 31), (6, 30), (4, 30), (8, 31), (2, 28), (2, 29), (1, 15)]
    cases = [(date(1900, 1, 1) + timedelta(days=rng.randrange(73000)), rng.randrange(121), rng.randrange(3), rng.randrange(4),
              *rng.choice(ends), rng.choice((0, rng.randrange(1, 150))), date(1950, 1, 1) + timedelta(days=rng.randrange(73000)))
             for _ in range(100000)]

    def answer(anchor, count, unit, start, month, dom, latest, now):
        if start == FISCAL_END:
            anchor, start = fiscal_end(anchor, month, dom) + timedelta(days=1), DAY
        day = due(anchor, count, unit, start)
        return f"{day} {'due' if day <= now else 'not'} {due(anchor, latest, YEARS, start) if latest else 'none'}"
    got = ask(f"rule {' '.join(map(str, c))}" for c in cases)
    return [f"{c}: {g}, not {answer(*c)}" for c, g in zip(cases, got, strict=True) if g != answer(*c)]


def civil(moment, zone):
    return (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=moment)).astimezone(zone).date()


def moments(rng, name):
    zone = ZoneInfo(name)
    cases = [rng.randrange(-2**31, 2**32) for _ in range(4000)]
    # Around both ends of days, and in the nights when clocks are moved.
    for _ in range(1500):
        noon = rng.randrange(0, 24000) * 86400
        cases += [noon + rng.randrange(-60000, 60000) for _ in range(4)]
    previous = None
    for hour in range(0, 2_100_000_000, 3600 * 6):
        offset = (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=hour)).astimezone(zone).utcoffset()
        if previous is not None and offset != previous:
            cases += range(hour - 6 * 3600, hour + 60, 59)
        previous = offset
    got = ask([f"zone {name}"] + [f"day {m}" for m in cases])
    return [f"{name} {m}: {g}, not {civil(m, zone)}" for m, g in zip(cases, got[1:], strict=True)
            if g != str(civil(m, zone))]


def midnights(rng, name):
    """The first moment of a day has its date (or a later one, where the day does not exist); the second before has not."""
    zone = ZoneInfo(name)
    days = [date(1970, 1, 2) + timedelta(days=n) for n in range(0, 24000)]
    got = [int(answer) for answer in ask([f"zone {name}"] + [f"midnight {d}" for d in days])[1:]]
    return [f"{name} {d}: {m}" for d, m in zip(days, got, strict=True) if not civil(m - 1, zone) < d <= civil(m, zone)]


def tell(name, wrong):
    print(f"{'not ok' if wrong else 'ok'} {name}")
    for line in wrong[:5]:
        print("    " + line)
    return bool(wrong)


def main():
    rng = random.Random(20190302)
    bad = tell("due dates are those of the oracle", due_dates(rng))
    bad |= tell("fiscal years end where the oracle says", fiscal_years(rng))
    bad |= tell("what is due on a day is what the oracle says", rules(rng))
    for name in ZONES:
        bad |= tell(f"moments in {name} have the dates of the oracle", moments(rng, name))
        bad |= tell(f"days in {name} start where the oracle says", midnights(rng, name))
    return int(bad)


raise SystemExit(main())
