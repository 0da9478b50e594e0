#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an e-archive has given a receipt of goes here, too, when its series says so: after its time, asked about, the same files and no others."""
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import tiny
from tiny import Tiny, check, write

RECEIVED, EARLY, DUE = "2026-12-05T09:00+01:00", "2027-06-04T02:00+01:00", "2027-06-05T02:00+01:00"
SAID, NEXT, LATER, GO, ENDED, END = ("2027-06-05T09:00+01:00", "2027-06-06T02:00+01:00", "2027-06-14T02:00+01:00", "2027-06-14T09:00+01:00",
                                     "2027-07-20T02:00+01:00", "2027-07-20T09:00+01:00")
OLD = 1262304000


def rule(t, text='after-receipt = "6 months";', whole=""):
    with open(t.folder + "/rules/s.cfg", encoding="utf-8") as f:
        rules = f.read().replace(' after-receipt = "6 months";', "")
    rules = rules.replace('id = "lev"; owner = "eva"; action = "deliver";', f'id = "lev"; owner = "eva"; action = "deliver"; {text}')
    write(t.folder + "/rules/s.cfg", rules.replace('batch = { path = "l"; }', f'batch = {{ path = "l"; {whole} }}'))


def delivered(t, receipt=True, **how):
    rule(t, **how)
    t.quarantined()
    t.must(tiny.END, "apply", codes=(0, 3))
    if receipt:
        sums = "".join(hashlib.sha256(f"l{n}".encode()).hexdigest() + f"  {n}\n" for n in tiny.FILES["l"])
        write(t.folder + "/sums", sums)
        t.must("2026-12-31T10:00+01:00", "delivery", "receipt", lev(t)[0], "--number", "A 1", "--date", "2026-12-05", "--by", "maria", "--file", t.folder + "/sums")


def lev(t):
    return t.rows("select id, state from proposal where series = 'lev' and kind = 'deliver' order by episode desc limit 1")[0]


def originals(t):
    return t.rows("select id, state, files, why, evidence, note from proposal where series = 'lev' and kind = 'destroy' order by opened desc, id limit 1")


def there(t):
    return sorted(os.listdir(t.share + "/l"))


def approve(t):
    t.answer("approve", SAID, only=originals(t)[0][0])
    t.night(NEXT, codes=(0, 3))
    t.must(NEXT, "series", "activate", "lev", "--by", "maria", "--reason", "Beslut finns", codes=(0, 2))
    t.night(LATER, codes=(0, 3))


def goes():
    with Tiny() as t:
        delivered(t)
        check("it is delivered, and its receipt registered", lev(t)[1] == "done" and there(t) == ["a", "b"], lev(t))
        done = t.call(EARLY, "explain", t.share + "/l/a")
        check("one can ask when the originals may go", "originalet får gallras från 2027-06-05" in done.stdout.decode(), done.stdout.decode(), done.stderr)
        t.night(EARLY, codes=(0, 3))
        check("nothing is asked before their time", not originals(t) and lev(t)[1] == "done")
        write(t.share + "/l/c", "lc")
        os.utime(t.share + "/l/c", (OLD, OLD))
        write(t.share + "/l/b", "lB")
        os.utime(t.share + "/l/b", (OLD + 1, OLD + 1))
        wanted = json.loads(t.call(DUE, "plan", "--json", "--files").stdout)["proposals"]
        t.night(DUE, codes=(0, 3))
        (found,) = originals(t)
        evidence = json.loads(found[4])
        check("then the one that is as it was delivered is asked about", found[1:3] == ("open", 1), found)
        check("a plan says the same", [[e["path"] for e in p["entries"]] for p in wanted if p["series"] == "lev" and p["kind"] == "destroy"] == [["l/a"]], wanted)
        check("with the receipt as evidence", evidence["receipts"][0]["number"] == "A 1" and evidence["receipts"][0]["compared"] == 2
              and evidence["receipts"][0]["date"] == "2026-12-05" and evidence["calculation"] == "e-arkivets kvittens 2026-12-05 + 6 månader = 2027-06-05"
              and "kvittens A 1, 2 kontrollsummor stämde" in found[3], found)
        check("and what is new or has changed is to be delivered", lev(t)[1] == "open" and t.rows(
            "select files from proposal where id = ?", lev(t)[0])[0][0] == 2, lev(t))
        check("two must say so", t.rows("select needs from proposal where id = ?", found[0])[0][0] == 2)
        approve(t)
        check("they do", originals(t)[0][1] == "scheduled", originals(t))
        t.must(GO, "apply", codes=(0, 3))
        check("it is put aside, and nothing else", there(t) == ["b", "c"] and originals(t)[0][1] == "quarantined", there(t), originals(t))
        t.night(ENDED, codes=(0, 3))
        t.must(END, "apply", codes=(0, 3))
        check("and destroyed", originals(t)[0][1] == "done", originals(t))
        done = t.call(END, "report", "protocol", originals(t)[0][0], "--json")
        body = json.loads(done.stdout)["protocols"][0]
        with open(body["files"]["html"], encoding="utf-8") as f:
            html = f.read()
        check("its gallringsprotokoll says where the record is now", body["protocol"]["delivered"] == evidence["receipts"]
              and body["protocol"]["calculation"]["clock"] == "receipt" and "när e-arkivet kvitterade leveransen" in html
              and "kvittens A 1 den 2026-12-05, 2 kontrollsummor stämde" in html, body["protocol"]["calculation"])
        check("the chain is whole", t.call(None, "audit", "verify").returncode == 0)
        t.night("2027-07-21T02:00+01:00", codes=(0, 3))
        check("and nothing is asked anew", originals(t)[0][1] == "done" and t.rows("select count(*) from proposal where kind = 'destroy' and series = 'lev'")[0][0] == 1)


