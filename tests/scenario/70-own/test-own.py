#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What behov itself keeps goes as anything else goes: by a decision, asked about, approved, carried out, told of; and the chain holds."""
import json
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import tiny
from tiny import Tiny, check, write

STEPS = os.path.join(tiny.BUILD, "behov-steps")
OWN = """shares = ( {{ id = "behov"; name = "Behovs egna handlingar"; path = "behov:"; owner = "eva"; {dispose}
  class = {{ konfidentialitet = 2; riktighet = 2; tillganglighet = 2; sparbarhet = 2; }}; }} );
series = ( {series} );
"""
ONE = """{{ id = "{id}"; name = "{id}"; action = "destroy"; {decision} where = ( {{ share = "behov"; path = "{id}/{{year}}/*"; }} );
  batch = {{ path = "{id}/{{year}}"; {more} }}; keep = "2 years"; clock = "path-year"; }}"""
DECISION = 'decision = { dnr = "KS 2028/77"; date = "2028-03-01"; body = "Kommunstyrelsen"; };'
KINDS = ("behorigheter", "beslut", "brev", "kedja", "natter", "rapporter")
ASKED, SAID, NEXT, LATER, GONE, AFTER = ("2030-01-10T02:00+01:00", "2030-01-10T09:00+01:00", "2030-01-11T02:00+01:00", "2030-01-20T02:00+01:00",
                                         "2030-01-21T09:00+01:00", "2030-01-22T02:00+01:00")
DRAFT = "natter"
OVER = "not exists (select 1 from proposal p where p.id = {} and p.state not in ('done', 'withdrawn', 'superseded'))"


def rules(t, dispose='dispose = "destroy";', more="", decided=KINDS):
    series = ", ".join(ONE.format(id=k, decision=DECISION if k in decided and k != DRAFT else "", more=more) for k in KINDS)
    write(t.folder + "/rules/own.cfg", OWN.format(dispose=dispose, series=series))


def lived(t):
    """Something of each kind from 2026: decided, carried out, reported, and somebody whose access ended."""
    t.quarantined()
    t.must(tiny.END, "apply")
    t.must(tiny.END, "report", "quarter", "2026Q4", "--format", "json")
    left = [(name, dict(a)) for name, a in tiny.entries()]
    left[-1][1]["member"] = [tiny.dn(name) for name in tiny.PEOPLE if name[0] != "p"]
    t.directory(left)
    t.night("2026-12-31T20:00+01:00")
    rules(t)


def own(t):
    return dict(t.rows("select series, state from proposal where share = 'behov' order by series, episode"))


def what(t, series):
    return t.rows("select id, batch, files from proposal where series = ? order by episode desc limit 1", series)[0]


def approved(t):
    t.night(ASKED, codes=(0, 3))
    for series in KINDS:
        if series != DRAFT:
            t.answer("approve", SAID, only=what(t, series)[0])
    t.night(NEXT, codes=(0, 3))
    for series in KINDS:
        t.must(NEXT, "series", "activate", series, "--by", "maria", "--reason", "Beslut finns", codes=(0, 2))
    t.night(LATER, codes=(0, 3))


def verified(t):
    done = t.call(None, "audit", "verify", "--json")
    return done.returncode, json.loads(done.stdout)


def said_of_2026(t):
    """What the store still says that somebody wrote, heard or had in 2026."""
    year = "< strftime('%s', '2026-12-31T23:00:00Z') + 0"
    return {name: t.rows(sql)[0][0] for name, sql in {
        "letter": f"select count(*) from letter where sent {year} and coalesce(name, display, mail, token_hash) is not null",
        "access": f"select count(*) from access_grant where last_seen {year}",
        "decision": f"select count(*) from decision where at {year} and coalesce(key, name, reason, proof) is not null and {OVER.format('proposal')}",
        "payload": "select count(*) from audit join audit_payload using (seq) where at < '2026-12-31T23:00:00Z' and event not in ('protocol-issued',"
                   " 'series-activated', 'delivery-packaged', 'night-published') and "
                   + OVER.format("json_extract(payload, '$.proposal')")}.items()}


def raw(t, text):
    """How often it stands in the store's files, wherever in them."""
    found = 0
    for name in ("behov.db", "behov.db-wal"):
        if os.path.exists(f"{t.folder}/{name}"):
            with open(f"{t.folder}/{name}", "rb") as f:
                found += f.read().count(text.encode())
    return found


