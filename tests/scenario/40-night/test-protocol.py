#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gallringsprotokoll: a batch from approval to its end, read as an archivist would, and as somebody who does not believe it."""
import csv
import glob
import hashlib
import io
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Owner, Town, check

SMALL = ("--people", "500", "--files", "400")
SERIES = "verifikationer-2018"
END = "2027-01-05T09:00+01:00"
# Names as they come: markup, a formula, a text turned around, Latin-1, a line break, an ending that nobody knows.
HOSTILE = [b"<script>x.pdf", b"=cmd|calc.pdf", "fdp.\u202egnp.pdf".encode(), b"r\xe4kning.pdf", b"rad\nbrytning.pdf", b'"cit;at".pdf']


def at(day, hour=2):
    return f"2026-{day}T{hour:02}:00+01:00"


def night(t, when):
    done = t.call(when, "run")
    assert done.returncode in (0, 3, 4), (done.returncode, done.stderr.decode())


def approved(t):
    """A batch of files with hostile names, one with another name beside, approved by two and activated."""
    where = sorted(glob.glob(t.demo + "/shares/ekonomi/Verifikationer/201*"))[0]
    plain = sorted(n for n in os.listdir(where) if n.endswith((".pdf", ".xlsx")))
    for name in HOSTILE:
        with open(os.path.join(os.fsencode(where), name), "wb") as out:
            out.write(b"x" * 7)
    with open(where + "/andra-namn.pdf", "wb") as out:
        out.write(b"y" * 9)
    os.link(where + "/andra-namn.pdf", t.demo + "/shares/ekonomi/kvar.dat")
    night(t, at("11-24"))
    batch, = t.rows("select id from proposal where series = ? and batch = ?", SERIES, os.path.relpath(where, t.demo + "/shares/ekonomi"))[0]
    t.rows("select state from proposal where id = ?", batch)
    t.serve(at("11-24", 9))
    Owner(t, "eva.lind").decide({batch: ("approve",)})
    Owner(t, "maria.arkivarie").decide({batch: ("approve",)})
    t.close_page()
    for day in ("11-25", "11-26", "12-04"):
        night(t, at(day))
    done = t.call(at("12-04", 9), "series", "activate", SERIES, "--by", "maria.arkivarie", "--reason", "Beslut finns")
    assert done.returncode == 0, done.stderr
    return batch, where, plain


def destroyed(t):
    """One file has been changed since, one gets a hold in quarantine, the rest goes."""
    batch, where, plain = approved(t)
    names = sorted(n for n in os.listdir(where) if "\udce4" not in n)      # no rule judges a name that is not UTF-8
    with open(f"{where}/{plain[0]}", "ab") as out:
        out.write(b"mer")
    t.call(at("12-04", 10), "apply")
    night(t, at("12-05"))
    check("a quarantine has no protocol: nothing is gallrat", not t.rows("select * from protocol") and
          not os.path.exists(t.demo + "/work/protokoll"))
    done = t.call(at("12-05", 9), "report", "protocol", batch)
    check("and it is said that there is none", done.returncode == 2 and b"no gallringsprotokoll" in done.stderr, done.stderr)
    done = t.call(at("12-05", 10), "hold", "add", "utlamnande-1", "--share", "ekonomi", "--path",
                  f"Verifikationer/{os.path.basename(where)}/{plain[1]}", "--by", "rut.registrator", "--reason", "Begäran om utlämnande")
    assert done.returncode == 0, done.stderr
    done = t.call(END, "apply")
    assert t.rows("select state from proposal where id = ?", batch) == [("done",)], (done.stdout, done.stderr, t.rows(
        "select state, note from proposal where id = ?", batch))
    return batch, where, plain, names


def read(path, mode="r"):
    with open(path, mode, **({} if "b" in mode else {"encoding": "utf-8"})) as f:
        return f.read()