def stays(name, between, wanted_note, **how):
    """Approved, and then something is otherwise."""
    with Tiny() as t:
        delivered(t, **how)
        t.night(DUE, codes=(0, 3))
        approve(t)
        between(t)
        t.call(GO, "apply")
        got = originals(t)[0]
        check(f"it stays: {name}", "a" in there(t) and got[1] in ("scheduled", "quarantined", "failed") and wanted_note in str(
            got[5]) + str(t.rows("select note from effect where proposal = ?", got[0])), there(t), got)


def preserved(t):
    with open(t.folder + "/rules/p.cfg", "w", encoding="utf-8") as f:
        f.write('series = ( { id = "spara"; action = "preserve"; where = ( { share = "s"; path = "l/**"; } ); } );\n')


def rewritten(t):
    for name in "ab":
        write(f"{t.share}/l/{name}", "ny")
        os.utime(f"{t.share}/l/{name}", (OLD, OLD))


def without_receipt():
    with Tiny() as t:
        delivered(t, receipt=False)
        t.night(DUE, codes=(0, 3))
        check("what waits for its receipt stays", not originals(t) and lev(t)[1] == "exported")
        t.must(SAID, "delivery", "refuse", lev(t)[0], "--by", "maria", "--reason", "Fel format")
        t.night(NEXT, codes=(0, 3))
        check("what the e-archive refused stays", not originals(t))
    with Tiny() as t:
        delivered(t, text="")
        t.night(DUE, codes=(0, 3))
        check("a series that does not say so keeps its originals", not originals(t) and lev(t)[1] == "done")
        rule(t)
        t.night(NEXT, codes=(0, 3))
        check("until it does, on the very next night", [p[1:3] for p in originals(t)] == [("open", 2)], originals(t))


