#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried out by hand is said to be done on the page; the next night believes what it sees."""
import base64
import csv
import json
import os
import re
import shutil
import sys

import jsonschema

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import tiny
import town
from tiny import Tiny
from town import Owner, Town, check


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())


def state(t, proposal):
    return t.rows("select state from proposal where id = ?", proposal)[0][0]


def day(t, date, who, choices):
    """What the page said before, and the receipt; and what it says then."""
    t.serve(at(date, 9))
    owner = Owner(t, who)
    page = owner.ask("GET", "/beslut")
    receipt = owner.decide(choices) if choices else ""
    after = owner.ask("GET", "/beslut")
    t.close_page()
    return page, receipt, after


def row(page, proposal):
    found = re.search(rf'<fieldset class="row[^"]*" id="p-{proposal}">.*?</fieldset>', page, re.S)
    return found.group(0) if found else ""


def offered(page, proposal):
    return set(re.findall(rf'type="radio" name="d-{proposal}" value="([^"]*)"', page))


def by_hand_everywhere(t):
    folder = t.folder + "/rules/systems/"
    for name in os.listdir(folder):
        with open(folder + name, encoding="utf-8") as f:
            text = f.read()
        if "apply = " not in text:
            with open(folder + name, "w", encoding="utf-8") as f:
                f.write(re.sub(r'(owner = "[^"]*";)', r'\1  apply = "manual";', text, count=1))


def carry_out(t, proposal):
    """As somebody does by hand."""
    (group, member), = t.rows("select grp, member from proposal where id = ?", proposal)
    with open(t.demo + "/directory.ldif", encoding="utf-8") as f:
        entries = f.read().replace("\n ", "").split("\n\n")
    names = {f"dn: {group}", "dn:: " + base64.b64encode(group.encode()).decode()}
    lines = {f"member: {member}", "member:: " + base64.b64encode(member.encode()).decode()}
    changed = 0
    for i, entry in enumerate(entries):
        if names & set(entry.split("\n")):
            left = [line for line in entry.split("\n") if line not in lines]
            changed += len(left) < len(entry.split("\n"))
            entries[i] = "\n".join(left)
    assert changed == 1, (group, member)
    with open(t.demo + "/directory.ldif", "w", encoding="utf-8") as f:
        f.write("\n\n".join(entries))


def told(t, event, proposal):
    return t.rows("select count(*) from audit a join audit_payload p on p.seq = a.seq where event = ? and json_extract(payload, '$.proposal') = ?",
                  event, proposal)[0][0]


def undone(t, proposal):
    return any(proposal in text for (text,) in t.rows("select text from finding where kind = 'said-done-not'"))


