#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a quarterly review: which are made, that the chain knows each, and what is said of one that somebody has changed."""
import csv
import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../world"))
import town
from town import Town, check

SMALL = ("--people", "500", "--files", "200")
NIGHT, MADE = "2026-11-24T02:00+01:00", "2026-11-24T03:00+01:00"
ENDINGS = {"html": ".html", "pdf": ".pdf", "xlsx": ".xlsx", "csv": ".csv", "json": ".json"}
STEPS = os.path.join(town.BUILD, "behov-steps")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, raw):
    with open(path, "wb") as f:
        f.write(raw)


def folder(t):
    return t.demo + "/work/rapport"


def files(t):
    return {name: read(f"{folder(t)}/{name}") for name in sorted(os.listdir(folder(t))) if ".new-" not in name}


def left(t):
    return [name for name in os.listdir(folder(t)) if ".new-" in name]


def make(t, *words, when=MADE, **more):
    return t.call(when, "report", "quarter", "2026Q4", *words, **more)


def rows(t):
    return t.rows("select p.payload from audit a join audit_payload p on p.seq = a.seq where event = 'report-made'")


def verify(t, path, *more):
    return t.call(MADE, "report", "verify", path, *more)


def each_format_is_made(t):
    done = make(t)
    made = files(t)
    said = [os.path.basename(line) for line in done.stdout.decode().splitlines()]
    check("a report is made in each format, and it is said where", done.returncode == 0 and sorted(said) == sorted(made) and
          all(any(n.endswith(e) for n in made) for e in ENDINGS.values()) and made["2026Q4.pdf"].startswith(b"%PDF-") and
          made["2026Q4.xlsx"].startswith(b"PK") and json.loads(made["2026Q4.json"])["format"] == "behov-report-1", done, sorted(made))
    lists = json.loads(made["2026Q4.json"])["lists"]
    short = []
    for one in lists:
        lines = list(csv.reader(made[f"2026Q4-{one['id']}.csv"].decode("utf-8-sig").splitlines()))
        if lines[0] != [c["title"] for c in one["columns"]] or len(lines) - 1 != len(one["rows"]):
            short.append((one["id"], len(lines), len(one["rows"])))
    check("the lists are the same in each", len(lists) >= 8 and not short, short)
    check("one row of the chain knows them all", len(rows(t)) == 1 and sorted(f["file"] for f in json.loads(rows(t)[0][0])["files"]) == sorted(made))
    again = make(t, when="2026-11-24T05:00+01:00")
    check("making it again gives the same bytes, and no other row", again.returncode == 0 and files(t) == made and len(rows(t)) == 1)
    return made


def some_formats(t, made):
    shutil.rmtree(folder(t))
    done = make(t, "--format", "xlsx,json")
    check("only what is asked for is made", done.returncode == 0 and sorted(files(t)) == ["2026Q4.json", "2026Q4.xlsx"], sorted(files(t)))
    for wrong in ("docx", "", "pdf,", "PDF"):
        done = make(t, "--format", wrong)
        check(f"--format '{wrong}' is refused", done.returncode == 2 and b"html, pdf, xlsx, csv or json" in done.stderr, done)
    make(t)
    check("the others are put beside them", files(t) == made)


def is_schema(name, said):
    import jsonschema
    with open(f"{town.TOP}/conf/schema/{name}.schema.json", encoding="utf-8") as f:
        try:
            jsonschema.validate(json.loads(said), json.load(f))
        except jsonschema.ValidationError as why:
            return str(why)[:600]
    return None