def content():
    """Written anew in place, with the same size and its old times: what the archive has is something else."""
    for dispose, gone in (("destroy", False), ("none", False), ("destroy", True)):
        with Tiny() as t:
            delivered(t)
            if not gone:
                with open(t.share + "/l/a", "r+", encoding="utf-8") as f:
                    f.write("lX")
                os.utime(t.share + "/l/a", (OLD, OLD))
            t.night(DUE, codes=(0, 3))
            check("size and times say that they are what was delivered", [p[1:3] for p in originals(t)] == [("open", 2)], originals(t))
            approve(t)
            with open(t.folder + "/rules/s.cfg", encoding="utf-8") as f:
                rules = f.read()
            write(t.folder + "/rules/s.cfg", rules.replace('dispose = "destroy"', f'dispose = "{dispose}"'))
            t.must(GO, "apply", codes=(0, 3))
            notes = dict(t.rows("select target, note from effect where proposal = ? and act = 'quarantine'", originals(t)[0][0]))
            if gone:
                check("both are", there(t) == [] and not any(notes.values()), there(t), notes)
            elif dispose == "destroy":
                check("but one is not, and stays", there(t) == ["a"] and notes == {"l/a": "innehållet är inte det som e-arkivet fick", "l/b": None}, there(t), notes)
            else:
                with open(f"{t.folder}/work/arbetslista-{originals(t)[0][0]}.csv", encoding="utf-8-sig") as f:
                    rows = {line.split(";")[0]: line.rstrip().split(";")[-1] for line in f}
                check("nor is it to be taken away by hand", rows["l/a"] == "innehållet är inte det som e-arkivet fick" and rows["l/b"] == "gallra", rows)


def by_itself():
    """A volume that is delivered as a whole: what has come since keeps none of the others."""
    with Tiny() as t:
        delivered(t, whole="whole = true;")
        write(t.share + "/l/c", "lc")
        os.utime(t.share + "/l/c", (OLD, OLD))
        t.night(DUE, codes=(0, 3))
        check("of a whole volume what was delivered goes", [p[1:3] for p in originals(t)] == [("open", 2)], originals(t))
        approve(t)
        t.must(GO, "apply", codes=(0, 3))
        check("each by itself", there(t) == ["c"], there(t))
        t.night(ENDED, codes=(0, 3))
        check("and then what is new is delivered", lev(t)[1] == "open", lev(t))


def half_of_it():
    """With evidence = "digest" names go when the records have: not while the receipt is about one that is left."""
    with Tiny() as t:
        delivered(t, text='after-receipt = "6 months"; evidence = "digest";')
        write(t.folder + "/rules/p.cfg", 'series = ( { id = "spara"; action = "preserve"; where = ( { share = "s"; path = "l/b"; } ); } );\n')
        t.night(DUE, codes=(0, 3))
        approve(t)
        t.must(GO, "apply", codes=(0, 3))
        t.night(ENDED, codes=(0, 3))
        t.must(END, "apply", codes=(0, 3))
        check("one original has gone, and one is left", there(t) == ["b"] and originals(t)[0][1:3] == ("done", 1), there(t), originals(t))
        os.remove(t.folder + "/rules/p.cfg")
        t.night("2027-07-21T02:00+01:00", codes=(0, 3))
        check("that one goes by the same receipt, and is not delivered once more", originals(t)[0][1:3] == ("open", 1) and lev(t)[1] == "done",
              originals(t), lev(t))


def refused():
    with Tiny() as t:
        for text, said in (('after-receipt = "soon";', "not a period"), ('after-receipt = "0 days";', "not a period")):
            rule(t, text)
            done = t.call(None, "check")
            check("the rules say no to " + text, done.returncode == 2 and said.encode() in done.stderr, done.stderr)
            write(t.folder + "/rules/s.cfg", open(t.folder + "/rules/s.cfg", encoding="utf-8").read().replace(" " + text, ""))
        write(t.folder + "/rules/x.cfg", 'series = ( { id = "x"; action = "destroy"; after-receipt = "6 months"; keep = "1 year"; clock = "modified";'
              ' where = ( { share = "s"; path = "x/**"; } ); } );\n')
        done = t.call(None, "check")
        check("and for what is not delivered", done.returncode == 2 and b"for action 'deliver'" in done.stderr, done.stderr)


def main():
    goes()
    without_receipt()
    stays("the rule says no longer that it goes", lambda t: rule(t, text=""), "")
    stays("a series preserves it", preserved, "reglerna säger något annat om filen nu")
    stays("it was written anew", rewritten, "filen har ändrats sedan den godkändes")
    stays("somebody has asked for it", lambda t: t.must(LATER, "hold", "add", "x", "--share", "s", "--path", "l/**", "--by", "maria", "--reason",
                                                        "Begäran"), "gallringsstopp: Begäran")
    content()
    by_itself()
    half_of_it()
    refused()
    return 1 if tiny.failures else 0


sys.exit(main())
