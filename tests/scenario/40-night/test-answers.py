#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What owners answer but yes and no, over nights: they ask a colleague or who wrote the rule, say that it is not theirs, stop
what may not be destroyed now, and want to be reminded later."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())


def state(t, proposal):
    return t.rows("select state from proposal where id = ?", proposal)[0][0]


def approvers(t, proposal):
    return [(m.group(1), m.group(2)) for m in re.finditer(r'"as":"([^"]*)".*?"name":"([^"]*)"',
                                                        t.rows("select approvers from proposal where id = ?", proposal)[0][0])]


def day(t, date, who, choices):
    """One of them opens the page that day and answers; what the page said before that, and the receipt after."""
    t.serve(at(date, 9))
    owner = Owner(t, who)
    page = owner.ask("GET", "/beslut")
    receipt = owner.decide(choices) if choices else ""
    t.close_page()
    return page, receipt


def letters(t, who):
    return [text for subject, text in t.mails(who) if "engångskod" not in subject]


def access(t):
    """An owner with open proposals about one person's access each, and those."""
    (owner,) = t.rows("select owner from proposal where kind = 'remove-member' and state = 'open' and needs = 1 and also = '[]'"
                      " and konfidentialitet < 3 group by owner order by count(*) desc, owner limit 1")[0]
    return owner, t.rows("select id, guid, account from proposal where kind = 'remove-member' and owner = ? and state = 'open' and"
                         " needs = 1 and also = '[]' and konfidentialitet < 3 order by id", owner)


def a_colleague_is_asked_and_the_owner_decides():
    with Town("--files", "100") as t:
        t.create()
        night(t, "11-24")
        owner, mine = access(t)
        (one, _, about), other, third = mine[0], mine[1][0], mine[2][0]
        colleague = next(n for n in ("eva.lind", "maria.arkivarie", "rut.registrator", "it.admin") if n != owner)
        before = len(letters(t, colleague)), len(letters(t, owner))
        page, receipt = day(t, "11-24", owner, {
            one: {"d": "ask", "k": colleague.upper(), "f": "Behövs det i vår?"}, other: {"d": "ask", "k": "finns.inte", "f": "Vem är det?"},
            third: {"d": "ask", "k": t.rows("select account from proposal where id = ?", third)[0][0], "f": "Behöver du det?"}})
        check("the receipt says whom they ask", f"Fråga till {colleague.upper()}" in receipt and "Behövs det i vår?" in receipt, receipt)
        check("the page tells what happens when nothing is answered", "Svarar du inte händer ingenting: frågan står kvar, du påminns var 7:e dag, och inget tas bort." in page)
        night(t, "11-25")
        check("it waits for the colleague; for nobody it does not", (state(t, one), state(t, other), state(t, third)) == ("asked", "open", "open"))
        told = letters(t, owner)[-2:]
        check("the asker is told, and of both that could not be asked the same", any("är tillfrågad" in text for text in told)
              and any("Frågan gick inte att ställa" in text for text in told), told)
        check("and learns nothing of why", len({p for (p,) in t.rows("select problem from question where problem is not null")}) == 1)
        letter = letters(t, colleague)
        check("the colleague gets a letter with the question", len(letter) == before[0] + 1 and "Behövs det i vår?" in letter[-1], letter)
        page, receipt = day(t, "11-25", colleague, {})
        (number,), = t.rows("select id from question where proposal = ?", one)
        check("their page shows the proposal and only asks for advice", f'name="v-q{number}"' in page and about in page
              and "Du tillfrågas av" in page and f'name="v-{one}"' not in page)
        page, receipt = day(t, "11-25", colleague, {f"q{number}": {"d": "advise:keep", "c": "Hon vikarierar <till> maj"}})
        check("their receipt says what they advise", "Råd: bör behållas" in receipt and "&lt;till&gt;" in receipt, receipt)
        night(t, "11-26")
        check("the proposal is asked about again, and nobody has approved it", state(t, one) == "open"
              and not t.rows("select 1 from decision where proposal = ? and verdict = 'approve'", one))
        check("the owner is told that an answer has come", "svar har kommit" in letters(t, owner)[-1], letters(t, owner)[-1])
        page, _ = day(t, "11-26", owner, {one: ("keep", "Som min kollega säger")})
        check("and sees it on the row", "svarar: bör behållas – Hon vikarierar &lt;till&gt; maj" in page)
        check("what could not be asked is told on the page", page.count("ville fråga") == 2 and "Ingen som heter så kan tillfrågas" in page)
        page, _ = day(t, "11-26", colleague, {})
        check("who has advised is asked no more", f'name="v-q{number}"' not in page)
        night(t, "11-27")
        check("keep is kept", state(t, one) == "kept")
        check("the chain is whole", t.call(at("11-27"), "audit", "verify").returncode == 0)


