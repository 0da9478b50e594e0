# SPDX-License-Identifier: GPL-3.0-or-later
"""The quarterly review of a large organisation, after a year: each format by itself, and all of them."""
import csv
import os
import sqlite3
import subprocess
import sys

from common import BASE, BEHOV, CONF, HISTORY, ROOM, TURNS, goal, once, run, table, turns, write

PEOPLE = int(os.environ.get("PEOPLE", "1000000")) // 10
SYSTEMS, SERIES, SHARES = 1000, 300, 20
FORMATS = ("html", "pdf", "csv", "json", "xlsx")
RIGHTS = "konfidentialitet = 2; riktighet = 2; tillganglighet = 2; sparbarhet = 2;"


def role(s, r):
    needs = ", ".join(f'{{ why = "arbetet"; by = "chef{s % 300}"; since = "2025-01-01"; title = "Titel {s * 7 % 400}{r}{n}"; department = "Enhet {s % 50}"; }}'
                      for n in range(2))
    return f'{{ id = "roll{r}"; name = "Roll {r}"; groups = ( "CN=APP-{s}-{r},OU=Behorighet,{BASE}" ); needs = ( {needs} ); }}'


def rules(folder):
    systems = [f'{{ id = "system{s:04d}"; name = "System {s}"; owner = "chef{s % 300}"; class = {{ {RIGHTS} }}; roles = ( {", ".join(role(s, r) for r in range(4))} ); }}'
               for s in range(SYSTEMS)]
    series = [f'{{ id = "serie{i:03d}"; name = "Serie {i}"; owner = "arkiv{i % 30}"; decision = {{ dnr = "KS {i}"; date = "2019-02-12"; body = "KS"; }}; '
              f'where = ( {{ share = "yta{i % SHARES:02d}"; path = "Mapp {i}/**"; }} ); action = "destroy"; keep = "7 years"; clock = "modified"; }}' for i in range(SERIES)]
    shares = [f'{{ id = "yta{i:02d}"; name = "Yta {i}"; path = "/srv/yta{i:02d}"; owner = "arkiv{i}"; identity = "none"; }}' for i in range(SHARES)]
    for name, items in (("systems", systems), ("series", series), ("shares", shares)):
        write(f"{folder}/rules/{name}.cfg", f"{name} = (\n" + ",\n".join(items) + "\n);\n")


def make(folder, people):
    os.mkdir(folder + "/rules")
    write(folder + "/behov.cfg", 'work = "work";\n' + CONF.format(source="file:directory.ldif", base=BASE, more=""))
    rules(folder)
    subprocess.run([HISTORY, folder + "/behov.cfg", str(people)], check=True)


def behov(folder, formats):
    return [BEHOV, "-q", "--config", folder + "/behov.cfg", "--now", "2026-10-02T09:00+02:00", "report", "quarter", "2026Q3", "--format", formats]


SCRIPT = """select g.system, g.role, g.account, datetime(g.first_seen, 'unixepoch'), datetime(g.last_seen, 'unixepoch'), n.text, n.place, g.via, g.added, g.added_by
from access_grant g left join need n on n.id = g.need where g.first_seen < 1790805600 and (g.last_seen is null or g.last_seen >= 1782770400)
order by g.system, g.role, g.account"""


def by_hand(store, out):
    """The least that a script would do: intervals as rows, compared with nothing."""
    with open(out, "w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(sqlite3.connect(store).execute(SCRIPT))


def by_openpyxl(table_of, out):
    """The same rows in one sheet; nothing else that a workbook of behov has."""
    from openpyxl import Workbook
    book = Workbook(write_only=True)
    sheet = book.create_sheet("access")
    with open(table_of, encoding="utf-8-sig", newline="") as lines:
        for row in csv.reader(lines):
            sheet.append(row)
    book.save(out)


def peer(*words):
    return [sys.executable, os.path.abspath(__file__), *words]


def report():
    large, small = f"{ROOM}/report-{PEOPLE}", f"{ROOM}/report-{PEOPLE // 10}"
    for folder, people in ((large, PEOPLE), (small, PEOPLE // 10)):
        once(folder, lambda folder=folder, people=people: make(folder, people))
        subprocess.run([HISTORY, folder + "/behov.cfg"], check=True)    # of an older schema
    script, every = "sqlite3 and csv in Python, one list", "behov, all formats"
    took = turns({script: peer("--csv", large + "/behov.db", f"{ROOM}/peer.csv"), **{f"behov, {name}": behov(large, name) for name in FORMATS},
                  every: behov(large, ",".join(FORMATS))}, count=min(TURNS, 3))
    table(f"The quarterly review of {PEOPLE} people with ten roles each, {SYSTEMS} systems, a year of nights", took, script)
    goal("all formats", f"{took[every].wall:.1f} s", "10 s", took[every].wall <= 10)
    goal("the page", f"{took['behov, html'].wall:.1f} s", "2 s", took["behov, html"].wall <= 2)
    goal("memory", f"{took[every].peak:.0f} MiB", "200 MiB", took[every].peak <= 200)
    openpyxl = "openpyxl, write only, one list"
    run(behov(small, "csv"), f"{ROOM}/out.0")
    took = turns({openpyxl: peer("--xlsx", small + "/work/rapport/2026Q3-access.csv", f"{ROOM}/peer.xlsx"), "behov, xlsx": behov(small, "xlsx")}, count=1)
    table(f"The workbook of {PEOPLE // 10} people", took, openpyxl)


if __name__ == "__main__":
    {"--csv": by_hand, "--xlsx": by_openpyxl}[sys.argv[1]](*sys.argv[2:])
