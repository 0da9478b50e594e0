#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""serve has been taken over: it reads the store, sees who signs in, and writes into its inbox whatever it likes.

Each time the same night is run beside it in a copy of the world where nothing was forged: the two stores must say the same."""
import datetime
import glob
import json
import os
import re
import shutil
import sqlite3
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../world"))
import town
from town import FACTS, Owner, Town, check

TOLD = ("decision", "event", "letter", "letter_about")          # what was refused is kept, and told to whom it concerns
SAME = [table for table in FACTS if table not in TOLD]


def at(day, hour=2, minute=0):
    return f"2026-{day}T{hour:02}:{minute:02}:00+01:00"


def moment(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


class Twin(Town):
    """A copy of a world as it is."""

    def __init__(self, other):                  # pylint: disable=super-init-not-called
        self.folder = other.folder + "-twin"
        shutil.copytree(other.folder, self.folder, symlinks=True)
        self.demo, self.behov, self.page = self.folder + "/build/demo", other.behov, None


def facts(t):
    """What a night says, but for the manifests: they know inodes, which a copy has of its own."""
    return {table: [re.sub("sha256:[0-9a-f]{64}", "", row) for row in rows] for table, rows in t.facts().items() if table in SAME}


def inbox(t):
    return t.demo + "/behov.db.inbox"


def write(t, rows):
    """As the one who holds serve would: straight into the database."""
    db = sqlite3.connect(inbox(t))
    db.executemany("insert into decision (token, proposal, version, verdict, reason, until, at, proof) values (?,?,?,?,?,?,?,?)", rows)
    db.commit()
    db.close()


def proof(sent, proved, **more):
    return json.dumps({"kind": "code", "code_sent": sent, "proved": proved, **more})


def night(t, day):
    done = t.call(at(day), "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode()[-2000:])
    return done


def counted(t):
    return t.rows("select proposal, verdict, name from decision where refused is null order by id")


def refused(t):
    return [r for (r,) in t.rows("select refused from decision where refused is not null union all select refused from event where refused is not null")]


def whole(t, day):
    done = t.call(at(day), "audit", "verify")
    return done.returncode == 0 and "hel" in done.stdout.decode()


def owner_of(t):
    """Somebody who alone decides on several memberships, and what they are."""
    name, = t.rows("select name from letter join letter_about on letter = letter.id join proposal on proposal.id = proposal where proposal.needs = 1"
                   " and proposal.kind = 'remove-member' and proposal.state = 'open' and also = '[]' group by name order by count(*) desc, name")[0]
    mine = t.rows("select proposal.id, version from proposal join approver on approver.proposal = proposal.id join letter on letter.key = approver.key where"
                  " letter.name = ? and state = 'open' and needs = 1 and proposal.kind = 'remove-member' and also = '[]' group by 1 order by 1", name)
    return name, mine


def sessions(t):
    """What serve can see of those who are there."""
    db = sqlite3.connect(inbox(t))
    found = db.execute("select token, letter from session where proved is not null").fetchall()
    db.close()
    return found


# ------------------------------------------------------------------ those who are not there

def guesses(t, name):
    """What there is to try as the link of somebody who is not there."""
    (letter, digest, key, mail), = t.rows("select id, token_hash, key, mail from letter where name = ? and kind = 'digest' order by id limit 1", name)
    return [digest, letter, key, mail, name, "", "%", "*", digest.upper(), digest[:43], "' or 1=1 --", "A" * 43, "A" * 5000, "x\0y", "å" * 43], letter


def nobody_who_is_absent_decides(t):
    absent, theirs = owner_of(t)
    present = [n for (n,) in t.rows("select name from letter where kind = 'digest' and name <> ? and name <> 'it.admin' order by name", absent)][0]
    t.serve(at("11-24", 9))
    Owner(t, present)
    (token, letter), = sessions(t)
    t.close_page()
    check("serve sees the link of who is there, and of nobody else", t.rows("select name from letter where id = ?", letter) == [(present,)])
    now = moment(at("11-24", 9))
    tokens, other = guesses(t, absent)
    everything = t.rows("select id, version from proposal where state in ('open', 'braked')")
    mine = {p for (p,) in t.rows("select proposal from approver join letter on letter.key = approver.key where letter.id = ?", letter)}
    good, forged = proof(now - 60, now - 30), []
    for proposal, version in theirs[:4]:
        for verdict in ("approve", "keep", "undo", "event"):
            forged += [(link, proposal, version, verdict, "x", None, now, good) for link in tokens]
            forged += [(token, proposal, version, verdict, "x", None, now, proof(now - 60, now - 30, letter=other))]
    forged += [(token, p, v, verdict, "x", None, now, good) for p, v in everything if p not in mine for verdict in ("approve", "keep", "undo")]
    series = [s for (s,) in t.rows("select distinct series from proposal where series is not null")]
    forged += [(link, f"{s}@{share}", "Avtal", "event", "x", 19000, now, good) for link in [token, *tokens] for s in [*series, "avtal", "x", ""] for share in ("ekonomi", "social", "")]
    check("there is much to forge", len(forged) > 300, len(forged))
    with Twin(t) as twin:
        write(t, forged)
        for one in (t, twin):
            night(one, "11-25")
        check("for who is not there nothing counts", counted(t) == [] and len(refused(t)) == len(forged), counted(t)[:3], len(refused(t)), len(forged))
        check("and the store says what it says without it", facts(t) == facts(twin), [k for k in SAME if facts(t)[k] != facts(twin)[k]])
        check("each is in the chain, as refused", t.rows("select count(*) from audit where event in ('decision-refused', 'event-refused')") == [(len(forged),)]
              and whole(t, "11-25"))
        night(t, "11-26")
        check("and is refused once", len(refused(t)) == len(forged))


# ------------------------------------------------------------------ those who are

def spoiled(t, token, proposal, version, now):
    """Rows for one who is there and is asked: each wrong in one way."""
    good = proof(now - 60, now - 30)
    (opened,), = t.rows("select opened from proposal where id = ?", proposal)
    braked = t.rows("select id, version from proposal where state = 'braked' limit 1")
    rows = [(token, proposal, other, "approve", None, None, now, good) for other in ("", "0" * 64, version.upper(), version + "0", version[:-1], None)]
    rows += [(token, proposal, version, verdict, None, None, now, good) for verdict in ("", "APPROVE", "approve ", "destroy", "release", "undo", "scheduled", "event")]
    rows += [(token, proposal, version, "approve", None, None, when, good) for when in (now + 86400, 2 ** 62, -2 ** 62, 0, opened - 1, now + 40 * 86400, now - 31)]
    rows += [(token, proposal, version, "approve", None, None, now, how) for how in (
        None, "", "{}", "[]", "null", '{"kind":"code"}', '{"kind":"administrator"}', '{"kind":"ldap"}', '{"kind":"none","code_sent":1,"proved":2}', proof(now - 60, now + 60),
        proof(now - 8000, now - 7900), proof(now - 9000, now - 60), proof(0, 0), proof(now, now - 1), proof("x", "y"), proof(1e300, 1e300), "[" * 3000, '{"kind":"code",' * 100)]
    rows += [(token, proposal, version, "keep", why, until, now, good) for why, until in ((None, None), ("", None), (" \t", None), ("x" * 5000, None), ("x", 0), ("x", -1))]
    rows += [(token, proposal + tail, version, "approve", None, None, now, good) for tail in ("x", " ", "\0", "%")]
    rows += [(token, p, v, "approve", None, None, now, good) for p, v in braked]
    return rows


def one_who_is_there_is_only_heard_right(t):
    name, mine = owner_of(t)
    (proposal, version), (spare, spare_version) = mine[0], mine[1]
    t.serve(at("11-26", 9))
    Owner(t, name)
    (token, _), = [s for s in sessions(t) if t.rows("select name from letter where id = ?", s[1]) == [(name,)]]
    t.close_page()
    now, before = moment(at("11-26", 9)), len(refused(t))
    forged = spoiled(t, token, proposal, version, now)
    with Twin(t) as twin:
        write(t, forged)
        for one in (t, twin):
            night(one, "11-27")
        check("what is wrong in any way does not count", counted(t) == [] and len(refused(t)) == before + len(forged),
              counted(t)[:3], len(refused(t)) - before, len(forged))
        check("and the store says what it says without it, again", facts(t) == facts(twin), [k for k in SAME if facts(t)[k] != facts(twin)[k]])
    told = [text for subject, text in t.mails(name) if "kvitto" in subject]
    check("the owner is told, by the night and not by serve", told and "Räknades inte" in told[-1] and "Har du inte gjort det här själv?" in told[-1],
          t.mails(name)[-1])
    return name, token, (proposal, version), (spare, spare_version)


def what_it_can_do_in_their_name(t, name, token, first, second):
    """The manual says so: it can decide for them, once; and everybody sees it before anything is done."""
    now = moment(at("11-27", 9))
    rows = [(token, p, v, "approve", None, None, now, proof(now - 60, now - 30)) for p, v in (first, second)]
    with Twin(t) as twin:
        write(t, rows)
        for one in (t, twin):
            night(one, "11-28")
        changed = [k for k in SAME if facts(t)[k] != facts(twin)[k]]
        moved = {i for (i,) in t.rows("select id from proposal where state = 'scheduled'")}
        check("it can approve what they are asked about, and that alone", moved == {first[0], second[0]} and changed == ["proposal"], moved, changed)
    text = [text for subject, text in t.mails(name) if "kvitto" in subject][-1]
    check("the owner gets a receipt of it", "Godkänt: utförs tidigast 2026-11-30" in text and "2 förslag" in text, text)
    done = t.call(at("11-28", 9), "apply")
    check("nothing is carried out before its grace has passed", not glob.glob(t.demo + "/work/*.ldif") and t.rows("select * from effect") == [], done.stdout)
    done = t.call(at("11-28", 10), "decide", "undo", first[0], "--by", "it.admin", "--reason", "Ägaren känner inte till det")
    check("an administrator undoes it without the page", done.returncode == 0, done.stderr.decode())
    later = moment(at("11-28", 11))
    again = [(*rows[0][:6], when, proof(when - 60, when - 30)) for when in (now, now + 1, moment(at("11-28", 9, 59)))]
    write(t, again + [rows[0]])
    night(t, "11-29")
    check("what was undone does not come back by the same words", t.rows("select state from proposal where id = ?", first[0]) == [("open",)]
          and refused(t).count("it has been undone since") == len(again) + 1, refused(t)[-4:])
    write(t, [(token, second[0], second[1], "undo", None, None, later, proof(later - 60, later - 30))])
    db = sqlite3.connect(inbox(t))
    db.execute("delete from decision where verdict = 'undo'")
    db.commit()
    db.close()
    night(t, "11-30")
    check("it can lose an undo: what was taken stands until somebody undoes it by hand", t.rows("select state from proposal where id = ?", second[0]) == [("scheduled",)])
    done = t.call(at("11-30", 9), "decide", "undo", second[0], "--by", "it.admin", "--reason", "Ägaren ringde")
    check("which is always possible", done.returncode == 0 and whole(t, "11-30"), done.stderr.decode())


def files_of_two(t):
    """Files that two people are asked about, and who they are."""
    one, version = t.rows("select id, version from proposal where kind = 'destroy' and state = 'open' and needs = 2 and (select count(distinct key) from approver"
                          " where proposal = id) = 2 order by id limit 1")[0]
    return one, version, [n for (n,) in t.rows("select distinct letter.name from letter join approver on approver.key = letter.key where proposal = ? order by 1", one)]


def what_it_stops_is_lifted_once(t):
    """With the links of both who are asked about files it stops them a thousand times, and says yes and no without end."""
    one, version, names = files_of_two(t)
    t.serve(at("12-01", 9))
    for name in names:
        Owner(t, name)
    t.close_page()
    tokens = {t.rows("select name from letter where id = ?", letter)[0][0]: token for token, letter in sessions(t)}
    now, before = moment(at("12-01", 9)), t.rows("select count(*) from hold")[0][0]
    good, told = proof(now - 60, now - 30), t.rows("select count(*) from audit")[0][0]
    rows = [(tokens[name], one, version, "hold", f"Stopp {i}", until, now + i % 100, good) for i in range(300) for name in names for until in (None, 20800 + i)]
    rows += [(tokens[names[0]], one, version, word, "x", until, now + i % 100, good) for i in range(300) for word, until in (("not-mine", None), ("later", 20790), ("ask", None), ("advise", None))]
    write(t, rows)
    night(t, "12-02")
    mine = t.rows("select id, who, reason from hold where id like 'stopp-' || ? || '%'", one)
    check("a thousand stops are one hold", len(mine) == 1 and t.rows("select count(*) from hold") == [(before + 1,)], mine)
    check("in which both are named, once each", sorted(mine[0][1].split(", ")) == names and mine[0][2] == "Stopp 0; Stopp 0", mine)
    counted_now = t.rows("select count(*) from decision where proposal = ? and refused is null", one)[0][0]
    check("what counts of the rest is little", counted_now <= 4 and t.rows("select state from proposal where id = ?", one) == [("held",)], counted_now)
    check("and the chain tells of it, and is no flood", whole(t, "12-02") and t.rows("select count(*) from audit")[0][0] - told < 1200,
          t.rows("select count(*) from audit")[0][0] - told)
    os.remove(inbox(t))                         # as the manual says; what lay there still would stop it again
    done = t.call(at("12-02", 9), "hold", "lift", mine[0][0], "--by", "maria.arkivarie", "--by", "it.admin", "--reason", "Ingen av dem har stoppat det")
    night(t, "12-03")
    check("two people lift it in one act, and it is asked anew", done.returncode == 0 and t.rows("select state from proposal where id = ?", one) == [("open",)],
          done.stderr.decode(), t.rows("select id, who from hold where lifted is null"))


def what_it_gives_away_is_given_back(t):
    """It says of all that an owner has that it is not theirs: nothing goes, the coordinator is asked, and it is undone by hand."""
    name, mine = owner_of(t)
    t.serve(at("12-03", 9))
    Owner(t, name)
    (token,) = [k for k, letter in sessions(t) if t.rows("select name from letter where id = ?", letter) == [(name,)]][-1:]
    t.close_page()
    now = moment(at("12-03", 9))
    write(t, [(token, p, v, "not-mine", "x", None, now, proof(now - 60, now - 30)) for p, v in mine for _ in range(3)])
    night(t, "12-04")
    asked = t.rows("select count(distinct proposal) from approver join letter on letter.key = approver.key where letter.name = ? and proposal in"
                   " (select value from json_each(?))", name, json.dumps([p for p, _ in mine]))
    check("it can give away what they have, and nothing goes", asked == [(0,)] and t.rows("select count(*) from effect") == [(0,)], asked)
    done = t.call(at("12-04", 9), "decide", "undo", mine[0][0], "--by", "it.admin", "--reason", "Ägaren har inte sagt det")
    night(t, "12-05")
    theirs = [p for (p,) in t.rows("select distinct proposal from approver join letter on letter.key = approver.key where letter.name = ?", name)]
    check("which is undone by hand, for that one", done.returncode == 0 and [p for p, _ in mine if p in theirs] == [mine[0][0]], done.stderr.decode())


# ------------------------------------------------------------------ what is no inbox

def replaced(t, how):
    for name in (inbox(t), inbox(t) + "-journal", inbox(t) + "-wal"):
        if os.path.lexists(name):
            shutil.rmtree(name) if os.path.isdir(name) and not os.path.islink(name) else os.remove(name)
    how(inbox(t))


def database(path, *sql):
    db = sqlite3.connect(path)
    for one in sql:
        db.execute(one)
    db.execute("pragma application_id = 1650813033")
    db.execute("pragma user_version = 1")
    db.commit()
    db.close()


def header_of(good, path):
    """The beginning of a real inbox, and then nothing that is one."""
    with open(good, "rb") as f:
        head = f.read(4096)
    with open(path, "wb") as f:
        f.write(head[:100] + os.urandom(20000))


def an_inbox_of_another_kind(t):
    good = t.folder + "/good"
    shutil.copy(inbox(t), good)
    schema = re.search(r"CREATE TABLE decision.*", sqlite3.connect(good).execute("select sql from sqlite_schema where name = 'decision'").fetchone()[0], re.S).group()
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select"
    columns = "i as id, 'x' as token, 'x' as proposal, 'x' as version, 'approve' as verdict, 'x' as reason, 1 as until, 1 as at, '{}' as proof"
    kinds = {
        "a link to the store": lambda p: os.symlink(t.demo + "/behov.db", p), "a link to nothing": lambda p: os.symlink("/nowhere", p),
        "a link to a good inbox": lambda p: os.symlink(good, p), "another name of the store": lambda p: os.link(t.demo + "/behov.db", p),
        "a copy of the store": lambda p: shutil.copy(t.demo + "/behov.db", p), "a folder": os.mkdir, "a pipe": os.mkfifo,
        "the terminal": lambda p: os.symlink("/dev/zero", p), "rubbish": lambda p: header_of(good, p), "text": lambda p: open(p, "w", encoding="ascii").write("hej\n" * 3000),
        "one of three hundred megabytes": lambda p: (shutil.copy(good, p), os.truncate(p, 300 << 20)),
        "a view that never ends": lambda p: database(p, f"create view decision as {endless} {columns} from n"),
        "a table with another column": lambda p: database(p, schema.replace("proof text)", "proof text, more text)")),
        "a table whose column is computed": lambda p: database(p, schema.replace("proof text)", "proof text as (token || token))")),
        "a table that is virtual": lambda p: database(p, "create virtual table decision using fts5(id, token, proposal, version, verdict, reason, until, at, proof)"),
        "a link beside it": lambda p: (shutil.copy(good, p), os.symlink(t.demo + "/behov.db", p + "-journal")),
        "a pipe beside it": lambda p: (shutil.copy(good, p), os.mkfifo(p + "-wal")),
    }
    stores = {}
    for kind, how in kinds.items():
        with Twin(t) as one:
            replaced(one, how)
            done = one.call(at("12-01"), "run", timeout=120)
            gap = [w for (w,) in one.rows("select what from gap")]
            stores[kind] = ({k: v for k, v in facts(one).items() if k != "gap"}, done.returncode in (3, 4) and "inbox" in gap and whole(one, "12-01"), gap)
            done = one.call(at("12-01", 9), "apply", timeout=120)
            check(f"with {kind} as inbox a night goes on and tells, and nothing is carried out",
                  stores[kind][1] and done.returncode == 1 and b"undo" in done.stderr, stores[kind][2], done.returncode, done.stderr.decode()[-300:])
    with Twin(t) as one:
        replaced(one, lambda p: (shutil.copy(good, p), database_more(p)))
        night(one, "12-01")
        honest = {k: v for k, v in facts(one).items() if k != "gap"}
        check("triggers, views and indexes beside the table do nothing", one.rows("select what from gap where what = 'inbox'") == [] and whole(one, "12-01"))
    check("and all these nights came to the same", all(s[0] == honest for s in stores.values()), [k for k, s in stores.items() if s[0] != honest])


def database_more(path):
    db = sqlite3.connect(path)
    for sql in ("create trigger a after insert on decision begin delete from decision; end", "create view store as select * from decision",
                "create table proposal (id, state)", "insert into proposal values ('x', 'approved')", "create index d on decision (at, token)",
                "create index e on decision (token) where at > 0", "create table decision_taken as select * from decision"):
        db.execute(sql)
    db.commit()
    db.close()


def a_flood_hides_nothing(t):
    name, mine = owner_of(t)
    t.serve(at("11-30", 9))
    owner = Owner(t, name)
    now = moment(at("11-30", 9))
    write(t, [("A" * 43, mine[0][0], mine[0][1], "approve", "x" * 4000, None, now, "{" * 4000) for _ in range(2500)])
    owner.decide({mine[-1][0]: ("approve",)})
    t.close_page()
    night(t, "12-01")
    check("in a flood of forgeries an honest decision counts", (mine[-1][0], "approve", name) in counted(t))
    stored = len(refused(t))
    check("and the flood does not fill the store", stored < 2200, stored)
    check("but is told", b"has somebody broken into serve?" in t.call(at("12-01", 3), "run").stderr)


def links_do_not_stay(t):
    """What has been taken leaves the inbox, so that who breaks in finds no links of those who came before."""
    db = sqlite3.connect(inbox(t))
    tokens = {x for (x,) in db.execute("select token from decision union select token from session")} & {n[3:] for n in links(t)}
    db.close()
    check("what waits and what was decided of late lies there with its link", len(tokens) > 1, tokens)
    for day, left in (("12-01", True), ("12-06", False)):
        t.serve(at(day, 9))
        urllib.request.urlopen(f"http://127.0.0.1:{t.port}/style.css").close()         # it is at work
        t.close_page()
        with open(inbox(t), "rb") as f:
            held = f.read()
        found = [x for x in tokens if x.encode() in held]
        check(f"on {day} there is a link: {left}", bool(found) == left, found)


def links(t):
    return {m.group() for raw in t.letters().values() for m in re.finditer(r"/b/[\w-]{43}", raw.decode().replace("=\r\n", "").replace("=\n", ""))}


def main():
    with Town("--people", "500", "--files", "200") as t:
        t.create()
        night(t, "11-24")
        scopes = [s for (s,) in t.rows("select distinct scope from proposal where state = 'braked' order by scope")]
        for scope in scopes[1:]:
            t.call(at("11-24", 3), "decide", "release", scope, "--by", "it.admin", "--reason", "Granskat")
        assert t.call(at("11-24", 4), "run").returncode == 4 and len(scopes) > 1
        nobody_who_is_absent_decides(t)
        what_it_can_do_in_their_name(t, *one_who_is_there_is_only_heard_right(t))
        an_inbox_of_another_kind(t)
        a_flood_hides_nothing(t)
        links_do_not_stay(t)
        what_it_stops_is_lifted_once(t)
        what_it_gives_away_is_given_back(t)
        check("and the chain is whole", whole(t, "12-05"))
    return 1 if town.failures else 0


if __name__ == "__main__":
    sys.exit(main())