def goes():
    with Tiny() as t:
        lived(t)
        done = t.call(ASKED, "check")
        check("the rules are good", done.returncode == 0, done.stderr)
        t.night("2028-12-31T02:00+01:00", codes=(0, 3))
        check("nothing is due before two years have passed from the year's end", own(t) == {}, own(t))
        before = said_of_2026(t)
        check("there is something of each kind", all(before.values()), before)
        t.night(ASKED, codes=(0, 3))
        check("then each that has a decision is asked about, and the draft is not", own(t) == {k: "open" for k in KINDS if k != DRAFT}, own(t))
        check("by year", {what(t, k)[1] for k in KINDS if k != DRAFT} == {f"{k}/2026" for k in KINDS if k != DRAFT})
        told = [f["text"] for f in json.loads(t.call(ASKED, "plan", "--json").stdout)["findings"] if f.get("series") == DRAFT]
        check("that the draft has none is told", any("saknar beslut" in text for text in told), told)
        done = t.call(ASKED, "explain", "behov:brev/2026/2026-11-24")
        check("one can ask why", done.returncode == 0 and b"2029-01-01" in done.stdout, done)
        for words in (("share", "adopt", "behov"), ("share", "probe", "behov"), ("explain", "behov:brev/2026/2026-02-30")):
            check("there is no file to " + words[1], t.call(ASKED, *words).returncode == 2)
        approved(t)
        check("approved by two", own(t) == {k: "scheduled" for k in KINDS if k != DRAFT}, own(t))
        letters = t.letters()
        (mail,), = t.rows("select min(token_hash) from letter where sent < strftime('%s', '2026-12-31') + 0 and token_hash is not null")
        found_before = raw(t, mail)
        done = t.call(GONE, "apply")
        check("they go", done.returncode in (0, 4), done.stderr.decode()[-2000:])
        t.must(GONE, "apply", codes=(0, 4))
        check("all that had a decision", own(t) == {k: "done" for k in KINDS if k != DRAFT}, own(t), done.stderr.decode()[-3000:])
        after = said_of_2026(t)
        check("and no trace of what letters said is left in the file", raw(t, mail) == 0 < found_before, raw(t, mail), found_before)
        check("nothing of it is said any more", not any(after.values()), before, after)
        check("the draft's is", t.rows("select count(*) from night where summary is not null and started < strftime('%s', '2027-01-01') + 0")[0][0] > 3)
        code, found = verified(t)
        check("the chain is whole, and says by which decision", code == 0 and found["disposed"] == found["disposals"][0]["rows"] > 5
              and [d["dnr"] for d in found["disposals"]] == ["KS 2028/77"], found)
        text = t.call(None, "audit", "verify").stdout.decode()
        check("in words, too", f"Vad {found['disposed']} av raderna sa är gallrat efter beslut KS 2028/77." in text, text)
        again(t, letters)
        told_of(t)
        forged(t)


def again(t, letters):
    """What is gone is not missed, asked about or done again; who asks for it hears that it is gone."""
    count = t.rows("select count(*) from proposal")[0]
    t.night(AFTER, codes=(0, 3))
    check("nothing is asked again, and no old letter is written anew", t.rows("select count(*) from proposal")[0] == count
          and [one for one in t.letters() if one not in letters and "2026" in one[1]] == [], own(t))
    done = t.call(AFTER, "report", "quarter", "2026Q4")
    check("a review of then is not made from what is left", done.returncode == 2 and b"KS 2028/77" in done.stderr, done.stderr)
    check("one of now is", t.call(AFTER, "report", "quarter", "2030Q1").returncode in (0, 3))
    done = t.call(AFTER, "report", "verify", t.folder + "/work/rapport/2026Q4.json")
    check("that a report was made then is gone, and it is said that it may have been that", done.returncode == 1 and
          "Vad 1 av kedjans rader om rapporter sa är gallrat" in done.stdout.decode(), done)
    done = t.call(AFTER, "explain", "p0", "s", "--at", "2026-11-25")
    check("who had what is not said to be nothing", done.returncode == 2 and b"disposed" in done.stderr, done.stdout, done.stderr)
    done = t.call(AFTER, "explain", "behov:brev/2026/2026-11-24")
    check("of a record that is gone it is said where that is told", done.returncode == 0 and b"GALLR 2030/" in done.stdout, done)
    for words in (("status",), ("proposals",), ("audit", "trail", "p0"), ("report", "protocol", "all")):
        check("still works: " + " ".join(words), t.call(AFTER, *words).returncode in (0, 3))


