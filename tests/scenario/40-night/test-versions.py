#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Superseded versions go, several of one document at once; and come back when the one that superseded them is gone."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check

SERIES = ('\t{ id = "styrdokument"; name = "Styrdokument"; owner = "eva.lind"; decision = { dnr = "KS 1"; date = "2020-01-01"; body = "KS"; };\n'
          '\t  where = ( { share = "ekonomi"; path = "Styrdokument/**"; name = ( "* v{version}.docx" ); } );\n'
          '\t  action = "destroy"; keep = "2 years"; clock = "superseded"; },\n')


def at(day, hour=2):
    return f"{day if len(day) > 5 else '2026-' + day}T{hour:02}:00+01:00"


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())


def write(folder, name, year):
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{name}", "w", encoding="utf-8") as out:
        out.write(name)
    moment = datetime.datetime(year, 6, 1, 12).timestamp()
    os.utime(f"{folder}/{name}", (moment, moment))


def main():
    with Town("--people", "500", "--files", "400") as t:
        t.change("rules/retention/ekonomi.cfg", "series = (\n", "series = (\n" + SERIES)
        folder = t.demo + "/shares/ekonomi/Styrdokument"
        for n in range(1, 5):
            write(folder, f"Plan v{n}.docx", 2008 + 2 * n)
            write(folder + "/Regler", f"Regel v{n}.docx", 2008 + 2 * n)
        write(folder, "Plan v9 utkast.docx", 2020)
        before = sorted(os.listdir(folder))
        t.create()
        night(t, "11-24")
        batches = dict(t.rows("select id, due from proposal where series = 'styrdokument' and state = 'open'"))
        check("what each was superseded by gives it its day", len(batches) == 3, t.rows("select * from proposal where series = 'styrdokument'"))
        t.serve(at("11-24", 9))
        for name in ("eva.lind", "maria.arkivarie"):
            Owner(t, name).decide({one: ("approve",) for one in batches})
        t.close_page()
        night(t, "11-25")
        night(t, "11-26")
        t.call(at("11-26"), "series", "activate", "styrdokument", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        first = t.call(at("12-04", 9), "apply")
        check("of a series that nothing has gone of before, the oldest year goes first, and a brake holds the rest",
              first.returncode == 4 and "Plan v3.docx" in os.listdir(folder), first.stdout.decode())
        done = t.call(at("12-04", 9), "apply")
        check("all but the newest are put aside, and what is no version stays", sorted(os.listdir(folder)) ==
              ["Plan v4.docx", "Plan v9 utkast.docx", "Regler"] and os.listdir(folder + "/Regler") == ["Regel v4.docx"],
              sorted(os.listdir(folder)), done.stdout.decode(), done.stderr.decode()[-900:])
        night(t, "12-05")
        check("the next night leaves them there", {r[0] for r in t.rows("select state from proposal where series = 'styrdokument'")} ==
              {"quarantined"}, t.rows("select state from proposal where series = 'styrdokument'"))
        os.unlink(folder + "/Regler/Regel v4.docx")
        done = t.call(at("2027-01-05", 9), "apply")
        check("those of a document whose newest is gone come back", sorted(os.listdir(folder + "/Regler")) ==
              ["Regel v1.docx", "Regel v2.docx", "Regel v3.docx"], sorted(os.listdir(folder + "/Regler")), done.stderr.decode()[-900:])
        done = t.call(at("2027-01-06", 9), "apply")
        left = [f for _, _, files in os.walk(t.demo + "/shares/ekonomi/.behov-karantan") for f in files]
        check("the others are destroyed", sorted(os.listdir(folder)) == ["Plan v4.docx", "Plan v9 utkast.docx", "Regler"] and not left and
              "Plan v1.docx" in before, left, done.stdout.decode(), done.stderr.decode()[-900:])
        check("the chain is whole", t.call(at("2027-01-06", 9), "audit", "verify").returncode == 0)
    sys.exit(1 if town.failures else 0)


main()
