#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quarter that is over is told the same whenever it is told: byte for byte, whatever has happened since."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import tiny
from tiny import APP, Tiny, check, dn, entries, guid

QUARTER, EVENING, YEAR = "2026Q4", "2026-12-31T20:00+01:00", "2027-01-02T02:00+01:00"


def newcomer(members=None):
    """Somebody more who needs nothing; members: of the group, else all."""
    out = entries()
    out.insert(6, (dn("p3"), dict(out[5][1], sAMAccountName=["p3"], objectGUID=[guid("p3")], displayName=["Pia Ny"], mail=["p3@kalmar.example"])))
    out[-1][1]["member"] = [dn(name) for name in members or (*tiny.PEOPLE, "p3")]
    return out


def report(t, now, *more):
    """Each file of it, and the page as JSON."""
    page = json.loads(t.must(now, "report", "quarter", QUARTER, "--json", *more).stdout)
    folder = t.folder + "/work/rapport"
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}", "rb") as f:
            out[name] = f.read()
    return out, page


def apart(a, b):
    """Where two reports differ, and the first line of it."""
    lines = [(name, next(((x[:300], y[:300]) for x, y in zip(a[name].splitlines(), b[name].splitlines()) if x != y), "longer"))
             for name in a if a[name] != b.get(name)]
    return sorted(set(a) ^ set(b)), sorted(lines, key=lambda one: not one[0].endswith((".json", ".csv")))[:4]


def made_rows(t):
    return t.rows("select count(*) from audit where event = 'report-made'")[0][0]


def lives_on(t):
    """What was exported is done, what lay in quarantine goes or comes back; accounts are closed, needs met and no longer."""
    aside = t.rows("select id from proposal where state = 'quarantined' order by id")[0][0]
    t.must("2027-02-21T09:00+01:00", "restore", aside, "--by", "it", "--reason", "Behövs ett år till")
    t.must("2027-02-22T09:00+01:00", "apply", codes=(0, 3, 4))
    later = newcomer(("eva", "maria", "it", "p2", "p3"))
    later[1][1]["userAccountControl"] = ["514"]
    later[4][1]["title"] = later[5][1]["title"] = ["Chef"]
    t.directory(later)
    t.night("2027-03-01T02:00+01:00", codes=(0, 3, 4))
    t.must("2027-03-01T09:00+01:00", "apply", codes=(0, 3, 4))
    t.directory(entries())
    for now in ("2027-04-05T02:00+02:00", "2027-08-02T02:00+02:00", "2027-11-01T02:00+01:00"):
        t.night(now, codes=(0, 3, 4))


def main():
    with Tiny() as t:
        t.quarantined()
        t.directory(newcomer())
        t.night("2026-12-31T03:00+01:00")
        t.answer("approve", EVENING)
        before, page = report(t, EVENING)
        check("before it is over it is told as so far", page["so_far"] is True and page["until"] == "2026-12-31")
        for now in (YEAR, "2027-02-10T02:00+01:00"):    # after which it is late that nobody has reviewed the quarter's list: that is told once
            t.night(now)
        first, page = report(t, "2027-02-20T09:00+01:00")
        count = made_rows(t)
        check("then as it ended", page["so_far"] is False and first != before and page["going"]["count"] > 3 and page["findings"], page["going"])
        check("with what was said in it and taken in later, which it says", page["late_answers"] and page["late_answers"].startswith("1 svar gavs") and
              b"senast 2027-01-02" in first[QUARTER + ".html"], page["late_answers"])
        states = dict(t.rows("select id, state from proposal"))
        found = t.rows("select text from finding order by 1")
        lives_on(t)
        moved = {one: (states[one], now) for one, now in t.rows("select id, state from proposal") if states.get(one, now) != now}
        check("in the year after, much becomes something else", {("quarantined", "done"), ("exported", "done"), ("quarantined", "kept")} <= set(moved.values()) and
              found != t.rows("select text from finding order by 1") and t.rows("select 1 from need_past") and t.rows("select 1 from finding_past"), moved)
        again, later = report(t, "2027-11-02T09:00+01:00")
        check("and the quarter is told as before, in each format, byte for byte", again == first and len(first) > 10, *apart(first, again))
        check("and the chain knows it already", made_rows(t) == count)
        check("with those who had which duty then", later["changes"]["administrators"] == page["changes"]["administrators"] and
              later["changes"]["administrators_now"] is False and {"duty": "arkivarie", "who": "maria"} in later["changes"]["administrators"],
              later["changes"]["administrators"])
        t.configure(more='report = { dnr = "X {year}/{quarter}"; };')
        with open(t.folder + "/behov.cfg", encoding="utf-8") as f:
            text = f.read()
        with open(t.folder + "/behov.cfg", "w", encoding="utf-8") as f:
            f.write(text.replace('archivist = "maria"', 'archivist = "eva"'))
        _, changed = report(t, "2027-11-02T09:00+01:00")
        check("even where the configuration names others now", {"duty": "arkivarie", "who": "maria"} in changed["changes"]["administrators"] and
              "eva" not in [one["who"] for one in changed["changes"]["administrators"] if one["duty"] == "arkivarie"], changed["changes"]["administrators"])
    return 1 if tiny.failures else 0


sys.exit(main())