def told_of(t):
    with_protocol = dict(t.rows("select p.series, r.body from protocol r join proposal p on p.id = r.proposal where p.share = 'behov'"))
    check("each has a gallringsprotokoll", set(with_protocol) == set(KINDS) - {DRAFT}, set(with_protocol))
    body = json.loads(with_protocol["brev"])
    check("which says how, what and by which decision", body["execution"]["method"] == "rows" and body["decision"]["dnr"] == "KS 2028/77"
          and body["counts"]["destroyed"]["files"] == what(t, "brev")[2] == body["counts"]["approved"]["files"], body["execution"], body["counts"])
    dnr = t.rows("select dnr from protocol r join proposal p on p.id = r.proposal where p.series = 'brev'")[0][0]
    done = t.call(AFTER, "report", "protocol", dnr, "--json")
    files = json.loads(done.stdout)["protocols"][0]["files"]
    with open(files["html"], encoding="utf-8") as f:
        html = f.read()
    check("people read it", "poster i behovs egen databas" in html and "unlink" not in html)
    with open(files["csv"], encoding="utf-8-sig") as f:
        check("its list has days, and no names", "brev/2026/2026-11-24" in f.read())
    check("earlier protocols can be put in place again", len(t.rows("select 1 from protocol r join proposal p on p.id = r.proposal"
                                                                    " where p.share = 's'")) == 2)
    shutil.rmtree(t.folder + "/work/protokoll")
    done = t.call(AFTER, "report", "protocol", "all")
    check("all of them", done.returncode == 0, done.stderr)


def forged(t):
    """A payload that goes without a decision is missed, and so is one that a row claims beforehand."""
    export = t.folder + "/kedja.jsonl"
    write(export, t.call(None, "audit", "export").stdout.decode())
    done = t.call(None, "audit", "verify", export, "--json")
    check("an export holds, too", done.returncode == 0 and json.loads(done.stdout)["disposals"] == verified(t)[1]["disposals"], done)
    (seq,), = t.rows("select max(seq) from audit_payload where seq < (select max(seq) from audit where event = 'records-disposed')")
    db = sqlite3.connect(t.folder + "/behov.db", isolation_level=None)
    db.execute("delete from audit_payload where seq = ?", (seq,))
    code, found = verified(t)
    check("a payload that somebody took is missed", code == 1 and found["broken"] == seq and "gallringsbeslut" in found["why"], found)
    (seq,), = db.execute("select min(seq) from audit where event = 'records-disposed'").fetchall()
    db.execute("delete from audit_payload where seq = ?", (seq,))
    code, found = verified(t)
    check("and so is the row that says what went", code == 1 and found["broken"] > 0, found)
    db.close()


def what_stops_it():
    with Tiny() as t:
        lived(t)
        rules(t, dispose="")
        approved(t)
        t.must(GONE, "apply", codes=(3,))
        check("a share that is not armed keeps it all", set(own(t).values()) == {"scheduled"} and all(said_of_2026(t).values()), own(t))
        notes = {n for n, in t.rows("select note from proposal where share = 'behov'")}
        check("and says why", notes == {'behovs egna handlingar får inte gallras: lagringsytan har inte dispose = "destroy"'}, notes)
        rules(t)
        day = t.rows("select date(min(sent), 'unixepoch', '+1 hour') from letter")[0][0]
        t.must(LATER, "hold", "add", "begaran", "--share", "behov", "--path", f"brev/2026/{day}", "--by", "maria", "--reason", "Begäran")
        check("a hold can be set on a day of letters", t.rows("select count(*) from hold where share = 'behov'")[0][0] == 1)
        t.must(GONE, "apply", codes=(0, 4))
        left = t.rows("select count(*) from letter where date(sent, 'unixepoch', '+1 hour') = ? and mail is not null", day)[0][0]
        check("it stays, and the rest goes", left > 0 and own(t)["brev"] == "done" and "1 lämnade" in t.rows(
            "select note from proposal where series = 'brev'")[0][0], left, own(t), t.rows("select note from proposal where share = 'behov'"))
        check("the chain is whole", verified(t)[0] == 0)


def whole():
    with Tiny() as t:
        lived(t)
        rules(t, more="whole = true;")
        approved(t)
        day = t.rows("select date(min(sent), 'unixepoch', '+1 hour') from letter")[0][0]
        t.must(LATER, "hold", "add", "begaran", "--share", "behov", "--path", f"brev/2026/{day}", "--by", "maria", "--reason", "Begäran")
        t.must(GONE, "apply", codes=(3,))
        check("of a whole batch nothing goes when one is held", own(t)["brev"] == "failed" and said_of_2026(t)["letter"] > 0, own(t))
        check("the others do", own(t)["kedja"] == "done", own(t))


