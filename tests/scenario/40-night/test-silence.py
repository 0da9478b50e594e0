#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sixty nights: an owner who never answers, a deputy who does, a coordinator; what is asked of each, and what comes of silence."""
import datetime
import json
import os
import re
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check

WEEKLY = 10
FIRST = datetime.datetime(2026, 11, 24, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Stockholm"))


def at(day, hour=2):
    return (FIRST + datetime.timedelta(days=day, hours=hour - 2)).isoformat()


def date(stamp):
    return datetime.datetime.fromtimestamp(stamp, FIRST.tzinfo).date()


def rank(row):
    """As behov-proposals(7) says, as far as a few columns go."""
    by_hand, klass, kind, due, evidence, key = row
    person = json.loads(evidence).get("person") or {}
    access = kind in ("remove-member", "cut-nesting")
    gone = access and any(person.get(k) for k in ("left", "disabled", "expired"))
    return (-by_hand, -(3 if klass < 0 else klass), not access, not gone, due if not access else 0, key)


class Ration:
    """Told in a few lines, from the tables: who was asked what, and when."""

    def __init__(self, t):
        self.t, self.was, self.wrong, self.longest = t, {}, [], 0

    def look(self, day):
        t = self.t
        state = dict(t.rows("select id, state from proposal"))
        turn, asked, names = {}, {}, dict(t.rows("select id, key from proposal"))
        for who, what, when in t.rows("select key, proposal, asked from approver where waited = 0"):
            turn.setdefault(what, set()).add(who)
            if when and (FIRST.date() + datetime.timedelta(days=day) - date(when)).days < 7:
                asked.setdefault(who, set()).add((names[what], when))
        yes = set(t.rows("select proposal, key from decision where verdict = 'approve' and refused is null"))
        seats = {}
        for what, seat, who in t.rows("select proposal, seat, key from approver"):
            seats.setdefault((what, seat), set()).add(who)
        needs = dict(t.rows("select id, needs from proposal"))
        waits = {}
        for (what, seat), people in seats.items():
            said = {who for (w, s), p in seats.items() if w == what for who in p if (what, who) in yes}
            if state[what] == "open" and (not people & said or len(said) < needs[what]):
                for who in people - said:
                    waits.setdefault(who, set()).add(what)
        turned = [i for i, s in state.items() if s == "open" and self.was.get(i) in (None, "queued")]
        new = set().union(*(turn.get(i, set()) for i in turned)) if turned else set()
        for who in new:
            if len(asked.get(who, ())) > WEEKLY and len(waits.get(who, ())) > WEEKLY:
                self.wrong.append((day, who, "asked", len(asked[who]), len(waits[who])))
        full = {who for who in set(asked) | set(waits)
                if len(asked.get(who, ())) >= WEEKLY and len(waits.get(who, ())) >= (WEEKLY + 2) // 3}
        ranks = {row[0]: rank(row[1:]) for row in
                 t.rows("select id, by_hand, konfidentialitet, kind, due, evidence, key from proposal where state in ('open', 'queued')")}
        for i in (i for i, s in state.items() if s == "queued"):
            if turn.get(i) and not turn[i] & full:
                self.wrong.append((day, i, "could have had its turn"))
            better = [k for k in turned if turn.get(k) == turn.get(i) and ranks[k] > ranks[i]]
            if better:
                self.wrong.append((day, i, ranks[i], "passed by", ranks[better[0]]))
        self.was, self.longest = state, max(self.longest, sum(s == "queued" for s in state.values()))


def digests_a_day(t):
    seen = {}
    for key, created in t.rows("select key, created from letter where kind in ('digest', 'reminder')"):
        seen.setdefault((key, date(created)), []).append(created)
    return max(map(len, seen.values()))


def seat(t, system, number=0):
    return {tuple(sorted((a["name"], a["waited"]) for a in json.loads(text) if a["seat"] == number)) for (text,) in
            t.rows("select approvers from proposal where system = ? and state = 'open' and opened < ?", system,
                   int((FIRST + datetime.timedelta(days=1)).timestamp()))}


def main():
    with Town("--people", "800", "--files", "300", weekly=WEEKLY) as t:
        t.change("conf/behov.cfg", '# words = "Läs mer', 'words = "Läs mer')
        t.change("conf/behov.cfg", '# typed = "intranät', 'typed = "intranät')
        t.create()
        ration, nils = Ration(t), []
        for day in range(60):
            done = t.call(at(day), "run")
            assert done.returncode in (0, 3, 4), (day, done.returncode, done.stderr.decode())
            ration.look(day)
            if day == 0:
                first(t)
                done = t.call(at(0, 9), "decide", "release", "system:raindance", "--by", "it.admin", "--reason", "ny kontoplan")
                check("what a brake held has its turn when it is released",
                      done.returncode == 0 and b"proposals=6 opened=6" in done.stderr, done.stderr.decode())
                ration.was.update(t.rows("select id, 'open' from proposal where system = 'raindance'"))
            if day == 13:
                check("on the thirteenth day the owner is asked alone", seat(t, "raindance") == {(("eva.lind", 0),)}, seat(t, "raindance"))
            if day == 14:
                check("on the fourteenth the deputy is, too", seat(t, "raindance") == {(("eva.lind", 0), ("nils.holm", 14))},
                      seat(t, "raindance"))
                text = t.mails("nils.holm")[-1][1]
                check("and hears why", "kommer till dig för att den som tillfrågades först inte har svarat på 14 dagar" in text
                      and "Eva Lind har inte svarat på 14 dagar" in text, text)
                text = t.mails("eva.lind")[-1][1]
                check("the owner hears that it has gone on", "har gått vidare till fler" in text, text)
            if day == 20:
                nils = answers(t)
            if day == 28:
                late(t, nils)
            if day == 30:
                done = t.call(at(day, 9), "apply")
                check("what the deputy approved is carried out", done.returncode in (0, 3, 4) and
                      {p for (p,) in t.rows("select distinct proposal from effect")} == {nils[0]}, done.stderr.decode(),
                      t.rows("select proposal, act, state from effect"))
        for day in (59,):
            t.call(at(day, 9), "apply")
        check("nobody is asked more than the ration, and the riskiest first", not ration.wrong, ration.wrong[:5])
        check("the queue was long, and has had its turn", ration.longest > 30 and "queued" not in ration.was.values(), ration.longest)
        check("at most one letter a day to each", digests_a_day(t) == 1)
        said = t.rows("select distinct name, verdict from decision order by name, verdict")
        check("silence has decided nothing", said == [("nils.holm", "approve"), ("nils.holm", "keep")], said)
        check("and done nothing", {p for (p,) in t.rows("select distinct proposal from effect")} == {nils[0]})
        states = {s for (s,) in t.rows("select distinct state from proposal where id not in (?, ?)", *nils)}
        check("what nobody answered waits", states <= {"open", "queued", "braked", "withdrawn", "superseded"}, states)
        plan = json.loads(t.call(at(59), "plan", "--json").stdout)
        live = {k for (k,) in t.rows("select key from proposal where state not in ('done', 'failed', 'withdrawn', 'superseded')")}
        lost = [p["id"] for p in plan["proposals"] if p["kind"] in ("remove-member", "cut-nesting") and p["id"].rsplit("-", 1)[0] not in live]
        check("nothing is lost on the way", not lost, lost[:5])
        done = t.call(at(59), "audit", "verify")
        check("the chain is whole", done.returncode == 0, done.stderr.decode())
    return 1 if town.failures else 0


def status_of(t, state):
    return json.loads(t.call(at(0, 9), "proposals", "--state", state, "--json").stdout)["proposals"]


def check_explained(t, queued):
    """A file of a proposal in the queue: nobody has been asked about it."""
    batch = next(p for p in queued if p["kind"] == "destroy" and p["share"])
    roots = {one["id"]: one["path"] for one in json.loads(t.call(None, "check", "--json").stdout)["shares"]}
    name = sorted(os.listdir(os.path.join(roots[batch["share"]], batch["batch"])))[0]
    said = t.call(at(0, 9), "explain", f"{batch['share']}:{batch['batch']}/{name}").stdout
    said = said.decode() if isinstance(said, bytes) else said
    check("explain says that the owner of what is in the queue has not been asked", "väntar på sin tur" in said and
          "Ägaren är inte tillfrågad än" in said and "inte svarat" not in said, said)


def first(t):
    text = t.mails("eva.lind")[-1][1]
    check("the letter says how long it takes, whose it is, and where to type", "Räkna med ungefär" in text and
          "Läs mer på intranätet" in text and "skriv intranät.kalmar.example/behov i din webbläsare" in text and
          "osäker på om brevet är äkta" in text, text)
    status = json.loads(t.call(at(0, 9), "status", "--json").stdout)
    check("the queue stands in the status", status["waiting"]["queued"] > 0, status["waiting"])
    queued = {i for (i,) in t.rows("select id from proposal where state = 'queued'")}
    check("what is in the queue is in no letter", not queued & {i for (i,) in t.rows("select proposal from letter_about")})
    check_explained(t, status_of(t, "queued"))
    (owner,) = t.rows("select owner from proposal where state = 'queued' and owner in (select name from letter where kind = 'digest')"
                      " group by owner order by count(*) desc, owner limit 1")[0]
    t.serve(at(0, 9))
    page = Owner(t, owner).ask("GET", "/beslut")
    (key,) = t.rows("select key from letter where name = ?", owner)[0]
    (count,), = t.rows("select count(distinct proposal) from approver join proposal on id = proposal where approver.key = ? and"
                       " state = 'queued'", key)
    check("the page says how many wait for their turn, and shows none of them",
          f"Ytterligare {count} väntar på sin tur, {WEEKLY} i veckan" in page and not any(i in page for i in queued), page[:3000])
    t.close_page()


def answers(t):
    """The deputy sees what it is about, approves one and keeps another."""
    mine = [i for (i,) in t.rows("select id from proposal where system = 'raindance' and state = 'open' and needs = 1 and also = '[]'"
                                 " and kind = 'remove-member' and approvers like '%nils.holm%' order by id")][:2]
    t.serve(at(20, 9))
    owner = Owner(t, "nils.holm")
    page = owner.ask("GET", "/beslut")
    check("the page marks what has waited", page.count("Inget svar på 14 dagar") >= 2 and 'class="tag"' in page, page[:3000])
    check("and says that one answer is enough", "Det räcker att en godkänner: Eva Lind eller Nils Holm" in page)
    owner.decide({mine[0]: ("approve",), mine[1]: ("keep", "Vikarie", "2027-04-05")})
    page = Owner(t, "eva.lind").ask("GET", "/beslut")
    check("the owner sees who else is asked", "Även Nils Holm tillfrågas nu" in page, page[:3000])
    t.close_page()
    return mine


def late(t, nils):
    states = dict(t.rows("select id, state from proposal where id in (?, ?)", *nils))
    check("what the deputy said holds", states == {nils[0]: "scheduled", nils[1]: "kept"}, states)
    check("on the twenty-eighth day the coordinator is asked, too",
          seat(t, "raindance") == {(("eva.lind", 0), ("nils.holm", 14), ("sam.ordnare", 28))}, seat(t, "raindance"))
    found = t.rows("select account, text from finding where kind = 'unanswered' order by account")
    check("and administrators are told of whom", any(a == "eva.lind" and re.search(r"\d+ förslag till Eva Lind har väntat på svar i minst"
                                                     r" 28 dagar, det äldsta sedan 2026-11-24", text) for a, text in found), found)
    told = [text for subject, text in t.mails("it.admin") if "något brådskar" in subject]
    check("in a letter", len(told) == 1 and "Ägare som inte svarar" in told[0], told)
    subject, text = t.mails("eva.lind")[-1]
    check("the owner's letter turns red", subject.startswith("Brådskar: ") and re.search(r"Brådskar: \d+ förslag har väntat i mer än 28 dagar",
                                                                                  text), subject, text)
    html = [raw for raw in t.letters().values() if b"QnLDpWRza2Fy" in raw.replace(b"\r\n", b"")]
    check("also where it is in colour", bool(html))


sys.exit(main())