def as_it_was_made(t, made):
    bad = [(name, done.stderr) for name in made for done in [verify(t, f"{folder(t)}/{name}")] if done.returncode or "oförändrad" not in done.stdout.decode()]
    check(f"each of the {len(made)} files is as it was made", not bad, bad)
    other = t.folder + "/ett annat namn"
    shutil.copy(folder(t) + "/2026Q4.pdf", other)
    done = verify(t, other)
    check("whatever it is called now", done.returncode == 0 and "så gjordes 2026Q4.pdf 2026-11-24 03:00" in done.stdout.decode(), done)
    said = verify(t, other, "--json").stdout
    one = json.loads(said)
    head, = t.rows("select hash from audit where seq = ?", one["chain_rows"])[0]
    check("it is said what it was made of", one["unaltered"] and one["format"] == "pdf" and one["made_as"] == "2026Q4.pdf" and one["night"] == "2026-11-24 02:00" and
          one["quarter"] == "2026Q4" and one["chain_head"] == head and one["digest"] == one["was"] and one["rules"], one)
    check("and that is valid by its schema", is_schema("report-verify", said) is None, is_schema("report-verify", said))
    why = is_schema("report-document", made["2026Q4.json"])
    check("so is the report as JSON", why is None, why)


def changed(raw):
    middle = len(raw) // 2
    yield "a bit", raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1:]
    yield "a byte more", raw + b"\n"
    yield "cut short", raw[:-1]
    yield "empty", b""


def changed_copies_are_told(t, made):
    os.makedirs(t.folder + "/kopior")
    for kind, ending in ENDINGS.items():
        name = next(n for n in sorted(made) if n.endswith(ending))
        bad = []
        for what, raw in changed(made[name]):
            path = f"{t.folder}/kopior/{name}"
            write(path, raw)
            done = verify(t, path)
            text = done.stdout.decode()
            if done.returncode != 1 or "inte som den gjordes" not in text or "behov report quarter 2026Q4" not in text or b"is not as row" not in done.stderr:
                bad.append((what, done))
        check(f"{kind}: a copy that was changed is not as it was made, and it is said what to do", not bad, bad)
    done = verify(t, t.folder + "/conf/behov.cfg")
    check("a file that was no report is not known", done.returncode == 1 and "Kedjan vet inte av" in done.stdout.decode(), done)
    done = verify(t, t.folder + "/finns-inte")
    check("nor one that is not there", done.returncode == 1 and not done.stdout and b"finns-inte" in done.stderr, done)