def who_wrote_the_rule_is_asked():
    with Town("--files", "100") as t:
        t.create()
        night(t, "11-24")
        owner, mine = access(t)
        one = mine[0][0]
        day(t, "11-24", owner, {one: {"d": "rule", "w": "Vikarier står inte med i regeln"}})
        night(t, "11-25")
        kind, key, problem = t.rows("select kind, name, problem from question")[0]
        coordinator = re.search(r'coordinator = "([^"]*)"', open(t.folder + "/conf/behov.cfg", encoding="utf-8").read()).group(1)
        (rule,), = t.rows("select json_extract(evidence, '$.clauses[0].by') from proposal where id = ?", one)
        check("it goes to who wrote it, or else to the coordinator, never to who asks", kind == "rule" and key and key != owner
              and (key == rule or rule == owner and key == coordinator), kind, key, rule, owner, problem)
        check("they get a letter", "Vikarier står inte med i regeln" in letters(t, key)[-1], letters(t, key)[-1:])
        for date in ("12-02", "12-09"):
            night(t, date)
        check("it waits for two weeks", state(t, one) == "asked")
        night(t, "12-10")
        check("and no longer", state(t, one) == "open" and "inget svar kom" in letters(t, owner)[-1], state(t, one), letters(t, owner)[-1])


def what_is_not_theirs_goes_to_the_coordinator():
    with Town("--files", "100") as t:
        t.create()
        night(t, "11-24")
        owner, mine = access(t)
        one, two = mine[0][0], mine[1][0]
        (system,), = t.rows("select system from proposal where id = ?", one)
        coordinator = re.search(r'coordinator = "([^"]*)"', open(t.folder + "/conf/behov.cfg", encoding="utf-8").read()).group(1)
        day(t, "11-24", owner, {one: {"d": "not-mine", "n": "Fråga skolan"}, two: ("approve",)})
        night(t, "11-25")
        (how, who), = approvers(t, one)
        check("the coordinator is asked, and sees why", (state(t, one), who) == ("open", coordinator) and how.startswith("samordnare: ")
              and how.endswith("säger att det inte är deras"), approvers(t, one))
        check("only about that one", state(t, two) == "scheduled")
        check("a finding says that the rules are wrong", t.rows("select count(*) from finding where kind = 'wrong-owner' and system = ?", system)
              == [(1,)], t.rows("select * from finding"))
        page, _ = day(t, "11-25", coordinator, {})
        check("the coordinator has a letter and a page for it, and cannot say it back", f'name="v-{one}"' in page
              and f'name="n-{one}"' not in page and "samordnare: " in page)
        for name in os.listdir(t.folder + "/rules/systems"):
            path = f"{t.folder}/rules/systems/{name}"
            with open(path, encoding="utf-8") as f:
                text = f.read()
            if re.search(rf'id = "{system}"', text):
                heir = "eva.lind" if owner != "eva.lind" else "rut.registrator"
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text.replace(f'owner = "{owner}"', f'owner = "{heir}"'))
        night(t, "11-26")
        check("when the rules are mended the owner that they name is asked, beside who was", heir in [who for _, who in approvers(t, one)]
              and not t.rows("select 1 from finding where kind = 'wrong-owner'"), approvers(t, one))