def an_archivist_reads_it(t, batch, where, plain, names):
    page, told = read(t.demo + "/work/protokoll/KS-GALLR-2027-1.html"), json.loads(read(t.demo + "/work/protokoll/KS-GALLR-2027-1.json"))
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("</head>")[2]))
    count = len(names) - 2
    for wanted in ("Gallringsprotokoll KS-GALLR 2027/1", "Kommunstyrelsen", "Maria Arkivarie, kommunarkivarie", "KS 2012/0087, 2012-03-06, § 41, "
                   "Kommunstyrelsen", "2.4.1", "Verifikationer till och med 2018", "10 år från kalenderårets slut", "Satt i karantän",
                   "2026-12-04 10:00", "Verkställd gallring (förstört) 2027-01-05 09:00", "Eva Lind (eva.lind)", "engångskod",
                   "sparas 90 dagar; kopior som togs före gallringen har utgått senast 2027-04-05", "Tillämpningsbeslut inte angivet",
                   "Sekretessmarkering inte angivet", "2 av de", "Lagringsmediet har inte skrivits över", "Underskrift", "unlink"):
        check(f"the protocol says: {wanted}", wanted in text, text)
    check("of an approval it says who, as what, when and how", [(a["name"].split(" (")[-1], bool(a["as"]), a["proof"]) for a in told["approvals"]] ==
          [("eva.lind)", True, "code"), ("maria.arkivarie)", True, "code")], told["approvals"])
    counts = {k: v["files"] for k, v in told["counts"].items()}
    check("what came back and what was left are told of, and not counted as gallrade", counts == {
        "approved": count + 2, "destroyed": count, "restored": 1, "left": 1, "quarantined": 0, "untouched": 0, "linked": 1}, counts)
    check("each with its reason", {(n["path"].split("/")[-1], n["outcome"]) for n in told["not_destroyed"]} ==
          {(plain[0], "left"), (plain[1], "restored")} and all(n["why"] for n in told["not_destroyed"]), told["not_destroyed"])
    check("the file with another name is named", told["links"] == [{"number": told["links"][0]["number"], "other_names": 1, "path":
          f"Verifikationer/{os.path.basename(where)}/andra-namn.pdf"}], told["links"])
    check("formats add up", sum(f["files"] for f in told["formats"]) == count and {"PDF"} <= {f["format"] for f in told["formats"]}, told["formats"])
    check("it says nowhere that anything was deleted (raderat)", "rader" not in re.sub("raden|rader ", "", text.lower()), text)
    check("no name is markup", "<script" not in page and "&lt;script&gt;" not in text and "\u202e" not in page)