def said_and_seen():
    with Town("--files", "100") as t:
        by_hand_everywhere(t)
        t.create()
        night(t, "11-24")
        (owner,), = t.rows("select owner from proposal where kind = 'remove-member' and state = 'open' and needs = 1 and also = '[]' group by owner"
                           " order by count(*) desc, owner limit 1")
        one, two, three = [i for (i,) in t.rows("select id from proposal where kind = 'remove-member' and owner = ? and state = 'open' and needs = 1"
                                                " and also = '[]' order by id limit 3", owner)]
        done = t.call(at("11-24", 9), "decide", "done", one, "--by", "it.admin", "--reason", "Gjort")
        check("what nobody has approved cannot be done", done.returncode == 2 and state(t, one) == "open", done.stderr)
        day(t, "11-24", owner, {i: ("approve",) for i in (one, two, three)})
        for date in ("11-25", "11-26", "11-27", "11-28"):
            night(t, date)
        t.call(at("11-30", 9), "apply")
        check("they lie on work lists", {state(t, i) for i in (one, two, three)} == {"exported"}
              and all("arbetslista-" in n for (n,) in t.rows("select note from proposal where state = 'exported'")),
              t.rows("select state, note from proposal where id in (?, ?, ?)", one, two, three))
        page, receipt, after = day(t, "11-30", owner, {one: {"d": "done"}, two: {"d": "keep", "r": "för sent"}})
        check("the page shows what is done by hand, and asks just that", "– görs för hand" in page and offered(page, one) == {"", "done"}
              and f"arbetslista-{one}.txt" in row(page, one), row(page, one))
        check("the receipt says that it was said", "Utfört" in receipt, receipt)
        check("and it is not asked about again before a night", not offered(after, one) and "Sparat, kontrolleras i natt" in row(after, one)
              and offered(after, two) == {"", "done"}, row(after, one))
        check("a forged answer is none", state(t, two) == "exported")
        night(t, "12-01")
        check("a night that sees that it is not done says so, and what nobody said is not told", state(t, one) == "exported" and undone(t, one)
              and not undone(t, two), t.rows("select kind, text from finding where kind like 'said%'"))
        check("in the chain, too", (told(t, "proposal-said-done", one), told(t, "proposal-said-done-not", one), told(t, "proposal-said-done", two))
              == (1, 1, 0))
        check("the decision has who and when", t.rows("select name, refused, source from decision where verdict = 'done'") == [(owner, None, "page")])
        check("the letter says that it was not seen", any("natten har inte sett det" in text for _, text in t.mails(owner)), t.mails(owner)[-1:])
        night(t, "12-02")
        check("it is told each night, and put in the chain once", undone(t, one) and told(t, "proposal-said-done-not", one) == 1)
        page, receipt, after = day(t, "12-02", owner, {one: {"d": "done"}})
        check("it is asked about again", "men natten därefter kunde inte se det" in row(page, one) and offered(page, one) == {"", "done"}, row(page, one))
        carry_out(t, one)
        carry_out(t, three)
        done = t.call(at("12-02", 10), "decide", "done", two, "--by", "it.admin", "--reason", "Gjort i systemet")
        check("an administrator can say it by hand", done.returncode == 0 and told(t, "proposal-said-done", two) == 1, done.stderr)
        page, _, _ = day(t, "12-02", owner, {})
        check("then the owner sees who did", not offered(page, two) and "I natt ser behov efter" in row(page, two), row(page, two))
        night(t, "12-03")
        check("what is done is done, said or not", (state(t, one), state(t, three)) == ("done", "done") and not undone(t, one))
        check("and what is not is not, whoever said so", state(t, two) == "exported" and undone(t, two))
        page, _, _ = day(t, "12-03", owner, {})
        check("what is done leaves the page", not row(page, one) and offered(page, two) == {"", "done"})
        check("the chain is whole", t.call(at("12-03", 9), "audit", "verify").returncode == 0)
        trail = t.call(at("12-03", 9), "audit", "trail", one).stdout.decode()
        t.call(at("12-03", 9), "report", "quarter", "2026Q4", "--format", "csv")
        with open(f"{t.demo}/work/rapport/2026Q4-access.csv", encoding="utf-8-sig") as f:
            listed = f.read()
        check("the review tells who decided about those who are there still, and not who said that it is done", "godkänt av" in listed
              and "sagt utfört" not in listed, [line for line in listed.splitlines() if "sagt utfört" in line])
        check("the trail tells who said so", trail.count("sagt utfört") == 2, trail[-2500:])


def what_is_an_ldif_is_not_ticked_off():
    with Town("--files", "100") as t:
        t.create()
        night(t, "11-24")
        (owner,), = t.rows("select owner from proposal where kind = 'remove-member' and state = 'open' and needs = 1 and also = '[]' group by owner"
                           " order by count(*) desc, owner limit 1")
        (one,), = t.rows("select id from proposal where kind = 'remove-member' and owner = ? and state = 'open' and needs = 1 and also = '[]'"
                         " order by id limit 1", owner)
        day(t, "11-24", owner, {one: ("approve",)})
        night(t, "11-25")
        night(t, "11-28")
        t.call(at("11-30", 9), "apply")
        page, _, _ = day(t, "11-30", owner, {})
        check("an LDIF is run by an administrator, and stands on no owner's page", state(t, one) == "exported" and not row(page, one))
        done = t.call(at("11-30", 9), "decide", "done", one, "--by", "it.admin", "--reason", "Kört")
        check("nor is it said to be done", done.returncode == 2 and told(t, "proposal-said-done", one) == 0, done.stderr)