def alone(*words):
    return subprocess.run([town.BEHOV, "report", "verify", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/")


def against_an_export(t, made):
    export, broken, before = t.folder + "/export", t.folder + "/bruten", t.folder + "/fore"
    lines = t.call(None, "audit", "export").stdout
    write(export, lines)
    bad = [(n, d) for n in made for d in [alone(f"{folder(t)}/{n}", export)] if d.returncode or "oförändrad" not in d.stdout.decode()]
    check("without configuration and store an export knows each file, too", not bad, bad[:1])
    write(t.folder + "/2026Q4.html", made["2026Q4.html"].replace(b"<h1>", b"<h1> "))
    done = alone(t.folder + "/2026Q4.html", export)
    check("and which was changed", done.returncode == 1 and "inte som den gjordes" in done.stdout.decode(), done)
    digest = json.loads(rows(t)[0][0])["files"][0]["digest"].encode()
    write(broken, lines.replace(digest, b"0" * 64))
    done = alone(f"{folder(t)}/2026Q4.html", broken)
    check("an export in which the digest was changed proves nothing", done.returncode == 1 and "Kedjan är bruten vid rad" in done.stdout.decode(), done)
    write(before, b"".join(line for line in lines.splitlines(True) if b"report-made" not in line))
    done = alone(f"{folder(t)}/2026Q4.html", before)
    check("one from before does not know it", done.returncode == 1 and "Kedjan vet inte av" in done.stdout.decode(), done)
    done = alone(f"{folder(t)}/2026Q4.html", export, t.folder + "/inga-huvuden")
    check("a list of heads that is not there is no proof", done.returncode == 1 and b"is empty, or not there" in done.stderr, done)
    done = alone(f"{folder(t)}/2026Q4.html", export, "--key", "ab")
    check("a key without heads is refused", done.returncode == 2, done)


def canonical(what):
    return json.dumps(what, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def forged(*payloads):
    """An export that somebody made by hand, of reports; it verifies."""
    out, before, salt = [canonical({"at": "2026-11-24T02:00:00Z", "format": "behov-audit-1", "organisation": "K"})], "0" * 64, "00" * 16
    for seq, payload in enumerate(payloads, 1):
        row = {"actor": "k\x1b[2J\nKedjan är hel", "at": "2026-11-24T02:00:00Z", "event": "report-made", "prev": before, "seq": seq}
        digest = hashlib.sha256((salt + canonical(payload)).encode()).hexdigest()
        before = hashlib.sha256(canonical({**row, "payload": digest}).encode()).hexdigest()
        out.append(canonical({**row, "payload": payload, "payload_digest": digest, "salt": salt, "hash": before}))
    return "\n".join(out + [""]).encode()


def what_somebody_hands_us(t, made):
    """It must not be believed where it lacks what ours have, nor write lines of its own."""
    path, export, name = folder(t) + "/2026Q4.html", t.folder + "/export-av-annan", "2026Q4.html"
    digest = hashlib.sha256(made[name]).hexdigest()
    bad = []
    for one in ({"digest": digest}, {"file": name}, {}, {"digest": 1, "file": name}):
        write(export, forged({"files": [one]}, {"files": [{"digest": "0" * 64, "file": "annan.html"}]}, [1], {"files": {"file": name}}))
        done = alone(path, export)
        if done.returncode != 1 or "Kedjan vet inte av" not in done.stdout.decode():
            bad.append((one, done))
    check("a row without name or digest is of no report", not bad, bad)
    write(export, forged({"quarter": "\x1b]0;x\x07\nKedjan är hel", "files": [{"digest": digest, "file": "a\nKedjan är hel"}]}))
    done = alone(path, export)
    check("what is written there makes no lines of its own", done.returncode == 0 and "\x1b" not in done.stdout.decode() and
          len(re.findall(r"(?m)^Kedjan är hel", done.stdout.decode())) == 1, done)


def a_later_version(t, made):
    t.call("2026-11-25T02:00+01:00", "run")
    make(t, when="2026-11-25T03:00+01:00")
    old = t.folder + "/gammal.json"
    write(old, made["2026Q4.json"])
    done = verify(t, old)
    check("of an older version it is said that there is a later", done.returncode == 0 and "En senare version av 2026Q4.json" in done.stdout.decode() and
          files(t)["2026Q4.json"] != made["2026Q4.json"], done)
    check("the later one is known, too", len(rows(t)) == 2 and verify(t, folder(t) + "/2026Q4.json").returncode == 0)


def a_row_that_was_changed(t):
    """Somebody who can write to the store does so."""
    shutil.rmtree(folder(t))
    known = len(rows(t))
    make(t, "--format", "json")
    held = sqlite3.connect(t.demo + "/behov.db", isolation_level=None)
    held.execute("update audit_payload set payload = '{}' where seq = (select max(seq) from audit where event = 'report-made')")
    held.close()
    check("what was noted before is not noted again", len(rows(t)) == known, len(rows(t)))
    done = verify(t, folder(t) + "/2026Q4.json")
    check("a chain in which a report's row was changed proves nothing", done.returncode == 1 and "Kedjan är bruten" in done.stdout.decode(), done)


def against_signed_heads():
    """The row of a report stands below a head that somebody else has signed."""
    with Town(*SMALL) as t:
        heads, export = t.folder + "/audit/heads", t.folder + "/export"
        os.mkdir(os.path.dirname(heads))
        with open(t.folder + "/conf/behov.cfg", "a", encoding="utf-8") as f:
            f.write(f'\naudit = {{ heads = "{heads}"; }};\n')
        t.create()
        t.call(NIGHT, "run")
        make(t, "--format", "pdf")
        done = t.call("2026-11-24T04:00+01:00", "audit", "seal", "--json")
        assert done.returncode == 0, done.stderr
        key, path = json.loads(done.stdout)["key"], folder(t) + "/2026Q4.pdf"
        said = json.loads(verify(t, path, "--json").stdout)
        check("a head that was signed covers the report's row", said["unaltered"] and said["sealed"] == said["rows"] >= said["row"], said)
        write(export, t.call(None, "audit", "export").stdout)
        done = alone(path, export, heads, "--key", key)
        check("so it does elsewhere", done.returncode == 0 and "undertecknad till och med rad" in done.stdout.decode(), done)
        done = alone(path, export, heads, "--key", "1" * 64)
        check("by that key, and no other", done.returncode == 1 and "oförändrad" not in done.stdout.decode(), done)
        lines = read(export).splitlines(True)
        write(export, b"".join(lines[:-2]))
        done = alone(path, export, heads, "--key", key)
        check("an export that ends before its head proves nothing", done.returncode == 1 and "Kedjan är bruten" in done.stdout.decode(), done)
        with sqlite3.connect(t.demo + "/behov.db") as db:
            db.execute("delete from audit_payload where seq = ?", (said["row"],))
        done = verify(t, path)
        check("where what the row said is gone without a decision, the chain is broken", done.returncode == 1 and
              "Kedjan är bruten" in done.stdout.decode() and "oförändrad" not in done.stdout.decode(), done)


def killed_at_each_step():
    """Whenever it is ended, doing it again gives what doing it once gives."""
    with Town(*SMALL) as t:
        t.create()
        t.call(NIGHT, "run")
        shutil.copy(t.demo + "/behov.db", t.folder + "/begin.db")
        t.behov = STEPS
        listed = t.folder + "/steps"
        make(t, env={**os.environ, "BEHOV_STEPS": listed})
        wanted, noted = files(t), len(rows(t))
        steps = len(read(listed).splitlines())
        bad, drafts = [], 0
        for n in range(1, steps + 1):
            for name in ("-wal", "-shm"):
                if os.path.exists(t.demo + "/behov.db" + name):
                    os.unlink(t.demo + "/behov.db" + name)
            shutil.copy(t.folder + "/begin.db", t.demo + "/behov.db")
            shutil.rmtree(folder(t))
            died = make(t, env={**os.environ, "BEHOV_DIE_AT": str(n)})
            half = {name: raw for name, raw in files(t).items() if raw != wanted[name]}
            drafts += len(left(t))
            make(t)
            if died.returncode != 100 or half or files(t) != wanted or len(rows(t)) != noted or left(t):
                bad.append((n, died.returncode, sorted(half), sorted(files(t)), len(rows(t)), left(t)))
        check(f"ended at each of {steps} steps and made again, it is the same report, noted once, and no draft is left", steps > 10 and drafts > 10
              and not bad, (drafts, bad))
        drafts_of_others(t)


def drafts_of_others(t):
    """What somebody writes just now, and what is called otherwise, or is no file, stays."""
    kept = ["2026Q4.pdf.new-", "2026Q4.pdf.new-xyz", "min.new-fil.pdf", "2026Q4.pdf.new-1234567890abcdef0", ".new-1f"]
    for name in [*kept, "2026Q4.pdf.new-ab", "2026Q4.pdf.new-cd"]:
        write(f"{folder(t)}/{name}", b"x")
    os.symlink("2026Q4.pdf", f"{folder(t)}/2026Q4.pdf.new-ef")
    os.mkdir(f"{folder(t)}/2026Q4.pdf.new-01")
    with open(f"{folder(t)}/2026Q4.pdf.new-cd", "rb") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        make(t)
    check("a draft that somebody writes stays, and so does what is none", sorted(left(t)) ==
          sorted([*kept, "2026Q4.pdf.new-cd", "2026Q4.pdf.new-ef", "2026Q4.pdf.new-01"]), left(t))


def main():
    with Town(*SMALL) as t:
        t.create()
        done = t.call(NIGHT, "run")
        assert done.returncode in (0, 3, 4), done.stderr
        made = each_format_is_made(t)
        some_formats(t, made)
        as_it_was_made(t, made)
        changed_copies_are_told(t, made)
        against_an_export(t, made)
        what_somebody_hands_us(t, made)
        a_later_version(t, made)
        a_row_that_was_changed(t)
    against_signed_heads()
    killed_at_each_step()
    return 1 if town.failures else 0


sys.exit(main())