def refused():
    wrong = {
        "quarantine": ('dispose = "quarantine";', "", "have no quarantine"), "keep": ("", 'keep = "1 year";', "2 years at least"),
        "deliver": ("", 'action = "deliver";', "cannot be delivered"), "clock": ("", 'clock = "created";', "dated by their path"),
        "hands": ("hands = 2;", "", "'hands' is for a share with files")}
    with Tiny() as t:
        t.fresh()
        for name, (share, series, said) in wrong.items():
            text = ONE.format(id="brev", decision=DECISION, more="")
            key = series.split(" =")[0]
            if series:
                text = text.replace(next(part for part in (f'{key} = "2 years";', f'{key} = "destroy";', f'{key} = "path-year";') if part in text), series)
            write(t.folder + "/rules/own.cfg", OWN.format(dispose=share, series=text))
            done = t.call(tiny.FIRST, "check")
            check(f"the rules say no to {name}", done.returncode == 2 and said.encode() in done.stderr, done.stderr)
        write(t.folder + "/rules/own.cfg", f'shares = ( {{ id = "a"; path = "{t.folder}/work"; owner = "eva"; }} );\n')
        done = t.call(tiny.FIRST, "check")
        check("nor may protocols lie on a share", done.returncode == 2 and b"always kept" in done.stderr, done.stderr)
        shutil.rmtree(t.folder + "/work", ignore_errors=True)
        os.makedirs(t.folder + "/elsewhere")
        os.symlink("elsewhere", t.folder + "/work")
        for path in ("elsewhere", "work", "elsewhere/protokoll"):
            write(t.folder + "/rules/own.cfg", f'shares = ( {{ id = "a"; path = "{t.folder}/{path}"; owner = "eva"; }} );\n')
            done = t.call(tiny.FIRST, "check")
            check(f"nor by another name, before there are any: {path}", done.returncode == 2 and b"always kept" in done.stderr, done.stderr)
        write(t.folder + "/rules/own.cfg", f'shares = ( {{ id = "a"; path = "{t.folder}/work/rapport"; owner = "eva"; }} );\n')
        check("reports may", t.call(tiny.FIRST, "check").returncode == 0)
        write(t.folder + "/rules/own.cfg", 'shares = ( { id = "behov"; path = "behov:"; owner = "eva"; } );\nseries = ( { id = "allt"; action = "destroy"; '
              + DECISION + ' where = ( { share = "*"; path = "**"; } ); keep = "1 year"; clock = "modified"; } );\n')
        check("what says every share is good", t.call(tiny.FIRST, "check").returncode == 0)
        plan = json.loads(t.call(ASKED, "plan", "--json").stdout)
        check("and does not mean ours", {p["share"] for p in plan["proposals"] if p["kind"] == "destroy"} == {"s"}
              and any(f["kind"] == "ungoverned" and f["share"] == "behov" for f in plan["findings"]), plan["findings"])


def killed_at_each_step():
    """All of a batch goes with its row of the chain, or nothing does."""
    with Tiny(behov=STEPS) as t:
        lived(t)
        approved(t)
        keep = t.folder + "/keep"
        shutil.copytree(t.folder, keep, ignore=shutil.ignore_patterns("keep", "outbox"))

        def back():
            for name in os.listdir(keep):
                if name.startswith("behov.db"):
                    shutil.copy(f"{keep}/{name}", f"{t.folder}/{name}")
            shutil.rmtree(t.folder + "/work", ignore_errors=True)
            shutil.copytree(keep + "/work", t.folder + "/work")

        listed = t.folder + "/steps"
        t.call(GONE, "apply", env={**os.environ, "BEHOV_STEPS": listed})
        wanted, states = said_of_2026(t), own(t)
        with open(listed, encoding="utf-8") as f:
            steps = len(f.readlines())
        bad = []
        for n in range(1, steps + 1):
            back()
            first = t.call(GONE, "apply", env={**os.environ, "BEHOV_DIE_AT": str(n)})
            code, found = verified(t)
            second = t.call(GONE, "apply")
            same = (said_of_2026(t), own(t)) == (wanted, states) and verified(t)[0] == 0
            if first.returncode != 100 or code != 0 or second.returncode not in (0, 4) or not same:
                bad.append((n, first.returncode, code, found, second.returncode, said_of_2026(t), own(t)))
        check(f"ended at any of {steps} steps and started again, it comes to the same end", steps > 10 and not bad, *bad[:3])


def main():
    goes()
    what_stops_it()
    whole()
    refused()
    killed_at_each_step()
    return 1 if tiny.failures else 0


sys.exit(main())