def files_too():
    with Town("--people", "500", "--files", "600") as t:
        t.change("rules/shares.cfg", """sparbarhet = 1; };
	  dispose = "destroy"; }""", """sparbarhet = 1; };
	  dispose = "none"; }""")
        t.create()
        night(t, "11-24")
        one, = t.rows("select id from proposal where series = 'postlistor' and state = 'open' order by due, id limit 1")[0]
        t.call(at("11-24"), "series", "activate", "postlistor", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        for owner in ("rut.registrator", "maria.arkivarie"):
            day(t, "11-24", owner, {one: ("approve",)})
        night(t, "11-25")
        night(t, "12-02")
        t.call(at("12-03", 9), "apply")
        check("a share that is not written to has a work list", state(t, one) == "exported"
              and t.rows("select note from proposal where id = ?", one)[0][0].endswith(f"arbetslista-{one}.csv"),
              t.rows("select state, note from proposal where id = ?", one))
        page, _, _ = day(t, "12-03", owner, {one: {"d": "done"}})
        check("it stands on the page, without what destroys", offered(page, one) == {"", "done"} and "arbetslista-" in row(page, one), row(page, one))
        night(t, "12-04")
        check("the files are there still, and that is told", undone(t, one) and state(t, one) == "exported", state(t, one))
        with open(f"{t.demo}/work/arbetslista-{one}.csv", encoding="utf-8-sig", newline="") as f:
            todo = [line[0] for line in csv.reader(f, delimiter=";")][1:]
        for path in todo:
            os.unlink(f"{t.demo}/shares/gemensam/{path}")
        night(t, "12-05")
        check("and when they are gone it is done", state(t, one) == "done" and not undone(t, one), state(t, one))
        check("its gallringsprotokoll is issued that very night", t.rows("select count(*) from protocol where proposal = ?", one) == [(1,)])
        night(t, "12-06")
        done = t.call(at("12-06", 9), "report", "protocol", one, "--json")
        told = json.loads(done.stdout)["protocols"][0]
        body, files = told["protocol"], told["files"]
        check("it has its gallringsprotokoll, which says that it was by hand, who said so, and which night saw it",
              body["execution"]["method"] == "by-hand" and body["execution"]["said_done"]["by"] == owner
              and body["execution"]["destroyed"]["first"] == body["execution"]["destroyed"]["last"] == "2026-12-05T01:00:00Z"
              and body["counts"]["destroyed"]["files"] == len(todo) == body["counts"]["approved"]["files"]
              and body["execution"]["quarantined"] == {"first": None, "last": None}, body["execution"], body["counts"])
        with open(town.TOP + "/conf/schema/protocol.schema.json", encoding="utf-8") as f:
            jsonschema.validate(json.loads(done.stdout), json.load(f))
        with open(files["html"], encoding="utf-8") as f:
            html = f.read()
        check("people read it", "Filerna togs bort av en människa" in html and "unlink" not in html and owner in html
              and "när arbetslistan skrevs" in html, files)
        with open(files["csv"], encoding="utf-8-sig", newline="") as f:
            rows = list(csv.DictReader(f, delimiter=";"))
        check("each file is in its list", [r["Fil"] for r in rows] == sorted(todo) and {r["Utfall"] for r in rows} == {"gallrad"}
              and {r["I karantän"] for r in rows} == {""}, rows[:2])
        check("it is issued once", t.rows("select count(*) from protocol where proposal = ?", one) == [(1,)])
        check("the chain is whole still", t.call(None, "audit", "verify").returncode == 0)


def not_all_of_them():
    """What lies there still, and is stopped, is not told of as gone; what cannot be seen is not told of at all."""
    with Tiny() as t:
        t.more = ""
        with open(t.folder + "/rules/s.cfg", encoding="utf-8") as f:
            rules = f.read()
        with open(t.folder + "/rules/s.cfg", "w", encoding="utf-8") as f:
            f.write(rules.replace('dispose = "destroy";', 'dispose = "none";'))
        t.approved()
        t.must(tiny.DUE, "apply", codes=(0, 3))
        find = "select id, state, note from proposal where series = 'ver' order by episode limit 1"
        check("files lie on a work list", t.rows(find)[0][1] == "exported", t.rows(find))
        os.unlink(t.share + "/d/a")
        os.unlink(t.share + "/d/b")
        t.must("2026-12-02T08:00+01:00", "hold", "add", "x", "--share", "s", "--path", "d/c", "--by", "maria", "--reason", "Begäran")
        os.rename(t.share + "/d", t.share + "/dold")
        os.symlink("dold", t.share + "/d")
        t.night("2026-12-02T02:00+01:00", codes=(0, 3, 4))
        check("where it cannot be seen whether they are gone nothing is said", t.rows(find)[0][1] == "exported", t.rows(find))
        os.unlink(t.share + "/d")
        os.rename(t.share + "/dold", t.share + "/d")
        t.night("2026-12-03T02:00+01:00", codes=(0, 3, 4))
        one, state_, note = t.rows(find)[0]
        check("two of three are gone, and it is over", state_ == "done" and "2 av 3" in note, t.rows(find))
        body = json.loads(t.must("2026-12-03T09:00+01:00", "report", "protocol", one, "--json").stdout)["protocols"][0]["protocol"]
        check("the protocol tells of both", body["counts"]["destroyed"]["files"] == 2 and body["counts"]["left"]["files"] == 1
              and body["reasons"] == [{"outcome": "left", "why": "filen ligger kvar", "files": 1}] and "said_done" not in body["execution"], body["counts"])
        shutil.rmtree(t.share + "/v")
        t.night("2026-12-04T02:00+01:00", codes=(0, 3, 4))
        whole = t.rows("select state from proposal where series = 'volym' order by episode limit 1")
        check("a folder that is gone with all that was in it is gone", whole == [("done",)], whole)


def what_the_list_said_may_not_go():
    """It was written since it was approved, and its owner has moved it since the list was: nobody has disposed of it."""
    with Tiny() as t:
        with open(t.folder + "/rules/s.cfg", encoding="utf-8") as f:
            rules = f.read()
        with open(t.folder + "/rules/s.cfg", "w", encoding="utf-8") as f:
            f.write(rules.replace('dispose = "destroy";', 'dispose = "none";'))
        t.approved()
        tiny.write(t.share + "/d/a", "skriven sedan dess")
        t.must(tiny.DUE, "apply", codes=(0, 3))
        os.makedirs(t.share + "/annat")
        os.rename(t.share + "/d/a", t.share + "/annat/a")
        os.unlink(t.share + "/d/b")
        os.unlink(t.share + "/d/c")
        t.night("2026-12-03T02:00+01:00", codes=(0, 3, 4))
        one, state_, note = t.rows("select id, state, note from proposal where series = 'ver' order by episode limit 1")[0]
        body = json.loads(t.must("2026-12-03T09:00+01:00", "report", "protocol", one, "--json").stdout)["protocols"][0]["protocol"]
        check("what the list said may not go is not told of as gone", state_ == "done" and "2 av 3" in note and body["counts"]["destroyed"]["files"] == 2
              and body["reasons"] == [{"outcome": "left", "why": "filen har ändrats sedan den godkändes", "files": 1}], note, body["counts"], body["reasons"])


def main():
    said_and_seen()
    files_too()
    not_all_of_them()
    what_the_list_said_may_not_go()
    what_is_an_ldif_is_not_ticked_off()
    return 1 if town.failures or tiny.failures else 0


sys.exit(main())
