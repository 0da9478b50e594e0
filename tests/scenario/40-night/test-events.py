#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner says on the page that something has ended: the night believes it, asks, and apply asks again whether it stands.

It happens forty years from the night of the example: files that are made now are older than whatever ends then.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check, field


def at(day, hour=2):
    return f"{day if len(day) > 5 else '2066-' + day}T{hour:02}:00+01:00"


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())
    return done


def ended(owner, path, date):
    page = owner.ask("GET", "/beslut")
    form = {"nonce": field(page, "nonce"), "series": "verifikationer-2018", "share": "ekonomi", "mapp": path, "datum": date,
            "varfor": "Bokslutet fastställdes"}
    return owner.ask("POST", "/handelse", form)


def main():
    with Town("--people", "500", "--files", "400") as t:
        t.change("rules/retention/ekonomi.cfg", 'keep = "10 years";  clock = "path-year"', 'keep = "10 years";  clock = "event"')
        t.change("rules/retention/ekonomi.cfg", 'records = { to = 2018; };\n\t  where = ( { share = "ekonomi"; path = "Verifikationer/{year}/**"',
                 'where = ( { share = "ekonomi"; path = "Verifikationer/2016/**"')
        t.change("rules/retention/ekonomi.cfg", 'count-from = "year-end";\n\t  batch = { path = "Verifikationer/{year}"; whole = false; }; },\n'
                 '\t{ id = "verifikationer-2019"', 'count-from = "year-end"; },\n\t{ id = "verifikationer-2019"')
        t.create()
        night(t, "11-24")
        missing = t.rows("select text from finding where kind = 'event-missing' and series = 'verifikationer-2018'")
        check("the folders where nobody has said anything are named", missing and "Verifikationer/20" in missing[0][0], missing)
        check("and nothing of them is proposed", not t.rows("select id from proposal where series = 'verifikationer-2018'"))
        folder = re.search(r"Verifikationer/\d{4}", missing[0][0]).group()
        path = f"{t.demo}/shares/ekonomi/{folder}"
        names = sorted(os.listdir(path))
        mails = [text for subject, text in t.mails("eva.lind") if subject.startswith("Behov: säg när")]
        check("who can say it gets a letter with a link, which names no folder", len(mails) == 1 and "(Ekonomi): " in mails[0] and "/b/" in mails[0]
              and "2016" not in mails[0], t.mails("eva.lind"))
        t.serve(at("11-24", 9))
        eva = Owner(t, "eva.lind")
        check("the page offers them to the owner", f'<option value="{folder}">' in eva.ask("GET", "/beslut"))
        receipt = ended(eva, folder, "2052-12-31")
        one = next(n for n in names if n.endswith(".pdf"))
        check("who gets a receipt", eva.where == "/kvitto" and "Hände 2052-12-31" in receipt, receipt)
        t.close_page()
        before = t.rows("select * from event")
        done = t.call(at("11-24", 10), "event", "add", "--series", "verifikationer-2018", "--share", "ekonomi", "--path", f"{folder}/{one}",
                      "--date", "2052-12-31", "--by", "eva.lind", "--why", "Bokslutet fastställdes")
        check("the command line can tell of one file", done.stdout == b"h1\n", done.stderr)
        night(t, "11-25")
        batch = t.rows("select id, state, due from proposal where series = 'verifikationer-2018'")
        check("the page writes nothing in the store; the night does, and proposes it that same night", before == [] and
              [r[1] for r in batch] == ["braked"] and t.rows("select actor from audit where event = 'event-set' order by seq")[1:] == [("eva.lind",)],
              batch)
        facts = t.facts()
        night(t, "11-25")
        check("taken once is taken", t.facts() == facts)
        batch = batch[0][0]
        t.call(at("11-25", 3), "decide", "release", "series:verifikationer-2018@ekonomi", "--by", "it.admin", "--reason", "Väntat")
        night(t, "11-25")
        t.serve(at("11-25", 9))
        for name in ("eva.lind", "maria.arkivarie"):
            Owner(t, name).decide({batch: ("approve",)})
        t.close_page()
        night(t, "11-26")
        night(t, "11-27")
        t.call(at("11-27"), "series", "activate", "verifikationer-2018", "--by", "maria.arkivarie", "--reason", "Beslut finns")

        done = t.call(at("12-04", 8), "event", "remove", "h2", "--by", "eva.lind", "--why", "Fel år")
        check("it is withdrawn", done.returncode == 0, done.stderr)
        done = t.call(at("12-04", 9), "apply")
        check("what was approved on its word stays where it is; what another event tells of goes", sorted(os.listdir(path)) ==
              [n for n in names if n != one] and {r[0] for r in t.rows("select note from effect where state = 'failed'")} ==
              {"gallringstiden är inte ute"}, done.stdout.decode(), done.stderr.decode()[-900:])
        night(t, "12-20")
        check("a month later nobody is asked again", len([s for s, _ in t.mails("eva.lind") if s.startswith("Behov: säg när")]) == 1)
        night(t, "2067-02-25")
        check("but in the third, while something is left to say", len([s for s, _ in t.mails("eva.lind") if s.startswith("Behov: säg när")]) == 2)
        check("the chain is whole", t.call(at("2067-02-25", 10), "audit", "verify").returncode == 0)
    sys.exit(1 if town.failures else 0)


main()