def a_stop_holds_until_it_is_lifted():
    with Town("--people", "500", "--files", "400") as t:
        t.create()
        night(t, "11-24")
        batch, share, where, version = t.rows("select id, share, batch, version from proposal where series = 'verifikationer-2018' and state"
                                              " = 'open' order by due, id limit 1")[0]
        folder = f"{t.demo}/shares/{share}/{where}"
        names = sorted(os.listdir(folder))
        page, receipt = day(t, "11-24", "eva.lind", {batch: ("approve",)})
        check("of files the approval is of carrying it out", "Godkänn verkställighet" in page and "inget gallras" in page)
        page, receipt = day(t, "11-24", "maria.arkivarie", {batch: {"d": "hold", "h": "Tvist, dnr KS 2026/9", "e": "2027-03-31"}})
        check("the receipt says stop", "Gallringsstopp" in receipt and "Tvist, dnr KS 2026/9" in receipt)
        night(t, "11-25")
        (hold, path, series), = t.rows("select id, path, series from hold where reason like 'Tvist%'")
        check("it is a hold on just that", state(t, batch) == "held" and (path, series) == (where, "verifikationer-2018"), state(t, batch), path)
        page, _ = day(t, "11-25", "eva.lind", {})
        check("the other owner sees it", "Tvist, dnr KS 2026/9" in page and "När det är hävt får du frågan igen" in page)
        t.call(at("11-26"), "series", "activate", "verifikationer-2018", "--by", "maria.arkivarie", "--reason", "Beslut finns")
        for date in ("11-26", "12-10"):
            night(t, date)
            t.call(at(date, 9), "apply")
            check(f"nothing is destroyed while it is held: {date}", state(t, batch) == "held" and sorted(os.listdir(folder)) == names)
        check("the command line says who stopped it", b"maria.arkivarie" in t.call(at("12-10"), "hold", "list").stdout)
        done = t.call(at("12-11"), "hold", "lift", hold, "--by", "maria.arkivarie", "--by", "jurist", "--reason", "Tvisten är slut")
        check("two people lift it", done.returncode == 0, done.stderr)
        night(t, "12-11")
        check("then it is asked about again, the same, and what was approved before counts no more",
              t.rows("select state, version, episode from proposal where id = ?", batch) == [("open", version, 1)])
        for who in ("eva.lind", "maria.arkivarie"):
            check(f"a letter says so to {who}", "Verifikationer till och med 2018" in letters(t, who)[-1], letters(t, who)[-1])
        day(t, "12-11", "maria.arkivarie", {batch: ("approve",)})
        night(t, "12-12")
        check("one of two is not enough", state(t, batch) == "open")
        day(t, "12-12", "eva.lind", {batch: ("approve",)})
        night(t, "12-13")
        check("two are", state(t, batch) == "scheduled")
        done = t.call(at("12-13", 10), "decide", "hold", batch, "--by", "jurist", "--reason", "Ny tillsyn")
        check("the command line can stop it, too", done.returncode == 0 and state(t, batch) == "held"
              and t.rows("select count(*) from hold where lifted is null and id like 'stopp-%'") == [(1,)], done.stderr)
        night(t, "12-14")
        t.call("2027-01-20T09:00+01:00", "apply")
        check("and nothing goes", state(t, batch) == "held" and sorted(os.listdir(folder)) == names)
        check("the chain is whole", t.call("2027-01-20T09:00+01:00", "audit", "verify").returncode == 0)


def later_is_later():
    with Town("--files", "100") as t:
        t.create()
        night(t, "11-24")
        owner, mine = access(t)
        every = [i for i, _, _ in mine] + [i for (i,) in t.rows("select proposal from approver join proposal p on p.id = proposal where"
                                                              " approver.key = (select a.key from approver a where a.proposal = ?) and p.state = 'open'", mine[0][0])]
        day(t, "11-24", owner, {i: {"d": "later", "l": "2026-12-09"} for i in every})
        night(t, "11-25")
        count = len(letters(t, owner))
        for date in ("12-01", "12-08"):
            night(t, date)
        check("no letter comes before that day", len(letters(t, owner)) == count and state(t, mine[0][0]) == "open",
              letters(t, owner)[count:])
        page, _ = day(t, "12-08", owner, {mine[1][0]: ("approve",)})
        check("the page says until when, and one can answer", "Du påminns 2026-12-09. Du kan svara redan nu." in page)
        night(t, "12-09")
        check("then it comes", "Det här är en påminnelse" in letters(t, owner)[-1] and state(t, mine[1][0]) == "scheduled", letters(t, owner)[-1])


if __name__ == "__main__":
    tests = [a_colleague_is_asked_and_the_owner_decides, who_wrote_the_rule_is_asked, what_is_not_theirs_goes_to_the_coordinator,
             a_stop_holds_until_it_is_lifted, later_is_later]
    for test in tests:
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            try:
                test()
            except Exception as problem:        # any trouble is a failure, told with its place
                import traceback
                traceback.print_exc(limit=-3)
                check(f"{test.__name__}: {type(problem).__name__}", False)
    sys.exit(town.failures > 0)
