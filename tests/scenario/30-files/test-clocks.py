#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From when a record's time is counted, and what that does: each sentence is one test.

Each share is a few files; each series is written as a plan writes it.  What is due is asked of `behov plan --json`.
"""
import datetime
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BEHOV = os.path.join(TOP, os.environ.get("BUILD", "build"), "behov")
failed = 0


def check(what, holds, detail=""):
    global failed
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {what}" + ("" if holds else f": {detail}"))


class Share:
    def __init__(self, files, series, cases=None, more=""):
        self.folder = tempfile.TemporaryDirectory(prefix="behov-clocks-")
        self.path, self.now = self.folder.name, "2026-11-24"
        os.makedirs(self.path + "/share")
        os.mkdir(self.path + "/rules")
        for name in files:
            path = f"{self.path}/share/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
            os.utime(path, (0, 946684800))      # 2000-01-01
        lists = ""
        if cases is not None:
            self.write("cases.csv", cases)
            lists = 'cases = { id = "diariet"; file = "cases.csv"; case = "Diarienr"; closed = "Avslutat"; reopened = "Återöppnat"; };\n'
        self.write("rules/r.cfg", lists + f'shares = {{ id = "s"; path = "{self.path}/share"; owner = "arkiv"; identity = "none"; }};\n'
                   f'series = {{ id = "serie"; owner = "arkiv"; action = "destroy"; '
                   f'decision = {{ dnr = "KS 2019/1"; date = "2019-01-01"; body = "KS"; }}; {series} }};\n{more}')
        self.write("d.ldif", "dn: CN=a,DC=kalmar,DC=example\nobjectClass: user\nsAMAccountName: arkiv\nobjectGUID:: AAAAAAAAAAAAAAAAAAAAAA==\n"
                   "sAMAccountType: 805306368\n\n")
        self.write("behov.cfg", 'organisation = "K"; store = "sqlite:behov.db"; rules = "rules"; '
                   'directory = { source = "file:d.ldif"; base = "DC=kalmar,DC=example"; };\n'
                   'mail = { server = "maildir:o"; from = "b@kalmar.example"; };\n'
                   'web = { listen = "127.0.0.1:8440"; url = "http://127.0.0.1:8440"; };\n')

    def write(self, name, text):
        with open(f"{self.path}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def behov(self, *words, now=None):
        return subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "--now", (now or self.now) + "T02:00+01:00", *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def text(self, name):
        with open(f"{self.path}/{name}", encoding="utf-8") as f:
            return f.read()

    def put(self, name, day, size=7):
        path = f"{self.path}/share/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(b"x" * size)
        moment = datetime.datetime.fromisoformat(day + "T12:00+00:00").timestamp()
        os.utime(path, (moment, moment))

    def create(self):
        done = subprocess.run([BEHOV, "-q", "--config", self.path + "/behov.cfg", "store", "create", "--test"], stderr=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"not ok store create: {done.stderr}")

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.path}/behov.db?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def plan(self, now):
        done = self.behov("plan", "--json", "--files", now=now)
        if done.returncode not in (0, 3, 4):
            raise SystemExit(f"not ok plan: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def due(self, now):
        return sorted(e["path"] for p in self.plan(now)["proposals"] for e in p["entries"])


def is_due_from(share, day, before):
    return not share.due(before) and share.due(day)


def is_new_from(share, name, day):
    before = (datetime.date.fromisoformat(day) - datetime.timedelta(1)).isoformat()
    return name not in share.due(before) and name in share.due(day)


def fiscal():
    broken = 'clock = "fiscal-year"; fiscal-year = { ends = "06-30"; }; keep = "7 years"; where = { share = "s"; path = "Bokslut/{year}/**"; };'
    share = Share(["Bokslut/2019/a.pdf"], broken)
    check("a fiscal year that ends in June is over at the end of that calendar year", is_due_from(share, "2027-01-01", "2026-12-31"))
    share = Share(["Bokslut/2019/a.pdf"], broken.replace('"06-30";', '"06-30"; named = "start";'))
    check("one that is named by the year it began in is over a year later", is_due_from(share, "2028-01-01", "2027-12-31"))
    share = Share(["Bokslut/2018-2019/a.pdf"], broken.replace("{year}/**", "{year}-{year}/**"))
    check("of one named by both years the later counts", is_due_from(share, "2027-01-01", "2026-12-31"))
    share = Share(["Bokslut/2019/a.pdf"], broken.replace('keep =', 'count-from = "fiscal-year-end"; keep ='))
    check("a period may be counted from the end of the fiscal year itself", is_due_from(share, "2026-07-01", "2026-06-30"))
    share = Share(["Fakturor/2019-08-01 a.pdf"], 'clock = "path-date"; count-from = "fiscal-year-end"; fiscal-year = { ends = "06-30"; }; '
                  'keep = "7 years"; where = { share = "s"; path = "Fakturor/{date}*"; };')
    check("and a record of a day belongs to the fiscal year that the day lies in", is_due_from(share, "2027-07-01", "2027-06-30"))
    text = json.dumps(share.plan("2027-07-01"), ensure_ascii=False)
    check("which is said in words", "2019-08-01 + 7 år från räkenskapsårets slut = 2027-07-01" in text, text[:600])


def created():
    share = Share(["a.txt"], 'clock = "created"; keep = "5 years"; count-from = "day"; where = { share = "s"; path = "**"; };')
    born = int(subprocess.run(["stat", "-c", "%W", share.path + "/share/a.txt"], stdout=subprocess.PIPE, check=True).stdout)
    if born == 0:
        plan = share.plan("2040-01-01")
        check("where no file system tells when a file was made, nothing is due by that", not plan["proposals"] and
              any(f["kind"] == "no-anchor" for f in plan["findings"]), plan["proposals"])
        return
    check("a file counts from when it was made, whatever its other times say", share.due("2029-01-01") == [] and
          share.due("2040-01-01") == ["a.txt"], share.due("2040-01-01"))


CASES = ("Diarienr;Avslutat;Återöppnat;Född dag\nSN 2014/0001;2015-03-01;;4\nSN 2014/0002;;;5\nSN 2014/0003;2015-03-01;2016-01-01;5\n"
         "SN 2014/0004;2015-03-01;;5\nSN 2014/0005;2015-03-01;2014-06-01;6\nSN 2014/0006;2015-03-01;;7\nSN 2014/0006;2017-05-01;;7\n")
AKTER = [f"Akter/SN 2014-000{i}/akt.pdf" for i in range(1, 8)]
BY_CASE = 'clock = "case-closed"; cases = "diariet"; keep = "5 years"; where = { share = "s"; path = "Akter/{case}/**"; };'


def case_closed():
    share = Share(AKTER, BY_CASE, cases=CASES)
    closed = [AKTER[0], AKTER[3], AKTER[4]]
    check("a case counts from when it was closed", share.due("2020-12-31") == [] and share.due("2021-01-01") == closed, share.due("2021-01-01"))
    check("one that is open, was opened again, or is in no list is not due", not {AKTER[1], AKTER[2], AKTER[6]} & set(share.due("2040-01-01")),
          share.due("2040-01-01"))
    check("one that stands twice counts from when it was closed last", AKTER[5] not in share.due("2022-12-31") and
          AKTER[5] in share.due("2023-01-01"))
    same = Share(AKTER, BY_CASE, cases=CASES.replace("2015-03-01;2016-01-01", "2015-03-01;2015-03-01"))
    check("nor is one that was opened again on the day it was closed", AKTER[2] not in same.due("2040-01-01"), same.due("2040-01-01"))
    spared = Share(AKTER, BY_CASE + ' spare = { column = "Född dag"; values = ( "5", "15", "25" ); };', cases=CASES)
    check("cases that are chosen to be spared are preserved", spared.due("2040-01-01") == [AKTER[0], AKTER[4], AKTER[5]], spared.due("2040-01-01"))
    explained = json.loads(spared.behov("explain", "--json", f"{spared.path}/share/{AKTER[3]}", now="2040-01-01").stdout)
    check("and that is said of each", explained["outcome"] == "preserve" and explained["considered"][-1]["case"] == "sn-2014-0004", explained)
    by_file = Share(AKTER, BY_CASE.replace("case-closed", "modified") + ' spare = { column = "Född dag"; values = ( "5" ); };', cases=CASES)
    check("whatever is counted from: of a case in no list nobody knows whether it is spared, and it is not due",
          by_file.due("2040-01-01") == [AKTER[0], AKTER[4], AKTER[5]], by_file.due("2040-01-01"))
    prefix = Share(["Akter/Ärende SN 2014-0001 Berg/akt.pdf", "Akter/Ärende SN 2014-00011 Ek/akt.pdf"],
                   BY_CASE.replace("{case}/**", "Ärende {case} */**"), cases=CASES)
    check("a case is found among other words, and a longer number is another case",
          prefix.due("2040-01-01") == ["Akter/Ärende SN 2014-0001 Berg/akt.pdf"], prefix.due("2040-01-01"))


def bad_lists():
    share = Share(AKTER, BY_CASE, cases=CASES)
    for what, text in (("is cut off in the middle of a row", CASES[:-9]), ("has not the column", CASES.replace("Avslutat", "Stängt")), ("is empty", "")):
        share.write("cases.csv", text)
        plan = share.plan("2040-01-01")
        check(f"a list of cases that {what} is a gap, and nothing that hangs on it is proposed",
              not plan["proposals"] and any(g["what"] == "cases" for g in plan["gaps"]), plan["gaps"])
    share.write("cases.csv", CASES.replace("2014/0001;2015-03-01", "2014/0001;1 mars 2015"))
    plan = share.plan("2040-01-01")
    check("a date that cannot be read leaves that case alone, and is told", AKTER[0] not in
          [e["path"] for p in plan["proposals"] for e in p["entries"]] and plan["proposals"] and plan["gaps"], plan["gaps"])
    os.unlink(share.path + "/cases.csv")
    check("so is a list that is not there", share.plan("2040-01-01")["gaps"] and not share.plan("2040-01-01")["proposals"])


def events():
    # What the test makes now is older than anything that happens then.
    files = ["Avtal/Bolaget/avtal.pdf", "Avtal/Firman/avtal.pdf", "Avtal/Firman/Bilagor/a.pdf", "Avtal/Kvar/avtal.pdf"]
    series = 'clock = "event"; keep = "2 years"; where = { share = "s"; path = "Avtal/**"; };'

    def event(number, path, date):
        return f'{{ id = "e{number}"; series = "serie"; share = "s"; path = "{path}"; date = "{date}"; why = "upphörde"; by = "arkiv"; }}'
    happened = [event(1, "Avtal/Bolaget", "2080-06-30"), event(2, "Avtal/Firman", "2079-01-01"), event(3, "Avtal/Firman/Bilagor", "2081-05-05")]
    share = Share(files, series, more="events = ( " + ", ".join(happened) + " );")
    seen = {day: share.due(day) for day in ("2081-12-31", "2082-01-01", "2082-12-31", "2083-01-01", "2083-12-31", "2084-01-01")}
    check("what has ended counts from when somebody says that it did", seen["2081-12-31"] == [] and seen["2082-01-01"] == [files[2 - 1]] and
          files[0] in seen["2083-01-01"] and files[0] not in seen["2082-12-31"], seen)
    check("of several the last counts", files[2] not in seen["2083-12-31"] and files[2] in seen["2084-01-01"], seen)
    check("and what has not ended is not due", files[3] not in share.due("2105-01-01"))
    for what, text in (("a series that counts otherwise", happened[0].replace('"serie"', '"annan"')), ("a day that is none", happened[0].replace("06-30", "06-31"))):
        done = Share(files, series, more=f"events = ( {text} );").behov("check")
        check(f"an event of {what} is refused", done.returncode == 2 and "rules/r.cfg:" in done.stderr, done.stderr)


def younger():
    """What came to a folder after what it counts from had ended there."""
    files = ["Avtal/Bolaget/avtal.pdf", "Avtal/Firman/avtal.pdf"]
    series = 'clock = "event"; keep = "2 years"; where = { share = "s"; path = "Avtal/**"; };'

    def event(number, path, date):
        return f'{{ id = "e{number}"; series = "serie"; share = "s"; path = "{path}"; date = "{date}"; why = "upphörde"; by = "arkiv"; }}'
    first = [event(1, "Avtal/Bolaget", "2080-06-30"), event(2, "Avtal/Firman", "2080-06-30")]
    share = Share(files, series, more="events = ( " + ", ".join(first) + " );")
    share.put("Avtal/Bolaget/nytt.pdf", "2080-07-01")
    share.put("Avtal/Bolaget/sista.pdf", "2080-06-30")
    check("a file written after it had ended there does not count from that", share.due("2095-01-01") ==
          [files[0], "Avtal/Bolaget/sista.pdf", files[1]], share.due("2095-01-01"))

    def told(now):
        return [f["text"] for f in share.plan(now)["findings"] if f["kind"] == "younger-than-event"]
    check("which is told before the others are due and after", len(told("2081-01-01")) == 1 and told("2081-01-01") == told("2095-01-01") and
          told("2095-01-01")[0].startswith("1 handling är yngre än händelsen") and "Avtal/Bolaget;" in told("2095-01-01")[0], told("2095-01-01"))
    text = share.behov("explain", f"{share.path}/share/Avtal/Bolaget/nytt.pdf", now="2095-01-01").stdout
    check("explain says so", "filen är yngre än det som har hänt" in text, text)
    more = Share(files, series, more="events = ( " + ", ".join(first + [event(3, "Avtal/Bolaget/nytt.pdf", "2082-01-01")]) + " );")
    more.put("Avtal/Bolaget/nytt.pdf", "2080-07-01")
    check("a later event of that file alone makes it count", "Avtal/Bolaget/nytt.pdf" not in more.due("2084-12-31") and
          "Avtal/Bolaget/nytt.pdf" in more.due("2085-01-01"), more.due("2085-01-01"))
    yesterday = (datetime.date.today() - datetime.timedelta(2)).isoformat()
    copied = Share(files, series, more=f'events = ( {event(1, "Avtal", yesterday)} );')
    born = int(subprocess.run(["stat", "-c", "%W", f"{copied.path}/share/{files[0]}"], stdout=subprocess.PIPE, check=True).stdout)
    check("one that was made there since is younger too, if written long ago", copied.due("2095-01-01") == ([] if born else files),
          copied.due("2095-01-01"))


def of_nothing():
    """An event whose path is misspelt."""
    files = ["Avtal/Bolaget/avtal.pdf", "Avtal/Låst/x/avtal.pdf"]
    series = 'clock = "event"; keep = "2 years"; where = { share = "s"; path = "Avtal/**"; };'
    paths = ["Avtal/Bolaget", "Avtal/Bolaget/avtal.pdf", "Avtal/Bolagt", "Avtal/*/avtal.pdf", "Avtal/Bolaget/avtal.doc", "Avtal/Låst/y"]
    happened = ", ".join(f'{{ id = "e{i}"; series = "serie"; share = "s"; path = "{p}"; date = "2080-06-30"; why = "w"; by = "arkiv"; }}'
                         for i, p in enumerate(paths))
    share = Share(files, series, more=f"events = ( {happened} );")

    def told():
        return [f["text"].split()[1] for f in share.plan("2081-01-01")["findings"] if f["kind"] == "event-matches-nothing"]
    check("an event of what is not there is told", told() == ["e2", "e4", "e5"], told())
    os.chmod(share.path + "/share/Avtal/Låst", 0)
    if not os.access(share.path + "/share/Avtal/Låst", os.R_OK):
        check("but not when it may lie where nobody could look", told() == ["e2", "e4"], told())
    os.chmod(share.path + "/share/Avtal/Låst", 0o700)


def told():
    """What people say has happened, on the command line."""
    files = ["Avtal/Bolaget/avtal.pdf", "Avtal/Firman/avtal.pdf", "Avtal/Firman/Bilagor/a.pdf", "Avtal/lös.pdf"]
    series = 'clock = "event"; keep = "2 years"; where = { share = "s"; path = "Avtal/**"; };'
    rest = ('series = { id = "annan"; action = "destroy"; keep = "9 years"; clock = "modified"; where = { share = "s"; path = "B/**"; }; };\n'
            'events = { id = "e1"; series = "serie"; share = "s"; path = "Avtal/lös.pdf"; date = "2084-01-01"; why = "slut"; by = "arkiv"; };')
    share = Share(files, series)
    share.now = "2086-11-24"
    share.write("rules/s.cfg", rest)
    share.create()

    def add(path="Avtal/Bolaget", date="2080-06-30", **other):
        words = {"series": "serie", "share": "s", "path": path, "date": date, "by": "arkiv", "why": "avtalet upphörde", **other}
        return share.behov("event", "add", *(w for name, value in words.items() if value is not None for w in (f"--{name}", value)))
    wrong = [add(series="annan"), add(series="finns-ej"), add(share="t"), add(path="../share"), add(path="/Avtal"), add(path="Avtal/"),
             add(path="Avtal//x"), add(path="Avtal/{case}"), add(path="Avtal/a**"), add(path=None), add(date="2080-06-31"), add(date=None),
             add(date="2086-11-25"), add(date="1899-12-31"), add(by=None), add(why=None), add(why="  ")]
    check("an event of no such series, share, place or day, of tomorrow, or without who and why is refused",
          all(done.returncode == 2 and done.stderr for done in wrong), [(d.returncode, d.stderr) for d in wrong if d.returncode != 2])
    check("and nothing of it stays", share.rows("select * from event") == [])
    check("what no event tells of is not due, though one of the rules stands", share.due("2100-01-01") == [files[3]])
    missing = [f["text"] for f in share.plan("2086-11-24")["findings"] if f["kind"] == "event-missing"]
    check("the folders where one lacks are named", len(missing) == 1 and missing[0].endswith("3 handlingar, bland annat i Avtal/Bolaget, "
          "Avtal/Firman, Avtal/Firman/Bilagor"), missing)
    done = add()
    check("one that is told counts as those of the rules do", done.stdout == "h1\n" and share.due("2082-12-31") == [] and
          share.due("2083-01-01") == [files[0]], done.stderr)
    check("the same is not told twice", add().returncode == 2 and add(path="Avtal/Firman", date="2079-12-31").stdout == "h2\n")
    check("of several the last counts, whoever tells", add(path="Avtal/Firman/Bilagor", date="2081-05-05").returncode == 0 and
          share.due("2082-01-01") == [files[1]] and files[2] in share.due("2084-01-01"), share.due("2084-01-01"))
    explained = json.loads(share.behov("explain", "--json", f"{share.path}/share/{files[1]}", now="2083-01-01").stdout)
    check("explain counts from it", explained["due"] == "2082-01-01" and explained["now"], explained)
    text = share.behov("explain", f"{share.path}/share/{files[1]}", now="2083-01-01").stdout
    check("and says what happened, and who says so", "räknas från: avtalet upphörde (arkiv)" in text, text)
    check("where it was told, nothing is missing any more", not [f for f in share.plan("2086-11-24")["findings"] if f["kind"] == "event-missing"])
    listed = share.behov("event", "list").stdout
    check("the list has those of rules and of people", "e1  serie  s/Avtal/lös.pdf  2084-01-01  slut (arkiv, rules/s.cfg:2)" in listed and
          "h2  serie  s/Avtal/Firman  2079-12-31  avtalet upphörde (arkiv, " in listed, listed)
    gone = share.behov("event", "remove", "h2", "--by", "arkiv", "--why", "fel\nmapp")
    check("one that is withdrawn counts no longer, and stays with who, when and why", gone.returncode == 0 and files[1] not in share.due("2105-01-01")
          and share.rows("select withdrawn_by like 'arkiv (uid %', withdrawn_why, withdrawn is not null from event where id = 'h2'") ==
          [(1, "fel\nmapp", 1)] and "h2" not in share.behov("event", "list").stdout and
          "återtagen av arkiv" in share.behov("event", "list", "--all").stdout, gone.stderr)
    check("nothing else is withdrawn", all(share.behov("event", "remove", name, "--by", "arkiv", "--why", "x").returncode == 2 for name in ("h2", "e1", "h9"))
          and share.behov("event", "remove", "h1", "--by", "arkiv").returncode == 2)
    check("it can be told again", add(path="Avtal/Firman", date="2079-12-31").stdout == "h4\n" and files[1] in share.due("2082-01-01"))
    check("each is in the chain", [r[0] for r in share.rows("select event from audit order by seq")] ==
          ["event-set"] * 3 + ["event-withdrawn", "event-set"] and share.behov("audit", "verify").returncode == 0)
    share.write("rules/r.cfg", share.text("rules/r.cfg").replace('clock = "event"', 'clock = "modified"'))
    share.write("rules/s.cfg", rest.split("events")[0])
    check("one of a series that counts otherwise by now means nothing", share.due("2003-01-01") == sorted(files))


VERSIONED = 'clock = "superseded"; keep = "2 years"; where = { share = "s"; path = "P/**"; name = ( %s ); };'


def superseded():
    share = Share([], VERSIONED % '"* v{version}.docx", "* {version}.pdf"')
    for name, day in {"P/Plan v1.docx": "2010-05-05", "P/Plan v2.docx": "2015-05-05", "P/Plan v10.docx": "2018-05-05", "P/Plan v3.pdf": "2011-01-01",
                      "P/Under/Plan v11.docx": "2012-01-01", "P/Policy 2019.pdf": "2010-01-01", "P/Policy 2021.pdf": "2010-01-01",
                      "P/Policy 2023.pdf": "2022-12-24", "P/Taxa 2019-02-03.pdf": "2010-01-01", "P/Taxa 2020-04-05.pdf": "2010-01-01",
                      "P/Regel v1.docx": "2019-06-06", "P/Regel v1.1.docx": "2015-01-01", "P/Regel v1.10.docx": "2016-01-01"}.items():
        share.put(name, day)
    last = share.due("2045-01-01")
    check("a version counts from when the next one came, by number", is_new_from(share, "P/Plan v1.docx", "2018-01-01") and
          is_new_from(share, "P/Plan v2.docx", "2021-01-01"))
    check("or by the end of the year in the name of the next", is_new_from(share, "P/Policy 2019.pdf", "2024-01-01") and
          is_new_from(share, "P/Policy 2021.pdf", "2026-01-01"))
    check("or by the date there", is_new_from(share, "P/Taxa 2019-02-03.pdf", "2023-01-01"))
    check("one that was written later than the next came counts from then", is_new_from(share, "P/Regel v1.docx", "2022-01-01") and
          is_new_from(share, "P/Regel v1.1.docx", "2019-01-01"))
    check("the newest, what has another ending, and what lies in another folder never go", last == sorted([
        "P/Plan v1.docx", "P/Plan v2.docx", "P/Policy 2019.pdf", "P/Policy 2021.pdf", "P/Taxa 2019-02-03.pdf", "P/Regel v1.docx",
        "P/Regel v1.1.docx"]), last)
    findings = [f["kind"] for f in share.plan("2045-01-01")["findings"]]
    check("that the newest has no date is no finding", "no-anchor" not in findings, findings)

    def said(name):
        return share.behov("explain", f"{share.path}/share/{name}", now="2030-01-01").stdout
    check("explain says by what", "ersatt av Plan v2.docx" in said("P/Plan v1.docx") and "2015 + 2 år" in said("P/Plan v1.docx") and
          "ingen nyare version ligger i mappen" in said("P/Plan v10.docx"), said("P/Plan v1.docx"))
    os.unlink(f"{share.path}/share/P/Plan v2.docx")
    check("where the next is gone the one after it counts", is_new_from(share, "P/Plan v1.docx", "2021-01-01"))
    os.unlink(f"{share.path}/share/P/Plan v10.docx")
    check("and where none is left, the last that is there is in force", "P/Plan v1.docx" not in share.due("2045-01-01"))


def unsure_of_the_order():
    """Of what is not sure nothing goes: each folder is one doubt."""
    doubts = {"equal": ("Plan v1.docx", "Plan v01.docx", "Plan v2.docx"), "equal in another way": ("Plan v1.docx", "Plan v1.0.docx", "Plan v2.docx"),
              "a year among numbers": ("Plan v1.docx", "Plan v2021.docx"), "a date among years": ("Plan v2019.docx", "Plan v2020-01-01.docx"),
              "a span of years": ("Plan v2019.docx", "Plan v2021-2023.docx"), "no such date": ("Plan v20190101.docx", "Plan v20191301.docx"),
              "a date far ahead": ("Plan v20190101.docx", "Plan v20990101.docx"), "too long": ("Plan v1.docx", "Plan v12345678.docx"),
              "too many parts": ("Plan v1.2.3.4.docx", "Plan v1.2.3.4.5.docx"), "an empty next": ("Plan v1.docx", "Plan v2.docx tom"),
              "a link": ("Plan v1.docx", "Plan v2.docx länk"), "a folder": ("Plan v1.docx", "Plan v2.docx mapp"),
              "one of another century": ("Plan v1.docx", "Plan v2.docx 2099")}
    share = Share([], VERSIONED % '"* v{version}.docx"')
    for at, (what, names) in enumerate(doubts.items()):
        for name in names:
            name, _, kind = name.partition(".docx ")
            path = f"P/{at}/{name}" + (".docx" if kind else "")
            if kind in ("länk", "mapp"):
                (os.symlink if kind == "länk" else lambda _, to: os.mkdir(to))(f"{share.path}/share/P/0/Plan v1.docx", f"{share.path}/share/{path}")
            else:
                share.put(path, "2099-01-01" if kind == "2099" else "2015-01-01", 0 if kind == "tom" else 7)
    for at, what in enumerate(doubts):
        due = [e for e in share.due("2026-11-24") if e.startswith(f"P/{at}/")]
        check(f"nothing is superseded by {what}", not due, due)
    share.put("P/14/Plan v1.docx", "2015-01-01")
    share.put("P/14/Plan v2.docx", "2015-01-01")
    check("what is sure beside that goes", share.due("2026-11-24") == ["P/14/Plan v1.docx"], share.due("2026-11-24"))
    text = [f["text"] for f in share.plan("2026-11-24")["findings"] if f["kind"] == "no-anchor"]
    check("what is unsure is counted", text and int(re.search(r": (\d+) ", text[0]).group(1)) >= 2 * 9, text)
    several = Share([], VERSIONED % '"* {version}*.docx"')
    for name in ("Plan 1 bilaga 1.docx", "Plan 2 bilaga 1.docx", "Plan 1 bilaga 2.docx", "Mall 1.docx", "Mall 2.docx"):
        several.put("P/" + name, "2015-01-01")
    check("a name that can be read in several ways is superseded by nothing and supersedes nothing", several.due("2026-11-24") == ["P/Mall 1.docx"],
          several.due("2026-11-24"))
    folds = Share([], VERSIONED % '"* v{version}.docx"')
    folds.write("rules/r.cfg", folds.text("rules/r.cfg").replace('identity = "none"', 'identity = "none"; case = "fold"'))
    folds.put("P/PLAN V1.DOCX", "2015-01-01")
    folds.put("P/Plan v2.docx", "2015-01-01")
    check("names are compared as the share compares them", folds.due("2026-11-24") == ["P/PLAN V1.DOCX"], folds.due("2026-11-24"))


def spared_server():
    share = Share(["V/2015/a.pdf"], 'clock = "path-year"; keep = "7 years"; where = { share = "s"; path = "V/{year}/*"; };')
    rules = share.text("rules/r.cfg")
    share.create()
    share.behov("run")
    found = share.rows("select state from proposal")
    share.write("rules/r.cfg", rules.replace('identity = "none"', 'identity = "none"; hands = 1; rate = 100000; window = "02:01-01:59"'))
    outside, again = share.behov("plan", "--json"), share.behov("run")
    check("at a time when a share may not be read it is a gap", outside.returncode == 3 and [g["what"] for g in json.loads(outside.stdout)["gaps"]] ==
          ["window"], outside.stdout)
    check("and what is known of it stays as it was", again.returncode in (3, 4) and len(found) == 1 and share.rows("select state from proposal") == found,
          again.stderr)
    share.write("rules/r.cfg", rules.replace('identity = "none"', 'identity = "none"; window = "01:59-02:01"'))
    check("at another time it is read", share.due("2026-11-24") == ["V/2015/a.pdf"])


def another_disk():
    share = Share(["V/2015/a.pdf"], 'clock = "path-year"; keep = "7 years"; where = { share = "s"; path = "V/{year}/*"; };')
    share.write("rules/r.cfg", share.text("rules/r.cfg").replace('identity = "none"', 'identity = "filesystem"'))
    share.create()
    gaps = share.plan("2026-11-24")["gaps"]
    check("a share that nobody has adopted is a gap", len(gaps) == 1 and gaps[0]["what"] == "share" and "not adopted" in gaps[0]["text"], gaps)
    done = share.behov("share", "adopt", "s")
    kind = subprocess.run(["stat", "-f", "-c", "%t", share.path], check=True, stdout=subprocess.PIPE).stdout.decode().strip()
    if kind not in ("ef53", "58465342", "9123683e"):
        check("where nothing tells file systems apart it is refused", done.returncode == 1 and "nothing tells" in done.stderr, done.stderr)
        return
    check("one that was adopted is read", done.returncode == 0 and share.due("2026-11-24") == ["V/2015/a.pdf"], done.stderr)
    share.behov("run")
    found = share.rows("select state from proposal")
    os.rename(share.path + "/share", share.path + "/old")
    shutil.copytree(share.path + "/old", share.path + "/share")
    share.behov("run")
    gaps = share.plan("2026-11-24")["gaps"]
    check("another folder in its place is a gap, and what is known of it stays", len(gaps) == 1 and "another file system or folder" in gaps[0]["text"]
          and len(found) == 1 and share.rows("select state from proposal") == found, gaps)
    check("that it is right is somebody's word", share.behov("share", "adopt", "s").returncode == 2 and
          share.behov("share", "adopt", "s", "--by", "arkiv", "--reason", "ny disk").returncode == 0 and share.plan("2026-11-24")["gaps"] == [])
    check("which is in the chain", [r[0].split(" ")[0] for r in share.rows("select actor from audit where event = 'share-adopted' order by seq")] ==
          ["uid", "arkiv"] and share.behov("audit", "verify").returncode == 0)


def latest():
    share = Share(["Listor/2019-11-01 a.pdf", "Listor/2026-11-01 b.pdf"], 'clock = "path-date"; count-from = "day"; keep = "30 days"; '
                  'latest = "90 days"; where = { share = "s"; path = "Listor/{date}*"; };')
    told = [f["text"] for f in share.plan("2026-11-24")["findings"] if f["kind"] == "overdue"]
    check("what should have gone by now is told, with since when", len(told) == 1 and ": 1 " in told[0] and "2020-01-30" in told[0], told)
    told = [f for f in share.plan("2020-01-29")["findings"] if f["kind"] == "overdue"]
    check("and not a day too early", not told, told)


def explained():
    hold = 'holds = { id = "stopp"; share = "s"; path = "Akter/SN 2014-0005"; reason = "begäran om utlämnande"; };'
    share = Share(AKTER + ["Övrigt/x.txt"], BY_CASE + ' spare = { column = "Född dag"; values = "5"; };', cases=CASES, more=hold)

    def said(name, now="2030-01-01", root=None):
        done = share.behov("explain", f"{root or share.path + '/share'}/{name}", now=now)
        return done.stdout + done.stderr
    check("explain says that the time is out, from when it was counted, and by whose decision", all(word in said(AKTER[0]) for word in (
          "Gallringstiden är ute sedan 2021-01-01", "2015 + 5 år från kalenderårets slut = 2021-01-01", "KS 2019/1", "rules/r.cfg:")), said(AKTER[0]))
    check("or that it is not yet", "Får gallras tidigast 2021-01-01" in said(AKTER[0], "2020-06-01"), said(AKTER[0], "2020-06-01"))
    check("or that a case is open", "ärendet sn-2014-0002 är inte avslutat" in said(AKTER[1]), said(AKTER[1]))
    check("or in no list", "finns inte i listan" in said(AKTER[6]), said(AKTER[6]))
    check("or spared", "Ska bevaras" in said(AKTER[3]) and "urval" in said(AKTER[3]), said(AKTER[3]))
    check("or held, and why", "gallringsstopp stopp, begäran om utlämnande" in said(AKTER[4]), said(AKTER[4]))
    check("or that no series covers it", "ingen serie gäller filen" in said("Övrigt/x.txt"), said("Övrigt/x.txt"))
    os.symlink(share.path + "/share", share.path + "/annan-väg")
    check("however the way to it is written", "Gallringstiden" in said(AKTER[0], root=share.path + "/rules/../annan-väg"))
    check("and a file of no share is refused", "lies on no registered share" in said("../d.ldif"), said("../d.ldif"))


def refused():
    where = 'where = { share = "s"; path = "A/**"; };'
    wrong = {"a case clock without a list": 'clock = "case-closed"; keep = "5 years"; ' + where,
             "a list that is not known": 'clock = "case-closed"; cases = "finns-ej"; keep = "5 years"; where = { share = "s"; path = "{case}/**"; };',
             "a list without {case} in the path": 'clock = "case-closed"; cases = "diariet"; keep = "5 years"; ' + where,
             "a fiscal year without {year}": 'clock = "fiscal-year"; keep = "5 years"; ' + where,
             "a fiscal year that ends on no day": 'clock = "path-year"; count-from = "fiscal-year-end"; fiscal-year = { ends = "06-31"; }; '
                                                  'keep = "5 years"; where = { share = "s"; path = "{year}/**"; };',
             "a latest day before the first": 'clock = "modified"; keep = "5 years"; latest = "4 years"; ' + where,
             "a version without a name": 'clock = "superseded"; keep = "5 years"; ' + where,
             "a name without a version": VERSIONED % '"* v{version}.docx", "*.pdf"', "two versions in a name": VERSIONED % '"{version} v{version}.docx"',
             "a version beside a '?'": VERSIONED % '"* v{version}?.docx"', "a version in a folder": VERSIONED.replace("P/**", "P/{version}/*") % '"*{version}.pdf"',
             "a version that another clock has no use for": VERSIONED.replace("superseded", "modified") % '"*{version}.pdf"',
             "versions as a whole": VERSIONED % '"*{version}.pdf"' + ' batch = { path = "P"; whole = true; };',
             "spared cases without a list": 'clock = "modified"; keep = "5 years"; spare = { column = "x"; values = "5"; }; ' + where}
    for what, series in wrong.items():
        done = Share([], series, cases=CASES).behov("check")
        check(f"{what} is refused, with its place", done.returncode == 2 and "rules/r.cfg:" in done.stderr, done.stderr)


for part in (fiscal, created, case_closed, bad_lists, events, younger, of_nothing, told, superseded, unsure_of_the_order, spared_server, another_disk, latest, explained, refused):
    part()
sys.exit(1 if failed else 0)