def printed(t):
    return subprocess.run(["pdftotext", "-layout", t.demo + "/work/protokoll/KS-GALLR-2027-1.pdf", "-"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def it_can_be_kept(t):
    path = t.demo + "/work/protokoll/KS-GALLR-2027-1.pdf"
    checked = subprocess.run(["qpdf", "--check", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check("the PDF is a whole one", checked.returncode == 0, checked.stdout.decode())
    text = re.sub(r"\s+", " ", printed(t))
    for wanted in ("Gallringsprotokoll KS-GALLR 2027/1", "Verkställd gallring", "§ 41", "Underskrift", "Arkivansvarig", "inte angivet", "sida 1 av"):
        check(f"and says: {wanted}", wanted in text, text)
    inside = subprocess.run(["pdfdetach", "-list", path], stdout=subprocess.PIPE).stdout.decode()
    check("with what it says and the list of files inside", "KS-GALLR-2027-1.json" in inside and "KS-GALLR-2027-1.csv" in inside, inside)


def the_list_is_safe_and_whole(t, where, names):
    raw = read(t.demo + "/work/protokoll/KS-GALLR-2027-1.csv", "rb").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(raw, newline=""), delimiter=";"))
    listed = sorted(unescape(row[1]).split(b"/")[-1] for row in rows[1:])
    check("the list has each file, byte for byte", listed == sorted(os.fsencode(n) for n in names), set(listed) ^ {os.fsencode(n) for n in names})
    check("no cell is a formula, and no text is turned", not any(c[:1] in "=+-@" and c for row in rows[1:] for c in row) and "\u202e" not in raw)
    fate = {row[5] for row in rows[1:]}
    check("and what became of each", fate == {"gallrad", "lämnad på sin plats", "tillbakalagd"}, fate)
    check("each row has all its cells", {len(row) for row in rows} == {10})


def unescape(text):
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode())


def who_does_not_believe_it(t, batch):
    base = t.demo + "/work/protokoll/KS-GALLR-2027-1"
    raw = read(base + ".json", "rb")
    told = json.loads(raw)
    trail = json.loads(t.call(END, "audit", "trail", batch, "--json").stdout)["proposals"][0]
    ends = {row["event"]: row for row in trail["chain"]}
    same = json.loads(t.call(END, "audit", "trail", told["dnr"], "--json").stdout)["proposals"]
    check("who holds the protocol finds its trail by its dnr", same == [trail], told["dnr"], same)
    issued = ends["protocol-issued"]["payload"]
    check("the chain holds the digest of what it says, and of its list", issued["digest"] == hashlib.sha256(raw).hexdigest() and
          issued["list"] == hashlib.sha256(read(base + ".csv", "rb")).hexdigest() == told["list"]["digest"], issued)
    check("and it names the row of its end", told["chain"]["row"] == ends["proposal-done"]["seq"] and told["chain"]["head"] == ends["proposal-done"]["hash"],
          told["chain"], ends)
    done = t.call(END, "report", "protocol", batch)
    check("it is found by the proposal", done.returncode == 0 and b"/work/protokoll/KS-GALLR-2027-1.html" in done.stdout, done.stdout, done.stderr)
    kept = {end: read(base + end, "rb") for end in (".json", ".csv", ".html", ".pdf")}
    for end in kept:
        os.remove(base + end)
    done = t.call("2027-03-01T09:00+01:00", "report", "protocol", "KS-GALLR 2027/1", "--json")
    check("what was lost comes back, the same bytes", done.returncode == 0 and {end: read(base + end, "rb") for end in kept} == kept, done.stderr)
    import jsonschema
    with open(town.TOP + "/conf/schema/protocol.schema.json", encoding="utf-8") as schema:
        jsonschema.validate(json.loads(done.stdout), json.load(schema))
    check("its JSON is valid by its schema", True)
    with open(base + ".json", "ab") as out:
        out.write(b" ")
    done = t.call(END, "report", "protocol", "all")
    check("one that somebody has changed is told of, and left", done.returncode == 1 and b"not as it was issued" in done.stderr and
          read(base + ".json", "rb") == raw + b" ", done.stderr)
    with open(base + ".json", "wb") as out:
        out.write(raw)
    before = t.rows("select * from protocol")
    t.call("2027-01-06T09:00+01:00", "apply")
    night(t, "2027-01-07T02:00+01:00")
    check("it is issued once", t.rows("select * from protocol") == before and t.rows("select count(*) from audit where event = 'protocol-issued'") == [(1,)])
    check("and the chain is whole", t.call("2027-01-07T03:00+01:00", "audit", "verify").returncode == 0)


def a_batch_from_approval_to_its_protocol():
    with Town(*SMALL) as t:
        t.create()
        batch, where, plain, names = destroyed(t)
        an_archivist_reads_it(t, batch, where, plain, names)
        it_can_be_kept(t)
        the_list_is_safe_and_whole(t, where, names)
        who_does_not_believe_it(t, batch)


def with_evidence_digest_no_name_is_told():
    with Town(*SMALL) as t:
        t.change("rules/retention/ekonomi.cfg", 'id = "verifikationer-2018";', 'id = "verifikationer-2018"; evidence = "digest";')
        t.create()
        batch, where, plain, names = destroyed(t)
        files = glob.glob(t.demo + "/work/protokoll/*")
        check("there is no list of files", sorted(map(os.path.basename, files)) == ["KS-GALLR-2027-1.html", "KS-GALLR-2027-1.json", "KS-GALLR-2027-1.pdf"], files)
        everything = "".join(read(f) for f in files if not f.endswith(".pdf")) + printed(t) + str(t.rows("select body from protocol"))
        told = json.loads(read(t.demo + "/work/protokoll/KS-GALLR-2027-1.json"))
        check("no name of a file or of its folder is told, and its digest is", not [n for n in names if n in everything] and
              f"Verifikationer/{os.path.basename(where)}" not in everything and len(told["list"]["digest"]) == 64 and told["list"]["file"] is None)
        check("what was not gallrat is counted all the same", told["counts"]["left"]["files"] == told["counts"]["restored"]["files"] == 1)


def one_that_cannot_be_written_is_written_by_the_night():
    with Town(*SMALL) as t:
        t.create()
        os.makedirs(t.demo + "/work")
        with open(t.demo + "/work/protokoll", "w", encoding="ascii"):     # a file where its folder should be
            pass
        batch, _, _, _ = destroyed_anyhow(t)
        check("it is issued though its files cannot be written", t.rows("select dnr, written from protocol") == [("KS-GALLR 2027/1", None)])
        night(t, "2027-01-06T02:00+01:00")
        check("and a finding says so, to administrators as well", t.rows("select kind from finding where kind = 'protocol'") and
              any("Ett gallringsprotokoll går inte" in text for _, text in t.mails("it.admin")), t.rows("select * from finding"))
        os.remove(t.demo + "/work/protokoll")
        night(t, "2027-01-07T02:00+01:00")
        check("a later night writes them", len(glob.glob(t.demo + "/work/protokoll/KS-GALLR-2027-1.*")) == 4 and
              t.rows("select count(*) from protocol where written is not null") == [(1,)] and
              not t.rows("select kind from finding where kind = 'protocol'"), os.listdir(t.demo + "/work"))


def destroyed_anyhow(t):
    batch, where, _ = approved(t)
    t.call(at("12-04", 10), "apply")
    night(t, at("12-05"))
    done = t.call(END, "apply")
    check("apply says that not all went well", done.returncode == 3 and b"gallringsprotokoll" in done.stderr, done.returncode, done.stderr)
    return batch, where, [], []


def main():
    for test in (a_batch_from_approval_to_its_protocol, with_evidence_digest_no_name_is_told, one_that_cannot_be_written_is_written_by_the_night):
        test()
    return 1 if town.failures else 0


sys.exit(main())
